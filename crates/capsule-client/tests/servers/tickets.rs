//! One signature for several servers: what it covers, which servers are waited for, and whom nothing is signed for.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use capsule_api::{Audience, Nonce, NonceKey, Origin, ServerId, Ticket, TransactionId};
use capsule_client::{Cause, Client, Download, Error, Settings, Timeouts, Way};
use cdoc2::{Cancel, CapsuleFetcher, KeyError, PublicKey, ServerCapsule};
use eid::{Authenticator, SignatureAlgorithm};

use crate::support::{
    Authority, Double, Entry, Person, Reply, Shown, client, hasty_client, header, json, servers, settings, status,
};

/// What a server keeps and has seen.
#[derive(Default)]
struct Kept {
    bodies: Mutex<HashMap<String, String>>,
    audience: OnceLock<Audience>,
    key: OnceLock<NonceKey>,
    /// Transactions of good tickets, one after the other, each with how many the signature covers.
    tickets: Mutex<Vec<(TransactionId, usize)>>,
}

/// A server that takes tickets, and looks at them as one must.
struct Server {
    id: &'static str,
    double: Double,
    shown: Shown,
    kept: Arc<Kept>,
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

/// The id of a request's path, and whether it asks for a nonce.
fn asked(request: &str) -> (TransactionId, bool) {
    let path = request.split(' ').nth(1).and_then(|path| path.strip_prefix("/key-capsules/")).expect("a path");
    match path.strip_suffix("/nonce") {
        Some(id) if request.starts_with("POST ") => (TransactionId::parse(id).expect("an id"), true),
        _ => (TransactionId::parse(path).expect("an id"), false),
    }
}

impl Kept {
    fn audience(&self) -> &Audience {
        self.audience.get().expect("set at the start")
    }

    fn nonce(&self, id: &TransactionId) -> Nonce {
        self.key.get_or_init(NonceKey::generate).issue(self.audience(), id, now())
    }

    fn reply(&self, request: &str) -> Reply {
        let (id, for_nonce) = asked(request);
        if for_nonce {
            return json(&self.nonce(&id).to_json());
        }
        match self.capsule(&id, header(request, "x-cdoc2-auth-ticket").unwrap_or_default()) {
            Some(body) => json(&body),
            None => status("404 Not Found", ""),
        }
    }

    /// For a ticket that is good in every way.
    fn capsule(&self, id: &TransactionId, ticket: &str) -> Option<String> {
        let ticket = Ticket::parse(ticket).expect("a ticket");
        let (key, _) = ticket.claimed_key(id, self.audience()).expect("for this server");
        ticket.is_signed_by(&key).expect("a signature");
        assert!(self.key.get()?.issued(ticket.nonce(), id, now()));
        self.tickets.lock().expect("no test panicked").push((id.clone(), ticket.count()));
        let body = self.bodies.lock().expect("no test panicked").get(id.as_str()).cloned()?;
        let capsule = capsule_api::NewCapsule::parse(body.as_bytes()).expect("a capsule");
        (*capsule.recipient() == key).then_some(body)
    }
}

impl Server {
    fn start(id: &'static str) -> Self {
        Self::with(id, |kept, request| kept.reply(request))
    }

    /// One that takes its time over nonces, so that on a busy machine all of them are there for one signature.
    fn steady(id: &'static str) -> Self {
        Self::with(id, |kept, request| {
            if asked(request).1 {
                thread::sleep(Duration::from_millis(300));
            }
            kept.reply(request)
        })
    }

    /// One that answers so.
    fn with(id: &'static str, reply: impl Fn(&Kept, &str) -> Reply + Send + Sync + 'static) -> Self {
        let (shown, kept) = (Shown::new(), Arc::<Kept>::default());
        let its = Arc::clone(&kept);
        let double = Double::start(shown.for_senders(), move |request| match request {
            // As a sender's address, it takes no GET.
            request if request.starts_with("GET /key-capsules ") => status("405 Method Not Allowed", ""),
            request => reply(&its, request),
        });
        let url = format!("https://localhost:{}", double.port).parse().expect("a URL");
        let audience = Audience::new(&ServerId::parse(id).expect("an id"), &Origin::of(&url).expect("https"));
        assert!(kept.audience.set(audience).is_ok());
        Self { id, double, shown, kept }
    }

