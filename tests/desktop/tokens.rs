//! Tokens in the real window, by a PKCS#11 module: SoftHSM, and modules that hang or crash.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use app::{
    desk::Desk,
    servers::ListFiles,
    view::{DraftFile, EncryptionDraft},
};

use crate::support::{Stage, Window, certificate};

const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "right horse";

/// A person with a token, and a letter for them.
struct Person {
    stage: Stage,
    letter: PathBuf,
}

impl Person {
    /// The module is chosen already.
    fn with(module: &str) -> Self {
        let mut stage = Stage::new();
        let home = stage.home();
        let (tokens, calls) = (home.join("tokens"), home.join("calls"));
        fs::create_dir(&tokens).expect("folder");
        let config = home.join("softhsm2.conf");
        fs::write(&config, format!("directories.tokendir = {}\n", tokens.display())).expect("written");
        stage.variables.extend([("SOFTHSM2_CONF", config), ("CALLS", calls)]);
        let (own, key) = certificate(&stage, "mari");
        let tool = |program: &str, arguments: &[&str]| {
            let output = stage.command(program).args(arguments).output().expect("scripts/install test");
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        };
        tool("softhsm2-util", &["--init-token", "--free", "--label", "work", "--pin", PIN, "--so-pin", "5678"]);
        for (file, form, kind) in [(&key, "pkey", "privkey"), (&own, "x509", "cert")] {
            let der = home.join("object.der").display().to_string();
            tool("openssl", &[form, "-in", &file.display().to_string(), "-outform", "DER", "-out", &der]);
            let usual = ["--module", SOFTHSM, "--login", "--pin", PIN, "--token-label", "work", "--id", "01"];
            let object = ["--write-object", &der, "--type", kind, "--label", "mari"];
            let usage: &[&str] = if kind == "privkey" { &["--usage-sign", "--usage-derive"] } else { &[] };
            tool("pkcs11-tool", &[&usual[..], &object, usage].concat());
        }
        let letter = stage.file("letter.txt", "hello");
        let this = Self { stage, letter };
        this.stage.choose_module(Path::new(module));
        this.sealed(&own);
        fs::remove_file(key).expect("only the token has it");
        this
    }

    fn sealed(&self, certificate: &Path) {
        let desk = Desk::new(None, None, ListFiles::default());
        let recipient = desk.recipients(&[certificate.to_owned()]).expect("a certificate").remove(0);
        let draft = EncryptionDraft {
            files: vec![DraftFile { id: desk.chosen(&self.letter).id, name: None }],
            recipients: vec![recipient.id],
            ..EncryptionDraft::default()
        };
        desk.encrypt(&draft, None, None, |_| {}).expect("encrypted");
    }

    fn window(&self) -> Window<'_> {
        self.stage.window(&[&self.stage.documents().join("letter.cdoc2")])
    }

    fn is_opened(&self, folder: &str) -> bool {
        let saved = self.stage.documents().join(folder).join("letter.txt");
        fs::read_to_string(saved).is_ok_and(|text| text == "hello")
    }

    fn logins(&self) -> usize {
        fs::read_to_string(self.stage.home().join("calls")).unwrap_or_default().lines().count()
    }
}

/// A module with faults, which notes logins.
fn faulty() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tokens/modules/faulty.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faulty-{}.so", std::process::id()));
    static MADE: std::sync::Once = std::sync::Once::new();
    MADE.call_once(|| {
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu17", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        assert!(compiler.status().expect("a C compiler is installed").success());
    });
    library.display().to_string()
}

fn enter(window: &Window<'_>, pin: &str) {
    window.wait_for("Enter the token’s PIN");
    window.fill("PIN", pin);
    window.press("Open");
}

#[test]
fn a_token_opens_by_its_pin_which_is_not_asked_twice() {
    let person = Person::with(&faulty());
    let window = person.window();
    window.wait_for("Open with token");
    assert_eq!(person.logins(), 0, "looking asks for no PIN");
    // The letter itself lies there, which stands in the way of saving.
    window.press("Change where the files are saved");
    person.stage.answer_dialog("Choose where to save the files", &person.stage.documents());
    window.press("Open with token");
    enter(&window, "wrong horse");
    window.wait_for("The PIN was wrong");
    assert_eq!(window.value("PIN"), "");
    enter(&window, PIN);
    window.wait_for("Keep both");
    assert_eq!(person.logins(), 2);
    window.press("Keep both");
    window.wait_for(".txt is saved");
    assert_eq!(person.logins(), 2, "no second PIN");
    assert_eq!(fs::read_to_string(person.stage.documents().join("letter (2).txt")).expect("saved"), "hello");
}

#[test]
fn a_module_that_hangs_or_crashes_is_a_note_and_the_window_lives() {
    for (fault, cause) in
        [("hang:C_GetTokenInfo", "It does not answer."), ("segv:C_GetSlotList", "It crashed when it was asked.")]
    {
        let mut person = Person::with(&faulty());
        person.stage.variables.push(("FAULT", fault.into()));
        let began = Instant::now();
        let window = person.window();
        window.wait_for("Choose key file");
        assert!(began.elapsed() < Duration::from_secs(9), "nothing waits for the module");
        // Where its key might open, it is told.
        window.wait_for(cause);
        window.press("Settings");
        window.press("Keys");
        window.wait_for("The PKCS#11 module cannot be used.");
        assert_eq!(window.findings(), Vec::<String>::new());
        window.picture("settings-module-failed");
        window.press("Stop using it");
        window.wait_for("Choose a module…");
        assert!(!window.shows("The PKCS#11 module cannot be used"));
    }
}

#[test]
fn a_token_that_was_given_a_wrong_pin_says_so() {
    const LOW: &str = "A wrong PIN was entered before.";
    let person = Person::with(SOFTHSM);
    let window = person.window();
    window.wait_for("Open with token");
    window.press("Open with token");
    window.wait_for("Enter the token’s PIN");
    assert!(!window.shows(LOW));
    enter(&window, "wrong horse");
    window.wait_for("The PIN was wrong");
    window.press("Cancel");
    // The token is looked at again meanwhile.
    window.press("Open with token");
    window.wait_for(LOW);
    enter(&window, PIN);
    window.wait_for("letter.txt is saved");
}

#[test]
fn a_module_is_chosen_in_the_settings_and_its_token_opens() {
    let person = Person::with("/nowhere.so");
    let window = person.window();
    window.wait_for("(nowhere.so). It is not there, or cannot be loaded on this system.");
    window.press("Cards and readers");
    window.wait_for("Choose another module…");
    window.press("Choose another module…");
    person.stage.answer_dialog("Choose a PKCS#11 module", Path::new(SOFTHSM));
    window.wait_for("token work");
    window.picture("settings-module");
    window.key("Escape");
    window.wait_for("Open with token");
    window.press("Open with token");
    enter(&window, PIN);
    window.wait_for("letter.txt is saved");
    assert!(person.is_opened("letter"));
}
