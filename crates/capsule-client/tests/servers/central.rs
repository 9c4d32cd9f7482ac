//! The central configuration of Estonia's eID.

use std::time::SystemTime;

use base64ct::{Base64, Encoding};
use capsule_api::ImportSource;
use capsule_client::{Central, ListTrouble};
use rcgen::{KeyPair, SigningKey};
use serde_json::{Value, json};

use crate::support::{Authority, new_key, server_params};

const ID: &str = "11111111-2222-3333-4444-555555555555";

/// A configuration with much else in it, as the real one has.
fn configuration(bundle: &[Vec<u8>]) -> Value {
    let encoded = |der: &Vec<u8>| {
        let text = Base64::encode_string(der);
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n")
    };
    json!({
        "META-INF": { "DATE": "20240612102015Z", "SERIAL": 7, "URL": "https://config.example", "VER": 1 },
        "CDOC2-CONF": {
            ID: { "NAME": "Capsules", "POST": "https://capsules.example:8443", "FETCH": "https://capsules.example:8444" },
        },
        "CDOC2-USE-KEYSERVER": true,
        "CDOC2-DEFAULT-KEYSERVER": ID,
        "CERT-BUNDLE": bundle.iter().map(encoded).collect::<Vec<_>>(),
        "LDAP-HOSTS": ["ldaps://ldap.example"],
    })
}

fn read(config: &Value, signed_by: &KeyPair, key: &KeyPair, known: Option<u64>) -> Result<Central, String> {
    let text = config.to_string();
    let signature = Base64::encode_string(&signed_by.sign(text.as_bytes()).expect("signed")) + "\n";
    let key = key.public_key_pem();
    Central::read(text.as_bytes(), signature.as_bytes(), key.as_bytes(), known, SystemTime::now(), "config.json")
        .map_err(|trouble| trouble.to_string())
}

#[test]
fn servers_come_with_the_certificates_of_their_hosts_alone() {
    let (authority, key) = (Authority::new("Some CA"), new_key("P-384"));
    let own = authority.certify(&server_params("capsules.example"), &key);
    let other = authority.certify(&server_params("other.example"), &new_key("P-384"));
    let bundle = [authority.certificate.clone(), other.clone(), own.clone()];
    for kind in ["P-256", "P-384", "P-521"] {
        let signer = new_key(kind);
        let central = read(&configuration(&bundle), &signer, &signer, Some(7)).expect(kind);
        let server = &central.list.servers[0];
        assert_eq!((central.serial, server.id.as_str(), server.name.as_str()), (7, ID, "Capsules"));
        assert_eq!(server.sender_url.as_str(), "https://capsules.example:8443/");
        assert_eq!(server.imported_from, Some(ImportSource::CentralConfiguration));
        let pins: Vec<_> = server.pins.iter().map(|pin| pin.der().to_vec()).collect();
        assert_eq!((pins, &server.incomplete), (vec![own.clone()], &None));
    }
    // An authority is no pin: the entry waits for a person.
    let signer = new_key("P-384");
    let central =
        read(&configuration(&[authority.certificate, other]), &signer, &signer, None).expect("a configuration");
    let server = &central.list.servers[0];
    assert!(server.pins.is_empty() && server.incomplete.as_deref().is_some_and(|why| why.contains("servers pin")));
}

#[test]
fn what_is_not_signed_or_goes_back_is_refused() {
    let (signer, stranger) = (new_key("P-384"), new_key("P-384"));
    let good = configuration(&[]);
    let refused = |result: Result<Central, String>| result.expect_err("refused");
    assert!(refused(read(&good, &stranger, &signer, None)).contains("not signed by this key"));
    assert!(refused(read(&good, &new_key("P-256"), &signer, None)).contains("not signed by this key"));
    assert!(refused(read(&good, &signer, &signer, Some(8))).contains("serial 7 is lower than 8"));
    assert!(refused(read(&good, &signer, &new_key("RSA"), None)).contains("no EC key"));
    let changed = |pointer: &str, value: Value| {
        let mut config = good.clone();
        *config.pointer_mut(pointer).expect("there") = value;
        refused(read(&config, &signer, &signer, None))
    };
    assert!(changed("/META-INF/DATE", json!("20990612102015Z")).contains("in the future"));
    assert!(changed("/META-INF/DATE", json!("yesterday")).contains("date"));
    assert!(changed("/META-INF/SERIAL", json!(-1)).contains("config.json"));
    assert!(changed("/CDOC2-CONF", json!([])).contains("config.json"));
    let server = format!("/CDOC2-CONF/{ID}");
    assert!(changed(&server, json!({ "NAME": "x" })).contains(ID));
    let wrong = changed(&format!("{server}/POST"), json!("http://capsules.example:8443"));
    assert!(wrong.contains(ID) && wrong.contains("senderUrl"), "{wrong}");
}

#[test]
fn one_changed_byte_breaks_the_signature() {
    let signer = new_key("P-384");
    let text = configuration(&[]).to_string();
    let signature = Base64::encode_string(&signer.sign(text.as_bytes()).expect("signed"));
    let key = signer.public_key_pem();
    let read = |text: &str, signature: &str| {
        Central::read(text.as_bytes(), signature.as_bytes(), key.as_bytes(), None, SystemTime::now(), "c")
    };
    read(&text, &signature).expect("as it was signed");
    for (text, signature) in [
        (text.replace("capsules.example", "capsules.evil"), signature.clone()),
        (text.clone() + " ", signature.clone()),
        (text.clone(), "AAAA".to_owned()),
        (text.clone(), "no base64!".to_owned()),
        (text.clone(), String::new()),
    ] {
        assert!(matches!(read(&text, &signature), Err(ListTrouble::Central { .. })), "{signature}");
    }
}
