//! Key shares: each goes to the person it is for, by one signature for all servers, and to nobody else.

use base64ct::{Base64UrlUnpadded, Encoding};
use capsule_api::{
    NonceKey, PersonId, ShareId, ShareNonce, ShareTarget, ShareTokens, SignedShareTokens, certificate_header,
    certificate_key,
};
use rcgen::KeyUsagePurpose;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

use crate::support::{
    Answer, Authority, Fixture, Kind, NUMBER, Offer, Person, Setup, exchange, get, numbered, post_request, share_body,
    ticket_request,
};

fn person(kind: Kind) -> Person {
    Person::with(kind, numbered(NUMBER))
}

/// A server that takes shares, and where it is.
struct Server {
    fixture: Fixture,
    offer: Offer,
}

impl Server {
    fn start(id: &str, setup: Setup) -> Self {
        let offer = Offer::new(id);
        Self { fixture: Setup { shares: Some(offer.clone()), ..setup }.start(), offer }
    }

    fn ask(&self, request: &str) -> Answer {
        exchange(&mut self.fixture.as_holder(), request)
    }

    fn post(&self, body: &str) -> Answer {
        self.ask(&post_request("", body).replacen("/key-capsules", "/key-shares", 1))
    }

    fn nonce(&self, id: &ShareId) -> ShareNonce {
        let path = format!("{}/nonce", id.location());
        let answer = self.ask(&post_request("", "").replacen("/key-capsules", &path, 1));
        assert_eq!(answer.status, 200);
        ShareNonce::from_json(&answer.body).expect("a nonce")
    }

    /// A share that is there, with a nonce for it.
    fn target(&self) -> ShareTarget {
        let answer = self.post(&share_body(7));
        assert_eq!((answer.status, answer.body.len()), (201, 0));
        assert!(answer.header("x-expiry-time").is_some());
        let id = ShareId::from_location(answer.header("location").expect("a location")).expect("a path");
        ShareTarget { base_url: self.offer.url.clone(), nonce: self.nonce(&id), id }
    }

    fn fetch(&self, id: &ShareId, token: &str, person: &Person) -> Answer {
        self.ask(&request(id, "x-cdoc2-auth-ticket", token, &certificate_header(person.certificate.der())))
    }
}

fn request(id: &ShareId, name: &str, token: &str, certificate: &str) -> String {
    let path = id.location();
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{name}: {token}\r\nx-cdoc2-auth-x5c: {certificate}\r\n\r\n")
}

fn signed(person: &Person, targets: &[ShareTarget]) -> SignedShareTokens {
    let issuer = PersonId::of_certificate(person.certificate.der()).expect("a number");
    let tokens = ShareTokens::new(&issuer, targets).expect("some");
    let key = certificate_key(person.certificate.der()).expect("a key");
    let signature = person.sign(tokens.signing_input(&key).expect("a key that can").as_bytes());
    tokens.signed(&key, person.certificate.der(), &signature).expect("signed")
}

fn token(person: &Person, target: &ShareTarget) -> String {
    signed(person, std::slice::from_ref(target)).presentation(0).expect("a part")
}

#[test]
fn shares_of_three_servers_come_by_one_signature_byte_for_byte() {
    let people = [Kind::P256, Kind::P384, Kind::Rsa].map(person);
    let everybody: Vec<_> = people.iter().collect();
    let servers = ["a", "b", "c"].map(|id| Server::start(id, Setup::listing(&everybody)));
    for person in &people {
        let targets = servers.each_ref().map(Server::target);
        let tokens = signed(person, &targets);
        for (position, (server, target)) in servers.iter().zip(&targets).enumerate() {
            let token = tokens.presentation(position).expect("a part");
            let der = person.certificate.der();
            // Both generations of names and forms.
            let (name, certificate) = match position {
                0 => ("x-cdoc2-auth-ticket", certificate_header(der)),
                _ => ("x-cdoc2-auth-token", Base64UrlUnpadded::encode_string(der)),
            };
            let answer = server.ask(&request(&target.id, name, &token, &certificate));
            assert_eq!((answer.status, &answer.body[..]), (200, share_body(7).as_bytes()), "{:?}", person.kind);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(server.fetch(&target.id, &token, person).status, 404, "a second time");
        }
    }
    let given = "kapsel_share_tokens_total{outcome=\"given\"}";
    assert_eq!(servers.each_ref().map(|server| server.fixture.metric(given)), [3; 3]);
}

