//! What is signed, in its one canonical form.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{self, digest};
use cdoc2::{Curve, PublicKey};
use serde::Serialize;

use super::{
    MAX_NONCES, MaskedNonce, Nonce, encoded,
    key::{Jwk, certificate_key, is_signed},
    ticket,
};
use crate::TransactionId;

/// Says what kind of signature it is, within it.
const TYPE: &str = "CDOC2 authentication signature v0.1";

/// How a key signs tickets (RFC 7518, 3.1). The key decides; nobody chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// ECDSA on P-256 over SHA-256.
    Es256,
    /// ECDSA on P-384 over SHA-384.
    Es384,
    /// ECDSA on P-521 over SHA-512.
    Es512,
    /// RSASSA-PKCS1-v1_5 over SHA-256.
    Rs256,
}

impl JwsAlgorithm {
    /// The one of a key.
    pub fn of(key: &PublicKey) -> Self {
        match key {
            PublicKey::Ec(key) => match key.curve() {
                Curve::P256 => Self::Es256,
                Curve::P384 => Self::Es384,
                Curve::P521 => Self::Es512,
            },
            PublicKey::Rsa(_) => Self::Rs256,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
        }
    }

    /// The protected header in base64url. It is compared with, and never parsed.
    pub fn protected_header(self) -> String {
        encoded(format!(r#"{{"alg":"{}","typ":"JWS"}}"#, self.name()).as_bytes())
    }

    /// The hash of a message, which is what cards sign.
    pub fn hash(self, message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Es256 | Self::Rs256 => &digest::SHA256,
            Self::Es384 => &digest::SHA384,
            Self::Es512 => &digest::SHA512,
        };
        digest(algorithm, message).as_ref().to_vec()
    }
}

/// Transactions that one signature covers, each with its masked nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication(BTreeMap<TransactionId, MaskedNonce>);

/// Why there is no signature over some transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// Two transactions have one identifier: one of them would be covered by the other's nonce.
    #[error("two capsules have one transaction identifier")]
    EqualTransactions,
    /// None, or more than 64.
    #[error("one signature covers 1 to {MAX_NONCES} capsules")]
    Count,
    /// The certificate cannot be read, or is of another key than signed.
    #[error("the certificate is not of the key that signed")]
    Certificate,
    /// It was not signed by the key.
    #[error("the key did not sign what it was given")]
    Signature,
    /// With this many transactions and this certificate a ticket is larger than servers take.
    #[error("a ticket would be larger than servers take")]
    TooLarge,
}

/// The members in the order of RFC 8785.
#[derive(Serialize)]
struct Payload<'a> {
    nonces: Vec<Entry<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Entry<'a> {
    masked_nonce: String,
    #[serde(rename = "transactionID")]
    transaction: &'a str,
}

impl Authentication {
    /// # Errors
    /// [`AuthenticationError::EqualTransactions`], [`AuthenticationError::Count`].
    pub fn new(
        transactions: impl IntoIterator<Item = (TransactionId, MaskedNonce)>,
    ) -> Result<Self, AuthenticationError> {
        let mut all = BTreeMap::new();
        for (id, masked) in transactions {
            if all.insert(id, masked).is_some() {
                return Err(AuthenticationError::EqualTransactions);
            }
        }
        if (1..=MAX_NONCES).contains(&all.len()) { Ok(Self(all)) } else { Err(AuthenticationError::Count) }
    }

    /// Canonical JSON (RFC 8785): members and transactions in the order of their bytes, no spaces. Everything in it is ASCII that is
    /// written as it stands.
    pub fn payload(&self) -> String {
        let entry = |(id, masked): (&'_ TransactionId, &MaskedNonce)| (id.as_str().to_owned(), masked.to_text());
        let entries: Vec<_> = self.0.iter().map(entry).collect();
        let nonces =
            entries.iter().map(|(id, masked)| Entry { masked_nonce: masked.clone(), transaction: id }).collect();
        serde_json::to_string(&Payload { nonces, kind: TYPE }).expect("texts are JSON")
    }

    /// What a key signs (RFC 7515, 5.1): header and payload in base64url, with a dot between.
    pub fn signing_input(&self, algorithm: JwsAlgorithm) -> String {
        format!("{}.{}", algorithm.protected_header(), encoded(self.payload().as_bytes()))
    }

    /// With the signature over [`Self::signing_input`] (EC: `r | s`), and the certificate (DER) of the key that made it.
    ///
    /// # Errors
    /// [`AuthenticationError::Certificate`], [`AuthenticationError::Signature`]: what is wrong here no server need be asked about.
    pub fn signed(
        self,
        key: &PublicKey,
        certificate: &[u8],
        signature: &[u8],
    ) -> Result<SignedAuthentication, AuthenticationError> {
        if certificate_key(certificate).as_ref() != Some(key) {
            return Err(AuthenticationError::Certificate);
        }
        let algorithm = JwsAlgorithm::of(key);
        if !is_signed(key, self.signing_input(algorithm).as_bytes(), signature) {
            return Err(AuthenticationError::Signature);
        }
        let jws = format!("{}..{}", algorithm.protected_header(), encoded(signature));
        Ok(SignedAuthentication { jwk: Jwk::new(key, certificate), authentication: self, jws })
    }

    pub(super) fn masked(&self, id: &TransactionId) -> Option<&MaskedNonce> {
        self.0.get(id)
    }

    pub(super) fn others<'a>(
        &'a self,
        id: &'a TransactionId,
    ) -> impl Iterator<Item = (&'a TransactionId, &'a MaskedNonce)> {
        self.0.iter().filter(move |(other, _)| *other != id)
    }
}

