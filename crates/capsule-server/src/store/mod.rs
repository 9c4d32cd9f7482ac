//! Where capsules are kept: one trait in the terms of the domain, and the stores behind it.
//!
//! A capsule is found by its [`Locator`], a digest over its transaction id and the key of its recipient. An id that nobody has and a
//! key that is not the recipient's are therefore one and the same question to a store, and it answers neither faster than the other.
//! What a store holds names no transaction.

mod postgres;
mod reseal;
mod sealed;
mod shelf;
mod sqlite;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use capsule_api::{Expiry, Nonce, PersonId, ShareId, ShareNonce, TransactionId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use postgres::PostgresStore;
pub(crate) use postgres::settings as postgres_settings;
pub(crate) use postgres::{Link, NEEDS_TLS};
pub use reseal::{Resealed, reseal};
pub use sealed::{SEALING_KEYS_VARIABLE, SealingKeys};
pub use shelf::{Change, KeyChange, Mark, Page, Shelf};
pub use sqlite::SqliteStore;

use crate::{Config, clock::unix, config::StoreConfig};

/// What a store's calls give, some time later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store that is shared by everything that runs.
pub type SharedStore = Arc<dyn Store>;

/// Opens the store that a configuration names, and makes or migrates it when that is needed.
///
/// # Errors
/// [`StoreError`].
pub async fn open(config: &Config) -> Result<SharedStore, StoreError> {
    let keys = SealingKeys::load(config.sealing_keys.as_deref()).map_err(StoreError::Unusable)?;
    let store: SharedStore = match &config.store {
        StoreConfig::Sqlite { path } => Arc::new(SqliteStore::open(path)?),
        StoreConfig::Postgres(postgres) => Arc::new(PostgresStore::connect(postgres).await?),
    };
    Ok(sealed(store, keys))
}

/// Opens the store for a server: not when something in it is sealed with a key that is not there, which recipients alone would notice.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Unusable`] names the key that is missing.
pub async fn open_for_server(config: &Config) -> Result<SharedStore, StoreError> {
    let keys = SealingKeys::load(config.sealing_keys.as_deref()).map_err(StoreError::Unusable)?;
    let keys = Arc::new(keys);
    match &config.store {
        StoreConfig::Sqlite { path } => looked_through(SqliteStore::open(path)?, keys).await,
        StoreConfig::Postgres(postgres) => looked_through(PostgresStore::connect(postgres).await?, keys).await,
    }
}

async fn looked_through<S: Store + Shelf>(store: S, keys: Arc<SealingKeys>) -> Result<SharedStore, StoreError> {
    let store = Arc::new(store);
    if let Some(rest) = reseal::look_for_keys(&*store, &keys, BEFORE_START).await? {
        let (store, keys) = (Arc::clone(&store), Arc::clone(&keys));
        tokio::spawn(async move {
            if let Err(error) = reseal::look_on_for_keys(&*store, &keys, rest).await {
                tracing::error!(%error, "recipients do not get what is sealed so");
            }
        });
    }
    Ok(sealed(store, keys))
}

/// A store whose capsules are sealed with the first of these keys, and opened with any. Without keys they are kept as they are.
pub fn sealed(store: SharedStore, keys: impl Into<Arc<SealingKeys>>) -> SharedStore {
    Arc::new(sealed::SealedStore::new(store, keys.into()))
}

/// Deletes everything that has expired, beside a server that may run; says how much.
///
/// # Errors
/// [`StoreError`], also when there is no store yet: none is made.
pub async fn purge(config: &Config, now: SystemTime) -> Result<u64, StoreError> {
    if let StoreConfig::Sqlite { path } = &config.store
        && !path.exists()
    {
        return Err(StoreError::Unusable(format!("{}: there is none yet", path.display())));
    }
    let store = open(config).await?;
    let mut deleted = 0;
    loop {
        match store.delete_expired(unix(now), PURGED_AT_ONCE).await? {
            0 => return Ok(deleted),
            more => deleted += more,
        }
    }
}

/// Seals everything in the store that a configuration names with its first key, beside a server that may run.
///
/// # Errors
/// [`StoreError`].
pub async fn reseal_all(config: &Config) -> Result<Resealed, StoreError> {
    let keys = SealingKeys::load(config.sealing_keys.as_deref()).map_err(StoreError::Unusable)?;
    match &config.store {
        StoreConfig::Sqlite { path } => reseal(&SqliteStore::open(path)?, &keys).await,
        StoreConfig::Postgres(postgres) => reseal(&PostgresStore::connect(postgres).await?, &keys).await,
    }
}

/// How long a store is looked through before its server starts; the rest of a very large one is looked at while it runs.
const BEFORE_START: Duration = Duration::from_secs(10);
/// Most capsules that a purge deletes in one go: a server that runs takes its turn in between.
const PURGED_AT_ONCE: u32 = 500;

/// Finds a capsule: SHA-256 over its transaction id and the key of its recipient.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locator([u8; 32]);

/// Keeps the digest apart from every other use of SHA-256.
const LOCATOR_LABEL: &[u8] = b"Kapsel capsule locator v1\0";
const SHARE_LOCATOR_LABEL: &[u8] = b"Kapsel share locator v1\0";

impl Locator {
    /// Of the capsule with this id for the recipient with this key, in the encoding of `recipient_id`.
    pub fn new(id: &TransactionId, recipient_id: &[u8]) -> Self {
        Self::of(id.as_str(), recipient_id)
    }

    /// Of the share with this id for this person.
    pub fn of_share(id: &ShareId, person: &PersonId) -> Self {
        Self::labelled(SHARE_LOCATOR_LABEL, id.as_str(), person.as_str().as_bytes())
    }

