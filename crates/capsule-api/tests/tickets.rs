//! Tickets, from both ends: what a recipient makes counts, and nothing that was changed does.

mod people;

use std::{env, fs, path::PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding};
use capsule_api::{
    Audience, Authentication, AuthenticationError, JwsAlgorithm, MAX_TICKET, Nonce, NonceKey, Origin, ServerId,
    SignedAuthentication, Ticket, TicketError, TransactionId, certificate_key,
};
use cdoc2::PublicKey;
use serde_json::{Value, json};

use people::{KINDS, Kind, Person};

const NOW: i64 = 1_767_225_600;

trait Signs {
    fn signed(&self, authentication: Authentication) -> SignedAuthentication;
}

impl Signs for Person {
    fn signed(&self, authentication: Authentication) -> SignedAuthentication {
        let key = self.public_key();
        let signature = self.sign(authentication.signing_input(JwsAlgorithm::of(&key)).as_bytes());
        authentication.signed(&key, &self.certificate, &signature).expect("signed by the key of the certificate")
    }
}

fn server(id: &str) -> Audience {
    let url = format!("https://{id}.example:8446").parse().expect("a URL");
    Audience::new(&ServerId::parse(id).expect("an id"), &Origin::of(&url).expect("https"))
}

/// A transaction at a server, with the nonce that it gave.
struct Part {
    server: Audience,
    id: TransactionId,
    nonce: Nonce,
}

fn parts(count: usize) -> Vec<Part> {
    let part = |number| {
        let (server, id) = (server(&format!("css-{number}")), TransactionId::generate());
        let nonce = NonceKey::generate().issue(&server, &id, NOW);
        Part { server, id, nonce }
    };
    (0..count).map(part).collect()
}

fn authentication(parts: &[Part]) -> Authentication {
    Authentication::new(parts.iter().map(|part| (part.id.clone(), part.nonce.masked()))).expect("different")
}

/// As a server looks at it, but for the certificate.
fn verify(ticket: &str, id: &TransactionId, server: &Audience) -> Result<PublicKey, TicketError> {
    let ticket = Ticket::parse(ticket)?;
    let (key, _) = ticket.claimed_key(id, server)?;
    ticket.is_signed_by(&key)?;
    Ok(key)
}

fn json_of(ticket: &str) -> Value {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(ticket).expect("base64url")).expect("JSON")
}

