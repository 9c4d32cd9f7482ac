//! A token's PIN, as it is typed.

use zeroize::Zeroizing;

use crate::Pin;

/// Longest PIN that is taken, in bytes.
const MAX_LENGTH: usize = 255;

/// The PIN of a token: any characters, for tokens differ. Wiped when dropped.
pub struct TokenPin(Zeroizing<String>);

impl TokenPin {
    /// Fewest and most characters of any token's PIN.
    pub const LENGTHS: (u8, u8) = (1, MAX_LENGTH as u8);

    /// Takes a PIN; `None` when it is empty or longer than 255 bytes.
    ///
    /// ```
    /// use eid::TokenPin;
    ///
    /// assert!(TokenPin::new("correct horse").is_some());
    /// assert!(TokenPin::new("").is_none());
    /// ```
    pub fn new(text: &str) -> Option<Self> {
        let is_one = !text.is_empty() && text.len() <= MAX_LENGTH;
        is_one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Pin> for TokenPin {
    fn from(pin: Pin) -> Self {
        Self(Zeroizing::new(pin.as_str().to_owned()))
    }
}
