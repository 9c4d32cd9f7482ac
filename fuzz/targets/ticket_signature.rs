//! Any bytes as the signature, the key and the certificate within a ticket that is right otherwise.
#![no_main]

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use capsule_api::{Audience, JwsAlgorithm, Nonce, NonceKey, Origin, ServerId, Ticket, TransactionId, certificate_key};
use cdoc2::{Curve, PublicKey};
use libfuzzer_sys::fuzz_target;

fn server() -> Audience {
    let url = "https://css-a.example:8446".parse().expect("a URL");
    Audience::new(&ServerId::parse("css-a").expect("an id"), &Origin::of(&url).expect("https"))
}

/// A ticket by this JSON of a key, and this signature.
fn ticket(id: &TransactionId, nonce: &Nonce, jws: &str, jwk: &str) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let json = format!(
        r#"{{"type":"CDOC2 authentication ticket v0.1","transaction":{{"transactionID":{},"nonce":{}}},"masked_transactions":[],
        "authentication_signature_type":"ID-card-raw","authentication_signature_value":{},"jwk":{jwk}}}"#,
        text(id.as_str()),
        text(&nonce.to_text()),
        text(jws),
    );
    Base64UrlUnpadded::encode_string(json.as_bytes())
}

fuzz_target!(|bytes: &[u8]| {
    let (server, id) = (server(), TransactionId::parse("KC00112233445566778899aabbccddeeff").expect("an id"));
    let nonce = NonceKey::from_bytes([7; 32]).issue(&server, &id, 1_767_225_600);
    let verify = |jws: &str, jwk: &str| {
        let Ok(ticket) = Ticket::parse(&ticket(&id, &nonce, jws, jwk)) else { return };
        if let Ok((key, _)) = ticket.claimed_key(&id, &server) {
            assert!(ticket.is_signed_by(&key).is_err());
        }
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        verify(text, r#"{"kty":"EC","crv":"P-384","x":"","y":"","x5c":[""]}"#);
        verify("..", text);
    }
    // A certificate with its key, and any signature.
    let Some(key) = certificate_key(bytes) else { return };
    let jws = format!("{}..{}", JwsAlgorithm::of(&key).protected_header(), "AAAA");
    let x5c = Base64::encode_string(bytes);
    let jwk = match &key {
        PublicKey::Ec(key) => {
            let (x, y) = key.point()[1..].split_at(key.curve().field_length());
            let curve = match key.curve() {
                Curve::P256 => "P-256",
                Curve::P384 => "P-384",
                Curve::P521 => "P-521",
            };
            let [x, y] = [x, y].map(Base64UrlUnpadded::encode_string);
            format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}","x5c":["{x5c}"]}}"#)
        }
        PublicKey::Rsa(_) => format!(r#"{{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":["{x5c}"]}}"#),
    };
    verify(&jws, &jwk);
});
