//! One signature for the servers of all shares: an SD-JWT, and a presentation of it for each server.
//!
//! The outer disclosure D0 is `[salt,"aud",[{"...":digest of D1},…]]`, each inner one `[salt,"URL of a share?nonce=…"]`. A presentation for a
//! server is `jwt~D0~Di~`: it sees the digests of the others, and nothing else of them.

use cdoc2::{Curve, PublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::{PersonId, ShareId};
use crate::{
    JwsAlgorithm,
    auth::{MAX_NONCES, ShareNonce, decoded, encoded, key::is_signed},
    certificate_key,
    object::Object,
};

/// Tells these tokens from everything else that a key signs.
const TYP: &str = "vnd.cdoc2.auth-token.v1+sd-jwt";
const DIGEST_ALGORITHM: &str = "sha-256";
const AUDIENCE: &str = "aud";
/// Bytes of a salt.
const SALT: usize = 16;
/// Largest presentation, as its header carries it, in bytes.
pub const MAX_PRESENTATION: usize = 16 << 10;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: String,
    _sd: [String; 1],
    _sd_alg: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hidden {
    #[serde(rename = "...")]
    digest: String,
}

/// Where a share is, and the nonce for it.
#[derive(Clone, Debug)]
pub struct ShareTarget {
    /// Base URL of the server, as it stands in the container.
    pub base_url: Url,
    /// The share.
    pub id: ShareId,
    /// What the server gave.
    pub nonce: ShareNonce,
}

impl ShareTarget {
    /// What is disclosed to its server alone.
    fn url(&self) -> String {
        format!("{}{}", before_nonce(&self.base_url, &self.id), self.nonce.to_text())
    }
}

/// A share's address, as it is signed: the one spelling that clients write and servers take.
fn before_nonce(base_url: &Url, id: &ShareId) -> String {
    format!("{}{}?nonce=", base_url.as_str().trim_end_matches('/'), id.location())
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No share, or more than 64.
    #[error("one signature covers 1 to {MAX_NONCES} shares")]
    Count,
    /// The certificate cannot be read, or is of another key than signed.
    #[error("the certificate is not of the key that signed")]
    Certificate,
    /// The certificate's subject is another person than the token's issuer, or none.
    #[error("the certificate is another person's")]
    Person,
    /// A kind of key that signs no such tokens: P-521.
    #[error("keys of this kind sign no tokens for shares")]
    KeyKind,
    /// It was not signed by the key.
    #[error("the signature is wrong")]
    Signature,
    /// Larger than 16 KiB, not `jwt~D0~Di~`, or a part that is not canonical base64url of the JSON it must be.
    #[error("not a presentation of a token")]
    Malformed,
    /// Another type of token.
    #[error("another type of token")]
    Type,
    /// The algorithm is not the key's.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// A disclosure that is not among the digests above it, or twice.
    #[error("a disclosure that was not signed")]
    Disclosure,
    /// For another server, another share, or without exactly one nonce.
    #[error("for another share or another server")]
    Audience,
}

/// What a person signs, so that each server can be shown its part.
#[derive(Debug)]
pub struct ShareTokens {
    payload: String,
    outer: String,
    inner: Vec<String>,
}

impl ShareTokens {
    /// For all of these shares of `person`.
    ///
    /// # Errors
    /// [`TokenError::Count`].
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn new(person: &PersonId, targets: &[ShareTarget]) -> Result<Self, TokenError> {
        if !(1..=MAX_NONCES).contains(&targets.len()) {
            return Err(TokenError::Count);
        }
        let inner: Vec<_> = targets.iter().map(|target| disclosure(&(salt(), target.url()))).collect();
        let hidden: Vec<_> = inner.iter().map(|inner| Hidden { digest: digest(inner) }).collect();
        let outer = disclosure(&(salt(), AUDIENCE, hidden));
        let payload =
            Payload { iss: person.as_str().to_owned(), _sd: [digest(&outer)], _sd_alg: DIGEST_ALGORITHM.to_owned() };
        Ok(Self { payload: serde_json::to_string(&payload).expect("texts are JSON"), outer, inner })
    }

    /// What a key signs (RFC 7515, 5.1).
    ///
    /// # Errors
    /// [`TokenError::KeyKind`].
    pub fn signing_input(&self, key: &PublicKey) -> Result<String, TokenError> {
        let header = Header { typ: TYP.to_owned(), alg: algorithm(key)?.name().to_owned() };
        let header = serde_json::to_string(&header).expect("texts are JSON");
        Ok(format!("{}.{}", encoded(header.as_bytes()), encoded(self.payload.as_bytes())))
    }

    /// With the signature over [`Self::signing_input`] (EC: `r | s`) and the certificate (DER) of the key that made it.
    ///
    /// # Errors
    /// [`TokenError::KeyKind`], [`TokenError::Certificate`], [`TokenError::Person`], [`TokenError::Signature`]: a proxy or a card that signs something else
    /// is found out before anything is sent.
    pub fn signed(
        self,
        key: &PublicKey,
        certificate: &[u8],
        signature: &[u8],
    ) -> Result<SignedShareTokens, TokenError> {
        let input = self.signing_input(key)?;
        if certificate_key(certificate).as_ref() != Some(key) {
            return Err(TokenError::Certificate);
        }
        let payload: Payload = serde_json::from_str(&self.payload).expect("just written");
        if PersonId::of_certificate(certificate).is_none_or(|person| person.as_str() != payload.iss) {
            return Err(TokenError::Person);
        }
        if !is_signed(key, input.as_bytes(), signature) {
            return Err(TokenError::Signature);
        }
        Ok(SignedShareTokens { jwt: format!("{input}.{}", encoded(signature)), tokens: self })
    }
}

/// A signed token with all its disclosures; no server sees it whole.
#[derive(Debug)]
pub struct SignedShareTokens {
    jwt: String,
    tokens: ShareTokens,
}

impl SignedShareTokens {
    /// What the server of the share at `position` is shown; `None` beyond the last.
    pub fn presentation(&self, position: usize) -> Option<String> {
        let inner = self.tokens.inner.get(position)?;
        Some(format!("{}~{}~{inner}~", self.jwt, self.tokens.outer))
    }
}

/// A presentation that is well formed, whose disclosures belong to it, and that is not believed yet.
#[derive(Debug)]
pub struct SharePresentation {
    input: String,
    signature: Vec<u8>,
    alg: String,
    issuer: PersonId,
    url: String,
}

impl SharePresentation {
    /// Reads the value of a header [`super::SHARE_TICKET_HEADERS`].
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Type`], [`TokenError::Disclosure`].
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_PRESENTATION {
            return Err(TokenError::Malformed);
        }
        let parts: Vec<_> = text.splitn(5, '~').collect();
        let [jwt, outer, inner, ""] = parts[..] else { return Err(TokenError::Malformed) };
        let (input, signature) = jwt.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = input.split_once('.').ok_or(TokenError::Malformed)?;
        let Object::<Header>(header) = json(header)?;
        if header.typ != TYP {
            return Err(TokenError::Type);
        }
        let Object::<Payload>(payload) = json(payload)?;
        let (_, name, hidden): (String, String, Vec<Object<Hidden>>) = json(outer)?;
        let (_, url): (String, String) = json(inner)?;
        if payload._sd_alg != DIGEST_ALGORITHM || name != AUDIENCE || hidden.len() > MAX_NONCES {
            return Err(TokenError::Malformed);
        }
        let referenced = hidden.iter().filter(|Object(hidden)| hidden.digest == digest(inner)).count();
        if payload._sd != [digest(outer)] || referenced != 1 {
            return Err(TokenError::Disclosure);
        }
        Ok(Self {
            input: input.to_owned(),
            signature: decoded(signature).ok_or(TokenError::Malformed)?,
            alg: header.alg,
            issuer: PersonId::parse(&payload.iss).ok_or(TokenError::Malformed)?,
            url,
        })
    }

    /// Whether the key of this certificate (DER) signed it, and is the issuer's. Whether the certificate counts is looked at elsewhere.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, certificate: &[u8]) -> Result<&PersonId, TokenError> {
        let key = certificate_key(certificate).ok_or(TokenError::Certificate)?;
        if self.alg != algorithm(&key)?.name() {
            return Err(TokenError::Algorithm);
        }
        if !is_signed(&key, self.input.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        if PersonId::of_certificate(certificate).as_ref() == Some(&self.issuer) {
            Ok(&self.issuer)
        } else {
            Err(TokenError::Person)
        }
    }

    /// The nonce, when it is for this share of the server at `base_url`, which comes from the server's configuration and from no request.
    ///
    /// # Errors
    /// [`TokenError::Audience`].
    pub fn nonce(&self, base_url: &Url, id: &ShareId) -> Result<ShareNonce, TokenError> {
        // Byte for byte: an address that others read in another way than this server is none of its own.
        let nonce = self.url.strip_prefix(&before_nonce(base_url, id)).ok_or(TokenError::Audience)?;
        ShareNonce::parse(nonce).map_err(|_| TokenError::Audience)
    }
}

/// How a key signs tokens for shares.
fn algorithm(key: &PublicKey) -> Result<JwsAlgorithm, TokenError> {
    match key {
        PublicKey::Ec(key) if key.curve() == Curve::P521 => Err(TokenError::KeyKind),
        key => Ok(JwsAlgorithm::of(key)),
    }
}

fn salt() -> String {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).expect("the system gives randomness");
    encoded(&salt)
}

fn disclosure(value: &impl Serialize) -> String {
    encoded(&serde_json::to_vec(value).expect("texts are JSON"))
}

/// Of a disclosure as it is sent, in base64url.
fn digest(disclosure: &str) -> String {
    encoded(&Sha256::digest(disclosure))
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, TokenError> {
    let bytes = decoded(part).ok_or(TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_known_disclosure() {
        let json = concat!(
            r#"["s95VgvVDaRcOj3HWkb7bXQ","aud",[{"...":"BlKhFrRfUc3xKFQfSlYS42illmuhKf3eCJka2as_FTo"},"#,
            r#"{"...":"mzYRVOeNdNf_n_0weWRa875KYbtH51QTJ0YKGFmZqFM"}]]"#
        );
        let disclosure = encoded(json.as_bytes());
        assert_eq!(digest(&disclosure), "VPbkH_vTLhwXG1afX1u-M9cSmGfvMftxoCC79i12RPo");
        // It is one that we read, and would write.
        let (salt, name, hidden): (String, String, Vec<Object<Hidden>>) =
            super::json(&disclosure).expect("a disclosure");
        assert_eq!((name.as_str(), hidden.len()), (AUDIENCE, 2));
        assert_eq!(super::disclosure(&(salt, name, hidden)), disclosure);
    }
}
