//! Sealing anew with another key: over both stores, interrupted, and with others who write meanwhile.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use capsule_server::store::{
    Answer, Capsule, Change, KeptKey, KeyChange, Locator, Mark, NONCE_KEY_LIFE, Page, PostgresStore, Resealed,
    SealingKeys, Shelf, SqliteStore, Store, StoreError, reseal, sealed,
};
use tokio::runtime::Runtime;

use super::suite::{capsule, locator};
use crate::support::postgres::{Cluster, connection};

const ONE: &str = "one AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWO: &str = "two AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const LOST: &str = "lost AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";

/// More than go in a page, and no whole number of pages.
const UNDER_ONE: u64 = 1203;
const IN_CLEAR: u64 = 2;
const UNDER_TWO: u64 = 3;
const GONE: u64 = 4;

fn keys(lines: &[&str]) -> SealingKeys {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), lines.join("\n")).expect("written");
    if lines.is_empty() { SealingKeys::default() } else { SealingKeys::load(Some(file.path())).expect("keys") }
}

/// The store, which breaks after some pages were written; before the first one, what expires at 10 is deleted.
struct Breaking<'a, S> {
    store: &'a S,
    pages: AtomicUsize,
}

impl<S: Store + Shelf> Shelf for Breaking<'_, S> {
    fn page(&self, after: Option<Mark>, at_most: u32) -> Answer<'_, Page> {
        self.store.page(after, at_most)
    }

    fn replace(&self, changes: Vec<Change>) -> Answer<'_, u64> {
        Box::pin(async move {
            if self.pages.fetch_sub(1, Ordering::Relaxed) == 0 {
                return Err(StoreError::Busy);
            }
            self.store.delete_expired(10, 100).await?;
            self.store.replace(changes).await
        })
    }

    fn kept_nonce_keys(&self) -> Answer<'_, Vec<KeptKey>> {
        self.store.kept_nonce_keys()
    }

    fn replace_nonce_key(&self, change: KeyChange) -> Answer<'_, ()> {
        self.store.replace_nonce_key(change)
    }
}

/// Puts capsules that are sealed so; gives their places.
async fn put<S: Store + Shelf>(store: &Arc<S>, lines: &[&str], count: u64, expires: i64) -> Vec<(Locator, Capsule)> {
    let sealing = sealed(Arc::clone(store) as _, keys(lines));
    let mut kept = Vec::new();
    for number in 0..count {
        let place = locator("key");
        let body = capsule(&format!("{{\"number\":{number},\"under\":{lines:?}}}"), expires);
        sealing.put(place, body.clone()).await.expect("kept");
        kept.push((place, body));
    }
    kept
}

async fn all_open_with(lines: &[&str], store: &Arc<impl Store>, kept: &[(Locator, Capsule)]) {
    let opening = sealed(Arc::clone(store) as _, keys(lines));
    for (place, body) in kept {
        assert_eq!(opening.get(*place, 0).await.expect("opened").as_ref(), Some(body));
    }
}

async fn everything_is_sealed_anew<S: Store + Shelf>(store: Arc<S>) {
    let mut kept = put(&store, &[ONE], UNDER_ONE, 1000).await;
    kept.extend(put(&store, &[], IN_CLEAR, 1000).await);
    kept.extend(put(&store, &[TWO, ONE], UNDER_TWO, 1000).await);
    let nonce_key = KeptKey { made: 1, bytes: vec![0x5a; 32].into() };
    sealed(Arc::clone(&store) as _, keys(&[ONE])).nonce_keys(nonce_key.clone()).await.expect("kept");

    // Interrupted after a page: what was written stays, and everything opens meanwhile.
    let both = keys(&[TWO, ONE]);
    let breaking = Breaking { store: &*store, pages: AtomicUsize::new(1) };
    assert!(matches!(reseal(&breaking, &both).await, Err(StoreError::Busy)));
    all_open_with(&[TWO, ONE], &store, &kept).await;

    let total = UNDER_ONE + IN_CLEAR + UNDER_TWO;
    let again = reseal(&*store, &both).await.expect("sealed anew");
    assert!(again.resealed >= UNDER_ONE - 500 && again.current >= 500, "it began anew: {again:?}");
    let expected = Resealed { verified: total, resealed: total - again.current, current: again.current, ..again };
    assert_eq!((again, again.gone, again.refused, again.left), (expected, 0, 0, 0));
    assert!(again.is_complete());

    // The old key is not needed by anything.
    all_open_with(&[TWO], &store, &kept).await;
    let without_one = sealed(Arc::clone(&store) as _, keys(&[TWO]));
    let opened = without_one.nonce_keys(KeptKey { made: 2, ..nonce_key.clone() }).await.expect("opened");
    assert!(opened.len() == 1 && opened[0].bytes == nonce_key.bytes);
    let once_more = reseal(&*store, &both).await.expect("nothing to do");
    assert_eq!(once_more, Resealed { current: total, verified: total, ..Resealed::default() });
}

