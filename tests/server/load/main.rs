//! Load for a capsule server: uploads and downloads, on kept connections or with a handshake each; prints what was reached.
//!
//! `load post|get|get-fresh|ticket|idle DIR CERTIFICATE KEY CONNECTIONS SECONDS [RATE]`: DIR is a folder of `kapsel-server init`, the certificate is
//! one that its server lists (in `pid` of it is the server's process, whose time is printed beside this one's), RATE is in requests a second over all connections (without it: as fast as it goes). `get`, `get-fresh` and
//! `ticket` first post a thousand capsules; `ticket` gets a nonce and a capsule for it, over a new connection.

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ::aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair},
};
use base64ct::{Base64, Encoding};
use capsule_api::{Authentication, JwsAlgorithm, Nonce, ServerList, TransactionId, certificate_key};
use cdoc2::PublicKey;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::TLS13,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, sleep_until},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Signs tickets.
struct Signer {
    key: EcdsaKeyPair,
    public: PublicKey,
    certificate: Vec<u8>,
}

/// Where and as whom.
#[derive(Clone)]
struct Target {
    sender: SocketAddr,
    recipient: SocketAddr,
    ticket: Option<SocketAddr>,
    signer: Arc<Signer>,
    plain: Arc<ClientConfig>,
    mutual: Arc<ClientConfig>,
    body: Arc<str>,
}

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [mode, dir, certificate, key, connections, seconds, rate @ ..] = &arguments[..] else {
        return Err("usage: load post|get|get-fresh|ticket|idle DIR CERTIFICATE KEY CONNECTIONS SECONDS [RATE]".into());
    };
    let target = target(Path::new(dir), Path::new(certificate), Path::new(key))?;
    let (connections, seconds): (usize, f64) = (connections.parse()?, seconds.parse()?);
    let rate = rate.first().map(|rate| rate.parse::<f64>()).transpose()?;
    // One core for the load: the server has the other.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = std::fs::read_to_string(Path::new(dir).join("pid"))?;
    let processes = [server.trim(), "self"];
    runtime.block_on(run(mode, &target, connections, Duration::from_secs_f64(seconds), rate, processes))
}

/// Processor time of a process until now, in milliseconds.
fn processor_time(process: &str) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind its name, which may hold anything; in ticks of 10 ms.
    let fields = stat.rsplit_once(')').ok_or("a name")?.1.split_whitespace().skip(11).take(2);
    Ok(10.0 * fields.map(str::parse::<f64>).sum::<Result<f64, _>>()?)
}

fn target(dir: &Path, certificate: &Path, key: &Path) -> Outcome<Target> {
    let list = ServerList::parse(&std::fs::read(dir.join("server-list.json"))?, "server-list.json")?;
    let server = &list.servers[0];
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.pins[0].der().to_vec()))?;
    let builder = || -> Outcome<_> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        Ok(builder.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots.clone()))
    };
    let certificate = CertificateDer::from_pem_file(certificate)?;
    let parsed = <x509_cert::Certificate as der::Decode>::from_der(&certificate)?;
    let point = parsed.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    let (recipient_id, material) = (Base64::encode_string(point), Base64::encode_string(point));
    let body = format!(
        r#"{{"recipient_id":"{recipient_id}","ephemeral_key_material":"{material}","capsule_type":"ecc_secp384r1"}}"#
    );
    let private = PrivateKeyDer::from_pem_file(key)?;
    let signer = Signer {
        key: EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, private.secret_der())?,
        public: certificate_key(&certificate).ok_or("a certificate with a key")?,
        certificate: certificate.to_vec(),
    };
    let mut mutual = builder()?.with_client_auth_cert(vec![certificate], private)?;
    mutual.resumption = rustls::client::Resumption::disabled();
    let address = |url: &url::Url| SocketAddr::from(([127, 0, 0, 1], url.port().unwrap_or(443)));
    Ok(Target {
        sender: address(&server.sender_url),
        recipient: address(server.recipient_url.as_ref().ok_or("no recipient URL")?),
        ticket: server.ticket_url.as_ref().map(address),
        signer: Arc::new(signer),
        plain: Arc::new(builder()?.with_no_client_auth()),
        mutual: Arc::new(mutual),
        body: body.into(),
    })
}

