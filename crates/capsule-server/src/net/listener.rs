//! A listener and its connections.

use std::{
    future::Future,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use hyper::{
    Request, Response,
    body::Incoming,
    rt::{Read, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{ServerConfig, pki_types::CertificateDer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Client, Interface, Peer, Refused,
    admission::{Admission, NoConnection, Place},
    stopped,
};
use crate::{config::Limits, metrics::Metrics};

/// Pause after the system has no more descriptors or memory for a connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Least buffer that hyper works with, in bytes.
const MIN_BUFFER: usize = 8192;

/// Answers a request.
pub(crate) type Handler =
    Arc<dyn Fn(Request<Incoming>, Peer) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> + Send + Sync>;

/// Who a client is by his verified chain; nobody where none is asked for.
pub(crate) type Identify = Arc<dyn Fn(&[CertificateDer<'_>]) -> Option<Client> + Send + Sync>;

/// What a connection begins with.
#[derive(Clone)]
pub(crate) enum Security {
    /// TLS by what is in use at that moment, and who a client is by his chain.
    Tls(Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>, Identify),
    /// Nothing: the operations port, which listens to this machine.
    None,
}

/// A listener and what its connections share.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) connections: Arc<Connections>,
}

/// What bounds and answers the connections of a listener.
pub(crate) struct Connections {
    pub(crate) interface: Interface,
    pub(crate) security: Security,
    pub(crate) admission: Arc<Admission>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) handler: Handler,
    /// Turns true when the server is to end.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Listener {
    /// Takes connections until it is told to stop, and comes back when the last one has ended.
    pub(crate) async fn run(self) {
        let Self { socket, connections } = self;
        let mut stop = connections.stop.clone();
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                accepted = socket.accept() => match accepted {
                    Ok((stream, address)) => connections.admit(stream, address.ip(), &mut tasks),
                    Err(error) => connections.pause_after(&error).await,
                },
            }
            // Those that have ended are forgotten, also while new ones come without a pause.
            while tasks.try_join_next().is_some() {}
        }
        drop(socket);
        // Whoever does not end by himself has no request under way, or one that takes too long.
        let _ = timeout(connections.limits.stop_timeout, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

impl Connections {
    async fn pause_after(&self, error: &io::Error) {
        // A client that went away meanwhile is nothing to wait for.
        let gone = matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset);
        if !gone {
            tracing::error!(interface = self.interface.name(), %error, "no connection can be taken");
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn admit(self: &Arc<Self>, socket: TcpStream, address: IpAddr, tasks: &mut JoinSet<()>) {
        match self.admission.admit(address) {
            Ok(place) => {
                let this = Arc::clone(self);
                tasks.spawn(async move {
                    tokio::select! {
                        () = this.connection(socket, address, &place) => {}
                        () = place.must_go() => this.refuse(Refused::MadeRoom),
                    }
                });
            }
            Err(reason) => self.refuse(match reason {
                NoConnection::Full => Refused::Full,
                NoConnection::TooManyOfClient => Refused::TooManyOfClient,
                NoConnection::TooFast => Refused::ConnectionRate,
            }),
        }
    }

    fn refuse(&self, reason: Refused) {
        self.metrics.refused(self.interface, reason);
    }

    async fn connection(&self, socket: TcpStream, address: IpAddr, place: &Place) {
        let _ = socket.set_nodelay(true);
        let Security::Tls(config, identify) = &self.security else {
            return self.serve(TokioIo::new(socket), Peer { address, client: None }, place).await;
        };
        match timeout(self.limits.handshake_timeout, TlsAcceptor::from(config()).accept(socket)).await {
            Err(_) => self.refuse(Refused::HandshakeTimeout),
            Ok(Err(error)) => {
                // The error names a reason and never a certificate.
                tracing::debug!(interface = self.interface.name(), %error, "handshake failed");
                self.refuse(Refused::Handshake);
            }
            Ok(Ok(stream)) => {
                let client = stream.get_ref().1.peer_certificates().and_then(|chain| identify(chain)).map(Arc::new);
                self.serve(TokioIo::new(stream), Peer { address, client }, place).await;
            }
        }
    }

    async fn serve(&self, stream: impl Read + Write + Unpin, peer: Peer, place: &Place) {
        let service = service_fn(|request| {
            let answer = (self.handler)(request, peer.clone());
            async move {
                place.is_busy();
                let answer = answer.await;
                place.is_quiet();
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_headers(self.limits.headers)
            .max_header_size(self.limits.header_bytes)
            .max_buf_size(self.limits.header_bytes.max(MIN_BUFFER))
            .serve_connection(stream, service);
        let mut connection = pin!(connection);
        let mut stop = self.stop.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = stopped(&mut stop) => None,
            // A certificate that was good at the handshake is looked at again by and by.
            () = tokio::time::sleep(self.limits.connection_lifetime) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                timeout(self.limits.request_timeout, connection).await.unwrap_or(Ok(()))
            }
        };
        if ended.is_err_and(|error| error.is_parse() || error.is_timeout()) {
            self.refuse(Refused::Http);
        }
    }
}
