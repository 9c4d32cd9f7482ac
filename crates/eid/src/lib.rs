//! Keys that people hold, behind the traits of the crate `cdoc2`.
//!
//! - [`RecipientKey`]: for whom to encrypt, from a certificate or public key file, with what the certificate says
//!   about its holder ([`Certificate`]).
//! - [`KeyFile`]: a private key from a file (PEM, DER, PKCS#12), as [`cdoc2::EcdhKey`] or [`cdoc2::RsaKey`].
//!
//! Everything in a file is foreign: at most 1 MiB is read, nothing panics, and derivations that would take minutes are refused before
//! they begin. Private keys are wiped when dropped.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let not_a_key = eid::KeyFile::read(b"something else", None);
//! assert!(matches!(not_a_key, Err(eid::KeyFileError::NotAKey)));
//! # Ok(()) }
//! ```

mod certificate;
mod file;
mod public;
mod recipient;

pub use certificate::{Certificate, DocumentKind, Warning};
pub use file::{FileEcKey, FileRsaKey, KeyFile, KeyFileError, PrivateKey};
pub use recipient::{RecipientError, RecipientKey};

/// Largest file that is read, in bytes.
pub const MAX_FILE: usize = 1 << 20;
