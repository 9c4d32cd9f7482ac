//! Opening: what a container tells without a key, the keys at hand, and then opening, listing or encrypting again.

use std::{path::Path, sync::Arc};

use capsule_api::PersonId;
use capsule_client::{ListFiles, Servers};
use cdoc2::{
    Capsule, Container, Control, Curve, DecryptionKey, Error, FileMasterKey, Header, Keyring, Label, LabelKind,
    Password, PublicKey, Record, SkipReason, SymmetricKey, Zeroizing, shown,
};
use eid::{Authenticator, CardKey, KeyFile, KeyFileError, TokenKey};
use sha2::{Digest, Sha256};

use crate::{
    failure::{Failure, Result},
    files::read_small,
    recipients::{DEFAULT_LABEL, SHARES_SCHEME, base_name, initials},
    servers::{self, Access, Deceit},
    view::{Code, OpensWith, RecipientKind, RecordProblem, RecordProblemKind, RecordView},
};

/// A key at hand.
#[derive(Debug)]
pub enum Key {
    /// Private keys of a file.
    File(Vec<KeyFile>),
    /// An ID-card with its PIN; [`crate::cards`] finds it.
    Card(CardKey),
    /// The keys of a token with its PIN; [`crate::tokens`] finds it.
    Token(Vec<TokenKey>),
    /// A symmetric key.
    Secret(SymmetricKey),
    /// A password.
    Password(Password),
}

impl Key {
    /// Reads private keys from a file; `password` unlocks it when it is protected.
    ///
    /// # Errors
    /// [`Code::KeyFilePasswordNeeded`], [`Code::KeyFilePassword`], [`Code::KeyFileIsPublic`], [`Code::KeyFileUnusable`],
    /// [`Code::NotReadable`].
    pub fn read_file(path: &Path, password: Option<&str>) -> Result<Self> {
        let bytes = read_small(path, Code::KeyFileUnusable)?;
        KeyFile::read(&bytes, password).map(Self::File).map_err(|error| {
            let code = match error {
                KeyFileError::PasswordNeeded => Code::KeyFilePasswordNeeded,
                KeyFileError::WrongPassword => Code::KeyFilePassword,
                KeyFileError::IsPublic => Code::KeyFileIsPublic,
                _ => Code::KeyFileUnusable,
            };
            Failure::new(code, error.to_string()).about(base_name(path))
        })
    }

    /// Reads a symmetric key: the file's bytes as they are, at least 32.
    ///
    /// # Errors
    /// [`Code::SecretTooShort`], [`Code::NotReadable`].
    pub fn read_secret(path: &Path) -> Result<Self> {
        Ok(Self::Secret(read_secret(path)?))
    }

    /// Takes a password.
    ///
    /// # Errors
    /// [`Code::SecretTooShort`] when it is empty.
    pub fn password(password: Zeroizing<String>) -> Result<Self> {
        Ok(Self::Password(Password::new(password)?))
    }

    /// Takes the certificates of private keys from a file, for capsule servers, where the keys come without; says whether any is there.
    ///
    /// # Errors
    /// [`Code::NotReadable`].
    pub fn certify(&mut self, path: &Path) -> Result<bool> {
        let bytes = read_small(path, Code::RecipientUnusable)?;
        Ok(match self {
            // Each of them, not until the first.
            Self::File(files) => files.iter_mut().map(|file| file.certify(&bytes)).fold(false, |any, one| any | one),
            Self::Token(keys) => keys.iter_mut().map(|key| key.certify(&bytes)).fold(false, |any, one| any | one),
            Self::Card(_) | Self::Secret(_) | Self::Password(_) => false,
        })
    }

    /// Whether only servers hold what the key opens, and want to see a certificate that it comes without. Where keys are split for persons,
    /// only a certificate tells whose key it is.
    pub fn needs_certificate(&self, header: &Header) -> bool {
        let Self::File(files) = self else { return false };
        let is_shared = header.records().iter().any(|record| matches!(record.capsule, Capsule::Shares(_)));
        if is_shared && self.fits(header).is_empty() && files.iter().any(|file| file.authenticator().is_none()) {
            return true;
        }
        let mut fitting = header.records().iter().filter_map(|record| {
            let recipient = recipient(&record.capsule)?;
            let file = files.iter().find(|file| file.key.public_key() == recipient)?;
            Some(matches!(record.capsule, Capsule::Server(_)) && file.authenticator().is_none())
        });
        fitting.next().is_some_and(|first| first && fitting.all(|missing| missing))
    }