fn header_of(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

#[test]
fn one_signature_gives_every_server_a_ticket_of_its_own() {
    for kind in KINDS {
        let (person, parts) = (Person::new(kind), parts(3));
        let signed = person.signed(authentication(&parts));
        for part in &parts {
            let ticket = signed.ticket(&part.id, &part.nonce).expect("small").expect("covered");
            assert_eq!(verify(&ticket, &part.id, &part.server), Ok(person.public_key()), "{kind:?}");
            // No other nonce is in it.
            let text = json_of(&ticket).to_string();
            for other in parts.iter().filter(|other| other.id != part.id) {
                assert!(!text.contains(&other.nonce.to_text()) && text.contains(&other.nonce.masked().to_text()));
            }
        }
    }
}

#[test]
fn a_ticket_is_for_one_transaction_at_one_server() {
    let (person, parts) = (Person::new(Kind::P384), parts(2));
    let signed = person.signed(authentication(&parts));
    let [here, there] = &parts[..] else { panic!("two") };
    let ticket = signed.ticket(&here.id, &here.nonce).expect("small").expect("covered");
    assert_eq!(verify(&ticket, &here.id, &there.server), Err(TicketError::ForeignNonce));
    assert_eq!(verify(&ticket, &there.id, &here.server), Err(TicketError::Transaction));
    assert_eq!(signed.ticket(&here.id, &there.nonce), Ok(None));
    assert_eq!(signed.ticket(&TransactionId::generate(), &here.nonce), Ok(None));

    // With the transaction of the other server in the clear there is no nonce to go with it.
    let mut swapped = json_of(&ticket);
    let (own, other) =
        (swapped["transaction"]["transactionID"].take(), swapped["masked_transactions"][0]["transactionID"].take());
    swapped["transaction"]["transactionID"] = other;
    swapped["masked_transactions"][0]["transactionID"] = own;
    assert_eq!(verify(&header_of(&swapped.to_string()), &there.id, &here.server), Err(TicketError::Signature));
}

#[test]
fn whatever_is_changed_is_noticed() {
    let (person, other, parts) = (Person::new(Kind::P384), Person::new(Kind::P384), parts(3));
    let part = &parts[0];
    let good =
        json_of(&person.signed(authentication(&parts)).ticket(&part.id, &part.nonce).expect("small").expect("covered"));
    let others =
        json_of(&other.signed(authentication(&parts)).ticket(&part.id, &part.nonce).expect("small").expect("covered"));
    let refused = |why: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        verify(&header_of(&changed.to_string()), &part.id, &part.server).expect_err(why)
    };
    let jws = good["authentication_signature_value"].as_str().expect("a text");
    let signature = jws.split("..").nth(1).expect("two parts");
    let with_header = |header: &str| json!(format!("{}..{signature}", header_of(header)));
    for header in [
        r#"{"alg":"none","typ":"JWS"}"#,
        r#"{"alg":"HS256","typ":"JWS"}"#,
        r#"{"alg":"ES256","typ":"JWS"}"#,
        r#"{"alg":"RS256","typ":"JWS"}"#,
        r#"{"typ":"JWS","alg":"ES384"}"#,
        r#"{"alg":"ES384","typ":"JWS" }"#,
        r#"{"alg":"ES384","crit":["x"],"typ":"JWS","x":1}"#,
        "",
    ] {
        let error = refused(header, &|it| it["authentication_signature_value"] = with_header(header));
        assert_eq!(error, TicketError::Algorithm, "{header}");
    }
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(&str, TicketError, Change<'_>); 16] = [
        ("no signature", TicketError::Signature, &|it| {
            it["authentication_signature_value"] = json!(format!("{}..", jws.split("..").next().expect("a part")))
        }),
        ("signature of another", TicketError::Signature, &|it| {
            it["authentication_signature_value"] = others["authentication_signature_value"].clone()
        }),
        ("one dot", TicketError::Jws, &|it| it["authentication_signature_value"] = json!(jws.replace("..", "."))),
        ("attached payload", TicketError::Jws, &|it| {
            it["authentication_signature_value"] = json!(jws.replace("..", ".e30."))
        }),
        ("type", TicketError::Type, &|it| it["type"] = json!("CDOC2 authentication ticket v0.2")),
        ("signature type", TicketError::Type, &|it| it["authentication_signature_type"] = json!("Smart-ID")),
        ("key of another", TicketError::Key, &|it| it["jwk"]["x"] = others["jwk"]["x"].clone()),
        ("certificate of another", TicketError::Key, &|it| it["jwk"]["x5c"] = others["jwk"]["x5c"].clone()),
        ("key and certificate of another", TicketError::Signature, &|it| it["jwk"] = others["jwk"].clone()),
        ("another curve", TicketError::Key, &|it| it["jwk"]["crv"] = json!("P-256")),
        ("a symmetric key", TicketError::Key, &|it| it["jwk"]["kty"] = json!("oct")),
        ("a member of another kind of key", TicketError::Key, &|it| it["jwk"]["n"] = json!("AQAB")),
        ("no certificate", TicketError::Certificate, &|it| it["jwk"]["x5c"] = json!(["AAAA"])),
        ("one transaction fewer", TicketError::Signature, &|it| {
            drop(it["masked_transactions"].as_array_mut().expect("a list").pop())
        }),
        ("a transaction twice", TicketError::EqualTransactions, &|it| {
            let first = it["masked_transactions"][0].clone();
            it["masked_transactions"].as_array_mut().expect("a list").push(first);
        }),
        ("its own transaction masked, too", TicketError::EqualTransactions, &|it| {
            it["masked_transactions"][0]["transactionID"] = it["transaction"]["transactionID"].clone();
        }),
    ];
    for (why, error, change) in cases {
        assert_eq!(refused(why, change), error, "{why}");
    }
    // Order means nothing: the payload is put together anew.
    let mut turned = good.clone();
    turned["masked_transactions"].as_array_mut().expect("a list").reverse();
    assert!(verify(&header_of(&turned.to_string()), &part.id, &part.server).is_ok());
    // Nor do spaces.
    let spaced = serde_json::to_string_pretty(&good).expect("JSON");
    assert!(verify(&header_of(&spaced), &part.id, &part.server).is_ok());
}

