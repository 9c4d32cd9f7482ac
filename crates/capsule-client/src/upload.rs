//! Delivering capsules before a container is written.
//!
//! All recipients and servers at once, a few connections a server. What fails for good ends everything: then nothing is encrypted, and the
//! capsules that arrived are orphans, which their servers delete when their time is over.
//!
//! A request is repeated when the connection failed or broke, or when the server was busy. A broken connection may mean that the capsule
//! arrived and only the answer did not. It is repeated all the same: the capsule whose answer was lost is known to nobody by its
//! identifier, holds nothing but the one-time half of a key agreement, and is never used.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use capsule_api::{
    CAPSULES_PATH, CapsuleType, EXPIRY_HEADER, Expiry, NewCapsule, NewShare, PersonId, SHARES_PATH, Server, ServerId,
    ShareId, TransactionId,
};
use cdoc2::{Cancel, Delivery, FetchError, OutgoingCapsule, OutgoingShare, PublicKey};
use http_body_util::Full;
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, HOST, LOCATION},
};
use tokio::task::JoinSet;
use url::Url;

use crate::{
    client::{Attempts, Client, within},
    error::{Cause, Error, Result},
    net::{Answer, Connection, Route},
    watch::{Stage, Watch},
};

/// Connections to one server at once.
const CONNECTIONS: usize = 4;
/// By how much clocks may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Delivers capsules to the servers of a client's lists; see [`cdoc2::Encryptor::delivery`].
#[derive(Debug)]
pub struct Upload {
    client: Client,
    cancel: Cancel,
    watch: Watch,
    until: Option<Expiry>,
    ends: HashMap<PublicKey, Expiry>,
    kept: Mutex<HashMap<String, Kept>>,
}

/// Whom a capsule or share is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A capsule, for a key.
    Key(PublicKey),
    /// A share, for a person.
    Person(PersonId),
}

/// What a server keeps, and has told until when.
#[derive(Debug)]
struct Kept {
    server: ServerId,
    addressee: Addressee,
    until: Expiry,
}

