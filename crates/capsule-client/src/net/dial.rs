//! From a host name to a TLS connection.

use std::{error::Error as StdError, io, net::SocketAddr, sync::Arc, time::Duration};

use cdoc2::shown;
use rustls::{AlertDescription, CertificateError, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Route, proxy};
use crate::{
    error::{Cause, Step},
    tls::{KeyFailure, PeerProblem},
};

/// After this time without an answer the next address is tried, too (RFC 8305).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);
/// Most addresses that are tried.
const MAX_ADDRESSES: usize = 8;

/// A connection, whatever carries it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection by TLS.
pub(crate) type Secured = TlsStream<Box<dyn Stream>>;

/// Connects, through the proxy when there is one, and shakes hands. All of it within the time allowed for connecting.
pub(super) async fn secured(route: &Route) -> Result<Secured, Cause> {
    let after = route.timeouts.connect;
    let connecting = async { shaken(route, carried(route).await?).await };
    let timed_out = |_| Cause::Timeout { step: Step::Connecting, after };
    timeout(after, connecting).await.map_err(timed_out)?
}

/// A connection that carries nothing yet.
pub(crate) async fn carried(route: &Route) -> Result<Box<dyn Stream>, Cause> {
    match &route.proxy {
        Some(proxy) => proxy::through(proxy, &route.authority()).await,
        None => Ok(Box::new(reach(route.host(), route.port()).await?)),
    }
}

/// Shakes hands, in which the server is recognised.
pub(crate) async fn shaken(route: &Route, stream: Box<dyn Stream>) -> Result<Secured, Cause> {
    let name = ServerName::try_from(route.host().to_owned());
    let name = name.map_err(|_| Cause::Peer(PeerProblem::HostName(route.host().to_owned())))?;
    let connector = TlsConnector::from(Arc::clone(&route.tls));
    connector.connect(name, stream).await.map_err(|error| cause_of(&error))
}

/// The addresses of a host.
pub(crate) async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, Cause> {
    let failed = |source: io::Error| Cause::Resolve { host: host.to_owned(), source: Arc::new(source) };
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(failed)?.take(MAX_ADDRESSES).collect();
    if addresses.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "no address")));
    }
    Ok(addresses)
}

/// Connects to whichever address of a host answers first; each is given a moment before the next is tried beside it.
pub(super) async fn reach(host: &str, port: u16) -> Result<TcpStream, Cause> {
    let mut attempts = JoinSet::new();
    for (index, address) in alternating(addresses(host, port).await?).into_iter().enumerate() {
        attempts.spawn(async move {
            sleep(NEXT_ADDRESS * u32::try_from(index).unwrap_or(u32::MAX)).await;
            TcpStream::connect(address).await
        });
    }
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no address");
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(stream)) => {
                // A request is one small write: waiting for more to send only delays it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failure = error,
            Err(_) => {}
        }
    }
    Err(Cause::Connect { address: format!("{host}:{port}"), source: Arc::new(failure) })
}

/// The two families in turn, so that one that leads nowhere delays little.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut alternating = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return alternating;
        }
        alternating.extend(pair.into_iter().flatten());
    }
}

/// What is behind an error of the layers below, which wrap each other's.
pub(super) fn cause_of(error: &(dyn StdError + 'static)) -> Cause {
    let (mut next, mut was_cut) = (Some(error), false);
    while let Some(current) = next {
        if let Some(error) = current.downcast_ref::<rustls::Error>() {
            return cause_of_tls(error);
        }
        let system = current.downcast_ref::<io::Error>();
        was_cut |= system.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        next = match system.and_then(io::Error::get_ref) {
            // An `io::Error` does not name what it carries as its source, but the source of that.
            Some(carried) => Some(carried),
            None => current.source(),
        };
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
        // Of a head that is too large, hyper says no more than other programs are told.
        let too_large = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large);
        return Cause::Misbehaved(if too_large {
            "the head of its answer is too large"
        } else {
            "its answer is no HTTP"
        });
    }
    if was_cut {
        return Cause::Lost("the connection ended in the middle".to_owned());
    }
    let mut words = error.to_string();
    if let Some(source) = error.source() {
        words = format!("{words}: {source}");
    }
    Cause::Lost(shown(&words))
}

fn cause_of_tls(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            match other.0.downcast_ref::<PeerProblem>() {
                Some(problem) => Cause::Peer(problem.clone()),
                None => Cause::Tls(shown(&error.to_string())),
            }
        }
        rustls::Error::Other(other) => match other.0.downcast_ref::<KeyFailure>() {
            Some(failure) => Cause::Key(Arc::clone(&failure.0)),
            None => Cause::Tls(shown(&error.to_string())),
        },
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateExpired => Cause::CertificateExpired,
            AlertDescription::CertificateRevoked => Cause::CertificateRevoked,
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError => Cause::CertificateRefused(format!("{alert:?}")),
            AlertDescription::ProtocolVersion => Cause::Tls("it does not speak TLS 1.3".to_owned()),
            _ => Cause::Tls(format!("it ends the connection: {alert:?}")),
        },
        rustls::Error::PeerIncompatible(_) => Cause::Tls(format!("it does not speak TLS 1.3 as needed: {error}")),
        _ => Cause::Tls(shown(&error.to_string())),
    }
}
