//! Whether a request is one that everybody reads alike (RFC 9112), whoever stands before the server: where it ends, and what it asks.

use axum::http::{HeaderValue, Request, Version, header, uri::Authority};

use super::Refusal;
use crate::net::Interface;

/// # Errors
/// [`Refusal::Ambiguous`], [`Refusal::NotImplemented`].
pub(super) fn check<B>(request: &Request<B>, interface: Interface) -> Result<(), Refusal> {
    names_its_host(request)?;
    asks_here(request, interface)?;
    is_coded_plainly(request)
}

/// Whose host it is stays unused: what a server is called comes from its configuration.
fn names_its_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, None) if request.version() == Version::HTTP_10 => Ok(()),
        _ => Err(Refusal::Ambiguous),
    }
}

fn is_host(value: &HeaderValue) -> bool {
    // An authority may name a user, a host not; its port is looked at when it is asked for.
    let is_bare = |host: &Authority| host.host() == host.as_str() || host.port_u16().is_some();
    value.to_str().is_ok_and(|text| !text.contains('@') && text.parse().is_ok_and(|host| is_bare(&host)))
}

/// A path, as clients send it, or a whole URL, as to proxies; that has the scheme of the interface.
fn asks_here<B>(request: &Request<B>, interface: Interface) -> Result<(), Refusal> {
    let scheme = if interface == Interface::Operations { "http" } else { "https" };
    let is_here = request.uri().scheme_str().is_none_or(|asked| asked == scheme);
    if is_here { Ok(()) } else { Err(Refusal::Ambiguous) }
}

/// One that is coded otherwise would be taken for what it is not. Of a length beside `chunked`, hyper leaves nothing to be seen; it
/// ignores the length, and closes the connection after the answer.
fn is_coded_plainly<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::NotImplemented),
    }
}
