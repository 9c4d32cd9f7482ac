//! Estonian ID-cards, over the system's smart-card service (PC/SC).
//!
//! - [`CardWatch`] tells when a card or a reader has come or gone
//! - [`card_readers`] looks into every reader and says what is in it: an [`IdCard`], or why there is none
//! - [`IdCard::with_pin`] gives a [`CardKey`], which opens containers and proves to servers who one is; both together cost one
//!   [`Pin`], entered once and verified by the card as seldom as it allows
//! - [`IdCard::with_pin_pad`] gives the same where the reader has a PIN pad, without the PIN ever being in the computer
//!
//! From the bottom: `apdu` writes commands and reads status words; `transport` carries them over a `Channel` and bounds what comes back;
//! `tlv` finds data objects; `idemia` and `thales` are what cards can do (`Application`); `service` is the system's part; `pad` is how readers take PINs; `key`
//! is a card in use.
//!
//! What a card says is foreign: it is bounded and checked, and nothing panics over it. Commands and answers are never logged, only their
//! names and status words.

mod apdu;
mod application;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod conversation;
mod error;
mod idemia;
mod key;
mod pad;
mod pin;
mod service;
#[cfg(all(test, target_os = "linux"))]
mod tests;
mod thales;
pub(crate) mod tlv;
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
