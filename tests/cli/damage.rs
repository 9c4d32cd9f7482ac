//! Every truncation and every flipped bit of a small container is refused, and leaves nothing.

mod support;

use std::fs;

use support::{Place, for_each};

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
