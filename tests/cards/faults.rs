//! What goes wrong with cards: each has its code, nothing is saved, and the card works afterwards.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
    thread,
    time::{Duration, Instant, SystemTime},
};

use virtual_card::{Fault, Holder, Kind};

use crate::{
    stage::{KINDS, Stage, for_each_case, position, verifies},
    support::Outcome,
};

#[test]
fn a_wrong_pin_costs_one_try_and_the_last_one_is_not_risked() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        assert_eq!(stage.fails("wrong", "pin_incorrect")["number"], 2);
        assert_eq!(stage.fails("wrong", "pin_incorrect")["number"], 1);
        stage.card.trace();
        stage.fails("right", "pin_last_try");
        assert_eq!((verifies(&stage.card.trace()), stage.card.tries_left()), (0, 1), "{kind:?}");
        stage.decrypt("right", &["--last-try"]).expect(0);
        assert_eq!(stage.card.tries_left(), 3);
    }
}

#[test]
fn a_blocked_pin_is_not_sent() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        stage.card.set_tries_left(0);
        stage.fails("right", "pin_blocked");
        assert_eq!(verifies(&stage.card.trace()), 0);
    }
}

#[test]
fn what_cannot_be_a_pin_is_not_sent() {
    let stage = Stage::new(Kind::Idemia);
    for pin in ["123", "1234567890123", "12a4", ""] {
        stage.place.file("odd", pin);
        stage.fails("odd", "pin_incorrect");
    }
    assert_eq!((verifies(&stage.card.trace()), stage.card.tries_left()), (0, 3));
}

#[test]
fn a_new_card_needs_another_pin_first() {
    let stage = Stage::new(Kind::Thales);
    stage.card.demand_pin_change();
    stage.fails("right", "pin_change_required");
}

#[test]
fn a_card_that_refuses_a_command_is_not_taken_for_a_damaged_container() {
    for kind in [Kind::Idemia, Kind::Thales] {
        let trace = Stage::new(kind).opens();
        let commands = [("VERIFY", &[0x00, 0x20][..]), ("MSE SET", &[0x00, 0x22])];
        for_each_case(kind, commands.len(), |stage, case| {
            let (name, begin) = commands[case];
            stage.card.fail_at(position(&trace, begin), Fault::Says(vec![0x6A, 0x80]));
            let error = stage.fails("right", "card_unsupported");
            assert_eq!(error["detail"], format!("the card refuses {name} (6A80)"), "{kind:?}");
        });
        // It has computed, and does not take the point.
        let stage = Stage::new(kind);
        stage.card.fail_at(position(&trace, &[0x00, 0x2A, 0x80, 0x86]), Fault::Says(vec![0x6A, 0x80]));
        assert_eq!(stage.decrypt("right", &[]).expect(4).code(), "damaged", "{kind:?}");
    }
}

#[test]
fn a_card_may_be_taken_out_at_any_time() {
    for kind in [Kind::Idemia, Kind::Thales] {
        let commands = Stage::new(kind).opens().len();
        for_each_case(kind, commands, |stage, number| {
            stage.card.fail_at(number, Fault::Removed);
            stage.fails("right", "card_removed");
        });
    }
}

#[test]
fn whatever_a_card_answers_is_refused_in_words() {
    let noise = |length| Fault::Says(vec![0x5A; length]);
    let faults = [
        // Nothing at all is silence to the reader.
        Fault::Says(vec![0x90]),
        noise(2),
        noise(40),
        // The longest that is right, and one more.
        noise(258),
        noise(259),
        noise(65_000),
        Fault::Says(vec![0x90, 0x00]),
        Fault::Says([&[0x30; 48][..], &[0x90, 0x00]].concat()),
        Fault::Says(vec![0x6F, 0x00]),
        Fault::Endless,
        Fault::EndlessEmpty,
        Fault::EndlessLength,
    ];
    for kind in [Kind::Idemia, Kind::Thales] {
        let commands = Stage::new(kind).opens().len();
        // Every command meets faults, and each fault several commands; all of both without a reader: `eid`, `card::tests`.
        for_each_case(kind, 2 * commands, |stage, case| {
            let (number, fault) = (case % commands, &faults[case % faults.len()]);
            stage.card.fail_at(number, fault.clone());
            let outcome = stage.decrypt("right", &["--overwrite"]);
            // A text of the document, or an answer that nobody reads, may be missing; another secret is a wrong key.
            let told = match outcome.status() {
                0 => true,
                3 => outcome.code() == "wrong_key",
                6 => ["card_unsupported", "card_removed", "pin_blocked"].contains(&outcome.code().as_str()),
                _ => false,
            };
            assert!(told, "{kind:?} {number} {fault:?}: {}{}", outcome.stdout(), outcome.stderr());
            assert_eq!(stage.place.path("out").exists(), outcome.status() == 0);
            let _ = fs::remove_dir_all(stage.place.path("out"));
        });
    }
}

#[test]
fn a_card_that_falls_silent_is_waited_for_so_long_and_no_longer() {
    // While it is looked at, and at the PIN.
    let pin = position(&Stage::new(Kind::Thales).opens(), &[0x00, 0x20]);
    for_each_case(Kind::Thales, 2, |stage, case| {
        let began = Instant::now();
        stage.card.fail_at([2, pin][case], Fault::Silent);
        let outcome = stage.fails("right", "card_busy");
        assert!(outcome["detail"].as_str().is_some_and(|text| text.contains("in time")), "{outcome}");
        assert!(began.elapsed() < Duration::from_secs([12, 25][case]));
    });
}

