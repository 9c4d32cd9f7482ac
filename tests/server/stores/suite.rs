//! The suite. Each part begins with an empty store.

use capsule_api::{Audience, Expiry, NonceKey, Origin, ServerId, TransactionId};
use capsule_server::store::{Capsule, KeptKey, Locator, NONCE_KEY_LIFE, Spending, Spent, Store};
use tokio::runtime::Runtime;

/// Runs every part, each over a store that `fresh` makes.
pub fn run<S: Store>(runtime: &Runtime, mut fresh: impl FnMut() -> S) {
    runtime.block_on(capsules_are_kept_until_they_expire(&fresh()));
    runtime.block_on(a_capsule_is_found_by_id_and_key_alone(&fresh()));
    runtime.block_on(expired_ones_are_deleted_oldest_first_in_batches(&fresh()));
    runtime.block_on(many_at_once_are_all_kept(&fresh()));
    runtime.block_on(any_bytes_come_back(&fresh()));
    runtime.block_on(a_nonce_is_spent_once_and_only_on_a_capsule(&fresh()));
    runtime.block_on(keys_for_nonces_are_replaced_daily(&fresh()));
}

pub fn locator(key: &str) -> Locator {
    Locator::new(&TransactionId::generate(), key.as_bytes())
}

pub fn capsule(body: &str, expires: i64) -> Capsule {
    let expires = Expiry::from_unix(expires).expect("a time");
    Capsule { body: body.as_bytes().to_vec(), expires, adjusted: false }
}

/// A use of a nonce that nobody else has.
pub fn spent() -> Spent {
    let id = TransactionId::generate();
    let origin = Origin::of(&"https://css-a.example".parse().expect("a URL")).expect("https");
    let server = Audience::new(&ServerId::parse("css-a").expect("an id"), &origin);
    Spent::new(&id, &NonceKey::generate().issue(&server, &id, 0))
}

async fn a_nonce_is_spent_once_and_only_on_a_capsule(store: &impl Store) {
    let (here, nowhere, expired) = (locator("key"), locator("key"), locator("key"));
    let kept = Capsule { adjusted: true, ..capsule("body", 1000) };
    store.put(here, kept.clone()).await.expect("kept");
    store.put(expired, capsule("body", 10)).await.expect("kept");
    let (one, other) = (spent(), spent());
    let spend = |place, nonce, now| async move { store.spend(place, nonce, now).await.expect("asked") };
    // Where there is no capsule the nonce stays.
    assert_eq!(spend(nowhere, one, 500).await, Spending::NoCapsule);
    assert_eq!(spend(expired, one, 500).await, Spending::NoCapsule);
    assert_eq!(store.forget_spent(i64::MAX, 100).await.expect("asked"), 0);
    assert_eq!(spend(here, one, 500).await, Spending::Done(kept.clone()));
    assert_eq!(spend(here, one, 501).await, Spending::Again);
    assert_eq!(spend(here, other, 600).await, Spending::Done(kept.clone()));
    assert_eq!(spend(here, one, 1000).await, Spending::NoCapsule);
    assert_eq!(store.get(here, 999).await.expect("asked"), Some(kept.clone()));
    // Of many at once, one.
    let third = spent();
    let mut all = Vec::new();
    for attempt in (0..50).map(|_| store.spend(here, third, 700)).collect::<Vec<_>>() {
        all.push(attempt.await.expect("asked"));
    }
    assert_eq!(all.iter().filter(|one| **one == Spending::Done(kept.clone())).count(), 1);
    assert_eq!(all.iter().filter(|one| **one == Spending::Again).count(), 49);
    // The oldest are forgotten first.
    assert_eq!(store.forget_spent(499, 100).await.expect("asked"), 0);
    assert_eq!(store.forget_spent(650, 1).await.expect("asked"), 1);
    assert_eq!(spend(here, other, 701).await, Spending::Again);
    assert_eq!(store.forget_spent(650, 100).await.expect("asked"), 1);
    assert_eq!(spend(here, third, 702).await, Spending::Again);
}

async fn keys_for_nonces_are_replaced_daily(store: &impl Store) {
    let keys = |made: i64| async move {
        let fresh = KeptKey { made, bytes: made.to_be_bytes().repeat(4).into() };
        let kept = store.nonce_keys(fresh).await.expect("asked");
        assert!(kept.iter().all(|kept| *kept.bytes == kept.made.to_be_bytes().repeat(4)));
        kept.iter().map(|kept| kept.made).collect::<Vec<_>>()
    };
    let day = NONCE_KEY_LIFE;
    assert_eq!(keys(1000).await, [1000]);
    assert_eq!(keys(1001).await, [1000]);
    assert_eq!(keys(999 + day).await, [1000]);
    assert_eq!(keys(1000 + day).await, [1000, 1000 + day]);
    // Kept for a quarter of an hour beside its successor.
    assert_eq!(keys(1000 + day + 899).await, [1000, 1000 + day]);
    assert_eq!(keys(1000 + day + 900).await, [1000 + day]);
    // However long nobody asked.
    assert_eq!(keys(1000 + 10 * day).await, [1000 + day, 1000 + 10 * day]);
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
