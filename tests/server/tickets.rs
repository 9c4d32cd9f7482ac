//! Tickets: one signature gets capsules from several servers, each once, and what was not meant for a server gets nothing there.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use capsule_api::{Authentication, JwsAlgorithm, Nonce, NonceKey, TransactionId};
use capsule_server::{
    Rate,
    store::{PostgresStore, SharedStore, SqliteStore},
};
use rcgen::KeyUsagePurpose;
use serde_json::{Value, json};

use crate::support::{
    Authority, Connection, Errand, Fixture, Kind, Offer, Person, Setup, Signed, exchange, free_port, get,
    nonce_request, params, postgres::Cluster, ticket_request,
};

/// A server with tickets, for these people.
fn server(id: &str, people: &[&Person]) -> Fixture {
    Setup { ticket: Some(Offer::new(id)), ..Setup::listing(people) }.start()
}

#[test]
fn one_signature_gets_capsules_from_several_servers_byte_for_byte() {
    let people = Kind::ALL.map(Person::new);
    let everybody: Vec<_> = people.iter().collect();
    let servers = ["css-a", "css-b", "css-c"].map(|id| server(id, &everybody));
    for person in &people {
        let errands = servers.each_ref().map(|server| Errand::new(server, person));
        let signed = Signed::by(person, &errands);
        for (server, errand) in servers.iter().zip(&errands) {
            let answer = server.show(&errand.id, &signed.ticket(errand));
            assert_eq!((answer.status, &answer.body[..]), (200, errand.body.as_bytes()), "{:?}", person.kind);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("x-expiry-time-adjusted"), Some("false"));
        }
    }
    assert_eq!(servers[0].metric("kapsel_tickets_total{outcome=\"given\"}"), 4);
    assert_eq!(servers[0].metric("kapsel_nonces_total"), 4);
    let asked = "kapsel_requests_total{interface=\"ticket\",call=\"post_nonce\",status=\"200\"}";
    assert_eq!(servers[0].metric(asked), 4);
}

#[test]
fn a_ticket_counts_once_for_one_transaction_at_one_server() {
    let mari = Person::new(Kind::P384);
    let (here, there) = (server("css-a", &[&mari]), server("css-b", &[&mari]));
    let (mine, other, theirs) = (Errand::new(&here, &mari), Errand::new(&here, &mari), Errand::new(&there, &mari));
    let signed = Signed::by(&mari, [&mine, &other, &theirs]);
    let ticket = signed.ticket(&mine);
    // At another server, and for another transaction, whatever the path says.
    for (server, id) in [(&there, &mine.id), (&there, &theirs.id), (&here, &other.id)] {
        assert_eq!(server.show(id, &ticket).status, 401);
    }
    assert_eq!(here.show(&mine.id, &ticket).status, 200);
    assert_eq!(here.show(&mine.id, &ticket).status, 404, "a second time");
    // The others of the signature are untouched.
    assert_eq!(here.show(&other.id, &signed.ticket(&other)).status, 200);
    assert_eq!(there.show(&theirs.id, &signed.ticket(&theirs)).status, 200);
    // A nonce that was spent is spent under any signature; a fresh one is a new visit.
    let again = Signed::by(&mari, [&mine]);
    assert_eq!(here.show(&mine.id, &again.ticket(&mine)).status, 404);
    let fresh = Errand { nonce: here.nonce(&mine.id), ..mine };
    assert_eq!(here.show(&fresh.id, &Signed::by(&mari, [&fresh]).ticket(&fresh)).status, 200);
    assert_eq!(here.metric("kapsel_tickets_total{outcome=\"spent_nonce\"}"), 2);
}

