//! The way out of the network through a proxy that wants a name and password, which a real keyring keeps.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use base64ct::{Base64, Encoding};
use serde_json::Value;

use crate::{
    organisation::{Organisation, list},
    session::Keyring,
    support::{Outcome, Place, key_pair},
};

const NETWORK: &str = "home/.config/kapsel/network.toml";

/// A proxy that carries what comes with one name and password, and keeps what it was asked.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(user: &str, password: &str) -> Self {
        let expected = format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (expected, seen) = (expected.clone(), Arc::clone(&seen));
                thread::spawn(move || carry(stream, &expected, &seen));
            }
        });
        Self { port, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often it was asked since the last time.
    fn asked(&self) -> usize {
        self.asked.lock().expect("no test panicked").drain(..).count()
    }
}

fn carry(mut client: TcpStream, expected: &str, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().expect("a socket"));
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
    }
    seen.lock().expect("no test panicked").push(request.clone());
    let shown = request
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization")));
    if shown.is_none_or(|(_, value)| value != expected) {
        let _ = client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\r\n");
        return;
    }
    let Ok(mut server) = TcpStream::connect(request.split_whitespace().nth(1).expect("a target")) else { return };
    let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    let (mut back, mut there) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    thread::spawn(move || std::io::copy(&mut back, &mut there));
    let _ = server.write_all(reader.buffer());
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = client.read(&mut piece) {
        if server.write_all(&piece[..length]).is_err() {
            return;
        }
    }
}

struct Desk {
    place: Place,
    organisation: Organisation,
    certificate: String,
}

impl Desk {
    fn new() -> Self {
        let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
        place.file("servers.json", list(&[organisation.entry()]));
        place.file("letter.txt", "for your eyes only");
        let (_, certificate) = key_pair(&place, "mari", "ec:secp384r1");
        Self { place, organisation, certificate }
    }

    /// Runs `kapsel` in a session of its own; the keyring is kept at home.
    fn run(&self, keyring: Keyring, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
        keyring.kapsel(&self.place, arguments, environment)
    }

    fn encrypt(&self, keyring: Keyring, environment: &[(&str, &str)]) -> Outcome {
        let arguments = ["encrypt", "-o", "c.cdoc2", "-r", &self.certificate, "letter.txt", "--overwrite", "--json"];
        let server = ["--server", self.organisation.id, "--server-list", "servers.json"];
        self.run(keyring, &[&arguments[..], &server].concat(), environment)
    }

    fn network(&self) -> String {
        fs::read_to_string(self.place.path(NETWORK)).unwrap_or_default()
    }
}

#[test]
fn a_proxys_password_is_kept_by_the_keyring_and_by_nothing_else() {
    let (desk, proxy) = (Desk::new(), Proxy::start("mari", "salasõna 7"));
    desk.place.file("password", "salasõna 7\n");
    desk.place.file(NETWORK, "connect-timeout = 7\n");
    let set = |more: &[&str]| desk.run(Keyring::Open, &[&["network", "set-proxy", &proxy.url()], more].concat(), &[]);
    set(&[]).expect(0);
    assert_eq!(desk.encrypt(Keyring::Open, &[]).expect(5).code(), "proxy_required");
    assert_eq!(proxy.asked(), 1);
    set(&["--user", "mari", "--password-file", "password"]).expect(0);
    desk.encrypt(Keyring::Open, &[]).expect(0);
    assert_eq!(proxy.asked(), 1);
    // It is written down nowhere, and what stood in the file still does.
    let network = desk.network();
    assert!(network.contains("proxy-user = \"mari\"") && network.contains("connect-timeout = 7"), "{network}");
    fs::remove_file(desk.place.path("password")).expect("there");
    assert_eq!(desk.place.holds("salasõna 7".as_bytes()), Vec::<String>::new());
    let shown = desk.run(Keyring::None, &["network", "show", "--json"], &[]).expect(0).stdout();
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["proxy"]["url"], &shown["user"]), (&proxy.url().into(), &"mari".into()));
    // Another password is another one.
    desk.place.file("password", "wrong\n");
    set(&["--user", "mari", "--password-file", "password"]).expect(0);
    let outcome = desk.encrypt(Keyring::Open, &[]).expect(5);
    assert!(outcome.stderr().contains("wants another name and password"), "{}", outcome.stderr());
    // Forgotten, in the keyring too.
    desk.run(Keyring::Open, &["network", "forget-credentials"], &[]).expect(0);
    assert!(!desk.network().contains("proxy-user"));
    desk.place.file(NETWORK, format!("proxy = \"{}\"\nproxy-user = \"mari\"", proxy.url()));
    let outcome = desk.encrypt(Keyring::Open, &[]).expect(5);
    assert_eq!(outcome.code(), "proxy_required");
    assert!(outcome.stderr().contains("the system's keyring has none"), "{}", outcome.stderr());
}

