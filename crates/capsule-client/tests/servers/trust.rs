//! Who is believed: by key, host name, validity and OCSP, and nobody else.

use capsule_client::{Cause, Client, Error, OcspProblem, PeerProblem, Settings, Upload};
use cdoc2::{Cancel, Delivery};
use der::{Decode, Encode};
use rcgen::{KeyPair, SigningKey};
use sha1::{Digest, Sha1};

use crate::support::{
    Authority, Double, Entry, Person, Shown, client, created, header, in_days, new_id, new_key, server_params, servers,
    settings,
};

/// What posting a capsule comes to with a server that shows `shown`, where the list pins `pins`.
fn posted_with(settings: Settings, host: &'static str, shown: &Shown, pins: Vec<Vec<u8>>) -> Result<(), Error> {
    let double = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let client = Client::new(servers(&[Entry { host, pins, ..Entry::new("a", double.port, shown) }]), settings);
    let person = Person::new("P-384", &Authority::new("People"));
    let result = Upload::new(client).deliver_capsules(&[person.capsule("a")]);
    let sent = double.requests().len();
    assert_eq!(sent, usize::from(result.is_ok()), "nothing is sent to a server that is not believed");
    result.map(drop).map_err(|error| *error.downcast().expect("an error of this crate"))
}

fn posted(shown: &Shown, pins: Vec<Vec<u8>>) -> Result<(), Error> {
    posted_with(settings(), "localhost", shown, pins)
}

