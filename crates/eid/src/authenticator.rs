//! Proving to a server who one is.

use cdoc2::{Curve, KeyError, PublicKey};

/// How a hash is signed. The curve or the padding fixes the hash, as TLS 1.3 has it (RFC 8446, 4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 over SHA-256: `r | s` of 32 bytes each.
    EcdsaP256Sha256,
    /// ECDSA on P-384 over SHA-384: `r | s` of 48 bytes each.
    EcdsaP384Sha384,
    /// ECDSA on P-521 over SHA-512: `r | s` of 66 bytes each.
    EcdsaP521Sha512,
    /// RSASSA-PSS over SHA-256, with MGF1-SHA-256 and a salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PKCS1-v1_5 over SHA-256.
    RsaPkcs1Sha256,
}

impl SignatureAlgorithm {
    /// The one with which a key authenticates in TLS 1.3.
    pub fn of(key: &PublicKey) -> Self {
        match key {
            PublicKey::Ec(key) => match key.curve() {
                Curve::P256 => Self::EcdsaP256Sha256,
                Curve::P384 => Self::EcdsaP384Sha384,
                Curve::P521 => Self::EcdsaP521Sha512,
            },
            PublicKey::Rsa(_) => Self::RsaPssSha256,
        }
    }

    /// The one with which a key signs tickets (RFC 7518, 3.1: ES256, ES384, ES512 and RS256).
    pub fn of_ticket(key: &PublicKey) -> Self {
        match Self::of(key) {
            Self::RsaPssSha256 => Self::RsaPkcs1Sha256,
            ec => ec,
        }
    }
}

/// A private key that can prove to a server who its holder is: a file, a card, a token. What it signs is a hash, which is all that
/// cards take.
pub trait Authenticator: Send + Sync {
    /// The key's public half, by which records are matched.
    fn public_key(&self) -> &PublicKey;

    /// The certificate of the key, then the authorities above it as far as they are known, each in DER. Never empty.
    fn certificates(&self) -> &[Vec<u8>];

    /// Signs a hash that was made by the algorithm's function. EC: `r | s`, each of the curve's field length; RSA: as long as the modulus.
    ///
    /// # Errors
    /// Whatever the key's place says: PIN needed or wrong, card removed, module failed; [`KeyError::Rejected`] when the key
    /// cannot sign so.
    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// What the holder must see on another device, too, before he agrees to [`Self::sign_hash`] there; `None` where the key is at hand. Such a
    /// signature may take minutes.
    fn verification_code(&self, _hash: &[u8]) -> Option<String> {
        None
    }
}
