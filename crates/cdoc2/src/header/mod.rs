//! The header: one record a recipient, in FlatBuffers (CDOC2 specification, "Header").
//!
//! Each record is read by itself: one that is unknown or broken is skipped and listed, and hinders nobody else. Offsets in a
//! FlatBuffer may be shared, so a header of 1 MiB can stand for gigabytes: what is read is counted, and a header
//! over budget is refused as a whole.

#[allow(clippy::all, clippy::unwrap_used, dead_code, missing_docs, unsafe_code, unused_qualifications)]
#[rustfmt::skip]
mod generated;
mod read;
mod write;

use crate::{
    Error, LimitKind, Result,
    key::{EcPublicKey, PublicKey, PublicKeyError, RsaPublicKey},
};

pub(crate) use write::write;

/// Most records in a header.
const MAX_RECORDS: usize = 8192;
/// Most shares in a record.
const MAX_SHARES: usize = 64;
/// Most bytes of strings and vectors of all records, counted as often as they are referred to.
const MAX_CONTENT: usize = 4 << 20;
/// Longest salt of a record that is used.
const MAX_SALT: usize = 1024;
/// PBKDF2 iterations that are honoured; others could keep a reader busy for hours, or protect nothing.
const ITERATIONS: std::ops::RangeInclusive<i32> = 1_000..=10_000_000;

/// A header that was read: for whom a container is. Anybody can write one.
#[derive(Debug)]
pub struct Header {
    bytes: Vec<u8>,
    records: Vec<Record>,
    skipped: Vec<SkippedRecord>,
}

impl Header {
    /// Records that this crate understands, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Records that are unknown or broken, in order.
    pub fn skipped(&self) -> &[SkippedRecord] {
        &self.skipped
    }

    /// Tells a damaged header from one that is for others: with every record broken, no key opens the container.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there are records and each is broken; [`Error::LimitExceeded`] when the others of them ask for more
    /// password iterations than are honoured.
    pub fn check(&self) -> Result<()> {
        if !self.records.is_empty() || self.skipped.iter().any(|skipped| skipped.reason.is_unknown()) {
            return Ok(());
        }
        match self.skipped.first() {
            Some(_) if self.asks_too_much() => Err(too_many_iterations()),
            Some(first) => {
                Err(Error::malformed(format!("no recipient record can be read, the first because: {}", first.reason)))
            }
            None => Ok(()),
        }
    }

    /// Whether a password's record asks for more work than is done.
    pub(crate) fn asks_too_much(&self) -> bool {
        let is_too_much = |reason: &SkipReason| matches!(reason, SkipReason::IterationsOutOfRange(iterations) if iterations > ITERATIONS.end());
        self.skipped.iter().any(|skipped| is_too_much(&skipped.reason))
    }

    /// The header as it stands in the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A password record that asks for more work than is done.
pub(crate) fn too_many_iterations() -> Error {
    Error::LimitExceeded { kind: LimitKind::PasswordIterations, limit: *ITERATIONS.end() as u64 }
}

/// What one recipient needs.
#[derive(Debug)]
pub struct Record {
    /// Position in the header, from 0.
    pub index: usize,
    /// What unwraps the key.
    pub capsule: Capsule,
    /// The key label as it stands in the record; see [`Label::parse`](crate::Label::parse).
    pub label: String,
    /// The file master key, wrapped.
    pub(crate) encrypted_fmk: [u8; 32],
}

/// A record to be written.
#[derive(Debug)]
pub(crate) struct NewRecord {
    pub(crate) capsule: Capsule,
    pub(crate) label: String,
    pub(crate) encrypted_fmk: [u8; 32],
}

/// What unwraps the file master key for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capsule {
    /// ECDH with a sender's one-time key.
    Ec {
        /// For whom.
        recipient: EcPublicKey,
        /// The one-time key, on the same curve.
        sender: EcPublicKey,
    },
    /// RSA-OAEP.
    Rsa {
        /// For whom.
        recipient: RsaPublicKey,
        /// The wrapped key encryption key.
        encrypted_kek: Vec<u8>,
    },
    /// A symmetric key of the recipient.
    Symmetric {
        /// HKDF salt.
        salt: Vec<u8>,
    },
    /// A password.
    Password {
        /// HKDF salt.
        salt: Vec<u8>,
        /// PBKDF2 salt.
        password_salt: Vec<u8>,
        /// PBKDF2 iterations, 1 000 to 10 000 000.
        iterations: u32,
    },
    /// An EC or RSA capsule that a server keeps.
    Server(ServerCapsule),
    /// Shares of the key that several servers keep.
    Shares(SharesCapsule),
}

