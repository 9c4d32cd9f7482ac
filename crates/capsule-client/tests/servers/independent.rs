//! A server of another kind: written from the protocol alone, in another language.

#[path = "../../../../tests/independent/python.rs"]
mod python;

use std::sync::Arc;

use capsule_client::Download;
use cdoc2::CapsuleFetcher;
use serde_json::json;

use crate::support::{Authority, Entry, Person, Shown, client, new_key, server_params};

#[test]
fn servers_written_from_the_protocol_alone_give_capsules_for_one_signature() {
    let people = Authority::new("People");
    for kind in ["P-256", "P-384", "P-521", "RSA"] {
        let person = Person::new(kind, &people);
        let ids = ["a", "b"];
        let records = ids.map(|id| person.record(id));
        let made: Vec<_> = ids
            .iter()
            .zip(&records)
            .map(|(id, record)| {
                let key = new_key("P-384");
                let certificate = server_params("localhost").self_signed(&key).expect("a certificate");
                let task = json!({
                    "id": id, "key": key.serialize_pem(), "certificate": certificate.pem(),
                    "capsules": { &record.transaction_id: person.body() },
                });
                let server = python::Server::start(&["-m", "ticketpy.server"], &task);
                let shown = Shown::of(certificate.der().to_vec(), &key);
                let entry = Entry { recipients: 0, tickets: Some(server.port), ..Entry::new(id, server.port, &shown) };
                (server, entry)
            })
            .collect();
        let (_servers, entries): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        let download = Download::new(client(&entries), vec![Arc::clone(&person.key)]);
        let (first, material) = download.fetch_first(&records.each_ref()).expect("a capsule");
        assert_eq!(material, person.material(), "{kind}");
        let (_, material) = download.fetch_first(&[&records[1 - first]]).expect("the other");
        assert_eq!(material, person.material(), "{kind}");
    }
}
