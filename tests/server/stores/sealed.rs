//! Capsules sealed at rest: the suite, keys that change, and a store that somebody else wrote in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use capsule_server::store::{
    KeptKey, NONCE_KEY_LIFE, SealingKeys, SharedStore, SqliteStore, Store, StoreError, sealed,
};
use tokio::runtime::Runtime;

use super::suite::{self, capsule, locator};

const ONE: &str = "one AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWO: &str = "two AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const ANOTHER_TWO: &str = "two AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";

struct Place {
    folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("temporary folder"), runtime: Runtime::new().expect("a runtime") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("capsules.sqlite")
    }

    fn store(&self, keys: &[&str]) -> SharedStore {
        let path = self.folder.path().join("keys");
        std::fs::write(&path, format!("# sealing keys\n{}\n", keys.join("\n"))).expect("written");
        let keys = if keys.is_empty() { SealingKeys::default() } else { SealingKeys::load(Some(&path)).expect("keys") };
        sealed(Arc::new(SqliteStore::open(&self.path()).expect("a store")), keys)
    }

    fn contains(&self, bytes: &[u8]) -> bool {
        std::fs::read_dir(self.folder.path()).expect("readable").any(|entry| {
            let contents = std::fs::read(entry.expect("an entry").path()).expect("readable");
            contents.windows(bytes.len()).any(|window| window == bytes)
        })
    }
}

#[test]
fn the_suite_passes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let keys = folder.path().join("keys");
    std::fs::write(&keys, ONE).expect("written");
    let mut number = 0;
    suite::run(&Runtime::new().expect("a runtime"), || {
        number += 1;
        let store = SqliteStore::open(&folder.path().join(format!("{number}.sqlite"))).expect("a store");
        sealed(Arc::new(store), SealingKeys::load(Some(&keys)).expect("keys"))
    });
}

#[test]
fn keys_change_and_what_was_kept_before_is_still_given_out() {
    let place = Place::new();
    let places = [locator("key"), locator("key"), locator("key")];
    let bodies = ["{\"kept\":\"in clear\"}", "{\"kept\":\"under one\"}", "{\"kept\":\"under two\"}"];
    for (index, keys) in [&[][..], &[ONE], &[TWO, ONE]].into_iter().enumerate() {
        place.runtime.block_on(place.store(keys).put(places[index], capsule(bodies[index], 1000))).expect("kept");
    }
    assert!(place.contains(bodies[0].as_bytes()));
    assert!(!place.contains(b"under one") && !place.contains(b"under two"));
    let get = |keys: &[&str], index: usize| place.runtime.block_on(place.store(keys).get(places[index], 0));
    for (index, body) in bodies.into_iter().enumerate() {
        assert_eq!(get(&[TWO, ONE], index).expect("opened"), Some(capsule(body, 1000)));
    }
    // Without its key, a sealed capsule is an error: neither nothing, nor what is stored.
    for (keys, index, words) in [
        (&[][..], 1, "needs the key `one`"),
        (&[TWO], 1, "needs the key `one`"),
        (&[ANOTHER_TWO], 2, "is damaged, or was moved"),
    ] {
        let Err(StoreError::Unusable(reason)) = get(keys, index) else { panic!("it must not be opened") };
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn a_capsule_in_anothers_place_or_with_another_time_is_not_given_out() {
    let place = Place::new();
    let store = place.store(&[ONE]);
    let places = [locator("key"), locator("another key")];
    place.runtime.block_on(async {
        store.put(places[0], capsule("mine", 1000)).await.expect("kept");
        store.put(places[1], capsule("theirs", 1000)).await.expect("kept");
    });
    python("update capsule set body = (select body from capsule where number = 2) where number = 1", &place.path());
    assert!(place.runtime.block_on(store.get(places[0], 0)).is_err());
    assert!(place.runtime.block_on(store.get(places[1], 0)).is_ok());
    python("update capsule set expires = 2000 where number = 2", &place.path());
    assert!(place.runtime.block_on(store.get(places[1], 0)).is_err());
    for damage in ["x'01'", "x'01ff'", "x'01036f6e65'", "x'01036f6e65000102'"] {
        python(&format!("update capsule set body = {damage} where number = 1"), &place.path());
        assert!(place.runtime.block_on(store.get(places[0], 0)).is_err());
    }
}

#[test]
fn keys_for_nonces_are_sealed_too() {
    let place = Place::new();
    let fresh = |made| KeptKey { made, bytes: vec![0x5a; 32].into() };
    let keys = |sealing: &[&str], made| place.runtime.block_on(place.store(sealing).nonce_keys(fresh(made)));
    assert_eq!(keys(&[], 1).expect("kept").len(), 1);
    assert!(place.contains(&[0x5a; 32]));
    let later = 1 + NONCE_KEY_LIFE;
    assert_eq!(keys(&[ONE], later).expect("kept").len(), 2);
    let both = keys(&[TWO, ONE], later).expect("opened");
    assert!(both.iter().all(|key| key.bytes[..] == [0x5a; 32]) && both.len() == 2);
    // The first one, which was in clear, is gone when the second has taken over.
    assert_eq!(keys(&[ONE], later + 900).expect("opened").len(), 1);
    assert!(!place.contains(&[0x5a; 32]));
    assert!(matches!(keys(&[TWO], later + 900), Err(StoreError::Unusable(_))));
    python("update nonce_key set made = made + 1", &place.path());
    assert!(matches!(keys(&[ONE], later + 900), Err(StoreError::Unusable(_))));
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let place = Place::new();
    let path = place.folder.path().join("keys");
    for wrong in [
        "",
        "one",
        "one AQEB",
        "one two AQEB",
        "ö AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        &format!("{ONE}\n{ONE}"),
    ] {
        std::fs::write(&path, wrong).expect("written");
        let reason = SealingKeys::load(Some(&path)).err().expect("refused");
        assert!(!reason.contains("AQEB"), "{reason}");
    }
    assert!(SealingKeys::load(Some(Path::new("/nowhere"))).is_err());
}

fn python(statement: &str, file: &Path) {
    let code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()";
    let status = std::process::Command::new("python3").args(["-c", code]).arg(file).arg(statement).status();
    assert!(status.expect("python3 is installed").success());
}
