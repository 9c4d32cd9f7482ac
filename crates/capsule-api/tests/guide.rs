//! The example in `docs/authentication.md` is what the library computes.

use capsule_api::{
    Audience, Authentication, JwsAlgorithm, MAX_NONCES, Nonce, NonceKey, Origin, ServerId, TransactionId,
};

const GUIDE: &str = include_str!("../../../docs/authentication.md");

fn audience(id: &str) -> Audience {
    let url = format!("https://{id}.example:8444").parse().expect("a URL");
    Audience::new(&ServerId::parse(id).expect("an id"), &Origin::of(&url).expect("https"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn is_told(value: &str) {
    assert!(GUIDE.contains(value), "the guide does not have {value}");
}

#[test]
fn the_example_is_right() {
    let rows: Vec<Vec<_>> = GUIDE
        .lines()
        .filter(|line| line.starts_with("css-a  ") || line.starts_with("css-b  "))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let mut entries = Vec::new();
    for row in &rows {
        let [server, id, nonce] = row[..] else { panic!("{row:?}") };
        let (id, nonce) = (TransactionId::parse(id).expect("an id"), Nonce::parse(nonce).expect("a nonce"));
        assert!(nonce.is_from(&audience(server)), "{server}");
        is_told(&nonce.masked().to_text());
        entries.push((id, nonce.masked()));
    }
    assert_eq!(entries.len(), 2);
    let id = entries[0].0.clone();
    let authentication = Authentication::new(entries).expect("two transactions");
    is_told(&authentication.payload());
    is_told(&JwsAlgorithm::Es384.protected_header());
    is_told(&hex(&JwsAlgorithm::Es384.hash(authentication.signing_input(JwsAlgorithm::Es384).as_bytes())));

    // The server's half: its key and its nonce stand there, too.
    let told = "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHWeg1UJCyKGU";
    is_told(&format!("the nonce is `{told}`"));
    let nonce = Nonce::parse(told).expect("a nonce");
    let key = NonceKey::from_bytes(std::array::from_fn(|index| index as u8));
    assert!(nonce.is_from(&audience("css-a")) && key.issued(&nonce, &id, 1_767_225_600));
    assert!(!key.issued(&nonce, &id, 1_767_225_600 + 330));
    is_told(&hex(&nonce.own_part()[8..]));
    is_told(&format!("at most {MAX_NONCES}"));
}
