//! What a certificate says about its holder.

use cdoc2::{Curve, Label, LabelKind, PublicKey};
use der::{
    Decode, Encode, Reader, SliceReader, Tag, Tagged,
    asn1::{Any, AnyRef, ObjectIdentifier},
    oid::AssociatedOid,
};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate as X509,
    ext::pkix::{BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage as KeyUsageBits, KeyUsages},
    name::Name,
};

use crate::{
    asn1::{dotted, elements, fields},
    public::{UnusableKey, from_owned_spki},
};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SURNAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.4");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const GIVEN_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.42");
/// Longest attribute of a name that is taken, in bytes; X.520 allows 64 characters in most.
const MAX_ATTRIBUTE: usize = 1024;

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

/// Policies of certificates whose keys only sign, at a distance: Mobile-ID, then Smart-ID.
const REMOTE: [&str; 6] = [
    "1.3.6.1.4.1.10015.1.3",
    "1.3.6.1.4.1.10015.11.1",
    "1.3.6.1.4.1.10015.3.3",
    "1.3.6.1.4.1.10015.3.11",
    "1.3.6.1.4.1.10015.17",
    "1.3.6.1.4.1.10015.3.17",
];
/// Policies of organisations' e-seals.
const SEAL: [&str; 3] = ["1.3.6.1.4.1.10015.2.1", "1.3.6.1.4.1.10015.7.1", "1.3.6.1.4.1.10015.7.3"];
/// Documents of the Police and Border Guard, ESTEID2018 in production and in test: the next number is the document.
const POLICE_2018: [&str; 2] = ["1.3.6.1.4.1.51361.1.1", "1.3.6.1.4.1.51361.1.2"];
/// The same of ESTEID2025, which counts documents otherwise.
const POLICE_2025: &str = "1.3.6.1.4.1.51361.2.1";
/// Documents of the Ministry of Foreign Affairs: diplomatic identity cards.
const FOREIGN_AFFAIRS: &str = "1.3.6.1.4.1.51455";
/// Stands before the policies of test cards from 2025 on.
const TEST_PREFIX: &str = "2.999.";

/// A certificate, as far as encrypting for its holder needs it.
///
/// The texts are the issuer's, as they stand: [`Certificate::holder`] gives one that is safe to show.
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
    /// What its key may be used for.
    pub key_usage: KeyUsage,
    /// Object identifiers of its extended key usages.
    pub extended_key_usage: Vec<String>,
    /// Object identifiers of its policies.
    pub policies: Vec<String>,
    /// The public key.
    pub public_key: PublicKey,
    /// The certificate in DER.
    pub der: Vec<u8>,
    /// Names in DER, as they are compared.
    subject_name: Vec<u8>,
    issuer_name: Vec<u8>,
    is_authority: bool,
}

