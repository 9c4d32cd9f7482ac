//! Capsules from many servers with as few signatures as may be.
//!
//! All nonces are asked for at once. When they are there, or some are and the others had as long again, one signature covers them, and all
//! tickets are shown at once. For a server that refuses the connection nobody waits at all. One that takes it and never answers holds up nobody,
//! either: what comes too late for one signature is covered by another, and only when the first has led nowhere. Servers that take no
//! tickets are asked by client certificate: at once where no other is, else when tickets lead nowhere, since each of them costs a signature.

use std::{
    collections::HashSet,
    sync::{Arc, mpsc as outcomes},
    time::Duration,
};

use capsule_api::{
    Authentication, AuthenticationError, JwsAlgorithm, MAX_NONCES, ServerId, SignedAuthentication, TransactionId,
};
use cdoc2::{KeyError, ServerCapsule};
use eid::{Authenticator, SignatureAlgorithm};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    error::{Cause, Error, Result},
    exchange::Given,
    plan::{Errand, Way},
    watch::{Stage, Watch},
};

/// How long the others are waited for at least and at most, when the first nonce is there; in between as long again as the first took.
const GRACE: std::ops::RangeInclusive<Duration> = Duration::from_millis(30)..=Duration::from_secs(1);
/// How long nothing may come of what is under way before something else is begun beside it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of a capsule.
pub(crate) type Outcome = (ServerCapsule, Result<Vec<u8>>);

/// A signature that is about to be asked for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Signing<'a> {
    /// The servers that it is for.
    pub servers: &'a [ServerId],
    /// What the holder must see on his other device, where the key is on one.
    pub verification_code: Option<String>,
}

/// Is told of each signature before it is asked for.
pub(crate) type Announce = Arc<dyn Fn(&Signing<'_>) + Send + Sync>;

/// Who is told what goes on.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) watch: Watch,
    pub(crate) announce: Announce,
    pub(crate) outcomes: outcomes::Sender<Outcome>,
    /// Whether more is wanted: after a capsule has come, nothing new is begun before somebody asks for another.
    pub(crate) wanted: watch::Sender<bool>,
}

impl Told {
    fn begun(&self, errand: &Errand) {
        self.watch.tell(&errand.server, Stage::Asked);
    }

    fn ended(&self, errand: &Errand, result: Result<Vec<u8>>) {
        self.watch.tell(&errand.server, result.as_ref().map_or_else(Stage::Failed, |_| Stage::Answered));
        match &result {
            Ok(_) => drop(self.wanted.send_replace(false)),
            Err(error) => tracing::debug!(%error, "a server did not give its capsule"),
        }
        // Nobody waits any more when the operation was stopped.
        let _ = self.outcomes.send((errand.capsule.clone(), result));
    }
}

/// Runs errands, those of each key beside those of the others.
pub(crate) async fn gather(errands: Vec<Errand>, told: Told) {
    let mut groups: Vec<(Arc<dyn Authenticator>, Vec<Errand>)> = Vec::new();
    for errand in errands {
        match groups.iter_mut().find(|(key, _)| key.public_key() == errand.key.public_key()) {
            Some((_, errands)) => errands.push(errand),
            None => groups.push((Arc::clone(&errand.key), vec![errand])),
        }
    }
    let mut running = JoinSet::new();
    for (key, errands) in groups {
        running.spawn(Group::new(key, errands, told.clone()).run());
    }
    while running.join_next().await.is_some() {}
}

