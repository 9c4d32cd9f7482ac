//! Any bytes as the certificate in a card's file: what it says of its holder can be shown, and makes a label that is read as the same.
#![no_main]

use cdoc2::Label;
use eid::fuzzing::card_certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(certificate) = card_certificate(file) else { return };
    let _ = (certificate.holder(), certificate.code(), certificate.warnings(1_767_225_600));
    let label = certificate.label(None);
    assert_eq!(Label::parse(&label.to_string()), label);
    // What fills up the file changes nothing.
    let filled = card_certificate(&[file, &[0; 16]].concat());
    assert!(filled.is_ok_and(|filled| filled.sha256 == certificate.sha256));
});
