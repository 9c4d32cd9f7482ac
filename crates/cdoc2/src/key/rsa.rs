//! RSA public keys and the sender's half of RSA-OAEP.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef},
};

use super::PublicKeyError;

/// An RSA public key of 2048 to 8192 bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RsaPublicKey {
    der: Vec<u8>,
    bits: usize,
}

/// PKCS#1 `RSAPublicKey`.
#[derive(Sequence)]
struct Pkcs1<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

#[derive(Sequence)]
struct AlgorithmIdentifier<'a> {
    algorithm: ObjectIdentifier,
    parameters: AnyRef<'a>,
}

/// X.509 `SubjectPublicKeyInfo`, the form that the RSA implementation takes.
#[derive(Sequence)]
struct SubjectPublicKeyInfo<'a> {
    algorithm: AlgorithmIdentifier<'a>,
    key: BitStringRef<'a>,
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl RsaPublicKey {
    /// Reads the DER of a PKCS#1 `RSAPublicKey` (CDOC2 header schema, `RSAPublicKeyCapsule.recipient_public_key`).
    ///
    /// # Errors
    /// [`PublicKeyError`] when it is not the canonical DER, has fewer than 2048 or more than 8192 bits, an even modulus, or an
    /// exponent that is even, 1 or longer than 32 bits.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let key = Pkcs1::from_der(der).map_err(|_| PublicKeyError::RsaEncoding)?;
        if key.to_der().ok().as_deref() != Some(der) {
            return Err(PublicKeyError::RsaEncoding);
        }
        let modulus = key.modulus.as_bytes();
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(PublicKeyError::RsaSize(bits));
        }
        let exponent = key.exponent.as_bytes();
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        // With 1 the ciphertext is the plaintext; an even number has no inverse; above 32 bits, implementations refuse.
        if !is_odd(modulus) || !is_odd(exponent) || exponent == [1] || exponent.len() > 4 {
            return Err(PublicKeyError::RsaNumbers);
        }
        Ok(Self { der: der.to_vec(), bits })
    }

    /// The DER of the PKCS#1 `RSAPublicKey`.
    pub fn pkcs1_der(&self) -> &[u8] {
        &self.der
    }

    /// Length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// RSA-OAEP with SHA-256, MGF1-SHA-256 and an empty label. `None` when the key's numbers make no usable key.
    pub(crate) fn encrypt_oaep(&self, plaintext: &[u8]) -> Option<Vec<u8>> {
        let algorithm = AlgorithmIdentifier { algorithm: RSA_ENCRYPTION, parameters: AnyRef::NULL };
        let spki = SubjectPublicKeyInfo { algorithm, key: BitStringRef::from_bytes(&self.der).ok()? }.to_der().ok()?;
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&spki).ok()?).ok()?;
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, plaintext, &mut ciphertext, None).ok()?.len();
        ciphertext.truncate(length);
        Some(ciphertext)
    }
}
