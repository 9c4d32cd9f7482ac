//! From a sender to a recipient, and every way in which that can fail.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{
    organisation::{Organisation, list},
    support::{Outcome, Place, dated_certificate, key_pair},
};

const KINDS: [(&str, &str); 4] =
    [("p256", "ec:prime256v1"), ("p384", "ec:secp384r1"), ("p521", "ec:secp521r1"), ("rsa", "rsa:2048")];

/// Two organisations, a list of both, a letter, and a person with each kind of key: `NAME.pem`, `NAME.crt`, and both in `NAME-both.pem`.
struct Stage {
    place: Place,
    css_a: Organisation,
    css_b: Organisation,
}

impl Stage {
    fn new() -> Self {
        let place = Place::new();
        let mut certificates = Vec::new();
        for (name, algorithm) in KINDS {
            let (key, certificate) = key_pair(&place, name, algorithm);
            let both = [fs::read(place.path(&certificate)), fs::read(place.path(&key))].map(|part| part.expect("made"));
            place.file(&format!("{name}-both.pem"), both.concat());
            certificates.push(place.path(&certificate));
        }
        let (css_a, css_b) = (Organisation::start("css-a", &certificates), Organisation::start("css-b", &certificates));
        place.file("servers.json", list(&[css_a.entry(), css_b.entry()]));
        place.file("letter.txt", "for your eyes only");
        Self { place, css_a, css_b }
    }

    fn run(&self, arguments: &str) -> Outcome {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        self.place.run(&[&arguments[..], &["--server-list", "servers.json", "--json"]].concat())
    }

    fn encrypt(&self, name: &str, more: &str) -> Outcome {
        self.run(&format!("encrypt -o {name}.cdoc2 -r {name}.crt letter.txt {more}"))
    }

    #[track_caller]
    fn opens(&self, name: &str) {
        self.run(&format!("decrypt {name}.cdoc2 -o out --key {name}-both.pem")).expect(0);
        assert_eq!(fs::read_to_string(self.place.path("out/letter.txt")).expect("saved"), "for your eyes only");
        fs::remove_dir_all(self.place.path("out")).expect("removed");
    }

    #[track_caller]
    fn fails(&self, arguments: &str, status: i32, code: &str) -> serde_json::Value {
        let before = self.place.everything();
        let outcome = self.run(arguments).expect(status);
        assert_eq!(outcome.code(), code, "{}", outcome.stderr());
        assert_eq!(self.place.everything(), before, "nothing is left");
        serde_json::from_str::<serde_json::Value>(&outcome.stderr()).expect("JSON")["error"].clone()
    }
}

#[test]
fn a_server_that_is_named_twice_gets_one_capsule_and_the_sender_is_told() {
    let stage = Stage::new();
    let sent = "encrypt -o p384.cdoc2 -r p384.crt letter.txt --server css-a --server css-a --server-list servers.json";
    let outcome = stage.place.run(&sent.split_whitespace().collect::<Vec<_>>()).expect(0);
    let note = "note: the server css-a is named more than once; once is enough";
    assert_eq!(outcome.stderr().matches(note).count(), 1, "{}", outcome.stderr());
    let container = fs::read(stage.place.path("p384.cdoc2")).expect("written");
    let records = container.windows(5).filter(|bytes| bytes == b"css-a").count();
    assert_eq!(records, 1, "one record of a capsule");
    stage.opens("p384");
}

#[test]
fn for_an_expired_certificate_no_server_keeps_anything_and_what_helps_is_told() {
    let stage = Stage::new();
    let expired = dated_certificate(&stage.place, "old", [2020, 2021]);
    let encrypt = format!("encrypt -o old.cdoc2 -r {expired} letter.txt");
    let on_server = format!("{encrypt} --server css-a");
    let error = stage.fails(&on_server, 1, "recipient_expired");
    assert_eq!(error["subject"], "old");
    let arguments: Vec<_> = on_server.split_whitespace().chain(["--server-list", "servers.json"]).collect();
    let told = stage.place.run(&arguments).expect(1).stderr();
    assert!(told.contains("old cannot be used: its certificate has expired"), "{told}");
    assert!(told.contains("a certificate that is valid; without --server") && !told.contains("PEM or DER"), "{told}");
    // What is advised works.
    stage.run(&encrypt).expect(0);
}

