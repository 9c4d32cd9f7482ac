//! Progress and cancellation as values that any front end can use.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{Error, Result};

/// What an operation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Deriving or asking for the key that opens a record.
    Unlocking,
    /// Authenticating the payload before anything of it is used.
    Verifying,
    /// Decrypting and unpacking what has been verified.
    Unpacking,
    /// Reading, compressing and encrypting files.
    Encrypting,
    /// Flushing to disk and moving the result to its place.
    Releasing,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Bytes of this step done so far.
    pub done: u64,
    /// Bytes of this step in all, when known (a pipe has no length).
    pub total: Option<u64>,
}

/// Stops an operation from another thread. Clones stop the same operation.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the operation to stop; it ends with [`Error::Cancelled`] and releases nothing.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The way an operation is watched and stopped. The default watches nothing and never stops.
#[derive(Clone, Default)]
pub struct Control {
    cancel: Cancel,
    observer: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
}

impl Control {
    /// Reports to `observer`, about once a mebibyte and from any thread, and stops by `cancel`.
    pub fn new(cancel: Cancel, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { cancel, observer: Some(Arc::new(observer)) }
    }

    /// What stops the operation, for parts of it that wait for something else.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Reports progress; an error when the operation was cancelled.
    pub(crate) fn report(&self, step: Step, done: u64, total: Option<u64>) -> Result<()> {
        self.check()?;
        if let Some(observer) = &self.observer {
            observer(Progress { step, done, total });
        }
        Ok(())
    }

    /// An error when the operation was cancelled.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}
