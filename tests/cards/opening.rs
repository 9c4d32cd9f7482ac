//! What a card is for.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use virtual_card::{Holder, Inserted, Kind, Slot, VirtualCard};

use crate::{
    organisation::{Organisation, list},
    stage::{KINDS, Stage, verifies},
};

#[test]
fn a_capsule_inside_costs_one_pin_entry_and_one_verify() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        assert_eq!(verifies(&stage.opens()), 1, "{kind:?}");
        stage.card.answer_in_parts();
        assert_eq!(verifies(&stage.opens()), 1, "{kind:?}");
    }
}

#[test]
fn a_capsule_on_a_server_costs_one_pin_entry_and_one_verify() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        let server = Organisation::start("css-a", &[stage.place.path("holder.crt")]);
        stage.place.file("servers.json", list(&[server.entry()]));
        let servers = ["--server-list", "servers.json"];
        let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--server", "css-a", "--overwrite"];
        stage.place.run(&[&encrypt[..], &servers].concat()).expect(0);
        stage.card.trace();
        stage.decrypt("right", &servers).expect(0);
        assert_eq!(verifies(&stage.card.trace()), 1, "{kind:?}");
        assert_eq!(fs::read_to_string(stage.place.path("out/letter.txt")).expect("saved"), "for your eyes only");
        assert!(!stage.card.is_open());
        // A wrong PIN is found out in the handshake, and is sent once.
        fs::remove_dir_all(stage.place.path("out")).expect("removed");
        let outcome = stage.decrypt("wrong", &servers).expect(6);
        assert_eq!((outcome.code().as_str(), stage.card.tries_left()), ("pin_incorrect", 2));
    }
}

#[test]
fn of_two_cards_the_one_that_fits_is_used() {
    let stage = Stage::new(Kind::Idemia);
    let other = VirtualCard::new(Kind::Thales, Holder::new("MAASIKAS", "MARI", "49001010005"), "1234");
    let _other = stage.service.insert(&other, Slot::Second);
    stage.opens();
    assert_eq!(verifies(&other.trace()), 0);
    let outcome = stage.decrypt("right", &["--reader", Slot::Second.reader()]).expect(3);
    assert_eq!(outcome.code(), "not_a_recipient");
    let refused = stage.place.run(&["encrypt", "-o", "two.cdoc2", "-r", "card", "letter.txt"]).expect(2).stderr();
    assert_eq!(refused, "kapsel: there are several cards\n  name the reader of one of them: --reader\n");
}

/// A letter for two people, whose cards are both there.
fn for_two() -> (Stage, VirtualCard, Inserted) {
    let stage = Stage::new(Kind::Idemia);
    let mari = Holder::new("MAASIKAS", "MARI", "49001010005");
    stage.place.file("mari.crt", mari.pem());
    let card = VirtualCard::new(Kind::Thales, mari, "5678");
    let inserted = stage.service.insert(&card, Slot::Second);
    let both = ["-r", "holder.crt", "-r", "mari.crt"];
    stage.place.run(&[&["encrypt", "-o", "letter.cdoc2", "letter.txt", "--overwrite"], &both[..]].concat()).expect(0);
    stage.card.trace();
    card.trace();
    (stage, card, inserted)
}

#[test]
fn of_two_cards_that_fit_none_is_sent_a_pin_that_may_be_the_others() {
    let (stage, other, _inserted) = for_two();
    let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--card", "--pin-file"];
    let refused = stage.place.run(&[&usual[..], &["right"]].concat()).expect(2).stderr();
    for words in ["Jaak-Kristjan Jõeorg (Virtual PCD 00 00)", "Mari Maasikas (Virtual PCD 00 01)", "--reader"] {
        assert!(refused.contains(words) && !refused.contains("Usage"), "{refused}");
    }
    let refused = stage.decrypt("right", &[]).expect(2);
    assert_eq!(refused.code(), "usage");
    assert_eq!((verifies(&stage.card.trace()), verifies(&other.trace())), (0, 0));
    // Whose PIN was wrong is told.
    let second = ["--reader", Slot::Second.reader()];
    let told = stage.place.run(&[&usual[..], &["right"], &second].concat()).expect(6).stderr();
    assert!(told.contains("PIN1 of Mari Maasikas (Virtual PCD 00 01) is wrong; 2 tries left"), "{told}");
    assert_eq!((verifies(&stage.card.trace()), other.tries_left()), (0, 2));
    let told = stage.fails_with(&second, "pin_incorrect");
    assert_eq!(told["names"], serde_json::json!(["Mari Maasikas", Slot::Second.reader()]));
    let told = stage.place.run(&[&usual[..], &["right"], &second].concat()).expect(6).stderr();
    assert!(told.contains("PIN1 of Mari Maasikas (Virtual PCD 00 01) has one try left"), "{told}");
    stage.decrypt("right", &["--reader", Slot::First.reader()]).expect(0);
    stage.is_saved();
}

#[test]
fn of_two_cards_that_fit_the_one_is_asked_for_whose_pin_is_not_at_risk() {
    let (stage, other, _inserted) = for_two();
    stage.card.set_tries_left(1);
    let arguments = ["decrypt", "letter.cdoc2", "-o", "out", "--card"];
    let question = "PIN1 of Mari Maasikas in Virtual PCD 00 01 (3 tries left): ";
    stage.place.on_terminal(&arguments, &[(question, "5678\n")]).expect(0);
    stage.is_saved();
    assert_eq!((verifies(&stage.card.trace()), verifies(&other.trace())), (0, 1));
    // Where none can be asked without a risk, it is told of which that is so.
    other.set_tries_left(0);
    let told = stage.place.run(&arguments).expect(6).stderr();
    assert!(told.contains("PIN1 of Jaak-Kristjan Jõeorg (Virtual PCD 00 00) has one try left"), "{told}");
    assert!(told.contains("--reader"), "{told}");
}

