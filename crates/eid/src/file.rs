//! Private keys in files: PEM and DER of SEC 1, PKCS#1, PKCS#8 (plain and encrypted), and PKCS#12.

use std::fmt;

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use cdoc2::{Curve, EcPublicKey, EcdhKey, KeyError, PublicKey, RsaKey, RsaPublicKey, SharedSecret};
use der::{
    Decode, Encode,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use elliptic_curve::{ecdh, sec1::ToSec1Point};
use p12_keystore::Pkcs12Archive;
use pkcs5::{EncryptionScheme, pbes2::Kdf};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::{MAX_FILE, certificate::Certificate, public};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// Most iterations of PBKDF2 that a key file may ask for: some seconds.
const MAX_ITERATIONS: u32 = 10_000_000;
/// Most memory that scrypt may ask for, in bytes.
const MAX_SCRYPT: u64 = 256 << 20;
/// Most PEM blocks of a file.
const MAX_BLOCKS: usize = 64;

/// A private key, and its certificate when the file holds it.
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// The certificate with the same public key.
    pub certificate: Option<Certificate>,
}

/// A private key of a kind that opens containers.
pub enum PrivateKey {
    /// On P-256, P-384 or P-521.
    Ec(FileEcKey),
    /// RSA of 2048 bits or more.
    Rsa(FileRsaKey),
}

/// Why a file gives no private key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// No form of a key that is known.
    #[error("no private key was found in it")]
    NotAKey,
    /// A certificate or public key: its private half is needed.
    #[error("this is a certificate or public key; the private key is needed")]
    IsPublic,
    /// It is encrypted, and no password was given.
    #[error("the key file is protected by a password")]
    PasswordNeeded,
    /// The password does not open it.
    #[error("the password of the key file is wrong")]
    WrongPassword,
    /// A key of another kind than EC on P-256, P-384, P-521 or RSA.
    #[error("the key is of an unsupported kind: {0}")]
    UnsupportedKey(String),
    /// An encryption that is not supported, or too old.
    #[error("the key file's encryption is not supported ({0}); convert it: openssl pkcs8 -topk8 -in OLD -out NEW")]
    UnsupportedEncryption(String),
    /// Its password derivation would take minutes.
    #[error("the key file asks for an excessive password derivation")]
    TooCostly,
    /// It breaks its format.
    #[error("the key file is damaged: {0}")]
    Malformed(String),
    /// More than 1 MiB.
    #[error("the file is too large for a key")]
    TooLarge,
}

type Result<T, E = KeyFileError> = std::result::Result<T, E>;

impl KeyFile {
    /// Reads the private keys of a file, PEM, DER or PKCS#12.
    ///
    /// # Errors
    /// [`KeyFileError`]; [`KeyFileError::PasswordNeeded`] asks for a second try with a password.
    pub fn read(bytes: &[u8], password: Option<&str>) -> Result<Vec<Self>> {
        if bytes.len() > MAX_FILE {
            return Err(KeyFileError::TooLarge);
        }
        let blocks = pem_blocks(bytes);
        if blocks.is_empty() {
            return Self::from_der(bytes, password);
        }
        if is_traditionally_encrypted(bytes) {
            return Err(KeyFileError::UnsupportedEncryption("traditional PEM encryption".to_owned()));
        }
        let certificates: Vec<_> = blocks
            .iter()
            .filter(|(label, _)| label == "CERTIFICATE")
            .filter_map(|(_, der)| Certificate::from_der(der).ok())
            .collect();
        let mut keys = Vec::new();
        for (label, der) in &blocks {
            match label.as_str() {
                "EC PRIVATE KEY" => keys.push(ec_from_sec1(der, None)?),
                "RSA PRIVATE KEY" => keys.push(rsa_from_pkcs1(der)?),
                "PRIVATE KEY" => keys.push(from_pkcs8(der)?),
                "ENCRYPTED PRIVATE KEY" => keys.push(from_encrypted_pkcs8(der, password)?),
                _ => {}
            }
        }
        if keys.is_empty() {
            let public = blocks.iter().any(|(label, _)| label.contains("CERTIFICATE") || label.contains("PUBLIC KEY"));
            return Err(if public { KeyFileError::IsPublic } else { KeyFileError::NotAKey });
        }
        Ok(keys.into_iter().map(|key| Self::with_certificate(key, &certificates)).collect())
    }

