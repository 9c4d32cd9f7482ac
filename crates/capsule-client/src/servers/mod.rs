//! Which servers there are: lists in layers, as far as the administrator's policy opens them.

mod policy;
mod remote;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use capsule_api::{Edition, KeyFingerprint, Pin, Server, ServerId, ServerList};
use serde::Serialize;
use url::Url;

pub use self::{
    policy::{OpenLists, Policy},
    remote::{Refresh, RemoteList, is_refresh_due, refresh},
};
use crate::{
    error::{Error, ListTrouble, Result},
    signature::ListKeys,
};

/// The list that ships.
const SHIPPED: &str = include_str!("../../../../trusted-servers/kapsel.json");
/// Longest list that is fetched, in bytes; a longer file is refused where it is parsed.
const MAX_LIST: usize = 4 << 20;
/// Most bytes that are read of a file: more than any list with its signature.
const MAX_READ: u64 = MAX_LIST as u64 + 4096;
/// How long before its end a certificate of the list is warned of.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Where an entry comes from; later ones are more specific.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Comes with the program.
    Shipped,
    /// The administrator's, for the whole machine.
    System,
    /// The person's own.
    User,
    /// Named for one operation.
    Given,
}

/// The files of the layers.
#[derive(Clone, Debug, Default)]
pub struct ListFiles {
    /// The administrator's policy, such as `/etc/kapsel/policy.toml`; it need not exist.
    pub policy: Option<PathBuf>,
    /// Folder for the copy of the list that the policy names, such as `~/.cache/kapsel`; it need not exist.
    pub cache: Option<PathBuf>,
    /// For the whole machine, such as `/etc/kapsel/servers.json`; it need not exist.
    pub system: Option<PathBuf>,
    /// The person's own, such as `~/.config/kapsel/servers.json`; it need not exist.
    pub user: Option<PathBuf>,
    /// Named for this operation; they must exist. A later one is more specific.
    pub given: Vec<PathBuf>,
}

impl ListFiles {
    /// The administrator's policy.
    ///
    /// # Errors
    /// As [`Policy::read`].
    pub fn policy(&self) -> Result<Policy, ListTrouble> {
        self.policy.as_deref().map_or_else(|| Ok(Policy::default()), Policy::read)
    }

    fn remote_place(&self) -> Option<remote::Place> {
        self.cache.as_deref().map(remote::Place::new)
    }
}

/// An entry, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub server: Server,
    /// Its layer.
    pub layer: Layer,
    /// Its file or address, for people.
    pub origin: String,
    /// Whether its list bears a signature that the policy asks for.
    pub signed: bool,
    /// Layers whose entries of the same identifier it stands in the place of, the nearest first.
    pub replaces: Vec<Layer>,
    /// Why nothing is sent to it, when it cannot be used.
    pub unusable: Option<String>,
}

/// A list as it is fetched, for fuzz targets.
#[cfg(feature = "fuzzing")]
pub(crate) fn fetched_list(list: &[u8], signature: &[u8], keys: &ListKeys) -> Result<ServerList, String> {
    remote::signed_list(list, signature, keys).map(|(list, ..)| list)
}

/// What an administrator should know about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerWarning {
    /// A certificate of the entry is valid for less than 30 days more, or no more at all.
    CertificateEnds {
        /// SHA-256 of the certificate, hex.
        fingerprint: String,
        /// Its end.
        at: SystemTime,
        /// Whether another one of the entry is valid for longer.
        replaced: bool,
    },
}

/// The servers of all layers.
///
/// An entry of a more specific layer replaces one with the same identifier as a whole, its pins too: nothing of the other is kept. A
/// list with one mistake is refused, and with it everything: half a list could lead somewhere else than was meant.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    listed: Vec<Listed>,
    policy: Policy,
    remote: Option<RemoteList>,
}