/// The errands of one key.
struct Group {
    key: Arc<dyn Authenticator>,
    told: Told,
    /// Nonces that are asked for, and for what.
    asked: JoinSet<(Errand, Result<Given>)>,
    awaited: Vec<Errand>,
    /// Who could not be reached, or is busy, and will be asked again: nobody waits for it.
    again: HashSet<TransactionId>,
    failing: mpsc::UnboundedReceiver<TransactionId>,
    /// Nonces that are there, and not signed for.
    held: Vec<(Errand, Given)>,
    /// To be asked by client certificate, when tickets lead nowhere.
    later: Vec<Errand>,
    /// Capsules that are asked for.
    fetched: JoinSet<(Errand, Result<Vec<u8>>)>,
    begun: Instant,
    /// When the others have had long enough, once a nonce is there.
    grace: Option<Instant>,
    /// When something else is begun.
    stuck: Instant,
}

impl Group {
    fn new(key: Arc<dyn Authenticator>, errands: Vec<Errand>, told: Told) -> Self {
        let begun = Instant::now();
        let (failed, failing) = mpsc::unbounded_channel();
        let mut group = Self {
            key,
            told,
            asked: JoinSet::new(),
            awaited: Vec::new(),
            again: HashSet::new(),
            failing,
            held: Vec::new(),
            later: Vec::new(),
            fetched: JoinSet::new(),
            begun,
            grace: None,
            stuck: begun + PATIENCE,
        };
        for errand in errands {
            match (errand.way(), errand.ticket.clone()) {
                (Way::Ticket, Some(way)) => {
                    group.told.begun(&errand);
                    group.awaited.push(errand.clone());
                    let failed = failed.clone();
                    group.asked.spawn(async move {
                        // Nobody listens any more when the operation was stopped.
                        let again = || drop(failed.send(errand.id.clone()));
                        let given = errand.nonce(&way, again).await;
                        (errand, given)
                    });
                }
                _ => group.later.push(errand),
            }
        }
        group
    }

    async fn run(mut self) {
        let mut wanted = self.told.wanted.subscribe();
        loop {
            if *wanted.borrow_and_update() {
                self.go_on().await;
            }
            if self.is_over() {
                return;
            }
            let timer = self.timer();
            tokio::select! {
                Some(Ok((errand, given))) = self.asked.join_next() => self.nonce(errand, given),
                Some(Ok((errand, result))) = self.fetched.join_next() => self.told.ended(&errand, result),
                Some(id) = self.failing.recv() => drop(self.again.insert(id)),
                () = sleep_until(timer) => {}
                Ok(()) = wanted.changed() => self.stuck = Instant::now() + PATIENCE,
            }
        }
    }

    fn is_over(&self) -> bool {
        self.asked.is_empty() && self.held.is_empty() && self.later.is_empty() && self.fetched.is_empty()
    }

    /// When it is time to look again although nothing came.
    fn timer(&self) -> Instant {
        let now = Instant::now();
        let next = self.grace.filter(|grace| *grace > now).map_or(self.stuck, |grace| grace.min(self.stuck));
        if next > now { next } else { now + PATIENCE }
    }

    fn nonce(&mut self, errand: Errand, given: Result<Given>) {
        self.awaited.retain(|awaited| awaited.capsule != errand.capsule);
        match given {
            Ok(given) => {
                let took = self.begun.elapsed().clamp(*GRACE.start(), *GRACE.end());
                self.grace.get_or_insert_with(|| Instant::now() + took);
                self.held.push((errand, given));
            }
            // Where there is another way to the same server, it may be open. One that lies is not asked again.
            Err(error) if errand.certificate.is_some() && !error.is_deceit() => {
                self.later.push(errand.by_the_other_way(error));
            }
            Err(error) => self.told.ended(&errand, Err(error)),
        }
    }

    /// Begins what is to be begun now.
    async fn go_on(&mut self) {
        let now = Instant::now();
        let is_stuck = now >= self.stuck;
        let nothing_fetched = self.fetched.is_empty();
        let none_to_come = self.awaited.iter().all(|errand| self.again.contains(&errand.id));
        let had_time = none_to_come || self.grace.is_some_and(|grace| now >= grace);
        if !self.held.is_empty() && (nothing_fetched && had_time || is_stuck) {
            return self.sign().await;
        }
        let nothing_else = self.asked.is_empty() && self.held.is_empty() && nothing_fetched;
        if nothing_else || is_stuck {
            self.ask_by_certificate();
        }
    }

