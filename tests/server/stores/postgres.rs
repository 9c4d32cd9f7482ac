//! The store of several replicas, over a real PostgreSQL: the suite, and what concerns databases that come and go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use capsule_server::{
    Postgres,
    store::{KeptKey, Locator, NONCE_KEY_LIFE, PostgresStore, Store, StoreError},
};
use tokio::runtime::Runtime;

use super::suite::{self, capsule, locator};
use crate::support::postgres::{Cluster, connection};

/// While the database is away every answer comes within this time, and is an error.
const AN_ANSWER: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

fn connect(runtime: &Runtime, postgres: &Postgres) -> PostgresStore {
    runtime.block_on(PostgresStore::connect(postgres)).expect("it connects")
}

#[test]
fn the_suite_passes() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let mut number = 0;
    suite::run(&runtime, || {
        number += 1;
        // Blocking here would stop the runtime that drives the stores.
        let database = cluster.database(&format!("suite{number}"));
        std::thread::scope(|scope| scope.spawn(|| connect(&runtime, &database)).join().expect("connected"))
    });
}

#[test]
fn replicas_may_start_at_the_same_time_and_serve_the_same_capsules() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let database = cluster.database("shared");
    runtime.block_on(async {
        let starting: Vec<_> = (0..4)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move { PostgresStore::connect(&database).await })
            })
            .collect();
        let mut replicas = Vec::new();
        for replica in starting {
            replicas.push(replica.await.expect("no panic").expect("it connects"));
        }
        let place = locator("key");
        replicas[0].put(place, capsule("body", 1000)).await.expect("kept");
        for replica in &replicas {
            assert_eq!(replica.get(place, 0).await.expect("asked"), Some(capsule("body", 1000)));
            assert_eq!(replica.count().await.expect("counted"), 1);
        }
    });
}

#[test]
fn one_replica_at_a_time_deletes_what_has_expired() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let store = connect(&runtime, &connection(&[&cluster], "postgres"));
    runtime.block_on(async {
        for _ in 0..3 {
            store.put(locator("key"), capsule("body", 10)).await.expect("kept");
        }
    });
    // Another one is at it: it holds the lock for two seconds.
    let lock = 0x4b61_7073_656c_0002_i64;
    let busy = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            cluster.sql(&format!("SELECT pg_advisory_lock({lock}), pg_sleep(2)"));
            busy.store(false, Ordering::SeqCst);
        });
        crate::support::eventually("the lock", || {
            cluster.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "1"
        });
        let deleted = runtime.block_on(store.delete_expired(10, 100)).expect("asked");
        assert!(deleted == 0 && busy.load(Ordering::SeqCst));
    });
    crate::support::eventually("the turn", || runtime.block_on(store.delete_expired(10, 100)).expect("asked") == 3);
}

#[test]
fn replicas_that_come_at_once_have_one_key_for_nonces() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let database = connection(&[&cluster], "postgres");
    let replicas: Vec<_> = (0..4).map(|_| Arc::new(connect(&runtime, &database))).collect();
    for day in 1..20_i64 {
        let asked: Vec<_> = replicas
            .iter()
            .enumerate()
            .map(|(number, replica)| {
                let replica = Arc::clone(replica);
                let bytes = vec![u8::try_from(number).expect("few"); 33].into();
                runtime.spawn(async move { replica.nonce_keys(KeptKey { made: day * NONCE_KEY_LIFE, bytes }).await })
            })
            .collect();
        let mut newest = Vec::new();
        for answer in asked {
            runtime.block_on(answer).expect("no panic").expect("asked");
        }
        for replica in &replicas {
            let fresh = KeptKey { made: day * NONCE_KEY_LIFE, bytes: vec![9; 33].into() };
            newest.push(runtime.block_on(replica.nonce_keys(fresh)).expect("asked").pop().expect("a key").bytes);
        }
        assert!(newest.iter().all(|key| *key == newest[0] && key[0] < 4), "day {day}");
    }
}

#[test]
fn tables_of_a_newer_program_are_left_alone() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let database = connection(&[&cluster], "postgres");
    drop(connect(&runtime, &database));
    cluster.sql("UPDATE kapsel_schema SET version = 99");
    let outcome = runtime.block_on(PostgresStore::connect(&database));
    assert!(matches!(outcome, Err(StoreError::Unusable(reason)) if reason.contains("99")));
}

/// Puts capsules, several at a time, until it is told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicU64>,
    /// When the last one was kept, in milliseconds since the beginning.
    last: Arc<AtomicU64>,
    begun: Instant,
    tasks: Vec<tokio::task::JoinHandle<Vec<Locator>>>,
}

impl Load {
    fn begin(runtime: &Runtime, store: &Arc<PostgresStore>) -> Self {
        let (stop, failed, last) = (Arc::new(AtomicBool::new(false)), Arc::default(), Arc::default());
        let mut load = Self { stop, failed, last, begun: Instant::now(), tasks: Vec::new() };
        for _ in 0..8 {
            let (store, stop, begun) = (Arc::clone(store), Arc::clone(&load.stop), load.begun);
            let (failed, last) = (Arc::clone(&load.failed), Arc::clone(&load.last));
            load.tasks.push(runtime.spawn(async move {
                let mut kept = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let place = locator("key");
                    match store.put(place, capsule("body", 1_000_000)).await {
                        Ok(()) => {
                            kept.push(place);
                            last.store(begun.elapsed().as_millis() as u64, Ordering::Relaxed);
                        }
                        Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                    }
                }
                kept
            }));
        }
        load
    }

    /// Waits until capsules are kept again; gives how long that took.
    fn until_it_works(&self) -> Duration {
        let since = Instant::now();
        let before = self.begun.elapsed().as_millis() as u64;
        crate::support::eventually("writing", || self.last.load(Ordering::Relaxed) > before);
        since.elapsed()
    }

    fn end(self, runtime: &Runtime) -> Vec<Locator> {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.into_iter().flat_map(|task| runtime.block_on(task).expect("no panic")).collect()
    }
}

