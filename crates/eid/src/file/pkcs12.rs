//! PKCS#12 (RFC 7292): private keys and certificates under one password, from browsers, Windows, Java and OpenSSL.

use der::{
    Decode, SliceReader, TagNumber, Tagged,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use zeroize::Zeroizing;

use super::{
    Contents, KeyFileError, Result, ber,
    encryption::{Algorithm, MacData, Unlocker},
    key, malformed,
};
use crate::{
    asn1::{elements, fields, sequence},
    certificate::Certificate,
};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");

/// How deep bags may stand in bags.
const MAX_DEPTH: usize = 4;

/// Reads a `PFX`.
pub(super) fn read(bytes: &[u8], unlocker: &mut Unlocker<'_>) -> Result<Contents> {
    let der = to_der(bytes)?;
    let (safe, mac) = sequence(&der, |reader| {
        u8::decode(reader)?;
        Ok((content_info(AnyRef::decode(reader)?)?, Option::<AnyRef<'_>>::decode(reader)?))
    })
    .map_err(malformed)?;
    let (DATA, Some(safe)) = safe else {
        return Err(KeyFileError::UnsupportedCipher("PKCS#12 that is signed".to_owned()));
    };
    let safe = octets(safe).map_err(malformed)?;
    if let Some(mac) = mac {
        unlocker.verify(&mac_data(mac).map_err(malformed)?, safe)?;
    }
    let mut contents = Contents::default();
    let safe = to_der(safe)?;
    for part in elements(&safe).map_err(malformed)? {
        match content_info(part).map_err(malformed)? {
            (DATA, Some(data)) => read_bags(octets(data).map_err(malformed)?, unlocker, &mut contents, MAX_DEPTH)?,
            (ENCRYPTED_DATA, Some(data)) => {
                let plaintext = decrypt(data, unlocker)?;
                read_bags(&plaintext, unlocker, &mut contents, MAX_DEPTH).map_err(|error| unlocker.nonsense(error))?;
            }
            (other, _) => return Err(KeyFileError::UnsupportedCipher(other.to_string())),
        }
    }
    match (contents.keys.is_empty(), contents.certificates.is_empty()) {
        (true, true) => Err(KeyFileError::NotAKey),
        (true, false) => Err(KeyFileError::IsPublic),
        (false, _) => Ok(contents),
    }
}

/// `SafeContents`.
fn read_bags(bytes: &[u8], unlocker: &mut Unlocker<'_>, contents: &mut Contents, depth: usize) -> Result<()> {
    let der = to_der(bytes)?;
    for bag in elements(&der).map_err(malformed)? {
        match content_info(bag).map_err(malformed)? {
            (KEY_BAG, Some(key)) => contents.add_key(key::from_pkcs8(key))?,
            (SHROUDED_KEY_BAG, Some(key)) => contents.add_key(key::from_encrypted_pkcs8(key, unlocker))?,
            (CERTIFICATE_BAG, Some(bag)) => contents.certificates.extend(certificate(bag)),
            (SAFE_CONTENTS_BAG, Some(bags)) => {
                let depth = depth.checked_sub(1).ok_or_else(|| malformed("too many bags in bags"))?;
                read_bags(bags, unlocker, contents, depth)?;
            }
            // CRLs, secrets, and what may come.
            _ => {}
        }
    }
    Ok(())
}

/// The usable certificate of a `CertBag`.
fn certificate(bag: &[u8]) -> Option<Certificate> {
    let fields = |reader: &mut _| Ok((ObjectIdentifier::decode(reader)?, explicit(reader)?));
    match sequence(bag, fields).ok()? {
        (X509_CERTIFICATE, Some(certificate)) => Certificate::from_der(octets(certificate).ok()?).ok(),
        _ => None,
    }
}

/// The plaintext of an `EncryptedData`.
fn decrypt(data: &[u8], unlocker: &mut Unlocker<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let (algorithm, ciphertext) = sequence(data, |reader| {
        u8::decode(reader)?;
        fields(AnyRef::decode(reader)?, |reader| {
            AnyRef::decode(reader)?;
            Ok((Algorithm::decode(reader)?, AnyRef::decode(reader)?))
        })
    })
    .map_err(malformed)?;
    if ciphertext.tag().is_constructed() {
        let whole = ber::joined(ciphertext.value()).ok_or_else(|| malformed("broken pieces of encrypted data"))?;
        return unlocker.decrypt(&algorithm, &whole);
    }
    unlocker.decrypt(&algorithm, ciphertext.value())
}

fn mac_data(element: AnyRef<'_>) -> der::Result<MacData<'_>> {
    fields(element, |reader| {
        let (algorithm, value) = fields(AnyRef::decode(reader)?, |reader| {
            Ok((Algorithm::decode(reader)?, <&OctetStringRef>::decode(reader)?.as_bytes()))
        })?;
        let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
        Ok(MacData { digest: algorithm.oid, value, salt, iterations: Option::decode(reader)? })
    })
}

/// `SEQUENCE { OBJECT IDENTIFIER, [0] EXPLICIT any, .. }`, of contents and of bags: what it is, and its DER.
fn content_info(element: AnyRef<'_>) -> der::Result<(ObjectIdentifier, Option<&[u8]>)> {
    fields(element, |reader| Ok((ObjectIdentifier::decode(reader)?, explicit(reader)?)))
}

/// The DER inside `[0] EXPLICIT`.
fn explicit<'a>(reader: &mut SliceReader<'a>) -> der::Result<Option<&'a [u8]>> {
    let element = Option::<AnyRef<'_>>::decode(reader)?;
    Ok(element.filter(|element| element.tag() == TagNumber(0).context_specific(true)).map(|element| element.value()))
}

fn octets(der: &[u8]) -> der::Result<&[u8]> {
    Ok(<&OctetStringRef>::from_der(der)?.as_bytes())
}

fn to_der(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    ber::to_der(bytes).ok_or_else(|| malformed("it is cut off, or not PKCS#12"))
}
