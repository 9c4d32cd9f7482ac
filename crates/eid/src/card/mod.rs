//! Estonian ID-cards, over the system's smart-card service (PC/SC).
//!
//! - [`CardWatch`] tells when a card or a reader has come or gone
//! - [`card_readers`] looks into every reader and says what is in it: an [`IdCard`], or why there is none
//! - [`IdCard::with_pin`] gives a [`CardKey`], which opens containers and proves to servers who one is; both together cost one
//!   [`Pin`], entered once and verified by the card as seldom as it allows
//!
//! From the bottom: `apdu` writes commands and reads status words; `transport` carries them over a `Channel` and bounds what comes back;
//! `tlv` finds data objects; `idemia` and `thales` are what cards can do (`Application`); `service` is the system's part; `key`
//! is a card in use.
//!
//! What a card says is foreign: it is bounded and checked, and nothing panics over it. Commands and answers are never logged, only their
//! names and status words.

mod apdu;
mod application;
mod error;
mod idemia;
mod key;
mod pin;
mod service;
mod thales;
mod tlv;
mod transport;
mod watch;

pub use application::{CardKind, Document, Tries};
pub use error::CardError;
pub use key::CardKey;
pub use pin::{Pin, PinError};
pub use service::{CardReader, IdCard, card_readers};
pub use watch::{CardWatch, SeenReader};

/// Result of this module.
type Result<T, E = CardError> = std::result::Result<T, E>;
