//! Any bytes as a private key file, with and without a password, and as a certificate or public key of a recipient.
#![no_main]

use cdoc2::Label;
use eid::{KeyFile, RecipientKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for password in [None, Some("pass")] {
        for file in KeyFile::read(bytes, password).unwrap_or_default() {
            let _ = file.key.public_key();
        }
    }
    for recipient in RecipientKey::read(bytes, Some("file.pem")).unwrap_or_default() {
        let _ = (recipient.name(), recipient.algorithm(), recipient.warnings(1_767_225_600));
        let label = recipient.label();
        assert_eq!(Label::parse(&label.to_string()), label);
    }
});
