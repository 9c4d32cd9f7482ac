//! From BER to DER. Browsers and Java libraries write PKCS#12 with lengths left open and strings in pieces (X.690, 8.1.3, 8.7.3).

use zeroize::Zeroizing;

/// Deepest nesting that is followed; real files need a dozen levels.
const MAX_DEPTH: usize = 32;
const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;

/// One element of BER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// What stands after the element.
    rest: &'a [u8],
}

/// The element in DER: lengths definite and short, octet strings whole. `None` when it is no BER.
pub(super) fn to_der(ber: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Never outgrown: an open length costs two bytes at its end, a definite one at most one more at its beginning.
    let mut der = Zeroizing::new(Vec::with_capacity(ber.len() + 64));
    let rest = write_element(ber, &mut der, MAX_DEPTH)?;
    rest.is_empty().then_some(der)
}

/// The octets of a string in pieces, already in DER. An `IMPLICIT` tag hides from [`to_der`] that it is one.
pub(super) fn joined(pieces: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(pieces.len()));
    let mut rest = pieces;
    while !rest.is_empty() {
        let piece = element(rest, 0)?;
        if piece.tag != OCTET_STRING {
            return None;
        }
        octets.extend_from_slice(piece.content);
        rest = piece.rest;
    }
    Some(octets)
}

fn write_element<'a>(ber: &'a [u8], der: &mut Vec<u8>, depth: usize) -> Option<&'a [u8]> {
    let Element { tag, content, rest } = element(ber, depth)?;
    if tag & CONSTRUCTED == 0 {
        write(tag, content, der);
        return Some(rest);
    }
    let mut inner = Zeroizing::new(Vec::with_capacity(content.len() + 64));
    let mut parts = content;
    while !parts.is_empty() {
        parts = write_element(parts, &mut inner, depth.checked_sub(1)?)?;
    }
    if tag == OCTET_STRING | CONSTRUCTED {
        write(OCTET_STRING, &joined(&inner)?, der);
    } else {
        write(tag, &inner, der);
    }
    Some(rest)
}

fn write(tag: u8, content: &[u8], der: &mut Vec<u8>) {
    der.push(tag);
    let length = content.len().to_be_bytes();
    let length = &length[content.len().leading_zeros() as usize / 8..];
    match length {
        [] => der.push(0),
        [short @ ..0x80] => der.push(*short),
        long => {
            der.push(0x80 | long.len() as u8);
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
}

/// The first element of `ber`; looks into it as deep as `depth` for where it ends.
fn element(ber: &[u8], depth: usize) -> Option<Element<'_>> {
    let (&tag, rest) = ber.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    if first == 0x80 {
        let length = open_length(rest, depth.checked_sub(1)?)?;
        return (tag & CONSTRUCTED != 0).then_some(Element {
            tag,
            content: &rest[..length],
            rest: &rest[length + 2..],
        });
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (length, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(length, _)| length.len() <= 4)?;
        (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

/// Bytes of elements before the two zero bytes that end an open length.
fn open_length(ber: &[u8], depth: usize) -> Option<usize> {
    let mut rest = ber;
    while !rest.starts_with(&[0, 0]) {
        rest = element(rest, depth)?.rest;
    }
    Some(ber.len() - rest.len())
}
