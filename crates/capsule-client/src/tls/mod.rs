//! TLS 1.3 with servers that are known by their keys. No certification authority of the system decides anything here.

mod identity;
mod named;
mod ocsp;
mod pinned;
mod signed;

use std::sync::{Arc, LazyLock};

use rustls::{
    ClientConfig,
    client::{Resumption, danger::ServerCertVerifier},
    crypto::CryptoProvider,
};

pub(crate) use identity::{Identity, KeyFailure};
pub(crate) use named::named_host;
pub use ocsp::OcspProblem;
pub(crate) use pinned::{AnyServer, PinnedServer, Seen};
pub use pinned::{OcspSeen, PeerProblem};

/// One provider for all connections.
static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));

/// A configuration that believes `verifier`, and shows `identity` when the server asks for a client certificate.
pub(crate) fn config(verifier: Arc<dyn ServerCertVerifier>, identity: Option<Arc<Identity>>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has cipher suites of TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session shows no certificate, so pins, validity and OCSP would not be looked at.
    config.resumption = Resumption::disabled();
    config
}

/// What an OCSP answer says about a certificate that is pinned itself, for fuzz targets: revoked, and proved.
#[cfg(feature = "fuzzing")]
pub(crate) fn stapled_answer(
    answer: &[u8],
    shown: &[u8],
    others: Vec<&[u8]>,
    now: std::time::SystemTime,
) -> Result<(bool, bool), OcspProblem> {
    let algorithms = PROVIDER.signature_verification_algorithms;
    let subject = ocsp::Subject { shown, pinned: shown, others, now, algorithms };
    ocsp::check(answer, &subject).map(|verdict| (verdict.revoked, verdict.verified))
}
