//! The same card by OpenSC's PKCS#11 module.

use serde_json::Value;
use virtual_card::Kind;

use crate::{
    organisation::{Organisation, list},
    stage::{Stage, verifies},
    support::{Outcome, library},
};

/// By its name: it is where modules usually are.
const OPENSC: &str = "opensc-pkcs11.so";

impl Stage {
    fn decrypt_by_opensc(&self, pin: &str, more: &[&str]) -> Outcome {
        let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--pkcs11", OPENSC, "--json", "--pin-file", pin];
        self.place.run(&[&usual[..], more].concat())
    }
}

#[test]
fn a_container_for_a_card_opens_by_opensc() {
    let stage = Stage::new(Kind::Idemia);
    stage.decrypt_by_opensc("right", &[]).expect(0);
    stage.is_saved();
    assert_eq!(verifies(&stage.card.trace()), 1);
    assert!(!stage.card.is_open(), "whoever comes next needs the PIN again");
    // And without OpenSC, as before.
    stage.opens();
    let server = Organisation::start("css-a", &[stage.place.path("holder.crt")]);
    stage.place.file("servers.json", list(&[server.entry()]));
    let servers = ["--server-list", "servers.json"];
    let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--server", "css-a", "--overwrite"];
    stage.place.run(&[&encrypt[..], &servers].concat()).expect(0);
    stage.decrypt_by_opensc("right", &servers).expect(0);
    stage.is_saved();
}

#[test]
fn opensc_tells_how_the_pin_stands() {
    let stage = Stage::new(Kind::Idemia);
    let listed = || {
        let outcome = stage.place.run(&["keys", "list", "--pkcs11", OPENSC, "--json"]).expect(0);
        let value: Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
        let tokens = value["modules"][0]["tokens"].as_array().expect("tokens").clone();
        let own = tokens.into_iter().find(|token| token["identities"][0]["holder"] == "Jaak-Kristjan Jõeorg");
        own.expect("the card's PIN1")
    };
    assert_eq!(listed()["pin"], "good");
    assert_eq!(verifies(&stage.card.trace()), 0, "looking needs no PIN");
    assert_eq!(stage.decrypt_by_opensc("wrong", &[]).expect(6).code(), "pin_incorrect");
    assert_eq!((listed()["pin"].clone(), stage.card.tries_left()), ("low".into(), 2));
    let outcome = stage.decrypt_by_opensc("wrong", &[]).expect(6);
    let error: Value = serde_json::from_str(&outcome.stderr()).expect("JSON");
    assert_eq!((&error["error"]["code"], &error["error"]["number"]), (&"pin_incorrect".into(), &1.into()));
    stage.card.trace();
    assert_eq!(stage.decrypt_by_opensc("right", &[]).expect(6).code(), "pin_last_try");
    assert_eq!((verifies(&stage.card.trace()), stage.card.tries_left()), (0, 1));
    stage.decrypt_by_opensc("right", &["--last-try"]).expect(0);
    stage.is_saved();
    stage.card.set_tries_left(0);
    assert_eq!(stage.decrypt_by_opensc("right", &[]).expect(6).code(), "pin_blocked");
}

#[test]
fn a_card_is_listed_once() {
    let stage = Stage::new(Kind::Idemia);
    let outcome = stage.place.run(&["keys", "list", "--json"]).expect(0);
    let value: Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
    assert_eq!(value["readers"][0]["card"]["holder"], "Jaak-Kristjan Jõeorg");
    let modules = value["modules"].as_array().expect("modules");
    assert!(modules.iter().all(|module| module["tokens"].as_array().is_some_and(Vec::is_empty)), "{value}");
}

#[test]
fn a_card_that_is_taken_out_is_told() {
    let mut stage = Stage::new(Kind::Idemia);
    let commands = {
        stage.decrypt_by_opensc("right", &[]).expect(0);
        stage.is_saved();
        stage.card.trace().len()
    };
    // Near the end: at the PIN, and at the key.
    for number in [commands - 1, commands - 3, commands - 5] {
        stage.reinsert();
        stage.card.fail_at(number, virtual_card::Fault::Removed);
        let outcome = stage.decrypt_by_opensc("right", &[]);
        let is_told =
            ["card_removed", "token_unusable", "no_token", "not_a_recipient"].contains(&outcome.code().as_str());
        assert!(outcome.status() == 0 || is_told, "{}", outcome.stderr());
        assert_eq!(outcome.status() == 0, stage.place.path("out").exists());
        let _ = std::fs::remove_dir_all(stage.place.path("out"));
    }
    stage.reinsert();
    stage.decrypt_by_opensc("right", &[]).expect(0);
}

#[test]
fn a_module_that_hangs_leaves_no_open_card_behind() {
    let mut stage = Stage::new(Kind::Idemia);
    let faulty = library("tokens/modules/faulty.c", &["-std=gnu17"]);
    let opensc = eid::known_modules().into_iter().find(|path| path.ends_with(OPENSC)).expect("OpenSC is installed");
    stage.place.variables.extend([("MODULE", opensc), ("FAULT", "hang:C_DeriveKey".into())]);
    let faulty = faulty.to_str().expect("its path is text");
    let arguments = ["decrypt", "letter.cdoc2", "-o", "out", "--pkcs11", faulty, "--json", "--pin-file", "right"];
    assert_eq!(stage.place.run(&arguments).expect(6).code(), "token_unusable");
    assert_eq!(verifies(&stage.card.trace()), 1, "the card was open");
    assert!(!stage.card.is_open(), "whoever comes next needs the PIN again");
}
