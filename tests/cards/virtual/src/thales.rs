//! The card of 2025.

use crate::{
    Holder,
    card::{Chip, Pin},
    command::{Answer, Command, read, tlv},
};

const APPLICATION: [u8; 12] = *b"\xA0\x00\x00\x00\x63PKCS-15";
const CERTIFICATE: [u8; 4] = [0xAD, 0xF1, 0x34, 0x11];
const SHA_384: u8 = 0x54;

/// What the key does next.
enum Environment {
    None,
    Sign { hash: Option<Vec<u8>> },
    Agree,
}

pub(crate) struct Thales {
    holder: Holder,
    pin: Pin,
    must_change: bool,
    certificate: Vec<u8>,
    is_selected: bool,
    file: Option<Vec<u8>>,
    environment: Environment,
}

impl Thales {
    pub(crate) const ATR: &[u8] =
        b"\x3B\xFF\x96\x00\x00\x80\x31\xFE\x43\x80\x31\xB8\x53\x65\x49\x44\x64\xB0\x85\x05\x10\x12\x23\x3F\x1D";

    pub(crate) fn new(holder: Holder, pin: &str) -> Self {
        Self {
            certificate: holder.certificate().to_vec(),
            holder,
            pin: Pin::new(pin, 0x00),
            must_change: false,
            is_selected: false,
            file: None,
            environment: Environment::None,
        }
    }

    fn select_file(&mut self, path: &[u8]) -> Answer {
        if path != CERTIFICATE || self.certificate.is_empty() {
            return Answer::NOT_FOUND.into();
        }
        self.file = Some(self.certificate.clone());
        let size = u16::try_from(self.certificate.len()).expect("files are small").to_be_bytes();
        Answer::data(tlv(&[0x6F], &[tlv(&[0x81], &size), tlv(&[0x82], &[0x01])].concat()))
    }

    fn pin_data(&self) -> Answer {
        let flag = u8::from(!self.must_change);
        let counters = [tlv(&[0xDF, 0x21], &[self.pin.left]), tlv(&[0xDF, 0x2F], &[flag])].concat();
        Answer::data(tlv(&[0xA0], &[tlv(&[0x83], &[0x81]), counters].concat()))
    }

    fn set_environment(&mut self, template: u8, data: &[u8]) -> Answer {
        self.environment = match (template, data) {
            (0xB6, [0x80, 0x01, SHA_384, 0x84, 0x01, 0x01]) => Environment::Sign { hash: None },
            (0xB8, [0x84, 0x01, 0x01]) => Environment::Agree,
            _ => return Answer::WRONG_DATA.into(),
        };
        Answer::DONE.into()
    }

    fn take_hash(&mut self, data: &[u8]) -> Answer {
        match (&mut self.environment, data) {
            (Environment::Sign { hash }, [0x90, 0x30, given @ ..]) if given.len() == 0x30 => {
                *hash = Some(given.to_vec());
                Answer::DONE.into()
            }
            (Environment::Sign { .. }, _) => Answer::WRONG_DATA.into(),
            _ => Answer::NO_CONDITIONS.into(),
        }
    }

    fn use_key(&mut self, result: impl FnOnce(&Holder, &Environment) -> Option<Vec<u8>>) -> Answer {
        if !self.pin.verified || self.must_change {
            return Answer::NOT_ALLOWED.into();
        }
        let environment = std::mem::replace(&mut self.environment, Environment::None);
        result(&self.holder, &environment).map_or(Answer::WRONG_DATA.into(), Answer::data)
    }
}

impl Chip for Thales {
    fn reset(&mut self) {
        self.pin.verified = false;
        (self.is_selected, self.file, self.environment) = (false, None, Environment::None);
    }

    fn answer(&mut self, command: &Command<'_>) -> Answer {
        let data = command.data;
        match command.head {
            [0xA4, 0x04, _] if data == APPLICATION => {
                self.reset();
                self.is_selected = true;
                Answer::DONE.into()
            }
            [0xA4, 0x08, 0x04] if self.is_selected => self.select_file(data),
            [0xA4, ..] => Answer::NOT_FOUND.into(),
            _ if !self.is_selected => Answer::UNKNOWN.into(),
            [0xB0, ..] => read(self.file.as_deref(), command),
            [0xCB, 0x00, 0xFF] if data == [0xA0, 0x03, 0x83, 0x01, 0x81] => self.pin_data(),
            [0x20, 0x00, 0x81] => self.pin.verify(data),
            [0x22, 0x41, template] => self.set_environment(template, data),
            [0x2A, 0x90, 0xA0] => self.take_hash(data),
            [0x2A, 0x9E, 0x9A] => self.use_key(|holder, environment| match environment {
                Environment::Sign { hash } => holder.sign(hash.as_ref()?),
                _ => None,
            }),
            [0x2A, 0x80, 0x86] => self.use_key(|holder, environment| match environment {
                Environment::Agree => holder.agree(data.strip_prefix(&[0])?),
                _ => None,
            }),
            _ => Answer::UNKNOWN.into(),
        }
    }

    fn pin(&mut self) -> &mut Pin {
        &mut self.pin
    }

    fn demand_change(&mut self) {
        self.must_change = true;
    }

    fn lose_certificate(&mut self) {
        self.certificate.clear();
    }
}