impl Capsule {
    /// What kind it is, for who looks for a fault.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Ec { .. } => "EC key",
            Self::Rsa { .. } => "RSA key",
            Self::Symmetric { .. } => "symmetric key",
            Self::Password { .. } => "password",
            Self::Server(_) => "capsule on a server",
            Self::Shares(_) => "key shares",
        }
    }
}

/// Where the capsule of a recipient is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCapsule {
    /// For whom.
    pub recipient: PublicKey,
    /// Identifier of the server in the server list.
    pub server_id: String,
    /// Identifier of the capsule on the server.
    pub transaction_id: String,
}

/// Where the shares of a key are kept; all are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharesCapsule {
    /// One a server.
    pub shares: Vec<KeyShare>,
    /// HKDF salt of the sender.
    pub salt: Vec<u8>,
    /// For whom, an ETSI identifier such as `etsi/PNOEE-48010010101`.
    pub recipient_id: String,
}

/// Where one share is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShare {
    /// Base URL of the server.
    pub server_base_url: String,
    /// Identifier of the share on the server.
    pub share_id: String,
}

/// A record that cannot be used.
#[derive(Debug)]
pub struct SkippedRecord {
    /// Position in the header, from 0.
    pub index: usize,
    /// Its key label, when it can be read.
    pub label: Option<String>,
    /// Why.
    pub reason: SkipReason,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// A capsule type of a newer version.
    #[error("unknown capsule type {0}")]
    UnknownCapsule(u8),
    /// A curve of a newer version.
    #[error("unknown elliptic curve")]
    UnknownCurve,
    /// A type of server key of a newer version.
    #[error("unknown key type {0} on a server")]
    UnknownKeyDetails(u8),
    /// A way of wrapping other than XOR.
    #[error("unknown key encryption method")]
    UnknownFmkMethod,
    /// A password derivation other than PBKDF2 with HMAC-SHA-256.
    #[error("unknown password derivation")]
    UnknownKdf,
    /// Shares for another kind of recipient, or under another scheme than N-of-N.
    #[error("unknown scheme of key shares")]
    UnknownSharesScheme,
    /// A wrapped key that has not 32 bytes.
    #[error("wrapped key of {0} bytes")]
    WrongFmkLength(usize),
    /// A public key that is none.
    #[error("unusable public key: {0}")]
    BadPublicKey(PublicKeyError),
    /// Iterations outside 1 000 to 10 000 000.
    #[error("{0} password iterations")]
    IterationsOutOfRange(i32),
    /// An empty salt, or one over 1024 bytes.
    #[error("salt of {0} bytes")]
    SaltLength(usize),
    /// No shares, or a single one.
    #[error("{0} key shares")]
    ShareCount(usize),
    /// A structure that breaks the format.
    #[error("broken record: {0}")]
    Broken(&'static str),
}

impl SkipReason {
    /// Whether the record breaks the format, rather than being a newer version's or beyond what is honoured.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::WrongFmkLength(_)
                | Self::BadPublicKey(_)
                | Self::SaltLength(_)
                | Self::ShareCount(_)
                | Self::Broken(_)
        ) || matches!(self, Self::IterationsOutOfRange(iterations) if iterations < ITERATIONS.start())
    }

    /// Whether a newer version may read the record.
    pub fn is_unknown(&self) -> bool {
        !self.is_damage() && !matches!(self, Self::IterationsOutOfRange(_))
    }
}

impl From<PublicKeyError> for SkipReason {
    fn from(error: PublicKeyError) -> Self {
        Self::BadPublicKey(error)
    }
}
