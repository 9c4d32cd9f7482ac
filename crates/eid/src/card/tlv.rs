//! Data objects in BER-TLV, as cards write them: read within their bounds, whatever the lengths say.

/// Deepest nesting that is looked into.
const MAX_DEPTH: usize = 8;

/// One object.
struct Object<'a> {
    tag: u32,
    is_constructed: bool,
    value: &'a [u8],
}

/// The objects side by side in some bytes, as far as they are whole.
struct Objects<'a>(&'a [u8]);

impl<'a> Iterator for Objects<'a> {
    type Item = Object<'a>;

    fn next(&mut self) -> Option<Object<'a>> {
        let (object, rest) = split(self.0)?;
        self.0 = rest;
        Some(object)
    }
}

/// The first object, and what follows it. Tags have up to three bytes, lengths are definite and below 65 536.
fn split(bytes: &[u8]) -> Option<(Object<'_>, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        loop {
            let (&next, after) = rest.split_first()?;
            rest = after;
            tag = tag << 8 | u32::from(next);
            if next & 0x80 == 0 {
                break;
            }
            if tag > 0xFFFF {
                return None;
            }
        }
    }
    let (length, rest) = match rest {
        [length @ ..=0x7F, rest @ ..] => (usize::from(*length), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Object { tag, is_constructed: first & 0x20 != 0, value }, rest))
}

/// The value of the first object with this tag, at any depth.
pub(crate) fn find(bytes: &[u8], tag: u32) -> Option<&[u8]> {
    find_at(bytes, tag, 0)
}

fn find_at(bytes: &[u8], tag: u32, depth: usize) -> Option<&[u8]> {
    Objects(bytes).find_map(|object| {
        if object.tag == tag {
            return Some(object.value);
        }
        if object.is_constructed && depth < MAX_DEPTH { find_at(object.value, tag, depth + 1) } else { None }
    })
}

/// An unsigned number of one to four bytes.
pub(super) fn number(value: &[u8]) -> Option<usize> {
    if value.is_empty() || value.len() > 4 {
        return None;
    }
    Some(value.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}
