//! What is wrong is said, with the next step, and nothing is saved.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use crate::support::{PASSWORD, SmallDisk, Stage, Window, container, opened};

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
fn a_container_that_goes_away_is_asked_for_and_tried_again() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    let elsewhere = stage.home().join("away.cdoc2");
    fs::rename(&sealed, &elsewhere).expect("moved");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The file cannot be read");
    fs::rename(&elsewhere, &sealed).expect("moved");
    window.press("Try again");
    window.wait_for("letter.txt is saved");
}

#[test]
fn opening_on_a_full_disk_leaves_nothing_and_goes_on_elsewhere() {
    let stage = Stage::new();
    let disk = stage.documents().join("disk");
    let Some(_mounted) = SmallDisk::mount(&disk, "8m") else { return not_checked() };
    let letter = noise(5 << 20);
    let (source, sealed) = (stage.file("letter.bin", &letter), disk.join("letter.cdoc2"));
    let made = container(&[&source]);
    fs::copy(&made, &sealed).expect("there is space for the container");
    fs::remove_file(&made).and_then(|()| fs::remove_file(&source)).expect("removed");
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The disk is full");
    window.wait_for("Nothing from it was saved");
    assert_eq!(stage.left_on_disk(), ["disk/letter.cdoc2"]);

    window.press("Back");
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The disk is full");
    save_elsewhere(&stage, &window, "Choose where to save the files", &folder(&stage, "roomy"));
    window.wait_for("letter.bin is saved");
    assert_eq!(fs::read(stage.documents().join("roomy/letter.bin")).expect("saved"), letter);
    assert_eq!(stage.left_on_disk(), ["disk/letter.cdoc2", "roomy/letter.bin"]);
}

#[test]
fn encrypting_on_a_full_disk_leaves_nothing_and_goes_on_elsewhere() {
    let stage = Stage::new();
    let disk = stage.documents().join("disk");
    let Some(_mounted) = SmallDisk::mount(&disk, "8m") else { return not_checked() };
    let letter = noise(5 << 20);
    let window = stage.window(&[&stage.file("disk/letter.bin", &letter)]);
    encrypt_by_password(&window);
    window.wait_for("The disk is full");
    window.wait_for("no half-made container is left behind");
    assert_eq!(stage.left_on_disk(), ["disk/letter.bin"]);

    window.press("Back to the files");
    encrypt_by_password(&window);
    window.wait_for("The disk is full");
    let elsewhere = folder(&stage, "roomy").join("letter.cdoc2");
    save_elsewhere(&stage, &window, "Save the container as", &elsewhere);
    window.wait_for("letter.cdoc2 is ready");
    assert_eq!(opened(&elsewhere, PASSWORD), [("letter.bin".to_owned(), letter)]);
    assert_eq!(stage.left_on_disk(), ["disk/letter.bin", "roomy/letter.cdoc2"]);
}

#[test]
fn a_folder_that_is_closed_is_named_and_another_one_taken() {
    let stage = Stage::new();
    let disk = stage.documents().join("disk");
    let Some(mounted) = SmallDisk::mount(&disk, "1m") else { return not_checked() };
    let letter = stage.file("disk/letter.txt", "hello");
    let sealed = container(&[&letter]);
    // Root may write everywhere but where the system itself does not.
    mounted.close();
    let before = stage.left_on_disk();

    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("It cannot be saved there");
    window.wait_for("Choose a folder of your own");
    assert_eq!(stage.left_on_disk(), before);
    save_elsewhere(&stage, &window, "Choose where to save the files", &folder(&stage, "own"));
    window.wait_for("letter.txt is saved");

    second_launch(&stage, &letter);
    encrypt_by_password(&window);
    window.wait_for("It cannot be saved there");
    save_elsewhere(&stage, &window, "Save the container as", &stage.documents().join("own/letter.cdoc2"));
    window.wait_for("letter.cdoc2 is ready");
    assert_eq!(stage.left_on_disk(), ["disk/letter.cdoc2", "disk/letter.txt", "own/letter.cdoc2", "own/letter.txt"]);
}

#[test]
fn what_is_gone_is_not_shown_in_silence() {
    let stage = Stage::new();
    let window = stage.window(&[&stage.file("letter.txt", "hello")]);
    encrypt_by_password(&window);
    window.wait_for("letter.cdoc2 is ready");
    fs::remove_file(stage.documents().join("letter.cdoc2")).expect("removed");
    window.press("Show in folder");
    window.wait_for("The folder could not be shown. Check that it is still there");
    window.press("Close the notice");
    window.press("Copy path");
    window.wait_for("Copied");
    assert!(!window.shows("could not be shown"));
}

#[test]
fn a_link_in_a_folder_is_said_to_be_left_out() {
    let stage = Stage::new();
    let letter = stage.file("folder/letter.txt", "hello");
    std::os::unix::fs::symlink("/etc/passwd", letter.with_file_name("link.txt")).expect("a link");
    let window = stage.window(&[&stage.documents().join("folder")]);
    window.wait_for("1 link in the folder was left out.");
    encrypt_by_password(&window);
    window.wait_for("folder.cdoc2 is ready");
    let sealed = letter.parent().expect("a folder").with_extension("cdoc2");
    assert_eq!(opened(&sealed, PASSWORD), [("letter.txt".to_owned(), b"hello".to_vec())]);
}

#[test]
fn what_nobody_sees_in_a_name_is_marked() {
    let stage = Stage::new();
    let window = stage.window(&[&stage.file("ar\u{200b}ve?.txt", "hello")]);
    window.wait_for("ar\u{fffd}ve?.txt");
    window.press("Use the name “ar\u{fffd}ve_.txt”");
    window.wait_for("Encrypt 1 file");
    assert!(window.shows("ar\u{fffd}ve_.txt") && !window.shows("\u{200b}"), "{}", window.text());
    encrypt_by_password(&window);
    window.wait_for("is ready");
    let sealed = stage.documents().join("ar\u{200b}ve_.cdoc2");
    second_launch(&stage, &sealed);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("ar\u{fffd}ve_.txt is saved");
    assert!(!window.shows("\u{200b}"), "{}", window.text());
    // The name itself is what was proposed.
    let saved = stage.documents().join("ar\u{200b}ve_/ar\u{200b}ve_.txt");
    assert_eq!(fs::read(saved).expect("saved"), b"hello");
}

/// Adds the password to the one file of the draft, and encrypts.
fn encrypt_by_password(window: &Window<'_>) {
    window.wait_for("Encrypt 1 file");
    if !window.shows("New password") {
        window.press("Add a password");
    }
    window.fill("New password", PASSWORD);
    window.fill("The same password again", PASSWORD);
    window.press("Encrypt with a password");
}

fn save_elsewhere(stage: &Stage, window: &Window<'_>, dialog: &str, place: &Path) {
    window.press("Choose another place…");
    stage.answer_dialog(dialog, place);
}

fn folder(stage: &Stage, name: &str) -> PathBuf {
    let path = stage.documents().join(name);
    fs::create_dir(&path).expect("folder");
    path
}

/// Bytes that no compression makes fewer.
fn noise(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .expect("the system's randomness");
    bytes
}

fn not_checked() {
    eprintln!("not checked: a small file system cannot be mounted here");
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
