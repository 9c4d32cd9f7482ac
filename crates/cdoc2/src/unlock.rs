//! Finding the record that a key opens, and unwrapping the file master key.

use zeroize::Zeroizing;

use crate::{
    Error, Result,
    error::{FetchError, KeyError, SecretKind},
    header::{Capsule, Header, KeyShare, Record, ServerCapsule, too_many_iterations},
    key::{DecryptionKey, EcPublicKey, EcdhKey, Fmk, Kek, Password, PublicKey, RsaKey, SharedSecret, SymmetricKey},
    label::{Label, shown},
    progress::{Control, Step},
};

/// Most records that are tried with one key: each try costs an HMAC over the header.
const MAX_TRIES: usize = 16;
/// Most PBKDF2 iterations that are computed for one password in all.
const MAX_ITERATIONS: u64 = 20_000_000;

/// Fetches capsules from servers.
pub trait CapsuleFetcher {
    /// The capsule's key material for `recipient`. EC: the sender's uncompressed point; RSA: the encrypted KEK.
    ///
    /// # Errors
    /// Whatever the fetcher says: unknown server, unreachable, not found.
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError>;

    /// The key material of one of `capsules`, which are for the same recipient and never none, and its position among them: whichever can
    /// be had first. By default they are fetched one after the other.
    ///
    /// # Errors
    /// When none can be had.
    fn fetch_first(&self, capsules: &[&ServerCapsule]) -> Result<(usize, Vec<u8>), FetchError> {
        let mut failure = None;
        for (position, capsule) in capsules.iter().enumerate() {
            match self.fetch(capsule) {
                Ok(material) => return Ok((position, material)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(|| "there is no capsule to fetch".into()))
    }
}

/// Fetches all shares of a key, as one recipient.
pub trait ShareFetcher {
    /// The recipient whose shares it may fetch, an ETSI identifier such as `etsi/PNOEE-48010010101`.
    fn recipient_id(&self) -> &str;

    /// The shares, 32 bytes each, in the order of `shares`. All or an error.
    ///
    /// # Errors
    /// Whatever the fetcher says.
    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError>;
}

/// Everything at hand that may open a container.
#[derive(Clone, Default)]
pub struct Keyring<'a> {
    keys: Vec<DecryptionKey<'a>>,
    capsules: Option<&'a dyn CapsuleFetcher>,
    shares: Vec<&'a dyn ShareFetcher>,
}

impl<'a> Keyring<'a> {
    /// Keys in the order in which they are tried.
    pub fn new(keys: impl IntoIterator<Item = DecryptionKey<'a>>) -> Self {
        Self { keys: keys.into_iter().collect(), capsules: None, shares: Vec::new() }
    }

    /// Fetches capsules of server records with `fetcher`.
    #[must_use]
    pub fn with_capsules(self, fetcher: &'a dyn CapsuleFetcher) -> Self {
        Self { capsules: Some(fetcher), ..self }
    }

    /// Fetches key shares with `fetcher`; where there are several, each for its own person, in their order.
    #[must_use]
    pub fn with_shares(mut self, fetcher: &'a dyn ShareFetcher) -> Self {
        self.shares.push(fetcher);
        self
    }
}

/// What one container is encrypted under, unwrapped and proved by the header's HMAC.
pub struct FileMasterKey {
    pub(crate) fmk: Fmk,
    record: usize,
    untried: usize,
    wrong: Vec<String>,
}

impl FileMasterKey {
    /// Position in the header of the record that was opened, from 0.
    pub fn record(&self) -> usize {
        self.record
    }

    /// How many records that might have fitted were not tried, to bound the work.
    pub fn untried_records(&self) -> usize {
        self.untried
    }

    /// Identifiers of servers that gave capsules which do not open the container, before another one did. They are the sender's words.
    pub fn wrong_capsules(&self) -> &[String] {
        &self.wrong
    }
}

impl std::fmt::Debug for FileMasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileMasterKey").field("record", &self.record).finish_non_exhaustive()
    }
}

