//! The operations port: health, information, metrics.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use capsule_server::{
    Clock,
    store::{Answer, Capsule, KeptKey, Locator, Spending, Spent, SqliteStore, Store, StoreError},
};

use crate::support::{Kind, Offer, Person, Setup, body_for, eventually, exchange, get, post};

/// A store whose answers can be taken away.
struct Faulty {
    inner: SqliteStore,
    fails: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
    /// What time it is there, unless it is `i64::MAX`.
    off: Arc<AtomicI64>,
}

impl Faulty {
    fn through<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        let (fails, hangs) = (self.fails.load(Ordering::Relaxed), self.hangs.load(Ordering::Relaxed));
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            if fails { Err(StoreError::Unavailable("taken away".into())) } else { answer.await }
        })
    }
}

impl Store for Faulty {
    fn put(&self, locator: Locator, capsule: Capsule) -> Answer<'_, ()> {
        self.through(self.inner.put(locator, capsule))
    }

    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>> {
        self.through(self.inner.get(locator, now))
    }

    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending> {
        self.through(self.inner.spend(locator, nonce, now))
    }

    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64> {
        self.through(self.inner.forget_spent(until, at_most))
    }

    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>> {
        self.through(self.inner.nonce_keys(fresh))
    }

    fn time(&self) -> Answer<'_, Option<i64>> {
        let off = self.off.load(Ordering::Relaxed);
        Box::pin(async move { Ok((off != i64::MAX).then_some(off)) })
    }

    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64> {
        self.through(self.inner.delete_expired(now, at_most))
    }

    fn count(&self) -> Answer<'_, u64> {
        self.through(self.inner.count())
    }

    fn ready(&self) -> Answer<'_, ()> {
        self.through(self.inner.ready())
    }
}

#[test]
fn readiness_and_calls_follow_the_store() {
    let mari = Person::new(Kind::P256);
    let folder = tempfile::tempdir().expect("temporary folder");
    let inner = SqliteStore::open(&folder.path().join("capsules.sqlite")).expect("a store");
    let (fails, hangs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let off = Arc::new(AtomicI64::new(i64::MAX));
    let store = Arc::new(Faulty { inner, fails: Arc::clone(&fails), hangs: Arc::clone(&hangs), off });
    let mut setup = Setup { store: Some(store), ..Setup::listing(&[&mari]) };
    setup.limits.store_timeout = Duration::from_millis(300);
    let fixture = setup.start();
    let path = fixture.take(&body_for(&mari));
    let statuses = || {
        let posted = exchange(&mut fixture.as_sender(), &post(&body_for(&mari)));
        let fetched = exchange(&mut fixture.as_recipient(&mari), &get(&path));
        if posted.status == 503 {
            assert!(posted.body.is_empty() && fetched.body.is_empty());
            assert!(posted.header("retry-after").is_some() && fetched.header("retry-after").is_some());
        }
        assert_eq!(fixture.ask_operations("/health/live").status, 200);
        (posted.status, fetched.status, fixture.ask_operations("/health/ready").status)
    };
    assert_eq!(statuses(), (201, 200, 200));
    for trouble in [&fails, &hangs] {
        trouble.store(true, Ordering::Relaxed);
        assert_eq!(statuses(), (503, 503, 503));
        trouble.store(false, Ordering::Relaxed);
        assert_eq!(statuses(), (201, 200, 200));
    }
}

#[test]
fn a_clock_that_is_not_the_databases_is_told_where_tickets_are_taken() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let inner = SqliteStore::open(&folder.path().join("capsules.sqlite")).expect("a store");
    let off = Arc::new(AtomicI64::new(i64::MAX));
    let store = Arc::new(Faulty { inner, fails: Arc::default(), hangs: Arc::default(), off: Arc::clone(&off) });
    let setup = Setup { store: Some(store), ticket: Some(Offer::new("css-a")), ..Setup::default() };
    let fixture = setup.start();
    let now = fixture.clock.now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    for (there, status) in [(i64::MAX, 200), (now, 200), (now + 15, 200), (now - 15, 200), (now + 16, 503), (0, 503)] {
        off.store(there, Ordering::Relaxed);
        assert_eq!(fixture.ask_operations("/health/ready").status, status, "{}", there - now);
    }
}

