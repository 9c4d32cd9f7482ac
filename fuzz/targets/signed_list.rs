//! Any bytes as a fetched list with its signature in the first line, as a list that is signed, and as keys. What counts is signed by the key, and
//! has a serial and an expiry.
#![no_main]

use capsule_client::{ListKeys, fuzzing::remote_list};
use kapsel_fuzz::AUTHORITY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = ListKeys::read(bytes).map(|keys| keys.check(bytes, bytes));
    let keys = ListKeys::read(AUTHORITY.public_key().as_bytes()).expect("a public key");
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (signature, list) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    for signature in [signature, AUTHORITY.sign(list).as_bytes()] {
        let Ok(read) = remote_list(list, signature, &keys) else { continue };
        assert!(read.serial.is_some() && read.expires.is_some());
        assert!(remote_list(&[list, b" "].concat(), signature, &keys).is_err());
    }
});
