//! Capsule servers: the lists that name them, bringing capsules there when encrypting, fetching them when opening.
//!
//! - `delivery`: which recipient's capsule goes to which servers, and until when
//! - `trust`: the person's own list, changed by confirmed certificates and imported lists
//! - `fetching`: with the keys at hand
//! - `access`, `showing`: what an operation needs of servers, and what a window shows of them

mod access;
mod delivery;
mod fetching;
mod showing;
mod trust;

use std::path::PathBuf;

pub use capsule_api::Expiry;
pub use capsule_client::ListFiles;
use capsule_client::{Cause, Client, Error, PeerProblem, Servers};

pub use self::{
    access::{Access, watched},
    delivery::{Delivery, DeliveryPlan, Placed, parse_expiry},
    trust::{NewServer, add_pin, confirmed_by, forget, import, import_central, look_at, look_at_listed, trust_new},
};
pub(crate) use self::{
    fetching::Fetcher,
    showing::{report, server_views, shown},
};
use crate::{
    failure::Result,
    network,
    places::{system_server_list, user_server_list},
    view::Code,
};

/// The lists of the machine and the person, and those that are `given` for one operation.
pub fn list_files(given: &[PathBuf]) -> ListFiles {
    ListFiles { system: system_server_list(), user: user_server_list(), given: given.to_vec() }
}

/// A client of the servers in `lists`.
///
/// # Errors
/// [`Code::ServerListInvalid`], which names file and entry; [`Code::SettingsInvalid`].
pub fn client(lists: &ListFiles) -> Result<Client> {
    let servers = Servers::load(lists).map_err(Error::from)?;
    Ok(Client::new(servers, network::settings()?))
}

/// The code for what went wrong; of several servers, for the most telling.
pub(crate) fn code_of(error: &Error) -> Code {
    match error.most_telling() {
        Error::List(_) => Code::ServerListInvalid,
        Error::UnknownServer(_) => Code::ServerUnknown,
        Error::Unusable { .. } | Error::TypeNotTaken { .. } | Error::Shares => Code::ServerUnusable,
        Error::Capsule(_) => Code::RecipientUnusable,
        // Whoever wrote the container wrote that.
        Error::TransactionId(_) => Code::CapsuleNotFound,
        Error::CertificateNeeded { .. } => Code::CertificateNeeded,
        Error::Cancelled => Code::Cancelled,
        Error::Server { cause, .. } => match cause {
            Cause::Peer(PeerProblem::PinMismatch { .. } | PeerProblem::Unreadable) => Code::ServerPinMismatch,
            Cause::Resolve { .. } | Cause::Connect { .. } | Cause::Lost(_) | Cause::Busy { .. } => {
                Code::ServerUnreachable
            }
            Cause::Timeout { .. } => Code::ServerTimeout,
            Cause::Proxy { .. } => Code::ProxyRequired,
            Cause::CertificateExpired => Code::CertificateExpired,
            Cause::CertificateRevoked => Code::CertificateRevoked,
            Cause::CertificateRefused(_) => Code::CertificateRefused,
            Cause::Key(_) => Code::KeyFileUnusable,
            Cause::NotFound => Code::CapsuleNotFound,
            _ => Code::ServerMisbehaved,
        },
        _ => Code::Internal,
    }
}

/// The server that it is about; of several, the one of the most telling failure.
pub(crate) fn server_of(error: &Error) -> Option<String> {
    match error.most_telling() {
        Error::UnknownServer(id) => Some(id.clone()),
        Error::Unusable { server, .. }
        | Error::TypeNotTaken { server, .. }
        | Error::CertificateNeeded { server }
        | Error::Server { server, .. } => Some(server.to_string()),
        _ => None,
    }
}