    /// What kind it is, for who looks for a fault.
    fn sort(&self) -> &'static str {
        match self {
            Self::File(_) => "private key of a file",
            Self::Card(_) => "ID-card",
            Self::Token(_) => "token",
            Self::Secret(_) => "symmetric key",
            Self::Password(_) => "password",
        }
    }

    fn decryption_keys(&self) -> Vec<DecryptionKey<'_>> {
        match self {
            Self::File(files) => files.iter().map(KeyFile::decryption_key).collect(),
            Self::Card(key) => vec![DecryptionKey::Ec(key)],
            Self::Token(keys) => keys.iter().map(TokenKey::decryption_key).collect(),
            Self::Secret(key) => vec![DecryptionKey::Symmetric(key)],
            Self::Password(password) => vec![DecryptionKey::Password(password)],
        }
    }

    /// The key for capsule servers, as far as its certificate is known.
    pub(crate) fn authenticators(&self) -> Vec<Arc<dyn Authenticator>> {
        match self {
            Self::File(files) => {
                files.iter().filter_map(KeyFile::authenticator).map(|key| Arc::new(key) as Arc<_>).collect()
            }
            Self::Card(key) => vec![Arc::new(key.clone())],
            Self::Token(keys) => {
                keys.iter().filter(|key| key.is_certified()).map(|key| Arc::new(key.clone()) as Arc<_>).collect()
            }
            Self::Secret(_) | Self::Password(_) => Vec::new(),
        }
    }

    /// Positions of the records that the key may open, told without trying.
    pub fn fits(&self, header: &Header) -> Vec<u32> {
        let holders = self.authenticators();
        let for_holder = |record: &Record| holders.iter().any(|holder| for_holder_of(record, &**holder));
        let fits = |record: &Record| match (self, &record.capsule) {
            (Self::Password(_), Capsule::Password { .. }) | (Self::Secret(_), Capsule::Symmetric { .. }) => true,
            _ if for_holder(record) => true,
            (Self::File(files), _) => files.iter().any(|file| for_key(record, &file.key.public_key())),
            (Self::Card(key), _) => for_key(record, Authenticator::public_key(key)),
            (Self::Token(keys), _) => keys.iter().any(|key| for_key(record, key.public_key())),
            _ => false,
        };
        header.records().iter().filter(|record| fits(record)).map(|record| record.index as u32).collect()
    }
}

/// Reads a symmetric key: the file's bytes as they are.
///
/// # Errors
/// [`Code::SecretTooShort`], [`Code::NotReadable`].
pub fn read_secret(path: &Path) -> Result<SymmetricKey> {
    let bytes = read_secret_bytes(path)?;
    SymmetricKey::new(bytes).map_err(|error| Failure::from(error).about(base_name(path)))
}

/// The bytes of a symmetric key's file, whether they are enough or not.
///
/// # Errors
/// [`Code::NotReadable`]; [`Code::KeyFileUnusable`] for more than a key file may have.
pub fn read_secret_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    read_small(path, Code::KeyFileUnusable)
}

/// Whether a direct or server record is for this key.
pub(crate) fn for_key(record: &Record, key: &PublicKey) -> bool {
    recipient(&record.capsule).is_some_and(|recipient| recipient == *key)
}

/// Whether the key of a record is split for the person whom this certificate (DER) names.
pub(crate) fn for_person(record: &Record, certificate: &[u8]) -> bool {
    let Capsule::Shares(shares) = &record.capsule else { return false };
    person_of(certificate).is_some_and(|person| person == shares.recipient_id)
}

/// The person whom a certificate (DER) names, as shares name persons.
pub(crate) fn person_of(certificate: &[u8]) -> Option<String> {
    Some(PersonId::of_certificate(certificate)?.as_str().to_owned())
}

fn for_holder_of(record: &Record, key: &dyn Authenticator) -> bool {
    key.certificates().first().is_some_and(|certificate| for_person(record, certificate))
}

/// The public key that a direct or server record is for.
pub(crate) fn recipient(capsule: &Capsule) -> Option<PublicKey> {
    match capsule {
        Capsule::Ec { recipient, .. } => Some(PublicKey::Ec(recipient.clone())),
        Capsule::Rsa { recipient, .. } => Some(PublicKey::Rsa(recipient.clone())),
        Capsule::Server(capsule) => Some(capsule.recipient.clone()),
        _ => None,
    }
}

/// Tells public keys apart: SHA-256 of the point or of the RSA key in DER, in hex.
pub fn key_id(key: &PublicKey) -> String {
    let bytes = match key {
        PublicKey::Ec(key) => key.point(),
        PublicKey::Rsa(key) => key.pkcs1_der(),
    };
    hex::encode(Sha256::digest(bytes))
}

