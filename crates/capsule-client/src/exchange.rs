//! The requests of a recipient, one at a time: a capsule by client certificate, a nonce, a capsule by ticket. What comes back is checked
//! against the record that it is for.

use std::time::{Duration, Instant};

use capsule_api::{NONCE_PATH, NewCapsule, Nonce, TICKET_HEADER};
use http_body_util::Full;
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    header::{ACCEPT, HOST},
    http::request::Builder,
};

use crate::{
    client::{Attempts, within},
    error::{Cause, Result},
    net::{Answer, Connection, Route, refusal_by},
    plan::{Errand, TicketRoute},
};

/// How long a connection may have been idle to be used again: servers close those that are.
const IDLE: Duration = Duration::from_secs(5);

/// A nonce whose server is the one that was asked, and the connection that it came by.
pub(crate) struct Given {
    pub(crate) nonce: Nonce,
    at: Instant,
    connection: Option<(Connection, Instant)>,
}

impl Given {
    /// What is signed after the nonce is too old would be refused as if there were no capsule.
    pub(crate) fn check_time(&self, way: &TicketRoute) -> Result<(), Cause> {
        let after = way.route.timeouts.signing;
        if self.at.elapsed() > after { Err(Cause::SignedTooLate { after }) } else { Ok(()) }
    }
}

impl Errand {
    /// The capsule's key material, by client certificate.
    pub(crate) async fn by_certificate(&self, route: &Route) -> Result<Vec<u8>> {
        let fetched = within(&self.server, route.timeouts.total, self.fetched_by_certificate(route)).await;
        fetched.map_err(|error| self.failed_by_certificate(route, error))
    }

    async fn fetched_by_certificate(&self, route: &Route) -> Result<Vec<u8>, Cause> {
        let mut attempts = Attempts::default();
        let mut asked_why = false;
        loop {
            let cause = match self.asked_by_certificate(route).await {
                Ok(material) => return Ok(material),
                Err(Cause::Lost(words)) if !asked_why => {
                    asked_why = true;
                    let reason = refusal_by(route).await;
                    reason.filter(is_about_the_certificate).unwrap_or(Cause::Lost(words))
                }
                Err(cause) => cause,
            };
            attempts.pause_after(cause).await?;
        }
    }

    async fn asked_by_certificate(&self, route: &Route) -> Result<Vec<u8>, Cause> {
        let mut connection = Connection::open(route).await?;
        let request = request(&connection, Method::GET, &self.id.location());
        let answer = connection.send(finished(request)).await?;
        self.material(&answer)
    }

    /// A nonce for the capsule. Only one with the tag of this server at this origin may be signed: any other is another server's, where the
    /// signature would count. `again` is called when it was not to be had at once.
    pub(crate) async fn nonce(&self, way: &TicketRoute, again: impl Fn()) -> Result<Given> {
        let asked = async {
            let mut attempts = Attempts::default();
            loop {
                match self.asked_for_nonce(way).await {
                    Ok(given) => return Ok(given),
                    Err(cause) => {
                        again();
                        attempts.pause_after(cause).await?;
                    }
                }
            }
        };
        within(&self.server, way.route.timeouts.total, asked).await
    }

    async fn asked_for_nonce(&self, way: &TicketRoute) -> Result<Given, Cause> {
        let mut connection = Connection::open(&way.route).await?;
        let request = request(&connection, Method::POST, &format!("{}{NONCE_PATH}", self.id.location()));
        let answer = connection.send(finished(request)).await?;
        if answer.status != StatusCode::OK {
            return Err(answer.failure());
        }
        let nonce = Nonce::from_json(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no nonce"))?;
        if !nonce.is_from(&way.audience) {
            return Err(Cause::ForeignNonce);
        }
        let at = Instant::now();
        Ok(Given { nonce, at, connection: Some((connection, at)) })
    }

    /// The capsule's key material, by ticket. A ticket may be shown again when its server did not look at it.
    pub(crate) async fn by_ticket(&self, way: &TicketRoute, mut given: Given, ticket: &str) -> Result<Vec<u8>> {
        let asked = async {
            let mut attempts = Attempts::default();
            loop {
                match self.asked_by_ticket(way, given.connection.take(), ticket).await {
                    Ok(material) => return Ok(material),
                    Err(cause) => attempts.pause_after(cause).await?,
                }
            }
        };
        within(&self.server, way.route.timeouts.total, asked).await
    }

    async fn asked_by_ticket(
        &self,
        way: &TicketRoute,
        open: Option<(Connection, Instant)>,
        ticket: &str,
    ) -> Result<Vec<u8>, Cause> {
        let open = open.filter(|(connection, since)| connection.is_usable() && since.elapsed() < IDLE);
        let mut connection = match open {
            Some((open, _)) => open,
            None => Connection::open(&way.route).await?,
        };
        let request = request(&connection, Method::GET, &self.id.location()).header(TICKET_HEADER, ticket);
        let answer = connection.send(finished(request)).await?;
        self.material(&answer)
    }

    /// What is in the capsule of an answer, which must be the one that the record is for.
    fn material(&self, answer: &Answer) -> Result<Vec<u8>, Cause> {
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Cause::NotFound),
            StatusCode::FORBIDDEN => return Err(Cause::CertificateRevoked),
            StatusCode::UNAUTHORIZED => return Err(Cause::CertificateRefused("401".to_owned())),
            _ => return Err(answer.failure_for_certificate()),
        }
        let capsule = NewCapsule::parse(&answer.body).map_err(|_| Cause::Misbehaved("what it gives is no capsule"))?;
        if *capsule.recipient() != self.capsule.recipient {
            return Err(Cause::Misbehaved("the capsule that it gives is for another key"));
        }
        Ok(capsule.key_material().to_vec())
    }
}

pub(crate) fn request(connection: &Connection, method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(HOST, connection.authority()).header(ACCEPT, "application/json")
}

pub(crate) fn finished(request: Builder) -> Request<Full<Bytes>> {
    request.body(Full::new(Bytes::new())).expect("host, path and ticket are plain text")
}

fn is_about_the_certificate(cause: &Cause) -> bool {
    matches!(cause, Cause::CertificateExpired | Cause::CertificateRevoked | Cause::CertificateRefused(_))
}
