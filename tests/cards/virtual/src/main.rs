//! Puts a virtual card into the first virtual reader until Enter is pressed: `virtual-card [idemia|idemia2021|thales] [PIN]`.
//!
//! `virtual-card keep FOLDER` makes the holder of a demo card there, and `virtual-card demo FOLDER PIN` puts it in until its standard input
//! ends; it says so, or why it cannot.

use std::{
    io::{Read, stdin},
    path::Path,
    process::ExitCode,
};

use virtual_card::{Holder, Kind, Service, Slot, VirtualCard};

const USAGE: &str = "usage: virtual-card [idemia|idemia2021|thales] [PIN] | keep FOLDER | demo FOLDER PIN";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["keep", folder] => ended(demo_holder(folder).map(drop)),
        ["demo", folder, pin] => ended(demo(folder, pin)),
        [] => until_enter(Kind::Idemia, "1234"),
        [kind] | [kind, _] if named(kind).is_none() => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        [kind] => until_enter(named(kind).expect("seen above"), "1234"),
        [kind, pin] => until_enter(named(kind).expect("seen above"), pin),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn named(kind: &str) -> Option<Kind> {
    match kind {
        "idemia" => Some(Kind::Idemia),
        "idemia2021" => Some(Kind::Idemia2021),
        "thales" => Some(Kind::Thales),
        _ => None,
    }
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn until_enter(kind: Kind, pin: &str) -> ExitCode {
    let service = Service::start();
    let card = VirtualCard::new(kind, Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718"), pin);
    let inserted = service.insert(&card, Slot::First);
    println!("A virtual card with PIN1 {pin} is in the reader {}. Enter takes it out.", Slot::First.reader());
    let _ = stdin().read_line(&mut String::new());
    drop(inserted);
    ExitCode::SUCCESS
}

/// Nobody takes this name for a person's.
fn demo_holder(folder: &str) -> Result<Holder, String> {
    Holder::kept_in(Path::new(folder), "DEMOKAART", "KAPSELI", "38001085718")
        .map_err(|error| format!("{folder}: {error}"))
}

fn demo(folder: &str, pin: &str) -> Result<(), String> {
    let holder = demo_holder(folder)?;
    let service = Service::try_start()?;
    let inserted = service.insert(&VirtualCard::new(Kind::Idemia, holder, pin), Slot::First);
    println!("ready");
    let _ = stdin().read_to_end(&mut Vec::new());
    drop(inserted);
    Ok(())
}
