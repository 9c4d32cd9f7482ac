//! Whether a client's certificate is revoked: asked over OCSP, remembered for a while.
//!
//! Certificates of authorities are asked about; one that is listed by identity is revoked by taking it from the list. Without an answer
//! nobody is let through, unless the operator says otherwise.

mod message;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use der::Decode;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};
use url::Url;
use x509_cert::{
    Certificate,
    ext::pkix::{AuthorityInfoAccessSyntax, name::GeneralName},
};

use self::message::{Finding, Question, Status, is_issued};
use crate::{
    Clock,
    clock::unix,
    config::{Ocsp, OcspMode},
    metrics::{Metrics, OcspOutcome},
};

const OCSP: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// For a responder, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;
/// How long an answer is believed at most, whatever it says itself.
const REMEMBER: Duration = Duration::from_secs(600);
/// Most answers that are remembered.
const MAX_REMEMBERED: usize = 10_000;
/// Most questions under way.
const MAX_ASKED: usize = 64;

/// A client's certificate, and who issued it.
pub(crate) struct Subject {
    certificate: Certificate,
    issuer: Option<Certificate>,
    digest: [u8; 32],
}

impl Subject {
    /// Of a chain that was verified, the client's own certificate first, with the configured authorities.
    pub(crate) fn new(chain: &[CertificateDer<'_>], authorities: &[CertificateDer<'_>]) -> Option<Self> {
        let (leaf, sent) = chain.split_first()?;
        let certificate = Certificate::from_der(leaf).ok()?;
        let read = |der: &CertificateDer<'_>| Certificate::from_der(der).ok();
        let issuer = authorities.iter().chain(sent).filter_map(read).find(|issuer| is_issued(&certificate, issuer));
        Some(Self { certificate, issuer, digest: Sha256::digest(leaf).into() })
    }

    /// Where the issuer says that its responder is.
    fn responder(&self) -> Option<Url> {
        let (_, access) = self.certificate.tbs_certificate().get_extension::<AuthorityInfoAccessSyntax>().ok()??;
        access.0.iter().filter(|it| it.access_method == OCSP).find_map(|it| match &it.access_location {
            GeneralName::UniformResourceIdentifier(url) => Url::parse(url.as_str()).ok(),
            _ => None,
        })
    }
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    Revoked,
    /// Nobody could be asked, or believed.
    Unknown,
}

/// Asks responders.
pub(crate) struct Revocation {
    settings: Ocsp,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    known: Mutex<HashMap<[u8; 32], (Status, Duration)>>,
    places: Semaphore,
}

impl Revocation {
    pub(crate) fn new(settings: Ocsp, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let places = Semaphore::new(MAX_ASKED);
        Self { settings, clock, metrics, known: Mutex::default(), places }
    }

    /// Whether there is anything to ask at all.
    pub(crate) fn is_on(&self) -> bool {
        self.settings.mode != OcspMode::Off
    }

    /// How `subject` stands, by the operator's rule for when nobody answers.
    pub(crate) async fn standing(&self, subject: &Subject) -> Standing {
        let now = Duration::from_secs(unix(self.clock.now()).unsigned_abs());
        let status = match self.remembered(&subject.digest, now) {
            Some(status) => Ok(status),
            None => self.ask(subject, now).await,
        };
        match status {
            Ok(Status::Good) => self.counted(OcspOutcome::Good, Standing::Good),
            Ok(Status::Revoked) => self.counted(OcspOutcome::Revoked, Standing::Revoked),
            Err(reason) => {
                tracing::warn!(reason, "no answer whether a client certificate is revoked");
                let soft = self.settings.mode == OcspMode::Soft;
                self.counted(OcspOutcome::NoAnswer, if soft { Standing::Good } else { Standing::Unknown })
            }
        }
    }

    fn counted(&self, outcome: OcspOutcome, standing: Standing) -> Standing {
        self.metrics.ocsp(outcome);
        standing
    }

    fn remembered(&self, digest: &[u8; 32], now: Duration) -> Option<Status> {
        let known = self.known.lock().expect("nobody panics while looking");
        known.get(digest).filter(|(_, until)| *until > now).map(|(status, _)| *status)
    }

    fn remember(&self, digest: [u8; 32], finding: &Finding, now: Duration) {
        let until = finding.until.map_or(now + REMEMBER, |until| until.min(now + REMEMBER));
        let mut known = self.known.lock().expect("nobody panics while looking");
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, (_, until)| *until > now);
        }
        // Full all the same: the next one is asked again.
        if known.len() < MAX_REMEMBERED {
            known.insert(digest, (finding.status, until));
        }
    }

    async fn ask(&self, subject: &Subject, now: Duration) -> Result<Status, &'static str> {
        let issuer = subject.issuer.as_ref().ok_or("its issuer is not known")?;
        let responder = self.settings.responder.clone().or_else(|| subject.responder());
        let responder = responder.ok_or("it names no responder, and none is configured")?;
        let _place = self.places.try_acquire().map_err(|_| "too many questions are under way")?;
        let question = Question::new(&subject.certificate, issuer).map_err(|_| "it cannot be asked about")?;
        let request = question.to_der().map_err(|_| "it cannot be asked about")?;
        let answer = timeout(PATIENCE, post(&responder, request)).await.map_err(|_| "the responder takes too long")?;
        let answer = answer.map_err(|error| {
            tracing::debug!(%error, "OCSP");
            "the responder cannot be reached"
        })?;
        let finding = question.finding(&answer, issuer, now)?;
        self.remember(subject.digest, &finding, now);
        Ok(finding.status)
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One question over HTTP (RFC 6960, appendix A), without redirects. The answer is signed: TLS would add nothing.
async fn post(responder: &Url, question: Vec<u8>) -> Result<Bytes, Failure> {
    if responder.scheme() != "http" {
        return Err("a responder is reached over http".into());
    }
    let host = responder.host_str().ok_or("a responder has a host")?;
    let port = responder.port_or_known_default().ok_or("a responder has a port")?;
    let socket = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    let path = responder.query().map_or(responder.path().to_owned(), |query| format!("{}?{query}", responder.path()));
    let request = Request::post(path)
        .header(header::HOST, format!("{host}:{port}"))
        .header(header::CONTENT_TYPE, "application/ocsp-request")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(question)))?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(Failure::from(format!("it answers {}", response.status())));
        }
        Ok(Limited::new(response.into_body(), MAX_ANSWER).collect().await?.to_bytes())
    };
    // The connection is driven by this very task, and ends with it.
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = &mut connection => {
            ended?;
            exchange.await
        }
    }
}

/// What an answer says of a certificate, for fuzz targets: whether it is good.
#[cfg(feature = "fuzzing")]
pub(crate) fn answered(answer: &[u8], certificate: &[u8], issuer: &[u8], now: Duration) -> Result<bool, &'static str> {
    let read = |der| Certificate::from_der(der).map_err(|_| "no certificate");
    let (certificate, issuer) = (read(certificate)?, read(issuer)?);
    let question = Question::new(&certificate, &issuer).map_err(|_| "no question")?;
    Ok(question.finding(answer, &issuer, now)?.status == Status::Good)
}
