//! A capsule goes in, and comes out for its recipient alone (key-capsules API 3.1.1).

use std::time::Duration;

use crate::support::{Kind, Person, Setup, body_for, eventually, exchange, get, post, post_request};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn capsules_of_every_key_come_back_byte_for_byte() {
    let people: Vec<_> = Kind::ALL.map(Person::new).into();
    let fixture = Setup::listing(&people.iter().collect::<Vec<_>>()).start();
    for person in &people {
        let body = body_for(person);
        let taken = exchange(&mut fixture.as_sender(), &post(&body));
        assert_eq!((taken.status, taken.body.len()), (201, 0), "{:?}", person.kind);
        let location = taken.header("location").expect("a location");
        let id = location.strip_prefix("/key-capsules/KC").expect("the path of a capsule");
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert!(taken.header("x-expiry-time").is_some() && taken.header("x-expiry-time-adjusted").is_none());

        let given = exchange(&mut fixture.as_recipient(person), &get(location));
        assert_eq!((given.status, &given.body[..]), (200, body.as_bytes()), "{:?}", person.kind);
        assert_eq!(given.header("content-type"), Some("application/json"));
        assert_eq!(given.header("x-expiry-time"), taken.header("x-expiry-time"));
        assert_eq!(given.header("x-expiry-time-adjusted"), Some("false"));
    }
}

#[test]
fn unknown_expired_and_for_another_key_are_one_answer() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::P384));
    let fixture = Setup { clean_up_every: DAY, ..Setup::listing(&[&mari, &jaan]) }.start();
    let theirs = fixture.take(&body_for(&jaan));
    let expiring = fixture.take(&body_for(&mari));
    fixture.clock.forward(1095 * DAY - Duration::from_secs(60));
    let fresh = fixture.take(&body_for(&mari));
    let mut connection = fixture.as_recipient(&mari);
    assert_eq!(exchange(&mut connection, &get(&expiring)).status, 200);
    fixture.clock.forward(Duration::from_secs(60));
    assert_eq!(exchange(&mut connection, &get(&fresh)).status, 200);

    let mut answer = |path: &str| exchange(&mut connection, &get(path)).without_date();
    let unknown = answer("/key-capsules/KC00112233445566778899aabbccddeeff");
    assert_eq!((unknown.0, unknown.2.len()), (404, 0));
    for path in [&expiring[..], &theirs, "/key-capsules/012345678901234567", "/key-capsules/no%20capsule%20has%20this"]
    {
        assert_eq!(answer(path), unknown, "{path}");
    }
}

#[test]
fn ids_of_a_wrong_length_are_bad_requests() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let mut connection = fixture.as_recipient(&mari);
    for length in [1, 17, 35, 1000] {
        let answer = exchange(&mut connection, &get(&format!("/key-capsules/{}", "a".repeat(length))));
        assert_eq!((answer.status, answer.body.len()), (400, 0), "{length}");
    }
    for length in [18, 34] {
        let answer = exchange(&mut connection, &get(&format!("/key-capsules/{}", "a".repeat(length))));
        assert_eq!(answer.status, 404, "{length}");
    }
}

#[test]
fn wrong_methods_and_other_paths_are_told_apart() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let path = fixture.take(&body_for(&mari));
    let request =
        |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    let (mut sender, mut recipient) = (fixture.as_sender(), fixture.as_recipient(&mari));
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "LIST"] {
        let answer = exchange(&mut sender, &request(method, "/key-capsules"));
        assert_eq!((answer.status, answer.header("allow"), answer.body.len()), (405, Some("POST"), 0), "{method}");
    }
    assert_eq!(exchange(&mut sender, &request("GET", &path)).status, 405);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "LIST"] {
        let answer = exchange(&mut recipient, &request(method, &path));
        assert_eq!((answer.status, answer.header("allow"), answer.body.len()), (405, Some("GET"), 0), "{method}");
    }
    assert_eq!(exchange(&mut recipient, &request("POST", "/key-capsules")).status, 405);
    for other in ["/", "/key-capsules/", "/key-capsules/a/b", "/metrics", "/health/live", "/info"] {
        for stream in [&mut sender, &mut recipient] {
            let answer = exchange(stream, &request("GET", other));
            assert_eq!((answer.status, answer.body.len()), (404, 0), "{other}");
        }
    }
    // HEAD has no body by definition; it does not ask for capsules.
    let head = exchange(&mut recipient, &request("HEAD", &path));
    assert_eq!(head.status, 405);
}

