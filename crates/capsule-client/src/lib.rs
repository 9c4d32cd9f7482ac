//! Brings capsules to servers and fetches them, and trusts nothing but the list.
//!
//! A capsule on a server is half of a key: the sender puts it there before the container is written ([`Upload`], the container's
//! [`cdoc2::Delivery`]), and the recipient fetches it with a proof of the key ([`Download`], the container's
//! [`cdoc2::CapsuleFetcher`]): a client certificate, or one signature for all servers that take tickets ([`Plan`], `gathering`). Shares
//! of a key for a person go the same ways ([`ShareDownload`]). Both go through a [`Client`], which knows the [`Servers`] of lists in layers and the [`Settings`] of the
//! network. Callers write plain synchronous code; threads and sockets stay in here.
//!
//! What is held against whom:
//!
//! - **An impostor, a proxy that looks inside.** A server is who its entry's pins say (`tls::pinned`): its certificate or its key is
//!   listed, *and* the certificate covers the host and is valid. TLS 1.3 alone; no authority of the system is asked. A stapled OCSP answer
//!   (`tls::ocsp`) must say *good*; [`Settings::ocsp_required`] wants one that can be verified.
//! - **A server that lies.** Every answer is bounded and checked (`net`, `upload`, `exchange`): a redirect is not followed, an
//!   identifier stands once, a capsule is the one that the record names, and nothing is signed over another server's nonce.
//! - **A server that is down, slow or silent.** Time-outs on everything; several servers are asked at once, and the first right answer
//!   counts. What may pass is tried again.
//! - **Whoever brings the lists.** An administrator's policy says which layers count and whose signature they bear (`servers::policy`); a
//!   list that is fetched is never taken without, nor with a lower serial than the one before (`servers::remote`).
//! - **A sender.** The identifiers in a container lead to an entry of the list or nowhere.
//!
//! Each failure is its own: [`Error`] names the server, [`Cause`] what went wrong with it.
//!
//! ```
//! use capsule_client::{Client, Error, ListFiles, Servers, Settings, Upload};
//!
//! let servers = Servers::load(&ListFiles::default())?;
//! let client = Client::new(servers, Settings::default());
//! // The entry that ships has no certificate yet: it is never connected to.
//! let production = "00000000-0000-0000-0000-000000000000";
//! assert!(matches!(client.servers().usable(production), Err(Error::Unusable { .. })));
//! # Ok::<(), Error>(())
//! ```

mod central;
mod client;
mod download;
mod error;
mod examine;
mod exchange;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gathering;
mod net;
mod plan;
mod servers;
mod settings;
mod shares;
mod signature;
mod tls;
mod upload;
mod watch;

pub use central::Central;
pub use client::Client;
pub use download::Download;
pub use error::{Cause, Error, ListTrouble, ProxyProblem, RemoteProblem, Result, Step, WayFailure};
pub use examine::{CheckStep, Checked, Examination};
pub use gathering::Signing;
pub use net::{Proxy, ProxyCredentials};
pub use plan::{Plan, Way};
pub use servers::{
    Imported, Layer, ListFiles, Listed, OpenLists, Policy, Refresh, RemoteList, ServerWarning, Servers, UserList,
    is_refresh_due, read, read_signed, refresh, signature_beside,
};
pub use settings::{Settings, Timeouts};
pub use shares::ShareDownload;
pub use signature::{ListKeys, sign_list};
pub use tls::{OcspProblem, OcspSeen, PeerProblem};
pub use upload::{Addressee, Upload};
pub use watch::{Stage, Watch};
