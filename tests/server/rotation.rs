//! A sealing key is replaced while the server runs, as the operator's guide says; afterwards the old one is needed by nobody.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::support::{
    Kind, Person, body_for,
    postgres::Cluster,
    program::{Place, kapsel_server, words},
};

const OLD: &str = "2026-a AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
const NEW: &str = "2027-a AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n";

fn the_old_key_is_taken_away(place: &Place, mari: &Person) {
    let keys = place.path("server/sealing-keys");
    let seal_with = |lines: &[&str]| {
        fs::write(&keys, lines.concat()).expect("written");
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).expect("ours");
    };
    place.configure(|config| config.replace("[store]", "[store]\nsealing-keys-file = \"sealing-keys\""));
    let body = body_for(mari);
    seal_with(&[OLD]);
    let mut running = place.run();
    let mut kept: Vec<_> = (0..20).map(|_| place.post(&body)).collect();
    drop(running);

    // A server that seals with the old key makes that key needed.
    seal_with(&[OLD, NEW]);
    running = place.run();
    seal_with(&[NEW, OLD]);
    let reseal = || kapsel_server(&["reseal", "--config", &place.config()]);
    assert!(words(&reseal()).starts_with("20 sealed anew, 0 were so already, 0 gone meanwhile, 0 refused; 20 open"));
    kept.push(place.post(&body));
    seal_with(&[NEW]);
    let refused = reseal();
    assert!(
        !refused.status.success() && words(&refused).contains("the other keys are still needed"),
        "{}",
        words(&refused)
    );
    drop(running);

    seal_with(&[NEW, OLD]);
    running = place.run();
    let stop = AtomicBool::new(false);
    let posted = thread::scope(|scope| {
        // Senders and recipients notice nothing.
        let load = scope.spawn(|| {
            let mut posted = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                posted.push(place.post(&body));
                assert_eq!(place.get(&kept[posted.len() % kept.len()], mari).0, "200");
            }
            posted
        });
        let done = reseal();
        stop.store(true, Ordering::Relaxed);
        assert!(done.status.success(), "{}", words(&done));
        assert!(words(&done).contains("1 sealed anew, ") && words(&done).contains(", 0 do not\n"), "{}", words(&done));
        load.join().expect("all were answered")
    });
    kept.extend(posted);
    drop(running);

    seal_with(&[NEW]);
    let _running = place.run();
    for path in &kept {
        assert_eq!(place.get(path, mari).0, "200");
    }
}

#[test]
fn a_sealing_key_is_replaced_while_the_server_runs() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init_with(&[&mari], &["--ticket-port", &crate::support::free_port().to_string()]);
    the_old_key_is_taken_away(&place, &mari);
    assert!(words(&kapsel_server(&["check-config", "--config", &place.config()])).contains("no mistake"));
}

#[test]
fn a_sealing_key_is_replaced_in_a_database_too() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let cluster = Cluster::start();
    let connection = cluster.database("capsules").connection;
    place.configure(|config| {
        let lines = config.lines().map(|line| match line.starts_with("sqlite") {
            true => format!("postgresql = \"{connection}\""),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    the_old_key_is_taken_away(&place, &mari);
}
