//! What a server would not start with is told before it is needed, and never put in use.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};

use crate::support::{
    Authority, Kind, Person, body_for, eventually, params,
    program::{Place, kapsel_server, words},
};

/// A certificate for `host` that is valid for `days` from now on, and its key, in the place of those in use.
fn replace_certificate(place: &Place, host: &str, days: i64, mode: u32) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    let day = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    params.not_before = (now - 10 * day).into();
    params.not_after = (if days < 0 { now - day } else { now + day }).into();
    let certificate = params.self_signed(&key).expect("signed").pem();
    fs::write(place.path("server/server-key.pem"), key.serialize_pem()).expect("written");
    fs::set_permissions(place.path("server/server-key.pem"), fs::Permissions::from_mode(mode)).expect("ours");
    fs::write(place.path("server/server.pem"), certificate).expect("written");
}

fn metric(place: &Place, name: &str) -> u64 {
    let url = format!("http://127.0.0.1:{}/metrics", place.operations_port());
    let output = Command::new("curl").args(["--silent", "--max-time", "20", &url]).output().expect("curl is installed");
    let text = words(&output);
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}

#[test]
fn certificates_that_a_server_would_not_start_with_are_not_put_in_use_by_a_reload() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let running = place.run();
    let first = fs::read_to_string(place.path("server/server.pem")).expect("readable");
    let first_key = fs::read_to_string(place.path("server/server-key.pem")).expect("readable");
    for (host, days, mode, told) in [
        ("elsewhere.example", 1, 0o600, "does not name the host"),
        ("localhost", -1, 0o600, "is not valid now"),
        ("localhost", 1, 0o644, "everybody on this machine can read the key"),
    ] {
        let failed = metric(&place, "kapsel_failed_reloads_total");
        replace_certificate(&place, host, days, mode);
        running.signal("HUP");
        eventually("a failed reload", || metric(&place, "kapsel_failed_reloads_total") > failed);
        assert!(running.log().contains(told), "{told}\n{}", running.log());
        let exported = kapsel_server(&["export-list", "--config", &place.config()]);
        assert!(!exported.status.success() && exported.stdout.is_empty() && words(&exported).contains(told));
        // The first certificate is still shown.
        let bad = fs::read(place.path("server/server.pem")).expect("readable");
        fs::write(place.path("server/server.pem"), &first).expect("written");
        place.post(&body_for(&mari));
        fs::write(place.path("server/server.pem"), bad).expect("written");
    }
    assert_eq!(metric(&place, "kapsel_reloads_total"), 0);
    fs::write(place.path("server/server-key.pem"), first_key).expect("written");
    fs::set_permissions(place.path("server/server-key.pem"), fs::Permissions::from_mode(0o600)).expect("ours");
    fs::write(place.path("server/server.pem"), &first).expect("written");
    replace_certificate(&place, "localhost", 1, 0o600);
    running.signal("HUP");
    eventually("a reload", || metric(&place, "kapsel_reloads_total") > 0);
    place.post(&body_for(&mari));
    assert!(kapsel_server(&["export-list", "--config", &place.config()]).status.success());
}

#[test]
fn times_of_expiry_end_with_the_year_9999() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let good = fs::read_to_string(place.config()).expect("readable");
    place.configure(|config| config.replace("maximum = \"1825d\"", "maximum = \"3000000d\""));
    for command in ["check-config", "run"] {
        let output = kapsel_server(&[command, "--config", &place.config()]);
        assert!(!output.status.success() && words(&output).contains("`expiry.maximum` reaches beyond the year 9999"));
    }
    fs::write(place.config(), good).expect("written");
    let _running = place.run();
    let url = format!("{}key-capsules", place.entry().sender_url);
    for asked in ["9999-12-30T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"] {
        let header = format!("x-expiry-time: {asked}");
        let (status, text) = place.curl(&["--json", &body_for(&mari), "--header", &header, &url]);
        assert!(status == "201" && text.contains("x-expiry-time-adjusted: true"), "{asked}: {text}");
    }
}

const LOST: &str = "2026-a AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
const OTHER: &str = "2026-a AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n";
const NEW: &str = "2027-a AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n";

