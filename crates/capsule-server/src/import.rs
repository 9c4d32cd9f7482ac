//! Moves the capsules of a reference server here: its PostgreSQL table `cdoc2_capsule`.
//!
//! What is here already is left alone, so that an import that was interrupted is begun again. At the end everything is compared: how many
//! there were, and the digest of each with what is stored here.

use std::time::SystemTime;

use capsule_api::{Expiry, NewCapsule, TransactionId};
use cdoc2::{Curve, EcPublicKey, PublicKey, RsaPublicKey};
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use crate::{
    Postgres,
    clock::unix,
    store::{Capsule, Link, Locator, NEEDS_TLS, SharedStore, StoreError},
};

/// Rows in a statement.
const BATCH: i64 = 500;
/// Times of that table have no zone, and mean UTC.
const SELECT: &str = "
    SELECT transaction_id, recipient, payload, capsule_type, 
    CASE WHEN isfinite(expiry_time) THEN floor(extract(epoch FROM expiry_time))::bigint END, expiry_time_adjusted
    FROM cdoc2_capsule WHERE transaction_id > $1 ORDER BY transaction_id LIMIT $2";

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Capsules that were put here.
    pub moved: u64,
    /// Capsules that were here already, the same.
    pub there: u64,
    /// Capsules that have expired: nobody would get them here either.
    pub expired: u64,
    /// Rows that are no capsule, or another one here.
    pub refused: u64,
    /// Capsules that were found here afterwards, with the digest of their row.
    pub verified: u64,
}

impl Imported {
    /// Whether everything that counts is here.
    pub fn is_complete(&self) -> bool {
        self.refused == 0 && self.verified == self.moved + self.there
    }
}

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The database that is read.
    #[error("the reference server's database {0}")]
    Source(String),
    /// The store that is written.
    #[error("here: {0}")]
    Target(#[from] StoreError),
}

impl ImportError {
    fn of_source(error: StoreError) -> Self {
        Self::Source(match error {
            StoreError::Unavailable(error) => format!("is not available: {error}"),
            StoreError::Unusable(reason) => format!("cannot be used: {reason}"),
            error => error.to_string(),
        })
    }

    /// Settings have other names here than in a configuration.
    fn of_settings(wrong: &str) -> Self {
        let wrong = if wrong == NEEDS_TLS { "needs --authorities for TLS, or --without-tls" } else { wrong };
        Self::Source(format!("(--from) {wrong}"))
    }
}

/// A row of the table.
struct Reference {
    id: String,
    capsule: Result<(Locator, Capsule), &'static str>,
}

/// Moves everything that has not expired at `now` from `source` to `target`, then compares.
///
/// # Errors
/// [`ImportError`] says of which; what was moved until then stays.
pub async fn import_reference(
    source: &Postgres,
    target: &SharedStore,
    now: SystemTime,
) -> Result<Imported, ImportError> {
    let link = Link::new(source).map_err(|wrong| ImportError::of_settings(&wrong))?;
    let now = unix(now);
    let mut imported = Imported::default();
    let mut last = String::new();
    while let Some(rows) = batch(&link, &mut last).await? {
        for row in rows {
            move_one(row, target, now, &mut imported).await?;
        }
    }
    last.clear();
    while let Some(rows) = batch(&link, &mut last).await? {
        for (locator, capsule) in rows.into_iter().filter_map(|row| row.capsule.ok()) {
            let kept = target.get(locator, now).await?;
            imported.verified += u64::from(kept.is_some_and(|kept| digest(&kept) == digest(&capsule)));
        }
    }
    Ok(imported)
}

async fn batch(link: &Link, last: &mut String) -> Result<Option<Vec<Reference>>, ImportError> {
    let after = last.clone();
    let rows = link.run(move |session| {
        let after = after.clone();
        async move { session.client.query(SELECT, &[&after, &BATCH]).await }
    });
    let rows = rows.await.map_err(ImportError::of_source)?;
    let rows = rows.iter().map(reference).collect::<Result<Vec<_>, _>>().map_err(ImportError::of_source)?;
    let Some(row) = rows.last() else { return Ok(None) };
    last.clone_from(&row.id);
    Ok(Some(rows))
}

fn reference(row: &Row) -> Result<Reference, StoreError> {
    let read = || -> Result<_, tokio_postgres::Error> {
        let id: String = row.try_get(0)?;
        let (recipient, payload): (Vec<u8>, Vec<u8>) = (row.try_get(1)?, row.try_get(2)?);
        let (kind, expires, adjusted): (String, Option<i64>, Option<bool>) =
            (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        let capsule = capsule(&id, &recipient, payload, &kind, expires, adjusted.unwrap_or(false));
        Ok(Reference { id, capsule })
    };
    read().map_err(|error| StoreError::Unusable(format!("the table is not as expected: {error}")))
}

fn capsule(
    id: &str,
    recipient: &[u8],
    payload: Vec<u8>,
    kind: &str,
    expires: Option<i64>,
    adjusted: bool,
) -> Result<(Locator, Capsule), &'static str> {
    let id = TransactionId::parse(id).map_err(|_| "its id is none")?;
    let ec = |curve| EcPublicKey::from_point(curve, recipient).map(PublicKey::Ec);
    let key = match kind {
        "SECP256R1" => ec(Curve::P256),
        "SECP384R1" => ec(Curve::P384),
        "SECP521R1" => ec(Curve::P521),
        "RSA" => RsaPublicKey::from_pkcs1_der(recipient).map(PublicKey::Rsa),
        _ => return Err("its type is not known"),
    };
    let key = key.map_err(|_| "its recipient is no key of its type")?;
    let new = NewCapsule::new(key, payload).map_err(|_| "its payload is none of its type")?;
    let expires = expires.ok_or("its time is none")?;
    let expires = Expiry::from_unix(expires).map_err(|_| "its time is beyond all years")?;
    Ok((Locator::new(&id, recipient), Capsule { body: new.to_json().into_bytes(), expires, adjusted }))
}

async fn move_one(row: Reference, target: &SharedStore, now: i64, imported: &mut Imported) -> Result<(), StoreError> {
    let (locator, capsule) = match row.capsule {
        Ok(capsule) => capsule,
        Err(reason) => {
            let begin: String = row.id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            tracing::warn!(reason, id = %begin, "a row is left behind");
            imported.refused += 1;
            return Ok(());
        }
    };
    if capsule.expires.unix() <= now {
        imported.expired += 1;
        return Ok(());
    }
    match target.get(locator, now).await? {
        Some(kept) if digest(&kept) == digest(&capsule) => imported.there += 1,
        Some(_) => imported.refused += 1,
        None => {
            target.put(locator, capsule).await?;
            imported.moved += 1;
        }
    }
    Ok(())
}

fn digest(capsule: &Capsule) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(capsule.expires.unix().to_be_bytes());
    digest.update([u8::from(capsule.adjusted)]);
    digest.update(&capsule.body);
    digest.finalize().into()
}
