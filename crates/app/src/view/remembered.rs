//! Secrets that the system's keyring keeps, without the secrets.

use serde::Serialize;
use ts_rs::TS;

use crate::remembered::{Remembered, RememberedKind};

/// A secret that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RememberedView {
    /// What containers call it, and further commands.
    pub label: String,
    /// What it is.
    pub kind: RememberedSecret,
}

/// How the password of a container would be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RememberAs {
    /// Under which label.
    pub label: String,
    /// Something is remembered under it already, and would be replaced.
    pub replaces: bool,
}

/// What is remembered under a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RememberedSecret {
    /// A password.
    Password,
    /// A symmetric key.
    SymmetricKey,
}

impl From<Remembered> for RememberedView {
    fn from(Remembered { label, kind }: Remembered) -> Self {
        let kind = match kind {
            RememberedKind::Password => RememberedSecret::Password,
            RememberedKind::SymmetricKey => RememberedSecret::SymmetricKey,
        };
        Self { label, kind }
    }
}
