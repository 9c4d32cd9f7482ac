//! PEM (RFC 7468), as leniently as files in the wild need: text between blocks, any line length, either line ending.

use base64ct::{Base64, Encoding};
use der::{Decode, asn1::AnyRef};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Longest label that is taken, in characters; the others are cut.
const MAX_LABEL: usize = 64;

/// One block of a PEM file.
pub(crate) struct Block {
    /// What it says it is: `CERTIFICATE`, `PRIVATE KEY`.
    pub(crate) label: String,
    /// What it holds.
    pub(crate) content: Content,
}

/// What stands between a block's two lines.
pub(crate) enum Content {
    /// DER, as far as PEM can tell.
    Der(Zeroizing<Vec<u8>>),
    /// `Proc-Type: 4,ENCRYPTED` (RFC 1421): a key made from the password by one round of MD5.
    LegacyEncrypted,
    /// It does not decode, or has no end.
    Broken,
}

impl Block {
    /// Whether it holds, or would hold, a private key.
    pub(crate) fn is_private(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// The DER, when it decodes.
    pub(crate) fn der(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Der(der) => Some(der),
            Content::LegacyEncrypted | Content::Broken => None,
        }
    }
}

/// The blocks of a PEM file; empty when it is no PEM.
pub(crate) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    // DER may hold anything, PEM as well.
    if is_one_element(bytes) {
        return blocks;
    }
    let mut rest = bytes;
    while let Some((_, after)) = split_at(rest, BEGIN) {
        let Some((label, after)) = split_at(after, DASHES) else { break };
        let label: String = String::from_utf8_lossy(label).trim().chars().take(MAX_LABEL).collect();
        // What a block holds has no dashes, so each byte is looked at once, whatever the file.
        let length = position(after, DASHES).unwrap_or(after.len());
        let (body, next) = after.split_at(length);
        let ends = next.strip_prefix(END).is_some_and(|end| end.starts_with(label.as_bytes()));
        blocks.push(Block { label, content: if ends { content(body) } else { Content::Broken } });
        rest = next;
    }
    blocks
}

/// A whole DER element, or BER without a length.
fn is_one_element(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x80]) || bytes.first() == Some(&0x30) && AnyRef::from_der(bytes).is_ok()
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// What stands before and after `part`.
fn split_at<'a>(bytes: &'a [u8], part: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = position(bytes, part)?;
    Some((&bytes[..start], &bytes[start + part.len()..]))
}

fn content(body: &[u8]) -> Content {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).skip_while(|line| line.is_empty());
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    if body.contains(&b':') {
        // Headers (RFC 1421) end in an empty line.
        if lines.by_ref().take_while(|line| !line.is_empty()).any(|line| line.ends_with(b"ENCRYPTED")) {
            return Content::LegacyEncrypted;
        }
    }
    for line in lines {
        text.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
    }
    let mut der = Zeroizing::new(vec![0; text.len() / 4 * 3]);
    match Base64::decode(&*text, &mut der).map(<[u8]>::len) {
        Ok(length) => {
            der.truncate(length);
            Content::Der(der)
        }
        Err(_) => Content::Broken,
    }
}
