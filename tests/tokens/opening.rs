//! What a token is for.

use serde_json::Value;

use crate::{
    organisation::{Organisation, list},
    stage::{SOFTHSM, Stage, module},
    support::Outcome,
};

const ALGORITHMS: [&str; 4] = ["ec:secp384r1", "ec:prime256v1", "ec:secp521r1", "rsa:2048"];

#[test]
fn one_container_opens_by_each_form_of_the_key() {
    for algorithm in ALGORITHMS {
        let stage = Stage::new();
        let certificate = stage.key("mari", algorithm);
        stage.p12("mari");
        stage.letter(&certificate, &[]);
        stage.opens(SOFTHSM, &[]);
        stage.run(&["decrypt", "letter.cdoc2", "-o", "out", "--key", "mari.pem"]).expect(0);
        stage.is_saved();
        stage.run(&["decrypt", "letter.cdoc2", "-o", "out", "--p12", "mari.p12", "--password-file", "right"]).expect(0);
        stage.is_saved();
        if algorithm.starts_with("rsa") {
            stage.copy_to_nss("mari");
            stage.opens(&module("nss"), &[]);
        }
    }
}

#[test]
fn capsules_on_servers_cost_one_login() {
    for algorithm in ALGORITHMS {
        let stage = Stage::new();
        let certificate = stage.key("mari", algorithm);
        let clients = [stage.place.path(&certificate)];
        for server in [Organisation::start("css-a", &clients), Organisation::with_tickets("css-b", &clients)] {
            stage.place.file("servers.json", list(&[server.entry()]));
            let servers = ["--server-list", "servers.json"];
            stage.letter(&certificate, &[&servers[..], &["--server", server.id]].concat());
            stage.opens(&module("faulty"), &servers);
            assert_eq!(stage.logins(), 1, "{algorithm}");
            // The server refuses nobody for what the token does.
            let outcome = stage.opening_with_fault("signs wrongly", "right", &servers).expect(6);
            assert_eq!(outcome.code(), "token_unusable");
            stage.logins();
            if algorithm == "ec:secp384r1" {
                let outcome = stage.opening_with_fault("", "wrong", &servers).expect(6);
                assert_eq!((outcome.code().as_str(), stage.logins()), ("pin_incorrect", 1));
                // Some keys want the PIN for each use, once it was begun.
                stage.opening_with_fault("each time", "right", &servers).expect(0);
                stage.is_saved();
                stage.logins();
            }
        }
    }
}

#[test]
fn nss_signs_in_to_a_server() {
    let stage = Stage::new();
    let certificate = stage.key("mari", "rsa:2048");
    stage.copy_to_nss("mari");
    let server = Organisation::start("css-a", &[stage.place.path(&certificate)]);
    stage.place.file("servers.json", list(&[server.entry()]));
    stage.letter(&certificate, &["--server", server.id, "--server-list", "servers.json"]);
    stage.opens(&module("nss"), &["--server-list", "servers.json"]);
}

#[test]
fn a_key_without_certificate_opens_what_is_inside() {
    for algorithm in ["ec:secp384r1", "rsa:2048"] {
        let stage = Stage::new();
        let certificate = stage.bare_key("mari", algorithm);
        stage.letter(&certificate, &[]);
        stage.opens(SOFTHSM, &[]);
        let server = Organisation::start("css-a", &[stage.place.path(&certificate)]);
        stage.place.file("servers.json", list(&[server.entry()]));
        let servers = ["--server-list", "servers.json"];
        stage.letter(&certificate, &[&servers[..], &["--server", server.id]].concat());
        let outcome = Outcome(stage.opening(SOFTHSM, "right", &servers).output().expect("kapsel starts")).expect(5);
        assert_eq!(outcome.code(), "certificate_needed");
        stage.opens(SOFTHSM, &[&servers[..], &["--certificate", &certificate]].concat());
    }
}

