//! Delivering: what is asked, what answers are taken, and what is left when it fails.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

use capsule_api::{Expiry, NewCapsule};
use capsule_client::{Cause, Error, Step, Upload};
use cdoc2::{Cancel, Control, Delivery, Encryptor, InputFile, Recipient};

use crate::support::{
    Authority, Double, Entry, Person, Reply, Shown, client, created, hasty_client, header, in_days, new_id, status,
};

fn expiry(days: u64) -> Expiry {
    Expiry::from_unix(in_days(days).as_secs() as i64).expect("a time")
}

/// The failure of delivering a capsule to a server that answers so, and the requests it got.
fn failure_of(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Cause, usize) {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), reply);
    let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)])).until(expiry(10));
    let person = Person::new("P-384", &Authority::new("People"));
    let error = upload.deliver_capsules(&[person.capsule("a")]).expect_err("not delivered");
    match *error.downcast().expect("an error of this crate") {
        Error::Server { server, cause } => {
            assert_eq!(server.as_str(), "a");
            (cause, double.requests().len())
        }
        other => panic!("{other:?}"),
    }
}

fn kept(days: u64) -> String {
    format!("x-expiry-time: {}\r\n", expiry(days))
}

#[test]
fn capsules_of_every_kind_are_posted_as_the_interface_says() {
    let (shown, people) = (Shown::new(), Authority::new("People"));
    let double = Double::start(shown.for_senders(), |request| {
        let asked = header(request, "x-expiry-time").expect("asked for");
        created(&new_id(), &format!("x-expiry-time: {asked}\r\n"))
    });
    let people: Vec<_> = ["P-256", "P-384", "P-521", "RSA"].iter().map(|kind| Person::new(kind, &people)).collect();
    let capsules: Vec<_> = people.iter().map(|person| person.capsule("a")).collect();
    // The earlier of what the sender wants and the end of the certificate.
    let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)]))
        .until(expiry(20))
        .ending(people[1].public_key(), expiry(30))
        .ending(people[2].public_key(), expiry(10));
    let ids = upload.deliver_capsules(&capsules).expect("delivered");
    assert_eq!(ids.len(), 4);
    let requests = double.requests();
    for (person, days) in people.iter().zip([20, 20, 10, 20]) {
        let own = |request: &&String| request.ends_with(&person.body());
        let request = requests.iter().find(own).expect("posted");
        assert!(request.starts_with("POST /key-capsules HTTP/1.1\r\n"), "{request}");
        assert_eq!(header(request, "host"), Some(format!("localhost:{}", double.port).as_str()));
        assert_eq!(header(request, "content-type"), Some("application/json"));
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        assert_eq!(NewCapsule::parse(body.as_bytes()).expect("a capsule").key_material(), person.material());
        let asked = Expiry::parse(header(request, "x-expiry-time").expect("asked for")).expect("a time");
        assert!(asked <= expiry(days) && asked.unix() > expiry(days).unix() - 60, "{asked}");
    }
    let earliest = upload.kept_until_all().expect("told");
    assert!(ids.iter().any(|id| upload.kept_until(id) == Some(earliest.unix())));
    assert!(earliest <= expiry(10));
}

#[test]
fn what_a_server_says_of_a_capsule_is_checked() {
    let at = |location: String| {
        move |_: &str| {
            let head = format!("HTTP/1.1 201 Created\r\n{}Location: {location}\r\n", kept(10));
            Reply::Text(head + "Content-Length: 0\r\n\r\n")
        }
    };
    let id = new_id();
    for location in [
        format!("https://localhost/key-capsules/{id}"),
        format!("//other.example/key-capsules/{id}"),
        format!("/key-capsules/{id}?x=1"),
        format!("/other/{id}"),
        "/key-capsules/KC1".to_owned(),
        "/key-capsules/../../etc/passwd-and-more".to_owned(),
        format!("/key-capsules/{id}\r\nLocation: /key-capsules/{}", new_id()),
        String::new(),
    ] {
        let (cause, requests) = failure_of(at(location.clone()));
        assert!(matches!(cause, Cause::Misbehaved(_)), "{location}: {cause:?}");
        assert_eq!(requests, 1, "a lie is not asked for again");
    }
    let bare = format!("HTTP/1.1 201 Created\r\n{}Content-Length: 0\r\n\r\n", kept(10));
    assert!(matches!(failure_of(move |_| Reply::Text(bare.clone())).0, Cause::Misbehaved(_)));
}

#[test]
fn a_server_that_keeps_a_capsule_otherwise_than_asked_is_found_out() {
    for told in [
        String::new(),
        kept(11),
        "x-expiry-time: 2020-01-01T00:00:00Z\r\n".to_owned(),
        "x-expiry-time: soon\r\n".to_owned(),
        "x-expiry-time: \u{1}\r\n".to_owned(),
        kept(9) + &kept(8),
    ] {
        let answer = told.clone();
        let (cause, _) = failure_of(move |_| created(&new_id(), &answer));
        assert!(matches!(cause, Cause::Misbehaved(_)), "{told}: {cause:?}");
    }
}

