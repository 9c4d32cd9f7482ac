//! What a store keeps, as it is kept: for whoever seals it anew, and nobody else.

use zeroize::Zeroizing;

use super::{Answer, Capsule, KeptKey, Locator};

/// Where a walk over a store goes on. Only the store that gave it can read it.
#[derive(Clone)]
pub struct Mark(pub(super) Vec<u8>);

/// Some capsules of a walk.
pub struct Page {
    /// With the bodies that are kept, sealed or not.
    pub capsules: Vec<(Locator, Capsule)>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Mark>,
}

/// A capsule's body in place of another.
#[derive(Clone)]
pub struct Change {
    /// Whose.
    pub place: Locator,
    /// The capsule as it was read.
    pub kept: Capsule,
    /// Its body from now on.
    pub sealed: Vec<u8>,
}

/// The same for a key for nonces.
#[derive(Clone)]
pub struct KeyChange {
    /// The key as it was read.
    pub kept: KeptKey,
    /// Its bytes from now on.
    pub sealed: Zeroizing<Vec<u8>>,
}

/// A store from inside.
pub trait Shelf: Send + Sync {
    /// Up to `at_most` capsules after `after`, from the first without it. A walk passes everything that is there all the time, once.
    fn page(&self, after: Option<Mark>, at_most: u32) -> Answer<'_, Page>;

    /// Replaces the bodies that are still as they were read, all in one transaction; says how many.
    fn replace(&self, changes: Vec<Change>) -> Answer<'_, u64>;

    /// All keys for nonces. None is made.
    fn kept_nonce_keys(&self) -> Answer<'_, Vec<KeptKey>>;

    /// Replaces a key's bytes, when they are still as they were read.
    fn replace_nonce_key(&self, change: KeyChange) -> Answer<'_, ()>;
}
