//! OCSP's messages (RFC 6960): one question, and an answer that is believed only when everything about it is right.

use std::time::Duration;

use der::{
    Any, Decode, Encode, Enumerated, Sequence, Tag, Tagged,
    asn1::{BitString, GeneralizedTime, ObjectIdentifier, OctetString},
};
use rustls::{crypto::aws_lc_rs, pki_types::SignatureVerificationAlgorithm};
use sha1::{Digest, Sha1};
use x509_cert::{
    Certificate,
    ext::{Extension, Extensions, pkix::ExtendedKeyUsage},
    serial_number::SerialNumber,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// How far clocks may differ.
const SKEW: Duration = Duration::from_secs(300);
/// How old an answer may be that carries neither our nonce nor an end of its own.
const FRESH: Duration = Duration::from_secs(300);

/// What a responder says about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    /// Or one that the responder does not know, though it should.
    Revoked,
}

/// Names a certificate for a responder.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct CertId {
    hash: AlgorithmIdentifierOwned,
    issuer_name: OctetString,
    issuer_key: OctetString,
    serial: SerialNumber,
}

#[derive(Sequence)]
struct OcspRequest {
    contents: RequestContents,
}

#[derive(Sequence)]
struct RequestContents {
    list: Vec<Request>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct Request {
    certificate: CertId,
}

#[derive(Clone, Copy, Debug, Enumerated, PartialEq, Eq)]
#[repr(u32)]
enum ResponseStatus {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
    SigRequired = 5,
    Unauthorized = 6,
}

#[derive(Sequence)]
struct OcspResponse {
    status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    bytes: Option<ResponseBytes>,
}

#[derive(Sequence)]
struct ResponseBytes {
    kind: ObjectIdentifier,
    response: OctetString,
}

#[derive(Sequence)]
struct BasicResponse {
    contents: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<Certificate>>,
}

#[derive(Sequence)]
struct ResponseContents {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<u8>,
    responder: Any,
    produced: GeneralizedTime,
    responses: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct SingleResponse {
    certificate: CertId,
    status: Any,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Any>,
}

/// A question about one certificate.
pub(super) struct Question {
    certificate: CertId,
    nonce: [u8; 32],
}

/// What an answer says, and until when it may be kept, in time since 1970.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) status: Status,
    pub(super) until: Option<Duration>,
}

impl Question {
    /// Asks for `certificate`, which `issuer` issued.
    pub(super) fn new(certificate: &Certificate, issuer: &Certificate) -> Result<Self, der::Error> {
        let contents = issuer.tbs_certificate();
        let key = contents.subject_public_key_info().subject_public_key.raw_bytes();
        let certificate = CertId {
            hash: AlgorithmIdentifierOwned { oid: SHA1, parameters: Some(Any::null()) },
            issuer_name: OctetString::new(Sha1::digest(contents.subject().to_der()?).to_vec())?,
            issuer_key: OctetString::new(Sha1::digest(key).to_vec())?,
            serial: certificate.tbs_certificate().serial_number().clone(),
        };
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).expect("the system gives randomness");
        Ok(Self { certificate, nonce })
    }

    /// The request's bytes.
    pub(super) fn to_der(&self) -> Result<Vec<u8>, der::Error> {
        let nonce = OctetString::new(self.nonce.to_vec())?.to_der()?;
        let nonce = Extension { extn_id: NONCE, critical: false, extn_value: OctetString::new(nonce)? };
        let list = vec![Request { certificate: self.certificate.clone() }];
        OcspRequest { contents: RequestContents { list, extensions: Some(vec![nonce]) } }.to_der()
    }

