//! Which client certificates are let in, and which end in a TLS alert before a request is looked at.

use std::{
    io,
    net::TcpStream,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

use crate::support::{Authority, Connection, Fixture, Kind, Person, Setup, body_for, get, params, tls, try_exchange};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a client gets that shows this certificate: a status, or the alert's name.
fn outcome(fixture: &Fixture, person: Option<&Person>) -> Result<u16, String> {
    let talk = || -> io::Result<u16> {
        let mut connection = Connection::open(fixture.recipient(), &fixture.certificate, person)?;
        Ok(try_exchange(&mut connection, &get("/key-capsules/KC00112233445566778899aabbccddeeff"))?.status)
    };
    talk().map_err(|error| error.to_string())
}

fn assert_alert(fixture: &Fixture, person: Option<&Person>, alert: &str) {
    let outcome = outcome(fixture, person).expect_err("a TLS alert");
    assert!(outcome.contains(alert), "{alert}: {outcome}");
}

#[test]
fn without_a_certificate_there_is_no_request() {
    let fixture = Setup::listing(&[&Person::new(Kind::P256)]).start();
    assert_alert(&fixture, None, "CertificateRequired");
    assert_eq!(fixture.metric("kapsel_refused_total{interface=\"recipient\",reason=\"handshake\"}"), 1);
}

#[test]
fn an_authority_lets_in_its_people_over_a_chain_of_p521() {
    let root = Authority::root("Root", Kind::P521);
    let issuing = root.below("Issuing", Kind::P521);
    let fixture = Setup::trusting(&root).start();
    for kind in Kind::ALL {
        let person = issuing.person(kind, params("MARI"));
        assert_eq!(outcome(&fixture, Some(&person)), Ok(404), "{kind:?}");
        let path = fixture.take(&body_for(&person));
        let given = try_exchange(&mut fixture.as_recipient(&person), &get(&path)).expect("an answer");
        assert_eq!(given.status, 200, "{kind:?}");
    }
    // A client that sends its own certificate alone is let in when the issuing authority is configured.
    let mut alone = issuing.person(Kind::P384, params("MARI"));
    alone.intermediates.clear();
    assert_alert(&fixture, Some(&alone), "UnknownCA");
    let fixture = Setup { authorities: vec![root.pem.clone(), issuing.pem.clone()], ..Setup::default() }.start();
    assert_eq!(outcome(&fixture, Some(&alone)), Ok(404));
}

#[test]
fn strangers_are_kept_out() {
    let authority = Authority::root("Root", Kind::P384);
    let other = Authority::root("Root", Kind::P384);
    let fixture = Setup::trusting(&authority).start();
    assert_alert(&fixture, Some(&Person::new(Kind::P384)), "UnknownCA");
    // The same name, another key.
    let forged = outcome(&fixture, Some(&other.person(Kind::P384, params("MARI")))).expect_err("a TLS alert");
    assert!(forged.contains("UnknownCA") || forged.contains("DecryptError"), "{forged}");
    assert_eq!(fixture.metric("kapsel_requests_total{interface=\"recipient\",call=\"get_capsule\",status=\"404\"}"), 0);
}

#[test]
fn validity_counts_for_people_of_authorities_and_for_listed_ones() {
    let authority = Authority::root("Root", Kind::P384);
    let now = SystemTime::now();
    let between = |begin: SystemTime, end: SystemTime| {
        let mut params = params("MARI");
        (params.not_before, params.not_after) = (begin.into(), end.into());
        params
    };
    let over = || between(now - YEAR, now - Duration::from_secs(5));
    let not_yet = || between(now + Duration::from_secs(600), now + YEAR);
    let people = [
        authority.person(Kind::P384, over()),
        Person::with(Kind::P384, over()),
        authority.person(Kind::P384, not_yet()),
        Person::with(Kind::P384, not_yet()),
    ];
    let listed = [&people[1], &people[3]].map(|person| person.certificate_pem.clone()).to_vec();
    let fixture = Setup { listed, ..Setup::trusting(&authority) }.start();
    for person in &people {
        // There is no alert of its own for a certificate of the future.
        assert_alert(&fixture, Some(person), "CertificateExpired");
    }
    // The server's clock decides.
    fixture.clock.forward(Duration::from_secs(601));
    assert_eq!(outcome(&fixture, Some(&people[2])), Ok(404));
    assert_eq!(outcome(&fixture, Some(&people[3])), Ok(404));
}

#[test]
fn a_certificate_that_is_not_for_authentication_is_kept_out() {
    let authority = Authority::root("Root", Kind::P384);
    let with_usages = |usages: &[KeyUsagePurpose], extended: &[ExtendedKeyUsagePurpose]| {
        let mut params = params("MARI");
        (params.key_usages, params.extended_key_usages) = (usages.to_vec(), extended.to_vec());
        params
    };
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
    use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyAgreement};
    let (refused, good) = (
        [
            with_usages(&[ContentCommitment], &[ClientAuth]),
            with_usages(&[DigitalSignature, ContentCommitment], &[ClientAuth]),
            with_usages(&[KeyAgreement], &[ClientAuth]),
            with_usages(&[DigitalSignature], &[ServerAuth]),
        ],
        [with_usages(&[DigitalSignature], &[]), with_usages(&[], &[ServerAuth, ClientAuth]), with_usages(&[], &[])],
    );
    let listed = |params: &CertificateParams| Person::with(Kind::P384, params.clone());
    let refused_listed: Vec<_> = refused.iter().map(listed).collect();
    let mut good_listed: Vec<_> = good.iter().map(listed).collect();
    good_listed.push(listed(&with_usages(&[DigitalSignature], &[Any])));
    // What openssl makes when it is asked for nothing else: an authority by its own word.
    let mut plain = CertificateParams::default();
    plain.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    good_listed.push(Person::with(Kind::P384, plain));
    let listed = refused_listed.iter().chain(&good_listed).map(|person| person.certificate_pem.clone()).collect();
    let fixture = Setup { listed, ..Setup::trusting(&authority) }.start();
    for (index, params) in refused.into_iter().enumerate() {
        assert_alert(&fixture, Some(&refused_listed[index]), "UnsupportedCertificate");
        assert_alert(&fixture, Some(&authority.person(Kind::P384, params)), "UnsupportedCertificate");
    }
    for params in good {
        assert_eq!(outcome(&fixture, Some(&authority.person(Kind::P384, params))), Ok(404));
    }
    for person in &good_listed {
        assert_eq!(outcome(&fixture, Some(person)), Ok(404));
    }
}