/// Tries the keys of `keyring` on the records that they fit.
///
/// # Errors
/// The most telling cause, when no record opens: [`Error::Key`] at once; then [`Error::Tampered`] (a public key matched, but
/// the header is not authentic under it), [`Error::WrongCapsule`] or [`Error::WrongShares`] (the same, and servers may be to blame),
/// [`Error::Fetch`], [`Error::WrongKey`], [`Error::LimitExceeded`] (a password's record asks for
/// too much work), [`Error::NoKeyFits`]; [`Error::Untried`] around it when there were more records than are tried.
pub(crate) fn unlock(
    header: &Header,
    mac: &[u8; 32],
    keyring: &Keyring<'_>,
    control: &Control,
) -> Result<FileMasterKey> {
    for skipped in header.skipped().iter().take(MAX_TRIES) {
        tracing::debug!(record = skipped.index, reason = %skipped.reason, "a record is not usable");
    }
    header.check()?;
    let failure = Error::NoKeyFits;
    let mut attempt = Attempt { header, mac, keyring, control, tried: 0, untried: 0, wrong: Vec::new(), failure };
    for key in &keyring.keys {
        if let Some(opened) = attempt.with_key(*key)? {
            return Ok(opened);
        }
    }
    for fetcher in &keyring.shares {
        if let Some(opened) = attempt.with_shares(*fetcher)? {
            return Ok(opened);
        }
    }
    let by_password = keyring.keys.iter().any(|key| matches!(key, DecryptionKey::Password(_)));
    Err(match attempt {
        Attempt { failure: failure @ Error::Fetch(_), .. } => failure,
        Attempt { failure, untried: 1.., .. } => Error::Untried { cause: Box::new(failure), untried: attempt.untried },
        Attempt { failure: Error::NoKeyFits, .. } if by_password && header.asks_too_much() => too_many_iterations(),
        Attempt { failure, .. } => failure,
    })
}

struct Attempt<'a> {
    header: &'a Header,
    mac: &'a [u8; 32],
    keyring: &'a Keyring<'a>,
    control: &'a Control,
    /// Records tried with the key at hand.
    tried: usize,
    untried: usize,
    /// Servers whose capsules opened nothing.
    wrong: Vec<String>,
    /// The most telling failure so far.
    failure: Error,
}

impl<'a> Attempt<'a> {
    fn with_key(&mut self, key: DecryptionKey<'a>) -> Result<Option<FileMasterKey>> {
        self.tried = 0;
        match key {
            DecryptionKey::Ec(key) => self.with_ec(key),
            DecryptionKey::Rsa(key) => self.with_rsa(key),
            DecryptionKey::Symmetric(key) => self.with_symmetric(key),
            DecryptionKey::Password(password) => self.with_password(password),
        }
    }

    fn with_ec(&mut self, key: &dyn EcdhKey) -> Result<Option<FileMasterKey>> {
        let own = key.public_key();
        let agreed = |sender: &EcPublicKey| {
            let shared = key.agree(sender).map_err(Error::Key)?;
            Ok(Some(Kek::from_ecdh(&shared, own, sender)))
        };
        let direct = self.each(
            |capsule| matches!(capsule, Capsule::Ec { recipient, .. } if recipient == own),
            Error::Tampered,
            |_, record| match &record.capsule {
                Capsule::Ec { sender, .. } => agreed(sender),
                _ => Ok(None),
            },
        )?;
        match direct {
            None => self.each_on_servers(&PublicKey::Ec(own.clone()), |material| {
                EcPublicKey::from_point(own.curve(), material).map_or(Ok(None), |sender| agreed(&sender))
            }),
            opened => Ok(opened),
        }
    }

    fn with_rsa(&mut self, key: &dyn RsaKey) -> Result<Option<FileMasterKey>> {
        let own = key.public_key();
        let decrypted = |encrypted_kek: &[u8]| {
            let kek: SharedSecret = key.decrypt_oaep(encrypted_kek).map_err(Error::Key)?;
            Ok(Kek::from_bytes(kek.as_bytes()))
        };
        let direct = self.each(
            |capsule| matches!(capsule, Capsule::Rsa { recipient, .. } if recipient == own),
            Error::Tampered,
            |_, record| match &record.capsule {
                Capsule::Rsa { encrypted_kek, .. } => decrypted(encrypted_kek),
                _ => Ok(None),
            },
        )?;
        match direct {
            None => self.each_on_servers(&PublicKey::Rsa(own.clone()), decrypted),
            opened => Ok(opened),
        }
    }

