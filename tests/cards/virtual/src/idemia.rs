//! The card of 2018 and 2021.

use crate::{
    Holder,
    card::{Chip, Pin},
    command::{Answer, Command, read, tlv},
};

const MAIN: [u8; 16] = *b"\xA0\x00\x00\x00\x77\x01\x08\x00\x07\x00\x00\xFE\x00\x00\x01\x00";
const AUTHENTICATION: [u8; 13] = *b"\xE8\x28\xBD\x08\x0F\xF2\x50OT AWP";
const MF: [u8; 2] = [0x3F, 0x00];
const AUTHENTICATION_FOLDER: [u8; 2] = [0xAD, 0xF1];
const SIGNING_FOLDER: [u8; 2] = [0xAD, 0xF2];
const PERSONAL_FOLDER: [u8; 2] = [0x50, 0x00];

/// What the authentication key does next.
#[derive(PartialEq, Eq)]
enum Environment {
    None,
    Sign,
    Agree,
}

pub(crate) struct Idemia {
    holder: Holder,
    pin: Pin,
    certificate: Vec<u8>,
    /// `None` before anything was selected.
    folder: Option<[u8; 2]>,
    file: Option<Vec<u8>>,
    environment: Environment,
}

impl Idemia {
    pub(crate) const ATR: &[u8] =
        b"\x3B\xDB\x96\x00\x80\xB1\xFE\x45\x1F\x83\x00\x12\x23\x3F\x53\x65\x49\x44\x0F\x90\x00\xF1";
    pub(crate) const ATR_2021: &[u8] =
        b"\x3B\xDC\x96\x00\x80\xB1\xFE\x45\x1F\x83\x00\x12\x23\x3F\x54\x65\x49\x44\x32\x0F\x90\x00\xC3";

    pub(crate) fn new(holder: Holder, pin: &str) -> Self {
        let certificate = holder.certificate().to_vec();
        let pin = Pin::new(pin, 0xFF);
        Self { holder, pin, certificate, folder: None, file: None, environment: Environment::None }
    }

    fn select_application(&mut self, aid: &[u8]) -> Answer {
        let folder = match aid {
            _ if aid == MAIN => MF,
            _ if aid == AUTHENTICATION => AUTHENTICATION_FOLDER,
            _ => return Answer::NOT_FOUND.into(),
        };
        // Whoever begins anew has to verify anew; from there to the authentication application nothing is lost.
        if folder == MF {
            self.pin.verified = false;
        }
        self.enter(folder)
    }

    fn enter(&mut self, folder: [u8; 2]) -> Answer {
        (self.folder, self.file, self.environment) = (Some(folder), None, Environment::None);
        Answer::DONE.into()
    }

    fn select_file(&mut self, folder: Option<[u8; 2]>, file: [u8; 2]) -> Option<usize> {
        let content = self.content(folder?, file)?;
        let size = content.len();
        (self.folder, self.file) = (folder, Some(content));
        Some(size)
    }

    fn content(&self, folder: [u8; 2], file: [u8; 2]) -> Option<Vec<u8>> {
        let [surname, given_names, code, document] = &self.holder.personal;
        match (folder, file) {
            (AUTHENTICATION_FOLDER, [0x34, 0x01]) => Some(self.certificate.clone()).filter(|file| !file.is_empty()),
            (SIGNING_FOLDER, [0x34, 0x1F]) => Some(self.holder.certificate().to_vec()),
            (MF, [0xD0, 0x03]) => Some(tlv(&[0x04], document.as_bytes())),
            (PERSONAL_FOLDER, [0x50, number]) => {
                let text = match number {
                    1 => surname,
                    2 => given_names,
                    6 => code,
                    7 => document,
                    8 => "31 12 2030",
                    _ => return None,
                };
                Some(text.as_bytes().to_vec())
            }
            _ => None,
        }
    }

