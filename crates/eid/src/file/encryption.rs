//! Encryption by password: PBES2 (RFC 8018), and the old schemes of PKCS#12 (RFC 7292, appendices B and C).

use aes::{Aes128, Aes192, Aes256};
use cbc::{
    Decryptor,
    cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7},
};
use der::{
    Decode, Sequence,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef},
};
use des::TdesEde3;
use hmac::{Hmac, Mac};
use pbkdf2::pbkdf2_hmac;
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{KeyFileError, Result, malformed};
use crate::asn1::fields;

/// Most iterations of password derivation that one file may cost: some seconds.
const MAX_ITERATIONS: u64 = 10_000_000;
/// Most memory that scrypt may take, in bytes.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = oid("1.3.6.1.4.1.11591.4.11");
/// DES or RC2 under MD2, MD5 or SHA-1 (RFC 8018, appendix A.3).
const PBES1: [ObjectIdentifier; 6] = [
    oid("1.2.840.113549.1.5.1"),
    oid("1.2.840.113549.1.5.3"),
    oid("1.2.840.113549.1.5.4"),
    oid("1.2.840.113549.1.5.6"),
    oid("1.2.840.113549.1.5.10"),
    oid("1.2.840.113549.1.5.11"),
];
const PKCS12_3DES: ObjectIdentifier = oid("1.2.840.113549.1.12.1.3");
const PKCS12_RC2_128: ObjectIdentifier = oid("1.2.840.113549.1.12.1.5");
const PKCS12_RC2_40: ObjectIdentifier = oid("1.2.840.113549.1.12.1.6");

type Secret = Zeroizing<Vec<u8>>;

/// `AlgorithmIdentifier`.
#[derive(Clone, Copy, Sequence)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Option<AnyRef<'a>>,
}

impl<'a> Algorithm<'a> {
    fn parameters(&self) -> Result<AnyRef<'a>> {
        self.parameters.ok_or_else(|| malformed("the encryption has no parameters"))
    }
}

/// The `MacData` of PKCS#12.
pub(super) struct MacData<'a> {
    pub(super) digest: ObjectIdentifier,
    pub(super) value: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) iterations: Option<UintRef<'a>>,
}

/// Decrypts the parts of one file, and counts what that costs.
pub(super) struct Unlocker<'a> {
    password: Option<&'a str>,
    /// The password as PKCS#12 writes it.
    pkcs12_password: Secret,
    iterations_left: u64,
    /// A MAC has shown that the password is right.
    verified: bool,
}

impl<'a> Unlocker<'a> {
    pub(super) fn new(password: Option<&'a str>) -> Self {
        Self {
            password,
            pkcs12_password: pkcs12_password(password.unwrap_or_default()),
            iterations_left: MAX_ITERATIONS,
            verified: false,
        }
    }

    /// # Errors
    /// [`KeyFileError::WrongPassword`] when what comes out is not padded; see also [`Unlocker::nonsense`].
    pub(super) fn decrypt(&mut self, algorithm: &Algorithm<'_>, ciphertext: &[u8]) -> Result<Secret> {
        match algorithm.oid {
            PBES2 => self.decrypt_pbes2(algorithm.parameters()?, ciphertext),
            PKCS12_3DES => self.decrypt_pkcs12(Cipher::TripleDes, algorithm.parameters()?, ciphertext),
            PKCS12_RC2_128 => self.decrypt_pkcs12(Cipher::Rc2Of128, algorithm.parameters()?, ciphertext),
            PKCS12_RC2_40 => self.decrypt_pkcs12(Cipher::Rc2Of40, algorithm.parameters()?, ciphertext),
            other if PBES1.contains(&other) => Err(KeyFileError::LegacyEncryption),
            other => Err(KeyFileError::UnsupportedCipher(other.to_string())),
        }
    }

    /// What is wrong, when decrypted bytes break their format: one wrong password in 256 leaves right padding, and nonsense
    /// before it.
    pub(super) fn nonsense(&self, error: KeyFileError) -> KeyFileError {
        match error {
            KeyFileError::Malformed(_) if !self.verified => KeyFileError::WrongPassword,
            error => error,
        }
    }

