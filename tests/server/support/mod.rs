//! What the tests share: a server on ports of its own, people with certificates, and a client that does what it is told.

mod client;
mod people;
pub mod postgres;
pub mod program;
mod tickets;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use capsule_api::{Audience, Origin, ServerId};
use capsule_server::{
    ClientFiles, Clock, Config, Endpoint, Limits, Ocsp, OcspMode, Server,
    store::{SharedStore, SqliteStore},
};
use tokio::runtime::Runtime;

pub use client::{Answer, Connection, connect_from, exchange, get, post, post_request, read_answer, tls, try_exchange};
pub use people::{Authority, Kind, NUMBER, Person, body_for, numbered, params, share_body};
pub use tickets::{Errand, Signed, nonce_request, ticket_request};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<SystemTime>);

impl TestClock {
    pub fn forward(&self, duration: Duration) {
        *self.0.lock().expect("free") += duration;
    }

    pub fn back(&self, duration: Duration) {
        *self.0.lock().expect("free") -= duration;
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().expect("free")
    }
}

/// A server in this process, with a store, a folder and a clock of its own.
pub struct Fixture {
    server: Option<Server>,
    runtime: Runtime,
    pub clock: Arc<TestClock>,
    pub certificate: Vec<u8>,
    pub folder: tempfile::TempDir,
}

/// What a test changes before its server starts.
pub struct Setup {
    pub limits: Limits,
    pub authorities: Vec<String>,
    pub listed: Vec<String>,
    pub ocsp: Ocsp,
    pub store: Option<SharedStore>,
    pub clean_up_every: Duration,
    /// How far the clock is ahead.
    pub ahead: Duration,
    /// Offers tickets, and which way else.
    pub ticket: Option<Offer>,
    /// Takes key shares.
    pub shares: Option<Offer>,
}

/// What a server with tickets is, and whether it takes client certificates, too.
#[derive(Clone)]
pub struct Offer {
    pub id: String,
    pub url: url::Url,
    pub listen: SocketAddr,
    pub certificates: bool,
}

impl Offer {
    /// Server `id` on a port of its own.
    pub fn new(id: &str) -> Self {
        let port = free_port();
        let url = format!("https://localhost:{port}").parse().expect("a URL");
        Self { id: id.to_owned(), url, listen: SocketAddr::from(([127, 0, 0, 1], port)), certificates: true }
    }

    /// Whose its nonces are.
    pub fn audience(&self) -> Audience {
        Audience::new(&ServerId::parse(&self.id).expect("an id"), &Origin::of(&self.url).expect("https"))
    }
}

impl Default for Setup {
    fn default() -> Self {
        // Tests come from few addresses, faster than people.
        let rate = capsule_server::Rate { per_second: 100_000, burst: 100_000 };
        let limits = Limits { connection_rate: rate, address_rate: rate, key_rate: rate, ..Limits::default() };
        let clean_up_every = Duration::from_millis(50);
        // Most authorities of tests have no responder.
        let ocsp = Ocsp { mode: OcspMode::Off, responder: None };
        Self {
            limits,
            authorities: Vec::new(),
            listed: Vec::new(),
            ocsp,
            store: None,
            clean_up_every,
            ahead: Duration::ZERO,
            ticket: None,
            shares: None,
        }
    }
}

impl Setup {
    pub fn listing(people: &[&Person]) -> Self {
        Self { listed: people.iter().map(|person| person.certificate_pem.clone()).collect(), ..Self::default() }
    }

    pub fn trusting(authority: &Authority) -> Self {
        Self { authorities: vec![authority.pem.clone()], ..Self::default() }
    }