    /// By path from the MF: a folder, or a file in a folder.
    fn select_path(&mut self, path: &[u8], wants_size: bool) -> Answer {
        let path = path.strip_prefix(&MF).unwrap_or(path);
        let (parts, []) = path.as_chunks::<2>() else { return Answer::WRONG_DATA.into() };
        let size = match *parts {
            [PERSONAL_FOLDER] => return self.enter(PERSONAL_FOLDER),
            [file] => self.select_file(Some(MF), file),
            [folder, file] => self.select_file(Some(folder), file),
            _ => None,
        };
        match size {
            None => Answer::NOT_FOUND.into(),
            Some(size) if wants_size => {
                let size = u16::try_from(size).expect("files are small").to_be_bytes();
                Answer::data(tlv(&[0x6F], &[tlv(&[0x80], &size), tlv(&[0x82], &[0x01])].concat()))
            }
            Some(_) => Answer::DONE.into(),
        }
    }

    /// The counter of a PIN or the PUK, by its number.
    fn pin_data(&self, number: u8) -> Answer {
        let left = if number == 1 { self.pin.left } else { 3 };
        let counters = [tlv(&[0x9A], &[3]), tlv(&[0x9B], &[left])].concat();
        let rules = tlv(&[0xA1], b"\x8C\x06\xF3\x00\x00\x73\x43\x00\x9C\x06\xF3\x00\x00\x73\x43\x00");
        let object = tlv(&[0xA0], &[counters, rules].concat());
        Answer::data(tlv(&[0x70], &tlv(&[0xBF, 0x81, number], &object)))
    }

    fn set_environment(&mut self, template: u8, data: &[u8]) -> Answer {
        let is_of_authentication = data.ends_with(&[0x84, 0x01, 0x81]);
        let environment = match (template, &data[..data.len().saturating_sub(3)]) {
            (0xA4, [0x80, 0x04, 0xFF, 0x20, 0x08, 0x00] | []) => Environment::Sign,
            (0xB8, [0x80, 0x04, 0xFF, 0x30, 0x04, 0x00] | [0x80, 0x01, 0x0B]) => Environment::Agree,
            _ => Environment::None,
        };
        if !is_of_authentication || environment == Environment::None || self.folder.is_none() {
            return Answer::WRONG_DATA.into();
        }
        self.environment = environment;
        Answer::DONE.into()
    }

    /// Uses the key, when everything is as it must be.
    fn with_key(&self, environment: Environment, result: impl FnOnce(&Holder) -> Option<Vec<u8>>) -> Answer {
        if !self.pin.verified {
            return Answer::NOT_ALLOWED.into();
        }
        if self.environment != environment {
            return Answer::NO_CONDITIONS.into();
        }
        result(&self.holder).map_or(Answer::WRONG_DATA.into(), Answer::data)
    }
}

impl Chip for Idemia {
    fn reset(&mut self) {
        self.pin.verified = false;
        (self.folder, self.file, self.environment) = (None, None, Environment::None);
    }

    fn answer(&mut self, command: &Command<'_>) -> Answer {
        let data = command.data;
        match command.head {
            [0xA4, 0x04, _] => self.select_application(data),
            [0xA4, 0x00, 0x0C] if data.is_empty() || data == MF => self.enter(MF),
            [0xA4, 0x01, 0x0C] if data == AUTHENTICATION_FOLDER => self.enter(AUTHENTICATION_FOLDER),
            [0xA4, 0x01, 0x0C] if data == SIGNING_FOLDER => self.enter(SIGNING_FOLDER),
            [0xA4, 0x02, _] => match data.try_into().ok().and_then(|file| self.select_file(self.folder, file)) {
                Some(_) => Answer::DONE.into(),
                None => Answer::NOT_FOUND.into(),
            },
            [0xA4, 0x09, p2] => self.select_path(data, p2 == 0x04),
            [0xB0, ..] => read(self.file.as_deref(), command),
            [0xCB, 0x3F, 0xFF] => match data {
                [0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81, number, 0x02, 0xA0, 0x80] => self.pin_data(*number),
                _ => Answer::WRONG_DATA.into(),
            },
            [0x20, 0x00, 0x01] => self.pin.verify(data),
            [0x22, 0x41, template] => self.set_environment(template, data),
            [0x88, 0x00, 0x00] => self.with_key(Environment::Sign, |holder| holder.sign(data)),
            [0x2A, 0x80, 0x86] => self.with_key(Environment::Agree, |holder| holder.agree(data.strip_prefix(&[0])?)),
            _ => Answer::UNKNOWN.into(),
        }
    }

    fn pin(&mut self) -> &mut Pin {
        &mut self.pin
    }

    fn lose_certificate(&mut self) {
        self.certificate.clear();
    }
}
