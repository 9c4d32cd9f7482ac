//! Secrets that people and keys hand to the container: wiped when dropped, never printed.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    Error,
    error::{Refusal, SecretKind},
};

/// What an EC or RSA key computed, wiped when dropped.
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// Takes the bytes over; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A symmetric key of at least 32 bytes, used whole, with the label under which a record names it.
pub struct SymmetricKey {
    secret: Zeroizing<Vec<u8>>,
    label: Option<String>,
}

impl SymmetricKey {
    /// Shortest symmetric key in bytes (CDOC2 specification, symmetric key scheme).
    pub const MIN_LENGTH: usize = 32;

    /// Takes the key over.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is shorter than 32 bytes.
    pub fn new(secret: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        if secret.len() < Self::MIN_LENGTH {
            return Err(Error::Refused(Refusal::WeakSecret(SecretKind::SymmetricKey)));
        }
        Ok(Self { secret, label: None })
    }

    /// Tries the key only on records whose label, or the `LABEL` in it, is `label`.
    #[must_use]
    pub fn for_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Whether it has the same bytes.
    pub fn is_same(&self, other: &Self) -> bool {
        bool::from(self.secret.ct_eq(&other.secret))
    }

    pub(crate) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// A password; its UTF-8 bytes are used as they are.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the password over.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is empty.
    pub fn new(password: Zeroizing<String>) -> Result<Self, Error> {
        if password.is_empty() {
            return Err(Error::Refused(Refusal::WeakSecret(SecretKind::Password)));
        }
        Ok(Self(password))
    }

    /// Whether it has the same bytes.
    pub fn is_same(&self, other: &Self) -> bool {
        bool::from(self.as_bytes().ct_eq(other.as_bytes()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

macro_rules! redacted_debug {
    ($($secret:ident),*) => {$(
        impl std::fmt::Debug for $secret {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($secret), "(..)"))
            }
        }
    )*};
}
redacted_debug!(SharedSecret, SymmetricKey, Password);
