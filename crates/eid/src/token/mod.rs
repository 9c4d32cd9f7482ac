//! Keys on tokens, by PKCS#11 modules: OpenSC, those of other countries' cards, USB tokens, key stores.
//!
//! - [`known_modules`] finds modules that are installed; any other one is named by its path
//! - [`Module::open`] loads one, [`Module::tokens`] says what is on its tokens: no PIN is asked for
//! - [`Token::with_pin`] gives the token's keys ([`TokenKey`]), behind the same traits as those of cards and files; all together cost
//!   one [`TokenPin`]
//!
//! A module is foreign native code, which may crash, hang, print and leave memory damaged. So it is never loaded into the program
//! itself: the program starts itself once more as its helper ([`serve_modules`]), speaks to it over two pipes, bounds and checks
//! every answer, waits for it only so long, and ends it afterwards. That keeps the program alive; it is no sandbox, for the module
//! has the person's rights as before.
//!
//! From the bottom: `wire` is what is said over the pipes; `helper` reads it in the other process and `module` does it there, with
//! `padding` where a module can only compute; `process` is the program's end; `key` is a token in use.

mod error;
mod helper;
mod key;
mod known;
mod module;
mod padding;
mod pin;
mod process;
mod wire;

pub use error::TokenError;
pub use helper::serve_modules;
pub use key::{Module, Token, TokenIdentity, TokenKey, Tokens};
pub use known::known_modules;
pub use pin::TokenPin;
pub use process::withhold_from_modules;
pub use wire::{PinState, TokenInfo};

/// Result of this module.
type Result<T, E = TokenError> = std::result::Result<T, E>;