    /// Whether the password made the MAC over `content`. No password is tried as the empty one.
    pub(super) fn verify(&mut self, mac: &MacData<'_>, content: &[u8]) -> Result<()> {
        let hash = Hash::of_digest(mac.digest)?;
        let iterations = match mac.iterations {
            Some(iterations) => self.spend(iterations)?,
            None => 1,
        };
        let is_right = |password: &[u8]| {
            let key = hash.pkcs12_key(KeyUse::Mac, password, mac.salt, iterations, hash.length());
            hash.is_hmac(&key, content, mac.value)
        };
        // The empty password has two forms: two zero bytes, or none.
        let empty = Secret::default();
        let forms = [&self.pkcs12_password, &empty];
        let count = if self.password.is_some_and(|password| !password.is_empty()) { 1 } else { 2 };
        let Some(right) = forms[..count].iter().find(|password| is_right(password)) else {
            return Err(self.password.map_or(KeyFileError::PasswordNeeded, |_| KeyFileError::WrongPassword));
        };
        self.pkcs12_password = (*right).clone();
        self.password = self.password.or(Some(""));
        self.verified = true;
        Ok(())
    }

    /// Takes from what the file may still cost.
    fn spend(&mut self, iterations: UintRef<'_>) -> Result<u32> {
        let iterations = saturating(iterations);
        self.charge(iterations)?;
        if iterations == 0 {
            return Err(malformed("no iterations"));
        }
        Ok(u32::try_from(iterations).expect("at most MAX_ITERATIONS"))
    }

    fn charge(&mut self, iterations: u64) -> Result<()> {
        self.iterations_left = self.iterations_left.checked_sub(iterations).ok_or(KeyFileError::TooCostly)?;
        Ok(())
    }

    fn password(&self) -> Result<&'a str> {
        self.password.ok_or(KeyFileError::PasswordNeeded)
    }

    /// PBES2 (RFC 8018, 6.2).
    fn decrypt_pbes2(&mut self, parameters: AnyRef<'_>, ciphertext: &[u8]) -> Result<Secret> {
        let (derivation, scheme) =
            fields(parameters, |reader| Ok((Algorithm::decode(reader)?, Algorithm::decode(reader)?)))
                .map_err(malformed)?;
        let cipher = Cipher::of_pbes2(scheme.oid)?;
        let iv = scheme.parameters()?.decode_as::<&OctetStringRef>().map_err(malformed)?.as_bytes();
        let mut key = Zeroizing::new(vec![0; cipher.key_length()]);
        match derivation.oid {
            PBKDF2 => self.pbkdf2(derivation.parameters()?, &mut key)?,
            SCRYPT => self.scrypt(derivation.parameters()?, &mut key)?,
            other => return Err(KeyFileError::UnsupportedCipher(other.to_string())),
        }
        cipher.decrypt(&key, iv, ciphertext)
    }

    /// PBKDF2 (RFC 8018, appendix A.2).
    fn pbkdf2(&mut self, parameters: AnyRef<'_>, key: &mut [u8]) -> Result<()> {
        let (salt, iterations, length, function) = fields(parameters, |reader| {
            let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
            let iterations = UintRef::decode(reader)?;
            Ok((salt, iterations, Option::<u16>::decode(reader)?, Option::<Algorithm<'_>>::decode(reader)?))
        })
        .map_err(malformed)?;
        let hash = function.map_or(Ok(Hash::Sha1), |function| Hash::of_hmac(function.oid))?;
        check_length(length, key)?;
        let iterations = self.spend(iterations)?;
        hash.pbkdf2(self.password()?.as_bytes(), salt, iterations, key);
        Ok(())
    }

    /// scrypt (RFC 7914, 7.1).
    fn scrypt(&mut self, parameters: AnyRef<'_>, key: &mut [u8]) -> Result<()> {
        let (salt, n, r, p, length) = fields(parameters, |reader| {
            let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
            let mut number = || UintRef::decode(reader).map(saturating);
            let (n, r, p) = (number()?, number()?, number()?);
            Ok((salt, n, r, p, Option::<u16>::decode(reader)?))
        })
        .map_err(malformed)?;
        check_length(length, key)?;
        let blocks = r.saturating_mul(n.saturating_add(p));
        if blocks.saturating_mul(128) > MAX_SCRYPT_MEMORY {
            return Err(KeyFileError::TooCostly);
        }
        // A block of scrypt takes about as long as an iteration of PBKDF2.
        self.charge(n.saturating_mul(r).saturating_mul(p))?;
        let small = |number: u64| u32::try_from(number).ok();
        let parameters = (n.is_power_of_two() && n > 1)
            .then(|| scrypt::Params::new(n.ilog2() as u8, small(r)?, small(p)?).ok())
            .flatten()
            .ok_or_else(|| malformed("wrong parameters of scrypt"))?;
        scrypt::scrypt(self.password()?.as_bytes(), salt, &parameters, key).map_err(malformed)
    }

    /// The schemes of PKCS#12 (RFC 7292, appendix C).
    fn decrypt_pkcs12(&mut self, cipher: Cipher, parameters: AnyRef<'_>, ciphertext: &[u8]) -> Result<Secret> {
        let (salt, iterations) =
            fields(parameters, |reader| Ok((<&OctetStringRef>::decode(reader)?.as_bytes(), UintRef::decode(reader)?)))
                .map_err(malformed)?;
        let iterations = self.spend(iterations)?;
        self.password()?;
        let derive = |of, length| Hash::Sha1.pkcs12_key(of, &self.pkcs12_password, salt, iterations, length);
        let (key, iv) = (derive(KeyUse::Encryption, cipher.key_length()), derive(KeyUse::Iv, cipher.block_length()));
        cipher.decrypt(&key, &iv, ciphertext)
    }
}

/// UTF-16, big endian, with a zero at the end (RFC 7292, appendix B.1).
fn pkcs12_password(password: &str) -> Secret {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
    for unit in password.encode_utf16().chain([0]) {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}

fn saturating(number: UintRef<'_>) -> u64 {
    number.as_bytes().iter().fold(0, |sum: u64, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)))
}