/// One signature, from which a ticket for each of its transactions is made.
#[derive(Clone, Debug)]
pub struct SignedAuthentication {
    authentication: Authentication,
    jws: String,
    jwk: Jwk,
}

impl SignedAuthentication {
    /// The ticket for one transaction, as [`super::TICKET_HEADER`] carries it; `None` when the signature does not cover the transaction with
    /// this nonce.
    ///
    /// # Errors
    /// [`AuthenticationError::TooLarge`].
    pub fn ticket(&self, id: &TransactionId, nonce: &Nonce) -> Result<Option<String>, AuthenticationError> {
        if self.authentication.masked(id) != Some(&nonce.masked()) {
            return Ok(None);
        }
        let ticket = ticket::write(id, nonce, self.authentication.others(id), &self.jws, &self.jwk);
        if ticket.len() > super::MAX_TICKET { Err(AuthenticationError::TooLarge) } else { Ok(Some(ticket)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Authentication {
        let entry = |id: &str, nonce: &str| {
            (TransactionId::parse(id).expect("an id"), Nonce::parse(nonce).expect("a nonce").masked())
        };
        Authentication::new([
            entry("KCffeeddccbbaa99887766554433221100", "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHCAkKCwwNDg8"),
            entry("KC00112233445566778899aabbccddeeff", "ToYuFykJkjDbhUO5kYzgjRAREhMUFRYXGBkaGxwdHh8"),
        ])
        .expect("two transactions")
    }

    #[test]
    fn the_known_answer() {
        let payload = concat!(
            r#"{"nonces":[{"masked_nonce":"ZoDnaxcKqFMYOhv1Llz8ykazaECTUN3uk13oi0VpNT8","transactionID":"KC00112233445566778899aabbccddeeff"},"#,
            r#"{"masked_nonce":"hZwg3yFLnh0QkFeKM8FeS8wOZ_KXNaXYVB65Ceg4wQU","transactionID":"KCffeeddccbbaa99887766554433221100"}],"#,
            r#""type":"CDOC2 authentication signature v0.1"}"#
        );
        assert_eq!(known().payload(), payload);
        assert_eq!(JwsAlgorithm::Es384.protected_header(), "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXUyJ9");
        assert_eq!(
            hex::encode(JwsAlgorithm::Es384.hash(known().signing_input(JwsAlgorithm::Es384).as_bytes())),
            "50d1e29df97a74895468fa508f90d557aaf762b3dfa7a96d32541ced4db78678b3822d449bf478b6651e7074292f70ef"
        );
    }

    #[test]
    fn the_payload_is_canonical() {
        // `serde_json` keeps the members of a value in the order of their bytes, and writes no spaces.
        let payload = known().payload();
        let value: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
        assert_eq!(value.to_string(), payload);
        let ids: Vec<_> =
            value["nonces"].as_array().expect("a list").iter().map(|it| it["transactionID"].to_string()).collect();
        assert!(ids.is_sorted() && payload.is_ascii());
    }

    #[test]
    fn equal_transactions_none_and_too_many_are_refused() {
        let masked = Nonce::parse("uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHCAkKCwwNDg8").expect("a nonce").masked();
        let id = TransactionId::generate();
        let twice = Authentication::new([(id.clone(), masked), (id, masked)]);
        assert_eq!(twice, Err(AuthenticationError::EqualTransactions));
        let many = |count| Authentication::new((0..count).map(|_| (TransactionId::generate(), masked)));
        assert_eq!(many(0), Err(AuthenticationError::Count));
        assert!(many(64).is_ok());
        assert_eq!(many(65), Err(AuthenticationError::Count));
    }
}
