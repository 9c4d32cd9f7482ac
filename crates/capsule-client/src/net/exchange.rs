//! HTTP/1.1 with bounds on everything that the other side sends.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::RETRY_AFTER,
};
use hyper_util::rt::TokioIo;

use super::dial::{Secured, cause_of};
use crate::error::Cause;

/// Most bytes of an answer's head.
const MAX_HEAD: usize = 16 << 10;
/// Most header lines of an answer.
const MAX_HEADERS: usize = 64;

type Sender = http1::SendRequest<Full<Bytes>>;
type Driver = http1::Connection<TokioIo<Secured>, Full<Bytes>>;

/// Begins HTTP on a connection.
pub(super) async fn begin(stream: Secured) -> Result<(Sender, Driver), Cause> {
    http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| cause_of(&error))
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Reads the body, of at most `most` bytes.
pub(super) async fn answer(response: Response<Incoming>, most: usize) -> Result<Answer, Cause> {
    let (head, body) = response.into_parts();
    let body =
        Limited::new(body, most).collect().await.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => Cause::Misbehaved("its answer is too long"),
            Err(error) => cause_of(error.as_ref()),
        })?;
    Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
}

impl Answer {
    /// A header that may stand once, as text.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Cause> {
        let mut values = self.headers.get_all(name).into_iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| Cause::Misbehaved("a header is no text")),
            (Some(_), Some(_)) => Err(Cause::Misbehaved("a header stands twice")),
        }
    }

    /// What an answer means that is not the one hoped for.
    pub(crate) fn failure(&self) -> Cause {
        match self.status.as_u16() {
            status @ (429 | 503) => Cause::Busy { status, shown_certificate: false, retry_after: self.retry_after() },
            300..400 => Cause::Misbehaved("it leads to another address, which is not followed"),
            status @ 400.. => Cause::Status(status),
            _ => Cause::Misbehaved("its answer is another than was asked for"),
        }
    }

    /// The same when a certificate was shown.
    pub(crate) fn failure_for_certificate(&self) -> Cause {
        match self.failure() {
            Cause::Busy { status, retry_after, .. } => Cause::Busy { status, shown_certificate: true, retry_after },
            cause => cause,
        }
    }

    /// Seconds, as servers of capsules write it; a date is not looked at.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}
