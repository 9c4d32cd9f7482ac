//! What a server would not start with is told before it is needed, and never put in use.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};

use crate::support::{
    Kind, Person, body_for, eventually,
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
