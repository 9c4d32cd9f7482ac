//! The archive inside a container: POSIX tar of regular files with plain names (CDOC2 specification, "Payload").
//!
//! Whoever made a container may be hostile even when its tag is right, so names are checked, every length is bounded,
//! and only regular files are taken.

mod names;
mod read;
mod write;

pub use names::{NameProblem, NameSet, UnsafeName, UnsafeNames, check_name, safe_name};
pub(crate) use names::{is_invisible, numbered_name};
pub(crate) use read::{Begun, EntrySink, Unpacker};
pub use read::{Entry, NamePolicy};
pub(crate) use write::{Writer, archive_size};

/// Size of a tar block.
const BLOCK: usize = 512;
/// Zero bytes may follow the end of an archive up to a whole record.
const RECORD: u64 = 10_240;
/// A file from this size needs a PAX record: the header's octal field ends.
const PAX_SIZE: u64 = 8 << 30;

/// Bytes that fill the last block of `size` bytes.
fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}
