//! What hostile senders, full disks, other programs and hurried people do to the command line.

mod support;

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cdoc2::{
    Delivery, Encryptor, FetchError, InputFile, OutgoingCapsule, OutgoingShare, Recipient, SymmetricKey, Zeroizing,
};
use support::{Outcome, Place, key_pair, python::Python};

const KEY: [&str; 2] = ["--secret-file", "secret.key"];

fn container(place: &Place) {
    place.secret();
    place.file("a.txt", "content of a");
    place.run(&[&["encrypt", "-o", "c.cdoc2", "a.txt"], &KEY[..]].concat()).expect(0);
}

fn symmetric(byte: u8) -> Recipient {
    Recipient::symmetric_key(SymmetricKey::new(Zeroizing::new(vec![byte; 32])).expect("long enough"), "somebody")
}

/// A container by the library, which asks for less than the command line.
fn written(place: &Place, encryptor: &Encryptor<'_>, name: &str) {
    let file = InputFile::examine(place.file("a.txt", "content of a")).expect("there").named(name);
    encryptor.encrypt_to_file(&[file], &place.path("c.cdoc2"), false).expect("encrypted");
}

struct Nowhere;

impl Delivery for Nowhere {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        Ok(capsules.iter().map(|_| "KC00112233445566778899aabbccddeeff".to_owned()).collect())
    }
    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        Ok(shares.iter().map(|_| "00112233445566778899aabbccddeeff".to_owned()).collect())
    }
}

#[track_caller]
fn assert_harmless(outcome: &Outcome) {
    for text in [outcome.stdout(), outcome.stderr()] {
        let is_harmful = |c: &char| !matches!(c, '\n' | '\u{fffd}') && cdoc2::is_deceptive(*c);
        assert_eq!(text.chars().find(is_harmful), None, "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{text:?}");
    }
}

#[test]
fn names_of_servers_and_files_cannot_command_the_terminal() {
    let place = Place::new();
    let (key, certificate) = key_pair(&place, "mari", "ec:secp384r1");
    let read = eid::RecipientKey::read(&fs::read(place.path(&certificate)).expect("there"), None).expect("a key");
    let server = "s\u{1b}]0;owned\u{7}\u{1b}[2J\nforged \u{202e}line";
    let recipients = vec![
        Recipient::server(read[0].public_key.clone(), server, "label \u{1b}[31m\nforged"),
        Recipient::shares("etsi/PNOEE-30303039914", vec![server.to_owned(); 2], "\u{9b}31m"),
    ];
    written(&place, &Encryptor::new(recipients).delivery(&Nowhere), "a.txt");
    let info = place.run(&["info", "c.cdoc2"]).expect(0);
    assert!(info.stdout().contains("owned"), "{}", info.stdout());
    assert_harmless(&info);
    assert_harmless(&place.run(&["decrypt", "c.cdoc2", "-o", "out", "--key", &key]).expect(5));
    assert_harmless(&place.run(&["list", "c.cdoc2", "--key", "\u{1b}[2Jmissing"]).expect(1));
    place.file("\u{1b}[2Jfile", "a");
    place.secret();
    assert_harmless(&place.run(&[&["encrypt", "-o", "d.cdoc2", "\u{1b}[2Jfile"], &KEY[..]].concat()).expect(1));
}

#[test]
fn what_nobody_sees_in_a_name_is_marked_wherever_it_is_shown() {
    let place = Place::new();
    place.secret();
    // The format allows it; the last one is seen.
    let (name, shown) = ("in\u{200b}voi\u{206a}ce\u{e0041} \u{600}.txt", "in\u{fffd}voi\u{fffd}ce\u{fffd} \u{600}.txt");
    place.file(name, "hello");
    let label = ["--label", "mi\u{200b}ne"];
    assert_harmless(&place.run(&[&["encrypt", "-o", "c.cdoc2", name], &KEY[..], &label].concat()).expect(0));
    for arguments in [&["list", "c.cdoc2"][..], &["decrypt", "c.cdoc2", "-o", "out"]] {
        let outcome = place.run(&[arguments, &KEY[..]].concat()).expect(0);
        assert!(outcome.stdout().contains(shown), "{}", outcome.stdout());
        assert_harmless(&outcome);
    }
    assert!(place.path("out").join(name).exists(), "it is saved as it is");
    let info = place.run(&["info", "c.cdoc2"]).expect(0);
    assert!(info.stdout().contains("symmetric key mi ne"), "{}", info.stdout());
    let listed = place.run(&[&["--json", "list", "c.cdoc2"], &KEY[..]].concat()).expect(0);
    assert!(listed.stdout().contains("in\\u200bvoi\\u206ace\\udb40\\udc41 \u{600}.txt"), "{}", listed.stdout());
    assert_harmless(&listed);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout()).expect("JSON");
    assert_eq!(listed["files"][0]["name"], name, "nothing of it is lost");
    // Where a name is refused for something else, too.
    let refused = "a\u{2060}b?.txt";
    place.file(refused, "hello");
    let told = place.run(&[&["encrypt", "-o", "d.cdoc2", refused], &KEY[..]].concat()).expect(1);
    named(&place, &[refused]);
    for told in [told, place.run(&[&["list", "c.cdoc2"], &KEY[..]].concat()).expect(7)] {
        assert!(told.stderr().contains("\"a\u{fffd}b?.txt\""), "{}", told.stderr());
        assert_harmless(&told);
    }
}

