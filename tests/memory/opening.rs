//! Every kind of opening, and encrypting.

use std::{fs, io::Read, path::Path, process::Command};

use virtual_card::{Holder, Kind, Service, Slot, VirtualCard};

use crate::{
    organisation::{Organisation, list},
    search::Secrets,
    stopped::Run,
    support::{Place, large::noise, python::Python},
};

/// Long enough to be found for sure.
const PASSWORD: &str = "correct horse battery staple";
const PIN: &str = "918273645546";
/// More than fits into what stands between the program and whoever reads.
const CONTENT: u64 = 10 << 20;

fn place() -> Place {
    let place = Place::quick();
    let mut content = Vec::new();
    noise(CONTENT).read_to_end(&mut content).expect("readable");
    place.file("content", content);
    place
}

fn openssl(place: &Place, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(place.root()).output();
    let output = output.expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the independent implementation says there is to find.
fn secrets(place: &Place, key: [&str; 2], sender: &str) -> Secrets {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/memory/secrets.py");
    let path = |name: &str| place.path(name).display().to_string();
    let found = Python::ready().script(&script, &[&path("c.cdoc2"), key[0], &path(key[1]), sender]);
    let found = found.as_object().expect("names and hex").iter();
    found.map(|(name, hex)| (name.clone(), hex::decode(hex.as_str().expect("hex")).expect("hex"))).collect()
}

/// Opens by `key`, and looks into the program's memory: in the middle, where the container's keys must be found, or the search would prove
/// nothing, and `opened_by` is gone already; at its end, where nothing may be; and when all of it is left there on purpose.
fn nothing_is_left(place: &Place, key: &[&str], opened_by: &[&str], secrets: &Secrets) {
    place.file("left", secrets.values().flatten().copied().collect::<Vec<u8>>());
    let decrypt = [&["decrypt", "c.cdoc2", "-o", "-"], key].concat();
    let mut run = Run::start(place, &decrypt, "left");
    run.is_printing();
    let in_use = run.holds(secrets);
    let is_in_use = |name: &str| in_use.iter().any(|found| found == name);
    for name in ["FMK", "CEK"] {
        assert!(is_in_use(name), "{name} is in use, and not among {in_use:?}");
    }
    for name in opened_by {
        assert!(!is_in_use(name), "{name} has done its part, and is among {in_use:?}");
    }
    run.ends();
    assert_eq!(run.holds(secrets), [""; 0], "left in memory by {key:?}");
    run.leaves_secrets();
    assert_eq!(run.holds(secrets), secrets.keys().cloned().collect::<Vec<_>>(), "the search finds them");
    drop(run);
    let mut run = Run::start(place, &decrypt, "left");
    run.is_printing();
    run.ends();
    assert!(!run.leaves_a_dump(), "a dump of {key:?}");
}

#[test]
fn a_password_leaves_nothing() {
    let place = place();
    place.file("password", format!("{PASSWORD}\n"));
    place.run(&["encrypt", "-o", "c.cdoc2", "--password-file", "password", "content"]).expect(0);
    let secrets = secrets(&place, ["password", "password"], "");
    nothing_is_left(&place, &["--password-file", "password"], &["password"], &secrets);
}

#[test]
fn a_symmetric_key_leaves_nothing() {
    let place = place();
    let mut secret = Vec::new();
    noise(32).read_to_end(&mut secret).expect("readable");
    place.file("secret", secret);
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret", "content"]).expect(0);
    let secrets = secrets(&place, ["secret", "secret"], "");
    nothing_is_left(&place, &["--secret-file", "secret"], &["secret"], &secrets);
}

#[test]
fn a_key_file_leaves_nothing() {
    for kind in ["EC -pkeyopt ec_paramgen_curve:secp384r1", "EC -pkeyopt ec_paramgen_curve:prime256v1"] {
        let place = place();
        openssl(&place, &format!("genpkey -algorithm {kind} -out key.pem"));
        openssl(&place, "pkey -in key.pem -pubout -out public.pem");
        place.run(&["encrypt", "-o", "c.cdoc2", "-r", "public.pem", "content"]).expect(0);
        let secrets = secrets(&place, ["key", "key.pem"], "");
        nothing_is_left(&place, &["--key", "key.pem"], &["private key, reversed"], &secrets);
    }
}

#[test]
fn an_rsa_key_file_leaves_nothing() {
    let place = place();
    openssl(&place, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem");
    openssl(&place, "pkey -in key.pem -pubout -out public.pem");
    place.run(&["encrypt", "-o", "c.cdoc2", "-r", "public.pem", "content"]).expect(0);
    let secrets = secrets(&place, ["key", "key.pem"], "");
    nothing_is_left(&place, &["--key", "key.pem"], &["p", "q"], &secrets);
}

#[test]
fn a_protected_key_file_leaves_nothing() {
    let place = place();
    place.file("password", format!("{PASSWORD}\n"));
    openssl(&place, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp384r1 -out key.pem");
    openssl(&place, "req -x509 -new -key key.pem -subj /CN=Mari -out public.pem");
    openssl(&place, "pkcs12 -export -inkey key.pem -in public.pem -out key.p12 -passout file:password");
    openssl(&place, "pkcs8 -topk8 -in key.pem -out locked.pem -passout file:password");
    place.run(&["encrypt", "-o", "c.cdoc2", "-r", "public.pem", "content"]).expect(0);
    let mut secrets = secrets(&place, ["key", "key.pem"], "");
    secrets.insert("password".to_owned(), PASSWORD.into());
    // As PKCS#12 writes it.
    let wide = PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    secrets.insert("password in UTF-16".to_owned(), wide);
    let opened_by = ["private key, reversed", "password", "password in UTF-16"];
    nothing_is_left(&place, &["--p12", "key.p12", "--password-file", "password"], &opened_by, &secrets);
    nothing_is_left(&place, &["--key", "locked.pem", "--password-file", "password"], &opened_by, &secrets);
}

#[test]
fn encrypting_leaves_nothing() {
    for (recipient, key) in [(["-r", "public.pem"], "key"), (["--password-file", "password"], "password")] {
        let place = place();
        place.file("password", format!("{PASSWORD}\n"));
        openssl(&place, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp384r1 -out key.pem");
        openssl(&place, "pkey -in key.pem -pubout -out public.pem");
        let encrypt = [&["encrypt", "-o", "c.cdoc2", "content"], &recipient[..]].concat();
        let mut run = Run::start(&place, &encrypt, "left");
        run.ends();
        let secrets = secrets(&place, [key, if key == "key" { "key.pem" } else { key }], "");
        assert_eq!(run.holds(&secrets), [""; 0], "left in memory by {recipient:?}");
        place.file("left", secrets.values().flatten().copied().collect::<Vec<u8>>());
        run.leaves_secrets();
        assert_eq!(run.holds(&secrets), secrets.keys().cloned().collect::<Vec<_>>(), "the search finds them");
    }
}

#[test]
fn an_idemia_card_leaves_nothing() {
    nothing_is_left_of_a_card(Kind::Idemia);
}

#[test]
fn a_thales_card_leaves_nothing() {
    nothing_is_left_of_a_card(Kind::Thales);
}

fn nothing_is_left_of_a_card(kind: Kind) {
    let (mut place, service) = (place(), Service::private());
    place.variables.extend(service.socket().map(|socket| ("PCSCLITE_CSOCK_NAME", socket)));
    place.file("pin", format!("{PIN}\n"));
    let holder = Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718");
    place.file("holder.crt", holder.pem());
    place.file("key.der", holder.private_key());
    openssl(&place, "pkey -in key.der -inform DER -out key.pem");
    let server = Organisation::start("css-a", &[place.path("holder.crt")]);
    place.file("servers.json", list(&[server.entry()]));
    let card = VirtualCard::new(kind, holder.clone(), PIN);
    let _inserted = service.insert(&card, Slot::First);
    let key = ["--card", "--pin-file", "pin"];
    // The capsule inside.
    place.run(&["encrypt", "-o", "c.cdoc2", "-r", "holder.crt", "content", "--overwrite", "--no-server"]).expect(0);
    let mut found = secrets(&place, ["key", "key.pem"], "");
    found.insert("PIN".to_owned(), PIN.into());
    nothing_is_left(&place, &key, &["PIN"], &found);
    // The capsule on a server: what it answers is known by what the card was asked.
    let servers = ["--server-list", "servers.json"];
    let on_server = ["encrypt", "-o", "c.cdoc2", "-r", "holder.crt", "content", "--overwrite", "--server", "css-a"];
    place.run(&[&on_server[..], &servers].concat()).expect(0);
    card.trace();
    place.run(&[&["decrypt", "c.cdoc2", "-o", "out"], &key[..], &servers].concat()).expect(0);
    fs::remove_dir_all(place.path("out")).expect("saved there");
    let asked = card.trace().into_iter().find(|exchange| exchange.command.starts_with(&[0x00, 0x2A, 0x80, 0x86]));
    let asked = asked.expect("the card was asked").command;
    let mut found = secrets(&place, ["key", "key.pem"], &hex::encode(&asked[6..6 + 97]));
    found.insert("PIN".to_owned(), PIN.into());
    nothing_is_left(&place, &[&key[..], &servers].concat(), &["PIN"], &found);
}
