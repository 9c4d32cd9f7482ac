//! For whom to encrypt: certificates and public keys from files.

use cdoc2::{Curve, EcPublicKey, Label, PublicKey, PublicKeyError, RsaPublicKey};
use der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::{
    MAX_FILE, MAX_KEYS,
    certificate::{Certificate, Warning, needs_recent_reader},
    file::PrivateForm,
    pem,
    public::{UnusableKey, from_spki},
};

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
    /// An RSA key of fewer than 2048 bits.
    #[error("{}", UnusableKey::Weak(*.0))]
    WeakKey(usize),
    /// A certificate or key that cannot be encrypted for.
    #[error("{0}")]
    Unusable(String),
    /// More than 1 MiB, or more than 16 keys.
    #[error("it is too large for a certificate or public key")]
    TooLarge,
}

impl From<UnusableKey> for RecipientError {
    fn from(error: UnusableKey) -> Self {
        match error {
            UnusableKey::Weak(bits) => Self::WeakKey(bits),
            UnusableKey::Other(words) => Self::Unusable(words),
        }
    }
}

impl RecipientKey {
    /// Reads every certificate and public key of a file, PEM or DER, told apart by content. `file` is its base name, for
    /// the key label.
    ///
    /// Certificates of authorities that issued others in the file are left out: nobody encrypts for these.
    ///
    /// # Errors
    /// [`RecipientError`]; a single unusable key refuses the file.
    pub fn read(bytes: &[u8], file: Option<&str>) -> Result<Vec<Self>, RecipientError> {
        if bytes.len() > MAX_FILE {
            return Err(RecipientError::TooLarge);
        }
        let blocks = pem::blocks(bytes);
        if blocks.is_empty() {
            return Ok(vec![Self::from_der(bytes, file)?]);
        }
        let mut keys = Vec::new();
        for block in &blocks {
            let read = match block.label.as_str() {
                "CERTIFICATE" | "X509 CERTIFICATE" | "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::from_der,
                "TRUSTED CERTIFICATE" => Self::from_trusted_der,
                _ => continue,
            };
            if keys.len() == MAX_KEYS {
                return Err(RecipientError::TooLarge);
            }
            let der = block.der().ok_or_else(|| RecipientError::Unusable("its text does not decode".to_owned()))?;
            keys.push(read(der, file)?);
        }
        if keys.is_empty() {
            let private = blocks.iter().any(pem::Block::is_private);
            return Err(if private { RecipientError::PrivateKey } else { RecipientError::Nothing });
        }
        Ok(without_issuers(keys))
    }

    fn new(public_key: PublicKey, certificate: Option<Certificate>, file: Option<&str>) -> Self {
        Self { public_key, certificate, file: file.map(str::to_owned) }
    }

    fn from_der(der: &[u8], file: Option<&str>) -> Result<Self, RecipientError> {
        if x509_cert::Certificate::from_der(der).is_ok() {
            return Self::from_certificate(Certificate::from_der(der), file);
        }
        if let Ok(spki) = SubjectPublicKeyInfoRef::from_der(der) {
            return Ok(Self::new(from_spki(&spki)?, None, file));
        }
        if PrivateForm::of(der).is_some() {
            return Err(RecipientError::PrivateKey);
        }
        // A bare point tells its curve by its length.
        let curves = [Curve::P256, Curve::P384, Curve::P521];
        if let Some(curve) = curves.into_iter().find(|curve| der.len() == curve.point_length() && der[0] == 0x04) {
            let key = EcPublicKey::from_point(curve, der).map_err(UnusableKey::from)?;
            return Ok(Self::new(PublicKey::Ec(key), None, file));
        }
        match RsaPublicKey::from_pkcs1_der(der) {
            Ok(key) => Ok(Self::new(PublicKey::Rsa(key), None, file)),
            Err(error @ (PublicKeyError::RsaSize(_) | PublicKeyError::RsaNumbers)) => {
                Err(UnusableKey::from(error).into())
            }
            Err(_) => Err(RecipientError::Nothing),
        }
    }

    fn from_trusted_der(der: &[u8], file: Option<&str>) -> Result<Self, RecipientError> {
        Self::from_certificate(Certificate::from_trusted_der(der), file)
    }

    fn from_certificate(
        certificate: Result<Certificate, UnusableKey>,
        file: Option<&str>,
    ) -> Result<Self, RecipientError> {
        let certificate = certificate?;
        Ok(Self::new(certificate.public_key.clone(), Some(certificate), file))
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
        match &self.certificate {
            Some(certificate) => certificate.warnings(now),
            None if needs_recent_reader(&self.public_key) => vec![Warning::RecentReaderNeeded],
            None => Vec::new(),
        }
    }
}

/// All but the authorities that issued another of them.
fn without_issuers(keys: Vec<RecipientKey>) -> Vec<RecipientKey> {
    let certificates = || keys.iter().filter_map(|key| key.certificate.as_ref());
    let is_issuer = |key: &&RecipientKey| {
        key.certificate.as_ref().is_some_and(|certificate| certificates().any(|other| certificate.issued(other)))
    };
    let others: Vec<_> = keys.iter().filter(|key| !is_issuer(key)).cloned().collect();
    if others.is_empty() { keys } else { others }
}

/// An algorithm in the field's terms.
pub(crate) fn algorithm(key: &PublicKey) -> String {
    match key {
        PublicKey::Ec(key) => match key.curve() {
            Curve::P256 => "P-256".to_owned(),
            Curve::P384 => "P-384".to_owned(),
            Curve::P521 => "P-521".to_owned(),
        },
        PublicKey::Rsa(key) => format!("RSA {}", key.bits()),
    }
}
