//! The embedded store: one SQLite file, for a server that runs once.
//!
//! All that is written goes through one thread, which takes everything that waits into one transaction: a flush of the disk is
//! shared by all who wait for it. Readers have connections and threads of their own, and with a write-ahead log nobody waits for the
//! writer. Another program that looks into the file (a backup, `kapsel-server purge`) takes its turn.

use std::{io::Read as _, path::Path, thread, time::Duration};

use capsule_api::{Expiry, MAX_BODY};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Answer, Capsule, Change, KeptKey, KeyChange, Locator, Mark, NONCE_KEY_KEPT, NONCE_KEY_LIFE, Page, Shelf, Spending,
    Spent, Store, StoreError,
};

/// Capsules that may wait for the writer before more are refused.
const WAITING_WRITES: usize = 4096;
/// Questions that may wait for the readers.
const WAITING_READS: usize = 4096;
/// Most capsules in a transaction.
const GROUP: usize = 512;
/// Threads that read.
const READERS: usize = 2;
/// How long one program waits while another writes.
const PATIENCE: Duration = Duration::from_secs(5);
/// Marks the file as ours (`PRAGMA application_id`): "Kaps".
const APPLICATION: i32 = 0x4b61_7073;

/// Each brings the file to the version of its number, from 1 (`PRAGMA user_version`).
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE capsule (
        number INTEGER PRIMARY KEY,
        locator BLOB NOT NULL,
        expires INTEGER NOT NULL,
        adjusted INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    -- A capsule that is not there, not for this key, or expired, is not in the range that is looked at: the three are one look at the index.
    CREATE UNIQUE INDEX capsule_locator ON capsule (locator, expires);
    CREATE INDEX capsule_expires ON capsule (expires);
",
    "
    CREATE TABLE spent (nonce BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX spent_at ON spent (at);
    CREATE TABLE nonce_key (number INTEGER PRIMARY KEY, made INTEGER NOT NULL, key BLOB NOT NULL) STRICT;
",
];

/// Of a file that has been through all of them.
const VERSION: i32 = MIGRATIONS.len() as i32;

/// Tells whoever waits, once it is known how the transaction ended.
type Told = Box<dyn FnOnce(Result<(), &rusqlite::Error>)>;

/// What waits for the writer.
enum Write {
    Put { locator: Locator, capsule: Capsule, done: oneshot::Sender<Result<(), StoreError>> },
    DeleteExpired { now: i64, at_most: u32, done: oneshot::Sender<Result<u64, StoreError>> },
    Spend { locator: Locator, nonce: Spent, now: i64, done: oneshot::Sender<Result<Spending, StoreError>> },
    ForgetSpent { until: i64, at_most: u32, done: oneshot::Sender<Result<u64, StoreError>> },
    NonceKeys { fresh: KeptKey, done: oneshot::Sender<Result<Vec<KeptKey>, StoreError>> },
    Ready { done: oneshot::Sender<Result<(), StoreError>> },
    Replace { changes: Vec<Change>, done: oneshot::Sender<Result<u64, StoreError>> },
    ReplaceNonceKey { change: KeyChange, done: oneshot::Sender<Result<(), StoreError>> },
}

/// What waits for a reader.
enum Read {
    Get { locator: Locator, now: i64, done: oneshot::Sender<Result<Option<Capsule>, StoreError>> },
    Count { done: oneshot::Sender<Result<u64, StoreError>> },
    Page { after: Option<Mark>, at_most: u32, done: oneshot::Sender<Result<Page, StoreError>> },
    NonceKeys { done: oneshot::Sender<Result<Vec<KeptKey>, StoreError>> },
}

/// Capsules in a file of this machine.
pub struct SqliteStore {
    writes: Sender<Write>,
    reads: Sender<Read>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the file, and makes or migrates it when that is needed.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the file is another program's or a newer version's; [`StoreError::Unavailable`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path)?;
        Self::could_be(path).map_err(|wrong| StoreError::Unusable(format!("{}: {wrong}", path.display())))?;
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        migrate(&mut writer)?;
        let (writes, waiting_writes) = bounded(WAITING_WRITES);
        let (reads, waiting_reads) = bounded(WAITING_READS);
        let mut threads = vec![spawn("store-writer", move || write_all(&mut writer, &waiting_writes))?];
        for _ in 0..READERS {
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let waiting_reads = waiting_reads.clone();
            threads.push(spawn("store-reader", move || read_all(&reader, &waiting_reads))?);
        }
        Ok(Self { writes, reads, threads })
    }

    /// Whether a file can be that of a store, by its head, or can be made. Nothing is changed.
    ///
    /// # Errors
    /// What is there instead.
    pub(crate) fn could_be(path: &Path) -> Result<(), String> {
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.to_string()),
            Ok(metadata) if !metadata.is_file() => return Err("is no file".to_owned()),
            Ok(metadata) => metadata,
        };
        if metadata.len() == 0 {
            return Ok(());
        }
        let mut head = [0; 72];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
        match read {
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => return Err(error.to_string()),
            Ok(()) if head.starts_with(b"SQLite format 3\0") => {}
            _ => return Err("is no database".to_owned()),
        }
        // What has not been folded into the file yet stands in its log.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let has_log = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
        let is_ours = head.ends_with(&APPLICATION.to_be_bytes());
        if is_ours || has_log { Ok(()) } else { Err("is the database of another program".to_owned()) }
    }

    fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Write,
    ) -> Answer<'_, T> {
        let (done, answer) = oneshot::channel();
        wait(self.writes.try_send(write(done)), answer)
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Read,
    ) -> Answer<'_, T> {
        let (done, answer) = oneshot::channel();
        wait(self.reads.try_send(read(done)), answer)
    }
}

