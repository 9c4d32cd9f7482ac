//! Tickets: who gets a capsule that proves his key by a signature over nonces, without HTTP.
//!
//! The checks go from cheap to dear, and nothing is asked of others before the signature is right: what a stranger can cost is what a
//! signature costs to look at. Nothing is written before it is the recipient himself who asks, for a capsule that is there.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use capsule_api::{Audience, Nonce, Ticket, TicketError, TransactionId};

use crate::{
    metrics::{ProofOutcome, Proofs},
    net::{Buckets, Rate},
    nonces::Nonces,
    revocation::{Revocation, Standing},
    store::{Capsule, Locator, Spending, Spent, StoreError},
    tls::{ClientKey, Tls},
};

/// Gives nonces, and capsules for tickets.
pub(crate) struct Tickets {
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) certificates: Certificates,
    pub(crate) server: Audience,
}

/// Whose certificates count, and how often a key may ask.
#[derive(Clone)]
pub(crate) struct Certificates {
    tls: Arc<Tls>,
    revocation: Arc<Revocation>,
    by_key: Arc<Buckets<[u8; 32]>>,
}

/// Why there is nothing for a ticket or a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGiven {
    #[error("not well formed: {0}")]
    Malformed(Reason),
    #[error("it does not count: {0}")]
    Refused(Reason),
    #[error("its key asks too often")]
    TooOften(Duration),
    #[error("its nonce is none of this server's, or too old")]
    Stale,
    #[error("its certificate is revoked")]
    Revoked,
    #[error("nobody says whether its certificate is revoked")]
    NoAnswer,
    #[error("there is no such thing for whoever asks")]
    NotThere,
    #[error("its nonce was spent before")]
    Spent,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong, for the log.
type Reason = Box<dyn std::error::Error + Send + Sync>;

impl From<TicketError> for NotGiven {
    fn from(error: TicketError) -> Self {
        if error.is_malformed() { Self::Malformed(error.into()) } else { Self::Refused(error.into()) }
    }
}

impl NotGiven {
    pub(crate) fn outcome(&self) -> ProofOutcome {
        match self {
            Self::Malformed(_) => ProofOutcome::Malformed,
            Self::Refused(_) => ProofOutcome::Refused,
            Self::TooOften(_) => ProofOutcome::TooOften,
            Self::Stale => ProofOutcome::Stale,
            Self::Revoked => ProofOutcome::Revoked,
            Self::NoAnswer => ProofOutcome::NoAnswer,
            Self::NotThere => ProofOutcome::NotThere,
            Self::Spent => ProofOutcome::Spent,
            Self::Store(_) => ProofOutcome::Unavailable,
        }
    }
}

impl Certificates {
    pub(crate) fn new(tls: Arc<Tls>, revocation: Arc<Revocation>, rate: Rate) -> Self {
        Self { tls, revocation, by_key: Arc::new(Buckets::new(rate, Instant::now())) }
    }

    /// Whether a certificate is one that may authenticate, by its authority and its own words.
    pub(crate) fn lets_in(&self, certificate: &[u8]) -> Result<(), NotGiven> {
        self.tls.is_let_in(certificate).map_err(|error| NotGiven::Refused(error.into()))
    }

    /// A key that was proven asks.
    pub(crate) fn counts(&self, key: &ClientKey) -> Result<(), NotGiven> {
        self.by_key.take(key.digest(), Instant::now()).map_err(NotGiven::TooOften)
    }

    /// Whether a certificate is revoked; nobody is asked about one that is listed.
    pub(crate) async fn stands(&self, certificate: &[u8]) -> Result<(), NotGiven> {
        if !self.revocation.is_on() {
            return Ok(());
        }
        let Some(subject) = self.tls.subject(&[certificate.into()]) else { return Ok(()) };
        match self.revocation.standing(&subject).await {
            Standing::Good => Ok(()),
            Standing::Revoked => Err(NotGiven::Revoked),
            Standing::Unknown => Err(NotGiven::NoAnswer),
        }
    }
}

impl Tickets {
    /// A nonce for a transaction, whether there is such a one or not.
    pub(crate) fn nonce(&self, id: &TransactionId) -> Nonce {
        self.nonces.issue(|key, now| key.issue(&self.server, id, now))
    }

    /// The capsule with this id for whoever signed the ticket.
    pub(crate) async fn give(&self, id: &TransactionId, header: Option<&str>) -> Result<Capsule, NotGiven> {
        let given = self.looked_at(id, header).await;
        let outcome = given.as_ref().map_or_else(NotGiven::outcome, |_| ProofOutcome::Given);
        self.nonces.metrics().proof(Proofs::Tickets, outcome);
        given
    }

    async fn looked_at(&self, id: &TransactionId, header: Option<&str>) -> Result<Capsule, NotGiven> {
        let ticket = Ticket::parse(header.unwrap_or_default())?;
        let (key, certificate) = ticket.claimed_key(id, &self.server)?;
        self.certificates.lets_in(&certificate)?;
        ticket.is_signed_by(&key)?;
        let key = ClientKey::new(&key);
        self.certificates.counts(&key)?;
        if !self.nonces.issued(|nonce_key, now| nonce_key.issued(ticket.nonce(), id, now)) {
            return Err(NotGiven::Stale);
        }
        self.certificates.stands(&certificate).await?;
        let (locator, nonce) = (Locator::new(id, key.recipient_id()), Spent::new(id, ticket.nonce()));
        spent(self.nonces.capsules.spend(locator, nonce).await?)
    }
}

/// What a nonce was spent on.
pub(crate) fn spent(spending: Spending) -> Result<Capsule, NotGiven> {
    match spending {
        Spending::Done(capsule) => Ok(capsule),
        Spending::NoCapsule => Err(NotGiven::NotThere),
        Spending::Again => Err(NotGiven::Spent),
    }
}