#[test]
fn a_share_goes_to_its_person_by_whatever_accepted_means_and_to_nobody_else() {
    let authority = Authority::root("Root", Kind::P384);
    let old = authority.person(Kind::P384, numbered(NUMBER));
    let new = authority.person(Kind::Rsa, numbered(NUMBER));
    let other = authority.person(Kind::P384, numbered("PNOEE-38001085718"));
    let server = Server::start("a", Setup::trusting(&authority));
    for person in [&old, &new] {
        let target = server.target();
        assert_eq!(server.fetch(&target.id, &token(person, &target), person).status, 200);
    }
    // Another person is told what is told of a share that is not there, and uses nothing up.
    let target = server.target();
    let refused = server.fetch(&target.id, &token(&other, &target), &other).without_date();
    let unknown = ShareId::generate();
    let unknown = ShareTarget { base_url: target.base_url.clone(), nonce: server.nonce(&unknown), id: unknown };
    assert_eq!(server.fetch(&unknown.id, &token(&old, &unknown), &old).without_date(), refused);
    assert_eq!((refused.0, refused.2.len()), (404, 0));
    assert_eq!(server.fetch(&target.id, &token(&old, &target), &old).status, 200);
    // Nor does a self-made certificate with the person's number count.
    let forged = person(Kind::P384);
    let target = server.target();
    assert_eq!(server.fetch(&target.id, &token(&forged, &target), &forged).status, 401);
}

#[test]
fn what_is_for_something_else_or_not_signed_so_is_unauthorised() {
    let (mari, jaan) = (person(Kind::P384), Person::with(Kind::P384, numbered("PNOEE-38001085718")));
    let (here, there) =
        (Server::start("a", Setup::listing(&[&mari, &jaan])), Server::start("b", Setup::listing(&[&mari, &jaan])));
    let targets = [here.target(), there.target(), here.target()];
    let tokens = signed(&mari, &targets);
    let presentation = |position| tokens.presentation(position).expect("a part");
    // Another server's part, another share's part, another person's certificate.
    assert_eq!(here.fetch(&targets[0].id, &presentation(1), &mari).status, 401);
    assert_eq!(here.fetch(&targets[0].id, &presentation(2), &mari).status, 401);
    assert_eq!(there.fetch(&targets[0].id, &presentation(0), &mari).status, 401);
    assert_eq!(here.fetch(&targets[0].id, &presentation(0), &jaan).status, 401);
    // Parts that are put together anew.
    let parts = |position| presentation(position).split('~').map(str::to_owned).collect::<Vec<_>>();
    let (own, other) = (parts(0), parts(1));
    let mixed = format!("{}~{}~{}~", own[0], other[1], other[2]);
    assert_eq!(here.fetch(&targets[0].id, &mixed, &mari).status, 401);
    let token_of = |header: &str| {
        let input = format!(
            "{}.{}",
            Base64UrlUnpadded::encode_string(header.as_bytes()),
            own[0].split('.').nth(1).expect("a part")
        );
        let signature = Base64UrlUnpadded::encode_string(&mari.sign(input.as_bytes()));
        format!("{input}.{signature}~{}~{}~", own[1], own[2])
    };
    for header in [
        r#"{"typ":"vnd.cdoc2.auth-token.v1+sd-jwt","alg":"none"}"#,
        r#"{"typ":"vnd.cdoc2.auth-token.v1+sd-jwt","alg":"HS256"}"#,
        r#"{"typ":"vnd.cdoc2.auth-token.v1+sd-jwt","alg":"ES256"}"#,
        r#"{"typ":"JWS","alg":"ES384"}"#,
        r#"{"typ":"vnd.cdoc2.session-token.v2+sd-jwt","alg":"ES384"}"#,
    ] {
        assert_eq!(here.fetch(&targets[0].id, &token_of(header), &mari).status, 401, "{header}");
    }
    // The address is the configured one, whatever a request says.
    let spoofed =
        request(&targets[1].id, "x-cdoc2-auth-ticket", &presentation(1), &certificate_header(mari.certificate.der()));
    let host = here.offer.url.as_str().trim_start_matches("https://").trim_end_matches('/');
    let spoofed = spoofed.replace("host: localhost", &format!("host: {host}\r\nx-forwarded-host: {host}"));
    assert_eq!(there.ask(&spoofed).status, 200);
    assert_eq!(here.fetch(&targets[0].id, &presentation(0), &mari).status, 200, "nothing was used up");
}

