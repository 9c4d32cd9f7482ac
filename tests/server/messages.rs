//! Requests that somebody else might read as others, or that are written as nobody writes them.

use std::io::{Read, Write};

use crate::support::{
    Connection, Fixture, Kind, Offer, Person, Setup, body_for, exchange, get, post_request, read_answer,
};

/// A capsule that is posted with these lines in the places of the usual ones, after which `body` comes.
fn posted(target: &str, lines: &str, body: &str) -> String {
    format!("POST {target}\r\ncontent-type: application/json\r\n{lines}\r\n{body}")
}

/// Everything until the connection is closed.
fn all(mut connection: Connection, request: &str) -> String {
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answers = Vec::new();
    // Whoever closes over bytes that were not read may reset.
    let _ = connection.read_to_end(&mut answers);
    String::from_utf8(answers).expect("ASCII")
}

/// Refused with this status, and nothing that comes after it is looked at.
#[track_caller]
fn refused(connection: Connection, request: &str, status: &str) {
    let answers = all(connection, &format!("{request}{}", get("/")));
    let count = answers.matches("HTTP/1.").count();
    assert!(answers.starts_with(&format!("HTTP/1.1 {status}")) && count == 1, "{request}: {answers}");
}

#[test]
fn a_request_names_one_host() {
    let mari = Person::new(Kind::P256);
    let (ticket, shares) = (Offer::new("a"), Offer::new("a"));
    let setup = Setup { ticket: Some(ticket), shares: Some(shares), ..Setup::listing(&[&mari]) };
    let fixture = setup.start();
    let open: [&dyn Fn() -> Connection; 4] =
        [&|| fixture.as_sender(), &|| fixture.as_recipient(&mari), &|| fixture.with_ticket(), &|| fixture.as_holder()];
    for hosts in [
        "",
        "host: localhost\r\nhost: localhost\r\n",
        "host:\r\n",
        "host: a b\r\n",
        "host: a, b\r\n",
        "host: a/b\r\n",
        "host: somebody@localhost\r\n",
        "host: localhost:port\r\n",
    ] {
        for connect in open {
            refused(connect(), &format!("GET /key-capsules HTTP/1.1\r\n{hosts}\r\n"), "400");
        }
    }
    // Whichever it is, and in the older version none.
    for head in ["HTTP/1.1\r\nhost: [::1]:8443", "HTTP/1.1\r\nHost: other.example", "HTTP/1.0"] {
        let body = body_for(&mari);
        let lines = format!("content-length: {}\r\n", body.len());
        let answer = exchange(&mut fixture.as_sender(), &posted(&format!("/key-capsules {head}"), &lines, &body));
        assert_eq!(answer.status, 201, "{head}");
    }
    let mut socket = std::net::TcpStream::connect(fixture.operations()).expect("connects");
    assert_eq!(exchange(&mut socket, "GET /info HTTP/1.1\r\n\r\n").status, 400);
}

#[test]
fn a_whole_url_is_taken_for_its_path_unless_it_is_of_another_scheme() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let body = body_for(&mari);
    let lines = format!("host: localhost\r\ncontent-length: {}\r\n", body.len());
    let post = |target: &str| posted(&format!("{target} HTTP/1.1"), &lines, &body);
    for target in ["https://localhost:8443/key-capsules", "HTTPS://other.example/key-capsules"] {
        assert_eq!(exchange(&mut fixture.as_sender(), &post(target)).status, 201, "{target}");
    }
    for target in ["http://localhost/key-capsules", "ftp://localhost/key-capsules"] {
        refused(fixture.as_sender(), &post(target), "400");
    }
    for target in ["localhost:8443", "*", "/key-capsules/../key-capsules", "//key-capsules", "/key%2dcapsules"] {
        assert_eq!(exchange(&mut fixture.as_sender(), &post(target)).status, 404, "{target}");
    }
    let path = fixture.take(&body);
    let asked = get(&format!("https://localhost{path}"));
    assert_eq!(exchange(&mut fixture.as_recipient(&mari), &asked).body, body.as_bytes());
}

#[test]
fn a_body_is_coded_in_no_way_or_in_chunks() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let body = body_for(&mari);
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let post = |lines: &str, body: &str| posted("/key-capsules HTTP/1.1\r\nhost: localhost", lines, body);
    for coding in ["chunked", "Chunked"] {
        let request = post(&format!("transfer-encoding: {coding}\r\n"), &chunks);
        assert_eq!(exchange(&mut fixture.as_sender(), &request).status, 201);
    }
    for codings in [
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: \tidentity , chunked\r\n",
    ] {
        refused(fixture.as_sender(), &post(codings, &chunks), "501");
    }
    for coding in ["gzip", "identity", "chunked, gzip", "xchunked"] {
        refused(fixture.as_sender(), &post(&format!("transfer-encoding: {coding}\r\n"), &chunks), "400");
    }
    // With a length besides, chunks count and nothing that follows: no second request can hide there.
    for lines in
        ["content-length: 5\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: chunked\r\ncontent-length: 5\r\n"]
    {
        refused(fixture.as_sender(), &post(lines, &chunks), "201");
    }
    let encoded = post(&format!("content-encoding: gzip\r\ncontent-length: {}\r\n", body.len()), &body);
    assert_eq!(exchange(&mut fixture.as_sender(), &encoded).status, 400);
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let path = fixture.take(&body_for(&mari));
    let mut connection = fixture.as_recipient(&mari);
    let requests = [path.as_str(), "/key-capsules/KC00112233445566778899aabbccddeeff", "/elsewhere", &path].map(get);
    connection.write_all(requests.concat().as_bytes()).expect("sent");
    let statuses = requests.map(|_| read_answer(&mut connection).expect("an answer").status);
    assert_eq!(statuses, [200, 404, 404, 200]);
}

#[test]
fn times_of_expiry_are_exactly_as_the_standard_has_them() {
    let mari = Person::new(Kind::P256);
    let fixture: Fixture = Setup::listing(&[&mari]).start();
    let granted = |asked: &str| {
        let request = post_request(&format!("x-expiry-time: {asked}\r\n"), &body_for(&mari));
        let answer = exchange(&mut fixture.as_sender(), &request);
        answer.header("x-expiry-time").map(str::to_owned).ok_or(answer.status)
    };
    // Servers grant five years: the end of the next one is among them, whenever this runs.
    let year = year_of(&granted("9999-12-31T23:59:59Z").expect("shortened")) - 4;
    let at = |rest: &str| format!("{year}-{rest}");
    let digits = "9".repeat(30);
    for (asked, expected) in [
        (at("12-31t22:00:00z"), at("12-31T22:00:00Z")),
        (at("12-31T22:00:00"), at("12-31T22:00:00Z")),
        (at("12-31T22:00:00+02:00"), at("12-31T20:00:00Z")),
        (at(&format!("12-31T22:00:00.{digits}-01:30")), at("12-31T23:30:00Z")),
        (at("12-31T23:59:60Z"), at("12-31T23:59:59Z")),
    ] {
        assert_eq!(granted(&asked), Ok(expected), "{asked}");
    }
    for wrong in [
        "12-31 22:00:00Z",
        "12-31T22:00Z",
        "12-31T22:00:60Z",
        "12-31T24:00:00Z",
        "12-31T22:00:00+0200",
        "12-31T22:00:00.Z",
    ] {
        assert_eq!(granted(&at(wrong)), Err(400), "{wrong}");
    }
}

fn year_of(time: &str) -> u32 {
    time[..4].parse().expect("a year")
}
