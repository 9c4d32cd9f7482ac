//! Who a server is: the key that its entry of the list names, in a certificate that is in order.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use capsule_api::Pin;
use rustls::{
    CertificateError, DigitallySignedStruct, OtherError, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{
    PROVIDER,
    ocsp::{self, OcspProblem, Subject},
};

/// Why a server is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerProblem {
    /// Neither its certificate nor its key is one of the list: an impostor, a TLS-inspecting proxy, or a list that is out of date.
    #[error("its key is not the listed one (SHA-256 of the certificate that it shows: {shown})")]
    PinMismatch {
        /// SHA-256 of the certificate that was shown, hex.
        shown: String,
    },
    /// What it shows is no certificate.
    #[error("what it shows is no certificate that can be read")]
    Unreadable,
    /// Its certificate is for another host.
    #[error("its certificate does not cover the host name {0}")]
    HostName(String),
    /// The validity of its certificate is over.
    #[error("its certificate has expired")]
    Expired,
    /// The validity of its certificate has not begun.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// Its OCSP answer says that its certificate was revoked.
    #[error("its certificate was revoked")]
    Revoked,
    /// Its OCSP answer is not what it must be.
    #[error("{0}")]
    Ocsp(#[source] OcspProblem),
}

/// What the OCSP answer of a server was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcspSeen {
    /// It gave none, and none was required.
    None,
    /// *Good*, and its signature was verified.
    Good,
    /// *Good*, by an answer whose signer is not known.
    GoodUnverified,
}

/// What a server showed that was believed.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// SHA-256 of its certificate, hex.
    pub(crate) fingerprint: String,
    /// The certificate is not in the list, but its key is.
    pub(crate) by_key: bool,
    /// Until when the certificate is valid.
    pub(crate) not_after: SystemTime,
    pub(crate) ocsp: OcspSeen,
}

/// Believes the server of one entry.
#[derive(Debug)]
pub(crate) struct PinnedServer {
    pins: Vec<Pin>,
    ocsp_required: bool,
    algorithms: WebPkiSupportedAlgorithms,
    seen: Mutex<Option<Seen>>,
}

impl PinnedServer {
    pub(crate) fn new(pins: Vec<Pin>, ocsp_required: bool) -> Self {
        let algorithms = PROVIDER.signature_verification_algorithms;
        Self { pins, ocsp_required, algorithms, seen: Mutex::default() }
    }

    /// What the last handshake showed.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn check(
        &self,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        answer: &[u8],
        now: SystemTime,
    ) -> Result<Seen, PeerProblem> {
        let certificate = Pin::from_der(shown).map_err(|_| PeerProblem::Unreadable)?;
        let same = |pin: &&Pin| pin.der() == shown.as_ref();
        let same_key = |pin: &&Pin| pin.public_key() == certificate.public_key();
        let pin = self.pins.iter().find(same).or_else(|| self.pins.iter().find(same_key));
        let pin = pin.ok_or_else(|| PeerProblem::PinMismatch { shown: certificate.fingerprint() })?;
        let parsed = ParsedCertificate::try_from(shown).map_err(|_| PeerProblem::Unreadable)?;
        verify_server_name(&parsed, name).map_err(|_| PeerProblem::HostName(name.to_str().into_owned()))?;
        if now < certificate.not_before() {
            return Err(PeerProblem::NotYetValid);
        }
        if now > certificate.not_after() {
            return Err(PeerProblem::Expired);
        }
        let subject = Subject {
            shown,
            pinned: pin.der(),
            others: others.iter().map(AsRef::as_ref).chain(self.pins.iter().map(Pin::der)).collect(),
            now,
            algorithms: self.algorithms,
        };
        Ok(Seen {
            fingerprint: certificate.fingerprint(),
            by_key: !same(&pin),
            not_after: certificate.not_after(),
            ocsp: self.check_ocsp(answer, &subject)?,
        })
    }

    fn check_ocsp(&self, answer: &[u8], subject: &Subject<'_>) -> Result<OcspSeen, PeerProblem> {
        if answer.is_empty() {
            let missing = PeerProblem::Ocsp(OcspProblem::Missing);
            return if self.ocsp_required { Err(missing) } else { Ok(OcspSeen::None) };
        }
        let verdict = ocsp::check(answer, subject).map_err(PeerProblem::Ocsp)?;
        match (verdict.revoked, verdict.verified) {
            (true, _) => Err(PeerProblem::Revoked),
            (false, true) => Ok(OcspSeen::Good),
            (false, false) if self.ocsp_required => Err(PeerProblem::Ocsp(OcspProblem::Unverifiable)),
            (false, false) => Ok(OcspSeen::GoodUnverified),
        }
    }
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
        match self.check(end_entity, intermediates, server_name, ocsp_response, now) {
            Ok(seen) => {
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
                Ok(ServerCertVerified::assertion())
            }
            Err(problem) => Err(CertificateError::Other(OtherError(Arc::new(problem))).into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(old_version())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Believes any server that has the key of the certificate it shows, and keeps its certificates: for showing them to a person who
/// decides, before anything is sent.
#[derive(Debug)]
pub(crate) struct AnyServer {
    algorithms: WebPkiSupportedAlgorithms,
    shown: Mutex<Vec<Vec<u8>>>,
}

impl AnyServer {
    pub(crate) fn new() -> Self {
        Self { algorithms: PROVIDER.signature_verification_algorithms, shown: Mutex::default() }
    }

    /// The certificates of the last handshake in DER, the server's own first.
    pub(crate) fn shown(&self) -> Vec<Vec<u8>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = [end_entity].into_iter().chain(intermediates).map(|der| der.to_vec()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(old_version())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn old_version() -> rustls::Error {
    rustls::PeerIncompatible::Tls12NotOfferedOrEnabled.into()
}