async fn what_others_do_meanwhile_stays<S: Store + Shelf>(store: Arc<S>) {
    put(&store, &[ONE], GONE, 10).await;
    let kept = put(&store, &[ONE], 1, 1000).await;
    let breaking = Breaking { store: &*store, pages: AtomicUsize::new(usize::MAX) };
    let done = reseal(&breaking, &keys(&[TWO, ONE])).await.expect("sealed anew");
    assert_eq!(done, Resealed { resealed: 1, gone: GONE, verified: 1, ..Resealed::default() });
    all_open_with(&[TWO], &store, &kept).await;
    assert_eq!(store.count().await.expect("counted"), 1);
}

async fn what_no_key_opens_is_told_and_left<S: Store + Shelf>(store: Arc<S>) {
    let lost = put(&store, &[LOST], 2, 1000).await;
    put(&store, &[ONE], 3, 1000).await;
    let made = KeptKey { made: NONCE_KEY_LIFE, bytes: vec![1; 32].into() };
    sealed(Arc::clone(&store) as _, keys(&[LOST])).nonce_keys(made).await.expect("kept");
    let done = reseal(&*store, &keys(&[TWO, ONE])).await.expect("the others are sealed anew");
    assert_eq!(done, Resealed { resealed: 3, refused: 3, verified: 3, left: 3, ..Resealed::default() });
    assert!(!done.is_complete());
    all_open_with(&[LOST], &store, &lost).await;
    assert!(matches!(reseal(&*store, &keys(&[])).await, Err(StoreError::Unusable(_))));
}

#[test]
fn of_the_embedded_store() {
    let (folder, runtime) = (tempfile::tempdir().expect("temporary folder"), Runtime::new().expect("a runtime"));
    let open = |name: &str| Arc::new(SqliteStore::open(&folder.path().join(name)).expect("a store"));
    let store = open("one.sqlite");
    runtime.block_on(everything_is_sealed_anew(Arc::clone(&store)));
    drop(store);
    // What was in clear is nowhere in the file any more.
    assert!(!contains(&folder.path().join("one.sqlite"), b"\"under\""));
    runtime.block_on(what_others_do_meanwhile_stays(open("two.sqlite")));
    runtime.block_on(what_no_key_opens_is_told_and_left(open("three.sqlite")));
}

#[test]
fn of_the_store_of_several_replicas() {
    let (cluster, runtime) = (Cluster::start(), Runtime::new().expect("a runtime"));
    let open = |name: &str| {
        cluster.database(name);
        Arc::new(runtime.block_on(PostgresStore::connect(&connection(&[&cluster], name))).expect("it connects"))
    };
    runtime.block_on(everything_is_sealed_anew(open("one")));
    runtime.block_on(what_others_do_meanwhile_stays(open("two")));
    runtime.block_on(what_no_key_opens_is_told_and_left(open("three")));
}

fn contains(file: &Path, bytes: &[u8]) -> bool {
    std::fs::read(file).expect("readable").windows(bytes.len()).any(|window| window == bytes)
}
