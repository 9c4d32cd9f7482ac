//! Capsules sealed at rest: whoever has a copy of the store, and not the key, has nothing.
//!
//! A sealed body begins with a byte that no JSON begins with, and the identifier of its key; so capsules that were kept before there was a
//! key, or under the key before, are still given out. A capsule is bound to its place and its times: none can be put in another's place. The
//! keys for nonces are sealed, too.

use std::{path::Path, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{Answer, Capsule, KeptKey, Locator, SharedStore, Spending, Spent, Store, StoreError};

/// Begins a sealed body.
const SEALED: u8 = 1;
/// Begins a key for nonces that is not sealed.
const PLAIN: u8 = 0;
/// Keeps the seals apart from each other, and from every other use of their key.
const LABEL: &[u8] = b"Kapsel sealed capsule v1\0";
const NONCE_KEY_LABEL: &[u8] = b"Kapsel sealed nonce key v1\0";
/// Names the variable of the environment that may hold keys.
pub const SEALING_KEYS_VARIABLE: &str = "KAPSEL_SERVER_SEALING_KEYS";
/// Most bytes of a key's identifier.
const MAX_ID: usize = 32;
const NONCE: usize = 12;

/// Keys by identifier: the first one seals, all open.
#[derive(Default)]
pub struct SealingKeys(Vec<(String, RandomizedNonceKey)>);

impl SealingKeys {
    /// From a file, or else from the environment; none when there is neither.
    ///
    /// # Errors
    /// What is wrong with them, without the keys.
    pub fn load(path: Option<&Path>) -> Result<Self, String> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
            None => std::env::var(SEALING_KEYS_VARIABLE).unwrap_or_default(),
        };
        let text = Zeroizing::new(text);
        let keys = Self::parse(&text)?;
        if path.is_some() && keys.0.is_empty() { Err("there is no sealing key".to_owned()) } else { Ok(keys) }
    }

    /// A key a line: its identifier, a space, 32 bytes in base64. Lines that begin with `#` are none.
    fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<(String, RandomizedNonceKey)> = Vec::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = key(line).ok_or_else(|| {
                format!("line {number} is no sealing key: an identifier, a space, and 32 bytes in base64")
            })?;
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(format!("line {number}: the identifier `{id}` stands twice"));
            }
            keys.push((id, key));
        }
        Ok(Self(keys))
    }
}

fn key(line: &str) -> Option<(String, RandomizedNonceKey)> {
    let (id, encoded) = line.split_once(char::is_whitespace)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(is_plain) {
        return None;
    }
    let key = Zeroizing::new(Base64::decode_vec(encoded.trim()).ok()?);
    if key.len() != AES_256_GCM.key_len() {
        return None;
    }
    Some((id.to_owned(), RandomizedNonceKey::new(&AES_256_GCM, &key).ok()?))
}

/// A store whose capsules are sealed, when there is a key.
pub(super) struct SealedStore {
    inner: SharedStore,
    keys: Arc<SealingKeys>,
}

impl SealedStore {
    pub(super) fn new(inner: SharedStore, keys: Arc<SealingKeys>) -> Self {
        Self { inner, keys }
    }
}

impl Store for SealedStore {
    fn put(&self, locator: Locator, mut capsule: Capsule) -> Answer<'_, ()> {
        if let Err(error) = self.keys.seal(&locator, &mut capsule) {
            return Box::pin(async { Err(error) });
        }
        self.inner.put(locator, capsule)
    }

    fn get(&self, locator: Locator, now: i64) -> Answer<'_, Option<Capsule>> {
        Box::pin(async move {
            let found = self.inner.get(locator, now).await?;
            found.map(|capsule| self.keys.open(&locator, capsule)).transpose()
        })
    }

    fn spend(&self, locator: Locator, nonce: Spent, now: i64) -> Answer<'_, Spending> {
        Box::pin(async move {
            match self.inner.spend(locator, nonce, now).await? {
                Spending::Done(capsule) => self.keys.open(&locator, capsule).map(Spending::Done),
                other => Ok(other),
            }
        })
    }

    fn forget_spent(&self, until: i64, at_most: u32) -> Answer<'_, u64> {
        self.inner.forget_spent(until, at_most)
    }

    fn nonce_keys(&self, fresh: KeptKey) -> Answer<'_, Vec<KeptKey>> {
        Box::pin(async move {
            let sealed = KeptKey { bytes: self.keys.seal_nonce_key(&fresh)?, ..fresh };
            let kept = self.inner.nonce_keys(sealed).await?;
            kept.into_iter().map(|kept| self.keys.open_nonce_key(kept)).collect()
        })
    }

    fn time(&self) -> Answer<'_, Option<i64>> {
        self.inner.time()
    }

    fn delete_expired(&self, now: i64, at_most: u32) -> Answer<'_, u64> {
        self.inner.delete_expired(now, at_most)
    }

    fn count(&self) -> Answer<'_, u64> {
        self.inner.count()
    }

    fn ready(&self) -> Answer<'_, ()> {
        self.inner.ready()
    }
}

