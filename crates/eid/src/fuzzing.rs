//! Parts that fuzz targets reach directly: through a reader each run costs a million times as much.
//! Only there with the feature `fuzzing`, and no part of the interface.

use crate::{Certificate, card::tlv};

pub use crate::card::conversation::{Outcome, conversation};

/// The value of the first data object with this tag.
pub fn data_object(bytes: &[u8], tag: u32) -> Option<&[u8]> {
    tlv::find(bytes, tag)
}

/// A certificate as it stands in a card's file, with whatever fills that up.
///
/// # Errors
/// In words.
pub fn card_certificate(file: &[u8]) -> Result<Certificate, String> {
    Certificate::from_trusted_der(file).map_err(|error| error.to_string())
}
