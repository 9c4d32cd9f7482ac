//! Puts a virtual card into the first virtual reader until Enter is pressed: `virtual-card [idemia|idemia2021|thales] [PIN]`.

use std::process::ExitCode;

use virtual_card::{Holder, Kind, Service, Slot, VirtualCard};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let kind = match arguments.next().as_deref() {
        None | Some("idemia") => Kind::Idemia,
        Some("idemia2021") => Kind::Idemia2021,
        Some("thales") => Kind::Thales,
        Some(_) => {
            eprintln!("usage: virtual-card [idemia|idemia2021|thales] [PIN]");
            return ExitCode::from(2);
        }
    };
    let pin = arguments.next().unwrap_or_else(|| "1234".to_owned());
    let service = Service::start();
    let card = VirtualCard::new(kind, Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718"), &pin);
    let inserted = service.insert(&card, Slot::First);
    println!("A virtual card with PIN1 {pin} is in the reader {}. Enter takes it out.", Slot::First.reader());
    let _ = std::io::stdin().read_line(&mut String::new());
    drop(inserted);
    ExitCode::SUCCESS
}
