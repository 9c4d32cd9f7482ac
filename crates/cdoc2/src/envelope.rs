//! What stands around header and payload, and telling containers from everything else by content.
//!
//! ```text
//! "CDOC" | 0x02 | i32 BE header length | header | HMAC (32) | nonce (12) | ciphertext | tag (16)
//! ```

use std::io::{self, Read};

use crate::{Error, Result, payload::aead::NONCE_LENGTH};

const MAGIC: &[u8] = b"CDOC";
const VERSION: u8 = 2;
/// Magic, version and header length.
const PREFIX_LENGTH: usize = 9;
/// Shortest header (CDOC2 container format, "Envelope").
pub(crate) const MIN_HEADER: usize = 67;
/// Longest header, 1 MiB (CDOC2 container format, "Envelope").
pub(crate) const MAX_HEADER: usize = 1 << 20;
/// How much of a file tells what it is.
pub const DETECTION_LENGTH: usize = 4096;
/// Begins the additional authenticated data of the payload.
const AAD_PREFIX: &[u8] = b"CDOC20payload";

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detected {
    /// A CDOC2 container, whole or not.
    Cdoc2,
    /// CDOC with another version than 2.
    OtherVersion(u8),
    /// A CDOC 1.x container (XML encryption).
    OldFormat,
    /// Anything else.
    Other,
}

/// Tells containers by their content; both formats use the file extension `.cdoc`.
///
/// `start` holds the first [`DETECTION_LENGTH`] bytes of the file, or all of a shorter one.
///
/// ```
/// assert_eq!(cdoc2::detect(b"CDOC\x02\0\0\x01\0"), cdoc2::Detected::Cdoc2);
/// assert_eq!(cdoc2::detect(b"%PDF-1.7"), cdoc2::Detected::Other);
/// ```
pub fn detect(start: &[u8]) -> Detected {
    match start.strip_prefix(MAGIC) {
        Some([VERSION, ..]) => Detected::Cdoc2,
        Some([version, ..]) => Detected::OtherVersion(*version),
        _ if is_cdoc1(start) => Detected::OldFormat,
        _ => Detected::Other,
    }
}

/// XML whose root element is an `EncryptedData`, in any namespace: the file may be cut off right after it.
fn is_cdoc1(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&start[..start.len().min(DETECTION_LENGTH)]);
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        let Some(markup) = rest.strip_prefix('<') else { return false };
        // What may stand before the root: the declaration, comments, a document type.
        let end = match markup.as_bytes() {
            [b'?', ..] => "?>",
            [b'!', b'-', b'-', ..] => "-->",
            [b'!', ..] => ">",
            _ => {
                let name = markup.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
                return name.rsplit(':').next() == Some("EncryptedData");
            }
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after;
    }
}

/// Everything of a container before its ciphertext.
pub(crate) struct Envelope {
    pub(crate) header: Vec<u8>,
    pub(crate) mac: [u8; 32],
    pub(crate) nonce: [u8; NONCE_LENGTH],
}

impl Envelope {
    /// Reads up to the ciphertext, at most 1 MiB and some bytes.
    pub(crate) fn read(input: &mut impl Read) -> Result<Self> {
        let mut prefix = [0; PREFIX_LENGTH];
        let length = fill(input, &mut prefix).map_err(Error::Io)?;
        if !prefix[..length].starts_with(&MAGIC[..length.min(MAGIC.len())]) || length == 0 {
            let mut start = prefix[..length].to_vec();
            input.take(DETECTION_LENGTH as u64).read_to_end(&mut start).map_err(Error::Io)?;
            return Err(if is_cdoc1(&start) { Error::OldFormat } else { Error::NotCdoc2 });
        }
        if length > MAGIC.len() && prefix[MAGIC.len()] != VERSION {
            return Err(Error::UnsupportedVersion(prefix[MAGIC.len()]));
        }
        if length < PREFIX_LENGTH {
            return Err(Error::Truncated);
        }
        let header_length = i32::from_be_bytes(prefix[5..].try_into().expect("4 bytes"));
        let header_length =
            usize::try_from(header_length).map_err(|_| Error::malformed("its header has a negative length"))?;
        if !(MIN_HEADER..=MAX_HEADER).contains(&header_length) {
            return Err(Error::malformed(format!("header length {header_length}")));
        }
        let mut this = Self { header: Vec::new(), mac: [0; 32], nonce: [0; NONCE_LENGTH] };
        input.take(header_length as u64).read_to_end(&mut this.header).map_err(Error::Io)?;
        if this.header.len() < header_length
            || fill(input, &mut this.mac).map_err(Error::Io)? < this.mac.len()
            || fill(input, &mut this.nonce).map_err(Error::Io)? < this.nonce.len()
        {
            return Err(Error::Truncated);
        }
        Ok(this)
    }

    /// The bytes before the ciphertext.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let length = (self.header.len() as i32).to_be_bytes();
        [MAGIC, &[VERSION], &length, &self.header, &self.mac, &self.nonce].concat()
    }

    /// Where the ciphertext begins.
    pub(crate) fn length(&self) -> u64 {
        (PREFIX_LENGTH + self.header.len() + self.mac.len() + self.nonce.len()) as u64
    }

    /// Additional authenticated data of the payload, in parts.
    pub(crate) fn aad(&self) -> [&[u8]; 3] {
        [AAD_PREFIX, &self.header, &self.mac]
    }
}

/// Reads until `buffer` is full or the input ends; gives the bytes read.
pub(crate) fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
