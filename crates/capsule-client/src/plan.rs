//! What is to be done for the capsules of a container, before anything is sent: whom to ask, how to prove the key, and for how many
//! signatures.

use std::{collections::HashMap, sync::Arc};

use capsule_api::{Audience, MAX_NONCES, Origin, Server, ServerId, TransactionId};
use cdoc2::{PublicKey, ServerCapsule};
use eid::Authenticator;

use crate::{
    client::Client,
    error::{Cause, Error, Result, WayFailure},
    net::Route,
};

/// How a key is proven to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a ticket: one signature does for all servers that take tickets.
    Ticket,
    /// By a client certificate: each server wants a signature of its own.
    Certificate,
}

/// What is to be done for the capsules of a container.
#[derive(Debug)]
pub struct Plan {
    pub(crate) errands: Vec<Errand>,
    pub(crate) failures: Vec<Error>,
}

/// One capsule to be fetched from one server.
#[derive(Clone)]
pub(crate) struct Errand {
    pub(crate) capsule: ServerCapsule,
    pub(crate) id: TransactionId,
    pub(crate) server: ServerId,
    pub(crate) key: Arc<dyn Authenticator>,
    pub(crate) ticket: Option<TicketRoute>,
    pub(crate) certificate: Option<Route>,
    /// Why the way by ticket, which was tried before, led nowhere.
    ticket_failure: Option<Arc<WayFailure>>,
}

/// Where a server takes tickets, and what its nonces must bear.
#[derive(Clone, Debug)]
pub(crate) struct TicketRoute {
    pub(crate) route: Route,
    pub(crate) audience: Audience,
}

impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("server", &self.server).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Plan {
    /// For these capsules with these keys. What cannot be done is kept as its reason.
    pub(crate) fn new(client: &Client, keys: &[Arc<dyn Authenticator>], capsules: &[&ServerCapsule]) -> Self {
        let mut plan = Self { errands: Vec::new(), failures: Vec::new() };
        for capsule in capsules {
            match Errand::new(client, keys, capsule) {
                Ok(errand) => plan.errands.push(errand),
                Err(error) => plan.failures.push(error),
            }
        }
        plan.refuse_equal_transactions();
        plan
    }

    /// Of two capsules with one identifier, one would be covered by the nonce for the other.
    fn refuse_equal_transactions(&mut self) {
        let mut counts: HashMap<TransactionId, usize> = HashMap::new();
        for errand in &self.errands {
            *counts.entry(errand.id.clone()).or_default() += 1;
        }
        let (kept, refused) = std::mem::take(&mut self.errands).into_iter().partition(|errand| counts[&errand.id] == 1);
        self.errands = kept;
        self.failures.extend(refused.iter().map(|errand: &Errand| {
            Error::of(&errand.server, Cause::Misbehaved("another capsule of the container has the same identifier"))
        }));
    }

    /// Each server that will be asked, and how the key is proven to it.
    pub fn ways(&self) -> impl Iterator<Item = (&ServerId, Way)> {
        self.errands.iter().map(|errand| (&errand.server, errand.way()))
    }

    /// The servers that each signature covers, when all goes well: those that take tickets by one, every other by one of its own.
    pub fn signatures(&self) -> Vec<Vec<&ServerId>> {
        let mut by_key: Vec<(&PublicKey, Vec<&ServerId>)> = Vec::new();
        let mut others = Vec::new();
        for errand in &self.errands {
            let own = errand.key.public_key();
            match (errand.way(), by_key.iter_mut().find(|(key, servers)| *key == own && servers.len() < MAX_NONCES)) {
                (Way::Ticket, Some((_, servers))) => servers.push(&errand.server),
                (Way::Ticket, None) => by_key.push((own, vec![&errand.server])),
                (Way::Certificate, _) => others.push(vec![&errand.server]),
            }
        }
        by_key.into_iter().map(|(_, servers)| servers).chain(others).collect()
    }

    /// What cannot be done, and why.
    pub fn failures(&self) -> &[Error] {
        &self.failures
    }
}

impl Errand {
    /// Everything that can be said before anything is sent.
    fn new(client: &Client, keys: &[Arc<dyn Authenticator>], capsule: &ServerCapsule) -> Result<Self> {
        let server = client.server(&capsule.server_id)?;
        let id = TransactionId::parse(&capsule.transaction_id).map_err(Error::TransactionId)?;
        let key = keys.iter().find(|key| *key.public_key() == capsule.recipient).map(Arc::clone);
        let Some(key) = key else { return Err(Error::CertificateNeeded { server: server.id }) };
        let certificate = server.recipient_url.as_ref().map(|url| client.route(&server, url, Some(Arc::clone(&key))));
        let ticket = ticket_route(client, &server);
        if ticket.is_none() && certificate.is_none() {
            return Err(Error::Unusable { server: server.id, reason: "it gives out no capsules".to_owned() });
        }
        Ok(Self { capsule: capsule.clone(), id, server: server.id, key, ticket, certificate, ticket_failure: None })
    }

    /// By a ticket, where the server takes one.
    pub(crate) fn way(&self) -> Way {
        if self.ticket.is_some() { Way::Ticket } else { Way::Certificate }
    }

    /// The same by client certificate, after the way by ticket led nowhere.
    pub(crate) fn by_the_other_way(mut self, error: Error) -> Self {
        let failed = |way: TicketRoute| Arc::new(WayFailure { address: way.route.authority(), error });
        self.ticket_failure = self.ticket.take().map(failed);
        self
    }

    /// What went wrong by client certificate, with what went wrong before.
    pub(crate) fn failed_by_certificate(&self, route: &Route, error: Error) -> Error {
        let Some(ticket) = self.ticket_failure.clone() else { return error };
        let certificate = Arc::new(WayFailure { address: route.authority(), error });
        Error::BothWays { server: self.server.clone(), ticket, certificate }
    }

    pub(crate) fn failed(&self, cause: Cause) -> Error {
        Error::of(&self.server, cause)
    }
}

/// Nonce and ticket go to the very origin that is in the tag.
fn ticket_route(client: &Client, server: &Server) -> Option<TicketRoute> {
    let url = server.ticket_url.as_ref()?;
    let audience = Audience::new(&server.id, &Origin::of(url)?);
    Some(TicketRoute { route: client.route(server, url, None), audience })
}
