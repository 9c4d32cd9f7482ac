//! The list of servers that a client talks to, and the keys they must show.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    time::SystemTime,
};

use base64ct::{Base64, Encoding};
use der::{Decode, DecodePem, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;
use x509_cert::Certificate;

use crate::{CapsuleType, Expiry, Owner, ServerId, address::https_url, object::Object};

/// Largest list that is read, in bytes.
const MAX_LIST: usize = 4 << 20;
/// Most servers of a list.
const MAX_SERVERS: usize = 1000;
/// Most certificates of a server: the one in use, the next one, and some to spare.
const MAX_PINS: usize = 16;
/// Most characters of a text that people read.
const MAX_TEXT: usize = 200;

/// Servers that a client may talk to. Nothing in it is half right: a list with one mistake is refused as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerList {
    /// Grows with each published version of a list; a client never goes back.
    pub serial: Option<u64>,
    /// After this moment the list is no longer used.
    pub expires: Option<Expiry>,
    /// By which key it was signed, when its signature was checked; no part of the file.
    pub signed_by: Option<KeyFingerprint>,
    /// In the order of preference.
    pub servers: Vec<Server>,
}

/// What the list says of itself that an entry comes from. It goes with the entry into other lists, so that an entry ends with its list, and an older
/// list does not come after a newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edition {
    /// The list's serial.
    pub serial: Option<u64>,
    /// After this moment the entry is no longer used.
    pub expires: Option<Expiry>,
    /// By which key the list was signed, when that was checked.
    pub signed_by: Option<KeyFingerprint>,
}

/// SHA-256 of a public key by which lists are signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyFingerprint([u8; 32]);

impl KeyFingerprint {
    /// Of a key's encoding, which is the caller's choice, and always the same.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = hex::decode(text).ok().filter(|_| lower)?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFingerprint({self})")
    }
}

/// A server of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What stands in containers.
    pub id: ServerId,
    /// For people.
    pub name: String,
    /// Who runs it; servers of one organisation have the same, so that shares go to different ones.
    pub organisation: String,
    /// Capsules that it takes, in no order.
    pub capsule_types: BTreeSet<CapsuleType>,
    /// Where senders post capsules.
    pub sender_url: Url,
    /// Where recipients fetch them, with a client certificate.
    pub recipient_url: Option<Url>,
    /// Where recipients fetch them with a ticket; `None` when the server takes none.
    pub ticket_url: Option<Url>,
    /// Base URL of the key shares server, as it stands in containers.
    pub shares_url: Option<Url>,
    /// The server shows one of these certificates, or another with the key of one of them.
    pub pins: Vec<Pin>,
    /// Why this entry cannot be used yet; such a server is never connected to.
    pub incomplete: Option<String>,
    /// Where it was imported from, when that names authorities instead of the server's own certificates.
    pub imported_from: Option<ImportSource>,
    /// Of the list that it was taken from into this one.
    pub edition: Edition,
}

/// A source of entries that vouches for servers by authorities. Pins that come from it are right while the authority has not given the
/// server another key: it tells nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ImportSource {
    /// The central configuration of Estonia's eID.
    CentralConfiguration,
}

/// A certificate by which a server is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    der: Vec<u8>,
    public_key: Vec<u8>,
    not_before: SystemTime,
    not_after: SystemTime,
}

/// A mistake in a list: where it is and what it is.
#[derive(Debug, thiserror::Error)]
#[error("{origin}{}: {problem}", .server.as_ref().map(|server| format!(", {server}")).unwrap_or_default())]
pub struct ListError {
    /// The list's file or address, as the caller named it.
    pub origin: String,
    /// The entry by identifier, or by number when its identifier is the mistake.
    pub server: Option<String>,
    /// What is wrong.
    pub problem: ListProblem,
}

