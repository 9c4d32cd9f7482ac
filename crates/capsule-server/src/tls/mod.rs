//! TLS 1.3, nothing older: certificates from files, read again while the server runs.

mod clients;
mod key;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use der::Decode;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{NoServerSessionStorage, danger::ClientCertVerifier},
    time_provider::TimeProvider,
    version::TLS13,
};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;

pub(crate) use clients::has_key_usage;
pub(crate) use key::ClientKey;

use crate::{
    Clock,
    clock::unix,
    config::{ClientFiles, TlsFiles},
    revocation::Subject,
};

/// Largest file of certificates that is read, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// A file that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// What both interfaces present and accept, replaced as a whole.
pub(crate) struct Tls {
    files: Files,
    clock: Arc<dyn Clock>,
    current: RwLock<Current>,
}

struct Current {
    sender: Arc<ServerConfig>,
    recipient: Arc<ServerConfig>,
    not_after: u64,
    /// The server's own certificate.
    leaf: CertificateDer<'static>,
    authorities: Arc<[CertificateDer<'static>]>,
    listed: Arc<HashSet<Vec<u8>>>,
    clients: Arc<clients::ClientCertificates>,
    /// Of the files' contents.
    digest: [u8; 32],
}

/// Where certificates and keys are.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) server: TlsFiles,
    pub(crate) clients: ClientFiles,
}

impl Tls {
    /// # Errors
    /// [`FileError`].
    pub(crate) fn load(files: Files, clock: Arc<dyn Clock>) -> Result<Self, FileError> {
        let current = RwLock::new(Current::load(&files, &clock)?);
        Ok(Self { files, clock, current })
    }

    /// For the sender interface: no client certificate is asked for.
    pub(crate) fn sender(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().expect("nobody panics while replacing").sender)
    }

    /// For the recipient interface.
    pub(crate) fn recipient(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().expect("nobody panics while replacing").recipient)
    }

    /// Until when the server's certificate is valid, in seconds since 1970.
    pub(crate) fn not_after(&self) -> u64 {
        self.current.read().expect("nobody panics while replacing").not_after
    }

    /// Whether a certificate is one that may authenticate, as on the recipient interface. The authorities between it and those of the
    /// configuration must be configured, too.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn is_let_in(&self, certificate: &[u8]) -> Result<(), rustls::Error> {
        let clients = Arc::clone(&self.current.read().expect("nobody panics while replacing").clients);
        let now = RustlsClock(Arc::clone(&self.clock)).current_time().ok_or(rustls::Error::FailedToGetCurrentTime)?;
        clients.verify_client_cert(&CertificateDer::from(certificate), &[], now).map(drop)
    }

    /// What is asked about, of a client whose chain was verified: nothing when his certificate is listed.
    pub(crate) fn subject(&self, chain: &[CertificateDer<'_>]) -> Option<Subject> {
        let (authorities, listed) = {
            let current = self.current.read().expect("nobody panics while replacing");
            (Arc::clone(&current.authorities), Arc::clone(&current.listed))
        };
        let is_listed = chain.first().is_some_and(|leaf| listed.contains(leaf.as_ref()));
        if is_listed { None } else { Subject::new(chain, &authorities) }
    }

    /// Reads the files again. When one cannot be used, or `accept` refuses the server's certificate, everything stays as it is.
    ///
    /// # Errors
    /// [`FileError`], or what `accept` says.
    pub(crate) fn reload<E: From<FileError>>(
        &self,
        accept: impl FnOnce(&CertificateDer<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let fresh = Current::load(&self.files, &self.clock)?;
        accept(&fresh.leaf)?;
        *self.current.write().expect("nobody panics while replacing") = fresh;
        Ok(())
    }

    /// Whether the files are not those in use any more.
    pub(crate) fn is_stale(&self) -> bool {
        let digest = self.current.read().expect("nobody panics while replacing").digest;
        self.files.digest().is_ok_and(|now| now != digest)
    }
}

impl Files {
    fn all(&self) -> impl Iterator<Item = &Path> {
        let own = [&self.server.certificate, &self.server.key];
        own.into_iter().chain(&self.clients.authorities).chain(&self.clients.listed).map(PathBuf::as_path)
    }

    fn digest(&self) -> Result<[u8; 32], FileError> {
        let mut digest = Sha256::new();
        for path in self.all() {
            let contents = contents(path)?;
            digest.update((contents.len() as u64).to_be_bytes());
            digest.update(&contents);
        }
        Ok(digest.finalize().into())
    }
}

impl Current {
    fn load(files: &Files, clock: &Arc<dyn Clock>) -> Result<Self, FileError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Before the files are read: one that changes meanwhile is found to be stale.
        let digest = files.digest()?;
        let sender = Arc::new(server_config(files, clock, &provider, None)?);
        let (listed, authorities) = (all(&files.clients.listed)?, all(&files.clients.authorities)?);
        let clients = client_certificates(&files.clients, listed.clone(), authorities.clone(), &provider)?;
        let clients = Arc::new(clients);
        let recipient = Arc::new(server_config(files, clock, &provider, Some(Arc::clone(&clients)))?);
        let leaf = certificates(&files.server.certificate)?.swap_remove(0);
        let parsed =
            Certificate::from_der(&leaf).map_err(|error| failed(&files.server.certificate, error.to_string()))?;
        let not_after = parsed.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
        let listed = Arc::new(listed.into_iter().map(|certificate| certificate.to_vec()).collect());
        Ok(Self { sender, recipient, not_after, leaf, authorities: authorities.into(), listed, clients, digest })
    }
}

