//! Modules that break: each has its code, the program survives it, and nothing of the module stays behind.

use std::{
    fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{
    stage::{LETTER, SOFTHSM, Stage, module},
    support::Outcome,
};

fn stage() -> Stage {
    let stage = Stage::new();
    let certificate = stage.key("mari", "ec:secp384r1");
    stage.letter(&certificate, &[]);
    stage
}

/// Processes of modules below one of ours.
fn helpers_of(parent: u32) -> Vec<String> {
    let children = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten().flat_map(|task| {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    children.filter(|child| is_helper(child)).collect()
}

fn is_helper(process: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/cmdline")).is_ok_and(|line| line.contains("--serve-pkcs11-module"))
}

#[test]
fn a_module_that_hangs_is_given_up() {
    thread::scope(|scope| {
        for (function, seconds) in
            [("C_Initialize", 10), ("C_GetSlotList", 10), ("C_GetTokenInfo", 10), ("C_Login", 20), ("C_DeriveKey", 20)]
        {
            scope.spawn(move || {
                let (stage, begin) = (stage(), Instant::now());
                let error = stage.fails(&format!("hang:{function}"), "right", "token_unusable");
                assert!(error["detail"].as_str().is_some_and(|words| words.contains(&format!("{seconds} seconds"))));
                assert!(begin.elapsed() < Duration::from_secs(seconds + 15), "{:?}", begin.elapsed());
            });
        }
        // It has done what it was asked for, and does not end.
        scope.spawn(|| {
            let (stage, begin) = (stage(), Instant::now());
            stage.opening_with_fault("hang:C_Finalize", "right", &[]).expect(0);
            stage.is_saved();
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        });
    });
}

#[test]
fn a_module_that_crashes_takes_nothing_with_it() {
    let stage = stage();
    for function in ["C_Initialize", "C_GetSlotList", "C_GetTokenInfo", "C_FindObjects", "C_Login", "C_DeriveKey"] {
        for (fault, words) in [("abort", "signal 6"), ("segv", "signal 11"), ("exit", "exit status 0")] {
            let error = stage.fails(&format!("{fault}:{function}"), "right", "token_unusable");
            assert!(error["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{error}");
        }
    }
    stage.opens(SOFTHSM, &[]);
}

#[test]
fn what_a_module_prints_and_reads_is_nobodys() {
    let stage = stage();
    let outcome = stage.opening_with_fault("prints", "right", &[]).expect(0);
    stage.is_saved();
    assert!(!outcome.stdout().contains("a module that prints") && outcome.stderr().is_empty(), "{}", outcome.stderr());
    // What comes on standard input is the program's.
    let mut command = stage.opening(&module("faulty"), "/dev/stdin", &[]);
    let mut child =
        command.env("FAULT", "prints").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("kapsel");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"1234\n").expect("written");
    Outcome(child.wait_with_output().expect("it ends")).expect(0);
    stage.is_saved();
}

#[test]
fn absurd_numbers_and_lengths_are_refused() {
    let stage = stage();
    for fault in ["many slots", "many objects", "long values", "long secret"] {
        stage.fails(fault, "right", "token_unusable");
    }
    // Mechanisms that cannot be told are tried; of endless objects, some are looked at.
    let outcome = stage.opening_with_fault("many mechanisms", "right", &[]);
    assert!(matches!(outcome.status(), 0 | 6), "{}", outcome.stderr());
    let outcome = stage.opening_with_fault("endless objects", "right", &[]);
    assert!(matches!(outcome.status(), 3 | 6), "{}", outcome.stderr());
    assert!(!stage.place.path("out").exists() || outcome.status() == 0);
}

#[test]
fn a_module_without_the_mechanism_costs_no_pin() {
    let stage = stage();
    let error = stage.fails("no mechanisms", "right", "token_unusable");
    assert!(error["detail"].as_str().is_some_and(|words| words.contains("CKM_ECDH1_DERIVE")), "{error}");
    assert_eq!(stage.logins(), 0);
    let error = stage.fails("lack:C_DeriveKey", "right", "token_unusable");
    assert!(
        error["detail"].as_str().is_some_and(|words| words.contains("C_DeriveKey: CKR_MECHANISM_INVALID")),
        "{error}"
    );
    let mut command = stage.kapsel(&["keys", "test", "--pkcs11", &module("faulty"), "--json"]);
    let outcome = Outcome(command.env("FAULT", "no mechanisms").output().expect("kapsel starts")).expect(6);
    assert_eq!(outcome.code(), "token_unusable");
}

#[test]
fn modules_that_take_other_forms_are_served() {
    let stage = stage();
    stage.opening_with_fault("der only", "right", &[]).expect(0);
    stage.is_saved();
    assert_eq!(stage.logins(), 1);
    // The PIN was right, and the token has forgotten it.
    stage.opening_with_fault("forgets", "right", &[]).expect(0);
    stage.is_saved();
    assert_eq!(stage.logins(), 2);
}

#[test]
fn a_wrong_pin_is_sent_once_and_the_last_try_not_risked() {
    const COUNT_LOW: &str = "flags:0x10000";
    const FINAL_TRY: &str = "flags:0x20000";
    const LOCKED: &str = "flags:0x40000";
    const TO_BE_CHANGED: &str = "flags:0x80000";
    let stage = stage();
    let error = stage.fails("", "wrong", "pin_incorrect");
    assert_eq!((&error["number"], &error["subject"]), (&serde_json::Value::Null, &"token".into()));
    assert_eq!(stage.logins(), 1);
    stage.fails(COUNT_LOW, "wrong", "pin_incorrect");
    assert_eq!(stage.logins(), 1);
    for (flags, code) in [(FINAL_TRY, "pin_last_try"), (LOCKED, "pin_blocked"), (TO_BE_CHANGED, "pin_change_required")]
    {
        stage.fails(flags, "right", code);
        assert_eq!(stage.logins(), 0, "{code}");
    }
    let outcome = stage.opening_with_fault(FINAL_TRY, "wrong", &["--last-try"]).expect(6);
    let error: serde_json::Value = serde_json::from_str(&outcome.stderr()).expect("JSON");
    assert_eq!((&error["error"]["code"], &error["error"]["number"]), (&"pin_incorrect".into(), &1.into()));
    stage.opening_with_fault(FINAL_TRY, "right", &["--last-try"]).expect(0);
    stage.is_saved();
    assert_eq!(stage.logins(), 2);
    // By the token's own word, SoftHSM's PINs have four characters and more.
    stage.place.file("short", "123\n");
    stage.place.file("empty", "\n");
    stage.place.file("long", "9".repeat(256));
    for pin in ["short", "empty", "long"] {
        stage.fails("", pin, "pin_incorrect");
    }
    assert_eq!(stage.logins(), 0);
}

#[test]
fn a_module_with_a_hole_in_its_list_of_functions_is_told_of() {
    let stage = stage();
    for function in ["C_Initialize", "C_GetSlotList", "C_GetTokenInfo", "C_FindObjects", "C_Login", "C_DeriveKey"] {
        let error = stage.fails(&format!("null:{function}"), "right", "token_unusable");
        assert!(
            error["detail"].as_str().is_some_and(|words| words.contains("no such function")),
            "{function}: {error}"
        );
    }
    // Nobody needs what it has not got.
    stage.opening_with_fault("null:C_Sign", "right", &[]).expect(0);
    stage.is_saved();
}

#[test]
fn a_token_that_takes_anothers_place_gets_no_pin() {
    let stage = stage();
    stage.fails("another", "right", "card_removed");
    assert_eq!(stage.logins(), 0);
}

#[test]
fn a_pin_is_entered_at_a_reader_that_takes_it() {
    let stage = stage();
    let open = |fault| {
        let arguments = ["decrypt", "letter.cdoc2", "-o", "out", "--json", "--pkcs11", &module("faulty")];
        Outcome(stage.kapsel(&arguments).env("FAULT", fault).output().expect("kapsel starts"))
    };
    let outcome = open("pad").expect(0);
    assert!(outcome.stdout().contains("enter the PIN of mari at the reader"), "{}", outcome.stdout());
    stage.is_saved();
    assert_eq!(open("pad cancelled").expect(6).code(), "pin_cancelled");
    assert_eq!(stage.logins(), 2);
}

#[test]
fn of_many_slots_the_one_that_is_named_is_looked_at() {
    let stage = stage();
    let list = |fault: &str, more: &[&str]| {
        let module = module("faulty");
        let mut command = stage.kapsel(&[&["keys", "list", "--pkcs11", &module], more].concat());
        Outcome(command.env("FAULT", fault).output().expect("kapsel starts")).expect(0).stdout()
    };
    let listed: serde_json::Value = serde_json::from_str(&list("none", &["--json"])).expect("JSON");
    assert_eq!(listed["modules"][0]["leftOut"], 0);
    let slot = listed["modules"][0]["tokens"][0]["slot"].to_string();
    let outcome = stage.opening_with_fault("crowd", "right", &[]).expect(6);
    assert_eq!(outcome.code(), "no_token");
    assert!(outcome.stderr().contains("first 16") && outcome.stderr().contains("--slot"), "{}", outcome.stderr());
    assert!(list("crowd", &[]).contains("slots more, which were not looked at: --slot names one"));
    assert!(list("crowd", &["--slot", &slot]).contains("mari"));
    stage.opening_with_fault("crowd", "right", &["--slot", &slot]).expect(0);
    stage.is_saved();
}

#[test]
fn what_a_module_says_is_told_in_words_that_can_be_looked_up() {
    let stage = stage();
    // Nobody was asked at a reader.
    let error = stage.fails("cancel:C_Login", "right", "token_unusable");
    assert!(error["detail"].as_str().is_some_and(|words| words.contains("cancels the login")), "{error}");
    let error = stage.fails("own:C_Login", "right", "token_unusable");
    let words = "the PKCS#11 module failed: C_Login: an error of the module's own, 0x80000001";
    assert_eq!(error["detail"], words);
    assert_eq!(error["names"], serde_json::json!(["mari", "mari"]));
}

#[test]
fn a_token_without_keys_is_not_for_decryption_and_nothing_is_wrong_with_it() {
    let stage = stage();
    stage.add_token("signing");
    let tested = stage.run(&["keys", "test", "--pkcs11", SOFTHSM]).expect(0).stdout();
    assert!(tested.contains("not for decryption") && !tested.contains("FAILED"), "{tested}");
}

#[test]
fn of_two_tokens_that_fit_none_is_sent_a_pin_that_may_be_the_others() {
    let stage = stage();
    stage.add_token("signing");
    stage.copy_key("mari", "signing");
    let outcome = Outcome(stage.opening(&module("faulty"), "right", &[]).output().expect("kapsel starts")).expect(2);
    assert!(outcome.stderr().contains("--slot"), "{}", outcome.stderr());
    assert_eq!(stage.logins(), 0);
}

#[test]
fn of_two_tokens_that_fit_the_one_that_is_not_blocked_gets_the_pin_of_a_file() {
    let stage = stage();
    stage.add_token("signing");
    stage.copy_key("mari", "signing");
    for blocked in ["mari", "signing"] {
        stage.opening_with_fault(&format!("locked:{blocked}"), "right", &[]).expect(0);
        stage.is_saved();
        assert_eq!(stage.logins(), 1, "{blocked}");
    }
}

#[test]
fn what_a_module_has_started_ends_with_it() {
    let stage = stage();
    stage.fails("fork:C_Initialize", "right", "token_unusable");
    let started = fs::read_to_string(stage.place.path("calls")).expect("noted");
    let state = || fs::read_to_string(format!("/proc/{}/stat", started.trim()));
    let until = Instant::now() + Duration::from_secs(5);
    // Where nobody takes notice of orphans, it stays as a zombie.
    while state().is_ok_and(|state| !state.contains(") Z ")) {
        assert!(Instant::now() < until, "it outlives its module");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_no_module_is_told() {
    let stage = stage();
    stage.place.file("text.so", LETTER);
    for file in ["absent.so", "text.so", "letter.cdoc2"] {
        let outcome = Outcome(stage.opening(file, "right", &[]).output().expect("kapsel starts")).expect(6);
        assert_eq!(outcome.code(), "token_unusable");
    }
    // Each for its own reason.
    fs::create_dir(stage.place.path("folder.so")).expect("a folder");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        stage.place.path("pipe.so"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .expect("a pipe");
    std::os::unix::fs::symlink("loop.so", stage.place.path("loop.so")).expect("a link");
    stage.place.file("two\nlines.so", LETTER);
    for (file, words) in [
        ("folder.so", "it is a folder"),
        ("pipe.so", "a pipe"),
        ("/dev/null", "a device"),
        ("loop.so", "symbolic links"),
        ("two\nlines.so", "two lines.so"),
    ] {
        let told = stage.run(&["decrypt", "letter.cdoc2", "-o", "out", "--pkcs11", file]).expect(6).stderr();
        assert!(told.contains(words) && told.lines().count() == 2, "{told}");
    }
    // A library, and no module.
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux");
    let library = maps.lines().filter_map(|line| line.split_whitespace().last()).find(|path| path.contains("/libc.so"));
    let outcome = stage.opening(library.expect("the C library"), "right", &[]).output().expect("kapsel starts");
    assert_eq!(Outcome(outcome).expect(6).code(), "token_unusable");
}

#[test]
fn with_the_program_its_module_ends() {
    let stage = stage();
    let mut command = stage.opening(&module("faulty"), "right", &["--password-env", "LETTERS_PASSWORD"]);
    command.env("LETTERS_PASSWORD", "swordfish");
    let mut child = command.env("FAULT", "hang:C_Login").spawn().expect("kapsel starts");
    let until = Instant::now() + Duration::from_secs(15);
    let logged_in = || stage.place.path("calls").exists();
    while !logged_in() {
        assert!(Instant::now() < until);
        thread::sleep(Duration::from_millis(20));
    }
    let helpers = helpers_of(child.id());
    let [helper] = &helpers[..] else { panic!("one process: {helpers:?}") };
    for file in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{helper}/{file}")).expect("its process");
        let shown = String::from_utf8_lossy(&shown);
        assert!(!shown.contains("1234\n"), "a PIN is not shown to others");
        assert!(!shown.contains("swordfish"), "nor a password to a module");
        assert!(file == "cmdline" || shown.contains("SOFTHSM2_CONF="), "which gets what it needs");
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let until = Instant::now() + Duration::from_secs(10);
    while is_helper(helper) {
        assert!(Instant::now() < until, "the module outlives the program");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_helper_reads_nothing_but_what_it_knows() {
    let stage = stage();
    for input in [&b""[..], b"\0\0\0\x01", b"\0\0\0\x01\xFF", b"\xFF\xFF\xFF\xFF", b"\0\0\0\x01\x02", &[0; 4096]] {
        let outcome = stage.place.run_with_input(&["--serve-pkcs11-module"], input);
        assert!(outcome.status() >= 0 && outcome.0.stdout.len() < 256, "{input:?}: {outcome:?}");
    }
    // Beside anything else it is no option.
    stage.run(&["--serve-pkcs11-module", "info"]).expect(2);
}
