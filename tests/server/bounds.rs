//! What strangers may cost: time, connections, memory. Everything ends, and others are answered meanwhile.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use capsule_server::{Limits, Rate};

use crate::support::{
    Answer, Connection, Fixture, Kind, Person, Setup, body_for, connect_from, eventually, exchange, get, post,
    post_request, read_answer, try_exchange,
};

/// Within this time others are answered, whatever somebody does.
const PROMPTLY: Duration = Duration::from_secs(1);

fn with_limits(change: impl FnOnce(&mut Limits)) -> (Person, Fixture) {
    let mari = Person::new(Kind::P256);
    let mut setup = Setup::listing(&[&mari]);
    change(&mut setup.limits);
    let fixture = setup.start();
    (mari, fixture)
}

/// Somebody else, from another address, puts a capsule and fetches it, promptly.
fn others_are_answered(fixture: &Fixture, mari: &Person) {
    let begun = Instant::now();
    let connect = |address| connect_from("127.0.0.77", address).expect("connects");
    let mut sender = Connection::over(connect(fixture.sender()), &fixture.certificate, None).expect("let in");
    let taken = exchange(&mut sender, &post(&body_for(mari)));
    assert_eq!(taken.status, 201);
    let recipient = connect(fixture.recipient());
    let mut recipient = Connection::over(recipient, &fixture.certificate, Some(mari)).expect("let in");
    assert_eq!(exchange(&mut recipient, &get(taken.header("location").expect("a location"))).status, 200);
    assert!(begun.elapsed() < PROMPTLY, "{:?}", begun.elapsed());
}

fn refused(fixture: &Fixture, interface: &str, reason: &str) -> u64 {
    fixture.metric(&format!("kapsel_refused_total{{interface=\"{interface}\",reason=\"{reason}\"}}"))
}

/// Reads until the other end closes; gives how long that took.
fn until_closed(stream: &mut impl Read) -> Duration {
    let begun = Instant::now();
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(1..)) {
        assert!(begun.elapsed() < Duration::from_secs(30), "it goes on and on");
    }
    begun.elapsed()
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let (mari, fixture) = with_limits(|_| {});
    // 100 MB are announced; the answer comes when nothing of them has.
    let mut connection = fixture.as_sender();
    let head =
        "POST /key-capsules HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n";
    let answer = exchange(&mut connection, head);
    assert_eq!((answer.status, answer.body.len()), (413, 0));

    // Or they are sent, in chunks, without being announced, for as long as somebody reads.
    let mut connection = fixture.as_sender();
    let head = "POST /key-capsules HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).expect("written");
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let sent = (0..6400).take_while(|_| connection.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 6400, "all was read");

    // Whoever sends somewhat too much, and reads only then, gets his answer.
    let mut connection = fixture.as_sender();
    for _ in 0..3 {
        let answer = exchange(&mut connection, &post(&" ".repeat(100_000)));
        assert_eq!((answer.status, answer.body.len()), (413, 0));
    }

    let largest = format!("{}{}", body_for(&mari), " ".repeat(8192 - body_for(&mari).len()));
    assert_eq!(exchange(&mut fixture.as_sender(), &post(&largest)).status, 201);
    assert_eq!(exchange(&mut fixture.as_sender(), &post(&format!("{largest} "))).status, 413);
    others_are_answered(&fixture, &mari);
}

#[test]
fn heads_have_a_size_and_a_number_of_fields() {
    let (mari, fixture) = with_limits(|_| {});
    let status = |headers: &str| {
        let answer = try_exchange(&mut fixture.as_sender(), &post_request(headers, &body_for(&mari)));
        answer.map(|Answer { status, .. }| status)
    };
    assert_eq!(status(&format!("x-a: {}\r\n", "a".repeat(4000))).expect("an answer"), 201);
    assert_eq!(status(&format!("x-a: {}\r\n", "a".repeat(9000))).expect("an answer"), 431);
    assert_eq!(status(&"x-a: a\r\n".repeat(50)).expect("an answer"), 201);
    assert_eq!(status(&"x-a: a\r\n".repeat(100)).expect("an answer"), 431);
    // A flood of them, without an end.
    let mut connection = fixture.as_sender();
    connection.write_all(b"POST /key-capsules HTTP/1.1\r\n").expect("written");
    let line = format!("x-a: {}\r\n", "a".repeat(1000));
    let sent = (0..100_000).take_while(|_| connection.write_all(line.as_bytes()).is_ok()).count();
    assert!(sent < 100_000, "all was read");
    others_are_answered(&fixture, &mari);
}

