//! How far each server is, for whoever shows it while it goes on.

use std::{fmt, sync::Arc};

use capsule_api::ServerId;

use crate::error::Error;

/// How far a server is.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// Its answer is awaited.
    Asked,
    /// It has done all that was asked of it.
    Answered,
    /// It has not, for good.
    Failed(&'a Error),
}

type Told = dyn Fn(&ServerId, Stage<'_>) + Send + Sync;

/// Is told how far each server is, from several threads.
#[derive(Clone)]
pub struct Watch(Arc<Told>);

impl Watch {
    /// Calls `told`, which must not wait for anything.
    pub fn new(told: impl Fn(&ServerId, Stage<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    /// Tells it.
    pub fn tell(&self, server: &ServerId, stage: Stage<'_>) {
        (self.0)(server, stage);
    }
}

/// Nobody watches.
impl Default for Watch {
    fn default() -> Self {
        Self::new(|_, _| {})
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