    fn ask_by_certificate(&mut self) {
        for errand in self.later.drain(..) {
            let Some(route) = errand.certificate.clone() else { continue };
            self.told.begun(&errand);
            self.fetched.spawn(async move {
                let result = errand.by_certificate(&route).await;
                (errand, result)
            });
        }
        self.stuck = Instant::now() + PATIENCE;
    }

    /// Signs for every nonce that is there, and shows the tickets. When the key does not sign, its holder is not asked again; what was signed before
    /// may still come.
    async fn sign(&mut self) {
        let count = self.held.len().min(MAX_NONCES);
        let held: Vec<_> = self.held.drain(..count).collect();
        let signed = signed(&self.key, &self.told.announce, &held).await;
        self.stuck = Instant::now() + PATIENCE;
        match signed {
            Ok(signed) => held.into_iter().for_each(|(errand, given)| self.show(errand, given, &signed)),
            Err(cause) => {
                self.asked = JoinSet::new();
                let held = held.into_iter().chain(self.held.drain(..)).map(|(errand, _)| errand);
                for errand in held.chain(self.awaited.drain(..)).chain(self.later.drain(..)) {
                    self.told.ended(&errand, Err(errand.failed(cause.clone())));
                }
            }
        }
    }

    fn show(&mut self, errand: Errand, given: Given, signed: &SignedAuthentication) {
        if let Some(Err(late)) = errand.ticket.as_ref().map(|way| given.check_time(way)) {
            return self.told.ended(&errand, Err(errand.failed(late)));
        }
        let ticket = match (errand.ticket.clone(), signed.ticket(&errand.id, &given.nonce)) {
            (Some(way), Ok(Some(ticket))) => (way, ticket),
            _ => {
                let reason = "with so large a certificate its ticket would be larger than servers take".to_owned();
                let error = Error::Unusable { server: errand.server.clone(), reason };
                return self.told.ended(&errand, Err(error));
            }
        };
        self.fetched.spawn(async move {
            let (way, ticket) = ticket;
            let result = errand.by_ticket(&way, given, &ticket).await;
            (errand, result)
        });
    }
}

/// One signature over all of these nonces. Making it may take as long as its holder does.
async fn signed(
    key: &Arc<dyn Authenticator>,
    announce: &Announce,
    held: &[(Errand, Given)],
) -> Result<SignedAuthentication, Cause> {
    let rejected = |error: AuthenticationError| {
        tracing::debug!(%error, "no signature for tickets");
        Cause::Key(Arc::new(KeyError::Rejected))
    };
    let transactions = held.iter().map(|(errand, given)| (errand.id.clone(), given.nonce.masked()));
    let authentication = Authentication::new(transactions).map_err(rejected)?;
    let servers: Vec<_> = held.iter().map(|(errand, _)| errand.server.clone()).collect();
    let algorithm = JwsAlgorithm::of(key.public_key());
    let hash = algorithm.hash(authentication.signing_input(algorithm).as_bytes());
    let (signer, announce) = (Arc::clone(key), Arc::clone(announce));
    let work = move || {
        announce(&Signing { servers: &servers, verification_code: signer.verification_code(&hash) });
        signer.sign_hash(SignatureAlgorithm::of_ticket(signer.public_key()), &hash)
    };
    let signature = match tokio::task::spawn_blocking(work).await {
        Ok(signature) => signature.map_err(|error| Cause::Key(Arc::new(error)))?,
        Err(_) => return Err(Cause::Key(Arc::new(KeyError::Rejected))),
    };
    let certificate = key.certificates().first().ok_or_else(|| Cause::Key(Arc::new(KeyError::Rejected)))?;
    authentication.signed(key.public_key(), certificate, &signature).map_err(rejected)
}
