//! Passwords that the system's keyring remembers, in the real window.

use std::{
    fs::{self, File},
    process::Stdio,
};

use crate::support::{PASSWORD, Running, Stage, container, container_with_hint, wait_for};

const BOX: &str = "Remember the password on this computer The system’s keyring keeps it as “three of them”.";

/// What a program asks the bus of this desktop itself.
fn bus(stage: &Stage, question: &[&str]) -> String {
    let mut command = stage.command("dbus-send");
    command.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]).args(question);
    String::from_utf8_lossy(&command.output().expect("dbus-send runs").stdout).into_owned()
}

/// A desktop on which no keyring starts by itself.
fn stage_without_keyring() -> Stage {
    let stage = Stage::new();
    let services = stage.home().join(".local/share/dbus-1/services");
    fs::create_dir_all(&services).expect("folder");
    let none = "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n";
    fs::write(services.join("org.freedesktop.secrets.service"), none).expect("written");
    bus(&stage, &["org.freedesktop.DBus.ReloadConfig"]);
    stage
}

/// The person's keyring, open until it is dropped.
fn keyring(stage: &Stage) -> Running {
    let password = stage.home().join("keyring password");
    fs::write(&password, "pass").expect("written");
    let mut daemon = stage.command("gnome-keyring-daemon");
    daemon.args(["--foreground", "--unlock", "--components=secrets"]);
    daemon.stdin(File::open(password).expect("it was just written")).stdout(Stdio::null()).stderr(Stdio::null());
    let daemon = Running::start(&mut daemon);
    let question = ["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];
    wait_for("the keyring", || bus(stage, &question).contains("boolean true").then_some(()));
    daemon
}

#[test]
fn a_password_is_remembered_when_asked_to_and_forgotten_again() {
    let stage = stage_without_keyring();
    let keyring_at_first = keyring(&stage);
    let letter = stage.file("letter.txt", "hello");
    let sealed = container(&[&letter]);
    let folder = stage.documents().join("letter");
    let saved = || {
        let text = fs::read_to_string(folder.join("letter.txt")).expect("saved");
        fs::remove_dir_all(&folder).expect("removed");
        text
    };
    let labels = stage.home().join(".config/kapsel/remembered.toml");

    // A wrong one is not remembered.
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.choose(BOX);
    window.fill("Password", "kolm Valget kassi 8 katusel");
    window.press("Open with password");
    window.wait_for("The password is wrong");
    assert!(!labels.exists());
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    assert!(!window.shows("was not remembered"));
    assert_eq!(saved(), "hello");
    let kept = fs::read_to_string(&labels).expect("a list of what is remembered");
    assert!(kept.contains("three of them") && !kept.contains(PASSWORD), "{kept}");
    window.close();

    // Nothing is typed.
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a remembered password");
    assert_eq!(window.findings(), Vec::<String>::new());
    window.press("Open with this password");
    window.wait_for("letter.txt is saved");
    assert_eq!(saved(), "hello");
    window.close();

    // Without the keyring, the field is there.
    drop(keyring_at_first);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a remembered password");
    window.press("Open with this password");
    window.wait_for("The keyring cannot be used");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    assert_eq!(saved(), "hello");
    window.close();

    // What cannot be forgotten stays in the list.
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a remembered password");
    window.press("Settings");
    window.press("Keys");
    window.wait_for("three of them");
    window.press("Forget three of them…");
    window.press("Forget");
    window.wait_for("Nothing was forgotten.");
    let _keyring = keyring(&stage);
    window.press("Forget");
    window.wait_for("Nothing is remembered.");
    window.key("Escape");
    wait_for("the container below", || (!window.shows("Nothing is remembered.")).then_some(()));
    assert!(window.shows("Opens with a password"));
    assert!(!fs::read_to_string(&labels).expect("the list").contains("three of them"));
}

#[test]
fn a_password_that_the_keyring_does_not_take_opens_all_the_same() {
    let stage = stage_without_keyring();
    let letter = stage.file("letter.txt", "hello");
    let window = stage.window(&[&container(&[&letter])]);
    window.wait_for("Opens with a password");
    window.choose(BOX);
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    window.wait_for("The password was not remembered.");
    assert!(!stage.home().join(".config/kapsel/remembered.toml").exists());
}

#[test]
fn the_page_takes_nothing_out_of_the_keyring_but_for_a_container_of_that_name() {
    let stage = stage_without_keyring();
    let _keyring = keyring(&stage);
    let letter = stage.file("letter.txt", "hello");
    // It opens by the same password, and calls it otherwise.
    let other = container_with_hint(&[&stage.file("other.txt", "other")], "another");
    let window = stage.window(&[&container(&[&letter])]);
    window.wait_for("Opens with a password");
    window.choose(BOX);
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
    window.close();

    let window = stage.window(&[&other]);
    window.wait_for("Opens with a password");
    let script = "const done = arguments[arguments.length - 1], { invoke } = window.__TAURI_INTERNALS__; \
        (async () => { \
            for (let container = 0; container < 50; container += 1) { \
                const view = await invoke('inspect', { id: container }).catch(() => null); \
                if (view?.name !== 'other.cdoc2') continue; \
                const draft = { container, keyFile: null, identity: null, remembered: 'three of them', remember: false, \
                    certificate: null, destination: null, names: { existing: 'refuse', safeNames: false }, raiseLimits: false }; \
                return invoke('open', { draft, password: null }).then(() => 1, ({ code }) => (code === 'keyring_unavailable' ? 2 : 3)); \
            } \
            return 4; \
        })().then(done);";
    assert_eq!(window.run_async(script), 2.0);
    assert!(!stage.documents().join("other").exists());
}
