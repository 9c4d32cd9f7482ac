//! An organisation's capsule server in this process.
#![allow(dead_code, reason = "each of the tests needs a part of it")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_api::ExpiryPolicy;
use capsule_server::{ClientFiles, Clock, Config, Server, StoreConfig, store::SqliteStore};
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
    config: Config,
    /// A certificate for later.
    next: Option<Vec<u8>>,
    folder: tempfile::TempDir,
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
        let certificate = make_certificate(folder.path(), "server");
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
        let clock = Arc::new(MovedClock(Mutex::default()));
        let runtime = Runtime::new().expect("a runtime");
        let server = run(&runtime, &config, &clock);
        let (sender_port, recipient_port) =
            (server.sender().port(), server.recipient().map_or(0, |address| address.port()));
        config.sender.listen.set_port(sender_port);
        if let Some(recipient) = &mut config.recipient {
            recipient.listen.set_port(recipient_port);
        }
        Self {
            server: Some(server),
            runtime,
            clock,
            config,
            next: None,
            id,
            certificate,
            sender_port,
            recipient_port,
            ticket_port,
            shares_port,
            folder,
        }
    }

    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    /// Begins again at the same ports, with what it has stored.
    pub fn begin_again(&mut self) {
        self.stop();
        self.server = Some(run(&self.runtime, &self.config, &self.clock));
    }

    /// Begins again, and keeps nothing new for longer.
    pub fn keep_at_most(&mut self, time: Duration) {
        self.config.expiry = ExpiryPolicy { default: time, maximum: time };
        self.begin_again();
    }

    /// Makes a key and a certificate for later: from now on the entry has both.
    pub fn make_next_certificate(&mut self) {
        self.next = Some(make_certificate(self.folder.path(), "next"));
    }

    /// Ends, and begins again at the same ports with the next certificate.
    pub fn begin_again_with_next(&mut self) {
        self.stop();
        for (next, now) in [("next.pem", "server.pem"), ("next-key.pem", "server-key.pem")] {
            fs::rename(self.folder.path().join(next), self.folder.path().join(now)).expect("it was made");
        }
        self.certificate = self.next.take().expect("it was made");
        self.begin_again();
    }

    pub fn move_clock(&self, duration: Duration) {
        *self.clock.0.lock().expect("no test panicked") += duration;
    }

    /// Gives from now on, for each capsule that it has, another one.
    pub fn exchange_capsules(&self) {
        const PROGRAM: &str = "
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=30) as store:
    rows = store.execute('SELECT number, body FROM capsule ORDER BY number').fetchall()
    bodies = [body for _, body in rows]
    store.executemany('UPDATE capsule SET body = ? WHERE number = ?',
        [(body, number) for (number, _), body in zip(rows, bodies[1:] + bodies[:1])])
";
        let store = self.folder.path().join("capsules.sqlite");
        let status = Command::new("python3").args(["-c", PROGRAM]).arg(store).status();
        assert!(status.expect("Python is installed").success());
    }

    pub fn entry(&self) -> serde_json::Value {
        let url = |port: u16| format!("https://localhost:{port}");
        let certificates: Vec<_> =
            [&self.certificate].into_iter().chain(&self.next).map(|it| Base64::encode_string(it)).collect();
        serde_json::json!({
            "id": self.id,
            "name": format!("Capsules of {}", self.id),
            "organisation": self.id,
            "capsuleTypes": ["ecc_secp256r1", "ecc_secp384r1", "ecc_secp521r1", "rsa"],
            "senderUrl": format!("https://localhost:{}", self.sender_port),
            "recipientUrl": Some(self.recipient_port).filter(|port| *port != 0).map(url),
            "ticketUrl": self.ticket_port.map(url),
            "sharesUrl": self.shares_port.map(url),
            "certificates": certificates,
        })
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        capsule_api::Pin::from_der(&self.certificate).expect("a certificate").fingerprint()
    }
}

fn run(runtime: &Runtime, config: &Config, clock: &Arc<MovedClock>) -> Server {
    let StoreConfig::Sqlite { path } = &config.store else { panic!("it was configured so") };
    let store = Arc::new(SqliteStore::open(path).expect("a store"));
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    runtime.block_on(Server::start(config, store, clock)).expect("it starts")
}

/// Writes `NAME.pem` and `NAME-key.pem`; gives the certificate.
pub fn make_certificate(folder: &Path, name: &str) -> Vec<u8> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.is_ca = IsCa::ExplicitNoCa;
    let certificate = params.self_signed(&key).expect("a certificate");
    write(folder, &format!("{name}.pem"), &certificate.pem());
    write(folder, &format!("{name}-key.pem"), &key.serialize_pem());
    certificate.der().to_vec()
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
