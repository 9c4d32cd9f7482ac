//! Any bytes as the central configuration of Estonia's eID, signed as it must be: entries are marked, every address is https, and nobody is usable
//! without a certificate. Signed otherwise or older than one before, it is none.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use capsule_client::Central;
use kapsel_fuzz::AUTHORITY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let key = AUTHORITY.public_key();
    let read =
        |signature: &str, known| Central::read(bytes, signature.as_bytes(), key.as_bytes(), known, now, "config.json");
    let signature = AUTHORITY.sign(bytes);
    let Ok(central) = read(&signature, None) else { return };
    for server in &central.list.servers {
        let urls = [Some(&server.sender_url), server.recipient_url.as_ref()];
        assert!(urls.into_iter().flatten().all(|url| url.scheme() == "https" && url.has_host()));
        assert!(server.imported_from.is_some() && (!server.pins.is_empty() || server.incomplete.is_some()));
    }
    assert!(read(&AUTHORITY.sign(&[bytes, b" "].concat()), None).is_err());
    assert!(central.serial == u64::MAX || read(&signature, Some(central.serial + 1)).is_err());
});
