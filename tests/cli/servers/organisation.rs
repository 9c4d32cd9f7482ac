//! An organisation's capsule server in this process.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
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
    pub recipient_port: u16,
    _folder: tempfile::TempDir,
}

impl Organisation {
    /// Starts a server that gives capsules to the holders of these certificates.
    pub fn start(id: &'static str, clients: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.is_ca = IsCa::ExplicitNoCa;
        let certificate = params.self_signed(&key).expect("a certificate");
        write(folder.path(), "server.pem", &certificate.pem());
        write(folder.path(), "server-key.pem", &key.serialize_pem());
        let text = format!(
            r#"
            server = {{ id = "{id}", organisation = "{id}" }}
            sender = {{ listen = "127.0.0.1:0", url = "https://localhost:8443" }}
            recipient = {{ listen = "127.0.0.1:0", url = "https://localhost:8444" }}
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
            (server.sender().port(), server.recipient().expect("it takes client certificates").port());
        let certificate = certificate.der().to_vec();
        Self { server: Some(server), runtime, clock, id, certificate, sender_port, recipient_port, _folder: folder }
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
        serde_json::json!({
            "id": self.id,
            "name": format!("Capsules of {}", self.id),
            "organisation": self.id,
            "capsuleTypes": ["ecc_secp256r1", "ecc_secp384r1", "ecc_secp521r1", "rsa"],
            "senderUrl": format!("https://localhost:{}", self.sender_port),
            "recipientUrl": format!("https://localhost:{}", self.recipient_port),
            "certificates": [Base64::encode_string(&self.certificate)],
        })
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        capsule_api::Pin::from_der(&self.certificate).expect("a certificate").fingerprint()
    }
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).expect("written");
}

/// A list of these entries.
pub fn list(entries: &[serde_json::Value]) -> String {
    serde_json::json!({ "version": 1, "servers": entries }).to_string()
}
