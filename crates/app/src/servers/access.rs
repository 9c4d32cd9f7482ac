//! How servers are reached in one operation, and how far they are for whoever looks on.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use capsule_api::ServerId;
use capsule_client::{ListFiles, Stage, Watch};

use super::{Refreshing, code_of};
use crate::view::{ProgressStep, ProgressView, ServerProgress, ServerState};

/// How servers are reached in one operation: which lists name them, how fresh they must be, and who is told how far they
/// are.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The lists.
    pub lists: ListFiles,
    /// Nobody by default.
    pub watch: Watch,
    /// A remote list that is due is fetched first by default.
    pub refreshing: Refreshing,
}

/// Tells `observer` of every server of a step, each time that one of them comes on. `names` has the servers' names by identifier.
pub fn watched(
    step: ProgressStep,
    names: HashMap<String, String>,
    observer: impl Fn(ProgressView) + Send + Sync + 'static,
) -> Watch {
    let all: Mutex<Vec<ServerProgress>> = Mutex::default();
    Watch::new(move |id, stage| {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        put(&mut all, progress(id, &names, stage));
        let servers = all.clone();
        // Told under the lock: the last word stays the last.
        observer(ProgressView { step, done: 0, total: None, rate: 0, remaining: None, servers });
    })
}

fn progress(id: &ServerId, names: &HashMap<String, String>, stage: Stage<'_>) -> ServerProgress {
    let (state, code) = match stage {
        Stage::Asked => (ServerState::Asked, None),
        Stage::Answered => (ServerState::Answered, None),
        Stage::Failed(error) => (ServerState::Failed, Some(code_of(error))),
    };
    let name = names.get(id.as_str()).map_or(id.as_str(), String::as_str).to_owned();
    ServerProgress { id: id.to_string(), name, state, code }
}

/// A server that answered stays so: of several capsules on it, one is enough.
fn put(all: &mut Vec<ServerProgress>, new: ServerProgress) {
    match all.iter_mut().find(|other| other.id == new.id) {
        Some(other) if other.state == ServerState::Answered => {}
        Some(other) => *other = new,
        None => all.push(new),
    }
}
