//! Proxies on the way to a server.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use capsule_client::{Cause, Client, Error, Proxy, ProxyCredentials, ProxyProblem, Settings, Upload};
use cdoc2::{Delivery, Zeroizing};

use crate::support::{Authority, Double, Entry, Person, Shown, created, header, new_id, servers, settings};

/// A proxy that answers a `CONNECT` with `line`, and carries what follows a `200`.
fn proxy(line: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            thread::spawn(move || carry(stream, line, &seen));
        }
    });
    (port, requests)
}

fn carry(mut stream: TcpStream, line: &str, seen: &Mutex<Vec<String>>) {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
    }
    seen.lock().expect("no test panicked").push(request.clone());
    let _ = stream.write_all(format!("{line}\r\n\r\n").as_bytes());
    if !line.contains("200") {
        return;
    }
    let target = request.split_whitespace().nth(1).expect("a target");
    let Ok(mut server) = TcpStream::connect(target) else { return };
    let (mut back, mut there) = (server.try_clone().expect("a socket"), stream.try_clone().expect("a socket"));
    thread::spawn(move || std::io::copy(&mut back, &mut there));
    let mut rest = reader.buffer().to_vec();
    let _ = server.write_all(&rest);
    rest.clear();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        if server.write_all(&piece[..length]).is_err() {
            return;
        }
    }
}

fn posted(proxy: Proxy) -> (Result<(), Error>, Double) {
    let shown = Shown::new();
    let double = Double::start(shown.for_senders(), |_| created(&new_id(), ""));
    let settings = Settings { proxy, ..settings() };
    let client = Client::new(servers(&[Entry::new("a", double.port, &shown)]), settings);
    let person = Person::new("P-384", &Authority::new("People"));
    let result = Upload::new(client).deliver_capsules(&[person.capsule("a")]);
    (result.map(drop).map_err(|error| *error.downcast().expect("an error of this crate")), double)
}

fn given(url: &str, credentials: Option<ProxyCredentials>) -> Proxy {
    Proxy::Given { url: url.parse().expect("a URL"), credentials }
}

#[test]
fn a_proxy_carries_the_connection_and_learns_host_and_port() {
    let (port, requests) = proxy("HTTP/1.1 200 OK");
    let credentials = ProxyCredentials { user: "mari".to_owned(), password: Zeroizing::new("salasõna".to_owned()) };
    let (result, double) = posted(given(&format!("http://127.0.0.1:{port}"), Some(credentials)));
    result.expect("delivered");
    assert_eq!(double.requests().len(), 1);
    let requests = requests.lock().expect("no test panicked");
    assert!(requests[0].starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", double.port)), "{requests:?}");
    assert_eq!(header(&requests[0], "proxy-authorization"), Some("Basic bWFyaTpzYWxhc8O1bmE="));
    assert_eq!(header(&double.requests()[0], "proxy-authorization"), None);
}

#[test]
fn each_way_of_a_proxy_to_refuse_is_its_own() {
    let problem = |url: &str| {
        let (result, double) = posted(given(url, None));
        assert_eq!(double.connections(), 0, "never past the proxy");
        match result.expect_err("refused") {
            Error::Server { cause: Cause::Proxy { problem, .. }, .. } => problem,
            other => panic!("{other:?}"),
        }
    };
    let answering = |line| problem(&format!("http://127.0.0.1:{}", proxy(line).0));
    assert_eq!(answering("HTTP/1.1 407 Proxy Authentication Required"), ProxyProblem::Credentials);
    assert_eq!(answering("HTTP/1.1 403 Forbidden"), ProxyProblem::Refused(403));
    assert_eq!(answering("HTTP/1.1 302 Found"), ProxyProblem::Refused(302));
    assert_eq!(answering("hello"), ProxyProblem::Misbehaved);
    assert_eq!(problem("https://127.0.0.1:1"), ProxyProblem::Unsupported);
    assert_eq!(problem("socks5://127.0.0.1:1"), ProxyProblem::Unsupported);
    let unused = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    assert!(matches!(problem(&format!("http://127.0.0.1:{unused}")), ProxyProblem::Unreachable(_)));
}

#[test]
fn a_proxy_that_looks_inside_is_not_believed() {
    let impostor = Shown::new();
    let inspecting = Double::start(impostor.for_senders(), |_| created(&new_id(), ""));
    let shown = Shown::new();
    // The connection ends at the proxy's own server, whatever was asked for.
    let client = Client::new(servers(&[Entry::new("a", inspecting.port, &shown)]), settings());
    let person = Person::new("P-384", &Authority::new("People"));
    let error = Upload::new(client).deliver_capsules(&[person.capsule("a")]).expect_err("an impostor");
    assert!(error.to_string().contains("not the listed one"), "{error}");
    assert!(inspecting.requests().is_empty());
}
