//! ChaCha20-Poly1305 (RFC 8439, section 2.8) over one message that never stands in memory as a whole.
//!
//! The same key and nonce must never encrypt two messages; here both follow from a fresh FMK and a fresh nonce per container.

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};
use poly1305::{
    Poly1305,
    universal_hash::{KeyInit, UniversalHash, array::Array},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::MAX_PAYLOAD;
use crate::{Error, Result, error::Refusal, key::PayloadKeys};

/// Length of the nonce in bytes.
pub(crate) const NONCE_LENGTH: usize = 12;
/// Length of the tag in bytes.
pub(crate) const TAG_LENGTH: usize = 16;
/// ChaCha20's block; block 0 makes the one-time Poly1305 key, the message starts at block 1.
const BLOCK: u64 = 64;
/// Bytes that are encrypted and authenticated while they are in the processor's nearest cache.
const STRIP: usize = 16 << 10;
/// Blocks that Poly1305 takes at once, and several times faster than one by one; it never finds back to that by itself.
const PARALLEL: usize = 4;

pub(crate) type Tag = [u8; TAG_LENGTH];
/// In one place of the heap: moving it leaves no copy of the key.
type Cipher = Box<ChaCha20>;

fn cipher_and_mac(keys: &PayloadKeys, nonce: &[u8; NONCE_LENGTH], aad: &[&[u8]]) -> (Cipher, Authenticator) {
    let mut cipher = Box::new(ChaCha20::new((&*keys.cek).into(), nonce.into()));
    let mut mac_key = Zeroizing::new([0; 32]);
    cipher.apply_keystream(&mut *mac_key);
    cipher.seek(BLOCK);
    (cipher, Authenticator::new(&mac_key, aad))
}

/// Poly1305 over `pad16(aad) | pad16(ciphertext) | lengths`, fed in pieces.
struct Authenticator {
    mac: Poly1305,
    /// Blocks that the last [`PARALLEL`] ones lack.
    lacking: usize,
    /// Bytes that do not fill a block yet.
    rest: [u8; 16],
    rest_length: usize,
    aad_length: u64,
    length: u64,
}

impl Authenticator {
    fn new(key: &[u8; 32], aad: &[&[u8]]) -> Self {
        let mut this = Self {
            mac: Poly1305::new(key.into()),
            lacking: 0,
            rest: [0; 16],
            rest_length: 0,
            aad_length: 0,
            length: 0,
        };
        for part in aad {
            this.update(part);
        }
        this.pad();
        this.aad_length = this.length;
        this.length = 0;
        this
    }

    fn update(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.rest_length > 0 {
            let taken = bytes.len().min(16 - self.rest_length);
            self.rest[self.rest_length..][..taken].copy_from_slice(&bytes[..taken]);
            self.rest_length += taken;
            bytes = &bytes[taken..];
            if self.rest_length < 16 {
                return;
            }
            self.blocks(&[self.rest.into()]);
        }
        let (blocks, rest) = Array::slice_as_chunks(bytes);
        self.blocks(blocks);
        self.rest[..rest.len()].copy_from_slice(rest);
        self.rest_length = rest.len();
    }

    fn pad(&mut self) {
        if self.rest_length > 0 {
            self.rest[self.rest_length..].fill(0);
            self.blocks(&[self.rest.into()]);
            self.rest_length = 0;
        }
    }

    fn blocks(&mut self, blocks: &[poly1305::Block]) {
        let (first, rest) = blocks.split_at(self.lacking.min(blocks.len()));
        self.mac.update(first);
        self.mac.update(rest);
        self.lacking = (self.lacking + PARALLEL - blocks.len() % PARALLEL) % PARALLEL;
    }

    /// Tag over the message so far, as if it ended here.
    fn tag(mut self) -> Tag {
        self.pad();
        let mut lengths = [0; 16];
        lengths[..8].copy_from_slice(&self.aad_length.to_le_bytes());
        lengths[8..].copy_from_slice(&self.length.to_le_bytes());
        self.mac.update(&[lengths.into()]);
        self.mac.finalize().into()
    }
}

/// Encrypts one message.
pub(crate) struct Encryption {
    cipher: Cipher,
    mac: Authenticator,
}

impl Encryption {
    pub(crate) fn new(keys: &PayloadKeys, nonce: &[u8; NONCE_LENGTH], aad: &[&[u8]]) -> Self {
        let (cipher, mac) = cipher_and_mac(keys, nonce, aad);
        Self { cipher, mac }
    }

    /// Encrypts the next bytes in place.
    ///
    /// # Errors
    /// [`Refusal::PayloadTooLarge`] where the block counter would wrap.
    pub(crate) fn update(&mut self, bytes: &mut [u8]) -> Result<()> {
        if self.mac.length + bytes.len() as u64 > MAX_PAYLOAD {
            return Err(Error::Refused(Refusal::PayloadTooLarge));
        }
        for strip in bytes.chunks_mut(STRIP) {
            self.cipher.apply_keystream(strip);
            self.mac.update(strip);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Tag {
        self.mac.tag()
    }
}

/// Decrypts one message whose tag may not have been seen yet: the caller must not release anything before
/// [`Decryption::verify`], or must have verified before that this is the message.
pub(crate) struct Decryption {
    cipher: Cipher,
    mac: Authenticator,
}

impl Decryption {
    pub(crate) fn new(keys: &PayloadKeys, nonce: &[u8; NONCE_LENGTH], aad: &[&[u8]]) -> Self {
        let (cipher, mac) = cipher_and_mac(keys, nonce, aad);
        Self { cipher, mac }
    }

    /// Authenticates the next bytes of ciphertext without decrypting them.
    pub(crate) fn authenticate(&mut self, ciphertext: &[u8]) {
        self.mac.update(ciphertext);
    }

    /// Decrypts the next bytes in place, which were authenticated.
    pub(crate) fn decrypt(&mut self, bytes: &mut [u8]) {
        self.cipher.apply_keystream(bytes);
    }

    /// Whether `tag` is the message's, in constant time.
    pub(crate) fn verify(self, tag: &Tag) -> Result<()> {
        if self.mac.tag().ct_eq(tag).into() { Ok(()) } else { Err(Error::Tampered) }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

    use super::*;
    use crate::wiping::Secret32;

    /// Another implementation's ciphertext and tag.
    fn reference(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("key length"));
        let mut out = plaintext.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut out).expect("sealed");
        out
    }

    #[test]
    fn any_cutting_gives_the_one_message_of_another_implementation() {
        let aad = b"CDOC20payload and a header whose length decides how the blocks of the message are taken";
        for length in [13, 16, 17, 32, 33, 48, 64, aad.len()] {
            check_cuttings(&aad[..length]);
        }
    }

    fn check_cuttings(aad: &[u8]) {
        let keys = PayloadKeys { cek: Secret32::filled(|cek| *cek = [7; 32]) };
        let nonce = [9; 12];
        let plaintext: Vec<u8> = (0..5000u32).map(|i| (i * 31) as u8).collect();
        for length in [0, 1, 15, 16, 17, 63, 64, 65, 4096, 5000] {
            let expected = reference(&keys.cek, &nonce, aad, &plaintext[..length]);
            for piece in [1, 7, 16, 64, 1000, 5000] {
                let mut bytes = plaintext[..length].to_vec();
                let mut encryption = Encryption::new(&keys, &nonce, &[&aad[..13], &aad[13..]]);
                for part in bytes.chunks_mut(piece) {
                    encryption.update(part).expect("short");
                }
                bytes.extend(encryption.finish());
                assert_eq!(bytes, expected, "length {length}, pieces of {piece}, {} bytes of AAD", aad.len());

                let (ciphertext, tag) = bytes.split_at_mut(length);
                let mut decryption = Decryption::new(&keys, &nonce, &[aad]);
                for part in ciphertext.chunks_mut(piece) {
                    decryption.authenticate(part);
                    decryption.decrypt(part);
                }
                assert_eq!(ciphertext, &plaintext[..length]);
                let tag: Tag = tag.try_into().expect("16 bytes");
                assert!(decryption.verify(&tag).is_ok());
            }
        }
    }
}
