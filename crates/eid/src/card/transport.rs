//! From a command to its whole answer, within bounds.

use zeroize::Zeroizing;

use super::{
    CardError, Result,
    apdu::{Command, Part, Status, StatusWord},
};

/// Longest answer to one part of a command, with its status word.
const MAX_PART: usize = 256 + 2;
/// Longest answer that is put together from parts; everything read is far shorter.
const MAX_ANSWER: usize = 4096;
/// Most GET RESPONSE for one answer.
const MAX_ROUNDS: usize = 32;

/// What carries bytes to a card and back.
pub(super) trait Channel {
    /// Sends one command; gives the answer, in `buffer`.
    fn transmit<'a>(&mut self, command: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]>;

    /// Lets the person enter a PIN on the reader, as `structure` says; gives the card's answer.
    fn enter_pin<'a>(&mut self, structure: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]>;

    /// Whether the protocol is T=0, in which a command with data cannot say what it expects.
    fn is_t0(&self) -> bool;
}

/// A card to talk to.
pub(super) struct Talk<'a>(pub(super) &'a mut dyn Channel);

impl Talk<'_> {
    /// Sends a command; gives the data of its answer, and how it ended. Data is wiped when dropped: it may be a secret.
    pub(super) fn send(&mut self, command: &Command) -> Result<(Zeroizing<Vec<u8>>, StatusWord)> {
        let (mut data, mut status) = (Zeroizing::default(), StatusWord(0));
        for part in command.parts(self.0.is_t0()) {
            (data, status) = self.exchange(command.name, &part)?;
            if status.status() != Status::Done {
                break;
            }
        }
        tracing::debug!(command = command.name, status = format_args!("{:04X}", status.0), "card");
        Ok((data, status))
    }

    /// The same for a command that has to be done.
    pub(super) fn done(&mut self, command: &Command) -> Result<Zeroizing<Vec<u8>>> {
        let (data, status) = self.send(command)?;
        match status.status() {
            Status::Done => Ok(data),
            _ => Err(CardError::Refused { command: command.name, status: status.0 }),
        }
    }

    /// Sends one part, again with another length when the card asks for that, and collects an answer in parts.
    fn exchange(&mut self, name: &'static str, part: &Part) -> Result<(Zeroizing<Vec<u8>>, StatusWord)> {
        let misbehaved = |what| CardError::Misbehaved { command: name, what };
        let (mut data, mut status) = self.transmit(name, &part.bytes)?;
        if let (Status::WrongLength(length), true) = (status.status(), part.ends_with_length) {
            let mut again = part.bytes.clone();
            *again.last_mut().expect("the length") = length;
            (data, status) = self.transmit(name, &again)?;
        }
        let mut rounds = 0;
        while let Status::More(length) = status.status() {
            rounds += 1;
            if rounds > MAX_ROUNDS || data.len() > MAX_ANSWER {
                return Err(misbehaved("its answer does not end"));
            }
            let (more, next) = self.transmit(name, &[0x00, 0xC0, 0x00, 0x00, length])?;
            data = joined(&data, &more);
            status = next;
        }
        match status.status() {
            Status::WrongLength(_) => Err(misbehaved("it asks for one length after the other")),
            _ if data.len() > MAX_ANSWER => Err(misbehaved("its answer is too long")),
            _ => Ok((data, status)),
        }
    }

    /// Lets the person enter a PIN on the reader; how the card took it, or the reader why it was not given one.
    pub(super) fn enter_pin(&mut self, name: &'static str, structure: &[u8]) -> Result<StatusWord> {
        let mut buffer = [0; MAX_PART];
        let (_, status) = parted(name, self.0.enter_pin(structure, &mut buffer)?)?;
        tracing::debug!(command = name, status = format_args!("{:04X}", status.0), "reader");
        Ok(status)
    }

    fn transmit(&mut self, name: &'static str, bytes: &[u8]) -> Result<(Zeroizing<Vec<u8>>, StatusWord)> {
        let mut buffer = Zeroizing::new([0; MAX_PART]);
        let answer = self.0.transmit(bytes, &mut *buffer).map_err(|error| match error {
            // What carries the bytes does not know what they are.
            CardError::Misbehaved { what, .. } => CardError::Misbehaved { command: name, what },
            error => error,
        });
        parted(name, answer?)
    }
}

/// An answer's data and status word.
fn parted(name: &'static str, answer: &[u8]) -> Result<(Zeroizing<Vec<u8>>, StatusWord)> {
    let Some((data, status)) = answer.split_last_chunk::<2>() else {
        return Err(CardError::Misbehaved { command: name, what: "its answer has no status word" });
    };
    Ok((Zeroizing::new(data.to_vec()), StatusWord(u16::from_be_bytes(*status))))
}

/// In memory of its own: growing would leave a copy behind.
fn joined(first: &[u8], second: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([first, second].concat())
}
