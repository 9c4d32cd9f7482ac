//! Nonces: whose they are, how they are masked, and how a server tells its own without having kept them.

use std::fmt;

use cdoc2::Zeroizing;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::{decoded, encoded};
use crate::{ServerId, ShareId, TransactionId, object::Object};

/// Begins what the tag of a server is made of.
const TAG_LABEL: &[u8] = b"CDOC2 nonce server tag v0.1\0";
/// Begins what the server's half of a nonce is made of.
const MAC_LABEL: &[u8] = b"CDOC2 server nonce v1\0";
/// The same for nonces of key shares.
const SHARE_LABEL: &[u8] = b"CDOC2 share nonce v1\0";
/// Bytes of the parts of a nonce: the server's tag, randomness, and what the server knows it again by.
const TAG: usize = 16;
const RANDOM: usize = 8;
const MAC: usize = 8;
const OWN_PART: usize = RANDOM + MAC;
const NONCE: usize = TAG + OWN_PART;
/// Seconds of one step of a nonce's age.
const STEP: i64 = 30;
/// Steps that a nonce may be old, or early where clocks differ.
const STEPS: std::ops::RangeInclusive<i64> = -10..=1;

/// Where a server is reached: `https://host:port`, in lower case, the port always written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Of an address; `None` unless it is `https` with a host.
    ///
    /// ```
    /// use capsule_api::Origin;
    ///
    /// let origin = Origin::of(&"https://CSS-A.example/".parse()?).expect("https");
    /// assert_eq!(origin.as_str(), "https://css-a.example:443");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(url: &Url) -> Option<Self> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        (url.scheme() == "https").then(|| Self(format!("https://{}:{port}", host.to_ascii_lowercase())))
    }

    /// The text that goes into tags.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The server that a nonce is from and a ticket is for: an identifier at an origin. Identifiers alone may collide between
/// infrastructures that do not know of each other.
#[derive(Clone, PartialEq, Eq)]
pub struct Audience([u8; TAG]);

impl Audience {
    /// The server with this identifier at this origin. Both come from configuration or list, never from a request.
    pub fn new(server: &ServerId, origin: &Origin) -> Self {
        let mut digest = Sha256::new_with_prefix(TAG_LABEL);
        digest.update(server.as_str());
        digest.update([0]);
        digest.update(origin.as_str());
        let digest: [u8; 32] = digest.finalize().into();
        Self(std::array::from_fn(|index| digest[index]))
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({})", encoded(&self.0))
    }
}

/// A number that is used once, as it travels: `LENGTH` bytes in base64url without padding. Its last 16 bytes are random ones and those that its
/// server knows it again by; they mean nothing to anybody else.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeNumber<const LENGTH: usize>([u8; LENGTH]);

/// For one transaction at one server, whose tag it bears: 43 characters.
pub type Nonce = OneTimeNumber<NONCE>;

/// For one key share, without a tag, since the server's URL is signed beside it: 22 characters.
pub type ShareNonce = OneTimeNumber<OWN_PART>;

/// Not canonical base64url of the right length, or not the JSON that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a nonce")]
pub struct NonceError;

/// What a server answers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    #[serde(borrow)]
    nonce: std::borrow::Cow<'a, str>,
}

impl<const LENGTH: usize> OneTimeNumber<LENGTH> {
    /// Reads base64url.
    ///
    /// # Errors
    /// [`NonceError`].
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        decoded(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NonceError)
    }

    /// Reads a server's answer, `{"nonce":"…"}`.
    ///
    /// # Errors
    /// [`NonceError`].
    pub fn from_json(json: &[u8]) -> Result<Self, NonceError> {
        let Object::<Answer<'_>>(answer) = serde_json::from_slice(json).map_err(|_| NonceError)?;
        Self::parse(&answer.nonce)
    }

    /// A server's answer.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Answer { nonce: self.to_text().into() }).expect("a text is JSON")
    }

    /// In base64url.
    pub fn to_text(&self) -> String {
        encoded(&self.0)
    }

    /// What tells it from other nonces of its server: its last 16 bytes, by which its use is recorded.
    pub fn own_part(&self) -> [u8; OWN_PART] {
        std::array::from_fn(|index| self.0[LENGTH - OWN_PART + index])
    }
}

impl Nonce {
    /// Whether it bears the tag of this server.
    pub fn is_from(&self, server: &Audience) -> bool {
        self.0[..TAG] == server.0
    }

    /// What other servers see of it.
    pub fn masked(&self) -> MaskedNonce {
        MaskedNonce(Sha256::digest(self.0).into())
    }
}

impl<const LENGTH: usize> fmt::Debug for OneTimeNumber<LENGTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce")
    }
}

/// SHA-256 of a nonce: what is signed, and what servers see of each other's nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskedNonce([u8; 32]);

impl MaskedNonce {
    /// Reads base64url.
    ///
    /// # Errors
    /// [`NonceError`].
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        decoded(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NonceError)
    }

    /// In base64url: 43 characters.
    pub fn to_text(&self) -> String {
        encoded(&self.0)
    }
}

