//! Secrets that a real keyring remembers.

use std::fs;

use serde_json::Value;

use crate::{
    session::Keyring,
    stage::LETTER,
    support::{Outcome, Place},
};

struct Desk(Place);

impl Desk {
    /// With letters under a password, and under a symmetric key, each with its label.
    fn new() -> Self {
        let place = Place::new();
        place.file("letter.txt", LETTER);
        place.file("password", "salasõna 7\n");
        place.file("other", "another one\n");
        place.file("key", [0x5A; 48]);
        for (name, secret, file) in
            [("password.cdoc2", "--password-file", "password"), ("key.cdoc2", "--secret-file", "key")]
        {
            place.run(&["encrypt", "-o", name, secret, file, "--label", "the usual one", "letter.txt"]).expect(0);
        }
        Self(place)
    }

    fn run(&self, keyring: Keyring, arguments: &[&str]) -> Outcome {
        keyring.kapsel(&self.0, arguments, &[])
    }

    #[track_caller]
    fn is_saved(&self) {
        assert_eq!(fs::read_to_string(self.0.path("out/letter.txt")).expect("saved"), LETTER);
        fs::remove_dir_all(self.0.path("out")).expect("removed");
    }
}

#[test]
fn what_is_remembered_opens_without_being_asked_for() {
    let desk = Desk::new();
    let run = |arguments: &[&str]| desk.run(Keyring::Open, arguments);
    for (kind, file, container) in
        [("--password-file", "password", "password.cdoc2"), ("--secret-file", "key", "key.cdoc2")]
    {
        run(&["decrypt", container, "-o", "out"]).expect(2);
        run(&["keys", "remember", "the usual one", kind, file]).expect(0);
        run(&["decrypt", container, "-o", "out"]).expect(0);
        desk.is_saved();
        run(&["decrypt", container, "-o", "out", "--remembered"]).expect(0);
        desk.is_saved();
    }
    // One label, one secret: the key has taken the password's place.
    assert_eq!(
        run(&["decrypt", "password.cdoc2", "-o", "out", "--remembered", "--json"]).expect(3).code(),
        "not_a_recipient"
    );
    let listed: Value = serde_json::from_str(&run(&["keys", "list", "--json"]).expect(0).stdout()).expect("JSON");
    assert_eq!(listed["remembered"], serde_json::json!([{ "label": "the usual one", "kind": "symmetric_key" }]));
    // Neither secret is written down anywhere but in the keyring.
    for file in ["password", "key"] {
        fs::remove_file(desk.0.path(file)).expect("there");
    }
    assert_eq!(desk.0.holds("salasõna 7".as_bytes()), Vec::<String>::new());
    assert_eq!(desk.0.holds(&[0x5A; 32]), Vec::<String>::new());
    assert_eq!(desk.0.holds(hex::encode([0x5A; 32]).as_bytes()), Vec::<String>::new());
    run(&["keys", "forget", "the usual one"]).expect(0);
    run(&["decrypt", "key.cdoc2", "-o", "out"]).expect(2);
    assert!(run(&["keys", "forget", "the usual one"]).expect(0).stdout().contains("Nothing was remembered"));
}

#[test]
fn another_secret_under_the_label_is_told() {
    let desk = Desk::new();
    let remember = |file| {
        desk.run(Keyring::Open, &["keys", "remember", "the usual one", "--password-file", file]).expect(0);
    };
    remember("other");
    let outcome = desk.run(Keyring::Open, &["decrypt", "password.cdoc2", "-o", "out", "--json"]).expect(3);
    assert_eq!(outcome.code(), "wrong_password");
    remember("password");
    desk.run(Keyring::Open, &["decrypt", "password.cdoc2", "-o", "out"]).expect(0);
    desk.is_saved();
}

#[test]
fn a_keyring_that_is_locked_or_missing_stands_in_nobodys_way() {
    let desk = Desk::new();
    let remember = ["keys", "remember", "the usual one", "--password-file", "password", "--json"];
    desk.run(Keyring::Open, &remember).expect(0);
    for (keyring, words) in [(Keyring::Locked, "keyring is locked"), (Keyring::None, "keyring cannot be used")] {
        for arguments in [
            &remember[..],
            &["keys", "forget", "the usual one", "--json"],
            &["decrypt", "password.cdoc2", "-o", "out", "--remembered", "--json"],
        ] {
            let outcome = desk.run(keyring, arguments).expect(1);
            assert_eq!(outcome.code(), "keyring_unavailable");
            assert!(outcome.stderr().contains(words), "{}", outcome.stderr());
        }
        // What does not need it goes on; what would have liked it says so.
        let open = ["decrypt", "password.cdoc2", "-o", "out"];
        desk.run(keyring, &[&open[..], &["--password-file", "password"]].concat()).expect(0);
        desk.is_saved();
        let outcome = desk.run(keyring, &open).expect(2);
        assert!(outcome.stderr().contains(words), "{}", outcome.stderr());
        let listed = desk.run(keyring, &["keys", "list"]).expect(0).stdout();
        assert!(listed.contains("the usual one (password)"), "{listed}");
    }
}

#[test]
fn what_cannot_be_remembered_changes_nothing() {
    let desk = Desk::new();
    desk.0.file("short", [1; 31]);
    desk.0.file("empty", "\n");
    for arguments in [
        &["", "--password-file", "password"][..],
        &["two\nlines", "--password-file", "password"],
        &["usual", "--secret-file", "short"],
        &["usual", "--password-file", "empty"],
        &["usual", "--secret-file", "absent"],
    ] {
        desk.run(Keyring::Open, &[&["keys", "remember"], arguments].concat()).expect(1);
    }
    desk.run(Keyring::Open, &["keys", "remember", "x", "--secret-file", "key", "--password-file", "password"])
        .expect(2);
    assert!(!desk.0.path("home/.config/kapsel/remembered.toml").exists());
    // A file that somebody broke is named.
    desk.0.file("home/.config/kapsel/remembered.toml", "secret = 7");
    let outcome = desk.run(Keyring::None, &["keys", "list", "--json"]).expect(5);
    assert!(outcome.stderr().contains("remembered.toml"), "{}", outcome.stderr());
}
