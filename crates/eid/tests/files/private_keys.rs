//! SEC 1, PKCS#1 and PKCS#8.

use eid::{KeyFile, KeyFileError};

use crate::support::{Bench, KINDS, PASSWORD, Proof, der, from_pem, key, key_file};

fn error(bytes: &[u8], password: Option<&str>) -> KeyFileError {
    KeyFile::read(bytes, password).expect_err("no usable key")
}

#[test]
fn every_form_of_every_kind_of_key_opens_a_container_for_it() {
    for kind in KINDS {
        let bench = Bench::new(kind);
        let mut forms = vec![
            bench.read("key.pem"),
            bench.made("pkey -in key.pem -outform DER"),
            bench.made("pkey -in key.pem -traditional"),
            bench.made("pkey -in key.pem -traditional -outform DER"),
        ];
        if kind.starts_with("P-") {
            forms.push(bench.made("ec -in key.pem -no_public"));
            forms.push(bench.made("ec -in key.pem -no_public -outform DER"));
            forms.push(bench.made("ec -in key.pem -conv_form compressed"));
            bench.openssl("ec -in key.pem -no_public -out bare.pem");
            forms.push(bench.made("pkcs8 -topk8 -nocrypt -in bare.pem"));
        }
        let proof = Proof::for_key(bench.public_key());
        for (index, form) in forms.iter().enumerate() {
            let key = key_file(form, None);
            assert_eq!(key.key.public_key(), bench.public_key(), "{kind}, form {index}");
            assert!(proof.is_opened_by(&key), "{kind}, form {index}");
            assert!(key.certificate.is_none());
        }
    }
}

