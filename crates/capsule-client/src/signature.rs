//! Detached signatures beside lists and configurations: ECDSA, as `openssl dgst -sha384 -sign` makes them.

use aws_lc_rs::{
    digest::{self, digest},
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use base64ct::{Base64, Encoding};
use capsule_api::KeyFingerprint;
use cdoc2::{Curve, EcPublicKey, PublicKey};
use der::{Encode, Sequence, asn1::UintRef};
use eid::{PrivateKey, RecipientKey, SignatureAlgorithm};

/// Public keys of whoever keeps a list. One signature by any of them is enough, so that one key can follow another.
#[derive(Clone, Debug)]
pub struct ListKeys(Vec<EcPublicKey>);

impl ListKeys {
    /// Reads a file of EC public keys (P-256, P-384, P-521), PEM or DER; certificates count by their keys.
    ///
    /// # Errors
    /// In words: not a key, or a key of another kind.
    pub fn read(file: &[u8]) -> Result<Self, String> {
        let keys = RecipientKey::read(file, None).map_err(|error| format!("the public key cannot be used: {error}"))?;
        let keys = keys.into_iter().map(|key| match key.public_key {
            PublicKey::Ec(key) => Ok(key),
            PublicKey::Rsa(_) => Err("the public key is no EC key".to_owned()),
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// Checks a signature, DER or base64 of it; gives the key that made it.
    ///
    /// # Errors
    /// In words: not a signature, or by another key or over other bytes.
    pub fn check(&self, content: &[u8], signature: &[u8]) -> Result<KeyFingerprint, String> {
        // No base64 begins as a SEQUENCE does.
        let signature = match signature.first() {
            Some(0x30) => signature.to_vec(),
            _ => std::str::from_utf8(signature).ok().and_then(decoded).ok_or("the signature is not base64")?,
        };
        let signed = |key: &EcPublicKey| {
            UnparsedPublicKey::new(algorithm(key.curve()), key.point()).verify(content, &signature).is_ok()
        };
        let signer = self.0.iter().find(|key| signed(key));
        signer.map(fingerprint).ok_or_else(|| "it was not signed by this key".to_owned())
    }

    /// Whether the key is among them.
    pub fn contains(&self, key: KeyFingerprint) -> bool {
        self.0.iter().any(|own| fingerprint(own) == key)
    }
}

/// Signs a list: base64 of the signature, with a line break, as it stands beside the list.
///
/// # Errors
/// In words: not an EC key.
pub fn sign_list(key: &PrivateKey, list: &[u8]) -> Result<String, String> {
    let PublicKey::Ec(_) = key.public_key() else {
        return Err("lists are signed by EC keys (P-256, P-384, P-521)".to_owned());
    };
    let algorithm = SignatureAlgorithm::of(&key.public_key());
    let signature = key.sign_hash(algorithm, hash(algorithm, list).as_ref());
    let signature = signature.and_then(|plain| ecdsa_der(&plain)).ok_or("the key did not sign")?;
    Ok(Base64::encode_string(&signature) + "\n")
}

/// Of the uncompressed point.
fn fingerprint(key: &EcPublicKey) -> KeyFingerprint {
    KeyFingerprint::of(key.point())
}

/// The hash goes by the size of the key.
fn algorithm(curve: Curve) -> &'static dyn VerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_ASN1,
        Curve::P384 => &ECDSA_P384_SHA384_ASN1,
        Curve::P521 => &ECDSA_P521_SHA512_ASN1,
    }
}

/// What `algorithm` signs of a message.
pub(crate) fn hash(algorithm: SignatureAlgorithm, message: &[u8]) -> digest::Digest {
    match algorithm {
        SignatureAlgorithm::EcdsaP384Sha384 => digest(&digest::SHA384, message),
        SignatureAlgorithm::EcdsaP521Sha512 => digest(&digest::SHA512, message),
        _ => digest(&digest::SHA256, message),
    }
}

/// `Ecdsa-Sig-Value` (RFC 3279, 2.2.3) of `r | s`.
pub(crate) fn ecdsa_der(signature: &[u8]) -> Option<Vec<u8>> {
    #[derive(Sequence)]
    struct Value<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    Value { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}

/// Base64 with line breaks.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.split_whitespace().collect();
    Base64::decode_vec(&plain).ok()
}
