//! What goes wrong with cards: each has its code, nothing is saved, and the card works afterwards.

use std::time::{Duration, SystemTime};

use virtual_card::{Fault, Holder, Kind};

use crate::stage::{KINDS, Stage, verifies};

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
fn a_card_may_be_taken_out_at_any_time() {
    for kind in [Kind::Idemia, Kind::Thales] {
        let mut stage = Stage::new(kind);
        let commands = stage.opens().len();
        for number in 0..commands {
            stage.reinsert();
            stage.fail_at(number, Fault::Removed);
            stage.fails("right", "card_removed");
        }
        stage.reinsert();
        assert_eq!(verifies(&stage.opens()), 1);
    }
}

#[test]
fn unknown_cards_and_cards_without_certificate_are_told() {
    let mut stage = Stage::new(Kind::Idemia);
    stage.card.lose_certificate();
    stage.fails("right", "card_unsupported");
    stage.card.disguise(&[0x3B, 0x02, 0x14, 0x50]);
    stage.reinsert();
    assert_eq!(stage.fails("right", "card_unsupported")["subject"], "3B021450");
}

#[test]
fn an_expired_certificate_still_opens_what_is_inside() {
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    let stage = Stage::with(Kind::Idemia, Holder::valid_until("JÕEORG", "JAAK-KRISTJAN", "38001085718", yesterday));
    stage.opens();
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
