//! The store of several replicas: PostgreSQL, on one host or on several of which one takes writes.
//!
//! Replicas share nothing but the database. What waits to be written goes into one statement together; a statement that may have
//! been carried out before its connection broke can be repeated, since it writes the same row or none. A link that broke is made
//! again, to whichever host takes writes by then.

mod link;
mod tls;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use capsule_api::Expiry;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};
use tokio_postgres::Row;

pub(crate) use self::link::{Link, NEEDS_TLS, settings};
use super::{
    Answer, Capsule, Change, KeptKey, KeyChange, Locator, Mark, NONCE_KEY_KEPT, NONCE_KEY_LIFE, Page, Shelf, Spending,
    Spent, Store, StoreError,
};
use crate::config::Postgres;

/// Connections that write, and as many statements at a time.
const WRITERS: usize = 4;
/// Connections that read; each carries many questions at a time.
const READERS: usize = 4;
/// Most capsules in a statement.
const GROUP: usize = 256;
/// Capsules that may wait to be written before more are refused.
const WAITING: usize = 4096;
/// Advisory locks of this program, "Kapsel" in ASCII and a number: for migrations, for deleting what has expired, for forgetting what was
/// spent.
const MIGRATION_LOCK: i64 = 0x4b61_7073_656c_0001;
const EXPIRY_LOCK: i64 = 0x4b61_7073_656c_0002;
const SPENT_LOCK: i64 = 0x4b61_7073_656c_0003;
/// Above this many, capsules are counted by the database's own estimate.
const COUNTED: i64 = 100_000;

/// Each brings the database to the version of its number, from 1.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE capsule (
        locator bytea NOT NULL,
        expires bigint NOT NULL,
        adjusted boolean NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (locator, expires)
    );
    CREATE INDEX capsule_expires ON capsule (expires);
",
    "
    CREATE TABLE spent (nonce bytea PRIMARY KEY, at bigint NOT NULL, by bytea NOT NULL);
    CREATE INDEX spent_at ON spent (at);
    CREATE TABLE nonce_key (number bigint PRIMARY KEY, made bigint NOT NULL, key bytea NOT NULL);
",
];

/// A row that is there already with this body was written by this very statement, before its connection broke.
const INSERT: &str = "
    INSERT INTO capsule (locator, expires, adjusted, body)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::boolean[], $4::bytea[])
    ON CONFLICT (locator, expires) DO UPDATE SET adjusted = capsule.adjusted WHERE capsule.body = EXCLUDED.body
    RETURNING locator";
const SELECT: &str = "SELECT expires, adjusted, body FROM capsule WHERE locator = $1 AND expires > $2 LIMIT 1";

/// One statement, and so one transaction. A row that is there with this mark was written by this very statement, before its connection
/// broke. Of two that come at once, the second waits for the first, and sees its row.
const SPEND: &str = "
    WITH found AS MATERIALIZED (
        SELECT expires, adjusted, body FROM capsule WHERE locator = $1 AND expires > $2 LIMIT 1
    ), first AS (
        INSERT INTO spent AS before (nonce, at, by) SELECT $3::bytea, $2::bigint, $4::bytea FROM found
        ON CONFLICT (nonce) DO UPDATE SET at = before.at WHERE before.by = EXCLUDED.by
        RETURNING nonce
    )
    SELECT expires, adjusted, body, EXISTS (SELECT 1 FROM first) FROM found";
const FORGET_SPENT: &str = "
    WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($3) AS ours)
    DELETE FROM spent WHERE nonce = ANY (ARRAY (
        SELECT spent.nonce FROM turn, spent WHERE turn.ours AND at <= $1 ORDER BY at LIMIT $2))";
/// Replicas that come at once all count to the same number, which one of them gets.
const ADD_NONCE_KEY: &str = "
    INSERT INTO nonce_key (number, made, key)
    SELECT coalesce(max(number), 0) + 1, $1::bigint, $2::bytea FROM nonce_key
    HAVING coalesce(max(made) <= $1::bigint - $3::bigint, true)
    ON CONFLICT (number) DO NOTHING";
const FORGET_NONCE_KEYS: &str = "
    DELETE FROM nonce_key WHERE EXISTS (
        SELECT 1 FROM nonce_key AS next WHERE next.number > nonce_key.number AND next.made <= $1::bigint - $2::bigint)";
