//! What is said between the program and its helper: frames of a length and so many bytes, at most a mebibyte.
//!
//! Both ends are the same program, and yet the helper is not trusted: whatever the module did to it, what comes back is read within
//! bounds, and the certificates and keys in it are parsed as any foreign ones.

use std::io::{self, Read, Write};

use cdoc2::Curve;
use zeroize::Zeroizing;

use super::{Result, TokenError};
use crate::SignatureAlgorithm;

/// Longest frame in bytes.
const MAX_FRAME: usize = 1 << 20;
/// What carries secrets never grows beyond this, which would leave a copy behind.
const SECRET_FRAME: usize = 16 << 10;
/// Most tokens of one module.
pub(super) const MAX_TOKENS: usize = 16;
/// Most certificates and public keys of one token.
pub(super) const MAX_OBJECTS: usize = 48;
/// Longest certificate, in bytes.
pub(super) const MAX_CERTIFICATE: usize = 16 << 10;
/// Longest text, identifier or number that is taken, in bytes.
pub(super) const MAX_FIELD: usize = 2 << 10;

/// What the helper is asked for.
pub(super) enum Request<'a> {
    /// Load a module; the first of all.
    Load { path: &'a str },
    /// What is on its tokens, or on the one in a slot?
    List { slot: Option<u64> },
    /// Log in to the token in a slot; without PIN where it is entered at the reader.
    LogIn { slot: u64, pin: Option<&'a str>, risk_last_try: bool },
    /// Use a key of it.
    Use { slot: u64, key: KeyName<'a>, operation: Operation<'a> },
}

/// By what a private key is found.
#[derive(Clone, Copy)]
pub(super) struct KeyName<'a> {
    /// `CKA_ID`; empty where the token gives none.
    pub(super) id: &'a [u8],
    /// The modulus of an RSA key; empty for EC.
    pub(super) modulus: &'a [u8],
}

/// What a key does.
#[derive(Clone, Copy)]
pub(super) enum Operation<'a> {
    /// ECDH with an uncompressed point.
    Agree { curve: Curve, point: &'a [u8] },
    /// RSA-OAEP with SHA-256.
    Decrypt { ciphertext: &'a [u8] },
    /// Signs a hash.
    Sign { algorithm: SignatureAlgorithm, hash: &'a [u8] },
}

/// What a token tells of itself without a PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// The slot's number.
    pub slot: u64,
    /// What the module calls the slot, often the reader's name.
    pub place: String,
    /// The token's label.
    pub label: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// How its PIN stands.
    pub pin: PinState,
    /// Whether its keys need no PIN at all.
    pub needs_no_pin: bool,
    /// Whether the PIN is entered at the reader.
    pub has_pin_pad: bool,
    /// Whether the module can do ECDH and RSA-OAEP, as far as it says so.
    pub(super) agrees: bool,
    pub(super) decrypts: bool,
}

/// How a token's PIN stands, roughly: PKCS#11 has no numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinState {
    /// Nothing is known against it.
    #[default]
    Good,
    /// Some wrong PIN was entered since the last right one.
    Low,
    /// One try is left.
    LastTry,
    /// Blocked.
    Blocked,
    /// To be changed or set before it can be used.
    MustChange,
}

/// A certificate or public key on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: ObjectKind,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    /// The certificate in DER, `CKA_EC_PARAMS`, or the modulus.
    pub(super) first: Vec<u8>,
    /// `CKA_EC_POINT` or the exponent.
    pub(super) second: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Certificate,
    EcKey,
    RsaKey,
}

/// A token and what is on it, or why that cannot be told.
pub(super) type Listed = (TokenInfo, Result<Vec<Object>>);

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) tokens: Vec<Listed>,
    /// How many more there are, which were not looked at.
    pub(super) left_out: u64,
}

/// What stands before the tokens, in bytes.
const LISTING_HEAD: usize = 1 + size_of::<u64>();

/// Writes a frame.
pub(super) fn send(output: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::other("too much to say"))?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(frame)?;
    output.flush()
}

