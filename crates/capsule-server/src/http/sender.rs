//! The sender interface: `POST /key-capsules` (key-capsules API 3.1.1).

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use capsule_api::{CAPSULES_PATH, EXPIRY_ADJUSTED_HEADER, EXPIRY_HEADER, Expiry, Granted, MAX_BODY};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::{CAPSULE_PATH, Refusal, not_found};
use crate::service::Capsules;

/// Most bytes of a body that are read, to be thrown away when they are more than [`MAX_BODY`].
const MAX_DISCARDED: u64 = 256 << 10;

/// The calls of the sender interface.
pub(crate) fn sender(capsules: Arc<Capsules>) -> Router {
    Router::new()
        .route(CAPSULES_PATH, post(post_capsule).fallback(|| async { Refusal::Method("POST") }))
        .route(CAPSULE_PATH, any(|| async { Refusal::Method("") }))
        .fallback(not_found)
        .with_state(capsules)
}

/// Leave a capsule for a recipient.
///
/// It is kept until the time of expiry, and given to whoever proves the recipient's key. A longer time than the server grants is
/// shortened, which the answer tells; one that is past is refused.
#[utoipa::path(
    post,
    path = "/key-capsules",
    operation_id = "createCapsule",
    tag = "sender",
    request_body = super::openapi::Capsule,
    params(("x-expiry-time" = String, Header, format = DateTime,
        description = "Until when to keep it (RFC 3339; without an offset it is UTC). By default as the server's operator has set.")),
    responses(
        (status = 201, description = "Kept.", headers(
            ("Location" = String, description = "Path of the capsule, `/key-capsules/` and its transaction id."),
            ("x-expiry-time" = String, description = "Until when it is kept, in UTC."),
            ("x-expiry-time-adjusted" = bool, description = "`true` when that is earlier than was asked for; else absent."))),
        (status = 400, description = "No capsule, or no time to keep one until."),
        (status = 408, description = "The body did not come in time."),
        (status = 413, description = "The body is larger than 8 KiB."),
        (status = 429, description = "The address asks too often.", headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 503, description = "It cannot be kept now.", headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(super) async fn post_capsule(
    State(capsules): State<Arc<Capsules>>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (body, asked) = posted(request).await?;
    let taken = capsules.take(&body, asked).await?;
    Ok(created(&taken.id.location(), taken.granted))
}

/// A body of JSON, and until when to keep it.
pub(super) async fn posted(request: Request<Body>) -> Result<(Vec<u8>, Option<Expiry>), Refusal> {
    let asked = asked_expiry(request.headers())?;
    if !is_json(request.headers()) || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::BadRequest);
    }
    Ok((body(request).await?, asked))
}

/// It is kept, and where.
pub(super) fn created(location: &str, granted: Granted) -> Response {
    let text = |text: String| HeaderValue::try_from(text).expect("ids and times are ASCII");
    let mut response = StatusCode::CREATED.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, text(location.to_owned()));
    headers.insert(EXPIRY_HEADER, text(granted.until.to_string()));
    if granted.adjusted {
        headers.insert(EXPIRY_ADJUSTED_HEADER, HeaderValue::from_static("true"));
    }
    response
}

fn asked_expiry(headers: &HeaderMap) -> Result<Option<Expiry>, Refusal> {
    let mut values = headers.get_all(EXPIRY_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let expiry = value.to_str().ok().and_then(|text| Expiry::parse(text).ok());
    match (expiry, values.next()) {
        (Some(expiry), None) => Ok(Some(expiry)),
        _ => Err(Refusal::BadRequest),
    }
}

/// Any other type would let a web page of somebody else's post from a browser without asking.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let first = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = first.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && values.next().is_none()
}

/// The body, when it is not too large. One that is somewhat too large is read to its end all the same: a connection that is closed over
/// bytes that nobody read may take the answer with it.
async fn body(request: Request<Body>) -> Result<Vec<u8>, Refusal> {
    let mut body = request.into_body();
    if body.size_hint().lower() > MAX_DISCARDED {
        return Err(Refusal::TooLarge);
    }
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BadRequest)?.into_data() else { continue };
        length += data.len() as u64;
        if length > MAX_DISCARDED {
            return Err(Refusal::TooLarge);
        }
        if length <= MAX_BODY as u64 {
            kept.extend(data);
        }
    }
    if length > MAX_BODY as u64 { Err(Refusal::TooLarge) } else { Ok(kept) }
}
