//! The card of IDEMIA, issued from 2018 and 2021 on.

use zeroize::Zeroizing;

use super::{
    CardError, CardKind, Document, Result, Tries,
    apdu::Command,
    application::{
        Application, CHUNK, FIELD, decipher, read_certificate, select_application, set_environment, sized, verify,
    },
    pin::Entry,
    tlv,
    transport::Talk,
};

const MAIN_AID: [u8; 16] = *b"\xA0\x00\x00\x00\x77\x01\x08\x00\x07\x00\x00\xFE\x00\x00\x01\x00";
const AUTHENTICATION_AID: [u8; 13] = *b"\xE8\x28\xBD\x08\x0F\xF2\x50OT AWP";
const PIN1: u8 = 0x01;
const DOCUMENT_NUMBER: u8 = 7;
const DOCUMENT_EXPIRY: u8 = 8;
/// Longest text of the document that is taken.
const MAX_TEXT: usize = 64;

pub(super) struct Idemia;

impl Idemia {
    pub(super) const ATRS: [&[u8]; 2] = [
        b"\x3B\xDB\x96\x00\x80\xB1\xFE\x45\x1F\x83\x00\x12\x23\x3F\x53\x65\x49\x44\x0F\x90\x00\xF1",
        b"\x3B\xDC\x96\x00\x80\xB1\xFE\x45\x1F\x83\x00\x12\x23\x3F\x54\x65\x49\x44\x32\x0F\x90\x00\xC3",
    ];
}

impl Application for Idemia {
    fn kind(&self) -> CardKind {
        CardKind::Idemia
    }

    fn begin(&self, talk: &mut Talk<'_>) -> Result<()> {
        select_application(talk, "SELECT main application", &MAIN_AID)
    }

    fn certificate(&self, talk: &mut Talk<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let select = Command::new("SELECT certificate", [0x00, 0xA4, 0x09, 0x04]);
        read_certificate(talk, &select.data(&[0xAD, 0xF1, 0x34, 0x01]).expecting(0), 0x80)
    }

    fn tries(&self, talk: &mut Talk<'_>) -> Result<Tries> {
        const NAME: &str = "GET DATA PIN1";
        let object = [0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81, PIN1, 0x02, 0xA0, 0x80];
        let answer = talk.done(&Command::new(NAME, [0x00, 0xCB, 0x3F, 0xFF]).data(&object).expecting(0))?;
        match tlv::find(&answer, 0x9B) {
            Some(&[left]) => Ok(Tries { left, must_change: false }),
            _ => Err(CardError::Misbehaved { command: NAME, what: "it does not say how many tries are left" }),
        }
    }

    fn document(&self, talk: &mut Talk<'_>) -> Result<Document> {
        talk.done(&Command::new("SELECT personal data", [0x00, 0xA4, 0x09, 0x0C]).data(&[0x3F, 0x00, 0x50, 0x00]))?;
        Ok(Document {
            number: text(talk, DOCUMENT_NUMBER)?,
            valid_until: text(talk, DOCUMENT_EXPIRY)?.as_deref().and_then(day),
        })
    }

    fn approach_key(&self, talk: &mut Talk<'_>) -> Result<()> {
        select_application(talk, "SELECT authentication application", &AUTHENTICATION_AID)
    }

    fn verify(&self, talk: &mut Talk<'_>, pin: &Entry) -> Result<()> {
        verify(talk, PIN1, pin, 0xFF)
    }

    fn agree(&self, talk: &mut Talk<'_>, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        set_environment(talk, 0xB8, &[0x80, 0x04, 0xFF, 0x30, 0x04, 0x00, 0x84, 0x01, 0x81])?;
        decipher(talk, peer)
    }

    fn sign(&self, talk: &mut Talk<'_>, hash: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        const NAME: &str = "INTERNAL AUTHENTICATE";
        set_environment(talk, 0xA4, &[0x80, 0x04, 0xFF, 0x20, 0x08, 0x00, 0x84, 0x01, 0x81])?;
        let signature = talk.done(&Command::new(NAME, [0x00, 0x88, 0x00, 0x00]).data(hash).expecting(0))?;
        sized(signature, 2 * FIELD, NAME)
    }
}

/// A text of the document; `None` when the card has none that can be shown.
fn text(talk: &mut Talk<'_>, number: u8) -> Result<Option<String>> {
    match talk.done(&Command::new("SELECT text", [0x00, 0xA4, 0x02, 0x0C]).data(&[0x50, number])) {
        Ok(_) => {}
        Err(CardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    let bytes = match talk.done(&Command::new("READ text", [0x00, 0xB0, 0x00, 0x00]).expecting(CHUNK)) {
        Ok(bytes) => bytes,
        Err(CardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = std::str::from_utf8(&bytes).ok().map(|text| text.trim_matches(['\0', ' ']));
    let shown = |text: &&str| !text.is_empty() && text.len() <= MAX_TEXT && !text.contains(char::is_control);
    Ok(text.filter(shown).map(str::to_owned))
}

/// `31 12 2030` as `2030-12-31`.
fn day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(' ').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        [day, month, year] if digits(day, 2) && digits(month, 2) && digits(year, 4) => {
            Some(format!("{year}-{month}-{day}"))
        }
        _ => None,
    }
}
