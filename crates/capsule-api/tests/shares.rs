//! Key shares and their tokens, from both ends.

mod people;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use capsule_api::{
    NewShare, NonceKey, PersonId, ShareError, ShareId, SharePresentation, ShareTarget, ShareTokens, SignedShareTokens,
    TokenError, certificate_header, read_certificate_header,
};
use people::{Kind, Person};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

const NUMBER: &str = "PNOEE-48010010101";
const NOW: i64 = 1_767_225_600;

fn mari() -> PersonId {
    PersonId::parse("etsi/PNOEE-48010010101").expect("a person")
}

fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

fn target(base_url: &str) -> ShareTarget {
    let id = ShareId::generate();
    ShareTarget { base_url: url(base_url), nonce: NonceKey::generate().issue_for_share(&id, NOW), id }
}

fn targets() -> [ShareTarget; 3] {
    ["https://a.example", "https://b.example:8443/", "https://c.example/shares"].map(target)
}

fn signed(person: &Person, targets: &[ShareTarget]) -> SignedShareTokens {
    let tokens = ShareTokens::new(&mari(), targets).expect("some");
    let key = person.public_key();
    let signature = person.sign(tokens.signing_input(&key).expect("a key that can").as_bytes());
    tokens.signed(&key, &person.certificate, &signature).expect("signed")
}

fn encoded(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

fn json_of(part: &str) -> Value {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).expect("base64url")).expect("JSON")
}

fn digest(disclosure: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(disclosure))
}

#[test]
fn each_server_is_shown_its_own_part_of_one_signature() {
    for kind in [Kind::P256, Kind::P384, Kind::Rsa] {
        let (person, targets) = (Person::named(kind, NUMBER), targets());
        let signed = signed(&person, &targets);
        for (position, target) in targets.iter().enumerate() {
            let text = signed.presentation(position).expect("a part");
            let presentation = SharePresentation::parse(&text).expect("well formed");
            assert_eq!(presentation.verify(&person.certificate), Ok(&mari()), "{kind:?}");
            assert_eq!(presentation.nonce(&target.base_url, &target.id), Ok(target.nonce.clone()), "{kind:?}");
            // Not a word of the others.
            let shown: String = text
                .split(['.', '~'])
                .filter(|part| !part.is_empty())
                .map(|part| {
                    String::from_utf8_lossy(&Base64UrlUnpadded::decode_vec(part).expect("base64url")).into_owned()
                })
                .collect();
            for other in targets.iter().filter(|other| other.id != target.id) {
                assert!(!shown.contains(other.id.as_str()) && !shown.contains(&other.nonce.to_text()));
                assert!(!shown.contains(other.base_url.host_str().expect("a host")));
                assert_eq!(presentation.nonce(&other.base_url, &other.id), Err(TokenError::Audience));
            }
        }
        assert_eq!(signed.presentation(3), None);
    }
}

