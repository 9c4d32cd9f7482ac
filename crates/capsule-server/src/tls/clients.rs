//! Which client certificates are let in.
//!
//! A certificate that is listed is taken by identity, whatever its issuer and its basic constraints are; its validity counts all the
//! same. Any other must chain to a configured authority. Of both, the key must be one that capsules can be for, and its usage must be
//! to authenticate.

use std::{collections::HashSet, sync::Arc, time::Duration};

use der::{Decode, Encode};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms},
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use x509_cert::{
    Certificate,
    ext::pkix::{ExtendedKeyUsage, KeyUsage},
};

use super::key::ClientKey;

/// Largest certificate of a client that is looked at, in bytes: those of people have 1 to 2 KiB.
const MAX_CERTIFICATE: usize = 16 << 10;
/// Most certificates that a client may send with its own.
const MAX_INTERMEDIATES: usize = 6;
/// Most names of authorities that are told to clients; with more, none is.
const MAX_HINTS: usize = 64;

const CLIENT_AUTH: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_USAGE: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Lets in clients with listed certificates and with certificates of authorities.
#[derive(Debug)]
pub(super) struct ClientCertificates {
    listed: HashSet<Vec<u8>>,
    authorities: Option<Arc<dyn ClientCertVerifier>>,
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertificates {
    /// # Errors
    /// A certificate that cannot be an authority, or cannot be read.
    pub(super) fn new(
        listed: Vec<CertificateDer<'static>>,
        authorities: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut hints = Vec::new();
        for certificate in &listed {
            hints.push(issuer(certificate)?);
        }
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| format!("not the certificate of an authority: {error}"))?;
        }
        hints.extend(roots.subjects());
        hints.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
        hints.dedup_by(|one, other| one.as_ref() == other.as_ref());
        if hints.len() > MAX_HINTS {
            hints.clear();
        }
        let verifier = || WebPkiClientVerifier::builder_with_provider(Arc::new(roots.clone()), Arc::clone(provider));
        let authorities = (!roots.is_empty()).then(|| verifier().build()).transpose();
        Ok(Self {
            listed: listed.into_iter().map(|certificate| certificate.to_vec()).collect(),
            authorities: authorities.map_err(|error| error.to_string())?,
            hints,
            algorithms: provider.signature_verification_algorithms,
        })
    }
}

fn issuer(certificate: &CertificateDer<'_>) -> Result<DistinguishedName, String> {
    let unreadable = |error: der::Error| format!("a certificate cannot be read: {error}");
    let certificate = Certificate::from_der(certificate).map_err(unreadable)?;
    Ok(DistinguishedName::from(certificate.tbs_certificate().issuer().to_der().map_err(unreadable)?))
}

impl ClientCertVerifier for ClientCertificates {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if certificate.len() > MAX_CERTIFICATE || intermediates.len() > MAX_INTERMEDIATES {
            return Err(CertificateError::BadEncoding.into());
        }
        let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
        if ClientKey::of(&parsed).is_none() || !is_for_authentication(&parsed)? {
            return Err(CertificateError::InvalidPurpose.into());
        }
        if self.listed.contains(certificate.as_ref()) {
            is_valid(&parsed, now)?;
            return Ok(ClientCertVerified::assertion());
        }
        let authorities = self.authorities.as_ref().ok_or(CertificateError::UnknownIssuer)?;
        authorities.verify_client_cert(certificate, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether a certificate says at all what its key is for.
pub(crate) fn has_key_usage(certificate: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    certificate.tbs_certificate().get_extension::<KeyUsage>().is_ok_and(|usage| usage.is_some())
}

/// Where usages are stated, authentication must be among them; a key that signs for its holder is none that authenticates.
fn is_for_authentication(certificate: &Certificate) -> Result<bool, CertificateError> {
    let contents = certificate.tbs_certificate();
    let usage = contents.get_extension::<KeyUsage>().map_err(|_| CertificateError::BadEncoding)?;
    let extended = contents.get_extension::<ExtendedKeyUsage>().map_err(|_| CertificateError::BadEncoding)?;
    let may_authenticate = usage.is_none_or(|(_, usage)| usage.digital_signature() && !usage.non_repudiation());
    let may_be_client =
        extended.is_none_or(|(_, usages)| usages.0.iter().any(|id| [CLIENT_AUTH, ANY_USAGE].contains(id)));
    Ok(may_authenticate && may_be_client)
}

fn is_valid(certificate: &Certificate, now: UnixTime) -> Result<(), CertificateError> {
    let validity = certificate.tbs_certificate().validity();
    let now = Duration::from_secs(now.as_secs());
    if now < validity.not_before.to_unix_duration() {
        return Err(CertificateError::NotValidYet);
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(CertificateError::Expired);
    }
    Ok(())
}