    pub fn start(self) -> Fixture {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (certificate, key) = people::server_certificate();
        let write = |name: &str, contents: &str| std::fs::write(folder.path().join(name), contents).expect("written");
        write("server.pem", &certificate.pem());
        write("server-key.pem", &key.serialize_pem());
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("server-key.pem"), own).expect("ours");
        let clients = ClientFiles {
            authorities: files(folder.path(), "authority", &self.authorities),
            listed: files(folder.path(), "listed", &self.listed),
        };
        let mut config = config(folder.path());
        (config.limits, config.clients, config.clean_up_every) = (self.limits, clients, self.clean_up_every);
        config.ocsp = self.ocsp;
        if let Some(Offer { id, url, listen, certificates }) = self.ticket {
            config.id = ServerId::parse(&id).expect("an id");
            config.ticket = Some(Endpoint { listen, url });
            config.recipient = config.recipient.filter(|_| certificates);
        }
        if let Some(Offer { id, url, listen, .. }) = self.shares {
            config.id = ServerId::parse(&id).expect("an id");
            config.shares = Some(Endpoint { listen, url });
        }
        let clock = Arc::new(TestClock(Mutex::new(SystemTime::now() + self.ahead)));
        let runtime = Runtime::new().expect("a runtime");
        let store = self
            .store
            .unwrap_or_else(|| Arc::new(SqliteStore::open(&folder.path().join("capsules.sqlite")).expect("a store")));
        let clock_of_server: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let server = runtime.block_on(Server::start(&config, store, clock_of_server)).expect("it starts");
        Fixture { server: Some(server), runtime, clock, certificate: certificate.der().to_vec(), folder }
    }
}

fn files(folder: &Path, name: &str, contents: &[String]) -> Vec<PathBuf> {
    let write = |(number, contents): (usize, &String)| {
        let path = folder.join(format!("{name}{number}.pem"));
        std::fs::write(&path, contents).expect("written");
        path
    };
    contents.iter().enumerate().map(write).collect()
}

/// The smallest configuration, with ports that the system chooses.
pub fn config(folder: &Path) -> Config {
    let text = r#"
        server = { id = "test", organisation = "test" }
        sender = { listen = "127.0.0.1:0", url = "https://localhost:8443" }
        recipient = { listen = "127.0.0.1:0", url = "https://localhost:8444" }
        operations = { listen = "127.0.0.1:0" }
        tls = { certificate = "server.pem", key = "server-key.pem" }
        store = { sqlite = "capsules.sqlite" }
    "#;
    Config::parse(text, folder).expect("no mistake")
}

impl Fixture {
    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    pub fn sender(&self) -> SocketAddr {
        self.server().sender()
    }

    pub fn recipient(&self) -> SocketAddr {
        self.server().recipient().expect("it takes client certificates")
    }

    pub fn ticket(&self) -> SocketAddr {
        self.server().ticket().expect("it takes tickets")
    }

    pub fn operations(&self) -> SocketAddr {
        self.server().operations()
    }

    pub fn reload(&self) {
        self.server().reload();
    }

    pub fn stop(&mut self) {
        let server = self.server.take().expect("it runs");
        self.runtime.block_on(server.stop());
    }

    /// A connection to the sender interface.
    pub fn as_sender(&self) -> Connection {
        Connection::open(self.sender(), &self.certificate, None).expect("a sender is let in")
    }

    /// A connection to the recipient interface.
    pub fn as_recipient(&self, person: &Person) -> Connection {
        Connection::open(self.recipient(), &self.certificate, Some(person)).expect("connects")
    }

    /// A connection to the ticket interface.
    pub fn with_ticket(&self) -> Connection {
        Connection::open(self.ticket(), &self.certificate, None).expect("everybody is let in")
    }

    /// A connection to the shares interface.
    pub fn as_holder(&self) -> Connection {
        let address = self.server().shares().expect("it takes shares");
        Connection::open(address, &self.certificate, None).expect("everybody is let in")
    }

    /// Posts a body that must be taken; gives its path.
    pub fn take(&self, body: &str) -> String {
        let answer = exchange(&mut self.as_sender(), &post(body));
        assert_eq!(answer.status, 201);
        answer.header("location").expect("a location").to_owned()
    }

    /// What the operations port answers.
    pub fn ask_operations(&self, path: &str) -> Answer {
        let mut socket = std::net::TcpStream::connect(self.operations()).expect("connects");
        exchange(&mut socket, &get(path))
    }

    /// The value of a line of the metrics, 0 when it is not there.
    pub fn metric(&self, line: &str) -> u64 {
        let metrics = self.ask_operations("/metrics").body;
        let text = String::from_utf8(metrics).expect("text");
        let value = text.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a number"))
    }
}

/// A port for a program to listen to: below those that the system gives to connections, of which other tests make thousands.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(37);
    let candidates = std::iter::repeat_with(|| {
        let offset = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        u16::try_from(10_000 + offset).expect("below 30000")
    });
    let is_free =
        |port: &u16| TcpListener::bind(("::", *port)).is_ok() && TcpListener::bind(("0.0.0.0", *port)).is_ok();
    candidates.take(20_000).find(is_free).expect("a free port")
}

/// Waits until something is so, for as long as a busy machine may need.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}
