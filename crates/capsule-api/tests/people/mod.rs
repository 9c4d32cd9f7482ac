//! People with keys and certificates, who sign as cards do.
#![allow(dead_code, reason = "each of the tests needs a part of it")]

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PKCS1_SHA256,
    },
};
use capsule_api::certificate_key;
use cdoc2::PublicKey;
use rcgen::{
    CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_RSA_SHA256,
};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    P256,
    P384,
    P521,
    Rsa,
}

pub const KINDS: [Kind; 4] = [Kind::P256, Kind::P384, Kind::P521, Kind::Rsa];

/// Somebody with a key and a certificate.
pub struct Person {
    pub kind: Kind,
    pub key: KeyPair,
    pub certificate: Vec<u8>,
}

impl Person {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, CertificateParams::default())
    }

    /// With a serial number in the subject.
    pub fn named(kind: Kind, number: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
        Self::with(kind, params)
    }

    pub fn with(kind: Kind, params: CertificateParams) -> Self {
        let algorithm = match kind {
            Kind::P256 => &PKCS_ECDSA_P256_SHA256,
            Kind::P384 => &PKCS_ECDSA_P384_SHA384,
            Kind::P521 => &PKCS_ECDSA_P521_SHA512,
            Kind::Rsa => &PKCS_RSA_SHA256,
        };
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
        Self { kind, key, certificate }
    }

    pub fn public_key(&self) -> PublicKey {
        certificate_key(&self.certificate).expect("a key")
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let ec = |algorithm: &'static EcdsaSigningAlgorithm| {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, self.key.serialized_der()).expect("a key");
            key.sign(&SystemRandom::new(), message).expect("signed").as_ref().to_vec()
        };
        match self.kind {
            Kind::P256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Kind::P384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Kind::P521 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Kind::Rsa => {
                let key = RsaKeyPair::from_pkcs8(self.key.serialized_der()).expect("a key");
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("signed");
                signature
            }
        }
    }
}
