//! The client: what all deliveries and fetches share, and the threads they run on.

use std::{
    future::Future,
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

use capsule_api::{Server, ServerId};
use cdoc2::Cancel;
use eid::Authenticator;
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::{
    error::{Cause, Error, Result, Step},
    net::Route,
    servers::{ServerWarning, Servers},
    settings::Settings,
    tls::{self, Identity, PinnedServer},
};

/// How often cancelling is looked for.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);
/// Attempts for one capsule.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; doubled before each further one.
const BACKOFF: Duration = Duration::from_millis(200);

/// Talks to the servers of lists, and to nobody else. What it does runs on threads of its own; callers wait, in plain synchronous code.
#[derive(Clone, Debug)]
pub struct Client {
    servers: Arc<Servers>,
    settings: Settings,
}

impl Client {
    /// A client of these servers; nothing is connected yet.
    pub fn new(servers: Servers, settings: Settings) -> Self {
        Self { servers: Arc::new(servers), settings }
    }

    /// The servers that it knows.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The server with this identifier, to be connected to.
    pub(crate) fn server(&self, id: &str) -> Result<Server> {
        self.servers.usable(id).cloned()
    }

    /// The way to an address of a server; a warning when its certificate will soon be over, or is.
    pub(crate) fn route(&self, server: &Server, url: &Url, key: Option<Arc<dyn Authenticator>>) -> Route {
        let listed = self.servers.get(server.id.as_str());
        let now = SystemTime::now();
        for ServerWarning::CertificateEnds { replaced, at, .. } in listed.iter().flat_map(|listed| listed.warnings(now))
        {
            match (replaced, at <= now) {
                (true, _) => {}
                (false, false) => tracing::warn!(server = %server.id, "the certificate in the server list ends soon"),
                (false, true) => tracing::warn!(server = %server.id, "the certificate in the server list has ended"),
            }
        }
        let verifier = Arc::new(PinnedServer::new(server.pins.clone(), self.settings.ocsp_required));
        let identity = key.map(|key| Arc::new(Identity::new(key)));
        self.route_by(url, tls::config(verifier, identity))
    }

    pub(crate) fn route_by(&self, url: &Url, config: rustls::ClientConfig) -> Route {
        Route {
            url: url.clone(),
            tls: Arc::new(config),
            proxy: self.settings.proxy.route(url),
            timeouts: self.settings.timeouts,
        }
    }

    /// Runs `work` to its end, or until it is cancelled: then at once, whatever it waits for.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        cancel: &Cancel,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let running = self.begin(|results: mpsc::Sender<_>| async move {
            let _ = results.send(work.await);
        });
        let ended = || Err(Error::Runtime(Arc::new(std::io::Error::other("the work ended without a result"))));
        running?.next(cancel)?.unwrap_or_else(ended)
    }

    /// Begins work that gives several results, one after the other.
    pub(crate) fn begin<T, F>(&self, work: impl FnOnce(mpsc::Sender<T>) -> F) -> Result<Running<T>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let threads = Threads::new()?;
        let (sender, results) = mpsc::channel();
        threads.spawn(work(sender));
        Ok(Running { results, _threads: threads })
    }
}

/// Work that goes on until it is dropped.
pub(crate) struct Running<T> {
    results: mpsc::Receiver<T>,
    _threads: Threads,
}

impl<T> Running<T> {
    /// Waits for the next result, or until it is cancelled; `None` when there are no more.
    pub(crate) fn next(&self, cancel: &Cancel) -> Result<Option<T>> {
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            match self.results.recv_timeout(CANCEL_INTERVAL) {
                Ok(result) => return Ok(Some(result)),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

/// Threads that are let go, not waited for: a name that takes a minute to resolve holds nobody up.
struct Threads(Option<Runtime>);

impl Threads {
    fn new() -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("capsules").enable_all().build();
        Ok(Self(Some(runtime.map_err(|error| Error::Runtime(Arc::new(error)))?)))
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.as_ref().expect("taken when dropped only").spawn(work);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Counts the attempts for one capsule.
pub(crate) struct Attempts {
    left: u32,
    pause: Duration,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { left: ATTEMPTS, pause: BACKOFF }
    }
}

impl Attempts {
    /// Waits before the next attempt. When trying again would not help, or was done enough, the cause is the result.
    pub(crate) async fn pause_after(&mut self, cause: Cause) -> Result<(), Cause> {
        self.left -= 1;
        if self.left == 0 || !cause.may_pass() {
            return Err(cause);
        }
        let asked = match cause {
            Cause::Busy { retry_after: Some(after), .. } => after,
            _ => Duration::ZERO,
        };
        tokio::time::sleep(asked.max(self.pause + jitter(self.pause))).await;
        self.pause *= 2;
        Ok(())
    }
}

/// The result of `work` with one server, which has this time in all.
pub(crate) async fn within<T>(
    server: &ServerId,
    total: Duration,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T> {
    tracing::debug!(%server, "a server is asked");
    let result = tokio::time::timeout(total, work).await;
    if let Ok(Ok(_)) = &result {
        tracing::debug!(%server, "the server answered");
    }
    result.unwrap_or(Err(Cause::Timeout { step: Step::Answering, after: total })).map_err(|cause| {
        tracing::debug!(%server, %cause, "a server failed");
        Error::of(server, cause)
    })
}

/// Up to `most`, so that many clients do not come back at once.
fn jitter(most: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is only less scattered.
    let _ = getrandom::fill(&mut byte);
    most * u32::from(byte[0]) / 255
}
