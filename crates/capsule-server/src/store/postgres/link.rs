//! A connection to the database that is made again when it breaks.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    task::AbortHandle,
    time::{sleep, timeout},
};
use tokio_postgres::{
    Client, Config, Error, NoTls, Statement,
    config::{Host, SslMode, TargetSessionAttrs},
    error::SqlState,
};

use super::tls::Tls;
use crate::{config::Postgres, store::StoreError};

/// Said of hosts of other machines without a way to reach them.
pub(crate) const NEEDS_TLS: &str =
    "needs `store.postgresql-authorities` for TLS, or `store.postgresql-without-tls = true`";
/// For one host to take a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// For all hosts, one after the other.
const CONNECT_ANY: Duration = Duration::from_secs(6);
/// For a statement, by the database's clock and, should it be unable to tell, by ours.
const STATEMENT: Duration = Duration::from_secs(4);
const STATEMENT_HERE: Duration = Duration::from_secs(5);
/// For an answer, with all tries.
const ANSWER: Duration = Duration::from_secs(8);
/// Before each try.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(250), Duration::from_millis(1000)];

/// A connection to whichever host takes writes.
pub(crate) struct Link {
    config: Config,
    tls: Option<Tls>,
    session: Mutex<Option<Arc<Session>>>,
}

/// A connection as long as it lives.
pub(crate) struct Session {
    pub(crate) client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    driver: AbortHandle,
}

impl Drop for Session {
    fn drop(&mut self) {
        // A host that does not answer any more would keep it for minutes.
        self.driver.abort();
    }
}

impl Session {
    /// A statement, prepared once for this connection.
    pub(super) async fn prepared(&self, text: &'static str) -> Result<Statement, Error> {
        let known = self.statements.lock().await.get(text).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(text).await?;
        self.statements.lock().await.insert(text, statement.clone());
        Ok(statement)
    }
}

/// What a connection string and the settings beside it come to, or what is wrong with them.
pub(crate) fn settings(postgres: &Postgres) -> Result<Config, String> {
    let mut config: Config = postgres.connection.parse().map_err(|error: Error| in_words(&error))?;
    if config.get_hosts().is_empty() {
        return Err("names no host".to_owned());
    }
    if let Some(path) = &postgres.password {
        let password = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        config.password(password.trim_end_matches(['\r', '\n']));
    }
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    if postgres.authorities.is_some() {
        config.ssl_mode(SslMode::Require);
    } else if config.get_hosts().iter().all(is_here) || postgres.without_tls {
        config.ssl_mode(SslMode::Disable);
    } else {
        return Err(NEEDS_TLS.to_owned());
    }
    // What is acknowledged is on the disk, and on the standby's where there is a synchronous one, whatever the database's default.
    let statement = STATEMENT.as_millis();
    let options = format!(
        "-c statement_timeout={statement} -c lock_timeout={statement} -c synchronous_commit=on -c idle_in_transaction_session_timeout=10000"
    );
    let options = config.get_options().map_or(options.clone(), |given| format!("{given} {options}"));
    config
        .options(options)
        .application_name("kapsel-server")
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .connect_timeout(CONNECT)
        .tcp_user_timeout(STATEMENT_HERE)
        .keepalives_idle(Duration::from_secs(10));
    Ok(config)
}

impl Link {
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn new(postgres: &Postgres) -> Result<Self, String> {
        let config = settings(postgres)?;
        let tls = postgres.authorities.as_deref().map(Tls::new).transpose().map_err(|error| error.to_string())?;
        Ok(Self { config, tls, session: Mutex::new(None) })
    }

    /// Does `work` over the connection, and again over a new one when it broke. Work must be such that twice is as good as once.
    pub(crate) async fn run<T, F>(&self, work: impl Fn(Arc<Session>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let out_of_time = |_| Err(StoreError::unavailable("the database does not answer in time"));
        timeout(ANSWER, self.try_again(work)).await.unwrap_or_else(out_of_time)
    }

    async fn try_again<T, F>(&self, work: impl Fn(Arc<Session>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut last = StoreError::unavailable("it was not asked");
        for pause in PAUSES {
            sleep(pause).await;
            let session = match self.session().await {
                Ok(session) => session,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            match timeout(STATEMENT_HERE, work(Arc::clone(&session))).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => {
                    let again = may_pass(&error);
                    self.forget(&session).await;
                    last = StoreError::unavailable(in_words(&error));
                    if !again {
                        break;
                    }
                }
                Err(_) => {
                    self.forget(&session).await;
                    return Err(StoreError::unavailable("the database does not answer in time"));
                }
            }
        }
        Err(last)
    }

    async fn session(&self) -> Result<Arc<Session>, StoreError> {
        let mut current = self.session.lock().await;
        if let Some(session) = current.as_ref().filter(|session| !session.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let connected = timeout(CONNECT_ANY, self.connect()).await;
        let connected = connected.map_err(|_| StoreError::unavailable("no host takes a connection in time"))?;
        let session = Arc::new(connected.map_err(|error| StoreError::unavailable(in_words(&error)))?);
        *current = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn connect(&self) -> Result<Session, Error> {
        let (client, driver) = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                (client, tokio::spawn(async move { drop(connection.await) }))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                (client, tokio::spawn(async move { drop(connection.await) }))
            }
        };
        Ok(Session { client, statements: Mutex::default(), driver: driver.abort_handle() })
    }

    /// The next one gets a new connection.
    async fn forget(&self, session: &Arc<Session>) {
        let mut current = self.session.lock().await;
        if current.as_ref().is_some_and(|it| Arc::ptr_eq(it, session)) {
            *current = None;
        }
    }
}

/// Whether it may be better in a moment, perhaps at another host.
fn may_pass(error: &Error) -> bool {
    let Some(code) = error.code() else {
        return true;
    };
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::TOO_MANY_CONNECTIONS,
    ]
    .contains(code)
}

/// Without the values that a statement carried.
fn in_words(error: &Error) -> String {
    use std::error::Error as _;
    match error.as_db_error() {
        Some(database) => format!("{} ({})", database.message(), database.code().code()),
        None => error.source().map_or(error.to_string(), |source| format!("{error}: {source}")),
    }
}
