//! What a certificate says about its holder.

use cdoc2::{Curve, Label, LabelKind, PublicKey};
use der::{
    Decode, Encode,
    asn1::{ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef},
    oid::AssociatedOid,
};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate as X509,
    ext::pkix::{CertificatePolicies, ExtendedKeyUsage, KeyUsage, KeyUsages},
    name::Name,
};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SURNAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.4");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const GIVEN_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.42");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// Policies of certificates whose keys can sign only, at a distance (Mobile-ID).
const MOBILE_ID: [&str; 4] =
    ["1.3.6.1.4.1.10015.1.3", "1.3.6.1.4.1.10015.11.1", "1.3.6.1.4.1.10015.3.3", "1.3.6.1.4.1.10015.3.11"];
/// Policies of Smart-ID, all below these.
const SMART_ID: [&str; 2] = ["1.3.6.1.4.1.10015.3.17", "1.3.6.1.4.1.10015.17"];
/// Policies below this tell the document (certificate profiles of Estonian ID-cards).
const ESTEID_2018: &str = "1.3.6.1.4.1.51361.1.";
const ESTEID_2025: &str = "1.3.6.1.4.1.51455.";

/// A certificate, as far as encrypting for its holder needs it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Subject's common name, or the first name that it has.
    pub common_name: String,
    /// Given names of a person.
    pub given_name: Option<String>,
    /// Surname of a person.
    pub surname: Option<String>,
    /// Subject's serial number as it stands, such as `PNOEE-38001085718`.
    pub serial_number: Option<String>,
    /// Organisation.
    pub organisation: Option<String>,
    /// Common name of the issuer.
    pub issuer: String,
    /// Begin of validity, unix seconds.
    pub not_before: i64,
    /// End of validity, unix seconds.
    pub not_after: i64,
    /// SHA-1 of the DER in hex, as key labels carry it.
    pub sha1: String,
    /// SHA-256 of the DER in hex.
    pub sha256: String,
    /// What document it belongs to.
    pub document: DocumentKind,
    /// The public key.
    pub public_key: PublicKey,
    for_encryption: bool,
    remote: bool,
}

/// What a certificate belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentKind {
    /// Estonian ID-card.
    IdCard,
    /// Digi-ID.
    DigiId,
    /// Digi-ID of an e-resident.
    EResident,
    /// An organisation's certificate.
    Organisation,
    /// Any other.
    Other,
}

/// What a sender should know before encrypting for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Its validity is over.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// Its key usage allows neither key agreement nor encipherment, or it is a server's.
    NotForEncryption,
    /// Mobile-ID or Smart-ID, whose keys cannot decrypt.
    CannotDecrypt,
    /// On P-256 or P-521, which older programs do not read.
    RecentReaderNeeded,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// In words, when it is no certificate or its key is of no use.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, String> {
        let certificate = X509::from_der(der).map_err(|_| "not an X.509 certificate")?;
        let body = certificate.tbs_certificate();
        let public_key = crate::public::from_owned_spki(body.subject_public_key_info())?;
        let subject = body.subject();
        let policies = policies(&certificate);
        let organisation = attribute(subject, ORGANISATION);
        let common_name = attribute(subject, COMMON_NAME).or_else(|| organisation.clone());
        Ok(Self {
            document: document(&policies, subject),
            common_name: common_name.unwrap_or_else(|| subject.to_string()),
            given_name: attribute(subject, GIVEN_NAME),
            surname: attribute(subject, SURNAME),
            serial_number: attribute(subject, SERIAL_NUMBER),
            organisation,
            issuer: attribute(body.issuer(), COMMON_NAME).unwrap_or_else(|| body.issuer().to_string()),
            not_before: seconds(body.validity().not_before.to_unix_duration()),
            not_after: seconds(body.validity().not_after.to_unix_duration()),
            sha1: hex::encode(Sha1::digest(der)),
            sha256: hex::encode(Sha256::digest(der)),
            public_key,
            for_encryption: for_encryption(&certificate),
            remote: policies.iter().any(|policy| is_remote(policy)),
        })
    }

    /// Personal or registry code without its prefix.
    pub fn code(&self) -> Option<&str> {
        let serial = self.serial_number.as_deref()?;
        Some(serial.split_once('-').map_or(serial, |(_, code)| code))
    }

    /// A name for people: `Jaak-Kristjan Jõeorg`, an organisation's name, or the common name.
    pub fn holder(&self) -> String {
        self.label(None).display_name()
    }

    /// What a sender should know, at `now` in unix seconds.
    pub fn warnings(&self, now: i64) -> Vec<Warning> {
        let old_readers =
            matches!(&self.public_key, PublicKey::Ec(key) if matches!(key.curve(), Curve::P256 | Curve::P521));
        [
            (now > self.not_after, Warning::Expired),
            (now < self.not_before, Warning::NotYetValid),
            (self.remote, Warning::CannotDecrypt),
            (!self.for_encryption && !self.remote, Warning::NotForEncryption),
            (old_readers, Warning::RecentReaderNeeded),
        ]
        .into_iter()
        .filter_map(|(applies, warning)| applies.then_some(warning))
        .collect()
    }

    /// The key label for this certificate from the file `file`.
    pub fn label(&self, file: Option<&str>) -> Label {
        let kind = match self.document {
            DocumentKind::IdCard => LabelKind::IdCard,
            DocumentKind::DigiId => LabelKind::DigiId,
            DocumentKind::EResident => LabelKind::DigiIdEResident,
            DocumentKind::Organisation | DocumentKind::Other => {
                return Label::certificate(file, &self.common_name, &self.sha1);
            }
        };
        let serial = self.serial_number.as_deref().unwrap_or_default();
        Label::eid(kind, &self.common_name, serial, self.surname.as_deref(), self.given_name.as_deref())
    }
}