/// What is wrong with a list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListProblem {
    /// More than 4 MiB or 1000 servers.
    #[error("the list is too large")]
    TooLarge,
    /// Another encoding than UTF-8, as some editors write it.
    #[error("this is UTF-16: save it as UTF-8")]
    Utf16,
    /// Not JSON, or a member is missing, unknown, or stands twice. Line and column are told.
    #[error("{0}")]
    Json(#[source] serde_json::Error),
    /// A version of the format that is not known.
    #[error("version {0} of the format is not known")]
    Version(u32),
    /// The expiry is no date and time.
    #[error("`expires` is no date and time by RFC 3339")]
    Expires,
    /// The expiry of the list that an entry was taken from is none.
    #[error("`edition`: `expires` is no date and time by RFC 3339")]
    EditionExpires,
    /// The key that signed the list that an entry was taken from.
    #[error("`edition`: `signedBy` must be SHA-256 in hex, 64 characters")]
    SignedBy,
    /// An identifier that none may have.
    #[error("`id` must be 1 to 128 printable characters without spaces")]
    Id,
    /// Two entries have one identifier.
    #[error("this identifier stands twice")]
    Duplicate,
    /// Two identifiers differ in case only.
    #[error("this identifier differs from `{0}` in case only")]
    Confusable(ServerId),
    /// Two organisations that people would take for one: whoever splits a key over both would be deceived.
    #[error("the `organisation` {0:?} looks like {1:?} of another entry: write both alike, or call one something else")]
    Organisations(String, String),
    /// A text that is blank, longer than 200 characters, or not seen as it stands.
    #[error("`{0}` must be 1 to 200 characters, not blank, with nothing that is invisible or reorders text")]
    Text(&'static str),
    /// Not `https`, or with more than host and port.
    #[error("`{0}` must be an https URL of host and port alone, written as it is used (https://host.example:8443)")]
    Url(&'static str),
    /// Not `https`, or with more than host, port and path.
    #[error(
        "`{0}` must be an https URL of host, port and path alone, written as it is used (https://host.example:8443/path)"
    )]
    BaseUrl(&'static str),
    /// The server takes no capsule and holds no shares.
    #[error(
        "`capsuleTypes` is empty, and there is no `sharesUrl`: name what it takes, such as \"ecc_secp384r1\", \"rsa\""
    )]
    NoCapsuleTypes,
    /// Neither a recipient nor a ticket URL: what is posted could not be fetched.
    #[error("neither `recipientUrl` nor `ticketUrl` is given")]
    NoWayToFetch,
    /// No certificate: nothing would tell the server from an impostor.
    #[error("`certificates` is empty")]
    NoPins,
    /// A certificate that cannot be read, by its number from 1.
    #[error("certificate {0} is neither PEM nor base64 of DER")]
    Certificate(usize),
    /// More certificates than a server can need.
    #[error("more than {MAX_PINS} certificates")]
    TooManyPins,
}

/// A list of capsule servers as it stands in a file.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Kapsel server list")]
struct ListFile {
    /// Version of this format.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// Grows with each published version of this list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
    /// After this moment the list is no longer used (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// In the order of preference.
    #[schemars(with = "Vec<ServerEntry>")]
    servers: Vec<Object<ServerEntry>>,
}

/// A capsule server.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ServerEntry {
    /// Identifier that stands in containers: 1 to 128 printable characters without spaces.
    id: String,
    /// Name for people.
    name: String,
    /// Identifier of the organisation that runs it; servers of one organisation have the same, and no two look alike.
    organisation: String,
    /// Kinds of capsules that it takes.
    capsule_types: BTreeSet<CapsuleType>,
    /// Where senders post capsules: https, host and port.
    sender_url: String,
    /// Where recipients fetch them with a client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient_url: Option<String>,
    /// Where recipients fetch them with a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket_url: Option<String>,
    /// Base URL of its key shares, as it stands in containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shares_url: Option<String>,
    /// Certificates that the server may show, PEM or base64 of DER; several while one replaces another.
    certificates: Vec<String>,
    /// Why this entry cannot be used yet. The server is then never connected to, and may have no certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
    /// Where this entry was imported from, when that names authorities instead of the server's own certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imported_from: Option<ImportSource>,
    /// What the list says of itself that this entry was imported or exported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EditionEntry>")]
    edition: Option<Object<EditionEntry>>,
}

/// What a list says of itself, beside an entry that was taken from it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EditionEntry {
    /// The list's serial: it is not imported again by a lower one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
    /// After this moment the entry is no longer used (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// SHA-256 in hex of the key by which the list was signed: what is not signed by it does not replace the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
}

/// The JSON schema of a server list file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ListFile);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    format!("{text}\n")
}

