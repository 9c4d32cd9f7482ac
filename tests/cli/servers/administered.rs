//! A machine with an administrator: its policy, its list, and the list that is fetched.
//!
//! The program sees a folder of the test as `/etc`, in a mount namespace of its own; nothing in it is made for that.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use app::{
    desk::Desk,
    servers::{Expiry, ListFiles},
};
use serde_json::Value;

use crate::{
    organisation::{Organisation, list},
    support::{Outcome, Place, key_pair, openssl, program},
};

const USER_LIST: &str = "home/.config/kapsel/servers.json";

struct Machine(Place);

impl Machine {
    fn new() -> Self {
        let place = Place::new();
        // Names are resolved, and people looked up.
        for name in ["hosts", "nsswitch.conf", "passwd", "resolv.conf"] {
            place.file(&format!("etc/{name}"), fs::read(format!("/etc/{name}")).unwrap_or_default());
        }
        Self(place)
    }

    fn policy(&self, text: &str) {
        self.0.file("etc/kapsel/policy.toml", text);
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let place = &self.0;
        let mut command = Command::new("unshare");
        let mounted = "mount --bind \"$0\" /etc && exec \"$@\"";
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", mounted]).arg(place.path("etc"));
        command.arg(program()).args(arguments).current_dir(place.root()).stdin(Stdio::null());
        command.env("HOME", place.path("home")).env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        Outcome(command.output().expect("unshare is installed"))
    }

    fn shown(&self) -> Value {
        serde_json::from_str(&self.run(&["servers", "list", "--json"]).expect(0).stdout()).expect("JSON")
    }

    fn layers(&self) -> Vec<String> {
        let shown = self.shown();
        let servers = shown["servers"].as_array().expect("servers");
        servers.iter().map(|server| server["layer"].as_str().expect("a layer").to_owned()).collect()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], code: &str) -> String {
        let outcome = self.run(&[arguments, &["--json"]].concat()).expect(5);
        assert_eq!(outcome.code(), code, "{}", outcome.stderr());
        outcome.stderr()
    }

    /// Makes a key for lists: `NAME.pem`, `NAME.pub`.
    fn list_key(&self, name: &str) {
        let (private, public) = (format!("{name}.pem"), format!("{name}.pub"));
        openssl(
            self.0.root(),
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", &private],
        );
        openssl(self.0.root(), &["pkey", "-in", &private, "-pubout", "-out", &public]);
    }
}

#[test]
fn the_policy_locks_the_persons_own_list() {
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    machine.0.file("etc/kapsel/servers.json", list(&[organisation.entry()]));
    machine.0.file("other.json", list(&[Organisation::start("css-b", &[]).entry()]));
    machine.run(&["servers", "import", "other.json"]).expect(0);
    assert_eq!(machine.layers(), ["user", "system", "shipped"]);
    assert_eq!(machine.shown()["policy"], Value::Null);

    machine.policy("server-lists = \"system\"\n");
    assert_eq!(machine.layers(), ["system"]);
    let policy = machine.shown()["policy"].clone();
    assert_eq!(policy["file"], "/etc/kapsel/policy.toml");
    assert_eq!(policy["closed"], serde_json::json!(["shipped", "user", "given"]));
    assert_eq!(policy["ownListLocked"], true);
    let words = machine.run(&["servers", "list"]).expect(0).stdout();
    let locked = "Locked by the administrator (/etc/kapsel/policy.toml): lists of the layers shipped, user, given";
    assert!(words.contains(locked), "{words}");
    // Whatever would change it, or go around it.
    let before = fs::read(machine.0.path(USER_LIST)).expect("there");
    let url = format!("https://localhost:{}", organisation.sender_port);
    let fingerprint = organisation.fingerprint();
    for arguments in [
        vec!["servers", "import", "other.json"],
        vec!["servers", "remove", "css-b"],
        vec!["servers", "pin", "css-a", "--fingerprint", &fingerprint],
        vec!["servers", "add", "css-c", &url, "--recipient-url", &url, "--fingerprint", &fingerprint],
        vec!["servers", "list", "--server-list", "other.json"],
    ] {
        let words = machine.refused(&arguments, "server_list_closed");
        assert!(words.contains("the administrator's policy /etc/kapsel/policy.toml closes"), "{words}");
    }
    assert_eq!(fs::read(machine.0.path(USER_LIST)).expect("there"), before);
    // The administrator's server is used, the person's is not known.
    let (_, certificate) = key_pair(&machine.0, "mari", "ec:secp384r1");
    machine.0.file("letter.txt", "for your eyes only");
    let encrypt = |server| ["encrypt", "-o", "c.cdoc2", "-r", &certificate, "letter.txt", "--server", server];
    machine.refused(&encrypt("css-b"), "server_unknown");
    machine.run(&encrypt("css-a")).expect(0);

    machine.policy("server-lists = \"system-and-shipped\"\n");
    assert_eq!(machine.layers(), ["system", "shipped"]);
}

