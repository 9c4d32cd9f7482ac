//! Everything that can stand between a capsule and its server, separated by who is at fault and what helps.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use capsule_api::{CapsuleType, ListError, ServerId};
use cdoc2::{KeyError, shown};

use crate::{servers::Layer, tls::PeerProblem};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a capsule was not delivered or not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list of servers cannot be used.
    #[error(transparent)]
    List(Arc<ListTrouble>),
    /// No list has a server of this identifier, which may be a stranger's words.
    #[error("no server list has the server {}", shown(.0))]
    UnknownServer(String),
    /// The entry cannot be used; nothing was sent.
    #[error("the server {server} cannot be used: {reason}")]
    Unusable {
        /// Which server.
        server: ServerId,
        /// Why: the entry's own words, or that its list has expired.
        reason: String,
    },
    /// The server takes no capsules for keys of this kind.
    #[error("the server {server} takes no capsules for keys of the kind {}", kind(*.capsule_type))]
    TypeNotTaken {
        /// Which server.
        server: ServerId,
        /// The kind of the recipient's key.
        capsule_type: CapsuleType,
    },
    /// The key material cannot stand in a capsule.
    #[error("the recipient's key cannot stand in a capsule on a server: {0}")]
    Capsule(#[source] capsule_api::CapsuleError),
    /// The record's identifier is none that a server gives. It may be a stranger's words.
    #[error("the container names a capsule by an identifier that no server gives")]
    TransactionId(#[source] capsule_api::IdError),
    /// The server wants to see a certificate, and none is known for the key.
    #[error("the server {server} wants the certificate of the key, and the key comes without one")]
    CertificateNeeded {
        /// Which server.
        server: ServerId,
    },
    /// One server, and what went wrong with it.
    #[error("the server {server}: {cause}")]
    Server {
        /// Which server.
        server: ServerId,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
    /// Both ways to one server were tried, and neither led to its capsule.
    #[error("the server {server}: by ticket at {ticket}; by client certificate at {certificate}")]
    BothWays {
        /// Which server.
        server: ServerId,
        /// What went wrong first.
        ticket: Arc<WayFailure>,
        /// What went wrong then.
        certificate: Arc<WayFailure>,
    },
    /// Several servers were asked, and none gave the capsule. At least two.
    #[error("{}", joined(.0))]
    Several(Vec<Error>),
    /// A delivery failed when some servers had taken their part; nothing takes that back. At least one.
    #[error("{failure}; what {} took already stays there until it expires, and opens nothing", ids(.servers))]
    Left {
        /// What went wrong.
        #[source]
        failure: Box<Error>,
        /// Who has taken something.
        servers: Vec<ServerId>,
    },
    /// Of the servers of a key's shares, all of which are needed, some did not give theirs. At least one.
    #[error("all {needed} servers of the key's shares are needed; {}", joined(.failures))]
    Shares {
        /// How many there are.
        needed: usize,
        /// What went wrong, with each of them.
        failures: Vec<Error>,
    },
    /// The recipient of shares is no person as servers know them.
    #[error("the recipient of key shares must be a person, such as etsi/PNOEE-48010010101")]
    Person,
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The system gives no threads.
    #[error("the connection to servers could not be set up: {0}")]
    Runtime(#[source] Arc<io::Error>),
}

/// What went wrong on one of the ways to a server.
#[derive(Debug)]
pub struct WayFailure {
    /// Host and port.
    pub address: String,
    /// What went wrong there.
    pub error: Error,
}

impl fmt::Display for WayFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Error::Server { cause, .. } => write!(f, "{}: {cause}", self.address),
            error => write!(f, "{}: {error}", self.address),
        }
    }
}

