//! A container as it comes, and the same bytes as a header: nothing panics, whatever the records hold.
#![no_main]

use kapsel_fuzz::{container, unlock};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    if let Ok(length) = i32::try_from(bytes.len()) {
        read(&[b"CDOC\x02", &length.to_be_bytes()[..], bytes, &[0; 32 + 12 + 16]].concat());
    }
});

fn read(bytes: &[u8]) {
    cdoc2::detect(bytes);
    let Ok(container) = container(bytes) else { return };
    let header = container.header();
    assert!(header.records().len() + header.skipped().len() <= 8192);
    for record in header.records() {
        let label = cdoc2::Label::parse(&record.label);
        assert!(label.display_name().chars().count() <= 200);
    }
    if let Ok(key) = unlock(&container) {
        let _ = container.list(&key, &Default::default());
    }
}
