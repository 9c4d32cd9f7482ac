//! Whatever is encrypted for whomever comes back; what is written of a header is read of it.

use std::{
    collections::HashMap,
    fs::File,
    io::{Cursor, Write},
    sync::Mutex,
};

use cdoc2::{
    Capsule, CapsuleFetcher, Compression, Container, Control, Curve, DecryptionKey, Delivery, EcPublicKey, EcdhKey,
    Encryptor, Entry, Extraction, FetchError, InputFile, KeyError, KeyShare, Keyring, Label, NameSet, OnConflict,
    OutgoingCapsule, OutgoingShare, Password, PublicKey, Reading, Recipient, ServerCapsule, ShareFetcher, SharedSecret,
    SymmetricKey, Zeroizing, check_name, safe_name,
};
use elliptic_curve::{ecdh, sec1::ToSec1Point};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_assert, prop_assert_eq, prop_oneof, proptest,
    strategy::Just,
    test_runner::{Config, TestCaseError},
};

/// An EC key in memory; the number in it makes it.
struct MemoryKey {
    scalar: Vec<u8>,
    public: EcPublicKey,
}

macro_rules! on_curve {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
        }
    };
}

impl MemoryKey {
    fn new(curve: Curve, number: u64) -> Self {
        let mut scalar = vec![0; curve.field_length()];
        scalar[curve.field_length() - 8..].copy_from_slice(&number.max(1).to_be_bytes());
        let point = on_curve!(curve, module => {
            let secret = module::SecretKey::from_slice(&scalar).expect("below the order");
            secret.public_key().to_sec1_point(false).as_bytes().to_vec()
        });
        Self { scalar, public: EcPublicKey::from_point(curve, &point).expect("a point of the curve") }
    }
}

impl EcdhKey for MemoryKey {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError> {
        Ok(on_curve!(self.public.curve(), module => {
            let secret = module::SecretKey::from_slice(&self.scalar).expect("below the order");
            let peer = module::PublicKey::from_sec1_bytes(peer.point()).map_err(|_| KeyError::Rejected)?;
            let shared = ecdh::diffie_hellman(secret.to_nonzero_scalar(), peer.as_affine());
            SharedSecret::new(shared.raw_secret_bytes().to_vec())
        }))
    }
}

/// Servers that keep what is brought to them.
#[derive(Default)]
struct Servers {
    kept: Mutex<HashMap<String, Vec<u8>>>,
    person: String,
}

impl Servers {
    fn keep(&self, material: &[u8]) -> String {
        let mut kept = self.kept.lock().expect("no test panicked");
        let id = format!("{:032x}", kept.len());
        kept.insert(id.clone(), material.to_vec());
        id
    }

    fn give(&self, id: &str) -> Result<Vec<u8>, FetchError> {
        self.kept.lock().expect("no test panicked").get(id).cloned().ok_or_else(|| "it is not here".into())
    }
}

impl Delivery for Servers {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        Ok(capsules.iter().map(|capsule| self.keep(&capsule.key_material)).collect())
    }

    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        Ok(shares.iter().map(|share| self.keep(&share.share)).collect())
    }
}

impl CapsuleFetcher for Servers {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        self.give(&capsule.transaction_id)
    }
}

impl ShareFetcher for Servers {
    fn recipient_id(&self) -> &str {
        &self.person
    }

    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError> {
        shares.iter().map(|share| self.give(&share.share_id).map(Zeroizing::new)).collect()
    }
}

/// Who a container is for. Passwords have tests of their own: each costs 600 000 iterations.
#[derive(Clone, Debug)]
enum Whom {
    Key(Curve, u64),
    Secret(Vec<u8>),
    Server(Curve, u64, String),
    Shares(String, Vec<String>),
}

