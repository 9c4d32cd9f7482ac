//! What is wrong is said, with the next step, and nothing is saved.

use std::{fs, path::Path};

use crate::support::{PASSWORD, Stage, container};

#[test]
fn a_wrong_password_is_said_at_the_field_and_can_be_tried_again() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", "vale parool");
    window.press("Open with password");
    window.wait_for("The password is wrong.");
    assert_eq!(window.value("Password"), "", "the password stays in no field");
    assert_eq!(window.focused(), "Password");
    assert_eq!(stage.left_on_disk(), ["letter.cdoc2", "letter.txt"]);

    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
}

#[test]
fn a_damaged_container_is_refused_whole() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello".repeat(5000))]);
    flip(&sealed, -40);
    let before = fs::read(&sealed).expect("read");
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The container is damaged");
    window.wait_for("Nothing from it was saved");
    window.wait_for("Ask the sender to send it again");
    assert_eq!(stage.left_on_disk(), ["letter.cdoc2", "letter.txt"]);
    assert_eq!(fs::read(&sealed).expect("read"), before);
}

#[test]
fn a_truncated_container_is_refused_whole() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello".repeat(5000))]);
    let bytes = fs::read(&sealed).expect("read");
    fs::write(&sealed, &bytes[..bytes.len() - 20]).expect("written");
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The container is damaged");
    assert_eq!(stage.left_on_disk(), ["letter.cdoc2", "letter.txt"]);
}

#[test]
fn other_files_called_container_are_told_apart() {
    let stage = Stage::new();
    let old = br#"<?xml version="1.0" encoding="UTF-8"?><denc:EncryptedData xmlns:denc="http://www.w3.org/2001/04/xmlenc#" MimeType="http://www.isi.edu/in-noes/iana/assignments/media-types/application/zip"><denc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/></denc:EncryptedData>"#;
    let old = stage.file("vana.cdoc", old);
    let future = stage.file("tulevik.cdoc2", b"CDOC\x03\0\0\0\0");
    let window = stage.window(&[&old]);
    window.wait_for("This container has the old format");
    second_launch(&stage, &future);
    window.wait_for("A newer version is needed");
}

#[test]
fn a_full_disk_or_a_folder_that_is_closed_is_said_with_a_way_out() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    fs::create_dir_all(stage.documents().join("letter")).expect("folder");
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    // Its folder goes away while the password is typed.
    let elsewhere = stage.home().join("away");
    fs::create_dir(&elsewhere).expect("folder");
    fs::rename(&sealed, elsewhere.join("letter.cdoc2")).expect("moved");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The file cannot be read");
    fs::rename(elsewhere.join("letter.cdoc2"), &sealed).expect("moved");
    window.press("Try again");
    window.wait_for("letter.txt is saved");
}

fn second_launch(stage: &Stage, file: &Path) {
    assert!(stage.kapsel(&[file]).status().expect("it starts").success());
}

/// Changes one bit at a place counted from the end.
fn flip(path: &Path, from_end: i64) {
    let mut bytes = fs::read(path).expect("read");
    let at = usize::try_from(bytes.len() as i64 + from_end).expect("within the file");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("written");
}
