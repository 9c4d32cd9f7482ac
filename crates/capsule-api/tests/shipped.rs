//! What ships in `trusted-servers/` is right, and its schema is made from the types that read it.
//! `KAPSEL_UPDATE=1 cargo test -p capsule-api --test shipped` writes the schema anew.

use std::{env, fs, path::PathBuf};

use capsule_api::ServerList;

fn shipped(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../trusted-servers").join(name)
}

#[test]
fn the_schema_that_ships_is_current() {
    let path = shipped("server-list.schema.json");
    if env::var_os("KAPSEL_UPDATE").is_some() {
        fs::write(&path, capsule_api::schema()).expect("written");
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == capsule_api::schema(), "stale: {}", path.display());
}

#[test]
fn the_list_that_ships_is_right_and_pins_nothing_that_was_not_checked() {
    let path = shipped("kapsel.json");
    let list = ServerList::parse(&fs::read(&path).expect("readable"), "kapsel.json").expect("no mistakes");
    for server in &list.servers {
        assert!(!server.pins.is_empty() || server.incomplete.is_some(), "{}", server.id);
    }
}

/// Every list of the guide, with a real certificate in the place of the one that is shortened there.
#[test]
fn the_guides_examples_are_lists() {
    let guide = fs::read_to_string(shipped("README.md")).expect("readable");
    let examples: Vec<_> =
        guide.split("```json\n").skip(1).map(|rest| rest.split("```").next().expect("a block")).collect();
    assert!(!examples.is_empty());
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate").pem();
    let shortened = "-----BEGIN CERTIFICATE-----\\n…\\n-----END CERTIFICATE-----";
    for example in examples {
        assert!(example.contains(shortened), "{example}");
        let list = example.replace(shortened, &certificate.trim_end().replace("\r\n", "\n").replace('\n', "\\n"));
        let list = ServerList::parse(list.as_bytes(), "example").expect("no mistake");
        assert!(list.servers.iter().all(|server| !server.pins.is_empty()), "{example}");
    }
}
