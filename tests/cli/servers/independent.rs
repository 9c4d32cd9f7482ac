//! A letter to a code whose key is split over servers of another kind, written from the protocol alone, beside one of ours.

#[path = "../../independent/python.rs"]
mod python;

use std::fs;

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::{
    organisation::{Organisation, list, make_certificate},
    persons::{JAAK, MARI, P384, person},
    support::Place,
};

/// A server of shares in Python, which runs until it is dropped, and its entry.
fn foreign(id: &str, persons: &[String]) -> (python::Server, Value) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let der = make_certificate(folder.path(), "server");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("made");
    let task = json!({ "key": read("server-key.pem"), "certificate": read("server.pem"), "persons": persons });
    let server = python::Server::start(&["-m", "sharepy.server"], &task);
    let url = format!("https://localhost:{}", server.port);
    let entry = json!({
        "id": id, "name": id, "organisation": id, "capsuleTypes": ["ecc_secp384r1"],
        "senderUrl": &url, "ticketUrl": &url, "sharesUrl": &url, "certificates": [Base64::encode_string(&der)],
    });
    (server, entry)
}

#[test]
fn a_letter_to_a_code_goes_over_servers_written_from_the_protocol_alone() {
    for kind in [P384, ["EC", "ec_paramgen_curve:prime256v1"], ["RSA", "rsa_keygen_bits:2048"]] {
        let place = Place::new();
        let paths = [person(&place, "jaak", JAAK, kind), person(&place, "mari", MARI, P384)];
        let persons = paths.each_ref().map(|path| fs::read_to_string(path).expect("made"));
        let ((_first, first), (_second, second)) = (foreign("py-a", &persons), foreign("py-b", &persons));
        let ours = Organisation::with_tickets("css-c", &paths);
        place.file("servers.json", list(&[first, second, ours.entry()]));
        place.file("letter.txt", "for your eyes only");
        let run = |arguments: &str| {
            let arguments: Vec<_> = arguments.split_whitespace().collect();
            place.run(&[&arguments[..], &["--server-list", "servers.json", "--json"]].concat())
        };
        let servers = "--server py-a --server py-b --server css-c";
        run(&format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt {servers}")).expect(0);
        // As often as one likes: each time with nonces of its own.
        for folder in ["once", "twice"] {
            run(&format!("decrypt c.cdoc2 -o {folder} --key jaak-both.pem")).expect(0);
            let letter = fs::read_to_string(place.path(&format!("{folder}/letter.txt"))).expect("saved");
            assert_eq!(letter, "for your eyes only", "{kind:?}");
        }
        assert_eq!(run("decrypt c.cdoc2 -o out --key mari-both.pem").expect(3).code(), "not_a_recipient");
    }
}
