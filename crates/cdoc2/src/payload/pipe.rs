//! Buffers that go round between two threads of a pipeline.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{Result, progress::Control};

/// Buffers between two threads: enough that neither waits for every one.
const BUFFERS: usize = 3;
/// How often somebody who waits looks whether the operation was stopped.
const GLANCE: Duration = Duration::from_millis(50);

/// The end that fills buffers.
pub(crate) struct Filling {
    free: Receiver<Vec<u8>>,
    filled: Sender<Vec<u8>>,
}

/// The end that empties them.
pub(crate) struct Emptying {
    filled: Receiver<Vec<u8>>,
    free: Sender<Vec<u8>>,
}

/// Both ends, with buffers of `capacity` bytes.
pub(crate) fn pipe(capacity: usize) -> (Filling, Emptying) {
    let (free_in, free) = bounded(BUFFERS);
    let (filled_in, filled) = bounded(BUFFERS);
    for _ in 0..BUFFERS {
        free_in.send(Vec::with_capacity(capacity)).expect("the channel has room for all buffers");
    }
    (Filling { free, filled: filled_in }, Emptying { filled, free: free_in })
}

impl Filling {
    /// A buffer with whatever it held before; `None` when the other end is gone.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        self.free.recv().ok()
    }

    /// Whether the other end still takes buffers.
    #[must_use]
    pub(crate) fn give(&self, buffer: Vec<u8>) -> bool {
        self.filled.send(buffer).is_ok()
    }

    /// Hands `buffer` over and puts another one in its place, with whatever that held before; false when the other end is
    /// gone.
    #[must_use]
    pub(crate) fn exchange(&self, buffer: &mut Vec<u8>) -> bool {
        let Some(next) = self.take() else { return false };
        self.give(std::mem::replace(buffer, next))
    }
}

impl Emptying {
    /// The next filled buffer; `None` when the other end has finished.
    pub(crate) fn next(&self) -> Option<Vec<u8>> {
        self.filled.recv().ok()
    }

    /// The same for who waits for what may never come: an error when the operation is stopped meanwhile.
    pub(crate) fn next_unless_stopped(&self, control: &Control) -> Result<Option<Vec<u8>>> {
        loop {
            match self.filled.recv_timeout(GLANCE) {
                Ok(buffer) => return Ok(Some(buffer)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => control.check()?,
            }
        }
    }

    /// Gives a buffer back; the other end may have finished.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        let _ = self.free.send(buffer);
    }
}
