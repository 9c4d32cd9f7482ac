//! Any bytes as a list of servers: every address is https, nobody is usable without a certificate, and what is written is read as the same.
#![no_main]

use capsule_api::ServerList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = ServerList::parse(bytes, "list") else { return };
    for server in &list.servers {
        let urls = [Some(&server.sender_url), server.recipient_url.as_ref(), server.ticket_url.as_ref()];
        assert!(urls.into_iter().flatten().all(|url| url.scheme() == "https" && url.has_host() && url.path() == "/"));
        assert!(!server.pins.is_empty() || server.incomplete.is_some());
    }
    assert_eq!(ServerList::parse(list.to_json().as_bytes(), "again").expect("a list"), list);
});
