//! The CDOC2 container format: files encrypted for people, in one file that can go any way.
//!
//! A container is an envelope around a header, which says who can open it, and a payload, which holds the files:
//!
//! ```text
//! envelope   "CDOC" | version | header length | header | HMAC | nonce | ciphertext | tag
//! header     one record a recipient: a capsule (what unwraps the key), a label, the wrapped file master key
//! payload    ChaCha20-Poly1305( zlib( tar( files ) ) ), one message of up to 256 GiB
//! ```
//!
//! The way of a container through this crate, and the modules it passes:
//!
//! - **Encrypting** ([`Encryptor`], `encrypt`): [`InputFile`]s are checked (`archive::names`); a file master key is made
//!   (`key::schedule`) and wrapped for each [`Recipient`] (`recipient`, `header`); the files stream as tar (`archive::write`)
//!   through compression on all cores (`payload::deflate`) and the cipher (`payload::aead`) into a file that gets its
//!   name when it is complete (`release`).
//! - **Opening** ([`Container`], `decrypt`): envelope and header are read within bounds (`envelope`, `header`); a [`Keyring`] is
//!   tried on the records (`unlock`); the payload is verified, and only then decrypted, inflated
//!   (`payload::inflate`), unpacked under [`Limits`] (`archive::read`) and released (`release`).
//!
//! There is no network and no hardware here: private keys are [`EcdhKey`] and [`RsaKey`], servers are [`CapsuleFetcher`],
//! [`ShareFetcher`] and [`Delivery`], and others implement them. Everything that is read is hostile until proved otherwise.
//!
//! ```
//! use cdoc2::{Container, DecryptionKey, Keyring, Password, Zeroizing};
//! # use cdoc2::{Encryptor, InputFile, Recipient};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("report.cdoc2");
//! # std::fs::write(folder.path().join("report.txt"), "content")?;
//! # let password = || Password::new(Zeroizing::new("secret".to_owned()));
//! # let files = [InputFile::examine(folder.path().join("report.txt"))?];
//! # Encryptor::new(vec![Recipient::password(password()?, "hint")]).encrypt_to_file(&files, &path, false)?;
//! let container = Container::open(&path)?;
//! let password = Password::new(Zeroizing::new("secret".to_owned()))?;
//! let keyring = Keyring::new([DecryptionKey::Password(&password)]);
//! let key = container.unlock(&keyring, &Default::default())?;
//! let entries = container.list(&key, &Default::default())?;
//! assert_eq!(entries[0].name, "report.txt");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod decrypt;
mod encrypt;
mod envelope;
mod error;
mod flush;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod key;
mod label;
mod limits;
mod payload;
mod progress;
mod recipient;
mod release;
mod unlock;
mod wiping;

pub use archive::{Entry, NamePolicy, NameProblem, NameSet, UnsafeName, UnsafeNames, check_name, safe_name};
pub use decrypt::{Container, Extracted, Extraction, Reading};
pub use encrypt::{Encryptor, InputFile, Written, check_files, check_output};
pub use envelope::{DETECTION_LENGTH, Detected, detect};
pub use error::{Error, FetchError, KeyError, LimitKind, Refusal, Result, SecretKind};
pub use header::{Capsule, Header, KeyShare, Record, ServerCapsule, SharesCapsule, SkipReason, SkippedRecord};
pub use key::{
    Curve, DecryptionKey, EcPublicKey, EcdhKey, Password, PublicKey, PublicKeyError, RsaKey, RsaPublicKey,
    SharedSecret, SymmetricKey,
};
pub use label::{Label, LabelKind, is_deceptive, is_seen_as_written, shown, shown_name};
pub use limits::Limits;
pub use payload::deflate::Compression;
pub use progress::{Cancel, Control, Progress, Step};
pub use recipient::{Delivery, OutgoingCapsule, OutgoingShare, Recipient};
pub use release::{OnConflict, remove_abandoned};
pub use unlock::{CapsuleFetcher, FileMasterKey, Keyring, NoServerAccess, ShareFetcher};
pub use wiping::with_wiped_stack;
/// Wipes what it holds when dropped; the form in which secrets are handed over.
pub use zeroize::Zeroizing;