fn check_length(stated: Option<u16>, key: &[u8]) -> Result<()> {
    let right = stated.is_none_or(|stated| usize::from(stated) == key.len());
    right.then_some(()).ok_or_else(|| malformed("the derived key has another length than the cipher's"))
}

/// Block ciphers, all in CBC mode with the padding of PKCS#7.
#[derive(Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
    Rc2Of128,
    Rc2Of40,
}

impl Cipher {
    fn of_pbes2(oid: ObjectIdentifier) -> Result<Self> {
        match oid.to_string().as_str() {
            "2.16.840.1.101.3.4.1.2" => Ok(Self::Aes128),
            "2.16.840.1.101.3.4.1.22" => Ok(Self::Aes192),
            "2.16.840.1.101.3.4.1.42" => Ok(Self::Aes256),
            "1.2.840.113549.3.7" => Ok(Self::TripleDes),
            "1.2.840.113549.3.2" => Err(KeyFileError::UnsupportedCipher("RC2".to_owned())),
            "1.3.14.3.2.7" => Err(KeyFileError::UnsupportedCipher("DES".to_owned())),
            other => Err(KeyFileError::UnsupportedCipher(other.to_owned())),
        }
    }

    /// In bytes.
    fn key_length(self) -> usize {
        match self {
            Self::Aes128 | Self::Rc2Of128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2Of40 => 5,
        }
    }

    /// In bytes; also the length of the IV.
    fn block_length(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::TripleDes | Self::Rc2Of128 | Self::Rc2Of40 => 8,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Secret> {
        fn cbc<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
            let cipher = Decryptor::<C>::new_from_slices(key, iv).ok()?;
            Some(cipher.decrypt_padded::<Pkcs7>(buffer).ok()?.len())
        }
        if iv.len() != self.block_length()
            || ciphertext.is_empty()
            || !ciphertext.len().is_multiple_of(self.block_length())
        {
            return Err(malformed("wrong length of encrypted data"));
        }
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = match self {
            Self::Aes128 => cbc::<Aes128>(key, iv, &mut buffer),
            Self::Aes192 => cbc::<Aes192>(key, iv, &mut buffer),
            Self::Aes256 => cbc::<Aes256>(key, iv, &mut buffer),
            Self::TripleDes => cbc::<TdesEde3>(key, iv, &mut buffer),
            Self::Rc2Of128 | Self::Rc2Of40 => cbc::<Rc2>(key, iv, &mut buffer),
        };
        buffer.truncate(length.ok_or(KeyFileError::WrongPassword)?);
        Ok(buffer)
    }
}

/// Hash functions, under PBKDF2, HMAC and the derivation of PKCS#12.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// What a key of PKCS#12 is for: the `ID` of RFC 7292, appendix B.3.
#[derive(Clone, Copy)]
enum KeyUse {
    Encryption = 1,
    Iv = 2,
    Mac = 3,
}

