//! What Kapsel writes is read by the independent implementation, strictly: byte for byte, and in the form for writers.

mod support;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    sync::Mutex,
};

use cdoc2::{
    CapsuleFetcher, Container, Control, DecryptionKey, Delivery, Encryptor, FetchError, InputFile, KeyShare, Keyring,
    Label, OutgoingCapsule, OutgoingShare, Recipient, ServerCapsule, ShareFetcher, Zeroizing,
};
use eid::{KeyFile, RecipientKey};
use support::{Place, digest, key_pair, large, python::Python};

const SECRET: [&str; 2] = ["--secret-file", "secret.key"];

/// Name, size and SHA-256 of files.
type Files = BTreeMap<String, (u64, String)>;

/// A file to be encrypted, in the folder `in`.
fn input(place: &Place, files: &mut Files, name: &str, content: &[u8]) {
    place.file(&format!("in/{name}"), content);
    let (sha256, size) = digest(content);
    assert!(files.insert(name.to_owned(), (size, sha256)).is_none(), "{name} stands there twice");
}

/// What Python reads with a key, given as arguments in the place's folder.
#[track_caller]
fn python_files(python: &Python, place: &Place, container: &str, key: &[&str]) -> Files {
    let read = python.reads(place, container, key, &[]);
    let files = read["files"].as_array().expect("a list").iter().map(|file| {
        let text = |key: &str| file[key].as_str().expect("a string").to_owned();
        (text("name"), (file["size"].as_u64().expect("a number"), text("sha256")))
    });
    files.collect()
}

/// What Kapsel saves with a key.
#[track_caller]
fn kapsel_files(place: &Place, container: &str, key: &[&str]) -> Files {
    place.run(&[&["decrypt", "--quiet", container, "-o", "out"], key].concat()).expect(0);
    let out = place.path("out");
    let files = out.read_dir().expect("saved").map(|entry| {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        let (sha256, size) = digest(File::open(out.join(&name)).expect("saved"));
        (name, (size, sha256))
    });
    let files = files.collect();
    fs::remove_dir_all(out).expect("saved");
    files
}

/// Encrypts the folder `in` for a symmetric key, and has it read by both.
#[track_caller]
fn both_read(python: &Python, place: &Place, files: &Files, options: &[&str]) {
    place.secret();
    let arguments = [&["encrypt", "--quiet", "--overwrite", "-o", "c.cdoc2", "in"], &SECRET[..], options].concat();
    place.run(&arguments).expect(0);
    assert_eq!(&python_files(python, place, "c.cdoc2", &SECRET), files);
    assert_eq!(&kapsel_files(place, "c.cdoc2", &SECRET), files);
}

#[test]
fn every_kind_of_recipient_is_read() {
    let (place, python, mut files) = (Place::new(), Python::ready(), Files::new());
    input(&place, &mut files, "letter.txt", b"For your eyes only.\n");
    place.secret();
    place.file("password", "correct horse battery staple, õäöü, пароль\n");
    let mut arguments: Vec<String> = ["encrypt", "-o", "all.cdoc2", "in", "--label", "a key"].map(str::to_owned).into();
    arguments.splice(4..4, SECRET.map(str::to_owned));
    arguments.extend(["--password-file", "password", "--label", "the usual ~ & one"].map(str::to_owned));
    let mut keys = vec![SECRET.map(str::to_owned), ["--password-file", "password"].map(str::to_owned)];
    for algorithm in ["ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "rsa:3072", "rsa:4096"] {
        let name = algorithm.replace(':', "-");
        let (key, certificate) = key_pair(&place, &name, algorithm);
        // A public key by itself is labelled in another way than a certificate.
        let public = format!("{name}.pub");
        support::openssl(place.root(), &["pkey", "-in", &key, "-pubout", "-out", &public]);
        for recipient in [&certificate, &public] {
            let container = format!("{recipient}.cdoc2");
            place.run(&["encrypt", "-o", &container, "in", "--recipient", recipient]).expect(0);
            assert_eq!(python_files(&python, &place, &container, &["--key", &key]), files, "{recipient}");
        }
        arguments.extend(["--recipient".to_owned(), certificate]);
        keys.push(["--key".to_owned(), key]);
    }
    place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
    for key in &keys {
        let key = [key[0].as_str(), key[1].as_str()];
        assert_eq!(python_files(&python, &place, "all.cdoc2", &key), files, "{key:?}");
        assert_eq!(kapsel_files(&place, "all.cdoc2", &key), files, "{key:?}");
    }
}