/// The key of a container, and what whoever opens it is to hear of beside it.
pub struct Unlocked {
    /// The key.
    pub key: FileMasterKey,
    /// Servers that did what no honest one does, while others opened the container.
    pub deceits: Vec<Deceit>,
}

/// Unlocks a container with the keys at hand. The lists are read when a key at hand is for a capsule on a server, or its holder is the person for whom a
/// key is split over servers. For one operation a card takes its PIN once, whatever the number of servers.
///
/// # Errors
/// As the container says; [`Code::NotARecipient`] names for whom it is, [`Code::WrongPassword`] carries the hints.
pub fn unlock(container: &Container, keys: &[Key], access: &Access, control: &Control) -> Result<Unlocked> {
    for key in keys {
        tracing::debug!(key = key.sort(), fitting_records = key.fits(container.header()).len(), "a key is at hand");
    }
    let keyring = Keyring::new(keys.iter().flat_map(Key::decryption_keys));
    let fetcher = servers::Fetcher::new(keys, access, control.cancel());
    let shares = fetcher.shares(container.header());
    let keyring = shares.iter().fold(keyring.with_capsules(&fetcher), |keyring, person| keyring.with_shares(person));
    let unlocked = container.unlock(&keyring, control).map(|key| {
        let deceits = fetcher.deceits(key.wrong_capsules());
        Unlocked { key, deceits }
    });
    unlocked.map_err(|error| {
        if matches!(error, Error::NoKeyFits) && keys.iter().any(|key| key.needs_certificate(container.header())) {
            let words = "the key of the container is split for a person, and the key at hand comes without a certificate that says whose it is";
            return Failure::new(Code::CertificateNeeded, words);
        }
        if matches!(error, Error::NoKeyFits) && is_of_a_newer_version(container.header()) {
            let words = "every recipient record of the container is of a kind that this version does not know";
            return Failure::new(Code::UnsupportedFormat, words);
        }
        let cause = match &error {
            Error::Untried { cause, .. } => cause,
            error => error,
        };
        let names = match cause {
            Error::NoKeyFits => recipients_in_short(container.header()),
            Error::WrongKey(_) => {
                let hint = |record: &Record| hint(&Label::parse(&record.label));
                let mut hints: Vec<_> = container.header().records().iter().filter_map(hint).take(SHORT).collect();
                hints.dedup();
                hints
            }
            _ => return error.into(),
        };
        Failure::from(error).with_names(names)
    })
}

/// Whether no record is known, and a newer version may know some.
fn is_of_a_newer_version(header: &Header) -> bool {
    header.records().is_empty() && header.skipped().iter().any(|skipped| skipped.reason.is_unknown())
}

/// A password's hint; what stands where its sender gave none is none.
fn hint(label: &Label) -> Option<String> {
    label.hint().filter(|hint| hint != DEFAULT_LABEL)
}

/// Names listed where only some are shown.
const SHORT: usize = 8;

/// For whom a container is, at most eight names. An empty one, at most once, stands for whoever knows the password.
pub fn recipients_in_short(header: &Header) -> Vec<String> {
    let mut by_password = false;
    let name = |record: &Record| {
        let view = self::record(record);
        match view.kind {
            RecipientKind::Password => (!std::mem::replace(&mut by_password, true)).then(String::new),
            _ => Some(view.name).filter(|name| !name.is_empty()),
        }
    };
    // A person may have a record for each server.
    let mut names = Vec::new();
    for name in header.records().iter().filter_map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == SHORT {
            break;
        }
    }
    names
}

/// A line for every record, unusable ones too, in the order of the header.
pub fn records(header: &Header) -> Vec<RecordView> {
    let skipped = header.skipped().iter().map(|skipped| {
        let label = Label::parse(skipped.label.as_deref().unwrap_or_default());
        RecordView {
            kind: RecipientKind::Unknown,
            opens_with: OpensWith::Nothing,
            problem: Some(problem(&skipped.reason)),
            ..labelled(skipped.index, &label)
        }
    });
    let mut views: Vec<_> = header.records().iter().map(record).chain(skipped).collect();
    views.sort_by_key(|view| view.index);
    views
}

fn problem(reason: &SkipReason) -> RecordProblem {
    let kind = if reason.is_unknown() {
        RecordProblemKind::Unknown
    } else if reason.is_damage() {
        RecordProblemKind::Broken
    } else {
        RecordProblemKind::TooManyIterations
    };
    RecordProblem { kind, detail: reason.to_string() }
}