fn all_are_there(runtime: &Runtime, store: &impl Store, kept: &[Locator]) {
    runtime.block_on(async {
        for place in kept {
            assert!(store.get(*place, 0).await.expect("asked").is_some(), "an acknowledged capsule is lost");
        }
    });
}

#[test]
fn a_crash_of_the_database_loses_nothing_and_is_mended_without_help() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let store = Arc::new(connect(&runtime, &connection(&[&cluster], "postgres")));
    let load = Load::begin(&runtime, &store);
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(400));
        cluster.crash();
        assert!(runtime.block_on(store.ready()).is_err());
        cluster.up();
        let took = load.until_it_works();
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
    let kept = load.end(&runtime);
    assert!(kept.len() > 100, "{}", kept.len());
    all_are_there(&runtime, &*store, &kept);
    println!("{} capsules acknowledged over 3 crashes, none lost", kept.len());
}

#[test]
fn when_the_primary_dies_the_promoted_standby_has_everything() {
    let (primary, runtime) = (Cluster::start(), runtime());
    let standby = primary.synchronous_standby();
    // The standby stands first: which host takes writes is found out.
    let store = Arc::new(connect(&runtime, &connection(&[&standby, &primary], "postgres")));
    let load = Load::begin(&runtime, &store);
    std::thread::sleep(Duration::from_millis(800));
    primary.signal("KILL");
    std::thread::sleep(Duration::from_millis(300));
    standby.promote();
    let took = load.until_it_works();
    assert!(took < Duration::from_secs(10), "{took:?}");
    std::thread::sleep(Duration::from_millis(300));
    let kept = load.end(&runtime);
    assert!(kept.len() > 100, "{}", kept.len());
    all_are_there(&runtime, &*store, &kept);
    println!("{} capsules acknowledged over a failover of {took:?}, none lost", kept.len());
}

#[test]
fn a_database_that_stands_still_is_an_error_and_no_wait() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let store = connect(&runtime, &connection(&[&cluster], "postgres"));
    let place = locator("key");
    runtime.block_on(store.put(place, capsule("body", 1000))).expect("kept");
    cluster.signal("STOP");
    runtime.block_on(async {
        let begun = Instant::now();
        let (put, got) = tokio::join!(store.put(locator("key"), capsule("body", 1000)), store.get(place, 0));
        assert!(put.is_err() && got.is_err());
        assert!(begun.elapsed() < AN_ANSWER, "{:?}", begun.elapsed());
    });
    cluster.signal("CONT");
    crate::support::eventually("the database", || runtime.block_on(store.ready()).is_ok());
    assert!(runtime.block_on(store.get(place, 0)).expect("asked").is_some());
}

#[test]
fn passwords_and_tls_are_held_to() {
    let (cluster, runtime) = (Cluster::start(), runtime());
    let folder = tempfile::tempdir().expect("temporary folder");
    cluster.sql("CREATE USER other PASSWORD 'right'");
    cluster.sql("CREATE DATABASE others OWNER other");
    let rules = "host all kapsel 127.0.0.1/32 trust\nhostssl others other 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(cluster.folder().join("pg_hba.conf"), rules).expect("written");
    let authority = crate::support::Authority::root("Database", crate::support::Kind::P384);
    let host = authority.server("localhost");
    let write = |name: &str, contents: &str| {
        let path = cluster.folder().join(name);
        std::fs::write(&path, contents).expect("written");
        let owner = std::process::Command::new("chown").arg("--reference").arg(cluster.folder()).arg(&path).status();
        assert!(owner.expect("chown is there").success());
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    };
    write("server.crt", &host.certificate_pem);
    write("server.key", &host.key.serialize_pem());
    cluster.sql("ALTER SYSTEM SET ssl = on");
    cluster.sql("SELECT pg_reload_conf()");
    crate::support::eventually("TLS", || cluster.sql("SHOW ssl") == "on");

    let file = |name: &str, contents: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, contents).expect("written");
        Some(path)
    };
    let (right, wrong) = (file("right", "right\n"), file("wrong", "wrong"));
    let ours = file("ours.pem", &authority.pem);
    let another = crate::support::Authority::root("Database", crate::support::Kind::P384);
    let theirs = file("theirs.pem", &another.pem);
    let to = |host: &str| {
        let connection = connection(&[&cluster], "others").connection;
        connection.replace("127.0.0.1", host).replace("user=kapsel", "user=other")
    };
    let connects = |host: &str, password: &Option<_>, authorities: &Option<_>| {
        let (password, authorities) = (password.clone(), authorities.clone());
        let postgres = Postgres { connection: to(host), password, authorities, without_tls: false };
        runtime.block_on(PostgresStore::connect(&postgres)).is_ok()
    };
    assert!(connects("localhost", &right, &ours));
    assert!(!connects("localhost", &wrong, &ours), "a wrong password");
    assert!(!connects("localhost", &right, &theirs), "a certificate of another authority");
    assert!(!connects("127.0.0.1", &right, &ours), "a certificate for another name");
    assert!(!connects("localhost", &right, &None), "without TLS");
}
