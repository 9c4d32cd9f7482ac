//! What certificates and OCSP answers share: content, algorithm, signature (RFC 5280, 4.1; RFC 6960, 4.2.1).

use der::{
    Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, BitStringRef},
};
use rustls::crypto::WebPkiSupportedAlgorithms;

/// A signed element, as it stands: the signature is over the very bytes.
pub(super) struct Signed<'a> {
    /// The content with its tag and length.
    pub(super) content: &'a [u8],
    /// What follows the signature.
    pub(super) rest: SliceReader<'a>,
    /// Contents of the `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads `SEQUENCE { content, AlgorithmIdentifier, BIT STRING, .. }`.
    pub(super) fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(sequence(AnyRef::from_der(der)?)?)?;
        let content = reader.tlv_bytes()?;
        let algorithm = sequence(AnyRef::decode(&mut reader)?)?;
        let signature = BitStringRef::decode(&mut reader)?;
        Ok(Self { content, algorithm, signature: signature.as_bytes().unwrap_or_default(), rest: reader })
    }

    /// Whether the key of the `SubjectPublicKeyInfo` `key`, in DER, made the signature.
    pub(super) fn is_signed_by(&self, key: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
        let parts = || -> der::Result<(&[u8], &[u8])> {
            let mut reader = SliceReader::new(sequence(AnyRef::from_der(key)?)?)?;
            let algorithm = sequence(AnyRef::decode(&mut reader)?)?;
            Ok((algorithm, BitStringRef::decode(&mut reader)?.as_bytes().unwrap_or_default()))
        };
        let Ok((key_algorithm, key)) = parts() else { return false };
        algorithms.all.iter().any(|algorithm| {
            algorithm.signature_alg_id().as_ref() == self.algorithm
                && algorithm.public_key_alg_id().as_ref() == key_algorithm
                && algorithm.verify_signature(key, self.content, self.signature).is_ok()
        })
    }
}

/// What stands in a `SEQUENCE`.
pub(super) fn sequence(element: AnyRef<'_>) -> der::Result<&[u8]> {
    element.tag().assert_eq(Tag::Sequence)?;
    Ok(element.value())
}