#[test]
fn metrics_count_and_name_nobody() {
    let mari = Person::new(Kind::P384);
    let fixture = Setup::listing(&[&mari]).start();
    let path = fixture.take(&body_for(&mari));
    let mut connection = fixture.as_recipient(&mari);
    assert_eq!(exchange(&mut connection, &get(&path)).status, 200);
    assert_eq!(exchange(&mut connection, &get("/key-capsules/KC00112233445566778899aabbccddeeff")).status, 404);
    let requests = |labels: &str| fixture.metric(&format!("kapsel_requests_total{{{labels}}}"));
    assert_eq!(requests("interface=\"sender\",call=\"post_capsule\",status=\"201\""), 1);
    assert_eq!(requests("interface=\"recipient\",call=\"get_capsule\",status=\"200\""), 1);
    assert_eq!(requests("interface=\"recipient\",call=\"get_capsule\",status=\"404\""), 1);
    assert_eq!(fixture.metric("kapsel_stored_capsules"), 1);
    eventually("one connection", || fixture.metric("kapsel_connections") == 1);
    assert_eq!(fixture.metric("kapsel_request_duration_seconds_count{call=\"get_capsule\"}"), 2);
    assert_eq!(fixture.metric("kapsel_request_duration_seconds_bucket{call=\"get_capsule\",le=\"+Inf\"}"), 2);
    let answer = fixture.ask_operations("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.body).expect("text");
    let id = path.rsplit('/').next().expect("an id");
    assert!(!text.contains(&id[..12]) && !text.contains("MARI") && !text.contains("127.0.0.1"), "{text}");
    // Every line is one that Prometheus reads.
    for line in text.lines() {
        let sample = line.strip_prefix("kapsel_").and_then(|line| line.rsplit_once(' '));
        let is_sample = sample.is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(is_sample || line.starts_with("# HELP kapsel_") || line.starts_with("# TYPE kapsel_"), "{line}");
    }
}

#[test]
fn the_alerts_fire_when_they_should_and_are_about_what_is_counted() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/prometheus-rules.yml");
    let promtool = |arguments: &[&str]| {
        let output = Command::new("promtool").args(arguments).output();
        let output = output.expect("promtool is installed (scripts/install test)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    };
    promtool(&["check", "rules", rules]);
    let cases = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(cases.path(), include_str!("alerts.yml").replace("RULES", rules)).expect("written");
    promtool(&["test", "rules", cases.path().to_str().expect("UTF-8")]);

    let fixture = Setup::listing(&[&Person::new(Kind::P256)]).start();
    let counted = String::from_utf8(fixture.ask_operations("/metrics").body).expect("text");
    let text = std::fs::read_to_string(rules).expect("readable");
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| name.starts_with("kapsel_"));
    let (mut seen, guide) = (0, include_str!("../../docs/operator.md"));
    for name in names {
        seen += 1;
        let family = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(counted.contains(&format!("# TYPE {family} ")), "{name}");
    }
    assert!(seen > 8, "{seen}");
    // The guide tells what to do about each of them.
    for alert in text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(guide.contains(&format!("| `{alert}` |")), "{alert}");
    }
}

#[test]
fn info_says_what_runs() {
    let fixture = Setup::listing(&[&Person::new(Kind::P256)]).start();
    let info: serde_json::Value = serde_json::from_slice(&fixture.ask_operations("/info").body).expect("JSON");
    assert_eq!((info["name"].as_str(), info["server"].as_str()), (Some("kapsel-server"), Some("test")));
    assert_eq!(fixture.ask_operations("/key-capsules").status, 404);
}