#[test]
fn a_server_that_gives_another_capsule_is_blamed_and_the_others_are_asked() {
    for kind in ["p384", "rsa"] {
        let stage = Stage::new();
        let encrypt = |output: &str, servers: &str| {
            stage.run(&format!("encrypt -o {output}.cdoc2 -r {kind}.crt letter.txt {servers}")).expect(0);
        };
        encrypt("one", "--server css-a");
        encrypt("two", "--server css-a");
        encrypt("both", "--server css-a --server css-b");
        stage.css_a.exchange_capsules();
        let error = stage.fails(&format!("decrypt one.cdoc2 -o out --key {kind}-both.pem"), 5, "capsule_wrong");
        assert_eq!(error["subject"], "css-a");
        let words = error["detail"].as_str().expect("words");
        assert!(words.contains("the server css-a gave a capsule that does not open the container"), "{words}");
        // Whose capsule comes first is chance; when it is the wrong one, that is told.
        let opening = format!("decrypt both.cdoc2 -o out --overwrite --key {kind}-both.pem");
        let told = "the server css-a gave a capsule that does not open the container";
        let is_told = (0..40).any(|_| stage.run(&opening).expect(0).stdout().contains(told));
        assert!(is_told);
    }
}

#[test]
fn a_letter_opens_while_one_of_its_servers_is_up() {
    let mut stage = Stage::new();
    for (name, _) in KINDS {
        let outcome = stage.encrypt(name, "--server css-a --server css-b").expect(0);
        let done: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
        assert_eq!(done["delivery"][0]["servers"], serde_json::json!(["css-a", "css-b"]));
        // As long as the certificate is valid, which is 30 days.
        let left = done["keptUntil"].as_i64().expect("a time") - now();
        assert!((29 * 86_400..=30 * 86_400).contains(&left), "{left}");
        let info: serde_json::Value =
            serde_json::from_str(&stage.run(&format!("info {name}.cdoc2")).expect(0).stdout()).expect("JSON");
        let records = info["records"].as_array().expect("records");
        let servers: Vec<_> = records.iter().map(|record| record["servers"][0].as_str().expect("a server")).collect();
        assert_eq!(servers, ["css-a", "css-b"]);
        assert!(records.iter().all(|record| record["until"] == done["keptUntil"]), "{records:?}");
        stage.opens(name);
    }
    stage.css_a.stop();
    KINDS.iter().for_each(|(name, _)| stage.opens(name));
    stage.css_b.stop();
    for (name, _) in KINDS {
        let command = format!("decrypt {name}.cdoc2 -o out --key {name}-both.pem");
        let error = stage.fails(&command, 5, "server_unreachable");
        let detail = error["detail"].as_str().expect("words");
        assert!(detail.contains("css-a") && detail.contains("css-b"), "{detail}");
    }
}

#[test]
fn a_server_that_begins_again_with_its_second_certificate_keeps_working() {
    let mut stage = Stage::new();
    let before = list(&[stage.css_a.entry()]);
    stage.css_a.make_next_certificate();
    stage.place.file("servers.json", list(&[stage.css_a.entry()]));
    stage.encrypt("p384", "--server css-a").expect(0);
    stage.opens("p384");
    stage.css_a.begin_again_with_next();
    stage.opens("p384");
    stage.encrypt("p256", "--server css-a").expect(0);
    stage.opens("p256");
    // Whoever has the list from before does not believe it.
    stage.place.file("servers.json", before);
    stage.fails("decrypt p384.cdoc2 -o out --key p384-both.pem", 5, "server_pin_mismatch");
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs() as i64
}

