//! Capsule servers: the lists that name them, bringing capsules there when encrypting, fetching them when opening.
//!
//! - `delivery`: which recipient's capsule goes to which servers, and until when
//! - `trust`: the person's own list, changed by confirmed certificates and imported lists
//! - `fetching`: with the keys at hand
//! - `deceits`: servers that lied while others opened the container
//! - `policy`: what the administrator decided, and the list that is fetched
//! - `signing`: lists from an administrator's side
//! - `access`, `showing`: what an operation needs of servers, and what a window shows of them

mod access;
mod deceits;
mod delivery;
mod fetching;
mod policy;
mod showing;
mod signing;
mod trust;

use std::{
    env,
    ffi::OsStr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::SystemTime,
};

pub use capsule_api::Expiry;
use capsule_client::{Cause, Client, Error, ListTrouble, PeerProblem, Refresh, RemoteProblem, Servers};
pub use capsule_client::{Imported, ListFiles};
use cdoc2::Cancel;

pub use self::{
    access::{Access, watched},
    deceits::Deceit,
    delivery::{Delivery, DeliveryPlan, Placed, parse_expiry},
    policy::{PolicyView, policy, refresh, view as policy_view},
    signing::{SignedBy, check, sign},
    trust::{NewServer, add_pin, confirmed_by, forget, import, import_central, look_at, look_at_listed, trust_new},
};
pub(crate) use self::{
    fetching::Fetcher,
    showing::{report, server_views, shown},
};
use crate::{
    failure::Result,
    network,
    places::{cache_folder, system_policy_file, system_server_list, user_server_list},
    view::Code,
};

/// Names lists for one run, separated as in `PATH`: for programs that are started with servers of their own.
const GIVEN_LISTS: &str = "KAPSEL_SERVER_LIST";

/// The lists of the machine and the person, those that the environment names, and those that are `given` for one operation.
pub fn list_files(given: &[PathBuf]) -> ListFiles {
    let mut all = paths_in(&env::var_os(GIVEN_LISTS).unwrap_or_default());
    all.extend_from_slice(given);
    ListFiles {
        policy: system_policy_file(),
        cache: cache_folder(),
        system: system_server_list(),
        user: user_server_list(),
        given: all,
    }
}

fn paths_in(value: &OsStr) -> Vec<PathBuf> {
    env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// When a remote list that is due is fetched, which takes no longer than a connection may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refreshing {
    /// Before anything else: a command can wait for it.
    #[default]
    First,
    /// Meanwhile, for the next time, where its copy still counts: somebody looks at a screen.
    Meanwhile,
}

/// The servers in `lists`, to be looked at and not connected to: no proxy's password is needed, but for a remote list that is due.
///
/// # Errors
/// [`Code::ServerListInvalid`], which names file and entry; [`Code::SettingsInvalid`] for the policy.
pub fn known(lists: &ListFiles, refreshing: Refreshing) -> Result<Servers> {
    let due = capsule_client::is_refresh_due(lists).map_err(Error::from)?;
    let load = || Ok(Servers::load(lists).map_err(Error::from)?);
    if due && refreshing == Refreshing::Meanwhile {
        let servers: Servers = load()?;
        if servers.remote().is_some_and(|remote| remote.serves(SystemTime::now())) {
            refresh_meanwhile(lists.clone());
            return Ok(servers);
        }
    }
    if due && let Err(failure) = refresh_due(lists) {
        tracing::warn!("the remote server list was not refreshed: {failure}");
    }
    load()
}

/// A client of the servers in `lists`.
///
/// # Errors
/// [`Code::ServerListInvalid`], which names file and entry; [`Code::SettingsInvalid`]; [`Code::ProxyRequired`] when the proxy's password
/// cannot be had.
pub fn client(lists: &ListFiles, refreshing: Refreshing) -> Result<Client> {
    let settings = network::settings()?;
    Ok(Client::new(known(lists, refreshing)?, settings))
}

fn refresh_due(lists: &ListFiles) -> Result<()> {
    let settings = network::settings()?;
    capsule_client::refresh(lists, &settings, Refresh::WhenDue, &Cancel::default())?;
    Ok(())
}

/// One at a time: what is due stays due until an answer is there.
fn refresh_meanwhile(lists: ListFiles) {
    static RUNNING: AtomicBool = AtomicBool::new(false);
    if RUNNING.swap(true, Ordering::AcqRel) {
        return;
    }
    let refreshing = thread::Builder::new().name("server-list".to_owned()).spawn(move || {
        if let Err(failure) = refresh_due(&lists) {
            tracing::warn!("the remote server list was not refreshed: {failure}");
        }
        RUNNING.store(false, Ordering::Release);
    });
    if let Err(error) = refreshing {
        tracing::warn!("the remote server list was not refreshed: {error}");
        RUNNING.store(false, Ordering::Release);
    }
}

/// The code for what went wrong; of several servers, for the most telling.
pub(crate) fn code_of(error: &Error) -> Code {
    match error.most_telling() {
        Error::List(trouble) => match &**trouble {
            ListTrouble::Policy { .. } => Code::SettingsInvalid,
            ListTrouble::Closed { .. } => Code::ServerListClosed,
            ListTrouble::Superseded { .. } => Code::ServerListSuperseded,
            ListTrouble::Remote { problem: RemoteProblem::Network(cause), .. } => code_of_cause(cause),
            _ => Code::ServerListInvalid,
        },
        Error::UnknownServer(_) => Code::ServerUnknown,
        Error::Unusable { .. } | Error::TypeNotTaken { .. } => Code::ServerUnusable,
        Error::Capsule(_) | Error::Person => Code::RecipientUnusable,
        // Whoever wrote the container wrote that.
        Error::TransactionId(_) => Code::CapsuleNotFound,
        Error::CertificateNeeded { .. } => Code::CertificateNeeded,
        Error::Cancelled => Code::Cancelled,
        Error::Server { cause, .. } => code_of_cause(cause),
        _ => Code::Internal,
    }
}

fn code_of_cause(cause: &Cause) -> Code {
    match cause {
        Cause::Peer(PeerProblem::PinMismatch { .. } | PeerProblem::Unreadable) => Code::ServerPinMismatch,
        Cause::Resolve { .. } | Cause::Connect { .. } | Cause::Lost(_) | Cause::Busy { .. } => Code::ServerUnreachable,
        Cause::Timeout { .. } => Code::ServerTimeout,
        Cause::Proxy { .. } => Code::ProxyRequired,
        Cause::CertificateExpired => Code::CertificateExpired,
        Cause::CertificateRevoked => Code::CertificateRevoked,
        Cause::CertificateRefused(_) => Code::CertificateRefused,
        Cause::Key(_) => Code::KeyFileUnusable,
        Cause::NotFound | Cause::NoShare => Code::CapsuleNotFound,
        Cause::SignedTooLate { .. } => Code::SignedTooLate,
        _ => Code::ServerMisbehaved,
    }
}
