//! The host of a list that an administrator named by certificates: its own, or its authority's.
//!
//! What comes from there is signed, so this decides little: who may see which list is fetched, and who may withhold a newer one. It is
//! checked all the same, by what the administrator named, and no authority of the system is asked here either.

use std::sync::Arc;

use capsule_api::Pin;
use rustls::{
    CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{PROVIDER, PinnedServer};

/// Believes a host that shows one of these certificates, its key, or a certificate that one of them issued.
pub(crate) fn named_host(certificates: &[Pin]) -> Arc<dyn ServerCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().map(|pin| CertificateDer::from(pin.der().to_vec())));
    let issued = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&PROVIDER)).build().ok();
    Arc::new(NamedHost { pinned: PinnedServer::new(certificates.to_vec(), false), issued })
}

#[derive(Debug)]
struct NamedHost {
    pinned: PinnedServer,
    issued: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for NamedHost {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pinned = self.pinned.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        pinned.or_else(|problem| {
            let issued = self
                .issued
                .as_ref()
                .map(|issued| issued.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now));
            match issued {
                None | Some(Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))) => Err(problem),
                Some(result) => result,
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.pinned.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.pinned.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.pinned.supported_verify_schemes()
    }
}