    fn entry(&self) -> Entry {
        Entry { recipients: 0, tickets: Some(self.double.port), ..Entry::new(self.id, self.double.port, &self.shown) }
    }

    /// A capsule of the person that is there.
    fn record(&self, person: &Person) -> ServerCapsule {
        let record = person.record(self.id);
        self.kept.bodies.lock().expect("no test panicked").insert(record.transaction_id.clone(), person.body());
        record
    }

    /// How many transactions the signature of each ticket covered.
    fn covered(&self) -> Vec<usize> {
        self.kept.tickets.lock().expect("no test panicked").iter().map(|(_, count)| *count).collect()
    }
}

/// Counts signatures, and makes them as slowly as a person is.
struct Counting {
    inner: Arc<dyn Authenticator>,
    count: AtomicUsize,
    pause: Duration,
}

impl Counting {
    fn new(person: &Person) -> Arc<Self> {
        Self::slow(person, Duration::ZERO)
    }

    fn slow(person: &Person, pause: Duration) -> Arc<Self> {
        Arc::new(Self { inner: Arc::clone(&person.key), count: AtomicUsize::new(0), pause })
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Authenticator for Counting {
    fn public_key(&self) -> &PublicKey {
        self.inner.public_key()
    }

    fn certificates(&self) -> &[Vec<u8>] {
        self.inner.certificates()
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.count.fetch_add(1, Ordering::SeqCst);
        thread::sleep(self.pause);
        self.inner.sign_hash(algorithm, hash)
    }

    fn verification_code(&self, hash: &[u8]) -> Option<String> {
        Some(format!("{:04}", hash.len()))
    }
}

fn mari(kind: &str) -> Person {
    Person::new(kind, &Authority::new("People"))
}

fn failure(download: &Download, records: &[&ServerCapsule]) -> Error {
    *download.fetch_first(records).expect_err("nothing comes").downcast().expect("an error of this crate")
}

#[test]
fn one_signature_covers_all_servers_for_keys_of_every_kind() {
    let servers = ["a", "b", "c"].map(Server::steady);
    let entries = servers.each_ref().map(Server::entry);
    for kind in ["P-256", "P-384", "P-521", "RSA"] {
        let person = mari(kind);
        let key = Counting::new(&person);
        let records = servers.each_ref().map(|server| server.record(&person));
        let download = Download::new(client(&entries), vec![key.clone()]);
        // Each in turn, as if the ones before had not been right: all by the one signature.
        let mut waiting: Vec<_> = records.iter().collect();
        while !waiting.is_empty() {
            let (position, material) = download.fetch_first(&waiting).expect("a capsule");
            assert_eq!(material, person.material(), "{kind}");
            waiting.remove(position);
        }
        assert_eq!(key.count(), 1, "{kind}");
    }
    for server in &servers {
        assert_eq!(server.covered(), [3; 4]);
    }
}

#[test]
fn any_one_of_three_servers_is_enough_and_nobody_waits_for_the_others() {
    let person = mari("P-384");
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    for up in 0..3 {
        let servers = ["a", "b", "c"].map(Server::start);
        let mut entries = servers.each_ref().map(Server::entry);
        // One is down, the other takes connections and never says a word.
        entries[(up + 1) % 3].tickets = Some(unused);
        entries[(up + 2) % 3].tickets = Some(Double::silent().port);
        let records = servers.each_ref().map(|server| server.record(&person));
        let key = Counting::new(&person);
        let download = Download::new(client(&entries), vec![key.clone()]);
        let begun = Instant::now();
        let (position, material) = download.fetch_first(&records.each_ref()).expect("one is up");
        let took = begun.elapsed();
        println!("with one of three servers up: {took:?}");
        assert_eq!((position, material), (up, person.material()));
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(key.count(), 1);
    }
}

#[test]
fn a_server_that_refuses_the_connection_is_not_waited_for() {
    let person = mari("P-384");
    // Others would be waited for as long again as its nonce takes.
    let slow = Server::steady("slow");
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let down = Entry { tickets: Some(unused), recipients: 0, ..Entry::new("down", unused, &slow.shown) };
    let entries = [down, slow.entry()];
    let download = || Download::new(client(&entries), vec![Arc::clone(&person.key)]);
    let records = [person.record("down"), slow.record(&person)];
    // Other work on this machine comes and goes: one round that nothing disturbs tells what the program takes.
    let mut rounds = (0..5).map(|_| {
        let begun = Instant::now();
        assert_eq!(download().fetch_first(&records.each_ref()).expect("one is up").0, 1);
        println!("with the other one down: {:?}", begun.elapsed());
        begun.elapsed()
    });
    assert!(rounds.any(|took| took < Duration::from_millis(500)), "in no round");
}

#[test]
fn a_server_that_answers_a_nonce_late_or_not_at_all_holds_nobody_up() {
    let person = mari("P-384");
    let good = Server::start("good");
    let late = Server::with("late", |kept, request| {
        thread::sleep(Duration::from_millis(1500));
        kept.reply(request)
    });
    let mute = Server::with("mute", |_, _| Reply::Silence);
    let key = Counting::new(&person);
    let download = Download::new(client(&[good.entry(), late.entry(), mute.entry()]), vec![key.clone()]);
    let records = [&late, &mute, &good].map(|server| server.record(&person));
    let begun = Instant::now();
    assert_eq!(download.fetch_first(&records.each_ref()).expect("one is good").0, 2);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // It was not waited for, and after a capsule has come nothing more is signed.
    thread::sleep(Duration::from_millis(2000));
    assert_eq!((key.count(), good.covered(), late.covered()), (1, vec![1], vec![]));
    // Only when it is asked for.
    assert_eq!(download.fetch_first(&[&records[0]]).expect("it came, too").0, 0);
    assert_eq!((key.count(), late.covered()), (2, vec![1]));
}

#[test]
fn a_ticket_that_leads_nowhere_is_followed_by_another_signature() {
    let person = mari("P-384");
    let (empty, late) = (
        Server::start("empty"),
        Server::with("late", |kept, request| {
            thread::sleep(Duration::from_millis(300));
            kept.reply(request)
        }),
    );
    let key = Counting::new(&person);
    let download = Download::new(client(&[empty.entry(), late.entry()]), vec![key.clone()]);
    let records = [person.record("empty"), late.record(&person)];
    assert_eq!(download.fetch_first(&records.each_ref()).expect("the late one").0, 1);
    assert_eq!((key.count(), empty.covered(), late.covered()), (2, vec![1], vec![1]));
}

#[test]
fn nothing_is_signed_for_a_server_that_hands_out_anothers_nonce() {
    let person = mari("P-384");
    let honest = Arc::new(Server::start("honest"));
    // It fetches a nonce where the ticket shall be used, for the very transaction.
    let source = Arc::clone(&honest);
    let relay = Server::with("relay", move |kept, request| {
        let (id, for_nonce) = asked(request);
        if for_nonce { json(&source.kept.nonce(&id).to_json()) } else { kept.reply(request) }
    });
    let key = Counting::new(&person);
    let alone = Download::new(client(&[relay.entry()]), vec![key.clone()]);
    let record = ServerCapsule { server_id: "relay".to_owned(), ..honest.record(&person) };
    match failure(&alone, &[&record]) {
        Error::Server { server, cause: Cause::ForeignNonce } => assert_eq!(server.as_str(), "relay"),
        other => panic!("{other:?}"),
    }
    assert_eq!(key.count(), 0);
    // Others go on, and their signature does not cover it.
    let download = Download::new(client(&[relay.entry(), honest.entry()]), vec![key.clone()]);
    let good = honest.record(&person);
    assert_eq!(download.fetch_first(&[&record, &good]).expect("the honest one").0, 1);
    assert_eq!((key.count(), honest.covered(), relay.covered()), (1, vec![1], vec![]));
}

#[test]
fn a_nonce_of_the_same_identifier_at_another_origin_is_anothers() {
    let person = mari("P-384");
    let elsewhere = Server::start("a");
    let source = Arc::clone(&elsewhere.kept);
    let here = Server::with("a", move |_, request| json(&source.nonce(&asked(request).0).to_json()));
    let key = Counting::new(&person);
    let download = Download::new(client(&[here.entry()]), vec![key.clone()]);
    let error = failure(&download, &[&here.record(&person)]);
    assert!(matches!(error, Error::Server { cause: Cause::ForeignNonce, .. }), "{error:?}");
    assert_eq!(key.count(), 0);
}

#[test]
fn what_is_no_nonce_is_not_signed() {
    let person = mari("P-384");
    let key = Counting::new(&person);
    let refused = |reply: fn(&Kept, &TransactionId) -> Reply| {
        let server = Server::with("a", move |kept, request| reply(kept, &asked(request).0));
        let download = Download::new(hasty_client(&[server.entry()]), vec![key.clone()]);
        match failure(&download, &[&server.record(&person)]) {
            Error::Server { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    };
    for reply in [
        (|_: &Kept, _: &TransactionId| json("")) as fn(&Kept, &TransactionId) -> Reply,
        |_, _| json("{}"),
        |_, _| json(r#"{"nonce":"AAAA"}"#),
        |kept, id| json(&kept.nonce(id).to_json().replace("\"}", "=\"}")),
        |kept, id| json(&kept.nonce(id).to_json().replace('}', ",\"more\":1}")),
        |kept, id| json(&format!("[\"{}\"]", kept.nonce(id).to_text())),
    ] {
        let cause = refused(reply);
        assert!(matches!(cause, Cause::Misbehaved("what it gives is no nonce")), "{cause:?}");
    }
    assert!(matches!(refused(|_, _| status("404 Not Found", "")), Cause::Status(404)));
    assert!(matches!(refused(|_, _| status("302 Found", "Location: https://localhost:1/\r\n")), Cause::Misbehaved(_)));
    assert!(matches!(
        refused(|_, _| Reply::Endless("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n".to_owned())),
        Cause::Misbehaved("its answer is too long")
    ));
    assert_eq!(key.count(), 0);
}

#[test]
fn each_refusal_of_a_ticket_is_its_own() {
    let person = mari("P-384");
    let refused = |line: &'static str| {
        let server = Server::with("a", move |kept, request| match asked(request) {
            (_, true) => kept.reply(request),
            _ => status(line, ""),
        });
        let download = Download::new(client(&[server.entry()]), vec![Arc::clone(&person.key)]);
        match failure(&download, &[&server.record(&person)]) {
            Error::Server { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(refused("404 Not Found"), Cause::NotFound));
    assert!(matches!(refused("401 Unauthorized"), Cause::CertificateRefused(_)));
    assert!(matches!(refused("400 Bad Request"), Cause::Status(400)));
    let unavailable = refused("503 Service Unavailable");
    assert!(matches!(unavailable, Cause::Busy { status: 503, shown_certificate: true, .. }), "{unavailable}");
}

#[test]
fn two_capsules_with_one_identifier_are_refused_before_anybody_is_asked() {
    let person = mari("P-384");
    let servers = ["a", "b", "c"].map(Server::start);
    let key = Counting::new(&person);
    let download = Download::new(client(&servers.each_ref().map(Server::entry)), vec![key.clone()]);
    let one = servers[0].record(&person);
    let same = ServerCapsule { server_id: "b".to_owned(), ..one.clone() };
    let error = failure(&download, &[&one, &same]);
    assert!(error.to_string().contains("the same identifier"), "{error}");
    assert_eq!((key.count(), servers[0].double.connections(), servers[1].double.connections()), (0, 0, 0));
    let other = servers[2].record(&person);
    assert_eq!(download.fetch_first(&[&one, &same, &other]).expect("the third").0, 2);
}

#[test]
fn a_capsule_that_was_not_right_costs_no_other_signature() {
    let person = mari("P-384");
    let servers = ["a", "b"].map(Server::steady);
    let key = Counting::slow(&person, Duration::from_millis(100));
    let download = Download::new(client(&servers.each_ref().map(Server::entry)), vec![key.clone()]);
    let records = servers.each_ref().map(|server| server.record(&person));
    let (first, _) = download.fetch_first(&records.each_ref()).expect("a capsule");
    assert_eq!(download.fetch_first(&[&records[1 - first]]).expect("the other").0, 0);
    assert_eq!(key.count(), 1);
    // The same once more is a new visit, with new nonces.
    assert_eq!(download.fetch_first(&[&records[first]]).expect("again").0, 0);
    assert_eq!(key.count(), 2);
}

/// A card whose holder says no.
struct Declining(Arc<Counting>);

impl Authenticator for Declining {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn certificates(&self) -> &[Vec<u8>] {
        self.0.certificates()
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign_hash(algorithm, hash)?;
        Err(KeyError::Unusable("the PIN was not entered".into()))
    }
}

#[test]
fn whoever_says_no_is_not_asked_again() {
    let people = Authority::new("People");
    let person = Person::new("P-384", &people);
    let (good, shown) = (Server::start("good"), Shown::new());
    let late = Server::with("late", |kept, request| {
        thread::sleep(Duration::from_millis(300));
        kept.reply(request)
    });
    let certified = Double::start(shown.for_recipients(&people), |_| panic!("nobody asks"));
    let entries = [good.entry(), late.entry(), Entry::new("certified", certified.port, &shown)];
    let counting = Counting::new(&person);
    let download = Download::new(client(&entries), vec![Arc::new(Declining(Arc::clone(&counting)))]);
    let records = [good.record(&person), late.record(&person), person.record("certified")];
    let begun = Instant::now();
    let Error::Several(failures) = failure(&download, &records.each_ref()) else { panic!("each has its own") };
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(failures.len(), 3);
    for failure in &failures {
        assert!(matches!(failure, Error::Server { cause: Cause::Key(_), .. }), "{failure:?}");
    }
    assert_eq!(counting.count(), 1);
}

#[test]
fn whoever_says_no_the_second_time_still_gets_what_was_signed_for_the_first() {
    /// Signs once.
    struct Once(Arc<Counting>);
    impl Authenticator for Once {
        fn public_key(&self) -> &PublicKey {
            self.0.public_key()
        }
        fn certificates(&self) -> &[Vec<u8>] {
            self.0.certificates()
        }
        fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
            let signed = self.0.sign_hash(algorithm, hash);
            if self.0.count() == 1 { signed } else { Err(KeyError::Unusable("the PIN was not entered".into())) }
        }
    }
    let person = mari("P-384");
    let slow = Server::with("slow", |kept, request| {
        if !asked(request).1 {
            thread::sleep(Duration::from_millis(3000));
        }
        kept.reply(request)
    });
    let late = Server::with("late", |kept, request| {
        thread::sleep(Duration::from_millis(500));
        kept.reply(request)
    });
    let counting = Counting::new(&person);
    let key = Arc::new(Once(Arc::clone(&counting)));
    let download = Download::new(client(&[slow.entry(), late.entry()]), vec![key]);
    let records = [slow.record(&person), late.record(&person)];
    assert_eq!(download.fetch_first(&records.each_ref()).expect("the slow one").0, 0);
    assert_eq!(counting.count(), 2);
}

#[test]
fn a_key_that_signs_something_else_is_found_out_here() {
    struct Broken(Arc<dyn Authenticator>);
    impl Authenticator for Broken {
        fn public_key(&self) -> &PublicKey {
            self.0.public_key()
        }
        fn certificates(&self) -> &[Vec<u8>] {
            self.0.certificates()
        }
        fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
            self.0.sign_hash(algorithm, &vec![0; hash.len()])
        }
    }
    let person = mari("P-384");
    let server = Server::start("a");
    let download = Download::new(client(&[server.entry()]), vec![Arc::new(Broken(Arc::clone(&person.key)))]);
    let error = failure(&download, &[&server.record(&person)]);
    assert!(matches!(error, Error::Server { cause: Cause::Key(_), .. }), "{error:?}");
    assert_eq!(server.double.requests().len(), 1, "the nonce, and no ticket");
}

#[test]
fn servers_without_tickets_are_asked_when_tickets_lead_nowhere() {
    let people = Authority::new("People");
    let person = Person::new("P-384", &people);
    let shown = Shown::new();
    let body = person.body();
    let certified = Double::start(shown.for_recipients(&people), move |_| json(&body));
    let both = |tickets: u16| Entry { tickets: Some(tickets), ..Entry::new("both", certified.port, &shown) };
    let key = Counting::new(&person);
    // No nonce is to be had, so the other way to the same server is tried.
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let download = Download::new(client(&[both(unused)]), vec![key.clone()]);
    assert_eq!(download.fetch(&person.record("both")).expect("by certificate"), person.material());
    assert_eq!(key.count(), 1);
    // Another server's ticket leads nowhere; then this one is asked.
    let empty = Server::start("empty");
    let entries = [empty.entry(), Entry::new("certified", certified.port, &shown)];
    let download = Download::new(client(&entries), vec![key.clone()]);
    let records = [person.record("empty"), person.record("certified")];
    assert_eq!(download.fetch_first(&records.each_ref()).expect("by certificate").0, 1);
    assert_eq!(key.count(), 3);
    // Where a ticket does, no certificate is shown.
    let (good, before) = (Server::start("good"), certified.connections());
    let entries = [good.entry(), Entry::new("certified", certified.port, &shown)];
    let download = Download::new(client(&entries), vec![key.clone()]);
    let records = [person.record("certified"), good.record(&person)];
    assert_eq!(download.fetch_first(&records.each_ref()).expect("by ticket").0, 1);
    assert_eq!((key.count(), certified.connections()), (4, before));
}

#[test]
fn when_both_ways_to_a_server_fail_both_are_told_with_their_ports() {
    let people = Authority::new("People");
    let (person, shown) = (Person::new("P-384", &people), Shown::new());
    let refusing = Double::start(shown.for_recipients(&people), |_| status("403 Forbidden", ""));
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let entry = Entry { tickets: Some(unused), ..Entry::new("both", refusing.port, &shown) };
    let error = failure(&Download::new(client(&[entry]), vec![Arc::clone(&person.key)]), &[&person.record("both")]);
    let words = error.to_string();
    let by_ticket = format!("the server both: by ticket at localhost:{unused}: no connection to localhost:{unused}");
    let by_certificate = format!("by client certificate at localhost:{}: it refuses the certificate", refusing.port);
    assert!(words.starts_with(&by_ticket) && words.contains(&by_certificate), "{words}");
    assert!(matches!(error.most_telling(), Error::Server { cause: Cause::Connect { .. }, .. }), "{error:?}");
}

#[test]
fn a_silent_server_with_tickets_does_not_hold_up_one_without() {
    let people = Authority::new("People");
    let person = Person::new("P-384", &people);
    let shown = Shown::new();
    let body = person.body();
    let certified = Double::start(shown.for_recipients(&people), move |_| json(&body));
    let silent = Entry { recipients: 0, tickets: Some(Double::silent().port), ..Entry::new("silent", 1, &shown) };
    let entries = [silent, Entry::new("certified", certified.port, &shown)];
    let download = Download::new(client(&entries), vec![Arc::clone(&person.key)]);
    let begun = Instant::now();
    let records = [person.record("silent"), person.record("certified")];
    assert_eq!(download.fetch_first(&records.each_ref()).expect("by certificate").0, 1);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_keeps_the_ticket_and_never_answers_does_not_hold_up_a_late_one() {
    let person = mari("P-384");
    let mute = Server::with("mute", |kept, request| match asked(request) {
        (_, true) => kept.reply(request),
        _ => Reply::Silence,
    });
    let late = Server::with("late", |kept, request| {
        thread::sleep(Duration::from_millis(400));
        kept.reply(request)
    });
    let download = Download::new(client(&[mute.entry(), late.entry()]), vec![Arc::clone(&person.key)]);
    let records = [mute.record(&person), late.record(&person)];
    let begun = Instant::now();
    assert_eq!(download.fetch_first(&records.each_ref()).expect("the late one").0, 1);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_busy_server_is_shown_the_same_ticket_again() {
    let person = mari("P-384");
    let visits = AtomicUsize::new(0);
    let busy = Server::with("busy", move |kept, request| match asked(request) {
        (_, false) if visits.fetch_add(1, Ordering::SeqCst) == 0 => status("503 Service Unavailable", ""),
        _ => kept.reply(request),
    });
    let key = Counting::new(&person);
    let download = Download::new(client(&[busy.entry()]), vec![key.clone()]);
    download.fetch(&busy.record(&person)).expect("the second time");
    assert_eq!(key.count(), 1);
}

#[test]
fn a_slow_holder_loses_nothing_but_time() {
    let person = mari("P-384");
    // The server closes what is idle meanwhile.
    let server = Server::with("a", |kept, request| match (asked(request), kept.reply(request)) {
        ((_, true), Reply::Text(text)) => Reply::Text(text.replacen("\r\n", "\r\nConnection: close\r\n", 1)),
        (_, reply) => reply,
    });
    let key = Counting::slow(&person, Duration::from_millis(500));
    let download = Download::new(client(&[server.entry()]), vec![key]);
    assert_eq!(download.fetch(&server.record(&person)).expect("a capsule"), person.material());
}

#[test]
fn what_is_signed_too_late_is_no_ticket_and_said_so() {
    let person = mari("P-384");
    let server = Server::start("a");
    let record = server.record(&person);
    let timeouts = Timeouts { signing: Duration::from_millis(100), ..Timeouts::default() };
    let client = Client::new(servers(&[server.entry()]), Settings { timeouts, ..settings() });
    let download = Download::new(client, vec![Counting::slow(&person, Duration::from_millis(300))]);
    let error = failure(&download, &[&record]);
    assert!(matches!(error, Error::Server { cause: Cause::SignedTooLate { .. }, .. }), "{error:?}");
    assert!(server.covered().is_empty(), "no ticket was shown");
}

#[test]
fn stopping_ends_at_once_even_while_somebody_is_asked_for_a_pin() {
    let person = mari("P-384");
    let server = Server::start("a");
    let cancel = Cancel::default();
    let key = Counting::slow(&person, Duration::from_secs(3));
    let download = Download::new(client(&[server.entry()]), vec![key.clone()]).cancelled_by(cancel.clone());
    let record = server.record(&person);
    let stopper = thread::spawn(move || {
        while key.count() == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        cancel.cancel();
    });
    let begun = Instant::now();
    assert!(matches!(failure(&download, &[&record]), Error::Cancelled));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    stopper.join().expect("no panic");
    assert!(server.covered().is_empty());
}

#[test]
fn a_signature_is_announced_with_its_servers_and_its_code() {
    let person = mari("P-384");
    let servers = ["a", "b"].map(Server::steady);
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let download = Download::new(client(&servers.each_ref().map(Server::entry)), vec![Counting::new(&person)]);
    let download = download.announced_by(move |signing| {
        let mut servers: Vec<_> = signing.servers.iter().map(ToString::to_string).collect();
        servers.sort();
        heard.lock().expect("no test panicked").push((servers, signing.verification_code.clone()));
    });
    let records = servers.each_ref().map(|server| server.record(&person));
    download.fetch_first(&records.each_ref()).expect("a capsule");
    let said = said.lock().expect("no test panicked").clone();
    assert_eq!(said, [(vec!["a".to_owned(), "b".to_owned()], Some("0048".to_owned()))]);
}

#[test]
fn a_plan_says_who_is_asked_how_and_what_each_signature_covers() {
    let people = Authority::new("People");
    let (person, other) = (Person::new("P-384", &people), Person::new("P-256", &people));
    let (a, b, shown) = (Server::start("a"), Server::start("b"), Shown::new());
    let entries = [a.entry(), b.entry(), Entry::new("c", 1, &shown), Entry::new("d", 1, &shown)];
    let download = Download::new(client(&entries), vec![Arc::clone(&person.key)]);
    let mut records = ["a", "b", "c", "d", "unlisted"].map(|id| person.record(id)).to_vec();
    records.push(other.record("a"));
    records.push(ServerCapsule { transaction_id: "KC".to_owned(), ..person.record("a") });
    let plan = download.plan(&records.iter().collect::<Vec<_>>());
    let ways: Vec<_> = plan.ways().map(|(server, way)| (server.as_str(), way)).collect();
    assert_eq!(ways, [("a", Way::Ticket), ("b", Way::Ticket), ("c", Way::Certificate), ("d", Way::Certificate)]);
    let signatures: Vec<Vec<_>> =
        plan.signatures().iter().map(|it| it.iter().map(|id| id.as_str()).collect()).collect();
    assert_eq!(signatures, [vec!["a", "b"], vec!["c"], vec!["d"]]);
    let words: Vec<_> = plan.failures().iter().map(ToString::to_string).collect();
    assert!(words[0].contains("no server list has the server") && words[1].contains("without one"), "{words:?}");
    assert!(words[2].contains("an identifier that no server gives"), "{words:?}");
    assert_eq!((a.double.connections(), words.len()), (0, 3));
}

#[test]
fn an_administrator_sees_whether_nonces_are_those_of_the_server() {
    let good = Server::start("good");
    let source = Arc::clone(&good.kept);
    let relay = Server::with("relay", move |_, request| json(&source.nonce(&asked(request).0).to_json()));
    let client = hasty_client(&[good.entry(), relay.entry()]);
    let last = |id| {
        let examined = client.examine(id, &Cancel::default()).expect("examined");
        examined.last().and_then(|address| address.steps.last()).expect("a step").result.clone()
    };
    assert_eq!(last("good").expect("right"), "gives nonces of its own");
    assert!(matches!(last("relay"), Err(Cause::ForeignNonce)));
}
