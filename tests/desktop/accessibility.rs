//! What axe finds on the screens of the real window, light and dark.

use crate::support::{AT_WORK, PASSWORD, Stage, Window, big_file, certificate, container};

fn check(window: &Window<'_>, screen: &str) {
    for appearance in ["Light", "Dark"] {
        window.choose(appearance);
        assert_eq!(window.findings(), Vec::<String>::new(), "{screen}, {appearance}");
        window.picture(&format!("{screen}-{}", appearance.to_lowercase()));
    }
}

#[test]
fn the_screens_of_encrypting_have_no_finding() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let (certificate, _) = certificate(&stage, "Mari Maasikas");
    let big = big_file(&stage, "pilt.img", 12);
    let window = stage.window(&[]);
    window.wait_for("Drop files here");
    check(&window, "start");

    assert!(stage.kapsel(&[&letter, &certificate, &big]).status().expect("it starts").success());
    window.wait_for("Encrypt 3 files");
    check(&window, "encrypt");
    window.press("A certificate: use it as a recipient");
    window.wait_for("Encrypt 2 files");
    window.press("Add a password");
    window.fill("New password", "kevad2026");
    window.wait_for("Only a long one withstands that.");
    check(&window, "encrypt-weak-password");
    window.suggest_password();
    window.press("Encrypt for 1 recipient and a password");
    window.wait_for(AT_WORK);
    check(&window, "working");
    window.press("Cancel");
    window.wait_for("Cancelled. Nothing was saved.");
    check(&window, "cancelled");
    window.press("Remove: pilt.img");
    window.suggest_password();
    window.press("Encrypt for 1 recipient and a password");
    window.wait_for("letter.cdoc2 is ready");
    check(&window, "encrypted");
    window.press("Back");
    window.wait_for("Recent");
    check(&window, "start-recent");
}

#[test]
fn the_screens_of_opening_have_no_finding() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let broken = stage.file("broken.cdoc2", {
        let mut bytes = std::fs::read(&sealed).expect("read");
        *bytes.last_mut().expect("a tag") ^= 1;
        bytes
    });
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    check(&window, "open");
    window.fill("Password", "vale parool");
    window.press("Open with password");
    window.wait_for("The password is wrong.");
    check(&window, "open-wrong-password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    check(&window, "opened");
    window.press("Encrypt again");
    window.wait_for("Encrypt again for keeping");
    check(&window, "keep");

    assert!(stage.kapsel(&[&broken]).status().expect("it starts").success());
    window.wait_for("broken.cdoc2");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("The container is damaged");
    check(&window, "failed");
}
