//! `init`: a folder with everything that a server needs to run, and the list that its clients need.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use capsule_api::{ServerId, ServerList};
use capsule_server::{Clock, Config, NOBODY_LET_IN, SystemClock, check, doubts, entry};
use clap::{Args, builder::RangedI64ValueParser, value_parser};
use der::Decode;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384,
};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use x509_cert::Certificate;

use super::{Failure, print};

/// Everything that is written.
const FILES: [&str; 6] =
    ["server-key.pem", "server.pem", "clients.pem", "authorities.pem", "kapsel-server.toml", "server-list.json"];
/// How long the first certificate is valid.
const VALIDITY: Duration = Duration::from_secs(2 * 365 * 24 * 60 * 60);
/// Stands in the configuration.
const TICKET_WORDS: &str = "\
# Instead of client certificates, or beside them: one signature of a recipient does for several servers. The url is part of every
# nonce: all replicas have the same, and clients have it by the server list.
";
/// The same of shares.
const SHARES_WORDS: &str = "\
# Shares of keys for persons, who prove who they are by their eID. The url stands in containers: it is never changed while they live.
";
/// Begins before now: clocks of clients are not exact.
const BEFORE: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder, which must not exist yet or be empty
    dir: PathBuf,
    /// Identifier that stands in containers and server lists, for as long as containers live
    #[arg(long, value_name = "ID", value_parser = |text: &str| ServerId::parse(text))]
    id: ServerId,
    /// Who runs it; servers of one organisation have the same
    #[arg(long, value_name = "ORGANISATION")]
    organisation: String,
    /// What people see in their list of servers [default: the organisation]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Name or address under which clients reach it
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    host: String,
    /// Port of the sender interface
    #[arg(long, value_name = "PORT", default_value_t = 8443, value_parser = port())]
    sender_port: u16,
    /// Port of the recipient interface
    #[arg(long, value_name = "PORT", default_value_t = 8444, value_parser = port())]
    recipient_port: u16,
    /// Port of the ticket interface, where one signature of a recipient does for several servers; without it there is none
    #[arg(long, value_name = "PORT", value_parser = port())]
    ticket_port: Option<u16>,
    /// Port of the interface for key shares, of keys that are split over several organisations; without it there is none
    #[arg(long, value_name = "PORT", value_parser = port())]
    shares_port: Option<u16>,
    /// Port for health and metrics, on this machine only
    #[arg(long, value_name = "PORT", default_value_t = 8445, value_parser = port())]
    operations_port: u16,
    /// File of the embedded store, from the folder on
    #[arg(long, value_name = "FILE", default_value = "capsules.sqlite")]
    store: String,
    /// Client certificate (PEM) that may fetch capsules of its key; repeatable
    #[arg(long, value_name = "FILE")]
    trust_client: Vec<PathBuf>,
    /// Authority (PEM) whose client certificates may fetch capsules of their keys; repeatable
    #[arg(long, value_name = "FILE")]
    trust_authority: Vec<PathBuf>,
}

/// One that clients can be told.
fn port() -> RangedI64ValueParser<u16> {
    value_parser!(u16).range(1..)
}

pub(super) fn init(init: &Init) -> Result<(), Failure> {
    check_host(&init.host)?;
    check_ports(init)?;
    let listed = read_all(&init.trust_client)?;
    let authorities = read_all(&init.trust_authority)?;
    let made = Made::folder(&init.dir)?;
    let path = make(init, &listed, &authorities)?;
    let problems = soundness(&Config::read(&path)?, init)?;
    if !problems.is_empty() {
        return Err(format!("{}: not made\n{}", init.dir.display(), problems.join("\n")).into());
    }
    made.stays();
    let dir = init.dir.display();
    let run = format!("kapsel-server run --config {dir}/kapsel-server.toml\n  for clients:  {dir}/server-list.json\n");
    if listed.is_empty() && authorities.is_empty() {
        return print(format_args!(
            "{dir} is made, and nobody can fetch a capsule from it yet: it does not run like this.\n  \
             add first:    certificates of clients or of their authorities (PEM), named in {dir}/kapsel-server.toml by\n                \
             clients.listed or clients.authorities; or make it anew with --trust-authority or --trust-client\n  \
             then run it:  {run}"
        ));
    }
    print(format_args!("{dir} is ready.\n  run it:       {run}"))
}

