//! Tickets: who gets a capsule that proves his key by a signature over nonces, without HTTP.
//!
//! A nonce is made and told again by a key that replicas share, so that giving one touches no store, and nobody can push out another's.
//! The checks go from cheap to dear, and nothing is asked of others before the signature is right: what a stranger can cost is what a
//! signature costs to look at. Nothing is written before it is the recipient himself who asks, for a capsule that is there.

use std::{
    sync::{Arc, RwLock, atomic::Ordering},
    time::{Duration, Instant},
};

use capsule_api::{Audience, Nonce, NonceKey, Ticket, TicketError, TransactionId};

use crate::{
    clock::unix,
    metrics::{Metrics, TicketOutcome},
    net::{Buckets, Rate},
    revocation::{Revocation, Standing},
    service::Capsules,
    store::{Capsule, KeptKey, Spending, StoreError},
    tls::{ClientKey, Tls},
};

/// Seconds after it was made, from which on a key makes nonces: by then all replicas have it.
const TAKES_OVER: i64 = 2 * 60;
/// Seconds for which a key is accepted after its successor took over.
const OUTLIVES: i64 = 12 * 60;
/// Seconds for which it is remembered that a nonce was spent; by then it is too old.
const REMEMBERED: i64 = 15 * 60;
/// Most that are forgotten in one go.
const FORGOTTEN_AT_ONCE: u32 = 500;
/// Most seconds between a replica's clock and the database's.
const MAX_SKEW: u64 = 15;

/// Gives nonces, and capsules for tickets.
pub(crate) struct Tickets {
    capsules: Arc<Capsules>,
    tls: Arc<Tls>,
    revocation: Arc<Revocation>,
    server: Audience,
    keys: RwLock<Arc<[Key]>>,
    by_key: Buckets<[u8; 32]>,
}

struct Key {
    made: i64,
    key: NonceKey,
}

/// Why there is no capsule for a ticket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGiven {
    #[error("no ticket: {0}")]
    Malformed(TicketError),
    #[error("the ticket does not count: {0}")]
    Refused(TicketError),
    #[error("the certificate does not count: {0}")]
    Certificate(rustls::Error),
    #[error("its key asks too often")]
    TooOften(Duration),
    #[error("its nonce is none of this server's, or too old")]
    Stale,
    #[error("its certificate is revoked")]
    Revoked,
    #[error("nobody says whether its certificate is revoked")]
    NoAnswer,
    #[error("there is no such capsule for its key")]
    NoCapsule,
    #[error("its nonce was spent before")]
    Spent,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TicketError> for NotGiven {
    fn from(error: TicketError) -> Self {
        if error.is_malformed() { Self::Malformed(error) } else { Self::Refused(error) }
    }
}

impl NotGiven {
    fn outcome(&self) -> TicketOutcome {
        match self {
            Self::Malformed(_) => TicketOutcome::Malformed,
            Self::Refused(_) | Self::Certificate(_) => TicketOutcome::Refused,
            Self::TooOften(_) => TicketOutcome::TooOften,
            Self::Stale => TicketOutcome::Stale,
            Self::Revoked => TicketOutcome::Revoked,
            Self::NoAnswer => TicketOutcome::NoAnswer,
            Self::NoCapsule => TicketOutcome::NoCapsule,
            Self::Spent => TicketOutcome::Spent,
            Self::Store(_) => TicketOutcome::Unavailable,
        }
    }
}