const PAGE: &str = "
    SELECT expires, adjusted, body, locator FROM capsule
    WHERE (locator, expires) > ($1::bytea, $2::bigint) ORDER BY locator, expires LIMIT $3";
/// A row that has its new body already got it from this very statement, before its connection broke.
const REPLACE: &str = "
    UPDATE capsule SET body = change.sealed
    FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[]) AS change (locator, expires, kept, sealed)
    WHERE capsule.locator = change.locator AND capsule.expires = change.expires
        AND capsule.body IN (change.kept, change.sealed)";
const REPLACE_NONCE_KEY: &str = "UPDATE nonce_key SET key = $3::bytea WHERE made = $1::bigint AND key = $2::bytea";
const NONCE_KEYS: &str = "SELECT made, key FROM nonce_key ORDER BY number";

/// Capsules in a database that replicas share.
pub struct PostgresStore {
    writes: mpsc::Sender<Put>,
    readers: Vec<Link>,
    next: AtomicUsize,
    _writers: JoinSet<()>,
}

/// What waits to be written.
struct Put {
    locator: Locator,
    capsule: Capsule,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl PostgresStore {
    /// Connects, and makes or migrates the tables when that is needed. Replicas may do so at the same time.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when a newer version has migrated them, or a setting cannot be used; [`StoreError::Unavailable`].
    pub async fn connect(config: &Postgres) -> Result<Self, StoreError> {
        let link = || Link::new(config).map_err(StoreError::Unusable);
        let readers = (0..READERS).map(|_| link()).collect::<Result<Vec<_>, _>>()?;
        migrate(&readers[0]).await?;
        let (writes, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write_all(link()?, Arc::clone(&waiting)));
        }
        Ok(Self { writes, readers, next: AtomicUsize::new(0), _writers: writers })
    }

    fn reader(&self) -> &Link {
        &self.readers[self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len()]
    }
}

impl Store for PostgresStore {
    fn put(&self, locator: Locator, capsule: Capsule) -> Answer<'_, ()> {
        let (done, answer) = oneshot::channel();
        let sent = self.writes.try_send(Put { locator, capsule, done }).map_err(|_| StoreError::Busy);
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(StoreError::unavailable("its task has ended")))
        })
    }

    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>> {
        Box::pin(async move {
            let found = self.reader().run(move |session| async move {
                let statement = session.prepared(SELECT).await?;
                session.client.query_opt(&statement, &[&locator.as_bytes().as_slice(), &now]).await
            });
            found.await?.map(|row| capsule(&row)).transpose()
        })
    }

    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending> {
        Box::pin(async move {
            let mut mark = [0; 16];
            getrandom::fill(&mut mark).map_err(|error| StoreError::unavailable(error.to_string()))?;
            let found = self.reader().run(move |session| async move {
                let statement = session.prepared(SPEND).await?;
                let (locator, nonce) = (locator.as_bytes().as_slice(), nonce.as_bytes().as_slice());
                session.client.query_opt(&statement, &[&locator, &now, &nonce, &mark.as_slice()]).await
            });
            let Some(row) = found.await? else { return Ok(Spending::NoCapsule) };
            let is_first: bool = row.try_get(3).map_err(StoreError::unavailable)?;
            if is_first { capsule(&row).map(Spending::Done) } else { Ok(Spending::Again) }
        })
    }

    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64> {
        Box::pin(async move {
            let forgotten = self.reader().run(move |session| async move {
                session.client.execute(FORGET_SPENT, &[&until, &i64::from(at_most), &SPENT_LOCK]).await
            });
            forgotten.await
        })
    }

    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>> {
        Box::pin(async move {
            let rows = self.reader().run(move |session| {
                let KeptKey { made, bytes } = fresh.clone();
                async move {
                    session.client.execute(ADD_NONCE_KEY, &[&made, &bytes.as_slice(), &NONCE_KEY_LIFE]).await?;
                    session.client.execute(FORGET_NONCE_KEYS, &[&made, &NONCE_KEY_KEPT]).await?;
                    session.client.query(NONCE_KEYS, &[]).await
                }
            });
            kept_keys(&rows.await?)
        })
    }

    fn time(&self) -> Answer<'_, Option<i64>> {
        const TIME: &str = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";
        Box::pin(async move {
            let row = self.reader().run(|session| async move { session.client.query_one(TIME, &[]).await });
            Ok(Some(row.await?.try_get(0).map_err(StoreError::unavailable)?))
        })
    }

    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64> {
        // The lock is held to the end of the statement. Where another replica has it, there is nothing to delete here.
        const DELETE: &str = "
            WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($3) AS ours)
            DELETE FROM capsule WHERE ctid = ANY (ARRAY (
                SELECT capsule.ctid FROM turn, capsule WHERE turn.ours AND expires <= $1 ORDER BY expires LIMIT $2))";
        Box::pin(async move {
            let deleted = self.reader().run(move |session| async move {
                session.client.execute(DELETE, &[&now, &i64::from(at_most), &EXPIRY_LOCK]).await
            });
            deleted.await
        })
    }

    fn count(&self) -> Answer<'_, u64> {
        const COUNT: &str = "
            SELECT CASE WHEN reltuples > $1::bigint THEN reltuples::bigint ELSE (SELECT count(*) FROM capsule) END
            FROM pg_class WHERE oid = 'capsule'::regclass";
        Box::pin(async move {
            let row = self.reader().run(|session| async move { session.client.query_one(COUNT, &[&COUNTED]).await });
            let count: i64 = row.await?.try_get(0).map_err(StoreError::unavailable)?;
            Ok(count.unsigned_abs())
        })
    }

    fn ready(&self) -> Answer<'_, ()> {
        const READY: &str = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";
        Box::pin(async move {
            let row = self.reader().run(|session| async move { session.client.query_one(READY, &[]).await });
            let only_reads: bool = row.await?.try_get(0).map_err(StoreError::unavailable)?;
            if only_reads { Err(StoreError::unavailable("the database takes no writes")) } else { Ok(()) }
        })
    }
}

