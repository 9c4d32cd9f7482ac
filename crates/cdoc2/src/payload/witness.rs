//! Whether what is read again is what was read before, at a seventh of the cost of authenticating it again (docs/performance.md).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::aead::{NONCE_LENGTH, TAG_LENGTH, Tag};
use crate::key::random;

/// Has seen the pieces of one reading: a GMAC (NIST SP 800-38D, 3) of each, 16 bytes, under a key that nobody else has and that is gone with it.
pub(crate) struct Witness {
    key: LessSafeKey,
    seen: Vec<Tag>,
}

impl Witness {
    /// Has room for so many pieces.
    pub(crate) fn of(pieces: usize) -> Self {
        let key = Zeroizing::new(random::<32>());
        let key = UnboundKey::new(&AES_256_GCM, &*key).expect("32 bytes are a key of AES-256");
        Self { key: LessSafeKey::new(key), seen: Vec::with_capacity(pieces) }
    }

    /// Sees the next piece.
    pub(crate) fn see(&mut self, piece: &[u8]) {
        self.seen.push(self.tag(self.seen.len(), piece));
    }

    /// Whether this is the piece that was seen at this place.
    pub(crate) fn knows(&self, place: usize, piece: &[u8]) -> bool {
        self.seen.get(place).is_some_and(|seen| self.tag(place, piece).ct_eq(seen).into())
    }

    /// Whoever could change a piece never gets to see a tag: it does no harm that two pieces may come under one nonce.
    fn tag(&self, place: usize, piece: &[u8]) -> Tag {
        let mut nonce = [0; NONCE_LENGTH];
        nonce[..8].copy_from_slice(&(place as u64).to_le_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(piece), &mut []).expect("a piece is short");
        let mut bytes = [0; TAG_LENGTH];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_a_piece_at_its_place_alone_and_unaltered_alone() {
        let pieces: Vec<Vec<u8>> = [0, 1, 15, 16, 1000].map(|length| vec![7; length]).into();
        let mut witness = Witness::of(0);
        pieces.iter().for_each(|piece| witness.see(piece));
        for (place, piece) in pieces.iter().enumerate() {
            assert!(witness.knows(place, piece));
            for other in (0..=pieces.len()).filter(|other| *other != place) {
                assert!(!witness.knows(other, piece), "{place} at {other}");
            }
            for bit in 0..8 * piece.len() {
                let mut altered = piece.clone();
                altered[bit / 8] ^= 1 << (bit % 8);
                assert!(!witness.knows(place, &altered));
            }
        }
        assert!(!Witness::of(0).knows(0, &[]), "another one has seen nothing");
    }
}
