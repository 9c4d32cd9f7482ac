//! Every truncation and every flipped bit of a small container is refused, and leaves nothing.

mod support;

use std::{fs, path::Path};

use app::view::RecordProblemKind;

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
    assert!(info.contains("not usable: unusable public key") && !info.contains("newer"), "{info}");

    let desk = app::desk::Desk::new(None, None, app::servers::ListFiles::default());
    let failure = desk.inspect(desk.chosen(&place.path("broken.cdoc2")).id).expect_err("damaged");
    assert_eq!(failure.code(), app::view::Code::Damaged);
}

/// Writes the container with other iterations in its password records, the first of them first.
fn with_iterations(place: &Place, container: &[u8], iterations: &[i32]) {
    let mut bytes = container.to_vec();
    let usual = 600_000_i32.to_le_bytes();
    for iterations in iterations {
        let at = bytes.windows(4).position(|window| window == usual).expect("iterations of a password");
        bytes[at..at + 4].copy_from_slice(&iterations.to_le_bytes());
    }
    fs::write(place.path("altered.cdoc2"), bytes).expect("written");
}

#[test]
fn iterations_that_are_none_are_damage_and_too_many_are_beyond_a_limit() {
    let place = Place::new();
    place.file("a.txt", "a");
    place.file("pass", "a password");
    place.secret();
    let password = ["--password-file", "pass"];
    place.file("other", "another password");
    let other = ["--password-file", "other"];
    place.run(&[&["encrypt", "-o", "two.cdoc2", "a.txt"], &password[..], &other].concat()).expect(0);
    let two = fs::read(place.path("two.cdoc2")).expect("there");
    let secret = ["--secret-file", "secret.key"];
    place.run(&[&["encrypt", "-o", "mixed.cdoc2", "a.txt"], &password[..], &secret[..]].concat()).expect(0);
    let mixed = fs::read(place.path("mixed.cdoc2")).expect("there");
    let cases: [(&[u8], &[i32], i32, &str); 5] = [
        (&two, &[0, -1], 4, "damaged"),
        (&two, &[1, 999], 4, "damaged"),
        (&two, &[20_000_000, i32::MAX], 7, "limits_exceeded"),
        (&two, &[-1, 20_000_000], 7, "limits_exceeded"),
        // The other record is whole, and for another key.
        (&mixed, &[20_000_000], 7, "limits_exceeded"),
    ];
    for (container, iterations, status, code) in cases {
        with_iterations(&place, container, iterations);
        let outcome = place.run(&[&["--json", "list", "altered.cdoc2"], &password[..]].concat()).expect(status);
        assert_eq!(outcome.code(), code, "{iterations:?}");
    }
    let told = place.run(&[&["list", "altered.cdoc2"], &password[..]].concat()).expect(7).stderr();
    assert!(told.contains("10000000 iterations") && !told.contains("--max-files"), "{told}");
    let problems = problems(&place.path("altered.cdoc2"));
    assert_eq!(problems, [Some(RecordProblemKind::TooManyIterations), None], "each record by itself");
}

/// What the window is told of each record.
fn problems(container: &Path) -> Vec<Option<RecordProblemKind>> {
    let desk = app::desk::Desk::new(None, None, app::servers::ListFiles::default());
    let view = desk.inspect(desk.chosen(container).id).expect("a container");
    view.records.into_iter().map(|record| record.problem.map(|problem| problem.kind)).collect()
}

#[test]
fn a_container_whose_only_record_is_of_a_newer_kind_is_not_for_others() {
    let place = Place::new();
    place.file("a.txt", "a");
    place.secret();
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    let whole = fs::read(place.path("c.cdoc2")).expect("there");
    let is_newer = |bytes: &Vec<u8>| {
        let container = cdoc2::Container::from_stream(std::io::Cursor::new(bytes.clone()));
        container.is_ok_and(|container| {
            let skipped = container.header().skipped();
            skipped.iter().any(|skipped| matches!(skipped.reason, cdoc2::SkipReason::UnknownFmkMethod))
        })
    };
    let mut altered = (9..whole.len().min(400)).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] = 9;
        bytes
    });
    let newer = altered.find(is_newer).expect("the method's byte is in the header");
    fs::write(place.path("newer.cdoc2"), newer).expect("written");
    let listed = place.run(&["--json", "list", "newer.cdoc2", "--secret-file", "secret.key"]).expect(4);
    assert_eq!(listed.code(), "unsupported_format");
    // It is told as what it is, and not as broken.
    let info = place.run(&["info", "newer.cdoc2"]).expect(0).stdout();
    assert!(info.contains("unknown key encryption method; a newer version may read it"), "{info}");
    assert_eq!(problems(&place.path("newer.cdoc2")), [Some(RecordProblemKind::Unknown)]);
}
