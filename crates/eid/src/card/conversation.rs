//! A card that somebody else plays, and everything that is said to one: for tests and fuzzing.

use zeroize::Zeroizing;

use super::{
    CardError, CardKind, Pin, Result,
    application::{Application, FIELD},
    idemia::Idemia,
    key::Unlocking,
    pin::Entry,
    service::shown,
    thales::Thales,
    transport::{Channel, Talk},
};

/// A point of P-384: the one from which all others are counted.
const GENERATOR: &str = "04\
    AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7\
    3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F";

/// A channel whose other end is a function: the answer to each command, or `None` when the card is gone.
pub(super) struct Played<'a> {
    pub(super) is_t0: bool,
    pub(super) answer: &'a mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
}

impl Channel for Played<'_> {
    fn transmit<'a>(&mut self, command: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        let answer = (self.answer)(command).ok_or(CardError::Removed)?;
        // As the service does it.
        let room = buffer
            .get_mut(..answer.len())
            .ok_or(CardError::Misbehaved { command: "a command", what: "its answer is too long" })?;
        room.copy_from_slice(&answer);
        Ok(room)
    }

    fn enter_pin<'a>(&mut self, structure: &[u8], buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        // A reader that gives the card what stands there already.
        self.transmit(structure.get(19..).unwrap_or_default(), buffer)
    }

    fn is_t0(&self) -> bool {
        self.is_t0
    }
}

/// What came of a whole conversation.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it showed a holder, without a PIN.
    pub shown: Result<()>,
    /// The secret that its key computed.
    pub agreed: Result<Zeroizing<Vec<u8>>>,
    /// The signature.
    pub signed: Result<Zeroizing<Vec<u8>>>,
}

/// Looks at a card, opens it with the PIN 1234, agrees on a secret and signs: all that is ever said to a card.
pub fn conversation(kind: CardKind, is_t0: bool, answer: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Outcome {
    let application: &dyn Application = match kind {
        CardKind::Idemia => &Idemia,
        CardKind::Thales => &Thales,
    };
    let mut channel = Played { is_t0, answer };
    let mut talk = Talk(&mut channel);
    let shown = shown(application, &mut talk).map(drop);
    let pin = Entry::Typed(Pin::new("1234").expect("four digits"));
    let mut unlocking = Unlocking { pin, risk_last_try: false, refusal: None };
    let mut is_open = false;
    let peer = hex::decode(GENERATOR).expect("hex");
    let agreed = unlocking
        .perform(application, &mut talk, &mut is_open, &move |application, talk| application.agree(talk, &peer));
    let signed = unlocking
        .perform(application, &mut talk, &mut is_open, &|application, talk| application.sign(talk, &[0x23; FIELD]));
    Outcome { shown, agreed, signed }
}
