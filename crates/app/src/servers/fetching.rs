//! Fetching capsules with the keys at hand.

use std::sync::Arc;

use capsule_client::Download;
use cdoc2::{Cancel, CapsuleFetcher, FetchError, ServerCapsule};
use eid::Authenticator;

use super::{Access, client};
use crate::{failure::Result, opening::Key};

/// Fetches capsules with the keys at hand. The lists are read when the first one is needed: a container that needs no server opens
/// whatever is wrong with them.
pub(crate) struct Fetcher<'a> {
    keys: Vec<Arc<dyn Authenticator>>,
    access: &'a Access,
    cancel: &'a Cancel,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(keys: &[Key], access: &'a Access, cancel: &'a Cancel) -> Self {
        let files = keys.iter().filter_map(|key| match key {
            Key::File(files) => Some(files),
            Key::Secret(_) | Key::Password(_) => None,
        });
        let shared = |key| Arc::new(key) as Arc<dyn Authenticator>;
        let keys = files.flatten().filter_map(|file| file.authenticator()).map(shared).collect();
        Self { keys, access, cancel }
    }
}

impl CapsuleFetcher for Fetcher<'_> {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        Ok(self.fetch_first(&[capsule])?.1)
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        let download = Download::new(client(&self.access.lists)?, self.keys.clone());
        download.cancelled_by(self.cancel.clone()).watched_by(self.access.watch.clone()).fetch_first(capsules)
    }
}
