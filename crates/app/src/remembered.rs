//! Passwords and symmetric keys that the system's keyring keeps, by the label that records carry. Never a PIN.
//!
//! A file beside the settings says which labels there are, so that showing them opens no keyring.

use std::{fs, io, path::PathBuf};

use cdoc2::{Capsule, Header, Label, Password, SymmetricKey, Zeroizing};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, Result},
    keyring,
    opening::Key,
    places::{remembered_file, shortened},
    recipients::DEFAULT_LABEL,
    view::Code,
};

/// Longest label, in bytes.
const MAX_LABEL: usize = 200;

/// What is remembered.
pub enum Secret {
    /// A password.
    Password(Zeroizing<String>),
    /// A symmetric key: its bytes as they are.
    Key(Zeroizing<Vec<u8>>),
}

/// What kind of secret is remembered under a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RememberedKind {
    /// A password.
    Password,
    /// A symmetric key.
    SymmetricKey,
}

/// A label under which a secret is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The label.
    pub label: String,
    /// The kind of secret.
    pub kind: RememberedKind,
}

impl Remembered {
    /// Under which name the keyring keeps it.
    fn account(&self) -> String {
        match self.kind {
            RememberedKind::Password => format!("password for {}", self.label),
            RememberedKind::SymmetricKey => format!("symmetric key for {}", self.label),
        }
    }

    fn key(&self) -> Result<Option<Key>> {
        let Some(kept) = keyring::password(&self.account()).map_err(unavailable)? else { return Ok(None) };
        Ok(Some(match self.kind {
            RememberedKind::Password => Key::Password(Password::new(kept)?),
            RememberedKind::SymmetricKey => {
                let broken = |_| Failure::new(Code::KeyringUnavailable, "what the keyring holds is no symmetric key");
                let bytes = hex::decode(kept.as_bytes()).map(Zeroizing::new).map_err(broken)?;
                Key::Secret(SymmetricKey::new(bytes)?.for_label(&self.label))
            }
        }))
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    #[serde(default)]
    secret: Vec<Remembered>,
}

/// Keeps a secret under a label, in place of the one before.
///
/// # Errors
/// [`Code::NameNotAllowed`] for the label, [`Code::SecretTooShort`], [`Code::KeyringUnavailable`], [`Code::NotWritable`].
pub fn remember(label: &str, secret: Secret) -> Result<()> {
    if !is_allowed(label) {
        return Err(Failure::new(Code::NameNotAllowed, "a label has 1 to 200 bytes, and no control characters"));
    }
    let mut labels = read()?;
    let (kind, kept) = match secret {
        Secret::Password(password) => {
            Password::new(password.clone())?;
            (RememberedKind::Password, password)
        }
        Secret::Key(bytes) => {
            let in_hex = Zeroizing::new(hex::encode(&bytes));
            SymmetricKey::new(bytes)?;
            (RememberedKind::SymmetricKey, in_hex)
        }
    };
    let new = Remembered { label: label.to_owned(), kind };
    keyring::keep(&new.account(), &kept).map_err(unavailable)?;
    // One of the other kind gives way.
    for other in labels.secret.iter().filter(|other| other.label == label && other.kind != kind) {
        keyring::forget(&other.account()).map_err(unavailable)?;
    }
    labels.secret.retain(|other| other.label != label);
    labels.secret.push(new);
    labels.secret.sort_by(|one, other| one.label.cmp(&other.label));
    write(&labels)
}

fn is_allowed(label: &str) -> bool {
    !label.trim().is_empty() && label.len() <= MAX_LABEL && cdoc2::shown(label) == label
}

/// Under which label the password of a container can be remembered so that it is found again: its only password has a name of its own, and that
/// is shown as it is.
pub fn label_for(header: &Header) -> Option<String> {
    let mut passwords = header.records().iter().filter(|record| matches!(record.capsule, Capsule::Password { .. }));
    let (record, None) = (passwords.next()?, passwords.next()) else { return None };
    let label = Label::parse(&record.label);
    let name = label.display_name();
    (name != DEFAULT_LABEL && is_allowed(&name) && label.is_named(&record.label, &name)).then_some(name)
}

/// Forgets what is kept under a label; says whether there was anything.
///
/// # Errors
/// [`Code::KeyringUnavailable`]: nothing changes then; [`Code::NotWritable`].
pub fn forget(label: &str) -> Result<bool> {
    let mut labels = read()?;
    let before = labels.secret.len();
    for one in labels.secret.iter().filter(|one| one.label == label) {
        keyring::forget(&one.account()).map_err(unavailable)?;
    }
    labels.secret.retain(|one| one.label != label);
    if labels.secret.len() == before {
        return Ok(false);
    }
    write(&labels)?;
    Ok(true)
}

/// The labels, in order. The keyring is not looked at.
///
/// # Errors
/// [`Code::SettingsInvalid`] for a file that cannot be read.
pub fn labels() -> Result<Vec<Remembered>> {
    Ok(read()?.secret)
}

/// The labels of secrets that may open a container.
///
/// # Errors
/// As [`labels`].
pub fn fitting(header: &Header) -> Result<Vec<Remembered>> {
    let mut labels = labels()?;
    labels.retain(|one| {
        header.records().iter().any(|record| {
            let is_kind = match record.capsule {
                Capsule::Password { .. } => one.kind == RememberedKind::Password,
                Capsule::Symmetric { .. } => one.kind == RememberedKind::SymmetricKey,
                _ => false,
            };
            is_kind && Label::parse(&record.label).is_named(&record.label, &one.label)
        })
    });
    Ok(labels)
}

/// The secrets for these labels, as keys at hand; what the keyring no longer has is left out.
///
/// # Errors
/// [`Code::KeyringUnavailable`].
pub fn keys(labels: &[Remembered]) -> Result<Vec<Key>> {
    labels.iter().filter_map(|one| one.key().transpose()).collect()
}

fn unavailable(words: String) -> Failure {
    Failure::new(Code::KeyringUnavailable, words)
}

fn place() -> Result<PathBuf> {
    let none = || Failure::new(Code::NotWritable, "this system has no place for the person's settings");
    remembered_file().ok_or_else(none)
}

fn read() -> Result<Labels> {
    let path = place()?;
    let invalid = |words: String| {
        Failure::new(Code::SettingsInvalid, format!("{}: {words}", path.display())).about(shortened(&path))
    };
    match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error| invalid(error.message().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Labels::default()),
        Err(error) => Err(invalid(error.to_string())),
    }
}

fn write(labels: &Labels) -> Result<()> {
    let path = place()?;
    let text = toml::to_string(labels).expect("texts");
    crate::settings::replace(&path, text.as_bytes()).map_err(|error| cdoc2::Error::writing(&path, error).into())
}