#[track_caller]
fn refused(result: Result<(), Error>) -> PeerProblem {
    match result.expect_err("not believed") {
        Error::Server { server, cause: Cause::Peer(problem) } => {
            assert_eq!(server.as_str(), "a");
            problem
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_pinned_certificate_is_believed_and_no_other_of_its_authority() {
    let authority = Authority::new("Some CA");
    let (key, other_key) = (new_key("P-384"), new_key("P-384"));
    let pinned = Shown::of(authority.certify(&server_params("localhost"), &key), &key);
    let other = Shown::of(authority.certify(&server_params("localhost"), &other_key), &other_key);
    posted(&pinned, vec![pinned.chain[0].clone()]).expect("believed");
    let shown = capsule_api::Pin::from_der(&other.chain[0]).expect("a certificate").fingerprint();
    assert_eq!(refused(posted(&other, vec![pinned.chain[0].clone()])), PeerProblem::PinMismatch { shown });
    // Not even when the authority itself stands among the pins.
    let pins = vec![pinned.chain[0].clone(), authority.certificate.clone()];
    assert!(matches!(refused(posted(&other, pins)), PeerProblem::PinMismatch { .. }));
}

#[test]
fn the_same_key_in_a_new_certificate_is_believed() {
    for kind in ["P-256", "P-384", "P-521", "RSA"] {
        let key = new_key(kind);
        let old = Authority::new("Old CA").certify(&server_params("localhost"), &key);
        let new = Shown::of(server_params("localhost").self_signed(&key).expect("signed").der().to_vec(), &key);
        posted(&new, vec![old]).unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
}

#[test]
fn the_second_pin_is_as_good_as_the_first() {
    let (first, second) = (Shown::new(), Shown::new());
    let pins = || vec![first.chain[0].clone(), second.chain[0].clone()];
    posted(&first, pins()).expect("believed");
    posted(&second, pins()).expect("believed");
}

#[test]
fn a_pinned_certificate_must_cover_the_host_and_be_valid() {
    let key = new_key("P-384");
    let of = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = server_params("localhost");
        change(&mut params);
        Shown::of(params.self_signed(&key).expect("signed").der().to_vec(), &key)
    };
    let result = |shown: Shown| refused(posted(&shown, vec![shown.chain[0].clone()]));
    let elsewhere =
        Shown::of(server_params("elsewhere.example").self_signed(&key).expect("signed").der().to_vec(), &key);
    assert_eq!(result(elsewhere), PeerProblem::HostName("localhost".to_owned()));
    assert_eq!(result(of(&|params| params.not_after = rcgen::date_time_ymd(2024, 1, 1))), PeerProblem::Expired);
    let tomorrow = rcgen::date_time_ymd(1970, 1, 1) + in_days(1);
    assert_eq!(result(of(&|params| params.not_before = tomorrow)), PeerProblem::NotYetValid);
    // An expired pin does not speak against a valid certificate with its key.
    let expired = of(&|params| params.not_after = rcgen::date_time_ymd(2024, 1, 1)).chain.remove(0);
    posted(&of(&|_| {}), vec![expired]).expect("believed");
}

#[test]
fn an_address_is_covered_as_a_name_is() {
    let key = new_key("P-384");
    let by_name = Shown::of(server_params("localhost").self_signed(&key).expect("signed").der().to_vec(), &key);
    let by_address = Shown::of(server_params("127.0.0.1").self_signed(&key).expect("signed").der().to_vec(), &key);
    let pins = |shown: &Shown| vec![shown.chain[0].clone()];
    posted_with(settings(), "127.0.0.1", &by_address, pins(&by_address)).expect("believed");
    let result = posted_with(settings(), "127.0.0.1", &by_name, pins(&by_name));
    assert_eq!(refused(result), PeerProblem::HostName("127.0.0.1".to_owned()));
}

#[test]
fn an_impostor_is_not_believed_whatever_the_system_trusts() {
    // Where other programs would take the impostor's authority from; this one never looks.
    let impostor = Authority::new("Trusted by the system");
    let key = new_key("P-384");
    let mut shown = Shown::of(impostor.certify(&server_params("localhost"), &key), &key);
    shown.chain.push(impostor.certificate.clone());
    let genuine = Shown::new();
    assert!(matches!(refused(posted(&shown, genuine.chain.clone())), PeerProblem::PinMismatch { .. }));
    let self_signed = Shown::of(server_params("localhost").self_signed(&key).expect("signed").der().to_vec(), &key);
    assert!(matches!(refused(posted(&self_signed, genuine.chain)), PeerProblem::PinMismatch { .. }));
}

#[test]
fn a_listed_certificate_without_its_key_proves_nothing() {
    let (genuine, key) = (Shown::new(), new_key("P-384"));
    // The certificate is public: everybody can show it, and only its holder can sign. No library would serve it so.
    let shown = Shown { key: key.serialize_der(), ..genuine.clone() };
    let chain = shown.chain.iter().map(|der| rustls::pki_types::CertificateDer::from(der.clone())).collect();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let stolen =
        provider.key_provider.load_private_key(rustls::pki_types::PrivatePkcs8KeyDer::from(shown.key.clone()).into());
    let certified = rustls::sign::CertifiedKey::new(chain, stolen.expect("a key"));
    let config = rustls::ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let double = Double::start(config, |_| created(&new_id(), ""));
    let client = client(&[Entry::new("a", double.port, &genuine)]);
    let person = Person::new("P-384", &Authority::new("People"));
    let error = Upload::new(client).deliver_capsules(&[person.capsule("a")]).expect_err("not proved");
    let error = error.downcast::<Error>().expect("an error of this crate");
    assert!(matches!(*error, Error::Server { cause: Cause::Tls(_), .. }), "{error:?}");
    assert!(double.requests().is_empty());
}

#[test]
fn tls_1_2_is_not_spoken() {
    let shown = Shown::new();
    let double = Double::start(shown.by_versions(&[&rustls::version::TLS12]), |_| created(&new_id(), ""));
    let client = client(&[Entry::new("a", double.port, &shown)]);
    let person = Person::new("P-384", &Authority::new("People"));
    let error = Upload::new(client).deliver_capsules(&[person.capsule("a")]).expect_err("refused");
    assert!(error.to_string().contains("TLS 1.3"), "{error}");
}

/// DER by hand.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).expect("short").to_be_bytes();
    let header = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [header, content].concat()
}

const GOOD: &[u8] = &[0x80, 0];
const UNKNOWN: &[u8] = &[0x82, 0];

fn revoked() -> Vec<u8> {
    tlv(0xa1, &[&tlv(0x18, &[b"20250101000000Z"])])
}

/// An OCSP answer about `leaf`, which `issuer` issued, signed by `signer`.
struct Answer<'a> {
    leaf: &'a [u8],
    issuer: &'a Authority,
    signer: &'a KeyPair,
    status: &'a [u8],
    until: &'a [u8],
    responder: &'a [u8],
}

impl Answer<'_> {
    fn der(&self) -> Vec<u8> {
        let sha1 = tlv(0x30, &[&[0x06, 5, 0x2b, 0x0e, 3, 2, 0x1a], &[5, 0]]);
        let leaf = x509_cert::Certificate::from_der(self.leaf).expect("a certificate");
        let leaf = leaf.tbs_certificate();
        let issuer = x509_cert::Certificate::from_der(&self.issuer.certificate).expect("a certificate");
        let key = issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec();
        let name = leaf.issuer().to_der().expect("a name");
        let id = tlv(
            0x30,
            &[
                &sha1,
                &tlv(0x04, &[&Sha1::digest(&name)]),
                &tlv(0x04, &[&Sha1::digest(&key)]),
                &tlv(0x02, &[leaf.serial_number().as_bytes()]),
            ],
        );
        let since = tlv(0x18, &[b"20260101000000Z"]);
        let until = tlv(0xa0, &[&tlv(0x18, &[self.until])]);
        let single = tlv(0x30, &[&id, self.status, &since, &until]);
        let responder = tlv(0xa2, &[&tlv(0x04, &[&Sha1::digest(&key)])]);
        let data = tlv(0x30, &[&responder, &tlv(0x18, &[b"20260101000000Z"]), &tlv(0x30, &[&single])]);
        let ecdsa_sha384 = tlv(0x30, &[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]]);
        let signature = self.signer.sign(&data).expect("signed");
        let mut parts = vec![data, ecdsa_sha384, tlv(0x03, &[&[0], &signature])];
        if !self.responder.is_empty() {
            parts.push(tlv(0xa0, &[&tlv(0x30, &[self.responder])]));
        }
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        let basic = tlv(0x30, &parts);
        let kind = [0x06, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
        let bytes = tlv(0x30, &[&kind, &tlv(0x04, &[&basic])]);
        tlv(0x30, &[&[0x0a, 1, 0], &tlv(0xa0, &[&bytes])])
    }
}

