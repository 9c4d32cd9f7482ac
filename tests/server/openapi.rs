//! The OpenAPI document that is checked in is the one of the code.

use crate::support::program::kapsel_server;

#[test]
fn the_document_in_the_docs_is_that_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let printed = String::from_utf8(kapsel_server(&["openapi"]).stdout).expect("text");
    let document: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let calls: Vec<_> = document["paths"].as_object().expect("paths").keys().collect();
    let capsules = ["/key-capsules", "/key-capsules/{transactionId}", "/key-capsules/{transactionId}/nonce"];
    let shares = ["/key-shares", "/key-shares/{shareId}", "/key-shares/{shareId}/nonce"];
    assert_eq!(calls, [capsules, shares].concat());
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == printed, "docs/openapi.json is stale: cargo run -p kapsel-server -- openapi > docs/openapi.json");
}