/// What the key usage extension allows (RFC 5280, 4.2.1.3); a certificate without the extension allows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// Authentication.
    pub digital_signature: bool,
    /// Signatures that bind the holder.
    pub non_repudiation: bool,
    /// RSA encryption of keys.
    pub key_encipherment: bool,
    /// ECDH.
    pub key_agreement: bool,
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
    /// An organisation's certificate, such as an e-seal.
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
    /// [`UnusableKey`], when it is no certificate or its key is of no use.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, UnusableKey> {
        let certificate = X509::from_der(der).map_err(|_| "not an X.509 certificate")?;
        let body = certificate.tbs_certificate();
        let public_key = from_owned_spki(body.subject_public_key_info())?;
        let subject = body.subject();
        let policies = policies(&certificate);
        let organisation = attribute(subject, ORGANISATION);
        let common_name = attribute(subject, COMMON_NAME).or_else(|| organisation.clone());
        let der_of = |name: &Name| name.to_der().map_err(|_| "a name in it is broken");
        Ok(Self {
            document: document(&policies, subject),
            common_name: common_name.unwrap_or_else(|| text_of(subject)),
            given_name: attribute(subject, GIVEN_NAME),
            surname: attribute(subject, SURNAME),
            serial_number: attribute(subject, SERIAL_NUMBER),
            organisation,
            issuer: attribute(body.issuer(), COMMON_NAME).unwrap_or_else(|| text_of(body.issuer())),
            not_before: seconds(body.validity().not_before.to_unix_duration()),
            not_after: seconds(body.validity().not_after.to_unix_duration()),
            sha1: hex::encode(Sha1::digest(der)),
            sha256: hex::encode(Sha256::digest(der)),
            key_usage: key_usage(&certificate),
            extended_key_usage: extended_key_usage(&certificate),
            policies,
            public_key,
            der: der.to_vec(),
            subject_name: der_of(subject)?,
            issuer_name: der_of(body.issuer())?,
            is_authority: extension::<BasicConstraints>(&certificate)
                .is_ok_and(|basic| basic.is_some_and(|basic| basic.ca)),
        })
    }

    /// Reads the certificate that `TRUSTED CERTIFICATE` begins with: OpenSSL's own remarks follow it.
    pub(crate) fn from_trusted_der(der: &[u8]) -> Result<Self, UnusableKey> {
        let first = SliceReader::new(der).and_then(|mut reader| reader.tlv_bytes());
        Self::from_der(first.map_err(|_| "not an X.509 certificate")?)
    }

    /// Whether it is the authority that issued `other`, by name. What is signed by itself has no other issuer.
    pub(crate) fn issued(&self, other: &Self) -> bool {
        self.is_authority && self.subject_name == other.issuer_name && other.subject_name != other.issuer_name
    }

    /// Personal or registry code without the prefix of ETSI EN 319 412-1, such as `PNOEE-`.
    pub fn code(&self) -> Option<&str> {
        let serial = self.serial_number.as_deref()?;
        Some(serial.split_once('-').filter(|(prefix, _)| prefix.len() == 5).map_or(serial, |(_, code)| code))
    }

    /// A name for people: `Jaak-Kristjan Jõeorg`, an organisation's name, or the common name.
    pub fn holder(&self) -> String {
        self.label(None).display_name()
    }

    /// What a sender should know, at `now` in unix seconds.
    pub fn warnings(&self, now: i64) -> Vec<Warning> {
        let remote = self.policies.iter().any(|policy| REMOTE.iter().any(|root| below(policy, root).is_some()));
        [
            (now > self.not_after, Warning::Expired),
            (now < self.not_before, Warning::NotYetValid),
            (remote, Warning::CannotDecrypt),
            (!remote && !self.is_for_encryption(), Warning::NotForEncryption),
            (needs_recent_reader(&self.public_key), Warning::RecentReaderNeeded),
        ]
        .into_iter()
        .filter_map(|(applies, warning)| applies.then_some(warning))
        .collect()
    }

    /// Key usage allows agreement or encipherment, and it is no server's.
    fn is_for_encryption(&self) -> bool {
        let server = self.extended_key_usage.iter().any(|usage| usage == SERVER_AUTH);
        (self.key_usage.key_agreement || self.key_usage.key_encipherment) && !server
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

/// Older programs know only P-384 and RSA.
pub(crate) fn needs_recent_reader(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Ec(key) if key.curve() != Curve::P384)
}

/// A whole name, for want of a better one: `EMAIL=mari@example.ee,OU=Sales`.
fn text_of(name: &Name) -> String {
    let attributes = name.iter_rdn().flat_map(|rdn| rdn.iter()).map(|attribute| {
        let written = attribute.to_string();
        // The form for programs escapes what people read as it stands.
        match (written.split_once('='), text(&attribute.value)) {
            (Some((kind, _)), Some(text)) => format!("{kind}={}", text.trim()),
            _ => written,
        }
    });
    // The last comes first, by RFC 4514.
    let mut attributes: Vec<_> = attributes.collect();
    attributes.reverse();
    attributes.join(",").chars().take(MAX_ATTRIBUTE).collect()
}

/// The first value of an attribute of a distinguished name.
fn attribute(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    text(&name.iter_rdn().flat_map(|rdn| rdn.iter()).find(|attribute| attribute.oid == oid)?.value)
}

