//! What the fuzz targets share: containers that are authentic, whatever is in them, and an authority that signs whatever it is given.

mod authority;

use std::{io::Cursor, sync::LazyLock};

use cdoc2::{
    Capsule, Container, Control, DecryptionKey, Encryptor, FileMasterKey, InputFile, Keyring, Recipient, SymmetricKey,
    Zeroizing,
};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

pub use authority::{AUTHORITY, Authority};

/// SHA-256 of `kapsel vectors secret`: the key of the seeds that have one.
const SECRET: [u8; 32] = [
    0xe9, 0x76, 0x08, 0x63, 0xd4, 0x85, 0xf7, 0x2d, 0xb4, 0x61, 0x33, 0x75, 0x32, 0xcf, 0x94, 0xf1, 0x3e, 0x33, 0x65,
    0x37, 0xf2, 0xe4, 0x2b, 0x5f, 0xef, 0x4d, 0xdb, 0xe9, 0xfa, 0x36, 0x68, 0x1d,
];
/// Magic, version and header length.
const PREFIX: usize = 9;
const MAC: usize = 32;
const NONCE: usize = 12;

fn secret() -> SymmetricKey {
    SymmetricKey::new(Zeroizing::new(SECRET.to_vec())).expect("32 bytes")
}

/// A container in memory.
pub fn container(bytes: &[u8]) -> cdoc2::Result<Container> {
    Container::from_stream(Cursor::new(bytes.to_vec()))
}

/// Opens a container with the key that seeds are for.
pub fn unlock(container: &Container) -> cdoc2::Result<FileMasterKey> {
    container.unlock(&Keyring::new([DecryptionKey::Symmetric(&secret())]), &Control::default())
}

/// Everything of a container before its payload, and the key that authenticates any payload after it.
struct Beginning {
    bytes: Vec<u8>,
    aad: Vec<u8>,
    cipher: ChaCha20Poly1305,
}

static BEGINNING: LazyLock<Beginning> = LazyLock::new(Beginning::new);

impl Beginning {
    /// Lets the library write a container, and takes it apart as the specification says.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join("a"), "").expect("written");
        let mut whole = Vec::new();
        Encryptor::new(vec![Recipient::symmetric_key(secret(), "seed")])
            .encrypt_to_writer(&[InputFile::examine(folder.path().join("a")).expect("there")], &mut whole)
            .expect("encrypted");
        let length = i32::from_be_bytes(whole[5..PREFIX].try_into().expect("4 bytes")) as usize;
        let (header, mac) = (&whole[PREFIX..PREFIX + length], &whole[PREFIX + length..PREFIX + length + MAC]);
        let fmk = file_master_key(&whole, header, mac);
        Self {
            aad: [b"CDOC20payload", header, mac].concat(),
            cipher: ChaCha20Poly1305::new(&expand(&fmk, b"CDOC20cek").into()),
            bytes: whole[..PREFIX + length + MAC].to_vec(),
        }
    }
}

fn expand(key: &[u8; 32], info: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    Hkdf::<Sha256>::from_prk(key).expect("32 bytes").expand(info, &mut output).expect("32 bytes");
    output
}

/// Wherever in the header the wrapped key stands: the HMAC tells.
fn file_master_key(whole: &[u8], header: &[u8], mac: &[u8]) -> [u8; 32] {
    let container = container(whole).expect("just written");
    let record = &container.header().records()[0];
    let Capsule::Symmetric { salt } = &record.capsule else { panic!("it was written for a symmetric key") };
    let (premaster, _) = Hkdf::<Sha256>::extract(Some(salt), &SECRET);
    let kek = expand(&premaster.into(), format!("CDOC20kekXOR{}", record.label).as_bytes());
    let candidates = header.windows(32).map(|wrapped| std::array::from_fn(|index| wrapped[index] ^ kek[index]));
    let authentic = |fmk: &[u8; 32]| {
        let key = expand(fmk, b"CDOC20hmac");
        let hmac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("any length");
        hmac.chain_update(header).verify_slice(mac).is_ok()
    };
    candidates.into_iter().find(authentic).expect("the wrapped key is in the header")
}

/// A container with `plaintext` where the zlib stream should be.
pub fn sealed(plaintext: &[u8]) -> Vec<u8> {
    let nonce = [0; NONCE];
    let Beginning { bytes, aad, cipher } = &*BEGINNING;
    let payload = cipher.encrypt(&nonce.into(), Payload { msg: plaintext, aad }).expect("short");
    [&bytes[..], &nonce, &payload].concat()
}
