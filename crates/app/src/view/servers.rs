//! What a window shows of capsule servers, of the way capsules take, and of the network.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Code, ErrorView, FileId};

/// The servers of all lists.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServersView {
    /// The preferred ones first.
    pub servers: Vec<ServerView>,
    /// Identifiers of those that new capsules go to unless the person chooses others; none: inside the file.
    pub chosen: Vec<String>,
    /// Identifiers that the person chose and that cannot be used now.
    pub lost: Vec<String>,
    /// The file of the policy by which the person's own list does not count and cannot be changed.
    pub locked_by: Option<String>,
    /// A mistake in a list. No server is used until it is mended.
    pub problem: Option<ErrorView>,
}

/// A server of a list.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    /// What stands in containers.
    pub id: String,
    /// For people.
    pub name: String,
    /// Who runs it.
    pub organisation: String,
    /// Equal for servers of one organisation, however it is written: for comparing, not for people.
    pub owner: String,
    /// Which list names it.
    pub origin: ServerOrigin,
    /// Host and port for senders, then for recipients, each once.
    pub addresses: Vec<String>,
    /// Kinds of keys that it takes capsules for: `P-384`, `RSA`.
    pub algorithms: Vec<String>,
    /// Base URL of its key shares, as containers name it; absent: it keeps none.
    pub shares: Option<String>,
    /// By which it is known.
    pub certificates: Vec<PinView>,
    /// Unix seconds when the last of them ends, if that is within 30 days.
    pub ends_soon: Option<i64>,
    /// Why it cannot be used now, in the words of its list, or in English.
    pub problem: Option<String>,
    /// Whether that is that its list has expired.
    pub list_expired: bool,
}

/// Which list names a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerOrigin {
    /// The one that comes with the program.
    Shipped,
    /// The administrator's.
    System,
    /// The person's own, the only one that the window changes.
    Own,
    /// One that the program was started with.
    Given,
}

/// A server that did what no honest one does, while another opened the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeceitView {
    /// Which server, as its list or the container has it.
    pub server: String,
    /// For people; the identifier where no list has it.
    pub name: String,
    /// Who runs it, where a list says so.
    pub organisation: Option<String>,
    /// What it did.
    pub kind: DeceitKind,
}

/// What no honest server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DeceitKind {
    /// It gave a capsule that does not open the container.
    WrongCapsule,
    /// Its key is not the listed one: somebody answers in its place.
    AnotherKey,
    /// Its certificate has ended, was revoked, or is for another host.
    CertificateNotInOrder,
    /// It gave a nonce of another server, where a signature over it would count.
    ForeignNonce,
    /// It answers otherwise than a capsule server does.
    Misbehaved,
}

/// A certificate by which a server is known.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PinView {
    /// SHA-256 in hex.
    pub fingerprint: String,
    /// Unix seconds.
    pub valid_from: i64,
    /// Unix seconds.
    pub valid_until: i64,
}

/// A server to be added to the person's own list.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewServerDraft {
    /// What stands in containers.
    pub id: String,
    /// For people; absent: the identifier.
    pub name: Option<String>,
    /// Who runs it; absent: the host.
    pub organisation: Option<String>,
    /// `https://host:port` for senders.
    pub sender_url: String,
    /// The same for recipients.
    pub recipient_url: String,
}

/// A certificate that a server shows now and that is not in the list: for a person to compare.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShownCertificate {
    /// Host and port where it was shown.
    pub address: String,
    /// The certificate.
    pub certificate: PinView,
}

/// What was found at each address of a server.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerReport {
    /// First that for senders.
    pub addresses: Vec<AddressReport>,
    /// The first thing that went wrong.
    pub problem: Option<ErrorView>,
}

/// What was found at an address.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddressReport {
    /// Host and port.
    pub address: String,
    /// In order, up to the first that failed.
    pub steps: Vec<StepReport>,
}

/// What a step found.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// Which step.
    pub step: ServerStep,
    /// Whether it was right.
    pub good: bool,
    /// Technical detail in English.
    pub detail: String,
}

/// Steps on the way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerStep {
    /// The host name has an address.
    Resolve,
    /// The connection is there, through the proxy when there is one.
    Connect,
    /// TLS 1.3.
    Tls,
    /// The key is the listed one.
    Pin,
    /// The certificate covers the host name.
    HostName,
    /// The certificate is valid now.
    Validity,
    /// The stapled OCSP answer is in order.
    Ocsp,
    /// The server speaks as a capsule server.
    Api,
}

/// Where capsules shall go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDraft {
    /// Identifiers of servers, each of which gets the capsule of each recipient; none: inside the file.
    pub servers: Vec<String>,
    /// For how many days at most; absent: as long as certificate and server allow.
    pub days: Option<u32>,
    /// How many of the servers are needed to open.
    pub needed: Needed,
}

/// How many of several servers are needed to open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Needed {
    /// Any of them: each keeps the whole capsule.
    #[default]
    One,
    /// All of them: each keeps a share of the key.
    All,
}

/// Where capsules would go.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// Recipients whose capsule not every chosen server takes.
    pub left_out: Vec<LeftOut>,
    /// Recipients whose keys are split over servers, all of which are needed.
    pub shares: Vec<ShareView>,
    /// Until when servers are asked to keep the capsules, the earliest of them; unix seconds. Absent: as the servers decide.
    pub until: Option<i64>,
}

/// A recipient whose key is split over servers.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShareView {
    /// The recipient's name or code.
    pub recipient: String,
    /// Names of the servers, all of which are needed.
    pub servers: Vec<String>,
    /// Names of chosen servers that get no share: they keep none, or their organisation has one already.
    pub left_out: Vec<String>,
}

/// A recipient whose kind of key some chosen servers do not take.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The recipient's name.
    pub recipient: String,
    /// Names of those servers.
    pub servers: Vec<String>,
}

/// How far a server is that capsules are brought to or fetched from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerProgress {
    /// Identifier.
    pub id: String,
    /// For people.
    pub name: String,
    /// How far.
    pub state: ServerState,
    /// Why it failed.
    pub code: Option<Code>,
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// Its answer is awaited.
    Asked,
    /// It has done what was asked.
    Answered,
    /// It has not, for good.
    Failed,
}

/// A certificate file for a key that comes without one.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeyCertificateView {
    /// Names the file in further commands.
    pub id: FileId,
    /// Base name.
    pub name: String,
    /// Why it cannot be used: no certificate, or for no key that the container asks for.
    pub problem: Option<ErrorView>,
}

/// How the network is used.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// The way out of the network.
    pub proxy: ProxyKind,
    /// `http://host:port` of a given proxy, else empty.
    pub address: String,
    /// The name for the proxy, else empty.
    pub user: String,
    /// Whether the system's keyring holds a password for it.
    pub has_password: bool,
    /// The administrator has decided about it for those who decide nothing themselves.
    pub by_administrator: bool,
    /// A mistake in the settings of the network. No server is used until it is mended.
    pub problem: Option<ErrorView>,
}

/// How the network shall be used; the password comes beside it.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NetworkDraft {
    /// The way out of the network.
    pub proxy: ProxyKind,
    /// `http://host:port` of a given proxy, else ignored.
    pub address: String,
    /// The name for the proxy, empty for none.
    pub user: String,
}

/// The way out of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProxyKind {
    /// As the system says.
    System,
    /// Always by one.
    Given,
    /// Directly.
    None,
}