/// Reads a frame; `None` when the other end is gone.
pub(super) fn receive(input: &mut impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::other("a frame is too long"));
    }
    let mut frame = Zeroizing::new(vec![0; length]);
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// Puts a frame together.
struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn new(first: u8) -> Self {
        let mut frame = Vec::with_capacity(SECRET_FRAME);
        frame.push(first);
        Self(Zeroizing::new(frame))
    }

    fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn number(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    fn bytes(mut self, value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).expect("bounded by whoever has read it");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }
}

/// Takes a frame apart, never beyond its end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn flag(&mut self) -> Option<bool> {
        self.byte().map(|byte| byte != 0)
    }

    fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*first))
    }

    fn bytes(&mut self, most: usize) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if length > most {
            return None;
        }
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(MAX_FIELD)?).ok()
    }

    fn shown(&mut self) -> Option<String> {
        self.text().map(cdoc2::shown)
    }

    /// Nothing may follow.
    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

impl<'a> Request<'a> {
    /// Its name, for logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Load { .. } => "load",
            Self::List { .. } => "list",
            Self::LogIn { .. } => "log in",
            Self::Use { operation: Operation::Agree { .. }, .. } => "agree",
            Self::Use { operation: Operation::Decrypt { .. }, .. } => "decrypt",
            Self::Use { operation: Operation::Sign { .. }, .. } => "sign",
        }
    }

    /// As it is sent.
    pub(super) fn frame(&self) -> Zeroizing<Vec<u8>> {
        let writer = match self {
            Self::Load { path } => Writer::new(1).text(path),
            Self::List { slot: None } => Writer::new(2).byte(0),
            Self::List { slot: Some(slot) } => Writer::new(2).byte(1).number(*slot),
            Self::LogIn { slot, pin, risk_last_try } => {
                let head = Writer::new(3).number(*slot).byte(u8::from(*risk_last_try));
                match pin {
                    Some(pin) => head.byte(1).text(pin),
                    None => head.byte(0),
                }
            }
            Self::Use { slot, key, operation } => {
                let head = Writer::new(4).number(*slot).bytes(key.id).bytes(key.modulus);
                match operation {
                    Operation::Agree { curve, point } => head.byte(1).byte(curve_number(*curve)).bytes(point),
                    Operation::Decrypt { ciphertext } => head.byte(2).bytes(ciphertext),
                    Operation::Sign { algorithm, hash } => head.byte(3).byte(algorithm_number(*algorithm)).bytes(hash),
                }
            }
        };
        writer.0
    }

    /// From a frame.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        let request = match reader.byte()? {
            1 => Self::Load { path: std::str::from_utf8(reader.bytes(MAX_FRAME)?).ok()? },
            2 => Self::List { slot: if reader.flag()? { Some(reader.number()?) } else { None } },
            3 => {
                let (slot, risk_last_try) = (reader.number()?, reader.flag()?);
                let pin = if reader.flag()? { Some(reader.text()?) } else { None };
                Self::LogIn { slot, pin, risk_last_try }
            }
            4 => {
                let slot = reader.number()?;
                let key = KeyName { id: reader.bytes(MAX_FIELD)?, modulus: reader.bytes(MAX_FIELD)? };
                Self::Use { slot, key, operation: operation(&mut reader)? }
            }
            _ => return None,
        };
        reader.end()?;
        Some(request)
    }
}

fn operation<'a>(reader: &mut Reader<'a>) -> Option<Operation<'a>> {
    Some(match reader.byte()? {
        1 => {
            Operation::Agree { curve: CURVES.into_iter().nth(reader.byte()?.into())?, point: reader.bytes(MAX_FIELD)? }
        }
        2 => Operation::Decrypt { ciphertext: reader.bytes(MAX_FIELD)? },
        3 => Operation::Sign {
            algorithm: ALGORITHMS.into_iter().nth(reader.byte()?.into())?,
            hash: reader.bytes(MAX_FIELD)?,
        },
        _ => return None,
    })
}

