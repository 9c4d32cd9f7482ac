//! Fetching capsules with the keys at hand.

use std::sync::{Arc, OnceLock};

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
    /// One for all that is asked: what was begun for the first capsule goes on for the next.
    download: OnceLock<Download>,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(keys: &[Key], access: &'a Access, cancel: &'a Cancel) -> Self {
        let keys = keys.iter().flat_map(Key::authenticators).collect();
        Self { keys, access, cancel, download: OnceLock::new() }
    }
}

impl CapsuleFetcher for Fetcher<'_> {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        Ok(self.fetch_first(&[capsule])?.1)
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        if self.download.get().is_none() {
            let download = Download::new(client(&self.access.lists, self.access.refreshing)?, self.keys.clone());
            let download = download.cancelled_by(self.cancel.clone()).watched_by(self.access.watch.clone());
            // Whoever was quicker made the same.
            let _ = self.download.set(download);
        }
        self.download.get().expect("just set").fetch_first(capsules)
    }
}