impl SealingKeys {
    /// Identifier of the key that seals.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|(id, _)| &id[..])
    }

    /// Whether the key is there that something is sealed with, when it is sealed.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] names the key.
    pub(super) fn has_key_of(&self, kept: &[u8]) -> Result<(), StoreError> {
        match kept.split_first() {
            // What is damaged is so with every key.
            Some((&SEALED, sealed)) => identifier(sealed).map_or(Ok(()), |(id, _)| self.key(id).map(drop)),
            _ => Ok(()),
        }
    }

    fn key(&self, id: &[u8]) -> Result<&RandomizedNonceKey, StoreError> {
        let known = self.0.iter().find(|(known, _)| known.as_bytes() == id);
        let missing = || unusable(&format!("needs the key `{}`, which is not there", String::from_utf8_lossy(id)));
        known.map(|(_, key)| key).ok_or_else(missing)
    }

    /// Whether something is sealed with it.
    pub(super) fn is_first(&self, kept: &[u8]) -> bool {
        let id = kept.split_first().filter(|(kind, _)| **kind == SEALED).and_then(|(_, sealed)| identifier(sealed));
        id.is_some_and(|(id, _)| self.first().is_some_and(|first| first.as_bytes() == id))
    }

    pub(super) fn seal(&self, locator: &Locator, capsule: &mut Capsule) -> Result<(), StoreError> {
        if let Some(sealed) = self.sealed(&place(locator, capsule), &capsule.body)? {
            capsule.body = sealed;
        }
        Ok(())
    }

    pub(super) fn open(&self, locator: &Locator, mut capsule: Capsule) -> Result<Capsule, StoreError> {
        let Some((&SEALED, sealed)) = capsule.body.split_first() else { return Ok(capsule) };
        capsule.body = self.opened(&place(locator, &capsule), sealed)?;
        Ok(capsule)
    }

    pub(super) fn seal_nonce_key(&self, key: &KeptKey) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let sealed = self.sealed(&nonce_key_place(key.made), &key.bytes)?;
        Ok(sealed.unwrap_or_else(|| [&[PLAIN][..], &key.bytes].concat()).into())
    }

    pub(super) fn open_nonce_key(&self, mut key: KeptKey) -> Result<KeptKey, StoreError> {
        key.bytes = match key.bytes.split_first() {
            Some((&SEALED, sealed)) => self.opened(&nonce_key_place(key.made), sealed)?.into(),
            Some((&PLAIN, plain)) => plain.to_vec().into(),
            _ => return Err(unusable("is damaged")),
        };
        Ok(key)
    }

    /// With the first key, bound to its place; `None` when there is no key.
    fn sealed(&self, place: &[u8], body: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((id, key)) = self.0.first() else { return Ok(None) };
        let mut body = body.to_vec();
        let nonce =
            key.seal_in_place_append_tag(Aad::from(place), &mut body).map_err(|_| unusable("cannot be made"))?;
        let id_length = u8::try_from(id.len()).expect("identifiers are short");
        Ok(Some([&[SEALED, id_length], id.as_bytes(), nonce.as_ref(), &body].concat()))
    }

    fn opened(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (id, rest) = identifier(sealed).ok_or_else(|| unusable("is damaged"))?;
        let key = self.key(id)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(|| unusable("is damaged"))?;
        let (nonce, mut body) = (Nonce::from(nonce), body.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(place), &mut body);
        let length = opened.map_err(|_| unusable("is damaged, or was moved"))?.len();
        body.truncate(length);
        Ok(body)
    }
}

fn unusable(reason: &str) -> StoreError {
    StoreError::Unusable(format!("what is sealed {reason}"))
}

fn identifier(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = sealed.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// What a sealed body is bound to.
fn place(locator: &Locator, capsule: &Capsule) -> Vec<u8> {
    let expires = capsule.expires.unix().to_be_bytes();
    [LABEL, locator.as_bytes(), &expires, &[u8::from(capsule.adjusted)]].concat()
}

/// What a sealed key for nonces is bound to.
fn nonce_key_place(made: i64) -> Vec<u8> {
    [NONCE_KEY_LABEL, &made.to_be_bytes()].concat()
}
