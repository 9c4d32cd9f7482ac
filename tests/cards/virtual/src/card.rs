//! What the two kinds of card share: a PIN that blocks, faults, and the memory of what was said.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Holder,
    command::{Answer, Command},
    idemia::Idemia,
    thales::Thales,
};

/// Wrong PINs in a row that block it.
const MAX_TRIES: u8 = 3;

/// Which card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of 2018.
    Idemia,
    /// Of 2021: another ATR.
    Idemia2021,
    /// Of 2025.
    Thales,
}

/// What a card does instead of answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is taken out before it answers.
    Removed,
    /// It answers with these bytes.
    Says(Vec<u8>),
    /// It answers with data and `61xx` for ever.
    Endless,
    /// It answers with `61xx` without data for ever.
    EndlessEmpty,
    /// It asks for another length (`6Cxx`) for ever.
    EndlessLength,
    /// It never answers.
    Silent,
}

/// A command and its answer, as they went over the wire.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The command.
    pub command: Vec<u8>,
    /// The answer; empty when there was none.
    pub answer: Vec<u8>,
}

/// How often a trace has a PIN given to the card.
pub fn verifies(trace: &[Exchange]) -> usize {
    beginning(trace, &[&[0x00, 0x20]])
}

/// How often a trace has the card sign: INTERNAL AUTHENTICATE of one kind, COMPUTE DIGITAL SIGNATURE of the other.
pub fn signatures(trace: &[Exchange]) -> usize {
    beginning(trace, &[&[0x00, 0x88], &[0x00, 0x2A, 0x9E, 0x9A]])
}

fn beginning(trace: &[Exchange], with: &[&[u8]]) -> usize {
    trace.iter().filter(|exchange| with.iter().any(|begin| exchange.command.starts_with(begin))).count()
}

/// A card. It stays the same in and out of a reader, and a copy is the same card.
#[derive(Clone)]
pub struct VirtualCard(Arc<Mutex<State>>);

struct State {
    atr: Vec<u8>,
    chip: Box<dyn Chip>,
    faults: BTreeMap<usize, Fault>,
    delay: Duration,
    splits: bool,
    /// Set when a fault goes on.
    lasting: Option<Fault>,
    /// What GET RESPONSE gives.
    pending: Vec<u8>,
    trace: Vec<Exchange>,
    begun: usize,
    is_mute: bool,
}

/// A card's own logic.
pub(crate) trait Chip: Send {
    /// Forgets what it was in the middle of.
    fn reset(&mut self);
    fn answer(&mut self, command: &Command<'_>) -> Answer;
    fn pin(&mut self) -> &mut Pin;
    /// Says that the PIN has to be changed, where the card can.
    fn demand_change(&mut self) {}
    /// Loses the certificate.
    fn lose_certificate(&mut self);
}

/// A PIN with its counter.
pub(crate) struct Pin {
    padded: Vec<u8>,
    pub(crate) left: u8,
    pub(crate) verified: bool,
}

impl Pin {
    pub(crate) fn new(pin: &str, padding: u8) -> Self {
        let mut padded = pin.as_bytes().to_vec();
        padded.resize(12, padding);
        Self { padded, left: MAX_TRIES, verified: false }
    }

