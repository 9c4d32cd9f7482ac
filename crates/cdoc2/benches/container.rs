//! What the stages of a container cost: cipher and tag, compression, verifying and unpacking, reading a header.
//!
//! Nothing is written to disk; files are read from the system's cache. Bytes are those of the files.

use std::{fs, io, path::PathBuf};

use cdoc2::{
    Compression, Container, DecryptionKey, Encryptor, InputFile, Keyring, Label, Password, Reading, Recipient,
    SymmetricKey, Zeroizing,
};
use divan::{Bencher, counter::BytesCount};
use tempfile::TempDir;

fn main() {
    divan::main();
}

const LENGTH: usize = 64 << 20;

fn key() -> SymmetricKey {
    SymmetricKey::new(Zeroizing::new(vec![7; 32])).expect("long enough")
}

fn recipient() -> Recipient {
    Recipient::symmetric_key(key(), Label::secret("key", None).to_string())
}

/// A file to encrypt, and a place for its container.
struct Bench {
    folder: TempDir,
    file: PathBuf,
}

impl Bench {
    fn new(content: &[u8]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, content).expect("written");
        Self { folder, file }
    }

    fn files(&self) -> [InputFile; 1] {
        [InputFile::examine(&self.file).expect("a file")]
    }

    fn encrypted_for(&self, recipients: Vec<Recipient>) -> PathBuf {
        let path = self.folder.path().join("file.cdoc2");
        Encryptor::new(recipients).encrypt_to_file(&self.files(), &path, true).expect("encrypted");
        path
    }
}

/// Does not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut seed = 42u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    (0..length / 8).flat_map(|_| next().to_le_bytes()).collect()
}

/// Lines that compress as log files do, about 5:1.
fn text(length: usize) -> Vec<u8> {
    let noise = noise(length);
    let mut random = noise.chunks_exact(8);
    let mut text = Vec::with_capacity(length + 200);
    let mut seconds = 1_773_480_000u64;
    while text.len() < length {
        let random = random.next().expect("a line is longer than 8 bytes");
        let number = u64::from_le_bytes(random.try_into().expect("8 bytes"));
        seconds += number % 3;
        let status = [200, 200, 200, 200, 404, 500][number as usize % 6];
        let (worker, user, request) = (number % 16, number % 800_000, number >> 16);
        let line = format!(
            "{seconds} [worker-{worker}] INFO request={request:012x} GET /api/v1/documents/{user}/content {status} \
             agent=\"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\"\n"
        );
        text.extend(line.into_bytes());
    }
    text.truncate(length);
    text
}

fn encrypt(bencher: Bencher<'_, '_>, content: &[u8], compression: Compression) {
    let bench = Bench::new(content);
    let encryptor = Encryptor::new(vec![recipient()]).compression(compression);
    bencher.counter(BytesCount::new(content.len())).bench_local(|| {
        encryptor.encrypt_to_writer(&bench.files(), &mut io::sink()).expect("encrypted");
    });
}

#[divan::bench(sample_count = 20)]
fn cipher_and_tag(bencher: Bencher<'_, '_>) {
    encrypt(bencher, &noise(LENGTH), Compression::None);
}

#[divan::bench(sample_count = 20)]
fn incompressible_recognised(bencher: Bencher<'_, '_>) {
    encrypt(bencher, &noise(LENGTH), Compression::Fast);
}

#[divan::bench(sample_count = 5)]
fn compression_fast(bencher: Bencher<'_, '_>) {
    encrypt(bencher, &text(LENGTH), Compression::Fast);
}

#[divan::bench(sample_count = 3)]
fn compression_best(bencher: Bencher<'_, '_>) {
    encrypt(bencher, &text(LENGTH / 4), Compression::Best);
}

/// Everything of opening but the disk: the tag, then once more the tag, the cipher, inflating and the archive.
fn open(bencher: Bencher<'_, '_>, content: &[u8]) {
    let bench = Bench::new(content);
    let path = bench.encrypted_for(vec![recipient()]);
    let key = key();
    let keyring = Keyring::new([DecryptionKey::Symmetric(&key)]);
    bencher.counter(BytesCount::new(content.len())).bench_local(|| {
        let container = Container::open(&path).expect("a container");
        let key = container.unlock(&keyring, &Default::default()).expect("our key");
        container.list(&key, &Reading::default()).expect("verified");
    });
}

#[divan::bench(sample_count = 20)]
fn open_stored(bencher: Bencher<'_, '_>) {
    open(bencher, &noise(LENGTH));
}

#[divan::bench(sample_count = 10)]
fn open_compressed(bencher: Bencher<'_, '_>) {
    open(bencher, &text(LENGTH));
}

#[divan::bench(args = [1, 100, 1000])]
fn header(bencher: Bencher<'_, '_>, recipients: usize) {
    let bench = Bench::new(b"content");
    let container = bench.encrypted_for((0..recipients).map(|_| recipient()).collect());
    bencher.bench_local(|| Container::open(&container).expect("a container"));
}

#[divan::bench]
fn unlock_symmetric_key(bencher: Bencher<'_, '_>) {
    let key = key();
    unlock(bencher, recipient(), DecryptionKey::Symmetric(&key));
}

#[divan::bench(sample_count = 5)]
fn unlock_password(bencher: Bencher<'_, '_>) {
    let password = || Password::new(Zeroizing::new("correct horse battery staple".to_owned())).expect("allowed");
    let recipient = Recipient::password(password(), Label::password("the usual one").to_string());
    unlock(bencher, recipient, DecryptionKey::Password(&password()));
}

fn unlock(bencher: Bencher<'_, '_>, recipient: Recipient, key: DecryptionKey<'_>) {
    let bench = Bench::new(b"content");
    let container = Container::open(bench.encrypted_for(vec![recipient])).expect("a container");
    let keyring = Keyring::new([key]);
    bencher.bench_local(|| container.unlock(&keyring, &Default::default()).expect("our key"));
}