#[test]
fn only_the_recipient_with_a_certificate_gets_the_capsule() {
    let stage = Stage::new();
    stage.encrypt("p384", "--server css-a").expect(0);
    let error = stage.fails("decrypt p384.cdoc2 -o out --key p256-both.pem", 3, "not_a_recipient");
    assert_eq!(error["names"][0], "p384");
    let error = stage.fails("decrypt p384.cdoc2 -o out --key p384.pem", 5, "certificate_needed");
    assert_eq!(error["subject"], "css-a");
    stage.run("list p384.cdoc2 --key p384.pem --certificate p384.crt").expect(0);
    // A certificate that the server does not know.
    let stranger = key_pair(&stage.place, "stranger", "ec:secp384r1");
    stage.run("encrypt -o stranger.cdoc2 -r stranger.crt letter.txt --server css-a").expect(0);
    let command = format!("decrypt stranger.cdoc2 -o out --key {} --certificate {}", stranger.0, stranger.1);
    stage.fails(&command, 5, "certificate_refused");
}

#[test]
fn what_has_expired_is_gone() {
    let stage = Stage::new();
    let outcome = stage.encrypt("p384", "--server css-a --expires 2d").expect(0);
    let done: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
    let left = done["keptUntil"].as_i64().expect("a time") - now();
    assert!((2 * 86_400 - 60..=2 * 86_400).contains(&left), "{left}");
    stage.opens("p384");
    stage.css_a.move_clock(Duration::from_secs(2 * 86_400 + 1));
    stage.fails("decrypt p384.cdoc2 -o out --key p384-both.pem", 5, "capsule_not_found");
}

#[test]
fn when_a_server_fails_nothing_is_written_and_it_is_named() {
    let mut stage = Stage::new();
    stage.css_b.stop();
    let command = "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-a --server css-b";
    let error = stage.fails(command, 5, "server_unreachable");
    assert_eq!(error["subject"], "css-b");
    let words = error["detail"].as_str().expect("words");
    assert!(words.starts_with("the capsule could not be delivered: the server css-b"), "{words}");
    // What the other one has taken meanwhile, nobody takes back.
    assert!(words.ends_with("; what css-a took already stays there until it expires, and opens nothing"), "{words}");
    let command = "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-c";
    assert_eq!(stage.fails(command, 5, "server_unknown")["subject"], "css-c");
    let production = "encrypt -o c.cdoc2 -r p384.crt letter.txt --server 00000000-0000-0000-0000-000000000000";
    stage.fails(production, 5, "server_unusable");
    // Another server answers under the address of the list.
    let mut entry = stage.css_a.entry();
    entry["certificates"] = stage.css_b.entry()["certificates"].clone();
    stage.place.file("servers.json", list(&[entry]));
    let command = "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-a";
    assert_eq!(stage.fails(command, 5, "server_pin_mismatch")["subject"], "css-a");
    stage.place.file("servers.json", "{}");
    stage.fails(command, 5, "server_list_invalid");
}

#[test]
fn a_kind_of_key_that_no_chosen_server_takes_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let only = |entry: serde_json::Value, types: serde_json::Value| {
        let mut entry = entry;
        entry["capsuleTypes"] = types;
        entry
    };
    let servers = [
        only(stage.css_a.entry(), serde_json::json!(["ecc_secp384r1"])),
        only(stage.css_b.entry(), serde_json::json!(["rsa"])),
    ];
    stage.place.file("servers.json", list(&servers));
    // Each goes where it is taken.
    let outcome =
        stage.run("encrypt -o c.cdoc2 -r p384.crt -r rsa.crt letter.txt --server css-a --server css-b").expect(0);
    let done: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
    let placed: Vec<_> = (0..2).map(|index| &done["delivery"][index]["servers"]).collect();
    assert_eq!(placed, [&serde_json::json!(["css-a"]), &serde_json::json!(["css-b"])]);
    stage.fails("encrypt -o d.cdoc2 -r p384.crt -r p521.crt letter.txt --server css-a", 5, "server_unusable");
}