/// What `check-config` would say, but that nobody is let in: that can be added.
fn soundness(config: &Config, init: &Init) -> Result<Vec<String>, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let nobody = init.trust_client.is_empty() && init.trust_authority.is_empty();
    let problems = check(config, &clock).into_iter().filter(|problem| !nobody || problem.message != NOBODY_LET_IN);
    let doubts = doubts(config, &clock);
    Ok(problems.chain(doubts).map(|problem| problem.message).collect())
}

/// Everything in the folder; gives the configuration.
fn make(init: &Init, listed: &str, authorities: &str) -> Result<PathBuf, Failure> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
    let certificate = certificate(&init.host, &key)?;
    write(&init.dir.join("server-key.pem"), &key.serialize_pem(), 0o600)?;
    write(&init.dir.join("server.pem"), &certificate, 0o644)?;
    write(&init.dir.join("clients.pem"), listed, 0o644)?;
    write(&init.dir.join("authorities.pem"), authorities, 0o644)?;
    let path = init.dir.join("kapsel-server.toml");
    write(&path, &configuration(init, !listed.is_empty(), !authorities.is_empty()), 0o644)?;
    let config = Config::read(&path)?;
    let list = entry(&config)?.to_json();
    ServerList::parse(list.as_bytes(), "server-list.json")?;
    write(&init.dir.join("server-list.json"), &list, 0o644)?;
    Ok(path)
}

/// Every interface has a port of its own.
fn check_ports(init: &Init) -> Result<(), Failure> {
    let ports = [
        ("--sender-port", Some(init.sender_port)),
        ("--recipient-port", Some(init.recipient_port)),
        ("--operations-port", Some(init.operations_port)),
        ("--ticket-port", init.ticket_port),
        ("--shares-port", init.shares_port),
    ];
    let mut taken: Vec<(&str, u16)> = Vec::new();
    for (option, port) in ports.into_iter().filter_map(|(option, port)| Some((option, port?))) {
        if let Some((other, _)) = taken.iter().find(|(_, other)| *other == port) {
            return Err(format!("{option} and {other} are both {port}; give each interface a port of its own").into());
        }
        taken.push((option, port));
    }
    Ok(())
}

/// A name, or an address that clients can reach.
fn check_host(host: &str) -> Result<(), Failure> {
    let unspecified = host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
    match ServerName::try_from(host) {
        Ok(_) if !unspecified => Ok(()),
        _ => Err(format!("--host {host}: must be a name or an address under which clients reach the server").into()),
    }
}

/// The contents of PEM files, each of them looked at first.
fn read_all(paths: &[PathBuf]) -> Result<String, Failure> {
    let mut all = String::new();
    for path in paths {
        let contents = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !contents.contains("-----BEGIN CERTIFICATE-----") || contents.contains("PRIVATE KEY-----") {
            return Err(format!("{}: must hold certificates in PEM, and no key", path.display()).into());
        }
        check_certificates(&contents).map_err(|reason| format!("{}: {reason}", path.display()))?;
        all.push_str(contents.trim_end());
        all.push('\n');
    }
    Ok(all)
}

fn check_certificates(contents: &str) -> Result<(), String> {
    for der in CertificateDer::pem_slice_iter(contents.as_bytes()) {
        let certificate = der.ok().and_then(|der| Certificate::from_der(&der).ok());
        let certificate = certificate.ok_or("a certificate in it cannot be read")?;
        let end = certificate.tbs_certificate().validity().not_after.to_system_time();
        if end < std::time::SystemTime::now() {
            return Err("a certificate in it has expired".to_owned());
        }
    }
    Ok(())
}

/// What was made, and goes again unless it is whole.
struct Made {
    dir: PathBuf,
    /// Folders that were not there, the innermost first.
    folders: Vec<PathBuf>,
    whole: bool,
}

impl Made {
    fn folder(dir: &Path) -> Result<Self, Failure> {
        let folders = dir.ancestors().filter(|folder| !folder.as_os_str().is_empty());
        let folders = folders.take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        let made = Self { dir: dir.to_owned(), folders, whole: false };
        match make_folder(dir) {
            Ok(()) => Ok(made),
            Err(failure) => {
                // What is there is somebody else's.
                made.remove_folders();
                made.stays();
                Err(failure)
            }
        }
    }

    fn stays(mut self) {
        self.whole = true;
    }

    fn remove_folders(&self) {
        for folder in &self.folders {
            // One with something else in it stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.whole {
            return;
        }
        for name in FILES {
            let _ = fs::remove_file(self.dir.join(name));
        }
        self.remove_folders();
    }
}

