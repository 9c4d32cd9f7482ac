//! Public keys as certificates and key files hold them.

use cdoc2::{Curve, EcPublicKey, PublicKey, PublicKeyError, RsaPublicKey};
use der::{asn1::ObjectIdentifier, referenced::OwnedToRef};
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

/// `id-ecPublicKey`.
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `rsaEncryption`.
pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The curve with this identifier.
pub(crate) fn curve(oid: ObjectIdentifier) -> Option<Curve> {
    match oid {
        P256 => Some(Curve::P256),
        P384 => Some(Curve::P384),
        P521 => Some(Curve::P521),
        _ => None,
    }
}

/// Why a public key, or the certificate around it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableKey {
    /// An RSA key of fewer than 2048 bits.
    #[error("the key is too weak: RSA of {0} bits, and at least 2048 are needed")]
    Weak(usize),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl From<PublicKeyError> for UnusableKey {
    fn from(error: PublicKeyError) -> Self {
        match error {
            PublicKeyError::RsaSize(bits @ 0..2048) => Self::Weak(bits),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<&str> for UnusableKey {
    fn from(words: &str) -> Self {
        Self::Other(words.to_owned())
    }
}

impl From<String> for UnusableKey {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

/// The key of an X.509 `SubjectPublicKeyInfo`.
pub(crate) fn from_spki(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKey, UnusableKey> {
    let bytes = spki.subject_public_key.as_bytes().ok_or("the public key has a broken length")?;
    match spki.algorithm.oid {
        EC => {
            let parameters = spki.algorithm.parameters.ok_or("the key names no curve")?;
            let oid = parameters.decode_as::<ObjectIdentifier>().map_err(|_| "the key names no standard curve")?;
            let curve = curve(oid).ok_or_else(|| format!("the curve {oid} is not P-256, P-384 or P-521"))?;
            Ok(PublicKey::Ec(EcPublicKey::from_sec1(curve, bytes)?))
        }
        RSA => Ok(PublicKey::Rsa(RsaPublicKey::from_pkcs1_der(bytes)?)),
        other => Err(format!("the key algorithm {other} is neither EC nor RSA").into()),
    }
}

/// The key of a certificate.
pub(crate) fn from_owned_spki(spki: &SubjectPublicKeyInfoOwned) -> Result<PublicKey, UnusableKey> {
    from_spki(&spki.owned_to_ref())
}
