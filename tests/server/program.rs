//! The program, as an operator runs it, with clients of another kind: curl and openssl.

use std::{
    fs,
    io::Read,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use base64ct::{Base64, Encoding};
use capsule_api::{Audience, Authentication, Nonce, Origin, TransactionId};

use crate::support::{
    Kind, Person, body_for, eventually, free_port,
    program::{Place, kapsel_server, words},
};

#[test]
fn a_new_server_works_at_once_and_keeps_its_capsules_over_a_restart() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::Rsa));
    let place = Place::new();
    place.init(&[&mari, &jaan]);
    let entry = place.entry();
    assert_eq!((entry.id.as_str(), entry.name.as_str()), ("css-a", "Capsules of \"A\""));
    let checked = kapsel_server(&["check-config", "--config", &place.config()]);
    assert!(checked.status.success(), "{}", words(&checked));
    let exported = kapsel_server(&["export-list", "--config", &place.config()]);
    assert_eq!(exported.stdout, fs::read(place.path("server/server-list.json")).expect("a list"));

    let health = || kapsel_server(&["health", "--config", &place.config()]);
    assert!(!health().status.success(), "nobody runs yet");
    let mut running = place.run();
    let healthy = health();
    assert!(healthy.status.success() && healthy.stdout == b"ready\n", "{}", words(&healthy));
    let bodies = [body_for(&mari), body_for(&jaan)];
    let paths = bodies.each_ref().map(|body| place.post(body));
    for ((person, body), path) in [&mari, &jaan].into_iter().zip(&bodies).zip(&paths) {
        let (status, text) = place.get(path, person);
        assert!(status == "200" && text.ends_with(body.as_str()), "{text}");
    }
    assert_eq!(place.get(&paths[0], &jaan).0, "404");
    running.signal("TERM");
    assert!(running.child.wait().expect("it ends").success());
    let log = running.log();
    assert!(log.contains("stopped"), "{log}");
    for path in &paths {
        let id = path.rsplit('/').next().expect("an id");
        assert!(log.contains(&id[..8]) && !log.contains(&id[..9]), "an id in full: {log}");
    }
    assert!(!log.contains("MARI") && !log.contains("48010010101"), "{log}");

    let _running = place.run();
    let (status, text) = place.get(&paths[0], &mari);
    assert!(status == "200" && text.ends_with(&bodies[0]), "{text}");
}

#[test]
fn a_new_server_with_tickets_is_listed_so_and_works_at_once() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    let port = free_port();
    let shares_port = free_port();
    place.init_with(&[&mari], &["--ticket-port", &port.to_string(), "--shares-port", &shares_port.to_string()]);
    assert_eq!(place.entry().shares_url.expect("a URL").port(), Some(shares_port));
    let url = place.entry().ticket_url.expect("a URL");
    assert_eq!(url.as_str(), format!("https://localhost:{port}/"));
    let checked = kapsel_server(&["check-config", "--config", &place.config()]);
    assert!(checked.status.success(), "{}", words(&checked));
    let _running = place.run();
    let path = place.post(&body_for(&mari));
    let (status, text) = place.curl(&["--request", "POST", &format!("{url}{}/nonce", &path[1..])]);
    let body = text.rsplit("\r\n").next().unwrap_or_default();
    let nonce = Nonce::from_json(body.as_bytes()).expect("a nonce");
    let server = Audience::new(&place.entry().id, &Origin::of(&url).expect("https"));
    assert!(status == "200" && nonce.is_from(&server), "{text}");
    let id = TransactionId::from_location(&path).expect("a path");
    let signed = mari.signed(Authentication::new([(id.clone(), nonce.masked())]).expect("one"));
    let header = format!("x-cdoc2-auth-ticket: {}", signed.ticket(&id, &nonce).expect("small").expect("covered"));
    let capsule = format!("{url}{}", &path[1..]);
    assert_eq!(place.curl(&["--header", &header, &capsule]).0, "200");
    assert_eq!(place.curl(&["--header", &header, &capsule]).0, "404");
    assert_eq!(place.curl(&[&capsule]).0, "400");

    // Without the other interface it is listed without.
    place.configure(|config| {
        let (before, rest) = config.split_once("[recipient]").expect("it stands there");
        let (_, after) = rest.split_once("\n\n").expect("it ends");
        format!("{before}{after}")
    });
    let exported = kapsel_server(&["export-list", "--config", &place.config()]);
    let list = capsule_api::ServerList::parse(&exported.stdout, "exported").expect("no mistake");
    assert!(list.servers[0].recipient_url.is_none() && list.servers[0].ticket_url.is_some());
    place.configure(|config| {
        config.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:{}").replace("{}", &place.operations_port())
    });
    let checked = kapsel_server(&["check-config", "--config", &place.config()]);
    assert!(words(&checked).contains("another interface listens to this port"), "{}", words(&checked));
}