/// The first entry that is not of the form of entries, in a list that is JSON.
fn entry_in_question(json: &[u8]) -> Option<String> {
    let mut list: serde_json::Value = serde_json::from_slice(json).ok()?;
    let entries = list.get_mut("servers")?.as_array_mut()?.drain(..);
    let named = |(index, entry): (usize, serde_json::Value)| {
        let id = entry.get("id").and_then(|id| ServerId::parse(id.as_str()?).ok());
        let name = id.map_or_else(|| format!("server {}", index + 1), |id| format!("server `{id}`"));
        serde_json::from_value::<Object<ServerEntry>>(entry).is_err().then_some(name)
    };
    entries.enumerate().find_map(named)
}

impl ServerList {
    /// Reads a list; `origin` names it in errors.
    ///
    /// # Errors
    /// [`ListError`], for the first mistake.
    pub fn parse(json: &[u8], origin: &str) -> Result<Self, ListError> {
        let failed = |problem| ListError { origin: origin.to_owned(), server: None, problem };
        if json.len() > MAX_LIST {
            return Err(failed(ListProblem::TooLarge));
        }
        // Some editors put a byte order mark before the text.
        let json = match json {
            [0xef, 0xbb, 0xbf, text @ ..] => text,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(failed(ListProblem::Utf16)),
            text => text,
        };
        let Object::<ListFile>(file) = serde_json::from_slice(json)
            .map_err(|error| ListError { server: entry_in_question(json), ..failed(ListProblem::Json(error)) })?;
        if file.version != 1 {
            return Err(failed(ListProblem::Version(file.version)));
        }
        if file.servers.len() > MAX_SERVERS {
            return Err(failed(ListProblem::TooLarge));
        }
        let expires = file.expires.as_deref().map(Expiry::parse).transpose();
        let expires = expires.map_err(|_| failed(ListProblem::Expires))?;
        let mut servers: Vec<Server> = Vec::with_capacity(file.servers.len());
        let mut owners: HashMap<Owner, String> = HashMap::new();
        for (index, Object(entry)) in file.servers.into_iter().enumerate() {
            let failed = |server, problem| ListError { origin: origin.to_owned(), server: Some(server), problem };
            let id =
                ServerId::parse(&entry.id).map_err(|_| failed(format!("server {}", index + 1), ListProblem::Id))?;
            let named = |problem| failed(format!("server `{id}`"), problem);
            match servers.iter().find(|other| other.id.is_confusable_with(&id)) {
                Some(other) if other.id == id => return Err(named(ListProblem::Duplicate)),
                Some(other) => return Err(named(ListProblem::Confusable(other.id.clone()))),
                None => {}
            }
            let server = Server::from_entry(id.clone(), entry).map_err(named)?;
            let known = owners.entry(server.owner()).or_insert_with(|| server.organisation.clone());
            if *known != server.organisation {
                return Err(named(ListProblem::Organisations(server.organisation, known.clone())));
            }
            servers.push(server);
        }
        Ok(Self { serial: file.serial, expires, signed_by: None, servers })
    }

    /// The entries on their own, each with what the list says of itself.
    pub fn into_entries(self) -> Vec<Server> {
        let Self { serial, expires, signed_by, servers } = self;
        let on_its_own = |server: Server| {
            let own = server.edition;
            let expires = own.expires.into_iter().chain(expires).min();
            Server {
                edition: Edition { serial: serial.or(own.serial), expires, signed_by: signed_by.or(own.signed_by) },
                ..server
            }
        };
        servers.into_iter().map(on_its_own).collect()
    }

    /// The list as a file, with certificates in PEM.
    pub fn to_json(&self) -> String {
        let file = ListFile {
            version: 1,
            serial: self.serial,
            expires: self.expires.map(|expires| expires.to_string()),
            servers: self.servers.iter().map(|server| Object(server.to_entry())).collect(),
        };
        let text = serde_json::to_string_pretty(&file).expect("texts and numbers are JSON");
        format!("{text}\n")
    }

    /// The server with this identifier.
    pub fn server(&self, id: &ServerId) -> Option<&Server> {
        self.servers.iter().find(|server| server.id == *id)
    }
}