#[test]
fn the_parts_are_as_the_deployed_scheme_has_them() {
    let (person, targets) = (Person::named(Kind::P384, NUMBER), targets());
    let text = signed(&person, &targets).presentation(1).expect("a part");
    let [jwt, outer, inner, ""] = text.split('~').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let [header, payload, _] = jwt.split('.').collect::<Vec<_>>()[..] else { panic!("{jwt}") };
    let plain = |part: &str| String::from_utf8(Base64UrlUnpadded::decode_vec(part).expect("base64url")).expect("text");
    assert_eq!(plain(header), r#"{"typ":"vnd.cdoc2.auth-token.v1+sd-jwt","alg":"ES384"}"#);
    let expected = json!({ "iss": "etsi/PNOEE-48010010101", "_sd": [digest(outer)], "_sd_alg": "sha-256" });
    assert_eq!(json_of(payload), expected);
    let outer = json_of(outer);
    assert_eq!((outer[1].as_str(), outer.as_array().map(Vec::len)), (Some("aud"), Some(3)));
    assert_eq!(outer[2][1], json!({ "...": digest(inner) }));
    let (id, nonce) = (targets[1].id.as_str(), targets[1].nonce.to_text());
    let inner = json_of(inner);
    assert_eq!(inner[1], format!("https://b.example:8443/key-shares/{id}?nonce={nonce}"));
    for salt in [&outer[0], &inner[0]] {
        assert_eq!(salt.as_str().map(str::len), Some(22));
    }
}

/// A presentation put together by hand, with whatever a test changes.
struct Made {
    header: String,
    issuer: String,
    outer: String,
    inner: String,
    digest_algorithm: &'static str,
}

impl Made {
    /// As other writers write: with escapes that are not ours.
    fn new(target: &ShareTarget) -> Self {
        let address = format!("{}key-shares/{}?nonce={}", target.base_url, target.id.as_str(), target.nonce.to_text());
        let address = address.replace('/', "\\/").replace('=', "\\u003d");
        let inner = encoded(&format!(r#"[ "s95VgvVDaRcOj3HWkb7bXQ", "{address}" ]"#));
        let outer = Self::outer(&[&digest(&inner)]);
        let header = r#"{"alg":"ES384","typ":"vnd.cdoc2.auth-token.v1+sd-jwt"}"#.to_owned();
        Self { header, issuer: mari().as_str().to_owned(), outer, inner, digest_algorithm: "sha-256" }
    }

    fn outer(digests: &[&str]) -> String {
        let hidden: Vec<_> = digests.iter().map(|digest| json!({ "...": digest })).collect();
        encoded(&json!(["s95VgvVDaRcOj3HWkb7bXQ", "aud", hidden]).to_string())
    }

    fn jwt(&self, person: &Person) -> String {
        let payload = json!({ "iss": self.issuer, "_sd": [digest(&self.outer)], "_sd_alg": self.digest_algorithm });
        let input = format!("{}.{}", encoded(&self.header), encoded(&payload.to_string()));
        format!("{input}.{}", Base64UrlUnpadded::encode_string(&person.sign(input.as_bytes())))
    }

    fn by(&self, person: &Person) -> String {
        format!("{}~{}~{}~", self.jwt(person), self.outer, self.inner)
    }
}

fn verify(text: &str, person: &Person, target: &ShareTarget) -> Result<(), TokenError> {
    let presentation = SharePresentation::parse(text)?;
    presentation.verify(&person.certificate)?;
    presentation.nonce(&target.base_url, &target.id).map(drop)
}

#[test]
fn digests_are_of_what_was_sent_however_it_is_escaped() {
    let (person, target) = (Person::named(Kind::P384, NUMBER), target("https://a.example"));
    assert_eq!(verify(&Made::new(&target).by(&person), &person, &target), Ok(()));
}

#[test]
fn what_was_not_signed_so_does_not_count() {
    let (person, other) = (Person::named(Kind::P384, NUMBER), Person::named(Kind::P384, "PNOEE-38001085718"));
    let (here, there) = (target("https://a.example"), target("https://a.example"));
    let made = |change: &dyn Fn(&mut Made)| {
        let mut made = Made::new(&here);
        change(&mut made);
        verify(&made.by(&person), &person, &here).expect_err("refused")
    };
    let elsewhere = Made::new(&there);
    assert_eq!(made(&|it| it.inner.clone_from(&elsewhere.inner)), TokenError::Disclosure);
    let twice = digest(&Made::new(&here).inner);
    assert_eq!(made(&|it| it.outer = Made::outer(&[&twice, &twice])), TokenError::Disclosure);
    assert_eq!(made(&|it| it.outer = Made::outer(&[])), TokenError::Disclosure);
    assert_eq!(made(&|it| it.digest_algorithm = "sha-512"), TokenError::Malformed);
    assert_eq!(made(&|it| it.issuer = "etsi/PNOEE-38001085718".to_owned()), TokenError::Person);
    assert_eq!(made(&|it| it.issuer = "PNOEE-48010010101".to_owned()), TokenError::Malformed);
    for alg in ["none", "HS256", "ES256", "ES512", "RS256", "PS256"] {
        assert_eq!(made(&|it| it.header = it.header.replace("ES384", alg)), TokenError::Algorithm, "{alg}");
    }
    for typ in ["JWS", "JWT", "vnd.cdoc2.session-token.v2+sd-jwt", "VND.cdoc2.auth-token.v1+sd-jwt"] {
        let change = |it: &mut Made| it.header = it.header.replace("vnd.cdoc2.auth-token.v1+sd-jwt", typ);
        assert_eq!(made(&change), TokenError::Type, "{typ}");
    }
    assert_eq!(made(&|it| it.header = it.header.replace('}', r#","crit":[]}"#)), TokenError::Malformed);
    // Another outer disclosure than the signed one, or another signature.
    let good = Made::new(&here);
    let changed = format!("{}~{}~{}~", good.jwt(&person), elsewhere.outer, elsewhere.inner);
    assert_eq!(verify(&changed, &person, &there), Err(TokenError::Disclosure));
    assert_eq!(verify(&good.by(&other), &person, &here), Err(TokenError::Signature));
    assert_eq!(verify(&good.by(&other), &other, &here), Err(TokenError::Person));
    assert_eq!(verify(&good.by(&person), &person, &there), Err(TokenError::Audience));
}

#[test]
fn a_presentation_is_exactly_one() {
    let (person, target) = (Person::named(Kind::P384, NUMBER), target("https://a.example"));
    let made = Made::new(&target);
    let good = made.by(&person);
    let jwt = good.split('~').next().expect("a token");
    let signature = jwt.rsplit('.').next().expect("three parts");
    for (why, text) in [
        ("nothing", String::new()),
        ("key binding", format!("{good}{jwt}")),
        ("no end", good.trim_end_matches('~').to_owned()),
        ("one disclosure", format!("{jwt}~{}~", made.outer)),
        ("three disclosures", format!("{jwt}~{}~{}~{}~", made.outer, made.inner, made.inner)),
        ("padding", good.replace(signature, &format!("{signature}="))),
        ("two parts", good.replacen(&format!(".{signature}"), "", 1)),
        ("the other order", format!("{jwt}~{}~{}~", made.inner, made.outer)),
        ("17 KiB", format!("{good}{}", "A".repeat(17 << 10))),
    ] {
        assert_eq!(SharePresentation::parse(&text).map(drop), Err(TokenError::Malformed), "{why}");
    }
    // A ticket for capsules is none.
    assert!(SharePresentation::parse(&encoded(r#"{"type":"CDOC2 authentication ticket v0.1"}"#)).is_err());
}

#[test]
fn it_is_for_one_share_at_the_servers_configured_address() {
    let (person, here) = (Person::named(Kind::P256, NUMBER), target("https://a.example:8443/shares"));
    let (id, nonce) = (here.id.as_str(), here.nonce.to_text());
    let with = |address: &str| {
        let inner = encoded(&json!(["s95VgvVDaRcOj3HWkb7bXQ", address]).to_string());
        let header = Made::new(&here).header.replace("ES384", "ES256");
        let made = Made { outer: Made::outer(&[&digest(&inner)]), inner, header, ..Made::new(&here) };
        verify(&made.by(&person), &person, &here)
    };
    let good = format!("https://a.example:8443/shares/key-shares/{id}?nonce={nonce}");
    assert_eq!(with(&good), Ok(()));
    for (why, address) in [
        ("another host", good.replace("a.example", "b.example")),
        ("another port", good.replace(":8443", "")),
        ("no TLS", good.replace("https", "http")),
        ("another path", good.replace("/shares/", "/")),
        ("another share", good.replace(id, ShareId::generate().as_str())),
        ("more in the query", format!("{good}&x=1")),
        ("two nonces", format!("{good}&nonce={nonce}")),
        ("no nonce", good.replace(&format!("?nonce={nonce}"), "")),
        ("a padded nonce", format!("{good}%3D%3D")),
        ("a fragment", format!("{good}#x")),
        ("a user", good.replace("a.example", "u@a.example")),
        // What would become the same when it is read as a URL.
        ("another case of the host", good.replace("a.example", "A.Example")),
        ("another case of the scheme", good.replace("https", "HTTPS")),
        ("a way around", good.replace("/key-shares", "/x/../key-shares")),
        ("a slash more", good.replace("/key-shares", "//key-shares")),
        ("an escape", good.replace("key-shares", "key%2Dshares")),
        ("a tab at the end", format!("{good}\t")),
        ("a space before it", format!(" {good}")),
        ("no address", "no address".to_owned()),
    ] {
        assert_eq!(with(&address), Err(TokenError::Audience), "{why}");
    }
}

#[test]
fn what_a_proxy_had_signed_is_looked_at_before_it_is_sent() {
    let (person, other) = (Person::named(Kind::P384, NUMBER), Person::named(Kind::P384, "PNOEE-38001085718"));
    let targets = targets();
    let tokens = || ShareTokens::new(&mari(), &targets).expect("some");
    let own = tokens();
    let signature = person.sign(own.signing_input(&person.public_key()).expect("a key that can").as_bytes());
    let failed = own.signed(&person.public_key(), &other.certificate, &signature).expect_err("another certificate");
    assert_eq!(failed, TokenError::Certificate);
    // Other salts, so another token.
    let failed = tokens().signed(&person.public_key(), &person.certificate, &signature).expect_err("another token");
    assert_eq!(failed, TokenError::Signature);
    let failed = tokens().signed(&other.public_key(), &other.certificate, &signature).expect_err("another person");
    assert_eq!(failed, TokenError::Person);
    let unnamed = Person::new(Kind::P384);
    let failed = tokens().signed(&unnamed.public_key(), &unnamed.certificate, &signature).expect_err("nobody");
    assert_eq!(failed, TokenError::Person);
    let large = Person::named(Kind::P521, NUMBER);
    assert_eq!(tokens().signing_input(&large.public_key()), Err(TokenError::KeyKind));
    assert_eq!(ShareTokens::new(&mari(), &[]).map(drop), Err(TokenError::Count));
    let many: Vec<_> = (0..65).map(|_| target("https://a.example")).collect();
    assert_eq!(ShareTokens::new(&mari(), &many).map(drop), Err(TokenError::Count));
    assert!(ShareTokens::new(&mari(), &many[..64]).is_ok());
}

#[test]
fn a_person_is_named_by_exactly_one_serial_number() {
    let of = |number: &str| PersonId::of_certificate(&Person::named(Kind::P256, number).certificate);
    assert_eq!(of(NUMBER), Some(mari()));
    for number in
        ["48010010101", "PNOEE-", "pnoee-48010010101", "PNOEE-48010010101 ", "PNOEE-4801001010100000000000000000"]
    {
        assert_eq!(of(number), None, "{number}");
    }
    assert_eq!(PersonId::of_certificate(&Person::new(Kind::P256).certificate), None);
    assert_eq!(PersonId::of_certificate(b"no certificate"), None);
    for text in
        ["PNOEE-48010010101", "etsi/PNOEE", "ETSI/PNOEE-48010010101", "etsi/PNOE-48010", "etsi/PNOEE-480100101\u{f5}"]
    {
        assert_eq!(PersonId::parse(text), None, "{text}");
    }
    assert!(!format!("{:?}", mari()).contains("4801"));
}

#[test]
fn a_share_is_32_to_128_bytes_for_a_person() {
    let json = |share: &[u8], recipient: &str| {
        json!({ "share": Base64::encode_string(share), "recipient": recipient }).to_string()
    };
    let person = mari().as_str().to_owned();
    for length in [32, 33, 128] {
        let share = NewShare::parse(json(&vec![7; length], &person).as_bytes()).expect("a share");
        assert_eq!((share.share().len(), share.recipient()), (length, &mari()));
        let again = NewShare::parse(share.to_json().as_bytes()).expect("a share");
        assert_eq!(again.share(), share.share());
    }
    let refused = |text: &str| NewShare::parse(text.as_bytes()).expect_err("refused");
    for length in [0, 31, 129] {
        assert_eq!(refused(&json(&vec![7; length], &person)), ShareError::Share);
    }
    let good = json(&[7; 32], &person);
    assert_eq!(refused(&good.replace('=', "")), ShareError::Share);
    assert_eq!(refused(&good.replace("PNOEE", "?")), ShareError::Recipient);
    assert_eq!(refused(&format!("{good}{}", " ".repeat(9000))), ShareError::TooLarge);
    let list = format!(r#"["{}","{person}"]"#, Base64::encode_string(&[7; 32]));
    for text in [
        "",
        "{}",
        &good[1..],
        &list,
        &good.replacen('{', r#"{"share":"","#, 1),
        &good.replacen('{', r#"{"more":1,"#, 1),
    ] {
        assert_eq!(refused(text), ShareError::Json, "{text}");
    }
    let share = NewShare::parse(good.as_bytes()).expect("a share");
    assert!(!format!("{share:?}").contains("BwcH") && !format!("{share:?}").contains("4801"));
}

#[test]
fn certificates_travel_in_both_forms() {
    let der = Person::new(Kind::P256).certificate;
    let line = certificate_header(&der);
    assert!(!line.contains('\n'));
    assert_eq!(read_certificate_header(&line), Some(der.clone()));
    assert_eq!(read_certificate_header(&Base64UrlUnpadded::encode_string(&der)), Some(der));
    for wrong in ["-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----AAAA", "not base64!"] {
        assert_eq!(read_certificate_header(wrong), None, "{wrong}");
    }
}

#[test]
fn share_ids_go_through_a_location_and_nothing_else() {
    let id = ShareId::generate();
    assert_eq!(id.as_str().len(), 32);
    assert_eq!(ShareId::from_location(&id.location()), Ok(id.clone()));
    for text in [
        format!("https://a.example{}", id.location()),
        format!("{}?x", id.location()),
        format!("/key-capsules/{}", id.as_str()),
    ] {
        assert!(ShareId::from_location(&text).is_err(), "{text}");
    }
    assert!(!format!("{id:?}").contains(&id.as_str()[8..]));
}
