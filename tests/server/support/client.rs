//! A client that does what it is told: TLS by rustls, HTTP by hand.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    version::TLS13,
};

use super::Person;

/// Longest wait for anything, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A TLS connection.
pub struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    /// Connects and shakes hands. In TLS 1.3 a client is done before the server has looked at its certificate.
    pub fn open(address: SocketAddr, server: &[u8], person: Option<&Person>) -> io::Result<Self> {
        Self::over(TcpStream::connect(address)?, server, person)
    }

    pub fn over(socket: TcpStream, server: &[u8], person: Option<&Person>) -> io::Result<Self> {
        Self::with(socket, &Arc::new(tls(server, person)))
    }

    pub fn with(socket: TcpStream, config: &Arc<ClientConfig>) -> io::Result<Self> {
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self(stream))
    }
}

impl Connection {
    /// Whether the handshake went on from an earlier one.
    pub fn is_resumed(&self) -> bool {
        self.0.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Trusts the one server, and shows a certificate when there is one.
pub fn tls(server: &[u8], person: Option<&Person>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.to_vec())).expect("a certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots);
    let Some(person) = person else { return builder.with_no_client_auth() };
    let chain = std::iter::once(person.certificate.der().to_vec()).chain(person.intermediates.clone());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(person.key.serialized_der().to_vec()));
    builder.with_client_auth_cert(chain.map(CertificateDer::from).collect(), key).expect("they fit")
}

/// A connection from an address of this machine that is not the usual one.
pub fn connect_from(from: &str, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    let from: IpAddr = from.parse().expect("an address");
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Everything but the time of day.
    pub fn without_date(mut self) -> (u16, Vec<(String, String)>, Vec<u8>) {
        self.headers.retain(|(name, _)| name != "date");
        (self.status, self.headers, self.body)
    }
}

/// A request without a body.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

/// A capsule, posted as the API wants it.
pub fn post(body: &str) -> String {
    post_request("", body)
}

/// With more header lines, each with its line end.
pub fn post_request(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /key-capsules HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Sends a request and reads the answer.
pub fn exchange(stream: &mut (impl Read + Write), request: &str) -> Answer {
    try_exchange(stream, request).expect("an answer")
}

pub fn try_exchange(stream: &mut (impl Read + Write), request: &str) -> io::Result<Answer> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    read_answer(stream)
}

pub fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(Ok(0), |(_, value)| value.parse());
    let mut body = vec![0; length.map_err(io::Error::other)?];
    stream.read_exact(&mut body)?;
    Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body })
}
