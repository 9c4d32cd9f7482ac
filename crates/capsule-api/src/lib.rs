//! What goes over the wire between clients and capsule servers, and the list of servers that a client trusts. Both ends share it.
//!
//! A sender posts a capsule ([`NewCapsule`]) and gets a [`TransactionId`]; the recipient, who proves the key that the capsule is
//! for, gets it back by that id (key-capsules API 3.1.1). Neither end may trust the other: a server parses with
//! [`NewCapsule::parse`], a client checks an answer with [`TransactionId::from_location`] and compares the capsule with the record it
//! stands for.
//!
//! - [`TransactionId`], [`ServerId`]: identifiers that cannot be malformed
//! - [`NewCapsule`], [`CapsuleType`]: the JSON body, with the limits of the API
//! - [`Expiry`], [`ExpiryPolicy`]: until when a capsule is kept, always in UTC
//! - [`Nonce`], [`Authentication`], [`Ticket`] (`auth`): how a recipient proves his key to several servers by one signature
//! - [`NewShare`], [`ShareTokens`], [`SharePresentation`] (`shares`): key shares, and how a person proves who he is to all their servers
//! - [`ServerList`], [`Server`]: which servers there are, and the keys they must show; whose they are ([`Owner`]), and by which [`Edition`] of a list
//!
//! There is no network here.
//!
//! ```
//! use capsule_api::{CapsuleError, NewCapsule, TransactionId};
//!
//! // A server: whatever is wrong with a body is the sender's, never a panic or a 5xx.
//! assert!(matches!(NewCapsule::parse(b"{}"), Err(CapsuleError::Json(_))));
//!
//! // A client: the answer names the new transaction by its path, and nothing else.
//! let id = TransactionId::from_location("/key-capsules/KC00112233445566778899aabbccddeeff")?;
//! assert_eq!(format!("{id:?}"), "TransactionId(KC001122…)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod auth;
mod capsule;
mod expiry;
mod id;
mod list;
mod object;
mod owner;
mod shares;

pub use address::https_url;
pub use auth::{
    Audience, Authentication, AuthenticationError, JwsAlgorithm, MAX_NONCES, MAX_TICKET, MaskedNonce, NONCE_PATH,
    Nonce, NonceError, NonceKey, OneTimeNumber, Origin, ShareNonce, SignedAuthentication, TICKET_HEADER, Ticket,
    TicketError, certificate_key, public_key,
};
pub use capsule::{CapsuleError, CapsuleType, MAX_BODY, MAX_KEY_MATERIAL, NewCapsule, RECIPIENT_ID};
pub use expiry::{Expiry, ExpiryError, ExpiryPolicy, Granted};
pub use id::{IdError, ServerId, TransactionId};
pub use list::{Edition, ImportSource, KeyFingerprint, ListError, Pin, Server, ServerList, schema};
pub use object::Object;
pub use owner::Owner;
pub use shares::{
    MAX_PRESENTATION, NewShare, PersonId, SHARE_CERTIFICATE_HEADER, SHARE_TICKET_HEADERS, SHARES_PATH, ShareError,
    ShareId, SharePresentation, ShareTarget, ShareTokens, SignedShareTokens, TokenError, certificate_header,
    read_certificate_header,
};

/// Name of the header that asks for, and tells, until when a capsule is kept (RFC 3339).
pub const EXPIRY_HEADER: &str = "x-expiry-time";
/// Name of the header that says `true` when the server keeps a capsule for less long than was asked for.
pub const EXPIRY_ADJUSTED_HEADER: &str = "x-expiry-time-adjusted";
/// Path under which capsules are posted and, with an id, fetched.
pub const CAPSULES_PATH: &str = "/key-capsules";