fn curve() -> impl Strategy<Value = Curve> {
    prop_oneof![Just(Curve::P256), Just(Curve::P384), Just(Curve::P521)]
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![
        (curve(), any::<u64>()).prop_map(|(curve, number)| Whom::Key(curve, number)),
        vec(any::<u8>(), 32..100).prop_map(Whom::Secret),
        (curve(), any::<u64>(), ".{0,40}").prop_map(|(curve, number, id)| Whom::Server(curve, number, id)),
        ("etsi/PNOEE-[0-9]{11}", vec("https://[a-z]{1,20}\\.example", 2..5))
            .prop_map(|(person, servers)| Whom::Shares(person, servers)),
    ]
}

impl Whom {
    fn recipient(&self, label: &str) -> Recipient {
        match self {
            Self::Key(curve, number) => Recipient::public_key(public_key(*curve, *number), label),
            Self::Secret(secret) => Recipient::symmetric_key(symmetric(secret), label),
            Self::Server(curve, number, id) => Recipient::server(public_key(*curve, *number), id, label),
            Self::Shares(person, servers) => Recipient::shares(person, servers.clone(), label),
        }
    }

    /// Opens a container as this recipient; gives the record that did.
    fn unlock(&self, container: &Container, servers: &mut Servers) -> cdoc2::Result<cdoc2::FileMasterKey> {
        let control = Control::default();
        match self {
            Self::Key(curve, number) => {
                let key = MemoryKey::new(*curve, *number);
                container.unlock(&Keyring::new([DecryptionKey::Ec(&key)]), &control)
            }
            Self::Secret(secret) => {
                let key = symmetric(secret);
                container.unlock(&Keyring::new([DecryptionKey::Symmetric(&key)]), &control)
            }
            Self::Server(curve, number, _) => {
                let key = MemoryKey::new(*curve, *number);
                container.unlock(&Keyring::new([DecryptionKey::Ec(&key)]).with_capsules(servers), &control)
            }
            Self::Shares(person, _) => {
                servers.person.clone_from(person);
                container.unlock(&Keyring::default().with_shares(servers), &control)
            }
        }
    }

    /// Whether a record is what was written for this recipient.
    fn is_in(&self, capsule: &Capsule) -> bool {
        match (self, capsule) {
            (Self::Key(curve, number), Capsule::Ec { recipient, .. }) => {
                PublicKey::Ec(recipient.clone()) == public_key(*curve, *number)
            }
            (Self::Secret(_), Capsule::Symmetric { salt }) => salt.len() == 32,
            (Self::Server(curve, number, id), Capsule::Server(capsule)) => {
                (&capsule.recipient, &capsule.server_id) == (&public_key(*curve, *number), id)
            }
            (Self::Shares(person, servers), Capsule::Shares(capsule)) => {
                let urls = capsule.shares.iter().map(|share| &share.server_base_url);
                &capsule.recipient_id == person && urls.eq(servers)
            }
            _ => false,
        }
    }
}

fn public_key(curve: Curve, number: u64) -> PublicKey {
    PublicKey::Ec(MemoryKey::new(curve, number).public)
}

fn symmetric(secret: &[u8]) -> SymmetricKey {
    SymmetricKey::new(Zeroizing::new(secret.to_vec())).expect("32 bytes or more")
}

/// Content that compresses well, badly, and in turns; of any length up to some pieces of the pipeline.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        vec(any::<u8>(), 0..300),
        (any::<u8>(), 0usize..1_500_000).prop_map(|(byte, length)| vec![byte; length]),
        ("[a-z ]{1,60}", 0usize..20_000).prop_map(|(line, times)| line.repeat(times).into_bytes()),
        (any::<u64>(), 0usize..200_000).prop_map(|(seed, length)| noise(seed, length)),
    ];
    vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    next.take(length).collect()
}

/// Names that may stand in a container, all different.
fn files(most: usize) -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![".{0,30}", "[a-zõж€😀]{1,250}", "[a-z]{1,1000}"];
    vec((name, content()), 1..=most).prop_map(|files| {
        let mut names = NameSet::default();
        let mut different = |name: String| {
            if check_name(&name).is_ok() && names.insert(&name) { name } else { names.insert_safe(&name) }
        };
        files.into_iter().map(|(name, content)| (different(name), content)).collect()
    })
}

