//! The keys themselves: SEC 1, PKCS#1 and PKCS#8, and what they can do.

use std::sync::Arc;

use aws_lc_rs::{
    digest::{self, Digest},
    rsa::{KeyPair as RsaKeyPair, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
    },
};
use cdoc2::{Curve, EcPublicKey, EcdhKey, KeyError, PublicKey, RsaKey, RsaPublicKey, SharedSecret};
use der::{
    Decode, Encode, Sequence, Tag, TagNumber, Tagged,
    asn1::{AnyRef, ContextSpecific, ObjectIdentifier, OctetStringRef, UintRef},
};
use elliptic_curve::{ecdh, sec1::ToSec1Point};
use zeroize::Zeroizing;

use super::{
    KeyFileError, Result,
    encryption::{Algorithm, Unlocker},
    malformed,
};
use crate::{
    SignatureAlgorithm,
    asn1::sequence,
    public::{self, EC, RSA},
};

/// A private key of a kind that opens containers.
#[derive(Clone)]
pub enum PrivateKey {
    /// On P-256, P-384 or P-521.
    Ec(FileEcKey),
    /// RSA of 2048 to 8192 bits.
    Rsa(FileRsaKey),
}

impl PrivateKey {
    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Ec(key) => PublicKey::Ec(key.public.clone()),
            Self::Rsa(key) => PublicKey::Rsa(key.public.clone()),
        }
    }

    /// Signs a hash, as [`Authenticator::sign_hash`](crate::Authenticator::sign_hash) has it; `None` when it is of another length than the
    /// algorithm's, or the algorithm not the key's.
    pub fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ec(key) => key.sign_hash(algorithm, hash),
            Self::Rsa(key) => key.sign_hash(algorithm, hash),
        }
    }
}

/// An EC private key from a file, wiped when dropped.
#[derive(Clone)]
pub struct FileEcKey {
    secret: Arc<Secret>,
    public: EcPublicKey,
}

enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

impl FileEcKey {
    /// From the private number, big endian, at most of the curve's field length.
    fn new(curve: Curve, number: &[u8]) -> Result<Self> {
        let scalar = left_padded(number, curve.field_length()).ok_or_else(|| malformed("wrong length of an EC key"))?;
        macro_rules! secret {
            ($module:ident, $variant:ident) => {{
                let secret = $module::SecretKey::from_slice(&scalar).map_err(malformed)?;
                let point = secret.public_key().to_sec1_point(false);
                (Secret::$variant(secret), point.as_bytes().to_vec())
            }};
        }
        let (secret, point) = match curve {
            Curve::P256 => secret!(p256, P256),
            Curve::P384 => secret!(p384, P384),
            Curve::P521 => secret!(p521, P521),
        };
        Ok(Self { secret: Arc::new(secret), public: EcPublicKey::from_point(curve, &point).map_err(malformed)? })
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Option<Vec<u8>> {
        let (number, signing, hashing, its) = match &*self.secret {
            Secret::P256(secret) => (
                Zeroizing::new(secret.to_bytes().to_vec()),
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &digest::SHA256,
                SignatureAlgorithm::EcdsaP256Sha256,
            ),
            Secret::P384(secret) => (
                Zeroizing::new(secret.to_bytes().to_vec()),
                &ECDSA_P384_SHA384_FIXED_SIGNING,
                &digest::SHA384,
                SignatureAlgorithm::EcdsaP384Sha384,
            ),
            Secret::P521(secret) => (
                Zeroizing::new(secret.to_bytes().to_vec()),
                &ECDSA_P521_SHA512_FIXED_SIGNING,
                &digest::SHA512,
                SignatureAlgorithm::EcdsaP521Sha512,
            ),
        };
        if algorithm != its {
            return None;
        }
        let hash = Digest::import_less_safe(hash, hashing).ok()?;
        let key = EcdsaKeyPair::from_private_key_and_public_key(signing, &number, self.public.point()).ok()?;
        Some(key.sign_digest(&hash).ok()?.as_ref().to_vec())
    }
}

/// Some writers leave leading zeros out.
fn left_padded(bytes: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(vec![0; length]);
    padded[length.checked_sub(bytes.len())?..].copy_from_slice(bytes);
    Some(padded)
}

impl EcdhKey for FileEcKey {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError> {
        macro_rules! agreed {
            ($module:ident, $secret:ident) => {{
                let peer = $module::PublicKey::from_sec1_bytes(peer.point()).map_err(|_| KeyError::Rejected)?;
                let shared = ecdh::diffie_hellman($secret.to_nonzero_scalar(), peer.as_affine());
                SharedSecret::new(shared.raw_secret_bytes().to_vec())
            }};
        }
        if peer.curve() != self.public.curve() {
            return Err(KeyError::Rejected);
        }
        Ok(match &*self.secret {
            Secret::P256(secret) => agreed!(p256, secret),
            Secret::P384(secret) => agreed!(p384, secret),
            Secret::P521(secret) => agreed!(p521, secret),
        })
    }
}

/// An RSA private key from a file, wiped when dropped.
#[derive(Clone)]
pub struct FileRsaKey {
    private: Arc<OaepPrivateDecryptingKey>,
    /// For signing, which needs the key in another form.
    pkcs8: Arc<Zeroizing<Vec<u8>>>,
    public: RsaPublicKey,
}

impl FileRsaKey {
    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Option<Vec<u8>> {
        let padding: &dyn RsaEncoding = match algorithm {
            SignatureAlgorithm::RsaPssSha256 => &RSA_PSS_SHA256,
            SignatureAlgorithm::RsaPkcs1Sha256 => &RSA_PKCS1_SHA256,
            _ => return None,
        };
        let hash = Digest::import_less_safe(hash, &digest::SHA256).ok()?;
        let key = RsaKeyPair::from_pkcs8(&self.pkcs8).ok()?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign_digest(padding, &hash, &mut signature).ok()?;
        Some(signature)
    }
}

impl RsaKey for FileRsaKey {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public
    }

