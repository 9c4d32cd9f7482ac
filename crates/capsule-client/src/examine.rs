//! Looking at a server step by step, for whoever sets one up or finds out why one is not reached.

use std::{sync::Arc, time::SystemTime};

use capsule_api::{
    Audience, CAPSULES_PATH, NONCE_PATH, Nonce, Origin, Pin, Server, ServerId, ShareId, ShareNonce, TransactionId,
};
use cdoc2::Cancel;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, body::Bytes, header::HOST};
use tokio::time::timeout;
use url::Url;

use crate::{
    client::Client,
    error::{Cause, Result, Step},
    exchange::{finished, request},
    net::{Answer, Connection, Route, Secured, addresses, carried, refusal, shaken},
    tls::{self, AnyServer, OcspSeen, PeerProblem, PinnedServer, Seen},
};

/// One step on the way to a server, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStep {
    /// The host name has an address.
    Resolve,
    /// The connection is there, through the proxy when there is one.
    Connect,
    /// TLS 1.3.
    Tls,
    /// The key is the listed one.
    Pin,
    /// The certificate covers the host name.
    HostName,
    /// The certificate is valid now.
    Validity,
    /// The OCSP answer is in order.
    Ocsp,
    /// The server speaks as a capsule server.
    Api,
}

/// What a step found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Which step.
    pub step: CheckStep,
    /// In words what was found, or what went wrong; no step follows that.
    pub result: Result<String, Cause>,
}

/// What was found at one address of a server.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The address.
    pub url: Url,
    /// Its steps, up to the first that failed.
    pub steps: Vec<Checked>,
}

impl Examination {
    /// Whether every step was right.
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|checked| checked.result.is_ok())
    }
}

impl Client {
    /// Goes to every address of a server, as senders and recipients would; no capsule is sent, no client certificate shown, nothing signed.
    ///
    /// # Errors
    /// [`Error::UnknownServer`](crate::Error::UnknownServer), [`Error::Unusable`](crate::Error::Unusable), when cancelled. What is found is the result.
    pub fn examine(&self, id: &str, cancel: &Cancel) -> Result<Vec<Examination>> {
        let server = self.server(id)?;
        let mut examined = Vec::new();
        let sides = [
            (Some(&server.sender_url), Side::Senders),
            (server.recipient_url.as_ref(), Side::Recipients),
            (server.ticket_url.as_ref(), Side::Tickets),
            (server.shares_url.as_ref(), Side::Shares),
        ];
        for (url, side) in sides.into_iter().filter_map(|(url, side)| Some((url?, side))) {
            let examiner = self.examiner(&server, url, side);
            let steps = self.run(cancel, async move { Ok(examiner.steps().await) })?;
            examined.push(Examination { url: url.clone(), steps });
        }
        Ok(examined)
    }

    fn examiner(&self, server: &Server, url: &Url, side: Side) -> Examiner {
        let verifier = Arc::new(PinnedServer::new(server.pins.clone(), self.settings().ocsp_required));
        let route = self.route_by(url, tls::config(Arc::clone(&verifier) as _, None));
        Examiner { route, verifier, side, server: server.id.clone() }
    }

    /// The certificates that a server shows, its own first: for a person who compares a fingerprint before the server is trusted.
    /// Nothing is sent to it.
    ///
    /// # Errors
    /// When cancelled. Why none can be seen is the result.
    pub fn shown_certificates(&self, url: &Url, cancel: &Cancel) -> Result<Result<Vec<Pin>, Cause>> {
        let verifier = Arc::new(AnyServer::new());
        let route = self.route_by(url, tls::config(Arc::clone(&verifier) as _, None));
        self.run(cancel, async move {
            let after = route.timeouts.connect;
            let looking = async { shaken(&route, carried(&route).await?).await };
            let connected = timeout(after, looking).await;
            if let Err(cause) = connected.unwrap_or(Err(Cause::Timeout { step: Step::Connecting, after })) {
                return Ok(Err(cause));
            }
            let pins: Vec<_> = verifier.shown().iter().filter_map(|der| Pin::from_der(der).ok()).collect();
            Ok(if pins.is_empty() { Err(Cause::Peer(PeerProblem::Unreadable)) } else { Ok(pins) })
        })
    }
}

struct Examiner {
    route: Route,
    verifier: Arc<PinnedServer>,
    side: Side,
    server: ServerId,
}

/// Whom an address is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Senders,
    Recipients,
    Tickets,
    Shares,
}

impl Examiner {
    async fn steps(&self) -> Vec<Checked> {
        let mut steps = Vec::new();
        let after = self.route.timeouts.total;
        let result = timeout(after, self.go(&mut steps)).await;
        let failed = result.unwrap_or_else(|_| {
            let next = steps.last().map_or(CheckStep::Resolve, |checked| following(checked.step));
            Err((next, Cause::Timeout { step: Step::Connecting, after }))
        });
        if let Err((step, cause)) = failed {
            steps.push(Checked { step, result: Err(cause) });
        }
        steps
    }