fn input(name: &str, content: &[u8]) -> InputFile {
    let mut file = tempfile::tempfile().expect("temporary file");
    file.write_all(content).expect("written");
    std::io::Seek::rewind(&mut file).expect("seekable");
    InputFile::from_open(file, name).expect("a file")
}

fn encrypted(files: &[(String, Vec<u8>)], encryptor: &Encryptor<'_>) -> Vec<u8> {
    let files: Vec<_> = files.iter().map(|(name, content)| input(name, content)).collect();
    let mut container = Vec::new();
    encryptor.encrypt_to_writer(&files, &mut container).expect("nothing to refuse");
    container
}

fn names_and_sizes(entries: &[Entry]) -> Vec<(&str, u64)> {
    entries.iter().map(|entry| (entry.name.as_str(), entry.size)).collect()
}

/// The container as a file, and as a stream.
fn both_ways(bytes: &[u8]) -> (tempfile::TempDir, [Container; 2]) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("c.cdoc2");
    std::fs::write(&path, bytes).expect("written");
    let stream = Cursor::new(bytes.to_vec());
    let containers = [Container::open(path), Container::from_stream(stream)].map(|opened| opened.expect("a container"));
    (folder, containers)
}

fn compression() -> impl Strategy<Value = Compression> {
    prop_oneof![Just(Compression::Fast), Just(Compression::Best), Just(Compression::None)]
}

/// Servers of which the last answers first. One lies, and tells until when it keeps what it got.
struct Hasty {
    servers: Servers,
    liar: &'static str,
    asked: Mutex<Vec<Vec<String>>>,
}

impl Delivery for Hasty {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        self.servers.deliver_capsules(capsules)
    }

    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        self.servers.deliver_shares(shares)
    }

    fn kept_until(&self, _: &str) -> Option<i64> {
        Some(1_900_000_000)
    }
}

impl CapsuleFetcher for Hasty {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        if capsule.server_id != self.liar {
            return self.servers.give(&capsule.transaction_id);
        }
        match public_key(Curve::P384, 99) {
            PublicKey::Ec(key) => Ok(key.point().to_vec()),
            PublicKey::Rsa(_) => unreachable!("a point was asked for"),
        }
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        let ids = capsules.iter().map(|capsule| capsule.server_id.clone()).collect();
        self.asked.lock().expect("no test panicked").push(ids);
        let last = capsules.len() - 1;
        Ok((last, self.fetch(capsules[last])?))
    }
}

#[test]
fn of_several_servers_the_first_right_answer_opens() {
    let hasty = Hasty { servers: Servers::default(), liar: "c", asked: Mutex::default() };
    let certificate = Label::certificate(None, "Mari", "00").to_string();
    let recipient = |id: &str| Recipient::server(public_key(Curve::P384, 7), id, certificate.clone());
    let other = Recipient::server(public_key(Curve::P384, 8), "d", "free text");
    let recipients = vec![recipient("a"), recipient("b"), recipient("c"), other];
    let bytes = encrypted(&[("a".to_owned(), vec![1])], &Encryptor::new(recipients).delivery(&hasty));
    let container = Container::from_stream(Cursor::new(bytes)).expect("a container");
    let labels: Vec<_> = container.header().records().iter().map(|record| record.label.as_str()).collect();
    assert_eq!(labels[0], "data:,CERT_SHA1=00&CN=Mari&SERVER_EXP=1900000000&TYPE=cert&V=1");
    assert_eq!(labels[3], "free text");
    let key = MemoryKey::new(Curve::P384, 7);
    let keyring = Keyring::new([DecryptionKey::Ec(&key)]).with_capsules(&hasty);
    let opened = container.unlock(&keyring, &Control::default()).expect("two servers are honest");
    assert_eq!(opened.record(), 1);
    // All at once, and then those that are left.
    assert_eq!(*hasty.asked.lock().expect("no test panicked"), [vec!["a", "b", "c"], vec!["a", "b"]]);
}