impl Shelf for PostgresStore {
    fn page(&self, after: Option<Mark>, at_most: u32) -> Answer<'_, Page> {
        Box::pin(async move {
            let (after, expires) = place(after.as_ref());
            let rows = self.reader().run(move |session| {
                let after = after.clone();
                async move { session.client.query(PAGE, &[&after, &expires, &i64::from(at_most)]).await }
            });
            let mut page = Page { capsules: Vec::new(), next: None };
            for row in rows.await? {
                let found = capsule(&row)?;
                let locator = row.try_get::<_, &[u8]>(3).ok().and_then(|bytes| bytes.try_into().ok()).map(Locator);
                let locator = locator.ok_or_else(|| StoreError::Unusable("a place is none".to_owned()))?;
                page.next = Some(Mark([&found.expires.unix().to_be_bytes()[..], locator.as_bytes()].concat()));
                page.capsules.push((locator, found));
            }
            Ok(page)
        })
    }

    fn replace(&self, changes: Vec<Change>) -> Answer<'_, u64> {
        let column = |of: fn(&Change) -> Vec<u8>| changes.iter().map(of).collect::<Vec<_>>();
        let expires: Vec<_> = changes.iter().map(|change| change.kept.expires.unix()).collect();
        let locators = column(|change| change.place.as_bytes().to_vec());
        let (kept, sealed) = (column(|change| change.kept.body.clone()), column(|change| change.sealed.clone()));
        let columns = Arc::new((locators, expires, kept, sealed));
        Box::pin(async move {
            let replaced = self.reader().run(move |session| {
                let columns = Arc::clone(&columns);
                async move {
                    let (locators, expires, kept, sealed) = &*columns;
                    session.client.execute(REPLACE, &[locators, expires, kept, sealed]).await
                }
            });
            replaced.await
        })
    }

    fn kept_nonce_keys(&self) -> Answer<'_, Vec<KeptKey>> {
        Box::pin(async move {
            let rows = self.reader().run(|session| async move { session.client.query(NONCE_KEYS, &[]).await });
            kept_keys(&rows.await?)
        })
    }

    fn replace_nonce_key(&self, change: KeyChange) -> Answer<'_, ()> {
        Box::pin(async move {
            let replaced = self.reader().run(move |session| {
                let KeyChange { kept, sealed } = change.clone();
                async move {
                    let (kept_bytes, sealed) = (kept.bytes.as_slice(), sealed.as_slice());
                    session.client.execute(REPLACE_NONCE_KEY, &[&kept.made, &kept_bytes, &sealed]).await
                }
            });
            replaced.await.map(drop)
        })
    }
}

/// Locator and time of a mark, or what is before all of them.
fn place(mark: Option<&Mark>) -> (Vec<u8>, i64) {
    let parts = mark.and_then(|Mark(bytes)| bytes.split_first_chunk::<8>());
    parts.map_or((Vec::new(), i64::MIN), |(expires, locator)| (locator.to_vec(), i64::from_be_bytes(*expires)))
}

