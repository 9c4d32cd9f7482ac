//! Fetching capsules with the keys at hand.

use std::sync::Arc;

use capsule_client::{Download, ListFiles};
use cdoc2::{Cancel, CapsuleFetcher, FetchError, ServerCapsule};
use eid::Authenticator;

use super::client;
use crate::{failure::Result, opening::Key};

/// Fetches capsules with the keys at hand. The lists are read when the first one is needed: a container that needs no server opens
/// whatever is wrong with them.
pub(crate) struct Fetcher<'a> {
    keys: Vec<Arc<dyn Authenticator>>,
    lists: &'a ListFiles,
    cancel: &'a Cancel,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(keys: &[Key], lists: &'a ListFiles, cancel: &'a Cancel) -> Self {
        let keys = keys.iter().flat_map(Key::authenticators).collect();
        Self { keys, lists, cancel }
    }
}

impl CapsuleFetcher for Fetcher<'_> {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        Ok(self.fetch_first(&[capsule])?.1)
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        let client = client(self.lists)?;
        Download::new(client, self.keys.clone()).cancelled_by(self.cancel.clone()).fetch_first(capsules)
    }
}