#[test]
fn an_identifier_is_taken_once() {
    let (shown, person) = (Shown::new(), Person::new("P-384", &Authority::new("People")));
    let id = new_id();
    let double = Double::start(shown.for_senders(), move |_| created(&id, ""));
    let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)]));
    let error = upload.deliver_capsules(&[person.capsule("a"), person.capsule("a")]).expect_err("a lie");
    assert_eq!(
        error.to_string(),
        "the server a: it does not answer as a capsule server does: it gives an identifier twice"
    );
}

#[test]
fn answers_have_bounds() {
    let started = Instant::now();
    let head = format!("HTTP/1.1 201 Created\r\nLocation: /key-capsules/{}\r\n{}", new_id(), kept(10));
    let endless = head.clone() + "Transfer-Encoding: chunked\r\n\r\n1000\r\n";
    let (cause, _) = failure_of(move |_| Reply::Endless(endless.clone()));
    assert!(matches!(cause, Cause::Misbehaved(_) | Cause::Lost(_)), "{cause:?}");
    let body = head + "Content-Length: 99999999999\r\n\r\n";
    let (cause, _) = failure_of(move |_| Reply::Endless(body.clone()));
    assert!(matches!(cause, Cause::Misbehaved("its answer is too long")), "{cause:?}");
    let (cause, _) = failure_of(|_| Reply::Endless("HTTP/1.1 201 Created\r\nX: ".to_owned()));
    assert!(matches!(cause, Cause::Misbehaved("the head of its answer is too large")), "{cause:?}");
    let many = "X: y\r\n".repeat(200);
    let (cause, _) = failure_of(move |_| created(&new_id(), &many));
    assert!(matches!(cause, Cause::Misbehaved("the head of its answer is too large")), "{cause:?}");
    let (cause, _) = failure_of(|_| Reply::Text("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned()));
    assert!(matches!(cause, Cause::Misbehaved("its answer is no HTTP")), "{cause:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_redirect_is_not_followed() {
    let shown = Shown::new();
    let elsewhere = Double::start(shown.for_senders(), |_| created(&new_id(), &kept(10)));
    let port = elsewhere.port;
    for line in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"] {
        let location = format!("Location: https://localhost:{port}/key-capsules\r\n");
        let (cause, requests) = failure_of(move |_| status(line, &location));
        assert!(matches!(cause, Cause::Misbehaved(_)), "{line}: {cause:?}");
        assert_eq!(requests, 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_silent_server_has_its_time_and_no_more() {
    let shown = Shown::new();
    let person = Person::new("P-384", &Authority::new("People"));
    let mute = Double::start(shown.for_senders(), |_| Reply::Silence);
    // One that does not answer, and one that does not even shake hands.
    for (port, expected) in [(mute.port, Step::Answering), (Double::silent().port, Step::Connecting)] {
        let started = Instant::now();
        let upload = Upload::new(hasty_client(&[Entry::new("a", port, &shown)]));
        let error = upload.deliver_capsules(&[person.capsule("a")]).expect_err("no answer");
        let error = error.downcast::<Error>().expect("an error of this crate");
        match *error {
            Error::Server { cause: Cause::Timeout { step, .. }, .. } => assert_eq!(step, expected),
            other => panic!("{other:?}"),
        }
        assert!((2..8).contains(&started.elapsed().as_secs()));
    }
    assert_eq!(mute.requests().len(), 1, "nobody waits twice");
}

#[test]
fn what_may_pass_is_tried_again_and_what_is_refused_is_not() {
    let counted = |replies: Vec<Reply>| {
        let (shown, next) = (Shown::new(), AtomicUsize::new(0));
        let double = Double::start(shown.for_senders(), move |_| {
            let next = next.fetch_add(1, Ordering::SeqCst);
            replies.get(next).cloned().unwrap_or_else(|| created(&new_id(), ""))
        });
        let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)]));
        let person = Person::new("P-384", &Authority::new("People"));
        let result = upload.deliver_capsules(&[person.capsule("a")]);
        (result.map_err(|error| *error.downcast::<Error>().expect("an error of this crate")), double.requests().len())
    };
    let busy = |after| status("503 Service Unavailable", after);
    assert!(matches!(counted(vec![Reply::Break]), (Ok(_), 2)));
    assert!(matches!(counted(vec![busy(""), status("429 Too Many Requests", "Retry-After: 1\r\n")]), (Ok(_), 3)));
    let (result, requests) = counted(vec![Reply::Break; 9]);
    assert!(matches!(result, Err(Error::Server { cause: Cause::Lost(_), .. })), "{result:?}");
    assert_eq!(requests, 3);
    // It asks for more patience than a person has.
    let (result, requests) = counted(vec![busy("Retry-After: 3600\r\n")]);
    let is_busy = |cause: &Cause| matches!(cause, Cause::Busy { status: 503, shown_certificate: false, .. });
    assert!(matches!(&result, Err(Error::Server { cause, .. }) if is_busy(cause)), "{result:?}");
    assert_eq!(requests, 1);
    for (line, number) in [("400 Bad Request", 400), ("413 Content Too Large", 413), ("500 Internal Server Error", 500)]
    {
        let (result, requests) = counted(vec![status(line, "")]);
        let Err(Error::Server { cause: Cause::Status(status), .. }) = result else { panic!("{result:?}") };
        assert_eq!((status, requests), (number, 1));
    }
    let (result, _) = counted(vec![status("200 OK", "")]);
    assert!(matches!(result, Err(Error::Server { cause: Cause::Misbehaved(_), .. })), "{result:?}");
}

#[test]
fn nothing_is_sent_to_anybody_when_one_capsule_cannot_go() {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let entries = [
        Entry::new("a", double.port, &shown),
        Entry { types: vec!["ecc_secp384r1"], ..Entry::new("b", double.port, &shown) },
    ];
    let (client, people) = (client(&entries), Authority::new("People"));
    let (person, other) = (Person::new("P-384", &people), Person::new("RSA", &people));
    let upload = Upload::new(client);
    let refused = |capsules: &[cdoc2::OutgoingCapsule]| {
        *upload.deliver_capsules(capsules).expect_err("refused").downcast::<Error>().expect("an error of this crate")
    };
    let result = refused(&[person.capsule("a"), other.capsule("b")]);
    assert_eq!(result.to_string(), "the server b takes no capsules for keys of the kind RSA");
    let result = refused(&[person.capsule("a"), person.capsule("somewhere\u{202e} else")]);
    assert_eq!(result.to_string(), "no server list has the server somewhere else");
    assert_eq!(double.connections(), 0);
}

/// Encrypts a file for `people`, each on all of `ids`.
fn encrypt(upload: &Upload, people: &[&Person], ids: &[&str], control: Control) -> (tempfile::TempDir, cdoc2::Error) {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::write(folder.path().join("letter.txt"), "for your eyes only").expect("written");
    let recipients =
        people.iter().flat_map(|person| ids.iter().map(|id| Recipient::server(person.public_key(), *id, "label")));
    let input = InputFile::examine(folder.path().join("letter.txt")).expect("there");
    let encryptor = Encryptor::new(recipients.collect()).delivery(upload).control(control);
    let error = encryptor.encrypt_to_file(&[input], &folder.path().join("c.cdoc2"), false).expect_err("not delivered");
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["letter.txt"]);
    (folder, error)
}

