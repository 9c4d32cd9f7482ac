//! Any bytes as a capsule, posted or fetched, and what servers say about it: what is taken is written as the same.
#![no_main]

use capsule_api::{Expiry, MAX_BODY, NewCapsule, TransactionId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(capsule) = NewCapsule::parse(bytes) {
        assert!(bytes.len() <= MAX_BODY);
        assert_eq!(NewCapsule::parse(capsule.to_json().as_bytes()).expect("a capsule"), capsule);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = TransactionId::from_location(text) {
        assert_eq!(id.location(), text);
    }
    if let Ok(expiry) = Expiry::parse(text) {
        assert_eq!(Expiry::parse(&expiry.to_string()), Ok(expiry));
    }
});
