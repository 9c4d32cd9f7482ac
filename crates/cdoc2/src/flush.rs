//! Writing to disk while more is coming, so that the flush at the end waits for little.

use std::{
    borrow::Borrow,
    fs::File,
    io::{self, Write},
};

/// After this many bytes, the system is asked to begin writing them to disk.
const STEP: u64 = 16 << 20;

/// A file whose bytes are on their way to the disk soon after they are written to it.
pub(crate) struct FlushedAhead<F> {
    file: F,
    written: u64,
    /// Up to where the system was asked to begin.
    begun: u64,
}

impl<F: Borrow<File>> FlushedAhead<F> {
    /// `file` is empty.
    pub(crate) fn new(file: F) -> Self {
        Self { file, written: 0, begun: 0 }
    }

    pub(crate) fn file(&self) -> &File {
        self.file.borrow()
    }
}

impl<F: Borrow<File>> Write for FlushedAhead<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file().write(bytes)?;
        self.written += written as u64;
        if self.written - self.begun >= STEP {
            begin(self.file(), self.begun, self.written);
            self.begun = self.written;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin(file: &File, start: u64, end: u64) {
    #[cfg(target_os = "linux")]
    {
        // The advice starts the writing; what is being written is not dropped from memory.
        let length = std::num::NonZero::new(end - start);
        let _ = rustix::fs::fadvise(file, start, length, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, start, end);
}
