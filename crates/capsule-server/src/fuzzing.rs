//! Parts that fuzz targets reach directly: through a handshake and a responder each run costs a thousand times as much.
//! Only there with the feature `fuzzing`, and no part of the interface.

use std::time::Duration;

/// Whether a responder's answer says that `certificate`, which `issuer` issued (both DER), is good at `now`, time since 1970.
///
/// # Errors
/// Why the answer is none.
pub fn responders_answer(
    answer: &[u8],
    certificate: &[u8],
    issuer: &[u8],
    now: Duration,
) -> Result<bool, &'static str> {
    crate::revocation::answered(answer, certificate, issuer, now)
}
