//! Readers that no virtual one is: with a PIN pad, and one that is unplugged. What they do is played between the program and the system's library.
//! So is the moment at which another program comes.

use std::fs;

use virtual_card::{Kind, signatures};

use crate::{
    organisation::{Organisation, list},
    stage::{Stage, for_each_case, verifies},
    support::library,
};

fn played(stage: &mut Stage, variables: &[(&'static str, &str)]) {
    let variables = variables.iter().map(|(name, value)| (*name, value.into()));
    stage.place.variables.retain(|(name, _)| *name == "PCSCLITE_CSOCK_NAME");
    stage.place.variables.push(("LD_PRELOAD", library("cards/reader.c", &["-I/usr/include/PCSC"])));
    stage.place.variables.push(("PAD_LOG", stage.place.path("asked")));
    stage.place.variables.extend(variables);
}

/// Without a PIN from anywhere else.
fn decrypt(stage: &Stage, more: &[&str]) -> crate::support::Outcome {
    stage.place.run(&[&["decrypt", "letter.cdoc2", "-o", "out", "--card", "--json"], more].concat())
}

fn code(outcome: &crate::support::Outcome) -> String {
    // Before it, the person is told to enter the PIN.
    let stderr = outcome.stderr();
    let error: serde_json::Value =
        stderr.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    error["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_reader_with_a_pin_pad_takes_the_pin_itself() {
    for (kind, reference, padding) in [(Kind::Idemia, "01", "FF"), (Kind::Thales, "81", "00")] {
        for pad in ["direct", "steps"] {
            let mut stage = Stage::new(kind);
            played(&mut stage, &[("PAD", pad), ("PAD_FINGERS", "1234")]);
            let outcome = decrypt(&stage, &[]).expect(0);
            assert!(outcome.stderr().contains("Enter PIN1 of Jaak-Kristjan Jõeorg on the reader (3 tries left)."));
            assert_eq!(verifies(&stage.card.trace()), 1);
            assert_eq!(fs::read_to_string(stage.place.path("out/letter.txt")).expect("saved"), "for your eyes only");
            assert!(!stage.card.is_open());
            let asked = fs::read_to_string(stage.place.path("asked")).expect("asked once");
            let command = format!("002000{reference}0C{}", padding.repeat(12));
            assert_eq!(asked, format!("1E1E820C000C04020109040000000011000000{command}\n"));
            let readers = stage.place.run(&["keys", "list", "--json"]).expect(0).stdout();
            assert!(readers.contains(r#""pinPad": true"#), "{readers}");
            // Who has it in a file is asked for nothing.
            fs::remove_dir_all(stage.place.path("out")).expect("removed");
            decrypt(&stage, &["--pin-file", "right"]).expect(0);
            assert_eq!(fs::read_to_string(stage.place.path("asked")).expect("as before"), asked);
        }
    }
}

#[test]
fn a_reader_that_is_resetting_the_card_is_waited_for_and_not_for_ever() {
    let mut stage = Stage::new(Kind::Idemia);
    played(&mut stage, &[("RESETTING", "5")]);
    decrypt(&stage, &["--pin-file", "right"]).expect(0);
    stage.is_saved();
    played(&mut stage, &[("RESETTING", "1000000")]);
    assert_eq!(code(&decrypt(&stage, &["--pin-file", "right"]).expect(6)), "card_busy");
}

#[test]
fn one_entry_on_the_pin_pad_is_enough_for_a_capsule_on_a_server() {
    let mut stage = Stage::new(Kind::Idemia);
    let server = Organisation::start("css-a", &[stage.place.path("holder.crt")]);
    stage.place.file("servers.json", list(&[server.entry()]));
    let servers = ["--server-list", "servers.json"];
    let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--server", "css-a", "--overwrite"];
    stage.place.run(&[&encrypt[..], &servers].concat()).expect(0);
    played(&mut stage, &[("PAD", "direct"), ("PAD_FINGERS", "1234")]);
    stage.card.trace();
    decrypt(&stage, &servers).expect(0);
    assert_eq!(verifies(&stage.card.trace()), 1);
}

#[test]
fn what_goes_wrong_on_a_pin_pad_is_told_and_is_not_tried_again() {
    let mut stage = Stage::new(Kind::Idemia);
    for pad in ["direct", "steps"] {
        for (fingers, expected, left) in [
            ("cancel", "pin_cancelled", 3),
            ("wait", "pin_timeout", 3),
            ("short", "pin_incorrect", 3),
            ("9999", "pin_incorrect", 2),
        ] {
            stage.card.set_tries_left(3);
            played(&mut stage, &[("PAD", pad), ("PAD_FINGERS", fingers)]);
            let _ = fs::remove_file(stage.place.path("asked"));
            let outcome = decrypt(&stage, &[]).expect(6);
            assert_eq!(code(&outcome), expected, "{pad} {fingers}: {}", outcome.stderr());
            assert_eq!(fs::read_to_string(stage.place.path("asked")).expect("asked").lines().count(), 1);
            assert_eq!(stage.card.tries_left(), left);
            assert!(!stage.place.path("out").exists());
        }
    }
    // The last try is not offered without being told to.
    stage.card.set_tries_left(1);
    fs::remove_file(stage.place.path("asked")).expect("written before");
    played(&mut stage, &[("PAD", "direct"), ("PAD_FINGERS", "1234")]);
    let outcome = decrypt(&stage, &[]).expect(6);
    assert_eq!((code(&outcome).as_str(), stage.place.path("asked").exists()), ("pin_last_try", false));
    decrypt(&stage, &["--last-try"]).expect(0);
    assert_eq!(stage.card.tries_left(), 3);
}

#[test]
fn a_reader_may_be_unplugged_at_any_time() {
    let commands = Stage::new(Kind::Idemia).opens().len();
    for_each_case(Kind::Idemia, commands, |stage, lives| {
        played(stage, &[("UNPLUGGED", &lives.to_string())]);
        stage.fails("right", "card_removed");
        played(stage, &[]);
    });
}

#[test]
fn another_program_may_come_between_the_two_uses_of_the_key() {
    let mut stage = Stage::new(Kind::Idemia);
    let server = Organisation::start("css-a", &[stage.place.path("holder.crt")]);
    stage.place.file("servers.json", list(&[server.entry()]));
    let servers = ["--server-list", "servers.json", "--pin-file", "right", "--overwrite"];
    let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--server", "css-a", "--overwrite"];
    stage.place.run(&[&encrypt[..], &servers[..2]].concat()).expect(0);
    // It is looked at, signs in, and computes the secret: before that the card is reset, or led elsewhere.
    for other in ["--reset", "-s 00:A4:00:0C"] {
        played(&mut stage, &[("BETWEEN", &format!("timeout 20 opensc-tool -r 0 {other} >/dev/null 2>&1"))]);
        stage.card.trace();
        decrypt(&stage, &servers).expect(0);
        let trace = stage.card.trace();
        assert_eq!(verifies(&trace), 2, "{other}: the PIN is needed again, and is right");
        assert!(signatures(&trace) > 0, "it has signed");
        assert!(!stage.card.is_open());
    }
}