    fn with_symmetric(&mut self, key: &SymmetricKey) -> Result<Option<FileMasterKey>> {
        self.each_record(
            |record| {
                matches!(record.capsule, Capsule::Symmetric { .. })
                    && key.label().is_none_or(|label| Label::parse(&record.label).is_named(&record.label, label))
            },
            Error::WrongKey(SecretKind::SymmetricKey),
            |_, record| match &record.capsule {
                Capsule::Symmetric { salt } => Ok(Some(Kek::from_secret(key.secret(), salt, &record.label))),
                _ => Ok(None),
            },
        )
    }

    fn with_password(&mut self, password: &Password) -> Result<Option<FileMasterKey>> {
        let mut budget = MAX_ITERATIONS;
        self.each(
            |capsule| matches!(capsule, Capsule::Password { .. }),
            Error::WrongKey(SecretKind::Password),
            |this, record| {
                let Capsule::Password { salt, password_salt, iterations } = &record.capsule else { return Ok(None) };
                let Some(left) = budget.checked_sub(u64::from(*iterations)) else {
                    this.untried += 1;
                    return Ok(None);
                };
                budget = left;
                Ok(Some(Kek::from_password(password, password_salt, *iterations, salt, &record.label)))
            },
        )
    }

    fn with_shares(&mut self, fetcher: &dyn ShareFetcher) -> Result<Option<FileMasterKey>> {
        self.tried = 0;
        let fits = |capsule: &Capsule| match capsule {
            Capsule::Shares(shares) if shares.recipient_id == fetcher.recipient_id() => Some(holders(&shares.shares)),
            _ => None,
        };
        let header = self.header;
        let servers = header.records().iter().find_map(|record| fits(&record.capsule)).unwrap_or_default();
        self.each(
            |capsule| fits(capsule).is_some(),
            Error::WrongShares(servers),
            |_, record| {
                let Capsule::Shares(capsule) = &record.capsule else { return Ok(None) };
                let shares = fetcher.fetch(&capsule.shares).map_err(Error::Fetch)?;
                Ok(joined(&shares))
            },
        )
    }

    fn each(
        &mut self,
        fits: impl Fn(&Capsule) -> bool,
        mismatch: Error,
        kek: impl FnMut(&mut Self, &Record) -> Result<Option<Kek>>,
    ) -> Result<Option<FileMasterKey>> {
        self.each_record(|record| fits(&record.capsule), mismatch, kek)
    }

    /// Unwraps with the KEK of each fitting record in turn until the header's HMAC is right.
    fn each_record(
        &mut self,
        fits: impl Fn(&Record) -> bool,
        mismatch: Error,
        mut kek: impl FnMut(&mut Self, &Record) -> Result<Option<Kek>>,
    ) -> Result<Option<FileMasterKey>> {
        let header = self.header;
        let before = self.tried;
        let mut failure = None;
        for record in header.records().iter().filter(|record| fits(record)) {
            if self.tried == MAX_TRIES {
                self.untried += 1;
                continue;
            }
            self.tried += 1;
            self.control.report(Step::Unlocking, 0, None)?;
            match kek(self, record) {
                Ok(Some(kek)) => {
                    if let Some(opened) = self.unwrapped(&kek, record) {
                        return Ok(Some(opened));
                    }
                }
                Ok(None) | Err(Error::Key(KeyError::Rejected) | Error::Tampered) => {
                    tell(record, "it does not fit the key")
                }
                Err(error @ Error::Fetch(_)) => {
                    tell(record, "its shares could not be fetched");
                    failure = Some(error);
                }
                Err(error) => {
                    tell(record, "the key could not be used");
                    return Err(error);
                }
            }
        }
        if self.tried > before {
            self.note(failure.unwrap_or(mismatch));
        }
        Ok(None)
    }

    /// The file master key, when `kek` is the one of `record`.
    fn unwrapped(&self, kek: &Kek, record: &Record) -> Option<FileMasterKey> {
        let fmk = kek.unwrap(&record.encrypted_fmk);
        let authentic = fmk.authenticates(self.header.bytes(), self.mac);
        tell(record, if authentic { "it opens the container" } else { "what it gives is not the container's key" });
        let (record, untried) = (record.index, self.untried);
        authentic.then(|| FileMasterKey { fmk, record, untried, wrong: self.wrong.clone() })
    }

