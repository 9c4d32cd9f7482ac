//! PIN1, as it is typed and as cards take it.

use region::LockGuard;
use zeroize::{Zeroize, Zeroizing};

/// Length of a PIN as cards take it, padded.
pub(super) const PADDED: usize = 12;
/// Fewest digits of PIN1.
pub(super) const MIN_DIGITS: usize = 4;

/// PIN1: 4 to 12 digits in a buffer of one length, wiped when dropped.
///
/// It stands in memory of its own, which handing it on does not move, and which the system may not write to its swap space; where
/// the system does not allow that, it stands there all the same.
pub struct Pin {
    /// Let go first, while what it locks is still there.
    _lock: Option<LockGuard>,
    digits: Box<Page>,
    length: usize,
}

/// Whole pages on every system: memory is locked by pages, and letting one go lets it go for all that stands on it.
#[repr(align(16384))]
struct Page([u8; 16384]);

/// Where the PIN comes from.
pub(super) enum Entry {
    /// It was typed on the computer.
    Typed(Pin),
    /// It is typed on the reader.
    OnReader,
}

/// It cannot be a PIN; no card was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PIN1 has 4 to 12 digits; the card was not asked")]
pub struct PinError;

impl Pin {
    /// Fewest and most digits.
    pub const LENGTHS: (u8, u8) = (MIN_DIGITS as u8, PADDED as u8);

    /// Takes digits.
    ///
    /// # Errors
    /// [`PinError`] for anything but 4 to 12 of them.
    ///
    /// ```
    /// use eid::Pin;
    ///
    /// assert!(Pin::new("1234").is_ok());
    /// assert!(Pin::new("123").is_err());
    /// assert!(Pin::new("12 34").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, PinError> {
        let typed = text.as_bytes();
        if !(MIN_DIGITS..=PADDED).contains(&typed.len()) || !typed.iter().all(u8::is_ascii_digit) {
            return Err(PinError);
        }
        let mut digits = Box::new(Page([0; _]));
        // Systems that allow little of it are no reason not to open anything.
        let lock = region::lock(digits.0.as_ptr(), digits.0.len()).ok();
        digits.0[..typed.len()].copy_from_slice(typed);
        Ok(Self { _lock: lock, digits, length: typed.len() })
    }

    /// As it was typed, for a token whose PIN has digits alone.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits.0[..self.length]).expect("digits")
    }

    /// Filled up to [`PADDED`] bytes.
    pub(super) fn padded(&self, padding: u8) -> Zeroizing<Vec<u8>> {
        let mut padded = Zeroizing::new(Vec::with_capacity(PADDED));
        padded.extend_from_slice(&self.digits.0[..self.length]);
        padded.resize(PADDED, padding);
        padded
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.digits.0[..PADDED].zeroize();
        self.length.zeroize();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    /// What the system says of the memory in which the PIN stands.
    fn memory_of(pin: &Pin) -> String {
        let address = pin.digits.0.as_ptr() as usize;
        let maps = fs::read_to_string("/proc/self/smaps").expect("Linux");
        let mut lines = maps.lines().skip_while(|line| {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            let numbers = range.and_then(|(start, end)| {
                Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
            });
            !numbers.is_some_and(|range| range.contains(&address))
        });
        lines.find(|line| line.starts_with("VmFlags:")).expect("it stands somewhere").to_owned()
    }

    #[test]

    fn a_pin_stands_in_memory_that_is_locked_while_it_is_there() {
        let pins: Vec<_> = (0..3).map(|_| Pin::new("123456").expect("digits")).collect();
        for pin in &pins {
            // No one else's secret is let go with this one.
            assert_eq!(pin.digits.0.as_ptr() as usize % 16384, 0);
            assert_eq!(pin._lock.is_some(), memory_of(pin).contains(" lo"), "{}", memory_of(pin));
            assert!(pin._lock.is_some(), "the system lets a process lock 16 KiB");
        }
    }

    #[test]
    fn a_pin_is_filled_up_and_not_cut() {
        let padded = |text, padding| Pin::new(text).expect("digits").padded(padding).to_vec();
        assert_eq!(padded("1234", 0xFF), b"1234\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(padded("123456789012", 0x00), b"123456789012");
    }
}