#[test]
fn labels_cannot_command_the_terminal_that_they_are_given_on() {
    let place = Place::new();
    place.secret();
    place.file("a.txt", "a");
    place.file("pass", "kolm kassi");
    let label = "mine\u{1b}[2J\nforged \u{202e}line";
    for given in [&KEY[..], &["--password-file", "pass"]] {
        let encrypt = [&["encrypt", "--overwrite", "-o", "c.cdoc2"], given, &["--label", label, "a.txt"]].concat();
        assert_harmless(&place.run(&encrypt).expect(0));
        assert_harmless(&place.run(&["--json", "info", "c.cdoc2"]).expect(0));
    }
}

#[test]
fn a_sender_replaces_neither_the_container_nor_the_key() {
    let place = Place::new();
    let (key, certificate) = key_pair(&place, "mari", "ec:P-384");
    for name in ["c.cdoc2", key.as_str(), "secret.key"] {
        place.file(&format!("evil/{name}"), "evil");
    }
    for name in ["c.cdoc2", &key] {
        let hostile = format!("evil/{name}");
        let encrypt = ["encrypt", "-o", "c.cdoc2", "--overwrite", "-r", &certificate, &hostile];
        place.run(&encrypt).expect(0);
        let before = (fs::read(place.path("c.cdoc2")).expect("there"), fs::read(place.path(&key)).expect("there"));
        let outcome = place.run(&["--json", "decrypt", "c.cdoc2", "-o", ".", "--overwrite", "--key", &key]).expect(1);
        assert_eq!(outcome.code(), "output_is_input", "{name}");
        let after = (fs::read(place.path("c.cdoc2")).expect("there"), fs::read(place.path(&key)).expect("there"));
        assert!(before == after, "{name}");
    }
}

#[test]
fn json_is_whole_whatever_the_names_are() {
    let place = Place::new();
    place.secret();
    place.file("in/a.txt", "a");
    symlink("a.txt", place.path("in/link")).expect("linked");
    // Bytes that are no Unicode, in the name of the output.
    let odd = OsStr::from_bytes(b"out\xff.cdoc2");
    let encrypt = ["--json", "encrypt", "in", KEY[0], KEY[1], "-o"];
    let output = place.kapsel(&encrypt).arg(odd).output().expect("kapsel starts");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(result["output"], "out\u{fffd}.cdoc2");
    assert!(result["notes"][0].as_str().is_some_and(|note| note.contains("in/link")), "{result}");
    let decrypt = ["--json", "decrypt", KEY[0], KEY[1]];
    let output = place.kapsel(&decrypt).arg(odd).arg("-o").arg(OsStr::from_bytes(b"d\xff")).output().expect("starts");
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON");

    let missing = place.run(&["--json", "list", "\u{9b}31m\u{202e}missing"]).expect(1).stderr();
    assert!(missing.contains("\\u009b31m\\u202e") && !missing.contains('\u{9b}'), "{missing}");
    let usage = place.run(&["--json", "list", "out", "--max-size", "foo"]).expect(2);
    assert_eq!(usage.code(), "usage");
}

