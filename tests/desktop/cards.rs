//! Cards in the real window: they come and go, and open by their PIN.

use std::time::{Duration, Instant};

use virtual_card::{Kind, Slot, verifies};

use crate::{
    organisation::Organisation,
    support::{Person, enter, wait_for},
};

/// Within it a card that was put in is shown.
const SHOWN: Duration = Duration::from_secs(1);

#[test]
fn a_card_that_is_put_in_is_shown_at_once_and_opens_by_its_pin() {
    for kind in [Kind::Idemia, Kind::Thales] {
        let person = Person::with(kind);
        let window = person.stage.window(&[&person.sealed()]);
        window.wait_for("Insert the card of Jaak-Kristjan Jõeorg");
        let inserted = person.insert();
        let began = Instant::now();
        window.wait_for("Open with ID-card");
        assert!(began.elapsed() < SHOWN, "{:?}", began.elapsed());
        assert_eq!(verifies(&person.card.trace()), 0, "looking asks for no PIN");

        window.press("Open with ID-card");
        window.wait_for("3 tries are left.");
        enter(&window, "123");
        window.wait_for("PIN1 has 4 to 12 digits.");
        assert_eq!(verifies(&person.card.trace()), 0, "the card was not asked");
        enter(&window, "1234");
        window.wait_for("letter.txt is saved");
        assert_eq!(verifies(&person.card.trace()), 1, "{kind:?}");
        assert!(person.is_opened("letter"));
        assert!(!person.card.is_open(), "whoever comes next needs the PIN again");

        drop(inserted);
        let began = Instant::now();
        wait_for("the card to be gone", || (!window.shows("ID-card: Jaak-Kristjan Jõeorg")).then_some(()));
        assert!(began.elapsed() < SHOWN, "{:?}", began.elapsed());
    }
}

#[test]
fn a_wrong_pin_costs_one_try_and_the_last_one_is_confirmed_first() {
    let person = Person::with(Kind::Idemia);
    let _inserted = person.insert();
    let window = person.asked(&person.sealed());
    enter(&window, "9999");
    window.wait_for("The PIN was wrong. 2 tries are left.");
    assert_eq!((window.value("PIN1").as_str(), person.card.tries_left()), ("", 2));
    enter(&window, "9998");
    window.wait_for("One more wrong entry blocks it.");
    assert_eq!(person.card.tries_left(), 1);
    person.card.trace();
    enter(&window, "1234");
    window.wait_for("Confirm that the last try may be used.");
    assert_eq!(verifies(&person.card.trace()), 0, "nothing is sent before that");
    window.choose("I am sure of the PIN, use the last try");
    window.press("Open");
    window.wait_for("letter.txt is saved");
    assert_eq!((person.card.tries_left(), verifies(&person.card.trace())), (3, 1));

    person.card.set_tries_left(1);
    window.press("Encrypt again");
    window.fill("New password", "mõni teine Pikk parool 9");
    window.fill("The same password again", "mõni teine Pikk parool 9");
    window.press("Encrypt again");
    window.wait_for("Enter PIN1");
    enter(&window, "9999");
    // What was known of the card is old: it is not risked either.
    window.wait_for("One more wrong entry blocks it.");
    assert_eq!(person.card.tries_left(), 1);
    window.choose("I am sure of the PIN, use the last try");
    enter(&window, "9999");
    window.wait_for("The PIN is blocked");
    assert_eq!(person.card.tries_left(), 0);
    window.press("Close");
    assert_eq!(person.stage.left_on_disk(), ["letter.cdoc2", "letter.txt", "letter/letter.txt"]);
}

#[test]
fn a_card_that_is_taken_out_while_its_pin_is_asked_for_is_asked_for_again() {
    let person = Person::with(Kind::Thales);
    let inserted = person.insert();
    let window = person.asked(&person.sealed());
    window.fill("PIN1", "1234");
    drop(inserted);
    window.wait_for("Insert the card again");
    assert!(!window.shows("Enter PIN1"));
    let _inserted = person.insert();
    window.wait_for("Enter PIN1");
    assert_eq!(window.value("PIN1"), "", "what was typed is gone");
    person.card.trace();
    enter(&window, "1234");
    window.wait_for("letter.txt is saved");
    assert_eq!(verifies(&person.card.trace()), 1);
}

