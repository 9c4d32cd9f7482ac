//! `kapsel servers`.

use std::{env, fs};

use serde_json::Value;

use crate::{
    organisation::{Organisation, list},
    support::{Outcome, Place, openssl},
};

const USER_LIST: &str = "home/.config/kapsel/servers.json";

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout()).expect("JSON")
}

#[test]
fn every_server_is_shown_with_its_list_and_its_state() {
    let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
    place.file("given.json", list(&[organisation.entry()]));
    let shown = json(&place.run(&["servers", "list", "--server-list", "given.json", "--json"]).expect(0));
    let servers = shown["servers"].as_array().expect("servers");
    let states: Vec<_> = servers.iter().map(|server| (server["layer"].as_str(), server["usable"].as_bool())).collect();
    assert_eq!(states, [(Some("given"), Some(true)), (Some("shipped"), Some(false))]);
    let words = place.run(&["servers", "list", "--server-list", "given.json"]).expect(0).stdout();
    assert!(words.contains("css-a  Capsules of css-a (css-a)\n     given list given.json: can be used\n     gives capsules by client certificate\n"), "{words}");
    assert!(words.contains("not usable: The server's certificate is not in this list yet."), "{words}");
    let words = place.run(&["servers", "show", "css-a", "--server-list", "given.json"]).expect(0).stdout();
    assert!(words.contains(&organisation.fingerprint()), "{words}");
    place.run(&["servers", "show", "css-b"]).expect(5);
    // An entry that covers one of a list before is marked.
    assert!(servers.iter().all(|server| server["replaces"] == serde_json::json!([])), "{servers:?}");
    let mut covering = organisation.entry();
    covering["id"] = servers[1]["id"].clone();
    place.file("covering.json", list(&[covering]));
    let covered = |more: &[&str]| {
        place.run(&[&["servers", "list", "--server-list", "covering.json"], more].concat()).expect(0).stdout()
    };
    let shown: Value = serde_json::from_str(&covered(&["--json"])).expect("JSON");
    assert_eq!(shown["servers"][0]["replaces"], serde_json::json!(["shipped"]));
    let twice = shown_twice(&place);
    assert_eq!(twice, serde_json::json!(["given", "shipped"]));
    assert!(covered(&[]).contains("\n     replaces the entry of the lists: shipped\n"), "{}", covered(&[]));
    // With a byte order mark, as some editors write it.
    place.file("marked.json", format!("\u{feff}{}", list(&[organisation.entry()])));
    place.run(&["servers", "show", "css-a", "--server-list", "marked.json"]).expect(0);
    // A mistake names file and entry.
    place.file("given.json", list(&[organisation.entry()]).replace("https://localhost", "http://localhost"));
    let words = place.run(&["servers", "list", "--server-list", "given.json"]).expect(5).stderr();
    assert!(words.contains("given.json, server `css-a`: `senderUrl`"), "{words}");
}

/// What an entry replaces that stands in two given lists and in the one that ships.
fn shown_twice(place: &Place) -> Value {
    let lists = ["--server-list", "covering.json", "--server-list", "covering.json"];
    let shown = json(&place.run(&[&["servers", "list", "--json"], &lists[..]].concat()).expect(0));
    shown["servers"][0]["replaces"].clone()
}

#[test]
fn lists_of_the_environment_are_given_ones_and_come_before_those_of_arguments() {
    let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
    let named = |id: &str, name: &str| {
        let mut entry = organisation.entry();
        (entry["id"], entry["name"]) = (id.into(), name.into());
        entry
    };
    place.file("first.json", list(&[named("css-a", "of the first")]));
    place.file("second.json", list(&[named("css-a", "of the second"), named("css-b", "of the second")]));
    place.file("argument.json", list(&[named("css-b", "of the argument")]));
    let separated =
        env::join_paths([place.path("first.json"), place.path("second.json")]).expect("no separator in them");
    let run = |more: &[&str]| {
        let mut command = place.kapsel(&[&["servers", "list", "--json"], more].concat());
        Outcome(command.env("KAPSEL_SERVER_LIST", &separated).output().expect("kapsel starts"))
    };
    let given = |more: &[&str]| -> Vec<Value> {
        let shown = json(&run(more).expect(0));
        let servers = shown["servers"].as_array().expect("servers");
        servers.iter().filter(|server| server["layer"] == "given").map(|server| server["name"].clone()).collect()
    };
    assert_eq!(given(&[]), ["of the second", "of the second"]);
    assert_eq!(given(&["--server-list", "argument.json"]), ["of the argument", "of the second"]);
    // A list that is named must be there.
    fs::remove_file(place.path("second.json")).expect("it was there");
    assert!(run(&[]).expect(5).stderr().contains("second.json"));
}