#[test]
fn a_keyring_that_is_locked_or_missing_is_told_and_stops_only_what_needs_it() {
    let (desk, proxy) = (Desk::new(), Proxy::start("mari", "word"));
    desk.place.file("password", "word\n");
    let set = ["network", "set-proxy", &proxy.url(), "--user", "mari", "--password-file", "password", "--json"];
    desk.run(Keyring::Open, &set, &[]).expect(0);
    let before = desk.network();
    for (keyring, words) in [(Keyring::Locked, "keyring is locked"), (Keyring::None, "keyring cannot be used")] {
        for outcome in [desk.encrypt(keyring, &[]), desk.run(keyring, &set, &[])] {
            let outcome = outcome.expect(5);
            assert_eq!(outcome.code(), "proxy_required");
            assert!(outcome.stderr().contains(words), "{}", outcome.stderr());
        }
        assert_eq!(proxy.asked(), 0, "nothing is sent without the password");
        assert_eq!(desk.network(), before);
        // What is only looked at, and what needs no server.
        desk.run(keyring, &["servers", "list"], &[]).expect(0);
        desk.run(keyring, &["network", "show"], &[]).expect(0);
        desk.run(keyring, &["encrypt", "-o", "d.cdoc2", "-r", &desk.certificate, "letter.txt", "--overwrite"], &[])
            .expect(0);
    }
    // Without a keyring, a file serves; nothing is asked for when it is set up.
    let file = [("KAPSEL_PROXY_PASSWORD_FILE", "password")];
    desk.run(Keyring::None, &["network", "set-proxy", &proxy.url(), "--user", "mari"], &file).expect(0);
    desk.encrypt(Keyring::None, &file).expect(0);
    assert_eq!(proxy.asked(), 1);
    let absent = [("KAPSEL_PROXY_PASSWORD_FILE", "absent")];
    let outcome = desk.encrypt(Keyring::None, &absent).expect(5);
    assert_eq!(outcome.code(), "proxy_required");
    assert!(outcome.stderr().contains("absent"), "{}", outcome.stderr());
    // A way out that needs no password.
    desk.run(Keyring::None, &["network", "set-proxy", "none"], &[]).expect(0);
    desk.encrypt(Keyring::None, &[]).expect(0);
    assert_eq!(proxy.asked(), 0);
}

#[test]
fn what_is_no_proxy_or_name_changes_nothing() {
    let desk = Desk::new();
    for (arguments, status) in [
        (&["proxy.example:3128"][..], 5),
        (&["https://proxy.example:3128"], 5),
        (&["http://mari:word@proxy.example:3128"], 5),
        (&["http://proxy.example:3128", "--user", "mari:maasikas", "--password-file", "letter.txt"], 5),
        (&["none", "--user", "mari", "--password-file", "letter.txt"], 5),
        (&["http://proxy.example:3128", "--password-file", "letter.txt"], 2),
        (&["http://proxy.example:3128", "--user", "mari"], 1),
    ] {
        desk.run(Keyring::None, &[&["network", "set-proxy"], arguments].concat(), &[]).expect(status);
        assert!(!desk.place.path(NETWORK).exists());
    }
    // A name that no file has a proxy for is told with the file that has it.
    desk.run(Keyring::None, &["network", "set-proxy", "system"], &[]).expect(0);
    desk.place.file(NETWORK, "# ours\nproxy-user = \"mari\"\n");
    let words = desk.run(Keyring::None, &["network", "show"], &[]).expect(5).stderr();
    assert!(words.contains("network.toml, line 2: proxy-user needs a proxy"), "{words}");
}
