//! The capsule server: takes capsules from senders, and gives them to whoever holds the recipient's key.
//!
//! A sender posts a capsule to the sender interface and gets a transaction id. The recipient proves with a client certificate, on the
//! recipient interface, that he holds the key that the capsule is for, and gets it by that id, until it expires; or with a ticket on the
//! ticket interface, so that one signature does for several servers. Everything else is a bound on what strangers can cost.
//!
//! From the outside in:
//!
//! - `net`: connections are taken, bounded and ended; `tls`: certificates, read again while the server runs
//! - `revocation`: whether a client's certificate still counts
//! - `http`: the calls of both interfaces and of the operations port, a few lines each
//! - `service`: what is done with a capsule, `tickets`: who may get one without a client certificate, and `shares`: who a person is; over
//!   `nonces`, and all without HTTP
//! - [`store`]: where capsules are kept, one trait and the stores behind it
//!
//! [`Config`] says what an operator sets, [`Server`] runs it; the program `kapsel-server` is a few commands over the two.

mod check;
mod clock;
mod config;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod import;
mod metrics;
mod net;
mod nonces;
mod revocation;
mod server;
mod service;
mod shares;
pub mod store;
mod tickets;
mod tls;

pub use check::{NOBODY_LET_IN, check, doubts, entry};
pub use clock::{Clock, SystemClock};
pub use config::{
    ClientFiles, Config, ConfigError, Endpoint, Limits, Log, Ocsp, OcspMode, Postgres, Problem, StoreConfig, TlsFiles,
};
pub use http::openapi;
pub use import::{ImportError, Imported, import_reference};
pub use net::Rate;
pub use server::{Server, StartError};
pub use tls::FileError;
