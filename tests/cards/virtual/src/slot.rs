//! A card in a reader: the protocol of vsmartcard's `vpcd`, in which the card connects to the reader.

use std::{
    ffi::CStr,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{Fault, VirtualCard};

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ATR: u8 = 4;

/// How long the service may take to notice a card.
const NOTICED: Duration = Duration::from_secs(10);

/// One of the two readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `Virtual PCD 00 00`
    First,
    /// `Virtual PCD 00 01`
    Second,
}

impl Slot {
    /// The reader's name.
    pub fn reader(self) -> &'static str {
        self.c_name().to_str().expect("ASCII")
    }

    fn c_name(self) -> &'static CStr {
        match self {
            Self::First => c"Virtual PCD 00 00",
            Self::Second => c"Virtual PCD 00 01",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::First => 35963,
            Self::Second => 35964,
        }
    }
}

/// A card that is in a reader, until this is dropped.
pub struct Inserted {
    slot: Slot,
    stream: TcpStream,
    talk: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Inserted {
    pub(crate) fn new(card: &VirtualCard, slot: Slot) -> Self {
        let stream = connected(slot);
        let (own, card) = (stream.try_clone().expect("a socket"), card.clone());
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let talk = thread::spawn(move || {
            // Either side ends it by closing the connection.
            let _ = talk(&card, own, &over);
            card.reset();
        });
        let inserted = Self { slot, stream, talk: Some(talk), is_over };
        inserted.wait(pcsc::State::PRESENT);
        inserted
    }

    /// Waits until the service sees the reader so.
    fn wait(&self, state: pcsc::State) {
        let until = Instant::now() + NOTICED;
        while !state_of(self.slot).is_some_and(|seen| seen.contains(state) && !seen.contains(pcsc::State::MUTE)) {
            assert!(Instant::now() < until, "{}: the service does not see {state:?}", self.slot.reader());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(talk) = self.talk.take() {
            let _ = talk.join();
        }
        // Else the next card would be taken for this one.
        let until = Instant::now() + NOTICED;
        while state_of(self.slot).is_some_and(|seen| seen.contains(pcsc::State::PRESENT)) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn state_of(slot: Slot) -> Option<pcsc::State> {
    let context = pcsc::Context::establish(pcsc::Scope::User).ok()?;
    let mut readers = [pcsc::ReaderState::new(slot.c_name(), pcsc::State::UNAWARE)];
    context.get_status_change(Duration::ZERO, &mut readers).ok()?;
    Some(readers[0].event_state())
}

/// The reader listens once the service has started, and again a moment after a card was taken out.
fn connected(slot: Slot) -> TcpStream {
    let until = Instant::now() + NOTICED;
    loop {
        match TcpStream::connect(("127.0.0.1", slot.port())) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < until, "is vsmartcard-vpcd installed? {}: {error}", slot.reader()),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn talk(card: &VirtualCard, mut stream: TcpStream, is_over: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        let answer = match message[..] {
            [POWER_OFF | POWER_ON | RESET] => {
                card.reset();
                continue;
            }
            [ATR] => card.atr(),
            _ => match card.answer(&message) {
                Ok(answer) => answer,
                Err(Fault::Removed) => return stream.shutdown(Shutdown::Both),
                Err(_) => return wait_for(is_over),
            },
        };
        let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
        stream.write_all(&[&length.to_be_bytes(), &answer[..usize::from(length)]].concat())?;
    }
}

fn wait_for(is_over: &AtomicBool) -> io::Result<()> {
    while !is_over.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