    /// What `answer` says at `now`, time since 1970. Only the issuer, or who has its word for that, is believed.
    ///
    /// # Errors
    /// Why the answer is none.
    pub(super) fn finding(&self, answer: &[u8], issuer: &Certificate, now: Duration) -> Result<Finding, &'static str> {
        let response = OcspResponse::from_der(answer).map_err(|_| "it is no OCSP response")?;
        if response.status != ResponseStatus::Successful {
            return Err("the responder cannot answer");
        }
        let bytes = response.bytes.filter(|bytes| bytes.kind == BASIC).ok_or("it is of no known kind")?;
        let basic = BasicResponse::from_der(bytes.response.as_bytes()).map_err(|_| "it cannot be read")?;
        let contents = basic.contents.to_der().map_err(|_| "it cannot be read")?;
        if !is_signed(&basic, &contents, issuer, now) {
            return Err("it is not signed by the issuer, nor by whom the issuer says");
        }
        let contents = ResponseContents::from_der(&contents).map_err(|_| "it cannot be read")?;
        let ours = contents.responses.iter().find(|it| it.certificate == self.certificate);
        let ours = ours.ok_or("it is about another certificate")?;
        let until = self.check_time(&contents, ours, now)?;
        let Tag::ContextSpecific { number, .. } = ours.status.tag() else { return Err("it cannot be read") };
        let status = if number.value() == 0 { Status::Good } else { Status::Revoked };
        Ok(Finding { status, until })
    }

    fn check_time(
        &self,
        contents: &ResponseContents,
        ours: &SingleResponse,
        now: Duration,
    ) -> Result<Option<Duration>, &'static str> {
        let extensions = contents.extensions.as_deref().unwrap_or_default();
        let nonce = extensions.iter().find(|extension| extension.extn_id == NONCE);
        let expected = OctetString::new(self.nonce.to_vec()).and_then(|nonce| nonce.to_der());
        if nonce.is_some_and(|nonce| expected.as_deref() != Ok(nonce.extn_value.as_bytes())) {
            return Err("it answers another question");
        }
        let from = ours.this_update.to_unix_duration();
        let until = ours.next_update.map(|time| time.to_unix_duration());
        let is_over = match until {
            Some(until) => until + SKEW < now,
            None => nonce.is_none() && from + FRESH < now,
        };
        if is_over || from > now + SKEW {
            return Err("it is not of this time");
        }
        Ok(until)
    }
}

/// Whether the issuer signed it, or a responder whom the issuer certified for that.
fn is_signed(basic: &BasicResponse, contents: &[u8], issuer: &Certificate, now: Duration) -> bool {
    let signed_by = |signer: &Certificate| {
        let key = signer.tbs_certificate().subject_public_key_info();
        verify(key, &basic.algorithm, contents, &basic.signature)
    };
    let delegates = basic.certificates.as_deref().unwrap_or_default();
    signed_by(issuer) || delegates.iter().take(4).any(|it| may_answer(it, issuer, now) && signed_by(it))
}

fn may_answer(responder: &Certificate, issuer: &Certificate, now: Duration) -> bool {
    let contents = responder.tbs_certificate();
    let validity = contents.validity();
    let is_valid = validity.not_before.to_unix_duration() <= now && now <= validity.not_after.to_unix_duration();
    let usage = contents.get_extension::<ExtendedKeyUsage>();
    let is_responder = usage.is_ok_and(|usage| usage.is_some_and(|(_, usage)| usage.0.contains(&OCSP_SIGNING)));
    is_valid && is_responder && is_issued(responder, issuer)
}

/// Whether `issuer`'s key signed `certificate`, under its name.
pub(super) fn is_issued(certificate: &Certificate, issuer: &Certificate) -> bool {
    let contents = certificate.tbs_certificate();
    let key = issuer.tbs_certificate().subject_public_key_info();
    contents.issuer() == issuer.tbs_certificate().subject()
        && contents
            .to_der()
            .is_ok_and(|signed| verify(key, certificate.signature_algorithm(), &signed, certificate.signature()))
}

fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    signed: &[u8],
    signature: &BitString,
) -> bool {
    let contents = |id: &AlgorithmIdentifierOwned| Any::encode_from(id).map(|any| any.value().to_vec()).ok();
    let (Some(algorithm), Some(key_algorithm)) = (contents(algorithm), contents(&key.algorithm)) else { return false };
    let (Some(key), Some(signature)) = (key.subject_public_key.as_bytes(), signature.as_bytes()) else { return false };
    let fits = |it: &&&dyn SignatureVerificationAlgorithm| {
        it.signature_alg_id().as_ref() == algorithm && it.public_key_alg_id().as_ref() == key_algorithm
    };
    let mut all = aws_lc_rs::default_provider().signature_verification_algorithms.all.iter();
    all.find(fits).is_some_and(|it| it.verify_signature(key, signed, signature).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey};

    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    /// An authority, and a question about a certificate of its.
    struct Asked {
        key: KeyPair,
        issuer: Certificate,
        question: Question,
    }

    fn asked() -> Asked {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = params.self_signed(&key).expect("a certificate");
        let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let leaf = CertificateParams::default().signed_by(&other, &Issuer::from_params(&params, &key));
        let read = |der: &[u8]| Certificate::from_der(der).expect("a certificate");
        let issuer = read(issuer.der());
        let question = Question::new(&read(leaf.expect("a certificate").der()), &issuer).expect("a question");
        Asked { key, issuer, question }
    }

    /// What an answer is made of.
    struct Made {
        status: u8,
        this_update: Duration,
        next_update: Option<Duration>,
        nonce: Option<[u8; 32]>,
    }

    impl Asked {
        fn made(&self) -> Made {
            Made { status: 0x80, this_update: NOW, next_update: None, nonce: Some(self.question.nonce) }
        }

        fn answer(&self, made: &Made) -> Vec<u8> {
            let time = |since: Duration| GeneralizedTime::from_unix_duration(since).expect("a time");
            let nonce = made.nonce.map(|nonce| {
                let nonce = OctetString::new(nonce.to_vec()).and_then(|nonce| nonce.to_der()).expect("DER");
                vec![Extension { extn_id: NONCE, critical: false, extn_value: OctetString::new(nonce).expect("DER") }]
            });
            let response = SingleResponse {
                certificate: self.question.certificate.clone(),
                status: Any::from_der(&[made.status, 0]).expect("DER"),
                this_update: time(made.this_update),
                next_update: made.next_update.map(time),
                extensions: None,
            };
            let contents = ResponseContents {
                version: None,
                responder: Any::from_der(&[0xa2, 0x02, 0x04, 0x00]).expect("DER"),
                produced: time(NOW),
                responses: vec![response],
                extensions: nonce,
            };
            let contents = contents.to_der().expect("DER");
            let algorithm = self.issuer.signature_algorithm().clone();
            let signature = BitString::from_bytes(&self.key.sign(&contents).expect("signed")).expect("DER");
            let contents = Any::from_der(&contents).expect("DER");
            let basic = BasicResponse { contents, algorithm, signature, certificates: None }.to_der().expect("DER");
            let bytes = ResponseBytes { kind: BASIC, response: OctetString::new(basic).expect("DER") };
            OcspResponse { status: ResponseStatus::Successful, bytes: Some(bytes) }.to_der().expect("DER")
        }

        fn finding(&self, made: &Made) -> Result<Finding, &'static str> {
            self.question.finding(&self.answer(made), &self.issuer, NOW)
        }
    }

    #[test]
    fn an_answer_counts_for_its_question_and_in_its_time() {
        let asked = asked();
        let made = || asked.made();
        let good = Finding { status: Status::Good, until: None };
        assert_eq!(asked.finding(&made()), Ok(good));
        let revoked = asked.finding(&Made { status: 0xa1, ..made() }).map(|finding| finding.status);
        assert_eq!(revoked, Ok(Status::Revoked));
        let unknown = asked.finding(&Made { status: 0x82, ..made() }).map(|finding| finding.status);
        assert_eq!(unknown, Ok(Status::Revoked));
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        let without_nonce = || Made { nonce: None, ..made() };
        assert!(asked.finding(&without_nonce()).is_ok());
        let kept = Made { this_update: NOW - day, next_update: Some(NOW + hour), ..without_nonce() };
        assert_eq!(asked.finding(&kept).map(|finding| finding.until), Ok(Some(NOW + hour)));
        for (wrong, why) in [
            (Made { nonce: Some([7; 32]), ..made() }, "another's nonce"),
            (Made { this_update: NOW - hour, ..without_nonce() }, "old, and nothing says that it is ours"),
            (Made { this_update: NOW - day, next_update: Some(NOW - hour), ..made() }, "over"),
            (Made { this_update: NOW + hour, ..made() }, "of the future"),
        ] {
            assert!(asked.finding(&wrong).is_err(), "{why}");
        }
        let another = self::asked();
        let answer = another.answer(&another.made());
        assert!(asked.question.finding(&answer, &another.issuer, NOW).is_err(), "about another certificate");
        assert!(asked.question.finding(&asked.answer(&made()), &another.issuer, NOW).is_err(), "by another issuer");
    }

    #[test]
    fn no_change_of_an_answer_says_something_else() {
        let asked = asked();
        let revoked = asked.answer(&Made { status: 0x81, ..asked.made() });
        for index in 0..revoked.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut changed = revoked.clone();
                changed[index] ^= change;
                let finding = asked.question.finding(&changed, &asked.issuer, NOW);
                assert!(!finding.is_ok_and(|finding| finding.status == Status::Good), "byte {index}");
            }
            assert!(asked.question.finding(&revoked[..index], &asked.issuer, NOW).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let asked = asked();
            prop_assert!(asked.question.finding(&bytes, &asked.issuer, NOW).is_err());
        }
    }
}
