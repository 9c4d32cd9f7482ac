//! Cards and readers as they come and go, in the terms of the window.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use app::{
    desk::Desk,
    pin::TypedPin,
    servers::ListFiles,
    view::{Code, Existing, KeysView, NameChoice, OpenDraft, ReaderState},
};
use virtual_card::{Exchange, Holder, Kind, Slot, VirtualCard};

use crate::stage::{Stage, verifies};

/// A desk that watches the readers, and everything that it has told.
struct Watched {
    desk: Desk,
    told: Arc<Mutex<Vec<KeysView>>>,
}

impl Watched {
    fn new() -> Self {
        let desk = Desk::new(None, None, ListFiles::default());
        let told: Arc<Mutex<Vec<KeysView>>> = Arc::default();
        let tells = Arc::clone(&told);
        desk.watch_keys(move |keys| tells.lock().expect("no test panicked").push(keys));
        Self { desk, told }
    }

    fn told(&self) -> usize {
        self.told.lock().expect("no test panicked").len()
    }

    /// Waits until what was told last is so.
    #[track_caller]
    fn wait_for(&self, what: &str, is_so: impl Fn(&KeysView) -> bool) -> KeysView {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let last = self.told.lock().expect("no test panicked").last().cloned();
            match last {
                Some(keys) if is_so(&keys) => return keys,
                last => assert!(Instant::now() < until, "waited in vain for {what}: {last:?}"),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn state(keys: &KeysView, slot: Slot) -> Option<ReaderState> {
    keys.readers.iter().find(|reader| reader.name == slot.reader()).map(|reader| reader.state)
}

/// How often somebody began to look at the card.
fn looks(trace: &[Exchange]) -> usize {
    trace.iter().filter(|exchange| exchange.command.starts_with(&[0x00, 0xA4, 0x04])).count()
}

#[test]
fn a_card_is_looked_at_once_however_often_others_use_it() {
    let stage = Stage::in_the_systems_service(Kind::Idemia);
    let watched = Watched::new();
    watched.wait_for("the card", |keys| state(keys, Slot::First) == Some(ReaderState::Ready));
    let once = looks(&stage.card.trace());
    let told = watched.told();
    for _ in 0..3 {
        // `keys list` would look by modules, too.
        stage.place.run(&["encrypt", "--dry-run", "-o", "to-me.cdoc2", "-r", "card", "letter.txt"]).expect(0);
    }
    thread::sleep(Duration::from_millis(500));
    assert_eq!(looks(&stage.card.trace()), 3 * once, "only the others have looked");
    assert_eq!(watched.told(), told, "nothing has come or gone");
}

#[test]
fn cards_come_and_go_each_by_itself() {
    let mut stage = Stage::in_the_systems_service(Kind::Idemia);
    let watched = Watched::new();
    watched.wait_for("the first card", |keys| keys.identities.len() == 1);
    let other = VirtualCard::new(Kind::Thales, Holder::new("MAASIKAS", "MARI", "49001010005"), "1234");
    let inserted = stage.service.insert(&other, Slot::Second);
    let keys = watched.wait_for("the second card", |keys| keys.identities.len() == 2);
    let holders: Vec<_> = keys.identities.iter().map(|identity| identity.holder.as_str()).collect();
    assert_eq!(holders, ["Jaak-Kristjan Jõeorg", "Mari Maasikas"]);
    drop(inserted);
    watched.wait_for("its going", |keys| state(keys, Slot::Second) == Some(ReaderState::Empty));
    other.disguise(&[0x3B, 0x00]);
    let _inserted = stage.service.insert(&other, Slot::Second);
    let keys = watched.wait_for("its failure", |keys| state(keys, Slot::Second) == Some(ReaderState::Failed));
    let problem =
        keys.readers.iter().find_map(|reader| reader.problem.clone().filter(|_| reader.state == ReaderState::Failed));
    assert_eq!(problem.map(|problem| problem.code), Some(Code::CardUnsupported));
    stage.reinsert();
    watched.wait_for("the first card again", |keys| state(keys, Slot::First) == Some(ReaderState::Ready));
    assert_eq!(verifies(&stage.card.trace()) + verifies(&other.trace()), 0);
}

#[test]
fn a_pin_goes_to_the_card_that_was_meant_and_to_no_other() {
    let stage = Stage::in_the_systems_service(Kind::Idemia);
    let watched = Watched::new();
    let keys = watched.wait_for("the card", |keys| keys.identities.len() == 1);
    let meant = keys.identities[0].id.clone();
    let container = watched.desk.chosen(&stage.place.path("letter.cdoc2")).id;
    let record = watched.desk.inspect(container).expect("a container").records.remove(0);
    assert_eq!(record.key_id.as_ref(), Some(&keys.identities[0].key_id), "which record it fits is told without a PIN");
    let draft = |identity: &str| OpenDraft {
        container,
        key_file: None,
        identity: Some(identity.to_owned()),
        certificate: None,
        destination: Some(watched.desk.output(stage.place.path("out")).id),
        names: NameChoice { existing: Existing::Refuse, safe_names: false },
        remembered: None,
        remember: false,
        raise_limits: false,
    };
    let open = |identity: &str, pin: &str| {
        watched.desk.open_with_pin(&draft(identity), Some(TypedPin::new(pin)), false, |_| {})
    };
    let code = |failed: app::Result<_>| failed.map(|_: app::view::OpenDone| ()).expect_err("it fails").code();
    stage.card.trace();
    assert_eq!(code(open("another", "1234")), Code::CardRemoved);
    assert_eq!(verifies(&stage.card.trace()), 0);
    assert_eq!(code(open(&meant, "9999")), Code::PinIncorrect);
    watched.wait_for("the tries", |keys| keys.identities.first().is_some_and(|it| it.secret.tries_left == Some(2)));
    open(&meant, "1234").expect("it opens");
    assert_eq!(verifies(&stage.card.trace()), 2);
    assert!(stage.place.path("out/letter.txt").exists());
}
