//! Everything sealed anew with the first key, so that the others can be taken away.
//!
//! The store is walked in pages, and each page is written in one transaction; what changed meanwhile is left as it is. So a server may run
//! beside it, as may another one of these, and one that was interrupted is begun again: what is sealed with the first key already is
//! passed over. A second walk then opens everything with the first key alone.

use std::time::{Duration, Instant};

use super::{
    Capsule, Locator, Mark, SealingKeys, Shelf, StoreError,
    shelf::{Change, KeyChange},
};

/// Capsules in a page.
const PAGE: u32 = 500;
/// Longest pause between pages. A pause is as long as its page took: half the time belongs to the server.
const PAUSE: Duration = Duration::from_secs(1);

/// What sealing anew came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Capsules that were sealed with the first key now.
    pub resealed: u64,
    /// Capsules that were so already.
    pub current: u64,
    /// Capsules that were deleted, or sealed by another program, meanwhile.
    pub gone: u64,
    /// Capsules, and keys for nonces, that cannot be opened: damaged, or sealed with a key that is not there.
    pub refused: u64,
    /// Capsules that the first key alone opened afterwards.
    pub verified: u64,
    /// Capsules, and keys for nonces, that it did not open.
    pub left: u64,
}

impl Resealed {
    /// Whether the first key alone opens everything.
    pub fn is_complete(&self) -> bool {
        self.left == 0
    }
}

/// Seals everything on `shelf` with the first of `keys`; all of them open.
///
/// # Errors
/// [`StoreError::Unusable`] without a key; what the store says. What was sealed until then stays so.
pub async fn reseal(shelf: &dyn Shelf, keys: &SealingKeys) -> Result<Resealed, StoreError> {
    if keys.first().is_none() {
        return Err(StoreError::Unusable("there is no sealing key".to_owned()));
    }
    let mut done = Resealed::default();
    reseal_nonce_keys(shelf, keys, &mut done).await?;
    walk(shelf, async |page| reseal_page(shelf, keys, page, &mut done).await).await?;
    walk(shelf, async |page| {
        for (place, capsule) in page {
            match opens_with_first(keys, &place, capsule) {
                Ok(()) => done.verified += 1,
                Err(reason) => {
                    tracing::warn!(?place, %reason, "the newest key alone does not open a capsule");
                    done.left += 1;
                }
            }
        }
        Ok(())
    })
    .await?;
    let nonce_keys = shelf.kept_nonce_keys().await?.into_iter();
    done.left +=
        nonce_keys.filter(|key| !keys.is_first(&key.bytes) || keys.open_nonce_key(key.clone()).is_err()).count() as u64;
    Ok(done)
}

/// Looks for what is sealed with a key that is not there, for `patience`; gives where it was then when that is not the end.
///
/// # Errors
/// [`StoreError::Unusable`] names the first such key.
pub(super) async fn look_for_keys(
    shelf: &dyn Shelf,
    keys: &SealingKeys,
    patience: Duration,
) -> Result<Option<Mark>, StoreError> {
    for kept in shelf.kept_nonce_keys().await? {
        keys.has_key_of(&kept.bytes)?;
    }
    let begun = Instant::now();
    let mut after = None;
    loop {
        after = look_at_page(shelf, keys, after).await?;
        if after.is_none() || begun.elapsed() > patience {
            return Ok(after);
        }
    }
}

/// Goes on with it beside the server.
///
/// # Errors
/// As [`look_for_keys`].
pub(super) async fn look_on_for_keys(shelf: &dyn Shelf, keys: &SealingKeys, from: Mark) -> Result<(), StoreError> {
    let mut after = Some(from);
    while after.is_some() {
        let begun = Instant::now();
        after = look_at_page(shelf, keys, after).await?;
        tokio::time::sleep(begun.elapsed().min(PAUSE)).await;
    }
    Ok(())
}

async fn look_at_page(shelf: &dyn Shelf, keys: &SealingKeys, after: Option<Mark>) -> Result<Option<Mark>, StoreError> {
    let page = shelf.page(after, PAGE).await?;
    page.capsules.iter().try_for_each(|(_, capsule)| keys.has_key_of(&capsule.body))?;
    Ok(page.next)
}

/// Shows every page to `look`.
async fn walk(
    shelf: &dyn Shelf,
    mut look: impl AsyncFnMut(Vec<(Locator, Capsule)>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let begun = Instant::now();
        let page = shelf.page(after, PAGE).await?;
        look(page.capsules).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
        tokio::time::sleep(begun.elapsed().min(PAUSE)).await;
    }
}

async fn reseal_page(
    shelf: &dyn Shelf,
    keys: &SealingKeys,
    page: Vec<(Locator, Capsule)>,
    done: &mut Resealed,
) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    for (place, kept) in page {
        if keys.is_first(&kept.body) {
            done.current += 1;
            continue;
        }
        match sealed_anew(keys, &place, &kept) {
            Ok(sealed) => changes.push(Change { place, kept, sealed }),
            Err(reason) => {
                tracing::warn!(?place, %reason, "a capsule stays as it is");
                done.refused += 1;
            }
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let asked = changes.len() as u64;
    let written = shelf.replace(changes).await?;
    done.resealed += written;
    done.gone += asked.saturating_sub(written);
    Ok(())
}

fn sealed_anew(keys: &SealingKeys, place: &Locator, kept: &Capsule) -> Result<Vec<u8>, StoreError> {
    let mut capsule = keys.open(place, kept.clone())?;
    keys.seal(place, &mut capsule)?;
    Ok(capsule.body)
}

fn opens_with_first(keys: &SealingKeys, place: &Locator, capsule: Capsule) -> Result<(), StoreError> {
    if !keys.is_first(&capsule.body) {
        keys.has_key_of(&capsule.body)?;
        return Err(StoreError::Unusable("it is sealed with another key, or not at all".to_owned()));
    }
    keys.open(place, capsule).map(drop)
}

async fn reseal_nonce_keys(shelf: &dyn Shelf, keys: &SealingKeys, done: &mut Resealed) -> Result<(), StoreError> {
    for kept in shelf.kept_nonce_keys().await? {
        if keys.is_first(&kept.bytes) {
            continue;
        }
        match keys.open_nonce_key(kept.clone()).and_then(|key| keys.seal_nonce_key(&key)) {
            Ok(sealed) => shelf.replace_nonce_key(KeyChange { kept, sealed }).await?,
            Err(reason) => {
                tracing::warn!(%reason, "a key for nonces stays as it is");
                done.refused += 1;
            }
        }
    }
    Ok(())
}
