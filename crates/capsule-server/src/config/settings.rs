//! The settings, one after the other: what each may be, and what it is when it is not set.

use std::{collections::BTreeMap, path::Path, path::PathBuf, time::Duration};

use capsule_api::{ExpiryPolicy, ServerId};
use toml::de::DeValue;
use url::Url;

use super::{
    ClientFiles, Config, Endpoint, Limits, Log, Ocsp, OcspMode, Postgres, StoreConfig, TlsFiles,
    read::{Reader, Section, boolean, number, parsed, text, texts, time_limit},
};

/// `None` when something that is needed is missing or wrong; the reader knows what. Everything is looked at all the same.
pub(super) fn read_config<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>, folder: &Path) -> Option<Config> {
    let mut server = reader.section(top, "server");
    let id = reader.required(&mut server, "id", server_id);
    let organisation = reader.required(&mut server, "organisation", short_text);
    let name = reader.optional(&mut server, "name", short_text).or_else(|| organisation.clone());
    reader.finish(server);
    let sender = read_endpoint(reader, top, "sender");
    let recipient = read_optional_endpoint(reader, top, "recipient");
    let ticket = read_optional_endpoint(reader, top, "ticket");
    let shares = read_optional_endpoint(reader, top, "shares");
    if recipient.is_none() && ticket.is_none() {
        reader.problem(None, "either `recipient` or `ticket`, or both, must be there".to_owned());
    }
    let mut operations = reader.section(top, "operations");
    let operations_listen = reader.required(&mut operations, "listen", parsed("an address and a port"));
    reader.finish(operations);
    let tls = read_tls(reader, top, folder);
    let (clients, ocsp) = read_clients(reader, top, folder);
    let (store, sealing_keys) = read_store(reader, top, folder);
    let (expiry, clean_up_every) = read_expiry(reader, top);
    let limits = read_limits(reader, top);
    let log = read_log(reader, top);
    Some(Config {
        id: id?,
        name: name?,
        organisation: organisation?,
        sender: sender?,
        recipient: recipient.flatten(),
        ticket: ticket.flatten(),
        shares: shares.flatten(),
        operations: operations_listen?,
        tls: tls?,
        clients,
        ocsp,
        store: store?,
        sealing_keys,
        expiry,
        clean_up_every,
        limits,
        log,
        lines: BTreeMap::new(),
    })
}

fn server_id(value: &DeValue<'_>) -> Result<ServerId, String> {
    let wrong = |_| "must be 1 to 128 printable characters without spaces".to_owned();
    ServerId::parse(&text(value)?).map_err(wrong)
}

/// As server lists take it.
fn short_text(value: &DeValue<'_>) -> Result<String, String> {
    let text = text(value)?;
    let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err("must be 1 to 200 characters, none of them a control character".to_owned()) }
}

fn read_endpoint<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>, name: &'static str) -> Option<Endpoint> {
    let mut section = reader.section(top, name);
    let listen = reader.required(&mut section, "listen", parsed("an address and a port, such as `0.0.0.0:8443`"));
    let url = reader.required(&mut section, "url", |value| {
        let url = Url::parse(&text(value)?).ok();
        let bare = |url: &Url| {
            let alone = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            url.scheme() == "https" && url.has_host() && alone && url.fragment().is_none() && url.path() == "/"
        };
        url.filter(bare).ok_or_else(|| "must be an https URL of host and port alone".to_owned())
    });
    reader.finish(section);
    Some(Endpoint { listen: listen?, url: url? })
}

/// `None` when it does not stand there; `Some(None)` when it is wrong.
fn read_optional_endpoint<'t>(
    reader: &mut Reader<'t>,
    top: &mut Section<'t>,
    name: &'static str,
) -> Option<Option<Endpoint>> {
    reader.has(top, name).then(|| read_endpoint(reader, top, name))
}

fn read_tls<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>, folder: &Path) -> Option<TlsFiles> {
    let mut section = reader.section(top, "tls");
    let certificate = reader.required(&mut section, "certificate", text);
    let key = reader.required(&mut section, "key", text);
    reader.finish(section);
    Some(TlsFiles { certificate: folder.join(certificate?), key: folder.join(key?) })
}

fn read_clients<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>, folder: &Path) -> (ClientFiles, Ocsp) {
    let mut section = reader.section(top, "clients");
    let mut files = |key| {
        let names = reader.optional(&mut section, key, texts).unwrap_or_default();
        names.into_iter().map(|name| folder.join(name)).collect()
    };
    let files = ClientFiles { authorities: files("authorities"), listed: files("listed") };
    let mode = reader.optional(&mut section, "ocsp", |value| match text(value)?.as_str() {
        "required" => Ok(OcspMode::Required),
        "soft" => Ok(OcspMode::Soft),
        "off" => Ok(OcspMode::Off),
        _ => Err("must be `required`, `soft` or `off`".to_owned()),
    });
    let responder = reader.optional(&mut section, "ocsp-responder", |value| {
        let url = Url::parse(&text(value)?).ok().filter(|url| url.scheme() == "http" && url.has_host());
        url.ok_or_else(|| "must be an http URL: answers are signed".to_owned())
    });
    reader.finish(section);
    (files, Ocsp { mode: mode.unwrap_or_default(), responder })
}

