//! PKCS#12.

use eid::{KeyFile, KeyFileError};

use crate::support::{Bench, KINDS, PASSWORD, Proof, der, key_file};

const EXPORT: &str = "pkcs12 -export -inkey key.pem -in cert.pem";

fn error(bytes: &[u8], password: Option<&str>) -> KeyFileError {
    KeyFile::read(bytes, password).expect_err("no usable key")
}

fn bench(kind: &str) -> Bench {
    let bench = Bench::new(kind);
    bench.certify("CN=Somebody", "");
    bench
}

/// The `AuthenticatedSafe` of a file.
fn safe(pkcs12: &[u8]) -> Vec<u8> {
    let (_, pfx, _) = der::open(pkcs12);
    let (_, _, after_version) = der::open(pfx);
    let (_, content_info, _) = der::open(after_version);
    let (_, _, content) = der::open(content_info);
    der::open(der::open(content).1).1.to_vec()
}

/// A file without MAC around an `AuthenticatedSafe`.
pub fn around(safe: &[u8]) -> Vec<u8> {
    let content = der::explicit(der::octets(safe));
    der::sequence(&[der::integer(3), der::sequence(&[der::oid("1.2.840.113549.1.7.1"), content])])
}

#[test]
fn every_kind_of_key_opens_a_container_for_it_from_old_and_new_files() {
    for kind in KINDS {
        let bench = bench(kind);
        let proof = Proof::for_key(bench.public_key());
        for form in ["", "-legacy"] {
            let file = bench.made(&format!("{EXPORT} {form} -passout pass:{PASSWORD}"));
            let key = key_file(&file, Some(PASSWORD));
            assert!(proof.is_opened_by(&key), "{kind} {form}");
            let certificate = key.certificate.expect("the certificate in it");
            assert_eq!((certificate.common_name.as_str(), certificate.public_key), ("Somebody", bench.public_key()));
        }
    }
}

#[test]
fn every_usual_encryption_is_read_with_the_right_password_alone() {
    let bench = bench("P-384");
    let forms = [
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
        "-legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40",
        "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128 -macalg sha224",
        "-keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha384",
        "-keypbe AES-256-CBC -certpbe NONE -macalg sha512 -iter 1 -maciter",
        "-keypbe NONE -certpbe NONE -nomaciter",
        "-keypbe AES-256-CBC -certpbe AES-256-CBC -nomac",
        "-keypbe PBE-SHA1-3DES -certpbe NONE -nomac",
    ];
    for form in forms {
        for password in ["right", "õäöü 😀", "a"] {
            let pass = password.replace(' ', "%20");
            let file = bench.made(&format!("{EXPORT} {form} -passout pass:{pass}"));
            assert_eq!(key_file(&file, Some(password)).key.public_key(), bench.public_key(), "{form} {password}");
            assert!(matches!(error(&file, None), KeyFileError::PasswordNeeded), "{form}");
            for wrong in ["", "wrong", "Right", "õäöü"] {
                assert!(matches!(error(&file, Some(wrong)), KeyFileError::WrongPassword), "{form} {password} {wrong}");
            }
        }
    }
}

#[test]
fn an_empty_password_or_none_needs_no_asking() {
    let bench = bench("P-384");
    for form in ["", "-legacy", "-keypbe NONE -certpbe NONE -nomac"] {
        let file = bench.made(&format!("{EXPORT} {form} -passout pass:%00"));
        for password in [None, Some("")] {
            assert_eq!(key_file(&file, password).key.public_key(), bench.public_key(), "{form}");
        }
    }
}

