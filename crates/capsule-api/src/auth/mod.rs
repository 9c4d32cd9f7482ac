//! Authentication to several servers by one signature.
//!
//! A recipient whose capsules stand on several servers signs once, and no server learns anything that it could show to another. Each
//! server gives a [`Nonce`] for a transaction; the recipient signs all of them masked, each by its SHA-256 ([`Authentication`]); and each
//! server gets a [`Ticket`] with its own nonce in the clear and the others masked. Masks do not give nonces away, so what one server has
//! seen is no ticket for the next one.
//!
//! Nothing of what is signed names a server. A server that is listed and lies could therefore hand out a nonce that it fetched from an
//! honest one, and use the ticket there. So a nonce begins with a tag of the server that it is from ([`Audience`]): a client signs for no
//! server whose nonce bears another's tag, and a server takes no ticket whose nonce does not bear its own.
//!
//! A server keeps nothing of the nonces that it gives: it can tell them again by its key ([`NonceKey`]), until they are too old. Only
//! when one is used is that recorded, by a recipient who has proven that he is the one.
//!
//! The order of the work, with what each step may trust:
//!
//! 1. `nonce`: server tags, nonces, and the server's half of them
//! 2. `signature`: the one JSON that is signed, in its one canonical form, and by which algorithm a key signs
//! 3. `key`: the key of a certificate, as JSON has it, and whether it signed
//! 4. `ticket`: strict reading and writing of what goes over the wire
//!
//! `docs/authentication.md` tells the protocol with an example that can be followed by hand.
//!
//! ```
//! use capsule_api::{Audience, Authentication, NonceKey, Origin, ServerId, TransactionId};
//!
//! // A server gives a nonce for a transaction, whether it has it or not.
//! let origin = Origin::of(&"https://css-a.example:8446".parse()?).expect("https");
//! let server = Audience::new(&ServerId::parse("css-a")?, &origin);
//! let id = TransactionId::parse("KC00112233445566778899aabbccddeeff")?;
//! let key = NonceKey::generate();
//! let nonce = key.issue(&server, &id, 1_767_225_600);
//!
//! // The recipient sees whose it is, and what is to be signed for it.
//! assert!(nonce.is_from(&server));
//! let authentication = Authentication::new([(id.clone(), nonce.masked())])?;
//! assert!(authentication.payload().starts_with(r#"{"nonces":[{"masked_nonce":""#));
//!
//! // The server knows it again, for five minutes.
//! assert!(key.issued(&nonce, &id, 1_767_225_600 + 299));
//! assert!(!key.issued(&nonce, &id, 1_767_225_600 + 400));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod key;
mod nonce;
mod signature;
mod ticket;

use base64ct::{Base64UrlUnpadded, Encoding};

pub use key::{certificate_key, public_key};
pub use nonce::{Audience, MaskedNonce, Nonce, NonceError, NonceKey, OneTimeNumber, Origin, ShareNonce};
pub use signature::{Authentication, AuthenticationError, JwsAlgorithm, SignedAuthentication};
pub use ticket::{Ticket, TicketError};

/// Name of the header that carries a ticket.
pub const TICKET_HEADER: &str = "x-cdoc2-auth-ticket";
/// What stands behind the path of a capsule where nonces are given.
pub const NONCE_PATH: &str = "/nonce";
/// Largest ticket, as the header carries it, in bytes.
pub const MAX_TICKET: usize = 16 << 10;
/// Most nonces that one signature covers.
pub const MAX_NONCES: usize = 64;

pub(crate) fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Base64url without padding, in the one form that these bytes have.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    // Bits that stand for nothing at the end must be zero, or two texts would be one value.
    (encoded(&bytes) == text).then_some(bytes)
}