#[test]
fn a_certificate_of_60_kib_is_kept_out() {
    let authority = Authority::root("Root", Kind::P384);
    let fixture = Setup::trusting(&authority).start();
    let mut large = params("MARI");
    large.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55555], vec![0; 60 << 10]));
    let outcome = outcome(&fixture, Some(&authority.person(Kind::P384, large))).expect_err("a TLS alert");
    assert!(!outcome.contains("timed out"), "{outcome}");
}

#[test]
fn certificates_are_read_again_while_the_server_runs() {
    let (mari, jaan) = (Person::new(Kind::P384), Person::new(Kind::P256));
    let fixture = Setup::listing(&[&mari]).start();
    let path = fixture.folder.path().join("listed0.pem");
    let mut before = fixture.as_recipient(&mari);
    assert_alert(&fixture, Some(&jaan), "UnknownCA");

    std::fs::write(&path, &jaan.certificate_pem).expect("written");
    fixture.reload();
    assert_eq!(outcome(&fixture, Some(&jaan)), Ok(404));
    assert_alert(&fixture, Some(&mari), "UnknownCA");
    // A connection that was let in before goes on.
    let answer = try_exchange(&mut before, &get("/key-capsules/KC00112233445566778899aabbccddeeff"));
    assert_eq!(answer.expect("an answer").status, 404);

    // What cannot be used changes nothing.
    std::fs::write(&path, "no certificate").expect("written");
    fixture.reload();
    assert_eq!(outcome(&fixture, Some(&jaan)), Ok(404));
    assert!(fixture.metric("kapsel_failed_reloads_total") >= 1);

    // A change is seen without being told.
    std::fs::write(&path, format!("{}{}", jaan.certificate_pem, mari.certificate_pem)).expect("written");
    crate::support::eventually("the new certificate", || outcome(&fixture, Some(&mari)) == Ok(404));
}

#[test]
fn only_tls_1_3_is_spoken() {
    let mari = Person::new(Kind::P384);
    let fixture = Setup::listing(&[&mari]).start();
    for address in [fixture.sender(), fixture.recipient()] {
        let handshake = |version: &str| {
            let address = address.to_string();
            let mut command = Command::new("openssl");
            command.args(["s_client", "-connect", &address, version, "-brief"]).stdin(std::process::Stdio::null());
            let output = command.output().expect("openssl is installed");
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        };
        let old = handshake("-tls1_2");
        assert!(old.contains("alert protocol version") && !old.contains("CONNECTION ESTABLISHED"), "{old}");
        assert!(handshake("-tls1_3").contains("Protocol version: TLSv1.3"));
    }
}

#[test]
fn no_recipient_goes_on_from_an_earlier_handshake() {
    let mari = Person::new(Kind::P384);
    let fixture = Setup::listing(&[&mari]).start();
    let twice = |address, person: Option<&Person>, request: &str| {
        let config = Arc::new(tls(&fixture.certificate, person));
        let mut resumed = false;
        for _ in 0..2 {
            let socket = TcpStream::connect(address).expect("connects");
            let mut connection = Connection::with(socket, &config).expect("let in");
            // What there is to go on from comes with the answer.
            try_exchange(&mut connection, request).expect("an answer");
            resumed = connection.is_resumed();
        }
        resumed
    };
    let path = get("/key-capsules/KC00112233445566778899aabbccddeeff");
    assert!(!twice(fixture.recipient(), Some(&mari), &path));
    // The test would see it: senders may.
    assert!(twice(fixture.sender(), None, &path));
}
