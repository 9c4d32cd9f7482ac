//! Who the client is: a key that may be on a card, behind rustls' signing traits.

use std::sync::Arc;

use cdoc2::{KeyError, PublicKey};
use eid::{Authenticator, SignatureAlgorithm};
use rustls::{
    OtherError, SignatureScheme,
    client::ResolvesClientCert,
    pki_types::CertificateDer,
    sign::{CertifiedKey, Signer, SigningKey},
};

use crate::signature::{ecdsa_der, hash};

/// A client key with its certificates.
pub(crate) struct Identity(Arc<CertifiedKey>);

impl Identity {
    pub(crate) fn new(key: Arc<dyn Authenticator>) -> Self {
        let chain = key.certificates().iter().map(|der| CertificateDer::from(der.clone())).collect();
        Self(Arc::new(CertifiedKey::new(chain, Arc::new(HeldKey(key)))))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // Whatever authorities the server hints at: the capsule is for this key, and no other would get it.
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The key's place said no; carried through rustls.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct KeyFailure(pub(crate) Arc<KeyError>);

struct HeldKey(Arc<dyn Authenticator>);

impl std::fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeldKey")
    }
}

impl HeldKey {
    fn scheme(&self) -> Option<SignatureScheme> {
        Some(match SignatureAlgorithm::of(self.0.public_key()) {
            SignatureAlgorithm::EcdsaP256Sha256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureAlgorithm::EcdsaP384Sha384 => SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureAlgorithm::EcdsaP521Sha512 => SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureAlgorithm::RsaPssSha256 => SignatureScheme::RSA_PSS_SHA256,
            _ => return None,
        })
    }
}

impl SigningKey for HeldKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = self.scheme().filter(|scheme| offered.contains(scheme))?;
        Some(Box::new(HeldSigner { key: Arc::clone(&self.0), scheme }))
    }

    fn algorithm(&self) -> rustls::SignatureAlgorithm {
        match self.0.public_key() {
            PublicKey::Ec(_) => rustls::SignatureAlgorithm::ECDSA,
            PublicKey::Rsa(_) => rustls::SignatureAlgorithm::RSA,
        }
    }
}

struct HeldSigner {
    key: Arc<dyn Authenticator>,
    scheme: SignatureScheme,
}

impl std::fmt::Debug for HeldSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldSigner").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Signer for HeldSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let algorithm = SignatureAlgorithm::of(self.key.public_key());
        let hash = hash(algorithm, message);
        let failed = |error| rustls::Error::Other(OtherError(Arc::new(KeyFailure(Arc::new(error)))));
        let signature = self.key.sign_hash(algorithm, hash.as_ref()).map_err(failed)?;
        match algorithm {
            SignatureAlgorithm::RsaPssSha256 => Ok(signature),
            _ => ecdsa_der(&signature).ok_or_else(|| failed(KeyError::Rejected)),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
