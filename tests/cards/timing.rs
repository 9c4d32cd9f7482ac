//! What opening costs beyond the card's own time.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use virtual_card::Kind;

use crate::{
    organisation::{Organisation, list},
    stage::Stage,
};

/// What the virtual card takes for each command.
const OWN_TIME: Duration = Duration::from_millis(25);
/// From the PIN to the first byte of the content, beyond the card's own time.
const TARGET: Duration = Duration::from_millis(300);
/// Runs, of which the fastest counts: others are slow by what else the machine does.
const RUNS: usize = 5;

/// From the moment at which the PIN is entered to the first byte of the content, without what the card took; in all runs.
fn overheads(stage: &Stage, more: &[&str]) -> Vec<Duration> {
    let fifo = stage.place.path("pin");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("coreutils are installed").success());
    stage.card.take_time(OWN_TIME);
    let run = || {
        let arguments = ["decrypt", "letter.cdoc2", "-o", "-", "--card", "--pin-file", "pin"];
        let mut command = stage.place.kapsel(&[&arguments[..], more].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("kapsel starts");
        // Opened when the program has found the card, and waits for the PIN.
        let mut pin = OpenOptions::new().write(true).open(&fifo).expect("it is opened at the other end");
        let before = stage.card.commands_met();
        let entered = Instant::now();
        pin.write_all(b"1234\n").expect("it reads");
        drop(pin);
        let mut content = child.stdout.take().expect("piped");
        content.read_exact(&mut [0]).expect("it opens");
        let took = entered.elapsed();
        let commands = stage.card.commands_met() - before;
        assert!(child.wait().expect("it is ours").success());
        assert!(commands >= 5, "what the card has to do is counted: {commands}");
        println!("{commands} commands in {took:?}");
        took.saturating_sub(OWN_TIME * u32::try_from(commands).expect("few"))
    };
    (0..RUNS).map(|_| run()).collect()
}

fn is_below(target: Duration, what: &str, mut overheads: Vec<Duration>) {
    overheads.sort();
    println!("{what}: {overheads:?} beyond the card's own time");
    assert!(overheads[0] < target, "{what}: {overheads:?}");
}

#[test]
fn from_the_pin_to_the_content_little_time_is_spent_beyond_the_cards_own() {
    for kind in [Kind::Idemia, Kind::Thales] {
        let stage = Stage::new(kind);
        is_below(TARGET, &format!("{kind:?}, capsule inside"), overheads(&stage, &[]));
    }
}

#[test]
fn a_server_asked_by_the_card_adds_little() {
    let stage = Stage::new(Kind::Idemia);
    let server = Organisation::start("css-a", &[stage.place.path("holder.crt")]);
    stage.place.file("servers.json", list(&[server.entry()]));
    let servers = ["--server-list", "servers.json"];
    let encrypt = ["encrypt", "-o", "letter.cdoc2", "-r", "card", "letter.txt", "--server", "css-a", "--overwrite"];
    stage.place.run(&[&encrypt[..], &servers].concat()).expect(0);
    // The server's half is done on the same processors, and neither is optimised.
    is_below(2 * TARGET, "capsule on a server", overheads(&stage, &servers));
}