impl Upload {
    /// A delivery that asks servers to keep capsules as long as they do by themselves.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            cancel: Cancel::default(),
            watch: Watch::default(),
            until: None,
            ends: HashMap::new(),
            kept: Mutex::default(),
        }
    }

    /// Stops when `cancel` says so.
    #[must_use]
    pub fn cancelled_by(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Stops when `cancel` says so.
    pub fn stop_by(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    /// Tells `watch` how far each server is.
    pub fn tell(&mut self, watch: Watch) {
        self.watch = watch;
    }

    /// Asks to keep every capsule until then at most.
    #[must_use]
    pub fn until(self, expiry: Expiry) -> Self {
        Self { until: Some(expiry), ..self }
    }

    /// Asks to keep capsules for `key` until then at most: the end of its certificate.
    #[must_use]
    pub fn ending(mut self, key: PublicKey, end: Expiry) -> Self {
        self.ends.entry(key).and_modify(|other| *other = end.min(*other)).or_insert(end);
        self
    }

    /// Until when servers are asked to keep the capsules for `key`.
    pub fn expiry(&self, key: &PublicKey) -> Option<Expiry> {
        self.until.into_iter().chain(self.ends.get(key).copied()).min()
    }

    /// Until when servers are asked to keep shares: a person has no certificate that ends.
    pub fn expiry_of_shares(&self) -> Option<Expiry> {
        self.until
    }

    /// Until when the servers keep what was delivered: the earliest.
    pub fn kept_until_all(&self) -> Option<Expiry> {
        self.kept().values().map(|kept| kept.until).min()
    }

    /// Until when each server keeps what was delivered for somebody.
    pub fn kept_for(&self, addressee: &Addressee) -> impl Iterator<Item = (ServerId, Expiry)> + use<> {
        let kept = self.kept();
        let theirs = kept.values().filter(|kept| kept.addressee == *addressee);
        let theirs: Vec<_> = theirs.map(|kept| (kept.server.clone(), kept.until)).collect();
        theirs.into_iter()
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what would be refused about these recipients and servers; nothing is sent.
    ///
    /// # Errors
    /// [`Error::UnknownServer`], [`Error::Unusable`], [`Error::TypeNotTaken`].
    pub fn check(&self, server_id: &str, key: &PublicKey) -> Result<()> {
        self.destination(server_id, key).map(drop)
    }

    fn destination(&self, server_id: &str, key: &PublicKey) -> Result<Server> {
        let server = self.client.server(server_id)?;
        let capsule_type = CapsuleType::of(key);
        if server.takes(capsule_type) {
            Ok(server)
        } else {
            Err(Error::TypeNotTaken { server: server.id, capsule_type })
        }
    }

    fn deliver(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>> {
        let mut queues: HashMap<ServerId, (Route, Queue)> = HashMap::new();
        let mut places = Vec::with_capacity(capsules.len());
        for (position, capsule) in capsules.iter().enumerate() {
            let server = self.destination(&capsule.server_id, &capsule.recipient)?;
            let body = NewCapsule::new(capsule.recipient.clone(), capsule.key_material.clone());
            let body = Bytes::from(body.map_err(Error::Capsule)?.to_json());
            let expiry = self.expiry(&capsule.recipient);
            let (_, queue) = queues
                .entry(server.id.clone())
                .or_insert_with(|| (self.client.route(&server, &server.sender_url, None), Queue::default()));
            queue.push(Job { position, what: What::Capsule, body, expiry });
            places.push((server.id, Addressee::Key(capsule.recipient.clone())));
        }
        self.post(queues, places)
    }

    /// The shares of a key go to servers of different organisations, or one of them would have more than its part.
    fn deliver_all_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>> {
        let mut queues: HashMap<ServerId, (Route, Queue)> = HashMap::new();
        let mut places = Vec::with_capacity(shares.len());
        let mut holders: HashMap<&str, Vec<(Server, Url)>> = HashMap::new();
        for (position, share) in shares.iter().enumerate() {
            let (server, base_url) = self.client.share_server(&share.server_base_url)?;
            let known = holders.entry(&share.recipient_id).or_default();
            if let Some((_, other)) = known.iter().find(|(known, _)| known.is_held_with(&server)) {
                // Then it is one server, whatever organisations the list gives for its entries.
                let reason = if *other == base_url {
                    format!(
                        "several of the chosen servers have its address for key shares, {base_url}, and it would have two shares of one key"
                    )
                } else {
                    "its organisation would have two shares of one key: another of the chosen servers is of the same, or has the same certificate key"
                        .to_owned()
                };
                return Err(Error::Unusable { server: server.id, reason });
            }
            known.push((server.clone(), base_url.clone()));
            let person = PersonId::parse(&share.recipient_id).ok_or(Error::Person)?;
            let body = NewShare::new(share.share.clone(), person.clone()).map_err(|_| Error::Person)?.to_json();
            let body = Bytes::copy_from_slice(body.as_bytes());
            let what = What::Share { base: base_url.path().trim_end_matches('/').to_owned() };
            let (_, queue) = queues
                .entry(server.id.clone())
                .or_insert_with(|| (self.client.route(&server, &base_url, None), Queue::default()));
            queue.push(Job { position, what, body, expiry: self.until });
            places.push((server.id, Addressee::Person(person)));
        }
        self.post(queues, places)
    }

    /// Posts everything, and remembers until when it is kept where, and for whom; gives the identifiers in their order.
    fn post(
        &self,
        queues: HashMap<ServerId, (Route, Queue)>,
        places: Vec<(ServerId, Addressee)>,
    ) -> Result<Vec<String>> {
        let stored = self.client.run(&self.cancel, everywhere(queues, self.watch.clone()))?;
        identified(&stored, &places)?;
        let mut kept = self.kept();
        kept.extend(stored.iter().zip(places).filter_map(|(stored, (server, addressee))| {
            Some((stored.id.clone(), Kept { server, addressee, until: stored.until? }))
        }));
        Ok(stored.into_iter().map(|stored| stored.id).collect())
    }
}

impl Delivery for Upload {
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError> {
        Ok(self.deliver(capsules)?)
    }

    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError> {
        Ok(self.deliver_all_shares(shares)?)
    }

    fn kept_until(&self, transaction_id: &str) -> Option<i64> {
        self.kept().get(transaction_id).map(|kept| kept.until.unix())
    }
}

/// No two identifiers of a server may be equal: one of them would be a lie.
fn identified(stored: &[Stored], places: &[(ServerId, Addressee)]) -> Result<()> {
    let mut known = HashSet::new();
    match stored.iter().zip(places).find(|(stored, _)| !known.insert(&stored.id)) {
        Some((_, (server, _))) => Err(Error::of(server, Cause::Misbehaved("it gives an identifier twice"))),
        None => Ok(()),
    }
}

/// What is posted.
enum What {
    Capsule,
    /// With the path of the server's base URL.
    Share {
        base: String,
    },
}

impl What {
    fn path(&self) -> String {
        match self {
            Self::Capsule => CAPSULES_PATH.to_owned(),
            Self::Share { base } => format!("{base}{SHARES_PATH}"),
        }
    }

    /// The identifier that a server gives, by the path that it says.
    fn id(&self, location: &str) -> Option<String> {
        match self {
            Self::Capsule => Some(TransactionId::from_location(location).ok()?.as_str().to_owned()),
            Self::Share { base } => {
                let location = location.strip_prefix(base.as_str())?;
                Some(ShareId::from_location(location).ok()?.as_str().to_owned())
            }
        }
    }
}

/// A capsule or share to be posted.
struct Job {
    position: usize,
    what: What,
    body: Bytes,
    expiry: Option<Expiry>,
}

/// The capsules of one server.
#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Those that the server has not acknowledged.
    open: usize,
}

impl Queue {
    fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
        self.open += 1;
    }

    /// Whether that was the last one.
    fn acknowledged(&mut self) -> bool {
        self.open -= 1;
        self.open == 0
    }
}

/// A capsule or share that its server keeps.
struct Stored {
    position: usize,
    id: String,
    until: Option<Expiry>,
}

/// Servers that have taken something.
type Taken = Arc<Mutex<BTreeSet<ServerId>>>;

/// Posts everything, and gives it in its order; the first failure ends all, and tells who has taken something by then.
async fn everywhere(queues: HashMap<ServerId, (Route, Queue)>, watch: Watch) -> Result<Vec<Stored>> {
    let taken = Taken::default();
    posted_everywhere(queues, watch, &taken).await.map_err(|failure| {
        let servers: Vec<_> = taken.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        if servers.is_empty() { failure } else { Error::Left { failure: Box::new(failure), servers } }
    })
}

async fn posted_everywhere(
    queues: HashMap<ServerId, (Route, Queue)>,
    watch: Watch,
    taken: &Taken,
) -> Result<Vec<Stored>> {
    let mut workers = JoinSet::new();
    for (server, (route, queue)) in queues {
        watch.tell(&server, Stage::Asked);
        let count = queue.jobs.len().min(CONNECTIONS);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            workers.spawn(work(server.clone(), route.clone(), Arc::clone(&queue), watch.clone(), Arc::clone(taken)));
        }
    }
    let mut all = Vec::new();
    while let Some(stored) = workers.join_next().await {
        all.append(&mut stored.map_err(|error| Error::Runtime(Arc::new(error.into())))??);
    }
    all.sort_by_key(|stored| stored.position);
    Ok(all)
}

