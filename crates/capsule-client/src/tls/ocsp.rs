//! OCSP answers that servers staple to their handshakes (RFC 6960, RFC 8446 4.4.2.1).
//!
//! An answer must be about the certificate that was shown, fresh, and *good*. Who may sign it is the authority that issued the
//! certificate, or whom that authority named for it. A server is known by its own certificate, so its authority is known only when the
//! server shows its certificate along with its own, or it is one of the pins; and it is believed only when its key signed both the
//! certificate that was shown and the pinned one. Then the answer's signature is verified. Otherwise an answer can only tell what
//! speaks against the server: a *revoked* counts, and a *good* does not satisfy a policy that requires an answer.

use std::time::{Duration, SystemTime};

use der::{
    DateTime, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged,
    asn1::{AnyRef, GeneralizedTime, ObjectIdentifier, OctetStringRef},
};
use rustls::crypto::WebPkiSupportedAlgorithms;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_cert::{Certificate, ext::pkix::ExtendedKeyUsage};

use super::signed::{Signed, sequence};

/// By how much clocks may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// How long an answer counts that does not say so itself.
const UNTOLD_VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);
/// Most responders' certificates that are looked at.
const MAX_RESPONDERS: usize = 8;

const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// What is wrong with the OCSP answer of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspProblem {
    /// An answer is required, and there is none.
    #[error("it gives no OCSP answer, which is required")]
    Missing,
    /// No OCSP answer, or one that says that the responder failed.
    #[error("its OCSP answer cannot be read")]
    Unreadable,
    /// About another certificate.
    #[error("its OCSP answer is about another certificate")]
    OtherCertificate,
    /// Too old, or not valid yet.
    #[error("its OCSP answer is out of date")]
    Stale,
    /// The responder does not know the certificate.
    #[error("the OCSP responder does not know its certificate")]
    Unknown,
    /// Signed by somebody else than the certificate's authority.
    #[error("its OCSP answer is signed by somebody else")]
    Signature,
    /// An answer is required, and the certificate's authority, whose signature would prove it, is not known.
    #[error("its OCSP answer cannot be verified, because its authority is not known")]
    Unverifiable,
}

/// What an answer says about a certificate, and whether that was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) revoked: bool,
    pub(super) verified: bool,
}

/// What an answer is held against.
pub(super) struct Subject<'a> {
    /// The certificate that was shown, DER.
    pub(super) shown: &'a [u8],
    /// The certificate of the list by which it was recognised, DER.
    pub(super) pinned: &'a [u8],
    /// Certificates among which its authority may be, DER.
    pub(super) others: Vec<&'a [u8]>,
    pub(super) now: SystemTime,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// What `answer` says about the certificate.
pub(super) fn check(answer: &[u8], subject: &Subject<'_>) -> Result<Verdict, OcspProblem> {
    let basic = basic_response(answer).ok().flatten().ok_or(OcspProblem::Unreadable)?;
    let signed = Signed::from_der(basic).map_err(|_| OcspProblem::Unreadable)?;
    let certificate = Certificate::from_der(subject.shown).map_err(|_| OcspProblem::Unreadable)?;
    let issuer = subject.issuer(&certificate);
    if issuer.as_ref().is_some_and(|issuer| !is_signed_for(&signed, issuer, subject)) {
        return Err(OcspProblem::Signature);
    }
    let responses = single_responses(signed.content).map_err(|_| OcspProblem::Unreadable)?;
    let own = |response: &&Single<'_>| response.is_about(&certificate, issuer.as_ref());
    let response = responses.iter().find(own).ok_or(OcspProblem::OtherCertificate)?;
    if !response.is_fresh(subject.now) {
        return Err(OcspProblem::Stale);
    }
    match response.status {
        Status::Unknown => Err(OcspProblem::Unknown),
        status => Ok(Verdict { revoked: status == Status::Revoked, verified: issuer.is_some() }),
    }
}

impl Subject<'_> {
    /// The authority that issued what was shown, when it is known; see the head of this file.
    fn issuer(&self, certificate: &Certificate) -> Option<Certificate> {
        let shown = Signed::from_der(self.shown).ok()?;
        let pinned = Signed::from_der(self.pinned).ok()?;
        let candidates = self.others.iter().copied().chain([self.shown]);
        candidates.filter_map(|der| Certificate::from_der(der).ok()).find(|candidate| {
            let contents = candidate.tbs_certificate();
            let key = contents.subject_public_key_info().to_der().unwrap_or_default();
            contents.subject() == certificate.tbs_certificate().issuer()
                && shown.is_signed_by(&key, &self.algorithms)
                && pinned.is_signed_by(&key, &self.algorithms)
        })
    }
}

/// Whether the issuer signed the answer, or somebody whom it named for that (RFC 6960, 4.2.2.2).
fn is_signed_for(answer: &Signed<'_>, issuer: &Certificate, subject: &Subject<'_>) -> bool {
    let key = |certificate: &Certificate| {
        certificate.tbs_certificate().subject_public_key_info().to_der().unwrap_or_default()
    };
    let issuer_key = key(issuer);
    if answer.is_signed_by(&issuer_key, &subject.algorithms) {
        return true;
    }
    let Ok(responders) = responders(answer.rest.clone()) else { return false };
    responders.into_iter().take(MAX_RESPONDERS).any(|der| {
        let (Ok(certificate), Ok(signed)) = (Certificate::from_der(der), Signed::from_der(der)) else { return false };
        let contents = certificate.tbs_certificate();
        let validity = contents.validity();
        let usages = contents.get_extension::<ExtendedKeyUsage>().ok().flatten();
        contents.issuer() == issuer.tbs_certificate().subject()
            && usages.is_some_and(|(_, usages)| usages.0.contains(&OCSP_SIGNING))
            && validity.not_before.to_system_time() <= subject.now
            && subject.now <= validity.not_after.to_system_time()
            && signed.is_signed_by(&issuer_key, &subject.algorithms)
            && answer.is_signed_by(&key(&certificate), &subject.algorithms)
    })
}