    /// Notes what is right; the first step that is not is the error.
    async fn go(&self, steps: &mut Vec<Checked>) -> Result<(), (CheckStep, Cause)> {
        let mut right = |step, words: String| steps.push(Checked { step, result: Ok(words) });
        right(CheckStep::Resolve, self.resolved().await.map_err(|cause| (CheckStep::Resolve, cause))?);
        let stream = carried(&self.route).await.map_err(|cause| (CheckStep::Connect, cause))?;
        right(CheckStep::Connect, self.route.authority());
        let secured = shaken(&self.route, stream).await.map_err(|cause| {
            let failed = step_of(&cause);
            for (step, words) in GOOD_BEFORE.into_iter().filter(|(step, _)| *step < failed) {
                right(step, words.to_owned());
            }
            (failed, cause)
        })?;
        for (step, words) in self.verifier.seen().iter().flat_map(found) {
            right(step, words);
        }
        let api = match self.side {
            Side::Senders => self.spoken(secured).await,
            Side::Recipients => asks_for_certificate(secured).await,
            Side::Tickets => self.gives_nonces(secured).await,
            Side::Shares => self.keeps_shares(secured).await,
        };
        right(CheckStep::Api, api.map_err(|cause| (CheckStep::Api, cause))?);
        Ok(())
    }

    async fn resolved(&self) -> Result<String, Cause> {
        if self.route.proxy.is_some() {
            return Ok("left to the proxy".to_owned());
        }
        let addresses = addresses(self.route.host(), self.route.port()).await?;
        Ok(addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", "))
    }

    /// A sender's address takes no GET.
    async fn spoken(&self, secured: Secured) -> Result<String, Cause> {
        let mut connection = Connection::over(secured, &self.route).await?;
        let request = Request::builder()
            .uri(CAPSULES_PATH)
            .header(HOST, connection.authority())
            .body(Full::new(Bytes::new()))
            .expect("host and path are plain text");
        let answer = connection.send(request).await?;
        if answer.status.is_client_error() { Ok("takes capsules".to_owned()) } else { Err(answer.failure()) }
    }

    async fn asked_for_nonce(&self, secured: Secured, path: &str) -> Result<Answer, Cause> {
        let mut connection = Connection::over(secured, &self.route).await?;
        let request = request(&connection, Method::POST, &format!("{path}{NONCE_PATH}"));
        connection.send(finished(request)).await
    }

    /// A nonce for a share is given for any identifier; servers of other makers say that there is no such share.
    async fn keeps_shares(&self, secured: Secured) -> Result<String, Cause> {
        let base = self.route.url.path().trim_end_matches('/');
        let answer = self.asked_for_nonce(secured, &format!("{base}{}", ShareId::generate().location())).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok("has no such key share".to_owned()),
            StatusCode::OK => ShareNonce::from_json(&answer.body)
                .map(|_| "keeps key shares".to_owned())
                .map_err(|_| Cause::Misbehaved("what it gives is no nonce")),
            _ => Err(answer.failure()),
        }
    }

    /// A nonce is given for any identifier, and bears the tag of the server at this very address.
    async fn gives_nonces(&self, secured: Secured) -> Result<String, Cause> {
        let answer = self.asked_for_nonce(secured, &TransactionId::generate().location()).await?;
        if answer.status != StatusCode::OK {
            return Err(answer.failure());
        }
        let nonce = Nonce::from_json(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no nonce"))?;
        let origin = Origin::of(&self.route.url).ok_or(Cause::Misbehaved("its address is no https address"))?;
        let is_its = nonce.is_from(&Audience::new(&self.server, &origin));
        if is_its { Ok("gives nonces of its own".to_owned()) } else { Err(Cause::ForeignNonce) }
    }
}

/// A recipient's address takes no stranger.
async fn asks_for_certificate(mut secured: Secured) -> Result<String, Cause> {
    match refusal(&mut secured).await {
        Some(Cause::CertificateRefused(_)) => Ok("asks for the certificate of a recipient".to_owned()),
        Some(cause) => Err(cause),
        None => Err(Cause::Misbehaved("it does not ask for the certificate of a recipient")),
    }
}

/// What was right when a later step of the handshake failed.
const GOOD_BEFORE: [(CheckStep, &str); 4] = [
    (CheckStep::Tls, "TLS 1.3"),
    (CheckStep::Pin, "the key is listed"),
    (CheckStep::HostName, "covered by the certificate"),
    (CheckStep::Validity, "valid now"),
];

fn found(seen: &Seen) -> [(CheckStep, String); 5] {
    let pin = match seen.by_key {
        true => format!("another certificate with the listed key: {}", seen.fingerprint),
        false => seen.fingerprint.clone(),
    };
    let left = seen.not_after.duration_since(SystemTime::now()).unwrap_or_default();
    let ocsp = match seen.ocsp {
        OcspSeen::None => "no answer, and none is required",
        OcspSeen::Good => "good",
        OcspSeen::GoodUnverified => "good; not verified, because its authority is not known",
    };
    [
        (CheckStep::Tls, "TLS 1.3".to_owned()),
        (CheckStep::Pin, pin),
        (CheckStep::HostName, "covered by the certificate".to_owned()),
        (CheckStep::Validity, format!("{} days left", left.as_secs() / (24 * 60 * 60))),
        (CheckStep::Ocsp, ocsp.to_owned()),
    ]
}

fn step_of(cause: &Cause) -> CheckStep {
    match cause {
        Cause::Peer(PeerProblem::HostName(_)) => CheckStep::HostName,
        Cause::Peer(PeerProblem::Expired | PeerProblem::NotYetValid) => CheckStep::Validity,
        Cause::Peer(PeerProblem::Revoked | PeerProblem::Ocsp(_)) => CheckStep::Ocsp,
        Cause::Peer(_) => CheckStep::Pin,
        _ => CheckStep::Tls,
    }
}

fn following(step: CheckStep) -> CheckStep {
    match step {
        CheckStep::Resolve => CheckStep::Connect,
        CheckStep::Connect => CheckStep::Tls,
        _ => CheckStep::Api,
    }
}