#[test]
fn of_two_cards_that_fit_the_one_that_is_not_blocked_gets_the_pin_of_a_file() {
    let (stage, other, _inserted) = for_two();
    stage.place.file("others", "5678\n");
    stage.card.set_tries_left(0);
    stage.decrypt("others", &[]).expect(0);
    stage.is_saved();
    assert_eq!((verifies(&stage.card.trace()), verifies(&other.trace())), (0, 1));
    // One whose last try it would be is one that it may be for.
    other.set_tries_left(1);
    stage.fails("others", "pin_last_try");
    stage.card.set_tries_left(3);
    assert_eq!(stage.decrypt("others", &[]).expect(2).code(), "usage");
    stage.card.set_tries_left(0);
    other.set_tries_left(0);
    stage.fails("others", "pin_blocked");
    assert_eq!((verifies(&stage.card.trace()), verifies(&other.trace())), (0, 0));
}

#[test]
fn a_pin_file_that_holds_no_pin_costs_no_try() {
    let stage = Stage::new(Kind::Idemia);
    stage.place.file("thirteen", "1234567890123\n");
    stage.place.file("endless", "1".repeat(70_000));
    let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--card", "--pin-file"];
    for (file, status, words) in [
        ("thirteen", 6, "PIN1 of Jaak-Kristjan Jõeorg (Virtual PCD 00 00) has 4 to 12 digits"),
        ("endless", 1, "cannot read endless: its first line is longer than 64 KiB"),
    ] {
        let told = stage.place.run(&[&usual[..], &[file]].concat()).expect(status).stderr();
        assert!(told.contains(words) && !told.contains("1111") && !told.contains("1234"), "{told}");
    }
    assert_eq!((verifies(&stage.card.trace()), stage.card.tries_left()), (0, 3));
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_said_to_be_so() {
    let validity = [1, 30].map(|days| SystemTime::now() + Duration::from_secs(days * 24 * 60 * 60));
    let stage = Stage::with(Kind::Idemia, Holder::valid_between("JÕEORG", "JAAK-KRISTJAN", "38001085718", validity));
    let listed = stage.place.run(&["keys", "list", "--reader", "00 00"]).expect(0).stdout();
    assert!(listed.contains("certificate not valid yet; capsule servers will refuse it"), "{listed}");
    let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--overwrite"];
    let told = stage.place.run(&encrypt).expect(0).stderr();
    assert!(told.contains("warning: Jaak-Kristjan Jõeorg: the certificate is not valid yet"), "{told}");
    let told = stage.place.run(&[&["--json"], &encrypt[..]].concat()).expect(0).stdout();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["notes"], serde_json::json!(["Jaak-Kristjan Jõeorg: the certificate is not valid yet"]));
    // What stands in the container opens all the same.
    stage.opens();
}

#[test]
fn listing_shows_the_holder_and_asks_for_no_pin() {
    let stage = Stage::new(Kind::Idemia);
    let outcome = stage.place.run(&["keys", "list", "--json"]).expect(0);
    let value: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
    let card = &value["readers"][0]["card"];
    assert_eq!((&card["holder"], &card["triesLeft"]), (&"Jaak-Kristjan Jõeorg".into(), &3.into()));
    assert_eq!(card["documentNumber"], "AS0000001");
    assert_eq!(value["readers"][1]["problem"]["code"], "no_card");
    stage.place.run(&["keys", "test", "--reader", "00 00"]).expect(0);
    assert_eq!(verifies(&stage.card.trace()), 0);
}

#[test]
fn opensc_reads_verifies_signs_and_derives() {
    let stage = Stage::new(Kind::Idemia);
    let run = |program: &str, arguments: &[&str]| {
        let mut command = stage.other_program(program, arguments);
        let output = command.output().expect("opensc is installed");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run("opensc-tool", &["-r", "0", "-n"]).contains("EstEID 2018"));
    assert!(run("pkcs15-tool", &["-r", "0", "-D"]).contains("JÕEORG,JAAK-KRISTJAN,38001085718"));
    run("pkcs15-tool", &["-r", "0", "--verify-pin", "--auth-id", "1", "--pin", "1234"]);
    stage.place.file("hash", [7; 48]);
    let token = ["--slot-index", "0", "-l", "-p", "1234", "--id", "01"];
    let sign = ["--sign", "-m", "ECDSA", "-i", "hash", "-o", "signature", "--signature-format", "openssl"];
    run("pkcs11-tool", &[&token[..], &sign].concat());
    run("openssl", &["x509", "-inform", "DER", "-in", "holder.der", "-pubkey", "-noout", "-out", "own.pem"]);
    run("openssl", &["pkeyutl", "-verify", "-pubin", "-inkey", "own.pem", "-in", "hash", "-sigfile", "signature"]);
    run("openssl", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-out", "peer.pem"]);
    run("openssl", &["pkey", "-in", "peer.pem", "-pubout", "-outform", "DER", "-out", "peer.der"]);
    let derive = ["--derive", "-m", "ECDH1-DERIVE", "-i", "peer.der", "-o", "secret"];
    run("pkcs11-tool", &[&token[..], &derive].concat());
    run("openssl", &["pkeyutl", "-derive", "-inkey", "peer.pem", "-peerkey", "own.pem", "-out", "expected"]);
    let read = |name: &str| fs::read(stage.place.path(name)).expect("written");
    assert_eq!(read("secret"), read("expected"));
}
