//! What a person or an administrator decides about connections.

use std::time::Duration;

use crate::net::Proxy;

/// How connections are made.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The way out of the network.
    pub proxy: Proxy,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Whether every server must staple an OCSP answer that can be verified. By default one is checked when it is there.
    pub ocsp_required: bool,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: name, proxy, TLS. Default 10 s.
    pub connect: Duration,
    /// For a capsule in all, with every attempt. Default 30 s.
    pub total: Duration,
    /// For a signature, from when its nonces came: what is signed later counts nowhere and is not sent. Servers take nonces for five minutes; default
    /// 290 s, which leaves time for the way.
    pub signing: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30), signing: Duration::from_secs(290) }
    }
}