#[test]
fn a_mistake_in_the_policy_stops_what_needs_servers_and_nothing_else() {
    let machine = Machine::new();
    machine.policy("# servers\nserver-list = \"system\"\n");
    let words = machine.refused(&["servers", "list"], "settings_invalid");
    assert!(words.contains("/etc/kapsel/policy.toml, line 2: unknown field `server-list`"), "{words}");
    machine.refused(&["servers", "remove", "css-b"], "settings_invalid");
    let (_, certificate) = key_pair(&machine.0, "mari", "ec:secp384r1");
    machine.0.file("letter.txt", "for your eyes only");
    machine.run(&["encrypt", "-o", "c.cdoc2", "-r", &certificate, "letter.txt"]).expect(0);
}

/// A list of these entries, with a serial and an expiry where they are given.
fn edition(serial: Option<u64>, expires: &str, entries: &[Value]) -> String {
    let expires = Some(expires).filter(|text| !text.is_empty());
    let mut list: Value = serde_json::from_str(&list(entries)).expect("JSON");
    for (member, value) in [("serial", serde_json::json!(serial)), ("expires", serde_json::json!(expires))] {
        if !value.is_null() {
            list[member] = value;
        }
    }
    list.to_string()
}

#[test]
fn an_older_list_brings_no_withdrawn_certificate_back() {
    const FAR: &str = "2099-01-01T00:00:00Z";
    let machine = Machine::new();
    machine.list_key("list-key");
    machine.list_key("next-key");
    let (withdrawn, current) = (Organisation::start("css-a", &[]), Organisation::start("css-a", &[]));
    let pinned = || machine.shown()["servers"][0]["certificates"][0]["sha256"].as_str().expect("a pin").to_owned();
    let signed = |name: &str, key: &str, text: String| {
        machine.0.file(name, text);
        machine.run(&["servers", "sign", name, "--key", &format!("{key}.pem")]).expect(0);
    };
    signed("old.json", "list-key", edition(Some(4), FAR, &[withdrawn.entry()]));
    signed("new.json", "list-key", edition(Some(5), FAR, &[current.entry()]));
    machine.run(&["servers", "import", "old.json", "--list-key", "list-key.pub"]).expect(0);
    machine.run(&["servers", "import", "new.json", "--list-key", "list-key.pub"]).expect(0);
    let own = fs::read(machine.0.path(USER_LIST)).expect("there");
    assert_eq!(pinned(), current.fingerprint());
    let shown = machine.shown()["servers"][0].clone();
    assert_eq!((&shown["serial"], &shown["expires"]), (&serde_json::json!(5), &serde_json::json!(FAR)));

    machine.0.file("unsigned.json", edition(Some(6), FAR, &[withdrawn.entry()]));
    let mut claim = withdrawn.entry();
    claim["edition"] = serde_json::json!({ "serial": 6, "signedBy": shown["signedBy"] });
    machine.0.file("claim.json", list(&[claim]));
    signed("stranger.json", "next-key", edition(Some(6), FAR, &[withdrawn.entry()]));
    for (import, words) in [
        (
            vec!["old.json", "--list-key", "list-key.pub"],
            "old.json, server `css-a`: the list's serial 4 is lower than 5",
        ),
        (vec!["old.json"], "not by the same key"),
        (vec!["unsigned.json"], "not by the same key"),
        (vec!["claim.json"], "not by the same key"),
        (vec!["stranger.json", "--list-key", "next-key.pub"], "not by the same key"),
    ] {
        let refused = machine.refused(&[vec!["servers", "import"], import].concat(), "server_list_superseded");
        assert!(refused.contains(words) && refused.contains("kapsel servers remove ID"), "{refused}");
        assert_eq!(fs::read(machine.0.path(USER_LIST)).expect("there"), own, "nothing was changed");
    }
    // A server that was left out is not forgotten: it is told.
    let gone = Organisation::start("css-b", &[]);
    signed("with-b.json", "list-key", edition(Some(5), FAR, &[current.entry(), gone.entry()]));
    signed("without-b.json", "list-key", edition(Some(6), FAR, &[current.entry()]));
    let import = |name| machine.run(&["servers", "import", name, "--list-key", "list-key.pub"]).expect(0).stderr();
    assert_eq!(import("with-b.json"), "");
    assert!(import("without-b.json").contains("note: css-b came from an older list of the same key"));
    // One key follows another while a file has both.
    let both = ["list-key.pub", "next-key.pub"].map(|name| fs::read(machine.0.path(name)).expect("made")).concat();
    machine.0.file("both.pub", both);
    signed("later.json", "next-key", edition(Some(7), FAR, &[current.entry()]));
    machine.run(&["servers", "import", "later.json", "--list-key", "both.pub"]).expect(0);
    machine.refused(&["servers", "import", "new.json", "--list-key", "list-key.pub"], "server_list_superseded");
    // Whoever wants it all the same removes the server first.
    machine.run(&["servers", "remove", "css-a"]).expect(0);
    machine.run(&["servers", "import", "old.json", "--list-key", "list-key.pub"]).expect(0);
    assert_eq!(pinned(), withdrawn.fingerprint());
}

