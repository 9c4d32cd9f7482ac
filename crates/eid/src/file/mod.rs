//! Private keys in files: PEM and DER of SEC 1, PKCS#1 and PKCS#8 (plain and encrypted), and PKCS#12.

mod ber;
mod encryption;
mod key;
mod pkcs12;

use std::fmt;

use cdoc2::{KeyError, PublicKey, with_wiped_stack};
use der::{Decode, Tag, Tagged, asn1::AnyRef};

pub use key::{FileEcKey, FileRsaKey, PrivateKey};

use crate::{
    Authenticator, MAX_FILE, MAX_KEYS, SignatureAlgorithm,
    asn1::sequence,
    certificate::Certificate,
    pem::{self, Block, Content},
    public::UnusableKey,
    recipient::{RecipientError, RecipientKey},
};
use encryption::Unlocker;

/// A private key, and its certificate when the file holds it.
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// The certificate with the same public key.
    pub certificate: Option<Certificate>,
    /// Certificates of the file that lead from it to its authority, the nearest first, in DER.
    issuers: Vec<Vec<u8>>,
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
    /// The password does not open it. Damage to the encrypted part looks the same.
    #[error("the password of the key file is wrong")]
    WrongPassword,
    /// A key of another kind than EC on P-256, P-384, P-521 or RSA, in words.
    #[error("the key is of an unsupported kind: {0}")]
    UnsupportedKey(String),
    /// An RSA key of fewer than 2048 bits.
    #[error("{}", UnusableKey::Weak(*.0))]
    WeakKey(usize),
    /// An encryption that is not supported, by name or object identifier.
    #[error("the key file's encryption is not supported: {0}")]
    UnsupportedCipher(String),
    /// The encryption of old PEM files (`Proc-Type: 4,ENCRYPTED`), or PKCS#5 1.5: weak ciphers, keys from MD5.
    #[error(
        "the key file is encrypted in an old form (a key made by MD5, or a weak cipher); convert it, then give the new file: openssl pkcs8 -topk8 -in OLD -out NEW"
    )]
    LegacyEncryption,
    /// Deriving its keys from the password would take minutes, or hundreds of megabytes.
    #[error("the key file asks for an excessive password derivation")]
    TooCostly,
    /// It breaks its format, in words.
    #[error("the key file is damaged: {0}")]
    Malformed(String),
    /// More than 1 MiB, or more than 16 keys.
    #[error("the file is too large for a key")]
    TooLarge,
}

type Result<T, E = KeyFileError> = std::result::Result<T, E>;

fn malformed(error: impl fmt::Display) -> KeyFileError {
    KeyFileError::Malformed(error.to_string())
}

impl KeyFile {
    /// Reads the private keys of a file, PEM, DER or PKCS#12, told apart by content.
    ///
    /// One file may cost 10 000 000 iterations of password derivation in all, some seconds; more is refused
    /// before it is computed. Keys of kinds that open no container are left out when there are others.
    ///
    /// # Errors
    /// [`KeyFileError`]; [`KeyFileError::PasswordNeeded`] asks for a second try with a password.
    pub fn read(bytes: &[u8], password: Option<&str>) -> Result<Vec<Self>> {
        if bytes.len() > MAX_FILE {
            return Err(KeyFileError::TooLarge);
        }
        with_wiped_stack(|| {
            let blocks = pem::blocks(bytes);
            let mut unlocker = Unlocker::new(password);
            let contents = if blocks.is_empty() {
                Contents::from_der(bytes, &mut unlocker)?
            } else {
                Contents::from_pem(&blocks, &mut unlocker)?
            };
            contents.into_key_files()
        })
    }

    fn new(key: PrivateKey, certificates: &[Certificate]) -> Self {
        let public = key.public_key();
        let certificate = certificates.iter().find(|certificate| certificate.public_key == public).cloned();
        let issuers = certificate.as_ref().map(|certificate| issuers(certificate, certificates)).unwrap_or_default();
        Self { key, certificate, issuers }
    }

    /// Takes the certificate of the key from another file, PEM or DER, when it stands there and none is known yet; says whether it
    /// is known now.
    pub fn certify(&mut self, file: &[u8]) -> bool {
        if self.certificate.is_none() {
            let certificates = certificates(file);
            let public = self.key.public_key();
            self.certificate = certificates.iter().find(|certificate| certificate.public_key == public).cloned();
            self.issuers = self.certificate.as_ref().map(|own| issuers(own, &certificates)).unwrap_or_default();
        }
        self.certificate.is_some()
    }

