//! What an operator sets: `kapsel-server.toml`.

mod read;
mod settings;

use std::{
    collections::BTreeMap,
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use capsule_api::{ExpiryPolicy, ServerId};
use url::Url;

use self::{read::Reader, settings::read_config};
use crate::net::Rate;

/// Largest configuration that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A configuration without mistakes of its own; whether its files can be used is seen by [`crate::check`].
#[derive(Clone, Debug)]
pub struct Config {
    /// What stands in containers and in server lists.
    pub id: ServerId,
    /// For people.
    pub name: String,
    /// Who runs it.
    pub organisation: String,
    /// Where senders post capsules.
    pub sender: Endpoint,
    /// Where recipients fetch them with a client certificate.
    pub recipient: Option<Endpoint>,
    /// Where recipients fetch them with a ticket. Its URL is part of every nonce.
    pub ticket: Option<Endpoint>,
    /// Where senders leave key shares, and persons fetch them. Its URL stands in containers.
    pub shares: Option<Endpoint>,
    /// Health and metrics, without TLS.
    pub operations: SocketAddr,
    /// The server's certificate and key.
    pub tls: TlsFiles,
    /// Which client certificates are let in.
    pub clients: ClientFiles,
    /// Whether client certificates are revoked.
    pub ocsp: Ocsp,
    /// Where capsules are kept.
    pub store: StoreConfig,
    /// Keys that seal capsules at rest, when they are in a file.
    pub sealing_keys: Option<PathBuf>,
    /// How long.
    pub expiry: ExpiryPolicy,
    /// How often expired ones are deleted.
    pub clean_up_every: Duration,
    /// What bounds connections and requests.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// Where each setting stands in its file.
    pub(crate) lines: BTreeMap<String, usize>,
}

/// An interface.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Address and port that it listens to.
    pub listen: SocketAddr,
    /// Under which clients reach it.
    pub url: Url,
}

/// Files of the server's certificate.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM: the server's certificate, then intermediates.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
}

/// Files of client certificates, in PEM, any number in each.
#[derive(Clone, Debug, Default)]
pub struct ClientFiles {
    /// Authorities whose certificates are let in.
    pub authorities: Vec<PathBuf>,
    /// Certificates that are let in by identity.
    pub listed: Vec<PathBuf>,
}

/// How it is found out whether client certificates of authorities are revoked.
#[derive(Clone, Debug, Default)]
pub struct Ocsp {
    /// What happens without an answer.
    pub mode: OcspMode,
    /// Who is asked, instead of whom certificates name.
    pub responder: Option<Url>,
}

/// What happens when nobody says whether a client certificate is revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OcspMode {
    /// Its holder gets nothing (503).
    #[default]
    Required,
    /// Its holder is let through.
    Soft,
    /// Nobody is asked.
    Off,
}

/// Where capsules are kept.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// In a file of this machine.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// In a database that replicas share.
    Postgres(Postgres),
}

/// How to reach a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// `host=a,b port=5432 user=… dbname=…` or a URL; of several hosts, the one that takes writes is used.
    pub connection: String,
    /// A file with the password.
    pub password: Option<PathBuf>,
    /// PEM: authorities for the hosts' certificates. With them there is TLS, or no connection.
    pub authorities: Option<PathBuf>,
    /// Without TLS to other machines, too: something else protects the way.
    pub without_tls: bool,
}

/// What bounds connections and requests, on each interface.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address (IPv6: of one network of 64 bits).
    pub connections_of_address: usize,
    /// New connections of one address.
    pub connection_rate: Rate,
    /// Requests of one address.
    pub address_rate: Rate,
    /// Requests with one client key.
    pub key_rate: Rate,
    /// Capsules, and shares, that one address may leave at once, and again in a day.
    pub capsules_of_address: u32,
    /// Header fields of a request.
    pub headers: usize,
    /// Bytes of a request's line and header fields.
    pub header_bytes: usize,
    /// For a TLS handshake.
    pub handshake_timeout: Duration,
    /// For the head of a request, from when the connection is free for it.
    pub header_timeout: Duration,
    /// For the body of a request and its answer.
    pub request_timeout: Duration,
    /// For an answer of the store.
    pub store_timeout: Duration,
    /// After this time a connection ends with its request; its client comes again, and shows its certificate again.
    pub connection_lifetime: Duration,
    /// For requests under way when the server stops.
    pub stop_timeout: Duration,
    /// Capsules that are kept.
    pub stored_capsules: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2000,
            connections_of_address: 100,
            connection_rate: Rate { per_second: 50, burst: 200 },
            address_rate: Rate { per_second: 100, burst: 400 },
            key_rate: Rate { per_second: 20, burst: 100 },
            capsules_of_address: 100_000,
            headers: 64,
            header_bytes: 8192,
            handshake_timeout: Duration::from_secs(5),
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            store_timeout: Duration::from_secs(5),
            connection_lifetime: Duration::from_secs(300),
            stop_timeout: Duration::from_secs(20),
            stored_capsules: 10_000_000,
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// A JSON object a line instead of text.
    pub json: bool,
    /// The least important messages that are logged.
    pub level: tracing::Level,
}