proptest! {
    #![proptest_config(Config { cases: 48, ..Config::default() })]

    #[test]
    fn any_files_come_back(files in files(5), compression in compression(), secret in vec(any::<u8>(), 32..64)) {
        let whom = Whom::Secret(secret);
        let encryptor = Encryptor::new(vec![whom.recipient("a label")]).compression(compression);
        let (folder, containers) = both_ways(&encrypted(&files, &encryptor));
        for (container, name) in containers.into_iter().zip(["from a file", "from a stream"]) {
            let key = whom.unlock(&container, &mut Servers::default()).expect("its own key");
            // File systems take names of 255 bytes, the format 1000.
            if files.iter().any(|(name, _)| name.len() > 255) {
                let entries = container.list(&key, &Reading::default()).expect("opened");
                let expected: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), content.len() as u64)).collect();
                prop_assert_eq!(names_and_sizes(&entries), expected);
                continue;
            }
            let destination = folder.path().join(name);
            let (on_conflict, inputs, private_place) = (OnConflict::Refuse, Vec::new(), None);
            let extraction = Extraction { destination: destination.clone(), on_conflict, inputs, private_place };
            let saved = container.extract(&key, &Reading::default(), &extraction).expect("opened");
            prop_assert_eq!(saved.len(), files.len());
            for (saved, (name, content)) in saved.iter().zip(&files) {
                prop_assert_eq!((&saved.saved_as, &saved.entry.original_name), (name, &None));
                prop_assert!(&std::fs::read(destination.join(name)).expect("saved") == content, "{}", name);
            }
        }
    }

    #[test]
    fn a_single_file_of_any_name_comes_back(files in files(1), compression in compression()) {
        let whom = Whom::Key(Curve::P384, 7);
        let encryptor = Encryptor::new(vec![whom.recipient("a label")]).compression(compression);
        let (_folder, containers) = both_ways(&encrypted(&files, &encryptor));
        for container in containers {
            let key = whom.unlock(&container, &mut Servers::default()).expect("its own key");
            let mut content = Vec::new();
            let entry = container.write_only_file(&key, &Reading::default(), &mut content).expect("opened");
            prop_assert_eq!((&entry.name, entry.size), (&files[0].0, content.len() as u64));
            prop_assert!(content == files[0].1);
        }
    }

    #[test]
    fn every_recipient_opens_it_and_the_header_says_for_whom_it_is(
        recipients in vec((whom(), ".{0,100}"), 1..8),
        content in vec(any::<u8>(), 0..100),
    ) {
        let mut servers = Servers::default();
        let files = [("a".to_owned(), content)];
        let bytes = {
            let recipients = recipients.iter().map(|(whom, label)| whom.recipient(label)).collect();
            encrypted(&files, &Encryptor::new(recipients).delivery(&servers))
        };
        for (whom, _) in &recipients {
            let container = Container::from_stream(Cursor::new(bytes.clone())).expect("a container");
            let header = container.header();
            prop_assert!(header.skipped().is_empty(), "{:?}", header.skipped());
            prop_assert_eq!(header.records().len(), recipients.len());
            for (record, (whom, label)) in header.records().iter().zip(&recipients) {
                prop_assert!(whom.is_in(&record.capsule) && &record.label == label, "{:?} is not {:?}", record, whom);
            }
            let key = whom.unlock(&container, &mut servers).expect("its own key");
            prop_assert!(whom.is_in(&header.records()[key.record()].capsule));
            let mut read = Vec::new();
            container.write_only_file(&key, &Reading::default(), &mut read).expect("opened");
            prop_assert_eq!(&read, &files[0].1);
        }
    }

    #[test]
    fn somebody_else_does_not_open_it(
        recipients in vec(whom(), 1..5),
        curve in curve(),
        number: u64,
        secret in vec(any::<u8>(), 32..40),
    ) {
        let servers = Servers::default();
        let others: Vec<_> = recipients.iter().map(|whom| whom.recipient("label")).collect();
        let bytes = encrypted(&[("a".to_owned(), Vec::new())], &Encryptor::new(others).delivery(&servers));
        let container = Container::from_stream(Cursor::new(bytes)).expect("a container");
        for stranger in [Whom::Key(curve, number), Whom::Secret(secret), Whom::Shares("etsi/PNOEE-1".into(), vec![])] {
            let opened = stranger.unlock(&container, &mut Servers::default());
            prop_assert!(matches!(opened, Err(cdoc2::Error::NoKeyFits | cdoc2::Error::WrongKey(_))), "{:?}", opened);
        }
    }

    #[test]
    fn what_is_encrypted_again_is_the_same(files in files(4), compression in compression()) {
        let (one, other) = (Whom::Secret(vec![1; 32]), Whom::Key(Curve::P256, 2));
        let bytes = encrypted(&files, &Encryptor::new(vec![one.recipient("one")]));
        let (folder, containers) = both_ways(&bytes);
        for (container, name) in containers.into_iter().zip(["from a file", "from a stream"]) {
            let key = one.unlock(&container, &mut Servers::default()).expect("its own key");
            let encryptor = Encryptor::new(vec![other.recipient("other")]).compression(compression);
            let again = folder.path().join(name);
            let written = container.encrypt_again(&key, &Reading::default(), &encryptor, &again, false).expect("again");
            prop_assert_eq!(written.files, files.len());
            prop_assert_eq!(written.size, File::open(&again).and_then(|file| file.metadata()).expect("written").len());
            let container = Container::open(&again).expect("a container");
            let key = other.unlock(&container, &mut Servers::default()).expect("its own key");
            let entries = container.list(&key, &Reading::default()).expect("opened");
            let expected: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), content.len() as u64)).collect();
            prop_assert_eq!(names_and_sizes(&entries), expected);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 8, ..Config::default() })]

    #[test]
    fn any_password_opens_and_no_other_does(password in ".{1,60}", other in ".{1,60}", hint in ".{0,60}") {
        let secret = |text: &str| Password::new(Zeroizing::new(text.to_owned())).expect("not empty");
        let recipient = Recipient::password(secret(&password), Label::password(&hint).to_string());
        let bytes = encrypted(&[("a".to_owned(), Vec::new())], &Encryptor::new(vec![recipient]));
        let container = Container::from_stream(Cursor::new(bytes)).expect("a container");
        let opens = |text: &str| {
            let password = secret(text);
            container.unlock(&Keyring::new([DecryptionKey::Password(&password)]), &Control::default()).is_ok()
        };
        prop_assert!(opens(&password));
        prop_assert_eq!(opens(&other), other == password);
        prop_assert_eq!(&Label::parse(&container.header().records()[0].label), &Label::password(&hint));
    }
}

