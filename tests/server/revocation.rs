//! Revoked client certificates, with OpenSSL's responder: nobody is let through on its silence, nor on a word that is not its own.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command},
    time::Duration,
};

use capsule_server::{Ocsp, OcspMode};
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose};

use crate::support::{
    Authority, Errand, Fixture, Kind, Offer, Person, Setup, Signed, body_for, eventually, exchange, free_port, get,
    params,
};

/// A responder of an authority, on a port that its certificates name.
struct Responder {
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Responder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("temporary folder"), port: free_port(), child: None }
    }

    /// Contents of a certificate whose authority is asked here.
    fn names_it(&self, serial: u64) -> CertificateParams {
        let mut params = params("MARI");
        params.serial_number = Some(serial.into());
        // AuthorityInfoAccess: one way, id-ad-ocsp, a URL.
        let url = format!("http://127.0.0.1:{}/status", self.port);
        let tlv = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let method = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
        let way = tlv(0x30, &[&method[..], &tlv(0x86, url.as_bytes())].concat());
        let access = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &way));
        params.custom_extensions.push(access);
        params
    }

    /// Starts it with what it knows (`V` and `R`, by serial number) and who signs its answers.
    fn start(&mut self, authority: &Authority, signer: (&str, &str), known: &[(char, u64)]) {
        self.stop();
        let path = |name: &str| self.folder.path().join(name);
        let line = |(status, serial): &(char, u64)| {
            let revoked = if *status == 'R' { "250101000000Z" } else { "" };
            format!("{status}\t491231235959Z\t{revoked}\t{serial:02X}\tunknown\t/CN=MARI\n")
        };
        fs::write(path("index"), known.iter().map(line).collect::<String>()).expect("written");
        fs::write(path("authority.pem"), &authority.pem).expect("written");
        fs::write(path("signer.pem"), signer.0).expect("written");
        fs::write(path("signer.key"), signer.1).expect("written");
        let mut command = Command::new("openssl");
        command.args(["ocsp", "-port", &self.port.to_string(), "-index", "index", "-CA", "authority.pem"]);
        command.args(["-rsigner", "signer.pem", "-rkey", "signer.key", "-ignore_err"]);
        let log = fs::File::create(path("log")).expect("a log");
        command.current_dir(self.folder.path()).stdout(log.try_clone().expect("a file")).stderr(log);
        self.child = Some(command.spawn().expect("openssl is installed"));
        // Looking whether it listens by connecting would stop it for good.
        eventually("the responder", || fs::read_to_string(path("log")).is_ok_and(|log| log.contains("waiting for")));
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn setup(authority: &Authority, mode: OcspMode) -> Setup {
    Setup { ocsp: Ocsp { mode, responder: None }, ..Setup::trusting(authority) }
}

/// What somebody gets for a capsule of his own.
fn status(fixture: &Fixture, person: &Person) -> u16 {
    let path = fixture.take(&body_for(person));
    let answer = exchange(&mut fixture.as_recipient(person), &get(&path));
    assert!(answer.status == 200 || answer.body.is_empty());
    answer.status
}

#[test]
fn good_is_let_through_revoked_and_unheard_of_are_forbidden_and_silence_is_no_yes() {
    let authority = Authority::root("Root", Kind::P384);
    let mut responder = Responder::new();
    let [good, revoked, unheard_of] = [1, 2, 3].map(|serial| authority.person(Kind::P384, responder.names_it(serial)));
    let known = [('V', 1), ('R', 2)];
    let (own_pem, own_key) = authority.signer();
    responder.start(&authority, (&own_pem, &own_key), &known);
    let fixture = setup(&authority, OcspMode::Required).start();
    assert_eq!([&good, &revoked, &unheard_of].map(|person| status(&fixture, person)), [200, 403, 403]);
    let outcome = |name: &str| fixture.metric(&format!("kapsel_ocsp_total{{outcome=\"{name}\"}}"));
    assert_eq!((outcome("good"), outcome("revoked"), outcome("no_answer")), (1, 2, 0));

    // What was answered is remembered for ten minutes, and no longer.
    responder.stop();
    assert_eq!([&good, &revoked].map(|person| status(&fixture, person)), [200, 403]);
    fixture.clock.forward(Duration::from_secs(601));
    assert_eq!([&good, &revoked].map(|person| status(&fixture, person)), [503, 503]);
    assert_eq!(outcome("no_answer"), 2);

    // Only by the operator's word is silence a yes, or nobody asked.
    for mode in [OcspMode::Soft, OcspMode::Off] {
        assert_eq!(status(&setup(&authority, mode).start(), &good), 200);
    }
    responder.start(&authority, (&own_pem, &own_key), &known);
    assert_eq!(status(&setup(&authority, OcspMode::Soft).start(), &revoked), 403);
    assert_eq!(status(&setup(&authority, OcspMode::Off).start(), &revoked), 200);
}

#[test]
fn an_answer_counts_from_the_issuer_or_whom_it_certified_for_that() {
    let root = Authority::root("Root", Kind::P521);
    let authority = root.below("Issuing", Kind::P384);
    let mut responder = Responder::new();
    let good = authority.person(Kind::P256, responder.names_it(1));
    let certified = |authority: &Authority, usage: ExtendedKeyUsagePurpose| {
        let mut params = params("Responder");
        params.extended_key_usages = vec![usage];
        let signer = authority.person(Kind::Rsa, params);
        (signer.certificate_pem, signer.key.serialize_pem())
    };
    let another = Authority::root("Issuing", Kind::P384);
    for (signer, expected) in [
        (certified(&authority, ExtendedKeyUsagePurpose::OcspSigning), 200),
        (certified(&authority, ExtendedKeyUsagePurpose::ClientAuth), 503),
        (certified(&another, ExtendedKeyUsagePurpose::OcspSigning), 503),
        (certified(&root, ExtendedKeyUsagePurpose::OcspSigning), 503),
        (another.signer(), 503),
    ] {
        responder.start(&authority, (&signer.0, &signer.1), &[('V', 1)]);
        assert_eq!(status(&setup(&root, OcspMode::Required).start(), &good), expected);
    }
}

#[test]
fn a_responder_that_hangs_or_floods_costs_seconds_and_lets_nobody_through() {
    use std::io::Write;
    let authority = Authority::root("Root", Kind::P384);
    let responder = Responder::new();
    let good = authority.person(Kind::P384, responder.names_it(1));
    let socket = TcpListener::bind(("127.0.0.1", responder.port)).expect("its port");
    let fixture = setup(&authority, OcspMode::Required).start();
    let flooding = std::thread::spawn(move || {
        // The first is left waiting, the second gets an answer without an end.
        let (first, _) = socket.accept().expect("asked");
        let (mut second, _) = socket.accept().expect("asked");
        let _ = second.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/ocsp-response\r\n\r\n");
        let sent = (0..10_000).take_while(|_| second.write_all(&[0x30; 4096]).is_ok()).count();
        drop(first);
        sent
    });
    let begun = std::time::Instant::now();
    assert_eq!(status(&fixture, &good), 503);
    assert_eq!(status(&fixture, &good), 503);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(flooding.join().expect("no panic") < 10_000);
}

#[test]
fn a_configured_responder_is_asked_instead_and_listed_certificates_are_not_asked_about() {
    let authority = Authority::root("Root", Kind::P384);
    let mut responder = Responder::new();
    let mut silent = params("MARI");
    silent.serial_number = Some(2.into());
    let revoked = authority.person(Kind::P384, silent);
    let (pem, key) = authority.signer();
    responder.start(&authority, (&pem, &key), &[('R', 2)]);
    // Its certificate names nobody.
    assert_eq!(status(&setup(&authority, OcspMode::Required).start(), &revoked), 503);
    let url = format!("http://127.0.0.1:{}", responder.port).parse().expect("a URL");
    let ocsp = Ocsp { mode: OcspMode::Required, responder: Some(url) };
    let with = |listed: Vec<String>| Setup { ocsp: ocsp.clone(), listed, ..Setup::trusting(&authority) }.start();
    assert_eq!(status(&with(Vec::new()), &revoked), 403);
    assert_eq!(status(&with(vec![revoked.certificate_pem.clone()]), &revoked), 200);
}

#[test]
fn a_ticket_waits_for_the_word_of_the_responder_and_is_not_used_up_meanwhile() {
    let authority = Authority::root("Root", Kind::P384);
    let mut responder = Responder::new();
    let [good, revoked] = [1, 2].map(|serial| authority.person(Kind::P384, responder.names_it(serial)));
    let (own_pem, own_key) = authority.signer();
    let setup = Setup { ticket: Some(Offer::new("css-a")), ..setup(&authority, OcspMode::Required) };
    let fixture = setup.start();
    let errands = [&good, &revoked].map(|person| Errand::new(&fixture, person));
    let tickets = [(&good, &errands[0]), (&revoked, &errands[1])]
        .map(|(person, errand)| Signed::by(person, [errand]).ticket(errand));
    let statuses = || [0, 1].map(|index| fixture.show(&errands[index].id, &tickets[index]).status);
    assert_eq!(statuses(), [503, 503]);
    responder.start(&authority, (&own_pem, &own_key), &[('V', 1), ('R', 2)]);
    assert_eq!(statuses(), [200, 401]);
    assert_eq!(statuses(), [404, 401]);
    // Nobody is asked about a nonce that is too old, nor about a signature that is wrong.
    let asked = || fixture.metric("kapsel_ocsp_total{outcome=\"good\"}");
    let before = asked();
    fixture.clock.forward(Duration::from_secs(400));
    assert_eq!(statuses(), [404, 404]);
    let broken = Signed::by(&good, [&errands[0]]).json(&errands[0]).to_string().replace("..", "..AAAA");
    assert_eq!(fixture.show_json(&errands[0].id, &broken).status, 401);
    assert_eq!(asked(), before);
}