#[test]
fn when_one_server_fails_nothing_is_written_and_it_is_named() {
    let shown = Shown::new();
    let good = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let upload = Upload::new(client(&[Entry::new("good", good.port, &shown), Entry::new("down", unused, &shown)]));
    let person = Person::new("P-384", &Authority::new("People"));
    let (_folder, error) = encrypt(&upload, &[&person], &["good", "down"], Control::default());
    let cdoc2::Error::Deliver(error) = error else { panic!("{error:?}") };
    let error = *error.downcast::<Error>().expect("an error of this crate");
    // The other one has taken its capsule by then.
    let Error::Left { failure, servers } = &error else { panic!("{error:?}") };
    assert_eq!(servers.iter().map(|server| server.as_str()).collect::<Vec<_>>(), ["good"]);
    for failure in [&**failure, error.most_telling()] {
        let Error::Server { server, cause: Cause::Connect { .. } } = failure else { panic!("{failure:?}") };
        assert_eq!(server.as_str(), "down");
    }
}

#[test]
fn cancelling_ends_at_once_and_leaves_nothing() {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), |_| Reply::Silence);
    let cancel = Cancel::default();
    let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)])).cancelled_by(cancel.clone());
    let person = Person::new("P-384", &Authority::new("People"));
    let canceller = thread::spawn({
        let (cancel, double) = (cancel.clone(), double.clone());
        move || {
            while double.requests().is_empty() {
                thread::sleep(Duration::from_millis(5));
            }
            cancel.cancel();
            SystemTime::now()
        }
    });
    let (_folder, error) = encrypt(&upload, &[&person], &["a"], Control::new(cancel, |_| {}));
    let ended = SystemTime::now();
    assert!(matches!(error, cdoc2::Error::Cancelled), "{error:?}");
    let cancelled = canceller.join().expect("no panic");
    let took = ended.duration_since(cancelled).unwrap_or_default();
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn many_capsules_share_a_few_connections() {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let upload = Upload::new(client(&[Entry::new("a", double.port, &shown)]));
    let person = Person::new("P-384", &Authority::new("People"));
    let capsules: Vec<_> = (0..60).map(|_| person.capsule("a")).collect();
    assert_eq!(upload.deliver_capsules(&capsules).expect("delivered").len(), 60);
    assert_eq!(double.requests().len(), 60);
    assert!(double.connections() <= 4, "{}", double.connections());
}
