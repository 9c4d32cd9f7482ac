//! One request over one connection: addresses, proxy, TLS, HTTP, each with failures of its own and a bound.

mod dial;
mod exchange;
mod proxy;

use std::{sync::Arc, time::Duration};

use capsule_api::MAX_BODY;
use http_body_util::Full;
use hyper::{
    Request,
    body::{Bytes, Incoming},
    client::conn::http1::SendRequest,
};
use rustls::ClientConfig;
use tokio::{io::AsyncReadExt, task::JoinHandle, time::timeout};
use url::Url;

pub(crate) use dial::{Secured, addresses, carried, shaken};
pub(crate) use exchange::Answer;
pub(crate) use proxy::ProxyRoute;
pub use proxy::{Proxy, ProxyCredentials};

use crate::{error::Cause, settings::Timeouts};

/// How to reach one address of a server.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) url: Url,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) proxy: Option<ProxyRoute>,
    pub(crate) timeouts: Timeouts,
}

impl Route {
    /// The host as a name or address, without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().expect("list entries have a host").trim_matches(['[', ']'])
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().expect("https has a port")
    }

    /// Host and port, as HTTP writes them.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.url.host_str().expect("list entries have a host"), self.port())
    }
}

/// A connection that takes one request after the other.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects, and shakes hands.
    pub(crate) async fn open(route: &Route) -> Result<Self, Cause> {
        Self::over(dial::secured(route).await?, route).await
    }

    /// Begins HTTP on a connection that is secured.
    pub(crate) async fn over(stream: Secured, route: &Route) -> Result<Self, Cause> {
        let (sender, connection) = exchange::begin(stream).await?;
        let driver = tokio::spawn(async move {
            // Its errors arrive at the request, too.
            let _ = connection.await;
        });
        Ok(Self { sender, authority: route.authority(), driver })
    }

    /// Whether the next request can be sent.
    pub(crate) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and takes the answer, which is bounded.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Cause> {
        self.send_bounded(request, MAX_BODY).await
    }

    /// The same for an answer of at most `most` bytes.
    pub(crate) async fn send_bounded(&mut self, request: Request<Full<Bytes>>, most: usize) -> Result<Answer, Cause> {
        let response: hyper::Response<Incoming> =
            self.sender.send_request(request).await.map_err(|error| dial::cause_of(&error))?;
        exchange::answer(response, most).await
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

/// How long the reason is waited for, for which a server closes a connection.
const REFUSAL: Duration = Duration::from_secs(1);

/// Why a server closes a connection on which nothing is sent; `None` when it waits for a request. Within TLS 1.3 a client certificate is
/// refused after the client has begun to send, and then the reason may be lost with the connection.
pub(crate) async fn refusal(stream: &mut Secured) -> Option<Cause> {
    let closed = timeout(REFUSAL, stream.read_u8()).await.ok()?;
    closed.err().map(|error| dial::cause_of(&error))
}

/// The same on a connection of its own.
pub(crate) async fn refusal_by(route: &Route) -> Option<Cause> {
    refusal(&mut dial::secured(route).await.ok()?).await
}