    /// The key with its certificate, as servers want to see it; `None` when the file holds no certificate of the key.
    pub fn authenticator(&self) -> Option<FileAuthenticator> {
        let certificate = self.certificate.as_ref()?;
        let certificates = [certificate.der.clone()].into_iter().chain(self.issuers.iter().cloned()).collect();
        Some(FileAuthenticator { key: self.key.clone(), public: self.key.public_key(), certificates })
    }

    /// The key, as the container's keyring takes it.
    pub fn decryption_key(&self) -> cdoc2::DecryptionKey<'_> {
        match &self.key {
            PrivateKey::Ec(key) => cdoc2::DecryptionKey::Ec(key),
            PrivateKey::Rsa(key) => cdoc2::DecryptionKey::Rsa(key),
        }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("public_key", &self.key.public_key()).finish_non_exhaustive()
    }
}

/// A private key from a file with its certificate.
pub struct FileAuthenticator {
    key: PrivateKey,
    public: PublicKey,
    certificates: Vec<Vec<u8>>,
}

impl Authenticator for FileAuthenticator {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign_hash(algorithm, hash).ok_or(KeyError::Rejected)
    }
}

impl fmt::Debug for FileAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileAuthenticator").field("public_key", &self.public).finish_non_exhaustive()
    }
}

/// The certificates of a file, PEM or DER; those that cannot be read are left out.
fn certificates(file: &[u8]) -> Vec<Certificate> {
    if file.len() > MAX_FILE {
        return Vec::new();
    }
    let blocks = pem::blocks(file);
    if blocks.is_empty() {
        return Certificate::from_der(file).into_iter().collect();
    }
    let named = blocks.iter().filter(|block| block.label == "CERTIFICATE").take(MAX_KEYS);
    named.filter_map(|block| Certificate::from_der(block.der()?).ok()).collect()
}

/// The authorities above `certificate`, the nearest first, as far as they stand in the file.
pub(crate) fn issuers(certificate: &Certificate, certificates: &[Certificate]) -> Vec<Vec<u8>> {
    let mut above = Vec::new();
    let mut current = certificate;
    while let Some(issuer) = certificates.iter().find(|other| other.issued(current)) {
        if above.len() == MAX_KEYS || above.contains(&issuer.der) {
            break;
        }
        above.push(issuer.der.clone());
        current = issuer;
    }
    above
}

/// The certificate of a key from a file, PEM or DER, then the authorities above it, in DER; nothing when it does not stand there.
pub(crate) fn chain(file: &[u8], key: &PublicKey) -> Vec<Vec<u8>> {
    let certificates = certificates(file);
    let own = certificates.iter().find(|certificate| certificate.public_key == *key);
    own.map(|own| [own.der.clone()].into_iter().chain(issuers(own, &certificates)).collect()).unwrap_or_default()
}

/// What a file holds.
#[derive(Default)]
struct Contents {
    /// Keys, or why they are of no use.
    keys: Vec<Result<PrivateKey>>,
    certificates: Vec<Certificate>,
}

impl Contents {
    fn from_pem(blocks: &[Block], unlocker: &mut Unlocker<'_>) -> Result<Self> {
        let mut contents = Self::default();
        for block in blocks {
            match (&block.content, block.label.as_str()) {
                (Content::Der(der), "CERTIFICATE") => contents.certificates.extend(Certificate::from_der(der)),
                (Content::Der(der), label) => {
                    if let Some(key) = key_from_block(label, der, unlocker) {
                        contents.add_key(key)?;
                    }
                }
                (Content::LegacyEncrypted, _) => return Err(KeyFileError::LegacyEncryption),
                (Content::Broken, _) if block.is_private() => return Err(malformed("its text does not decode")),
                (Content::Broken, _) => {}
            }
        }
        if contents.keys.is_empty() {
            let public = |block: &Block| block.label.ends_with("CERTIFICATE") || block.label.ends_with("PUBLIC KEY");
            return Err(if blocks.iter().any(public) { KeyFileError::IsPublic } else { KeyFileError::NotAKey });
        }
        Ok(contents)
    }