    fn from_der(der: &[u8], password: Option<&str>) -> Result<Vec<Self>> {
        let alone = |key| vec![Self { key, certificate: None }];
        if EncryptedPrivateKeyInfoRef::from_der(der).is_ok() {
            return Ok(alone(from_encrypted_pkcs8(der, password)?));
        }
        if PrivateKeyInfoRef::from_der(der).is_ok() {
            return Ok(alone(from_pkcs8(der)?));
        }
        if EcPrivateKey::from_der(der).is_ok() {
            return Ok(alone(ec_from_sec1(der, None)?));
        }
        if looks_like_pkcs12(der) {
            return Self::from_pkcs12(der, password);
        }
        if looks_like_pkcs1(der) {
            return Ok(alone(rsa_from_pkcs1(der)?));
        }
        let public = crate::recipient::RecipientKey::read(der, None).is_ok();
        Err(if public { KeyFileError::IsPublic } else { KeyFileError::NotAKey })
    }

    fn from_pkcs12(der: &[u8], password: Option<&str>) -> Result<Vec<Self>> {
        let archive = match (Pkcs12Archive::from_pkcs12(der, password.unwrap_or_default()), password) {
            (Ok(archive), _) => archive,
            (Err(p12_keystore::error::Error::MacError(_)), None) => return Err(KeyFileError::PasswordNeeded),
            (Err(p12_keystore::error::Error::MacError(_)), Some(_)) => return Err(KeyFileError::WrongPassword),
            (Err(error), _) => return Err(pkcs12_error(&error)),
        };
        let certificates: Vec<_> =
            archive.certs.iter().filter_map(|bag| Certificate::from_der(bag.cert.as_der()).ok()).collect();
        let keys = archive.keys.iter().map(|bag| from_pkcs8(bag.key.as_der())).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(KeyFileError::NotAKey);
        }
        Ok(keys.into_iter().map(|key| Self::with_certificate(key, &certificates)).collect())
    }

    fn with_certificate(key: PrivateKey, certificates: &[Certificate]) -> Self {
        let public = key.public_key();
        let certificate = certificates.iter().find(|certificate| certificate.public_key == public).cloned();
        Self { key, certificate }
    }

    /// The key, as the container's keyring takes it.
    pub fn decryption_key(&self) -> cdoc2::DecryptionKey<'_> {
        match &self.key {
            PrivateKey::Ec(key) => cdoc2::DecryptionKey::Ec(key),
            PrivateKey::Rsa(key) => cdoc2::DecryptionKey::Rsa(key),
        }
    }
}

impl PrivateKey {
    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Ec(key) => PublicKey::Ec(key.public.clone()),
            Self::Rsa(key) => PublicKey::Rsa(key.public.clone()),
        }
    }
}

fn pkcs12_error(error: &p12_keystore::error::Error) -> KeyFileError {
    use p12_keystore::error::Error;
    match error {
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            KeyFileError::UnsupportedEncryption(error.to_string())
        }
        // A file without a MAC tells a wrong password only by what comes out.
        Error::UnpadError | Error::Pkcs5Error(_) => KeyFileError::WrongPassword,
        Error::InvalidParameters => KeyFileError::TooCostly,
        _ => KeyFileError::Malformed(error.to_string()),
    }
}

