//! A token's PIN, as it is typed.

use zeroize::Zeroizing;

/// Longest PIN that is taken, in bytes.
const MAX_LENGTH: usize = 255;

/// The PIN of a token: any characters, for tokens differ. Wiped when dropped.
pub struct TokenPin(Zeroizing<String>);

impl TokenPin {
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
