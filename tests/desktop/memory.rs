//! What typing a PIN leaves in the memory of the program.

use std::{fs, process::Stdio, time::Duration};

use virtual_card::Kind;

use crate::{
    search::{Secrets, copies, holds},
    support::{APPLICATION, Person, Running, Stage, wait_for},
};

/// The process of a program, once it is there.
fn process_of(program: &str, is_it: impl Fn(u32, &str) -> bool) -> u32 {
    wait_for(program, || find_process(program, &is_it))
}

fn find_process(program: &str, is_it: impl Fn(u32, &str) -> bool) -> Option<u32> {
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.find(|number| {
        let line = fs::read_to_string(format!("/proc/{number}/cmdline")).unwrap_or_default();
        line.split('\0').next().is_some_and(|first| first.ends_with(program)) && is_it(*number, &line)
    })
}

fn parent_of(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}

/// The size of a core dump that the system would write of it.
fn dump_limit_of(process: u32) -> String {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).expect("it runs");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
    line.and_then(|line| line.split_whitespace().next()).expect("a limit").to_owned()
}

#[test]
fn a_crash_leaves_no_dump_in_which_a_pin_would_stand() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    // Whoever starts it would have one.
    let mut command = stage.command("sh");
    command.args(["-c", r#"ulimit -c unlimited; exec "$@""#, "sh", APPLICATION]).arg(&letter);
    let _window = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("the window", || stage.find_window("Kapsel"));
    let program = process_of(APPLICATION, |_, line| line.contains(&*letter.to_string_lossy()));
    let page = process_of("WebKitWebProcess", |process, _| parent_of(process) == Some(program));
    assert_eq!([program, page].map(dump_limit_of), ["0", "0"]);
}

#[test]
fn of_a_pin_that_was_typed_the_program_keeps_nothing() {
    const PIN: &str = "918273645546";
    let person = Person::with_pin(Kind::Idemia, PIN);
    let _inserted = person.insert();
    let sealed = person.sealed();
    let window = person.asked(&sealed);
    let program = process_of(APPLICATION, |_, line| line.contains(&*sealed.to_string_lossy()));
    let page = process_of("WebKitWebProcess", |process, _| parent_of(process) == Some(program));
    let wide = PIN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let secrets = Secrets::from([("PIN".to_owned(), PIN.into()), ("PIN in UTF-16".to_owned(), wide)]);
    // By the keyboard, and never by the driver: what that says goes through the program.
    person.stage.xdotool(&["type", "--delay", "25", PIN]);
    wait_for("all digits", || {
        let length = window.run("return document.activeElement.value.length", serde_json::Value::Null);
        (length == serde_json::json!(PIN.len())).then_some(())
    });
    assert_ne!(holds(page, &secrets), [""; 0], "the page has it, and the search finds it");
    assert_eq!(holds(program, &secrets), [""; 0], "the program has not got it yet");
    person.card.take_time(Duration::from_millis(300));
    window.key("Return");
    wait_for("the PIN in the program", || (holds(program, &secrets) == ["PIN"]).then_some(()));
    person.card.take_time(Duration::ZERO);
    window.wait_for("letter.txt is saved");
    // The web view's own message, until it uses that memory again: no code of ours reaches it (SECURITY.md).
    let left: usize = copies(program, &secrets).into_values().sum();
    assert!(left <= 1, "{left} copies are left in the program");
}
