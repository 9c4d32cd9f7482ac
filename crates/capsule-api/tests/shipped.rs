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

#[test]
fn the_guides_example_is_a_list_but_for_its_certificate() {
    let guide = fs::read_to_string(shipped("README.md")).expect("readable");
    let example = guide.split("```").nth(1).expect("an example").trim_start_matches("json");
    let mistake = ServerList::parse(example.as_bytes(), "example").expect_err("no real certificate").to_string();
    assert!(mistake.contains("certificate 1"), "{mistake}");
}