fn make_folder(dir: &Path) -> Result<(), Failure> {
    let failed = |error| format!("{}: {error}", dir.display());
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{}: is not empty, and nothing in it is touched", dir.display()).into());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    Ok(builder.create(dir).map_err(failed)?)
}

fn write(path: &Path, contents: &str, mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(contents.as_bytes())?;
        file.sync_all()
    };
    Ok(write().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?)
}

/// Self-signed: clients know it by the list, and ask no authority.
fn certificate(host: &str, key: &KeyPair) -> Result<String, Failure> {
    let mut names = vec![host.to_owned()];
    if host == "localhost" {
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    }
    let mut params = CertificateParams::new(names)?;
    let now = std::time::SystemTime::now();
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + VALIDITY).into();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, host);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params.self_signed(key)?.pem())
}

/// A server that is only for this machine is seen by this machine only; an address is listened to in its own family.
fn listen(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) if address.is_loopback() => format!("[{address}]"),
        Ok(IpAddr::V6(_)) => "[::]".to_owned(),
        Ok(IpAddr::V4(address)) if address.is_loopback() => address.to_string(),
        _ if host.eq_ignore_ascii_case("localhost") => "127.0.0.1".to_owned(),
        _ => "0.0.0.0".to_owned(),
    }
}

fn configuration(init: &Init, listed: bool, authorities: bool) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let host = match init.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => init.host.clone(),
    };
    let url = |port: u16| text(&format!("https://{host}:{port}"));
    let listen = listen(&init.host);
    let ticket_interface = match init.ticket_port {
        Some(port) => format!("[ticket]\n{TICKET_WORDS}listen = \"{listen}:{port}\"\nurl = {}", url(port)),
        None => format!("# [ticket]\n{TICKET_WORDS}# listen = \"{listen}:8446\"\n# url = {}", url(8446)),
    };
    let shares_interface = match init.shares_port {
        Some(port) => format!("[shares]\n{SHARES_WORDS}listen = \"{listen}:{port}\"\nurl = {}", url(port)),
        None => format!("# [shares]\n{SHARES_WORDS}# listen = \"{listen}:8447\"\n# url = {}", url(8447)),
    };
    let file = |is_there: bool, name: &str| if is_there { format!("[\"{name}\"]") } else { "[]".to_owned() };
    format!(
        r#"# Settings of a capsule server. Paths are relative to this file. `kapsel-server check-config --config FILE` tells mistakes.

[server]
# Stands in containers: never changed while containers live.
id = {id}
organisation = {organisation}
# What people see in their list of servers.
name = {name}

[sender]
listen = "{listen}:{sender_port}"
url = {sender_url}

# With client certificates. May be left out when there is [ticket].
[recipient]
listen = "{listen}:{recipient_port}"
url = {recipient_url}

{ticket_interface}

{shares_interface}

[operations]
# Health and metrics, without TLS.
listen = "127.0.0.1:{operations_port}"

[tls]
certificate = "server.pem"
key = "server-key.pem"

[clients]
# PEM. Certificates of these authorities, and these certificates themselves, may fetch the capsules of their keys.
authorities = {authorities}
listed = {listed}
# Whether certificates of authorities are revoked: without an answer, nobody is let through (`required`), or everybody (`soft`); or
# nobody is asked (`off`). Listed certificates are not asked about.
ocsp = "required"

[store]
sqlite = {store}
# For several replicas, instead: the host that takes writes is found. See the operator's guide.
# postgresql = "host=db1,db2 user=kapsel dbname=kapsel"
# postgresql-password-file = "postgresql-password"
# postgresql-authorities = "postgresql-authorities.pem"
# Capsules are sealed with the first key of this file: an identifier, a space, and 32 bytes in base64 on each line.
# sealing-keys-file = "sealing-keys"

[expiry]
# For a capsule that asks for no time, and for any capsule.
default = "1095d"
maximum = "1825d"

[log]
format = "text"
level = "info"
"#,
        id = text(init.id.as_str()),
        organisation = text(&init.organisation),
        name = text(init.name.as_deref().unwrap_or(&init.organisation)),
        sender_port = init.sender_port,
        sender_url = url(init.sender_port),
        recipient_port = init.recipient_port,
        recipient_url = url(init.recipient_port),
        store = text(&init.store),
        operations_port = init.operations_port,
        authorities = file(authorities, "authorities.pem"),
        listed = file(listed, "clients.pem"),
    )
}
