//! The heads of requests as they came. hyper drops a length that stands beside chunks before anybody sees it, and whoever is before the server may
//! have gone by that length: RFC 9112, 6.3 lets a server refuse such a request.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What of a connection's bytes belongs to heads that nobody has asked for yet.
#[derive(Clone, Default)]
pub(crate) struct Heads(Arc<Mutex<Unread>>);

#[derive(Default)]
struct Unread {
    /// From the beginning of a head on; hyper reads no more ahead than its buffer holds.
    bytes: Vec<u8>,
    /// How much of a body comes before that.
    body: u64,
    /// Where the next head begins is not known: chunks came before it.
    is_lost: bool,
}

/// A connection whose heads are kept.
pub(crate) struct Watched<S> {
    stream: S,
    heads: Heads,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, heads: Heads) -> Self {
        Self { stream, heads }
    }
}

impl Heads {
    fn unread(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the head of the next request, with a body of this length or in chunks (`None`), has both chunks and a length. To be asked once for
    /// each, in their order; after chunks the connection must end.
    pub(crate) fn next_is_ambiguous(&self, length: Option<u64>) -> bool {
        self.unread().next_is_ambiguous(length)
    }
}

impl Unread {
    fn take(&mut self, bytes: &[u8]) {
        if self.is_lost {
            return;
        }
        let body = usize::try_from(self.body).unwrap_or(usize::MAX).min(bytes.len());
        self.body -= body as u64;
        self.bytes.extend_from_slice(&bytes[body..]);
    }

    fn next_is_ambiguous(&mut self, length: Option<u64>) -> bool {
        let head = if self.is_lost { None } else { self.head() };
        match (head, length) {
            (Some(head), Some(length)) => {
                self.bytes.drain(..head);
                let body = usize::try_from(length).unwrap_or(usize::MAX).min(self.bytes.len());
                self.bytes.drain(..body);
                self.body = length - body as u64;
                false
            }
            (head, length) => {
                // What was read otherwise than hyper did is not vouched for.
                let has_length = head.is_none_or(|head| self.bytes[..head].split(|byte| *byte == b'\n').any(is_length));
                *self = Self { is_lost: true, ..Self::default() };
                length.is_none() && has_length
            }
        }
    }

    /// How long the head is: to the first empty line that does not stand before it.
    fn head(&self) -> Option<usize> {
        let (mut end, mut has_begun) = (0, false);
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            match line {
                b"\n" | b"\r\n" if has_begun => return Some(end),
                b"\n" | b"\r\n" => {}
                _ => has_begun = true,
            }
        }
        None
    }
}

fn is_length(line: &[u8]) -> bool {
    let name = line.iter().position(|byte| *byte == b':').map(|colon| &line[..colon]);
    name.is_some_and(|name| name.trim_ascii().eq_ignore_ascii_case(b"content-length"))
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        this.heads.unread().take(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
