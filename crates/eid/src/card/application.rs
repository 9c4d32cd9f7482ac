//! What an ID-card can do, whoever made it.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    CardError, Result,
    apdu::{Command, Status},
    idemia::Idemia,
    pad,
    pin::Entry,
    thales::Thales,
    tlv,
    transport::Talk,
};

/// Length of a coordinate on P-384, the curve of these cards.
pub(super) const FIELD: usize = 48;
/// Largest certificate that is read.
const MAX_CERTIFICATE: usize = 8 << 10;
/// Most that is read at once: some readers break above.
pub(super) const CHUNK: u8 = 0xC0;

/// Who made a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardKind {
    /// IDEMIA, issued from 2018 and 2021 on.
    Idemia,
    /// Thales, issued from 2025 on.
    Thales,
}

impl fmt::Display for CardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idemia => "IDEMIA (2018, 2021)",
            Self::Thales => "Thales (2025)",
        })
    }
}

/// How often a wrong PIN1 is still allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Tries left; with 0 it is blocked.
    pub left: u8,
    /// It has to be changed before it can be used.
    pub must_change: bool,
}

/// What a card says of the document that it is. Texts are its own; nothing proves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Number of the document.
    pub number: Option<String>,
    /// Last day of its validity, as `2030-12-31`.
    pub valid_until: Option<String>,
}

/// A card's commands. Each begins where the one before it leaves off: [`Application::begin`] first.
pub(super) trait Application: Sync {
    fn kind(&self) -> CardKind;

    /// Selects the application, which confirms the kind of card, and forgets a PIN that was verified before.
    fn begin(&self, talk: &mut Talk<'_>) -> Result<()>;

    /// The certificate of the authentication key, in DER, with whatever fills up its file.
    fn certificate(&self, talk: &mut Talk<'_>) -> Result<Zeroizing<Vec<u8>>>;

    fn tries(&self, talk: &mut Talk<'_>) -> Result<Tries>;

    fn document(&self, talk: &mut Talk<'_>) -> Result<Document>;

    /// Goes where the authentication key is.
    fn approach_key(&self, talk: &mut Talk<'_>) -> Result<()>;

    fn verify(&self, talk: &mut Talk<'_>, pin: &Entry) -> Result<()>;

    /// ECDH with the uncompressed point `peer`, after [`Application::verify`].
    fn agree(&self, talk: &mut Talk<'_>, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>>;

    /// ECDSA over a hash of [`FIELD`] bytes, after [`Application::verify`].
    fn sign(&self, talk: &mut Talk<'_>, hash: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
}

/// The application of a card with this ATR; [`Application::begin`] confirms it.
pub(super) fn recognised(atr: &[u8]) -> Option<&'static dyn Application> {
    match atr {
        _ if Idemia::ATRS.contains(&atr) => Some(&Idemia),
        _ if atr == Thales::ATR => Some(&Thales),
        _ => None,
    }
}

/// Selects an application by its identifier.
pub(super) fn select_application(talk: &mut Talk<'_>, name: &'static str, aid: &[u8]) -> Result<()> {
    talk.done(&Command::new(name, [0x00, 0xA4, 0x04, 0x0C]).data(aid)).map(drop)
}

/// Selects the certificate's file by `select`, finds its size under `size_tag`, and reads it.
pub(super) fn read_certificate(talk: &mut Talk<'_>, select: &Command, size_tag: u32) -> Result<Zeroizing<Vec<u8>>> {
    let (control, status) = talk.send(select)?;
    match status.status() {
        Status::Done => {}
        Status::NotFound => return Err(CardError::NoCertificate),
        _ => return Err(CardError::Refused { command: select.name, status: status.0 }),
    }
    let size = tlv::find(&control, size_tag).and_then(tlv::number);
    let misbehaved = |what| CardError::Misbehaved { command: select.name, what };
    match size {
        None => Err(misbehaved("it does not say how large the file is")),
        Some(0) => Err(CardError::NoCertificate),
        Some(size) if size > MAX_CERTIFICATE => Err(misbehaved("the file is too large for a certificate")),
        Some(size) => read_binary(talk, size),
    }
}

/// Reads `size` bytes of the selected file.
fn read_binary(talk: &mut Talk<'_>, size: usize) -> Result<Zeroizing<Vec<u8>>> {
    const NAME: &str = "READ BINARY";
    let mut content = Zeroizing::new(Vec::with_capacity(size));
    while content.len() < size {
        let [high, low] = u16::try_from(content.len()).expect("below the largest certificate").to_be_bytes();
        let wanted = u8::try_from(size - content.len()).map_or(CHUNK, |left| left.min(CHUNK));
        let part = talk.done(&Command::new(NAME, [0x00, 0xB0, high, low]).expecting(wanted))?;
        if part.is_empty() || part.len() > usize::from(wanted) {
            return Err(CardError::Misbehaved { command: NAME, what: "it gives another length than was asked for" });
        }
        content.extend_from_slice(&part);
    }
    Ok(content)
}

/// Lets the card check PIN1 under `reference`, filled up with `padding`.
pub(super) fn verify(talk: &mut Talk<'_>, reference: u8, pin: &Entry, padding: u8) -> Result<()> {
    const NAME: &str = "VERIFY";
    let head = [0x00, 0x20, 0x00, reference];
    let status = match pin {
        Entry::Typed(pin) => talk.send(&Command::new(NAME, head).secret(pin.padded(padding)))?.1,
        Entry::OnReader => talk.enter_pin(NAME, &pad::verification(head, padding))?,
    };
    match (status.status(), pin) {
        (Status::Done, _) => Ok(()),
        (Status::WrongPin { left }, _) => Err(CardError::PinIncorrect { left }),
        (Status::Blocked, _) => Err(CardError::PinBlocked),
        // PC/SC part 10, 2.5.3: what the reader says itself.
        (_, Entry::OnReader) if status.0 == 0x6400 => Err(CardError::PadTimedOut),
        (_, Entry::OnReader) if status.0 == 0x6401 => Err(CardError::PadCancelled),
        (_, Entry::OnReader) if matches!(status.0, 0x6402 | 0x6403) => Err(CardError::PadRefused),
        _ => Err(CardError::Refused { command: NAME, status: status.0 }),
    }
}

/// The command that computes with what somebody else has chosen.
pub(super) const DECIPHER: &str = "PSO DECIPHER";

/// ECDH with `peer`.
pub(super) fn decipher(talk: &mut Talk<'_>, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut data = vec![0x00];
    data.extend_from_slice(peer);
    let secret = talk.done(&Command::new(DECIPHER, [0x00, 0x2A, 0x80, 0x86]).data(&data).expecting(0))?;
    sized(secret, FIELD, DECIPHER)
}

/// Sets the security environment.
pub(super) fn set_environment(talk: &mut Talk<'_>, template: u8, data: &[u8]) -> Result<()> {
    talk.done(&Command::new("MSE SET", [0x00, 0x22, 0x41, template]).data(data)).map(drop)
}

/// What a key gives has one length.
pub(super) fn sized(answer: Zeroizing<Vec<u8>>, length: usize, command: &'static str) -> Result<Zeroizing<Vec<u8>>> {
    if answer.len() == length {
        Ok(answer)
    } else {
        Err(CardError::Misbehaved { command, what: "its answer has another length" })
    }
}