/// The blocks of a PEM file, whatever stands between them; empty when it is no PEM.
pub(crate) fn pem_blocks(bytes: &[u8]) -> Vec<(String, Zeroizing<Vec<u8>>)> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    let find = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
    let mut blocks = Vec::new();
    let mut rest = bytes;
    while let Some(start) = find(rest, BEGIN) {
        rest = &rest[start..];
        let Some(end) = find(rest, END) else { break };
        let length = rest[end..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |newline| end + newline + 1);
        if let Ok((label, der)) = pem_rfc7468::decode_vec(rest[..length].trim_ascii_end()) {
            blocks.push((label.to_owned(), Zeroizing::new(der)));
        } else {
            // A block that does not decode is still PEM: its label tells what it would be.
            let label = rest[BEGIN.len()..].split(|byte| *byte == b'-').next().unwrap_or_default();
            blocks.push((format!("broken {}", String::from_utf8_lossy(label).trim()), Zeroizing::default()));
        }
        if blocks.len() == MAX_BLOCKS {
            break;
        }
        rest = &rest[length..];
    }
    blocks
}

/// `Proc-Type: 4,ENCRYPTED`: MD5 and no iterations.
fn is_traditionally_encrypted(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"Proc-Type: ") && bytes.windows(9).any(|window| window == b"ENCRYPTED")
}

/// Whether DER is some private key, encrypted or not.
pub(crate) fn looks_private(der: &[u8]) -> bool {
    PrivateKeyInfoRef::from_der(der).is_ok()
        || EncryptedPrivateKeyInfoRef::from_der(der).is_ok()
        || EcPrivateKey::from_der(der).is_ok()
        || looks_like_pkcs1(der)
        || looks_like_pkcs12(der)
}

/// `SEQUENCE { INTEGER first, .. }`: gives the integer and what follows.
fn first_integer(der: &[u8]) -> Option<(u8, &[u8])> {
    let sequence = AnyRef::from_der(der).ok()?;
    match sequence.value() {
        [0x02, 0x01, version, rest @ ..] if der.first() == Some(&0x30) => Some((*version, rest)),
        _ => None,
    }
}

/// Version 3, then a `SEQUENCE`.
fn looks_like_pkcs12(der: &[u8]) -> bool {
    matches!(first_integer(der), Some((3, [0x30, ..])))
}

/// Version 0, then the modulus.
fn looks_like_pkcs1(der: &[u8]) -> bool {
    matches!(first_integer(der), Some((0, [0x02, ..])))
}

fn malformed(error: impl fmt::Display) -> KeyFileError {
    KeyFileError::Malformed(error.to_string())
}

fn from_pkcs8(der: &[u8]) -> Result<PrivateKey> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(malformed)?;
    match info.algorithm.oid {
        EC => {
            let curve = info.algorithm.parameters_oid().map_err(malformed)?;
            ec_from_sec1(info.private_key.as_bytes(), Some(curve))
        }
        RSA => rsa_from_pkcs8(der),
        other => Err(KeyFileError::UnsupportedKey(other.to_string())),
    }
}

fn from_encrypted_pkcs8(der: &[u8], password: Option<&str>) -> Result<PrivateKey> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(malformed)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(KeyFileError::UnsupportedEncryption("PBES1".to_owned()));
    };
    let affordable = match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count <= MAX_ITERATIONS,
        Kdf::Scrypt(kdf) => {
            let memory = u64::from(kdf.block_size).saturating_mul(128).saturating_mul(kdf.cost_parameter.into());
            memory.saturating_mul(u64::from(kdf.parallelization)) <= MAX_SCRYPT
        }
        _ => return Err(KeyFileError::UnsupportedEncryption("unknown password derivation".to_owned())),
    };
    if !affordable {
        return Err(KeyFileError::TooCostly);
    }
    let password = password.ok_or(KeyFileError::PasswordNeeded)?;
    let plain = info.decrypt(password).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::UnsupportedAlgorithm { oid }) => {
            KeyFileError::UnsupportedEncryption(oid.to_string())
        }
        _ => KeyFileError::WrongPassword,
    })?;
    from_pkcs8(plain.as_bytes())
}

