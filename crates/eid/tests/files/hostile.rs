//! Files that were made to do harm.

use std::time::{Duration, Instant};

use eid::{KeyFile, KeyFileError, RecipientKey};

use crate::{
    pkcs12::around,
    support::{
        Bench, PASSWORD,
        der::{element, explicit, integer, octets, oid, sequence, to_ber},
    },
};

/// What nobody notices.
const SOON: Duration = Duration::from_secs(2);

fn read_every_way(bytes: &[u8]) {
    let _ = KeyFile::read(bytes, Some(PASSWORD)).map(|keys| format!("{keys:?}"));
    let _ = KeyFile::read(bytes, None);
    if let Ok(keys) = RecipientKey::read(bytes, Some("file")) {
        for key in keys {
            let _ = (key.name(), key.label().to_string(), key.warnings(0), key.algorithm());
        }
    }
}

fn refused_at_once(bytes: &[u8]) -> KeyFileError {
    let start = Instant::now();
    let error = KeyFile::read(bytes, Some(PASSWORD)).expect_err("refused");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    error
}

#[test]
fn no_truncated_or_altered_file_is_more_than_an_error() {
    let bench = Bench::new("P-256");
    bench.certify("CN=Somebody/SN=Else/O=Other", "certificatePolicies=1.3.6.1.4.1.51361.1.1.1\nkeyUsage=keyAgreement");
    let export = format!("pkcs12 -export -inkey key.pem -in cert.pem -iter 1 -passout pass:{PASSWORD}");
    let encrypt = format!("pkcs8 -topk8 -in key.pem -outform DER -iter 1 -passout pass:{PASSWORD}");
    let plain = bench.made(&format!("{export} -keypbe NONE -certpbe NONE -nomac"));
    let rsa = Bench::new("RSA-2048");
    let files = [
        bench.read("key.pem"),
        bench.made("pkey -in key.pem -outform DER"),
        bench.made("pkey -in key.pem -traditional -outform DER"),
        bench.made(&format!("{encrypt} -v2 aes-256-cbc")),
        bench.made(&format!("{encrypt} -v2 des3")),
        bench.made(&format!(
            "pkcs8 -topk8 -in key.pem -outform DER -scrypt -scrypt_N 2 -scrypt_r 1 -scrypt_p 1 -passout pass:{PASSWORD}"
        )),
        bench.made(&format!("{export} -nomaciter")),
        bench.made(&format!("{export} -nomac")),
        bench.made(&format!("{export} -legacy -nomac")),
        to_ber(&plain),
        plain,
        bench.made("x509 -in cert.pem -outform DER"),
        bench.made("pkey -in key.pem -pubout -outform DER"),
        rsa.made("rsa -in key.pem -RSAPublicKey_out -outform DER"),
        rsa.made("pkey -in key.pem -traditional -outform DER"),
    ];
    for file in &files {
        for length in 0..file.len() {
            read_every_way(&file[..length]);
        }
        let mut altered = file.clone();
        for index in 0..file.len() {
            for value in [file[index] ^ 0x01, file[index] ^ 0x80, !file[index], 0x00, 0x80] {
                altered[index] = value;
                read_every_way(&altered);
            }
            altered[index] = file[index];
        }
        read_every_way(&[&file[..], b"\n"].concat());
    }
}

