//! An authority that signs whatever it is given: behind a signature, parsers see what no stranger can send, and must hold all the same.

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SerialNumber, SigningKey};
use sha2::{Digest, Sha256};

/// The one that `seeds.py` knows, too.
pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// PKCS#8 of a P-256 key, up to its number.
const PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
];
/// `SEQUENCE { ecdsa-with-SHA256 }`.
const ECDSA_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `id-pkix-ocsp-basic`.
const BASIC: [u8; 11] = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

/// A key, the certificate of its holder, and one that it issued.
pub struct Authority {
    key: KeyPair,
    /// Its own certificate, DER.
    pub certificate: Vec<u8>,
    /// A certificate of somebody else that it issued, with the serial number 7, DER.
    pub issued: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let pkcs8 = [&PKCS8[..], &Sha256::digest("kapsel fuzz authority")].concat();
        let key = KeyPair::try_from(pkcs8).expect("a number below the order");
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.remove(DnType::CommonName);
            params.distinguished_name.push(DnType::CommonName, name);
            params.serial_number = Some(SerialNumber::from(7_u64));
            params
        };
        let mut params = named("Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("signed").der().to_vec();
        let other = KeyPair::generate().expect("a key");
        let issued = named("Somebody").signed_by(&other, &Issuer::from_params(&params, &key)).expect("signed");
        Self { issued: issued.der().to_vec(), certificate, key }
    }

    /// Its public key, PEM.
    pub fn public_key(&self) -> String {
        self.key.public_key_pem()
    }

    /// Its signature, base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        Base64::encode_string(&self.key.sign(bytes).expect("it signs"))
    }

    /// An OCSP answer with these contents, signed.
    pub fn answer(&self, contents: &[u8]) -> Vec<u8> {
        let signature = tlv(0x03, &[&[0], &self.key.sign(contents).expect("it signs")[..]].concat());
        let basic = tlv(0x30, &[contents, &ECDSA_SHA256, &signature].concat());
        let bytes = tlv(0x30, &[&BASIC[..], &tlv(0x04, &basic)].concat());
        tlv(0x30, &[&[0x0a, 0x01, 0x00], &tlv(0xa0, &bytes)[..]].concat())
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("fuzz inputs are short").to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count().min(3);
    let long = if content.len() < 0x80 { Vec::new() } else { vec![0x80 | (4 - zeros) as u8] };
    [&[tag], &long[..], &length[zeros..], content].concat()
}
