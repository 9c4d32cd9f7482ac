//! What an administrator decides: which lists count, who signs them, where they are fetched from.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_client::{
    Cause, Error, Layer, ListFiles, ListKeys, ListTrouble, PeerProblem, Proxy, Refresh, RemoteList, RemoteProblem,
    Servers, Settings, Timeouts, is_refresh_due, read_signed, refresh, sign_list,
};
use eid::KeyFile;
use rcgen::{CertificateParams, KeyPair, SigningKey};

use crate::support::{Authority, Double, Entry, Reply, Shown, list, new_key, server_params, settings};

const SERIAL: &str = r#"{"serial":7,"expires":"2099-01-01T00:00:00Z","#;

/// A machine with a person on it.
struct Machine {
    folder: tempfile::TempDir,
    files: ListFiles,
    shown: Shown,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let at = |name: &str| Some(folder.path().join(name));
        let files = ListFiles {
            policy: at("policy.toml"),
            cache: at("cache"),
            system: at("system.json"),
            user: at("user.json"),
            given: Vec::new(),
        };
        Self { folder, files, shown: Shown::new() }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("written");
        path
    }

    fn list(&self, id: &'static str) -> String {
        list(&[Entry::new(id, 1, &self.shown)])
    }

    fn layers(&self) -> Vec<Layer> {
        Servers::load(&self.files).expect("no mistake").iter().map(|listed| listed.layer).collect()
    }

    fn mistake(&self) -> ListTrouble {
        Servers::load(&self.files).expect_err("a mistake")
    }

    /// What a person is told of the remote list.
    fn remote(&self) -> RemoteList {
        Servers::load(&self.files).expect("no mistake").remote().expect("the policy names one").clone()
    }

    fn refresh(&self) -> Result<Option<RemoteList>, Error> {
        refresh(&self.files, &settings(), Refresh::Now, &Default::default())
    }

    fn refused(&self) -> (Option<u64>, String) {
        match self.refresh() {
            Err(Error::List(trouble)) => match &*trouble {
                ListTrouble::Remote { in_force, problem, .. } => (*in_force, problem.to_string()),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_policy_closes_lower_layers() {
    let mut machine = Machine::new();
    machine.file("system.json", machine.list("a"));
    // A closed list is not even read.
    machine.file("user.json", "no list");
    for (policy, closed, layers) in [
        ("system", vec![Layer::Shipped, Layer::User, Layer::Given], vec![Layer::System]),
        ("system-and-shipped", vec![Layer::User, Layer::Given], vec![Layer::System, Layer::Shipped]),
    ] {
        machine.file("policy.toml", format!("server-lists = \"{policy}\""));
        assert_eq!(machine.layers(), layers);
        let servers = Servers::load(&machine.files).expect("no mistake");
        assert_eq!(servers.policy().closed(), closed);
        let words = servers.policy().check_open(Layer::User).expect_err("closed").to_string();
        assert!(words.contains("policy.toml closes the person's own list"), "{words}");
    }
    let given = machine.file("given.json", machine.list("b"));
    machine.files.given = vec![given];
    assert!(matches!(machine.mistake(), ListTrouble::Closed { layer: Layer::Given, .. }));
    machine.file("user.json", machine.list("c"));
    machine.file("policy.toml", "server-lists = \"all\"");
    assert_eq!(machine.layers(), [Layer::Given, Layer::User, Layer::System, Layer::Shipped]);
    fs::remove_file(machine.folder.path().join("policy.toml")).expect("removed");
    assert_eq!(machine.layers(), [Layer::Given, Layer::User, Layer::System, Layer::Shipped]);
}

#[test]
fn a_mistake_in_the_policy_names_file_and_line_and_nothing_is_used() {
    let machine = Machine::new();
    machine.file("key.pem", new_key("P-384").public_key_pem());
    machine.file("rsa.pem", new_key("RSA").public_key_pem());
    machine.file("host.pem", pem(&Authority::new("Lists").certificate));
    let remote = "\n\nremote-list = \"https://lists.example/servers.json\"";
    for (text, line, words) in [
        ("server-list = \"system\"".to_owned(), 1, "unknown field `server-list`"),
        ("\nserver-lists = \"mine\"".to_owned(), 2, "unknown variant `mine`"),
        ("\n\nserver-lists".to_owned(), 3, ""),
        ("# õ\nlist-key = \"absent.pem\"".to_owned(), 2, "absent.pem"),
        ("list-key = \"rsa.pem\"".to_owned(), 1, "no EC key"),
        ("list-key = \"policy.toml\"".to_owned(), 1, "no certificate or public key"),
        (remote.to_owned(), 3, "needs a list-key"),
        (format!("list-key = \"key.pem\"{remote}"), 3, "needs remote-certificates"),
        ("remote-certificates = \"key.pem\"".to_owned(), 1, "no certificate in PEM"),
        ("\nremote-certificates = \"host.pem\"".to_owned(), 2, "needs a remote-list"),
        (remote.replace("https", "http"), 3, "must be https://host/path"),
        (remote.replace("servers.json", "servers.json?x"), 3, "must be https://host/path"),
        (remote.replace("lists.example", "user@lists.example"), 3, "must be https://host/path"),
    ] {
        let path = machine.file("policy.toml", &text);
        match machine.mistake() {
            ListTrouble::Policy { path: named, line: at, problem } => {
                assert_eq!((named, at), (path, line), "{text}: {problem}");
                assert!(problem.contains(words), "{text}: {problem}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn with_a_key_in_the_policy_the_systems_list_must_be_signed() {
    let machine = Machine::new();
    let (old, new, stranger) = (new_key("P-256"), new_key("P-384"), new_key("P-384"));
    machine.file("keys.pem", old.public_key_pem() + &new.public_key_pem());
    machine.file("policy.toml", "list-key = \"keys.pem\"");
    // No list is no mistake.
    assert_eq!(machine.layers(), [Layer::Shipped]);
    let text = machine.list("a");
    machine.file("system.json", &text);
    let refused = || machine.mistake().to_string();
    assert!(refused().contains("must be signed") && refused().contains("system.json.sig"), "{}", refused());
    let sign = |key: &KeyPair| key.sign(text.as_bytes()).expect("signed");
    // Each of the two keys, in the two forms of a signature.
    for signature in [sign(&old), Base64::encode_string(&sign(&new)).into_bytes()] {
        machine.file("system.json.sig", signature);
        assert_eq!(machine.layers(), [Layer::System, Layer::Shipped]);
        let servers = Servers::load(&machine.files).expect("no mistake");
        assert_eq!(servers.iter().map(|listed| listed.signed).collect::<Vec<_>>(), [true, false]);
    }
    machine.file("system.json", text.replace("Server a", "Server A"));
    assert!(refused().contains("not signed by this key"), "{}", refused());
    machine.file("system.json", &text);
    for signature in [sign(&stranger), b"".to_vec(), vec![0x30], b"no base64!".to_vec()] {
        machine.file("system.json.sig", signature);
        assert!(matches!(machine.mistake(), ListTrouble::Signature { .. }));
    }
    // The person's own list needs none.
    machine.file("system.json.sig", sign(&new));
    machine.file("user.json", machine.list("b"));
    assert_eq!(machine.layers(), [Layer::User, Layer::System, Layer::Shipped]);
}

#[test]
fn what_is_signed_here_is_verified_by_the_public_key() {
    let machine = Machine::new();
    let text = machine.list("a");
    let path = machine.file("list.json", &text);
    for kind in ["P-256", "P-384", "P-521"] {
        let key = new_key(kind);
        let private = KeyFile::read(key.serialize_pem().as_bytes(), None).expect("a key").remove(0);
        let signature = machine.file("list.json.sig", sign_list(&private.key, text.as_bytes()).expect("signed"));
        let keys = |key: &KeyPair| ListKeys::read(key.public_key_pem().as_bytes()).expect("a key");
        assert_eq!(read_signed(&path, None, &keys(&key)).expect(kind).servers.len(), 1);
        assert_eq!(read_signed(&path, Some(&signature), &keys(&key)).expect(kind).servers.len(), 1);
        read_signed(&path, None, &keys(&new_key(kind))).expect_err("another key");
    }
    let rsa = KeyFile::read(new_key("RSA").serialize_pem().as_bytes(), None).expect("a key").remove(0);
    sign_list(&rsa.key, text.as_bytes()).expect_err("no EC key");
}

/// A host that serves a list and its signature, both as they are set.
struct Host {
    double: Double,
    content: Arc<Mutex<[Vec<u8>; 2]>>,
    key: KeyPair,
}

impl Host {
    fn start(shown: &Shown) -> Self {
        let content = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
        let its = Arc::clone(&content);
        let double = Double::start(shown.for_senders(), move |request| {
            let [list, signature] = &*its.lock().expect("no test panicked");
            let body = match request.split_whitespace().nth(1) {
                Some("/lists/servers.json") => list,
                Some("/lists/servers.json.sig") => signature,
                other => panic!("{other:?}"),
            };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            Reply::Text(head + std::str::from_utf8(body).expect("text"))
        });
        Self { double, content, key: new_key("P-384") }
    }

    fn serve(&self, list: &str) {
        self.serve_signed(list, &self.key);
    }

    fn serve_signed(&self, list: &str, key: &KeyPair) {
        let signature = Base64::encode_string(&key.sign(list.as_bytes()).expect("signed"));
        *self.content.lock().expect("no test panicked") = [list.as_bytes().to_vec(), signature.into_bytes()];
    }

    /// Has `machine` fetch from it, and know it by `certificate`.
    fn govern(&self, machine: &Machine, certificate: &[u8]) {
        machine.file("key.pem", self.key.public_key_pem());
        machine.file("host.pem", pem(certificate));
        let url = format!("https://localhost:{}/lists/servers.json", self.double.port);
        let policy = format!("list-key = 'key.pem'\nremote-certificates = 'host.pem'\nremote-list = '{url}'");
        machine.file("policy.toml", policy);
    }
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", Base64::encode_string(der))
}

/// A host and a machine that fetched serial 7 with the server `a`.
fn fetched() -> (Machine, Host, String) {
    let machine = Machine::new();
    let host = Host::start(&machine.shown);
    host.govern(&machine, &machine.shown.chain[0]);
    let text = machine.list("a").replacen('{', SERIAL, 1);
    host.serve(&text);
    machine.refresh().expect("fetched");
    (machine, host, text)
}

#[test]
fn a_remote_list_is_fetched_kept_and_used_without_its_host() {
    let machine = Machine::new();
    let host = Host::start(&machine.shown);
    host.govern(&machine, &machine.shown.chain[0]);
    assert_eq!(machine.remote().problem.as_deref(), Some("it was not fetched yet"));
    assert_eq!(machine.layers(), [Layer::Shipped]);
    host.serve(&machine.list("a").replacen('{', SERIAL, 1));
    let state = machine.refresh().expect("fetched").expect("the policy names one");
    assert_eq!((state.serial, state.problem.clone()), (Some(7), None));
    assert_eq!(state.expires.map(|expires| expires.to_string()).as_deref(), Some("2099-01-01T00:00:00Z"));
    assert_eq!(state, machine.remote());
    let listed = Servers::load(&machine.files).expect("no mistake").get("a").expect("listed").clone();
    assert_eq!((listed.layer, listed.server.edition.serial, listed.signed), (Layer::System, Some(7), true));
    assert_eq!(listed.origin, state.url.to_string());
    // The file on the machine is more specific.
    machine.file("system.json", machine.list("a"));
    let servers = Servers::load(&machine.files);
    // ... and must be signed by the same key.
    assert!(matches!(servers, Err(ListTrouble::Signature { .. })));
    let signature = host.key.sign(machine.list("a").as_bytes()).expect("signed");
    machine.file("system.json.sig", signature);
    let servers = Servers::load(&machine.files).expect("no mistake");
    assert!(servers.get("a").expect("listed").origin.ends_with("system.json"));
    // A newer one follows.
    host.serve(&machine.list("b").replacen('{', &SERIAL.replace('7', "8"), 1));
    assert_eq!(machine.refresh().expect("fetched").expect("there").serial, Some(8));
    assert!(Servers::load(&machine.files).expect("no mistake").get("b").is_some());
}

#[test]
fn what_is_not_right_leaves_the_copy_in_force_and_the_reason_is_told() {
    let (machine, host, text) = fetched();
    let with = |members: &str| machine.list("evil").replacen('{', members, 1);
    let refused = |words: &str| {
        assert_eq!(machine.refused().0, Some(7), "{words}");
        let problem = machine.remote().problem.expect("told");
        assert!(problem.contains(words), "{problem}");
        let servers = Servers::load(&machine.files).expect("no mistake");
        assert!(servers.usable("a").is_ok() && servers.get("evil").is_none(), "{words}");
    };
    host.serve(&with(&SERIAL.replace('7', "6")));
    refused("serial 6 is lower than 7");
    host.serve(&with(SERIAL));
    refused("another content");
    host.serve(&with(r#"{"serial":8,"expires":"2024-01-01T00:00:00Z","#));
    refused("expired on 2024-01-01");
    host.serve(&with(r#"{"serial":8,"#));
    refused("no expiry");
    host.serve(&with(r#"{"expires":"2099-01-01T00:00:00Z","#));
    refused("no serial");
    host.serve_signed(&with(&SERIAL.replace('7', "8")), &new_key("P-384"));
    refused("not signed by this key");
    *host.content.lock().expect("no test panicked") =
        [with(&SERIAL.replace('7', "8")).into_bytes(), b"no signature!".to_vec()];
    refused("not base64");
    host.serve("{}");
    refused("missing field `version`");
    host.serve(&" ".repeat((4 << 20) + 1));
    refused("too long");
    // The same list again is no failure, and the reason is gone.
    host.serve(&text);
    machine.refresh().expect("as before");
    assert_eq!(machine.remote().problem, None);
}

#[test]
fn a_list_elsewhere_is_not_followed_and_a_silent_host_holds_nobody_up() {
    let (machine, host, _) = fetched();
    let served_by = |double: &Double| {
        let policy = fs::read_to_string(machine.folder.path().join("policy.toml")).expect("there");
        machine.file("policy.toml", policy.replace(&host.double.port.to_string(), &double.port.to_string()));
        machine.refused()
    };
    let moved = Double::start(machine.shown.for_senders(), |_| {
        Reply::Text("HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n".to_owned())
    });
    assert!(served_by(&moved).1.contains("leads to another address"));
    host.govern(&machine, &machine.shown.chain[0]);
    let endless = Double::start(machine.shown.for_senders(), |_| {
        Reply::Endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n".to_owned())
    });
    assert!(served_by(&endless).1.contains("too long"));
    host.govern(&machine, &machine.shown.chain[0]);
    let silent = Double::silent();
    let policy = fs::read_to_string(machine.folder.path().join("policy.toml")).expect("there");
    machine.file("policy.toml", policy.replace(&host.double.port.to_string(), &silent.port.to_string()));
    let hasty =
        Timeouts { connect: Duration::from_millis(300), total: Duration::from_millis(500), ..Timeouts::default() };
    let hasty = Settings { timeouts: hasty, ..settings() };
    let result = refresh(&machine.files, &hasty, Refresh::Now, &Default::default());
    assert!(result.expect_err("silent").to_string().contains("no answer within 0.3 s"));
    assert!(Servers::load(&machine.files).expect("no mistake").usable("a").is_ok());
}

#[test]
fn the_host_is_known_by_its_certificate_or_its_authority_and_nobody_else_is_asked() {
    let authority = Authority::new("The organisation's CA");
    let key = new_key("P-384");
    let machine = Machine::new();
    let shown = Shown::of(authority.certify(&server_params("localhost"), &key), &key);
    let host = Host::start(&shown);
    host.serve(&machine.list("a").replacen('{', SERIAL, 1));
    host.govern(&machine, &authority.certificate);
    machine.refresh().expect("its authority is named");
    host.govern(&machine, &shown.chain[0]);
    machine.refresh().expect("its certificate is named");
    host.govern(&machine, &Authority::new("Another CA").certificate);
    let before = host.double.requests().len();
    let Err(Error::List(trouble)) = machine.refresh() else { panic!("an impostor") };
    let ListTrouble::Remote { problem: RemoteProblem::Network(cause), in_force: Some(7), .. } = &*trouble else {
        panic!("{trouble:?}")
    };
    assert!(matches!(**cause, Cause::Peer(PeerProblem::PinMismatch { .. })), "{cause:?}");
    assert_eq!(host.double.requests().len(), before, "nothing was asked of it");
    // Of the right authority, for another host or out of date.
    let other = |change: &dyn Fn(&mut CertificateParams), name: &str| {
        let mut params = server_params(name);
        change(&mut params);
        let other = Host::start(&Shown::of(authority.certify(&params, &key), &key));
        other.govern(&machine, &authority.certificate);
        machine.refused().1
    };
    assert!(other(&|_| {}, "elsewhere.example").contains("not valid for name"));
    assert!(other(&|params| params.not_after = rcgen::date_time_ymd(2021, 1, 1), "localhost").contains("expired"));
}

#[test]
fn a_copy_that_somebody_changed_is_not_used() {
    let (machine, host, _) = fetched();
    let copy = machine.folder.path().join("cache/remote-list");
    let right = fs::read(&copy).expect("kept");
    let text = String::from_utf8(right.clone()).expect("text");
    let changed = [text.replace("Server a", "Server b"), "x".to_owned(), String::new(), text.replacen('M', "N", 1)];
    for changed in changed {
        fs::write(&copy, changed).expect("written");
        assert_eq!(machine.layers(), [Layer::Shipped]);
        let problem = machine.remote().problem.expect("told");
        assert!(problem.contains("remote-list is not used"), "{problem}");
    }
    machine.refresh().expect("fetched again");
    assert_eq!(machine.layers(), [Layer::System, Layer::Shipped]);
    // The key that signed it is no longer one of the policy's.
    machine.file("key.pem", new_key("P-384").public_key_pem());
    assert_eq!(machine.layers(), [Layer::Shipped]);
    drop(host);
}

#[test]
fn an_expired_copy_stays_known_and_is_not_used() {
    let (machine, host, text) = fetched();
    let soon = SystemTime::now() + Duration::from_secs(5);
    let unix = soon.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let expires = capsule_api::Expiry::from_unix(unix as i64).expect("a time").to_string();
    host.serve(&text.replace("2099-01-01T00:00:00Z", &expires).replace(":7,", ":8,"));
    machine.refresh().expect("not yet over");
    let usable = || Servers::load(&machine.files).expect("no mistake").usable("a").is_ok();
    assert!(usable());
    while SystemTime::now() <= soon {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!usable());
    assert_eq!(machine.remote().serial, Some(8));
}

#[test]
fn in_passing_it_is_fetched_once_a_day_and_after_a_failure_once_an_hour() {
    let (machine, host, _) = fetched();
    let copy = machine.folder.path().join("cache/remote-list");
    let problem = machine.folder.path().join("cache/remote-list.problem");
    let age = |path: &PathBuf, hours: u64| {
        let file = File::options().append(true).open(path).expect("there");
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).expect("changed");
    };
    let asked = || {
        let before = host.double.requests().len();
        let due = is_refresh_due(&machine.files).expect("no mistake");
        let state = refresh(&machine.files, &settings(), Refresh::WhenDue, &Default::default()).expect("no mistake");
        assert_eq!(due, host.double.requests().len() > before);
        (due, state.expect("the policy names one").problem)
    };
    assert_eq!(asked(), (false, None));
    age(&copy, 23);
    assert_eq!(asked(), (false, None));
    age(&copy, 25);
    assert_eq!(asked(), (true, None));
    assert_eq!(asked(), (false, None), "it is fresh again");
    host.serve("{}");
    age(&copy, 25);
    assert!(matches!(asked(), (true, Some(_))));
    assert!(matches!(asked(), (false, Some(_))), "not at each use");
    age(&problem, 2);
    assert!(matches!(asked(), (true, Some(_))));
    // Without a copy, each use tries.
    fs::remove_file(&copy).expect("removed");
    assert!(matches!(asked(), (true, Some(_))));
    assert!(matches!(asked(), (true, Some(_))));
}

#[test]
fn it_is_fetched_through_the_proxy() {
    let (machine, _host, _) = fetched();
    let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let proxy = Proxy::given(&format!("http://127.0.0.1:{unused}")).expect("a proxy");
    let result = refresh(&machine.files, &Settings { proxy, ..settings() }, Refresh::Now, &Default::default());
    let words = result.expect_err("the proxy is down").to_string();
    assert!(words.contains("the proxy") && words.contains("serial 7 stays in force"), "{words}");
}
