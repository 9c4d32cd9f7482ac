//! Keys and certificates, made on the spot.

use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What kind of key somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    P256,
    P384,
    P521,
    Rsa,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Rsa];

    fn algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            Self::P256 => &PKCS_ECDSA_P256_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::P521 => &PKCS_ECDSA_P521_SHA512,
            Self::Rsa => &PKCS_RSA_SHA256,
        }
    }

    pub fn capsule_type(self) -> &'static str {
        match self {
            Self::P256 => "ecc_secp256r1",
            Self::P384 => "ecc_secp384r1",
            Self::P521 => "ecc_secp521r1",
            Self::Rsa => "rsa",
        }
    }

    fn key(self) -> KeyPair {
        KeyPair::generate_for(self.algorithm()).expect("a key")
    }
}

/// Somebody with a key and a certificate, and those that are sent with it.
pub struct Person {
    pub kind: Kind,
    pub key: KeyPair,
    pub certificate: Certificate,
    pub certificate_pem: String,
    pub intermediates: Vec<Vec<u8>>,
}

impl Person {
    /// With a certificate that nobody else signed.
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, params("PERSON,MARI,48010010101"))
    }

    /// Self-signed, with these contents.
    pub fn with(kind: Kind, params: CertificateParams) -> Self {
        let key = kind.key();
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { kind, certificate_pem: certificate.pem(), key, certificate, intermediates: Vec::new() }
    }

    /// As `recipient_id` carries the key.
    pub fn recipient_id(&self) -> &[u8] {
        self.key.public_key_raw()
    }
}

/// Contents of a certificate that may authenticate its holder, now.
pub fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (SystemTime::now() - HOUR).into();
    params.not_after = (SystemTime::now() + 20 * 365 * 24 * HOUR).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// A person as certificates and shares name him.
pub const NUMBER: &str = "PNOEE-48010010101";

/// What stands in the certificate of a person with this number.
pub fn numbered(number: &str) -> CertificateParams {
    let mut params = params("PERSON,MARI,48010010101");
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    params
}

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
    pub above: Vec<Vec<u8>>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = Vec::new();
    params
}

impl Authority {
    pub fn root(name: &str, kind: Kind) -> Self {
        let (params, key) = (authority_params(name), kind.key());
        let certificate = params.self_signed(&key).expect("a certificate");
        Self::of(params, key, &certificate, Vec::new())
    }

    /// An authority that this one vouches for.
    pub fn below(&self, name: &str, kind: Kind) -> Self {
        let (params, key) = (authority_params(name), kind.key());
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let above = [vec![certificate.der().to_vec()], self.above.clone()].concat();
        Self::of(params, key, &certificate, above)
    }

    fn of(params: CertificateParams, key: KeyPair, certificate: &Certificate, above: Vec<Vec<u8>>) -> Self {
        Self { issuer: Issuer::new(params, key), pem: certificate.pem(), above }
    }

    /// Its own certificate and key, in PEM.
    pub fn signer(&self) -> (String, String) {
        (self.pem.clone(), self.issuer.key().serialize_pem())
    }

    /// A server with this name.
    pub fn server(&self, name: &str) -> Person {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.person(Kind::P256, params)
    }

    pub fn person(&self, kind: Kind, params: CertificateParams) -> Person {
        let key = kind.key();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Person { kind, certificate_pem: certificate.pem(), key, certificate, intermediates: self.above.clone() }
    }
}

/// For `localhost`.
pub fn server_certificate() -> (Certificate, KeyPair) {
    let key = Kind::P256.key();
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
    params.is_ca = IsCa::ExplicitNoCa;
    (params.self_signed(&key).expect("a certificate"), key)
}

/// A capsule for somebody, in a way of writing JSON that no serialiser has: it must come back as it is.
pub fn body_for(person: &Person) -> String {
    let material = match person.kind {
        Kind::Rsa => vec![7; 256],
        kind => kind.key().public_key_raw().to_vec(),
    };
    format!(
        "{{ \"capsule_type\":\t\"{}\",\n  \"ephemeral_key_material\" : \"{}\", \"recipient_id\":\"{}\" }}",
        person.kind.capsule_type(),
        Base64::encode_string(&material),
        Base64::encode_string(person.recipient_id()),
    )
}

/// A share for [`NUMBER`], whose bytes are all `byte`, in a way of writing JSON that no serialiser has: it must come back as it is.
pub fn share_body(byte: u8) -> String {
    format!("{{ \"recipient\":\t\"etsi/{NUMBER}\", \"share\" : \"{}\" }}", Base64::encode_string(&[byte; 32]))
}
