//! Keys that prove who holds them.

use aws_lc_rs::{
    digest::{SHA256, SHA384, SHA512, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, RSA_PSS_2048_8192_SHA256,
        UnparsedPublicKey,
    },
};
use cdoc2::PublicKey;
use eid::{Authenticator, SignatureAlgorithm};

use crate::support::{Bench, KINDS, key_file};

#[test]
fn a_key_with_its_certificate_signs_for_a_server() {
    for kind in KINDS {
        let bench = Bench::new(kind);
        assert!(key_file(&bench.read("key.pem"), None).authenticator().is_none(), "{kind}");
        bench.certify("CN=Mari", "keyUsage=digitalSignature,keyAgreement");
        let file = [bench.read("cert.pem"), bench.read("key.pem")].concat();
        let authenticator = key_file(&file, None).authenticator().expect("a certificate");
        assert_eq!(*authenticator.public_key(), bench.public_key(), "{kind}");
        assert_eq!(authenticator.certificates(), [bench.made("x509 -in cert.pem -outform DER")], "{kind}");
        let algorithm = SignatureAlgorithm::of(authenticator.public_key());
        let (hash, verification): (_, &'static dyn aws_lc_rs::signature::VerificationAlgorithm) = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => (&SHA256, &ECDSA_P256_SHA256_FIXED),
            SignatureAlgorithm::EcdsaP384Sha384 => (&SHA384, &ECDSA_P384_SHA384_FIXED),
            SignatureAlgorithm::EcdsaP521Sha512 => (&SHA512, &ECDSA_P521_SHA512_FIXED),
            _ => (&SHA256, &RSA_PSS_2048_8192_SHA256),
        };
        let hash = digest(hash, b"who is it?");
        let signature = authenticator.sign_hash(algorithm, hash.as_ref()).expect("signed");
        let key = match authenticator.public_key() {
            PublicKey::Ec(key) => key.point().to_vec(),
            PublicKey::Rsa(key) => key.pkcs1_der().to_vec(),
        };
        let key = UnparsedPublicKey::new(verification, key);
        assert!(key.verify(b"who is it?", &signature).is_ok(), "{kind}");
        assert!(authenticator.sign_hash(algorithm, &[7; 31]).is_err(), "{kind}: no hash of this algorithm");
    }
}

#[test]
fn what_leads_to_the_authority_comes_along() {
    let bench = Bench::new("P-384");
    bench.write("leaf.pem", bench.read("key.pem"));
    bench.certify("CN=Root", "basicConstraints=critical,CA:TRUE");
    let root = bench.read("cert.pem");
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out leaf.pem");
    bench.openssl("req -new -key leaf.pem -subj /CN=Mari -out leaf.csr");
    bench.openssl("x509 -req -in leaf.csr -CA cert.pem -CAkey key.pem -days 30 -out leaf.crt");
    let file = [bench.read("leaf.pem"), bench.read("leaf.crt"), root].concat();
    let authenticator = key_file(&file, None).authenticator().expect("a certificate");
    let der = |name: &str| bench.made(&format!("x509 -in {name} -outform DER"));
    assert_eq!(authenticator.certificates(), [der("leaf.crt"), der("cert.pem")]);
}