/// A server with its authority's certificate, and OCSP answers about it.
struct Stapling {
    authority: Authority,
    shown: Shown,
}

impl Stapling {
    fn new() -> Self {
        let (authority, key) = (Authority::new("Some CA"), new_key("P-384"));
        let mut shown = Shown::of(authority.certify(&server_params("localhost"), &key), &key);
        shown.chain.push(authority.certificate.clone());
        Self { authority, shown }
    }

    fn answer(&self) -> Answer<'_> {
        let (issuer, signer) = (&self.authority, self.authority.key());
        Answer { leaf: &self.shown.chain[0], issuer, signer, status: GOOD, until: b"20991231000000Z", responder: &[] }
    }

    fn posted(&self, answer: &[u8], required: bool) -> Result<(), Error> {
        let shown = Shown { ocsp: answer.to_vec(), ..self.shown.clone() };
        let settings = Settings { ocsp_required: required, ..settings() };
        posted_with(settings, "localhost", &shown, vec![shown.chain[0].clone()])
    }
}

#[test]
fn a_good_ocsp_answer_satisfies_who_requires_one_when_it_is_proved() {
    let stapling = Stapling::new();
    let good = stapling.answer().der();
    for required in [false, true] {
        stapling.posted(&good, required).expect("believed");
    }
    // By somebody whom the authority named for it.
    let key = new_key("P-384");
    let mut params = rcgen::CertificateParams::default();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::OcspSigning];
    let responder = stapling.authority.certify(&params, &key);
    stapling
        .posted(&Answer { signer: &key, responder: &responder, ..stapling.answer() }.der(), true)
        .expect("believed");
    // Whom it named for something else.
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let other = stapling.authority.certify(&params, &key);
    let answer = Answer { signer: &key, responder: &other, ..stapling.answer() }.der();
    assert_eq!(refused(stapling.posted(&answer, false)), PeerProblem::Ocsp(OcspProblem::Signature));
}

#[test]
fn an_ocsp_answer_that_is_not_good_is_never_let_pass() {
    let stapling = Stapling::new();
    let stranger = new_key("P-384");
    let other = Stapling::new();
    let revoked = revoked();
    let cut = &stapling.answer().der()[..60];
    for required in [false, true] {
        let result = |answer: Answer<'_>| refused(stapling.posted(&answer.der(), required));
        let ocsp = PeerProblem::Ocsp;
        assert_eq!(result(Answer { status: &revoked, ..stapling.answer() }), PeerProblem::Revoked);
        assert_eq!(result(Answer { status: UNKNOWN, ..stapling.answer() }), ocsp(OcspProblem::Unknown));
        assert_eq!(result(Answer { until: b"20260102000000Z", ..stapling.answer() }), ocsp(OcspProblem::Stale));
        assert_eq!(result(Answer { signer: &stranger, ..stapling.answer() }), ocsp(OcspProblem::Signature));
        let about_another = Answer { leaf: &other.shown.chain[0], ..stapling.answer() };
        assert_eq!(result(about_another), ocsp(OcspProblem::OtherCertificate));
        for garbage in [cut, &[0x30, 3, 0x0a, 1, 3], b"no"] {
            assert_eq!(refused(stapling.posted(garbage, required)), ocsp(OcspProblem::Unreadable));
        }
    }
}