#[test]
fn both_forms_of_the_empty_password_are_tried() {
    let bench = bench("P-384");
    let file = bench.made(&format!("{EXPORT} -keypbe NONE -certpbe NONE -nomac -passout pass:%00"));
    let safe = safe(&file);
    bench.write("safe", &safe);
    // Zero bytes of password, or two.
    for form in ["", "0000"] {
        bench.openssl(&format!(
            "kdf -binary -keylen 20 -kdfopt digest:SHA1 -kdfopt hexpass:{form} -kdfopt hexsalt:0011223344556677 \
             -kdfopt iter:3 -kdfopt id:3 -out out PKCS12KDF"
        ));
        let key = hex::encode(bench.read("out"));
        bench.openssl(&format!("dgst -sha1 -mac HMAC -macopt hexkey:{key} -binary -out mac safe"));
        let digest = der::sequence(&[der::sequence(&[der::oid("1.3.14.3.2.26")]), der::octets(bench.read("mac"))]);
        let salt = der::octets([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
        let mac = der::sequence(&[digest, salt, der::integer(3)]);
        let (_, pfx, _) = der::open(&file);
        let with_mac = der::element(0x30, [pfx, &mac].concat());
        assert_eq!(key_file(&with_mac, None).key.public_key(), bench.public_key());
        assert_eq!(key_file(&with_mac, Some("")).key.public_key(), bench.public_key());
        assert!(matches!(error(&with_mac, Some("x")), KeyFileError::WrongPassword));
    }
}

#[test]
fn a_file_in_ber_as_browsers_write_it_is_read() {
    let bench = bench("P-384");
    for form in ["", "-legacy"] {
        let file = bench.made(&format!("{EXPORT} {form} -nomac -passout pass:{PASSWORD}"));
        // Outside, around the parts, and the pieces of encrypted data itself.
        let inner = der::to_ber(&safe(&file));
        let ber = der::to_ber(&around(&inner));
        bench.write("ber.p12", &ber);
        bench.openssl(&format!("pkcs12 -in ber.p12 -nodes {form} -passin pass:{PASSWORD} -out accepted"));
        assert_eq!(key_file(&ber, Some(PASSWORD)).key.public_key(), bench.public_key(), "{form}");
        // The MAC is over what the string holds, not how.
        let file = bench.made(&format!("{EXPORT} {form} -passout pass:{PASSWORD}"));
        assert_eq!(key_file(&der::to_ber(&file), Some(PASSWORD)).key.public_key(), bench.public_key(), "{form}");
    }
}

#[test]
fn all_keys_of_a_file_are_read_each_with_its_certificate() {
    let benches = [bench("P-384"), bench("RSA-2048")];
    benches[1].certify("CN=Another", "");
    let parts: Vec<u8> = benches
        .iter()
        .flat_map(|bench| {
            let file = bench.made(&format!("{EXPORT} -nomac -passout pass:{PASSWORD}"));
            der::open(&safe(&file)).1.to_vec()
        })
        .collect();
    let keys = KeyFile::read(&around(&der::element(0x30, parts)), Some(PASSWORD)).expect("keys");
    let names: Vec<_> = keys
        .iter()
        .map(|key| (key.key.public_key(), key.certificate.as_ref().expect("its certificate").common_name.as_str()))
        .collect();
    assert_eq!(names, [(benches[0].public_key(), "Somebody"), (benches[1].public_key(), "Another")]);
}

#[test]
fn an_altered_file_is_not_read() {
    let bench = bench("P-256");
    let file = bench.made(&format!("{EXPORT} -keypbe NONE -certpbe NONE -iter 1 -passout pass:{PASSWORD}"));
    let altered = file.len() / 2;
    let mut file = file;
    file[altered] ^= 1;
    assert!(matches!(error(&file, Some(PASSWORD)), KeyFileError::WrongPassword));
}

#[test]
fn a_file_of_certificates_alone_is_public() {
    let bench = bench("P-384");
    let file = bench.made(&format!("pkcs12 -export -nokeys -in cert.pem -passout pass:{PASSWORD}"));
    assert!(matches!(error(&file, Some(PASSWORD)), KeyFileError::IsPublic));
}

#[test]
fn a_key_beside_the_certificate_of_another_has_none() {
    let bench = bench("P-384");
    bench.openssl(&format!("pkcs12 -export -nocerts -inkey key.pem -passout pass:{PASSWORD} -out out"));
    assert!(key_file(&bench.read("out"), Some(PASSWORD)).certificate.is_none());
}
