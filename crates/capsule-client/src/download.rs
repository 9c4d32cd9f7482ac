//! Fetching capsules, as the recipient.

use std::sync::Arc;

use capsule_api::{NewCapsule, Server, TransactionId};
use cdoc2::{Cancel, CapsuleFetcher, FetchError, PublicKey, ServerCapsule};
use eid::Authenticator;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    header::{ACCEPT, HOST},
};
use tokio::task::JoinSet;

use crate::{
    client::{Attempts, Client, within},
    error::{Cause, Error, Result},
    net::{Connection, Route, refusal_by},
    watch::{Stage, Watch},
};

/// Fetches capsules with the keys at hand; see [`cdoc2::Keyring::with_capsules`].
///
/// Of several servers all are asked at once, and the first right answer counts: a server that is down, or takes the connection and never
/// answers, delays nothing.
pub struct Download {
    client: Client,
    cancel: Cancel,
    watch: Watch,
    keys: Vec<Arc<dyn Authenticator>>,
}

impl Download {
    /// Fetches as the holder of `keys`, each with its certificate.
    pub fn new(client: Client, keys: Vec<Arc<dyn Authenticator>>) -> Self {
        Self { client, cancel: Cancel::default(), watch: Watch::default(), keys }
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

    fn first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>)> {
        let mut failures = Vec::new();
        let mut errands = Vec::new();
        for (position, capsule) in capsules.iter().enumerate() {
            match self.errand(capsule) {
                Ok(errand) => errands.push((position, errand)),
                Err(error) => failures.push(error),
            }
        }
        if errands.is_empty() {
            return Err(Error::of_all(failures));
        }
        let watch = self.watch.clone();
        self.client.run(&self.cancel, async move {
            let mut running = JoinSet::new();
            for (position, errand) in errands {
                let watch = watch.clone();
                running.spawn(async move { errand.run(&watch).await.map(|material| (position, material)) });
            }
            while let Some(result) = running.join_next().await {
                match result {
                    Ok(Ok(first)) => return Ok(first),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a server did not give its capsule");
                        failures.push(error);
                    }
                    Err(error) => failures.push(Error::Runtime(Arc::new(error.into()))),
                }
            }
            Err(Error::of_all(failures))
        })
    }

    /// Everything that can be said before anything is sent.
    fn errand(&self, capsule: &ServerCapsule) -> Result<Errand> {
        let server = self.client.server(&capsule.server_id)?;
        let id = TransactionId::parse(&capsule.transaction_id).map_err(Error::TransactionId)?;
        let Some(url) = &server.recipient_url else {
            let reason = "it gives capsules for tickets only, which this version does not have".to_owned();
            return Err(Error::Unusable { server: server.id, reason });
        };
        let key = self.keys.iter().find(|key| *key.public_key() == capsule.recipient);
        let Some(key) = key else { return Err(Error::CertificateNeeded { server: server.id }) };
        let route = self.client.route(&server, url, Some(Arc::clone(key)));
        Ok(Errand { id, route, recipient: capsule.recipient.clone(), server })
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

/// One capsule to be fetched from one server.
struct Errand {
    id: TransactionId,
    server: Server,
    route: Route,
    recipient: PublicKey,
}

impl Errand {
    async fn run(self, watch: &Watch) -> Result<Vec<u8>> {
        let server = &self.server.id;
        watch.tell(server, Stage::Asked);
        let fetched = within(server, self.route.timeouts.total, self.fetched()).await;
        watch.tell(server, fetched.as_ref().map_or_else(Stage::Failed, |_| Stage::Answered));
        fetched
    }

    async fn fetched(&self) -> Result<Vec<u8>, Cause> {
        let mut attempts = Attempts::default();
        let mut asked_why = false;
        loop {
            let cause = match self.ask().await {
                Ok(material) => return Ok(material),
                Err(Cause::Lost(words)) if !asked_why => {
                    asked_why = true;
                    let reason = refusal_by(&self.route).await;
                    reason.filter(is_about_the_certificate).unwrap_or(Cause::Lost(words))
                }
                Err(cause) => cause,
            };
            attempts.pause_after(cause).await?;
        }
    }

    async fn ask(&self) -> Result<Vec<u8>, Cause> {
        let mut connection = Connection::open(&self.route).await?;
        let request = Request::builder()
            .uri(self.id.location())
            .header(HOST, connection.authority())
            .header(ACCEPT, "application/json")
            .body(Full::new(Bytes::new()))
            .expect("host and path are plain text");
        let answer = connection.send(request).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Cause::NotFound),
            StatusCode::FORBIDDEN => return Err(Cause::CertificateRevoked),
            StatusCode::UNAUTHORIZED => return Err(Cause::CertificateRefused("401".to_owned())),
            _ => return Err(answer.failure()),
        }
        let capsule = NewCapsule::parse(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no capsule"))?;
        if *capsule.recipient() != self.recipient {
            return Err(Cause::Misbehaved("the capsule that it gives is for another key"));
        }
        Ok(capsule.key_material().to_vec())
    }
}

fn is_about_the_certificate(cause: &Cause) -> bool {
    matches!(cause, Cause::CertificateExpired | Cause::CertificateRevoked | Cause::CertificateRefused(_))
}
