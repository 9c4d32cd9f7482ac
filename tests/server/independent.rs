//! Clients of another kind: written from the protocol alone, in another language.

#[path = "../independent/python.rs"]
mod python;

use serde_json::json;

use crate::support::{Fixture, Kind, NUMBER, Offer, Person, Setup, body_for, numbered, share_body};

#[test]
fn a_client_written_from_the_protocol_alone_gets_capsules_by_one_signature() {
    let people = Kind::ALL.map(Person::new);
    let everybody: Vec<_> = people.iter().collect();
    let offers = ["css-a", "css-b", "css-c"].map(Offer::new);
    let servers =
        offers.each_ref().map(|offer| Setup { ticket: Some(offer.clone()), ..Setup::listing(&everybody) }.start());
    for person in &people {
        let bodies = [0, 1, 2].map(|_| body_for(person));
        let tasks: Vec<_> = servers
            .iter()
            .zip(&offers)
            .zip(&bodies)
            .map(|((server, offer), body)| {
                let location = server.take(body);
                let transaction = location.rsplit('/').next().expect("an id");
                json!({
                    "id": offer.id, "url": offer.url.as_str(), "transaction": transaction,
                    "certificate": certificate_of(server),
                })
            })
            .collect();
        let task = json!({
            "key": person.key.serialize_pem(), "certificate": person.certificate_pem, "servers": tasks,
        });
        let answers = python::run(&["-m", "ticketpy.client"], &task);
        for (answer, body) in answers.as_array().expect("a list").iter().zip(&bodies) {
            assert_eq!(*answer, json!({ "status": 200, "body": body, "again": 404 }), "{:?}", person.kind);
        }
    }
}

#[test]
fn a_client_of_shares_written_from_the_protocol_alone_gets_all_of_them_by_one_signature() {
    let people = [Kind::P256, Kind::P384, Kind::Rsa].map(|kind| Person::with(kind, numbered(NUMBER)));
    let everybody: Vec<_> = people.iter().collect();
    let offers = ["css-a", "css-b", "css-c"].map(Offer::new);
    let servers =
        offers.each_ref().map(|offer| Setup { shares: Some(offer.clone()), ..Setup::listing(&everybody) }.start());
    for person in &people {
        let bodies = [7, 8, 9].map(share_body);
        let tasks: Vec<_> = servers
            .iter()
            .zip(&offers)
            .zip(&bodies)
            .map(|((server, offer), body)| {
                json!({ "url": offer.url.as_str(), "certificate": certificate_of(server), "share": body })
            })
            .collect();
        for library in [false, true] {
            let task = json!({
                "key": person.key.serialize_pem(), "certificate": person.certificate_pem,
                "servers": &tasks, "library": library,
            });
            let answers = python::run(&["-m", "sharepy.client"], &task);
            assert_eq!(answers.as_array().map(Vec::len), Some(bodies.len()));
            for (answer, body) in answers.as_array().expect("a list").iter().zip(&bodies) {
                let expected = json!({ "relayed": 401, "status": 200, "body": body, "again": 404 });
                assert_eq!(*answer, expected, "{:?}, the library's token: {library}", person.kind);
            }
        }
    }
}

fn certificate_of(server: &Fixture) -> String {
    std::fs::read_to_string(server.folder.path().join("server.pem")).expect("there")
}
