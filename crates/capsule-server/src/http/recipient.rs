//! The recipient interface: `GET /key-capsules/{id}` with a client certificate (key-capsules API 3.1.1).
//!
//! Unknown, expired and somebody else's are one answer, after the same work.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, on},
};
use capsule_api::{CAPSULES_PATH, EXPIRY_ADJUSTED_HEADER, EXPIRY_HEADER, IdError, TransactionId};

use super::{CAPSULE_PATH, Refusal, not_found};
use crate::{
    net::Peer,
    revocation::{Revocation, Standing},
    service::Capsules,
    store::Capsule,
};

/// What the calls work with.
pub(crate) struct Recipients {
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) revocation: Arc<Revocation>,
}

/// The calls of the recipient interface.
pub(crate) fn recipient(recipients: Recipients) -> Router {
    // Without a handler of its own, HEAD would be answered as GET.
    let get = on(MethodFilter::GET, get_capsule).on(MethodFilter::HEAD, wrong_method).fallback(wrong_method);
    Router::new()
        .route(CAPSULE_PATH, get)
        .route(CAPSULES_PATH, any(|| async { Refusal::Method("") }))
        .fallback(not_found)
        .with_state(Arc::new(recipients))
}

pub(super) async fn wrong_method() -> Refusal {
    Refusal::Method("GET")
}

/// What stands in the path: of the right length, and perhaps an id.
pub(super) struct AskedId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for AskedId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Refusal::BadRequest)?;
        match TransactionId::parse(&id) {
            Err(IdError::Length) => Err(Refusal::BadRequest),
            // No capsule has it; that is told after the same work as for one that could be.
            _ => Ok(Self(id)),
        }
    }
}

/// Fetch a capsule with a client certificate of the recipient's key, or on the ticket interface with a ticket that it signed.
///
/// Whether there is no such capsule, it has expired, or it is for another key cannot be told from the answer; nor whether the nonce of a
/// ticket is too old or was used before.
#[utoipa::path(
    get,
    path = "/key-capsules/{transactionId}",
    operation_id = "getCapsuleByTransactionId",
    tag = "recipient",
    params(("transactionId" = String, Path, min_length = 18, max_length = 34, pattern = "^[A-Za-z0-9]{18,34}$",
        description = "As the sender got it.")),
    security(("clientCertificate" = []), ("ticket" = [])),
    responses(
        (status = 200, description = "The capsule, byte for byte as it was posted.", body = super::openapi::Capsule, headers(
            ("x-expiry-time" = String, description = "Until when it is kept, in UTC."),
            ("x-expiry-time-adjusted" = bool, description = "Whether that is earlier than its sender asked for."))),
        (status = 400, description = "The id is shorter than 18 or longer than 34; or there is no ticket that is one."),
        (status = 401, description = "The ticket is for something else, or its certificate or signature does not count."),
        (status = 403, description = "The client certificate is revoked."),
        (status = 404, description = "No such capsule for this key; or the nonce of the ticket does not count any more."),
        (status = 429, description = "The address or the key asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 503, description = "The capsule, or the standing of the certificate, cannot be looked up now. No nonce is used up.",
            headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn get_capsule(
    State(recipients): State<Arc<Recipients>>,
    AskedId(id): AskedId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let peer = request.extensions().get::<Peer>().expect("every request has a peer");
    // The listener lets nobody in who has not proven a key.
    let client = peer.client.as_ref().ok_or(Refusal::NotFound)?;
    if let Some(subject) = &client.subject {
        match recipients.revocation.standing(subject).await {
            Standing::Good => {}
            Standing::Revoked => return Err(Refusal::Forbidden),
            Standing::Unknown => return Err(Refusal::Unavailable { seconds: 30 }),
        }
    }
    let found = recipients.capsules.give(&id, &client.key).await?;
    // Only how it begins, and nothing that is no id: a stranger does not write into our log.
    let shown = TransactionId::parse(&id).ok();
    tracing::info!(target: "audit", id = ?shown, found = found.is_some(), "capsule asked for");
    found.map(given).ok_or(Refusal::NotFound)
}

/// A capsule, as it was posted.
pub(super) fn given(capsule: Capsule) -> Response {
    let mut response = (StatusCode::OK, capsule.body).into_response();
    let headers = response.headers_mut();
    let expires = HeaderValue::try_from(capsule.expires.to_string()).expect("a time is ASCII");
    let adjusted = HeaderValue::from_static(if capsule.adjusted { "true" } else { "false" });
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(EXPIRY_HEADER, expires);
    headers.insert(EXPIRY_ADJUSTED_HEADER, adjusted);
    response
}