#[test]
fn of_several_tokens_the_one_that_fits_is_used() {
    let stage = Stage::new();
    stage.add_token("another");
    let certificate = stage.key("mari", "ec:secp384r1");
    stage.letter(&certificate, &[]);
    stage.opens(SOFTHSM, &[]);
    let listed = stage.run(&["keys", "list", "--pkcs11", SOFTHSM, "--json"]).expect(0).stdout();
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let tokens = listed["modules"][0]["tokens"].as_array().expect("tokens");
    assert_eq!(tokens.len(), 2, "{listed}");
    for token in tokens {
        let slot = token["slot"].to_string();
        let outcome = stage.opening(SOFTHSM, "right", &["--slot", &slot]).output().expect("kapsel starts");
        if token["label"] == "mari" {
            Outcome(outcome).expect(0);
            stage.is_saved();
        } else {
            assert_eq!(Outcome(outcome).expect(3).code(), "not_a_recipient");
        }
    }
    let outcome = stage.opening(SOFTHSM, "right", &["--slot", "99"]).output().expect("kapsel starts");
    assert_eq!(Outcome(outcome).expect(6).code(), "no_token");
}

#[test]
fn looking_shows_the_holder_and_asks_for_no_pin() {
    let stage = Stage::new();
    stage.key("mari", "ec:secp384r1");
    let faulty = module("faulty");
    let text = stage.run(&["keys", "list", "--pkcs11", &faulty]).expect(0).stdout();
    assert!(text.contains("certificate of mari, P-384"), "{text}");
    let listed = stage.run(&["keys", "list", "--pkcs11", &faulty, "--json"]).expect(0).stdout();
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let token = &listed["modules"][0]["tokens"][0];
    assert_eq!((&token["pin"], &token["pinEntry"]), (&"good".into(), &"typed".into()));
    assert_eq!(token["identities"][0]["canDecrypt"], true);
    let tested = stage.run(&["keys", "test", "--pkcs11", &faulty, "--json"]).expect(0).stdout();
    let tested: Value = serde_json::from_str(&tested).expect("JSON");
    assert_eq!(
        (&tested["good"], &tested["tokens"][0]["steps"][2]["detail"]),
        (&true.into(), &"certificate of mari, P-384".into())
    );
    assert_eq!(stage.logins(), 0);
}

#[test]
fn the_pin_is_asked_for_on_a_terminal() {
    let mut stage = Stage::new();
    let certificate = stage.key("mari", "ec:secp384r1");
    stage.letter(&certificate, &[]);
    stage.place.variables.push(("SOFTHSM2_CONF", stage.place.path("softhsm2.conf")));
    let arguments = ["decrypt", "letter.cdoc2", "-o", "out", "--pkcs11", SOFTHSM];
    let shown = stage.place.on_terminal(&arguments, &[("PIN of mari (token mari): ", "1234\n")]);
    let shown = shown.expect(0).stdout();
    assert!(!shown.contains("1234"), "{shown}");
    stage.is_saved();
}

#[test]
fn what_goes_together_is_asked_for() {
    let stage = Stage::new();
    let certificate = stage.key("mari", "ec:secp384r1");
    stage.letter(&certificate, &[]);
    for arguments in [
        &["decrypt", "letter.cdoc2", "-o", "out", "--key", "mari.pem", "--reader", "any"][..],
        &["list", "letter.cdoc2", "--pkcs11", SOFTHSM, "--reader", "any"],
        &[
            "re-encrypt",
            "letter.cdoc2",
            "-o",
            "other.cdoc2",
            "--key",
            "mari.pem",
            "-r",
            &certificate,
            "--reader",
            "any",
        ],
        &["encrypt", "-o", "other.cdoc2", "-r", &certificate, "letter.txt", "--reader", "any"],
    ] {
        let outcome = stage.run(arguments).expect(2);
        assert!(outcome.stderr().contains("--reader says where an ID-card is looked for"), "{}", outcome.stderr());
    }
    for arguments in [
        &["--card", "--pkcs11", SOFTHSM][..],
        &["--key", "mari.pem", "--slot", "1"],
        &["--key", "mari.pem", "--pin-file", "right"],
        &["--key", "mari.pem", "--last-try"],
    ] {
        stage.run(&[&["decrypt", "letter.cdoc2", "-o", "out"], arguments].concat()).expect(2);
    }
}
