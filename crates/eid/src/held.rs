//! A failure of a key that somebody holds, with whose it is: of several cards and tokens, a person has to know which one to turn to.

use std::error::Error;

use cdoc2::{KeyError, shown};

/// Why a card's or token's key could not be used, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct HeldKeyError<E: Error> {
    /// Whose key it is.
    pub holder: Holder,
    /// What went wrong.
    pub cause: E,
}

/// Whose key it is, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The holder's name, or what the token calls the key.
    pub name: String,
    /// The reader's name, or the token's label.
    pub place: String,
}

impl Holder {
    pub(crate) fn new(name: String, place: &str) -> Self {
        Self { name, place: shown(place) }
    }

    pub(crate) fn failed<E: Error + Send + Sync + 'static>(&self, cause: E) -> KeyError {
        KeyError::Unusable(Box::new(HeldKeyError { holder: self.clone(), cause }))
    }
}