/// Servers that keep what is brought to them.
#[derive(Default)]
struct Servers {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Servers {
    fn keep(&self, prefix: &str, material: Vec<u8>) -> String {
        let mut kept = self.kept.lock().expect("no test panicked");
        let id = format!("{prefix}{:032x}", kept.len());
        kept.insert(id.clone(), material);
        id
    }

    fn give(&self, id: &str) -> Result<Vec<u8>, FetchError> {
        let kept = self.kept.lock().expect("no test panicked");
        kept.get(id).cloned().ok_or_else(|| "it is not here".into())
    }

    /// What is kept of one kind, in the form that Python takes.
    fn answers(&self, kind: &str) -> String {
        let kept = self.kept.lock().expect("no test panicked");
        let of_kind = kept.iter().filter(|(id, _)| id.starts_with("KC") == (kind == "capsules"));
        let answers: BTreeMap<_, _> = of_kind.map(|(id, material)| (id, hex::encode(material))).collect();
        serde_json::json!({ kind: answers }).to_string()
    }
}

impl Delivery for Servers {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        Ok(capsules.iter().map(|capsule| self.keep("KC", capsule.key_material.clone())).collect())
    }

    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        Ok(shares.iter().map(|share| self.keep("", share.share.to_vec())).collect())
    }
}

const PERSON: &str = "etsi/PNOEE-30303039914";

impl CapsuleFetcher for Servers {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        self.give(&capsule.transaction_id)
    }
}

impl ShareFetcher for Servers {
    fn recipient_id(&self) -> &str {
        PERSON
    }

    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError> {
        shares.iter().map(|share| self.give(&share.share_id).map(Zeroizing::new)).collect()
    }
}