#[test]
fn a_letter_for_oneself_goes_through_a_server_and_opens_by_one_pin_entry() {
    let person = Person::with(Kind::Idemia2021);
    let server = Organisation::start("css-a", std::slice::from_ref(&person.certificate));
    person.stage.trust([&server]);
    let inserted = person.insert();
    let window = person.stage.window(&[&person.letter]);
    window.wait_for("Encrypt 1 file");
    window.wait_for("Add me: Jaak-Kristjan Jõeorg");
    window.press("Add me: Jaak-Kristjan Jõeorg");
    window.wait_for("Encrypt for 1 recipient");
    // A recipient stays one when the card goes.
    drop(inserted);
    wait_for("the card to be gone", || (!window.shows("ID-card: Jaak-Kristjan Jõeorg")).then_some(()));
    window.wait_for("Capsules of css-a");
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.close();

    let _inserted = person.insert();
    let window = person.asked(&person.stage.documents().join("letter.cdoc2"));
    enter(&window, "1234");
    window.wait_for("letter.txt is saved");
    assert_eq!(verifies(&person.card.trace()), 1);
    assert!(person.is_opened("letter"));
}

#[test]
fn the_service_may_end_and_come_back() {
    let mut person = Person::with(Kind::Idemia);
    if !person.service.is_own() {
        eprintln!("left out: the service runs already, and is not this test's to stop");
        return;
    }
    let sealed = person.sealed();
    let Person { stage, service, card, .. } = &mut person;
    let window = stage.window(&[&sealed]);
    window.wait_for("Insert the card of Jaak-Kristjan Jõeorg");
    service.stop();
    window.wait_for("The smart-card service is not running");
    service.resume();
    window.wait_for("Insert the card of Jaak-Kristjan Jõeorg");
    let _inserted = service.insert(card, Slot::First);
    window.wait_for("Open with ID-card");
}

#[test]
fn the_settings_test_a_card_step_by_step() {
    let person = Person::with(Kind::Idemia);
    let window = person.stage.window(&[]);
    window.wait_for("Drop files here");
    window.press("Settings");
    window.press("Cards");
    window.wait_for(Slot::First.reader());
    window.wait_for("empty");
    let inserted = person.insert();
    window.wait_for("PIN1: 3 tries left");
    window.wait_for("document AS0000001");
    window.press("Test readers and cards");
    window.wait_for("Everything is in order");
    assert_eq!(window.findings(), Vec::<String>::new());
    window.picture("settings-cards");
    drop(inserted);
    person.card.set_tries_left(0);
    let _inserted = person.insert();
    window.wait_for("PIN1 blocked");
    window.press("Test readers and cards");
    window.wait_for("Unblock it with the PUK");
    assert_eq!(verifies(&person.card.trace()), 0);
}

#[test]
fn the_dialog_for_the_pin_has_no_finding_and_needs_no_mouse() {
    let person = Person::with(Kind::Idemia);
    let _inserted = person.insert();
    let window = person.stage.window(&[&person.sealed()]);
    window.wait_for("Open with ID-card");
    wait_for("the focus", || (window.focused() == "Open with ID-card").then_some(()));
    window.key("Return");
    window.wait_for("Enter PIN1");
    wait_for("the focus", || (window.focused() == "PIN1").then_some(()));
    for appearance in ["dark", "light"] {
        let script = "document.documentElement.dataset.theme = arguments[0]";
        window.run(script, appearance.into());
        assert_eq!(window.findings(), Vec::<String>::new(), "{appearance}");
        window.picture(&format!("pin-{appearance}"));
    }
    window.key("Escape");
    wait_for("the dialog's end", || (!window.shows("Enter PIN1")).then_some(()));
    window.key("Return");
    window.wait_for("Enter PIN1");
    window.type_keys("1234");
    window.key("Return");
    window.wait_for("letter.txt is saved");
}