fn read_store<'t>(
    reader: &mut Reader<'t>,
    top: &mut Section<'t>,
    folder: &Path,
) -> (Option<StoreConfig>, Option<PathBuf>) {
    let mut section = reader.section(top, "store");
    let sqlite = reader.optional(&mut section, "sqlite", text);
    let connection = reader.optional(&mut section, "postgresql", text);
    let mut file = |key| reader.optional(&mut section, key, text).map(|name| folder.join(name));
    let (password, authorities) = (file("postgresql-password-file"), file("postgresql-authorities"));
    let sealing_keys = file("sealing-keys-file");
    let without_tls = reader.optional(&mut section, "postgresql-without-tls", boolean).unwrap_or(false);
    let is_one = reader.exactly_one(&section, ["sqlite", "postgresql"]);
    reader.finish(section);
    let postgres = connection.map(|connection| Postgres { connection, password, authorities, without_tls });
    let sqlite = sqlite.map(|path| StoreConfig::Sqlite { path: folder.join(path) });
    let store = postgres.map(StoreConfig::Postgres).or(sqlite);
    (store.filter(|_| is_one), sealing_keys)
}

fn read_expiry<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>) -> (ExpiryPolicy, Duration) {
    let mut section = reader.section(top, "expiry");
    let mut policy = ExpiryPolicy::default();
    let mut set = |key, place: &mut Duration| {
        if let Some(duration) = reader.optional(&mut section, key, time_limit) {
            *place = duration;
        }
    };
    let mut every = Duration::from_secs(60);
    set("default", &mut policy.default);
    set("maximum", &mut policy.maximum);
    set("clean-up-every", &mut every);
    reader.finish(section);
    (policy, every)
}

fn read_limits<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>) -> Limits {
    let mut section = reader.section(top, "limits");
    let mut limits = Limits::default();
    let mut count = |key, bounds, place: &mut dyn FnMut(u64)| {
        if let Some(number) = reader.optional(&mut section, key, number(bounds)) {
            place(number);
        }
    };
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    count("connections", 1..=1_000_000, &mut |number| limits.connections = whole(number));
    count("connections-of-address", 1..=1_000_000, &mut |number| limits.connections_of_address = whole(number));
    count("headers", 1..=1000, &mut |number| limits.headers = whole(number));
    count("header-bytes", 1024..=65_536, &mut |number| limits.header_bytes = whole(number));
    count("stored-capsules", 1..=u64::from(u32::MAX), &mut |number| limits.stored_capsules = number);
    let place = &mut limits.capsules_of_address;
    count("capsules-per-day-of-address", 1..=u64::from(u32::MAX), &mut |number| *place = small(number));
    for (per_second, burst, rate) in [
        ("connections-per-second", "connections-burst", &mut limits.connection_rate),
        ("requests-per-second-of-address", "requests-burst-of-address", &mut limits.address_rate),
        ("requests-per-second-of-key", "requests-burst-of-key", &mut limits.key_rate),
    ] {
        count(per_second, 1..=1_000_000, &mut |number| rate.per_second = small(number));
        count(burst, 1..=1_000_000, &mut |number| rate.burst = small(number));
    }
    for (key, place) in [
        ("handshake-timeout", &mut limits.handshake_timeout),
        ("header-timeout", &mut limits.header_timeout),
        ("request-timeout", &mut limits.request_timeout),
        ("store-timeout", &mut limits.store_timeout),
        ("connection-lifetime", &mut limits.connection_lifetime),
        ("stop-timeout", &mut limits.stop_timeout),
    ] {
        if let Some(duration) = reader.optional(&mut section, key, time_limit) {
            *place = duration;
        }
    }
    reader.finish(section);
    limits
}

fn read_log<'t>(reader: &mut Reader<'t>, top: &mut Section<'t>) -> Log {
    let mut section = reader.section(top, "log");
    let json = reader.optional(&mut section, "format", |value| match text(value)?.as_str() {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("must be `text` or `json`".to_owned()),
    });
    let level = reader.optional(&mut section, "level", |value| match text(value)?.to_ascii_lowercase().as_str() {
        "error" => Ok(tracing::Level::ERROR),
        "warn" => Ok(tracing::Level::WARN),
        "info" => Ok(tracing::Level::INFO),
        "debug" => Ok(tracing::Level::DEBUG),
        "trace" => Ok(tracing::Level::TRACE),
        _ => Err("must be `error`, `warn`, `info`, `debug` or `trace`".to_owned()),
    });
    reader.finish(section);
    let default = Log::default();
    Log { json: json.unwrap_or(default.json), level: level.unwrap_or(default.level) }
}
