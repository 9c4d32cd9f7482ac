//! Authorities and their certificates, servers that answer what a test says, lists, recipients.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_client::{Client, Proxy, Servers, Settings, Timeouts};
use cdoc2::{OutgoingCapsule, PublicKey, ServerCapsule};
use eid::{Authenticator, KeyFile};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::TLS13,
};

/// A P-384 key, or another one.
pub fn new_key(kind: &str) -> KeyPair {
    let algorithm = match kind {
        "P-256" => &PKCS_ECDSA_P256_SHA256,
        "P-521" => &PKCS_ECDSA_P521_SHA512,
        "RSA" => &PKCS_RSA_SHA256,
        _ => &PKCS_ECDSA_P384_SHA384,
    };
    KeyPair::generate_for(algorithm).expect("a key")
}

pub fn in_days(days: u64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Duration::from_secs(now.as_secs() + days * 24 * 60 * 60)
}

/// What a certificate of a server says: for this host, valid, from one day ago.
pub fn server_params(host: &str) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).expect("a host");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + in_days(365);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// A certification authority.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub certificate: Vec<u8>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = new_key("P-384");
        let certificate = params.self_signed(&key).expect("signed").der().to_vec();
        Self { params, key, certificate }
    }

    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// Signs what a test makes by hand.
    pub fn key(&self) -> &KeyPair {
        &self.key
    }

    pub fn certify(&self, params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        params.signed_by(key, &self.issuer()).expect("signed").der().to_vec()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// What a server shows.
#[derive(Clone)]
pub struct Shown {
    pub chain: Vec<Vec<u8>>,
    pub key: Vec<u8>,
    pub ocsp: Vec<u8>,
}

impl Shown {
    /// A certificate of its own authority for `localhost`.
    pub fn new() -> Self {
        let key = new_key("P-384");
        Self::of(Authority::new("Some CA").certify(&server_params("localhost"), &key), &key)
    }

    pub fn of(certificate: Vec<u8>, key: &KeyPair) -> Self {
        Self { chain: vec![certificate], key: key.serialize_der(), ocsp: Vec::new() }
    }

    fn certificates(&self) -> Vec<CertificateDer<'static>> {
        self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect()
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }

    /// TLS 1.3 for senders.
    pub fn for_senders(&self) -> ServerConfig {
        self.by_versions(&[&TLS13])
    }

    pub fn by_versions(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert_with_ocsp(self.certificates(), self.private_key(), self.ocsp.clone())
            .expect("a certificate and its key")
    }

    /// Mutual TLS 1.3 for recipients with certificates of `authority`.
    pub fn for_recipients(&self, authority: &Authority) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.certificate.clone())).expect("an authority");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        self.by_verifier(verifier.expect("a verifier"))
    }

    pub fn by_verifier(&self, verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>) -> ServerConfig {
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.certificates(), self.private_key())
            .expect("a certificate and its key")
    }
}

/// What a server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends this and waits for the next request.
    Text(String),
    /// Sends this, then the same piece for ever.
    Endless(String),
    /// Waits for the client to go.
    Silence,
    /// Breaks the connection.
    Break,
}

/// A server on a port of its own. It lives as long as the test program.
#[derive(Clone)]
pub struct Double {
    pub port: u16,
    pub requests: Arc<Mutex<Vec<String>>>,
    pub connections: Arc<AtomicUsize>,
}

impl Double {
    /// Serves by `config`; `reply` gets each request, head and body.
    pub fn start(config: ServerConfig, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let this = Self { port, requests: Arc::default(), connections: Arc::default() };
        let (config, reply, double) = (Arc::new(config), Arc::new(reply), this.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                double.connections.fetch_add(1, Ordering::SeqCst);
                let (config, reply, double) = (Arc::clone(&config), Arc::clone(&reply), double.clone());
                thread::spawn(move || double.serve(&config, stream, &*reply));
            }
        });
        this
    }

    /// A port on which connections are taken and nothing is ever said.
    pub fn silent() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        thread::spawn(move || {
            let taken: Vec<_> = listener.incoming().collect();
            drop(taken);
        });
        Self { port, requests: Arc::default(), connections: Arc::default() }
    }

    fn serve(&self, config: &Arc<ServerConfig>, stream: TcpStream, reply: &dyn Fn(&str) -> Reply) {
        let tls = ServerConnection::new(Arc::clone(config)).expect("a connection");
        let mut stream = BufReader::new(StreamOwned::new(tls, stream));
        while let Some(request) = read_request(&mut stream) {
            self.requests.lock().expect("no test panicked").push(request.clone());
            let output = stream.get_mut();
            match reply(&request) {
                Reply::Text(text) => {
                    if output.write_all(text.as_bytes()).and_then(|()| output.flush()).is_err() {
                        return;
                    }
                }
                Reply::Endless(text) => {
                    let _ = output.write_all(text.as_bytes());
                    while output.write_all(&[b' '; 4096]).is_ok() {}
                    return;
                }
                Reply::Silence => {
                    let _ = output.read(&mut [0]);
                    return;
                }
                Reply::Break => return,
            }
        }
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panicked").clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn read_request(stream: &mut impl BufRead) -> Option<String> {
    let mut request = String::new();
    loop {
        let before = request.len();
        if stream.read_line(&mut request).ok()? == 0 {
            return None;
        }
        if request[before..].trim().is_empty() {
            break;
        }
    }
    let length = header(&request, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8_lossy(&body));
    Some(request)
}