impl Server {
    fn from_entry(id: ServerId, entry: ServerEntry) -> Result<Self, ListProblem> {
        let optional = |text: Option<String>, name| text.map(|text| address(&text, name)).transpose();
        let server = Self {
            id,
            name: text(entry.name, "name")?,
            organisation: text(entry.organisation, "organisation")?,
            capsule_types: entry.capsule_types,
            sender_url: address(&entry.sender_url, "senderUrl")?,
            recipient_url: optional(entry.recipient_url, "recipientUrl")?,
            ticket_url: optional(entry.ticket_url, "ticketUrl")?,
            shares_url: entry.shares_url.map(|text| base_url(&text, "sharesUrl")).transpose()?,
            pins: pins(&entry.certificates)?,
            incomplete: entry.incomplete.map(|reason| text(reason, "incomplete")).transpose()?,
            imported_from: entry.imported_from,
            edition: entry
                .edition
                .map(|Object(edition)| Edition::from_entry(&edition))
                .transpose()?
                .unwrap_or_default(),
        };
        if server.capsule_types.is_empty() && server.shares_url.is_none() {
            return Err(ListProblem::NoCapsuleTypes);
        }
        if !server.capsule_types.is_empty() && server.recipient_url.is_none() && server.ticket_url.is_none() {
            return Err(ListProblem::NoWayToFetch);
        }
        if server.pins.is_empty() && server.incomplete.is_none() {
            return Err(ListProblem::NoPins);
        }
        Ok(server)
    }

    fn to_entry(&self) -> ServerEntry {
        // `Url` writes a slash behind the port, which nobody wrote.
        let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        ServerEntry {
            id: self.id.to_string(),
            name: self.name.clone(),
            organisation: self.organisation.clone(),
            capsule_types: self.capsule_types.clone(),
            sender_url: plain(&self.sender_url),
            recipient_url: self.recipient_url.as_ref().map(plain),
            ticket_url: self.ticket_url.as_ref().map(plain),
            shares_url: self.shares_url.as_ref().map(plain),
            certificates: self.pins.iter().map(Pin::to_pem).collect(),
            incomplete: self.incomplete.clone(),
            imported_from: self.imported_from,
            edition: self.edition.to_entry().map(Object),
        }
    }

    /// Who runs it, to be compared with whoever runs another.
    pub fn owner(&self) -> Owner {
        Owner::of(&self.organisation)
    }

    /// Whether one hand holds both: they are of one organisation, or have the key of one certificate, whatever organisations are written.
    pub fn is_held_with(&self, other: &Self) -> bool {
        let has = |key: &[u8]| other.pins.iter().any(|pin| pin.public_key() == key);
        self.owner() == other.owner() || self.pins.iter().any(|pin| has(pin.public_key()))
    }

    /// Base URL of its key shares, as it stands in containers: without the slash that `Url` writes.
    pub fn shares_base(&self) -> Option<&str> {
        self.shares_url.as_ref().map(|url| url.as_str().trim_end_matches('/'))
    }

    /// Whether a capsule of this type can be put there now.
    pub fn takes(&self, capsule_type: CapsuleType) -> bool {
        self.incomplete.is_none() && self.capsule_types.contains(&capsule_type)
    }
}

impl Edition {
    fn from_entry(entry: &EditionEntry) -> Result<Self, ListProblem> {
        let expires = entry.expires.as_deref().map(Expiry::parse).transpose();
        let key = |text| KeyFingerprint::parse(text).ok_or(ListProblem::SignedBy);
        Ok(Self {
            serial: entry.serial,
            expires: expires.map_err(|_| ListProblem::EditionExpires)?,
            signed_by: entry.signed_by.as_deref().map(key).transpose()?,
        })
    }

    /// `None` when nothing is known.
    fn to_entry(self) -> Option<EditionEntry> {
        (self != Self::default()).then(|| EditionEntry {
            serial: self.serial,
            expires: self.expires.map(|expires| expires.to_string()),
            signed_by: self.signed_by.map(|key| key.to_string()),
        })
    }
}

impl Pin {
    /// Takes a certificate in DER.
    ///
    /// # Errors
    /// What the decoder says.
    pub fn from_der(der: &[u8]) -> Result<Self, der::Error> {
        Self::of(&Certificate::from_der(der)?)
    }

