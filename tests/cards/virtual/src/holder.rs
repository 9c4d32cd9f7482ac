//! A person with the keys and certificates of an ID-card, made on the spot.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    agreement::{self, ECDH_P384, UnparsedPublicKey},
    digest::{Digest, SHA384},
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair},
};
use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384,
};

/// The document of an ID-card in the profile of 2018: 1.3.6.1.4.1.51361.1.1.1, as `certificatePolicies`.
const ID_CARD_POLICY: [u8; 17] =
    [0x30, 0x0f, 0x30, 0x0d, 0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x91, 0x21, 0x01, 0x01, 0x01];

const DOCUMENT: &str = "AS0000001";
const DAY: u64 = 24 * 60 * 60;
/// Validity of a certificate that is kept.
const KEPT: Duration = Duration::from_secs(300 * DAY);

/// Whoever holds a card.
#[derive(Clone, Debug)]
pub struct Holder {
    key: Vec<u8>,
    certificate: Vec<u8>,
    pem: String,
    /// Surname, given names, personal code, document number, as the card shows them.
    pub(crate) personal: [String; 4],
}

impl Holder {
    /// A person whose certificate is valid for a month.
    pub fn new(surname: &str, given_names: &str, code: &str) -> Self {
        Self::valid_until(surname, given_names, code, SystemTime::now() + Duration::from_secs(30 * DAY))
    }

    /// The same with a certificate that ends then, after a year.
    pub fn valid_until(surname: &str, given_names: &str, code: &str, end: SystemTime) -> Self {
        Self::valid_between(surname, given_names, code, [end - Duration::from_secs(365 * DAY), end])
    }

    /// The same with a certificate that begins and ends then.
    pub fn valid_between(surname: &str, given_names: &str, code: &str, [begin, end]: [SystemTime; 2]) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in [
            (DnType::CountryName, "EE"),
            (DnType::CommonName, &format!("{surname},{given_names},{code}")),
            (DnType::CustomDnType(vec![2, 5, 4, 4]), surname),
            (DnType::CustomDnType(vec![2, 5, 4, 42]), given_names),
            (DnType::CustomDnType(vec![2, 5, 4, 5]), &format!("PNOEE-{code}")),
        ] {
            params.distinguished_name.push(kind, value);
        }
        params.not_before = begin.into();
        params.not_after = end.into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 32], ID_CARD_POLICY.to_vec())];
        let certificate = params.self_signed(&key).expect("a certificate");
        let personal = [surname, given_names, code, DOCUMENT].map(str::to_owned);
        Self { key: key.serialize_der(), certificate: certificate.der().to_vec(), pem: certificate.pem(), personal }
    }

    /// The same person each time, kept in a folder for as long as the certificate is valid: `card.pem` is it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn kept_in(folder: &Path, surname: &str, given_names: &str, code: &str) -> io::Result<Self> {
        let [key_file, der_file, pem_file] = ["card-key.der", "card.der", "card.pem"].map(|name| folder.join(name));
        let age =
            fs::metadata(&pem_file).and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age < KEPT - Duration::from_secs(30 * DAY))
            && let (Ok(key), Ok(certificate), Ok(pem)) =
                (fs::read(&key_file), fs::read(&der_file), fs::read_to_string(&pem_file))
        {
            let personal = [surname, given_names, code, DOCUMENT].map(str::to_owned);
            return Ok(Self { key, certificate, pem, personal });
        }
        let holder = Self::valid_until(surname, given_names, code, SystemTime::now() + KEPT);
        fs::write(key_file, &holder.key)?;
        fs::write(der_file, &holder.certificate)?;
        fs::write(pem_file, &holder.pem)?;
        Ok(holder)
    }

    /// The certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key, PKCS#8 in DER, which the card keeps: for tests that have to know what it computes.
    pub fn private_key(&self) -> &[u8] {
        &self.key
    }

    /// ECDH with an uncompressed point: the x coordinate. `None` when it is no point of the curve.
    pub(crate) fn agree(&self, point: &[u8]) -> Option<Vec<u8>> {
        let key = agreement::PrivateKey::from_private_key_der(&ECDH_P384, &self.key).expect("made above");
        let peer = UnparsedPublicKey::new(&ECDH_P384, point);
        agreement::agree(&key, peer, (), |secret| Ok(secret.to_vec())).ok()
    }

    /// ECDSA over 48 bytes: `r | s`. `None` for another length.
    pub(crate) fn sign(&self, hash: &[u8]) -> Option<Vec<u8>> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &self.key).expect("made above");
        let digest = Digest::import_less_safe(hash, &SHA384).ok()?;
        Some(key.sign_digest(&digest).ok()?.as_ref().to_vec())
    }
}
