//! One zlib stream, fed in pieces, inflated into buffers of its consumer.

use flate2::{Decompress, FlushDecompress, Status};

use crate::{Error, Result};

/// Inflates one zlib stream and insists that nothing follows it.
pub(crate) struct Inflater {
    inflate: Decompress,
    ended: bool,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(true), ended: false }
    }

    /// Inflates all of `input`; whenever `buffer` is full, and at the end, its filled part goes to `consume`, which gives
    /// back a buffer to go on with.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the stream is broken or when bytes follow its end; whatever `consume` says.
    pub(crate) fn push(
        &mut self,
        mut input: &[u8],
        buffer: &mut Vec<u8>,
        mut consume: impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        while !input.is_empty() {
            if self.ended {
                return Err(Error::malformed("bytes after the end of the compressed stream"));
            }
            let (read, filled) = (self.inflate.total_in(), buffer.len());
            let status = self
                .inflate
                .decompress_vec(input, buffer, FlushDecompress::None)
                .map_err(|_| Error::malformed("the compressed stream is broken"))?;
            let taken = (self.inflate.total_in() - read) as usize;
            input = &input[taken..];
            self.ended = status == Status::StreamEnd;
            if buffer.len() == buffer.capacity() {
                consume(buffer)?;
            } else if taken == 0 && buffer.len() == filled && !self.ended {
                return Err(Error::malformed("the compressed stream needs a dictionary or does not advance"));
            }
        }
        Ok(())
    }

    /// Inflates what still waits for room in `buffer`, and checks that the stream has ended.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the stream is incomplete.
    pub(crate) fn finish(
        &mut self,
        buffer: &mut Vec<u8>,
        mut consume: impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        while !self.ended {
            let filled = buffer.len();
            let status = self
                .inflate
                .decompress_vec(&[], buffer, FlushDecompress::None)
                .map_err(|_| Error::malformed("the compressed stream is broken"))?;
            self.ended = status == Status::StreamEnd;
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
        Ok(())
    }
}