impl Default for Log {
    fn default() -> Self {
        Self { json: false, level: tracing::Level::INFO }
    }
}

/// A mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, from 1.
    pub line: Option<usize>,
    /// What it is.
    pub message: String,
}

/// Every mistake of a configuration.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, by line.
    pub problems: Vec<Problem>,
}

/// One line a mistake: `file:line: what it is`.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, message }) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            write!(f, "{separator}{}{line}: {message}", self.path.display())?;
        }
        Ok(())
    }
}

impl Config {
    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        match Self::look_at(path)? {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(ConfigError { path: path.to_owned(), problems }),
        }
    }

    /// Reads a file that may have mistakes, so that those of the files it names can be told beside them: what could be read, when nothing that
    /// is needed is missing or wrong, and the mistakes by line.
    ///
    /// # Errors
    /// [`ConfigError`] when the file itself cannot be read.
    pub fn look_at(path: &Path) -> Result<(Option<Self>, Vec<Problem>), ConfigError> {
        let failed = |problems| ConfigError { path: path.to_owned(), problems };
        let unreadable = |message: String| failed(vec![Problem { line: None, message }]);
        match fs::metadata(path) {
            Ok(metadata) if metadata.len() > MAX_FILE => return Err(unreadable("is too large".to_owned())),
            _ => {}
        }
        let contents = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self::parts(&contents, folder))
    }

    /// Reads a configuration whose paths are relative to `folder`.
    ///
    /// # Errors
    /// Every mistake, by line.
    pub fn parse(contents: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        match Self::parts(contents, folder) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(problems),
        }
    }

    fn parts(contents: &str, folder: &Path) -> (Option<Self>, Vec<Problem>) {
        let (mut reader, mut top) = Reader::new(contents);
        let config = read_config(&mut reader, &mut top, folder);
        reader.finish(top);
        reader.problems.sort_by_key(|problem| problem.line);
        (config.map(|config| Self { lines: reader.lines, ..config }), reader.problems)
    }

    /// A problem with a setting, `section.setting`, at its line.
    pub(crate) fn problem(&self, setting: &str, message: String) -> Problem {
        Problem { line: self.lines.get(setting).copied(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[server]
id = "css-a"
organisation = "ee.a"

[sender]
listen = "0.0.0.0:8443"
url = "https://capsules.example:8443"

[recipient]
listen = "[::]:8444"
url = "https://capsules.example:8444"

[ticket]
listen = "[::]:8446"
url = "https://capsules.example:8446"

[shares]
listen = "[::]:8447"
url = "https://capsules.example:8447"

[operations]
listen = "127.0.0.1:8445"

[tls]
certificate = "server.pem"
key = "/etc/keys/server.pem"

[clients]
authorities = ["authorities.pem"]

[store]
sqlite = "capsules.sqlite"

[expiry]
default = "P30D"
maximum = "90d"

[limits]
requests-per-second-of-key = 7
header-timeout = "2500ms"

[log]
format = "json"
"#;

    fn problems(contents: &str) -> Vec<(Option<usize>, String)> {
        let problems = Config::parse(contents, Path::new("")).expect_err("mistakes");
        problems.into_iter().map(|problem| (problem.line, problem.message)).collect()
    }

    #[test]
    fn settings_are_taken_and_the_rest_has_defaults() {
        let config = Config::parse(WHOLE, Path::new("/srv")).expect("no mistake");
        assert_eq!((config.id.as_str(), config.name.as_str()), ("css-a", "ee.a"));
        assert_eq!(config.tls.certificate, Path::new("/srv/server.pem"));
        assert_eq!(config.tls.key, Path::new("/etc/keys/server.pem"));
        assert_eq!(config.clients.authorities, [Path::new("/srv/authorities.pem")]);
        assert_eq!(config.expiry.default, Duration::from_secs(30 * 24 * 60 * 60));
        assert_eq!(config.expiry.maximum, Duration::from_secs(90 * 24 * 60 * 60));
        assert_eq!(config.limits.key_rate, Rate { per_second: 7, burst: Limits::default().key_rate.burst });
        assert_eq!(config.limits.header_timeout, Duration::from_millis(2500));
        assert_eq!(config.log, Log { json: true, level: tracing::Level::INFO });
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let wrong = WHOLE
            .replace("id = \"css-a\"", "id = \"css a\"\nidentity = 1")
            .replace("0.0.0.0:8443", "somewhere")
            .replace("url = \"https://capsules.example:8444\"", "url = \"http://capsules.example:8444\"")
            .replace("key = \"/etc/keys/server.pem\"\n", "")
            .replace("= 7", "= 0")
            .replace("2500ms", "soon\"\nstop-timeout = \"1ns")
            .replace("format = \"json\"", "level = \"3\"")
            .replace("[log]", "[logs]\n[log]");
        let found = problems(&wrong);
        let expected = [
            (Some(3), "`server.id`"),
            (Some(4), "`server.identity` is no setting"),
            (Some(8), "`sender.listen`"),
            (Some(13), "`recipient.url`"),
            (Some(26), "`tls.key` is missing"),
            (Some(40), "`limits.requests-per-second-of-key` must be a whole number from 1 to 1000000"),
            (Some(41), "`limits.header-timeout`"),
            (Some(42), "`limits.stop-timeout` must be at least 100 ms"),
            (Some(44), "`logs` is no setting"),
            (Some(46), "`log.level` must be `error`"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for ((line, message), (expected_line, words)) in found.iter().zip(expected) {
            assert!(*line == expected_line && message.contains(words), "{line:?} {message}");
        }
    }

    #[test]
    fn the_operators_guide_tells_every_setting_and_no_other() {
        let (mut reader, mut top) = Reader::new(WHOLE);
        read_config(&mut reader, &mut top, Path::new(""));
        let guide = include_str!("../../../../docs/operator.md");
        let table =
            guide.split("\n## Settings\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
        let told = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
        let told = told.flat_map(|names| names.split(", ")).map(|name| name.trim_matches('`').to_owned());
        assert_eq!(told.collect::<std::collections::BTreeSet<_>>(), reader.known);
    }

    #[test]
    fn there_is_a_way_to_fetch_capsules() {
        let without = |names: &[&str]| {
            let kept = WHOLE.split("\n[").filter(|section| !names.iter().any(|name| section.starts_with(name)));
            kept.collect::<Vec<_>>().join("\n[")
        };
        let config = |contents: &str| Config::parse(contents, Path::new("")).expect("no mistake");
        assert!(config(&without(&["recipient]"])).recipient.is_none());
        assert!(config(&without(&["ticket]"])).ticket.is_none());
        let found = problems(&without(&["recipient]", "ticket]"]));
        assert_eq!(found, [(None, "either `recipient` or `ticket`, or both, must be there".to_owned())]);
    }

    #[test]
    fn there_is_exactly_one_store() {
        let with = |store: &str| WHOLE.replace("sqlite = \"capsules.sqlite\"", store);
        let postgres =
            Config::parse(&with("postgresql = \"host=a,b user=u\"\npostgresql-without-tls = true"), Path::new(""));
        assert!(matches!(
            postgres.expect("no mistake").store,
            StoreConfig::Postgres(Postgres { without_tls: true, .. })
        ));
        let found = problems(&with(""));
        assert_eq!(found, [(Some(32), "either `store.sqlite` or `store.postgresql` must be there".to_owned())]);
        let both = problems(&with("sqlite = \"a\"\npostgresql = \"host=a\""));
        assert_eq!(both, [(Some(32), "`store.sqlite` and `store.postgresql` exclude each other".to_owned())]);
        assert_eq!(problems(&with("sqlite = 1")), [(Some(33), "`store.sqlite` must be a text".to_owned())]);
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let found = problems(&WHOLE.replace("id = \"css-a\"", "id = css-a"));
        assert_eq!(found[0].0, Some(3), "{found:#?}");
        let found = problems("");
        assert!(found.iter().any(|(_, message)| message == "`server.id` is missing"), "{found:#?}");
    }
}
