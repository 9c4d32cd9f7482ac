//! Connections: taken, bounded, ended.
//!
//! The accept loop is our own, because every bound on a connection begins before HTTP: its place, its handshake, the time in which
//! its first bytes come, and how long it may live (docs/adr/0006).

mod admission;
mod listener;
mod rate;

use std::{net::IpAddr, sync::Arc};

use tokio::sync::watch;

pub(crate) use admission::{Admission, client};
pub(crate) use listener::{Connections, Handler, Identify, Listener, Security};
pub(crate) use rate::Buckets;
pub use rate::Rate;

use crate::{revocation::Subject, tls::ClientKey};

/// A listener of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interface {
    Sender,
    Recipient,
    Ticket,
    Shares,
    Operations,
}

impl Interface {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Ticket => "ticket",
            Self::Shares => "shares",
            Self::Operations => "operations",
        }
    }
}

/// Comes back when the server is to end.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender there is no server any more.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Who is at the other end.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Who proved a key, on the recipient interface.
    pub(crate) client: Option<Arc<Client>>,
}

/// A client with a certificate.
pub(crate) struct Client {
    /// The key that was proven.
    pub(crate) key: ClientKey,
    /// What is to be asked before he gets anything, when there is something to ask.
    pub(crate) subject: Option<Subject>,
}

/// Why somebody was turned away before a request was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    /// There are as many connections as may be, each with a request under way.
    Full,
    /// It was quiet for longest when there were as many as may be.
    MadeRoom,
    /// The address has as many connections as one may have.
    TooManyOfClient,
    /// The address opens connections too fast.
    ConnectionRate,
    /// The handshake was not done in time.
    HandshakeTimeout,
    /// The handshake failed: no TLS 1.3, no certificate, or one that is not let in.
    Handshake,
    /// Not HTTP, too large a head, or one that did not come in time.
    Http,
    /// The address asks too often.
    AddressRate,
    /// The key asks too often.
    KeyRate,
    /// The address has left as many capsules as one may in a day.
    CapsulesOfAddress,
}

impl Refused {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::MadeRoom => "made_room",
            Self::TooManyOfClient => "connections_of_address",
            Self::ConnectionRate => "connection_rate",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::Handshake => "handshake",
            Self::Http => "http",
            Self::AddressRate => "address_rate",
            Self::KeyRate => "key_rate",
            Self::CapsulesOfAddress => "capsules_of_address",
        }
    }
}
