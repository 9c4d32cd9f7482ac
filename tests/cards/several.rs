//! A card before several servers: one PIN, whatever their number, and nobody waits for one that is down.

use std::{
    fs,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use app::{
    cards::{self, FittingCard},
    opening::Key,
};
use capsule_client::{Client, Download, ListFiles, Servers, Settings};
use cdoc2::{
    Container, Control, DecryptionKey, EcPublicKey, EcdhKey, Header, KeyError, Keyring, PublicKey, SharedSecret,
};
use eid::{Authenticator, CardKey, SignatureAlgorithm};
use virtual_card::{Kind, signatures};

use crate::{
    organisation::{Organisation, list},
    stage::{KINDS, Stage, verifies},
    support::Outcome,
};

const SERVERS: [&str; 3] = ["css-a", "css-b", "css-c"];
const LISTS: [&str; 2] = ["--server-list", "servers.json"];
const JAAK: &str = "PNOEE-38001085718";
/// What opening may take beyond the card's time.
const BEYOND: Duration = Duration::from_millis(60);
/// Most rounds until one is quiet.
const ROUNDS: usize = 12;

/// Three organisations whose servers take tickets and keep shares, and their list.
fn organisations(stage: &Stage) -> [Organisation; 3] {
    let holder = [stage.place.path("holder.crt")];
    let servers = SERVERS.map(|id| Organisation::with_tickets(id, &holder));
    stage.place.file("servers.json", list(&servers.each_ref().map(Organisation::entry)));
    servers
}

fn encrypt(stage: &Stage, recipient: [&str; 2]) {
    let begin = ["encrypt", "-o", "letter.cdoc2", "letter.txt", "--overwrite"];
    let servers = SERVERS.iter().flat_map(|id| ["--server", id]).collect::<Vec<_>>();
    stage.place.run(&[&begin[..], &recipient, &servers, &LISTS].concat()).expect(0);
    stage.card.trace();
}

fn saved(stage: &Stage) -> String {
    let saved = fs::read_to_string(stage.place.path("out/letter.txt")).expect("saved");
    fs::remove_dir_all(stage.place.path("out")).expect("removed");
    saved
}

fn said(outcome: &Outcome) -> String {
    assert_eq!(outcome.status(), 5, "{}{}", outcome.stdout(), outcome.stderr());
    outcome.stderr()
}

#[test]
fn the_shares_of_three_servers_cost_one_pin_and_one_signature() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        let mut servers = organisations(&stage);
        encrypt(&stage, ["--person", JAAK]);
        stage.decrypt("right", &LISTS).expect(0);
        let trace = stage.card.trace();
        assert_eq!((verifies(&trace), signatures(&trace)), (1, 1), "{kind:?}");
        assert_eq!(saved(&stage), "for your eyes only");
        assert!(!stage.card.is_open(), "whoever comes next needs the PIN again");
        // A wrong PIN is sent once, although three servers wait for it.
        let outcome = stage.decrypt("wrong", &LISTS).expect(6);
        assert_eq!((outcome.code().as_str(), stage.card.tries_left()), ("pin_incorrect", 2));
        // With one of them down nothing is asked of the card.
        stage.card.trace();
        servers[1].stop();
        let words = said(&stage.decrypt("right", &LISTS));
        assert!(words.contains("css-b") && words.contains("all 3 servers"), "{words}");
        let trace = stage.card.trace();
        assert_eq!((verifies(&trace), signatures(&trace)), (0, 0), "{kind:?}");
        assert!(!stage.place.path("out").exists());
    }
}

#[test]
fn a_letter_to_somebody_elses_code_names_no_card_at_hand() {
    let stage = Stage::new(Kind::Idemia);
    let _servers = organisations(&stage);
    encrypt(&stage, ["--person", "PNOEE-60001019906"]);
    let outcome = stage.decrypt("right", &LISTS).expect(3);
    assert_eq!(outcome.code(), "not_a_recipient");
    assert!(outcome.stderr().contains("60001019906"), "{}", outcome.stderr());
    assert_eq!(verifies(&stage.card.trace()), 0);
}

/// The card at hand. It is reset for whoever comes next when a key of it is dropped, which takes the service a moment.
fn card_at_hand(header: &Header) -> FittingCard {
    thread::sleep(Duration::from_millis(300));
    cards::fitting(header, None).expect("it is in").remove(0)
}

/// A card's key that counts the time of its uses.
struct Timed {
    card: CardKey,
    spent: Mutex<Duration>,
}

impl Timed {
    fn new(header: &Header) -> Arc<Self> {
        let key = card_at_hand(header).into_key("1234", false).expect("a PIN");
        let Key::Card(card) = key else { panic!("it is a card's") };
        Arc::new(Self { card, spent: Mutex::default() })
    }

    fn using<T>(&self, work: impl FnOnce(&CardKey) -> T) -> T {
        let begun = Instant::now();
        let result = work(&self.card);
        *self.spent.lock().expect("no use panicked") += begun.elapsed();
        result
    }
}

impl Authenticator for Timed {
    fn public_key(&self) -> &PublicKey {
        Authenticator::public_key(&self.card)
    }

    fn certificates(&self) -> &[Vec<u8>] {
        self.card.certificates()
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.using(|card| card.sign_hash(algorithm, hash))
    }
}

impl EcdhKey for Timed {
    fn public_key(&self) -> &EcPublicKey {
        EcdhKey::public_key(&self.card)
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError> {
        self.using(|card| card.agree(peer))
    }
}

#[test]
fn a_letter_on_three_servers_opens_as_fast_as_the_card_while_any_of_them_is_up() {
    let stage = Stage::in_the_systems_service(Kind::Idemia);
    let servers = organisations(&stage);
    encrypt(&stage, ["--recipient", "holder.crt"]);
    let container = Container::open(stage.place.path("letter.cdoc2")).expect("a container");
    let unused = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = silent.local_addr().expect("bound").port();
    // Takes every connection, and never says a word.
    thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    for up in 0..SERVERS.len() {
        let mut entries = servers.each_ref().map(Organisation::entry);
        entries[(up + 1) % 3]["ticketUrl"] = format!("https://localhost:{unused}").into();
        entries[(up + 2) % 3]["ticketUrl"] = format!("https://localhost:{port}").into();
        stage.place.file("servers.json", list(&entries));
        // Other work on this machine comes and goes: one round that nothing disturbs tells what the program takes.
        let mut rounds = (0..ROUNDS).map(|_| {
            let key = Timed::new(container.header());
            stage.card.trace();
            let begun = Instant::now();
            let lists = ListFiles { given: vec![stage.place.path("servers.json")], ..ListFiles::default() };
            let client = Client::new(Servers::load(&lists).expect("lists"), Settings::default());
            let download = Download::new(client, vec![key.clone()]);
            let keyring = Keyring::new([DecryptionKey::Ec(&*key)]).with_capsules(&download);
            container.unlock(&keyring, &Control::default()).expect("one is up");
            let took = begun.elapsed();
            let trace = stage.card.trace();
            assert_eq!((verifies(&trace), signatures(&trace)), (1, 1));
            let beyond = took - *key.spent.lock().expect("no use panicked");
            println!("{} up: {took:?}, {beyond:?} of it beyond the card", SERVERS[up]);
            beyond
        });
        assert!(rounds.any(|beyond| beyond < BEYOND), "in no round within {BEYOND:?} beyond the card's time");
    }
}
