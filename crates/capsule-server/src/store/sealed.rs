//! Capsules sealed at rest: whoever has a copy of the store, and not the key, has nothing.
//!
//! A sealed body begins with a byte that no JSON begins with, and the identifier of its key; so capsules that were kept before there was a
//! key, or under the key before, are still given out. A capsule is bound to its place and its times: none can be put in another's place.

use std::{path::Path, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{Answer, Capsule, Locator, SharedStore, Store, StoreError};

/// Begins a sealed body.
const SEALED: u8 = 1;
/// Keeps the seal apart from every other use of its key.
const LABEL: &[u8] = b"Kapsel sealed capsule v1\0";
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
    pub(super) fn new(inner: SharedStore, keys: SealingKeys) -> Self {
        Self { inner, keys: Arc::new(keys) }
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
    fn seal(&self, locator: &Locator, capsule: &mut Capsule) -> Result<(), StoreError> {
        let Some((id, key)) = self.0.first() else { return Ok(()) };
        let mut body = std::mem::take(&mut capsule.body);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(place(locator, capsule)), &mut body)
            .map_err(|_| StoreError::Unusable("a capsule cannot be sealed".to_owned()))?;
        let id_length = u8::try_from(id.len()).expect("identifiers are short");
        capsule.body = [&[SEALED, id_length], id.as_bytes(), nonce.as_ref(), &body].concat();
        Ok(())
    }

    fn open(&self, locator: &Locator, mut capsule: Capsule) -> Result<Capsule, StoreError> {
        let Some((&SEALED, sealed)) = capsule.body.split_first() else { return Ok(capsule) };
        let unusable = |reason: &str| StoreError::Unusable(format!("a sealed capsule {reason}"));
        let (id, rest) = identifier(sealed).ok_or_else(|| unusable("is damaged"))?;
        let (_, key) =
            self.0.iter().find(|(known, _)| known.as_bytes() == id).ok_or_else(|| {
                unusable(&format!("needs the key `{}`, which is not there", String::from_utf8_lossy(id)))
            })?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(|| unusable("is damaged"))?;
        let (nonce, mut body) = (Nonce::from(nonce), body.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(place(locator, &capsule)), &mut body);
        let length = opened.map_err(|_| unusable("is damaged, or was moved"))?.len();
        body.truncate(length);
        capsule.body = body;
        Ok(capsule)
    }
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