    /// Asks for the capsules of all records for `own` that are on servers, and unwraps with each that comes until the header's HMAC is
    /// right. One that is not right is left aside, and the others are asked for again.
    fn each_on_servers(
        &mut self,
        own: &PublicKey,
        kek: impl Fn(&[u8]) -> Result<Option<Kek>>,
    ) -> Result<Option<FileMasterKey>> {
        let header = self.header;
        let on_server = |record: &'a Record| match &record.capsule {
            Capsule::Server(capsule) if capsule.recipient == *own => Some((record, capsule)),
            _ => None,
        };
        let mut waiting: Vec<_> = header.records().iter().filter_map(on_server).collect();
        let allowed = MAX_TRIES - self.tried;
        self.untried += waiting.len().saturating_sub(allowed);
        waiting.truncate(allowed);
        let Some((_, first)) = waiting.first() else { return Ok(None) };
        let Some(fetcher) = self.keyring.capsules else {
            self.note(Error::Fetch(Box::new(NoServerAccess(first.server_id.clone()))));
            return Ok(None);
        };
        tracing::debug!(capsules = waiting.len(), "capsules for the key are on servers");
        let before = self.wrong.len();
        while !waiting.is_empty() {
            self.control.report(Step::Unlocking, 0, None)?;
            let capsules: Vec<_> = waiting.iter().map(|(_, capsule)| *capsule).collect();
            let (position, material) = match fetcher.fetch_first(&capsules) {
                Ok(first) => first,
                Err(error) => {
                    // Whoever fetches stops when the operation is stopped, and says so in its own words.
                    self.control.check()?;
                    self.note(Error::Fetch(error));
                    return Ok(None);
                }
            };
            let (record, capsule) = waiting.remove(position.min(waiting.len() - 1));
            self.tried += 1;
            match kek(&material) {
                Ok(Some(kek)) => {
                    if let Some(opened) = self.unwrapped(&kek, record) {
                        return Ok(Some(opened));
                    }
                }
                Ok(None) | Err(Error::Key(KeyError::Rejected)) => {}
                Err(error) => return Err(error),
            }
            if !self.wrong[before..].contains(&capsule.server_id) {
                self.wrong.push(capsule.server_id.clone());
            }
        }
        // Several servers hardly lie alike: then it is the container.
        self.note(match &self.wrong[before..] {
            [server] => Error::WrongCapsule(server.clone()),
            _ => Error::Tampered,
        });
        Ok(None)
    }

    /// Keeps the more telling failure.
    fn note(&mut self, failure: Error) {
        let weight = |error: &Error| match error {
            Error::Tampered => 4,
            Error::WrongCapsule(_) | Error::WrongShares(_) => 3,
            Error::Fetch(_) => 2,
            Error::WrongKey(_) => 1,
            _ => 0,
        };
        if weight(&failure) > weight(&self.failure) {
            self.failure = failure;
        }
    }
}

/// Says what came of trying a record, for who looks for a fault; never for whom it is.
fn tell(record: &Record, outcome: &'static str) {
    tracing::debug!(record = record.index, kind = record.capsule.kind(), outcome, "a record was tried");
}

/// The servers of a key's shares, in words.
fn holders(shares: &[KeyShare]) -> String {
    shares.iter().map(|share| share.server_base_url.as_str()).collect::<Vec<_>>().join(", ")
}

/// Joins shares: all of them xored are the KEK.
fn joined(shares: &[Zeroizing<Vec<u8>>]) -> Option<Kek> {
    let mut kek = Zeroizing::new([0; 32]);
    for share in shares {
        if share.len() != kek.len() {
            return None;
        }
        kek.iter_mut().zip(share.iter()).for_each(|(byte, share)| *byte ^= share);
    }
    Kek::from_bytes(&*kek)
}

/// A record needs the named server, and no [`CapsuleFetcher`] was given. The name is the sender's.
#[derive(Debug, thiserror::Error)]
#[error("the capsule is on the server {}, and no connection to servers is set up", shown(.0))]
pub struct NoServerAccess(pub String);