#[test]
fn hangup_reads_certificates_again_and_int_ends() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::P256));
    let place = Place::new();
    place.init(&[&mari]);
    let mut running = place.run();
    let path = place.post(&body_for(&jaan));
    let (status, text) = place.get(&path, &jaan);
    assert!(status != "200" && text.contains("alert"), "{text}");
    let clients = format!("{}{}", mari.certificate_pem, jaan.certificate_pem);
    fs::write(place.path("server/clients.pem"), clients).expect("written");
    running.signal("HUP");
    eventually("the new client", || place.get(&path, &jaan).0 == "200");
    running.signal("INT");
    assert!(running.child.wait().expect("it ends").success());
}

#[test]
fn a_service_manager_is_told_when_it_answers_and_when_it_stops() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let path = place.path("notify");
    let abstract_name = format!("kapsel-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
    for (name, socket) in
        [(path.clone(), UnixDatagram::bind(&path)), (format!("@{abstract_name}"), UnixDatagram::bind_addr(&address))]
    {
        let socket = socket.expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let told = || {
            let mut words = [0; 100];
            let length = socket.recv(&mut words).expect("told in time");
            String::from_utf8_lossy(&words[..length]).into_owned()
        };
        let running = place.run_under(&["env", &format!("NOTIFY_SOCKET={name}")]);
        assert_eq!(told(), "READY=1");
        assert_eq!(place.get(&place.post(&body_for(&mari)), &mari).0, "200");
        running.signal("TERM");
        assert_eq!(told(), "STOPPING=1");
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_named() {
    let place = Place::new();
    place.init(&[&Person::new(Kind::P384)]);
    fs::create_dir(place.path("server/capsules.sqlite")).expect("a folder in its place");
    let output = kapsel_server(&["run", "--config", &place.config()]);
    assert!(!output.status.success());
    assert!(words(&output).contains("server/capsules.sqlite: is no file"), "{}", words(&output));
}

#[test]
fn logs_are_json_when_asked_for_and_still_name_nobody() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let config = fs::read_to_string(place.config()).expect("readable");
    let config =
        config.replace("format = \"text\"", "format = \"json\"").replace("level = \"info\"", "level = \"trace\"");
    fs::write(place.config(), config).expect("written");
    let mut running = place.run();
    let path = place.post(&body_for(&mari));
    assert_eq!(place.get(&path, &mari).0, "200");
    let stranger = Person::new(Kind::P521);
    assert_ne!(place.get(&path, &stranger).0, "404");
    running.signal("TERM");
    assert!(running.child.wait().expect("it ends").success());
    let log = running.log();
    for line in log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(value["level"].is_string() && value["target"].is_string(), "{line}");
    }
    let key = Base64::encode_string(mari.recipient_id());
    for secret in [path.rsplit('/').next().expect("an id"), "MARI", "48010010101", &key] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn every_mistake_of_files_is_told_with_its_line_and_nothing_runs() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let good = fs::read_to_string(place.config()).expect("readable");
    let line = |text: &str, words: &str| {
        let position = text.lines().position(|line| line.starts_with(words)).expect("it stands there");
        (position + 1).to_string()
    };
    let refused = |text: &str| {
        fs::write(place.config(), text).expect("written");
        for command in ["check-config", "run"] {
            let output = kapsel_server(&[command, "--config", &place.config()]);
            assert!(!output.status.success());
            assert!(output.stdout.is_empty(), "{}", words(&output));
        }
        words(&kapsel_server(&["check-config", "--config", &place.config()]))
    };
    let other = Person::new(Kind::P256);
    fs::write(place.path("server/other.pem"), other.key.serialize_pem()).expect("written");
    let text = good
        .replace("server-key.pem", "other.pem")
        .replace("listed = [\"clients.pem\"]", "listed = []")
        .replace("default = \"1095d\"", "default = \"3000d\"")
        .replace("https://localhost", "https://elsewhere.example");
    let told = refused(&text);
    for (setting, words) in [
        ("key = ", "does not go with the certificate"),
        ("key = ", "everybody on this machine can read the key"),
        ("default = ", "longer than"),
        ("authorities = ", "lets anybody fetch"),
        ("url = ", "does not name the host"),
    ] {
        let expected = format!("kapsel-server.toml:{}: ", line(&text, setting));
        assert!(told.lines().any(|it| it.contains(&expected) && it.contains(words)), "{expected}{words}\n{told}");
    }
    assert!(refused("").lines().count() > 5);
    let missing = refused(&good.replace("server.pem", "nowhere.pem"));
    assert!(missing.contains("nowhere.pem"), "{missing}");
    fs::remove_file(place.config()).expect("removed");
    assert!(!kapsel_server(&["run", "--config", &place.config()]).status.success());
}

