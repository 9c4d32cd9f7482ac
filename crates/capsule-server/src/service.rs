//! What the server does with capsules: store, clock, policy and quota together. No HTTP here.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use capsule_api::{CapsuleError, Expiry, ExpiryError, ExpiryPolicy, Granted, NewCapsule, ShareError, TransactionId};

use crate::{
    Clock,
    clock::unix,
    metrics::Metrics,
    store::{Capsule, Locator, SharedStore, Spending, Spent, StoreError},
    tls::ClientKey,
};

/// Most expired capsules that are deleted in one go; the store serves others in between.
const EXPIRED_AT_ONCE: u32 = 500;

/// Takes capsules and gives them out.
pub(crate) struct Capsules {
    pub(crate) store: SharedStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: ExpiryPolicy,
    /// Most capsules that are kept.
    pub(crate) quota: u64,
    /// How long the store may take.
    pub(crate) patience: Duration,
    pub(crate) metrics: Arc<Metrics>,
}

/// What was taken, by its identifier.
pub(crate) struct Taken<Id> {
    pub(crate) id: Id,
    pub(crate) granted: Granted,
}

/// Why a capsule was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error(transparent)]
    Malformed(#[from] CapsuleError),
    #[error(transparent)]
    Share(ShareError),
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    #[error("as many capsules are kept as may be")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Capsules {
    /// Keeps a capsule; when this comes back, it is durable.
    pub(crate) async fn take(&self, body: &[u8], asked: Option<Expiry>) -> Result<Taken<TransactionId>, NotTaken> {
        let capsule = NewCapsule::parse(body)?;
        let id = TransactionId::generate();
        let granted = self.keep(Locator::new(&id, capsule.recipient_id()), body, asked).await?;
        let kind = capsule.capsule_type();
        tracing::info!(target: "audit", ?id, ?kind, expires = %granted.until, "capsule taken");
        Ok(Taken { id, granted })
    }

    /// Keeps a body at `locator`, within policy and quota.
    pub(crate) async fn keep(&self, locator: Locator, body: &[u8], asked: Option<Expiry>) -> Result<Granted, NotTaken> {
        let granted = self.policy.grant(asked, self.clock.now())?;
        if self.metrics.stored.load(Ordering::Relaxed) >= self.quota {
            return Err(NotTaken::Full);
        }
        let kept = Capsule { body: body.to_vec(), expires: granted.until, adjusted: granted.adjusted };
        self.in_time(self.store.put(locator, kept)).await?;
        self.metrics.stored.fetch_add(1, Ordering::Relaxed);
        Ok(granted)
    }

    /// The capsule with this id for this key. A text that can be no id is asked for like any other.
    pub(crate) async fn give(&self, id: &str, key: &ClientKey) -> Result<Option<Capsule>, StoreError> {
        let locator = Locator::of(id, key.recipient_id());
        self.in_time(self.store.get(locator, unix(self.clock.now()))).await
    }

    /// What is at `locator`, when `nonce` has not been spent before; it is from now on.
    pub(crate) async fn spend(&self, locator: Locator, nonce: Spent) -> Result<Spending, StoreError> {
        self.in_time(self.store.spend(locator, nonce, unix(self.clock.now()))).await
    }

    /// Deletes what has expired, and counts what is left.
    pub(crate) async fn clean_up(&self) -> Result<(), StoreError> {
        loop {
            let deleted = self.store.delete_expired(unix(self.clock.now()), EXPIRED_AT_ONCE).await?;
            self.metrics.expired.fetch_add(deleted, Ordering::Relaxed);
            if deleted > 0 {
                tracing::info!(target: "audit", deleted, "expired capsules deleted");
            }
            if deleted < u64::from(EXPIRED_AT_ONCE) {
                break;
            }
        }
        self.count().await
    }

    /// Counts what is kept, for the quota and for the operator.
    pub(crate) async fn count(&self) -> Result<(), StoreError> {
        self.metrics.stored.store(self.store.count().await?, Ordering::Relaxed);
        Ok(())
    }

    /// Whether capsules can be kept right now.
    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        self.in_time(self.store.ready()).await
    }

    pub(crate) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::unavailable("it does not answer in time")),
        }
    }
}
