//! The key schedule: from shared secrets to the key encryption key (KEK), the file master key (FMK) and what follows from it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{EcPublicKey, Password, SharedSecret};
use crate::wiping::Secret32;

/// Salt length that this crate writes, for symmetric keys, passwords and shares.
pub(crate) const SALT_LENGTH: usize = 32;
/// PBKDF2 iterations that this crate writes; the Java implementation always computes this number.
pub(crate) const PASSWORD_ITERATIONS: u32 = 600_000;

// CDOC2 specification, "Key derivation": plain ASCII without terminator.
const FMK_SALT: &[u8] = b"CDOC20salt";
const CEK_INFO: &[u8] = b"CDOC20cek";
const HHK_INFO: &[u8] = b"CDOC20hmac";
const KEK_SALT: &[u8] = b"CDOC20kekpremaster";
const KEK_INFO: &[u8] = b"CDOC20kek";
/// Key shares really use this other label.
const SHARES_INFO: &[u8] = b"CDOC2kek";
/// Name of the FMK encryption method, always part of `info`.
const XOR: &[u8] = b"XOR";

/// `N` random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system provides randomness; without it nothing may be encrypted");
    bytes
}

fn expand(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Secret32 {
    Secret32::filled(|okm| hkdf.expand_multi_info(info, okm).expect("32 bytes are within HKDF's bounds"))
}

/// Key encryption key: wraps the FMK for one recipient by XOR.
pub(crate) struct Kek(Secret32);

impl Kek {
    /// For an RSA record: 32 random bytes.
    pub(crate) fn random() -> Self {
        Self(Secret32::filled(|kek| *kek = random()))
    }

    /// As carried by an RSA record or joined from shares; `None` unless 32 bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self(Secret32::filled(|kek| kek.copy_from_slice(bytes))))
    }

    /// For an EC record; the recipient's point stands first on both sides.
    pub(crate) fn from_ecdh(shared: &SharedSecret, recipient: &EcPublicKey, sender: &EcPublicKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(KEK_SALT), shared.as_bytes());
        Self(expand(&hkdf, &[KEK_INFO, XOR, recipient.point(), sender.point()]))
    }

    /// For a symmetric record; `label` is the record's raw label.
    pub(crate) fn from_secret(secret: &[u8], salt: &[u8], label: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(salt), secret);
        Self(expand(&hkdf, &[KEK_INFO, XOR, label.as_bytes()]))
    }

    /// For a password record: PBKDF2, then as a symmetric key.
    pub(crate) fn from_password(
        password: &Password,
        password_salt: &[u8],
        iterations: u32,
        salt: &[u8],
        label: &str,
    ) -> Self {
        Self::from_secret(&*password_key(password.as_bytes(), password_salt, iterations), salt, label)
    }

    /// For a key-shares record: made once by the sender and split; the reader only joins the shares.
    pub(crate) fn for_shares(salt: &[u8], recipient_id: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(salt), &*Zeroizing::new(random::<32>()));
        Self(expand(&hkdf, &[SHARES_INFO, XOR, recipient_id.as_bytes()]))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// FMK xor KEK, the only wrapping of the format.
    pub(crate) fn wrap(&self, fmk: &Fmk) -> [u8; 32] {
        std::array::from_fn(|i| self.0[i] ^ fmk.0[i])
    }

    pub(crate) fn unwrap(&self, encrypted_fmk: &[u8; 32]) -> Fmk {
        Fmk(Secret32::filled(|fmk| {
            for (byte, (kek, encrypted)) in fmk.iter_mut().zip(self.0.iter().zip(encrypted_fmk)) {
                *byte = kek ^ encrypted;
            }
        }))
    }
}

fn password_key(password: &[u8], salt: &[u8], iterations: u32) -> Secret32 {
    Secret32::filled(|key| pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, key))
}

/// File master key: everything of one container follows from it.
pub(crate) struct Fmk(Secret32);

impl Fmk {
    pub(crate) fn generate() -> Self {
        let random = Zeroizing::new(random::<32>());
        let (prk, _) = Hkdf::<Sha256>::extract(Some(FMK_SALT), &*random);
        Self(Secret32::filled(|fmk| fmk.copy_from_slice(&prk)))
    }

    fn derive(&self, info: &[u8]) -> Secret32 {
        let hkdf = Hkdf::<Sha256>::from_prk(&*self.0).expect("the FMK is as long as a SHA-256 digest");
        expand(&hkdf, &[info])
    }

    /// The header's HMAC under this FMK.
    pub(crate) fn header_mac(&self, header: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.derive(HHK_INFO)).expect("HMAC takes any key length");
        mac.update(header);
        mac.finalize().into_bytes().into()
    }

    /// Whether `mac` is the header's HMAC under this FMK; in constant time.
    pub(crate) fn authenticates(&self, header: &[u8], mac: &[u8; 32]) -> bool {
        self.header_mac(header).ct_eq(mac).into()
    }

    pub(crate) fn payload_keys(&self) -> PayloadKeys {
        PayloadKeys { cek: self.derive(CEK_INFO) }
    }
}

/// What the payload is encrypted with: the content encryption key (CEK).
pub(crate) struct PayloadKeys {
    pub(crate) cek: Secret32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known_salt() -> [u8; 32] {
        let mut salt = [0; 32];
        salt[..4].copy_from_slice(b"salt");
        salt
    }

    #[test]
    fn symmetric_known_answer() {
        let kek = Kek::from_secret(&[0; 32], &known_salt(), "deriveKeyEncryptionKeyFromSharedSecret");
        assert_eq!(hex::encode(kek.as_bytes()), "962b1d44a6e36e9d117136e972e2da0bff7b35fc29b3d8ec5bde246d2c145984");
    }

    #[test]
    fn password_known_answer() {
        let key = password_key(b"myPlainTextPassword", &known_salt(), PASSWORD_ITERATIONS);
        assert_eq!(hex::encode(*key), "d4f767095d5c36fb2894822e3807f9e90fd8273c6da9284f89f05fd3cb0850a0");
    }
}
