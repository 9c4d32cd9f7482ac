//! What people come for: encrypt what is dropped, open what is dropped, change their mind.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::support::{AT_WORK, PASSWORD, Stage, big_file, certificate, container, encrypting, opened};

const START: &str = "Drop files here";

#[test]
fn dropped_files_are_encrypted_with_a_password_and_open_again() {
    let stage = Stage::new();
    let (budget, letter) = (stage.file("eelarve.csv", "1;2;3\n"), stage.file("kiri õele.txt", "Tere, õde!"));
    let window = stage.window(&[]);
    window.wait_for(START);

    window.drag(&[&budget, &letter], (460, 250), |window| window.wait_for("Drop here to encrypt or open"));
    window.wait_for("Encrypt 2 files");
    window.press("Add a password");
    window.fill("New password", PASSWORD);
    window.fill("The same password again", PASSWORD);
    window.fill("Hint", "three of them");
    window.press("Encrypt with a password");
    window.wait_for("eelarve.cdoc2 is ready");

    assert_eq!(stage.left_on_disk(), ["eelarve.cdoc2", "eelarve.csv", "kiri õele.txt"]);
    let files = opened(&stage.documents().join("eelarve.cdoc2"), PASSWORD);
    let expected = [("eelarve.csv".into(), b"1;2;3\n".to_vec()), ("kiri õele.txt".into(), "Tere, õde!".into())];
    assert_eq!(files, expected);
}

#[test]
fn a_dropped_container_opens() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let sealed = container(&[&letter]);
    let window = stage.window(&[]);
    window.wait_for(START);

    window.drag(&[&sealed], (460, 250), |window| window.wait_for("Drop here to encrypt or open"));
    window.wait_for("Opens with a password");
    window.wait_for("three of them");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");

    assert_eq!(stage.left_on_disk(), ["letter.cdoc2", "letter.txt", "letter/letter.txt"]);
    let saved = std::fs::read(stage.documents().join("letter/letter.txt")).expect("saved");
    assert_eq!(saved, b"hello");
}

#[test]
fn a_certificate_dropped_on_the_recipients_becomes_one_and_its_key_opens() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let (certificate, key) = certificate(&stage, "Mari Maasikas");
    let window = stage.window(&[&letter]);
    window.wait_for("Encrypt 1 file");

    window.drag(&[&certificate], (700, 200), |window| window.wait_for("Certificates of those who can open it"));
    window.wait_for("Mari Maasikas");
    window.wait_for("Encrypt 1 file");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.press("Copy path");
    window.wait_for("Copied");
    assert_eq!(clipboard(&stage), stage.documents().join("letter.cdoc2").to_string_lossy());

    window.press("Back");
    window.wait_for("For Mari Maasikas");
    std::fs::remove_file(&letter).expect("removed");
    window.drag(&[&stage.documents().join("letter.cdoc2")], (460, 250), |_| ());
    window.wait_for("Opens with a key file");
    window.drag(&[&key], (460, 300), |window| window.wait_for("A key file, or another container"));
    window.wait_for("your key fits");
    window.press("Open with key file");
    window.wait_for("letter.txt is saved");
    let saved = std::fs::read(stage.documents().join("letter/letter.txt")).expect("saved");
    assert_eq!(saved, b"hello");
}

