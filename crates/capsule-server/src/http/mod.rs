//! HTTP over the service: each call a few lines, one mapping of errors, no body with any of them.

mod message;
mod openapi;
mod operations;
mod recipient;
mod sender;
mod shares;
mod ticket;

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use capsule_api::{CAPSULES_PATH, NONCE_PATH, SHARES_PATH};
use hyper::{Request, body::Incoming};
use tokio::time::timeout;
use tower::ServiceExt;

pub use openapi::openapi;
pub(crate) use operations::{Operations, operations};
pub(crate) use recipient::{Recipients, recipient};
pub(crate) use sender::sender;
pub(crate) use shares::shares;
pub(crate) use ticket::ticket;

use crate::{
    config::Limits,
    metrics::{Call, Metrics},
    net::{Buckets, Handler, Interface, Peer, Refused, client},
    service::NotTaken,
    store::StoreError,
};

/// Path of a capsule, with its id.
const CAPSULE_PATH: &str = "/key-capsules/{id}";
/// Path where nonces for a capsule are given.
const NONCES_PATH: &str = "/key-capsules/{id}/nonce";
/// Path of a share, with its id; and where nonces for it are given.
const SHARE_PATH: &str = "/key-shares/{id}";
const SHARE_NONCES_PATH: &str = "/key-shares/{id}/nonce";

/// Why there is no answer but a status. Bodies are empty: what is wrong is told in our log, not to strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    BadRequest,
    /// Others may read the request as another one.
    Ambiguous,
    /// Its body is coded as nobody here can read.
    NotImplemented,
    /// The ticket, or what it is signed with, does not count.
    Unauthorized,
    /// The client certificate is revoked.
    Forbidden,
    /// Unknown, expired, or for another key.
    NotFound,
    Method(&'static str),
    RequestTimeout,
    TooLarge,
    TooMany {
        seconds: u64,
    },
    Unavailable {
        seconds: u64,
    },
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // What is left of a request may still come, and would be taken for the next one.
        let close = Some((header::CONNECTION, HeaderValue::from_static("close")));
        let (status, extra) = match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, None),
            Self::Ambiguous => (StatusCode::BAD_REQUEST, close),
            Self::NotImplemented => (StatusCode::NOT_IMPLEMENTED, close),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, None),
            Self::Forbidden => (StatusCode::FORBIDDEN, None),
            Self::NotFound => (StatusCode::NOT_FOUND, None),
            Self::Method(allowed) => {
                (StatusCode::METHOD_NOT_ALLOWED, Some((header::ALLOW, HeaderValue::from_static(allowed))))
            }
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, close),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::TooMany { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some((header::RETRY_AFTER, seconds.into()))),
            Self::Unavailable { seconds } => {
                (StatusCode::SERVICE_UNAVAILABLE, Some((header::RETRY_AFTER, seconds.into())))
            }
        };
        let mut response = status.into_response();
        response.headers_mut().extend(extra);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => tracing::warn!("too much is waiting for the store"),
            StoreError::Unavailable(_) | StoreError::Unusable(_) => {
                tracing::error!(%error, "the store does not answer")
            }
        }
        Self::Unavailable { seconds: 5 }
    }
}

impl From<NotTaken> for Refusal {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Malformed(capsule_api::CapsuleError::TooLarge) => Self::TooLarge,
            NotTaken::Malformed(error) => {
                tracing::debug!(%error, "no capsule");
                Self::BadRequest
            }
            NotTaken::Share(error) => {
                tracing::debug!(%error, "no share");
                Self::BadRequest
            }
            NotTaken::Expiry(error) => {
                tracing::debug!(%error, "no time to keep a capsule until");
                Self::BadRequest
            }
            NotTaken::Full => {
                tracing::warn!("as many capsules are kept as may be");
                Self::Unavailable { seconds: 3600 }
            }
            NotTaken::Store(error) => error.into(),
        }
    }
}

/// What stands around every request: how often, how long, and what is counted.
pub(crate) struct Guard {
    interface: Interface,
    router: Router,
    limits: Limits,
    metrics: Arc<Metrics>,
    addresses: Buckets<IpAddr>,
    keys: Buckets<[u8; 32]>,
    leaving: Buckets<IpAddr>,
}

impl Guard {
    pub(crate) fn new(interface: Interface, router: Router, limits: Limits, metrics: Arc<Metrics>) -> Self {
        let now = Instant::now();
        let addresses = Buckets::new(limits.address_rate, now);
        let keys = Buckets::new(limits.key_rate, now);
        let leaving = Buckets::daily(limits.capsules_of_address, now);
        Self { interface, router, limits, metrics, addresses, keys, leaving }
    }

    /// Itself, as a listener calls it.
    pub(crate) fn into_handler(self) -> Handler {
        let this = Arc::new(self);
        Arc::new(move |request, peer| {
            let this = Arc::clone(&this);
            Box::pin(async move { this.answer(request, peer).await })
        })
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Response {
        let begun = Instant::now();
        let call = call(&request);
        let response = match self.admit(&request, call, &peer, begun) {
            Ok(()) => self.route(request, peer).await,
            Err(refusal) => refusal.into_response(),
        };
        let (status, took) = (response.status().as_u16(), begun.elapsed());
        self.metrics.answered(self.interface, call, status, took);
        tracing::debug!(interface = self.interface.name(), ?call, status, ?took, "answered");
        response
    }

    fn admit<B>(&self, request: &Request<B>, call: Call, peer: &Peer, now: Instant) -> Result<(), Refusal> {
        let refused = |reason| {
            move |wait: std::time::Duration| {
                self.metrics.refused(self.interface, reason);
                Refusal::TooMany { seconds: wait.as_secs() + 1 }
            }
        };
        let address = client(peer.address);
        self.addresses.take(address, now).map_err(refused(Refused::AddressRate))?;
        if let Some(client) = &peer.client {
            self.keys.take(client.key.digest(), now).map_err(refused(Refused::KeyRate))?;
        }
        message::check(request, self.interface).inspect_err(|_| self.metrics.refused(self.interface, Refused::Http))?;
        if matches!(call, Call::Post | Call::PostShare) {
            self.leaving.take(address, now).map_err(refused(Refused::CapsulesOfAddress))?;
        }
        Ok(())
    }

    async fn route(&self, request: Request<Incoming>, peer: Peer) -> Response {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let routed = self.router.clone().oneshot(request);
        match timeout(self.limits.request_timeout, routed).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => Refusal::RequestTimeout.into_response(),
        }
    }
}

fn call<B>(request: &Request<B>) -> Call {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(SHARES_PATH) {
        return match *request.method() {
            Method::POST if rest.is_empty() => Call::PostShare,
            Method::POST if rest.ends_with(NONCE_PATH) => Call::Nonce,
            Method::GET if rest.starts_with('/') => Call::GetShare,
            _ => Call::Other,
        };
    }
    let rest = path.strip_prefix(CAPSULES_PATH);
    match (request.method(), rest) {
        (&Method::POST, Some("")) => Call::Post,
        (&Method::POST, Some(rest)) if rest.starts_with('/') && rest.ends_with(NONCE_PATH) => Call::Nonce,
        (&Method::GET, Some(rest)) if rest.starts_with('/') => Call::Get,
        _ => Call::Other,
    }
}

async fn not_found() -> Refusal {
    Refusal::NotFound
}