fn seconds(since_1970: std::time::Duration) -> i64 {
    i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
}

/// The first value of an attribute of a distinguished name.
fn attribute(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    let mut attributes = name.iter_rdn().flat_map(|rdn| rdn.iter());
    let value = &attributes.find(|attribute| attribute.oid == oid)?.value;
    let text = value
        .decode_as::<Utf8StringRef<'_>>()
        .map(|text| text.as_str().to_owned())
        .or_else(|_| value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()))
        .or_else(|_| value.decode_as::<TeletexStringRef<'_>>().map(|text| text.as_str().to_owned()))
        .ok()?;
    Some(text).filter(|text| !text.trim().is_empty())
}

fn extension<T>(certificate: &X509) -> Option<T>
where
    for<'a> T: Decode<'a, Error = der::Error> + AssociatedOid,
{
    certificate.tbs_certificate().get_extension::<T>().ok().flatten().map(|(_, value)| value)
}

fn policies(certificate: &X509) -> Vec<String> {
    let policies = extension::<CertificatePolicies>(certificate).map(|policies| policies.0).unwrap_or_default();
    policies.into_iter().map(|policy| policy.policy_identifier.to_string()).collect()
}

/// Which document the policies tell: certificates of Estonian ID-cards differ by policy alone.
fn document(policies: &[String], subject: &Name) -> DocumentKind {
    for policy in policies {
        if let Some(rest) = policy.strip_prefix(ESTEID_2018) {
            return match rest {
                "1.3" | "2.3" => DocumentKind::DigiId,
                "1.4" | "2.4" => DocumentKind::EResident,
                _ => DocumentKind::IdCard,
            };
        }
        if policy.starts_with(ESTEID_2025) {
            return DocumentKind::IdCard;
        }
    }
    let person = attribute(subject, SURNAME).is_some() || attribute(subject, GIVEN_NAME).is_some();
    if !person && attribute(subject, ORGANISATION).is_some() { DocumentKind::Organisation } else { DocumentKind::Other }
}

fn is_remote(policy: &str) -> bool {
    MOBILE_ID.contains(&policy)
        || SMART_ID
            .iter()
            .any(|root| policy.strip_prefix(root).is_some_and(|rest| rest.starts_with('.') || rest.is_empty()))
}

/// Key usage allows agreement or encipherment (a certificate without the extension allows all), and it is no server's.
fn for_encryption(certificate: &X509) -> bool {
    let usage = extension::<KeyUsage>(certificate)
        .is_none_or(|usage| usage.0.contains(KeyUsages::KeyAgreement) || usage.0.contains(KeyUsages::KeyEncipherment));
    let server = extension::<ExtendedKeyUsage>(certificate).is_some_and(|usage| usage.0.contains(&SERVER_AUTH));
    usage && !server
}

/// Only re-encodes: proves that the DER is one certificate and nothing more.
pub(crate) fn is_certificate(der: &[u8]) -> bool {
    X509::from_der(der).is_ok_and(|certificate| certificate.to_der().is_ok())
}