fn server_config(
    files: &Files,
    clock: &Arc<dyn Clock>,
    provider: &Arc<CryptoProvider>,
    clients: Option<Arc<clients::ClientCertificates>>,
) -> Result<ServerConfig, FileError> {
    let TlsFiles { certificate, key } = &files.server;
    let with_clients = clients.is_some();
    let builder = ServerConfig::builder_with_details(Arc::clone(provider), Arc::new(RustlsClock(Arc::clone(clock))))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has TLS 1.3");
    let builder = match clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(certificates(certificate)?, private_key(key)?)
        .map_err(|error| failed(key, format!("does not go with the certificate: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if with_clients {
        // A resumed session would not look at the client's certificate again.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

fn client_certificates(
    files: &ClientFiles,
    listed: Vec<CertificateDer<'static>>,
    authorities: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<clients::ClientCertificates, FileError> {
    let first = files.authorities.first().or(files.listed.first()).unwrap_or(&PathBuf::new()).clone();
    clients::ClientCertificates::new(listed, authorities, provider).map_err(|reason| failed(&first, reason))
}

fn all(paths: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(certificates(path)?);
    }
    Ok(all)
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
/// [`FileError`].
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let contents = contents(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(failed(path, "there is no certificate in it, in PEM")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(failed(path, format!("cannot be read as PEM: {error}"))),
    }
}

/// The private key of a PEM file.
///
/// # Errors
/// [`FileError`].
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    PrivateKeyDer::from_pem_slice(&contents(path)?)
        .map_err(|_| failed(path, "there is no private key in it, in PEM and without a password"))
}

fn contents(path: &Path) -> Result<Vec<u8>, FileError> {
    let read = || {
        if fs::metadata(path)?.len() > MAX_FILE {
            return Err(std::io::Error::other("is too large"));
        }
        fs::read(path)
    };
    read().map_err(|error| failed(path, error.to_string()))
}

fn failed(path: &Path, reason: impl Into<String>) -> FileError {
    FileError { path: path.to_owned(), reason: reason.into() }
}

/// Certificates are valid by the server's clock.
#[derive(Debug)]
struct RustlsClock(Arc<dyn Clock>);

impl TimeProvider for RustlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(unix(self.0.now())).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}
