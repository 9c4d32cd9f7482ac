//! Estonian ID-cards made of software, in a reader of the real smart-card service.
//!
//! - [`Holder`]: a person with keys and certificates, made on the spot
//! - [`VirtualCard`]: an IDEMIA or Thales card of that person, which checks a PIN, derives and signs as the real ones do; it
//!   can also misbehave in every way ([`Fault`]), and remembers what was said to it ([`VirtualCard::trace`])
//! - [`Service`]: the system's `pcscd`, started where none runs, for one test at a time; or one of a test's own ([`Service::private`])
//! - [`Service::insert`]: puts a card into one of the two readers of Debian's `vsmartcard-vpcd`
//!
//! ```no_run
//! use virtual_card::{Holder, Kind, Service, Slot, VirtualCard};
//!
//! let service = Service::start();
//! let card = VirtualCard::new(Kind::Idemia, Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718"), "1234");
//! let inserted = service.insert(&card, Slot::First);
//! // Whatever uses cards uses this one, until it is taken out:
//! drop(inserted);
//! println!("{} tries left", card.tries_left());
//! ```

mod card;
mod command;
mod holder;
mod idemia;
mod service;
mod slot;
mod thales;
mod watch;

pub use card::{Exchange, Fault, Kind, VirtualCard, signatures, verifies};
pub use holder::Holder;
pub use service::Service;
pub use slot::{Inserted, Slot};