#[test]
fn what_is_no_capsule_is_a_bad_request() {
    let mari = Person::new(Kind::P384);
    let fixture = Setup::listing(&[&mari]).start();
    let good = body_for(&mari);
    let mut connection = fixture.as_sender();
    for body in [
        String::new(),
        "{}".to_owned(),
        "[1,2".to_owned(),
        good.replace("ecc_secp384r1", "ecc_secp256r1"),
        good.replace("ecc_secp384r1", "rsa"),
        good.replace("capsule_type", "capsule_kind"),
        good.replace('{', "{\"more\":1,"),
        good.replace(":\"B", ":\"C"),
        format!("{good}{good}"),
    ] {
        let answer = exchange(&mut connection, &post(&body));
        assert_eq!((answer.status, answer.body.len()), (400, 0), "{body}");
    }
    for kind in ["text/plain", "application/json-seq", "application/x-www-form-urlencoded", ""] {
        let request = post(&good).replace("application/json", kind);
        assert_eq!(exchange(&mut connection, &request).status, 400, "{kind}");
    }
    let request = post(&good).replace("application/json", "Application/JSON; charset=utf-8");
    assert_eq!(exchange(&mut connection, &request).status, 201);
}

#[test]
fn times_are_granted_shortened_or_refused() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    let ask = |headers: &str| exchange(&mut fixture.as_sender(), &post_request(headers, &body_for(&mari)));
    let asked = ask("x-expiry-time: 2029-06-01T12:00:00.5+03:00\r\n");
    assert_eq!((asked.status, asked.header("x-expiry-time")), (201, Some("2029-06-01T09:00:00Z")));
    assert_eq!(asked.header("x-expiry-time-adjusted"), None);
    let local = ask("X-Expiry-Time: 2029-06-01T12:00:00\r\n");
    assert_eq!(local.header("x-expiry-time"), Some("2029-06-01T12:00:00Z"));

    let long = ask("x-expiry-time: 2199-06-01T12:00:00Z\r\n");
    assert_eq!((long.status, long.header("x-expiry-time-adjusted")), (201, Some("true")));
    let location = long.header("location").expect("a location");
    let given = exchange(&mut fixture.as_recipient(&mari), &get(location));
    assert_eq!(given.header("x-expiry-time-adjusted"), Some("true"));
    assert_eq!(given.header("x-expiry-time"), long.header("x-expiry-time"));

    for wrong in ["2020-01-01T00:00:00Z", "tomorrow", "", "2029-06-01", "\u{e4}"] {
        let answer = ask(&format!("x-expiry-time: {wrong}\r\n"));
        assert_eq!((answer.status, answer.body.len()), (400, 0), "{wrong}");
    }
    let twice = ask("x-expiry-time: 2029-06-01T12:00:00Z\r\nx-expiry-time: 2029-06-01T12:00:00Z\r\n");
    assert_eq!(twice.status, 400);
}

#[test]
fn expired_capsules_are_deleted() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup::listing(&[&mari]).start();
    // More than go in one batch.
    let mut connection = fixture.as_sender();
    for _ in 0..1203 {
        assert_eq!(exchange(&mut connection, &post(&body_for(&mari))).status, 201);
    }
    // One that comes while the store counts is told of with the next count.
    eventually("the count", || fixture.metric("kapsel_stored_capsules") == 1203);
    fixture.clock.forward(DAY);
    let later = fixture.take(&body_for(&mari));
    fixture.clock.forward(1094 * DAY);
    eventually("deletion", || fixture.metric("kapsel_stored_capsules") == 1);
    assert_eq!(fixture.metric("kapsel_expired_capsules_total"), 1203);
    assert_eq!(exchange(&mut fixture.as_recipient(&mari), &get(&later)).status, 200);
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_stops_nothing() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup { clean_up_every: Duration::from_secs(3600), ..Setup::listing(&[&mari]) }.start();
    let half_an_hour = Duration::from_secs(1800);
    let status = |path: &str| exchange(&mut fixture.as_recipient(&mari), &get(path)).status;
    let first = fixture.take(&body_for(&mari));
    fixture.clock.back(half_an_hour);
    let second = fixture.take(&body_for(&mari));
    assert_eq!((status(&first), status(&second)), (200, 200));
    // The second was granted its time from what the clock showed then.
    fixture.clock.forward(1095 * DAY);
    assert_eq!((status(&first), status(&second)), (200, 404));
    fixture.clock.forward(half_an_hour);
    assert_eq!((status(&first), status(&second)), (404, 404));
    let third = fixture.take(&body_for(&mari));
    assert_eq!(status(&third), 200);
}

#[test]
fn requests_under_way_are_answered_when_the_server_stops() {
    use std::io::Write;
    let mari = Person::new(Kind::P256);
    let mut fixture = Setup::listing(&[&mari]).start();
    let request = post(&body_for(&mari));
    let (begin, end) = request.split_at(request.len() - 1);
    let mut connection = fixture.as_sender();
    connection.write_all(begin.as_bytes()).expect("written");
    connection.flush().expect("flushed");
    std::thread::sleep(Duration::from_millis(200));
    let address = fixture.sender();
    let idle = fixture.as_sender();
    let end = end.to_owned();
    let finishing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        // By now nobody new is taken.
        assert!(std::net::TcpStream::connect(address).is_err());
        exchange(&mut connection, &end)
    });
    fixture.stop();
    let answer = finishing.join().expect("answered");
    assert_eq!((answer.status, answer.header("connection")), (201, Some("close")));
    drop(idle);
}
