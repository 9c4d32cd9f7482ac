//! Letters over the servers of three organisations in the real window: in parts of which all are needed, and in copies of which
//! one is enough.

use std::{fs, path::PathBuf};

use rcgen::KeyPair;
use virtual_card::{Kind, signatures, verifies};

use crate::{
    organisation::Organisation,
    support::{CODE, Person, Window, enter},
};

/// Three organisations whose servers give capsules and parts of keys for signed tickets, all in the person's list.
fn organisations(person: &Person) -> [Organisation; 3] {
    let holder = std::slice::from_ref(&person.certificate);
    let servers = ["css-a", "css-b", "css-c"].map(|id| Organisation::with_tickets(id, holder));
    person.stage.trust(&servers);
    servers
}

/// Chooses all servers of the list, then encrypts and closes; the letter itself is gone.
fn encrypt_over_all(person: &Person, window: Window<'_>, told: &str) -> PathBuf {
    window.press("Change how the key travels");
    // The first two were proposed.
    window.choose("Capsules of css-c css-c");
    window.press("Done");
    window.wait_for(told);
    window.press("Encrypt for 1 recipient");
    window.wait_for("letter.cdoc2 is ready");
    window.close();
    fs::remove_file(&person.letter).expect("removed");
    person.stage.documents().join("letter.cdoc2")
}

/// Encrypts for the person by code, whose certificate nobody has.
fn by_code(person: &Person) -> PathBuf {
    let window = person.stage.window(&[&person.letter]);
    window.wait_for("Encrypt 1 file");
    window.press("Add personal code");
    window.fill("Personal code", CODE);
    window.press("Add");
    window.wait_for("By personal code");
    let told = "Capsules of css-a, Capsules of css-b and Capsules of css-c, all are needed to open";
    encrypt_over_all(person, window, told)
}

#[test]
fn a_letter_by_code_opens_by_one_pin_once_all_three_servers_are_up() {
    let person = Person::with(Kind::Idemia);
    let mut servers = organisations(&person);
    let container = by_code(&person);
    servers[1].stop();

    let _inserted = person.insert();
    let window = person.asked(&container);
    enter(&window, "1234");
    window.wait_for("The key server does not answer");
    window.wait_for("No connection to Capsules of css-b");
    assert!(!window.shows("css-a") && !window.shows("css-c"), "{}", window.text());
    assert_eq!(verifies(&person.card.trace()), 0, "nothing is asked of the card in vain");
    assert_eq!(person.stage.left_on_disk(), ["letter.cdoc2"]);

    servers[1].begin_again();
    window.press("Try again");
    window.wait_for("Enter PIN1");
    enter(&window, "1234");
    window.wait_for("letter.txt is saved");
    let trace = person.card.trace();
    assert_eq!((verifies(&trace), signatures(&trace)), (1, 1), "one PIN and one signature for three servers");
    assert!(person.is_opened("letter"));
}

#[test]
fn a_letter_by_code_opens_by_the_key_file_of_the_person() {
    let person = Person::with(Kind::Idemia);
    let mut servers = organisations(&person);
    let container = by_code(&person);
    let key = KeyPair::try_from(person.holder.private_key()).expect("a key").serialize_pem();
    let key = person.stage.file("jaak.pem", key + person.holder.pem());
    let window = person.stage.window(&[&container]);
    window.wait_for("Insert the card of");
    window.drag(&[&key], (460, 300), |window| window.wait_for("A key file, or another container"));
    window.wait_for("your key fits");
    window.wait_for("all of which are needed");
    servers[2].stop();
    window.press("Open with key file");
    window.wait_for("No connection to Capsules of css-c");
    assert_eq!(person.stage.left_on_disk(), ["jaak.pem", "letter.cdoc2"]);
    servers[2].begin_again();
    window.press("Try again");
    window.wait_for("letter.txt is saved");
    assert!(person.is_opened("letter"));
}

#[test]
fn a_letter_with_a_capsule_on_each_of_three_servers_opens_by_one_pin_while_one_is_down() {
    let person = Person::with(Kind::Idemia);
    let mut servers = organisations(&person);
    let window = person.stage.window(&[&person.letter]);
    window.wait_for("Encrypt 1 file");
    window.drag(&[&person.certificate], (700, 200), |window| window.wait_for("Certificates of those who can open it"));
    window.wait_for("Jaak-Kristjan Jõeorg");
    let told = "Capsules of css-a, Capsules of css-b or Capsules of css-c, one is enough";
    let container = encrypt_over_all(&person, window, told);
    // The one that is asked first.
    servers[0].stop();

    let _inserted = person.insert();
    let window = person.asked(&container);
    enter(&window, "1234");
    window.wait_for("letter.txt is saved");
    let trace = person.card.trace();
    assert_eq!((verifies(&trace), signatures(&trace)), (1, 1));
    assert!(person.is_opened("letter"));
}