impl Tickets {
    /// With the keys that the store has, or the first one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn new(
        capsules: Arc<Capsules>,
        tls: Arc<Tls>,
        revocation: Arc<Revocation>,
        server: Audience,
        rate: Rate,
    ) -> Result<Self, StoreError> {
        let by_key = Buckets::new(rate, Instant::now());
        let this = Self { capsules, tls, revocation, server, keys: RwLock::new(Arc::new([])), by_key };
        this.read_keys().await?;
        Ok(this)
    }

    /// Reads the keys again; makes the next one when it is time.
    pub(crate) async fn read_keys(&self) -> Result<(), StoreError> {
        let bytes = NonceKey::generate().as_bytes().to_vec().into();
        let kept = self.capsules.store.nonce_keys(KeptKey { made: self.now(), bytes }).await?;
        let key = |kept: KeptKey| {
            let bytes = kept.bytes.as_slice().try_into();
            let bytes = bytes.map_err(|_| StoreError::Unusable("a key for nonces is damaged".to_owned()))?;
            Ok(Key { made: kept.made, key: NonceKey::from_bytes(bytes) })
        };
        let keys = kept.into_iter().map(key).collect::<Result<Arc<[_]>, StoreError>>()?;
        *self.keys.write().expect("nobody panics while replacing") = keys;
        Ok(())
    }

    /// Forgets nonces that are too old to be spent again.
    pub(crate) async fn forget_spent(&self) -> Result<(), StoreError> {
        loop {
            let forgotten = self.capsules.store.forget_spent(self.now() - REMEMBERED, FORGOTTEN_AT_ONCE).await?;
            if forgotten < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(());
            }
        }
    }

    /// Whether nonces can be told by their age.
    ///
    /// # Errors
    /// [`StoreError`], also when the clock is another than the database's.
    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        let there = self.capsules.in_time(self.capsules.store.time()).await?;
        match there.map(|there| there.abs_diff(self.now())) {
            Some(skew) if skew > MAX_SKEW => {
                Err(StoreError::unavailable(format!("the clock is {skew} s off the database's")))
            }
            _ => Ok(()),
        }
    }

    /// A nonce for a transaction, whether there is such a one or not.
    pub(crate) fn nonce(&self, id: &TransactionId) -> Nonce {
        let (keys, now) = (self.keys(), self.now());
        let key = keys.iter().rfind(|key| key.made + TAKES_OVER <= now).or(keys.first());
        self.metrics().nonces.fetch_add(1, Ordering::Relaxed);
        key.expect("the store has a key since the start").key.issue(&self.server, id, now)
    }

    /// The capsule with this id for whoever signed the ticket.
    pub(crate) async fn give(&self, id: &TransactionId, header: Option<&str>) -> Result<Capsule, NotGiven> {
        let given = self.looked_at(id, header).await;
        let outcome = given.as_ref().map_or_else(NotGiven::outcome, |_| TicketOutcome::Given);
        self.metrics().ticket(outcome);
        given
    }

    async fn looked_at(&self, id: &TransactionId, header: Option<&str>) -> Result<Capsule, NotGiven> {
        let ticket = Ticket::parse(header.unwrap_or_default())?;
        let (key, certificate) = ticket.claimed_key(id, &self.server)?;
        self.tls.is_let_in(&certificate).map_err(NotGiven::Certificate)?;
        ticket.is_signed_by(&key)?;
        let key = ClientKey::new(&key);
        self.by_key.take(key.digest(), Instant::now()).map_err(NotGiven::TooOften)?;
        if !self.issued(ticket.nonce(), id) {
            return Err(NotGiven::Stale);
        }
        self.stands(&certificate).await?;
        match self.capsules.spend(id, &key, ticket.nonce()).await? {
            Spending::Done(capsule) => Ok(capsule),
            Spending::NoCapsule => Err(NotGiven::NoCapsule),
            Spending::Again => Err(NotGiven::Spent),
        }
    }

    /// Whether a key that counts made it, lately.
    fn issued(&self, nonce: &Nonce, id: &TransactionId) -> bool {
        let (keys, now) = (self.keys(), self.now());
        let successors = keys.iter().skip(1).map(|next| Some(next.made)).chain([None]);
        let counts = |next: Option<i64>| next.is_none_or(|made| now < made + TAKES_OVER + OUTLIVES);
        let counting = keys.iter().zip(successors).filter(|(_, next)| counts(*next));
        // Every key is looked at, whichever is right.
        counting.fold(false, |found, (key, _)| found | key.key.issued(nonce, id, now))
    }

    async fn stands(&self, certificate: &[u8]) -> Result<(), NotGiven> {
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

    fn keys(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read().expect("nobody panics while replacing"))
    }

    fn now(&self) -> i64 {
        unix(self.capsules.clock.now())
    }

    fn metrics(&self) -> &Metrics {
        &self.capsules.metrics
    }
}