impl Servers {
    /// Reads the layers that the policy opens, the shipped one below all. Nothing is fetched: of a remote list, the copy counts.
    ///
    /// # Errors
    /// [`ListTrouble`], naming file and entry; [`ListTrouble::Closed`] for a list that is named for one operation against the policy.
    pub fn load(files: &ListFiles) -> Result<Self, ListTrouble> {
        let policy = files.policy()?;
        let mut servers = Self::default();
        if policy.opens(Layer::Shipped) {
            let origin = "the list that ships";
            servers.add(ServerList::parse(SHIPPED.as_bytes(), origin)?, Layer::Shipped, origin)?;
        }
        servers.add_remote(&policy, files)?;
        if let Some(path) = &files.system {
            servers.add_file(path, Layer::System, policy.keys())?;
        }
        if let Some(path) = files.user.as_ref().filter(|_| policy.opens(Layer::User)) {
            servers.add_file(path, Layer::User, None)?;
        }
        for path in &files.given {
            policy.check_open(Layer::Given)?;
            servers.add(read(path)?, Layer::Given, &path.display().to_string())?;
        }
        servers.policy = policy;
        Ok(servers)
    }

    /// The servers of one list alone.
    ///
    /// # Errors
    /// None but in combination with others.
    pub fn of(list: ServerList, origin: &str) -> Result<Self, ListTrouble> {
        let mut servers = Self::default();
        servers.add(list, Layer::Given, origin)?;
        Ok(servers)
    }

    fn add_remote(&mut self, policy: &Policy, files: &ListFiles) -> Result<(), ListTrouble> {
        let Some(source) = policy.remote() else { return Ok(()) };
        let Some(place) = files.remote_place() else { return Ok(()) };
        let (state, copy) = place.state(source);
        self.remote = Some(state);
        match copy {
            Some(copy) => self.add(copy.list, Layer::System, source.url.as_str()),
            None => Ok(()),
        }
    }

    /// Adds a list that need not be there; with `keys`, it must be signed.
    fn add_file(&mut self, path: &Path, layer: Layer, keys: Option<&ListKeys>) -> Result<(), ListTrouble> {
        let bytes = match read_bytes(path) {
            Err(ListTrouble::NotReadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes?,
        };
        let signed_by = keys.map(|keys| check_signature(path, &bytes, &signature_beside(path), keys)).transpose()?;
        let origin = path.display().to_string();
        self.add(ServerList { signed_by, ..ServerList::parse(&bytes, &origin)? }, layer, &origin)
    }

    fn add(&mut self, list: ServerList, layer: Layer, origin: &str) -> Result<(), ListTrouble> {
        let (expires, signed) = (list.expires, list.signed_by.is_some());
        let mut added = Vec::with_capacity(list.servers.len());
        let own: Vec<Edition> = list.servers.iter().map(|server| server.edition).collect();
        for (mut server, own) in list.into_entries().into_iter().zip(own) {
            if layer == Layer::User {
                // Where it was imported from goes before what somebody wrote at the head of the own list.
                server.edition.serial = own.serial.or(server.edition.serial);
            } else if !signed {
                // Only what was checked here, or when it was imported, counts.
                server.edition.signed_by = None;
            }
            if let Some(other) = self
                .listed
                .iter()
                .find(|other| other.server.id != server.id && other.server.id.is_confusable_with(&server.id))
            {
                return Err(ListTrouble::Confusable {
                    origin: origin.to_owned(),
                    id: server.id,
                    other: other.server.id.clone(),
                    other_origin: other.origin.clone(),
                });
            }
            let replaced = self.listed.iter().position(|other| other.server.id == server.id);
            let replaces = replaced.map_or_else(Vec::new, |position| {
                let other = self.listed.remove(position);
                [vec![other.layer], other.replaces].concat()
            });
            let over = server.edition.expires.filter(|end| end.is_over(SystemTime::now()));
            let over = over.map(|end| match expires {
                Some(expires) if expires == end => format!("its list {origin} has expired on {end}"),
                _ => format!("the list that it was imported from has expired on {end}; import its next version"),
            });
            let unusable = server.incomplete.clone().or(over);
            added.push(Listed { server, layer, origin: origin.to_owned(), signed, replaces, unusable });
        }
        // What is more specific is preferred.
        added.append(&mut self.listed);
        self.listed = added;
        Ok(())
    }

    /// All entries, the preferred ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter()
    }

    /// The administrator's policy, which decided what stands here.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The remote list, when the policy names one.
    pub fn remote(&self) -> Option<&RemoteList> {
        self.remote.as_ref()
    }