const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];
const ALGORITHMS: [SignatureAlgorithm; 5] = [
    SignatureAlgorithm::EcdsaP256Sha256,
    SignatureAlgorithm::EcdsaP384Sha384,
    SignatureAlgorithm::EcdsaP521Sha512,
    SignatureAlgorithm::RsaPssSha256,
    SignatureAlgorithm::RsaPkcs1Sha256,
];
const KINDS: [ObjectKind; 3] = [ObjectKind::Certificate, ObjectKind::EcKey, ObjectKind::RsaKey];
const STATES: [PinState; 5] =
    [PinState::Good, PinState::Low, PinState::LastTry, PinState::Blocked, PinState::MustChange];

fn place_of<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let place = all.iter().position(|other| other == one).expect("all are in the table");
    u8::try_from(place).expect("a short table")
}

fn curve_number(curve: Curve) -> u8 {
    place_of(&CURVES, &curve)
}

fn algorithm_number(algorithm: SignatureAlgorithm) -> u8 {
    place_of(&ALGORITHMS, &algorithm)
}

/// An answer: bytes, which may be secret.
pub(super) fn answer(result: &Result<Zeroizing<Vec<u8>>>) -> Zeroizing<Vec<u8>> {
    match result {
        Ok(bytes) => Writer::new(0).bytes(bytes).0,
        Err(error) => failure(Writer::new(1), error).0,
    }
}

/// An answer: tokens, as many as fit.
pub(super) fn listing(result: &Result<Listing>) -> Zeroizing<Vec<u8>> {
    let Listing { tokens, left_out } = match result {
        Ok(listing) => listing,
        Err(error) => return failure(Writer::new(1), error).0,
    };
    let (mut said, mut left_out) = (Zeroizing::new(Vec::with_capacity(MAX_FRAME)), *left_out);
    for (info, objects) in tokens {
        let one = token(info, objects);
        if said.len() + one.0.len() <= MAX_FRAME - LISTING_HEAD {
            said.extend_from_slice(&one.0);
        } else {
            left_out += 1;
        }
    }
    let mut writer = Writer::new(0).number(left_out);
    writer.0.extend_from_slice(&said);
    writer.0
}

fn failure(writer: Writer, error: &TokenError) -> Writer {
    let (code, number, words) = error.to_wire();
    writer.byte(code).number(number).text(&words[..words.floor_char_boundary(MAX_FIELD)])
}

fn token(info: &TokenInfo, objects: &Result<Vec<Object>>) -> Writer {
    let mut writer = Writer::new(place_of(&STATES, &info.pin)).number(info.slot);
    for text in [&info.place, &info.label, &info.manufacturer, &info.model, &info.serial] {
        writer = writer.text(&text[..text.floor_char_boundary(MAX_FIELD)]);
    }
    for flag in [info.needs_no_pin, info.has_pin_pad, info.agrees, info.decrypts] {
        writer = writer.byte(u8::from(flag));
    }
    match objects {
        Err(error) => failure(writer.byte(1), error),
        Ok(objects) => objects.iter().fold(writer.byte(0).number(objects.len() as u64), |writer, object| {
            let head = writer.byte(place_of(&KINDS, &object.kind)).bytes(&object.id);
            head.text(&object.label).bytes(&object.first).bytes(&object.second)
        }),
    }
}

/// Bytes from an answer.
pub(super) fn read_answer(frame: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut reader = Reader(frame);
    let read = match reader.byte() {
        Some(0) => reader.bytes(MAX_FIELD).map(|bytes| Ok(Zeroizing::new(bytes.to_vec()))),
        Some(1) => read_failure(&mut reader).map(Err),
        _ => None,
    };
    read.filter(|_| reader.end().is_some()).unwrap_or_else(|| Err(garbage()))
}

/// Tokens from an answer.
pub(super) fn read_listing(frame: &[u8]) -> Result<Listing> {
    let mut reader = Reader(frame);
    match reader.byte() {
        Some(0) => {
            let (left_out, mut tokens) = (reader.number().ok_or_else(garbage)?, Vec::new());
            while !reader.0.is_empty() {
                tokens.push(read_token(&mut reader).filter(|_| tokens.len() < MAX_TOKENS).ok_or_else(garbage)?);
            }
            Ok(Listing { tokens, left_out })
        }
        Some(1) => Err(read_failure(&mut reader).unwrap_or_else(garbage)),
        _ => Err(garbage()),
    }
}