proptest! {
    #![proptest_config(Config { cases: 2000, ..Config::default() })]

    #[test]
    fn a_label_is_written_and_read_as_the_same(
        fields in vec((".{0,20}", ".{0,60}"), 0..10),
        any_text in prop_oneof![".{0,200}", "(?i)data:[a-z/;=]{0,20}(;base64)?,?[ -~]{0,100}"],
    ) {
        let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let fields = fields.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value)));
        for text in [format!("data:,{}", fields.collect::<Vec<_>>().join("&")), any_text] {
            same_when_written(&text)?;
        }
    }

    #[test]
    fn a_proposed_name_is_allowed_and_an_allowed_one_is_kept(name in "\\PC{0,60}|[ -~]{0,300}|.{0,1200}") {
        let proposed = safe_name(&name, |_| false);
        prop_assert_eq!(check_name(&proposed), Ok(()));
        // A name of nothing but the substitute says nothing.
        if check_name(&name).is_ok() && name.len() <= 255 && name.chars().any(|character| character != '_') {
            prop_assert_eq!(proposed, name);
        }
    }
}

fn same_when_written(text: &str) -> Result<(), TestCaseError> {
    let label = Label::parse(text);
    prop_assert_eq!(&Label::parse(&label.to_string()), &label, "{}", text);
    let shown = [Some(label.display_name()), label.hint(), label.personal_code().map(str::to_owned)];
    prop_assert!(shown.iter().flatten().all(|text| !text.chars().any(char::is_control)), "{:?}", shown);
    let _ = (label.kind(), label.server_expiry());
    Ok(())
}
