//! The server as a whole: listeners, jobs, and their end.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::Router;
use capsule_api::{Audience, MAX_TICKET, Origin};
use rustls::pki_types::CertificateDer;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::sleep};

use crate::{
    Clock, Config, FileError, Limits,
    check::check_certificate,
    clock::unix,
    config::Endpoint,
    http::{self, Guard, Operations, Recipients},
    metrics::Metrics,
    net::{Admission, Client, Connections, Identify, Interface, Listener, Rate, Security, stopped},
    nonces::Nonces,
    revocation::Revocation,
    service::Capsules,
    shares::Shares,
    store::{SharedStore, StoreError},
    tickets::{Certificates, Tickets},
    tls::{ClientKey, Files, Tls},
};

/// How often the keys for nonces are read: a new one is known everywhere long before it is used.
const READ_NONCE_KEYS: Duration = Duration::from_secs(30);
/// How often it is looked whether certificates changed.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);

/// A server that runs.
pub struct Server {
    sender: SocketAddr,
    recipient: Option<SocketAddr>,
    ticket: Option<SocketAddr>,
    shares: Option<SocketAddr>,
    operations: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    reloading: Reloading,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A certificate or key cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A port is taken, or may not be listened to.
    #[error("cannot listen to {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Reads certificates again.
#[derive(Clone)]
struct Reloading {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    tls: Arc<Tls>,
    metrics: Arc<Metrics>,
}

impl Server {
    /// Starts to listen. The store must be open.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: &Config, store: SharedStore, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let files = Files { server: config.tls.clone(), clients: config.clients.clone() };
        let tls = Arc::new(Tls::load(files, Arc::clone(&clock))?);
        let metrics = Arc::new(Metrics::default());
        metrics.certificate_not_after.store(tls.not_after(), Ordering::Relaxed);
        let capsules = Arc::new(Capsules {
            store,
            clock,
            policy: config.expiry,
            quota: config.limits.stored_capsules,
            patience: config.limits.store_timeout,
            metrics: Arc::clone(&metrics),
        });
        capsules.count().await?;

        let (stop, stopping) = watch::channel(false);
        let mut start =
            Start { tasks: JoinSet::new(), metrics: Arc::clone(&metrics), stopping, admissions: Vec::new() };
        let revocation = Revocation::new(config.ocsp.clone(), Arc::clone(&capsules.clock), Arc::clone(&metrics));
        let revocation = Arc::new(revocation);
        let for_senders = Arc::clone(&tls);
        let sender = Part {
            interface: Interface::Sender,
            address: config.sender.listen,
            router: http::sender(Arc::clone(&capsules)),
            security: Security::Tls(Arc::new(move || for_senders.sender()), Arc::new(|_| None)),
            limits: config.limits,
        };
        let sender = start.listen(sender).await?;
        let recipient = match &config.recipient {
            Some(endpoint) => {
                let recipients = Recipients { capsules: Arc::clone(&capsules), revocation: Arc::clone(&revocation) };
                Some(start.listen(recipient(endpoint, recipients, &tls, config.limits)).await?)
            }
            None => None,
        };
        let nonces = match config.ticket.is_some() || config.shares.is_some() {
            true => Some(Arc::new(Nonces::new(Arc::clone(&capsules)).await?)),
            false => None,
        };
        let (mut ticket, mut shares) = (None, None);
        if let Some(nonces) = &nonces {
            let certificates = Certificates::new(Arc::clone(&tls), revocation, config.limits.key_rate);
            if let Some(endpoint) = &config.ticket {
                let (nonces, certificates) = (Arc::clone(nonces), certificates.clone());
                let tickets = Tickets { nonces, certificates, server: audience(config, endpoint) };
                let router = http::ticket(Arc::new(tickets));
                ticket = Some(start.listen(open_part(Interface::Ticket, endpoint, router, &tls, config.limits)).await?);
            }
            if let Some(endpoint) = &config.shares {
                let its = Shares { nonces: Arc::clone(nonces), certificates, base_url: endpoint.url.clone() };
                let router = http::shares(Arc::new(its));
                shares = Some(start.listen(open_part(Interface::Shares, endpoint, router, &tls, config.limits)).await?);
            }
            let reader = Arc::clone(nonces);
            start.every(READ_NONCE_KEYS, move || read_nonce_keys(Arc::clone(&reader)));
        }
        let told = Operations {
            capsules: Arc::clone(&capsules),
            admissions: start.admissions.clone(),
            server_id: config.id.to_string(),
            nonces: nonces.clone(),
        };
        let operations = Part {
            interface: Interface::Operations,
            address: config.operations,
            router: http::operations(told),
            security: Security::None,
            limits: operations_limits(config.limits),
        };
        let operations = start.listen(operations).await?;

        let clock = Arc::clone(&capsules.clock);
        let reloading = Reloading { config: Arc::new(config.clone()), clock, tls, metrics };
        start.every(config.clean_up_every, move || clean_up(Arc::clone(&capsules), nonces.clone()));
        let watched = reloading.clone();
        start.every(LOOK_AT_FILES, move || watched.clone().reload_when_stale());
        Ok(Self { sender, recipient, ticket, shares, operations, stop, tasks: start.tasks, reloading })
    }

    /// Where senders reach it.
    pub fn sender(&self) -> SocketAddr {
        self.sender
    }

    /// Where recipients reach it with client certificates.
    pub fn recipient(&self) -> Option<SocketAddr> {
        self.recipient
    }

