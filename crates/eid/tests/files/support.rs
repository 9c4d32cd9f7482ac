//! The `openssl` tool in a folder of its own, keys of every kind, DER by hand, and containers to prove keys with.

use std::{
    collections::HashMap,
    fs,
    io::Cursor,
    process::Command,
    sync::{LazyLock, Mutex},
};

use cdoc2::{Container, Encryptor, InputFile, Keyring, PublicKey, Recipient};
use eid::{KeyFile, RecipientKey};
use tempfile::TempDir;

/// Every kind of key that opens containers.
pub const KINDS: [&str; 6] = ["P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096"];
pub const PASSWORD: &str = "right";

/// A folder to run `openssl` in. It holds `key.pem`, a private key as PKCS#8.
pub struct Bench(TempDir);

impl Bench {
    pub fn new(kind: &str) -> Self {
        let bench = Self(TempDir::new().expect("a folder"));
        bench.write("key.pem", key(kind));
        bench
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), content).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `openssl`; the arguments are parted by spaces, `%20` is a space and `%00` nothing.
    pub fn openssl(&self, arguments: &str) {
        let arguments = arguments.split_whitespace().map(|argument| argument.replace("%20", " ").replace("%00", ""));
        let output = Command::new("openssl").current_dir(self.0.path()).args(arguments).output();
        let output = output.expect("the tool `openssl`, Debian package openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs `openssl` and reads the file `out` that it writes.
    pub fn made(&self, arguments: &str) -> Vec<u8> {
        self.openssl(&format!("{arguments} -out out"));
        self.read("out")
    }

    /// Makes `cert.pem` for `key.pem`, with these lines of configuration for its extensions.
    pub fn certify(&self, subject: &str, extensions: &str) {
        self.certify_with("utf8only", subject, extensions);
    }

    pub fn certify_with(&self, string_mask: &str, subject: &str, extensions: &str) {
        let subject = subject.replace('/', "\n");
        self.write(
            "req.conf",
            format!(
                "[req]\nprompt=no\nutf8=yes\nstring_mask={string_mask}\ndistinguished_name=dn\nx509_extensions=ext\n\
                 [dn]\n{subject}\n[ext]\n{extensions}\n"
            ),
        );
        self.openssl("req -x509 -new -key key.pem -days 30 -config req.conf -out cert.pem");
    }

    pub fn public_key(&self) -> PublicKey {
        recipient(&self.made("pkey -in key.pem -pubout")).public_key
    }
}

/// A private key of this kind, PKCS#8 in PEM, made once.
pub fn key(kind: &str) -> Vec<u8> {
    static KEYS: LazyLock<Mutex<HashMap<String, Vec<u8>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().expect("no test panics here");
    let make = || {
        let bench = Bench(TempDir::new().expect("a folder"));
        bench.made(&match kind.strip_prefix("RSA-") {
            Some(bits) => format!("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"),
            None if kind.starts_with("Ed") => format!("genpkey -algorithm {kind}"),
            None => format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{kind}"),
        })
    };
    keys.entry(kind.to_owned()).or_insert_with(make).clone()
}

/// The only recipient of a file.
pub fn recipient(bytes: &[u8]) -> RecipientKey {
    let mut keys = RecipientKey::read(bytes, Some("file.pem")).expect("a recipient");
    assert_eq!(keys.len(), 1);
    keys.remove(0)
}

/// The only key of a file.
pub fn key_file(bytes: &[u8], password: Option<&str>) -> KeyFile {
    let mut keys = KeyFile::read(bytes, password).expect("a key");
    assert_eq!(keys.len(), 1);
    keys.remove(0)
}

/// A container for one public key.
pub struct Proof {
    container: Vec<u8>,
}

impl Proof {
    pub fn for_key(key: PublicKey) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("file"), "content").expect("written");
        let files = [InputFile::examine(folder.path().join("file")).expect("a file")];
        let mut container = Vec::new();
        Encryptor::new(vec![Recipient::public_key(key, "label")])
            .encrypt_to_writer(&files, &mut container)
            .expect("encrypted");
        Self { container }
    }

    /// Whether the key file opens the container: the private key belongs to the public one, and computes right.
    pub fn is_opened_by(&self, key: &KeyFile) -> bool {
        let container = Container::from_stream(Cursor::new(self.container.clone())).expect("a container");
        container.unlock(&Keyring::new([key.decryption_key()]), &Default::default()).is_ok()
    }
}