    fn from_der(der: &[u8], unlocker: &mut Unlocker<'_>) -> Result<Self> {
        let key = match PrivateForm::of(der) {
            Some(PrivateForm::Pkcs12) => return pkcs12::read(der, unlocker),
            Some(PrivateForm::EncryptedPkcs8) => key::from_encrypted_pkcs8(der, unlocker),
            Some(PrivateForm::Pkcs8) => key::from_pkcs8(der),
            Some(PrivateForm::Sec1) => key::from_sec1(der, None),
            Some(PrivateForm::Pkcs1) => key::from_pkcs1(der),
            None => Err(match RecipientKey::read(der, None) {
                Ok(_) | Err(RecipientError::WeakKey(_) | RecipientError::Unusable(_)) => KeyFileError::IsPublic,
                Err(_) => KeyFileError::NotAKey,
            }),
        };
        let mut contents = Self::default();
        contents.add_key(key)?;
        Ok(contents)
    }

    /// Adds a key, or why it is of no use; any other failure is the file's.
    fn add_key(&mut self, key: Result<PrivateKey>) -> Result<()> {
        if self.keys.len() == MAX_KEYS {
            return Err(KeyFileError::TooLarge);
        }
        match key {
            Err(error) if !matches!(error, KeyFileError::UnsupportedKey(_) | KeyFileError::WeakKey(_)) => Err(error),
            key => {
                self.keys.push(key);
                Ok(())
            }
        }
    }

    /// The keys that can open containers, with their certificates; when there are none, why the first cannot.
    fn into_key_files(self) -> Result<Vec<KeyFile>> {
        let (mut files, mut useless) = (Vec::new(), None);
        for key in self.keys {
            match key {
                Ok(key) => files.push(KeyFile::new(key, &self.certificates)),
                Err(error) => useless = useless.or(Some(error)),
            }
        }
        match useless {
            Some(error) if files.is_empty() => Err(error),
            _ => Ok(files),
        }
    }
}

/// The key of a PEM block; `None` when the block holds something else.
fn key_from_block(label: &str, der: &[u8], unlocker: &mut Unlocker<'_>) -> Option<Result<PrivateKey>> {
    const CONVERT_SSH: &str = "the form of OpenSSH; convert it: ssh-keygen -p -m PKCS8 -f FILE";
    Some(match label {
        "EC PRIVATE KEY" => key::from_sec1(der, None),
        "RSA PRIVATE KEY" => key::from_pkcs1(der),
        "PRIVATE KEY" => key::from_pkcs8(der),
        "ENCRYPTED PRIVATE KEY" => key::from_encrypted_pkcs8(der, unlocker),
        "OPENSSH PRIVATE KEY" => Err(KeyFileError::UnsupportedKey(CONVERT_SSH.to_owned())),
        other => Err(KeyFileError::UnsupportedKey(other.strip_suffix(" PRIVATE KEY")?.to_owned())),
    })
}

/// The forms of DER in which private keys stand in files.
pub(crate) enum PrivateForm {
    /// `PrivateKeyInfo` or `OneAsymmetricKey` (RFC 5958).
    Pkcs8,
    /// `EncryptedPrivateKeyInfo` (RFC 5958).
    EncryptedPkcs8,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
    /// `RSAPrivateKey` (RFC 8017).
    Pkcs1,
    /// `PFX` (RFC 7292).
    Pkcs12,
}

impl PrivateForm {
    /// Told by the first elements alone: what is inside is for their readers to say.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        if der.starts_with(&[0x30, 0x80, 0x02, 0x01, 0x03, 0x30]) {
            return Some(Self::Pkcs12);
        }
        let first = sequence(der, |reader| {
            let first = AnyRef::decode(reader)?;
            Ok((first, AnyRef::decode(reader)?.tag(), Tag::peek(reader).ok()))
        });
        let (first, second, third) = first.ok()?;
        match (first.tag(), first.value(), second, third) {
            (Tag::Integer, [3], Tag::Sequence, _) => Some(Self::Pkcs12),
            (Tag::Integer, [0 | 1], Tag::Sequence, Some(Tag::OctetString)) => Some(Self::Pkcs8),
            (Tag::Integer, [1], Tag::OctetString, _) => Some(Self::Sec1),
            (Tag::Integer, [0 | 1], Tag::Integer, Some(Tag::Integer)) => Some(Self::Pkcs1),
            (Tag::Sequence, _, Tag::OctetString, None) => Some(Self::EncryptedPkcs8),
            _ => None,
        }
    }
}