#[test]
fn the_signed_address_is_the_configured_one_byte_for_byte() {
    let mari = person(Kind::P384);
    let server = Server::start("a", Setup::listing(&[&mari]));
    let target = server.target();
    let signed_for = |url: &str| {
        let part = |value: serde_json::Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let digest = |part: &str| Base64UrlUnpadded::encode_string(&Sha256::digest(part));
        let inner = part(json!(["AAAAAAAAAAAAAAAAAAAAAA", url]));
        let outer = part(json!(["AAAAAAAAAAAAAAAAAAAAAA", "aud", [{ "...": digest(&inner) }]]));
        let header = part(json!({ "typ": "vnd.cdoc2.auth-token.v1+sd-jwt", "alg": "ES384" }));
        let payload = json!({ "iss": format!("etsi/{NUMBER}"), "_sd": [digest(&outer)], "_sd_alg": "sha-256" });
        let input = format!("{header}.{}", part(payload));
        let signature = Base64UrlUnpadded::encode_string(&mari.sign(input.as_bytes()));
        format!("{input}.{signature}~{outer}~{inner}~")
    };
    let base = server.offer.url.as_str().trim_end_matches('/');
    let good = format!("{base}{}?nonce={}", target.id.location(), target.nonce.to_text());
    let host = server.offer.url.host_str().expect("a host");
    for (why, url) in [
        ("the scheme's case", good.replacen("https", "HTTPS", 1)),
        ("the host's case", good.replacen(host, &host.to_uppercase(), 1)),
        ("the host as a number", good.replacen(host, "2130706433", 1)),
        ("a way around", good.replacen("/key-shares", "/x/../key-shares", 1)),
        ("a backslash", good.replacen("/key-shares", "\\key-shares", 1)),
        ("an escape", good.replacen("key-shares", "key%2Dshares", 1)),
        ("a tab at the end", format!("{good}\t")),
        ("a tab within", good.replacen("key-shares", "key-\tshares", 1)),
        ("no address", "no address".to_owned()),
    ] {
        assert_eq!(server.fetch(&target.id, &signed_for(&url), &mari).status, 401, "{why}: {url}");
    }
    assert_eq!(server.fetch(&target.id, &signed_for(&good), &mari).status, 200, "and nothing was used up");
}

#[test]
fn certificates_must_say_that_they_authenticate() {
    let authority = Authority::root("Root", Kind::P384);
    let with = |usages: Vec<KeyUsagePurpose>| {
        let mut params = numbered(NUMBER);
        params.key_usages = usages;
        authority.person(Kind::P384, params)
    };
    let server = Server::start("a", Setup::trusting(&authority));
    let status = |person: &Person| {
        let target = server.target();
        server.fetch(&target.id, &token(person, &target), person).status
    };
    assert_eq!(status(&with(vec![KeyUsagePurpose::DigitalSignature])), 200);
    assert_eq!(status(&with(vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment])), 401);
    assert_eq!(status(&with(vec![KeyUsagePurpose::KeyAgreement])), 401);
    assert_eq!(status(&with(vec![])), 401, "it says nothing");
}

