//! Identifiers, parsed once.

use std::fmt;

use crate::CAPSULES_PATH;

/// Bytes of a transaction id that a server accepts at all (key-capsules API, `transactionId`).
const ID_LENGTH: std::ops::RangeInclusive<usize> = 18..=34;
/// Begins every transaction id that is made for a capsule.
const CAPSULE_PREFIX: &str = "KC";
/// Most bytes of a server identifier; those in use are short words or UUIDs.
const MAX_SERVER_ID: usize = 128;

/// Names a capsule on its server: 18 to 34 ASCII letters and digits, such as `KC` and 32 hexadecimal digits.
///
/// Whoever knows it and holds the recipient's key gets the capsule, so `Debug` shows only how it begins, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(String);

/// Why a text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A transaction id is shorter than 18 or longer than 34 bytes, which a server answers with 400; a server's identifier is empty or longer than 128.
    #[error("an identifier has the wrong length")]
    Length,
    /// Other characters than the identifier may have: no server has such an id.
    #[error("an identifier has characters that none may have")]
    Characters,
    /// Not `/key-capsules/` and an id.
    #[error("not the path of a capsule")]
    Location,
}

impl TransactionId {
    /// Makes a new one: `KC` and 128 random bits in hex.
    ///
    /// # Panics
    /// When the system has no randomness, in which case nothing can go on.
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives randomness");
        Self(format!("{CAPSULE_PREFIX}{}", hex::encode(bytes)))
    }

    /// Takes an id from a path or a container.
    ///
    /// # Errors
    /// [`IdError::Length`], [`IdError::Characters`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if !ID_LENGTH.contains(&text.len()) {
            return Err(IdError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(IdError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes the id from the `Location` of a server's answer: a path with nothing before or behind it.
    ///
    /// # Errors
    /// [`IdError::Location`] for a whole URL, another path or a query; [`IdError::Length`], [`IdError::Characters`].
    pub fn from_location(location: &str) -> Result<Self, IdError> {
        let id = location.strip_prefix(CAPSULES_PATH).and_then(|rest| rest.strip_prefix('/'));
        Self::parse(id.ok_or(IdError::Location)?)
    }

    /// The path of the capsule on its server.
    pub fn location(&self) -> String {
        format!("{CAPSULES_PATH}/{}", self.0)
    }

    /// The whole id, for the wire and the container; not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({}…)", &self.0[..8])
    }
}

/// Names a server in a server list and in containers: 1 to 128 printable ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(String);

impl ServerId {
    /// Takes an identifier from a list or a container.
    ///
    /// # Errors
    /// [`IdError::Length`], [`IdError::Characters`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > MAX_SERVER_ID {
            return Err(IdError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person would take one for the other: they differ in case only, or not at all.
    pub fn is_confusable_with(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "KC00112233445566778899aabbccddeeff";

    #[test]
    fn ids_are_unguessable_and_go_through_a_location() {
        let (one, other) = (TransactionId::generate(), TransactionId::generate());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 34);
        assert_eq!(TransactionId::from_location(&one.location()), Ok(one));
    }

    #[test]
    fn lengths_are_told_apart_from_characters() {
        for (text, error) in [
            ("", IdError::Length),
            (&ID[..17], IdError::Length),
            (&format!("{ID}0"), IdError::Length),
            ("KC0011223344556677/../x", IdError::Characters),
            ("KC001122334455667õ", IdError::Characters),
            ("KC0011223344556677 ", IdError::Characters),
        ] {
            assert_eq!(TransactionId::parse(text), Err(error), "{text:?}");
        }
        assert!(TransactionId::parse(&ID[..18]).is_ok() && TransactionId::parse(ID).is_ok());
    }

    #[test]
    fn only_a_bare_path_is_a_location() {
        for location in [
            format!("https://elsewhere.example/key-capsules/{ID}"),
            format!("//elsewhere.example/key-capsules/{ID}"),
            format!("/key-shares/{ID}"),
            format!("/key-capsules{ID}"),
            ID.to_owned(),
        ] {
            assert_eq!(TransactionId::from_location(&location), Err(IdError::Location), "{location}");
        }
        for suffix in ["?x=1", "/", "#a", "%00"] {
            assert!(TransactionId::from_location(&format!("/key-capsules/{ID}{suffix}")).is_err(), "{suffix}");
        }
    }

    #[test]
    fn an_id_is_never_shown_in_full() {
        let id = TransactionId::parse(ID).expect("an id");
        assert!(!format!("{id:?}").contains(&ID[8..]));
    }

    #[test]
    fn server_ids_are_printable_and_compared_without_case() {
        let id = |text: &str| ServerId::parse(text);
        assert!(id("00000000-0000-0000-0000-000000000000").is_ok());
        assert_eq!(id(""), Err(IdError::Length));
        assert_eq!(id(&"x".repeat(129)), Err(IdError::Length));
        assert_eq!(id("a b"), Err(IdError::Characters));
        assert_eq!(id("\u{202e}ria"), Err(IdError::Characters));
        assert!(id("RIA").expect("id").is_confusable_with(&id("ria").expect("id")));
        assert!(!id("ria").expect("id").is_confusable_with(&id("sk").expect("id")));
    }
}
