//! Any bytes as an OCSP answer, as a client gets it from a server and a server from a responder; signed by the certificate's own authority when
//! the first byte is odd. Without an authority nothing is proved, and with one nothing counts that is not.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use capsule_client::fuzzing::stapled_answer;
use capsule_server::fuzzing::responders_answer;
use kapsel_fuzz::AUTHORITY;
use libfuzzer_sys::fuzz_target;

/// 2026-01-01, of which the seeds are.
const NOW: Duration = Duration::from_secs(1_767_225_600);

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, bytes)) = bytes.split_first() else { return };
    let answer = if mode & 1 == 1 { AUTHORITY.answer(bytes) } else { bytes.to_vec() };
    let (issued, authority) = (&AUTHORITY.issued[..], &AUTHORITY.certificate[..]);
    let stapled = |others| stapled_answer(&answer, issued, others, UNIX_EPOCH + NOW);
    assert!(!stapled(Vec::new()).is_ok_and(|(_, proved)| proved));
    assert!(stapled(vec![authority]).is_ok_and(|(_, proved)| proved) || stapled(vec![authority]).is_err());
    let _ = responders_answer(&answer, issued, authority, NOW);
});