#[test]
fn what_is_no_token_no_certificate_and_no_share_is_a_bad_request() {
    let mari = person(Kind::P384);
    let server = Server::start("a", Setup::listing(&[&mari]));
    let target = server.target();
    let (id, good, certificate) = (&target.id, token(&mari, &target), certificate_header(mari.certificate.der()));
    let refused = |why: &str, request: &str| {
        let answer = server.ask(request);
        assert_eq!((answer.status, answer.body.len()), (400, 0), "{why}");
    };
    refused("nothing", &get(&id.location()));
    refused("no certificate", &ticket_request("", &good).replace("/key-capsules/", &id.location()));
    refused("no token", &request(id, "x-other", &good, &certificate));
    refused(
        "no real certificate header",
        &request(id, "x-cdoc2-auth-ticket", &good, "-----BEGIN CERTIFICATE-----AAAA"),
    );
    let both = request(id, "x-cdoc2-auth-ticket", &good, &certificate)
        .replace("host:", &format!("x-cdoc2-auth-token: {good}\r\nhost:"));
    refused("both names", &both);
    for (why, token) in [
        ("no end", good.trim_end_matches('~').to_owned()),
        ("key binding", format!("{good}e30.e30.AA")),
        ("17 KiB", "A".repeat(17 << 10)),
        ("a disclosure more", good.replacen('~', "~e30~", 1)),
    ] {
        refused(why, &request(id, "x-cdoc2-auth-ticket", &token, &certificate));
    }
    let long = format!("{}0/nonce", "/key-shares/00112233445566778899aabbccddeeff00");
    for path in ["/key-shares/0011", "/key-shares/0011/nonce", &long] {
        let request = if path.ends_with("nonce") { get(path).replacen("GET", "POST", 1) } else { get(path) };
        refused(path, &request);
    }
    let share = share_body(7);
    for wrong in
        ["", "{}", &share.replace("etsi/", ""), &share.replace("BwcH", ""), &share.replacen('{', r#"{"x":1,"#, 1)]
    {
        assert_eq!(server.post(wrong).status, 400, "{wrong}");
    }
    assert_eq!(server.fetch(id, &good, &mari).status, 200, "the token is still good");
}

#[test]
fn nonces_are_the_servers_own_and_not_old_and_nobody_locks_a_share() {
    let mari = person(Kind::P256);
    let server = Server::start("a", Setup::listing(&[&mari]));
    let target = server.target();
    let made_up = ShareTarget { nonce: NonceKey::generate().issue_for_share(&target.id, 0), ..target.clone() };
    assert_eq!(server.fetch(&target.id, &token(&mari, &made_up), &mari).status, 404);
    // Others ask for nonces of the share; that takes nothing from the one at hand.
    for _ in 0..200 {
        server.nonce(&target.id);
    }
    assert_eq!(server.fetch(&target.id, &token(&mari, &target), &mari).status, 200);
    let old = server.target();
    server.fixture.clock.forward(Duration::from_secs(400));
    assert_eq!(server.fetch(&old.id, &token(&mari, &old), &mari).status, 404);
    // Shares expire, as capsules do.
    server.fixture.clock.forward(Duration::from_secs(1095 * 24 * 60 * 60));
    let over = ShareTarget { nonce: server.nonce(&old.id), ..old };
    assert_eq!(server.fetch(&over.id, &token(&mari, &over), &mari).status, 404);
}

#[test]
fn methods_and_paths_are_those_of_the_interface_and_no_other() {
    let mari = person(Kind::P256);
    let server = Server::start("a", Setup::listing(&[&mari]));
    let id = server.target().id;
    let ask = |method: &str, path: &str| {
        let answer = server.ask(&get(path).replacen("GET", method, 1));
        (answer.status, answer.header("allow").map(str::to_owned))
    };
    let allow = |method: &str| Some(method.to_owned());
    assert_eq!(ask("GET", "/key-shares"), (405, allow("POST")));
    assert_eq!(ask("GET", &format!("{}/nonce", id.location())), (405, allow("POST")));
    assert_eq!(ask("DELETE", &id.location()), (405, allow("GET")));
    assert_eq!(ask("HEAD", &id.location()).0, 405);
    for path in ["/key-capsules", "/key-capsules/KC00112233445566778899aabbccddeeff", "/metrics", "/"] {
        assert_eq!(ask("GET", path).0, 404, "{path}");
    }
    assert_eq!(
        server.fixture.metric("kapsel_requests_total{interface=\"shares\",call=\"post_share\",status=\"201\"}"),
        1
    );
}
