//! Any bytes as a ticket, as its header carries it and as the JSON in it: nothing panics, and nobody's key is taken for proven.
#![no_main]

use base64ct::{Base64UrlUnpadded, Encoding};
use capsule_api::{Audience, MAX_TICKET, Origin, ServerId, Ticket, TransactionId};
use libfuzzer_sys::fuzz_target;

/// For whom the tickets of the seeds are.
fn server() -> Audience {
    let url = "https://css-a.example:8446".parse().expect("a URL");
    Audience::new(&ServerId::parse("css-a").expect("an id"), &Origin::of(&url).expect("https"))
}

fn look_at(header: &str) {
    let Ok(ticket) = Ticket::parse(header) else { return };
    assert!(header.len() <= MAX_TICKET);
    let id = TransactionId::parse("KC00112233445566778899aabbccddeeff").expect("an id");
    if let Ok((key, _)) = ticket.claimed_key(&id, &server()) {
        // The seeds' signatures are over something else, and a fuzzer makes none.
        assert!(ticket.is_signed_by(&key).is_err());
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        look_at(text);
    }
    look_at(&Base64UrlUnpadded::encode_string(bytes));
});
