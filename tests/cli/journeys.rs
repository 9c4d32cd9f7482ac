//! What people do with `kapsel`, from one end to the other.

mod support;

use std::{fs, os::unix::fs::symlink};

use support::{Place, dated_certificate, key_pair, openssl};

#[test]
fn files_come_back_for_every_kind_of_recipient() {
    let place = Place::new();
    place.file("in/report.txt", "for your eyes only");
    place.file("in/empty", "");
    place.file("in/deep/õun.txt", "apple");
    place.file("pass.txt", "correct horse\n");
    place.secret();
    let mut arguments = vec!["encrypt", "-o", "all.cdoc2", "in", "--password-file", "pass.txt", "--label", "the horse"];
    arguments.extend(["--secret-file", "secret.key", "--label", "a key"]);
    let pairs: Vec<_> = ["ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "rsa:4096"]
        .iter()
        .map(|algorithm| key_pair(&place, &algorithm.replace(':', "-"), algorithm))
        .collect();
    for (_, certificate) in &pairs {
        arguments.extend(["--recipient", certificate]);
    }
    place.run(&arguments).expect(0);

    let info = place.run(&["info", "all.cdoc2"]).expect(0).stdout();
    assert!(info.contains("the horse") && info.contains("a key") && info.contains("rsa-4096"), "{info}");

    let mut openings: Vec<Vec<&str>> = pairs.iter().map(|(key, _)| vec!["--key", key.as_str()]).collect();
    openings.push(vec!["--password-file", "pass.txt"]);
    openings.push(vec!["--secret-file", "secret.key"]);
    for (index, opening) in openings.iter().enumerate() {
        let folder = format!("out{index}");
        let mut arguments = vec!["decrypt", "all.cdoc2", "-o", &folder];
        arguments.extend(opening);
        place.run(&arguments).expect(0);
        assert_eq!(fs::read(place.path(&folder).join("report.txt")).expect("saved"), b"for your eyes only");
        assert_eq!(fs::read(place.path(&folder).join("empty")).expect("saved"), b"");
        assert_eq!(fs::read(place.path(&folder).join("õun.txt")).expect("saved"), b"apple");
    }
}

#[test]
fn protected_key_files_open_with_their_password() {
    let place = Place::new();
    let (key, certificate) = key_pair(&place, "mari", "ec:P-384");
    place.file("a.txt", "content");
    place.file("pass", "p12 pass");
    place.file("wrong", "other");
    openssl(
        place.root(),
        &["pkcs12", "-export", "-inkey", &key, "-in", &certificate, "-out", "new.p12", "-passout", "file:pass"],
    );
    openssl(
        place.root(),
        &[
            "pkcs12",
            "-export",
            "-legacy",
            "-inkey",
            &key,
            "-in",
            &certificate,
            "-out",
            "old.p12",
            "-passout",
            "file:pass",
        ],
    );
    openssl(place.root(), &["pkcs8", "-topk8", "-in", &key, "-out", "enc.pem", "-passout", "file:pass"]);
    openssl(
        place.root(),
        &["pkcs8", "-topk8", "-in", &key, "-outform", "DER", "-out", "enc.der", "-passout", "file:pass"],
    );
    openssl(place.root(), &["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-outform", "DER", "-out", "plain.der"]);
    openssl(place.root(), &["ec", "-in", &key, "-out", "sec1.pem"]);
    openssl(place.root(), &["x509", "-in", &certificate, "-outform", "DER", "-out", "cert.der"]);
    openssl(place.root(), &["x509", "-in", &certificate, "-noout", "-pubkey", "-out", "pub.pem"]);
    for (index, recipient) in ["mari.crt", "cert.der", "pub.pem"].into_iter().enumerate() {
        let output = format!("c{index}.cdoc2");
        place.run(&["encrypt", "-o", &output, "-r", recipient, "a.txt"]).expect(0);
        let with = [
            ("--p12", "new.p12"),
            ("--p12", "old.p12"),
            ("--key", "enc.pem"),
            ("--key", "enc.der"),
            ("--key", "plain.der"),
            ("--key", "sec1.pem"),
        ];
        for (option, file) in with {
            let listed = place.run(&["list", &output, option, file, "--password-file", "pass"]).expect(0);
            assert!(listed.stdout().contains("a.txt"));
        }
    }
    for (option, file) in [("--p12", "new.p12"), ("--p12", "old.p12"), ("--key", "enc.pem"), ("--key", "enc.der")] {
        let wrong = place.run(&["--json", "list", "c0.cdoc2", option, file, "--password-file", "wrong"]).expect(3);
        assert_eq!(wrong.code(), "key_file_password", "{file}");
        let none = place.run(&["--json", "list", "c0.cdoc2", option, file]).expect(3);
        assert_eq!(none.code(), "key_file_password_needed", "{file}");
        // Each is told with the option that gives the password.
        let again = ["re-encrypt", "c0.cdoc2", "-o", "x.cdoc2", "--password-file", "pass", option, file];
        for (told, cause, advice) in [
            (place.run(&["list", "c0.cdoc2", option, file]), "is protected by a password", "--password-file"),
            (
                place.run(&["list", "c0.cdoc2", option, file, "--password-file", "wrong"]),
                "the password of",
                "--password-file",
            ),
            (place.run(&again), "is protected by a password", "--from-password-file"),
            (
                place.run(&[&again[..], &["--from-password-file", "wrong"]].concat()),
                "the password of",
                "--from-password-file",
            ),
        ] {
            let told = told.expect(3).stderr();
            assert!(told.contains(cause) && told.contains(file) && told.contains(advice), "{told}");
        }
    }
    openssl(place.root(), &["genrsa", "-out", "rsa.pem", "2048"]);
    openssl(place.root(), &["rsa", "-in", "rsa.pem", "-pubout", "-outform", "DER", "-out", "rsa.der"]);
    let private = place.run(&["--json", "encrypt", "-o", "x.cdoc2", "-r", &key, "a.txt"]).expect(1);
    assert_eq!(private.code(), "recipient_is_private");
    let (_, weak) = key_pair(&place, "weak", "rsa:1024");
    let weak = |as_json: &[&str]| {
        place.run(&[as_json, &["encrypt", "-o", "x.cdoc2", "-r", &weak, "a.txt"]].concat()).expect(1)
    };
    assert_eq!(weak(&["--json"]).code(), "recipient_key_weak");
    let told = weak(&[]).stderr();
    assert!(told.contains("RSA of 1024 bits, and at least 2048 are needed") && told.contains("a longer key"), "{told}");
    // Before anybody is asked for a password, what is wrong with a key is told as the sender's.
    let spki = fs::read(place.path("rsa.der")).expect("made");
    let exponent = spki.len() - 3;
    assert_eq!(spki[exponent..], [1, 0, 1]);
    place.file("even.der", [&spki[..exponent], &[1, 0, 2]].concat());
    let even = place.run(&["--json", "encrypt", "-o", "x.cdoc2", "-r", "even.der", "a.txt"]).expect(1);
    assert_eq!(even.code(), "recipient_unusable");
    let public = place.run(&["--json", "list", "c0.cdoc2", "--key", &certificate]).expect(1);
    assert_eq!(public.code(), "key_file_is_public");
    assert!(public.stderr().contains("private key"), "{}", public.stderr());
}

#[test]
fn pipes_carry_containers_and_files() {
    let place = Place::new();
    place.secret();
    let content: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    place.file("big.bin", &content);
    let container = place.run(&["encrypt", "-o", "-", "--secret-file", "secret.key", "big.bin"]).expect(0).0.stdout;
    let opened =
        place.run_with_input(&["decrypt", "-", "-o", "-", "--secret-file", "secret.key"], &container).expect(0);
    assert!(opened.0.stdout == content);
    place.run_with_input(&["decrypt", "-", "-o", "out", "--secret-file", "secret.key"], &container).expect(0);
    assert!(fs::read(place.path("out/big.bin")).expect("saved") == content);

    place
        .run_with_input(
            &["encrypt", "-o", "in.cdoc2", "--name", "got.txt", "--secret-file", "secret.key", "-"],
            b"piped",
        )
        .expect(0);
    let opened = place.run(&["decrypt", "in.cdoc2", "-o", "-", "--secret-file", "secret.key"]).expect(0);
    assert_eq!(opened.0.stdout, b"piped");

    // Altered on the way: not a byte comes out.
    let mut altered = container;
    *altered.last_mut().expect("not empty") ^= 1;
    let refused = place.run_with_input(&["decrypt", "-", "-o", "-", "--secret-file", "secret.key"], &altered).expect(4);
    assert!(refused.0.stdout.is_empty());
    place.run_with_input(&["decrypt", "-", "-o", "never", "--secret-file", "secret.key"], &altered).expect(4);
    assert!(!place.path("never").exists());
}

#[test]
fn encrypting_again_needs_no_plaintext_on_disk() {
    let place = Place::new();
    place.secret();
    place.file("pass", "for keeping");
    place.file("a.txt", "content of a");
    place.file("b.txt", "content of b");
    place.run(&["encrypt", "-o", "one.cdoc2", "--secret-file", "secret.key", "a.txt", "b.txt"]).expect(0);
    fs::remove_file(place.path("a.txt")).expect("removed");
    fs::remove_file(place.path("b.txt")).expect("removed");
    let arguments =
        ["re-encrypt", "one.cdoc2", "-o", "two.cdoc2", "--from-secret-file", "secret.key", "--password-file", "pass"];
    place.run(&arguments).expect(0);
    assert!(place.holds(b"content of a").is_empty());
    let listed = place.run(&["--json", "list", "two.cdoc2", "--password-file", "pass"]).expect(0);
    let value: serde_json::Value = serde_json::from_str(&listed.stdout()).expect("JSON");
    assert_eq!(value["files"][1]["name"], "b.txt");
    // The old key opens the new container no more.
    place.run(&["list", "two.cdoc2", "--secret-file", "secret.key"]).expect(3);
    // Onto itself, it would lose the source.
    let same = [
        "re-encrypt",
        "one.cdoc2",
        "-o",
        "one.cdoc2",
        "--overwrite",
        "--from-secret-file",
        "secret.key",
        "--password-file",
        "pass",
    ];
    assert!(place.run(&same).expect(1).stderr().contains("both input and output"));
    // An altered source gives nothing.
    let mut bytes = fs::read(place.path("one.cdoc2")).expect("there");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    place.file("altered.cdoc2", bytes);
    let arguments = [
        "re-encrypt",
        "altered.cdoc2",
        "-o",
        "three.cdoc2",
        "--from-secret-file",
        "secret.key",
        "--password-file",
        "pass",
    ];
    place.run(&arguments).expect(4);
    assert!(!place.path("three.cdoc2").exists());
}

#[test]
fn failures_have_codes_and_statuses() {
    let place = Place::new();
    place.secret();
    place.file("other.key", [9; 32]);
    place.file("short.key", [9; 31]);
    place.file("pass", "right");
    place.file("wrong", "wrong");
    place.file("a.txt", "content");
    place.file(
        "old.cdoc",
        "<?xml version=\"1.0\"?><denc:EncryptedData xmlns:denc=\"http://www.w3.org/2001/04/xmlenc#\"/>",
    );
    place.run(&["encrypt", "-o", "s.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    place.run(&["encrypt", "-o", "p.cdoc2", "--password-file", "pass", "--label", "my hint", "a.txt"]).expect(0);
    let mut version = fs::read(place.path("s.cdoc2")).expect("there");
    version[4] = 3;
    place.file("v3.cdoc2", version);
    let cases: [(&[&str], i32, &str); 12] = [
        (&["list", "s.cdoc2", "--secret-file", "other.key"], 3, "wrong_key"),
        (&["list", "p.cdoc2", "--password-file", "wrong"], 3, "wrong_password"),
        (&["list", "p.cdoc2", "--secret-file", "secret.key"], 3, "not_a_recipient"),
        (&["list", "s.cdoc2", "--secret-file", "short.key"], 1, "secret_too_short"),
        (&["info", "a.txt"], 4, "not_a_container"),
        (&["info", "old.cdoc"], 4, "old_format"),
        (&["info", "v3.cdoc2"], 4, "unsupported_format"),
        (&["info", "missing"], 1, "not_readable"),
        (&["encrypt", "-o", "x.cdoc2", "a.txt"], 2, "no_recipients"),
        (&["encrypt", "-o", "s.cdoc2", "--secret-file", "secret.key", "a.txt"], 1, "already_exists"),
        (&["encrypt", "-o", "x.cdoc2", "--secret-file", "short.key", "a.txt"], 1, "secret_too_short"),
        (&["encrypt", "-o", "x.cdoc2", "--recipient", "a.txt", "a.txt"], 1, "recipient_unusable"),
    ];
    for (arguments, status, code) in cases {
        let outcome = place.run(&[&["--json"], arguments].concat()).expect(status);
        assert_eq!(outcome.code(), code, "{arguments:?}");
    }
    assert!(place.run(&["list", "p.cdoc2", "--password-file", "wrong"]).expect(3).stderr().contains("my hint"));
    place.run(&["encrypt", "a.txt"]).expect(2);
    let keyless = place.run(&["list", "s.cdoc2"]).expect(2).stderr();
    assert!(keyless.contains("name a key") && !keyless.contains("Usage"), "{keyless}");
    let arguments = ["encrypt", "-o", "x.cdoc2", "--label", "before", "--password-file", "pass", "a.txt"];
    assert!(place.run(&arguments).expect(2).stderr().contains("--label names"));
}

#[test]
fn a_person_is_asked_for_the_password_of_a_protected_key() {
    let place = Place::new();
    let (key, certificate) = key_pair(&place, "mari", "ec:P-384");
    place.file("a.txt", "content");
    place.file("pass", "p12 pass");
    openssl(place.root(), &["pkcs8", "-topk8", "-in", &key, "-out", "enc.pem", "-passout", "file:pass"]);
    place.run(&["encrypt", "-o", "c.cdoc2", "-r", &certificate, "a.txt"]).expect(0);
    let listed =
        place.on_terminal(&["list", "c.cdoc2", "--key", "enc.pem"], &[("Password of enc.pem: ", "p12 pass\n")]);
    assert!(listed.stdout().contains("a.txt"), "{}", listed.stdout());
    assert!(!listed.stdout().contains("p12 pass"), "it is not shown");
    let wrong = place.on_terminal(&["list", "c.cdoc2", "--key", "enc.pem"], &[("Password of enc.pem: ", "other\n")]);
    assert!(wrong.stdout().contains("the password of enc.pem is wrong"), "{}", wrong.stdout());
}

#[test]
fn a_new_password_is_asked_for_until_it_is_typed_twice_and_nothing_typed_cancels() {
    let place = Place::new();
    place.file("a.txt", "content");
    let encrypt = ["encrypt", "-o", "c.cdoc2", "--password", "a.txt"];
    let typed = [("Password: ", "one\n"), ("again: ", "other\n"), ("Password: ", "same\n"), ("again: ", "same\n")];
    let shown = place.on_terminal(&encrypt, &typed);
    assert!(shown.stdout().contains("differ") && shown.stdout().contains("Encrypted 1 file"), "{}", shown.stdout());
    place.file("same", "same");
    place.file("wrong", "wrong");
    place.run(&["list", "c.cdoc2", "--password-file", "same"]).expect(0);
    let wrong = place.run(&["list", "c.cdoc2", "--password-file", "wrong"]).expect(3).stderr();
    assert!(!wrong.contains("hint"), "nobody gave one: {wrong}");
    let cancelled = place.on_terminal(&["list", "c.cdoc2"], &[("Password: ", "\u{4}")]);
    assert!(cancelled.stdout().contains("cancelled"), "{}", cancelled.stdout());
}

#[test]
fn what_is_typed_on_a_terminal_that_is_not_utf_8_is_no_password() {
    let place = Place::new();
    place.file("a.txt", "content");
    let encrypt = ["encrypt", "-o", "c.cdoc2", "--password", "a.txt"];
    let shown = place.on_terminal(&encrypt, &[("Password: ", b"p\xe4ss w\xf6rd\n")]);
    assert!(shown.stdout().contains("is not UTF-8"), "{}", shown.stdout());
    assert!(!place.path("c.cdoc2").exists(), "another password would open it, too");
}

#[test]
fn a_file_with_content_and_no_size_is_not_taken_for_an_empty_one() {
    let place = Place::new();
    place.secret();
    let encrypt = ["--json", "encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "/proc/cpuinfo"];
    assert_eq!(place.run(&encrypt).expect(1).code(), "input_changed");
    assert!(!place.path("c.cdoc2").exists());
}

#[test]
fn what_replaces_a_file_keeps_out_whom_that_kept_out() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.secret();
    place.file("a.txt", "new");
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    fs::set_permissions(place.path("a.txt"), fs::Permissions::from_mode(0o600)).expect("changed");
    place.run(&["decrypt", "c.cdoc2", "-o", ".", "--overwrite", "--secret-file", "secret.key"]).expect(0);
    assert_eq!(fs::metadata(place.path("a.txt")).expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn links_in_a_folder_are_left_out_and_named() {
    let place = Place::new();
    place.secret();
    place.file("elsewhere/private.txt", "nobody chose this");
    place.file("in/a.txt", "content");
    symlink("../elsewhere/private.txt", place.path("in/private.txt")).expect("linked");
    symlink("../elsewhere", place.path("in/more")).expect("linked");
    let told = place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "in"]).expect(0).stderr();
    assert!(told.contains("in/private.txt") && told.contains("in/more"), "{told}");
    let listed = place.run(&["list", "c.cdoc2", "--secret-file", "secret.key"]).expect(0).stdout();
    assert!(listed.contains("a.txt") && !listed.contains("private"), "{listed}");
    // One that a person names is followed.
    place.run(&["encrypt", "-o", "d.cdoc2", "--secret-file", "secret.key", "in/private.txt"]).expect(0);
}

#[test]
fn a_dry_run_says_everything_and_writes_nothing() {
    let place = Place::new();
    place.secret();
    place.file("a.txt", "content");
    let outcome =
        place.run(&["encrypt", "--dry-run", "-o", "x.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    assert!(outcome.stdout().contains("Would encrypt 1 file"));
    assert!(!place.path("x.cdoc2").exists());
    // What encrypting would refuse.
    fs::hard_link(place.path("a.txt"), place.path("same.cdoc2")).expect("linked");
    let label = "x".repeat(5000);
    let cases: [(&[&str], &str); 2] = [
        (&["--overwrite", "-o", "same.cdoc2"], "output_is_input"),
        (&["-o", "x.cdoc2", "--secret-file", "secret.key", "--label", &label], "name_not_allowed"),
    ];
    for (arguments, code) in cases {
        let common = ["--json", "encrypt", "--dry-run", "--secret-file", "secret.key", "a.txt"];
        assert_eq!(place.run(&[&common[..], arguments].concat()).expect(1).code(), code);
    }
    place.run(&["encrypt", "-o", "x.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    place.file("b.txt", "more");
    place.run(&["encrypt", "-o", "two.cdoc2", "--secret-file", "secret.key", "a.txt", "b.txt"]).expect(0);
    let before = place.everything();
    place.run(&["decrypt", "--dry-run", "x.cdoc2", "-o", "out", "--secret-file", "secret.key"]).expect(0);
    // What decrypting would refuse.
    place.run(&["decrypt", "--dry-run", "two.cdoc2", "-o", "-", "--secret-file", "secret.key"]).expect(1);
    place.run(&["decrypt", "--dry-run", "x.cdoc2", "-o", "/proc/out", "--secret-file", "secret.key"]).expect(1);
    assert_eq!(place.everything(), before);
}

#[test]
fn a_key_named_twice_gets_one_record() {
    let place = Place::new();
    let (_, certificate) = key_pair(&place, "mari", "ec:secp384r1");
    fs::copy(place.path(&certificate), place.path("again.crt")).expect("copied");
    place.file("letter.txt", "hello");
    let outcome = place.run(&[
        "encrypt",
        "-o",
        "c.cdoc2",
        "-r",
        &certificate,
        "-r",
        "again.crt",
        "-r",
        &certificate,
        "letter.txt",
    ]);
    assert_eq!(outcome.expect(0).stderr().matches("the same key stands twice").count(), 2);
    let info = place.run(&["info", "--json", "c.cdoc2"]).expect(0).stdout();
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["records"].as_array().map(Vec::len), Some(1));
    place.secret();
    fs::copy(place.path("secret.key"), place.path("copy.key")).expect("copied");
    let secrets = ["--secret-file", "secret.key", "--secret-file", "copy.key"];
    let outcome = place.run(&[&["encrypt", "-o", "s.cdoc2", "letter.txt"], &secrets[..]].concat()).expect(0);
    assert_eq!(outcome.stderr().matches("copy.key: the same key stands twice").count(), 1, "{}", outcome.stderr());
    let labelled = [&["encrypt", "-o", "l.cdoc2", "letter.txt"], &secrets[..], &["--label", "another"]].concat();
    assert_eq!(place.run(&labelled).expect(0).stderr(), "", "another label is another way in");
    // Of a certificate and its bare key the one stays that tells whose it is.
    openssl(place.root(), &["x509", "-in", &certificate, "-noout", "-pubkey", "-out", "mari.pub"]);
    for order in [["mari.pub", &certificate], [&certificate, "mari.pub"]] {
        let encrypt = ["encrypt", "-o", "k.cdoc2", "--overwrite", "letter.txt", "-r", order[0], "-r", order[1]];
        let outcome = place.run(&encrypt).expect(0);
        assert!(outcome.stderr().contains("note: mari.pub: the same key stands twice; once is enough"));
        assert!(outcome.stdout().contains("for certificate mari\n"), "{}", outcome.stdout());
        let info = place.run(&["info", "k.cdoc2"]).expect(0).stdout();
        assert!(info.contains("  1  certificate mari [P-384]") && !info.contains("  2  "), "{info}");
    }
    place.file("password", "long enough to be a password\n");
    fs::copy(place.path("password"), place.path("copy")).expect("copied");
    let passwords =
        ["encrypt", "-o", "p.cdoc2", "letter.txt", "--password-file", "password", "--password-file", "copy"];
    let told = place.run(&passwords).expect(0).stderr();
    assert_eq!(told, "note: the same password stands twice; once is enough\n");
    let info = place.run(&["info", "--json", "p.cdoc2"]).expect(0).stdout();
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["records"].as_array().map(Vec::len), Some(1));
    let labelled = [&passwords[..], &["--overwrite", "--label", "another"]].concat();
    assert_eq!(place.run(&labelled).expect(0).stderr(), "", "another label is another way in");
    let twice =
        ["encrypt", "-o", "d.cdoc2", "--password-file", "password", "--label", "a", "--label", "b", "letter.txt"];
    place.run(&twice).expect(2);
}

#[test]
fn what_is_told_is_told_as_people_say_it() {
    let place = Place::new();
    place.secret();
    place.file("a.txt", "content");
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "a.txt", "--label", "x"]).expect(0);
    let opening = ["decrypt", "c.cdoc2", "--secret-file", "secret.key", "-o"];
    let mut negative = fs::read(place.path("c.cdoc2")).expect("there");
    negative[5..9].fill(0xff);
    place.file("negative.cdoc2", negative);
    for (arguments, status, words) in [
        (&[&opening[..], &["out", "--max-size", "1"]].concat()[..], 7, "the limit of 1 byte of content\n"),
        (&[&opening[..], &["out", "--max-size", "2"]].concat(), 7, "the limit of 2 bytes of content\n"),
        (&[&opening[..], &["out", "--max-files", "0"]].concat(), 7, "the limit of 0 files\n"),
        (&[&opening[..], &["no/such"]].concat(), 1, "cannot write to no: there is no such folder\n"),
        (&["info", "negative.cdoc2"], 4, "its header has a negative length\n"),
    ] {
        let told = place.run(arguments).expect(status).stderr();
        assert!(told.contains(words), "{told}");
    }
    for (subject, shown) in [
        ("/CN= mari", "certificate mari\n"),
        ("/CN=\\\\mari", "certificate \\mari\n"),
        ("/OU= mari", "certificate OU=mari\n"),
        ("/OU=\\\\mari", "certificate OU=\\mari\n"),
        ("/OU=a,b/emailAddress=mari@example.ee", "certificate EMAIL=mari@example.ee,OU=a,b\n"),
    ] {
        let request = ["req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
        let files = ["-keyout", "own.pem", "-out", "own.crt", "-days", "3", "-subj", subject];
        openssl(place.root(), &[&request[..], &files].concat());
        let encrypt = ["encrypt", "--overwrite", "-o", "own.cdoc2", "-r", "own.crt", "a.txt"];
        let made = place.run(&encrypt).expect(0).stdout();
        assert!(made.contains(shown), "{subject}: {made}");
    }
}

#[test]
fn notes_in_json_stand_by_themselves() {
    let place = Place::new();
    let later = dated_certificate(&place, "mari", [2090, 2091]);
    place.file("a.txt", "content");
    place.file("weak", "kala");
    let encrypt = ["encrypt", "-o", "c.cdoc2", "--overwrite", "-r", &later, "--password-file", "weak", "a.txt"];
    let told = place.run(&encrypt).expect(0).stderr();
    let warning = "mari: the certificate is not valid yet";
    assert!(told.starts_with("note: the password is weak: "), "{told}");
    assert!(told.ends_with(&format!("\nwarning: {warning}\n")), "{told}");
    let made = place.run(&[&["--json"], &encrypt[..]].concat()).expect(0);
    assert_eq!(made.stderr(), "");
    let made: serde_json::Value = serde_json::from_str(&made.stdout()).expect("JSON");
    let notes = made["notes"].as_array().expect("notes");
    assert!(notes[0].as_str().is_some_and(|note| note.starts_with("the password is weak: ")), "{notes:?}");
    assert_eq!(notes[1..], [warning]);
}

#[test]
fn verbose_tells_the_steps_and_nobody() {
    let place = Place::new();
    place.secret();
    place.file("other.key", [9; 32]);
    place.file("saladus.txt", "content");
    let (key, certificate) = key_pair(&place, "marimets", "ec:secp384r1");
    let encrypt =
        ["encrypt", "-o", "c.cdoc2", "-r", &certificate, "--secret-file", "secret.key", "--label", "koduvoti"];
    let written = place.run(&[&encrypt[..], &["-v", "saladus.txt"]].concat()).expect(0).stderr();
    let decrypt = ["-v", "decrypt", "c.cdoc2", "-o"];
    let refused = place.run(&[&decrypt[..], &["out", "--secret-file", "other.key"]].concat()).expect(3).stderr();
    let opened = place.run(&[&decrypt[..], &["out", "--key", &key]].concat()).expect(0).stderr();
    for (told, steps) in [
        (&written, ["files=1 bytes=7", "certificate", "P-384", "symmetric key", "HKDF"]),
        (
            &refused,
            ["version 2", "records=2", "fitting_records=1", "record=1", "what it gives is not the container's key"],
        ),
        (&opened, ["version 2", "private key of a file", "record=0", "it opens the container", "is authentic"]),
    ] {
        for step in steps {
            assert!(told.contains(step), "{step} is not in {told}");
        }
        // Whom a sender is warned about is named beside it.
        let log: Vec<_> = told.lines().filter(|line| line.contains("DEBUG")).collect();
        assert!(
            log.iter()
                .all(|line| line.trim_start().split_once("s ").is_some_and(|(time, _)| time.parse::<f64>().is_ok()))
        );
        for name in ["marimets", "koduvoti", "saladus"] {
            assert!(log.iter().all(|line| !line.contains(name)), "{name}: {log:?}");
        }
    }
}

#[test]
fn completions_and_man_pages_are_made() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(place.run(&["completions", shell]).expect(0).stdout().contains("re-encrypt"));
    }
    place.run(&["man", "man"]).expect(0);
    let page = fs::read_to_string(place.path("man/kapsel-encrypt.1")).expect("made");
    assert!(page.contains("recipient") && page.contains(".SH EXAMPLES") && !page.contains(".SH EXTRA"));
    assert!(place.path("man/kapsel-servers-add.1").exists());
}

#[test]
fn a_password_without_a_name_is_called_a_password() {
    let place = Place::new();
    place.secret();
    place.file("pass", "kolm kassi");
    place.file("a.txt", "a");
    place.run(&["encrypt", "-o", "p.cdoc2", "--password-file", "pass", "a.txt"]).expect(0);
    let info = place.run(&["info", "p.cdoc2"]).expect(0).stdout();
    assert!(info.contains("  1  password [PBKDF2, ") && !info.contains("Kapsel"), "{info}");
    let (key, _) = key_pair(&place, "mari", "ec:P-384");
    let told = place.run(&["list", "p.cdoc2", "--key", &key]).expect(3).stderr();
    assert!(told.contains("it is for whoever knows the password"), "{told}");
    let made = place.run(&["encrypt", "-o", "s.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0).stdout();
    assert!(made.contains("for symmetric key\n"), "{made}");
}

#[test]
fn so_many_files_that_kapsel_refuses_them_are_warned_of() {
    let place = Place::new();
    place.secret();
    for number in 0..10_001 {
        place.file(&format!("in/{number}"), "");
    }
    let noted = place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "in"]).expect(0).stderr();
    assert!(noted.contains("more than 10000 files") && noted.contains("--max-files"), "{noted}");
    place.run(&["list", "c.cdoc2", "--secret-file", "secret.key"]).expect(7);
    place.run(&["list", "c.cdoc2", "--secret-file", "secret.key", "--max-files", "10001"]).expect(0);
}

#[test]
fn a_proxy_address_with_a_password_is_told_where_it_belongs() {
    let place = Place::new();
    let told = place.run(&["network", "set-proxy", "http://mari:salasona@proxy.example:3128"]).expect(5).stderr();
    assert!(told.contains("set-proxy --user") && told.contains("keyring") && !told.contains("salasona"), "{told}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_password() {
    let place = Place::new();
    place.file("a.txt", "content");
    place.file("marked", b"\xef\xbb\xbfkalapuder\r\n");
    place.file("plain", "kalapuder");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    place.file("utf16", utf16("\u{feff}kalapuder\r\n"));
    place.run(&["encrypt", "-o", "c.cdoc2", "--password-file", "marked", "a.txt"]).expect(0);
    for file in ["plain", "marked"] {
        place.run(&["list", "c.cdoc2", "--password-file", file]).expect(0);
    }
    place.run_with_input(&["list", "c.cdoc2", "--password-stdin"], b"\xef\xbb\xbfkalapuder\n").expect(0);
    let refused = place.run(&["list", "c.cdoc2", "--password-file", "utf16"]).expect(1).stderr();
    assert!(refused.contains("UTF-16; save it as UTF-8"), "{refused}");
}

#[test]
fn a_wrong_password_of_letters_with_marks_is_said_to_be_written_in_two_ways() {
    let place = Place::new();
    place.file("a.txt", "content");
    place.file("composed", "õunapuu");
    place.file("decomposed", "o\u{303}unapuu");
    place.file("other", "pirnipuu");
    place.run(&["encrypt", "-o", "c.cdoc2", "--password-file", "composed", "a.txt"]).expect(0);
    let marked = place.run(&["list", "c.cdoc2", "--password-file", "decomposed"]).expect(3).stderr();
    assert!(marked.contains("written in two ways"), "{marked}");
    let plain = place.run(&["list", "c.cdoc2", "--password-file", "other"]).expect(3).stderr();
    assert!(!plain.contains("written in two ways"), "{plain}");
}

#[test]
fn a_label_that_tells_the_password_is_refused_and_a_weak_password_is_noted() {
    let place = Place::new();
    place.file("a.txt", "content");
    place.file("weak", "kala");
    place.file("strong", "Hobune5-klamber7-Patarei3-aku");
    for label in ["kala", "it is Kala"] {
        let arguments = ["encrypt", "-o", "c.cdoc2", "--password-file", "weak", "--label", label, "a.txt"];
        let refused = place.run(&arguments).expect(2).stderr();
        assert!(refused.contains("the label holds the password"), "{refused}");
        assert!(!place.path("c.cdoc2").exists());
    }
    let weak = place.run(&["encrypt", "-o", "w.cdoc2", "--password-file", "weak", "--label", "a fish", "a.txt"]);
    assert!(weak.expect(0).stderr().contains("the password is weak"));
    let strong = place.run(&["encrypt", "-o", "s.cdoc2", "--password-file", "strong", "a.txt"]).expect(0).stderr();
    assert_eq!(strong, "");
}

#[test]
fn a_password_beyond_those_that_are_tried_is_not_only_called_wrong() {
    let place = Place::new();
    place.file("a.txt", "content");
    let mut arguments = vec!["encrypt".to_owned(), "-o".to_owned(), "c.cdoc2".to_owned(), "a.txt".to_owned()];
    for number in 0..18 {
        place.file(&format!("pass{number}"), format!("password number {number}"));
        arguments.extend(["--password-file".to_owned(), format!("pass{number}")]);
    }
    place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
    place.run(&["list", "c.cdoc2", "--password-file", "pass15"]).expect(0);
    let told = place.run(&["list", "c.cdoc2", "--password-file", "pass17"]).expect(3).stderr();
    assert!(told.contains("its record was not tried: only the first 16") && told.contains("(not tried: 2)"), "{told}");
    assert!(told.starts_with("kapsel: the password is wrong") && !told.contains("WARN"), "{told}");
    let json = place.run(&["--json", "list", "c.cdoc2", "--password-file", "pass17"]).expect(3);
    let error: serde_json::Value = serde_json::from_str(&json.stderr()).expect("JSON");
    assert_eq!((&error["error"]["code"], &error["error"]["number"]), (&"wrong_password".into(), &2.into()));
}