    fn of(certificate: &Certificate) -> Result<Self, der::Error> {
        let contents = certificate.tbs_certificate();
        Ok(Self {
            der: certificate.to_der()?,
            public_key: contents.subject_public_key_info().to_der()?,
            not_before: contents.validity().not_before.to_system_time(),
            not_after: contents.validity().not_after.to_system_time(),
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its `SubjectPublicKeyInfo` in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// SHA-256 of the certificate's DER, in hex, as people compare it.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.der))
    }

    /// From when the certificate is valid.
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    fn to_pem(&self) -> String {
        let body = Base64::encode_string(&self.der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

fn text(text: String, name: &'static str) -> Result<String, ListProblem> {
    let fits = text.chars().count() <= MAX_TEXT && cdoc2::is_seen_as_written(&text);
    if fits { Ok(text) } else { Err(ListProblem::Text(name)) }
}

/// `https`, a host, a port, and nothing else.
fn address(text: &str, name: &'static str) -> Result<Url, ListProblem> {
    https_url(text).filter(|url| url.path() == "/").ok_or(ListProblem::Url(name))
}

/// `https`, a host, a port, and a path, with or without a slash at its end.
fn base_url(text: &str, name: &'static str) -> Result<Url, ListProblem> {
    let mut url = https_url(text).ok_or(ListProblem::BaseUrl(name))?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn pins(certificates: &[String]) -> Result<Vec<Pin>, ListProblem> {
    if certificates.len() > MAX_PINS {
        return Err(ListProblem::TooManyPins);
    }
    let pin = |(text, number): (&String, usize)| {
        let text = text.trim();
        let certificate = if text.starts_with("-----BEGIN") {
            Certificate::from_pem(text)
        } else {
            let compact: String = text.split_ascii_whitespace().collect();
            Base64::decode_vec(&compact)
                .map_err(|_| der::ErrorKind::Failed.into())
                .and_then(|der| Certificate::from_der(&der))
        };
        certificate
            .and_then(|certificate| Pin::of(&certificate))
            .map_err(|_: der::Error| ListProblem::Certificate(number))
    };
    certificates.iter().zip(1..).map(pin).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A self-signed P-256 certificate, put together by hand; its signature is never looked at here.
    fn certificate() -> Vec<u8> {
        fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
            let length = content.len();
            let header = match length {
                0..=127 => vec![tag, length as u8],
                128..=255 => vec![tag, 0x81, length as u8],
                _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
            };
            [header, content.to_vec()].concat()
        }
        let ecdsa_sha256 = tlv(0x30, &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
        let attribute = [tlv(0x06, &[0x55, 0x04, 0x03]), tlv(0x0c, b"capsules.example")].concat();
        let name = tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)));
        let validity = tlv(0x30, &[tlv(0x17, b"260101000000Z"), tlv(0x17, b"270101000000Z")].concat());
        let algorithm = [
            tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
            tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ];
        let key =
            tlv(0x30, &[tlv(0x30, &algorithm.concat()), tlv(0x03, &[&[0, 4], &[0x5a; 64][..]].concat())].concat());
        let contents =
            [tlv(0xa0, &tlv(0x02, &[2])), tlv(0x02, &[1]), ecdsa_sha256.clone(), name.clone(), validity, name, key];
        tlv(0x30, &[tlv(0x30, &contents.concat()), ecdsa_sha256, tlv(0x03, &[0, 0x30, 0])].concat())
    }

    fn entry() -> Value {
        json!({
            "id": "css-a",
            "name": "Capsules of A",
            "organisation": "a",
            "capsuleTypes": ["ecc_secp384r1", "rsa"],
            "senderUrl": "https://capsules.example:8443",
            "recipientUrl": "https://capsules.example:8444",
            "certificates": [Base64::encode_string(&certificate())],
        })
    }

    fn parse(servers: &[Value]) -> Result<ServerList, ListError> {
        let list = json!({ "version": 1, "serial": 3, "expires": "2030-01-01T00:00:00Z", "servers": servers });
        ServerList::parse(list.to_string().as_bytes(), "list.json")
    }

    /// The mistake in an entry that has `member` changed to `value`; `null` takes it out.
    fn mistake(member: &str, value: Value) -> String {
        let mut entry = entry();
        let members = entry.as_object_mut().expect("an object");
        match value {
            Value::Null => drop(members.remove(member)),
            value => drop(members.insert(member.to_owned(), value)),
        }
        parse(&[entry]).expect_err(member).to_string()
    }

    #[test]
    fn a_list_is_read_and_written() {
        let list = parse(&[entry()]).expect("a list");
        let server = list.server(&ServerId::parse("css-a").expect("an id")).expect("listed");
        assert!(server.takes(CapsuleType::EcP384) && !server.takes(CapsuleType::EcP256));
        assert_eq!(server.pins[0].der(), certificate());
        assert_eq!(server.pins[0].fingerprint().len(), 64);
        assert!(server.pins[0].not_before() < server.pins[0].not_after());
        // Written with PEM, it is the same list.
        assert_eq!(ServerList::parse(list.to_json().as_bytes(), "again").expect("a list"), list);
    }

    #[test]
    fn a_list_is_text_as_editors_write_it() {
        let text = parse(&[entry()]).expect("a list").to_json();
        let read = |bytes: &[u8]| ServerList::parse(bytes, "list.json").map_err(|error| error.to_string());
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), read(text.as_bytes()));
        assert!(read(format!("\u{feff}\u{feff}{text}").as_bytes()).is_err());
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<_> = format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(read(&wide), Err("list.json: this is UTF-16: save it as UTF-8".to_owned()));
        }
    }