#[test]
fn a_damaged_ocsp_answer_is_never_taken_for_a_proof() {
    let stapling = Stapling::new();
    let good = stapling.answer().der();
    let client = |double: &Double| {
        let settings = Settings { ocsp_required: true, ..settings() };
        Client::new(servers(&[Entry::new("a", double.port, &stapling.shown)]), settings)
    };
    let believed = |answer: Vec<u8>| {
        let shown = Shown { ocsp: answer, ..stapling.shown.clone() };
        let double = Double::start(shown.for_senders(), |_| crate::support::status("405 Method Not Allowed", ""));
        let examined = client(&double).examine("a", &Cancel::default()).expect("examined");
        examined[0].is_good()
    };
    assert!(believed(good.clone()));
    for position in 0..good.len() {
        let mut damaged = good.clone();
        damaged[position] ^= 1 << (position % 8);
        assert!(!believed(damaged), "byte {position}");
    }
    for length in (0..good.len()).step_by(11) {
        assert!(!believed(good[..length].to_vec()), "{length} bytes");
    }
}

#[test]
fn a_required_ocsp_answer_must_be_there_and_provable() {
    let mut stapling = Stapling::new();
    stapling.posted(&[], false).expect("believed");
    assert_eq!(refused(stapling.posted(&[], true)), PeerProblem::Ocsp(OcspProblem::Missing));
    // Without its authority's certificate nobody knows whose signature would prove the answer.
    let good = stapling.answer().der();
    let revoked = Answer { status: &revoked(), ..stapling.answer() }.der();
    stapling.shown.chain.truncate(1);
    stapling.posted(&good, false).expect("believed");
    assert_eq!(refused(stapling.posted(&good, true)), PeerProblem::Ocsp(OcspProblem::Unverifiable));
    assert_eq!(refused(stapling.posted(&revoked, false)), PeerProblem::Revoked);
}

#[test]
fn whoever_stole_the_key_cannot_vouch_for_themselves() {
    let genuine = Stapling::new();
    // The key is listed, the certificate is new, and its authority is the thief's.
    let thief = Authority::new("Some CA");
    let key = KeyPair::try_from(genuine.shown.key.as_slice()).expect("the key");
    let certificate = thief.certify(&server_params("localhost"), &key);
    let answer = Answer {
        leaf: &certificate,
        issuer: &thief,
        signer: thief.key(),
        status: GOOD,
        until: b"20991231000000Z",
        responder: &[],
    };
    let ocsp = answer.der();
    let shown = Shown { chain: vec![certificate, thief.certificate.clone()], ocsp, ..genuine.shown.clone() };
    let settings = Settings { ocsp_required: true, ..settings() };
    let result = posted_with(settings, "localhost", &shown, vec![genuine.shown.chain[0].clone()]);
    assert_eq!(refused(result), PeerProblem::Ocsp(OcspProblem::Unverifiable));
}

#[test]
fn an_examination_names_each_step() {
    use capsule_client::CheckStep::*;
    let shown = Shown::new();
    let senders = Double::start(shown.for_senders(), |_| crate::support::status("405 Method Not Allowed", ""));
    let recipients = Double::start(shown.for_recipients(&Authority::new("People")), |_| panic!("nobody gets in"));
    let other = Shown::new();
    let entries = [
        Entry { recipients: recipients.port, ..Entry::new("a", senders.port, &shown) },
        Entry::new("b", senders.port, &other),
        Entry { host: "no-such-host.invalid", ..Entry::new("c", senders.port, &shown) },
    ];
    let client = client(&entries);
    let examined = client.examine("a", &Cancel::default()).expect("examined");
    assert_eq!(examined.len(), 2);
    for address in examined {
        let steps: Vec<_> = address.steps.iter().map(|checked| checked.step).collect();
        assert_eq!(steps, [Resolve, Connect, Tls, Pin, HostName, Validity, Ocsp, Api]);
        assert!(address.is_good(), "{address:?}");
    }
    let failed = |id| {
        let mut examined = client.examine(id, &Cancel::default()).expect("examined");
        let last = examined.remove(0).steps.pop().expect("a step");
        last.result.expect_err("failed");
        last.step
    };
    assert_eq!(failed("b"), Pin);
    assert_eq!(failed("c"), Resolve);
    assert!(senders.requests().iter().all(|request| request.starts_with("GET ") && header(request, "host").is_some()));
}

#[test]
fn the_certificate_of_a_new_server_can_be_seen_before_it_is_trusted() {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let url = format!("https://localhost:{}", double.port).parse().expect("a URL");
    let seen = client(&[]).shown_certificates(&url, &Cancel::default()).expect("not cancelled").expect("seen");
    assert_eq!(seen[0].der(), shown.chain[0]);
    assert!(double.requests().is_empty());
}