fn clipboard(stage: &Stage) -> String {
    let script = "import gi; gi.require_version('Gdk', '3.0'); gi.require_version('Gtk', '3.0'); from gi.repository import Gdk, Gtk; \
        print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text(), end='')";
    let output = stage.command("python3").args(["-c", script]).output().expect("python runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn cancelling_an_encryption_leaves_nothing_and_keeps_what_was_filled_in() {
    let stage = Stage::new();
    let window = encrypting(&stage);
    let asked = Instant::now();
    window.press("Cancel");
    window.wait_for("Cancelled. Nothing was saved.");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    window.wait_for("pilt.img");
    assert_eq!(stage.left_on_disk(), ["pilt.img"]);
}

#[test]
fn closing_over_work_asks_first_and_leaves_nothing() {
    let stage = Stage::new();
    let window = encrypting(&stage);
    window.key("alt+F4");
    window.wait_for("Close Kapsel?");
    window.picture("closing");
    window.press("Keep going");
    window.wait_for(AT_WORK);
    assert!(!window.shows("Close Kapsel?"));
    window.key("alt+F4");
    window.wait_for("Close Kapsel?");
    window.press_last("Stop and close");
    let began = Instant::now();
    while stage.is_running() {
        assert!(began.elapsed() < Duration::from_secs(20), "it ends");
        sleep(Duration::from_millis(50));
    }
    assert_eq!(stage.left_on_disk(), ["pilt.img"]);
}

#[test]
fn cancelling_while_opening_leaves_nothing() {
    let stage = Stage::new();
    let big = big_file(&stage, "pilt.img", 3);
    let sealed = container(&[&big]);
    std::fs::remove_file(&big).expect("removed");
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("Decrypting and unpacking");
    window.wait_for(" of ");
    window.key("Escape");
    window.wait_for("Cancelled. Nothing was saved.");
    assert_eq!(window.value("Password"), "");
    assert_eq!(stage.left_on_disk(), ["pilt.cdoc2"]);
}

#[test]
fn the_window_answers_while_it_works() {
    let stage = Stage::new();
    let window = encrypting(&stage);
    for (language, word) in [("Eesti", "Krüpteerin"), ("Русский", "Шифрование"), ("English", "Encrypting")]
    {
        window.choose(language);
        window.wait_for(word);
    }
    // Frames go on; a blocked window shows none.
    let script = "const done = arguments[arguments.length - 1]; let last = performance.now(), worst = 0, count = 0; \
        const frame = (now) => { worst = Math.max(worst, now - last); last = now; \
        (count += 1) < 30 ? requestAnimationFrame(frame) : done(worst); }; requestAnimationFrame(frame);";
    let worst = window.run_async(script);
    assert!(worst < 500.0, "{worst} ms without a frame");
    window.press("Cancel");
    window.wait_for("Cancelled. Nothing was saved.");
}

/// Stands in for what opens files on the desktop, and remembers which.
const OPENER: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" >>\"$HOME/asked\"\n";

#[test]
fn a_program_is_shown_in_its_folder_and_never_started() {
    let stage = Stage::new();
    stage.pretend("xdg-open", OPENER);
    let sealed = container(&[&stage.file("paigalda.sh", "#!/bin/sh\n")]);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("paigalda.sh is saved");
    window.wait_for("Kapsel does not run it");
    assert!(!window.shows("Open file"));
    // Nor is it started when the page asks for that all the same, by whatever number.
    let script = "const done = arguments[arguments.length - 1]; const ask = (id) => window.__TAURI_INTERNALS__\
        .invoke('open_file', { id }).then(() => 'opened', ({ code }) => code); \
        Promise.all([...Array(64).keys()].map(ask)).then((codes) => done(codes.filter((code) => code === 'program_not_opened').length));";
    let refused = window.run_async(script);
    assert!(refused >= 1.0, "{refused} numbers stand for a program");
    let asked = std::fs::read_to_string(stage.home().join("asked")).unwrap_or_default();
    assert!(!asked.contains("paigalda.sh"), "{asked}");
}

#[test]
fn an_opened_file_is_handed_to_the_system_and_the_container_can_be_kept() {
    let stage = Stage::new();
    stage.pretend("xdg-open", OPENER);
    let letter = stage.file("letter.txt", "hello");
    let sealed = container(&[&letter]);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    window.press("Open file");
    let asked = stage.home().join("asked");
    let began = Instant::now();
    while !asked.exists() && began.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(50));
    }
    let wanted = format!("{}\n", stage.documents().join("letter/letter.txt").display());
    assert_eq!(std::fs::read_to_string(asked).expect("the system was asked"), wanted);

    window.press("Encrypt again");
    window.wait_for("Encrypt again for keeping");
    window.fill("Password of the container", PASSWORD);
    window.fill("New password", "mõni teine Pikk parool 9");
    window.fill("The same password again", "mõni teine Pikk parool 9");
    window.press("Encrypt again");
    window.wait_for("letter (2).cdoc2 is ready");
    let kept = stage.documents().join("letter (2).cdoc2");
    assert_eq!(opened(&kept, "mõni teine Pikk parool 9"), [("letter.txt".to_owned(), b"hello".to_vec())]);
    assert_eq!(opened(&sealed, PASSWORD), [("letter.txt".to_owned(), b"hello".to_vec())]);
}

#[test]
fn the_languages_and_the_appearance_are_remembered() {
    let stage = Stage::new();
    let window = stage.window(&[]);
    window.wait_for(START);
    window.choose("Русский");
    window.wait_for("Перетащите файлы сюда");
    window.choose("Тёмное");
    window.choose("Eesti");
    window.wait_for("Lohista failid siia");
    window.close();
    let window = stage.window(&[]);
    window.wait_for("Lohista failid siia");
    let theme = "return [document.documentElement.lang, document.documentElement.dataset.theme].join()";
    assert_eq!(window.run(theme, serde_json::Value::Null), "et,dark");
}