#[test]
fn what_is_no_http_is_closed() {
    let (mari, fixture) = with_limits(|_| {});
    for nonsense in [
        "GET\r\n\r\n",
        "\0\0\0\0\0\0\r\n\r\n",
        "POST /key-capsules HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /key-capsules HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST /key-capsules HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST /key-capsules HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST /key-capsules HTTP/1.1\r\n host: folded\r\n\r\n",
        "GET /key-capsules/%ff%fe%00aaaaaaaaaaaaaaaa HTTP/1.1\r\n\r\n",
        "POST http:// HTTP/1.1\r\n\r\n",
    ] {
        for stream in [&mut fixture.as_sender(), &mut fixture.as_recipient(&mari)] {
            let _ = stream.write_all(nonsense.as_bytes());
            if let Ok(answer) = read_answer(stream) {
                assert!((400..500).contains(&answer.status) && answer.body.is_empty(), "{nonsense:?}: {answer:?}");
            }
        }
    }
    // A length and chunks in one request: two readers could see two requests.
    let smuggled =
        "POST /key-capsules HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let answer = try_exchange(&mut fixture.as_sender(), smuggled);
    assert!(answer.is_ok_and(|answer| answer.status == 400));
    others_are_answered(&fixture, &mari);
}

#[test]
fn what_is_no_tls_is_closed() {
    let (mari, fixture) = with_limits(|_| {});
    for address in [fixture.sender(), fixture.recipient()] {
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 5000], &[0x16, 3, 1, 0xff, 0xff, 1, 2, 3]] {
            let mut socket = TcpStream::connect(address).expect("connects");
            let _ = socket.write_all(garbage);
            let _ = socket.shutdown(std::net::Shutdown::Write);
            until_closed(&mut socket);
        }
    }
    assert_eq!(refused(&fixture, "sender", "handshake"), 3);
    assert_eq!(refused(&fixture, "recipient", "handshake"), 3);
    others_are_answered(&fixture, &mari);
}

#[test]
fn whoever_is_slow_is_left() {
    let quick = Duration::from_millis(600);
    let (mari, fixture) = with_limits(|limits| {
        limits.handshake_timeout = quick;
        limits.header_timeout = quick;
        limits.request_timeout = quick;
    });
    let in_time = |took: Duration, what: &str| {
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
    };
    // Says nothing, on all ports.
    for address in [fixture.sender(), fixture.recipient(), fixture.operations()] {
        in_time(until_closed(&mut TcpStream::connect(address).expect("connects")), "silent");
    }
    assert_eq!(refused(&fixture, "sender", "handshake_timeout"), 1);
    // Begins a handshake, byte by byte.
    let mut socket = TcpStream::connect(fixture.recipient()).expect("connects");
    let begun = Instant::now();
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let dripped = hello.iter().cycle().take_while(|byte| {
        std::thread::sleep(Duration::from_millis(100));
        begun.elapsed() < Duration::from_secs(10) && socket.write_all(&[**byte]).is_ok()
    });
    assert!(dripped.count() < 50);
    // Is done with the handshake and silent then, on both interfaces.
    in_time(until_closed(&mut fixture.as_sender()), "no request");
    in_time(until_closed(&mut fixture.as_recipient(&mari)), "no request");
    // Sends the head line by line: each of them is in time, all together are not.
    let mut connection = fixture.as_sender();
    connection.write_all(b"POST /key-capsules HTTP/1.1\r\n").expect("written");
    let begun = Instant::now();
    let dripped = (0..50).take_while(|_| {
        std::thread::sleep(Duration::from_millis(100));
        connection.write_all(b"x-a: a\r\n").is_ok() && connection.flush().is_ok()
    });
    assert!(dripped.count() < 50);
    in_time(begun.elapsed(), "slow head");
    // Sends the body byte by byte.
    let mut connection = fixture.as_sender();
    connection.write_all(post(&"a".repeat(1000)).trim_end_matches('a').as_bytes()).expect("written");
    let answer = read_answer(&mut connection).expect("an answer");
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    // Has asked once, and does not ask again.
    let mut connection = fixture.as_sender();
    assert_eq!(exchange(&mut connection, &post(&body_for(&mari))).status, 201);
    in_time(until_closed(&mut connection), "idle");
    others_are_answered(&fixture, &mari);
    eventually("the end of all connections", || fixture.metric("kapsel_connections") == 0);
}

#[test]
fn many_slow_clients_of_one_address_leave_room_for_others() {
    let (mari, fixture) = with_limits(|limits| {
        limits.connections_of_address = 50;
        // They are still held when this machine is busy.
        limits.handshake_timeout = Duration::from_secs(60);
    });
    let mut held = Vec::new();
    for address in [fixture.sender(), fixture.recipient()] {
        for _ in 0..500 {
            held.push(TcpStream::connect(address).expect("the system connects"));
        }
    }
    eventually("refusal", || refused(&fixture, "sender", "connections_of_address") == 450);
    others_are_answered(&fixture, &mari);
    assert!(Connection::open(fixture.sender(), &fixture.certificate, None).is_err());
    held.clear();
    eventually("room", || Connection::open(fixture.sender(), &fixture.certificate, None).is_ok());
}