#[test]
fn nonces_outlive_a_restart_and_stay_spent_over_it() {
    let mari = Person::new(Kind::P256);
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = || -> SharedStore { Arc::new(SqliteStore::open(&folder.path().join("kept.sqlite")).expect("a store")) };
    let offer = Offer::new("css-a");
    let start = || Setup { ticket: Some(offer.clone()), store: Some(store()), ..Setup::listing(&[&mari]) }.start();
    let mut server = start();
    let (spent, waiting) = (Errand::new(&server, &mari), Errand::new(&server, &mari));
    let signed = Signed::by(&mari, [&spent, &waiting]);
    assert_eq!(server.show(&spent.id, &signed.ticket(&spent)).status, 200);
    server.stop();
    let server = start();
    assert_eq!(server.show(&spent.id, &signed.ticket(&spent)).status, 404);
    assert_eq!(server.show(&waiting.id, &signed.ticket(&waiting)).status, 200);
}

#[test]
fn old_nonces_those_of_nobody_and_capsules_that_are_not_there_are_one_answer() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::P384));
    let offer = Offer::new("css-a");
    let server = Setup { ticket: Some(offer.clone()), ..Setup::listing(&[&mari, &jaan]) }.start();
    let refused = |errand: &Errand| server.show(&errand.id, &Signed::by(&mari, [errand]).ticket(errand)).without_date();
    let made_up = Errand {
        nonce: NonceKey::generate().issue(&offer.audience(), &TransactionId::generate(), 0),
        ..Errand::new(&server, &mari)
    };
    let unknown = TransactionId::generate();
    let unknown = Errand { nonce: server.nonce(&unknown), id: unknown, body: String::new() };
    let theirs = Errand::new(&server, &jaan);
    let swapped = Errand { nonce: Errand::new(&server, &mari).nonce, ..Errand::new(&server, &mari) };
    let expected = refused(&unknown);
    assert_eq!((expected.0, expected.2.len()), (404, 0));
    for errand in [&made_up, &theirs, &swapped] {
        assert_eq!(refused(errand), expected);
    }
    // Nothing was used up by it, and the true recipient still gets it.
    assert_eq!(server.show(&theirs.id, &Signed::by(&jaan, [&theirs]).ticket(&theirs)).status, 200);
    let errands = [0, 1].map(|_| Errand::new(&server, &mari));
    server.clock.forward(Duration::from_secs(299));
    assert_eq!(refused(&errands[0]).0, 200);
    server.clock.forward(Duration::from_secs(31));
    assert_eq!(refused(&errands[1]), expected);
}

