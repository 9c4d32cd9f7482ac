//! Keys of tickets: from a certificate, as JSON, and whether they signed.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64ct::{Base64, Encoding};
use cdoc2::{Curve, EcPublicKey, PublicKey, RsaPublicKey};
use der::{
    Decode, Sequence,
    asn1::{ObjectIdentifier, UintRef},
    referenced::OwnedToRef,
};
use serde::{Deserialize, Deserializer, Serialize};
use x509_cert::Certificate;

use super::{JwsAlgorithm, encoded};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The key of a certificate: EC on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits. `None` for any other.
pub fn public_key(certificate: &Certificate) -> Option<PublicKey> {
    let spki = certificate.tbs_certificate().subject_public_key_info().owned_to_ref();
    let bytes = spki.subject_public_key.as_bytes()?;
    match spki.algorithm.oid {
        EC => {
            let curve = match spki.algorithm.parameters?.decode_as::<ObjectIdentifier>().ok()? {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return None,
            };
            EcPublicKey::from_sec1(curve, bytes).ok().map(PublicKey::Ec)
        }
        RSA => RsaPublicKey::from_pkcs1_der(bytes).ok().map(PublicKey::Rsa),
        _ => None,
    }
}

/// The key of a certificate in DER; see [`public_key`].
pub fn certificate_key(der: &[u8]) -> Option<PublicKey> {
    public_key(&Certificate::from_der(der).ok()?)
}

/// Whether `key` signed `message`, by the one algorithm that it signs by. EC: the signature is `r | s`.
pub(crate) fn is_signed(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let (algorithm, bytes): (&'static dyn VerificationAlgorithm, _) = match (JwsAlgorithm::of(key), key) {
        (JwsAlgorithm::Es256, PublicKey::Ec(key)) => (&ECDSA_P256_SHA256_FIXED, key.point()),
        (JwsAlgorithm::Es384, PublicKey::Ec(key)) => (&ECDSA_P384_SHA384_FIXED, key.point()),
        (JwsAlgorithm::Es512, PublicKey::Ec(key)) => (&ECDSA_P521_SHA512_FIXED, key.point()),
        (_, PublicKey::Rsa(key)) => (&RSA_PKCS1_2048_8192_SHA256, key.pkcs1_der()),
        (JwsAlgorithm::Rs256, PublicKey::Ec(_)) => return false,
    };
    UnparsedPublicKey::new(algorithm, bytes).verify(message, signature).is_ok()
}

/// A key with its certificate as JSON (RFC 7517).
///
/// Of the members of a key no more stand there than its kind has, which is told by comparing: see [`Jwk::is_of`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwk {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kty: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    /// The certificate of the key, and no other: standard base64 of DER.
    x5c: [String; 1],
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

/// A member that stands there is a text, never `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Jwk {
    /// Of a key with its certificate in DER.
    pub(super) fn new(key: &PublicKey, certificate: &[u8]) -> Self {
        let mut jwk = Self {
            crv: None,
            e: None,
            kty: String::new(),
            n: None,
            x: None,
            x5c: [Base64::encode_string(certificate)],
            y: None,
        };
        match key {
            PublicKey::Ec(key) => {
                let (x, y) = key.point()[1..].split_at(key.curve().field_length());
                let name = match key.curve() {
                    Curve::P256 => "P-256",
                    Curve::P384 => "P-384",
                    Curve::P521 => "P-521",
                };
                "EC".clone_into(&mut jwk.kty);
                (jwk.crv, jwk.x, jwk.y) = (Some(name.to_owned()), Some(encoded(x)), Some(encoded(y)));
            }
            PublicKey::Rsa(key) => {
                let numbers = Numbers::from_der(key.pkcs1_der()).expect("checked when the key was made");
                "RSA".clone_into(&mut jwk.kty);
                jwk.n = Some(encoded(numbers.modulus.as_bytes()));
                jwk.e = Some(encoded(numbers.exponent.as_bytes()));
            }
        }
        jwk
    }

    /// The certificate in DER; `None` when it is not canonical base64.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        let der = Base64::decode_vec(&self.x5c[0]).ok()?;
        (Base64::encode_string(&der) == self.x5c[0]).then_some(der)
    }

    /// Whether it is this key, in the one way in which it is written.
    pub(super) fn is_of(&self, key: &PublicKey, certificate: &[u8]) -> bool {
        *self == Self::new(key, certificate)
    }
}

/// PKCS#1 `RSAPublicKey`.
#[derive(Sequence)]
struct Numbers<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}
