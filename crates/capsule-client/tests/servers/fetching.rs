//! Fetching: with whose key, which answers are taken, and what a recipient learns when it fails.

use std::{
    collections::HashMap,
    fmt, fs,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use capsule_client::{Cause, Download, Error, Upload};
use cdoc2::{
    Cancel, CapsuleFetcher, Container, Control, DecryptionKey, Encryptor, InputFile, KeyError, Keyring, PublicKey,
    Recipient,
};
use eid::{Authenticator, SignatureAlgorithm};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::support::{Authority, Double, Entry, Person, Reply, Shown, client, created, json, new_id, status};

/// A server that keeps what is posted: one double for senders, one for recipients.
struct Keeper {
    senders: Double,
    recipients: Double,
    shown: Shown,
}

impl Keeper {
    fn new(people: &Authority) -> Self {
        let (shown, kept) = (Shown::new(), Arc::new(Mutex::new(HashMap::new())));
        let stored = Arc::clone(&kept);
        let senders = Double::start(shown.for_senders(), move |request| {
            let (_, body) = request.split_once("\r\n\r\n").expect("a body");
            let id = new_id();
            stored.lock().expect("no test panicked").insert(id.clone(), body.to_owned());
            created(&id, "")
        });
        let recipients = Double::start(shown.for_recipients(people), move |request| {
            let id = request.strip_prefix("GET /key-capsules/").and_then(|rest| rest.split_once(" HTTP/1.1\r\n"));
            match id.and_then(|(id, _)| kept.lock().expect("no test panicked").get(id).cloned()) {
                Some(body) => json(&body),
                None => status("404 Not Found", ""),
            }
        });
        Self { senders, recipients, shown }
    }

    fn entry(&self, id: &'static str) -> Entry {
        Entry { recipients: self.recipients.port, ..Entry::new(id, self.senders.port, &self.shown) }
    }
}

/// Encrypts for a person on the servers `ids`, and opens it; the files come back or the reason why not.
fn round_trip(client: &capsule_client::Client, person: &Person, ids: &[&str]) -> cdoc2::Result<()> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (letter, container) = (folder.path().join("letter.txt"), folder.path().join("c.cdoc2"));
    fs::write(&letter, "for your eyes only").expect("written");
    let recipients = ids.iter().map(|id| Recipient::server(person.public_key(), *id, "label")).collect();
    let upload = Upload::new(client.clone());
    let input = InputFile::examine(&letter).expect("there");
    Encryptor::new(recipients).delivery(&upload).encrypt_to_file(&[input], &container, false)?;
    opened(client, person, Container::open(container)?)
}

fn opened(client: &capsule_client::Client, person: &Person, container: Container) -> cdoc2::Result<()> {
    let download = Download::new(client.clone(), vec![Arc::clone(&person.key)]);
    let keyring = Keyring::new([person.file.decryption_key()]).with_capsules(&download);
    let key = container.unlock(&keyring, &Control::default())?;
    let mut content = Vec::new();
    container.write_only_file(&key, &Default::default(), &mut content)?;
    assert_eq!(content, b"for your eyes only");
    Ok(())
}

#[test]
fn what_was_delivered_for_keys_of_every_kind_is_fetched_and_opens() {
    let people = Authority::new("People");
    let keeper = Keeper::new(&people);
    let client = client(&[keeper.entry("a")]);
    for kind in ["P-256", "P-384", "P-521", "RSA"] {
        round_trip(&client, &Person::new(kind, &people), &["a"]).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
    }
}

