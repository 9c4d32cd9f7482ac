//! RSA padding in software, for modules that only compute (`CKM_RSA_X_509`): RFC 8017.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Length of SHA-256, of a seed and of a salt.
const HASH: usize = 32;

/// MGF1 with SHA-256, added to `data`.
fn mask(seed: &[u8], data: &mut [u8]) {
    for (counter, block) in (0u32..).zip(data.chunks_mut(HASH)) {
        let hash = Zeroizing::new(<[u8; HASH]>::from(
            Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize(),
        ));
        block.iter_mut().zip(hash.iter()).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// What RSA-OAEP with SHA-256 and an empty label has wrapped up in `encoded`, which is as long as the modulus; `None` when it is no
/// such thing. Takes the same time for whatever is wrong.
pub(super) fn from_oaep(encoded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if encoded.len() < 2 * HASH + 2 {
        return None;
    }
    let mut encoded = Zeroizing::new(encoded.to_vec());
    let (first, rest) = encoded.split_at_mut(1);
    let (seed, data) = rest.split_at_mut(HASH);
    mask(data, seed);
    mask(seed, data);
    let (label, padded) = data.split_at(HASH);
    let mut good = first[0].ct_eq(&0) & label.ct_eq(&Sha256::digest(b""));
    let (mut looking, mut begin) = (Choice::from(1), 0u32);
    for (at, byte) in (1u32..).zip(padded) {
        let (is_zero, is_end) = (byte.ct_eq(&0), byte.ct_eq(&1));
        begin.conditional_assign(&at, looking & is_end);
        good &= !looking | is_zero | is_end;
        looking &= !is_end;
    }
    good &= !looking;
    bool::from(good).then(|| Zeroizing::new(padded[begin as usize..].to_vec()))
}

/// A hash as RSASSA-PSS signs it, with SHA-256 and this salt, for a modulus of so many bytes with its highest bit set.
pub(super) fn to_pss(hash: &[u8], salt: &[u8; HASH], length: usize) -> Option<Vec<u8>> {
    let padding = length.checked_sub(2 * HASH + 2)?;
    let check = Sha256::new().chain_update([0; 8]).chain_update(hash).chain_update(salt).finalize();
    let mut encoded = vec![0; padding];
    encoded.push(0x01);
    encoded.extend_from_slice(salt);
    mask(&check, &mut encoded);
    encoded[0] &= 0x7F;
    encoded.extend_from_slice(&check);
    encoded.push(0xBC);
    Some(encoded)
}

/// A SHA-256 hash as RSASSA-PKCS1-v1_5 signs it: `DigestInfo`.
pub(super) fn digest_info(hash: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ];
    [&HEAD, hash].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OAEP by the book, with a fixed seed.
    fn wrapped(message: &[u8], length: usize) -> Vec<u8> {
        let mut data = Sha256::digest(b"").to_vec();
        data.resize(length - HASH - 2 - message.len(), 0);
        data.push(1);
        data.extend_from_slice(message);
        let mut seed = [9; HASH];
        mask(&seed, &mut data);
        mask(&data, &mut seed);
        [&[0], &seed[..], &data].concat()
    }

    #[test]
    fn what_was_wrapped_comes_out_and_nothing_else_does() {
        for message in [&b""[..], b"x", &[7; 32], &[1; 190]] {
            let good = wrapped(message, 256);
            assert_eq!(from_oaep(&good).as_deref().map(Vec::as_slice), Some(message));
            for at in 0..good.len() {
                let mut other = good.clone();
                other[at] ^= 0x40;
                assert!(from_oaep(&other).is_none(), "{at}");
            }
        }
        assert!(from_oaep(&[0; 65]).is_none());
        // Nothing but zeros after the label's hash: no message begins.
        let mut data = Sha256::digest(b"").to_vec();
        data.resize(256 - HASH - 1, 0);
        let mut seed = [9; HASH];
        mask(&seed, &mut data);
        mask(&data, &mut seed);
        assert!(from_oaep(&[&[0], &seed[..], &data].concat()).is_none());
    }
}
