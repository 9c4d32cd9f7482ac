//! Recipients with tickets, who can be told to do wrong.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PKCS1_SHA256,
    },
};
use base64ct::{Base64UrlUnpadded, Encoding};
use capsule_api::{Authentication, JwsAlgorithm, Nonce, SignedAuthentication, TransactionId, certificate_key};
use serde_json::Value;

use super::{Answer, Fixture, Kind, Person, body_for, exchange, post_request};

/// A capsule on a server, and a nonce for it.
pub struct Errand {
    pub id: TransactionId,
    pub nonce: Nonce,
    pub body: String,
}

impl Errand {
    /// A capsule for `person` that is there, with a nonce of its server.
    pub fn new(fixture: &Fixture, person: &Person) -> Self {
        let body = body_for(person);
        let id = TransactionId::from_location(&fixture.take(&body)).expect("a path");
        Self { nonce: fixture.nonce(&id), id, body }
    }
}

/// One signature over several errands.
pub struct Signed(pub SignedAuthentication);

impl Signed {
    pub fn by<'a>(person: &Person, errands: impl IntoIterator<Item = &'a Errand>) -> Self {
        let all = errands.into_iter().map(|errand| (errand.id.clone(), errand.nonce.masked()));
        Self(person.signed(Authentication::new(all).expect("different transactions")))
    }

    pub fn ticket(&self, errand: &Errand) -> String {
        self.0.ticket(&errand.id, &errand.nonce).expect("small").expect("covered")
    }

    /// The ticket's JSON, to be changed.
    pub fn json(&self, errand: &Errand) -> Value {
        let json = Base64UrlUnpadded::decode_vec(&self.ticket(errand)).expect("base64url");
        serde_json::from_slice(&json).expect("JSON")
    }
}

impl Person {
    /// Signs as a card does.
    pub fn signed(&self, authentication: Authentication) -> SignedAuthentication {
        let certificate = self.certificate.der();
        let key = certificate_key(certificate).expect("a key");
        let signature = self.sign(authentication.signing_input(JwsAlgorithm::of(&key)).as_bytes());
        authentication.signed(&key, certificate, &signature).expect("signed by the key of the certificate")
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let ec = |algorithm: &'static EcdsaSigningAlgorithm| {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, self.key.serialized_der()).expect("a key");
            key.sign(&SystemRandom::new(), message).expect("signed").as_ref().to_vec()
        };
        match self.kind {
            Kind::P256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Kind::P384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Kind::P521 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Kind::Rsa => {
                let key = RsaKeyPair::from_pkcs8(self.key.serialized_der()).expect("a key");
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("signed");
                signature
            }
        }
    }
}

impl Fixture {
    /// A nonce for a transaction, which need not be there.
    pub fn nonce(&self, id: &TransactionId) -> Nonce {
        let answer = exchange(&mut self.with_ticket(), &nonce_request(id.as_str()));
        assert_eq!(answer.status, 200);
        Nonce::from_json(&answer.body).expect("a nonce")
    }

    /// What the server answers to a ticket.
    pub fn show(&self, id: &TransactionId, ticket: &str) -> Answer {
        exchange(&mut self.with_ticket(), &ticket_request(id.as_str(), ticket))
    }

    /// The same for JSON that is a ticket, or not any more.
    pub fn show_json(&self, id: &TransactionId, json: &str) -> Answer {
        self.show(id, &Base64UrlUnpadded::encode_string(json.as_bytes()))
    }
}

pub fn nonce_request(id: &str) -> String {
    post_request("", "").replace("/key-capsules", &format!("/key-capsules/{id}/nonce"))
}

pub fn ticket_request(id: &str, ticket: &str) -> String {
    format!("GET /key-capsules/{id} HTTP/1.1\r\nhost: localhost\r\nx-cdoc2-auth-ticket: {ticket}\r\n\r\n")
}
