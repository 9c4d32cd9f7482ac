//! What keys in files cost: reading one, and opening a record with it. Each kind is made by `openssl`.

use std::{fs, io::Cursor, process::Command};

use cdoc2::{Container, Encryptor, InputFile, Keyring, Recipient};
use divan::Bencher;
use eid::KeyFile;
use tempfile::TempDir;

fn main() {
    divan::main();
}

const KINDS: [&str; 5] = ["P-256", "P-384", "P-521", "RSA-2048", "RSA-4096"];

fn key(kind: &str) -> Vec<u8> {
    let option = match kind.strip_prefix("RSA-") {
        Some(bits) => ["RSA".to_owned(), format!("rsa_keygen_bits:{bits}")],
        None => ["EC".to_owned(), format!("ec_paramgen_curve:{kind}")],
    };
    let made = Command::new("openssl").args(["genpkey", "-algorithm", &option[0], "-pkeyopt", &option[1]]).output();
    let made = made.expect("the tool `openssl`, Debian package openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

fn read(pem: &[u8]) -> KeyFile {
    KeyFile::read(pem, None).expect("a key").remove(0)
}

#[divan::bench(args = KINDS)]
fn read_key(bencher: Bencher<'_, '_>, kind: &str) {
    let pem = key(kind);
    bencher.bench_local(|| read(&pem));
}

#[divan::bench(args = KINDS)]
fn unlock(bencher: Bencher<'_, '_>, kind: &str) {
    let key = read(&key(kind));
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("file"), "content").expect("written");
    let files = [InputFile::examine(folder.path().join("file")).expect("a file")];
    let mut container = Vec::new();
    Encryptor::new(vec![Recipient::public_key(key.key.public_key(), "label")])
        .encrypt_to_writer(&files, &mut container)
        .expect("encrypted");
    let container = Container::from_stream(Cursor::new(container)).expect("a container");
    let keyring = Keyring::new([key.decryption_key()]);
    bencher.bench_local(|| container.unlock(&keyring, &Default::default()).expect("our key"));
}
