//! Key shares (key-shares API 1.0.1, and the names of 1.2.1): left by senders, fetched by the persons they are for.
//!
//! Unknown, expired and somebody else's are one answer, and so is a nonce that is too old or was spent.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderMap, request::Parts},
    response::Response,
    routing::{MethodFilter, on, post},
};
use capsule_api::{IdError, SHARE_CERTIFICATE_HEADER, SHARE_TICKET_HEADERS, SHARES_PATH, ShareId};

use super::{
    Refusal, SHARE_NONCES_PATH, SHARE_PATH, not_found,
    recipient::{given, wrong_method},
    sender::{created, posted},
    ticket::{nonce_given, once},
};
use crate::shares::Shares;

/// The calls of the shares interface.
pub(crate) fn shares(shares: Arc<Shares>) -> Router {
    let get = on(MethodFilter::GET, get_share).on(MethodFilter::HEAD, wrong_method).fallback(wrong_method);
    let only_post = || async { Refusal::Method("POST") };
    Router::new()
        .route(SHARES_PATH, post(post_share).fallback(only_post))
        .route(SHARE_PATH, get)
        .route(SHARE_NONCES_PATH, post(post_share_nonce).fallback(only_post))
        .fallback(not_found)
        .with_state(shares)
}

impl<S: Send + Sync> FromRequestParts<S> for AskedShare {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Refusal::BadRequest)?;
        match ShareId::parse(&id) {
            Ok(id) => Ok(Self(id)),
            Err(IdError::Length) => Err(Refusal::BadRequest),
            // A text that can be no id names nothing, whoever asks.
            Err(_) => Err(Refusal::NotFound),
        }
    }
}

/// The share in the path.
pub(super) struct AskedShare(ShareId);

/// Leave a share of a key for a person.
///
/// It is kept until the time of expiry, as a capsule is.
#[utoipa::path(
    post,
    path = "/key-shares",
    operation_id = "createKeyShare",
    tag = "shares",
    request_body = super::openapi::Share,
    params(("x-expiry-time" = String, Header, format = DateTime,
        description = "Until when to keep it (RFC 3339; without an offset it is UTC). By default as the server's operator has set.")),
    responses(
        (status = 201, description = "Kept.", headers(
            ("Location" = String, description = "Path of the share, `/key-shares/` and its id."),
            ("x-expiry-time" = String, description = "Until when it is kept, in UTC."),
            ("x-expiry-time-adjusted" = bool, description = "`true` when that is earlier than was asked for; else absent."))),
        (status = 400, description = "No share, or no time to keep one until."),
        (status = 408, description = "The body did not come in time."),
        (status = 413, description = "The body is larger than 8 KiB."),
        (status = 429, description = "The address asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 503, description = "It cannot be kept now.", headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn post_share(State(shares): State<Arc<Shares>>, request: Request<Body>) -> Result<Response, Refusal> {
    let (body, asked) = posted(request).await?;
    let taken = shares.take(&body, asked).await?;
    Ok(created(&taken.id.location(), taken.granted))
}

/// Get a nonce for a share.
///
/// It is given for every id, whether there is such a share or not, and counts for five minutes, once.
#[utoipa::path(
    post,
    path = "/key-shares/{shareId}/nonce",
    operation_id = "createShareNonce",
    tag = "shares",
    params(("shareId" = String, Path, min_length = 18, max_length = 34, pattern = "^[A-Za-z0-9]{18,34}$",
        description = "As the sender got it.")),
    responses(
        (status = 200, description = "A nonce.", body = super::openapi::ShareNonceAnswer),
        (status = 400, description = "The id is shorter than 18 or longer than 34."),
        (status = 404, description = "The id has characters that none has."),
        (status = 429, description = "The address asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn post_share_nonce(State(shares): State<Arc<Shares>>, AskedShare(id): AskedShare) -> Response {
    nonce_given(shares.nonce(&id).to_json())
}

/// Fetch a share with a token of the person it is for.
///
/// Whether there is no such share, it has expired, or it is for somebody else cannot be told from the answer; nor whether the nonce is too
/// old or was used before.
#[utoipa::path(
    get,
    path = "/key-shares/{shareId}",
    operation_id = "getKeyShareByShareId",
    tag = "shares",
    params(
        ("shareId" = String, Path, min_length = 18, max_length = 34, pattern = "^[A-Za-z0-9]{18,34}$",
            description = "As the sender got it."),
        ("x-cdoc2-auth-x5c" = String, Header,
            description = "The certificate of the key that signed: PEM in one line, or base64url of DER.")),
    security(("shareToken" = [])),
    responses(
        (status = 200, description = "The share, byte for byte as it was posted.", body = super::openapi::Share, headers(
            ("x-expiry-time" = String, description = "Until when it is kept, in UTC."),
            ("x-expiry-time-adjusted" = bool, description = "Whether that is earlier than its sender asked for."))),
        (status = 400, description = "The id is shorter than 18 or longer than 34; or there is no token and certificate that are such."),
        (status = 401, description = "The token is for something else, or its certificate or signature does not count."),
        (status = 404, description = "No such share for this person, or the nonce does not count any more."),
        (status = 429, description = "The address or the key asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 503, description = "The share, or the standing of the certificate, cannot be looked up now. No nonce is used up.",
            headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn get_share(
    State(shares): State<Arc<Shares>>,
    AskedShare(id): AskedShare,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // Under one of its names.
    let mut named = SHARE_TICKET_HEADERS.iter().filter(|name| headers.contains_key(**name));
    let token = named.next().and_then(|name| once(&headers, name)).filter(|_| named.next().is_none());
    let answer = shares.give(&id, token, once(&headers, SHARE_CERTIFICATE_HEADER)).await;
    tracing::info!(target: "audit", ?id, found = answer.is_ok(), "share asked for");
    Ok(given(answer?))
}
