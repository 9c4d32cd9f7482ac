//! Buffers that go round between two threads of a pipeline.
//!
//! Both ends hand over several at once, so that a thread that waits is woken once for all of them: waking is dear on a virtual machine. Before an
//! end waits it hands over all that it holds, so that the two never wait for each other.

use std::{cell::RefCell, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{Result, progress::Control};

/// Buffers that are handed over at once, where both ends do little with each.
pub(crate) const LOT: usize = 3;
/// The same where one end takes its time over each: more would be memory alone.
pub(crate) const SMALL_LOT: usize = 2;
/// How often somebody who waits looks whether the operation was stopped.
const GLANCE: Duration = Duration::from_millis(50);

/// The end that fills buffers.
pub(crate) struct Filling {
    free: Receiver<Vec<u8>>,
    filled: Lot,
}

/// The end that empties them.
pub(crate) struct Emptying {
    filled: Receiver<Vec<u8>>,
    free: Lot,
}

/// Buffers that wait to be handed over together; all are when it is dropped.
struct Lot {
    size: usize,
    to: Sender<Vec<u8>>,
    held: RefCell<Vec<Vec<u8>>>,
}

impl Lot {
    fn new(size: usize, to: Sender<Vec<u8>>) -> Self {
        Self { size, to, held: RefCell::new(Vec::with_capacity(size)) }
    }

    /// Takes one more; false when the other end is known to be gone.
    fn add(&self, buffer: Vec<u8>) -> bool {
        let mut held = self.held.borrow_mut();
        held.push(buffer);
        held.len() < self.size || self.hand_over(&mut held)
    }

    fn hand_over(&self, held: &mut Vec<Vec<u8>>) -> bool {
        let mut taken = true;
        for buffer in held.drain(..) {
            // The channel has room for all buffers.
            taken = self.to.send(buffer).is_ok();
        }
        taken
    }

    fn hand_over_all(&self) {
        self.hand_over(&mut self.held.borrow_mut());
    }
}

impl Drop for Lot {
    fn drop(&mut self) {
        self.hand_over_all();
    }
}

/// Both ends, with two lots of `lot` buffers between them; each begins with room for `capacity` bytes.
pub(crate) fn pipe(lot: usize, capacity: usize) -> (Filling, Emptying) {
    let buffers = 2 * lot;
    let (free_in, free) = bounded(buffers);
    let (filled_in, filled) = bounded(buffers);
    for _ in 0..buffers {
        free_in.send(Vec::with_capacity(capacity)).expect("the channel has room for all buffers");
    }
    (Filling { free, filled: Lot::new(lot, filled_in) }, Emptying { filled, free: Lot::new(lot, free_in) })
}

impl Filling {
    /// A buffer with whatever it held before; `None` when the other end is gone.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        self.free.try_recv().ok().or_else(|| {
            self.filled.hand_over_all();
            self.free.recv().ok()
        })
    }

    /// False when the other end is known to take no more.
    #[must_use]
    pub(crate) fn give(&self, buffer: Vec<u8>) -> bool {
        self.filled.add(buffer)
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
        self.filled.try_recv().ok().or_else(|| {
            self.free.hand_over_all();
            self.filled.recv().ok()
        })
    }

    /// The same for who waits for what may never come: an error when the operation is stopped meanwhile.
    pub(crate) fn next_unless_stopped(&self, control: &Control) -> Result<Option<Vec<u8>>> {
        if let Ok(buffer) = self.filled.try_recv() {
            return Ok(Some(buffer));
        }
        self.free.hand_over_all();
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
        self.free.add(buffer);
    }
}
