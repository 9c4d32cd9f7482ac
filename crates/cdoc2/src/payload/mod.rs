//! The payload: `zlib(tar(files))` as one ChaCha20-Poly1305 message, streamed both ways in constant memory.
//!
//! Writing: tar -> [`deflate`] (all cores) -> [`aead::Encryption`] -> file. Reading: file -> [`aead`] -> [`inflate`] -> tar;
//! [`witness`] notices a file that changes between its two readings.

pub(crate) mod aead;
pub(crate) mod deflate;
pub(crate) mod inflate;
pub(crate) mod pipe;
pub(crate) mod witness;

/// Bytes that are handled at once, everywhere in the pipeline.
pub(crate) const PIECE: usize = 1 << 20;

/// Largest payload, 256 GiB - 64 bytes: ChaCha20's 32-bit block counter, whose block 0 makes the Poly1305 key (RFC 8439).
pub(crate) const MAX_PAYLOAD: u64 = (1 << 38) - 64;