/// A value of a distinguished name that is text, and not blank.
fn text(value: &Any) -> Option<String> {
    let bytes = value.value();
    let text = match value.tag() {
        _ if bytes.len() > MAX_ATTRIBUTE => return None,
        Tag::BmpString => {
            let units: Vec<_> =
                bytes.chunks(2).map(|unit| unit.iter().fold(0, |sum, b| sum << 8 | u16::from(*b))).collect();
            String::from_utf16(&units).ok()?
        }
        // Latin-1, by the habit of all who write it.
        Tag::TeletexString => bytes.iter().copied().map(char::from).collect(),
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            String::from_utf8(bytes.to_vec()).ok()?
        }
        _ => return None,
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

/// An extension, when the certificate has it; an error when it is broken or there twice.
fn extension<T>(certificate: &X509) -> Result<Option<T>, der::Error>
where
    for<'a> T: Decode<'a, Error = der::Error> + AssociatedOid,
{
    let extension = certificate.tbs_certificate().get_extension::<T>();
    extension.map(|extension| extension.map(|(_, value)| value))
}

/// The elements of an extension that is a `SEQUENCE OF`; none when it is broken.
fn parts(certificate: &X509, extension: ObjectIdentifier) -> Vec<AnyRef<'_>> {
    let mut extensions = certificate.tbs_certificate().extensions().into_iter().flatten();
    let found = extensions.find(|candidate| candidate.extn_id == extension);
    found.and_then(|found| elements(found.extn_value.as_bytes()).ok()).unwrap_or_default()
}

fn policies(certificate: &X509) -> Vec<String> {
    let policies = parts(certificate, CertificatePolicies::OID).into_iter();
    policies.filter_map(|policy| dotted(fields(policy, AnyRef::decode).ok()?)).collect()
}

fn extended_key_usage(certificate: &X509) -> Vec<String> {
    parts(certificate, ExtendedKeyUsage::OID).into_iter().filter_map(dotted).collect()
}

fn key_usage(certificate: &X509) -> KeyUsage {
    let usage = extension::<KeyUsageBits>(certificate);
    let allows = |bit| match &usage {
        Ok(Some(usage)) => usage.0.contains(bit),
        Ok(None) => true,
        Err(_) => false,
    };
    KeyUsage {
        digital_signature: allows(KeyUsages::DigitalSignature),
        non_repudiation: allows(KeyUsages::NonRepudiation),
        key_encipherment: allows(KeyUsages::KeyEncipherment),
        key_agreement: allows(KeyUsages::KeyAgreement),
    }
}

/// What of `policy` stands below `root`; empty when they are equal.
fn below<'a>(policy: &'a str, root: &str) -> Option<&'a str> {
    let rest = policy.strip_prefix(root)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// The first of the numbers of `policy` below `root`.
fn number_below<'a>(policy: &'a str, root: &str) -> Option<&'a str> {
    below(policy, root).and_then(|rest| rest.split('.').next())
}

/// Certificates of Estonian documents differ by policy alone (certificate profiles ESTEID2018 and ESTEID2025).
fn document(policies: &[String], subject: &Name) -> DocumentKind {
    for policy in policies {
        let policy = policy.strip_prefix(TEST_PREFIX).unwrap_or(policy);
        match POLICE_2018.iter().find_map(|root| number_below(policy, root)) {
            Some("3") => return DocumentKind::DigiId,
            Some("4") => return DocumentKind::EResident,
            Some(_) => return DocumentKind::IdCard,
            None => {}
        }
        match number_below(policy, POLICE_2025) {
            Some("6") => return DocumentKind::EResident,
            Some(_) => return DocumentKind::IdCard,
            None => {}
        }
        if below(policy, FOREIGN_AFFAIRS).is_some() {
            return DocumentKind::IdCard;
        }
        if SEAL.iter().any(|root| below(policy, root).is_some()) {
            return DocumentKind::Organisation;
        }
    }
    let person = attribute(subject, SURNAME).is_some() || attribute(subject, GIVEN_NAME).is_some();
    if !person && attribute(subject, ORGANISATION).is_some() { DocumentKind::Organisation } else { DocumentKind::Other }
}