#[test]
fn a_test_shows_each_step_up_to_the_one_that_fails() {
    let place = Place::new();
    let (mut up, other) = (Organisation::start("css-a", &[]), Organisation::start("css-b", &[]));
    place.file("given.json", list(&[up.entry()]));
    let test = || place.run(&["servers", "test", "css-a", "--server-list", "given.json"]);
    let words = test().expect(0).stdout();
    for step in ["resolve", "connect", "TLS", "pin", "host name", "validity", "OCSP", "interface"] {
        assert_eq!(words.matches(&format!("  ok      {step:12} ")).count(), 2, "{step}: {words}");
    }
    let mut entry = up.entry();
    entry["certificates"] = other.entry()["certificates"].clone();
    place.file("other.json", list(&[entry]));
    let outcome = place.run(&["servers", "test", "css-a", "--server-list", "other.json", "--json"]).expect(5);
    assert_eq!((json(&outcome)["good"].as_bool(), outcome.code().as_str()), (Some(false), "server_pin_mismatch"));
    let last = json(&outcome)["addresses"][0]["steps"].as_array().and_then(|steps| steps.last().cloned());
    assert_eq!(last.expect("steps")["step"], "pin");
    up.stop();
    let words = test().expect(5).stdout();
    assert!(words.contains("  FAILED  connect"), "{words}");
}

#[test]
fn a_server_is_trusted_by_its_fingerprint_and_forgotten_again() {
    let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
    let (senders, recipients) = (
        format!("https://localhost:{}", organisation.sender_port),
        format!("https://localhost:{}", organisation.recipient_port),
    );
    let add = ["servers", "add", "css-a", &senders, "--recipient-url", &recipients];
    let with = |fingerprint: &str| place.run(&[&add[..], &["--fingerprint", fingerprint, "--json"]].concat());
    let outcome = with(&"0".repeat(64)).expect(5);
    assert_eq!(outcome.code(), "server_pin_mismatch");
    assert!(!place.path(USER_LIST).exists());
    // Nobody to ask, and no fingerprint.
    place.run(&add).expect(2);
    let colons: Vec<_> = organisation
        .fingerprint()
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    with(&colons.join(":")).expect(0);
    let shown = json(&place.run(&["servers", "show", "css-a", "--json"]).expect(0));
    assert_eq!((shown["layer"].as_str(), shown["usable"].as_bool()), (Some("user"), Some(true)));
    place.run(&["servers", "test", "css-a"]).expect(0);
    // A fingerprint is compared also where nothing is to be added.
    let pin = |fingerprint: &str| place.run(&["servers", "pin", "css-a", "--json", "--fingerprint", fingerprint]);
    assert_eq!(pin(&"0".repeat(64)).expect(5).code(), "server_pin_mismatch");
    pin("zz").expect(2);
    pin(&organisation.fingerprint()).expect(0);
    // Whoever imports a list is told that another server may answer from now on.
    let other = Organisation::start("css-a", &[]);
    let path = place.file("other.json", list(&[other.entry()]));
    let imported = place.run(&["servers", "import", &path.display().to_string()]).expect(0);
    assert!(
        imported.stderr().contains("note: css-a stood in your own list with another certificate key"),
        "{}",
        imported.stderr()
    );
    let again = place.run(&["servers", "import", &path.display().to_string()]).expect(0);
    assert!(!again.stderr().contains("another certificate key"), "{}", again.stderr());
    // What cannot stand beside it is no mistake of the list that is there.
    let mut differs = other.entry();
    differs["id"] = serde_json::json!("CSS-A");
    place.file("other.json", list(&[differs]));
    let refused = place.run(&["servers", "import", &path.display().to_string()]).expect(5).stderr();
    assert!(refused.contains("servers.json as it would become, server `css-a`"), "{refused}");
    place.run(&["servers", "show", "css-a"]).expect(0);
    place.run(&["servers", "remove", "css-a"]).expect(0);
    place.run(&["servers", "show", "css-a"]).expect(5);
    place.run(&["servers", "remove", "css-a"]).expect(5);
}

