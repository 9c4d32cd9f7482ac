//! Certificates and public keys to encrypt for.

use cdoc2::{Label, LabelKind, PublicKey};
use eid::{DocumentKind, KeyUsage, RecipientError, RecipientKey, Warning};

use crate::support::{Bench, KINDS, PASSWORD, from_pem, key, recipient};

const DAY: i64 = 24 * 60 * 60;
/// A person of the test data of the Estonian eID.
const PERSON: &str =
    "CN=JÕEORG\\,JAAK-KRISTJAN\\,38001085718/SN=JÕEORG/GN=JAAK-KRISTJAN/serialNumber=PNOEE-38001085718/C=EE";

fn error(bytes: &[u8]) -> RecipientError {
    RecipientKey::read(bytes, None).expect_err("no recipient")
}

#[test]
fn every_form_of_a_public_key_is_the_same_key() {
    for kind in KINDS {
        let bench = Bench::new(kind);
        bench.certify("CN=Somebody", "");
        let mut forms = vec![
            bench.made("pkey -in key.pem -pubout -outform DER"),
            bench.read("cert.pem"),
            bench.made("x509 -in cert.pem -outform DER"),
            bench.made("x509 -in cert.pem -trustout -addtrust emailProtection -setalias name"),
        ];
        if kind.starts_with("P-") {
            forms.push(bench.made("ec -in key.pem -pubout -conv_form compressed"));
            forms.push(bench.made("ec -in key.pem -pubout -conv_form compressed -outform DER"));
            let PublicKey::Ec(key) = bench.public_key() else { panic!("an EC key") };
            forms.push(key.point().to_vec());
            bench.openssl("ec -in key.pem -conv_form compressed -out compressed.pem");
            forms.push(bench.made("req -x509 -new -key compressed.pem -subj /CN=Somebody"));
        } else {
            forms.push(bench.made("rsa -in key.pem -RSAPublicKey_out"));
            forms.push(bench.made("rsa -in key.pem -RSAPublicKey_out -outform DER"));
        }
        for (index, form) in forms.iter().enumerate() {
            assert_eq!(recipient(form).public_key, bench.public_key(), "{kind}, form {index}");
        }
        assert_eq!(recipient(&forms[0]).algorithm(), kind.replace("RSA-", "RSA "));
    }
}

#[test]
fn a_private_key_in_the_place_of_a_public_one_is_refused_as_such() {
    for kind in ["P-384", "RSA-2048"] {
        let bench = Bench::new(kind);
        bench.certify("CN=Somebody", "");
        let private = [
            bench.read("key.pem"),
            bench.made("pkey -in key.pem -outform DER"),
            bench.made("pkey -in key.pem -traditional"),
            bench.made("pkey -in key.pem -traditional -outform DER"),
            bench.made(&format!("pkey -in key.pem -traditional -aes128 -passout pass:{PASSWORD}")),
            bench.made(&format!("pkcs8 -topk8 -in key.pem -passout pass:{PASSWORD}")),
            bench.made(&format!("pkcs8 -topk8 -in key.pem -outform DER -passout pass:{PASSWORD}")),
            bench.made(&format!("pkcs12 -export -inkey key.pem -in cert.pem -passout pass:{PASSWORD}")),
        ];
        for (index, file) in private.iter().enumerate() {
            assert!(matches!(error(file), RecipientError::PrivateKey), "{kind}, form {index}");
        }
        // A certificate beside it is still one to encrypt for.
        let both = [bench.read("key.pem"), bench.read("cert.pem")].concat();
        assert_eq!(recipient(&both).public_key, bench.public_key());
    }
}

