//! Shares of a key: brought to different organisations, fetched by one signature, all or none.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_api::{NewShare, NonceKey, ServerList, ShareId, ShareNonce, SharePresentation, read_certificate_header};
use capsule_client::{Cause, Client, Error, Servers, ShareDownload, Timeouts, Upload};
use cdoc2::{
    Container, Control, Delivery, Encryptor, InputFile, KeyError, KeyShare, Keyring, OutgoingShare, PublicKey,
    Recipient, ShareFetcher, Zeroizing,
};
use eid::{Authenticator, KeyFile, SignatureAlgorithm};
use rcgen::{CertificateParams, DnType, KeyUsagePurpose};
use url::Url;

use crate::support::{Double, Entry, Reply, Shown, created, header, json, new_key, settings, status};

const PERSON: &str = "etsi/PNOEE-48010010101";

/// A person's key with a certificate that names him, which counts its signatures.
struct Holder {
    key: Arc<dyn Authenticator>,
    signatures: AtomicUsize,
}

impl Holder {
    fn new(kind: &str) -> Arc<Self> {
        let key = new_key(kind);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "PNOEE-48010010101");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key).expect("a certificate");
        let file = KeyFile::read((key.serialize_pem() + &certificate.pem()).as_bytes(), None).expect("a key").remove(0);
        Arc::new(Self { key: Arc::new(file.authenticator().expect("a certificate")), signatures: AtomicUsize::new(0) })
    }
}

impl Authenticator for Holder {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn certificates(&self) -> &[Vec<u8>] {
        self.key.certificates()
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        self.key.sign_hash(algorithm, hash)
    }
}

/// What a server keeps.
struct Kept {
    bodies: Mutex<HashMap<String, String>>,
    key: NonceKey,
    base_url: Mutex<Option<Url>>,
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

impl Kept {
    fn reply(&self, request: &str) -> Reply {
        let path = request.split(' ').nth(1).expect("a path");
        if path == "/key-shares" {
            let (_, body) = request.split_once("\r\n\r\n").expect("a body");
            let id = ShareId::generate();
            NewShare::parse(body.as_bytes()).expect("a share");
            self.bodies.lock().expect("no test panicked").insert(id.as_str().to_owned(), body.to_owned());
            let Reply::Text(text) = created("", "") else { unreachable!("it is a text") };
            return Reply::Text(text.replace("/key-capsules/", &id.location()));
        }
        match path.strip_suffix("/nonce") {
            Some(path) => json(&self.nonce(&ShareId::from_location(path).expect("a path")).to_json()),
            None => self.share(&ShareId::from_location(path).expect("a path"), request),
        }
    }

    fn nonce(&self, id: &ShareId) -> ShareNonce {
        self.key.issue_for_share(id, now())
    }

    fn share(&self, id: &ShareId, request: &str) -> Reply {
        let token =
            SharePresentation::parse(header(request, "x-cdoc2-auth-ticket").expect("a token")).expect("a token");
        let certificate = read_certificate_header(header(request, "x-cdoc2-auth-x5c").expect("a certificate"));
        let person = token.verify(&certificate.expect("a certificate")).expect("signed");
        assert_eq!(person.as_str(), PERSON);
        let base_url = self.base_url.lock().expect("no test panicked").clone().expect("set at the start");
        let Ok(nonce) = token.nonce(&base_url, id) else { return status("401 Unauthorized", "") };
        assert!(self.key.issued_for_share(&nonce, id, now()));
        match self.bodies.lock().expect("no test panicked").get(id.as_str()) {
            Some(body) => json(body),
            None => status("404 Not Found", ""),
        }
    }
}

/// A server of shares.
struct Server {
    id: &'static str,
    kept: Arc<Kept>,
    double: Double,
    shown: Shown,
}

impl Server {
    fn start(id: &'static str) -> Self {
        Self::with(id, |kept, request| kept.reply(request))
    }

    fn with(id: &'static str, reply: impl Fn(&Kept, &str) -> Reply + Send + Sync + 'static) -> Self {
        let kept = Kept { bodies: Mutex::default(), key: NonceKey::generate(), base_url: Mutex::default() };
        let (shown, kept) = (Shown::new(), Arc::new(kept));
        let its = Arc::clone(&kept);
        let double = Double::start(shown.for_senders(), move |request| reply(&its, request));
        let this = Self { id, kept, double, shown };
        *this.kept.base_url.lock().expect("no test panicked") = Some(this.base_url().parse().expect("a URL"));
        this
    }

