//! Containers written by another implementation, in the folder that `CDOC2_REFERENCE` names.

mod support;

use std::{env, fs, path::PathBuf};

use sha2::{Digest, Sha256};
use support::Place;

const README: &str = "d17970a5f4be8c4f68c5ba65783e8cae6db138dfa0be3b90fb43778638cdfc0b";
const PASSWORD_README: &str = "e9aaede5d8876c1506fafa9ec9aaac80a46ffe541dd0027844224f4aa1f8359d";
const LONG_NAME: &str = "ac040771fe63305abc04a0eee371c7707380016786b43503ca5aa7d0b6b5f2ef";
/// The containers' symmetric key.
const SECRET: [u8; 32] = [
    0x1c, 0x77, 0x94, 0xac, 0x77, 0xe8, 0xf9, 0xb0, 0x99, 0x77, 0xff, 0xe0, 0x1a, 0x61, 0x0e, 0x53, 0x69, 0xc0, 0xe5,
    0xc8, 0x10, 0xa2, 0x54, 0x3f, 0x9b, 0x5f, 0x14, 0x3b, 0xf7, 0x4d, 0xd6, 0xd1,
];

/// The reference folder. Without it there is nothing to test against, which is said, not hidden.
fn reference() -> Option<PathBuf> {
    let folder = env::var_os("CDOC2_REFERENCE").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("not checked: CDOC2_REFERENCE names no folder of reference containers");
    }
    folder
}

#[test]
fn containers_of_the_reference_implementation_open() {
    let Some(folder) = reference() else { return };
    let place = Place::new();
    let secret = place.file("reference.key", SECRET).display().to_string();
    let password = place.file("pass", "myPlainTextPassword").display().to_string();
    let in_folder = |name: &str| folder.join(name).display().to_string();
    let (ec, rsa) = (in_folder("keys/ec_simple.pem"), in_folder("keys/rsa_simple.pem"));
    let cases = [
        ("ec_simple", ["--key", &ec], README),
        ("rsa_simple", ["--key", &rsa], README),
        ("symmetric", ["--secret-file", &secret], README),
        ("symmetric_longfilename", ["--secret-file", &secret], LONG_NAME),
        ("password", ["--password-file", &password], PASSWORD_README),
    ];
    for (name, key, digest) in cases {
        let container = in_folder(&format!("containers/{name}.cdoc2"));
        place.run(&["decrypt", &container, "-o", name, key[0], key[1]]).expect(0);
        let files: Vec<_> = fs::read_dir(place.path(name)).expect("saved").flatten().collect();
        assert_eq!(files.len(), 1);
        let content = fs::read(files[0].path()).expect("readable");
        assert_eq!(hex::encode(Sha256::digest(content)), digest, "{name}");
    }
}

#[test]
fn a_container_by_server_is_described_without_a_key() {
    let Some(folder) = reference() else { return };
    let place = Place::new();
    let container = folder.join("containers/server_two_recipients.cdoc2").display().to_string();
    let outcome = place.run(&["--json", "info", &container]).expect(0);
    let value: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
    let records = value["records"].as_array().expect("records");
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record["serverProblem"] == "server_unknown"), "{records:?}");
    assert!(records.iter().all(|record| record["servers"][0] == "ria-dev" && record["opensWith"] == "keyFile"));
}
