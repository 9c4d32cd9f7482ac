//! Proxies on the way: they carry the TLS connection and see host and port, nothing more.

use base64ct::{Base64, Encoding};
use cdoc2::Zeroizing;
use http_body_util::Empty;
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Bytes,
    client::conn::http1,
    header::{HOST, HeaderValue, PROXY_AUTHORIZATION},
};
use hyper_util::{client::proxy::matcher::Matcher, rt::TokioIo};
use url::Url;

use super::dial::{Stream, reach};
use crate::error::{Cause, ProxyProblem};

/// How to leave the network.
#[derive(Clone, Debug, Default)]
pub enum Proxy {
    /// As the system says: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; on Windows and macOS the settings, too.
    #[default]
    System,
    /// Always by this one, `http://host:port`.
    Given {
        /// Its address.
        url: Url,
        /// Who the person is for it.
        credentials: Option<ProxyCredentials>,
    },
    /// Directly.
    None,
}

/// A name and password for a proxy; never printed.
#[derive(Clone)]
pub struct ProxyCredentials {
    /// The name.
    pub user: String,
    /// The password, wiped when dropped.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyCredentials")
    }
}

impl ProxyCredentials {
    fn header(&self) -> Option<HeaderValue> {
        let pair = Zeroizing::new(format!("{}:{}", self.user, *self.password));
        let encoded = Zeroizing::new(Base64::encode_string(pair.as_bytes()));
        let mut value = HeaderValue::from_str(&Zeroizing::new(format!("Basic {}", *encoded))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The proxy for one address.
#[derive(Clone, Debug)]
pub(crate) struct ProxyRoute {
    scheme: String,
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// This one always; `None` unless it is `http://host:port` and nothing more.
    pub fn given(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let plain = bare && url.fragment().is_none() && url.path() == "/";
        (plain && url.scheme() == "http" && url.has_host()).then_some(Self::Given { url, credentials: None })
    }

    /// Through which proxy `url` is reached; `None` for none.
    pub(crate) fn route(&self, url: &Url) -> Option<ProxyRoute> {
        match self {
            Self::None => None,
            Self::Given { url, credentials } => Some(ProxyRoute {
                scheme: url.scheme().to_owned(),
                host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
                port: url.port_or_known_default().unwrap_or(80),
                authorization: credentials.as_ref().and_then(ProxyCredentials::header),
            }),
            Self::System => {
                let found = Matcher::from_system().intercept(&url.as_str().parse::<Uri>().ok()?)?;
                let uri = found.uri();
                Some(ProxyRoute {
                    scheme: uri.scheme_str().unwrap_or("http").to_owned(),
                    host: uri.host()?.trim_matches(['[', ']']).to_owned(),
                    port: uri.port_u16().unwrap_or(80),
                    authorization: found.basic_auth().cloned(),
                })
            }
        }
    }
}

/// A connection to `authority` through the proxy (RFC 9110, 9.3.6).
pub(super) async fn through(proxy: &ProxyRoute, authority: &str) -> Result<Box<dyn Stream>, Cause> {
    let failed = |problem| Cause::Proxy { proxy: format!("{}:{}", proxy.host, proxy.port), problem };
    if proxy.scheme != "http" || proxy.host.is_empty() {
        return Err(failed(ProxyProblem::Unsupported));
    }
    let stream = reach(&proxy.host, proxy.port).await;
    let stream = stream.map_err(|cause| failed(ProxyProblem::Unreachable(cause.to_string())))?;
    let misbehaved = |_| failed(ProxyProblem::Misbehaved);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(16 << 10)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(misbehaved)?;
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = authority.parse().map_err(|_| failed(ProxyProblem::Unsupported))?;
    let host = HeaderValue::from_str(authority).map_err(|_| failed(ProxyProblem::Unsupported))?;
    request.headers_mut().insert(HOST, host);
    if let Some(authorization) = &proxy.authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    let response = sender.send_request(request).await.map_err(misbehaved)?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => return Err(failed(ProxyProblem::Credentials)),
        status => return Err(failed(ProxyProblem::Refused(status.as_u16()))),
    }
    let tunnel = hyper::upgrade::on(response).await.map_err(misbehaved)?;
    Ok(Box::new(TokioIo::new(tunnel)))
}
