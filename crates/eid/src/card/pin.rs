//! PIN1, as it is typed and as cards take it.

use zeroize::{Zeroize, Zeroizing};

/// Length of a PIN as cards take it, padded.
pub(super) const PADDED: usize = 12;
/// Fewest digits of PIN1.
const MIN_DIGITS: usize = 4;

/// PIN1: 4 to 12 digits, wiped when dropped.
///
/// It stands on the heap, so that handing it on leaves no copies behind.
pub struct Pin {
    digits: Box<[u8; PADDED]>,
    length: usize,
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
        let mut digits = Box::new([0; PADDED]);
        digits[..typed.len()].copy_from_slice(typed);
        Ok(Self { digits, length: typed.len() })
    }

    /// Filled up to [`PADDED`] bytes.
    pub(super) fn padded(&self, padding: u8) -> Zeroizing<Vec<u8>> {
        let mut padded = Zeroizing::new(Vec::with_capacity(PADDED));
        padded.extend_from_slice(&self.digits[..self.length]);
        padded.resize(PADDED, padding);
        padded
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.length.zeroize();
    }
}
