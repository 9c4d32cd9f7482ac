//! Fetching capsules and key shares with the keys at hand.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use capsule_api::PersonId;
use capsule_client::{Client, Download, ShareDownload, Stage, Watch};
use cdoc2::{Cancel, Capsule, CapsuleFetcher, FetchError, Header, KeyShare, ServerCapsule, ShareFetcher, Zeroizing};
use eid::Authenticator;

use super::{Access, client, deceits::Deceit};
use crate::{
    failure::{Failure, Result},
    opening::Key,
};

/// Fetches with the keys at hand. The lists are read when the first server is needed: a container that needs none opens whatever is wrong
/// with them.
pub(crate) struct Fetcher<'a> {
    keys: Vec<Arc<dyn Authenticator>>,
    access: &'a Access,
    cancel: &'a Cancel,
    client: OnceLock<Client>,
    /// One for all that is asked: what was begun for the first capsule goes on for the next.
    download: OnceLock<Download>,
    /// What servers did that no honest one does.
    deceits: Arc<Mutex<Vec<Deceit>>>,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(keys: &[Key], access: &'a Access, cancel: &'a Cancel) -> Self {
        let keys = keys.iter().flat_map(Key::authenticators).collect();
        Self { keys, access, cancel, client: OnceLock::new(), download: OnceLock::new(), deceits: Arc::default() }
    }

    /// What servers did so far that no honest one does, and those that gave capsules which open nothing; each once, by the names of the lists.
    pub(crate) fn deceits(&self, wrong_capsules: &[String]) -> Vec<Deceit> {
        let servers = self.client.get().map(Client::servers);
        let seen = self.deceits.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut told: Vec<Deceit> = Vec::new();
        for deceit in seen.into_iter().chain(wrong_capsules.iter().map(|server| Deceit::wrong_capsule(server))) {
            if !told.iter().any(|other| other.is_same(&deceit)) {
                told.push(deceit.named_by(servers));
            }
        }
        told
    }

    /// Whoever looks on, and beside him what is kept of servers that deceive.
    fn watch(&self) -> Watch {
        let (watch, deceits) = (self.access.watch.clone(), Arc::clone(&self.deceits));
        Watch::new(move |server, stage| {
            if let Stage::Failed(error) = stage {
                let mut all = deceits.lock().unwrap_or_else(PoisonError::into_inner);
                all.extend(error.deceits().into_iter().map(|(server, cause)| Deceit::of(server, cause)));
            }
            watch.tell(server, stage);
        })
    }

    fn client(&self) -> Result<&Client> {
        if self.client.get().is_none() {
            // Whoever was quicker made the same.
            let _ = self.client.set(client(&self.access.lists, self.access.refreshing)?);
        }
        Ok(self.client.get().expect("just set"))
    }

    /// Fetchers of shares for each person who holds a key at hand and for whom a key of the container is split. Of several keys of one person, the first
    /// signs.
    pub(crate) fn shares(&self, header: &Header) -> Vec<ShareFetching<'_>> {
        let split_for = |person: &PersonId| {
            header.records().iter().any(|record| match &record.capsule {
                Capsule::Shares(shares) => shares.recipient_id == person.as_str(),
                _ => false,
            })
        };
        let mut all: Vec<ShareFetching<'_>> = Vec::new();
        for key in &self.keys {
            let person = key.certificates().first().and_then(|certificate| PersonId::of_certificate(certificate));
            let Some(person) = person.filter(split_for) else { continue };
            if !all.iter().any(|other| other.person == person) {
                all.push(ShareFetching { fetcher: self, key: Arc::clone(key), person });
            }
        }
        all
    }
}

impl CapsuleFetcher for Fetcher<'_> {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        Ok(self.fetch_first(&[capsule])?.1)
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        if self.download.get().is_none() {
            let download = Download::new(self.client()?.clone(), self.keys.clone());
            let download = download.cancelled_by(self.cancel.clone()).watched_by(self.watch());
            // Whoever was quicker made the same.
            let _ = self.download.set(download);
        }
        self.download.get().expect("just set").fetch_first(capsules)
    }
}

/// Fetches the shares of one person's keys, as the holder of a key at hand.
pub(crate) struct ShareFetching<'a> {
    fetcher: &'a Fetcher<'a>,
    key: Arc<dyn Authenticator>,
    person: PersonId,
}

impl ShareFetcher for ShareFetching<'_> {
    fn recipient_id(&self) -> &str {
        self.person.as_str()
    }

    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError> {
        let download = ShareDownload::new(self.fetcher.client()?.clone(), Arc::clone(&self.key));
        let download = download.ok_or_else(|| Failure::from(capsule_client::Error::Person))?;
        download.cancelled_by(self.fetcher.cancel.clone()).watched_by(self.fetcher.watch()).fetch(shares)
    }
}
