//! A card in a reader, and a letter to its holder.

use virtual_card::{Exchange, Fault, Holder, Inserted, Kind, Service, Slot, VirtualCard};

use crate::support::{Outcome, Place};

pub const KINDS: [Kind; 3] = [Kind::Idemia, Kind::Idemia2021, Kind::Thales];
const LETTER: &str = "for your eyes only";

pub fn jaak() -> Holder {
    Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718")
}

pub fn verifies(trace: &[Exchange]) -> usize {
    trace.iter().filter(|exchange| exchange.command.starts_with(&[0x00, 0x20])).count()
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
        let service = Service::start();
        let place = Place::new();
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
        self.inserted = Some(self.service.insert(&self.card, Slot::First));
        self.card.trace();
    }

    pub fn decrypt(&self, pin: &str, more: &[&str]) -> Outcome {
        let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--card", "--json", "--pin-file", pin];
        self.place.run(&[&usual[..], more].concat())
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
        let outcome = self.decrypt(pin, &[]).expect(6);
        assert_eq!(outcome.code(), code, "{}", outcome.stderr());
        assert!(!self.place.path("out").exists(), "nothing is saved");
        serde_json::from_str::<serde_json::Value>(&outcome.stderr()).expect("JSON")["error"].clone()
    }

    /// Every fault at that command, one after the other.
    pub fn fail_at(&self, number: usize, fault: Fault) {
        self.card.fail_at(number, fault);
    }
}
