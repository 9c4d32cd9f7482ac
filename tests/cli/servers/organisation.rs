//! An organisation's capsule server in this process.
#![allow(dead_code, reason = "each of the tests needs a part of it")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_server::{ClientFiles, Clock, Config, Server, store::SqliteStore};
use rcgen::{CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P384_SHA384};
use tokio::runtime::Runtime;

/// A clock that a test moves.
#[derive(Debug)]
struct MovedClock(Mutex<Duration>);

impl Clock for MovedClock {
    fn now(&self) -> SystemTime {
        SystemTime::now() + *self.0.lock().expect("no test panicked")
    }
}

pub struct Organisation {
    server: Option<Server>,
    runtime: Runtime,
    clock: Arc<MovedClock>,
    pub id: &'static str,
    pub certificate: Vec<u8>,
    pub sender_port: u16,
    /// 0 where it takes no client certificates.
    pub recipient_port: u16,
    pub ticket_port: Option<u16>,
    pub shares_port: Option<u16>,
    _folder: tempfile::TempDir,
}

impl Organisation {
    /// Starts a server that gives capsules to the holders of these certificates.
    pub fn start(id: &'static str, clients: &[PathBuf]) -> Self {
        Self::with(id, clients, None)
    }

    /// Starts one that gives them for tickets, and takes no client certificates; it takes key shares, too.
    pub fn with_tickets(id: &'static str, clients: &[PathBuf]) -> Self {
        // What is signed names them, so they are known before the server listens.
        Self::with(id, clients, Some([free_port(), free_port()]))
    }

    fn with(id: &'static str, clients: &[PathBuf], ports: Option<[u16; 2]>) -> Self {
        let (ticket_port, shares_port) = (ports.map(|[ticket, _]| ticket), ports.map(|[_, shares]| shares));
        let folder = tempfile::tempdir().expect("temporary folder");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.is_ca = IsCa::ExplicitNoCa;
        let certificate = params.self_signed(&key).expect("a certificate");
        write(folder.path(), "server.pem", &certificate.pem());
        write(folder.path(), "server-key.pem", &key.serialize_pem());
        let endpoint = |port: u16| format!(r#"{{ listen = "127.0.0.1:{port}", url = "https://localhost:{port}" }}"#);
        let recipients = match ports {
            Some([ticket, shares]) => format!("ticket = {}\nshares = {}", endpoint(ticket), endpoint(shares)),
            None => r#"recipient = { listen = "127.0.0.1:0", url = "https://localhost:8444" }"#.to_owned(),
        };
        let text = format!(
            r#"
            server = {{ id = "{id}", organisation = "{id}" }}
            sender = {{ listen = "127.0.0.1:0", url = "https://localhost:8443" }}
            {recipients}
            operations = {{ listen = "127.0.0.1:0" }}
            tls = {{ certificate = "server.pem", key = "server-key.pem" }}
            store = {{ sqlite = "capsules.sqlite" }}
            "#
        );
        let mut config = Config::parse(&text, folder.path()).expect("no mistake");
        config.clients = ClientFiles { listed: clients.to_vec(), ..config.clients };
        let store = Arc::new(SqliteStore::open(&folder.path().join("capsules.sqlite")).expect("a store"));
        let clock = Arc::new(MovedClock(Mutex::default()));
        let runtime = Runtime::new().expect("a runtime");
        let its_clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let server = runtime.block_on(Server::start(&config, store, its_clock)).expect("it starts");
        let (sender_port, recipient_port) =
            (server.sender().port(), server.recipient().map_or(0, |address| address.port()));
        let certificate = certificate.der().to_vec();
        Self {
            server: Some(server),
            runtime,
            clock,
            id,
            certificate,
            sender_port,
            recipient_port,
            ticket_port,
            shares_port,
            _folder: folder,
        }
    }

    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    pub fn move_clock(&self, duration: Duration) {
        *self.clock.0.lock().expect("no test panicked") += duration;
    }

    pub fn entry(&self) -> serde_json::Value {
        let url = |port: u16| format!("https://localhost:{port}");
        serde_json::json!({
            "id": self.id,
            "name": format!("Capsules of {}", self.id),
            "organisation": self.id,
            "capsuleTypes": ["ecc_secp256r1", "ecc_secp384r1", "ecc_secp521r1", "rsa"],
            "senderUrl": format!("https://localhost:{}", self.sender_port),
            "recipientUrl": Some(self.recipient_port).filter(|port| *port != 0).map(url),
            "ticketUrl": self.ticket_port.map(url),
            "sharesUrl": self.shares_port.map(url),
            "certificates": [Base64::encode_string(&self.certificate)],
        })
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        capsule_api::Pin::from_der(&self.certificate).expect("a certificate").fingerprint()
    }
}

/// A port to listen to: below those that the system gives to connections, of which other tests make many.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(41);
    let mut candidates = std::iter::repeat_with(|| {
        let offset = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        u16::try_from(10_000 + offset).expect("below 30000")
    });
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("endless")
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).expect("written");
}

/// A list of these entries.
pub fn list(entries: &[serde_json::Value]) -> String {
    serde_json::json!({ "version": 1, "servers": entries }).to_string()
}