async fn run(
    mode: &str,
    target: &Target,
    connections: usize,
    time: Duration,
    rate: Option<f64>,
    processes: [&str; 2],
) -> Outcome<()> {
    let paths: Arc<[String]> = match mode {
        "get" | "get-fresh" | "ticket" => some_capsules(target, 1000).await?.into(),
        "post" | "idle" => Arc::new([]),
        _ => return Err("no such mode".into()),
    };
    let spent = || Outcome::Ok([processor_time(processes[0])?, processor_time(processes[1])?]);
    let (begun, spent_before) = (Instant::now(), spent()?);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..connections {
        let worker = Worker { mode: mode.to_owned(), target: target.clone(), paths: Arc::clone(&paths), number };
        let every = rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
        tasks.spawn(worker.work(begun + time, every));
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let [server_ms, load_ms] = spent()?;
    let [of_server, of_load] =
        [server_ms - spent_before[0], load_ms - spent_before[1]].map(|ms| ms / times.len().max(1) as f64);
    times.sort_unstable();
    let at = |part: f64| times.get(((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1)));
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!(
        "{mode} connections={connections} requests={} per_second={:.0} p50_ms={:.2} p99_ms={:.2} max_ms={:.2} \
         processor_ms: server={of_server:.3} load={of_load:.3}",
        times.len(),
        times.len() as f64 / begun.elapsed().as_secs_f64(),
        ms(at(0.5)),
        ms(at(0.99)),
        ms(times.last()),
    );
    Ok(())
}

async fn some_capsules(target: &Target, count: usize) -> Outcome<Vec<String>> {
    let mut stream = connect(target.sender, &target.plain).await?;
    let mut paths = Vec::with_capacity(count);
    for _ in 0..count {
        let (head, _) = exchange(&mut stream, &post(&target.body), 201).await?;
        let location = head.lines().find_map(|line| line.strip_prefix("location: ")).ok_or("no location")?;
        paths.push(location.to_owned());
    }
    Ok(paths)
}

struct Worker {
    mode: String,
    target: Target,
    paths: Arc<[String]>,
    number: usize,
}

impl Worker {
    /// Asks until `end`; gives how long each answer took. At a rate, time is counted from when a request was due.
    async fn work(self, end: Instant, every: Option<Duration>) -> Outcome<Vec<Duration>> {
        let mut times = Vec::new();
        let mut kept = match &self.mode[..] {
            "post" | "idle" => Some(connect(self.target.sender, &self.target.plain).await?),
            "get" => Some(connect(self.target.recipient, &self.target.mutual).await?),
            _ => None,
        };
        if self.mode == "idle" {
            sleep(end.saturating_duration_since(Instant::now())).await;
            return Ok(times);
        }
        let mut due = Instant::now();
        if let Some(every) = every {
            due += every.mul_f64((self.number as f64 * 0.618).fract());
        }
        while due.max(Instant::now()) < end {
            if every.is_some() {
                sleep_until(due.into()).await;
            }
            let begun = if every.is_some() { due } else { Instant::now() };
            self.once(&mut kept, times.len()).await?;
            times.push(begun.elapsed());
            due += every.unwrap_or_default();
        }
        Ok(times)
    }

    async fn once(&self, kept: &mut Option<TlsStream<TcpStream>>, number: usize) -> Outcome<()> {
        if self.mode == "post" {
            let stream = kept.as_mut().ok_or("connected")?;
            return exchange(stream, &post(&self.target.body), 201).await.map(drop);
        }
        let path = &self.paths[(self.number * 7919 + number) % self.paths.len()];
        if self.mode == "ticket" {
            return self.by_ticket(path).await;
        }
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        match kept {
            Some(stream) => exchange(stream, &request, 200).await.map(drop),
            None => {
                let mut stream = connect(self.target.recipient, &self.target.mutual).await?;
                exchange(&mut stream, &request, 200).await.map(drop)
            }
        }
    }
}

impl Worker {
    /// A nonce, a signature over it, and the capsule, over a new connection.
    async fn by_ticket(&self, path: &str) -> Outcome<()> {
        let address = self.target.ticket.ok_or("the server takes no tickets")?;
        let mut stream = connect(address, &self.target.plain).await?;
        let request = format!("POST {path}/nonce HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
        let (_, body) = exchange(&mut stream, &request, 200).await?;
        let (id, nonce) = (TransactionId::from_location(path)?, Nonce::from_json(&body)?);
        let Signer { key, public, certificate } = &*self.target.signer;
        let authentication = Authentication::new([(id.clone(), nonce.masked())])?;
        let input = authentication.signing_input(JwsAlgorithm::of(public));
        let signature = key.sign(&SystemRandom::new(), input.as_bytes())?;
        let signed = authentication.signed(public, certificate, signature.as_ref())?;
        let ticket = signed.ticket(&id, &nonce)?.ok_or("it is covered")?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-cdoc2-auth-ticket: {ticket}\r\n\r\n");
        exchange(&mut stream, &request, 200).await.map(drop)
    }
}

async fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> Outcome<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(TlsConnector::from(Arc::clone(config)).connect(ServerName::try_from("localhost")?, socket).await?)
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /key-capsules HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Gives head and body of the answer.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str, expected: u16) -> Outcome<(String, Vec<u8>)> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut received = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            return Err("closed".into());
        }
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(received[..end].to_vec())?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if received.len() < end + 4 + length.map_or(Ok(0), str::parse)? {
            continue;
        }
        if head.split(' ').nth(1) != Some(&expected.to_string()) {
            return Err(head.into());
        }
        return Ok((head, received.split_off(end + 4)));
    }
}
