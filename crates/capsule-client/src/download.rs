//! Fetching capsules, as the recipient.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdoc2::{Cancel, CapsuleFetcher, FetchError, ServerCapsule};
use eid::Authenticator;
use tokio::sync::watch;

use crate::{
    client::{Client, Running},
    error::{Error, Result},
    gathering::{Announce, Outcome, Signing, Told, gather},
    plan::Plan,
    watch::Watch,
};

/// Fetches capsules with the keys at hand; see [`cdoc2::Keyring::with_capsules`].
///
/// Of several servers all are asked at once, and the first right answer counts: a server that is down, or takes the connection and never
/// answers, delays nothing. One signature covers all servers that take tickets; see [`Plan`].
///
/// Whoever asks again for what is left of the same capsules, because the first was not right, gets the next without another signature.
pub struct Download {
    client: Client,
    cancel: Cancel,
    watch: Watch,
    announce: Announce,
    keys: Vec<Arc<dyn Authenticator>>,
    under_way: Mutex<Option<UnderWay>>,
}

/// What was begun, and goes on while its first capsule is looked at.
struct UnderWay {
    /// Those that have not come yet.
    awaited: Vec<ServerCapsule>,
    outcomes: Running<Outcome>,
    wanted: watch::Sender<bool>,
    failures: Vec<Error>,
}

impl Download {
    /// Fetches as the holder of `keys`, each with its certificate.
    pub fn new(client: Client, keys: Vec<Arc<dyn Authenticator>>) -> Self {
        let announce: Announce = Arc::new(|_| {});
        let (cancel, watch) = (Cancel::default(), Watch::default());
        Self { client, cancel, watch, announce, keys, under_way: Mutex::default() }
    }

    /// Stops when `cancel` says so.
    #[must_use]
    pub fn cancelled_by(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Tells `watch` how far each server is.
    #[must_use]
    pub fn watched_by(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// Calls `announce` before each signature over nonces is asked for, on the thread that then waits for it.
    #[must_use]
    pub fn announced_by(self, announce: impl Fn(&Signing<'_>) + Send + Sync + 'static) -> Self {
        Self { announce: Arc::new(announce), ..self }
    }

    /// What would be done for these capsules; nothing is sent.
    pub fn plan(&self, capsules: &[&ServerCapsule]) -> Plan {
        Plan::new(&self.client, &self.keys, capsules)
    }

    fn first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>)> {
        let mut under_way = self.lock();
        let goes_on = under_way.as_ref().is_some_and(|it| capsules.iter().all(|capsule| it.awaited.contains(capsule)));
        if !goes_on {
            *under_way = Some(self.begin(capsules)?);
        }
        let current = under_way.as_mut().expect("just begun, or going on");
        current.wanted.send_replace(true);
        loop {
            match current.outcomes.next(&self.cancel)? {
                Some((capsule, Ok(material))) => {
                    current.awaited.retain(|awaited| *awaited != capsule);
                    let position = capsules.iter().position(|asked| **asked == capsule);
                    if let Some(position) = position {
                        return Ok((position, material));
                    }
                }
                Some((_, Err(error))) => current.failures.push(error),
                None => {
                    let failures = under_way.take().map(|ended| ended.failures).unwrap_or_default();
                    return Err(Error::of_all(failures));
                }
            }
        }
    }

    fn begin(&self, capsules: &[&ServerCapsule]) -> Result<UnderWay> {
        let Plan { errands, failures } = self.plan(capsules);
        if errands.is_empty() {
            return Err(Error::of_all(failures));
        }
        let wanted = watch::Sender::new(true);
        let outcomes = self.client.begin(|outcomes| {
            let (watch, announce) = (self.watch.clone(), Arc::clone(&self.announce));
            gather(errands, Told { watch, announce, outcomes, wanted: wanted.clone() })
        })?;
        let awaited = capsules.iter().map(|capsule| (*capsule).clone()).collect();
        Ok(UnderWay { awaited, outcomes, wanted, failures })
    }

    fn lock(&self) -> MutexGuard<'_, Option<UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CapsuleFetcher for Download {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        Ok(self.first(&[capsule])?.1)
    }

    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        Ok(self.first(capsules)?)
    }
}
