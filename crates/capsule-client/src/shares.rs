//! Key shares, as the person they are for: all of them, by one signature.
//!
//! Each server gives a nonce; one token hides all of them, and each server is shown its own part. Nothing is signed before every nonce is there, and
//! nothing is asked of any server that the list does not know. A server that hands out another's nonce gains nothing: what it is shown
//! names its own address.

use std::sync::Arc;

use capsule_api::{
    JwsAlgorithm, NONCE_PATH, NewShare, PersonId, SHARE_CERTIFICATE_HEADER, SHARE_TICKET_HEADERS, Server, ServerId,
    ShareId, ShareNonce, ShareTarget, ShareTokens, SignedShareTokens, TokenError, certificate_header,
};
use cdoc2::{Cancel, FetchError, KeyError, KeyShare, ShareFetcher, Zeroizing};
use eid::{Authenticator, SignatureAlgorithm};
use hyper::{Method, StatusCode};
use tokio::{task::JoinSet, time::Instant};
use url::Url;

use crate::{
    client::{Attempts, Client, within},
    error::{Cause, Error, Result},
    exchange::{finished, request},
    gathering::{Announce, Signing},
    net::{Connection, Route},
    watch::{Stage, Watch},
};

/// Bytes of a share of a container's key.
const SHARE: usize = 32;

/// Fetches the shares of a person's keys; see [`cdoc2::Keyring::with_shares`].
pub struct ShareDownload {
    client: Client,
    cancel: Cancel,
    watch: Watch,
    announce: Announce,
    key: Arc<dyn Authenticator>,
    person: PersonId,
}

