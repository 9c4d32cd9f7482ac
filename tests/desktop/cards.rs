//! Cards in the real window: they come and go, and open by their PIN.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use virtual_card::{Kind, Slot, verifies};

use crate::{
    organisation::Organisation,
    support::{PASSWORD, Person, enter, opened, wait_for},
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
fn after_what_stood_in_the_way_of_keeping_no_second_pin_is_asked_for() {
    // What happens to the place once it is chosen.
    type Happens = fn(&Path);
    let is_gone: Happens = |place| fs::remove_dir(place.parent().expect("a folder")).expect("removed");
    let is_taken: Happens = |place| fs::create_dir(place).expect("made");
    for happens in [is_gone, is_taken] {
        let person = Person::with(Kind::Idemia);
        let _inserted = person.insert();
        let window = person.asked(&person.sealed());
        enter(&window, "1234");
        window.wait_for("letter.txt is saved");
        person.card.trace();

        window.press("Encrypt again");
        window.wait_for("Encrypt again for keeping");
        let first = person.stage.documents().join("archive/kept.cdoc2");
        fs::create_dir(first.parent().expect("a folder")).expect("made");
        window.press("Change where the container is saved");
        person.stage.answer_dialog("Save the container as", &first);
        window.wait_for("kept.cdoc2");
        happens(&first);
        window.fill("New password", PASSWORD);
        window.fill("The same password again", PASSWORD);
        window.press("Encrypt again");
        window.wait_for("Enter PIN1");
        enter(&window, "1234");
        window.wait_for("It cannot be saved there");
        assert_eq!(verifies(&person.card.trace()), 1);
        // It is the program that keeps it unlocked, not the card.
        assert!(!person.card.is_open());

        window.press("Choose another place…");
        let second = person.stage.documents().join("other.cdoc2");
        person.stage.answer_dialog("Save the container as", &second);
        window.wait_for("other.cdoc2 is ready");
        assert_eq!(verifies(&person.card.trace()), 0, "no second PIN");
        assert_eq!(opened(&second, PASSWORD), [("letter.txt".to_owned(), b"hello".to_vec())]);
    }
}

#[test]
fn saving_under_proposed_names_asks_for_no_second_pin() {
    let person = Person::with(Kind::Thales);
    let _inserted = person.insert();
    // No file system holds such a name, and the format allows it.
    let sealed = person.sealed_as(Some(&format!("{}.txt", "n".repeat(400))));
    let window = person.asked(&sealed);
    enter(&window, "1234");
    window.wait_for("Use the proposed name");
    assert_eq!(verifies(&person.card.trace()), 1);
    assert!(!person.card.is_open());
    assert_eq!(person.stage.left_on_disk(), ["letter.cdoc2", "letter.txt"]);
    window.press("Use the proposed name");
    window.wait_for(".txt is saved");
    assert_eq!(verifies(&person.card.trace()), 0, "no second PIN");
    let saved = person.stage.documents().join("letter").join(format!("{}.txt", "n".repeat(251)));
    assert_eq!(fs::read_to_string(saved).expect("saved"), "hello");
}

/// Lets OpenSC's module write down what it does, and says where.
fn overheard(person: &mut Person) -> PathBuf {
    let (log, configuration) = (person.stage.home().join("opensc.log"), person.stage.home().join("opensc.conf"));
    let text = format!("app default {{ debug = 3; debug_file = \"{}\"; }}", log.display());
    fs::write(&configuration, text).expect("written");
    person.stage.variables.push(("OPENSC_CONF", configuration));
    log
}

fn opensc() -> PathBuf {
    let known = eid::known_modules().into_iter().find(|path| path.ends_with("opensc-pkcs11.so"));
    known.expect("OpenSC is installed (scripts/install test)")
}

#[test]
fn a_card_in_a_row_of_its_own_has_no_second_one_by_a_module_that_sees_it_too() {
    let mut person = Person::with(Kind::Idemia);
    let log = overheard(&mut person);
    person.stage.choose_module(&opensc());
    let _inserted = person.insert();
    let window = person.stage.window(&[&person.sealed()]);
    window.wait_for("Open with ID-card");
    window.press("Settings");
    window.press("Keys");
    window.wait_for("opensc-pkcs11.so");
    wait_for("the module's answer", || (!window.shows("asking…") && window.shows("no token")).then_some(()));
    let seen = fs::read_to_string(log).expect("it was asked");
    assert!(seen.contains("EstEID 2018"), "and it saw the card");
    let rows = |selector: &str| {
        let script = "return [...document.querySelectorAll(arguments[0])].filter((row) => \
            row.textContent.includes('Jaak-Kristjan Jõeorg')).length";
        window.run(script, selector.into())
    };
    assert_eq!(rows(".part ul.rows > li"), 1, "{}", window.text());
    window.key("Escape");
    window.wait_for("Open with ID-card");
    assert_eq!(rows(".key-at-hand"), 1, "{}", window.text());
    assert!(!window.shows("Open with token"));
    assert_eq!(verifies(&person.card.trace()), 0);
}

#[test]
fn known_modules_are_asked_about_a_card_that_is_unknown_and_about_no_other() {
    let mut person = Person::with(Kind::Idemia);
    let log = overheard(&mut person);
    opensc();
    let inserted = person.insert();
    let window = person.stage.window(&[&person.sealed()]);
    window.wait_for("Open with ID-card");
    // Modules are asked a second after the start, and whenever something comes or goes.
    sleep(Duration::from_secs(4));
    assert!(!log.exists(), "{}", fs::read_to_string(&log).unwrap_or_default());
    drop(inserted);
    window.wait_for("Insert the card of Jaak-Kristjan Jõeorg");
    sleep(Duration::from_secs(2));
    assert!(!log.exists(), "an empty reader is no reason either");
    person.card.disguise(&[0x3B, 0x00]);
    let _inserted = person.insert();
    wait_for("OpenSC to be asked", || log.exists().then_some(()));
    assert_eq!(verifies(&person.card.trace()), 0);
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_said_to_be_so() {
    let person = Person::of_tomorrow(Kind::Idemia);
    let _inserted = person.insert();
    let window = person.stage.window(&[&person.letter]);
    window.wait_for("Add me: Jaak-Kristjan Jõeorg");
    window.press("Add me: Jaak-Kristjan Jõeorg");
    window.wait_for("The certificate is not valid yet.");
    window.press("Settings");
    window.press("Keys");
    window.wait_for("PIN1: 3 tries left");
    window.wait_for("The certificate is not valid yet.");
    assert_eq!(window.findings(), Vec::<String>::new());
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
    window.press("Keys");
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