#[test]
fn a_person_confirms_what_they_see() {
    let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
    let senders = format!("https://localhost:{}", organisation.sender_port);
    let recipients = format!("https://localhost:{}", organisation.recipient_port);
    let add = ["servers", "add", "css-a", &senders, "--recipient-url", &recipients];
    let outcome = place.on_terminal(&add, &[("[y/N]", "n\n")]);
    assert!(outcome.stdout().contains(&organisation.fingerprint()), "{}", outcome.stdout());
    assert!(!place.path(USER_LIST).exists());
    place.on_terminal(&add, &[("[y/N]", "y\n")]).expect(0);
    assert!(place.path(USER_LIST).exists());
}

#[test]
fn lists_are_imported_and_exported() {
    let place = Place::new();
    let (first, second) = (Organisation::start("css-a", &[]), Organisation::start("css-b", &[]));
    place.file("both.json", list(&[first.entry(), second.entry()]));
    place.run(&["servers", "import", "both.json"]).expect(0);
    let ids = |list: &Value| -> Vec<String> {
        let servers = list["servers"].as_array().expect("servers");
        servers.iter().map(|server| server["id"].as_str().expect("an id").to_owned()).collect()
    };
    let own: Value = serde_json::from_slice(&fs::read(place.path(USER_LIST)).expect("written")).expect("JSON");
    assert_eq!(ids(&own), ["css-a", "css-b"]);
    let exported = place.run(&["servers", "export", "css-b"]).expect(0).stdout();
    assert_eq!(ids(&serde_json::from_str(&exported).expect("JSON")), ["css-b"]);
    // What was exported is a list again; what has a mistake changes nothing.
    place.file("again.json", exported);
    place.run(&["servers", "import", "again.json"]).expect(0);
    place.file("wrong.json", list(&[first.entry(), first.entry()]));
    place.run(&["servers", "import", "wrong.json"]).expect(5);
    let own: Value = serde_json::from_slice(&fs::read(place.path(USER_LIST)).expect("written")).expect("JSON");
    assert_eq!(ids(&own), ["css-b", "css-a"]);
}

#[test]
fn a_certificate_is_added_beside_the_old_one() {
    let place = Place::new();
    let (old, new) = (Organisation::start("css-a", &[]), Organisation::start("css-a", &[]));
    let mut entry = new.entry();
    entry["certificates"] = old.entry()["certificates"].clone();
    place.file("old.json", list(&[entry]));
    place.run(&["servers", "import", "old.json"]).expect(0);
    place.run(&["servers", "test", "css-a"]).expect(5);
    place.run(&["servers", "pin", "css-a", "--fingerprint", &new.fingerprint()]).expect(0);
    place.run(&["servers", "test", "css-a"]).expect(0);
    let shown = json(&place.run(&["servers", "show", "css-a", "--json"]).expect(0));
    assert_eq!(shown["certificates"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_central_configuration_is_imported_by_the_key_that_signed_it() {
    let (place, organisation) = (Place::new(), Organisation::start("css-a", &[]));
    openssl(
        place.root(),
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "central.pem"],
    );
    openssl(place.root(), &["pkey", "-in", "central.pem", "-pubout", "-out", "config.ecpub"]);
    let publish = |serial: u64| {
        let entry = organisation.entry();
        let config = serde_json::json!({
            "META-INF": { "DATE": "20240612102015Z", "SERIAL": serial },
            "CDOC2-CONF": { "css-a": { "NAME": "A", "POST": entry["senderUrl"], "FETCH": entry["recipientUrl"] } },
            "CERT-BUNDLE": entry["certificates"],
        });
        place.file("config.json", config.to_string());
        openssl(place.root(), &["dgst", "-sha384", "-sign", "central.pem", "-out", "signature", "config.json"]);
        openssl(place.root(), &["base64", "-in", "signature", "-out", "config.ecc"]);
    };
    let import = || place.run(&["servers", "import", "config.json", "--central-key", "config.ecpub"]);
    publish(7);
    import().expect(0);
    place.run(&["servers", "test", "css-a"]).expect(0);
    let shown = json(&place.run(&["servers", "show", "css-a", "--json"]).expect(0));
    assert_eq!(shown["importedFrom"], "central-configuration");
    let words = place.run(&["servers", "show", "css-a"]).expect(0).stdout();
    assert!(words.contains("imported from  the central configuration"), "{words}");
    publish(6);
    let words = import().expect(5).stderr();
    assert!(words.contains("serial 6 is lower than 7"), "{words}");
    publish(8);
    place.file("config.json", fs::read_to_string(place.path("config.json")).expect("there") + " ");
    let words = import().expect(5).stderr();
    assert!(words.contains("not signed by this key"), "{words}");
}