/// Until when somebody can open it, as far as its records tell; `None` when somebody always can.
pub(crate) fn opens_until(header: &Header) -> Option<i64> {
    // What this version does not know, a newer one may open.
    let may_open =
        |record: &RecordView| record.problem.as_ref().is_none_or(|problem| problem.kind == RecordProblemKind::Unknown);
    let ends = records(header).into_iter().filter(may_open).map(|record| record.until);
    ends.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The same, with what stands in the way of asking a record's servers.
pub fn records_by(header: &Header, lists: &ListFiles) -> Vec<RecordView> {
    let mut views = records(header);
    let on_server = |record: &&Record| matches!(record.capsule, Capsule::Server(_) | Capsule::Shares(_));
    let on_servers: Vec<_> = header.records().iter().filter(on_server).collect();
    if on_servers.is_empty() {
        return views;
    }
    let servers = Servers::load(lists).map_err(capsule_client::Error::from);
    for record in on_servers {
        let view = views.iter_mut().find(|view| view.index == record.index as u32);
        let view = view.expect("every record has its line");
        let problem = match &servers {
            Ok(servers) => problem_of(record, servers),
            Err(error) => view.servers.first().map(|server| (servers::code_of(error), server.clone())),
        };
        (view.server_problem, view.problem_server) = problem.unzip();
    }
    views
}

/// The first of a record's servers that cannot be asked, and why.
fn problem_of(record: &Record, servers: &Servers) -> Option<(Code, String)> {
    let problem = |server: &str, found: capsule_client::Result<_>| {
        found.err().map(|error| (servers::code_of(&error), shown(server)))
    };
    match &record.capsule {
        Capsule::Server(capsule) => problem(&capsule.server_id, servers.usable(&capsule.server_id).map(drop)),
        Capsule::Shares(capsule) => capsule.shares.iter().find_map(|share| {
            problem(&share.server_base_url, servers.holding_shares(&share.server_base_url).map(drop))
        }),
        _ => None,
    }
}

fn labelled(index: usize, label: &Label) -> RecordView {
    let name = label.display_name();
    // What stands where a sender named no password or key is no name.
    let unnamed = matches!(label.kind(), LabelKind::Password | LabelKind::Secret) && name == DEFAULT_LABEL;
    let name = if unnamed { String::new() } else { name };
    RecordView {
        index: index as u32,
        initials: initials(&name),
        name,
        kind: kind(label),
        code: label.personal_code().map(str::to_owned),
        algorithm: String::new(),
        key_id: None,
        person: None,
        servers: Vec::new(),
        until: label.server_expiry(),
        hint: hint(label),
        opens_with: OpensWith::Nothing,
        problem: None,
        server_problem: None,
        problem_server: None,
    }
}

fn kind(label: &Label) -> RecipientKind {
    match label.kind() {
        LabelKind::IdCard => RecipientKind::IdCard,
        LabelKind::DigiId => RecipientKind::DigiId,
        LabelKind::DigiIdEResident => RecipientKind::EResident,
        LabelKind::Certificate => RecipientKind::Certificate,
        _ => RecipientKind::PublicKey,
    }
}

fn record(record: &Record) -> RecordView {
    let key_id = recipient(&record.capsule).as_ref().map(key_id);
    let view = RecordView { key_id, ..labelled(record.index, &Label::parse(&record.label)) };
    match &record.capsule {
        Capsule::Ec { recipient, .. } => {
            RecordView { algorithm: curve(recipient.curve()).into(), opens_with: OpensWith::KeyFile, ..view }
        }
        Capsule::Rsa { recipient, .. } => {
            RecordView { algorithm: format!("RSA {}", recipient.bits()), opens_with: OpensWith::KeyFile, ..view }
        }
        Capsule::Symmetric { .. } => RecordView {
            kind: RecipientKind::Secret,
            algorithm: "HKDF".into(),
            opens_with: OpensWith::SecretFile,
            ..view
        },
        Capsule::Password { iterations, .. } => RecordView {
            kind: RecipientKind::Password,
            algorithm: format!("PBKDF2, {iterations}"),
            opens_with: OpensWith::Password,
            ..view
        },
        Capsule::Server(capsule) => RecordView {
            algorithm: match &capsule.recipient {
                PublicKey::Ec(key) => curve(key.curve()).into(),
                PublicKey::Rsa(key) => format!("RSA {}", key.bits()),
            },
            servers: vec![shown(&capsule.server_id)],
            opens_with: OpensWith::KeyFile,
            ..view
        },
        Capsule::Shares(capsule) => RecordView {
            kind: RecipientKind::Shares,
            algorithm: SHARES_SCHEME.into(),
            person: Some(shown(&capsule.recipient_id)),
            servers: capsule.shares.iter().map(|share| shown(&share.server_base_url)).collect(),
            opens_with: OpensWith::Shares,
            ..view
        },
    }
}

fn curve(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "P-256",
        Curve::P384 => "P-384",
        Curve::P521 => "P-521",
    }
}