    /// Where recipients reach it with tickets.
    pub fn ticket(&self) -> Option<SocketAddr> {
        self.ticket
    }

    /// Where senders leave shares, and persons fetch them.
    pub fn shares(&self) -> Option<SocketAddr> {
        self.shares
    }

    /// Where health and metrics are.
    pub fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// Reads certificates again; new connections meet the new ones. When a file cannot be used, or the server would not start with it,
    /// those in use stay.
    pub fn reload(&self) {
        self.reloading.reload();
    }

    /// Takes no more connections, lets requests under way be answered, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// An interface before it listens.
struct Part {
    interface: Interface,
    address: SocketAddr,
    router: Router,
    security: Security,
    limits: Limits,
}

/// What grows while a server starts; all of it ends when that fails.
struct Start {
    tasks: JoinSet<()>,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
    admissions: Vec<Arc<Admission>>,
}

impl Start {
    async fn listen(&mut self, part: Part) -> Result<SocketAddr, StartError> {
        let Part { interface, address, router, security, limits } = part;
        let failed = |source| StartError::Listen { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        let admission =
            Arc::new(Admission::new(limits.connections, limits.connections_of_address, limits.connection_rate));
        self.admissions.push(Arc::clone(&admission));
        let connections = Connections {
            interface,
            security,
            admission,
            limits,
            metrics: Arc::clone(&self.metrics),
            handler: Guard::new(interface, router, limits, Arc::clone(&self.metrics)).into_handler(),
            stop: self.stopping.clone(),
        };
        self.tasks.spawn(Listener { socket, connections: Arc::new(connections) }.run());
        tracing::info!(interface = interface.name(), address = %bound, "listening");
        Ok(bound)
    }

    fn every<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        pause: Duration,
        work: impl Fn() -> F + Send + 'static,
    ) {
        let mut stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stopped(&mut stopping) => return,
                    () = sleep(pause) => work().await,
                }
            }
        });
    }
}

fn recipient(endpoint: &Endpoint, recipients: Recipients, tls: &Arc<Tls>, limits: Limits) -> Part {
    let identify = identify(tls, recipients.revocation.is_on());
    let tls = Arc::clone(tls);
    Part {
        interface: Interface::Recipient,
        address: endpoint.listen,
        router: http::recipient(recipients),
        security: Security::Tls(Arc::new(move || tls.recipient()), identify),
        limits,
    }
}

/// Without client certificates; the proof stands in a header, so heads may be larger here.
fn open_part(interface: Interface, endpoint: &Endpoint, router: Router, tls: &Arc<Tls>, limits: Limits) -> Part {
    let tls = Arc::clone(tls);
    Part {
        interface,
        address: endpoint.listen,
        router,
        security: Security::Tls(Arc::new(move || tls.sender()), Arc::new(|_| None)),
        limits: Limits { header_bytes: limits.header_bytes + MAX_TICKET, ..limits },
    }
}

/// What nonces bear: what the operator has set, and never what a request says.
fn audience(config: &Config, endpoint: &Endpoint) -> Audience {
    Audience::new(&config.id, &Origin::of(&endpoint.url).expect("the configuration has https URLs with a host"))
}

/// Who a client is: his key, and what there is to be asked about his certificate.
fn identify(tls: &Arc<Tls>, with_revocation: bool) -> Identify {
    let tls = Arc::clone(tls);
    Arc::new(move |chain| {
        let key = ClientKey::of_der(chain.first()?)?;
        let subject = if with_revocation { tls.subject(chain) } else { None };
        Some(Client { key, subject })
    })
}

/// One monitor of this machine asks, and must get an answer however busy the others are.
fn operations_limits(limits: Limits) -> Limits {
    let rate = Rate { per_second: 100, burst: 1000 };
    Limits { connections: 50, connections_of_address: 50, connection_rate: rate, address_rate: rate, ..limits }
}

async fn clean_up(capsules: Arc<Capsules>, nonces: Option<Arc<Nonces>>) {
    if let Err(error) = capsules.clean_up().await {
        tracing::error!(%error, now = unix(capsules.clock.now()), "expired capsules could not be deleted");
    }
    let Some(nonces) = nonces else { return };
    if let Err(error) = nonces.forget_spent().await {
        tracing::error!(%error, "spent nonces could not be forgotten");
    }
}

async fn read_nonce_keys(nonces: Arc<Nonces>) {
    if let Err(error) = nonces.read_keys().await {
        tracing::error!(%error, "the keys for nonces could not be read; those at hand are used");
    }
}

impl Reloading {
    fn reload(&self) {
        match self.tls.reload(|leaf| self.accept(leaf)) {
            Ok(()) => {
                self.metrics.reloads.fetch_add(1, Ordering::Relaxed);
                self.metrics.certificate_not_after.store(self.tls.not_after(), Ordering::Relaxed);
                tracing::info!(target: "audit", "certificates were read again");
            }
            Err(error) => {
                self.metrics.failed_reloads.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "certificates could not be read again; those in use stay");
            }
        }
    }

    /// What the server would not start with is not put in use either.
    fn accept(&self, leaf: &CertificateDer<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let problems = check_certificate(&self.config, leaf, &self.clock);
        if problems.is_empty() {
            return Ok(());
        }
        let reasons: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
        Err(reasons.join("; ").into())
    }

    async fn reload_when_stale(self) {
        // A few small files; the listeners go on meanwhile.
        let work = move || {
            if self.tls.is_stale() {
                self.reload();
            }
        };
        let _ = tokio::task::spawn_blocking(work).await;
    }
}