    /// The entry with this identifier, usable or not.
    pub fn get(&self, id: &str) -> Option<&Listed> {
        self.listed.iter().find(|listed| listed.server.id.as_str() == id)
    }

    /// The server with this identifier, to be connected to.
    ///
    /// # Errors
    /// [`Error::UnknownServer`], [`Error::Unusable`].
    pub fn usable(&self, id: &str) -> Result<&Server> {
        let listed = self.get(id).ok_or_else(|| Error::UnknownServer(id.to_owned()))?;
        listed.usable()
    }

    /// The server whose base URL for key shares this is. Containers name servers of shares by it, and it leads to the list or nowhere.
    ///
    /// # Errors
    /// [`Error::UnknownServer`], [`Error::Unusable`].
    pub fn holding_shares(&self, base_url: &str) -> Result<&Server> {
        let unknown = || Error::UnknownServer(base_url.to_owned());
        let asked = Url::parse(base_url).map_err(|_| unknown())?;
        let asked = asked.as_str().trim_end_matches('/');
        let listed = self.iter().find(|listed| listed.server.shares_base() == Some(asked));
        listed.ok_or_else(unknown)?.usable()
    }
}

impl Listed {
    /// The server, to be connected to.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub fn usable(&self) -> Result<&Server> {
        let id = || -> ServerId { self.server.id.clone() };
        match &self.unusable {
            None => Ok(&self.server),
            Some(reason) => Err(Error::Unusable { server: id(), reason: reason.clone() }),
        }
    }

    /// What an administrator should know, at `now`.
    pub fn warnings(&self, now: SystemTime) -> Vec<ServerWarning> {
        let ends = |pin: &&Pin| pin.not_after() < now + SOON;
        let replaced = self.server.pins.iter().any(|pin| !ends(&pin) && pin.not_before() <= now);
        let warning = |pin: &Pin| ServerWarning::CertificateEnds {
            fingerprint: pin.fingerprint(),
            at: pin.not_after(),
            replaced,
        };
        self.server.pins.iter().filter(ends).map(warning).collect()
    }
}

/// Reads a list, of at most 4 MiB.
///
/// # Errors
/// [`ListTrouble::NotReadable`], [`ListTrouble::Mistake`].
pub fn read(path: &Path) -> Result<ServerList, ListTrouble> {
    let bytes = read_bytes(path)?;
    Ok(ServerList::parse(&bytes, &path.display().to_string())?)
}

/// Reads a list that one of `keys` must have signed; the signature is beside it, with the ending `.sig`, or in another file.
///
/// # Errors
/// [`ListTrouble::Signature`]; as [`read`].
pub fn read_signed(path: &Path, signature: Option<&Path>, keys: &ListKeys) -> Result<ServerList, ListTrouble> {
    let bytes = read_bytes(path)?;
    let signed_by = check_signature(path, &bytes, signature.unwrap_or(&signature_beside(path)), keys)?;
    Ok(ServerList { signed_by: Some(signed_by), ..ServerList::parse(&bytes, &path.display().to_string())? })
}

/// Where the signature of a list is, when nobody says otherwise: `servers.json.sig` for `servers.json`.
pub fn signature_beside(list: &Path) -> PathBuf {
    let mut name = list.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Why what comes from a list does not replace what came from another.
fn superseded(known: &Edition, new: &Edition, keys: Option<&ListKeys>) -> Option<String> {
    if known.signed_by.is_some_and(|signer| !keys.is_some_and(|keys| keys.contains(signer))) {
        return Some("the list that it was imported from was signed, and this one not by the same key".to_owned());
    }
    match (known.serial, new.serial) {
        (Some(known), Some(new)) if new < known => {
            Some(format!("the list's serial {new} is lower than {known}, from which it was imported before"))
        }
        (Some(known), None) => Some(format!("the list has no serial, and it was imported from serial {known} before")),
        _ => None,
    }
}

fn check_signature(
    list: &Path,
    bytes: &[u8],
    signature: &Path,
    keys: &ListKeys,
) -> Result<KeyFingerprint, ListTrouble> {
    let failed = |problem: String| ListTrouble::Signature { origin: list.display().to_string(), problem };
    let signature = read_bytes(signature).map_err(|trouble| failed(format!("it must be signed: {trouble}")))?;
    keys.check(bytes, &signature).map_err(failed)
}

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ListTrouble> {
    let failed = |source| ListTrouble::NotReadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_READ).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What came of importing a list into the person's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The servers of the list, all of which stand in the person's own now.
    pub servers: Vec<ServerId>,
    /// Servers that came from an older list of the same key and no longer stand in it: whether they were withdrawn, or stand in another list of
    /// that key, nobody knows here.
    pub left: Vec<ServerId>,
    /// Servers that stood there with other certificate keys: from now on another server may answer for them.
    pub changed: Vec<ServerId>,
}