/// DER by hand.
pub mod der {
    pub fn element(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
        let content = content.as_ref();
        let length = content.len();
        let mut der = match length {
            0..0x80 => vec![tag, length as u8],
            0x80..0x100 => vec![tag, 0x81, length as u8],
            0x100..0x1_0000 => vec![tag, 0x82, (length >> 8) as u8, length as u8],
            _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
        };
        der.extend_from_slice(content);
        der
    }

    pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
        element(0x30, parts.concat())
    }

    pub fn explicit(content: Vec<u8>) -> Vec<u8> {
        element(0xa0, content)
    }

    pub fn octets(content: impl AsRef<[u8]>) -> Vec<u8> {
        element(0x04, content)
    }

    pub fn integer(number: u128) -> Vec<u8> {
        let bytes = number.to_be_bytes();
        let zeros = bytes.iter().take(15).take_while(|byte| **byte == 0).count();
        let sign = if bytes[zeros] >= 0x80 { vec![0] } else { Vec::new() };
        element(0x02, [&sign, &bytes[zeros..]].concat())
    }

    pub fn oid(text: &str) -> Vec<u8> {
        let numbers: Vec<u128> = text.split('.').map(|number| number.parse().expect("a number")).collect();
        let mut content = vec![(numbers[0] * 40 + numbers[1]) as u8];
        for number in &numbers[2..] {
            let groups = (128 - number.leading_zeros()).div_ceil(7).max(1);
            for group in (0..groups).rev() {
                let more = if group > 0 { 0x80 } else { 0 };
                content.push((number >> (7 * group)) as u8 & 0x7f | more);
            }
        }
        element(0x06, content)
    }

    /// The content of an element and what follows it.
    pub fn open(der: &[u8]) -> (u8, &[u8], &[u8]) {
        let (length, start) = match der[1] {
            short @ 0..0x80 => (usize::from(short), 2),
            long => {
                let count = usize::from(long & 0x7f);
                (der[2..2 + count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), 2 + count)
            }
        };
        (der[0], &der[start..start + length], &der[start + length..])
    }

    /// The same in BER as streaming writers leave it: open lengths, and octet strings in pieces of seven bytes.
    pub fn to_ber(der: &[u8]) -> Vec<u8> {
        let mut ber = Vec::new();
        let mut rest = der;
        while !rest.is_empty() {
            let (tag, content, next) = open(rest);
            match tag {
                0x04 => ber.extend(in_pieces(0x24, content)),
                // `[0] IMPLICIT OCTET STRING`
                0x80 => ber.extend(in_pieces(0xa0, content)),
                tag if tag & 0x20 != 0 => ber.extend([&[tag, 0x80], &to_ber(content)[..], &[0, 0]].concat()),
                tag => ber.extend(element(tag, content)),
            }
            rest = next;
        }
        ber
    }

    fn in_pieces(tag: u8, content: &[u8]) -> Vec<u8> {
        let pieces: Vec<u8> = content.chunks(7).flat_map(octets).collect();
        [&[tag, 0x80], &pieces[..], &[0, 0]].concat()
    }
}

/// The DER of the only block of a PEM file.
pub fn from_pem(pem: &[u8]) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    let text: String = String::from_utf8_lossy(pem).lines().filter(|line| !line.starts_with('-')).collect();
    Base64::decode_vec(&text).expect("base64")
}
