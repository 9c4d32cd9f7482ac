//! A letter whose capsules stand on three servers of three organisations, opened by one signature.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::{
    organisation::{Organisation, list},
    support::{Outcome, Place, key_pair},
};

/// Most rounds until one is quiet.
const ROUNDS: usize = 8;

/// Three organisations whose servers take tickets, a list of them, a letter, and a person.
struct Stage {
    place: Place,
    servers: [Organisation; 3],
}

impl Stage {
    fn new(algorithm: &str) -> Self {
        let place = Place::new();
        let (key, certificate) = key_pair(&place, "mari", algorithm);
        let both = [&certificate, &key].map(|name| fs::read(place.path(name)).expect("made"));
        place.file("mari-both.pem", both.concat());
        let certificates: [PathBuf; 1] = [place.path(&certificate)];
        let servers = ["css-a", "css-b", "css-c"].map(|id| Organisation::with_tickets(id, &certificates));
        place.file("letter.txt", "for your eyes only");
        let stage = Self { place, servers };
        stage.list(&stage.servers.each_ref().map(Organisation::entry));
        stage
    }

    fn list(&self, entries: &[serde_json::Value]) {
        self.place.file("servers.json", list(entries));
    }

    fn run(&self, arguments: &str) -> Outcome {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        self.place.run(&[&arguments[..], &["--server-list", "servers.json", "--json"]].concat())
    }

    fn encrypt(&self) {
        let servers = "--server css-a --server css-b --server css-c";
        self.run(&format!("encrypt -o c.cdoc2 -r mari.crt letter.txt {servers}")).expect(0);
    }

    /// What is told beside the result.
    #[track_caller]
    fn notes(&self, command: &str) -> Vec<String> {
        let done: serde_json::Value = serde_json::from_str(&self.run(command).expect(0).stdout()).expect("JSON");
        let notes = done["notes"].as_array().into_iter().flatten();
        notes.map(|note| note.as_str().expect("words").to_owned()).collect()
    }

    /// How long opening took.
    #[track_caller]
    fn opens(&self) -> Duration {
        let begun = Instant::now();
        self.run("decrypt c.cdoc2 -o out --key mari-both.pem").expect(0);
        let took = begun.elapsed();
        assert_eq!(fs::read_to_string(self.place.path("out/letter.txt")).expect("saved"), "for your eyes only");
        fs::remove_dir_all(self.place.path("out")).expect("removed");
        took
    }
}

#[test]
fn a_letter_on_three_servers_opens_while_any_of_them_is_up() {
    for algorithm in ["ec:secp384r1", "rsa:2048"] {
        let stage = Stage::new(algorithm);
        stage.encrypt();
        stage.opens();
        let entries = stage.servers.each_ref().map(Organisation::entry);
        let unused = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
        let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = silent.local_addr().expect("bound").port();
        thread::spawn(move || {
            let taken: Vec<_> = silent.incoming().collect();
            drop(taken);
        });
        for up in 0..3 {
            let mut entries = entries.clone();
            entries[(up + 1) % 3]["ticketUrl"] = format!("https://localhost:{unused}").into();
            entries[(up + 2) % 3]["ticketUrl"] = format!("https://localhost:{port}").into();
            stage.list(&entries);
            let took = stage.opens();
            println!("one of three servers up: {took:?}");
            assert!(took < Duration::from_secs(3), "{took:?}");
        }
    }
}

#[test]
fn with_all_servers_down_each_is_named() {
    let mut stage = Stage::new("ec:secp384r1");
    stage.encrypt();
    stage.servers.iter_mut().for_each(Organisation::stop);
    // In the same order each time, whichever failed first.
    for _ in 0..4 {
        let outcome = stage.run("decrypt c.cdoc2 -o out --key mari-both.pem").expect(5);
        assert_eq!(outcome.code(), "server_unreachable");
        let told: serde_json::Value = serde_json::from_str(&outcome.stderr()).expect("JSON");
        let error = &told["error"];
        assert_eq!(error["names"], serde_json::json!(["css-a", "css-b", "css-c"]));
        assert_eq!((&error["subject"], &error["number"]), (&"css-a".into(), &serde_json::Value::Null));
        let detail = error["detail"].as_str().expect("words");
        let places = ["css-a", "css-b", "css-c"].map(|id| detail.find(id).expect("named"));
        assert!(places.is_sorted(), "{detail}");
    }
}

#[test]
fn a_server_whose_nonces_are_anothers_is_left_out_and_told_of() {
    let stage = Stage::new("ec:secp384r1");
    stage.encrypt();
    // Its list entry leads to another server, whose nonces bear another tag.
    let mut entries = stage.servers.each_ref().map(Organisation::entry);
    entries[0]["ticketUrl"] = entries[1]["ticketUrl"].clone();
    entries[0]["certificates"] = entries[1]["certificates"].clone();
    stage.list(&entries);
    let opening = "decrypt c.cdoc2 -o out --overwrite --key mari-both.pem";
    let told = "the server css-a: it gave a nonce of another server; nothing was signed for it";
    // The others wait for nobody: on a busy machine its answer may come too late to be told of.
    let is_told = (0..ROUNDS).any(|_| stage.notes(opening).iter().any(|note| note.starts_with(told)));
    assert!(is_told, "in JSON");
    let arguments: Vec<_> = opening.split_whitespace().chain(["--server-list", "servers.json"]).collect();
    let is_told = (0..ROUNDS).any(|_| stage.place.run(&arguments).expect(0).stderr().contains(told));
    assert!(is_told, "on standard error");
    // Of one that is only down there is nothing to tell.
    entries[1]["ticketUrl"] = "https://localhost:1".into();
    stage.list(&entries[1..]);
    assert_eq!(stage.notes(opening), [""; 0]);
    stage.list(&[entries[0].clone()]);
    let outcome = stage.run("decrypt c.cdoc2 -o out --key mari-both.pem").expect(5);
    assert_eq!(outcome.code(), "server_misbehaved");
    let words = outcome.stderr();
    assert!(words.contains("css-a") && words.contains("a nonce of another server"), "{words}");
    let tested = stage.run("servers test css-a");
    assert!(tested.stdout().contains("a nonce of another server"), "{}", tested.stdout());
}

#[test]
fn an_expired_certificate_is_refused_and_said_so() {
    let stage = Stage::new("ec:secp384r1");
    stage.encrypt();
    stage.servers.iter().for_each(|server| server.move_clock(Duration::from_secs(31 * 24 * 60 * 60)));
    let outcome = stage.run("decrypt c.cdoc2 -o out --key mari-both.pem").expect(5);
    assert_eq!(outcome.code(), "certificate_refused", "{}", outcome.stderr());
}