/// What went wrong with one server.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Its name has no address.
    #[error("the name {host} cannot be resolved: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// No connection to it, or to the proxy on the way.
    #[error("no connection to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// It, or a step on the way to it, took longer than allowed.
    #[error("no answer within {} s ({})", .after.as_secs_f32(), .step.words())]
    Timeout {
        /// What was being done.
        step: Step,
        /// The time allowed.
        after: Duration,
    },
    /// The proxy on the way does not let the connection through.
    #[error("the proxy {proxy} {problem}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// What it did.
        problem: ProxyProblem,
    },
    /// The server is not the one that the list names, or not in order.
    #[error("{0}")]
    Peer(#[source] PeerProblem),
    /// No TLS 1.3 with it, for another reason.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// It refuses the client certificate, in the words of TLS or HTTP.
    #[error("it refuses the certificate of the key ({0})")]
    CertificateRefused(String),
    /// It refuses the client certificate as expired.
    #[error("it refuses the certificate of the key as expired")]
    CertificateExpired,
    /// It refuses the client certificate as revoked.
    #[error("it refuses the certificate of the key as revoked")]
    CertificateRevoked,
    /// The key could not sign: PIN, card, token.
    #[error("the key did not sign: {0}")]
    Key(#[source] Arc<KeyError>),
    /// The connection broke; whether the request arrived is not known.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// Expired, never there, or for another key: a server does not tell which.
    #[error("it has no such capsule for this key; it may have expired")]
    NotFound,
    /// The same of a share.
    #[error("it has no such share for this person; it may have expired")]
    NoShare,
    /// Signing took longer than its nonce counts. Nothing was sent.
    #[error("signing took longer than the {} s for which it counts", .after.as_secs_f32())]
    SignedTooLate {
        /// The time allowed.
        after: Duration,
    },
    /// It is overloaded or not ready; or, when it was shown a certificate, nobody tells it whether that is revoked.
    #[error("{}", busy(*.status, *.shown_certificate))]
    Busy {
        /// HTTP status: 429 or 503.
        status: u16,
        /// Whether it was shown a certificate.
        shown_certificate: bool,
        /// When it asks to come back.
        retry_after: Option<Duration>,
    },
    /// It answers with an error.
    #[error("it answers with the error {0}")]
    Status(u16),
    /// It gave a nonce of another server, at which a signature for it could be used. Nothing was signed for it.
    #[error("it gave a nonce of another server; nothing was signed for it")]
    ForeignNonce,
    /// It breaks the protocol.
    #[error("it does not answer as a capsule server does: {0}")]
    Misbehaved(&'static str),
}

fn busy(status: u16, shown_certificate: bool) -> String {
    match status {
        503 if shown_certificate => {
            "it cannot answer now (503): it is busy, or cannot learn whether your certificate is revoked".to_owned()
        }
        _ => format!("it is busy ({status})"),
    }
}

/// What was being done when the time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Connecting, with the handshake.
    Connecting,
    /// Sending, and waiting for the answer.
    Answering,
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Answering => "waiting for the answer",
        }
    }
}

/// What a proxy did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyProblem {
    /// Its address is not `http://host:port`.
    #[error("is of a kind that is not supported; give http://host:port")]
    Unsupported,
    /// It cannot be reached, in the system's words.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// It wants a name and password, or other ones.
    #[error("wants another name and password")]
    Credentials,
    /// It does not connect to the server (HTTP status).
    #[error("does not connect to the server ({0})")]
    Refused(u16),
    /// It speaks no HTTP.
    #[error("does not answer as a proxy does")]
    Misbehaved,
}

/// Why a server list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListTrouble {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A mistake, with file and entry.
    #[error(transparent)]
    Mistake(#[from] ListError),
    /// Two lists have identifiers that a person would take for one.
    #[error("{origin}, server `{id}`: this identifier differs from `{other}` of {other_origin} in case only")]
    Confusable {
        /// The list.
        origin: String,
        /// Its entry.
        id: ServerId,
        /// The other entry.
        other: ServerId,
        /// The list of the other.
        other_origin: String,
    },
    /// A list to be imported that is older than what is there, or not signed as that was.
    #[error("{origin}, server `{id}`: {problem}")]
    Superseded {
        /// The list.
        origin: String,
        /// Its entry, which the person's own list has from elsewhere.
        id: ServerId,
        /// Why it is not taken, in words.
        problem: String,
    },
    /// A mistake in the administrator's policy.
    #[error("{}, line {line}: {problem}", .path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The administrator's policy closes the lists of a layer.
    #[error("the administrator's policy {} closes {}", .policy.display(), closed_layer(*.layer))]
    Closed {
        /// The policy's file.
        policy: PathBuf,
        /// What is closed.
        layer: Layer,
    },
    /// A list that must be signed, and is not as it must, in words.
    #[error("{origin}: {problem}")]
    Signature {
        /// The list.
        origin: String,
        /// What is wrong.
        problem: String,
    },
    /// The list that the policy names was not fetched, or is not taken.
    #[error("the list {url} was not taken: {problem}; {}", copy_in_words(*.in_force))]
    Remote {
        /// Where it comes from.
        url: String,
        /// Serial of the copy that stays in force.
        in_force: Option<u64>,
        /// What went wrong.
        problem: RemoteProblem,
    },
    /// A central configuration that is not what it should be, in words.
    #[error("{origin}: {problem}")]
    Central {
        /// The file.
        origin: String,
        /// What is wrong.
        problem: String,
    },
}

/// Why a remote list is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoteProblem {
    /// It cannot be fetched.
    #[error("{0}")]
    Network(#[source] Box<Cause>),
    /// It is not what it must be, in words.
    #[error("{0}")]
    Refused(String),
}

fn closed_layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Shipped => "the list that ships",
        Layer::System => "the system's list",
        Layer::User => "the person's own list",
        Layer::Given => "lists that are named for one run",
    }
}

fn copy_in_words(serial: Option<u64>) -> String {
    match serial {
        Some(serial) => format!("the copy with serial {serial} stays in force"),
        None => "there is no copy of it".to_owned(),
    }
}