#[test]
fn of_lists_that_are_imported_at_once_none_is_lost() {
    const LISTS: usize = 8;
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    for number in 0..LISTS {
        let mut entry = organisation.entry();
        entry["id"] = serde_json::json!(format!("css-{number}"));
        machine.0.file(&format!("{number}.json"), list(&[entry]));
    }
    thread::scope(|scope| {
        for number in 0..LISTS {
            let machine = &machine;
            scope.spawn(move || machine.run(&["servers", "import", &format!("{number}.json")]).expect(0));
        }
    });
    assert_eq!(machine.layers(), [vec!["user"; LISTS], vec!["shipped"]].concat());
}

#[test]
fn an_entry_goes_with_its_serial_and_ends_with_its_list() {
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    let mut server = Organisation::start("css-b", &[]);
    let soon = SystemTime::now() + Duration::from_secs(20);
    let seconds = soon.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let expires = Expiry::from_unix(i64::try_from(seconds).expect("a time")).expect("a time").to_string();
    machine.0.file("list.json", edition(Some(7), &expires, &[organisation.entry(), server.entry()]));
    machine.0.file("no-serial.json", list(&[organisation.entry()]));
    machine.run(&["servers", "import", "list.json"]).expect(0);
    // The person's own list is not of that edition as a whole: other entries do not end.
    let own: Value = serde_json::from_slice(&fs::read(machine.0.path(USER_LIST)).expect("there")).expect("JSON");
    assert_eq!((own.get("serial"), own.get("expires")), (None, None));
    let words = machine.refused(&["servers", "import", "no-serial.json"], "server_list_superseded");
    assert!(words.contains("the list has no serial, and it was imported from serial 7 before"), "{words}");

    // Whatever somebody writes at its head.
    let text = fs::read_to_string(machine.0.path(USER_LIST)).expect("there");
    machine.0.file(USER_LIST, text.replacen('{', r#"{ "serial": 3,"#, 1));
    // Through `pin`, and through `export` to another machine.
    server.make_next_certificate();
    server.begin_again_with_next();
    machine.run(&["servers", "pin", "css-b", "--fingerprint", &server.fingerprint()]).expect(0);
    let elsewhere = Machine::new();
    elsewhere.0.file("list.json", machine.run(&["servers", "export", "css-a", "css-b"]).expect(0).stdout());
    elsewhere.0.file("no-serial.json", list(&[organisation.entry()]));
    elsewhere.run(&["servers", "import", "list.json"]).expect(0);
    for place in [&machine, &elsewhere] {
        for listed in &place.shown()["servers"].as_array().expect("servers")[..2] {
            assert_eq!((&listed["serial"], &listed["expires"]), (&serde_json::json!(7), &serde_json::json!(expires)));
        }
    }
    elsewhere.refused(&["servers", "import", "no-serial.json"], "server_list_superseded");

    let (_, certificate) = key_pair(&machine.0, "mari", "ec:secp384r1");
    machine.0.file("letter.txt", "for your eyes only");
    while SystemTime::now() <= soon + Duration::from_secs(1) {
        thread::sleep(Duration::from_millis(100));
    }
    let words = machine.refused(
        &["encrypt", "-o", "late.cdoc2", "-r", &certificate, "letter.txt", "--server", "css-a"],
        "server_unusable",
    );
    assert!(words.contains(&format!("the list that it was imported from has expired on {expires}")), "{words}");
    let words = machine.run(&["servers", "show", "css-b"]).expect(0).stdout();
    assert!(words.contains("not usable: the list that it was imported from has expired"), "{words}");
}

#[test]
fn a_list_is_checked_signed_and_demanded_signed() {
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    machine.list_key("list-key");
    machine.list_key("stranger");
    let text = list(&[organisation.entry()]).replacen('{', r#"{"serial":4,"expires":"2099-01-01T00:00:00Z","#, 1);
    machine.0.file("etc/kapsel/servers.json", &text);
    let path = "etc/kapsel/servers.json";
    let words = machine.run(&["servers", "check", path]).expect(0).stdout();
    for line in ["servers    css-a", "serial     4", "expires    2099-01-01T00:00:00Z", "signature  not checked"] {
        assert!(words.contains(line), "{words}");
    }
    machine.0.file("etc/kapsel/list-key.pub", fs::read(machine.0.path("list-key.pub")).expect("made"));
    machine.policy("list-key = \"list-key.pub\"\n");
    machine.refused(&["servers", "list"], "server_list_invalid");

    machine.run(&["servers", "sign", path, "--key", "list-key.pem"]).expect(0);
    assert_eq!(machine.layers(), ["system", "shipped"]);
    assert_eq!(machine.shown()["servers"][0]["serial"], 4);
    let check = |key| machine.run(&["servers", "check", path, "--list-key", key]);
    assert!(check("list-key.pub").expect(0).stdout().contains("signature  right"));
    check("stranger.pub").expect(5);
    // Another program finds it right, and its own signature is, too.
    openssl(machine.0.root(), &["base64", "-d", "-in", "etc/kapsel/servers.json.sig", "-out", "binary.sig"]);
    let verify = ["dgst", "-sha384", "-verify", "list-key.pub", "-signature", "binary.sig", path];
    openssl(machine.0.root(), &verify);
    openssl(machine.0.root(), &["dgst", "-sha384", "-sign", "list-key.pem", "-out", "openssl.sig", path]);
    machine.run(&["servers", "check", path, "--list-key", "list-key.pub", "--signature", "openssl.sig"]).expect(0);
    machine.run(&["servers", "import", path, "--list-key", "stranger.pub"]).expect(5);
    machine.run(&["servers", "import", path, "--list-key", "list-key.pub"]).expect(0);
    assert_eq!(machine.layers(), ["user", "shipped"]);

    machine.0.file(path, text + " ");
    let words = machine.refused(&["servers", "list"], "server_list_invalid");
    assert!(words.contains("/etc/kapsel/servers.json: it was not signed by this key"), "{words}");
    // What is wrong or over is not signed, and the signature stays as it was.
    let signature = fs::read(machine.0.path("etc/kapsel/servers.json.sig")).expect("there");
    for (text, words) in
        [("{}", "version"), (r#"{"version":1,"expires":"2024-01-01T00:00:00Z","servers":[]}"#, "expired")]
    {
        machine.0.file(path, text);
        let refused = machine.refused(&["servers", "sign", path, "--key", "list-key.pem"], "server_list_invalid");
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(fs::read(machine.0.path("etc/kapsel/servers.json.sig")).expect("there"), signature);
}

#[test]
fn a_list_is_signed_by_a_key_with_a_password_and_by_no_other_kind() {
    let machine = Machine::new();
    machine.list_key("list-key");
    let protect = ["pkcs8", "-topk8", "-in", "list-key.pem", "-passout", "pass:secret", "-out", "protected.pem"];
    openssl(machine.0.root(), &protect);
    openssl(machine.0.root(), &["genpkey", "-algorithm", "RSA", "-out", "rsa.pem"]);
    machine.0.file("password", "secret\n");
    machine.0.file("list.json", list(&[Organisation::start("css-a", &[]).entry()]));
    let sign = |key, more: &[&str]| machine.run(&[&["servers", "sign", "list.json", "--key", key], more].concat());
    sign("protected.pem", &[]).expect(3);
    sign("rsa.pem", &[]).expect(1);
    sign("list-key.pub", &[]).expect(1);
    assert!(!machine.0.path("list.json.sig").exists());
    let said = sign("protected.pem", &["--password-file", "password"]).expect(0).stderr();
    assert!(said.contains("without `serial`") && said.contains("without `expires`"), "{said}");
    machine.run(&["servers", "check", "list.json", "--list-key", "list-key.pub"]).expect(0);
    let outcome =
        machine.0.on_terminal(&["servers", "sign", "list.json", "--key", "protected.pem"], &[("Password", "secret\n")]);
    assert!(outcome.expect(0).stdout().contains("Signed: list.json.sig"));
}

/// Another program's web server over the folder of a test.
struct Host {
    child: Child,
    port: u16,
}

impl Host {
    fn start(place: &Place, key: &str, certificate: &str) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-WWW", "-key", key, "-cert", certificate])
            .current_dir(place.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut ports = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        let port = ports.next().expect("it listens");
        // What it says further goes nowhere, and must not stop it.
        thread::spawn(move || ports.for_each(drop));
        Self { child, port }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Key and certificate of a host for lists.
fn list_host(machine: &Machine) {
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let named = ["-subj", "/CN=lists", "-addext", "subjectAltName=DNS:localhost"];
    openssl(machine.0.root(), &[&new[..], &named, &["-keyout", "host.key", "-out", "host.pem"]].concat());
}

/// Puts a signed list on the host, with the organisation's server under this identifier.
fn publish(machine: &Machine, organisation: &Organisation, serial: u64, id: &str) {
    let mut entry = organisation.entry();
    entry["id"] = id.into();
    let members = format!(r#"{{"serial":{serial},"expires":"2099-01-01T00:00:00Z","#);
    machine.0.file("lists/servers.json", list(&[entry]).replacen('{', &members, 1));
    machine.run(&["servers", "sign", "lists/servers.json", "--key", "list-key.pem"]).expect(0);
}

/// Starts the host, and a policy that names its list; gives the list's address.
fn remote_list(machine: &Machine) -> (Host, String) {
    for name in ["list-key.pub", "host.pem"] {
        machine.0.file(&format!("etc/kapsel/{name}"), fs::read(machine.0.path(name)).expect("made"));
    }
    let host = Host::start(&machine.0, "host.key", "host.pem");
    let url = format!("https://localhost:{}/lists/servers.json", host.port);
    machine.policy(&format!(
        "server-lists = \"system\"\nremote-list = \"{url}\"\nlist-key = \"list-key.pub\"\nremote-certificates = \"host.pem\"\n"
    ));
    (host, url)
}

#[test]
fn a_list_that_is_due_is_fetched_behind_the_window() {
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    machine.list_key("list-key");
    list_host(&machine);
    publish(&machine, &organisation, 7, "css-a");
    let (host, _) = remote_list(&machine);
    let lists = ListFiles {
        policy: Some(machine.0.path("etc/kapsel/policy.toml")),
        cache: Some(machine.0.path("cache")),
        ..ListFiles::default()
    };
    let desk = Desk::new(None, None, lists);
    let shown = || desk.servers().servers.into_iter().map(|server| server.id).collect::<Vec<_>>();
    let a_day_passes = || {
        let copy = fs::File::options().append(true).open(machine.0.path("cache/remote-list")).expect("a copy");
        copy.set_modified(SystemTime::now() - Duration::from_secs(25 * 60 * 60)).expect("changed");
    };
    // Without a copy there is nothing else to show.
    assert_eq!(shown(), ["css-a"]);

    publish(&machine, &organisation, 8, "css-b");
    a_day_passes();
    assert_eq!(shown(), ["css-a"], "the copy serves until the answer is there");
    let begun = Instant::now();
    while shown() != ["css-b"] {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is never fetched");
        thread::sleep(Duration::from_millis(50));
    }

    // A host that takes connections and says nothing.
    let port = host.port;
    drop(host);
    let _silent = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    a_day_passes();
    let begun = Instant::now();
    assert_eq!(shown(), ["css-b"]);
    assert!(begun.elapsed() < Duration::from_secs(2), "a screen waited for {:?}", begun.elapsed());
}

#[test]
fn a_remote_list_comes_by_the_policy_and_serves_while_its_host_is_away() {
    let (machine, organisation) = (Machine::new(), Organisation::start("css-a", &[]));
    machine.list_key("list-key");
    list_host(&machine);
    let publish = |serial: u64, id: &str| publish(&machine, &organisation, serial, id);
    publish(7, "css-a");
    let (host, url) = remote_list(&machine);
    // The first use fetches it.
    let shown = machine.shown();
    assert_eq!(
        (shown["servers"][0]["origin"].as_str(), shown["servers"][0]["serial"].as_u64()),
        (Some(&*url), Some(7))
    );
    assert_eq!((&shown["remote"]["serial"], &shown["remote"]["problem"]), (&7.into(), &Value::Null));
    machine.run(&["servers", "test", "css-a"]).expect(0);

    publish(8, "css-b");
    assert_eq!(machine.shown()["servers"][0]["id"], "css-a", "a day has not passed");
    let said = machine.run(&["servers", "refresh"]).expect(0).stdout();
    assert!(said.contains("serial 8") && said.contains("valid until 2099-01-01T00:00:00Z"), "{said}");
    assert_eq!(machine.shown()["servers"][0]["id"], "css-b");

    // Replayed: right once, and older.
    publish(7, "css-a");
    let words = machine.refused(&["servers", "refresh"], "server_list_invalid");
    assert!(words.contains("serial 7 is lower than 8") && words.contains("serial 8 stays in force"), "{words}");
    // Not signed at all.
    fs::remove_file(machine.0.path("lists/servers.json.sig")).expect("there");
    machine.refused(&["servers", "refresh"], "server_list_invalid");
    drop(host);
    machine.refused(&["servers", "refresh"], "server_unreachable");
    let words = machine.run(&["servers", "refresh"]).expect(5).stderr();
    assert!(words.contains("tell the administrator") && !words.contains("servers test"), "{words}");
    assert_eq!(machine.shown()["servers"][0]["id"], "css-b");
    let words = machine.run(&["servers", "list"]).expect(0).stdout();
    assert!(
        words.contains(&format!("system list {url}, serial 8, until 2099-01-01T00:00:00Z, signed: can be used")),
        "{words}"
    );
    assert!(words.contains("not refreshed: no connection to"), "{words}");
    // Nothing else is left at home than the copy, and why there is no newer one.
    let left = machine.0.files_at_home();
    assert!(left.iter().all(|name| name.starts_with("home/.cache/kapsel/remote-list")), "{left:?}");
}