#[test]
fn a_server_does_not_start_without_a_key_that_sealed_what_it_has() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let without = fs::read_to_string(place.config()).expect("readable");
    place.configure(|config| config.replace("[store]", "[store]\nsealing-keys-file = \"sealing-keys\""));
    let keys = place.path("server/sealing-keys");
    let seal_with = |lines: &[&str], mode| {
        fs::write(&keys, lines.concat()).expect("written");
        fs::set_permissions(&keys, fs::Permissions::from_mode(mode)).expect("ours");
    };
    let run = || {
        let output = kapsel_server(&["run", "--config", &place.config()]);
        assert!(!output.status.success());
        words(&output)
    };
    seal_with(&[LOST], 0o644);
    let told = run();
    assert!(told.contains("sealing-keys: everybody on this machine can read the key"), "{told}");
    let checked = words(&kapsel_server(&["check-config", "--config", &place.config()]));
    assert_eq!(checked, told);

    seal_with(&[LOST], 0o600);
    let running = place.run();
    let path = place.post(&body_for(&mari));
    drop(running);
    seal_with(&[NEW], 0o600);
    assert!(run().contains("needs the key `2026-a`, which is not there"));
    let with = fs::read_to_string(place.config()).expect("readable");
    fs::write(place.config(), without).expect("written");
    assert!(run().contains("needs the key `2026-a`, which is not there"));
    fs::write(place.config(), with).expect("written");

    // Of what does not open, the beginning of its place is told, also when another key has the lost one's identifier.
    for lines in [&[NEW][..], &[NEW, OTHER], &[OTHER]] {
        seal_with(lines, 0o600);
        let output = kapsel_server(&["reseal", "--config", &place.config()]);
        assert!(!output.status.success());
        let told = words(&output);
        assert!(told.contains("the newest key alone does not open a capsule place=Locator("), "{told}");
    }
    // So the others can be served when a key is lost for good.
    seal_with(&[NEW, OTHER], 0o600);
    let _running = place.run();
    assert_eq!(place.get(&path, &mari).0, "503");
    assert_eq!(place.get(&place.post(&body_for(&mari)), &mari).0, "200");
}