#[test]
fn recipients_by_server_and_by_key_shares_are_read() {
    let (place, python, mut files) = (Place::new(), Python::ready(), Files::new());
    input(&place, &mut files, "letter.txt", b"For your eyes only.\n");
    let servers = Servers::default();
    let mut recipients = Vec::new();
    let mut keys = Vec::new();
    for algorithm in ["ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048"] {
        let (key, certificate) = key_pair(&place, &algorithm.replace(':', "-"), algorithm);
        let certificate = fs::read(place.path(&certificate)).expect("made");
        let recipient = RecipientKey::read(&certificate, Some("a.pem")).expect("a certificate").remove(0);
        let label = recipient.label().with_server_expiry(1_900_000_000).to_string();
        recipients.push(Recipient::server(recipient.public_key, "00000000-0000-0000-0000-000000000000", label));
        keys.push(key);
    }
    let addresses = ["one", "two", "three"].map(|name| format!("https://{name}.example")).into();
    recipients.push(Recipient::shares(PERSON, addresses, Label::auth(PERSON).to_string()));
    let input = InputFile::examine(place.path("in/letter.txt")).expect("there");
    let encryptor = Encryptor::new(recipients).delivery(&servers);
    encryptor.encrypt_to_file(&[input], &place.path("c.cdoc2"), false).expect("encrypted");
    for kind in ["capsules", "shares"] {
        place.file(&format!("{kind}.json"), servers.answers(kind));
    }

    for key in &keys {
        let arguments = ["--key", key, "--answers", "capsules.json"];
        assert_eq!(python_files(&python, &place, "c.cdoc2", &arguments), files, "{key}");
        let key = KeyFile::read(&fs::read(place.path(key)).expect("made"), None).expect("a key").remove(0);
        opens(&place, Keyring::new([key.decryption_key()]).with_capsules(&servers));
    }
    assert_eq!(python_files(&python, &place, "c.cdoc2", &["--answers", "shares.json"]), files);
    opens(&place, Keyring::new(None::<DecryptionKey<'_>>).with_shares(&servers));
}

#[track_caller]
fn opens(place: &Place, keyring: Keyring<'_>) {
    let container = Container::open(place.path("c.cdoc2")).expect("a container");
    let key = container.unlock(&keyring, &Control::default()).expect("unlocked");
    let mut content = Vec::new();
    container.write_only_file(&key, &Default::default(), &mut content).expect("opened");
    assert_eq!(content, b"For your eyes only.\n");
}

#[test]
fn names_of_every_length_and_script_are_read() {
    let (place, python, mut files) = (Place::new(), Python::ready(), Files::new());
    for length in [1, 99, 100, 101, 255] {
        input(&place, &mut files, &"n".repeat(length), format!("a name of {length} bytes").as_bytes());
    }
    let long_unicode = ["õ".repeat(127), format!("{}x", "ж".repeat(49)), format!("{}y", "ж".repeat(50))];
    let scripts = ["Õunapuu äär.txt", "Договор № 5.pdf", "🔑 key 👩‍👩‍👧.txt", "O\u{303}un, decomposed.txt", "名前.txt"];
    for name in long_unicode.iter().map(String::as_str).chain(scripts) {
        input(&place, &mut files, name, name.as_bytes());
    }
    input(&place, &mut files, "empty", b"");
    both_read(&python, &place, &files, &[]);
}

#[test]
fn one_file_and_a_thousand_are_read_and_none_is_refused() {
    let (place, python, mut files) = (Place::new(), Python::ready(), Files::new());
    fs::create_dir(place.path("in")).expect("made");
    place.secret();
    let arguments = [&["--json", "encrypt", "-o", "none.cdoc2", "in"], &SECRET[..]].concat();
    assert_eq!(place.run(&arguments).expect(2).code(), "no_files");
    assert!(!place.path("none.cdoc2").exists());

    input(&place, &mut files, "0", b"");
    both_read(&python, &place, &files, &[]);
    for number in 1..1000 {
        input(&place, &mut files, &number.to_string(), number.to_string().repeat(number % 700).as_bytes());
    }
    both_read(&python, &place, &files, &[]);
    assert_eq!(python.java_reads(&place, "c.cdoc2", &SECRET)["ok"], true);
}

#[test]
fn whatever_is_compressed_stays_within_the_limits_of_the_java_reader() {
    let (place, python) = (Place::new(), Python::ready());
    let text: Vec<u8> = (0..60_000).flat_map(|line| format!("{line}: the same line again\n").into_bytes()).collect();
    let (zeros, mut noise) = (vec![0; 6 << 20], Vec::new());
    large::noise(2 << 20).read_to_end(&mut noise).expect("readable");
    let contents: [(&str, Vec<u8>); 4] = [
        ("zeros", zeros.clone()),
        ("text", text.clone()),
        ("noise, then zeros", [&noise[..], &zeros].concat()),
        ("zeros, then noise", [&zeros[..], &noise, &text].concat()),
    ];
    for (name, content) in &contents {
        let _ = fs::remove_dir_all(place.path("in"));
        let mut files = Files::new();
        input(&place, &mut files, name, content);
        for compression in ["fast", "best", "none"] {
            both_read(&python, &place, &files, &["--compression", compression]);
            let verdict = python.java_reads(&place, "c.cdoc2", &SECRET);
            assert_eq!(verdict["ok"], true, "{name}, {compression}: {verdict}");
        }
    }
}
