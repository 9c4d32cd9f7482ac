//! A reference server's capsules come here, all of them, and once.

use base64ct::{Base64, Encoding};

use crate::support::{
    Kind, Person, body_for,
    postgres::{Cluster, connection},
    program::{Place, kapsel_server, words},
};

#[test]
fn capsules_of_a_reference_server_are_moved_compared_and_given_out() {
    let people = Kind::ALL.map(Person::new);
    let place = Place::new();
    place.init(&people.iter().collect::<Vec<_>>());
    let cluster = Cluster::start();
    cluster.sql(
        "CREATE TABLE cdoc2_capsule (transaction_id varchar(34) PRIMARY KEY, recipient bytea NOT NULL, payload bytea NOT NULL,
         capsule_type varchar(50) NOT NULL, created_at timestamptz, expiry_time timestamp NOT NULL, expiry_time_adjusted boolean)",
    );
    let insert = |id: &str, recipient: &[u8], payload: &[u8], kind: &str, expires: &str| {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        cluster.sql(&format!(
            "INSERT INTO cdoc2_capsule VALUES ('{id}', '\\x{}', '\\x{}', '{kind}', now(), {expires}, true)",
            hex(recipient),
            hex(payload)
        ));
    };
    let id = |number: usize| format!("KC{number:032x}");
    let mut payloads = Vec::new();
    for (number, person) in people.iter().enumerate() {
        let body: serde_json::Value = serde_json::from_str(&body_for(person)).expect("JSON");
        let payload = Base64::decode_vec(body["ephemeral_key_material"].as_str().expect("base64")).expect("base64");
        let kind = ["SECP256R1", "SECP384R1", "SECP521R1", "RSA"][number];
        insert(&id(number), person.recipient_id(), &payload, kind, "'2040-05-06 07:08:09.5'");
        payloads.push(payload);
    }
    let mari = people[1].recipient_id();
    // More than go in one batch, one that has expired, and two that are none.
    cluster.sql(
        "INSERT INTO cdoc2_capsule SELECT 'KX' || lpad(n::text, 32, '0'), recipient, payload, capsule_type, now(), expiry_time, false
         FROM cdoc2_capsule, generate_series(1, 1200) n WHERE capsule_type = 'SECP384R1'",
    );
    insert(&id(100), mari, &payloads[1], "SECP384R1", "now() - interval '1 day'");

    let from = connection(&[&cluster], "postgres").connection;
    let import = || kapsel_server(&["import-reference", "--config", &place.config(), "--from", &from]);
    let first = import();
    assert!(first.status.success(), "{}", words(&first));
    assert_eq!(
        String::from_utf8_lossy(&first.stdout),
        "1204 moved, 0 were here, 1 expired, 0 refused; 1204 compared and the same\n"
    );
    insert(&id(101), mari, &payloads[0], "SECP384R1", "'2040-01-01'");
    insert(&id(102), &mari[1..], &payloads[1], "SECP384R1", "'2040-01-01'");
    let again = import();
    assert!(!again.status.success());
    assert_eq!(
        String::from_utf8_lossy(&again.stdout),
        "0 moved, 1204 were here, 1 expired, 2 refused; 1204 compared and the same\n"
    );
    assert!(!words(&again).contains(&id(101)), "an id in full");

    // A time without an end is none, and stops nothing.
    insert(&id(103), mari, &payloads[1], "SECP384R1", "'infinity'");
    let endless = import();
    assert!(!endless.status.success() && words(&endless).contains("its time is none"), "{}", words(&endless));
    assert_eq!(
        String::from_utf8_lossy(&endless.stdout),
        "0 moved, 1204 were here, 1 expired, 3 refused; 1204 compared and the same\n"
    );
    let elsewhere =
        |from: &str| words(&kapsel_server(&["import-reference", "--config", &place.config(), "--from", from]));
    let closed = format!("host=127.0.0.1 port={} user=a dbname=b", crate::support::free_port());
    let told = elsewhere(&closed);
    assert!(told.contains("the reference server's database is not available"), "{told}");
    let told = elsewhere("host=192.0.2.1 user=a dbname=b");
    assert!(told.contains("needs --authorities for TLS, or --without-tls") && !told.contains("store."), "{told}");

    let _running = place.run();
    for (number, person) in people.iter().enumerate() {
        let (status, text) = place.get(&format!("/key-capsules/{}", id(number)), person);
        assert_eq!(status, "200", "{text}");
        assert!(text.contains("x-expiry-time: 2040-05-06T07:08:09Z") && text.contains("x-expiry-time-adjusted: true"));
        let body: serde_json::Value =
            serde_json::from_str(text.rsplit("\r\n\r\n").next().expect("a body")).expect("JSON");
        assert_eq!(body["ephemeral_key_material"], Base64::encode_string(&payloads[number]));
        assert_eq!(body["recipient_id"], Base64::encode_string(person.recipient_id()));
        assert_eq!(body["capsule_type"], person.kind.capsule_type());
    }
}