fn ec_from_sec1(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<PrivateKey> {
    let key = EcPrivateKey::from_der(der).map_err(malformed)?;
    let oid = curve
        .or_else(|| key.parameters.and_then(|parameters| parameters.named_curve()))
        .ok_or_else(|| KeyFileError::UnsupportedKey("an EC key without a named curve".to_owned()))?;
    let curve = public::curve(oid).ok_or_else(|| KeyFileError::UnsupportedKey(format!("curve {oid}")))?;
    let scalar = left_padded(key.private_key, curve.field_length()).ok_or_else(|| malformed("wrong key length"))?;
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
    let public = EcPublicKey::from_point(curve, &point).map_err(malformed)?;
    Ok(PrivateKey::Ec(FileEcKey { secret, public }))
}

/// Some writers leave leading zeros out.
fn left_padded(bytes: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(vec![0; length.checked_sub(bytes.len())?]);
    padded.extend_from_slice(bytes);
    Some(padded)
}

fn rsa_from_pkcs1(der: &[u8]) -> Result<PrivateKey> {
    #[derive(der::Sequence)]
    struct Pkcs8<'a> {
        version: u8,
        algorithm: Algorithm<'a>,
        key: &'a OctetStringRef,
    }
    #[derive(der::Sequence)]
    struct Algorithm<'a> {
        oid: ObjectIdentifier,
        parameters: AnyRef<'a>,
    }
    let algorithm = Algorithm { oid: RSA, parameters: AnyRef::NULL };
    let key = OctetStringRef::new(der).map_err(malformed)?;
    let der = Zeroizing::new(Pkcs8 { version: 0, algorithm, key }.to_der().map_err(malformed)?);
    rsa_from_pkcs8(&der)
}

fn rsa_from_pkcs8(der: &[u8]) -> Result<PrivateKey> {
    let unsupported =
        |_| KeyFileError::UnsupportedKey("an RSA key of fewer than 2048 or more than 8192 bits".to_owned());
    let key = PrivateDecryptingKey::from_pkcs8(der).map_err(unsupported)?;
    let spki = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(&key.public_key())
        .map_err(malformed)?;
    let spki = x509_cert::spki::SubjectPublicKeyInfoRef::from_der(spki.as_ref()).map_err(malformed)?;
    let bytes = spki.subject_public_key.as_bytes().ok_or_else(|| malformed("broken RSA key"))?;
    let public = RsaPublicKey::from_pkcs1_der(bytes).map_err(malformed)?;
    let private = OaepPrivateDecryptingKey::new(key).map_err(malformed)?;
    Ok(PrivateKey::Rsa(FileRsaKey { private, public }))
}

/// An EC private key from a file, wiped when dropped.
pub struct FileEcKey {
    secret: Secret,
    public: EcPublicKey,
}

enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

impl EcdhKey for FileEcKey {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> std::result::Result<SharedSecret, KeyError> {
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
        Ok(match &self.secret {
            Secret::P256(secret) => agreed!(p256, secret),
            Secret::P384(secret) => agreed!(p384, secret),
            Secret::P521(secret) => agreed!(p521, secret),
        })
    }
}

/// An RSA private key from a file, wiped when dropped.
pub struct FileRsaKey {
    private: OaepPrivateDecryptingKey,
    public: RsaPublicKey,
}

impl RsaKey for FileRsaKey {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public
    }

    fn decrypt_oaep(&self, ciphertext: &[u8]) -> std::result::Result<SharedSecret, KeyError> {
        let mut plaintext = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let length = self
            .private
            .decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None)
            .map_err(|_| KeyError::Rejected)?
            .len();
        Ok(SharedSecret::new(plaintext[..length].to_vec()))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("public_key", &self.key.public_key()).finish_non_exhaustive()
    }
}
