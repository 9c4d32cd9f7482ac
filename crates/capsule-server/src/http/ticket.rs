//! The ticket interface: nonces, and `GET /key-capsules/{id}` with a ticket instead of a client certificate.
//!
//! Unknown, expired and somebody else's are one answer, and so is a nonce that is too old or was spent.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, on, post},
};
use capsule_api::{CAPSULES_PATH, TICKET_HEADER, TransactionId};

use super::{
    CAPSULE_PATH, NONCES_PATH, Refusal, not_found,
    recipient::{AskedId, given, wrong_method},
};
use crate::tickets::{NotGiven, Tickets};

/// The calls of the ticket interface.
pub(crate) fn ticket(tickets: Arc<Tickets>) -> Router {
    let get = on(MethodFilter::GET, get_capsule).on(MethodFilter::HEAD, wrong_method).fallback(wrong_method);
    Router::new()
        .route(CAPSULE_PATH, get)
        .route(NONCES_PATH, post(post_nonce).fallback(|| async { Refusal::Method("POST") }))
        .route(CAPSULES_PATH, any(|| async { Refusal::Method("") }))
        .fallback(not_found)
        .with_state(tickets)
}

/// Get a nonce for a transaction.
///
/// It is given for every id, whether there is such a capsule or not, and counts for five minutes, once. Its first 16 bytes are the tag of
/// this server; a client that finds another server's signs nothing for this one.
#[utoipa::path(
    post,
    path = "/key-capsules/{transactionId}/nonce",
    operation_id = "createNonce",
    tag = "ticket",
    params(("transactionId" = String, Path, min_length = 18, max_length = 34, pattern = "^[A-Za-z0-9]{18,34}$",
        description = "As the sender got it.")),
    responses(
        (status = 200, description = "A nonce.", body = super::openapi::NonceAnswer),
        (status = 400, description = "The id is shorter than 18 or longer than 34."),
        (status = 404, description = "The id has characters that none has."),
        (status = 429, description = "The address asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn post_nonce(State(tickets): State<Arc<Tickets>>, id: AskedId) -> Result<Response, Refusal> {
    let id = known(id)?;
    Ok(nonce_given(tickets.nonce(&id).to_json()))
}

/// A nonce, which nobody keeps.
pub(super) fn nonce_given(json: String) -> Response {
    let mut response = json.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A header that stands once, as text.
pub(super) fn once<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().and_then(|value| value.to_str().ok()).filter(|_| values.next().is_none())
}

/// As on the recipient interface, beside which it is described, with a ticket in the place of the client certificate.
async fn get_capsule(
    State(tickets): State<Arc<Tickets>>,
    id: AskedId,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = known(id)?;
    let answer = tickets.give(&id, once(&headers, TICKET_HEADER)).await;
    tracing::info!(target: "audit", ?id, found = answer.is_ok(), "capsule asked for by ticket");
    Ok(given(answer?))
}

/// A text that can be no id names nothing, whoever asks.
fn known(AskedId(id): AskedId) -> Result<TransactionId, Refusal> {
    TransactionId::parse(&id).map_err(|_| Refusal::NotFound)
}

impl From<NotGiven> for Refusal {
    fn from(reason: NotGiven) -> Self {
        tracing::debug!(%reason, "nothing is given");
        match reason {
            NotGiven::Malformed(_) => Self::BadRequest,
            NotGiven::Refused(_) | NotGiven::Revoked => Self::Unauthorized,
            NotGiven::TooOften(wait) => Self::TooMany { seconds: wait.as_secs() + 1 },
            NotGiven::Stale | NotGiven::NotThere | NotGiven::Spent => Self::NotFound,
            NotGiven::NoAnswer => Self::Unavailable { seconds: 30 },
            NotGiven::Store(error) => error.into(),
        }
    }
}
