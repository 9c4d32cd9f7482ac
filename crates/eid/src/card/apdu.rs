//! Commands and status words of ISO 7816-4, in the short form that every reader carries.

use zeroize::Zeroizing;

/// Most data that one command carries.
const MAX_DATA: usize = 255;
/// Class bit of every part of a command but the last.
const CHAINED: u8 = 0x10;

/// What is sent at once.
pub(super) struct Part {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether the last byte is the length that is expected.
    pub(super) ends_with_length: bool,
}

/// A command. Its bytes may be secret (a PIN) and are wiped; its name is for logs and errors.
pub(super) struct Command {
    pub(super) name: &'static str,
    head: [u8; 4],
    data: Zeroizing<Vec<u8>>,
    expected: Option<u8>,
}

impl Command {
    /// A command that carries nothing and expects nothing. `head` is class, instruction and two parameters.
    pub(super) fn new(name: &'static str, head: [u8; 4]) -> Self {
        Self { name, head, data: Zeroizing::default(), expected: None }
    }

    pub(super) fn data(self, data: &[u8]) -> Self {
        self.secret(Zeroizing::new(data.to_vec()))
    }

    pub(super) fn secret(self, data: Zeroizing<Vec<u8>>) -> Self {
        Self { data, ..self }
    }

    /// Expects an answer of this length at most; 0 stands for 256.
    pub(super) fn expecting(self, length: u8) -> Self {
        Self { expected: Some(length), ..self }
    }

    /// The bytes: one part, or several of a chain when there is much data. In the protocol T=0 a command with data says nothing of the
    /// answer, which is then asked for.
    pub(super) fn parts(&self, is_t0: bool) -> Vec<Part> {
        let pieces: Vec<&[u8]> = if self.data.is_empty() { vec![&[]] } else { self.data.chunks(MAX_DATA).collect() };
        let last = pieces.len() - 1;
        let part = |(index, piece): (usize, &&[u8])| {
            let mut bytes = Zeroizing::new(Vec::with_capacity(4 + 1 + MAX_DATA + 1));
            bytes.extend_from_slice(&self.head);
            if index < last {
                bytes[0] |= CHAINED;
            }
            if !piece.is_empty() {
                bytes.push(u8::try_from(piece.len()).expect("a chunk of at most 255"));
                bytes.extend_from_slice(piece);
            }
            let expected = self.expected.filter(|_| index == last && (piece.is_empty() || !is_t0));
            bytes.extend(expected);
            Part { bytes, ends_with_length: expected.is_some() }
        };
        pieces.iter().enumerate().map(part).collect()
    }
}

/// SW1 and SW2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusWord(pub(super) u16);

/// What a status word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Done,
    /// There is more, of this length; 0 stands for 256 or unknown.
    More(u8),
    /// The command is right with this expected length.
    WrongLength(u8),
    WrongPin {
        left: u8,
    },
    Blocked,
    NotFound,
    Other,
}

impl StatusWord {
    pub(super) fn status(self) -> Status {
        let [first, second] = self.0.to_be_bytes();
        match (first, second) {
            (0x90, 0x00) => Status::Done,
            (0x61, length) => Status::More(length),
            (0x6C, length) => Status::WrongLength(length),
            (0x63, 0xC0) | (0x69, 0x83 | 0x84) => Status::Blocked,
            (0x63, 0xC1..=0xCF) => Status::WrongPin { left: second & 0x0F },
            (0x6A, 0x82) => Status::NotFound,
            _ => Status::Other,
        }
    }
}