fn garbage() -> TokenError {
    TokenError::Misbehaved("what came from its process cannot be read".to_owned())
}

fn read_failure(reader: &mut Reader<'_>) -> Option<TokenError> {
    let (code, number) = (reader.byte()?, reader.number()?);
    TokenError::from_wire(code, number, reader.text()?)
}

fn read_token(reader: &mut Reader<'_>) -> Option<Listed> {
    let pin = STATES.into_iter().nth(reader.byte()?.into())?;
    let info = TokenInfo {
        pin,
        slot: reader.number()?,
        place: reader.shown()?,
        label: reader.shown()?,
        manufacturer: reader.shown()?,
        model: reader.shown()?,
        serial: reader.shown()?,
        needs_no_pin: reader.flag()?,
        has_pin_pad: reader.flag()?,
        agrees: reader.flag()?,
        decrypts: reader.flag()?,
    };
    if reader.flag()? {
        return Some((info, Err(read_failure(reader)?)));
    }
    let count = usize::try_from(reader.number()?).ok().filter(|count| *count <= MAX_OBJECTS)?;
    let objects = (0..count).map(|_| read_object(reader)).collect::<Option<_>>()?;
    Some((info, Ok(objects)))
}

fn read_object(reader: &mut Reader<'_>) -> Option<Object> {
    Some(Object {
        kind: KINDS.into_iter().nth(reader.byte()?.into())?,
        id: reader.bytes(MAX_FIELD)?.to_vec(),
        label: reader.shown()?,
        first: reader.bytes(MAX_CERTIFICATE)?.to_vec(),
        second: reader.bytes(MAX_FIELD)?.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Listing {
        let info =
            TokenInfo { slot: 7, label: "mine".into(), pin: PinState::LastTry, agrees: true, ..TokenInfo::default() };
        let object = |kind| Object { kind, id: vec![1], label: "k".into(), first: vec![2; 900], second: vec![3; 97] };
        let empty = TokenInfo { slot: u64::MAX, ..TokenInfo::default() };
        let bad = (empty, Err(TokenError::PinLength { least: 4, most: 12 }));
        Listing { tokens: vec![(info, Ok(KINDS.map(object).to_vec())), bad], left_out: 3 }
    }

    #[test]
    fn what_is_said_arrives() {
        let frame = listing(&Ok(tokens()));
        assert_eq!(read_listing(&frame), Ok(tokens()));
        let errors = [TokenError::Crashed("signal 11".into()), TokenError::NoToken(Some(3)), TokenError::Rejected];
        for error in errors {
            assert_eq!(read_answer(&answer(&Err(error.clone()))), Err(error));
        }
        let request = Request::LogIn { slot: 3, pin: Some("1234"), risk_last_try: true };
        let frame = request.frame();
        let Some(Request::LogIn { slot: 3, pin: Some("1234"), risk_last_try: true }) = Request::read(&frame) else {
            panic!("another request arrived");
        };
    }

    #[test]
    fn whatever_else_comes_is_refused() {
        let good = listing(&Ok(tokens()));
        for end in LISTING_HEAD + 1..good.len() {
            // It ends between two tokens, or nowhere.
            assert!(read_listing(&good[..end]).map_or(true, |listing| listing.tokens.len() == 1), "{end}");
        }
        for at in 0..good.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut other = good.to_vec();
                other[at] = value;
                // No panic, and nothing beyond the bounds.
                let _ = read_listing(&other);
                let _ = read_answer(&other);
                let _ = Request::read(&other);
            }
        }
        let tokens = (0..=MAX_TOKENS).map(|_| (TokenInfo::default(), Ok(Vec::new()))).collect();
        assert!(read_listing(&listing(&Ok(Listing { tokens, left_out: 0 }))).is_err());
        let endless = [0xFF; 8];
        assert!(receive(&mut &endless[..]).is_err());
    }
}