#[test]
fn what_is_no_ticket_is_a_bad_request() {
    let mari = Person::new(Kind::P384);
    let server = server("css-a", &[&mari]);
    let errand = Errand::new(&server, &mari);
    let signed = Signed::by(&mari, [&errand]);
    let (ticket, json) = (signed.ticket(&errand), signed.json(&errand));
    let text = json.to_string();
    let mut connection = server.with_ticket();
    let mut refused = |why: &str, request: &str| {
        let answer = exchange(&mut connection, request);
        assert_eq!((answer.status, answer.body.len()), (400, 0), "{why}");
    };
    let id = errand.id.as_str();
    refused("none", &get(&errand.id.location()));
    let twice = ticket_request(id, &ticket).replace("host:", &format!("x-cdoc2-auth-ticket: {ticket}\r\nhost:"));
    refused("two", &twice);
    let header = |text: &str| {
        use base64ct::{Base64UrlUnpadded, Encoding};
        Base64UrlUnpadded::encode_string(text.as_bytes())
    };
    let signature = json["authentication_signature_value"].as_str().expect("a text").to_owned();
    let mut many = json.clone();
    many["masked_transactions"] = (0..64).map(|_| masked()).collect();
    for (why, value) in [
        ("empty", String::new()),
        ("padding", format!("{ticket}=")),
        ("the other base64", ticket.replacen('e', "+", 1)),
        ("17 KiB", "A".repeat(17 << 10)),
        ("65 nonces", header(&many.to_string())),
        ("no JSON", header(&text[1..])),
        ("a member twice", header(&text.replacen('{', r#"{"type":"","#, 1))),
        ("a member more", header(&text.replacen('{', r#"{"more":"","#, 1))),
        ("its signature padded", header(&text.replacen(&signature, &format!("{signature}="), 1))),
        ("its nonce padded", header(&text.replace(&errand.nonce.to_text(), &format!("{}=", errand.nonce.to_text())))),
    ] {
        refused(why, &ticket_request(id, &value));
    }
    assert_eq!(exchange(&mut connection, &ticket_request(id, &ticket)).status, 200, "the ticket is still good");
}

/// A transaction somewhere else.
fn masked() -> Value {
    let nonce = Nonce::parse("uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHCAkKCwwNDg8").expect("a nonce");
    json!({ "masked_nonce": nonce.masked().to_text(), "transactionID": TransactionId::generate().as_str() })
}

#[test]
fn what_does_not_count_is_unauthorised_and_uses_nothing_up() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::P384));
    let server = server("css-a", &[&mari, &jaan]);
    let (errand, other) = (Errand::new(&server, &mari), Errand::new(&server, &mari));
    let (signed, theirs) = (Signed::by(&mari, [&errand, &other]), Signed::by(&jaan, [&errand, &other]));
    let (good, theirs) = (signed.json(&errand), theirs.json(&errand));
    let jws = good["authentication_signature_value"].as_str().expect("a text").to_owned();
    let signature = jws.split("..").nth(1).expect("two parts").to_owned();
    type Change<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let mut changes: Vec<(&str, Change<'_>)> = vec![
        (
            "another's signature",
            Box::new(|it| it["authentication_signature_value"] = theirs["authentication_signature_value"].clone()),
        ),
        ("another's key", Box::new(|it| it["jwk"]["x"] = theirs["jwk"]["x"].clone())),
        ("another's certificate", Box::new(|it| it["jwk"]["x5c"] = theirs["jwk"]["x5c"].clone())),
        (
            "a padded key",
            Box::new(|it| it["jwk"]["x"] = json!(format!("{}=", it["jwk"]["x"].as_str().expect("a text")))),
        ),
        ("a padded header", Box::new(|it| it["authentication_signature_value"] = json!(jws.replacen("..", "=..", 1)))),
        ("no certificate", Box::new(|it| it["jwk"]["x5c"] = json!(["AAAA"]))),
        ("another type", Box::new(|it| it["type"] = json!("CDOC2 authentication signature v0.1"))),
        ("another means", Box::new(|it| it["authentication_signature_type"] = json!("Smart-ID"))),
        ("swapped nonces", Box::new(|it| it["transaction"]["nonce"] = json!(other.nonce.to_text()))),
        (
            "one transaction more",
            Box::new(|it| it["masked_transactions"].as_array_mut().expect("a list").push(masked())),
        ),
        (
            "equal transactions",
            Box::new(|it| it["masked_transactions"][0]["transactionID"] = it["transaction"]["transactionID"].clone()),
        ),
    ];
    for algorithm in ["none", "HS256", "ES256", "ES512", "RS256", "PS256", "EdDSA"] {
        use base64ct::{Base64UrlUnpadded, Encoding};
        let header = Base64UrlUnpadded::encode_string(format!(r#"{{"alg":"{algorithm}","typ":"JWS"}}"#).as_bytes());
        for signature in [signature.clone(), String::new()] {
            let value = json!(format!("{header}..{signature}"));
            changes.push((algorithm, Box::new(move |it| it["authentication_signature_value"] = value.clone())));
        }
    }
    for (why, change) in changes {
        let mut changed = good.clone();
        change(&mut changed);
        let answer = server.show_json(&errand.id, &changed.to_string());
        assert_eq!((answer.status, answer.body.len()), (401, 0), "{why}");
    }
    assert_eq!(server.show_json(&errand.id, &good.to_string()).status, 200);
}

#[test]
fn certificates_count_as_on_the_recipient_interface() {
    let authority = Authority::root("Root", Kind::P384);
    let below = authority.below("Issuing", Kind::P384);
    let usage = |usages: Vec<KeyUsagePurpose>| {
        let mut params = params("MARI");
        params.key_usages = usages;
        authority.person(Kind::P384, params)
    };
    let over = |from: u64, to: u64| {
        let mut params = params("MARI");
        let at = |hours: u64| std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(hours * 3600);
        (params.not_before, params.not_after) = (at(from).into(), at(to).into());
        authority.person(Kind::P384, params)
    };
    let cases = [
        ("of the authority", authority.person(Kind::P384, params("MARI")), 200),
        ("of an authority below, which is not configured", below.person(Kind::P384, params("MARI")), 401),
        ("of nobody", Person::new(Kind::P384), 401),
        ("expired", over(400_000, 400_001), 401),
        ("not valid yet", over(700_000, 700_001), 401),
        (
            "that signs for its holder",
            usage(vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment]),
            401,
        ),
        ("that does not authenticate", usage(vec![KeyUsagePurpose::KeyAgreement]), 401),
        // As in TLS; for key shares it must say.
        ("that says nothing of its use", usage(vec![]), 200),
    ];
    let server = Setup { ticket: Some(Offer::new("css-a")), ..Setup::trusting(&authority) }.start();
    for (why, person, status) in &cases {
        let errand = Errand::new(&server, person);
        let answer = server.show(&errand.id, &Signed::by(person, [&errand]).ticket(&errand));
        assert_eq!(answer.status, *status, "{why}");
    }
}

#[test]
fn nonces_are_those_of_the_configured_server_whatever_a_request_says() {
    let mari = Person::new(Kind::P256);
    let (mine, elsewhere) = (Offer::new("css-a"), Offer::new("css-a"));
    let server = Setup { ticket: Some(mine.clone()), ..Setup::listing(&[&mari]) }.start();
    let errand = Errand::new(&server, &mari);
    let host = elsewhere.url.as_str().trim_start_matches("https://").trim_end_matches('/');
    let spoofed = nonce_request(errand.id.as_str()).replace(
        "host: localhost",
        &format!(
            "host: {host}\r\nx-forwarded-host: {host}\r\nforwarded: host={host};proto=https\r\norigin: {}",
            elsewhere.url
        ),
    );
    let answer = exchange(&mut server.with_ticket(), &spoofed);
    let nonce = Nonce::from_json(&answer.body).expect("a nonce");
    assert!(nonce.is_from(&mine.audience()) && !nonce.is_from(&elsewhere.audience()));
    // The same identifier at another origin, as an infrastructure that does not know of this one may have it.
    let foreign = NonceKey::generate().issue(&elsewhere.audience(), &errand.id, 0);
    let foreign = Errand { nonce: foreign, id: errand.id.clone(), body: String::new() };
    assert_eq!(server.show(&foreign.id, &Signed::by(&mari, [&foreign]).ticket(&foreign)).status, 401);
}

#[test]
fn paths_and_methods_are_those_of_the_interface_and_no_other() {
    let mari = Person::new(Kind::P256);
    let server = server("css-a", &[&mari]);
    let id = Errand::new(&server, &mari).id;
    let mut connection = server.with_ticket();
    let mut ask = |method: &str, path: &str| {
        let answer = exchange(&mut connection, &get(path).replacen("GET", method, 1));
        (answer.status, answer.header("allow").map(str::to_owned), answer.body.len())
    };
    let nonce = format!("{}/nonce", id.location());
    let allow = |method: &str| Some(method.to_owned());
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(ask(method, &nonce), (405, allow("POST"), 0));
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(ask(method, &id.location()), (405, allow("GET"), 0));
    }
    assert_eq!(ask("POST", "/key-capsules").0, 405);
    assert_eq!(ask("POST", "/key-capsules/KC0123456789/nonce").0, 400);
    assert_eq!(ask("POST", &format!("{}0/nonce", id.location())).0, 400);
    assert_eq!(ask("POST", "/key-capsules/KC0011223344556677-/nonce"), (404, None, 0));
    for path in ["/", "/metrics", "/health/live", "/key-capsules/a/b/nonce"] {
        assert_eq!(ask("GET", path).0, 404, "{path}");
    }
    // Client certificates are another listener's affair; nonces are not to be had there.
    assert_eq!(exchange(&mut server.as_recipient(&mari), &nonce_request(id.as_str())).status, 404);
}

#[test]
fn an_operator_may_offer_tickets_alone() {
    let mari = Person::new(Kind::P384);
    let offer = Offer { certificates: false, ..Offer::new("css-a") };
    let server = Setup { ticket: Some(offer), ..Setup::listing(&[&mari]) }.start();
    let errand = Errand::new(&server, &mari);
    assert_eq!(server.show(&errand.id, &Signed::by(&mari, [&errand]).ticket(&errand)).status, 200);
}

#[test]
fn a_key_that_asks_too_often_waits_and_no_other() {
    let (mari, jaan) = (Person::new(Kind::P256), Person::new(Kind::P256));
    let mut setup = Setup { ticket: Some(Offer::new("css-a")), ..Setup::listing(&[&mari, &jaan]) };
    setup.limits.key_rate = Rate { per_second: 1, burst: 3 };
    let server = setup.start();
    let status = |person: &Person| {
        let errand = Errand::new(&server, person);
        let answer = server.show(&errand.id, &Signed::by(person, [&errand]).ticket(&errand));
        assert!(answer.status != 429 || answer.header("retry-after").is_some());
        answer.status
    };
    assert_eq!([0; 3].map(|_| status(&mari)), [200; 3]);
    // Whoever does not have the key cannot use its share up.
    assert_eq!((status(&mari), status(&jaan)), (429, 200));
}

#[test]
fn a_hundred_thousand_nonces_push_nobody_out() {
    let mari = Person::new(Kind::P256);
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("kept.sqlite");
    let store: SharedStore = Arc::new(SqliteStore::open(&path).expect("a store"));
    let server = Setup { ticket: Some(Offer::new("css-a")), store: Some(store), ..Setup::listing(&[&mari]) }.start();
    let errand = Errand::new(&server, &mari);
    let size = || -> u64 {
        let sizes = std::fs::read_dir(folder.path()).expect("readable").map(|it| it.expect("an entry").metadata());
        sizes.map(|it| it.expect("metadata").len()).sum()
    };
    let before = size();
    let request = nonce_request(errand.id.as_str());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = server.with_ticket();
                (0..25_000).for_each(|_| assert_eq!(exchange(&mut connection, &request).status, 200));
            });
        }
    });
    assert_eq!(size(), before);
    assert_eq!(server.show(&errand.id, &Signed::by(&mari, [&errand]).ticket(&errand)).status, 200);
}