#[test]
fn what_needs_no_server_asks_none() {
    let mut stage = Stage::new();
    stage.css_a.stop();
    stage.css_b.stop();
    stage.encrypt("p384", "").expect(0);
    stage.opens("p384");
    stage.run("encrypt -o e.cdoc2 -r p384.crt letter.txt --no-server").expect(0);
    let outcome = stage.run("encrypt -o f.cdoc2 -r p384.crt letter.txt --server css-a --dry-run").expect(0);
    assert!(outcome.stdout().contains("css-a") && !stage.place.path("f.cdoc2").exists());
    // Whatever is wrong with a list: it is not read.
    stage.place.file("servers.json", "no list");
    stage.opens("p384");
}

#[test]
fn usage_that_makes_no_sense_is_told() {
    let stage = Stage::new();
    for arguments in [
        "encrypt -o c.cdoc2 -r p384.crt letter.txt --expires 30d",
        "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-a --expires 2020-01-01",
        "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-a --expires soon",
        "encrypt -o c.cdoc2 -r p384.crt letter.txt --server css-a --no-server",
    ] {
        stage.run(arguments).expect(2);
    }
}

#[test]
fn a_letter_is_encrypted_again_from_one_server_to_another() {
    let mut stage = Stage::new();
    stage.encrypt("p384", "--server css-a").expect(0);
    stage
        .run("re-encrypt p384.cdoc2 -o rsa.cdoc2 --key p384-both.pem -r rsa.crt --server css-b --expires 5d")
        .expect(0);
    stage.css_a.stop();
    stage.opens("rsa");
}

#[test]
fn a_signal_ends_the_wait_for_a_server_at_once_and_leaves_nothing() {
    let stage = Stage::new();
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let mut entry = stage.css_a.entry();
    entry["senderUrl"] = format!("https://localhost:{port}").into();
    stage.place.file("servers.json", list(&[entry]));
    let before = stage.place.everything();
    let arguments = [
        "encrypt",
        "-o",
        "c.cdoc2",
        "-r",
        "p384.crt",
        "letter.txt",
        "--server",
        "css-a",
        "--server-list",
        "servers.json",
    ];
    let mut child = stage.place.kapsel(&arguments).stderr(Stdio::piped()).spawn().expect("kapsel starts");
    let (_connection, _) = silent.accept().expect("it connects");
    thread::sleep(Duration::from_millis(50));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("signalled");
    let signalled = Instant::now();
    let status = child.wait().expect("it ends");
    assert!(signalled.elapsed() < Duration::from_secs(3), "{:?}", signalled.elapsed());
    let mut words = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut words).expect("readable");
    assert_eq!(status.code(), Some(130), "{words}");
    assert_eq!(stage.place.everything(), before);
}

#[test]
fn the_way_out_of_the_network_is_the_systems_or_the_persons() {
    let stage = Stage::new();
    let unused = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let run = |bypass: &str| {
        let arguments = ["encrypt", "-o", "c.cdoc2", "-r", "p384.crt", "letter.txt", "--overwrite", "--json"];
        let arguments = [&arguments[..], &["--server", "css-a", "--server-list", "servers.json"]].concat();
        let mut command = stage.place.kapsel(&arguments);
        command.env("HTTPS_PROXY", format!("http://127.0.0.1:{unused}")).env("NO_PROXY", bypass);
        Outcome(command.output().expect("kapsel starts"))
    };
    let network = |text: &str| drop(stage.place.file("home/.config/kapsel/network.toml", text));
    assert_eq!(run("").expect(5).code(), "proxy_required");
    run("localhost").expect(0);
    network("proxy = \"none\"");
    run("").expect(0);
    network(&format!("proxy = \"http://127.0.0.1:{unused}\""));
    assert_eq!(run("localhost").expect(5).code(), "proxy_required");
    network("proxy = \"none\"\nocsp = \"required\"");
    let outcome = run("").expect(5);
    assert_eq!(outcome.code(), "server_misbehaved");
    assert!(outcome.stderr().contains("gives no OCSP answer, which is required"), "{}", outcome.stderr());
    network("proxies = \"none\"");
    assert_eq!(run("").expect(5).code(), "settings_invalid");
}