#[test]
fn a_result_that_cannot_be_printed_is_a_failure_and_a_reader_that_left_is_none() {
    let place = Place::new();
    container(&place);
    let runs = [
        &["info", "c.cdoc2"][..],
        &["--json", "info", "c.cdoc2"],
        &["completions", "bash"],
        &["help"],
        &["--version"],
        &["list", "c.cdoc2", KEY[0], KEY[1]],
    ];
    for arguments in runs {
        let full = File::options().write(true).open("/dev/full").expect("there");
        let output = place.kapsel(arguments).stdout(full).output().expect("kapsel starts");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let mut child = place.kapsel(arguments).stdout(Stdio::piped()).spawn().expect("kapsel starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("ends").code(), Some(0), "{arguments:?}");
    }
    let full = File::options().write(true).open("/dev/full").expect("there");
    let arguments = [&["--json", "decrypt", "c.cdoc2", "-o", "-"], &KEY[..]].concat();
    let outcome = Outcome(place.kapsel(&arguments).stdout(full).output().expect("kapsel starts")).expect(1);
    assert_eq!(outcome.code(), "disk_full");
}

#[test]
fn a_file_that_is_named_twice_is_encrypted_once() {
    let place = Place::new();
    fs::create_dir(place.path("letters")).expect("created");
    fs::write(place.path("letters/a.txt"), "a").expect("written");
    let arguments = [
        "encrypt",
        "-o",
        "c.cdoc2",
        "letters",
        "letters/a.txt",
        "./letters/../letters/a.txt",
        "--secret-file",
        "secret",
    ];
    fs::write(place.path("secret"), [7; 32]).expect("written");
    let outcome = place.run(&arguments).expect(0);
    assert!(outcome.stderr().contains("note: 2 files named more than once; once is enough"), "{}", outcome.stderr());
    assert!(outcome.stdout().contains("Encrypted 1 file, 1 B"), "{}", outcome.stdout());
    // Another file of that name is none of them.
    fs::write(place.path("a.txt"), "b").expect("written");
    let refused = place.run(&["encrypt", "-o", "d.cdoc2", "letters", "a.txt", "--secret-file", "secret"]).expect(1);
    assert!(refused.stderr().contains("these files share a name\n"), "{}", refused.stderr());
}

#[test]
fn standard_input_is_not_both_container_and_password() {
    let place = Place::new();
    container(&place);
    let bytes = fs::read(place.path("c.cdoc2")).expect("there");
    for arguments in [
        &["decrypt", "-", "-o", "out", "--password-stdin"][..],
        &["list", "-", "--password-stdin"],
        &["re-encrypt", "-", "-o", "d.cdoc2", "--password-stdin", "--from-secret-file", "secret.key"],
    ] {
        let outcome = place.run_with_input(arguments, &bytes).expect(2);
        assert!(outcome.stderr().contains("standard input cannot be both"), "{}", outcome.stderr());
    }
}

#[test]
fn pipes_and_devices_are_never_replaced() {
    let place = Place::new();
    container(&place);
    for fifo in ["out.cdoc2", "out/a.txt"] {
        fs::create_dir_all(place.path("out")).expect("made");
        assert!(Command::new("mkfifo").arg(place.path(fifo)).status().expect("mkfifo").success());
    }
    place.run(&[&["encrypt", "--overwrite", "-o", "out.cdoc2", "a.txt"], &KEY[..]].concat()).expect(1);
    place.run(&[&["decrypt", "--overwrite", "-o", "out", "c.cdoc2"], &KEY[..]].concat()).expect(1);
    for fifo in ["out.cdoc2", "out/a.txt"] {
        assert!(fs::symlink_metadata(place.path(fifo)).expect("there").file_type().is_fifo(), "{fifo}");
    }
}

#[test]
fn a_link_is_replaced_and_what_it_leads_to_stays() {
    let place = Place::new();
    container(&place);
    let victim = place.file("victim", "mine");
    fs::create_dir(place.path("out")).expect("made");
    symlink(&victim, place.path("out/a.txt")).expect("linked");
    place.run(&[&["decrypt", "c.cdoc2", "-o", "out"], &KEY[..]].concat()).expect(1);
    place.run(&[&["decrypt", "c.cdoc2", "-o", "out", "--overwrite"], &KEY[..]].concat()).expect(0);
    assert_eq!(fs::read(&victim).expect("there"), b"mine");
    assert!(!place.path("out/a.txt").is_symlink());
}

#[test]
fn runs_at_the_same_time_neither_lose_files_nor_each_other() {
    let place = Place::new();
    container(&place);
    let arguments = [&["decrypt", "c.cdoc2", "-o", "out", "--rename"], &KEY[..]].concat();
    for round in 1..=3 {
        let spawn = |_| place.kapsel(&arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
        let children: Vec<_> = (0..8).map(spawn).collect::<Result<_, _>>().expect("kapsel starts");
        for child in children {
            Outcome(child.wait_with_output().expect("ends")).expect(0);
        }
        assert_eq!(fs::read_dir(place.path("out")).expect("there").count(), 8 * round);
    }
}

#[test]
fn a_password_is_used_whole_or_not_at_all() {
    let place = Place::new();
    place.file("a.txt", "a");
    place.file("long", "x".repeat(70_000));
    place.file("just", format!("{}\n", "x".repeat(65_000)));
    place.run(&["encrypt", "-o", "c.cdoc2", "a.txt", "--password-file", "long"]).expect(1);
    assert!(!place.path("c.cdoc2").exists());
    place.run(&["encrypt", "-o", "c.cdoc2", "a.txt", "--password-file", "just"]).expect(0);
}

#[test]
fn records_that_were_not_tried_are_told() {
    let place = Place::new();
    place.secret();
    written(&place, &Encryptor::new((20..40).map(symmetric).chain([symmetric(7)]).collect()), "a.txt");
    let outcome = place.run(&[&["list", "c.cdoc2"], &KEY[..]].concat()).expect(3);
    assert!(outcome.stderr().contains("not tried"), "{}", outcome.stderr());
}

#[test]
fn a_name_that_no_file_system_holds_is_saved_under_a_safe_one() {
    let place = Place::new();
    place.secret();
    written(&place, &Encryptor::new(vec![symmetric(7)]), &format!("{}.txt", "n".repeat(400)));
    let arguments = [&["decrypt", "c.cdoc2", "-o", "out"], &KEY[..]].concat();
    place.run(&arguments).expect(7);
    assert!(!place.path("out").exists());
    place.run(&[&arguments[..], &["--safe-names"]].concat()).expect(0);
    assert_eq!(fs::read(place.path(&format!("out/{}.txt", "n".repeat(251)))).expect("saved"), b"content of a");
}

#[test]
fn a_dry_run_refuses_what_the_run_would() {
    let place = Place::new();
    container(&place);
    for (arguments, status) in [
        (&["encrypt", "--dry-run", "-o", "no/such/c.cdoc2", "a.txt"][..], 1),
        (&["encrypt", "--dry-run", "-o", "c.cdoc2", "a.txt"], 1),
        (&["encrypt", "--dry-run", "-o", "new.cdoc2", "a.txt"], 0),
        (&["decrypt", "--dry-run", "c.cdoc2", "-o", "no/such/folder"], 1),
        (&["decrypt", "--dry-run", "c.cdoc2", "-o", "a.txt"], 1),
        (&["decrypt", "--dry-run", "c.cdoc2", "-o", "."], 1),
        (&["decrypt", "--dry-run", "c.cdoc2", "-o", "new"], 0),
    ] {
        place.run(&[arguments, &KEY[..]].concat()).expect(status);
    }
    assert!(!place.path("new.cdoc2").exists() && !place.path("new").exists());
}

#[test]
fn an_output_without_a_place_is_told_before_a_password_is_asked_for() {
    let place = Place::new();
    container(&place);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut child = place.kapsel(&["encrypt", "-o", "c.cdoc2", "a.txt", "--password-stdin"]);
    let mut child = child.stdin(reader).stderr(Stdio::piped()).spawn().expect("kapsel starts");
    // Nothing is ever written into the pipe: it would wait.
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    assert_eq!(child.wait().expect("ends").code(), Some(1), "{said}");
    assert!(said.contains("exists already"), "{said}");
    drop(writer);
}

#[test]
fn a_person_with_records_for_two_servers_is_named_once() {
    let place = Place::new();
    let (_, certificate) = key_pair(&place, "mari", "ec:P-384");
    let (other, _) = key_pair(&place, "toomas", "ec:P-384");
    let read = eid::RecipientKey::read(&fs::read(place.path(&certificate)).expect("there"), None).expect("a key");
    let on = |server| Recipient::server(read[0].public_key.clone(), server, "Mari");
    written(&place, &Encryptor::new(vec![on("one"), on("two")]).delivery(&Nowhere), "a.txt");
    let told = place.run(&["list", "c.cdoc2", "--key", &other]).expect(3).stderr();
    assert_eq!(told.matches("Mari").count(), 1, "{told}");
}

/// A container whose sender chose the names of its files, by the independent implementation.
fn named(place: &Place, names: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cli/names.py");
    let path = |path: PathBuf| path.display().to_string();
    let (output, secret) = (path(place.path("c.cdoc2")), path(place.secret()));
    Python::ready().script(&script, &[&[output.as_str(), &secret], names].concat());
}

#[test]
fn every_name_that_cannot_be_encrypted_is_told_at_once() {
    let place = Place::new();
    place.secret();
    let names = ["hea.txt", "a:b.txt", "CON", "conout$.txt", "lõpp."];
    for name in names {
        place.file(name, "hello");
    }
    let encrypt = [&["encrypt", "-o", "c.cdoc2"], &KEY[..], &names].concat();
    let told = place.run(&encrypt).expect(1).stderr();
    for line in [
        "\"a:b.txt\": the character ':' is not allowed; the safe name is \"a_b.txt\"",
        "\"CON\": it means a device on Windows; the safe name is \"_CON\"",
        "\"conout$.txt\": it means a device on Windows; the safe name is \"_conout$.txt\"",
        "\"lõpp.\": it ends with a dot; the safe name is \"lõpp\"",
        "--safe-names",
    ] {
        assert!(told.contains(line), "{line} is not in {told}");
    }
    assert!(!told.contains("hea.txt") && !place.path("c.cdoc2").exists(), "{told}");
    let failure: serde_json::Value =
        serde_json::from_str(&place.run(&[&["--json"], &encrypt[..]].concat()).expect(1).stderr()).expect("JSON");
    let (error, first) = (&failure["error"], &failure["error"]["refused"][0]);
    assert_eq!((&error["code"], &error["number"]), (&"name_not_allowed".into(), &4.into()));
    assert_eq!((&first["name"], &first["safeName"]), (&"a:b.txt".into(), &"a_b.txt".into()));
    place.run(&[&encrypt[..], &["--safe-names"]].concat()).expect(0);
}

#[test]
fn every_refused_name_is_told_at_once_with_why_and_what_would_stand_for_it() {
    let place = Place::new();
    named(&place, &["hea.txt", "CON", "a:b.txt", "lõpp.", "HEA.TXT", "cod\u{202e}exe.txt", " ", "CONIN$"]);
    let decrypt = [&["decrypt", "c.cdoc2", "-o", "out"], &KEY[..]].concat();
    let refused = place.run(&decrypt).expect(7);
    let told = refused.stderr();
    for line in [
        "\"CON\": it means a device on Windows; the safe name is \"_CON\"",
        "\"a:b.txt\": the character ':' is not allowed; the safe name is \"a_b.txt\"",
        "\"lõpp.\": it ends with a dot; the safe name is \"lõpp\"",
        "\"HEA.TXT\": another file has the same name; the safe name is \"HEA (2).TXT\"",
        "(U+202E); the safe name is \"cod_exe.txt\"",
        "--safe-names",
    ] {
        assert!(told.contains(line), "{line} is not in {told}");
    }
    assert!(!told.contains("\"hea.txt\""), "{told}");
    assert_harmless(&refused);

    let failure: serde_json::Value =
        serde_json::from_str(&place.run(&[&["--json"], &decrypt[..]].concat()).expect(7).stderr()).expect("JSON");
    let error = &failure["error"];
    assert_eq!((&error["code"], &error["number"]), (&"unsafe_content".into(), &7.into()));
    let first = serde_json::json!({
        "name": "CON", "reason": { "kind": "device" }, "safeName": "_CON", "detail": "it means a device on Windows"
    });
    assert_eq!(error["refused"][0], first);
    assert_eq!(error["refused"][4]["reason"]["kind"], "hidden");
    assert!(!place.path("out").exists());
    let proposed = error["refused"].as_array().expect("names").iter().map(|name| name["safeName"].clone());

    let opened = place.run(&[&["--json"], &decrypt[..], &["--safe-names"]].concat()).expect(0).stdout();
    let opened: serde_json::Value = serde_json::from_str(&opened).expect("JSON");
    let files = opened["files"].as_array().expect("files");
    let saved: Vec<_> =
        files.iter().filter(|file| file["originalName"].is_string()).map(|file| file["name"].clone()).collect();
    assert_eq!(saved, proposed.collect::<Vec<_>>(), "what was proposed is what is saved");
    assert_eq!(fs::read_to_string(place.path("out/a_b.txt")).expect("saved"), "content of a:b.txt");
    assert_eq!(fs::read_to_string(place.path("out/_CONIN$")).expect("saved"), "content of CONIN$");
    assert_eq!(fs::read_dir(place.path("out")).expect("made").count(), 8);
}

#[test]
fn of_very_many_refused_names_some_are_told_and_the_others_counted() {
    let place = Place::new();
    let names: Vec<_> = (0..500).map(|number| format!("{number}?")).collect();
    named(&place, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let told = place.run(&[&["list", "c.cdoc2"], &KEY[..]].concat()).expect(7).stderr();
    assert!(told.contains("\"19?\"") && !told.contains("\"20?\"") && told.contains("and 480 more"), "{told}");
}