/// Calls a generic function with the type of a hash.
macro_rules! with_hash {
    ($hash:expr, $function:ident($($argument:expr),*)) => {
        match $hash {
            Hash::Sha1 => $function::<Sha1>($($argument),*),
            Hash::Sha224 => $function::<Sha224>($($argument),*),
            Hash::Sha256 => $function::<Sha256>($($argument),*),
            Hash::Sha384 => $function::<Sha384>($($argument),*),
            Hash::Sha512 => $function::<Sha512>($($argument),*),
        }
    };
}

impl Hash {
    fn of_digest(oid: ObjectIdentifier) -> Result<Self> {
        match oid.to_string().as_str() {
            "1.3.14.3.2.26" => Ok(Self::Sha1),
            "2.16.840.1.101.3.4.2.4" => Ok(Self::Sha224),
            "2.16.840.1.101.3.4.2.1" => Ok(Self::Sha256),
            "2.16.840.1.101.3.4.2.2" => Ok(Self::Sha384),
            "2.16.840.1.101.3.4.2.3" => Ok(Self::Sha512),
            "1.2.840.113549.1.5.14" => Err(KeyFileError::UnsupportedCipher("PBMAC1".to_owned())),
            other => Err(KeyFileError::UnsupportedCipher(other.to_owned())),
        }
    }

    fn of_hmac(oid: ObjectIdentifier) -> Result<Self> {
        match oid.to_string().as_str() {
            "1.2.840.113549.2.7" => Ok(Self::Sha1),
            "1.2.840.113549.2.8" => Ok(Self::Sha224),
            "1.2.840.113549.2.9" => Ok(Self::Sha256),
            "1.2.840.113549.2.10" => Ok(Self::Sha384),
            "1.2.840.113549.2.11" => Ok(Self::Sha512),
            other => Err(KeyFileError::UnsupportedCipher(other.to_owned())),
        }
    }

    /// Of the digest, in bytes.
    fn length(self) -> usize {
        with_hash!(self, digest_length())
    }

    /// Of what the function takes at once, in bytes.
    fn block_length(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
        with_hash!(self, pbkdf2_hmac(password, salt, iterations, key));
    }

    /// Whether `value` is the whole HMAC of `data`; in constant time.
    fn is_hmac(self, key: &[u8], data: &[u8], value: &[u8]) -> bool {
        macro_rules! is_hmac {
            ($($hash:ident)*) => {
                match self {
                    $(Self::$hash => {
                        let mac = Hmac::<$hash>::new_from_slice(key).expect("HMAC takes any key length");
                        mac.chain_update(data).verify_slice(value).is_ok()
                    })*
                }
            };
        }
        is_hmac!(Sha1 Sha224 Sha256 Sha384 Sha512)
    }

    /// The derivation of PKCS#12 (RFC 7292, appendix B.2), of `length` bytes.
    fn pkcs12_key(self, of: KeyUse, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Secret {
        let block = self.block_length();
        with_hash!(self, pkcs12_key(block, of as u8, password, salt, iterations, length))
    }
}

fn digest_length<D: Digest>() -> usize {
    <D as Digest>::output_size()
}

fn pkcs12_key<D: Digest>(block: usize, id: u8, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Secret {
    let padded = |length: usize| length.next_multiple_of(block);
    let mut input = Zeroizing::new(Vec::with_capacity(padded(salt.len()) + padded(password.len())));
    input.extend(salt.iter().cycle().take(padded(salt.len())));
    input.extend(password.iter().cycle().take(padded(password.len())));
    let mut key = Zeroizing::new(Vec::with_capacity(length + block));
    while key.len() < length {
        let mut hash = D::new().chain_update(vec![id; block]).chain_update(&*input).finalize();
        for _ in 1..iterations {
            hash = D::digest(&hash);
        }
        key.extend_from_slice(&hash);
        // Every block of the input grows by the hash, repeated, and one.
        for part in input.chunks_exact_mut(block) {
            let mut sum = 1;
            for (index, byte) in part.iter_mut().enumerate().rev() {
                sum += u16::from(*byte) + u16::from(hash[index % hash.len()]);
                *byte = sum as u8;
                sum >>= 8;
            }
        }
    }
    key.truncate(length);
    key
}