impl Drop for SqliteStore {
    /// Everything that waits is still written; then the log is folded into the file.
    fn drop(&mut self) {
        self.writes = bounded(0).0;
        self.reads = bounded(0).0;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Store for SqliteStore {
    fn put(&self, locator: Locator, capsule: Capsule) -> Answer<'_, ()> {
        self.write(|done| Write::Put { locator, capsule, done })
    }

    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>> {
        self.read(|done| Read::Get { locator, now, done })
    }

    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending> {
        self.write(|done| Write::Spend { locator, nonce, now, done })
    }

    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64> {
        self.write(|done| Write::ForgetSpent { until, at_most, done })
    }

    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>> {
        self.write(|done| Write::NonceKeys { fresh, done })
    }

    fn time(&self) -> Answer<'_, Option<i64>> {
        Box::pin(async { Ok(None) })
    }

    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64> {
        self.write(|done| Write::DeleteExpired { now, at_most, done })
    }

    fn count(&self) -> Answer<'_, u64> {
        self.read(|done| Read::Count { done })
    }

    fn ready(&self) -> Answer<'_, ()> {
        self.write(|done| Write::Ready { done })
    }
}

impl Shelf for SqliteStore {
    fn page(&self, after: Option<Mark>, at_most: u32) -> Answer<'_, Page> {
        self.read(|done| Read::Page { after, at_most, done })
    }

    fn replace(&self, changes: Vec<Change>) -> Answer<'_, u64> {
        self.write(|done| Write::Replace { changes, done })
    }

    fn kept_nonce_keys(&self) -> Answer<'_, Vec<KeptKey>> {
        self.read(|done| Read::NonceKeys { done })
    }

    fn replace_nonce_key(&self, change: KeyChange) -> Answer<'_, ()> {
        self.write(|done| Write::ReplaceNonceKey { change, done })
    }
}

/// Makes the file, when it is not there, for its owner alone; what SQLite puts beside it gets the same permissions.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop).map_err(|error| StoreError::unavailable(format!("{}: {error}", path.display())))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StoreError::unavailable)
}

fn wait<T: Send + 'static, M>(
    sent: Result<(), TrySendError<M>>,
    answer: oneshot::Receiver<Result<T, StoreError>>,
) -> Answer<'static, T> {
    let ended = || StoreError::unavailable("its thread has ended");
    let sent = sent.map_err(|error| match error {
        TrySendError::Full(_) => StoreError::Busy,
        TrySendError::Disconnected(_) => ended(),
    });
    Box::pin(async move {
        sent?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    })
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    // What is deleted is overwritten, and an acknowledged capsule has been flushed to the disk.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |pragma| transaction.query_row(pragma, [], |row| row.get::<_, i32>(0));
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    if application != APPLICATION && (application, version, tables) != (0, 0, 0) {
        return Err(StoreError::Unusable("the file is the database of another program".to_owned()));
    }
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(pending) = MIGRATIONS.get(done..) else {
        return Err(StoreError::Unusable(format!("the file is of version {version}, which a newer program wrote")));
    };
    for migration in pending {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Runs until nobody can send any more.
fn write_all(connection: &mut Connection, waiting: &Receiver<Write>) {
    while let Ok(first) = waiting.recv() {
        let group = std::iter::once(first).chain(waiting.try_iter()).take(GROUP).collect();
        write_group(connection, group);
    }
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Writes a group in one transaction, and answers when it is on the disk.
fn write_group(connection: &mut Connection, group: Vec<Write>) {
    let mut answers: Vec<Told> = Vec::with_capacity(group.len());
    let outcome = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        for write in group {
            answers.push(write_one(&transaction, write));
        }
        transaction.commit()
    });
    // When the transaction could not begin, those who wait learn it from their closed channel.
    if let Err(error) = &outcome {
        tracing::error!(%error, "capsules could not be written");
    }
    for answer in answers {
        answer(outcome.as_ref().copied());
    }
}