#[test]
fn when_all_places_are_taken_whoever_was_quiet_longest_makes_room() {
    let (mari, fixture) = with_limits(|limits| limits.connections = 20);
    let mut held: Vec<_> = (0..20)
        .map(|number| connect_from(&format!("127.0.1.{}", number + 1), fixture.sender()).expect("the system connects"))
        .collect();
    eventually("taking all", || fixture.metric("kapsel_connections") == 20);
    others_are_answered(&fixture, &mari);
    assert_eq!(refused(&fixture, "sender", "made_room"), 1);
    assert!(until_closed(&mut held[0]) < PROMPTLY);
    held[19].set_read_timeout(Some(Duration::from_millis(100))).expect("a time");
    assert!(held[19].read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    assert!(fixture.metric("kapsel_connections") <= 20);
}

#[test]
fn requests_have_a_rate_by_address_and_by_key() {
    let (mari, fixture) = with_limits(|limits| {
        limits.address_rate = Rate { per_second: 1, burst: 5 };
        limits.key_rate = Rate { per_second: 1, burst: 3 };
    });
    let mut connection = fixture.as_sender();
    let mut statuses = |count| -> Vec<_> {
        (0..count).map(|_| exchange(&mut connection, &post(&body_for(&mari)))).map(|answer| answer.status).collect()
    };
    assert_eq!(statuses(7), [201, 201, 201, 201, 201, 429, 429]);
    assert_eq!(refused(&fixture, "sender", "address_rate"), 2);

    // Of another address, but with the same key.
    let mut left = Vec::new();
    for from in ["127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8"] {
        let socket = connect_from(from, fixture.recipient()).expect("connects");
        let mut connection = Connection::over(socket, &fixture.certificate, Some(&mari)).expect("let in");
        left.push(exchange(&mut connection, &get("/key-capsules/KC00112233445566778899aabbccddeeff")));
    }
    assert_eq!(left.iter().map(|answer| answer.status).collect::<Vec<_>>(), [404, 404, 404, 429]);
    let wait: u64 = left[3].header("retry-after").expect("when to come again").parse().expect("seconds");
    assert!((1..=2).contains(&wait) && left[3].body.is_empty());
    std::thread::sleep(Duration::from_secs(wait));
    let socket = connect_from("127.0.0.9", fixture.recipient()).expect("connects");
    let mut connection = Connection::over(socket, &fixture.certificate, Some(&mari)).expect("let in");
    assert_eq!(exchange(&mut connection, &get("/key-capsules/KC00112233445566778899aabbccddeeff")).status, 404);
}

#[test]
fn an_address_leaves_so_many_capsules_a_day_and_others_theirs() {
    let (mari, fixture) = with_limits(|limits| limits.capsules_of_address = 3);
    let leave = |from: &str, body: &str| {
        let socket = connect_from(from, fixture.sender()).expect("connects");
        exchange(&mut Connection::over(socket, &fixture.certificate, None).expect("let in"), &post(body))
    };
    let body = body_for(&mari);
    assert_eq!([0; 3].map(|_| leave("127.0.0.5", &body).status), [201; 3]);
    let refusal = leave("127.0.0.5", &body);
    assert_eq!((refusal.status, refusal.body.len()), (429, 0));
    let wait: u64 = refusal.header("retry-after").expect("when to come again").parse().expect("seconds");
    assert!((28_700..=28_801).contains(&wait), "a third of a day: {wait}");
    assert_eq!(leave("127.0.0.6", &body).status, 201, "another address");
    assert_eq!(refused(&fixture, "sender", "capsules_of_address"), 1);
    // What is no capsule counts, too, as it costs the same until that is seen; and fetching goes on.
    assert_eq!([0; 3].map(|_| leave("127.0.0.7", "{}").status), [400; 3]);
    assert_eq!(leave("127.0.0.7", &body).status, 429);
    let socket = connect_from("127.0.0.5", fixture.recipient()).expect("connects");
    let mut recipient = Connection::over(socket, &fixture.certificate, Some(&mari)).expect("let in");
    assert_eq!(exchange(&mut recipient, &get("/key-capsules/KC00112233445566778899aabbccddeeff")).status, 404);
}

#[test]
fn stored_capsules_have_a_quota() {
    let (mari, fixture) = with_limits(|limits| limits.stored_capsules = 3);
    let mut connection = fixture.as_sender();
    let mut post =
        || exchange(&mut connection, &post_request("x-expiry-time: 2199-01-01T00:00:00Z\r\n", &body_for(&mari)));
    let statuses: Vec<_> = (0..3).map(|_| post().status).collect();
    assert_eq!(statuses, [201, 201, 201]);
    let full = post();
    assert_eq!((full.status, full.body.len()), (503, 0));
    assert!(full.header("retry-after").is_some());
    fixture.clock.forward(Duration::from_secs(1826 * 24 * 60 * 60));
    eventually("room", || fixture.metric("kapsel_stored_capsules") == 0);
}

#[test]
fn a_connection_does_not_live_for_ever() {
    let (mari, fixture) = with_limits(|limits| limits.connection_lifetime = Duration::from_millis(700));
    let mut connection = fixture.as_recipient(&mari);
    let begun = Instant::now();
    let request = get("/key-capsules/KC00112233445566778899aabbccddeeff");
    while try_exchange(&mut connection, &request).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it lives and lives");
    }
}