    /// Of a text that may be no id at all, so that asking for it is the same work.
    pub(crate) fn of(id: &str, recipient_id: &[u8]) -> Self {
        Self::labelled(LOCATOR_LABEL, id, recipient_id)
    }

    fn labelled(label: &[u8], id: &str, recipient_id: &[u8]) -> Self {
        let mut digest = Sha256::new_with_prefix(label);
        digest.update((id.len() as u64).to_be_bytes());
        digest.update(id);
        digest.update(recipient_id);
        Self(digest.finalize().into())
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Locator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locator({}…)", hex::encode(&self.0[..4]))
    }
}

/// A use of a nonce: SHA-256 over the transaction and what tells the nonce from others. It names neither.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spent([u8; 32]);

/// Keep those digests apart from every other one.
const SPENT_LABEL: &[u8] = b"Kapsel spent nonce v1\0";
const SPENT_SHARE_LABEL: &[u8] = b"Kapsel spent share nonce v1\0";

impl Spent {
    /// The use of `nonce` for the transaction `id`.
    pub fn new(id: &TransactionId, nonce: &Nonce) -> Self {
        Self::labelled(SPENT_LABEL, &nonce.own_part(), id.as_str())
    }

    /// The use of `nonce` for the share `id`.
    pub fn of_share(id: &ShareId, nonce: &ShareNonce) -> Self {
        Self::labelled(SPENT_SHARE_LABEL, &nonce.own_part(), id.as_str())
    }

    fn labelled(label: &[u8], nonce: &[u8; 16], id: &str) -> Self {
        let mut digest = Sha256::new_with_prefix(label);
        digest.update(nonce);
        digest.update(id);
        Self(digest.finalize().into())
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spent({}…)", hex::encode(&self.0[..4]))
    }
}

/// What came of spending a nonce on a capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spending {
    /// The capsule; the nonce is spent.
    Done(Capsule),
    /// There is no such capsule, and nothing was written.
    NoCapsule,
    /// The nonce was spent before.
    Again,
}

/// A key for nonces as it is kept, perhaps sealed.
#[derive(Clone)]
pub struct KeptKey {
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// The key.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// How long after a key for nonces was made the next one is, in seconds.
pub const NONCE_KEY_LIFE: i64 = 24 * 60 * 60;
/// How long after its successor was made a key for nonces is kept, in seconds: it is accepted for 14 minutes, and clocks differ.
const NONCE_KEY_KEPT: i64 = 15 * 60;

/// A capsule as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Capsule {
    /// The body as it was posted, byte for byte.
    pub body: Vec<u8>,
    /// From this moment on it is gone.
    pub expires: Expiry,
    /// Whether that is earlier than its sender asked for.
    pub adjusted: bool,
}

impl std::fmt::Debug for Capsule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capsule").field("bytes", &self.body.len()).field("expires", &self.expires).finish()
    }
}

/// Why a store does not answer as asked. Nothing here is the client's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More is waiting than the store can take; it will be better soon.
    #[error("too much is waiting for the store")]
    Busy,
    /// The disk is full, the database is away, or it does not do what it should.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored was not written by this program, or by a newer version of it.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
}

impl StoreError {
    pub(crate) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Keeps capsules until they expire.
///
/// Times are whole seconds since 1970, from the caller's clock: a store has none of its own.
pub trait Store: Send + Sync + 'static {
    /// Keeps a capsule. When this answers, the capsule survives a crash of the program, of the database and of the machine.
    fn put(&self, locator: Locator, capsule: Capsule) -> Answer<'_, ()>;

    /// The capsule at `locator`, when there is one that has not expired at `now`.
    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>>;

    /// The capsule at `locator` as [`Store::get`] gives it, when this nonce has not been spent before; it is from now on. Of any number of
    /// calls with one nonce, at whatever replicas, one at most gets the capsule. Nothing is written where there is no capsule.
    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending>;

    /// Forgets nonces that were spent at `until` or before, not more than `at_most` of them; says how many.
    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64>;

    /// The keys for nonces that count, the oldest first. When the newest is [`NONCE_KEY_LIFE`] old, or there is none, `fresh` becomes one:
    /// at one replica, whose key all others get.
    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>>;

    /// What time it is where the store is, in seconds since 1970; `None` where that is here.
    fn time(&self) -> Answer<'_, Option<i64>>;

    /// Deletes capsules that have expired at `now`, the oldest first, and not more than `at_most` of them; says how many. Where several
    /// replicas share the store and another one is at it, none.
    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64>;

    /// How many capsules are kept, expired ones that are not deleted yet among them; roughly, where there are very many.
    fn count(&self) -> Answer<'_, u64>;

    /// Whether capsules can be kept right now.
    fn ready(&self) -> Answer<'_, ()>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn put(&self, locator: Locator, capsule: Capsule) -> Answer<'_, ()> {
        (**self).put(locator, capsule)
    }

    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>> {
        (**self).get(locator, now)
    }

    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending> {
        (**self).spend(locator, nonce, now)
    }

    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64> {
        (**self).forget_spent(until, at_most)
    }

    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>> {
        (**self).nonce_keys(fresh)
    }

    fn time(&self) -> Answer<'_, Option<i64>> {
        (**self).time()
    }

    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64> {
        (**self).delete_expired(now, at_most)
    }

    fn count(&self) -> Answer<'_, u64> {
        (**self).count()
    }

    fn ready(&self) -> Answer<'_, ()> {
        (**self).ready()
    }
}