/// Does one part of a transaction.
fn write_one(transaction: &Transaction<'_>, write: Write) -> Told {
    fn answer<T: 'static>(done: oneshot::Sender<Result<T, StoreError>>, result: rusqlite::Result<T>) -> Told {
        Box::new(move |committed| {
            let result = match committed {
                Ok(()) => result.map_err(StoreError::from),
                Err(error) => Err(StoreError::unavailable(error.to_string())),
            };
            // Nobody waits any more when the request has timed out.
            let _ = done.send(result);
        })
    }
    match write {
        // Its request has timed out: nobody would learn its id.
        Write::Put { done, .. } if done.is_closed() => Box::new(|_| ()),
        Write::Put { locator, capsule, done } => answer(done, insert(transaction, &locator, &capsule)),
        Write::DeleteExpired { now, at_most, done } => answer(done, delete_expired(transaction, now, at_most)),
        // Nobody would get the capsule, and the nonce could not be used again.
        Write::Spend { done, .. } if done.is_closed() => Box::new(|_| ()),
        Write::Spend { locator, nonce, now, done } => answer(done, spend(transaction, &locator, &nonce, now)),
        Write::ForgetSpent { until, at_most, done } => answer(done, forget_spent(transaction, until, at_most)),
        Write::NonceKeys { fresh, done } => answer(done, nonce_keys(transaction, &fresh)),
        Write::Ready { done } => answer(done, probe(transaction)),
        Write::Replace { changes, done } => answer(done, replace(transaction, &changes)),
        Write::ReplaceNonceKey { change, done } => answer(done, replace_nonce_key(transaction, &change)),
    }
}

fn insert(transaction: &Transaction<'_>, locator: &Locator, capsule: &Capsule) -> rusqlite::Result<()> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO capsule (locator, expires, adjusted, body) VALUES (?1, ?2, ?3, ?4)")?;
    insert.execute(params![locator.as_bytes(), capsule.expires.unix(), capsule.adjusted, capsule.body])?;
    Ok(())
}

