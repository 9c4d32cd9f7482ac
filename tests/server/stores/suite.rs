//! The suite. Each part begins with an empty store.

use capsule_api::{Expiry, TransactionId};
use capsule_server::store::{Capsule, Locator, Store};
use tokio::runtime::Runtime;

/// Runs every part, each over a store that `fresh` makes.
pub fn run<S: Store>(runtime: &Runtime, mut fresh: impl FnMut() -> S) {
    runtime.block_on(capsules_are_kept_until_they_expire(&fresh()));
    runtime.block_on(a_capsule_is_found_by_id_and_key_alone(&fresh()));
    runtime.block_on(expired_ones_are_deleted_oldest_first_in_batches(&fresh()));
    runtime.block_on(many_at_once_are_all_kept(&fresh()));
    runtime.block_on(any_bytes_come_back(&fresh()));
}

pub fn locator(key: &str) -> Locator {
    Locator::new(&TransactionId::generate(), key.as_bytes())
}

pub fn capsule(body: &str, expires: i64) -> Capsule {
    let expires = Expiry::from_unix(expires).expect("a time");
    Capsule { body: body.as_bytes().to_vec(), expires, adjusted: false }
}

async fn capsules_are_kept_until_they_expire(store: &impl Store) {
    let (here, there) = (locator("key"), locator("key"));
    store.ready().await.expect("ready");
    assert_eq!(store.count().await.expect("counted"), 0);
    let kept = Capsule { adjusted: true, ..capsule("body", 1000) };
    store.put(here, kept.clone()).await.expect("kept");
    for (now, found) in [(0, Some(kept.clone())), (999, Some(kept)), (1000, None), (i64::MAX, None)] {
        assert_eq!(store.get(here, now).await.expect("asked"), found, "{now}");
    }
    assert_eq!(store.get(there, 0).await.expect("asked"), None);
    assert_eq!(store.count().await.expect("counted"), 1);
}

async fn a_capsule_is_found_by_id_and_key_alone(store: &impl Store) {
    let (id, other) = (TransactionId::generate(), TransactionId::generate());
    store.put(Locator::new(&id, b"key"), capsule("body", 1000)).await.expect("kept");
    for (id, key, found) in [(&id, "key", true), (&id, "kez", false), (&id, "", false), (&other, "key", false)] {
        let answer = store.get(Locator::new(id, key.as_bytes()), 0).await.expect("asked");
        assert_eq!(answer.is_some(), found, "{key}");
    }
    // The same place twice is no reason to lose the first.
    let again = store.put(Locator::new(&id, b"key"), capsule("another body", 1000)).await;
    assert!(again.is_err());
    let kept = store.get(Locator::new(&id, b"key"), 0).await.expect("asked").expect("there");
    assert_eq!(kept.body, b"body");
}

async fn expired_ones_are_deleted_oldest_first_in_batches(store: &impl Store) {
    let places: Vec<_> = (0..10).map(|_| locator("key")).collect();
    for (index, place) in places.iter().enumerate() {
        store.put(*place, capsule("body", 100 + index as i64)).await.expect("kept");
    }
    assert_eq!(store.delete_expired(99, 100).await.expect("deleted"), 0);
    assert_eq!(store.delete_expired(106, 4).await.expect("deleted"), 4);
    let left = |index: usize| store.get(places[index], 0);
    assert!(left(3).await.expect("asked").is_none() && left(4).await.expect("asked").is_some());
    assert_eq!(store.delete_expired(106, 4).await.expect("deleted"), 3);
    assert_eq!(store.delete_expired(106, 4).await.expect("deleted"), 0);
    assert_eq!(store.count().await.expect("counted"), 3);
    assert!(left(7).await.expect("asked").is_some());
}

async fn many_at_once_are_all_kept(store: &impl Store) {
    let places: Vec<_> = (0..1000).map(|_| locator("key")).collect();
    let puts: Vec<_> = places.iter().map(|place| store.put(*place, capsule(&format!("{place:?}"), 1000))).collect();
    for put in puts {
        put.await.expect("kept");
    }
    assert_eq!(store.count().await.expect("counted"), 1000);
    for place in places {
        let kept = store.get(place, 0).await.expect("asked").expect("there");
        assert_eq!(kept.body, format!("{place:?}").as_bytes());
    }
}

async fn any_bytes_come_back(store: &impl Store) {
    for body in [vec![], vec![0], (0..=255).collect(), vec![0xff; 8192]] {
        let place = locator("key");
        let kept = Capsule { body, ..capsule("", 4_102_444_800) };
        store.put(place, kept.clone()).await.expect("kept");
        assert_eq!(store.get(place, 4_102_444_799).await.expect("asked"), Some(kept));
    }
}
