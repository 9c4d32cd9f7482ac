//! What other implementations get wrong, and Kapsel does not: a test for each.

mod support;

use std::{fs, process::Command};

use support::Place;

fn encrypted(place: &Place) {
    place.secret();
    place.file("a.txt", "plaintext of a");
    place.file("b.txt", "plaintext of b");
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "a.txt", "b.txt"]).expect(0);
}

#[test]
fn an_altered_or_truncated_payload_leaves_nothing_on_disk() {
    let place = Place::new();
    encrypted(&place);
    fs::remove_file(place.path("a.txt")).expect("removed");
    let whole = fs::read(place.path("c.cdoc2")).expect("there");
    let mut altered = whole.clone();
    let middle = whole.len() - 40;
    altered[middle] ^= 0x10;
    place.file("altered.cdoc2", &altered);
    place.file("short.cdoc2", &whole[..whole.len() - 20]);
    let before = place.everything();
    for container in ["altered.cdoc2", "short.cdoc2"] {
        place.run(&["decrypt", container, "-o", "out", "--secret-file", "secret.key"]).expect(4);
        assert_eq!(place.everything(), before);
        assert!(place.holds(b"plaintext of a").is_empty());
    }
}

#[test]
fn an_output_folder_is_made_but_not_its_parents() {
    let place = Place::new();
    encrypted(&place);
    place.run(&["decrypt", "c.cdoc2", "-o", "new", "--secret-file", "secret.key"]).expect(0);
    assert!(place.path("new/a.txt").exists());
    let outcome = place.run(&["decrypt", "c.cdoc2", "-o", "no/such/folder", "--secret-file", "secret.key"]).expect(1);
    assert!(outcome.stderr().contains("no"), "{}", outcome.stderr());
    assert!(!place.path("no").exists());
    place.run(&["encrypt", "-o", "no/such/c.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(1);
    // A file where a folder is expected.
    place.run(&["decrypt", "c.cdoc2", "-o", "a.txt", "--secret-file", "secret.key"]).expect(1);
    assert_eq!(fs::read(place.path("a.txt")).expect("there"), b"plaintext of a");
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let place = Place::new();
    encrypted(&place);
    for output in ["a.txt", "./a.txt", "link"] {
        let _ = fs::hard_link(place.path("a.txt"), place.path("link"));
        let arguments = ["encrypt", "--overwrite", "-o", output, "--secret-file", "secret.key", "a.txt"];
        assert_eq!(place.run(&[&["--json"], &arguments[..]].concat()).expect(1).code(), "output_is_input");
        assert_eq!(fs::read(place.path("a.txt")).expect("there"), b"plaintext of a");
    }
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let place = Place::new();
    encrypted(&place);
    let fifo = place.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    for input in ["fifo", "/dev/zero", "missing"] {
        place.run(&["encrypt", "-o", "x.cdoc2", "--secret-file", "secret.key", "a.txt", input]).expect(1);
        assert!(!place.path("x.cdoc2").exists(), "{input}");
    }
    // A key that is a pipe nobody writes to would wait for ever; a folder is no container.
    place.run(&["info", "."]).expect(1);
}

#[test]
fn two_inputs_of_one_name_are_refused_with_a_proposal() {
    let place = Place::new();
    encrypted(&place);
    place.file("other/A.TXT", "another a");
    let arguments = ["encrypt", "-o", "x.cdoc2", "--secret-file", "secret.key", "a.txt", "other/A.TXT"];
    let outcome = place.run(&arguments).expect(1);
    assert!(outcome.stderr().contains("A (2).TXT"), "{}", outcome.stderr());
    assert!(!place.path("x.cdoc2").exists());
    place.run(&[&arguments[..], &["--safe-names"]].concat()).expect(0);
    place.run(&["decrypt", "x.cdoc2", "-o", "out", "--secret-file", "secret.key"]).expect(0);
    assert_eq!(fs::read(place.path("out/A (2).TXT")).expect("saved"), b"another a");
}

#[test]
fn only_base_names_stand_in_a_container() {
    let place = Place::new();
    encrypted(&place);
    let deep = place.file("very/deep/secret-folder/c.txt", "c").display().to_string();
    place.run(&["encrypt", "-o", "x.cdoc2", "--secret-file", "secret.key", "very", "a.txt"]).expect(0);
    let listed = place.run(&["list", "x.cdoc2", "--secret-file", "secret.key"]).expect(0).stdout();
    assert!(listed.contains("c.txt") && !listed.contains("deep"), "{listed}");
    place.run(&["encrypt", "-o", "y.cdoc2", "--secret-file", "secret.key", &deep]).expect(0);
    let listed = place.run(&["list", "y.cdoc2", "--secret-file", "secret.key"]).expect(0).stdout();
    assert!(!listed.contains("secret-folder"), "{listed}");
}

#[test]
fn existing_files_are_kept_unless_asked_otherwise() {
    let place = Place::new();
    encrypted(&place);
    place.file("out/b.txt", "mine");
    let arguments = ["decrypt", "c.cdoc2", "-o", "out", "--secret-file", "secret.key"];
    place.run(&arguments).expect(1);
    assert_eq!(place.everything().iter().filter(|name| name.starts_with("out/")).count(), 1);
    place.run(&[&arguments[..], &["--rename"]].concat()).expect(0);
    assert_eq!(fs::read(place.path("out/b.txt")).expect("there"), b"mine");
    assert_eq!(fs::read(place.path("out/b (2).txt")).expect("saved"), b"plaintext of b");
    place.run(&[&arguments[..], &["--overwrite"]].concat()).expect(0);
    assert_eq!(fs::read(place.path("out/b.txt")).expect("there"), b"plaintext of b");
    // Nothing of the work is left.
    assert!(place.everything().iter().all(|name| !name.contains(".kapsel")), "{:?}", place.everything());
}

#[test]
fn more_recipients_than_a_header_holds_are_refused_before_anything_is_written() {
    let place = Place::new();
    encrypted(&place);
    let mut arguments = vec!["encrypt", "-o", "x.cdoc2", "a.txt"];
    // Under one label, they would be one.
    let labels: Vec<_> = (0..8200).map(|label: u32| label.to_string()).collect();
    for label in &labels {
        arguments.extend(["--secret-file", "secret.key", "--label", label]);
    }
    let outcome = place.run(&[&["--json"], &arguments[..]].concat()).expect(1);
    assert_eq!(outcome.code(), "too_many_recipients");
    assert!(!place.path("x.cdoc2").exists());
}

#[test]
fn overwriting_a_longer_container_leaves_no_tail() {
    let place = Place::new();
    encrypted(&place);
    place.file("long.bin", (0..200_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    place.run(&["encrypt", "-o", "x.cdoc2", "--secret-file", "secret.key", "long.bin"]).expect(0);
    place.run(&["encrypt", "-o", "x.cdoc2", "--overwrite", "--secret-file", "secret.key", "a.txt"]).expect(0);
    assert!(fs::metadata(place.path("x.cdoc2")).expect("there").len() < 2_000);
    place.run(&["list", "x.cdoc2", "--secret-file", "secret.key"]).expect(0);
}

#[test]
fn several_files_for_standard_output_are_counted_rightly() {
    let place = Place::new();
    place.secret();
    let mut arguments = vec!["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key"];
    let names = ["a.txt", "b.txt", "c.txt", "d.txt"];
    for name in names {
        place.file(name, name);
    }
    arguments.extend(names);
    place.run(&arguments).expect(0);
    let container = fs::read(place.path("c.cdoc2")).expect("there");
    let piped = place.run_with_input(&["decrypt", "-", "-o", "-", "--secret-file", "secret.key"], &container);
    let read = place.run(&["decrypt", "c.cdoc2", "-o", "-", "--secret-file", "secret.key"]);
    for outcome in [piped.expect(1), read.expect(1)] {
        let told = outcome.stderr();
        assert!(told.contains("holds 4 files, not one") && told.contains("-o DIR"), "{told}");
        assert_eq!(outcome.stdout(), "");
    }
}

#[test]
fn a_folder_where_a_file_belongs_and_the_other_way_round_are_told_as_such() {
    let place = Place::new();
    encrypted(&place);
    fs::create_dir(place.path("d")).expect("made");
    for more in [&[][..], &["--overwrite"]] {
        let encrypt = ["encrypt", "-o", "d", "--secret-file", "secret.key", "a.txt"];
        let told = place.run(&[&encrypt[..], more].concat()).expect(1).stderr();
        assert!(told.contains("d is a folder") && !told.contains("--overwrite"), "{told}");
        let decrypt = ["decrypt", "c.cdoc2", "-o", "a.txt", "--secret-file", "secret.key"];
        for more in [more, &[more, &["--dry-run"]].concat()] {
            let told = place.run(&[&decrypt[..], more].concat()).expect(1).stderr();
            assert!(told.contains("a.txt is not a folder") && !told.contains("--overwrite"), "{told}");
        }
    }
    let nowhere = place.run(&["encrypt", "-o", "nodir/c.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(1);
    assert!(nowhere.stderr().contains("No such file or directory"), "{}", nowhere.stderr());
}

#[test]
fn names_that_reorder_text_or_show_nothing_are_refused_with_a_proposal() {
    let place = Place::new();
    place.secret();
    for (name, safe) in
        [("cod\u{202b}exe.txt", "cod_exe.txt"), ("a\u{2066}b", "a_b"), ("\u{3164}", "file"), ("\u{200b}", "file")]
    {
        place.file(name, "content");
        let arguments = ["encrypt", "--overwrite", "-o", "c.cdoc2", "--secret-file", "secret.key", name];
        let told = place.run(&arguments).expect(1).stderr();
        assert!(told.contains(&format!("{safe:?}")), "{told}");
        place.run(&[&arguments[..], &["--safe-names"]].concat()).expect(0);
        let listed = place.run(&["list", "c.cdoc2", "--secret-file", "secret.key"]).expect(0).stdout();
        assert!(listed.contains(safe), "{listed}");
    }
    // Some scripts are written with joiners.
    place.file("می\u{200c}خواهم.txt", "content");
    place.run(&["encrypt", "-o", "p.cdoc2", "--secret-file", "secret.key", "می\u{200c}خواهم.txt"]).expect(0);
}

#[test]
fn an_input_that_cannot_be_read_is_named_with_what_helps() {
    let place = Place::new();
    place.secret();
    for command in [&["encrypt", "-o", "c.cdoc2", "missing"][..], &["decrypt", "missing", "-o", "out"]] {
        let told = place.run(&[command, &["--secret-file", "secret.key"]].concat()).expect(1).stderr();
        assert!(told.contains("cannot read missing") && told.contains("name another file"), "{told}");
    }
    let told = place.run(&["encrypt", "-o", "c.cdoc2", "secret.key", "--secret-file", "home"]).expect(1).stderr();
    assert!(told.contains("name another file"), "{told}");
}

#[test]
fn wrong_usage_keeps_its_content_as_json() {
    let place = Place::new();
    let detail = |arguments: &[&str]| {
        let told: serde_json::Value =
            serde_json::from_str(&place.run(arguments).expect(2).stderr()).expect("one error as JSON");
        told["error"]["detail"].as_str().expect("a detail").to_owned()
    };
    let missing = detail(&["decrypt", "c.cdoc2", "--json"]);
    assert!(missing.contains("not provided: --output <DIR>") && !missing.contains("Usage"), "{missing}");
    let similar = detail(&["decrypt", "c.cdoc2", "-o", "x", "--overwrit", "--json"]);
    assert!(similar.contains("--overwrit") && similar.contains("--overwrite"), "{similar}");
}

#[test]
fn man_pages_are_of_commands_and_a_full_standard_output_is_called_so() {
    let place = Place::new();
    encrypted(&place);
    place.run(&["man", "pages"]).expect(0);
    let pages: Vec<_> = place.everything().into_iter().filter(|name| name.starts_with("pages/")).collect();
    assert!(pages.iter().any(|name| name.ends_with("kapsel-servers-list.1")), "{pages:?}");
    assert!(pages.iter().all(|name| !name.contains("help")), "{pages:?}");
    let page = |name: &str| fs::read_to_string(place.path("pages").join(name)).expect("written");
    let (main, list) = (page("kapsel.1"), page("kapsel-list.1"));
    assert!(main.contains("\n.SH \"EXIT STATUS\"\n  0  done\n") && !main.contains("EXAMPLES"), "{main}");
    assert!(list.contains("\n.SH EXAMPLES\n  kapsel list ") && !list.contains("EXTRA"), "{list}");
    place.run(&["encrypt", "-o", "one.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let mut command = place.kapsel(&["decrypt", "one.cdoc2", "-o", "-", "--secret-file", "secret.key"]);
    let told = command.stdout(full).output().expect("it runs").stderr;
    let told = String::from_utf8(told).expect("text");
    assert!(told.contains("standard output"), "{told}");
}