/// Two replicas of one server over one database.
fn replicas(person: &Person, cluster: &Cluster) -> [Fixture; 2] {
    let database = cluster.database("shared");
    let runtime = Box::leak(Box::new(tokio::runtime::Runtime::new().expect("a runtime")));
    let offer = Offer::new("css-a");
    [0, 1].map(|_| {
        let store = Arc::new(runtime.block_on(PostgresStore::connect(&database)).expect("it connects"));
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
        let ticket = Some(Offer { listen, ..offer.clone() });
        Setup { ticket, store: Some(store), ..Setup::listing(&[person]) }.start()
    })
}

#[test]
fn of_many_uses_of_a_nonce_at_two_replicas_at_once_one_gets_the_capsule() {
    const ROUNDS: usize = 1000;
    let mari = Person::new(Kind::P256);
    let cluster = Cluster::start();
    let servers = replicas(&mari, &cluster);
    let errand = Errand::new(&servers[0], &mari);
    let mut connections = servers.each_ref().map(Fixture::with_ticket);
    let barrier = Barrier::new(2);
    for round in 0..ROUNDS {
        // Given by one replica, told by both.
        let answer = exchange(&mut connections[round % 2], &nonce_request(errand.id.as_str()));
        let nonce = Nonce::from_json(&answer.body).expect("a nonce");
        let mine = Errand { nonce, id: errand.id.clone(), body: String::new() };
        let request = ticket_request(mine.id.as_str(), &Signed::by(&mari, [&mine]).ticket(&mine));
        let show = |connection: &mut Connection| {
            barrier.wait();
            exchange(connection, &request).status
        };
        let mut statuses = thread::scope(|scope| {
            let [one, other] = &mut connections;
            [scope.spawn(|| show(one)), scope.spawn(|| show(other))].map(|it| it.join().expect("answered"))
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "round {round}");
    }
    assert_eq!(cluster.sql_in("shared", "SELECT count(*) FROM spent"), ROUNDS.to_string());
}

#[test]
fn keys_for_nonces_change_and_no_nonce_is_lost_by_it() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let mari = Person::new(Kind::P256);
    let folder = tempfile::tempdir().expect("temporary folder");
    let store: SharedStore = Arc::new(SqliteStore::open(&folder.path().join("kept.sqlite")).expect("a store"));
    let offer = Offer::new("css-a");
    let start = |ahead: Duration| {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
        let ticket = Some(Offer { listen, ..offer.clone() });
        Setup { ticket, store: Some(Arc::clone(&store)), ahead, ..Setup::listing(&[&mari]) }.start()
    };
    let later = DAY + Duration::from_secs(1);
    let old = start(Duration::ZERO);
    old.clock.forward(later);
    // It makes the next key, which it does not use yet; the old replica does not know of it.
    let new = start(later);
    let forward = |seconds: u64| [&old, &new].map(|server| server.clock.forward(Duration::from_secs(seconds)));
    let status = |from: &Fixture, at: &Fixture| {
        let errand = Errand::new(from, &mari);
        at.show(&errand.id, &Signed::by(&mari, [&errand]).ticket(&errand)).status
    };
    assert_eq!((status(&old, &new), status(&new, &old)), (200, 200));
    let waiting = Errand::new(&new, &mari);
    forward(121);
    // Now the new key makes nonces, and those of the old one count.
    assert_eq!((status(&old, &new), status(&new, &old), status(&new, &new)), (200, 404, 200));
    assert_eq!(new.show(&waiting.id, &Signed::by(&mari, [&waiting]).ticket(&waiting)).status, 200);
    forward(12 * 60);
    assert_eq!((status(&old, &new), status(&new, &new)), (404, 200));
}

