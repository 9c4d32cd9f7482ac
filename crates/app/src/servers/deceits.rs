//! What servers did that no honest one does, while others opened the container.

use capsule_api::ServerId;
use capsule_client::{Cause, Error, PeerProblem, Servers};
use cdoc2::shown;

use crate::view::{DeceitKind, DeceitView};

/// A server that deceived, or is not the one that the list names.
#[derive(Clone, Debug)]
pub struct Deceit {
    /// What front ends show.
    pub view: DeceitView,
    /// What it did, with its identifier, in English: for the command line.
    pub detail: String,
}

impl Deceit {
    pub(super) fn of(server: &ServerId, cause: &Cause) -> Self {
        let kind = match cause {
            Cause::Peer(PeerProblem::PinMismatch { .. } | PeerProblem::Unreadable) => DeceitKind::AnotherKey,
            Cause::Peer(_) => DeceitKind::CertificateNotInOrder,
            Cause::ForeignNonce => DeceitKind::ForeignNonce,
            _ => DeceitKind::Misbehaved,
        };
        let detail = Error::Server { server: server.clone(), cause: cause.clone() }.to_string();
        Self::new(server.as_str(), kind, detail)
    }

    /// `server` is as the container names it.
    pub(super) fn wrong_capsule(server: &str) -> Self {
        Self::new(server, DeceitKind::WrongCapsule, cdoc2::Error::WrongCapsule(server.to_owned()).to_string())
    }

    fn new(server: &str, kind: DeceitKind, detail: String) -> Self {
        let server = shown(server);
        Self { view: DeceitView { name: server.clone(), organisation: None, server, kind }, detail }
    }

    /// Adds what people call it, and who runs it, where a list says so.
    pub(super) fn named_by(mut self, servers: Option<&Servers>) -> Self {
        if let Some(listed) = servers.and_then(|servers| servers.get(&self.view.server)) {
            self.view.name.clone_from(&listed.server.name);
            self.view.organisation = Some(listed.server.organisation.clone());
        }
        self
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.view.server, self.view.kind) == (&other.view.server, other.view.kind)
    }
}