/// A header of a request.
pub fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let lines = request.lines().take_while(|line| !line.is_empty());
    let mut named = lines.filter_map(|line| line.split_once(':')).filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim())
}

/// `201` as a server gives it, with what a test adds or takes out.
pub fn created(id: &str, more: &str) -> Reply {
    Reply::Text(format!("HTTP/1.1 201 Created\r\nLocation: /key-capsules/{id}\r\n{more}Content-Length: 0\r\n\r\n"))
}

/// A new identifier of a capsule.
pub fn new_id() -> String {
    capsule_api::TransactionId::generate().as_str().to_owned()
}

pub fn status(line: &str, more: &str) -> Reply {
    Reply::Text(format!("HTTP/1.1 {line}\r\n{more}Content-Length: 0\r\n\r\n"))
}

pub fn json(body: &str) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    Reply::Text(head + body)
}

/// An entry of a list.
pub struct Entry {
    pub id: &'static str,
    pub host: &'static str,
    pub senders: u16,
    /// 0 where there are none.
    pub recipients: u16,
    /// Where tickets are taken.
    pub tickets: Option<u16>,
    pub pins: Vec<Vec<u8>>,
    pub types: Vec<&'static str>,
}

impl Entry {
    pub fn new(id: &'static str, port: u16, shown: &Shown) -> Self {
        let types = vec!["ecc_secp256r1", "ecc_secp384r1", "ecc_secp521r1", "rsa"];
        let pins = vec![shown.chain[0].clone()];
        Self { id, host: "localhost", senders: port, recipients: port, tickets: None, pins, types }
    }

    pub fn json(&self) -> serde_json::Value {
        let url = |port: u16| format!("https://{}:{port}", self.host);
        serde_json::json!({
            "id": self.id,
            "name": format!("Server {}", self.id),
            "organisation": self.id,
            "capsuleTypes": self.types,
            "senderUrl": url(self.senders),
            "recipientUrl": Some(self.recipients).filter(|port| *port != 0).map(url),
            "ticketUrl": self.tickets.map(url),
            "certificates": self.pins.iter().map(|der| Base64::encode_string(der)).collect::<Vec<_>>(),
        })
    }
}

pub fn list(entries: &[Entry]) -> String {
    let servers: Vec<_> = entries.iter().map(Entry::json).collect();
    serde_json::json!({ "version": 1, "servers": servers }).to_string()
}

pub fn servers(entries: &[Entry]) -> Servers {
    let list = capsule_api::ServerList::parse(list(entries).as_bytes(), "test.json").expect("a list");
    Servers::of(list, "test.json").expect("servers")
}

/// As people have them, but past every proxy of this machine.
pub fn settings() -> Settings {
    Settings { proxy: Proxy::None, ..Settings::default() }
}

/// Quick to give up.
pub fn hasty_client(entries: &[Entry]) -> Client {
    let timeouts = Timeouts { connect: Duration::from_secs(2), total: Duration::from_secs(3), ..Timeouts::default() };
    Client::new(servers(entries), Settings { timeouts, ..settings() })
}

pub fn client(entries: &[Entry]) -> Client {
    Client::new(servers(entries), settings())
}

/// Somebody with a key and a certificate.
pub struct Person {
    pub key: Arc<dyn Authenticator>,
    pub file: KeyFile,
}

impl Person {
    pub fn new(kind: &str, authority: &Authority) -> Self {
        let key = new_key(kind);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Mari Maasikas");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &authority.issuer()).expect("signed");
        let file = key.serialize_pem() + &certificate.pem();
        let file = KeyFile::read(file.as_bytes(), None).expect("a key").remove(0);
        Self { key: Arc::new(file.authenticator().expect("a certificate")), file }
    }

    pub fn public_key(&self) -> PublicKey {
        self.key.public_key().clone()
    }

    /// A capsule for the person; what is in it is another public key of the same kind, or bytes that look encrypted.
    pub fn capsule(&self, server_id: &str) -> OutgoingCapsule {
        OutgoingCapsule { server_id: server_id.to_owned(), recipient: self.public_key(), key_material: self.material() }
    }

    pub fn material(&self) -> Vec<u8> {
        match self.key.public_key() {
            PublicKey::Ec(key) => key.point().to_vec(),
            PublicKey::Rsa(_) => vec![7; 256],
        }
    }

    /// The body that a server keeps for the person.
    pub fn body(&self) -> String {
        capsule_api::NewCapsule::new(self.public_key(), self.material()).expect("a capsule").to_json()
    }

    pub fn record(&self, server_id: &str) -> ServerCapsule {
        ServerCapsule { recipient: self.public_key(), server_id: server_id.to_owned(), transaction_id: new_id() }
    }
}