#[test]
fn a_key_opens_no_container_of_another() {
    for kind in ["P-384", "RSA-2048"] {
        let bench = Bench::new(kind);
        let stranger = match kind {
            "P-384" => bench.made("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
            _ => bench.made("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        };
        assert!(!Proof::for_key(bench.public_key()).is_opened_by(&key_file(&stranger, None)));
    }
}

#[test]
fn an_ec_key_without_its_leading_zeros_is_read() {
    let number = [&[0; 5], &[7; 43][..]].concat();
    let sec1 = |number: &[u8]| {
        let curve = der::explicit(der::oid("1.3.132.0.34"));
        der::sequence(&[der::integer(1), der::octets(number), curve])
    };
    let (whole, short) = (key_file(&sec1(&number), None), key_file(&sec1(&number[5..]), None));
    assert_eq!(whole.key.public_key(), short.key.public_key());
    for wrong in [&[0; 48][..], &[0xff; 48], &[7; 49], &[]] {
        assert!(matches!(error(&sec1(wrong), None), KeyFileError::Malformed(_)));
    }
}

#[test]
fn every_usual_encryption_of_pkcs8_is_read_with_the_right_password_alone() {
    let bench = Bench::new("P-384");
    let public = bench.public_key();
    let mut encryptions = vec![
        "-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 2".to_owned(),
        "-v1 PBE-SHA1-3DES".to_owned(),
        "-v1 PBE-SHA1-RC2-40 -provider legacy -provider default".to_owned(),
        "-v1 PBE-SHA1-RC2-128 -provider legacy -provider default".to_owned(),
    ];
    for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"] {
        for hash in ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"] {
            encryptions.push(format!("-v2 {cipher} -v2prf hmacWith{hash} -iter 3"));
        }
    }
    for encryption in encryptions {
        for form in ["PEM", "DER"] {
            let command = format!("pkcs8 -topk8 -in key.pem -outform {form} {encryption}");
            let file = bench.made(&format!("{command} -passout pass:pass-wõrd"));
            assert_eq!(key_file(&file, Some("pass-wõrd")).key.public_key(), public, "{encryption}");
            assert!(matches!(error(&file, None), KeyFileError::PasswordNeeded), "{encryption}");
            for wrong in ["", "pass-word", "Pass-wõrd", "pass-wõrd ", "another"] {
                assert!(matches!(error(&file, Some(wrong)), KeyFileError::WrongPassword), "{encryption}");
            }
        }
    }
}

#[test]
fn old_encryptions_are_refused_with_the_command_that_converts_them() {
    for (kind, command) in [("P-256", "ec"), ("RSA-2048", "rsa -traditional")] {
        let bench = Bench::new(kind);
        let old = bench.made(&format!("{command} -in key.pem -aes256 -passout pass:{PASSWORD}"));
        let refusal = error(&old, Some(PASSWORD));
        assert!(matches!(refusal, KeyFileError::LegacyEncryption));
        let told = refusal.to_string();
        assert!(told.contains("a key made by MD5") && told.contains("openssl pkcs8 -topk8"), "{told}");
        bench.write("old.pem", old);
        let new = bench.made(&format!("pkcs8 -topk8 -in old.pem -passin pass:{PASSWORD} -passout pass:{PASSWORD}"));
        assert_eq!(key_file(&new, Some(PASSWORD)).key.public_key(), bench.public_key());
    }
    let bench = Bench::new("P-256");
    let md5 = bench.made(&format!(
        "pkcs8 -topk8 -in key.pem -v1 PBE-MD5-DES -provider legacy -provider default -passout pass:{PASSWORD}"
    ));
    assert!(matches!(error(&md5, Some(PASSWORD)), KeyFileError::LegacyEncryption));
}

#[test]
fn keys_that_open_no_container_are_named() {
    let unsupported = |kind: &str, name: &str| match error(&key(kind), None) {
        KeyFileError::UnsupportedKey(text) => assert!(text.contains(name), "{text}"),
        other => panic!("{kind}: {other}"),
    };
    unsupported("Ed25519", "Ed25519");
    unsupported("secp256k1", "1.3.132.0.10");
    let bench = Bench::new("P-384");
    for command in ["pkey -in key.pem -ec_param_enc explicit", "ec -in key.pem -param_enc explicit"] {
        let explicit = bench.made(command);
        assert!(matches!(error(&explicit, None), KeyFileError::UnsupportedKey(_)), "{command}");
    }
    let ssh = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";
    assert!(error(ssh, None).to_string().contains("ssh-keygen"));
    assert!(matches!(error(&key("RSA-1024"), None), KeyFileError::WeakKey(1024)));
}

#[test]
fn a_public_file_in_the_place_of_a_private_one_is_told() {
    for kind in ["P-384", "RSA-2048"] {
        let bench = Bench::new(kind);
        bench.certify("CN=Somebody", "");
        let public = [
            bench.read("cert.pem"),
            bench.made("x509 -in cert.pem -outform DER"),
            bench.made("pkey -in key.pem -pubout"),
            bench.made("pkey -in key.pem -pubout -outform DER"),
        ];
        for file in public {
            assert!(matches!(error(&file, None), KeyFileError::IsPublic));
        }
    }
}

#[test]
fn anything_else_is_no_key() {
    for file in [
        &b""[..],
        b"0",
        b"text",
        b"-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----",
        &[0x30, 0],
    ] {
        assert!(matches!(error(file, None), KeyFileError::NotAKey));
    }
    assert!(matches!(error(&vec![b' '; eid::MAX_FILE + 1], None), KeyFileError::TooLarge));
    let cut = &key("P-384")[..150];
    assert!(matches!(error(cut, None), KeyFileError::Malformed(_)));
}

#[test]
fn all_keys_of_a_pem_file_are_read_with_their_certificates_whatever_stands_between() {
    let (first, second) = (Bench::new("P-384"), Bench::new("RSA-2048"));
    first.certify("CN=First", "");
    let parts = [
        b"Bag Attributes\n  friendlyName: some-thing\n".to_vec(),
        first.made("ecparam -name P-384"),
        first.made(&format!("pkcs8 -topk8 -in key.pem -iter 2 -passout pass:{PASSWORD}")),
        key("Ed25519"),
        second.made("pkey -in key.pem -traditional"),
        first.read("cert.pem"),
    ];
    let keys = KeyFile::read(&parts.concat(), Some(PASSWORD)).expect("keys");
    let public: Vec<_> = keys.iter().map(|key| key.key.public_key()).collect();
    assert_eq!(public, [first.public_key(), second.public_key()]);
    let name = keys[0].certificate.as_ref().map(|certificate| certificate.common_name.as_str());
    assert_eq!(name, Some("First"));
    assert!(keys[1].certificate.is_none());
    assert!(matches!(error(&key("P-256").repeat(17), None), KeyFileError::TooLarge));
}

#[test]
fn nothing_secret_is_printed() {
    let secret = from_pem(&key("P-256"));
    let printed = format!("{:?}", key_file(&key("P-256"), None));
    // `ECPrivateKey` stands at 26, its 32 secret bytes 10 further.
    assert!(!printed.contains(&format!("{:?}", &secret[36..68]).trim_matches(['[', ']']).to_owned()));
    assert!(printed.contains("public_key"));
}
