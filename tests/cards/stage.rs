//! A card in a reader, and a letter to its holder.

use std::{
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

pub use virtual_card::verifies;
use virtual_card::{Exchange, Holder, Inserted, Kind, Service, Slot, VirtualCard};

use crate::support::{Outcome, Place};

pub const KINDS: [Kind; 3] = [Kind::Idemia, Kind::Idemia2021, Kind::Thales];
const LETTER: &str = "for your eyes only";

pub fn jaak() -> Holder {
    Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718")
}

/// Where in a trace the first command that begins so stands.
pub fn position(trace: &[Exchange], command: &[u8]) -> usize {
    trace.iter().position(|exchange| exchange.command.starts_with(command)).expect("it was sent")
}

/// Stages at once: they wait for readers, not for processors.
const AT_ONCE: usize = 12;

/// Does `each` for every one of so many cases, on several stages at once; the card is put in anew for each of them.
pub fn for_each_case(kind: Kind, count: usize, each: impl Fn(&mut Stage, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut stage = Stage::new(kind);
        for case in std::iter::repeat_with(|| next.fetch_add(1, Ordering::SeqCst)).take_while(|case| *case < count) {
            each(&mut stage, case);
            stage.reinsert();
        }
        stage.card.set_tries_left(3);
        assert_eq!(verifies(&stage.opens()), 1, "it works afterwards");
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(count) {
            scope.spawn(work);
        }
    });
}

/// Taken apart in this order: the card leaves before the service ends.
pub struct Stage {
    pub place: Place,
    pub card: VirtualCard,
    inserted: Option<Inserted>,
    pub service: Service,
}

impl Stage {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, jaak())
    }

    pub fn with(kind: Kind, holder: Holder) -> Self {
        Self::in_service(Service::private(), kind, holder)
    }

    /// In the system's service: for tests that look into readers themselves, in this process.
    pub fn in_the_systems_service(kind: Kind) -> Self {
        Self::in_service(Service::start(), kind, jaak())
    }

    fn in_service(service: Service, kind: Kind, holder: Holder) -> Self {
        let mut place = Place::new();
        place.variables.extend(service.socket().map(|socket| ("PCSCLITE_CSOCK_NAME", socket)));
        place.file("holder.der", holder.certificate());
        place.file("holder.crt", holder.pem());
        place.file("letter.txt", LETTER);
        place.file("right", "1234\n");
        place.file("wrong", "9999\n");
        let card = VirtualCard::new(kind, holder, "1234");
        let inserted = Some(service.insert(&card, Slot::First));
        place.run(&["encrypt", "-o", "letter.cdoc2", "-r", "holder.der", "letter.txt"]).expect(0);
        card.trace();
        Self { place, card, inserted, service }
    }

    /// Takes the card out and puts it in again.
    pub fn reinsert(&mut self) {
        self.inserted = None;
        self.card.heal();
        self.insert();
    }

    pub fn insert(&mut self) {
        self.inserted = Some(self.service.insert(&self.card, Slot::First));
        self.card.trace();
    }

    pub fn take_out(&mut self) {
        self.inserted = None;
    }

    pub fn decryption(&self, pin: &str, more: &[&str]) -> Command {
        let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--card", "--json", "--pin-file", pin];
        self.place.kapsel(&[&usual[..], more].concat())
    }

    pub fn decrypt(&self, pin: &str, more: &[&str]) -> Outcome {
        Outcome(self.decryption(pin, more).output().expect("kapsel starts"))
    }

    /// A program that uses cards, too; it is given half a minute.
    pub fn other_program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["30", program]).args(arguments).current_dir(self.place.root());
        command.envs(self.place.variables.iter().cloned());
        command
    }

    /// Opens; gives what was said to the card.
    #[track_caller]
    pub fn opens(&self) -> Vec<Exchange> {
        self.card.trace();
        self.decrypt("right", &["--overwrite"]).expect(0);
        self.is_saved();
        assert!(!self.card.is_open(), "whoever comes next needs the PIN again");
        self.card.trace()
    }

    #[track_caller]
    pub fn is_saved(&self) {
        let saved = std::fs::read_to_string(self.place.path("out/letter.txt")).expect("saved");
        assert_eq!(saved, LETTER);
        std::fs::remove_dir_all(self.place.path("out")).expect("removed");
    }

    #[track_caller]
    pub fn fails(&self, pin: &str, code: &str) -> serde_json::Value {
        self.is_told(self.decrypt(pin, &[]), code)
    }

    /// With the PIN of [`jaak`].
    #[track_caller]
    pub fn fails_with(&self, more: &[&str], code: &str) -> serde_json::Value {
        self.is_told(self.decrypt("right", more), code)
    }

    #[track_caller]
    fn is_told(&self, outcome: Outcome, code: &str) -> serde_json::Value {
        let outcome = outcome.expect(6);
        assert_eq!(outcome.code(), code, "{}", outcome.stderr());
        assert!(!self.place.path("out").exists(), "nothing is saved");
        serde_json::from_str::<serde_json::Value>(&outcome.stderr()).expect("JSON")["error"].clone()
    }
}
