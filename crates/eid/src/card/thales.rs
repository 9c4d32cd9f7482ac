//! The card of Thales, issued from 2025 on.

use zeroize::Zeroizing;

use super::{
    CardError, CardKind, Document, Result, Tries,
    apdu::Command,
    application::{Application, FIELD, decipher, read_certificate, select_application, set_environment, sized, verify},
    pin::Entry,
    tlv,
    transport::Talk,
};

const AID: [u8; 12] = *b"\xA0\x00\x00\x00\x63PKCS-15";
const PIN1: u8 = 0x81;
const KEY: u8 = 0x01;
/// ECDSA with SHA-384, as the card numbers algorithms.
const ECDSA_SHA_384: u8 = 0x54;

pub(super) struct Thales;

impl Thales {
    pub(super) const ATR: &[u8] =
        b"\x3B\xFF\x96\x00\x00\x80\x31\xFE\x43\x80\x31\xB8\x53\x65\x49\x44\x64\xB0\x85\x05\x10\x12\x23\x3F\x1D";
}

impl Application for Thales {
    fn kind(&self) -> CardKind {
        CardKind::Thales
    }

    fn begin(&self, talk: &mut Talk<'_>) -> Result<()> {
        select_application(talk, "SELECT application", &AID)
    }

    fn certificate(&self, talk: &mut Talk<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let select = Command::new("SELECT certificate", [0x00, 0xA4, 0x08, 0x04]);
        read_certificate(talk, &select.data(&[0xAD, 0xF1, 0x34, 0x11]).expecting(0), 0x81)
    }

    fn tries(&self, talk: &mut Talk<'_>) -> Result<Tries> {
        const NAME: &str = "GET DATA PIN1";
        let object = [0xA0, 0x03, 0x83, 0x01, PIN1];
        let answer = talk.done(&Command::new(NAME, [0x00, 0xCB, 0x00, 0xFF]).data(&object).expecting(0))?;
        match (tlv::find(&answer, 0xDF21), tlv::find(&answer, 0xDF2F)) {
            (Some(&[left]), changed) => Ok(Tries { left, must_change: changed == Some(&[0x00]) }),
            _ => Err(CardError::Misbehaved { command: NAME, what: "it does not say how many tries are left" }),
        }
    }

    fn document(&self, _: &mut Talk<'_>) -> Result<Document> {
        Ok(Document::default())
    }

    fn approach_key(&self, _: &mut Talk<'_>) -> Result<()> {
        Ok(())
    }

    fn verify(&self, talk: &mut Talk<'_>, pin: &Entry) -> Result<()> {
        verify(talk, PIN1, pin, 0x00)
    }

    fn agree(&self, talk: &mut Talk<'_>, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        set_environment(talk, 0xB8, &[0x84, 0x01, KEY])?;
        decipher(talk, peer)
    }

    fn sign(&self, talk: &mut Talk<'_>, hash: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        const NAME: &str = "PSO COMPUTE SIGNATURE";
        set_environment(talk, 0xB6, &[0x80, 0x01, ECDSA_SHA_384, 0x84, 0x01, KEY])?;
        let mut data = vec![0x90, u8::try_from(hash.len()).expect("the hash of the curve")];
        data.extend_from_slice(hash);
        talk.done(&Command::new("PSO HASH", [0x00, 0x2A, 0x90, 0xA0]).data(&data))?;
        let signature = talk.done(&Command::new(NAME, [0x00, 0x2A, 0x9E, 0x9A]).expecting(0))?;
        sized(signature, 2 * FIELD, NAME)
    }
}