/// A server's key for its half of nonces; wiped when dropped. Whoever has it can make nonces, and still not a ticket.
pub struct NonceKey(Zeroizing<[u8; 32]>);

impl NonceKey {
    /// Makes a new one.
    ///
    /// # Panics
    /// When the system has no randomness, in which case nothing can go on.
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).expect("the system gives randomness");
        Self(key)
    }

    /// One that was kept.
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// To be kept.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A nonce of `server` for this transaction, at `now` in seconds since 1970. No two are equal.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn issue(&self, server: &Audience, id: &TransactionId, now: i64) -> Nonce {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).expect("the system gives randomness");
        self.issue_with(server, id, now, random)
    }

    fn issue_with(&self, server: &Audience, id: &TransactionId, now: i64, random: [u8; RANDOM]) -> Nonce {
        let mac = self.mac(&[MAC_LABEL, &server.0], &random, id.as_str(), now.div_euclid(STEP));
        let parts = [&server.0[..], &random, &mac].concat();
        OneTimeNumber(parts.try_into().expect("the lengths add up"))
    }

    /// Whether this key made it for this transaction, not more than 300 to 330 seconds ago. Its tag is looked at elsewhere.
    pub fn issued(&self, nonce: &Nonce, id: &TransactionId, now: i64) -> bool {
        let (tag, rest) = nonce.0.split_at(TAG);
        self.is_mine(&[MAC_LABEL, tag], rest, id.as_str(), now)
    }

    /// A nonce for this share, at `now` in seconds since 1970. It bears no tag: the server's URL is signed beside it.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn issue_for_share(&self, id: &ShareId, now: i64) -> ShareNonce {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).expect("the system gives randomness");
        let mac = self.mac(&[SHARE_LABEL], &random, id.as_str(), now.div_euclid(STEP));
        OneTimeNumber([random, mac].concat().try_into().expect("the lengths add up"))
    }

    /// Whether this key made it for this share, not more than 300 to 330 seconds ago.
    pub fn issued_for_share(&self, nonce: &ShareNonce, id: &ShareId, now: i64) -> bool {
        self.is_mine(&[SHARE_LABEL], &nonce.0, id.as_str(), now)
    }

    fn is_mine(&self, context: &[&[u8]], nonce: &[u8], id: &str, now: i64) -> bool {
        let (random, mac) = nonce.split_at(RANDOM);
        // Every step is looked at, whichever is right.
        let now = now.div_euclid(STEP);
        STEPS.fold(false, |found, step| found | bool::from(self.mac(context, random, id, now + step).ct_eq(mac)))
    }

    fn mac(&self, context: &[&[u8]], random: &[u8], id: &str, step: i64) -> [u8; MAC] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*self.0).expect("a key of any length is one");
        let step = step.to_be_bytes();
        for part in context.iter().copied().chain([&step[..], random, id.as_bytes()]) {
            mac.update(part);
        }
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        std::array::from_fn(|index| whole[index])
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn server(id: &str, url: &str) -> Audience {
        let origin = Origin::of(&url.parse().expect("a URL")).expect("https");
        Audience::new(&ServerId::parse(id).expect("an id"), &origin)
    }

    fn css_a() -> Audience {
        server("css-a", "https://css-a.example:8444")
    }

    fn id() -> TransactionId {
        TransactionId::parse("KCffeeddccbbaa99887766554433221100").expect("an id")
    }

    fn key() -> NonceKey {
        NonceKey::from_bytes(std::array::from_fn(|index| index as u8))
    }

    #[test]
    fn the_known_answer() {
        let nonce = key().issue_with(&css_a(), &id(), NOW, std::array::from_fn(|index| index as u8));
        assert_eq!(nonce.to_text(), "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHWeg1UJCyKGU");
        assert_eq!(hex::encode(&nonce.own_part()[RANDOM..]), "59e8355090b22865");
        assert!(nonce.is_from(&css_a()) && key().issued(&nonce, &id(), NOW));
    }

    #[test]
    fn masks_are_those_of_the_known_answer() {
        for (server, nonce, masked) in [
            (css_a(), "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHCAkKCwwNDg8", "hZwg3yFLnh0QkFeKM8FeS8wOZ_KXNaXYVB65Ceg4wQU"),
            (
                server("css-b", "https://css-b.example:8444"),
                "ToYuFykJkjDbhUO5kYzgjRAREhMUFRYXGBkaGxwdHh8",
                "ZoDnaxcKqFMYOhv1Llz8ykazaECTUN3uk13oi0VpNT8",
            ),
        ] {
            let nonce = Nonce::parse(nonce).expect("a nonce");
            assert!(nonce.is_from(&server));
            assert_eq!(nonce.masked().to_text(), masked);
        }
    }

    #[test]
    fn a_tag_is_of_one_identifier_at_one_origin() {
        let nonce = key().issue(&css_a(), &id(), NOW);
        for (id, url) in [
            ("css-b", "https://css-a.example:8444"),
            ("css-a", "https://css-a.example:8445"),
            ("css-a", "https://css-a.example"),
            ("css-a", "https://css-a.example.org:8444"),
            ("css-ahttps", "https://css-a.example:8444"),
        ] {
            assert!(!nonce.is_from(&server(id, url)), "{id} {url}");
        }
        assert!(nonce.is_from(&server("css-a", "https://CSS-a.EXAMPLE:8444/")));
    }

    #[test]
    fn origins_always_write_their_port_and_are_https() {
        let origin = |text: &str| Origin::of(&text.parse().expect("a URL")).map(|origin| origin.0);
        assert_eq!(origin("https://A.example").as_deref(), Some("https://a.example:443"));
        assert_eq!(origin("https://[2001:DB8::1]:8444/").as_deref(), Some("https://[2001:db8::1]:8444"));
        assert_eq!(origin("http://a.example:8444"), None);
    }

    #[test]
    fn a_nonce_counts_for_its_key_transaction_and_time_alone() {
        let (key, id) = (key(), id());
        // In the middle of a step: 10 steps back, and one ahead.
        let made = NOW + 15;
        let nonce = key.issue(&css_a(), &id, made);
        for (later, counts) in
            [(0, true), (300, true), (314, true), (315, false), (-15, true), (-45, true), (-46, false)]
        {
            assert_eq!(key.issued(&nonce, &id, made + later), counts, "{later}");
        }
        assert!(!key.issued(&nonce, &TransactionId::generate(), made));
        assert!(!NonceKey::generate().issued(&nonce, &id, made));
        for index in 0..NONCE {
            let mut changed = nonce.clone();
            changed.0[index] ^= 1;
            assert!(!key.issued(&changed, &id, made), "{index}");
        }
        assert_ne!(key.issue(&css_a(), &id, made), key.issue(&css_a(), &id, made));
    }

    #[test]
    fn a_nonce_has_one_text() {
        let text = key().issue(&css_a(), &id(), NOW).to_text();
        let other_last = |last: char| format!("{}{last}", &text[..42]);
        // 43 characters are 258 bits, two more than a nonce has.
        let last = text.chars().next_back().expect("43 characters");
        let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        let as_nonce = |last| Nonce::parse(&other_last(last)).is_ok();
        assert_eq!(alphabet.filter(|last| as_nonce(*last)).count(), 16, "{last}");
        for wrong in [
            format!("{text}="),
            format!("{text}A"),
            format!(" {text}"),
            text.replace(&text[..1], "+"),
            text[1..].to_owned(),
        ] {
            assert_eq!(Nonce::parse(&wrong), Err(NonceError), "{wrong}");
            assert_eq!(MaskedNonce::parse(&wrong), Err(NonceError), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_exactly_a_nonce() {
        let nonce = key().issue(&css_a(), &id(), NOW);
        let json = nonce.to_json();
        assert_eq!(json, format!("{{\"nonce\":\"{}\"}}", nonce.to_text()));
        assert_eq!(Nonce::from_json(json.as_bytes()), Ok(nonce));
        let twice = json.replacen('{', "{\"nonce\":\"\",", 1);
        let more = json.replacen('{', "{\"more\":1,", 1);
        let list = format!("[\"{}\"]", "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHCAkKCwwNDg8");
        for wrong in ["", "{}", "null", &json[1..], &list, &twice, &more, &format!("{json}{json}")] {
            assert_eq!(Nonce::from_json(wrong.as_bytes()), Err(NonceError), "{wrong}");
        }
    }

    #[test]
    fn a_nonce_for_a_share_counts_for_its_key_share_and_time_alone() {
        let (key, id) = (key(), ShareId::generate());
        let nonce = key.issue_for_share(&id, NOW);
        assert_eq!(nonce.to_text().len(), 22);
        assert_eq!(ShareNonce::from_json(nonce.to_json().as_bytes()), Ok(nonce.clone()));
        for (later, counts) in [(0, true), (329, true), (330, false), (-30, true), (-31, false)] {
            assert_eq!(key.issued_for_share(&nonce, &id, NOW + later), counts, "{later}");
        }
        assert!(!key.issued_for_share(&nonce, &ShareId::generate(), NOW));
        assert!(!NonceKey::generate().issued_for_share(&nonce, &id, NOW));
        // Nor is the half of one kind good for the other.
        let transaction = TransactionId::parse(id.as_str()).expect("also one by its looks");
        let other = key.issue(&css_a(), &transaction, NOW);
        let half = OneTimeNumber(other.own_part());
        assert!(!key.issued_for_share(&half, &id, NOW));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "[A-Za-z0-9_-]{40,46}") {
            if let Ok(nonce) = Nonce::parse(&text) {
                prop_assert_eq!(nonce.to_text(), text);
            }
        }
    }
}