#[test]
fn a_mute_card_is_told() {
    let mut stage = Stage::new(Kind::Idemia);
    stage.take_out();
    stage.card.be_mute();
    stage.insert();
    let error = stage.fails("right", "card_unsupported");
    assert!(error["detail"].as_str().is_some_and(|text| text.contains("right way round")), "{error}");
    stage.reinsert();
    stage.opens();
}

#[test]
fn a_card_that_another_program_has_for_itself_is_busy() {
    let stage = Stage::new(Kind::Idemia);
    stage.place.file("opensc.conf", "app default { reader_driver pcsc { connect_exclusive = true; } }");
    let mut explorer = stage.other_program("stdbuf", &["-oL", "opensc-explorer", "-r", "0", "-m", ""]);
    explorer.env("OPENSC_CONF", stage.place.path("opensc.conf")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut explorer = explorer.stderr(Stdio::null()).spawn().expect("opensc is installed");
    let mut stdin = explorer.stdin.take().expect("piped");
    stdin.write_all(b"echo HERE\n").expect("it reads");
    let mut lines = BufReader::new(explorer.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.expect("text").contains("HERE")), "it has the card");
    let error = stage.fails("right", "card_busy");
    assert!(error["detail"].as_str().is_some_and(|text| text.contains("another program")), "{error}");
    let readers = stage.place.run(&["keys", "list", "--json"]).expect(0).stdout();
    assert!(readers.contains("card_busy"), "{readers}");
    stdin.write_all(b"quit\n").expect("it reads");
    explorer.wait().expect("it ends");
    stage.opens();
}

#[test]
fn what_other_programs_do_while_the_pin_is_typed_does_no_harm() {
    let main_file = "00:A4:00:0C";
    for (program, arguments) in
        [("opensc-tool", ["-r", "0", "--reset"].as_slice()), ("opensc-tool", &["-r", "0", "-s", main_file])]
    {
        let stage = Stage::new(Kind::Idemia);
        let mut command = stage.other_program(program, arguments);
        let arguments = ["decrypt", "letter.cdoc2", "-o", "out", "--card"];
        let outcome = stage.place.on_terminal_meanwhile(&arguments, &[("(3 tries left): ", "1234\n")], || {
            let output = command.output().expect("opensc is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        });
        outcome.expect(0);
        assert_eq!(verifies(&stage.card.trace()), 1, "{arguments:?}");
        assert!(!stage.card.is_open());
    }
}

#[test]
fn the_service_may_die_in_the_middle_and_come_back() {
    let commands = Stage::new(Kind::Idemia).opens().len();
    for_each_case(Kind::Idemia, 6, |stage, case| {
        if !stage.service.is_own() {
            return;
        }
        stage.card.take_time(Duration::from_millis(60));
        let dies_at = stage.card.commands_met() + case * commands / 6;
        let mut command = stage.decryption("right", &[]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kapsel starts");
        while stage.card.commands_met() <= dies_at && child.try_wait().expect("it is ours").is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        stage.service.kill();
        let outcome = Outcome(child.wait_with_output().expect("kapsel ends")).expect(6);
        assert_eq!(outcome.code(), "no_pcsc", "{}", outcome.stderr());
        assert!(!stage.place.path("out").exists(), "nothing is saved");
        stage.card.take_time(Duration::ZERO);
        stage.take_out();
        stage.service.resume();
        stage.insert();
    });
}

#[test]
fn unknown_cards_and_cards_without_certificate_are_told() {
    let mut stage = Stage::new(Kind::Idemia);
    stage.card.lose_certificate();
    stage.fails("right", "card_unsupported");
    let readers = stage.place.run(&["keys", "list"]).expect(0).stdout();
    assert!(readers.contains("no certificate"), "{readers}");
    // Another card, noise, and the right one with a byte more.
    for atr in ["3B021450", "5A5A", "3BDB960080B1FE451F830012233F536549440F9000F100"] {
        stage.card.disguise(&hex::decode(atr).expect("hex"));
        stage.reinsert();
        assert_eq!(stage.fails("right", "card_unsupported")["subject"], atr);
    }
}

#[test]
fn an_expired_certificate_still_opens_what_is_inside() {
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    let stage = Stage::with(Kind::Idemia, Holder::valid_until("JÕEORG", "JAAK-KRISTJAN", "38001085718", yesterday));
    stage.opens();
    let tested = stage.place.run(&["keys", "test"]);
    let listed = stage.place.run(&["keys", "list"]).expect(0).stdout();
    assert!(listed.contains("certificate expired on "), "{listed}");
    assert!(tested.stdout().contains("expired on "), "{}{}", tested.stdout(), tested.stderr());
}

#[test]
fn without_service_each_command_says_so() {
    let stage = Stage::new(Kind::Idemia);
    for arguments in [&["keys", "list"][..], &["decrypt", "letter.cdoc2", "-o", "out", "--card", "--pin-file", "right"]]
    {
        let mut command = stage.place.kapsel(&[arguments, &["--json"]].concat());
        let output = command.env("PCSCLITE_CSOCK_NAME", stage.place.path("nowhere")).output().expect("kapsel starts");
        assert_eq!(output.status.code(), Some(6));
        assert!(String::from_utf8_lossy(&output.stderr).contains("no_pcsc"));
    }
}
