//! Nonces without a store: made, and told again, by keys that replicas share.
//!
//! Giving a nonce touches no store, so nobody can fill one with them, or push out another's; and a nonce for what is there is made as one
//! for what is not. That one was used is recorded when it is, and forgotten when it is too old to count anyway.

use std::sync::{Arc, RwLock, atomic::Ordering};

use capsule_api::NonceKey;

use crate::{
    clock::unix,
    metrics::Metrics,
    service::Capsules,
    store::{KeptKey, StoreError},
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

/// The keys for nonces.
pub(crate) struct Nonces {
    pub(crate) capsules: Arc<Capsules>,
    keys: RwLock<Arc<[Key]>>,
}

struct Key {
    made: i64,
    key: NonceKey,
}

impl Nonces {
    /// With the keys that the store has, or the first one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn new(capsules: Arc<Capsules>) -> Result<Self, StoreError> {
        let this = Self { capsules, keys: RwLock::new(Arc::new([])) };
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

    /// A nonce that `issue` makes with the key in use, now.
    pub(crate) fn issue<T>(&self, issue: impl FnOnce(&NonceKey, i64) -> T) -> T {
        let (keys, now) = (self.keys(), self.now());
        let key = keys.iter().rfind(|key| key.made + TAKES_OVER <= now).or(keys.first());
        self.metrics().nonces.fetch_add(1, Ordering::Relaxed);
        issue(&key.expect("the store has a key since the start").key, now)
    }

    /// Whether `issued` says so of a key that counts, now.
    pub(crate) fn issued(&self, issued: impl Fn(&NonceKey, i64) -> bool) -> bool {
        let (keys, now) = (self.keys(), self.now());
        let successors = keys.iter().skip(1).map(|next| Some(next.made)).chain([None]);
        let counts = |next: Option<i64>| next.is_none_or(|made| now < made + TAKES_OVER + OUTLIVES);
        let counting = keys.iter().zip(successors).filter(|(_, next)| counts(*next));
        // Every key is looked at, whichever is right.
        counting.fold(false, |found, (key, _)| found | issued(&key.key, now))
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.capsules.metrics
    }

    fn keys(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read().expect("nobody panics while replacing"))
    }

    fn now(&self) -> i64 {
        unix(self.capsules.clock.now())
    }
}
