//! For whom to encrypt: certificates and public keys from files.

use cdoc2::{Curve, EcPublicKey, Label, PublicKey, RsaPublicKey};
use der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::{
    MAX_FILE,
    certificate::{Certificate, Warning, is_certificate},
    file::pem_blocks,
    public::from_spki,
};

/// Most keys that one file may hold.
const MAX_KEYS: usize = 16;

/// A public key to encrypt for, and what is known of its holder.
#[derive(Clone, Debug)]
pub struct RecipientKey {
    /// The key.
    pub public_key: PublicKey,
    /// The certificate that it came in.
    pub certificate: Option<Certificate>,
    file: Option<String>,
}

/// Why a file names no recipient.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// It is a private key, which belongs to its owner alone.
    #[error("this is a private key; a certificate or public key is needed")]
    PrivateKey,
    /// Neither certificate nor public key.
    #[error("no certificate or public key was found in it")]
    Nothing,
    /// A certificate or key that cannot be encrypted for.
    #[error("{0}")]
    Unusable(String),
    /// More than 1 MiB, or more than 16 keys.
    #[error("it is too large for a certificate or public key")]
    TooLarge,
}

impl RecipientKey {
    /// Reads every certificate and public key of a file, PEM or DER. `file` is its base name, for the key label.
    ///
    /// # Errors
    /// [`RecipientError`]; a single unusable key refuses the file.
    pub fn read(bytes: &[u8], file: Option<&str>) -> Result<Vec<Self>, RecipientError> {
        if bytes.len() > MAX_FILE {
            return Err(RecipientError::TooLarge);
        }
        let blocks = pem_blocks(bytes);
        if blocks.is_empty() {
            return Ok(vec![Self::from_der(bytes, file)?]);
        }
        let mut keys = Vec::new();
        let mut private = false;
        for (label, der) in &blocks {
            match label.as_str() {
                "CERTIFICATE" | "TRUSTED CERTIFICATE" | "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                    keys.push(Self::from_der(der, file)?);
                }
                label if label.ends_with("PRIVATE KEY") => private = true,
                _ => {}
            }
        }
        match (keys.len(), private) {
            (0, true) => Err(RecipientError::PrivateKey),
            (0, false) => Err(RecipientError::Nothing),
            (1..=MAX_KEYS, _) => Ok(keys),
            _ => Err(RecipientError::TooLarge),
        }
    }

    fn from_der(der: &[u8], file: Option<&str>) -> Result<Self, RecipientError> {
        let with = |public_key, certificate| Self { public_key, certificate, file: file.map(str::to_owned) };
        if is_certificate(der) {
            let certificate = Certificate::from_der(der).map_err(RecipientError::Unusable)?;
            return Ok(with(certificate.public_key.clone(), Some(certificate)));
        }
        if let Ok(spki) = SubjectPublicKeyInfoRef::from_der(der) {
            return Ok(with(from_spki(&spki).map_err(RecipientError::Unusable)?, None));
        }
        if let Ok(key) = RsaPublicKey::from_pkcs1_der(der) {
            return Ok(with(PublicKey::Rsa(key), None));
        }
        // A bare point tells its curve by its length.
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            if let Ok(key) = EcPublicKey::from_point(curve, der) {
                return Ok(with(PublicKey::Ec(key), None));
            }
        }
        let private = crate::file::looks_private(der);
        Err(if private { RecipientError::PrivateKey } else { RecipientError::Nothing })
    }

    /// The key label for a record.
    pub fn label(&self) -> Label {
        match &self.certificate {
            Some(certificate) => certificate.label(self.file.as_deref()),
            None => Label::public_key(self.file.as_deref(), None),
        }
    }

    /// A name for people.
    pub fn name(&self) -> String {
        self.label().display_name()
    }

    /// The algorithm in the field's terms: `P-384`, `RSA 2048`.
    pub fn algorithm(&self) -> String {
        algorithm(&self.public_key)
    }

    /// What a sender should know, at `now` in unix seconds.
    pub fn warnings(&self, now: i64) -> Vec<Warning> {
        match (&self.certificate, &self.public_key) {
            (Some(certificate), _) => certificate.warnings(now),
            (None, PublicKey::Ec(key)) if key.curve() != Curve::P384 => vec![Warning::RecentReaderNeeded],
            _ => Vec::new(),
        }
    }
}

/// An algorithm in the field's terms.
fn algorithm(key: &PublicKey) -> String {
    match key {
        PublicKey::Ec(key) => match key.curve() {
            Curve::P256 => "P-256".to_owned(),
            Curve::P384 => "P-384".to_owned(),
            Curve::P521 => "P-521".to_owned(),
        },
        PublicKey::Rsa(key) => format!("RSA {}", key.bits()),
    }
}