    fn base_url(&self) -> String {
        format!("https://localhost:{}", self.double.port)
    }

    fn entry(&self) -> serde_json::Value {
        let mut entry = Entry::new(self.id, self.double.port, &self.shown).json();
        entry["sharesUrl"] = self.base_url().into();
        entry
    }
}

fn client_of(entries: &[serde_json::Value]) -> Client {
    let short = Duration::from_secs(2);
    client_by(entries, Timeouts { connect: short, total: Duration::from_secs(3), ..Timeouts::default() })
}

fn client_by(entries: &[serde_json::Value], timeouts: Timeouts) -> Client {
    let list = serde_json::json!({ "version": 1, "servers": entries }).to_string();
    let list = ServerList::parse(list.as_bytes(), "test.json").expect("a list");
    Client::new(Servers::of(list, "test.json").expect("servers"), capsule_client::Settings { timeouts, ..settings() })
}

fn encrypted(client: &Client, servers: &[String], folder: &tempfile::TempDir) -> cdoc2::Result<PathBuf> {
    let (letter, container) = (folder.path().join("letter.txt"), folder.path().join("c.cdoc2"));
    fs::write(&letter, "for your eyes only").expect("written");
    let upload = Upload::new(client.clone());
    let recipient = Recipient::shares(PERSON, servers.to_vec(), "label");
    let input = InputFile::examine(&letter).expect("there");
    Encryptor::new(vec![recipient]).delivery(&upload).encrypt_to_file(&[input], &container, false)?;
    Ok(container)
}

fn opened(client: &Client, holder: &Arc<Holder>, container: &Path) -> cdoc2::Result<()> {
    let container = Container::open(container)?;
    let download = ShareDownload::new(client.clone(), holder.clone()).expect("a person");
    let keyring = Keyring::new([]).with_shares(&download);
    let key = container.unlock(&keyring, &Control::default())?;
    let mut content = Vec::new();
    container.write_only_file(&key, &Default::default(), &mut content)?;
    assert_eq!(content, b"for your eyes only");
    Ok(())
}

/// What a failed opening says.
fn failure(result: cdoc2::Result<()>) -> Error {
    match result.expect_err("it must not open") {
        cdoc2::Error::Fetch(error) => *error.downcast().expect("an error of this crate"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_split_over_three_organisations_opens_by_one_signature() {
    for kind in ["P-256", "P-384", "RSA"] {
        let servers = ["a", "b", "c"].map(Server::start);
        let client = client_of(&servers.each_ref().map(Server::entry));
        let folder = tempfile::tempdir().expect("temporary folder");
        let holder = Holder::new(kind);
        let container = encrypted(&client, &servers.each_ref().map(Server::base_url), &folder).expect("encrypted");
        opened(&client, &holder, &container).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        assert_eq!(holder.signatures.load(Ordering::SeqCst), 1, "{kind}");
        // Each has its own share, and the server was asked as the protocol has it: a nonce, then the share.
        let shares: Vec<_> = servers
            .iter()
            .flat_map(|it| it.kept.bodies.lock().expect("free").values().cloned().collect::<Vec<_>>())
            .collect();
        assert!(shares.len() == 3 && shares[0] != shares[1] && shares[1] != shares[2]);
        assert!(servers.iter().all(|server| server.double.requests().len() == 3));
    }
}

#[test]
fn with_one_server_down_nothing_is_signed_and_it_is_named() {
    let servers = ["a", "b", "c"].map(Server::start);
    let mut entries = servers.each_ref().map(Server::entry);
    let folder = tempfile::tempdir().expect("temporary folder");
    let holder = Holder::new("P-384");
    let urls = servers.each_ref().map(Server::base_url);
    let container = encrypted(&client_of(&entries), &urls, &folder).expect("encrypted");
    // The list knows the same address by another certificate, and so by none that answers.
    entries[1]["certificates"] = entries[0]["certificates"].clone();
    match failure(opened(&client_of(&entries), &holder, &container)) {
        error @ Error::Shares { needed: 3, .. } => match error.most_telling() {
            Error::Server { server, cause: Cause::Peer(_) } => assert_eq!(server.as_str(), "b"),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    // A server that the list does not have is named by its address, and nobody is asked.
    let before = servers[0].double.connections();
    let few = [entries[0].clone(), entries[2].clone()];
    match failure(opened(&client_of(&few), &holder, &container)) {
        Error::Shares { needed: 3, failures } => match &failures[..] {
            [Error::UnknownServer(url)] => assert_eq!(*url, urls[1]),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    assert_eq!((holder.signatures.load(Ordering::SeqCst), servers[0].double.connections()), (0, before));
}

#[test]
fn every_server_that_fails_is_named() {
    let good = Server::start("a");
    let deaf = Server::with("b", |kept, request| match request.starts_with("GET ") {
        true => status("503 Service Unavailable", "Retry-After: 3600\r\n"),
        false => kept.reply(request),
    });
    let empty = Server::with("c", |kept, request| match request.starts_with("GET ") {
        true => status("404 Not Found", ""),
        false => kept.reply(request),
    });
    let servers = [&good, &deaf, &empty];
    let client = client_of(&servers.map(Server::entry));
    let folder = tempfile::tempdir().expect("temporary folder");
    let container = encrypted(&client, &servers.map(Server::base_url), &folder).expect("encrypted");
    let words = failure(opened(&client, &Holder::new("P-384"), &container)).to_string();
    let unable =
        "the server b: it cannot answer now (503): it is busy, or cannot learn whether your certificate is revoked";
    assert!(words.contains(unable) && words.contains("the server c: it has no such"), "{words}");
    assert!(!words.contains("the server a"), "{words}");
    assert!(words.contains("all 3 servers") && words.contains("no such share"), "{words}");
}

/// Signs after the nonces have become too old.
struct Late(Arc<Holder>);

impl Authenticator for Late {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn certificates(&self) -> &[Vec<u8>] {
        self.0.certificates()
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        thread::sleep(Duration::from_millis(300));
        self.0.sign_hash(algorithm, hash)
    }
}

#[test]
fn what_is_signed_too_late_is_shown_to_no_server() {
    let servers = ["a", "b"].map(Server::start);
    let entries = servers.each_ref().map(Server::entry);
    let folder = tempfile::tempdir().expect("temporary folder");
    let urls = servers.each_ref().map(Server::base_url);
    let container = encrypted(&client_of(&entries), &urls, &folder).expect("encrypted");
    let container = Container::open(&container).expect("a container");
    let timeouts = Timeouts { signing: Duration::from_millis(100), ..Timeouts::default() };
    let client = client_by(&entries, timeouts);
    let download = ShareDownload::new(client, Arc::new(Late(Holder::new("P-384")))).expect("a person");
    let keyring = Keyring::new([]).with_shares(&download);
    match failure(container.unlock(&keyring, &Control::default()).map(drop)) {
        Error::Server { cause: Cause::SignedTooLate { .. }, .. } => {}
        other => panic!("{other:?}"),
    }
    let tokens = servers.iter().flat_map(|server| server.double.requests()).filter(|it| it.starts_with("GET "));
    assert_eq!(tokens.count(), 0);
}

#[test]
fn a_nonce_of_another_server_gets_nothing_there() {
    let honest = Server::start("a");
    let source = Arc::clone(&honest.kept);
    // It hands out nonces of the honest server, for the honest server's share, whose identifier it claims to have.
    let liar =
        Server::with("b", move |kept, request| match request.starts_with("POST ") && request.contains("/nonce ") {
            true => {
                let id = source.bodies.lock().expect("free").keys().next().cloned().expect("a share");
                json(&source.nonce(&ShareId::parse(&id).expect("an id")).to_json())
            }
            false => kept.reply(request),
        });
    let client = client_of(&[honest.entry(), liar.entry()]);
    let folder = tempfile::tempdir().expect("temporary folder");
    let holder = Holder::new("P-384");
    encrypted(&client, &[honest.base_url(), liar.base_url()], &folder).expect("encrypted");
    let own = liar.kept.bodies.lock().expect("free").keys().next().cloned().expect("a share");
    let share = KeyShare { server_base_url: liar.base_url(), share_id: own };
    let download = ShareDownload::new(client, holder).expect("a person");
    // What the liar sees names the liar's address: it is of no use elsewhere.
    let seen_before = liar.double.requests().len();
    assert!(download.fetch(&[share]).is_err());
    let request =
        liar.double.requests()[seen_before..].iter().find(|it| it.starts_with("GET ")).cloned().expect("a token");
    let token = SharePresentation::parse(header(&request, "x-cdoc2-auth-ticket").expect("a token")).expect("a token");
    let id = honest.kept.bodies.lock().expect("free").keys().next().cloned().expect("a share");
    let (base_url, id) = (honest.base_url().parse().expect("a URL"), ShareId::parse(&id).expect("an id"));
    assert!(token.nonce(&base_url, &id).is_err());
}

#[test]
fn what_a_server_gives_instead_of_a_share_is_refused() {
    let holder = Holder::new("P-384");
    let of = |share: usize, person: &str| {
        let share = Base64::encode_string(&vec![7; share]);
        serde_json::json!({ "share": share, "recipient": person }).to_string()
    };
    for (body, words) in [
        (of(32, "etsi/PNOEE-38001085718"), "for somebody else"),
        (of(33, PERSON), "of another length"),
        (of(31, PERSON), "no share"),
        ("{}".to_owned(), "no share"),
    ] {
        let server = Server::with("a", move |kept, request| match request.starts_with("GET ") {
            true => json(&body),
            false => kept.reply(request),
        });
        let download = ShareDownload::new(client_of(&[server.entry()]), holder.clone()).expect("a person");
        let share = KeyShare { server_base_url: server.base_url(), share_id: ShareId::generate().as_str().to_owned() };
        let error = download.fetch(&[share]).expect_err("refused").to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn two_shares_of_a_key_never_go_to_one_organisation() {
    let servers = ["a", "b"].map(Server::start);
    let mut entries = servers.each_ref().map(Server::entry);
    entries[1]["organisation"] = entries[0]["organisation"].clone();
    let upload = Upload::new(client_of(&entries));
    let share = |server: &Server, person: &str| OutgoingShare {
        server_base_url: server.base_url(),
        recipient_id: person.to_owned(),
        share: Zeroizing::new(vec![7; 32]),
    };
    let error = upload.deliver_shares(&[share(&servers[0], PERSON), share(&servers[1], PERSON)]).expect_err("refused");
    assert!(error.to_string().contains("its organisation would have two shares of one key"), "{error}");
    let error = upload.deliver_shares(&[share(&servers[0], "somebody")]).expect_err("refused");
    assert!(matches!(error.downcast_ref(), Some(Error::Person)), "{error}");
    assert_eq!(servers.each_ref().map(|server| server.double.connections()), [0, 0]);
    // Of two persons, each may have one there.
    let two = [share(&servers[0], PERSON), share(&servers[1], "etsi/PNOEE-38001085718")];
    assert_eq!(upload.deliver_shares(&two).expect("delivered").len(), 2);
}

#[test]
fn one_address_for_shares_in_two_entries_is_one_server_and_called_so() {
    let servers = ["a", "b"].map(Server::start);
    let mut entries = servers.each_ref().map(Server::entry);
    entries[1]["sharesUrl"] = entries[0]["sharesUrl"].clone();
    let folder = tempfile::tempdir().expect("temporary folder");
    // As whoever chooses a and b has it: both entries give the same.
    let chosen = [servers[0].base_url(), servers[0].base_url()];
    let error = encrypted(&client_of(&entries), &chosen, &folder).expect_err("one server is not two");
    let words = error.to_string();
    let address = format!("several of the chosen servers have its address for key shares, {}", servers[0].base_url());
    assert!(words.contains(&address) && !words.contains("organisation"), "{words}");
    assert_eq!(servers.each_ref().map(|server| server.double.connections()), [0, 0]);
}

#[test]
fn whoever_is_no_person_fetches_no_shares() {
    let person = crate::support::Person::new("P-384", &crate::support::Authority::new("People"));
    assert!(ShareDownload::new(client_of(&[Server::start("a").entry()]), person.key).is_none());
}