fn delete_expired(transaction: &Transaction<'_>, now: i64, at_most: u32) -> rusqlite::Result<u64> {
    let mut delete = transaction.prepare_cached(
        "DELETE FROM capsule WHERE number IN
         (SELECT number FROM capsule WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?;
    Ok(delete.execute(params![now, at_most])? as u64)
}

/// Writes as much as the largest capsule takes, and takes it back: a full disk shows, also one on which something smaller has room.
fn probe(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let nowhere = [0_u8; 32];
    transaction.execute(
        "INSERT INTO capsule (locator, expires, adjusted, body) VALUES (?1, 0, 0, zeroblob(?2))",
        params![nowhere, MAX_BODY as i64],
    )?;
    transaction.execute("DELETE FROM capsule WHERE locator = ?1", params![nowhere])?;
    Ok(())
}

fn spend(transaction: &Transaction<'_>, locator: &Locator, nonce: &Spent, now: i64) -> rusqlite::Result<Spending> {
    let Some(capsule) = find(transaction, locator, now)? else { return Ok(Spending::NoCapsule) };
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO spent (nonce, at) VALUES (?1, ?2)")?;
    let is_first = insert.execute(params![nonce.as_bytes(), now])? == 1;
    Ok(if is_first { Spending::Done(capsule) } else { Spending::Again })
}

fn forget_spent(transaction: &Transaction<'_>, until: i64, at_most: u32) -> rusqlite::Result<u64> {
    let mut delete = transaction.prepare_cached(
        "DELETE FROM spent WHERE nonce IN (SELECT nonce FROM spent WHERE at <= ?1 ORDER BY at LIMIT ?2)",
    )?;
    Ok(delete.execute(params![until, at_most])? as u64)
}

fn nonce_keys(transaction: &Transaction<'_>, fresh: &KeptKey) -> rusqlite::Result<Vec<KeptKey>> {
    transaction.execute(
        "INSERT INTO nonce_key (made, key) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM nonce_key WHERE made > ?1 - ?3)",
        params![fresh.made, *fresh.bytes, NONCE_KEY_LIFE],
    )?;
    transaction.execute(
        "DELETE FROM nonce_key WHERE EXISTS
         (SELECT 1 FROM nonce_key AS next WHERE next.number > nonce_key.number AND next.made <= ?1 - ?2)",
        params![fresh.made, NONCE_KEY_KEPT],
    )?;
    kept_nonce_keys(transaction)
}

fn kept_nonce_keys(connection: &Connection) -> rusqlite::Result<Vec<KeptKey>> {
    let mut select = connection.prepare_cached("SELECT made, key FROM nonce_key ORDER BY number")?;
    let keys =
        select.query_map([], |row| Ok(KeptKey { made: row.get(0)?, bytes: row.get::<_, Vec<u8>>(1)?.into() }))?;
    keys.collect()
}

fn replace(transaction: &Transaction<'_>, changes: &[Change]) -> rusqlite::Result<u64> {
    let mut update =
        transaction.prepare_cached("UPDATE capsule SET body = ?4 WHERE locator = ?1 AND expires = ?2 AND body = ?3")?;
    let mut replaced = 0;
    for Change { place, kept, sealed } in changes {
        replaced += update.execute(params![place.as_bytes(), kept.expires.unix(), kept.body, sealed])? as u64;
    }
    Ok(replaced)
}

fn replace_nonce_key(transaction: &Transaction<'_>, change: &KeyChange) -> rusqlite::Result<()> {
    let KeyChange { kept, sealed } = change;
    let update = "UPDATE nonce_key SET key = ?3 WHERE made = ?1 AND key = ?2";
    transaction.execute(update, params![kept.made, *kept.bytes, **sealed]).map(drop)
}

/// Runs until nobody can send any more.
fn read_all(connection: &Connection, waiting: &Receiver<Read>) {
    while let Ok(read) = waiting.recv() {
        match read {
            Read::Get { locator, now, done } => drop(done.send(get(connection, &locator, now))),
            Read::Count { done } => drop(done.send(count(connection))),
            Read::Page { after, at_most, done } => drop(done.send(page(connection, after.as_ref(), at_most))),
            Read::NonceKeys { done } => drop(done.send(kept_nonce_keys(connection).map_err(StoreError::from))),
        }
    }
}

fn get(connection: &Connection, locator: &Locator, now: i64) -> Result<Option<Capsule>, StoreError> {
    Ok(find(connection, locator, now)?)
}

fn find(connection: &Connection, locator: &Locator, now: i64) -> rusqlite::Result<Option<Capsule>> {
    let mut select = connection
        .prepare_cached("SELECT expires, adjusted, body FROM capsule WHERE locator = ?1 AND expires > ?2 LIMIT 1")?;
    let found = select
        .query_row(params![locator.as_bytes(), now], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((expires, adjusted, body)) = found else { return Ok(None) };
    let expires = Expiry::from_unix(expires).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, expires))?;
    Ok(Some(Capsule { body, expires, adjusted }))
}

/// In the order in which they came, which is that of the file.
fn page(connection: &Connection, after: Option<&Mark>, at_most: u32) -> Result<Page, StoreError> {
    let after = after.and_then(|Mark(number)| number[..].try_into().ok()).map_or(i64::MIN, i64::from_be_bytes);
    let mut select = connection.prepare_cached(
        "SELECT number, locator, expires, adjusted, body FROM capsule WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = select.query(params![after, at_most])?;
    let mut page = Page { capsules: Vec::new(), next: None };
    while let Some(row) = rows.next()? {
        let expires = row.get(2)?;
        let expires = Expiry::from_unix(expires).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(2, expires))?;
        page.capsules.push((Locator(row.get(1)?), Capsule { body: row.get(4)?, expires, adjusted: row.get(3)? }));
        page.next = Some(Mark(row.get::<_, i64>(0)?.to_be_bytes().to_vec()));
    }
    Ok(page)
}

fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection.query_row("SELECT count(*) FROM capsule", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Unusable(error.to_string()),
            _ => Self::unavailable(error),
        }
    }
}
