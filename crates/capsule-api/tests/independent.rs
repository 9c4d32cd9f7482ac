//! Tokens for key shares, held against the SD-JWT library of the standard's authors, which is Python's.

mod people;
#[path = "../../../tests/independent/python.rs"]
mod python;

use capsule_api::{NonceKey, PersonId, ShareId, SharePresentation, ShareTarget, ShareTokens};
use people::{Kind, Person};
use serde_json::json;

const NUMBER: &str = "PNOEE-48010010101";
const KINDS: [(Kind, &str); 3] = [(Kind::P256, "ES256"), (Kind::P384, "ES384"), (Kind::Rsa, "RS256")];

fn targets() -> [ShareTarget; 3] {
    ["https://a.example", "https://b.example:8443", "https://c.example/shares"].map(|base_url| {
        let id = ShareId::generate();
        let nonce = NonceKey::generate().issue_for_share(&id, 1_767_225_600);
        ShareTarget { base_url: base_url.parse().expect("a URL"), id, nonce }
    })
}

fn address(target: &ShareTarget) -> String {
    let base = target.base_url.as_str().trim_end_matches('/');
    format!("{base}{}?nonce={}", target.id.location(), target.nonce.to_text())
}

fn mari() -> PersonId {
    PersonId::parse(&format!("etsi/{NUMBER}")).expect("a person")
}

#[test]
fn the_library_verifies_what_we_issue_and_sees_one_address() {
    for (kind, algorithm) in KINDS {
        let (person, targets) = (Person::named(kind, NUMBER), targets());
        let tokens = ShareTokens::new(&mari(), &targets).expect("some");
        let key = person.public_key();
        let signature = person.sign(tokens.signing_input(&key).expect("a key that can").as_bytes());
        let signed = tokens.signed(&key, &person.certificate, &signature).expect("signed");
        for (position, target) in targets.iter().enumerate() {
            let presentation = signed.presentation(position).expect("a part");
            let task = json!({
                "presentation": presentation, "key": person.key.public_key_pem(), "algorithm": algorithm,
            });
            let seen = python::run(&["sdjwt.py", "verify"], &task);
            assert_eq!(seen, json!({ "iss": mari().as_str(), "aud": [address(target)] }), "{algorithm}");
        }
    }
}

#[test]
fn we_verify_what_the_library_issues() {
    for (kind, algorithm) in KINDS {
        let (person, targets) = (Person::named(kind, NUMBER), targets());
        let task = json!({
            "issuer": mari().as_str(), "urls": targets.each_ref().map(address),
            "key": person.key.serialize_pem(), "algorithm": algorithm,
        });
        let presentations = python::run(&["sdjwt.py", "issue"], &task);
        for (presentation, target) in presentations.as_array().expect("a list").iter().zip(&targets) {
            let presentation = SharePresentation::parse(presentation.as_str().expect("a text")).expect("well formed");
            assert_eq!(presentation.verify(&person.certificate), Ok(&mari()), "{algorithm}");
            assert_eq!(presentation.nonce(&target.base_url, &target.id), Ok(target.nonce.clone()), "{algorithm}");
        }
    }
}
