//! Any text as a key label: it is read, shown, and what is written of it is read as the same.
#![no_main]

use cdoc2::Label;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let label = Label::parse(text);
    let name = label.display_name();
    assert!(name.chars().count() <= 200 && !name.chars().any(char::is_control), "{name:?}");
    let _ = (label.kind(), label.personal_code(), label.server_expiry(), label.hint());
    // Escaping makes a label longer, and a very long one is cut.
    if text.len() < 10_000 {
        assert_eq!(Label::parse(&label.to_string()), label);
    }
});
