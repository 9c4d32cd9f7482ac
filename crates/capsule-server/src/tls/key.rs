//! The key that a recipient proves, with a client certificate or a ticket.

use capsule_api::public_key;
use cdoc2::PublicKey;
use der::Decode;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;

/// A key that capsules can be for, in the encoding of `recipient_id`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientKey {
    recipient_id: Vec<u8>,
    digest: [u8; 32],
}

impl ClientKey {
    /// As records and capsules have it.
    pub(crate) fn new(key: &PublicKey) -> Self {
        let recipient_id = match key {
            PublicKey::Ec(key) => key.point().to_vec(),
            PublicKey::Rsa(key) => key.pkcs1_der().to_vec(),
        };
        let digest = Sha256::digest(&recipient_id).into();
        Self { recipient_id, digest }
    }

    /// The key of a certificate: EC on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits. `None` for any other.
    pub(crate) fn of(certificate: &Certificate) -> Option<Self> {
        public_key(certificate).as_ref().map(Self::new)
    }

    /// The key of a certificate in DER.
    pub(crate) fn of_der(certificate: &[u8]) -> Option<Self> {
        Self::of(&Certificate::from_der(certificate).ok()?)
    }

    /// EC: the uncompressed point; RSA: the DER of the PKCS#1 `RSAPublicKey`.
    pub(crate) fn recipient_id(&self) -> &[u8] {
        &self.recipient_id
    }

    /// SHA-256 of [`Self::recipient_id`].
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }
}
