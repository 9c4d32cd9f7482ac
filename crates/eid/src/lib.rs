//! Keys that people hold, in files and on cards, behind the traits of the crate `cdoc2`.
//!
//! Whoever encrypts needs the keys of others, and whoever opens needs a key of their own:
//!
//! - [`RecipientKey`]: for whom to encrypt, from a certificate or public key (PEM or DER), with what the certificate says about
//!   its holder ([`Certificate`]) and what a sender should be warned of ([`Warning`]). It proposes the key label.
//! - [`KeyFile`]: a private key (SEC 1, PKCS#1, PKCS#8, PKCS#12; encrypted or not), as [`cdoc2::EcdhKey`] or
//!   [`cdoc2::RsaKey`].
//! - [`IdCard`]: an Estonian ID-card in a reader, found by [`card_readers`]; with its PIN a [`CardKey`], behind the same traits.
//! - [`Module`]: a PKCS#11 module, whose tokens ([`Token`]) give [`TokenKey`]s behind the same traits; it is held in a process of its own
//!   ([`serve_modules`])
//! - [`Authenticator`]: a private key with its certificate, by which a capsule server knows whom it talks to.
//!
//! Files are told apart by content, never by name, and everything in them is foreign: at most [`MAX_FILE`] bytes are read, nothing
//! panics, and password derivations that would take minutes are refused before they begin. Private keys are wiped
//! when dropped, and never printed.
//!
//! The way of a file: `pem` finds the blocks, `file` and `recipient` tell what they are; `file::encryption` decrypts
//! and counts the cost, `file::pkcs12` goes through the bags, `file::key` makes the keys; `certificate` and `public` read
//! what is public. The way of a card is told in `card`, that of a token in `token`.
//!
//! ```no_run
//! use eid::{KeyFile, KeyFileError, RecipientKey};
//!
//! // Encrypting: who is it for?
//! for recipient in RecipientKey::read(&std::fs::read("jaak.pem")?, Some("jaak.pem"))? {
//!     println!("{}, {}: {:?}", recipient.name(), recipient.algorithm(), recipient.warnings(1_767_225_600));
//!     let record = cdoc2::Recipient::public_key(recipient.public_key.clone(), recipient.label().to_string());
//! }
//!
//! // Opening: which key do I have?
//! let file = std::fs::read("mine.p12")?;
//! let keys = match KeyFile::read(&file, None) {
//!     Err(KeyFileError::PasswordNeeded) => KeyFile::read(&file, Some("asked for"))?,
//!     keys => keys?,
//! };
//! let keyring = cdoc2::Keyring::new(keys.iter().map(KeyFile::decryption_key));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A mistaken file is an error that says what it is:
//!
//! ```
//! use eid::{KeyFile, KeyFileError};
//!
//! assert!(matches!(KeyFile::read(b"something else", None), Err(KeyFileError::NotAKey)));
//! ```

mod asn1;
mod authenticator;
mod card;
mod certificate;
mod dumps;
mod file;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod held;
mod pem;
mod public;
mod recipient;
mod token;

pub use authenticator::{Authenticator, SignatureAlgorithm};
pub use card::{
    CardError, CardKey, CardKind, CardReader, CardWatch, Document, IdCard, Pin, PinError, SeenReader, Tries,
    card_readers,
};
pub use certificate::{Certificate, DocumentKind, KeyUsage, Warning};
pub use dumps::forbid_core_dumps;
pub use file::{FileAuthenticator, FileEcKey, FileRsaKey, KeyFile, KeyFileError, PrivateKey};
pub use held::{HeldKeyError, Holder};
pub use recipient::{RecipientError, RecipientKey};
pub use token::{
    Module, PinState, Token, TokenError, TokenIdentity, TokenInfo, TokenKey, TokenPin, Tokens, known_modules,
    serve_modules, withhold_from_modules,
};

/// Largest file that is read, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// Most keys that one file may hold.
const MAX_KEYS: usize = 16;
