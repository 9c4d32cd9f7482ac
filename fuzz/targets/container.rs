//! Any bytes as the authentic payload of a whole container, read as a program reads it.
#![no_main]

use kapsel_fuzz::{container, sealed, unlock};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|plaintext: &[u8]| {
    let container = container(&sealed(plaintext)).expect("a container");
    let key = unlock(&container).expect("for this key");
    let _ = container.list(&key, &Default::default());
});
