//! For whom to encrypt: certificates and public keys from files, persons by code, passwords, symmetric keys.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use capsule_api::PersonId;
use cdoc2::{Label, Password, Recipient, SymmetricKey, shown, shown_name};
use eid::{DocumentKind, RecipientError, RecipientKey, Warning};

use crate::{
    failure::{Failure, Result},
    files::read_small,
    persons,
    view::{Code, FileId, RecipientKind, RecipientView, RecipientWarning},
};

/// Label of a password or symmetric key that the person did not name.
pub(crate) const DEFAULT_LABEL: &str = "Kapsel";
/// How keys are split, in the format's terms: all shares are needed.
pub(crate) const SHARES_SCHEME: &str = "N-of-N";

/// Somebody who shall be able to open a container.
#[derive(Debug)]
pub enum NewRecipient {
    /// The holder of a private key.
    Key {
        /// The file that the public key came from.
        file: PathBuf,
        /// The key and its certificate.
        key: Box<RecipientKey>,
    },
    /// Who knows a password.
    Password {
        /// The password.
        password: Password,
        /// A hint that everybody can read.
        hint: Option<String>,
    },
    /// A person by code, by key shares on servers.
    Person {
        /// Who.
        person: PersonId,
        /// The person's name, where a certificate told it.
        name: Option<String>,
    },
    /// Who has a symmetric key.
    Secret {
        /// The key.
        key: SymmetricKey,
        /// Its name, which everybody can read; opening needs no name.
        label: Option<String>,
        /// The base name of the file that it came from.
        file: Option<String>,
    },
}

/// What was given more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// A key or person of this name.
    Key(String),
    /// A password, which has none.
    Password,
}

impl NewRecipient {
    /// Reads every certificate or public key of a file.
    ///
    /// # Errors
    /// [`Code::RecipientUnusable`], [`Code::RecipientIsPrivate`], [`Code::RecipientKeyWeak`], [`Code::NotReadable`].
    pub fn read(path: &Path) -> Result<Vec<Self>> {
        let bytes = read_small(path, Code::RecipientUnusable)?;
        let name = base_name(path);
        let keys = RecipientKey::read(&bytes, Some(&name)).map_err(|error| {
            let failure = |code| Failure::new(code, error.to_string()).about(name.clone());
            match error {
                RecipientError::PrivateKey => failure(Code::RecipientIsPrivate),
                RecipientError::WeakKey(bits) => failure(Code::RecipientKeyWeak).with_number(bits as u64),
                _ => failure(Code::RecipientUnusable),
            }
        })?;
        Ok(keys.into_iter().map(|key| Self::Key { file: path.to_owned(), key: Box::new(key) }).collect())
    }

    /// A person by code.
    ///
    /// # Errors
    /// [`Code::PersonalCodeWrong`].
    pub fn person(code: &str) -> Result<Self> {
        Ok(Self::Person { person: persons::parse(code)?, name: None })
    }

    /// The same recipient by key shares instead of a capsule: the person that the certificate names. Who knows a password or has a symmetric key
    /// needs no server.
    ///
    /// # Errors
    /// [`Code::NotAPerson`].
    pub fn into_person(self) -> Result<Self> {
        let Self::Key { key, .. } = &self else { return Ok(self) };
        let person = key.certificate.as_ref().and_then(|certificate| PersonId::of_certificate(&certificate.der));
        let nobody = || {
            let detail = format!("{} is no person by its certificate, and key shares are for persons", key.name());
            Failure::new(Code::NotAPerson, detail).about(key.name())
        };
        Ok(Self::Person { person: person.ok_or_else(nobody)?, name: Some(key.name()) })
    }

    /// Each key, person and password once, in order; a certificate in two files, or named twice, needs no second record. Of a certificate and its
    /// bare key the certificate stays, which tells whose it is. A password or symmetric key under another label is another way in. Says what stood
    /// twice.
    pub fn distinct(recipients: Vec<Self>) -> (Vec<Self>, Vec<Repeated>) {
        let mut people = HashSet::new();
        let mut known = HashMap::new();
        let (mut kept, mut again) = (Vec::<Self>::with_capacity(recipients.len()), Vec::new());
        for mut recipient in recipients {
            match &recipient {
                Self::Key { key, .. } => {
                    if let Some(at) = known.get(&key.public_key) {
                        let before: &mut Self = &mut kept[*at];
                        if key.certificate.is_some() && before.is_bare() {
                            std::mem::swap(before, &mut recipient);
                        }
                        again.push(Repeated::Key(recipient.view(0).name));
                        continue;
                    }
                    known.insert(key.public_key.clone(), kept.len());
                }
                Self::Person { person, .. } if !people.insert(person.clone()) => {
                    again.push(Repeated::Key(persons::code(person).to_owned()));
                    continue;
                }
                Self::Secret { key, label, file }
                    if kept.iter().any(|other| other.is_secret(key, label.as_deref())) =>
                {
                    let name = shown(label.as_deref().or(file.as_deref()).unwrap_or(DEFAULT_LABEL));
                    again.push(Repeated::Key(name));
                    continue;
                }
                Self::Password { password, hint }
                    if kept.iter().any(|other| other.is_password(password, hint.as_deref())) =>
                {
                    again.push(Repeated::Password);
                    continue;
                }
                _ => {}
            }
            kept.push(recipient);
        }
        (kept, again)
    }