/// The person's own list, to be changed.
#[derive(Debug)]
pub struct UserList {
    path: PathBuf,
    list: ServerList,
    /// Held until it is changed: of two who change it at once, one would undo what the other did, and an older list could come last.
    _lock: File,
}

impl UserList {
    /// Reads it; one that is not there yet is empty. Whoever has it open already is waited for.
    ///
    /// # Errors
    /// [`ListTrouble`], naming file and entry: a list with a mistake is not changed.
    pub fn open(path: &Path) -> Result<Self, ListTrouble> {
        let failed = |source| ListTrouble::NotWritable { path: path.to_owned(), source };
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        let lock = File::create(path.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let list = match read(path) {
            Err(ListTrouble::NotReadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                ServerList::default()
            }
            list => list?,
        };
        Ok(Self { path: path.to_owned(), list, _lock: lock })
    }

    /// Puts the entries of a list first, in place of those with the same identifiers. Each keeps what its list says of itself. `keys` are those
    /// that the list was checked by, when it was.
    ///
    /// # Errors
    /// [`ListTrouble::Superseded`] when one of those that are here came from a newer list, or from one that was signed by none of the keys:
    /// whoever brings an old list would bring back a certificate that was withdrawn. Nothing is changed then.
    pub fn import(&mut self, list: ServerList, keys: Option<&ListKeys>, origin: &str) -> Result<Imported, ListTrouble> {
        let (serial, signed_by) = (list.serial, list.signed_by);
        let mut entries = list.into_entries();
        // What a file says of who signed it is nothing that anybody has checked.
        entries.iter_mut().for_each(|entry| entry.edition.signed_by = signed_by);
        let mut changed = Vec::new();
        for entry in &entries {
            let Some(known) = self.list.server(&entry.id) else { continue };
            let is_same = |pin: &Pin| known.pins.iter().any(|known| known.public_key() == pin.public_key());
            if !known.pins.is_empty() && !entry.pins.iter().all(is_same) {
                changed.push(entry.id.clone());
            }
            if let Some(problem) = superseded(&known.edition, &entry.edition, keys) {
                return Err(ListTrouble::Superseded { origin: origin.to_owned(), id: entry.id.clone(), problem });
            }
        }
        let is_left = |known: &&Server| {
            let of_same_key = known.edition.signed_by.is_some_and(|key| keys.is_some_and(|keys| keys.contains(key)));
            of_same_key && known.edition.serial < serial && entries.iter().all(|entry| entry.id != known.id)
        };
        let left = self.list.servers.iter().filter(is_left).map(|known| known.id.clone()).collect();
        let servers = entries.iter().map(|entry| entry.id.clone()).collect();
        entries.into_iter().rev().for_each(|entry| self.put(entry));
        Ok(Imported { servers, left, changed })
    }

    /// Puts an entry first, in place of one with the same identifier.
    pub fn put(&mut self, server: Server) {
        self.list.servers.retain(|other| other.id != server.id);
        self.list.servers.insert(0, server);
    }

    /// Takes an entry out; says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.list.servers.len();
        self.list.servers.retain(|server| server.id.as_str() != id);
        self.list.servers.len() < before
    }

    /// Replaces the file as a whole, when what would stand in it is without a mistake.
    ///
    /// # Errors
    /// [`ListTrouble::Mistake`], [`ListTrouble::NotWritable`].
    pub fn save(&self) -> Result<(), ListTrouble> {
        let text = self.list.to_json();
        // The file is as it was: what is wrong is what was to be put into it.
        ServerList::parse(text.as_bytes(), &format!("{} as it would become", self.path.display()))?;
        let failed = |source| ListTrouble::NotWritable { path: self.path.clone(), source };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(failed)
    }
}
