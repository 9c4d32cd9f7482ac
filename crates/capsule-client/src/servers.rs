//! Which servers there are: lists in layers.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use capsule_api::{Pin, Server, ServerId, ServerList};

use crate::error::{Error, ListTrouble, Result};

/// The list that ships.
const SHIPPED: &str = include_str!("../../../trusted-servers/kapsel.json");
/// One byte more than the longest list that is taken: longer ones are refused by their length.
const MAX_READ: u64 = (4 << 20) + 1;
/// How long before its end a certificate of the list is warned of.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Where an entry comes from; later ones are more specific.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// For the whole machine, such as `/etc/kapsel/servers.json`; it need not exist.
    pub system: Option<PathBuf>,
    /// The person's own, such as `~/.config/kapsel/servers.json`; it need not exist.
    pub user: Option<PathBuf>,
    /// Named for this operation; they must exist. A later one is more specific.
    pub given: Vec<PathBuf>,
}

/// An entry, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub server: Server,
    /// Its layer.
    pub layer: Layer,
    /// Its file, for people.
    pub origin: String,
    /// Why nothing is sent to it, when it cannot be used.
    pub unusable: Option<String>,
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
}

impl Servers {
    /// Reads the layers, the shipped one below all.
    ///
    /// # Errors
    /// [`ListTrouble`], naming file and entry.
    pub fn load(files: &ListFiles) -> Result<Self, ListTrouble> {
        let mut servers = Self::default();
        servers.add(
            ServerList::parse(SHIPPED.as_bytes(), "the list that ships")?,
            Layer::Shipped,
            "the list that ships",
        )?;
        let optional = [(&files.system, Layer::System), (&files.user, Layer::User)];
        for (path, layer) in optional.into_iter().filter_map(|(path, layer)| Some((path.as_deref()?, layer))) {
            match read(path) {
                Err(ListTrouble::NotReadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                list => servers.add(list?, layer, &path.display().to_string())?,
            }
        }
        for path in &files.given {
            servers.add(read(path)?, Layer::Given, &path.display().to_string())?;
        }
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

    fn add(&mut self, list: ServerList, layer: Layer, origin: &str) -> Result<(), ListTrouble> {
        let over = list.expires.filter(|expires| expires.is_over(SystemTime::now()));
        let over = over.map(|expires| format!("its list {origin} has expired on {expires}"));
        let mut added = Vec::with_capacity(list.servers.len());
        for server in list.servers {
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
            self.listed.retain(|other| other.server.id != server.id);
            let unusable = server.incomplete.clone().or_else(|| over.clone());
            added.push(Listed { server, layer, origin: origin.to_owned(), unusable });
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

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ListTrouble> {
    let failed = |source| ListTrouble::NotReadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_READ).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The person's own list, to be changed.
#[derive(Debug)]
pub struct UserList {
    path: PathBuf,
    list: ServerList,
}

impl UserList {
    /// Reads it; one that is not there yet is empty.
    ///
    /// # Errors
    /// [`ListTrouble`], naming file and entry: a list with a mistake is not changed.
    pub fn open(path: &Path) -> Result<Self, ListTrouble> {
        let list = match read(path) {
            Err(ListTrouble::NotReadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                ServerList::default()
            }
            list => list?,
        };
        Ok(Self { path: path.to_owned(), list })
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
        ServerList::parse(text.as_bytes(), &self.path.display().to_string())?;
        let failed = |source| ListTrouble::NotWritable { path: self.path.clone(), source };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let write = || {
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(failed)
    }
}