fn kept_keys(rows: &[Row]) -> Result<Vec<KeptKey>, StoreError> {
    let key = |row: &Row| -> Result<_, tokio_postgres::Error> {
        Ok(KeptKey { made: row.try_get(0)?, bytes: row.try_get::<_, Vec<u8>>(1)?.into() })
    };
    rows.iter().map(key).collect::<Result<_, _>>().map_err(StoreError::unavailable)
}

fn capsule(row: &Row) -> Result<Capsule, StoreError> {
    let read = || -> Result<_, tokio_postgres::Error> {
        Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, bool>(1)?, row.try_get::<_, Vec<u8>>(2)?))
    };
    let (expires, adjusted, body) = read().map_err(|error| StoreError::Unusable(error.to_string()))?;
    let expires = Expiry::from_unix(expires).map_err(|_| StoreError::Unusable("a time beyond all years".to_owned()))?;
    Ok(Capsule { body, expires, adjusted })
}

/// Runs until nobody can send any more.
async fn write_all(link: Link, waiting: Arc<Mutex<mpsc::Receiver<Put>>>) {
    loop {
        let mut group = Vec::new();
        if waiting.lock().await.recv_many(&mut group, GROUP).await == 0 {
            return;
        }
        // Whose request has timed out does not wait any more: nobody would learn the id.
        group.retain(|put| !put.done.is_closed());
        if !group.is_empty() {
            write_group(&link, group).await;
        }
    }
}

/// The columns of a group.
#[derive(Default)]
struct Columns {
    locators: Vec<Vec<u8>>,
    expires: Vec<i64>,
    adjusted: Vec<bool>,
    bodies: Vec<Vec<u8>>,
}

async fn write_group(link: &Link, group: Vec<Put>) {
    let mut columns = Columns::default();
    let mut waiting = Vec::with_capacity(group.len());
    for Put { locator, capsule, done } in group {
        columns.locators.push(locator.as_bytes().to_vec());
        columns.expires.push(capsule.expires.unix());
        columns.adjusted.push(capsule.adjusted);
        columns.bodies.push(capsule.body);
        waiting.push((locator, done));
    }
    let columns = Arc::new(columns);
    let written = link.run(move |session| {
        let columns = Arc::clone(&columns);
        async move {
            let statement = session.prepared(INSERT).await?;
            let Columns { locators, expires, adjusted, bodies } = &*columns;
            session.client.query(&statement, &[locators, expires, adjusted, bodies]).await
        }
    });
    let written = written.await;
    for (locator, done) in waiting {
        let result = match &written {
            Ok(rows) if rows.iter().any(|row| row.try_get::<_, &[u8]>(0).is_ok_and(|it| it == locator.as_bytes())) => {
                Ok(())
            }
            Ok(_) => Err(StoreError::unavailable("the place is taken")),
            Err(StoreError::Unavailable(error)) => Err(StoreError::unavailable(error.to_string())),
            Err(error) => Err(StoreError::unavailable(error.to_string())),
        };
        let _ = done.send(result);
    }
}

/// Brings the tables up to date, one replica after the other.
async fn migrate(link: &Link) -> Result<(), StoreError> {
    let version = link.run(|session| async move {
        let client = &session.client;
        // The transaction ends with the connection when something fails.
        client.batch_execute("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
        client.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await?;
        client.batch_execute("CREATE TABLE IF NOT EXISTS kapsel_schema (version integer NOT NULL)").await?;
        let row = client.query_opt("SELECT version FROM kapsel_schema", &[]).await?;
        let version: i32 = row.map_or(Ok(0), |row| row.try_get(0))?;
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.get(done..).unwrap_or_default() {
            client.batch_execute(migration).await?;
        }
        let now = i32::try_from(MIGRATIONS.len()).expect("a few migrations");
        if version < now {
            client.execute("DELETE FROM kapsel_schema", &[]).await?;
            client.execute("INSERT INTO kapsel_schema VALUES ($1)", &[&now]).await?;
        }
        client.batch_execute("COMMIT").await?;
        Ok(version)
    });
    let version = version.await?;
    if usize::try_from(version).is_ok_and(|version| version <= MIGRATIONS.len()) {
        return Ok(());
    }
    Err(StoreError::Unusable(format!("the tables are of version {version}, which a newer program made")))
}