    pub(crate) fn verify(&mut self, given: &[u8]) -> Answer {
        match given.len() {
            0 if self.verified => Answer::DONE.into(),
            0 => (0x63C0 | u16::from(self.left)).into(),
            12 if self.left == 0 => Answer::BLOCKED.into(),
            12 if given == self.padded => {
                (self.left, self.verified) = (MAX_TRIES, true);
                Answer::DONE.into()
            }
            12 => {
                (self.left, self.verified) = (self.left - 1, false);
                (0x63C0 | u16::from(self.left)).into()
            }
            _ => Answer::WRONG_LENGTH.into(),
        }
    }
}

impl VirtualCard {
    /// A card as it comes from the office.
    pub fn new(kind: Kind, holder: Holder, pin: &str) -> Self {
        let (atr, chip): (&[u8], Box<dyn Chip>) = match kind {
            Kind::Idemia => (Idemia::ATR, Box::new(Idemia::new(holder, pin))),
            Kind::Idemia2021 => (Idemia::ATR_2021, Box::new(Idemia::new(holder, pin))),
            Kind::Thales => (Thales::ATR, Box::new(Thales::new(holder, pin))),
        };
        Self(Arc::new(Mutex::new(State {
            atr: atr.to_vec(),
            chip,
            faults: BTreeMap::new(),
            delay: Duration::ZERO,
            splits: false,
            lasting: None,
            pending: Vec::new(),
            trace: Vec::new(),
            begun: 0,
            is_mute: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Misbehaves at the command of this number, counted from the next one as 0.
    pub fn fail_at(&self, number: usize, fault: Fault) {
        let mut state = self.state();
        let number = state.begun + number;
        state.faults.insert(number, fault);
    }

    /// Behaves again.
    pub fn heal(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.lasting = None;
        state.is_mute = false;
        state.pending.clear();
    }

    /// Takes this time for every command.
    pub fn take_time(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Keeps data back until it is asked for by GET RESPONSE, as cards do with the protocol T=0.
    pub fn answer_in_parts(&self) {
        self.state().splits = true;
    }

    /// Is of an unknown kind by its ATR.
    pub fn disguise(&self, atr: &[u8]) {
        self.state().atr = atr.to_vec();
    }

    /// Does not answer when it gets power, as one the wrong way round.
    pub fn be_mute(&self) {
        self.state().is_mute = true;
    }

    /// How many commands it has met in all.
    pub fn commands_met(&self) -> usize {
        self.state().begun
    }

    /// Says that the PIN has to be changed first (Thales).
    pub fn demand_pin_change(&self) {
        self.state().chip.demand_change();
    }

    /// Has no certificate any more.
    pub fn lose_certificate(&self) {
        self.state().chip.lose_certificate();
    }

    /// Tries that the PIN has left.
    pub fn tries_left(&self) -> u8 {
        self.state().chip.pin().left
    }

    /// Sets how many tries the PIN has left.
    pub fn set_tries_left(&self, tries: u8) {
        self.state().chip.pin().left = tries;
    }

    /// Whether whoever talks to it now could use the key without a PIN.
    pub fn is_open(&self) -> bool {
        self.state().chip.pin().verified
    }

    /// What was said since the trace was taken last.
    pub fn trace(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.state().trace)
    }

    /// Answers a command without a reader; `None` when it is taken out or falls silent.
    pub fn transmit(&self, command: &[u8]) -> Option<Vec<u8>> {
        self.answer(command).ok()
    }

    pub(crate) fn atr(&self) -> Vec<u8> {
        self.state().atr.clone()
    }

    pub(crate) fn is_mute(&self) -> bool {
        self.state().is_mute
    }

    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.pending.clear();
        state.chip.reset();
    }

    /// Answers a command: the bytes, or that it is taken out, or that it never does.
    pub(crate) fn answer(&self, command: &[u8]) -> Result<Vec<u8>, Fault> {
        let delay = self.state().delay;
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        let mut state = self.state();
        let result = state.answer(command);
        let answer = result.as_ref().map_or(Vec::new(), Clone::clone);
        state.trace.push(Exchange { command: command.to_vec(), answer });
        result
    }
}

impl State {
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, Fault> {
        let number = self.begun;
        self.begun += 1;
        let fault = self.faults.remove(&number).or_else(|| self.lasting.clone());
        if matches!(fault, Some(Fault::Endless | Fault::EndlessEmpty | Fault::EndlessLength)) {
            self.lasting.clone_from(&fault);
        }
        Ok(match fault {
            Some(fault @ (Fault::Removed | Fault::Silent)) => return Err(fault),
            Some(Fault::Says(bytes)) => bytes,
            Some(Fault::Endless) => [&[0x30; 0x40][..], &[0x61, 0x40]].concat(),
            Some(Fault::EndlessEmpty) => vec![0x61, 0x00],
            Some(Fault::EndlessLength) => vec![0x6C, 0x10],
            None => self.right_answer(command),
        })
    }

    fn right_answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(command) = Command::parse(bytes) else { return 0x6700_u16.to_be_bytes().to_vec() };
        let answer = match command.head {
            [0xC0, 0, 0] => Answer::data(std::mem::take(&mut self.pending)),
            _ if command.class != 0 => Answer::UNKNOWN.into(),
            _ => self.chip.answer(&command),
        };
        let most = if self.splits && command.head[0] != 0xC0 { 0 } else { command.expected };
        let (now, later) = answer.data.split_at(answer.data.len().min(most));
        if later.is_empty() {
            return [now, &answer.status.to_be_bytes()].concat();
        }
        self.pending = later.to_vec();
        let announced = u8::try_from(later.len()).unwrap_or(0);
        [now, &[0x61, announced]].concat()
    }
}