/// `OCSPResponse`: the basic response in it, when it was successful.
fn basic_response(der: &[u8]) -> der::Result<Option<&[u8]>> {
    let mut reader = SliceReader::new(sequence(AnyRef::from_der(der)?)?)?;
    let status = AnyRef::decode(&mut reader)?;
    status.tag().assert_eq(Tag::Enumerated)?;
    if status.value() != [0] || reader.is_finished() {
        return Ok(None);
    }
    let bytes = explicit(AnyRef::decode(&mut reader)?, 0)?;
    let mut bytes = SliceReader::new(sequence(AnyRef::from_der(bytes)?)?)?;
    let kind = ObjectIdentifier::decode(&mut bytes)?;
    let response = <&OctetStringRef>::decode(&mut bytes)?;
    Ok((kind == BASIC).then_some(response.as_bytes()))
}

/// Certificates behind the signature of a basic response.
fn responders(mut rest: SliceReader<'_>) -> der::Result<Vec<&[u8]>> {
    if rest.is_finished() {
        return Ok(Vec::new());
    }
    elements(sequence(AnyRef::from_der(explicit(AnyRef::decode(&mut rest)?, 0)?)?)?)
}

/// The elements of a `SEQUENCE OF`, each in DER.
fn elements(contents: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut reader = SliceReader::new(contents)?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(reader.tlv_bytes()?);
    }
    Ok(elements)
}

/// What stands in `[number] EXPLICIT`.
fn explicit(element: AnyRef<'_>, number: u32) -> der::Result<&[u8]> {
    element.tag().assert_eq(TagNumber(number).context_specific(true))?;
    Ok(element.value())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Good,
    Revoked,
    Unknown,
}

/// `SingleResponse`.
struct Single<'a> {
    hash: ObjectIdentifier,
    issuer_name_hash: &'a [u8],
    issuer_key_hash: &'a [u8],
    serial: &'a [u8],
    status: Status,
    this_update: SystemTime,
    next_update: Option<SystemTime>,
}

/// `ResponseData`: its single responses.
fn single_responses(der: &[u8]) -> der::Result<Vec<Single<'_>>> {
    let mut reader = SliceReader::new(sequence(AnyRef::from_der(der)?)?)?;
    let mut element = AnyRef::decode(&mut reader)?;
    if element.tag() == TagNumber(0).context_specific(true) {
        // The version; what follows names the responder.
        element = AnyRef::decode(&mut reader)?;
    }
    let named = [TagNumber(1), TagNumber(2)].map(|number| number.context_specific(true));
    if !named.contains(&element.tag()) {
        return Err(Tag::Sequence.value_error().into());
    }
    GeneralizedTime::decode(&mut reader)?;
    elements(sequence(AnyRef::decode(&mut reader)?)?)?.into_iter().map(Single::from_der).collect()
}

impl<'a> Single<'a> {
    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(sequence(AnyRef::from_der(der)?)?)?;
        let mut id = SliceReader::new(sequence(AnyRef::decode(&mut reader)?)?)?;
        let mut algorithm = SliceReader::new(sequence(AnyRef::decode(&mut id)?)?)?;
        let hash = ObjectIdentifier::decode(&mut algorithm)?;
        let issuer_name_hash = <&OctetStringRef>::decode(&mut id)?.as_bytes();
        let issuer_key_hash = <&OctetStringRef>::decode(&mut id)?.as_bytes();
        let serial = AnyRef::decode(&mut id)?;
        serial.tag().assert_eq(Tag::Integer)?;
        let status = AnyRef::decode(&mut reader)?.tag();
        let status = match status {
            tag if tag == TagNumber(0).context_specific(false) => Status::Good,
            tag if tag == TagNumber(1).context_specific(true) => Status::Revoked,
            _ => Status::Unknown,
        };
        let this_update = time(GeneralizedTime::decode(&mut reader)?.to_date_time());
        let next = |reader: &mut SliceReader<'a>| -> der::Result<Option<SystemTime>> {
            if reader.is_finished() || Tag::peek(reader)? != TagNumber(0).context_specific(true) {
                return Ok(None);
            }
            let next = explicit(AnyRef::decode(reader)?, 0)?;
            Ok(Some(time(GeneralizedTime::from_der(next)?.to_date_time())))
        };
        let next_update = next(&mut reader)?;
        let serial = serial.value();
        Ok(Self { hash, issuer_name_hash, issuer_key_hash, serial, status, this_update, next_update })
    }

    fn is_about(&self, certificate: &Certificate, issuer: Option<&Certificate>) -> bool {
        let hashed = |bytes: &[u8]| match self.hash {
            SHA_1 => Some(Sha1::digest(bytes).to_vec()),
            SHA_256 => Some(Sha256::digest(bytes).to_vec()),
            _ => None,
        };
        let contents = certificate.tbs_certificate();
        let name = contents.issuer().to_der().unwrap_or_default();
        let key_fits = issuer.is_none_or(|issuer| {
            let key = issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
            hashed(key).as_deref() == Some(self.issuer_key_hash)
        });
        self.serial == contents.serial_number().as_bytes()
            && hashed(&name).as_deref() == Some(self.issuer_name_hash)
            && key_fits
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        let until = self.next_update.unwrap_or(self.this_update + UNTOLD_VALIDITY);
        self.this_update <= now + SKEW && now <= until + SKEW
    }
}

fn time(time: DateTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + time.unix_duration()
}