/// `EncryptedPrivateKeyInfo` under PBES2.
fn pbes2(derivation: Vec<u8>, cipher: &str, iv: &[u8]) -> Vec<u8> {
    let scheme = sequence(&[oid(cipher), octets(iv)]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.5.13"), sequence(&[derivation, scheme])]);
    sequence(&[algorithm, octets([0; 64])])
}

fn pbkdf2(iterations: u128) -> Vec<u8> {
    sequence(&[oid("1.2.840.113549.1.5.12"), sequence(&[octets([0; 8]), integer(iterations)])])
}

fn scrypt(n: u128, r: u128, p: u128) -> Vec<u8> {
    sequence(&[oid("1.3.6.1.4.1.11591.4.11"), sequence(&[octets([0; 8]), integer(n), integer(r), integer(p)])])
}

/// `EncryptedPrivateKeyInfo` under the old scheme of PKCS#12, with 3DES.
fn pbe(iterations: u128) -> Vec<u8> {
    let algorithm = sequence(&[oid("1.2.840.113549.1.12.1.3"), sequence(&[octets([0; 8]), integer(iterations)])]);
    sequence(&[algorithm, octets([0; 64])])
}

/// PKCS#12 without MAC with these encrypted keys.
fn pkcs12(keys: &[Vec<u8>]) -> Vec<u8> {
    let bag = |key: &Vec<u8>| sequence(&[oid("1.2.840.113549.1.12.10.1.2"), explicit(key.clone())]);
    let bags: Vec<_> = keys.iter().map(bag).collect();
    let part = sequence(&[oid("1.2.840.113549.1.7.1"), explicit(octets(sequence(&bags)))]);
    around(&sequence(&[part]))
}

const AES_256: &str = "2.16.840.1.101.3.4.1.42";

#[test]
fn password_derivations_that_would_take_minutes_are_refused_before_they_begin() {
    for iterations in [10_000_001, (1 << 31) - 1, 1 << 32, 1 << 64, u128::MAX >> 1] {
        let files = [pbes2(pbkdf2(iterations), AES_256, &[0; 16]), pkcs12(&[pbe(iterations)])];
        for file in files {
            assert!(matches!(refused_at_once(&file), KeyFileError::TooCostly), "{iterations}");
            assert!(matches!(KeyFile::read(&file, None), Err(KeyFileError::TooCostly)), "{iterations}");
        }
        let digest = sequence(&[sequence(&[oid("1.3.14.3.2.26")]), octets([0; 20])]);
        let mac = sequence(&[digest, octets([0; 8]), integer(iterations)]);
        let content = sequence(&[oid("1.2.840.113549.1.7.1"), explicit(octets(sequence(&[])))]);
        let file = sequence(&[integer(3), content, mac]);
        assert!(matches!(refused_at_once(&file), KeyFileError::TooCostly), "{iterations}");
    }
    for (n, r, p) in
        [(1 << 40, 8, 1), (1 << 22, 8, 1), (2, 1 << 40, 1), (2, 8, 1 << 40), (1 << 10, 1 << 10, 20), (2, 1, 8_000_000)]
    {
        let file = pbes2(scrypt(n, r, p), AES_256, &[0; 16]);
        assert!(matches!(refused_at_once(&file), KeyFileError::TooCostly), "{n} {r} {p}");
    }
}

#[test]
fn derivations_count_together_however_many_parts_ask_for_them() {
    let bench = Bench::new("P-256");
    let right = bench.made(&format!("pkcs8 -topk8 -in key.pem -outform DER -iter 1 -passout pass:{PASSWORD}"));
    assert_eq!(KeyFile::read(&pkcs12(&vec![right.clone(); 16]), Some(PASSWORD)).expect("keys").len(), 16);
    assert!(matches!(refused_at_once(&pkcs12(&vec![right.clone(); 17])), KeyFileError::TooLarge));
    // Alone it is within the bound.
    let dear = pbes2(pbkdf2(9_999_999), AES_256, &[0; 16]);
    assert!(matches!(refused_at_once(&pkcs12(&[right.clone(), right, dear])), KeyFileError::TooCostly));
}

#[test]
fn wrong_parameters_of_encryption_are_damage() {
    const TRIPLE_DES: &str = "1.2.840.113549.3.7";
    let files = [
        pbes2(pbkdf2(0), AES_256, &[0; 16]),
        pbes2(pbkdf2(1), AES_256, &[0; 15]),
        pbes2(pbkdf2(1), AES_256, &[]),
        // Made a widespread parser panic.
        pbes2(pbkdf2(1), TRIPLE_DES, &[0; 4]),
        pbes2(scrypt(1023, 8, 1), AES_256, &[0; 16]),
        pbes2(scrypt(1, 8, 1), AES_256, &[0; 16]),
        pbes2(scrypt(0, 0, 0), AES_256, &[0; 16]),
        pbes2(scrypt(1024, 0, 1), AES_256, &[0; 16]),
        pbes2(scrypt(1024, 8, 0), AES_256, &[0; 16]),
        pkcs12(&[pbe(0)]),
    ];
    for file in files {
        let error = refused_at_once(&file);
        assert!(matches!(error, KeyFileError::Malformed(_)), "{error:?}");
    }
    let unknown = pbes2(pbkdf2(1), "1.2.3.4", &[0; 16]);
    assert!(matches!(refused_at_once(&unknown), KeyFileError::UnsupportedCipher(name) if name == "1.2.3.4"));
}

#[test]
fn large_files_of_nothing_are_read_in_a_moment() {
    let fill = |part: &[u8]| part.repeat(eid::MAX_FILE / part.len());
    let mut bags = sequence(&[]);
    for _ in 0..1000 {
        bags = sequence(&[sequence(&[oid("1.2.840.113549.1.12.10.1.6"), explicit(bags)])]);
    }
    let safe = sequence(&[sequence(&[oid("1.2.840.113549.1.7.1"), explicit(octets(bags))])]);
    let files = [
        fill(b"-----BEGIN X-----"),
        fill(b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
        fill(b"-----BEGIN CERTIFICATE-----\n-----BEGIN "),
        fill(b"-----"),
        [&fill(b"-----BEGIN A-----\n")[100..], b"-----END A-----"].concat(),
        fill(&[0x30, 0x80]),
        [&[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80][..], &fill(&[0x30, 0x80])[100..]].concat(),
        [&[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80][..], &fill(&[0x30, 0x00])[100..], &[0; 4]].concat(),
        [&[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80][..], &fill(&[0x24, 0x00])[100..], &[0; 4]].concat(),
        around(&element(0x30, &fill(&[0x30, 0x00])[100..])),
        around(&safe),
    ];
    for (index, file) in files.iter().enumerate() {
        let start = Instant::now();
        read_every_way(file);
        assert!(start.elapsed() < 3 * SOON, "file {index}: {:?}", start.elapsed());
    }
}