impl From<ListTrouble> for Error {
    fn from(trouble: ListTrouble) -> Self {
        Self::List(Arc::new(trouble))
    }
}

impl Cause {
    /// Whether the server does what no honest one does, or is not the one that the list names.
    pub(crate) fn is_deceit(&self) -> bool {
        matches!(self, Self::ForeignNonce | Self::Misbehaved(_) | Self::Peer(_))
    }

    /// Whether trying again may help, without asking anybody.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Connect { .. } | Self::Lost(_) => true,
            Self::Busy { retry_after, .. } => retry_after.is_none_or(|after| after <= Duration::from_secs(5)),
            _ => false,
        }
    }
}

impl Error {
    pub(crate) fn of(server: &ServerId, cause: Cause) -> Self {
        Self::Server { server: server.clone(), cause }
    }

    /// All failures as one, in the order of their servers: whichever came first is chance.
    pub(crate) fn of_all(failures: Vec<Self>) -> Self {
        let mut failures = by_server(failures);
        match failures.len() {
            1 => failures.remove(0),
            _ => Self::Several(failures),
        }
    }

    /// Those of the servers of a key's shares, in the order of the servers.
    pub(crate) fn of_shares(needed: usize, failures: Vec<Self>) -> Self {
        Self::Shares { needed, failures: by_server(failures) }
    }

    /// The server that it is about, where it is one, which may be a stranger's words.
    pub fn server(&self) -> Option<&str> {
        match self {
            Self::UnknownServer(id) => Some(id),
            Self::Unusable { server, .. }
            | Self::TypeNotTaken { server, .. }
            | Self::CertificateNeeded { server }
            | Self::Server { server, .. }
            | Self::BothWays { server, .. } => Some(server.as_str()),
            _ => None,
        }
    }

    /// What the person must hear of although another server opens the container: which server lies, or is not the one that the list names.
    pub fn deceits(&self) -> Vec<(&ServerId, &Cause)> {
        match self {
            Self::Server { server, cause } if cause.is_deceit() => vec![(server, cause)],
            error => error.parts().into_iter().flat_map(Self::deceits).collect(),
        }
    }

    pub(crate) fn is_deceit(&self) -> bool {
        !self.deceits().is_empty()
    }

    /// The failures that it consists of, where they are several.
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Several(failures) | Self::Shares { failures, .. } => failures.iter().collect(),
            Self::BothWays { ticket, certificate, .. } => vec![&ticket.error, &certificate.error],
            Self::Left { failure, .. } => vec![failure],
            _ => Vec::new(),
        }
    }

    /// The failure that a person should hear of first: what is alarming, then what may pass, then what needs somebody's help, then what is
    /// for good; among equals, of the first. An error of one server is its own.
    ///
    /// ```
    /// use capsule_client::Error;
    ///
    /// let failures = vec![Error::UnknownServer("a".into()), Error::Cancelled];
    /// assert!(matches!(Error::Several(failures).most_telling(), Error::Cancelled));
    /// ```
    pub fn most_telling(&self) -> &Self {
        let parts = self.parts().into_iter().rev().map(Self::most_telling);
        parts.max_by_key(|failure| failure.weight()).unwrap_or(self)
    }

    fn weight(&self) -> u8 {
        match self {
            Self::Cancelled => 9,
            Self::Server { cause, .. } => match cause {
                Cause::Peer(_) | Cause::ForeignNonce => 8,
                Cause::Key(_) | Cause::SignedTooLate { .. } => 7,
                Cause::Lost(_) | Cause::Busy { .. } | Cause::Status(_) | Cause::Tls(_) | Cause::Misbehaved(_) => 5,
                Cause::Resolve { .. } | Cause::Connect { .. } | Cause::Timeout { .. } | Cause::Proxy { .. } => 6,
                Cause::CertificateExpired | Cause::CertificateRevoked | Cause::CertificateRefused(_) => 4,
                Cause::NotFound | Cause::NoShare => 2,
            },
            Self::CertificateNeeded { .. } => 4,
            Self::List(_) | Self::Unusable { .. } => 3,
            _ => 1,
        }
    }
}

fn by_server(mut failures: Vec<Error>) -> Vec<Error> {
    failures.sort_by(|one, other| one.server().cmp(&other.server()));
    failures
}

fn ids(servers: &[ServerId]) -> String {
    servers.iter().map(ServerId::as_str).collect::<Vec<_>>().join(", ")
}

fn joined(failures: &[Error]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A kind of key in the field's terms.
fn kind(capsule_type: CapsuleType) -> &'static str {
    match capsule_type {
        CapsuleType::EcP256 => "P-256",
        CapsuleType::EcP384 => "P-384",
        CapsuleType::EcP521 => "P-521",
        CapsuleType::Rsa => "RSA",
    }
}