    #[test]
    fn a_base_url_is_the_same_with_a_slash_at_its_end() {
        for (written, base) in
            [("https://a.example/shares/", "https://a.example/shares"), ("https://A.example:443", "https://a.example")]
        {
            let mut entry = entry();
            entry["sharesUrl"] = json!(written);
            let list = parse(&[entry]).expect("a list");
            assert_eq!(list.servers[0].shares_base(), Some(base));
            assert_eq!(ServerList::parse(list.to_json().as_bytes(), "again").expect("a list"), list);
        }
    }

    #[test]
    fn mistakes_name_the_file_the_entry_and_the_member() {
        for (member, value, words) in [
            ("senderUrl", json!("http://capsules.example:8443"), "list.json, server `css-a`: `senderUrl`"),
            ("senderUrl", json!("https://user:word@capsules.example"), "`senderUrl`"),
            ("senderUrl", json!("https://capsules.example/path"), "`senderUrl`"),
            ("senderUrl", json!("https://capsules.example:0"), "`senderUrl`"),
            ("sharesUrl", json!("https://capsules.example/a/../b"), "`sharesUrl`"),
            ("recipientUrl", json!("ftp://capsules.example"), "`recipientUrl`"),
            ("recipientUrl", Value::Null, "neither"),
            ("ticketUrl", json!("https://"), "`ticketUrl`"),
            ("certificates", json!([]), "`certificates` is empty"),
            ("certificates", json!(["AAAA"]), "certificate 1"),
            ("certificates", Value::Null, "missing field `certificates`"),
            ("capsuleTypes", json!([]), "`capsuleTypes` is empty"),
            ("capsuleTypes", json!(["ecc_secp192r1"]), "unknown variant"),
            ("name", json!(""), "`name`"),
            ("name", json!("a\nb"), "`name`"),
            ("name", json!(" \u{2800}"), "`name`"),
            ("organisation", json!("ee\u{200b}.ria"), "`organisation`"),
            ("organisation", json!("\u{202e}air.ee"), "`organisation`"),
            ("organisation", json!("x".repeat(201)), "`organisation`"),
            ("id", json!("a b"), "list.json, server 1: `id`"),
            ("importedFrom", json!("elsewhere"), "unknown variant"),
            ("pins", json!([]), "unknown field `pins`"),
            ("edition", json!([5]), "expected an object"),
            ("edition", json!({ "expires": "soon" }), "`edition`: `expires`"),
            ("edition", json!({ "signedBy": "ABCD" }), "`edition`: `signedBy`"),
        ] {
            let message = mistake(member, value);
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn identifiers_stand_once_whatever_their_case() {
        assert!(parse(&[entry(), entry()]).expect_err("twice").to_string().contains("stands twice"));
        let mut other = entry();
        other["id"] = json!("CSS-A");
        assert!(parse(&[entry(), other]).expect_err("alike").to_string().contains("in case only"));
    }

    #[test]
    fn organisations_that_look_alike_are_written_alike() {
        let with = |organisation: &str| {
            let mut other = entry();
            (other["id"], other["organisation"]) = (json!("css-b"), json!(organisation));
            parse(&[entry(), other])
        };
        with("a").expect("one organisation with two servers");
        with("b").expect("two organisations");
        for organisation in ["A", "\u{430}", "ａ", "a ", "á", "a."] {
            let message = with(organisation).expect_err(organisation).to_string();
            assert!(message.contains("list.json, server `css-b`") && message.contains("looks like \"a\""), "{message}");
        }
    }

    #[test]
    fn objects_are_objects() {
        let list = |text: &str| ServerList::parse(text.as_bytes(), "list.json").expect_err(text).to_string();
        for text in [
            "[1, 3, null, []]",
            r#"{ "version": 1, "servers": [["a", "A", "a", ["rsa"], "https://a.example", "https://a.example", null, null, []]] }"#,
        ] {
            let message = list(text);
            assert!(message.contains(": invalid type: sequence, expected an object"), "{message}");
        }
        assert!(list("[]").starts_with("list.json: "));
    }

    #[test]
    fn the_entry_of_another_form_is_named() {
        for (name, id, types) in [("server `css-b`", "css-b", json!(["foo"])), ("server 2", "css b", json!(5))] {
            let mut other = entry();
            (other["id"], other["capsuleTypes"]) = (json!(id), types);
            let message = parse(&[entry(), other]).expect_err(name).to_string();
            assert!(message.starts_with(&format!("list.json, {name}: ")), "{message}");
        }
    }

    #[test]
    fn an_entry_takes_along_what_its_list_says_of_itself() {
        let list = parse(&[entry()]).expect("a list");
        let expires = list.expires;
        let own = list.into_entries().remove(0);
        assert_eq!(own.edition, Edition { serial: Some(3), expires, signed_by: None });
        let key = KeyFingerprint::of(b"a key");
        let taken = ServerList { servers: vec![own], signed_by: Some(key), ..ServerList::default() };
        let read = ServerList::parse(taken.to_json().as_bytes(), "own.json").expect("a list");
        assert_eq!(read.servers, taken.servers, "it is written with the entry");
        assert_eq!((read.serial, read.expires), (None, None), "and says nothing of the others");
        let entry = taken.into_entries().remove(0);
        assert_eq!((entry.edition.serial, entry.edition.signed_by), (Some(3), Some(key)));
        // Of two ends, the earlier counts.
        let later = ServerList {
            expires: Expiry::parse("2040-01-01T00:00:00Z").ok(),
            servers: vec![entry],
            ..ServerList::default()
        };
        assert_eq!(later.into_entries()[0].edition.expires, expires);
    }

    #[test]
    fn an_incomplete_entry_is_kept_and_never_used() {
        let mut incomplete = entry();
        incomplete["certificates"] = json!([]);
        incomplete["incomplete"] = json!("its certificate is to be added by the administrator");
        incomplete["importedFrom"] = json!("central-configuration");
        let list = parse(&[incomplete]).expect("a list");
        assert_eq!(list.servers[0].imported_from, Some(ImportSource::CentralConfiguration));
        assert!(!list.servers[0].takes(CapsuleType::EcP384));
        assert_eq!(ServerList::parse(list.to_json().as_bytes(), "again").expect("a list"), list);
    }

    #[test]
    fn other_versions_and_endless_lists_are_refused() {
        let parse = |text: &str| ServerList::parse(text.as_bytes(), "x").map_err(|error| error.problem);
        assert!(matches!(parse(r#"{"version":2,"servers":[]}"#), Err(ListProblem::Version(2))));
        assert!(matches!(parse(r#"{"version":1,"expires":"soon","servers":[]}"#), Err(ListProblem::Expires)));
        assert!(matches!(parse(r#"{"version":1,"servers":[],"servers":[]}"#), Err(ListProblem::Json(_))));
        assert!(matches!(parse(&" ".repeat(MAX_LIST + 1)), Err(ListProblem::TooLarge)));
        let many = format!(r#"{{"version":1,"servers":[{}]}}"#, vec![entry().to_string(); 1001].join(","));
        assert!(matches!(parse(&many), Err(ListProblem::TooLarge)));
    }
}
