//! The keyboard alone: Tab, Enter, typed text, through the native dialogs of the system.

use crate::support::{PASSWORD, Stage, Window, opened};

/// Presses Tab until the focus is on the control with this name.
fn tab_to(window: &Window<'_>, name: &str) {
    for _ in 0..40 {
        if window.focused() == name {
            return;
        }
        window.key("Tab");
    }
    panic!("the Tab key never came to “{name}”, at last it was on “{}”", window.focused());
}

#[test]
fn encrypts_and_opens() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let window = stage.window(&[]);
    window.wait_for("Drop files here");

    tab_to(&window, "Encrypt files…");
    window.key("Return");
    stage.answer_dialog("Choose files to encrypt", &letter);
    window.wait_for("Encrypt 1 file");
    tab_to(&window, "Add a password");
    window.key("Return");
    window.type_keys(PASSWORD);
    tab_to(&window, "The same password again");
    window.type_keys(PASSWORD);
    window.key("Return");
    window.wait_for("letter.cdoc2 is ready");
    let sealed = stage.documents().join("letter.cdoc2");
    assert_eq!(opened(&sealed, PASSWORD), [("letter.txt".to_owned(), b"hello".to_vec())]);

    tab_to(&window, "Back");
    window.key("Return");
    window.wait_for("Drop files here");
    tab_to(&window, "Open container…");
    window.key("Return");
    stage.answer_dialog("Choose a container to open", &sealed);
    window.wait_for("Opens with a password");
    assert_eq!(window.focused(), "Password");
    window.type_keys(PASSWORD);
    window.key("Return");
    window.wait_for("letter.txt is saved");
    assert_eq!(stage.left_on_disk(), ["letter.cdoc2", "letter.txt", "letter/letter.txt"]);
}
