//! The keys of the format: public keys of recipients, what private keys must be able to do, and secrets.
//!
//! Private keys are traits, so that a card, a token or a file can stand behind them; see the crate `eid`.

mod ec;
mod rsa;
mod schedule;
mod secret;

pub use ec::{Curve, EcPublicKey};
pub use rsa::RsaPublicKey;
pub use secret::{Password, SharedSecret, SymmetricKey};

pub(crate) use ec::ephemeral_agreement;
pub(crate) use schedule::{Fmk, Kek, PASSWORD_ITERATIONS, PayloadKeys, SALT_LENGTH, random};

use crate::KeyError;

/// A recipient's public key, as it stands in certificates and records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// On P-256, P-384 or P-521.
    Ec(EcPublicKey),
    /// RSA of 2048 bits or more.
    Rsa(RsaPublicKey),
}

/// Why bytes are not a usable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Wrong length or first byte for an uncompressed point of the curve.
    #[error("not an uncompressed point of the curve")]
    PointEncoding,
    /// The point is not on the curve, or is infinity.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// Not the canonical DER of an `RSAPublicKey`.
    #[error("not the canonical DER of an RSA public key")]
    RsaEncoding,
    /// Fewer than 2048 bits or more than 8192; how many.
    #[error("an RSA key must have 2048 to 8192 bits, and this one has {0}")]
    RsaSize(usize),
    /// An even modulus, or an exponent that is even, 1 or longer than 32 bits.
    #[error("the numbers of the RSA key make no usable key")]
    RsaNumbers,
}

/// A private EC key that can agree on a shared secret: a file, a card, a token.
pub trait EcdhKey: Send + Sync {
    /// The key's public half, by which records are matched.
    fn public_key(&self) -> &EcPublicKey;

    /// ECDH with `peer`, a valid point of the same curve: the x coordinate, big endian, of the curve's field length.
    ///
    /// # Errors
    /// Whatever the key's place says: PIN needed or wrong, card removed, module failed.
    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError>;
}

/// A private RSA key that can decrypt RSA-OAEP: a file, a card, a token.
pub trait RsaKey: Send + Sync {
    /// The key's public half, by which records are matched.
    fn public_key(&self) -> &RsaPublicKey;

    /// RSA-OAEP with SHA-256, MGF1-SHA-256 and an empty label.
    ///
    /// # Errors
    /// Whatever the key's place says; also when the padding is not right.
    fn decrypt_oaep(&self, ciphertext: &[u8]) -> Result<SharedSecret, KeyError>;
}

/// Something that may open a container. Borrowed, because cards and tokens live longer than one opening.
#[derive(Clone, Copy)]
pub enum DecryptionKey<'a> {
    /// An EC key, for direct and server records with its public key.
    Ec(&'a dyn EcdhKey),
    /// An RSA key, for direct and server records with its public key.
    Rsa(&'a dyn RsaKey),
    /// A symmetric key, tried on every symmetric record (with its label, when one is given).
    Symmetric(&'a SymmetricKey),
    /// A password, tried on every password record.
    Password(&'a Password),
}
