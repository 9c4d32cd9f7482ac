//! Any bytes as a nonce, masked or not, and as a server's answer: what is taken has one way to be written.
#![no_main]

use capsule_api::{MaskedNonce, Nonce};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(nonce) = Nonce::from_json(bytes) {
        assert_eq!(Nonce::from_json(nonce.to_json().as_bytes()), Ok(nonce));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(nonce) = Nonce::parse(text) {
        assert_eq!(nonce.to_text(), text);
        assert_eq!(Nonce::from_json(nonce.to_json().as_bytes()), Ok(nonce));
    }
    if let Ok(masked) = MaskedNonce::parse(text) {
        assert_eq!(masked.to_text(), text);
    }
});
