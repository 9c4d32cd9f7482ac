//! Whether what a configuration names can be used, and the entry that clients need of it.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

use capsule_api::{CapsuleType, Edition, Expiry, Pin, Server, ServerList};
use der::Decode;
use rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName},
    server::ParsedCertificate,
};
use url::Url;
use x509_cert::{Certificate, ext::pkix::BasicConstraints};

use crate::{
    Clock, Config, FileError, Postgres, Problem, StoreConfig,
    clock::unix,
    config::Endpoint,
    store::{SealingKeys, SqliteStore, postgres_settings},
    tls::{Files, Tls, certificates, private_key},
};

/// Said of a configuration without any client certificate.
pub const NOBODY_LET_IN: &str = "neither `clients.authorities` nor `clients.listed` lets anybody fetch a capsule";

/// Every mistake that is seen when the files of a configuration are looked at, by line. Nothing is changed.
pub fn check(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unusable = |error: FileError| {
        problems.push(config.problem(setting_of(config, &error.path), error.to_string()));
    };
    let clients = config.clients.authorities.iter().chain(&config.clients.listed);
    let files = clients.chain([&config.tls.certificate]).map(|path| certificates(path).map(drop));
    let wrong: Vec<_> = files.chain([private_key(&config.tls.key).map(drop)]).filter_map(Result::err).collect();
    if wrong.is_empty() {
        let files = Files { server: config.tls.clone(), clients: config.clients.clone() };
        if let Err(error) = Tls::load(files, Arc::clone(clock)) {
            unusable(error);
        }
    }
    wrong.into_iter().for_each(unusable);
    if let Ok(chain) = certificates(&config.tls.certificate) {
        problems.extend(check_certificate(config, &chain[0], clock));
    }
    check_settings(config, clock, &mut problems);
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// What a server runs with, and whoever set it up hardly means: authorities that are none, or have expired.
pub fn doubts(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    let now = unix(clock.now());
    let mut doubts = Vec::new();
    for path in &config.clients.authorities {
        for certificate in certificates(path).unwrap_or_default() {
            let Ok(certificate) = Certificate::from_der(&certificate) else { continue };
            let contents = certificate.tbs_certificate();
            let constraints = contents.get_extension::<BasicConstraints>().ok().flatten();
            if !constraints.is_some_and(|(_, constraints)| constraints.ca) {
                let message = format!("{}: a certificate in it is none of an authority", path.display());
                doubts.push(config.problem("clients.authorities", message));
            }
            if contents.validity().not_after.to_unix_duration().as_secs().try_into().is_ok_and(|end: i64| end < now) {
                let message = format!("{}: an authority in it has expired", path.display());
                doubts.push(config.problem("clients.authorities", message));
            }
        }
    }
    doubts
}

fn setting_of(config: &Config, path: &Path) -> &'static str {
    match path {
        path if path == config.tls.certificate => "tls.certificate",
        path if path == config.tls.key => "tls.key",
        path if config.clients.listed.iter().any(|file| file == path) => "clients.listed",
        _ => "clients.authorities",
    }
}

/// What keeps a server from starting with this certificate and its key's file, and from putting them in use later.
pub(crate) fn check_certificate(config: &Config, leaf: &CertificateDer<'_>, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_own_only(config, "tls.key", &config.tls.key, &mut problems);
    let Ok(pin) = Pin::from_der(leaf) else { return problems };
    let now = clock.now();
    if now < pin.not_before() || now > pin.not_after() {
        let message = format!("{}: the certificate is not valid now", config.tls.certificate.display());
        problems.push(config.problem("tls.certificate", message));
    }
    let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return problems };
    let optional =
        [("recipient.url", &config.recipient), ("ticket.url", &config.ticket), ("shares.url", &config.shares)];
    let optional = optional.into_iter().filter_map(|(setting, endpoint)| Some((setting, endpoint.as_ref()?)));
    for (setting, Endpoint { url, .. }) in optional.chain([("sender.url", &config.sender)]) {
        let covered = server_name(url).is_some_and(|name| verify_server_name(&parsed, &name).is_ok());
        if !covered {
            problems.push(config.problem(setting, "the certificate does not name the host of this URL".to_owned()));
        }
    }
    problems
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    // IPv6 stands in brackets in a URL.
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).ok()
}

/// A file of keys is not for everybody on the machine.
fn check_own_only(config: &Config, setting: &str, path: &Path, problems: &mut Vec<Problem>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let others_read = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o007 != 0);
        if others_read {
            let message = format!("{}: everybody on this machine can read the key", path.display());
            problems.push(config.problem(setting, message));
        }
    }
}