#[test]
fn init_touches_nothing_that_is_there_and_takes_no_key_for_a_certificate() {
    let place = Place::new();
    let dir = place.path("server");
    fs::create_dir(&dir).expect("a folder");
    fs::write(Path::new(&dir).join("letter"), "dear").expect("written");
    let init = |more: &[&str]| kapsel_server(&[&["init", &dir, "--id", "a", "--organisation", "b"], more].concat());
    assert!(!init(&[]).status.success());
    assert_eq!(fs::read_dir(&dir).expect("readable").count(), 1);
    fs::remove_file(Path::new(&dir).join("letter")).expect("removed");
    let key = place.write_person(&Person::new(Kind::P256)) + ".key";
    for wrong in [&key, &place.path("nowhere")] {
        assert!(!init(&["--trust-client", wrong]).status.success());
    }
    assert_eq!(fs::read_dir(&dir).expect("readable").count(), 0);
    assert!(!kapsel_server(&["init", &dir, "--id", "a b", "--organisation", "b"]).status.success());
    fs::remove_dir(&dir).expect("removed");
    let made = init(&["--host", "2001:db8::1"]);
    assert!(
        made.status.success() && words(&made).contains("nobody can fetch a capsule from it yet"),
        "{}",
        words(&made)
    );
    assert!(!words(&made).contains("is ready"));
    assert_eq!(place.entry().sender_url.as_str(), "https://[2001:db8::1]:8443/");
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| fs::metadata(place.path(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("server"), mode("server/server-key.pem")), (0o700, 0o600));
}

#[test]
fn purge_deletes_what_has_expired_beside_a_server_that_runs() {
    let mari = Person::new(Kind::P256);
    let place = Place::new();
    place.init(&[&mari]);
    // The server itself deletes once an hour.
    let config = fs::read_to_string(place.config()).expect("readable");
    fs::write(place.config(), config.replace("[expiry]", "[expiry]\nclean-up-every = \"1h\"")).expect("written");
    let _running = place.run();
    let soon = std::time::SystemTime::now() + Duration::from_secs(2);
    let seconds = soon.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let soon = capsule_api::Expiry::from_unix(seconds as i64).expect("a time").to_string();
    let url = format!("{}key-capsules", place.entry().sender_url);
    let body = body_for(&mari);
    let (status, text) = place.curl(&["--json", &body, "--header", &format!("x-expiry-time: {soon}"), &url]);
    assert_eq!(status, "201", "{text}");
    let kept = place.post(&body);
    std::thread::sleep(Duration::from_secs(3));
    let purge = || words(&kapsel_server(&["purge", "--config", &place.config()]));
    assert_eq!(purge(), "1 expired capsules deleted\n");
    assert_eq!(purge(), "0 expired capsules deleted\n");
    assert_eq!(place.get(&kept, &mari).0, "200");
}

#[test]
fn openssl_sees_the_certificate_of_the_list_and_what_is_asked_of_clients() {
    let mari = Person::new(Kind::P384);
    let place = Place::new();
    place.init(&[&mari]);
    let _running = place.run();
    let entry = place.entry();
    let url = entry.recipient_url.expect("a URL");
    let connect = format!("localhost:{}", url.port().expect("a port"));
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-connect",
        &connect,
        "-tls1_3",
        "-showcerts",
        "-CAfile",
        &place.path("server/server.pem"),
    ]);
    command.args(["-verify_return_error", "-verify_hostname", "localhost"]).stdin(Stdio::null());
    let mut shown = String::new();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("openssl is installed");
    child.stdout.take().expect("piped").read_to_string(&mut shown).expect("text");
    child.wait().expect("it ends");
    assert!(shown.contains("Verification: OK") && shown.contains("TLSv1.3"), "{shown}");
    // The name of the listed certificate's issuer is a hint by which clients choose a card.
    assert!(shown.contains("Acceptable client certificate CA names"), "{shown}");
    let pem = fs::read_to_string(place.path("server/server.pem")).expect("readable");
    assert!(shown.contains(pem.lines().nth(2).expect("base64")), "{shown}");
}
