//! Any bytes as a share, as its token and as the certificate beside it: nothing panics, and nobody is taken for somebody.
#![no_main]

use capsule_api::{NewShare, PersonId, ShareId, ShareNonce, SharePresentation, read_certificate_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(share) = NewShare::parse(bytes) {
        assert_eq!(NewShare::parse(share.to_json().as_bytes()).expect("a share").share(), share.share());
    }
    let _ = ShareNonce::from_json(bytes);
    let _ = PersonId::of_certificate(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(id) = ShareId::from_location(text) {
        assert_eq!(id.location(), text);
    }
    if let Some(der) = read_certificate_header(text) {
        let _ = PersonId::of_certificate(&der);
    }
    let (token, certificate) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(presentation) = SharePresentation::parse(token) {
        let id = ShareId::parse("00112233445566778899aabbccddeeff").expect("an id");
        let _ = presentation.nonce(&"https://a.example".parse().expect("a URL"), &id);
        // The seeds' signatures are over something else, and a fuzzer makes none.
        let der = read_certificate_header(certificate).unwrap_or_default();
        assert!(presentation.verify(&der).is_err());
    }
});