    /// Whether it is a key that no certificate came with.
    fn is_bare(&self) -> bool {
        matches!(self, Self::Key { key, .. } if key.certificate.is_none())
    }

    fn is_secret(&self, wanted: &SymmetricKey, wanted_label: Option<&str>) -> bool {
        matches!(self, Self::Secret { key, label, .. } if label.as_deref() == wanted_label && key.is_same(wanted))
    }

    fn is_password(&self, wanted: &Password, wanted_hint: Option<&str>) -> bool {
        matches!(self, Self::Password { password, hint } if hint.as_deref() == wanted_hint && password.is_same(wanted))
    }

    /// What people see; `id` names the file it came from.
    pub fn view(&self, id: FileId) -> RecipientView {
        let plain = |name: &str, kind, algorithm: &str| RecipientView {
            id,
            name: name.to_owned(),
            initials: initials(name),
            kind,
            code: None,
            file: String::new(),
            valid_until: None,
            algorithm: algorithm.to_owned(),
            warnings: Vec::new(),
            person: None,
        };
        match self {
            Self::Password { hint, .. } => {
                plain(&shown(hint.as_deref().unwrap_or_default()), RecipientKind::Password, "PBKDF2")
            }
            Self::Secret { label, .. } => {
                plain(&shown(label.as_deref().unwrap_or_default()), RecipientKind::Secret, "HKDF")
            }
            Self::Person { person, name } => {
                let code = persons::code(person);
                RecipientView {
                    code: Some(code.to_owned()),
                    person: Some(persons::number(person).to_owned()),
                    ..plain(name.as_deref().unwrap_or(code), RecipientKind::Shares, SHARES_SCHEME)
                }
            }
            Self::Key { file, key } => {
                let certificate = key.certificate.as_ref();
                let name = key.name();
                RecipientView {
                    kind: certificate.map_or(RecipientKind::PublicKey, |certificate| certificate.document.into()),
                    code: certificate.and_then(|certificate| certificate.code()).map(str::to_owned),
                    file: base_name(file),
                    valid_until: certificate.map(|certificate| certificate.not_after),
                    warnings: key.warnings(now()).into_iter().map(RecipientWarning::from).collect(),
                    ..plain(&name, RecipientKind::PublicKey, &key.algorithm())
                }
            }
        }
    }

    /// With everything inside the container. A person by code has no key to encrypt for, and is refused without servers.
    pub(crate) fn into_recipient(self) -> Recipient {
        match self {
            Self::Person { person, .. } => shared(&person, Vec::new()),
            Self::Key { key, .. } => {
                let label = key.label().to_string();
                Recipient::public_key(key.public_key, label)
            }
            Self::Password { password, hint } => {
                let label = Label::password(hint.as_deref().unwrap_or(DEFAULT_LABEL));
                Recipient::password(password, label.to_string())
            }
            Self::Secret { key, label, file } => {
                let label = Label::secret(label.as_deref().unwrap_or(DEFAULT_LABEL), file.as_deref());
                Recipient::symmetric_key(key, label.to_string())
            }
        }
    }
}

/// A person whose key is split over the servers with these base URLs.
pub(crate) fn shared(person: &PersonId, servers: Vec<String>) -> Recipient {
    Recipient::shares(person.as_str(), servers, Label::auth(person.as_str()).to_string())
}

impl From<DocumentKind> for RecipientKind {
    fn from(document: DocumentKind) -> Self {
        match document {
            DocumentKind::IdCard => Self::IdCard,
            DocumentKind::DigiId => Self::DigiId,
            DocumentKind::EResident => Self::EResident,
            DocumentKind::Organisation => Self::Organisation,
            _ => Self::Certificate,
        }
    }
}

impl From<Warning> for RecipientWarning {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::Expired => Self::Expired,
            Warning::NotYetValid => Self::NotYetValid,
            Warning::CannotDecrypt => Self::CannotDecrypt,
            Warning::RecentReaderNeeded => Self::RecentReaderNeeded,
            _ => Self::NotForEncryption,
        }
    }
}

/// Whether the first bytes of a file are those of a certificate or public key.
pub(crate) fn looks_like_one(start: &[u8]) -> bool {
    let has = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    has(b"-----BEGIN CERTIFICATE-----")
        || has(b"-----BEGIN PUBLIC KEY-----")
        || has(b"-----BEGIN RSA PUBLIC KEY-----")
        || RecipientKey::read(start, None).is_ok()
}

/// One or two letters for a round picture.
pub(crate) fn initials(name: &str) -> String {
    // A code has none.
    if !name.chars().any(char::is_alphabetic) {
        return String::new();
    }
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// Unix seconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The last part of a path, for people: whoever named the file may have meant to deceive them.
pub fn base_name(path: &Path) -> String {
    shown_name(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}
