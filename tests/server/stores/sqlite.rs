//! The embedded store: the suite, and what concerns its file.

use std::{path::Path, process::Command};

use capsule_server::store::{Locator, SqliteStore, Store, StoreError};
use tokio::runtime::Runtime;

use super::suite::{self, capsule, locator};

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path)
}

#[test]
fn the_suite_passes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut number = 0;
    suite::run(&runtime(), || {
        number += 1;
        open(&folder.path().join(format!("{number}.sqlite"))).expect("a store")
    });
}

#[test]
fn what_was_kept_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (path, runtime) = (folder.path().join("capsules.sqlite"), runtime());
    let place = locator("key");
    runtime.block_on(open(&path).expect("a store").put(place, capsule("body", 1000))).expect("kept");
    let again = open(&path).expect("a store");
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder.path()).expect("readable") {
        let mode = entry.and_then(|entry| entry.metadata()).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(runtime.block_on(again.get(place, 0)).expect("asked"), Some(capsule("body", 1000)));
}

#[test]
fn two_programs_can_use_one_file() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (path, runtime) = (folder.path().join("capsules.sqlite"), runtime());
    let stores = [open(&path).expect("a store"), open(&path).expect("a store")];
    let places: Vec<Locator> = (0..100).map(|_| locator("key")).collect();
    let puts: Vec<_> =
        places.iter().zip(stores.iter().cycle()).map(|(place, it)| it.put(*place, capsule("body", 9))).collect();
    runtime.block_on(async {
        for put in puts {
            put.await.expect("kept");
        }
        for store in &stores {
            assert_eq!(store.count().await.expect("counted"), 100);
        }
        assert_eq!(stores[0].delete_expired(9, 60).await.expect("deleted"), 60);
        assert_eq!(stores[1].delete_expired(9, 60).await.expect("deleted"), 40);
    });
}

#[test]
fn files_of_others_and_of_newer_programs_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = folder.path().join("text");
    std::fs::write(&text, "this is a letter, and no database, and it is long enough to have a header")
        .expect("written");
    assert!(matches!(open(&text), Err(StoreError::Unusable(_))));
    assert!(std::fs::read_to_string(&text).expect("readable").starts_with("this is a letter"));

    let foreign = folder.path().join("foreign.sqlite");
    python("sqlite3.connect(f).executescript('create table t(x); insert into t values (1)')", &foreign);
    assert!(matches!(open(&foreign), Err(StoreError::Unusable(_))));
    python("assert sqlite3.connect(f).execute('select count(*) from sqlite_master').fetchone() == (1,)", &foreign);

    let newer = folder.path().join("newer.sqlite");
    drop(open(&newer).expect("a store"));
    python("sqlite3.connect(f).execute('pragma user_version = 99')", &newer);
    let Err(StoreError::Unusable(reason)) = open(&newer) else { panic!("it must be refused") };
    assert!(reason.contains("99"), "{reason}");
    assert!(matches!(open(&folder.path().join("no/such/folder")), Err(StoreError::Unavailable(_))));
}

#[test]
fn what_is_deleted_is_gone_from_the_file() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (path, runtime) = (folder.path().join("capsules.sqlite"), runtime());
    let store = open(&path).expect("a store");
    let secret = "a capsule that nobody may find again";
    runtime.block_on(async {
        store.put(locator("key"), capsule(secret, 10)).await.expect("kept");
        store.put(locator("key"), capsule("stays", 1000)).await.expect("kept");
        assert_eq!(store.delete_expired(10, 10).await.expect("deleted"), 1);
    });
    drop(store);
    let found = std::fs::read_dir(folder.path()).expect("readable").any(|entry| {
        let contents = std::fs::read(entry.expect("an entry").path()).expect("readable");
        contents.windows(secret.len()).any(|window| window == secret.as_bytes())
    });
    assert!(!found);
}

/// Another implementation looks at the file, or changes it.
fn python(code: &str, file: &Path) {
    let code = format!("import sqlite3, sys; f = sys.argv[1]; {code}");
    let status = Command::new("python3").arg("-c").arg(code).arg(file).status().expect("python3 is installed");
    assert!(status.success());
}