#[test]
fn a_ticket_is_exactly_a_ticket() {
    let (person, parts) = (Person::new(Kind::P256), parts(2));
    let part = &parts[0];
    let header = person.signed(authentication(&parts)).ticket(&part.id, &part.nonce).expect("small").expect("covered");
    let good = json_of(&header).to_string();
    let malformed = |text: &str| {
        let error = Ticket::parse(text).expect_err("no ticket");
        assert!(error.is_malformed(), "{error}");
        error
    };
    for text in [format!("{header}="), format!(" {header}"), header[1..].to_owned() + "+", String::from("A")] {
        assert_eq!(malformed(&text), TicketError::Base64, "{text:.20}");
    }
    let twice = |member: &str| good.replacen(&format!("\"{member}\":"), &format!("\"{member}\":\"\",\"{member}\":"), 1);
    for member in ["type", "authentication_signature_type", "transactionID", "nonce", "masked_nonce", "kty", "x"] {
        assert_eq!(malformed(&header_of(&twice(member))), TicketError::Json, "{member} twice");
    }
    let object = json_of(&header);
    let list = json!([
        object["authentication_signature_type"],
        object["authentication_signature_value"],
        object["jwk"],
        object["masked_transactions"],
        object["transaction"],
        object["type"],
    ]);
    for (why, text) in [
        ("more", good.replacen('{', r#"{"more":1,"#, 1)),
        ("more in the transaction", good.replace(r#""nonce":"#, r#""more":1,"nonce":"#)),
        ("more in the key", good.replace(r#""kty":"#, r#""d":"x","kty":"#)),
        ("null", good.replace(r#""kty":"#, r#""n":null,"kty":"#)),
        ("less", good.replace(r#""type":"CDOC2 authentication ticket v0.1""#, "").replace(",}", "}")),
        ("two certificates", good.replace(r#""x5c":["#, r#""x5c":["AAAA","#)),
        ("a list", list.to_string()),
        ("more behind it", format!("{good}{{}}")),
        ("nothing", String::new()),
    ] {
        assert_eq!(malformed(&header_of(&text)), TicketError::Json, "{why}");
    }
    let nonce = part.nonce.to_text();
    for (why, text) in [("short", nonce[1..].to_owned()), ("padded", format!("{nonce}=")), ("none", String::new())] {
        assert_eq!(malformed(&header_of(&good.replace(&nonce, &text))), TicketError::Base64, "{why}");
    }
    let id = part.id.as_str();
    for text in ["KC", "KC00112233445566778899aabbccddee/.", &format!("{id}0")] {
        assert_eq!(malformed(&header_of(&good.replace(id, text))), TicketError::Id, "{text}");
    }
}

#[test]
fn sizes_are_bounded() {
    let (person, parts) = (Person::new(Kind::Rsa), parts(64));
    let signed = person.signed(authentication(&parts));
    let ticket = signed.ticket(&parts[63].id, &parts[63].nonce).expect("small").expect("covered");
    assert_eq!(verify(&ticket, &parts[63].id, &parts[63].server), Ok(person.public_key()));
    let mut more = json_of(&ticket);
    let another = json!({ "masked_nonce": parts[0].nonce.masked().to_text(), "transactionID": TransactionId::generate().as_str() });
    more["masked_transactions"].as_array_mut().expect("a list").push(another);
    assert_eq!(Ticket::parse(&header_of(&more.to_string())).expect_err("65"), TicketError::TooMany);
    assert_eq!(Ticket::parse(&"A".repeat(MAX_TICKET + 1)).expect_err("17 KiB"), TicketError::TooLarge);
    assert_eq!(Ticket::parse(&"A".repeat(MAX_TICKET)).expect_err("16 KiB of zeros"), TicketError::Json);
}

#[test]
fn what_the_key_did_not_sign_is_noticed_before_anybody_is_asked() {
    let (person, other, parts) = (Person::new(Kind::P384), Person::new(Kind::P384), parts(2));
    let (key, input) = (person.public_key(), authentication(&parts).signing_input(JwsAlgorithm::Es384));
    let signature = person.sign(input.as_bytes());
    let signed =
        |certificate: &[u8], signature: &[u8]| authentication(&parts).signed(&key, certificate, signature).map(drop);
    assert_eq!(signed(&person.certificate, &signature), Ok(()));
    assert_eq!(signed(&other.certificate, &signature), Err(AuthenticationError::Certificate));
    assert_eq!(signed(&[], &signature), Err(AuthenticationError::Certificate));
    for wrong in [other.sign(input.as_bytes()), person.sign(b"something else"), signature[1..].to_vec(), Vec::new()] {
        assert_eq!(signed(&person.certificate, &wrong), Err(AuthenticationError::Signature));
    }
}

/// The answer of an independent program, in the folder that `CDOC2_REFERENCE` names. Without it there is nothing to compare with, which is
/// said, not hidden.
#[test]
fn the_known_answer_of_another_program_counts_and_is_what_we_write() {
    let Some(folder) = env::var_os("CDOC2_REFERENCE").map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        eprintln!("not checked: CDOC2_REFERENCE names no folder with ticket/known-answer.json");
        return;
    };
    let text = fs::read_to_string(folder.join("ticket/known-answer.json")).expect("readable");
    let known: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let parts: Vec<_> = known["servers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|server| {
            let origin = Origin::of(&text(&server["origin"]).parse().expect("a URL")).expect("https");
            let id = text(&server["id"]);
            let part = Part {
                server: Audience::new(&ServerId::parse(&id).expect("an id"), &origin),
                id: TransactionId::parse(&text(&server["transactionID"])).expect("an id"),
                nonce: Nonce::parse(&text(&server["nonce"])).expect("a nonce"),
            };
            (id, part)
        })
        .collect();
    let entries = || parts.iter().map(|(_, part)| (part.id.clone(), part.nonce.masked()));
    let authentication = Authentication::new(entries()).expect("different");
    assert_eq!(authentication.payload(), text(&known["payload"]));
    let input = authentication.signing_input(JwsAlgorithm::Es384);
    assert!(input.starts_with(&text(&known["protected_header"])));
    let hash = JwsAlgorithm::Es384.hash(input.as_bytes());
    assert_eq!(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), text(&known["sha384_signing_input"]));

    let jws = text(&known["signature"]);
    let signature = Base64UrlUnpadded::decode_vec(jws.split("..").nth(1).expect("two parts")).expect("base64url");
    let der = base64ct::Base64::decode_vec(&text(&known["tickets"]["css-a"]["jwk"]["x5c"][0])).expect("base64");
    let key = certificate_key(&der).expect("a key");
    let signed = authentication.signed(&key, &der, &signature).expect("signed");
    for (id, part) in &parts {
        let theirs = text(&known["header_values"][id]);
        assert_eq!(verify(&theirs, &part.id, &part.server), Ok(key.clone()), "{id}");
        assert_eq!(signed.ticket(&part.id, &part.nonce), Ok(Some(theirs.clone())), "{id}");
        assert_eq!(json_of(&theirs), known["tickets"][id], "{id}");
    }
}
