//! Kapsel's use cases without a user interface. The window and the command line are thin over this crate.
//!
//! - [`files`], [`detection`]: what people choose; folders become the files in them, and content tells what a file is
//! - [`recipients`], [`persons`], [`encryption`]: for whom, what stands in the way, and encrypting
//! - [`opening`]: what a container tells without a key, keys at hand, opening
//! - [`cards`]: ID-cards in readers; [`tokens`]: whatever PKCS#11 modules reach
//! - [`remembered`]: passwords and symmetric keys that the system's keyring keeps
//! - [`servers`]: capsule servers, by the lists that name them
//! - [`desk`]: the same in the terms of a window, which names files by number ([`grants`]) and gets plain values ([`view`])
//! - [`failure`]: one closed set of causes, [`view::Code`], for which front ends have words
//! - [`network`]: proxy, time-outs, what is asked of servers; the proxy's password is in the system's keyring
//! - [`proposals`]: where results are proposed to go
//! - [`pin`], [`meter`], [`password`], [`settings`], [`places`]: what was typed, progress, strength, choices, folders
//! - [`programs`]: what would run when it is opened, which the window never does
//!
//! Nothing here prints or opens windows, and only [`servers`] leads to a network, only [`cards`] and [`tokens`] to readers. A locked keyring may ask the
//! person by itself.

pub mod cards;
pub mod desk;
pub mod detection;
pub mod encryption;
pub mod failure;
pub mod files;
pub mod grants;
mod keyring;
pub mod meter;
pub mod network;
pub mod opening;
pub mod password;
pub mod persons;
pub mod pin;
pub mod places;
pub mod programs;
pub mod proposals;
pub mod recipients;
pub mod remembered;
pub mod servers;
pub mod settings;
pub mod tokens;
pub mod view;

pub use eid::forbid_core_dumps;
pub use failure::{Failure, Result};