#[test]
fn init_makes_nothing_that_check_config_refuses() {
    let place = Place::new();
    let mari = place.write_person(&Person::new(Kind::P384));
    let authority = Authority::root("Root", Kind::P384);
    let mut expired = params("MARI");
    expired.not_after = (SystemTime::now() - Duration::from_secs(5)).into();
    for (name, contents) in [
        ("authority.pem", authority.pem.clone()),
        ("expired.pem", Person::with(Kind::P384, expired).certificate_pem),
        ("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
    ] {
        fs::write(place.path(name), contents).expect("written");
    }
    let (garbage, expired) = (place.path("garbage.pem"), place.path("expired.pem"));
    let init = |folder: &str, more: &[&str]| {
        let start = ["init", folder, "--id", "a", "--organisation", "b", "--trust-client", &mari];
        kapsel_server(&[&start, more].concat())
    };
    let below = place.path("new/deep/server");
    for more in [
        &["--sender-port", "8444"][..],
        &["--operations-port", "8443"],
        &["--sender-port", "0"],
        &["--ticket-port", "0"],
        &["--host", "*.example"],
        &["--host", "a b"],
        &["--host", "0.0.0.0"],
        &["--store", "nowhere/capsules.sqlite"],
        &["--store", "server.pem"],
        &["--store", "/"],
        &["--trust-authority", &garbage],
        &["--trust-authority", &mari],
        &["--trust-client", &expired],
    ] {
        let output = init(&below, more);
        assert!(!output.status.success() && output.stdout.is_empty(), "{more:?}: {}", words(&output));
        assert!(!fs::exists(place.path("new")).expect("seen"), "{more:?} left something");
    }
    for (more, options) in [
        (&["--ticket-port", "8443"][..], "--ticket-port and --sender-port are both 8443"),
        (&["--shares-port", "8445"], "--shares-port and --operations-port are both 8445"),
        (&["--recipient-port", "9000", "--ticket-port", "9000"], "--ticket-port and --recipient-port are both 9000"),
    ] {
        let output = init(&below, more);
        assert!(!output.status.success() && words(&output).contains(options), "{}", words(&output));
        assert!(!fs::exists(place.path("new")).expect("seen"), "{more:?} left something");
    }
    // A folder that was there stays, as empty as it was.
    fs::create_dir_all(&below).expect("a folder");
    assert!(!init(&below, &["--sender-port", "8444"]).status.success());
    assert_eq!(fs::read_dir(&below).expect("there").count(), 0);

    for (host, listen) in [
        ("localhost", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]"),
        ("2001:db8::1", "[::]"),
        ("192.0.2.1", "0.0.0.0"),
        ("capsules.example", "0.0.0.0"),
    ] {
        let folder = place.path(&format!("at-{host}"));
        let output = init(&folder, &["--host", host, "--trust-authority", &place.path("authority.pem")]);
        assert!(output.status.success() && words(&output).contains("is ready"), "{}", words(&output));
        let path = format!("{folder}/kapsel-server.toml");
        let config = fs::read_to_string(&path).expect("readable");
        assert!(config.contains(&format!("listen = \"{listen}:8443\"")), "{host}\n{config}");
        let checked = kapsel_server(&["check-config", "--config", &path]);
        assert!(checked.status.success(), "{}", words(&checked));
    }
    // What runs, and is hardly meant, is told.
    fs::copy(&mari, place.path("at-localhost/authorities.pem")).expect("copied");
    let checked = kapsel_server(&["check-config", "--config", &place.path("at-localhost/kapsel-server.toml")]);
    assert!(words(&checked).contains("a certificate in it is none of an authority"), "{}", words(&checked));
}

#[test]
fn what_cannot_run_is_a_mistake() {
    let place = Place::new();
    place.init(&[&Person::new(Kind::P384)]);
    let good = fs::read_to_string(place.config()).expect("readable");
    let sender = place.entry().sender_url.port().expect("a port").to_string();
    let recipient = place.entry().recipient_url.and_then(|url| url.port()).expect("a port").to_string();
    let checked = |told: &str| {
        for command in ["check-config", "run"] {
            let output = kapsel_server(&[command, "--config", &place.config()]);
            assert!(!output.status.success() && words(&output).contains(told), "{told}: {}", words(&output));
        }
    };
    for address in ["127.0.0.1", "0.0.0.0", "[::]"] {
        let same = format!("listen = \"{address}:{sender}\"");
        fs::write(place.config(), good.replace(&format!("listen = \"127.0.0.1:{recipient}\""), &same))
            .expect("written");
        checked("another interface listens to this port");
        let operations = place.operations_port();
        let same = good.replace(&format!("127.0.0.1:{sender}"), &format!("{address}:{operations}"));
        fs::write(place.config(), same).expect("written");
        checked("another interface listens to this port");
    }
    fs::write(place.config(), &good).expect("written");
    let store = place.path("server/capsules.sqlite");
    fs::write(&store, "a letter").expect("written");
    checked("server/capsules.sqlite: is no database");
    fs::write(&store, [b"SQLite format 3\0".as_slice(), &[0; 4080]].concat()).expect("written");
    checked("server/capsules.sqlite: is the database of another program");
    fs::remove_file(&store).expect("removed");
    fs::create_dir(&store).expect("a folder");
    checked("server/capsules.sqlite: is no file");
    fs::remove_dir(&store).expect("removed");
    let _running = place.run();
    // Also while it runs, when nothing has been folded into the file yet.
    assert!(kapsel_server(&["check-config", "--config", &place.config()]).status.success());
}

#[test]
fn mistakes_of_all_files_are_told_at_once_beside_those_of_settings() {
    let place = Place::new();
    place.init(&[&Person::new(Kind::P384)]);
    let good = fs::read_to_string(place.config()).expect("readable");
    let told = |config: &str| {
        fs::write(place.config(), config).expect("written");
        let output = kapsel_server(&["check-config", "--config", &place.config()]);
        assert!(!output.status.success());
        words(&output)
    };
    let line = |config: &str, begin: &str| {
        let position = config.lines().position(|line| line.starts_with(begin)).expect("it stands there");
        format!("kapsel-server.toml:{}: ", position + 1)
    };
    let config = good
        .replace("\"server.pem\"", "\"no-server.pem\"")
        .replace("\"server-key.pem\"", "\"no-key.pem\"")
        .replace("\"clients.pem\"", "\"no-clients.pem\"")
        .replace("authorities = []", "authorities = [\"no-authority.pem\", \"no-other.pem\"]")
        .replace("level = \"info\"", "level = \"3\"")
        .replace("[log]", "[limits]\nheader-timeout = \"1ns\"\n\n[log]");
    let all = told(&config);
    for (begin, words) in [
        ("certificate = ", "no-server.pem"),
        ("key = ", "no-key.pem"),
        ("listed = ", "no-clients.pem"),
        ("authorities = ", "no-authority.pem"),
        ("authorities = ", "no-other.pem"),
        ("level = ", "`log.level` must be"),
        ("header-timeout = ", "must be at least 100 ms"),
    ] {
        let begin = line(&config, begin);
        assert!(all.lines().any(|it| it.contains(&begin) && it.contains(words)), "{begin}{words}\n{all}");
    }
    let postgres = "postgresql = \"host=localhost user=a\"\npostgresql-password-file = \"no-password\"\n# sqlite";
    let config = good.replace("\nsqlite", &format!("\n{postgres}"));
    let all = told(&config);
    assert!(all.contains(&line(&config, "postgresql-password-file")) && all.contains("no-password"), "{all}");
    assert_eq!(all.lines().count(), 1, "{all}");
    let both = told(&config.replace("# sqlite", "sqlite"));
    assert!(both.contains("`store.sqlite` and `store.postgresql` exclude each other"), "{both}");
}

#[test]
fn purge_makes_no_store() {
    let place = Place::new();
    place.init(&[&Person::new(Kind::P384)]);
    let output = kapsel_server(&["purge", "--config", &place.config()]);
    assert!(
        !output.status.success() && words(&output).contains("capsules.sqlite: there is none yet"),
        "{}",
        words(&output)
    );
    assert!(!fs::exists(place.path("server/capsules.sqlite")).expect("seen"));
}
