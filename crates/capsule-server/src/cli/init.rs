//! `init`: a folder with everything that a server needs to run, and the list that its clients need.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use capsule_api::{ServerId, ServerList};
use capsule_server::{Config, entry};
use clap::Args;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384,
};

use super::{Failure, print};

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
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    sender_port: u16,
    /// Port of the recipient interface
    #[arg(long, value_name = "PORT", default_value_t = 8444)]
    recipient_port: u16,
    /// Port of the ticket interface, where one signature of a recipient does for several servers; without it there is none
    #[arg(long, value_name = "PORT")]
    ticket_port: Option<u16>,
    /// Port of the interface for key shares, of keys that are split over several organisations; without it there is none
    #[arg(long, value_name = "PORT")]
    shares_port: Option<u16>,
    /// Port for health and metrics, on this machine only
    #[arg(long, value_name = "PORT", default_value_t = 8445)]
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

pub(super) fn init(init: &Init) -> Result<(), Failure> {
    let listed = read_all(&init.trust_client)?;
    let authorities = read_all(&init.trust_authority)?;
    make_folder(&init.dir)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
    let certificate = certificate(&init.host, &key)?;
    write(&init.dir.join("server-key.pem"), &key.serialize_pem(), 0o600)?;
    write(&init.dir.join("server.pem"), &certificate, 0o644)?;
    write(&init.dir.join("clients.pem"), &listed, 0o644)?;
    write(&init.dir.join("authorities.pem"), &authorities, 0o644)?;
    let path = init.dir.join("kapsel-server.toml");
    write(&path, &configuration(init, !listed.is_empty(), !authorities.is_empty()), 0o644)?;
    let config = Config::read(&path)?;
    let list = entry(&config)?.to_json();
    ServerList::parse(list.as_bytes(), "server-list.json")?;
    write(&init.dir.join("server-list.json"), &list, 0o644)?;
    print(format_args!(
        "{0} is ready.\n  run it:       kapsel-server run --config {0}/kapsel-server.toml\n  for clients:  {0}/server-list.json\n",
        init.dir.display()
    ))
}

/// The contents of PEM files, each of them looked at first.
fn read_all(paths: &[PathBuf]) -> Result<String, Failure> {
    let mut all = String::new();
    for path in paths {
        let contents = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !contents.contains("-----BEGIN CERTIFICATE-----") || contents.contains("PRIVATE KEY-----") {
            return Err(format!("{}: must hold certificates in PEM, and no key", path.display()).into());
        }
        all.push_str(contents.trim_end());
        all.push('\n');
    }
    Ok(all)
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

fn configuration(init: &Init, listed: bool, authorities: bool) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let host = match init.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => init.host.clone(),
    };
    let url = |port: u16| text(&format!("https://{host}:{port}"));
    // A server that is only for this machine is seen by this machine only.
    let listen = if init.host == "localhost" { "127.0.0.1" } else { "0.0.0.0" };
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