#[test]
fn what_other_programs_make_counts() {
    // The signature is over bytes that anybody can put together: here by hand, not by the library.
    let mari = Person::new(Kind::P384);
    let server = server("css-a", &[&mari]);
    let errand = Errand::new(&server, &mari);
    let payload = format!(
        r#"{{"nonces":[{{"masked_nonce":"{}","transactionID":"{}"}}],"type":"CDOC2 authentication signature v0.1"}}"#,
        errand.nonce.masked().to_text(),
        errand.id.as_str()
    );
    let authentication = Authentication::new([(errand.id.clone(), errand.nonce.masked())]).expect("one");
    assert_eq!(authentication.payload(), payload);
    assert!(authentication.signing_input(JwsAlgorithm::Es384).starts_with("eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXUyJ9."));
    let ticket = Signed(mari.signed(authentication)).json(&errand);
    // Pretty JSON with its members in another order is a ticket, too.
    let members = [
        "type",
        "transaction",
        "masked_transactions",
        "jwk",
        "authentication_signature_value",
        "authentication_signature_type",
    ];
    let turned: Vec<_> = members.iter().map(|name| format!("\n  \"{name}\" : {:#}", ticket[name])).collect();
    assert_eq!(server.show_json(&errand.id, &format!("{{{}\n}}", turned.join(","))).status, 200);
}

#[test]
fn without_the_look_at_the_tag_a_listed_server_could_use_a_ticket_elsewhere() {
    let mari = Person::new(Kind::P384);
    let (honest, liar) = (server("css-a", &[&mari]), Offer::new("css-m"));
    let errand = Errand::new(&honest, &mari);
    // The liar is asked for a nonce, fetches one where it wants to get the capsule, and hands it on.
    let handed_on = honest.nonce(&errand.id);
    // A client that looks at the tag stops here, and signs nothing.
    assert!(!handed_on.is_from(&liar.audience()));
    // One that does not has signed for the honest server, and gives the ticket to the liar.
    let fooled = Errand { nonce: handed_on, id: errand.id.clone(), body: errand.body.clone() };
    let ticket = Signed::by(&mari, [&fooled]).ticket(&fooled);
    let stolen = honest.show(&errand.id, &ticket);
    assert_eq!((stolen.status, &stolen.body[..]), (200, errand.body.as_bytes()));
}