fn check_settings(config: &Config, clock: &Arc<dyn Clock>, problems: &mut Vec<Problem>) {
    let mut say = |setting: &str, message: &str| problems.push(config.problem(setting, message.to_owned()));
    if config.clients.listed.is_empty() && config.clients.authorities.is_empty() {
        say("clients.authorities", NOBODY_LET_IN);
    }
    if config.expiry.default > config.expiry.maximum {
        say("expiry.default", "`expiry.default` is longer than `expiry.maximum`");
    }
    for (setting, time) in [("expiry.default", config.expiry.default), ("expiry.maximum", config.expiry.maximum)] {
        let end = unix(clock.now()).saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        if Expiry::from_unix(end).is_err() {
            say(setting, &format!("`{setting}` reaches beyond the year 9999"));
        }
    }
    let listening = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.listen);
    let mut taken: Vec<SocketAddr> = Vec::new();
    for (setting, address) in [
        ("sender.listen", Some(config.sender.listen)),
        ("operations.listen", Some(config.operations)),
        ("recipient.listen", listening(&config.recipient)),
        ("ticket.listen", listening(&config.ticket)),
        ("shares.listen", listening(&config.shares)),
    ] {
        let Some(address) = address.filter(|address| address.port() != 0) else { continue };
        if taken.iter().any(|other| meet(*other, address)) {
            say(setting, "another interface listens to this port");
        }
        taken.push(address);
    }
    if !config.operations.ip().is_loopback() {
        say("operations.listen", "health and metrics have no TLS, and are for this machine only: use 127.0.0.1");
    }
    if let Some(path) = &config.sealing_keys {
        check_own_only(config, "store.sealing-keys-file", path, problems);
    }
    let mut say = |setting: &str, message: &str| problems.push(config.problem(setting, message.to_owned()));
    if let Err(wrong) = SealingKeys::load(config.sealing_keys.as_deref()) {
        say("store.sealing-keys-file", &wrong);
    }
    match &config.store {
        StoreConfig::Sqlite { path } => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() {
                say("store.sqlite", &format!("{} is no folder", folder.display()));
            } else if let Err(wrong) = SqliteStore::could_be(path) {
                say("store.sqlite", &format!("{}: {wrong}", path.display()));
            }
        }
        StoreConfig::Postgres(postgres) => {
            let password = postgres.password.as_deref();
            if let Some((path, Err(error))) = password.map(|path| (path, fs::read_to_string(path))) {
                say("store.postgresql-password-file", &format!("{}: {error}", path.display()));
            }
            // The password is looked at above.
            let rest = Postgres { password: None, ..postgres.clone() };
            if let Err(wrong) = postgres_settings(&rest) {
                say("store.postgresql", &format!("`store.postgresql` {wrong}"));
            }
            if let Some(Err(error)) = postgres.authorities.as_deref().map(certificates) {
                say("store.postgresql-authorities", &error.to_string());
            }
        }
    }
}

/// Whether one address takes the port of the other: one of all addresses does, and that of IPv6 for IPv4, too.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let takes = |all: IpAddr, ip: IpAddr| all.is_unspecified() && (all.is_ipv6() || ip.is_ipv4());
    let (ip, other_ip) = (one.ip(), other.ip());
    one.port() == other.port() && (ip == other_ip || takes(ip, other_ip) || takes(other_ip, ip))
}

/// The server list of this one server, as its clients need it.
///
/// # Errors
/// [`FileError`] for the certificate.
pub fn entry(config: &Config) -> Result<ServerList, FileError> {
    let path = &config.tls.certificate;
    let pin = Pin::from_der(&certificates(path)?[0])
        .map_err(|error| FileError { path: path.clone(), reason: error.to_string() })?;
    let server = Server {
        id: config.id.clone(),
        name: config.name.clone(),
        organisation: config.organisation.clone(),
        capsule_types: BTreeSet::from([
            CapsuleType::EcP256,
            CapsuleType::EcP384,
            CapsuleType::EcP521,
            CapsuleType::Rsa,
        ]),
        sender_url: config.sender.url.clone(),
        recipient_url: config.recipient.as_ref().map(|endpoint| endpoint.url.clone()),
        ticket_url: config.ticket.as_ref().map(|endpoint| endpoint.url.clone()),
        shares_url: config.shares.as_ref().map(|endpoint| endpoint.url.clone()),
        pins: vec![pin],
        incomplete: None,
        imported_from: None,
        edition: Edition::default(),
    };
    Ok(ServerList { servers: vec![server], ..ServerList::default() })
}
