//! Letters by the window over real capsule servers, and servers that a person comes to trust in it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    organisation::{Organisation, list},
    support::{Stage, Window, certificate, wait_for},
};

const START: &str = "Drop files here";

/// A person with a key and a certificate that two servers know, and the list of both.
struct Correspondence {
    stage: Stage,
    certificate: PathBuf,
    key: PathBuf,
    css_a: Organisation,
    css_b: Organisation,
}

impl Correspondence {
    fn new() -> Self {
        let stage = Stage::new();
        let (certificate, key) = certificate(&stage, "Mari Maasikas");
        let clients = [certificate.clone()];
        let (css_a, css_b) = (Organisation::start("css-a", &clients), Organisation::start("css-b", &clients));
        Self { stage, certificate, key, css_a, css_b }
    }

    fn with_list() -> Self {
        let correspondence = Self::new();
        correspondence.stage.trust([&correspondence.css_a, &correspondence.css_b]);
        correspondence
    }

    /// A letter for Mari in the window, ready to be encrypted.
    fn letter<'a>(&'a self, letter: &Path) -> Window<'a> {
        let window = self.stage.window(&[letter]);
        window.wait_for("Encrypt 1 file");
        window
            .drag(&[&self.certificate], (700, 200), |window| window.wait_for("Certificates of those who can open it"));
        window.wait_for("Mari Maasikas");
        window
    }

    fn opening<'a>(&self, window: &Window<'a>, container: &Path) {
        window.drag(&[container], (460, 250), |_| ());
        window.wait_for("Opens with a key file");
        window.drag(&[&self.key], (460, 300), |window| window.wait_for("A key file, or another container"));
        window.wait_for("your key fits");
    }
}

#[test]
fn a_letter_travels_through_two_servers_and_opens_while_one_is_up() {
    let mut them = Correspondence::with_list();
    let letter = them.stage.file("letter.txt", "hello");
    let container = them.stage.documents().join("letter.cdoc2");
    let window = them.letter(&letter);
    // Before anything is sent, it is told where it goes and until when it opens.
    window.wait_for("Capsules of css-a or Capsules of css-b, one is enough");
    window.wait_for("Opens until");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.wait_for("The key is kept on Capsules of css-a");
    window.press("Back");
    window.wait_for(START);
    window.close();
    fs::remove_file(&letter).expect("removed");

    them.css_a.stop();
    let window = them.stage.window(&[]);
    window.wait_for(START);
    them.opening(&window, &container);
    // The key comes without its certificate, which the server asks for.
    window.wait_for("This key comes without its certificate");
    window.press("Choose certificate…");
    them.stage.answer_dialog("Choose the certificate of the key", &them.certificate);
    window.wait_for("Mari Maasikas.pem");
    window.press("Open with key file");
    window.wait_for("letter.txt is saved");
    let saved = fs::read(them.stage.documents().join("letter/letter.txt")).expect("saved");
    assert_eq!(saved, b"hello");
}

#[test]
fn after_its_time_a_letter_opens_no_more_and_the_reason_is_told() {
    let them = Correspondence::with_list();
    let letter = them.stage.file("letter.txt", "hello");
    let window = them.letter(&letter);
    window.press("Change how the key travels");
    let choose = "const select = document.querySelector('[data-delivery] select'); select.value = arguments[0]; \
        select.dispatchEvent(new Event('change', { bubbles: true }))";
    window.run(choose, "30".into());
    window.press("Done");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.close();

    let both = [&them.certificate, &them.key].map(|part| fs::read_to_string(part).expect("made"));
    let both = them.stage.file("both.pem", both.concat());
    [&them.css_a, &them.css_b].iter().for_each(|server| server.move_clock(Duration::from_secs(31 * 86_400)));
    let window = them.stage.window(&[&them.stage.documents().join("letter.cdoc2")]);
    window.wait_for("Opens with a key file");
    window.drag(&[&both], (460, 300), |window| window.wait_for("A key file, or another container"));
    window.wait_for("your key fits");
    window.press("Open with key file");
    window.wait_for("capsule_not_found");
    assert!(!them.stage.documents().join("letter").exists());
}

#[test]
fn a_server_that_is_down_is_named_and_nothing_is_written() {
    let mut them = Correspondence::with_list();
    let letter = them.stage.file("letter.txt", "hello");
    them.css_b.stop();
    let window = them.letter(&letter);
    window.press("Encrypt for 1 recipient");
    window.wait_for("Capsules of css-b");
    window.wait_for("server_unreachable");
    let before = ["Mari Maasikas.key", "Mari Maasikas.pem", "letter.txt"];
    assert_eq!(them.stage.left_on_disk(), before);
    // What was filled in is still there, and the file itself can carry the key.
    window.press("Back");
    window.wait_for("Mari Maasikas");
    window.press("Change how the key travels");
    window.choose("Inside the file");
    window.press("Done");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    assert!(!window.shows("The key is kept on"));
}

#[test]
fn a_server_is_trusted_after_its_fingerprint_was_compared() {
    let them = Correspondence::new();
    let window = them.stage.window(&[]);
    window.wait_for(START);
    window.press("Settings");
    window.press("Add server…");
    window.fill("Identifier", "css-a");
    window.fill("Address for senders", &format!("https://localhost:{}", them.css_a.sender_port));
    window.fill("Address for recipients", &format!("https://localhost:{}", them.css_a.recipient_port));
    window.press("See its certificate");
    window.wait_for("Is this the right server?");
    let plain = |text: String| text.split_whitespace().collect::<String>().to_lowercase();
    let shown = plain(window.text());
    assert!(shown.contains(&them.css_a.fingerprint()), "{shown}");
    let own = them.stage.home().join(".config/kapsel/servers.json");
    assert!(!own.exists(), "nothing is trusted before somebody says so");
    // Unseen and uncompared, nothing happens.
    window.press("Add server");
    window.wait_for("Compare each fingerprint");
    assert!(!own.exists());
    window.choose("I compared it: the fingerprint is the same");
    window.press("Add server");
    window.wait_for("your list");
    assert!(fs::read_to_string(&own).expect("written").contains("css-a"));

    window.unfold("css-a");
    window.press("Test connection");
    window.wait_for("Everything is in order.");
    window.press("Remove…");
    window.wait_for("Remove css-a from the list?");
    window.press("Remove");
    wait_for("its removal", || (!fs::read_to_string(&own).expect("written").contains("css-a")).then_some(()));
}

#[test]
fn an_imported_list_serves_and_an_unknown_server_is_named() {
    let them = Correspondence::new();
    let stage = &them.stage;
    let letter = stage.file("letter.txt", "hello");
    let file = stage.file("trusted.json", list(&[them.css_a.entry()]));
    let window = stage.window(&[]);
    window.wait_for(START);
    window.press("Settings");
    window.press("Import list…");
    stage.answer_dialog("Choose a server list", &file);
    window.wait_for("The list has been imported.");
    window.wait_for("Capsules of css-a");
    window.close();

    let window = them.letter(&letter);
    window.wait_for("Capsules of css-a");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.close();
    fs::remove_file(stage.home().join(".config/kapsel/servers.json")).expect("removed");

    let window = stage.window(&[&stage.documents().join("letter.cdoc2")]);
    window.wait_for("None of your lists has the server css-a");
    window.press("Server settings");
    window.wait_for("Import list…");
}
