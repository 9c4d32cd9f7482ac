//! Capsule servers: the lists that name them, bringing capsules there when encrypting, fetching them when opening.
//!
//! - `delivery`: which recipient's capsule goes to which servers, and until when
//! - `trust`: the person's own list, changed by confirmed certificates and imported lists
//! - `fetching`: with the keys at hand

mod delivery;
mod fetching;
mod trust;

use std::{env, ffi::OsStr, path::PathBuf};

pub use capsule_api::Expiry;
use capsule_client::{Cause, Client, Error, ListFiles, PeerProblem, Servers};

pub(crate) use self::fetching::Fetcher;
pub use self::{
    delivery::{Delivery, DeliveryPlan, Placed, parse_expiry},
    trust::{NewServer, add_pin, forget, import, import_central, trust_new},
};
use crate::{
    failure::Result,
    network,
    places::{system_server_list, user_server_list},
    view::Code,
};

/// Names lists for one run, separated as in `PATH`: for programs that are started with servers of their own.
const GIVEN_LISTS: &str = "KAPSEL_SERVER_LIST";

/// The lists of the machine and the person, those that the environment names, and those that are `given` for one operation.
pub fn list_files(given: &[PathBuf]) -> ListFiles {
    let mut all = paths_in(&env::var_os(GIVEN_LISTS).unwrap_or_default());
    all.extend_from_slice(given);
    ListFiles { system: system_server_list(), user: user_server_list(), given: all }
}

fn paths_in(value: &OsStr) -> Vec<PathBuf> {
    env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
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