/// Posts capsules of one server over one connection, as long as there are any.
async fn work(
    server: ServerId,
    route: Route,
    queue: Arc<Mutex<Queue>>,
    watch: Watch,
    taken: Taken,
) -> Result<Vec<Stored>> {
    let queue = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut connection: Option<Connection> = None;
    let mut all = Vec::new();
    loop {
        let next = queue().jobs.pop_front();
        let Some(job) = next else { return Ok(all) };
        let stored = within(&server, route.timeouts.total, posted(&mut connection, &route, &job)).await;
        all.push(stored.inspect_err(|error| watch.tell(&server, Stage::Failed(error)))?);
        taken.lock().unwrap_or_else(PoisonError::into_inner).insert(server.clone());
        if queue().acknowledged() {
            watch.tell(&server, Stage::Answered);
        }
    }
}

/// Posts a capsule, by the connection at hand when there is one.
async fn posted(connection: &mut Option<Connection>, route: &Route, job: &Job) -> Result<Stored, Cause> {
    let mut attempts = Attempts::default();
    loop {
        match posted_once(connection, route, job).await {
            Ok(stored) => return Ok(stored),
            Err(cause) => attempts.pause_after(cause).await?,
        }
    }
}

async fn posted_once(connection: &mut Option<Connection>, route: &Route, job: &Job) -> Result<Stored, Cause> {
    let mut open = match connection.take().filter(Connection::is_usable) {
        Some(open) => open,
        None => Connection::open(route).await?,
    };
    let answer = open.send(post(open.authority(), job)).await?;
    let stored = checked(&answer, job)?;
    *connection = Some(open);
    Ok(stored)
}

fn post(authority: &str, job: &Job) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(job.what.path())
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json");
    if let Some(expiry) = job.expiry {
        request = request.header(EXPIRY_HEADER, expiry.to_string());
    }
    request.body(Full::new(job.body.clone())).expect("host, path and time are plain text")
}

/// What the server says that it keeps. It is not believed more than it could know.
fn checked(answer: &Answer, job: &Job) -> Result<Stored, Cause> {
    if answer.status != StatusCode::CREATED {
        return Err(answer.failure());
    }
    let location =
        answer.header(LOCATION.as_str())?.ok_or(Cause::Misbehaved("it does not say where the capsule is"))?;
    let id = job.what.id(location);
    let id = id.ok_or(Cause::Misbehaved("what it says of the capsule's place is no path of a capsule"))?;
    let told = answer.header(EXPIRY_HEADER)?.map(Expiry::parse).transpose();
    let until = told.map_err(|_| Cause::Misbehaved("it does not say rightly until when it keeps the capsule"))?;
    match (until, job.expiry) {
        (None, Some(_)) => Err(Cause::Misbehaved("it does not say until when it keeps the capsule")),
        (Some(until), Some(asked)) if until > asked => {
            Err(Cause::Misbehaved("it keeps the capsule for longer than was asked for"))
        }
        (Some(until), _) if until.is_over(SystemTime::now() - SKEW) => {
            Err(Cause::Misbehaved("it says that the capsule has expired already"))
        }
        _ => Ok(Stored { position: job.position, id, until }),
    }
}