    fn decrypt_oaep(&self, ciphertext: &[u8]) -> Result<SharedSecret, KeyError> {
        let mut plaintext = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let length = self
            .private
            .decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None)
            .map_err(|_| KeyError::Rejected)?
            .len();
        Ok(SharedSecret::new(plaintext[..length].to_vec()))
    }
}

/// PKCS#8 `PrivateKeyInfo`, also of version 2 with its public key.
pub(super) fn from_pkcs8(der: &[u8]) -> Result<PrivateKey> {
    let fields = |reader: &mut _| {
        u8::decode(reader)?;
        Ok((Algorithm::decode(reader)?, <&OctetStringRef>::decode(reader)?.as_bytes()))
    };
    let (algorithm, key) = sequence(der, fields).map_err(malformed)?;
    match algorithm.oid {
        EC => from_sec1(key, Some(named_curve(algorithm.parameters)?)),
        RSA => from_pkcs1(key),
        other => Err(KeyFileError::UnsupportedKey(kind_of_key(other))),
    }
}

/// PKCS#8 `EncryptedPrivateKeyInfo`.
pub(super) fn from_encrypted_pkcs8(der: &[u8], unlocker: &mut Unlocker<'_>) -> Result<PrivateKey> {
    let fields = |reader: &mut _| Ok((Algorithm::decode(reader)?, <&OctetStringRef>::decode(reader)?.as_bytes()));
    let (algorithm, ciphertext) = sequence(der, fields).map_err(malformed)?;
    let plaintext = unlocker.decrypt(&algorithm, ciphertext)?;
    from_pkcs8(&plaintext).map_err(|error| unlocker.nonsense(error))
}

/// SEC 1 `ECPrivateKey`; `curve` when it is known from around it.
pub(super) fn from_sec1(der: &[u8], curve: Option<Curve>) -> Result<PrivateKey> {
    let fields = |reader: &mut _| {
        u8::decode(reader)?;
        let number = <&OctetStringRef>::decode(reader)?.as_bytes();
        let explicit = ContextSpecific::<AnyRef<'_>>::decode_explicit(reader, TagNumber(0))?;
        Ok((number, explicit.map(|parameters| parameters.value)))
    };
    let (number, parameters) = sequence(der, fields).map_err(malformed)?;
    let curve = curve.map_or_else(|| named_curve(parameters), Ok)?;
    Ok(PrivateKey::Ec(FileEcKey::new(curve, number)?))
}

fn named_curve(parameters: Option<AnyRef<'_>>) -> Result<Curve> {
    let unsupported = |what: String| KeyFileError::UnsupportedKey(what);
    let named = parameters.filter(|parameters| parameters.tag() == Tag::ObjectIdentifier);
    let oid = named.ok_or_else(|| unsupported("an EC key that does not name its curve".to_owned()))?;
    let oid: ObjectIdentifier = oid.decode_as().map_err(malformed)?;
    public::curve(oid).ok_or_else(|| unsupported(format!("the curve {oid} is not P-256, P-384 or P-521")))
}

/// PKCS#1 `RSAPrivateKey` of two primes.
pub(super) fn from_pkcs1(der: &[u8]) -> Result<PrivateKey> {
    #[derive(Sequence)]
    struct PublicNumbers<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    #[derive(Sequence)]
    struct Pkcs8<'a> {
        version: u8,
        algorithm: Algorithm<'a>,
        key: &'a OctetStringRef,
    }
    let fields = |reader: &mut _| {
        let version = u8::decode(reader)?;
        Ok((version, PublicNumbers { modulus: UintRef::decode(reader)?, exponent: UintRef::decode(reader)? }))
    };
    let (version, numbers) = sequence(der, fields).map_err(malformed)?;
    if version != 0 {
        return Err(KeyFileError::UnsupportedKey("RSA of more than two primes".to_owned()));
    }
    let modulus = numbers.modulus.as_bytes();
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    match bits {
        0..2048 => return Err(KeyFileError::WeakKey(bits)),
        8193.. => return Err(KeyFileError::UnsupportedKey(format!("RSA of {bits} bits, more than 8192"))),
        _ => {}
    }
    let public = RsaPublicKey::from_pkcs1_der(&numbers.to_der().map_err(malformed)?).map_err(malformed)?;
    let algorithm = Algorithm { oid: RSA, parameters: Some(AnyRef::NULL) };
    let key = OctetStringRef::new(der).map_err(malformed)?;
    let pkcs8 = Zeroizing::new(Pkcs8 { version: 0, algorithm, key }.to_der().map_err(malformed)?);
    let private = PrivateDecryptingKey::from_pkcs8(&pkcs8)
        .ok()
        .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
        .ok_or_else(|| malformed("the numbers of the RSA key do not fit together"))?;
    Ok(PrivateKey::Rsa(FileRsaKey { private: Arc::new(private), pkcs8: Arc::new(pkcs8), public }))
}

/// The name of a key algorithm that opens no container.
fn kind_of_key(oid: ObjectIdentifier) -> String {
    let oid = oid.to_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.10" => "RSA-PSS, which only signs",
        "1.2.840.10040.4.1" => "DSA",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    };
    name.to_owned()
}
