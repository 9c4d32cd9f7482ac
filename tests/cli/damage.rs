//! Every truncation and every flipped bit of a small container is refused, and leaves nothing.

mod support;

use std::fs;

use support::{Place, for_each, key_pair};

fn refused(place: &Place, worker: usize, bytes: &[u8], what: &str) {
    let (container, output) = (format!("damaged{worker}.cdoc2"), format!("out{worker}"));
    fs::write(place.path(&container), bytes).expect("written");
    let outcome = place.run(&["decrypt", &container, "-o", &output, "--secret-file", "secret.key"]);
    assert!(matches!(outcome.status(), 3 | 4), "{what}: {} {}", outcome.status(), outcome.stderr());
    assert!(!place.path(&output).exists(), "{what}");
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let place = Place::new();
    place.secret();
    place.file("a.txt", "plaintext");
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    fs::remove_file(place.path("a.txt")).expect("removed");
    let whole = fs::read(place.path("c.cdoc2")).expect("there");
    assert!(whole.len() < 1000, "{}", whole.len());
    for_each(whole.len(), |worker, length| refused(&place, worker, &whole[..length], &format!("cut at {length}")));
    for_each(whole.len() * 8, |worker, bit| {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&place, worker, &bytes, &format!("bit {bit} flipped"));
    });
    assert!(place.holds(b"plaintext").is_empty());
    assert!(place.everything().iter().all(|name| !name.contains(".kapsel")));
}

#[test]
fn a_container_whose_only_record_is_broken_is_damaged_and_not_for_others() {
    let place = Place::new();
    let (key, certificate) = key_pair(&place, "mari", "ec:P-384");
    place.file("a.txt", "a");
    place.run(&["encrypt", "-o", "c.cdoc2", "-r", &certificate, "a.txt"]).expect(0);
    let mut bytes = fs::read(place.path("c.cdoc2")).expect("there");
    let read = eid::RecipientKey::read(&fs::read(place.path(&certificate)).expect("there"), None).expect("a key");
    let cdoc2::PublicKey::Ec(recipient) = &read[0].public_key else { panic!("an EC key") };
    let point = recipient.point();
    let at = bytes.windows(point.len()).position(|window| window == point).expect("the recipient's key");
    bytes[at + 20] ^= 1;
    fs::write(place.path("broken.cdoc2"), bytes).expect("written");

    let outcome = place.run(&["--json", "decrypt", "broken.cdoc2", "-o", "out", "--key", &key]).expect(4);
    assert_eq!(outcome.code(), "damaged");
    let told = place.run(&["list", "broken.cdoc2", "--key", &key]).expect(4).stderr();
    assert!(told.contains("no recipient record can be read") && told.contains("send it again"), "{told}");
    // What can be told of it is told.
    let info = place.run(&["info", "broken.cdoc2"]).expect(0).stdout();
    assert!(info.contains("not usable: unusable public key"), "{info}");

    let desk = app::desk::Desk::new(None, None, app::servers::ListFiles::default());
    let failure = desk.inspect(desk.chosen(&place.path("broken.cdoc2")).id).expect_err("damaged");
    assert_eq!(failure.code(), app::view::Code::Damaged);
}