impl ShareDownload {
    /// Fetches as the holder of `key`; `None` when its certificate names no person.
    pub fn new(client: Client, key: Arc<dyn Authenticator>) -> Option<Self> {
        let person = PersonId::of_certificate(key.certificates().first()?)?;
        let announce: Announce = Arc::new(|_| {});
        Some(Self { client, cancel: Cancel::default(), watch: Watch::default(), announce, key, person })
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

    /// Calls `announce` before the signature is asked for, on the thread that then waits for it.
    #[must_use]
    pub fn announced_by(self, announce: impl Fn(&Signing<'_>) + Send + Sync + 'static) -> Self {
        Self { announce: Arc::new(announce), ..self }
    }

    fn all(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>> {
        let errands = shares.iter().map(|share| self.errand(share));
        let (errands, failures): (Vec<_>, Vec<_>) = errands.partition(Result::is_ok);
        let failures: Vec<_> = failures.into_iter().filter_map(Result::err).collect();
        if !failures.is_empty() {
            return Err(Error::of_shares(shares.len(), failures));
        }
        let gathering = Gathering {
            errands: errands.into_iter().flatten().collect(),
            person: self.person.clone(),
            key: Arc::clone(&self.key),
            watch: self.watch.clone(),
            announce: Arc::clone(&self.announce),
        };
        self.client.run(&self.cancel, gathering.run())
    }

    /// Everything that can be said before anything is sent.
    fn errand(&self, share: &KeyShare) -> Result<Arc<Errand>> {
        let (server, base_url) = self.client.share_server(&share.server_base_url)?;
        let id = ShareId::parse(&share.share_id).map_err(Error::TransactionId)?;
        let route = self.client.route(&server, &base_url, None);
        Ok(Arc::new(Errand { server: server.id, base_url, id, route, person: self.person.clone() }))
    }
}

impl ShareFetcher for ShareDownload {
    fn recipient_id(&self) -> &str {
        self.person.as_str()
    }

    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError> {
        Ok(self.all(shares)?)
    }
}

impl Client {
    /// The server with this base URL for shares, and the URL as the list has it.
    pub(crate) fn share_server(&self, base_url: &str) -> Result<(Server, Url)> {
        let server = self.servers().holding_shares(base_url)?.clone();
        let url = server.shares_url.clone().ok_or_else(|| Error::UnknownServer(base_url.to_owned()))?;
        Ok((server, url))
    }
}

/// One share to be fetched.
struct Errand {
    server: ServerId,
    base_url: Url,
    id: ShareId,
    route: Route,
    person: PersonId,
}

/// The shares of one key.
struct Gathering {
    errands: Vec<Arc<Errand>>,
    person: PersonId,
    key: Arc<dyn Authenticator>,
    watch: Watch,
    announce: Announce,
}

impl Gathering {
    async fn run(self) -> Result<Vec<Zeroizing<Vec<u8>>>> {
        self.errands.iter().for_each(|errand| self.watch.tell(&errand.server, Stage::Asked));
        let nonces = self.each(|_, errand| async move { errand.nonce().await }).await?;
        let given = Instant::now();
        let targets: Vec<_> = self.errands.iter().zip(nonces).map(|(errand, nonce)| errand.target(nonce)).collect();
        let tokens = Arc::new(self.signed(&targets).await?);
        self.check_time_since(given)?;
        let certificate = certificate_header(self.key.certificates().first().map_or(&[], Vec::as_slice));
        let shares = self.each(|position, errand| {
            let (tokens, certificate) = (Arc::clone(&tokens), certificate.clone());
            async move {
                let token = tokens.presentation(position).expect("there is a part for each share");
                errand.share(&token, &certificate).await
            }
        });
        let shares = shares.await?;
        self.errands.iter().for_each(|errand| self.watch.tell(&errand.server, Stage::Answered));
        Ok(shares)
    }

    /// Does something at every server at once. All of it is needed; who fails is named, each of them.
    async fn each<T, F>(&self, work: impl Fn(usize, Arc<Errand>) -> F) -> Result<Vec<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut running = JoinSet::new();
        for (position, errand) in self.errands.iter().enumerate() {
            let done = work(position, Arc::clone(errand));
            running.spawn(async move { (position, done.await) });
        }
        let (mut all, mut failures) = (Vec::new(), Vec::new());
        while let Some(done) = running.join_next().await {
            match done {
                Ok((position, Ok(value))) => all.push((position, value)),
                Ok((position, Err(error))) => {
                    self.watch.tell(&self.errands[position].server, Stage::Failed(&error));
                    failures.push(error);
                }
                Err(error) => failures.push(Error::Runtime(Arc::new(error.into()))),
            }
        }
        if !failures.is_empty() {
            return Err(Error::of_shares(self.errands.len(), failures));
        }
        all.sort_by_key(|(position, _)| *position);
        Ok(all.into_iter().map(|(_, value)| value).collect())
    }

    /// What is signed after the nonces are too old would be refused by each server as if there were no share.
    fn check_time_since(&self, given: Instant) -> Result<()> {
        let late = |errand: &Arc<Errand>| {
            let after = errand.route.timeouts.signing;
            (given.elapsed() > after).then(|| Error::of(&errand.server, Cause::SignedTooLate { after }))
        };
        self.errands.iter().find_map(late).map_or(Ok(()), Err)
    }

    /// One signature for all of them. Making it may take as long as its holder does.
    async fn signed(&self, targets: &[ShareTarget]) -> Result<SignedShareTokens> {
        let first = self.errands.first().expect("a key has shares").server.clone();
        let failed = |error| Error::of(&first, Cause::Key(Arc::new(error)));
        let unusable = |error: TokenError| failed(KeyError::Unusable(Box::new(error)));
        let tokens = ShareTokens::new(&self.person, targets).map_err(unusable)?;
        let input = tokens.signing_input(self.key.public_key()).map_err(unusable)?;
        let hash = JwsAlgorithm::of(self.key.public_key()).hash(input.as_bytes());
        let servers: Vec<_> = self.errands.iter().map(|errand| errand.server.clone()).collect();
        let (key, announce) = (Arc::clone(&self.key), Arc::clone(&self.announce));
        let work = move || {
            announce(&Signing { servers: &servers, verification_code: key.verification_code(&hash) });
            key.sign_hash(SignatureAlgorithm::of_ticket(key.public_key()), &hash)
        };
        let signature = tokio::task::spawn_blocking(work).await.unwrap_or(Err(KeyError::Rejected)).map_err(failed)?;
        let certificate = self.key.certificates().first().ok_or_else(|| failed(KeyError::Rejected))?;
        tokens.signed(self.key.public_key(), certificate, &signature).map_err(unusable)
    }
}

impl Errand {
    fn target(&self, nonce: ShareNonce) -> ShareTarget {
        ShareTarget { base_url: self.base_url.clone(), id: self.id.clone(), nonce }
    }

    fn path(&self) -> String {
        format!("{}{}", self.base_url.path().trim_end_matches('/'), self.id.location())
    }

    async fn nonce(&self) -> Result<ShareNonce> {
        let asked = async {
            let mut attempts = Attempts::default();
            loop {
                match self.asked_for_nonce().await {
                    Ok(nonce) => return Ok(nonce),
                    Err(cause) => attempts.pause_after(cause).await?,
                }
            }
        };
        within(&self.server, self.route.timeouts.total, asked).await
    }

    async fn asked_for_nonce(&self) -> Result<ShareNonce, Cause> {
        let mut connection = Connection::open(&self.route).await?;
        let request = request(&connection, Method::POST, &format!("{}{NONCE_PATH}", self.path()));
        let answer = connection.send(finished(request)).await?;
        match answer.status {
            StatusCode::OK => {
                ShareNonce::from_json(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no nonce"))
            }
            // Servers of other makers say so at once.
            StatusCode::NOT_FOUND => Err(Cause::NoShare),
            _ => Err(answer.failure()),
        }
    }

    /// The share, by its part of the token. It may be shown again when its server did not look at it.
    async fn share(&self, token: &str, certificate: &str) -> Result<Zeroizing<Vec<u8>>> {
        let asked = async {
            let mut attempts = Attempts::default();
            loop {
                match self.asked_for_share(token, certificate).await {
                    Ok(share) => return Ok(share),
                    Err(cause) => attempts.pause_after(cause).await?,
                }
            }
        };
        within(&self.server, self.route.timeouts.total, asked).await
    }

    async fn asked_for_share(&self, token: &str, certificate: &str) -> Result<Zeroizing<Vec<u8>>, Cause> {
        let mut connection = Connection::open(&self.route).await?;
        let request = request(&connection, Method::GET, &self.path())
            .header(SHARE_TICKET_HEADERS[0], token)
            .header(SHARE_CERTIFICATE_HEADER, certificate);
        let answer = connection.send(finished(request)).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Cause::NoShare),
            StatusCode::UNAUTHORIZED => return Err(Cause::CertificateRefused("401".to_owned())),
            _ => return Err(answer.failure_for_certificate()),
        }
        let share = NewShare::parse(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no share"))?;
        if *share.recipient() != self.person {
            return Err(Cause::Misbehaved("the share that it gives is for somebody else"));
        }
        if share.share().len() != SHARE {
            return Err(Cause::Misbehaved("the share that it gives is of another length"));
        }
        Ok(Zeroizing::new(share.share().to_vec()))
    }
}
