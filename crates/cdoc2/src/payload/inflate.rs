//! One zlib stream (RFC 1950), fed in pieces, inflated into buffers of its consumer.

use flate2::{Decompress, FlushDecompress, Status};
use simd_adler32::Adler32;

use crate::{Error, Result};

const HEADER_LENGTH: usize = 2;
const CHECKSUM_LENGTH: usize = 4;

/// Inflates one zlib stream and insists that nothing follows it.
///
/// Header and checksum are handled here: the checksum is computed several times faster than by the inflating library.
pub(crate) struct Inflater {
    inflate: Decompress,
    adler: Adler32,
    /// Header, then checksum, as far as they have been read.
    header: Vec<u8>,
    checksum: Vec<u8>,
    ended: bool,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            adler: Adler32::new(),
            header: Vec::with_capacity(HEADER_LENGTH),
            checksum: Vec::with_capacity(CHECKSUM_LENGTH),
            ended: false,
        }
    }

    /// Inflates all of `input`. Whenever `buffer` is full it goes to `consume`, which leaves an empty one in its place.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the stream is broken or when bytes follow its end; whatever `consume` says.
    pub(crate) fn push(
        &mut self,
        mut input: &[u8],
        buffer: &mut Vec<u8>,
        mut consume: impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        if self.header.len() < HEADER_LENGTH {
            input = moved(input, &mut self.header, HEADER_LENGTH);
            if let [method, flags] = self.header[..] {
                check_header(method, flags)?;
            }
        }
        while !input.is_empty() && !self.ended {
            let (read, filled) = (self.inflate.total_in(), buffer.len());
            self.inflate_some(input, buffer)?;
            let taken = (self.inflate.total_in() - read) as usize;
            input = &input[taken..];
            if buffer.len() == buffer.capacity() {
                consume(buffer)?;
            } else if taken == 0 && buffer.len() == filled && !self.ended {
                return Err(Error::malformed("the compressed stream does not advance"));
            }
        }
        if self.ended && !moved(input, &mut self.checksum, CHECKSUM_LENGTH).is_empty() {
            return Err(Error::malformed("bytes after the end of the compressed stream"));
        }
        Ok(())
    }

    /// Inflates what still waits for room in `buffer`, and checks that the stream has ended as it should.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the stream is incomplete or its checksum is wrong.
    pub(crate) fn finish(
        &mut self,
        buffer: &mut Vec<u8>,
        mut consume: impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        while !self.ended {
            let filled = buffer.len();
            self.inflate_some(&[], buffer)?;
            if !self.ended && buffer.len() == filled {
                return Err(Error::malformed("the compressed stream ends too early"));
            }
            if buffer.len() == buffer.capacity() {
                consume(buffer)?;
            }
        }
        if !buffer.is_empty() {
            consume(buffer)?;
        }
        match <[u8; CHECKSUM_LENGTH]>::try_from(&self.checksum[..]) {
            Ok(checksum) if u32::from_be_bytes(checksum) == self.adler.finish() => Ok(()),
            Ok(_) => Err(Error::malformed("the compressed stream has a wrong checksum")),
            Err(_) => Err(Error::malformed("the compressed stream ends too early")),
        }
    }

    fn inflate_some(&mut self, input: &[u8], buffer: &mut Vec<u8>) -> Result<()> {
        let filled = buffer.len();
        let status = self
            .inflate
            .decompress_vec(input, buffer, FlushDecompress::None)
            .map_err(|_| Error::malformed("the compressed stream is broken"))?;
        self.adler.write(&buffer[filled..]);
        self.ended = status == Status::StreamEnd;
        Ok(())
    }
}

/// Moves bytes from `input` until `collected` has `length`; gives the rest.
fn moved<'a>(input: &'a [u8], collected: &mut Vec<u8>, length: usize) -> &'a [u8] {
    let (head, rest) = input.split_at(input.len().min(length - collected.len()));
    collected.extend_from_slice(head);
    rest
}

/// Method 8 with a window of at most 32 KiB, no preset dictionary, and a right check (RFC 1950, section 2.2).
fn check_header(method: u8, flags: u8) -> Result<()> {
    let checked = (u16::from(method) << 8 | u16::from(flags)) % 31 == 0;
    if method & 0x0F == 8 && method >> 4 <= 7 && flags & 0x20 == 0 && checked {
        return Ok(());
    }
    Err(Error::malformed("the payload is no zlib stream"))
}
