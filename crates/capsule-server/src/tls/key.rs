//! The key that a recipient proves with a client certificate.

use cdoc2::{Curve, EcPublicKey, RsaPublicKey};
use der::{Decode, asn1::ObjectIdentifier, referenced::OwnedToRef};
use sha2::{Digest, Sha256};
use x509_cert::{Certificate, spki::SubjectPublicKeyInfoRef};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A key that capsules can be for, in the encoding of `recipient_id`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientKey {
    recipient_id: Vec<u8>,
    digest: [u8; 32],
}

impl ClientKey {
    /// The key of a certificate: EC on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits. `None` for any other.
    pub(crate) fn of(certificate: &Certificate) -> Option<Self> {
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let recipient_id = recipient_id(&spki.owned_to_ref())?;
        let digest = Sha256::digest(&recipient_id).into();
        Some(Self { recipient_id, digest })
    }

    /// The key of a certificate in DER.
    pub(crate) fn of_der(certificate: &[u8]) -> Option<Self> {
        Self::of(&Certificate::from_der(certificate).ok()?)
    }

    /// EC: the uncompressed point; RSA: the DER of the PKCS#1 `RSAPublicKey`.
    pub(crate) fn recipient_id(&self) -> &[u8] {
        &self.recipient_id
    }

    /// SHA-256 of [`Self::recipient_id`].
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

fn recipient_id(spki: &SubjectPublicKeyInfoRef<'_>) -> Option<Vec<u8>> {
    let bytes = spki.subject_public_key.as_bytes()?;
    match spki.algorithm.oid {
        EC => {
            let curve = match spki.algorithm.parameters?.decode_as::<ObjectIdentifier>().ok()? {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return None,
            };
            Some(EcPublicKey::from_sec1(curve, bytes).ok()?.point().to_vec())
        }
        RSA => Some(RsaPublicKey::from_pkcs1_der(bytes).ok()?.pkcs1_der().to_vec()),
        _ => None,
    }
}
