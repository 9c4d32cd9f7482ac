//! Readers with a PIN pad (PC/SC specification, part 10): the PIN goes from the person's fingers to the card, and never into this computer.

use std::time::Duration;

use super::pin::{MIN_DIGITS, PADDED};

/// The feature request, `CM_IOCTL_GET_FEATURE_REQUEST`.
pub(super) const GET_FEATURES: u32 = 3400;
/// Longest list of features that is read: six bytes each.
pub(super) const MAX_FEATURES: usize = 256;
/// How long a person may look for the first key, and then for each next one.
pub(super) const ENTERING: Duration = Duration::from_secs(30);

const VERIFY_PIN_START: u8 = 0x01;
const VERIFY_PIN_FINISH: u8 = 0x02;
const VERIFY_PIN_DIRECT: u8 = 0x06;

/// How a reader takes a PIN, with its control codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pad {
    /// At once.
    Direct(u32),
    /// In two steps.
    Steps { start: u32, finish: u32 },
}

impl Pad {
    /// By the reader's list of features: a tag, the length 4, the control code, big endian.
    pub(super) fn of(features: &[u8]) -> Option<Self> {
        let code = |wanted: u8| {
            features.chunks_exact(6).take_while(|feature| feature[1] == 4).find_map(|feature| {
                let (head, code) = feature.split_at(2);
                (head[0] == wanted).then(|| u32::from_be_bytes(code.try_into().expect("four bytes")))
            })
        };
        match (code(VERIFY_PIN_DIRECT), code(VERIFY_PIN_START), code(VERIFY_PIN_FINISH)) {
            (Some(code), ..) => Some(Self::Direct(code)),
            (None, Some(start), Some(finish)) => Some(Self::Steps { start, finish }),
            _ => None,
        }
    }
}

/// `PIN_VERIFY_STRUCTURE`: lets the person enter PIN1, which the reader writes into a VERIFY with this head, ASCII digits from the left over
/// the padding.
pub(super) fn verification(head: [u8; 4], padding: u8) -> Vec<u8> {
    let seconds = ENTERING.as_secs() as u8;
    let mut structure = vec![
        seconds,
        seconds,
        // The digits begin at byte 0 of the data, at the left, in ASCII.
        0x80 | 0x02,
        PADDED as u8,
        // Their number stands nowhere in the command.
        0x00,
        // Most digits, fewest digits (a little-endian number).
        PADDED as u8,
        MIN_DIGITS as u8,
        // The person ends by the key for that.
        0x02,
        // One message, the reader's first, in English: readers know few languages, and some refuse those that they do not know.
        0x01,
        0x09,
        0x04,
        0x00,
        // Only for T=1 readers that frame by themselves.
        0x00,
        0x00,
        0x00,
    ];
    structure.extend((head.len() as u32 + 1 + PADDED as u32).to_le_bytes());
    structure.extend(head);
    structure.push(PADDED as u8);
    structure.extend([padding; PADDED]);
    structure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structure_is_the_one_of_the_specification() {
        // PC/SC part 10, 2.5.2, field by field, for each of the cards.
        let idemia = "1E 1E 82 0C 00 0C04 02 01 0904 00 000000 11000000 00200001 0C FFFFFFFFFFFFFFFFFFFFFFFF";
        assert_eq!(verification([0x00, 0x20, 0x00, 0x01], 0xFF), hex::decode(idemia.replace(' ', "")).expect("hex"));
        let thales = "1E 1E 82 0C 00 0C04 02 01 0904 00 000000 11000000 00200081 0C 000000000000000000000000";
        assert_eq!(verification([0x00, 0x20, 0x00, 0x81], 0x00), hex::decode(thales.replace(' ', "")).expect("hex"));
    }

    #[test]
    fn a_pad_is_found_in_whatever_a_reader_says() {
        let features = |hex: &str| Pad::of(&hex::decode(hex.replace(' ', "")).expect("hex"));
        let direct = Pad::Direct(0x4233_0006);
        // As libccid says it, with PIN change beside.
        assert_eq!(features("06 04 42330006 07 04 42330007 12 04 42330012"), Some(direct));
        assert_eq!(features("01 04 42330001 02 04 42330002 06 04 42330006"), Some(direct));
        let steps = Pad::Steps { start: 0x4233_0001, finish: 0x4233_0002 };
        assert_eq!(features("02 04 42330002 01 04 42330001"), Some(steps));
        for none in
            ["", "06", "06 04 423300", "01 04 42330001", "07 04 42330007", "06 05 42330006", "06 00 06 04 42330006"]
        {
            assert_eq!(features(none), None, "{none}");
        }
    }
}
