//! A card in a reader: the protocol of vsmartcard's `vpcd`, in which the card connects to the reader.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::linux::net::TcpStreamExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    Fault, VirtualCard,
    watch::{self, Seen},
};

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
        match self {
            Self::First => "Virtual PCD 00 00",
            Self::Second => "Virtual PCD 00 01",
        }
    }
}

/// A reader of a service.
pub(crate) struct Place {
    pub(crate) slot: Slot,
    /// Of the service's first reader.
    pub(crate) port: u16,
    pub(crate) socket: Option<PathBuf>,
}

impl Place {
    /// What the service sees in the reader.
    fn seen(&self) -> Option<Seen> {
        let readers = watch::readers(self.socket.as_deref())?;
        Some(readers.iter().find(|(name, _)| name == self.slot.reader())?.1)
    }

    /// The reader listens once the service has started, and again a moment after a card was taken out.
    fn connected(&self) -> TcpStream {
        let port = self.port + u16::from(self.slot == Slot::Second);
        let until = Instant::now() + NOTICED;
        loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => return stream,
                Err(error) => {
                    assert!(Instant::now() < until, "is vsmartcard-vpcd installed? {}: {error}", self.slot.reader());
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A card that is in a reader, until this is dropped.
pub struct Inserted {
    place: Place,
    stream: TcpStream,
    talk: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Inserted {
    pub(crate) fn new(card: &VirtualCard, place: Place) -> Self {
        let stream = place.connected();
        let (own, card) = (stream.try_clone().expect("a socket"), card.clone());
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let talk = thread::spawn(move || {
            // Either side ends it by closing the connection.
            let _ = talk(&card, own, &over);
            card.reset();
        });
        let inserted = Self { place, stream, talk: Some(talk), is_over };
        inserted.wait();
        inserted
    }

    /// Waits until the service sees the card.
    fn wait(&self) {
        let until = Instant::now() + NOTICED;
        while !matches!(self.place.seen(), Some(Seen::Card | Seen::Mute)) {
            assert!(Instant::now() < until, "{}: the service does not see the card", self.place.slot.reader());
            thread::sleep(Duration::from_millis(10));
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
        while self.place.seen().is_some_and(|seen| seen != Seen::Empty) && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn talk(card: &VirtualCard, mut stream: TcpStream, is_over: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The reader asks for the ATR also to know whether a card is there at all: a mute one is.
    let mut has_power_only = false;
    loop {
        let mut length = [0; 2];
        // The reader sends a length, and the rest only when that was acknowledged: 40 ms later otherwise.
        stream.set_quickack(true)?;
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        let answer = match message[..] {
            [control @ (POWER_OFF | POWER_ON | RESET)] => {
                card.reset();
                has_power_only = control != POWER_OFF;
                continue;
            }
            [ATR] if std::mem::take(&mut has_power_only) && card.is_mute() => vec![0xFF; 64],
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