#[test]
fn pem_is_read_in_the_shapes_that_files_come_in() {
    let bench = Bench::new("P-384");
    let public = bench.made("pkey -in key.pem -pubout");
    let text = String::from_utf8(public).expect("text");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let shaped = |body: &str| format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
    let wide = format!("{}\n{}", &body[..76], &body[76..]);
    let shapes = [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        format!("Subject: somebody\n\n{text}\nand so on: yes\n"),
        shaped(&body),
        shaped(&wide),
        shaped(&format!("\n{} \t\n\n{}\n", &body[..20], &body[20..])),
        shaped(&format!("Comment: x\n\n{body}")),
    ];
    for shape in shapes {
        assert_eq!(recipient(shape.as_bytes()).public_key, bench.public_key(), "{shape}");
    }
    for broken in [shaped(&body[1..]), shaped(&format!("{body}!")), shaped(&body).replace("END PUBLIC", "END RSA")] {
        assert!(matches!(error(broken.as_bytes()), RecipientError::Unusable(_)), "{broken}");
    }
}

#[test]
fn a_certificate_says_who_holds_it_and_for_what() {
    let bench = Bench::new("P-384");
    bench.certify(
        &format!("{PERSON}/O=ESTEID"),
        "keyUsage=critical,digitalSignature,keyAgreement\nextendedKeyUsage=clientAuth,emailProtection\n\
         certificatePolicies=1.3.6.1.4.1.51361.1.1.1,0.4.0.2042.1.2",
    );
    let recipient = recipient(&bench.read("cert.pem"));
    assert_eq!(recipient.name(), "Jaak-Kristjan Jõeorg");
    let certificate = recipient.certificate.as_ref().expect("a certificate");
    assert_eq!(certificate.common_name, "JÕEORG,JAAK-KRISTJAN,38001085718");
    assert_eq!(certificate.surname.as_deref(), Some("JÕEORG"));
    assert_eq!(certificate.given_name.as_deref(), Some("JAAK-KRISTJAN"));
    assert_eq!(certificate.serial_number.as_deref(), Some("PNOEE-38001085718"));
    assert_eq!(certificate.code(), Some("38001085718"));
    assert_eq!(certificate.organisation.as_deref(), Some("ESTEID"));
    assert_eq!(certificate.issuer, certificate.common_name);
    assert_eq!(certificate.not_after - certificate.not_before, 30 * DAY);
    let usage = certificate.key_usage;
    let expected =
        KeyUsage { digital_signature: true, non_repudiation: false, key_encipherment: false, key_agreement: true };
    assert_eq!(usage, expected);
    assert_eq!(certificate.extended_key_usage, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"]);
    assert_eq!(certificate.policies, ["1.3.6.1.4.1.51361.1.1.1", "0.4.0.2042.1.2"]);
    assert_eq!(certificate.document, DocumentKind::IdCard);
    bench.write("cert.der", from_pem(&bench.read("cert.pem")));
    for (digest, expected) in [("sha1", &certificate.sha1), ("sha256", &certificate.sha256)] {
        bench.openssl(&format!("dgst -{digest} -r -out printed cert.der"));
        assert!(String::from_utf8_lossy(&bench.read("printed")).starts_with(expected.as_str()));
    }
}

#[test]
fn a_label_tells_documents_certificates_and_keys_apart() {
    let bench = Bench::new("P-384");
    let label = |bench: &Bench| recipient(&bench.read("cert.pem")).label();
    bench.certify(PERSON, "certificatePolicies=1.3.6.1.4.1.51361.1.1.4");
    assert_eq!(
        label(&bench).to_string(),
        "data:,CN=J%C3%95EORG%2CJAAK-KRISTJAN%2C38001085718&FIRST_NAME=JAAK-KRISTJAN&LAST_NAME=J%C3%95EORG&\
         SERIAL_NUMBER=PNOEE-38001085718&TYPE=Digi-ID+E-RESIDENT&V=1"
    );
    bench.certify("CN=Registry/O=Ministry/serialNumber=70000001", "");
    let sha1 = recipient(&bench.read("cert.pem")).certificate.expect("a certificate").sha1;
    assert_eq!(label(&bench), Label::certificate(Some("file.pem"), "Registry", &sha1));
    let key = recipient(&bench.made("pkey -in key.pem -pubout"));
    assert_eq!((key.label().kind(), key.name().as_str()), (LabelKind::PublicKey, "file.pem"));
}

#[test]
fn documents_are_known_by_policy() {
    let cases = [
        ("1.3.6.1.4.1.51361.1.1.1", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.1.1.2", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.1.1.3", DocumentKind::DigiId),
        ("1.3.6.1.4.1.51361.1.2.3", DocumentKind::DigiId),
        ("1.3.6.1.4.1.51361.1.1.4", DocumentKind::EResident),
        ("1.3.6.1.4.1.51361.1.2.4", DocumentKind::EResident),
        ("1.3.6.1.4.1.51361.1.1.7", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.1.1.30", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.2.1.1", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.2.1.3", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51361.2.1.6", DocumentKind::EResident),
        ("2.999.1.3.6.1.4.1.51361.2.1.6", DocumentKind::EResident),
        ("1.3.6.1.4.1.51455.1.1.1", DocumentKind::IdCard),
        ("1.3.6.1.4.1.51455.2.1.1", DocumentKind::IdCard),
        ("1.3.6.1.4.1.10015.7.3", DocumentKind::Organisation),
        ("1.3.6.1.4.1.513610.1.1.1", DocumentKind::Other),
        ("0.4.0.2042.1.2", DocumentKind::Other),
        ("2.25.329800735698586629295641978511506172918", DocumentKind::Other),
    ];
    let bench = Bench::new("P-384");
    for (policy, expected) in cases {
        bench.certify(PERSON, &format!("certificatePolicies={policy}"));
        let certificate = recipient(&bench.read("cert.pem")).certificate.expect("a certificate");
        assert_eq!((certificate.document, certificate.policies), (expected, vec![policy.to_owned()]));
    }
    bench.certify("CN=Registry/O=Ministry", "");
    let document = recipient(&bench.read("cert.pem")).certificate.expect("a certificate").document;
    assert_eq!(document, DocumentKind::Organisation);
}

#[test]
fn a_sender_is_warned_of_certificates_that_will_not_do() {
    let cases: [(&str, &str, &[Warning]); 11] = [
        ("P-384", "keyUsage=keyAgreement", &[]),
        ("P-384", "keyUsage=digitalSignature,keyAgreement\nextendedKeyUsage=clientAuth", &[]),
        ("RSA-2048", "keyUsage=keyEncipherment", &[]),
        ("P-384", "", &[]),
        ("P-256", "", &[Warning::RecentReaderNeeded]),
        ("P-521", "", &[Warning::RecentReaderNeeded]),
        ("P-384", "keyUsage=nonRepudiation", &[Warning::NotForEncryption]),
        ("P-384", "keyUsage=keyAgreement\nextendedKeyUsage=serverAuth", &[Warning::NotForEncryption]),
        // A key usage that cannot be read allows nothing.
        ("P-384", "2.5.29.15=DER:0500", &[Warning::NotForEncryption]),
        ("P-384", "keyUsage=keyAgreement\ncertificatePolicies=1.3.6.1.4.1.10015.3.17.2", &[Warning::CannotDecrypt]),
        ("P-384", "keyUsage=digitalSignature\ncertificatePolicies=1.3.6.1.4.1.10015.1.3", &[Warning::CannotDecrypt]),
    ];
    for (kind, extensions, expected) in cases {
        let bench = Bench::new(kind);
        bench.certify("CN=Somebody", extensions);
        let recipient = recipient(&bench.read("cert.pem"));
        let certificate = recipient.certificate.as_ref().expect("a certificate");
        assert_eq!(recipient.warnings(certificate.not_before), expected, "{extensions}");
        assert_eq!(recipient.warnings(certificate.not_after), expected, "{extensions}");
        assert!(recipient.warnings(certificate.not_after + 1).contains(&Warning::Expired));
        assert!(recipient.warnings(certificate.not_before - 1).contains(&Warning::NotYetValid));
    }
    let key = |kind| recipient(&Bench::new(kind).made("pkey -in key.pem -pubout")).warnings(0);
    assert_eq!(key("P-256"), [Warning::RecentReaderNeeded]);
    assert_eq!(key("P-384"), []);
}

#[test]
fn names_in_old_alphabets_are_read() {
    let bench = Bench::new("P-384");
    // T61String and BMPString.
    for mask in ["MASK:4", "MASK:2048"] {
        bench.certify_with(mask, "CN=Jõgi Šmidt".replace('Š', "S").as_str(), "");
        assert_eq!(recipient(&bench.read("cert.pem")).name(), "Jõgi Smidt", "{mask}");
    }
}

#[test]
fn a_certificate_without_a_common_name_has_another() {
    let bench = Bench::new("P-384");
    bench.certify("O=Ministry", "");
    assert_eq!(recipient(&bench.read("cert.pem")).name(), "Ministry");
    bench.certify("C=EE", "");
    assert_eq!(recipient(&bench.read("cert.pem")).name(), "C=EE");
}

#[test]
fn all_recipients_of_a_file_are_read_but_not_who_issued_their_certificates() {
    let (authority, person, other) = (Bench::new("P-521"), Bench::new("P-384"), Bench::new("RSA-2048"));
    authority.certify("CN=Authority", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign");
    person.write("ca.pem", authority.read("cert.pem"));
    person.write("ca-key.pem", authority.read("key.pem"));
    person.openssl("req -new -key key.pem -subj /CN=Person -out req.pem");
    let issued = person.made("x509 -req -in req.pem -CA ca.pem -CAkey ca-key.pem -days 30");
    other.certify("CN=Other", "basicConstraints=CA:TRUE");
    let public = person.made("pkey -in key.pem -pubout");
    let parts = [issued, authority.read("cert.pem"), public.clone(), other.read("cert.pem"), other.read("key.pem")];
    let keys = RecipientKey::read(&parts.concat(), None).expect("recipients");
    let names: Vec<_> = keys.iter().map(|key| (key.name(), key.public_key.clone())).collect();
    let expected = [
        ("Person".to_owned(), person.public_key()),
        (String::new(), person.public_key()),
        ("Other".to_owned(), other.public_key()),
    ];
    assert_eq!(names, expected);
    // Alone, an authority is what was asked for; and so are two certificates that somebody signed with their own keys.
    assert_eq!(recipient(&authority.read("cert.pem")).name(), "Authority");
    person.certify("CN=Other", "basicConstraints=CA:TRUE");
    let own = [public, person.read("cert.pem"), other.read("cert.pem")].concat();
    assert_eq!(RecipientKey::read(&own, None).expect("recipients").len(), 3);
}

#[test]
fn files_that_name_no_recipient_say_why() {
    for file in [&b""[..], b"text", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"] {
        assert!(matches!(error(file), RecipientError::Nothing));
    }
    assert!(matches!(error(&vec![b' '; eid::MAX_FILE + 1]), RecipientError::TooLarge));
    let bench = Bench::new("P-256");
    let public = bench.made("pkey -in key.pem -pubout");
    assert_eq!(RecipientKey::read(&public.repeat(16), None).expect("recipients").len(), 16);
    assert!(matches!(error(&public.repeat(17)), RecipientError::TooLarge));
    for kind in ["Ed25519", "secp256k1"] {
        let bench = Bench::new(kind);
        assert!(matches!(error(&bench.made("pkey -in key.pem -pubout")), RecipientError::Unusable(_)), "{kind}");
        bench.certify("CN=Somebody", "");
        assert!(matches!(error(&bench.read("cert.pem")), RecipientError::Unusable(_)), "{kind}");
    }
    let weak = Bench::new("RSA-1024");
    weak.certify("CN=Somebody", "");
    let forms = ["rsa -in key.pem -RSAPublicKey_out", "pkey -in key.pem -pubout"].map(|form| weak.made(form));
    for form in forms.into_iter().chain([weak.read("cert.pem")]) {
        assert!(matches!(error(&form), RecipientError::WeakKey(1024)), "{}", error(&form));
    }
    assert!(!key("RSA-1024").is_empty());
}