/// The failure of fetching a capsule of `person` from a server that answers so.
fn failure_of(people: &Authority, person: &Person, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Cause {
    let shown = Shown::new();
    let double = Double::start(shown.for_recipients(people), reply);
    cause(&[Entry::new("a", double.port, &shown)], person)
}

fn cause(entries: &[Entry], person: &Person) -> Cause {
    let download = Download::new(client(entries), vec![Arc::clone(&person.key)]);
    let error = download.fetch(&person.record("a")).expect_err("not fetched");
    match *error.downcast().expect("an error of this crate") {
        Error::Server { server, cause } => {
            assert_eq!(server.as_str(), "a");
            cause
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_refusal_is_its_own() {
    let people = Authority::new("People");
    let person = Person::new("P-384", &people);
    let answered = |line: &'static str| failure_of(&people, &person, move |_| status(line, ""));
    assert!(matches!(answered("404 Not Found"), Cause::NotFound));
    assert!(matches!(answered("403 Forbidden"), Cause::CertificateRevoked));
    assert!(matches!(answered("401 Unauthorized"), Cause::CertificateRefused(_)));
    let unavailable = answered("503 Service Unavailable");
    assert!(matches!(unavailable, Cause::Busy { status: 503, .. }));
    let words = "it cannot answer now (503): it is busy, or cannot learn whether your certificate is revoked";
    assert_eq!(unavailable.to_string(), words);
    assert_eq!(answered("429 Too Many Requests").to_string(), "it is busy (429)");
    assert!(matches!(answered("400 Bad Request"), Cause::Status(400)));
    assert!(matches!(answered("500 Internal Server Error"), Cause::Status(500)));
    assert!(matches!(answered("204 No Content"), Cause::Misbehaved(_)));
    let broken = failure_of(&people, &person, |_| Reply::Break);
    assert!(matches!(&broken, Cause::Lost(words) if words == "the connection ended in the middle"), "{broken:?}");
    let other = Person::new("P-384", &people).body();
    assert!(matches!(
        failure_of(&people, &person, move |_| json(&other)),
        Cause::Misbehaved("the capsule that it gives is for another key")
    ));
    for body in ["", "{}", "[1]", "no JSON", &person.body().replace("secp384r1", "secp256r1"), &person.body()[1..]] {
        let body = body.to_owned();
        let cause = failure_of(&people, &person, move |_| json(&body));
        assert!(matches!(cause, Cause::Misbehaved("what it gives is no capsule")), "{cause:?}");
    }
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n".to_owned() + &person.body();
    let cause = failure_of(&people, &person, move |_| Reply::Endless(endless.clone()));
    assert!(matches!(cause, Cause::Misbehaved("its answer is too long")), "{cause:?}");
    let leads_away = "Location: https://localhost:1/key-capsules/KC00112233445566778899aabbccddeeff\r\n";
    let cause = failure_of(&people, &person, move |_| status("302 Found", leads_away));
    assert!(matches!(cause, Cause::Misbehaved(_)), "{cause:?}");
}

/// Finds fault with every client certificate.
struct Refusing(Arc<dyn ClientCertVerifier>, CertificateError);

impl fmt::Debug for Refusing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusing")
    }
}

impl ClientCertVerifier for Refusing {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Err(self.1.clone().into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[test]
fn a_server_that_refuses_the_certificate_says_why() {
    let people = Authority::new("People");
    let person = Person::new("P-384", &people);
    // In TLS 1.3 the refusal races with the request: it must never look like a broken connection.
    for _ in 0..5 {
        let cause = failure_of(&Authority::new("Others"), &person, |_| panic!("nobody gets in"));
        assert!(matches!(cause, Cause::CertificateRefused(_)), "{cause:?}");
        let by = |error| {
            let shown = Shown::new();
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from(people.certificate.clone())).expect("an authority");
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let inner = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let config = shown.by_verifier(Arc::new(Refusing(inner.expect("a verifier"), error)));
            let double = Double::start(config, |_| panic!("nobody gets in"));
            cause_of(&shown, &double, &person)
        };
        assert!(matches!(by(CertificateError::Expired), Cause::CertificateExpired));
        assert!(matches!(by(CertificateError::Revoked), Cause::CertificateRevoked));
        assert!(matches!(by(CertificateError::InvalidPurpose), Cause::CertificateRefused(_)));
    }
}

fn cause_of(shown: &Shown, double: &Double, person: &Person) -> Cause {
    cause(&[Entry::new("a", double.port, shown)], person)
}

#[test]
fn a_key_without_a_certificate_is_not_even_tried() {
    let people = Authority::new("People");
    let (keeper, person, other) = (Keeper::new(&people), Person::new("P-384", &people), Person::new("P-384", &people));
    let client = client(&[keeper.entry("a")]);
    let download = Download::new(client, vec![other.key]);
    let error = download.fetch(&person.record("a")).expect_err("no certificate").to_string();
    assert_eq!(error, "the server a wants the certificate of the key, and the key comes without one");
    assert_eq!(keeper.recipients.connections(), 0);
}

#[test]
fn what_a_container_names_leads_to_the_list_or_nowhere() {
    let people = Authority::new("People");
    let (keeper, person) = (Keeper::new(&people), Person::new("P-384", &people));
    let download = Download::new(client(&[keeper.entry("a")]), vec![Arc::clone(&person.key)]);
    let failed = |record: cdoc2::ServerCapsule| {
        *download.fetch(&record).expect_err("refused").downcast::<Error>().expect("an error of this crate")
    };
    for id in ["b", "A", "", "https://evil.example", "a\n"] {
        assert!(matches!(failed(person.record(id)), Error::UnknownServer(own) if own == id));
    }
    for id in [
        "",
        "KC1",
        "KC00112233445566778899aabbccddee/..",
        "KC00112233445566778899aabbccddee?x",
        "KC0011223344556677 HTTP/1.1",
    ] {
        let record = cdoc2::ServerCapsule { transaction_id: id.to_owned(), ..person.record("a") };
        assert!(matches!(failed(record), Error::TransactionId(_)), "{id}");
    }
    assert_eq!(keeper.recipients.connections(), 0);
}

#[test]
fn one_good_server_of_several_is_enough_and_the_others_delay_nothing() {
    let people = Authority::new("People");
    let (keeper, person, shown) = (Keeper::new(&people), Person::new("P-384", &people), Shown::new());
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let mute = Double::start(shown.for_recipients(&people), |_| Reply::Silence);
    let taking = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let entries = [
        Entry { recipients: Double::silent().port, ..Entry::new("silent", taking.port, &shown) },
        Entry { recipients: mute.port, ..Entry::new("mute", taking.port, &shown) },
        Entry { recipients: unused, ..Entry::new("down", taking.port, &shown) },
        keeper.entry("good"),
    ];
    let client = client(&entries);
    let started = Instant::now();
    round_trip(&client, &person, &["silent", "mute", "down", "good"]).expect("one is good");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn when_all_servers_fail_each_is_named() {
    let people = Authority::new("People");
    let (person, shown) = (Person::new("P-384", &people), Shown::new());
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let empty = Double::start(shown.for_recipients(&people), |_| status("404 Not Found", ""));
    let client = client(&[Entry::new("down", unused, &shown), Entry::new("empty", empty.port, &shown)]);
    let download = Download::new(client, vec![Arc::clone(&person.key)]);
    let records = ["down", "empty", "unlisted"].map(|id| person.record(id));
    let error = download.fetch_first(&records.each_ref()).expect_err("none has it");
    let error = error.downcast::<Error>().expect("an error of this crate");
    let words = error.to_string();
    for id in ["down", "empty", "unlisted"] {
        assert!(words.contains(&format!("server {id}")), "{words}");
    }
    // The capsule may still be where it cannot be looked for now.
    assert!(matches!(error.most_telling(), Error::Server { server, .. } if server.as_str() == "down"), "{error:?}");
}

#[test]
fn a_server_with_another_capsule_does_not_stand_in_the_way() {
    let people = Authority::new("People");
    let (keeper, person, shown) = (Keeper::new(&people), Person::new("P-384", &people), Shown::new());
    // It takes capsules and gives another one for the same key, at once.
    let other = person.body();
    let liar = Double::start(shown.for_recipients(&people), move |_| json(&other));
    let taking = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let entries = [Entry { recipients: liar.port, ..Entry::new("liar", taking.port, &shown) }, keeper.entry("good")];
    round_trip(&client(&entries), &person, &["liar", "good"]).expect("the good one is asked again");
}

/// A card that says no.
struct Locked(PublicKey, Vec<Vec<u8>>);

impl Authenticator for Locked {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn certificates(&self) -> &[Vec<u8>] {
        &self.1
    }

    fn sign_hash(&self, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Unusable("the PIN is blocked".into()))
    }
}

#[test]
fn what_a_card_says_arrives_as_it_was_said() {
    let people = Authority::new("People");
    let (keeper, person) = (Keeper::new(&people), Person::new("P-384", &people));
    let locked = Locked(person.public_key(), person.key.certificates().to_vec());
    let download = Download::new(client(&[keeper.entry("a")]), vec![Arc::new(locked)]);
    let error = download.fetch(&person.record("a")).expect_err("a locked card");
    match *error.downcast::<Error>().expect("an error of this crate") {
        Error::Server { cause: Cause::Key(error), .. } => {
            assert!(matches!(&*error, KeyError::Unusable(why) if why.to_string() == "the PIN is blocked"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn cancelling_ends_at_once() {
    let people = Authority::new("People");
    let (person, shown) = (Person::new("P-384", &people), Shown::new());
    let client = client(&[Entry::new("a", Double::silent().port, &shown)]);
    let cancel = Cancel::default();
    let download = Download::new(client, vec![Arc::clone(&person.key)]).cancelled_by(cancel.clone());
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        cancel.cancel();
    });
    let started = Instant::now();
    let error = download.fetch(&person.record("a")).expect_err("cancelled");
    assert!(matches!(*error.downcast().expect("an error of this crate"), Error::Cancelled));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    canceller.join().expect("no panic");
}

#[test]
fn a_key_that_is_no_recipient_asks_nobody() {
    let people = Authority::new("People");
    let (keeper, person, other) = (Keeper::new(&people), Person::new("P-384", &people), Person::new("P-256", &people));
    let client = client(&[keeper.entry("a")]);
    let folder = tempfile::tempdir().expect("temporary folder");
    let (letter, container) = (folder.path().join("letter.txt"), folder.path().join("c.cdoc2"));
    fs::write(&letter, "for your eyes only").expect("written");
    let upload = Upload::new(client.clone());
    let encryptor = Encryptor::new(vec![Recipient::server(person.public_key(), "a", "label")]).delivery(&upload);
    let input = InputFile::examine(&letter).expect("there");
    encryptor.encrypt_to_file(&[input], &container, false).expect("encrypted");
    let container = Container::open(container).expect("a container");
    // A key that is in use as a plain key only has nobody to ask.
    let keyring = Keyring::new([DecryptionKey::Ec(match &person.file.key {
        eid::PrivateKey::Ec(key) => key,
        eid::PrivateKey::Rsa(_) => unreachable!("made as P-384"),
    })]);
    assert!(matches!(container.unlock(&keyring, &Control::default()), Err(cdoc2::Error::Fetch(_))));
    let error = opened(&client, &other, container).expect_err("not for this key");
    assert!(matches!(error, cdoc2::Error::NoKeyFits), "{error:?}");
    assert_eq!(keeper.recipients.connections(), 0);
}
