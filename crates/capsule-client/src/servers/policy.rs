//! What an administrator decides about lists, for everybody on the machine: `policy.toml`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use capsule_api::{Pin, https_url};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::{Layer, read_bytes};
use crate::{error::ListTrouble, signature::ListKeys};

/// Which lists count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenLists {
    /// The administrator's alone.
    System,
    /// The administrator's, and the one that ships.
    SystemAndShipped,
    /// All, the person's own too.
    #[default]
    All,
}

/// The administrator's policy. Without its file, nothing is closed and nothing need be signed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    path: Option<PathBuf>,
    open: OpenLists,
    keys: Option<ListKeys>,
    remote: Option<RemoteSource>,
}

/// Where a list is fetched from.
#[derive(Clone, Debug)]
pub(crate) struct RemoteSource {
    pub(crate) url: Url,
    pub(crate) keys: ListKeys,
    /// The host's own certificate, or its authority's.
    pub(crate) hosts: Vec<Pin>,
}

/// The file, every member of which may be left out.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyFile {
    server_lists: OpenLists,
    /// PEM of the keys that must have signed the system's list and the remote one.
    list_key: Option<Spanned<PathBuf>>,
    remote_list: Option<Spanned<String>>,
    /// PEM of what the remote list's host may show: its own certificate, or that of its authority.
    remote_certificates: Option<Spanned<PathBuf>>,
}

impl Policy {
    /// Reads the file; one that is not there decides nothing.
    ///
    /// # Errors
    /// [`ListTrouble::Policy`] with file and line, [`ListTrouble::NotReadable`]: no list counts then.
    pub fn read(path: &Path) -> Result<Self, ListTrouble> {
        let text = match fs::read_to_string(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(|source| ListTrouble::NotReadable { path: path.to_owned(), source })?,
        };
        let mistake = |(at, problem): (usize, String)| {
            let before = text.bytes().take(at);
            ListTrouble::Policy {
                path: path.to_owned(),
                line: 1 + before.filter(|byte| *byte == b'\n').count(),
                problem,
            }
        };
        let file: PolicyFile = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            mistake((at, error.message().to_owned()))
        })?;
        let keys = named(path, file.list_key.as_ref(), ListKeys::read).map_err(mistake)?;
        let hosts = named(path, file.remote_certificates.as_ref(), certificates).map_err(mistake)?;
        let remote = match (&file.remote_list, &file.remote_certificates) {
            (None, None) => None,
            (None, Some(certificates)) => {
                return Err(mistake((certificates.span().start, "remote-certificates needs a remote-list".to_owned())));
            }
            (Some(text), _) => {
                let wrong = |problem: &str| mistake((text.span().start, problem.to_owned()));
                let url = address(text.get_ref())
                    .ok_or_else(|| wrong("remote-list must be https://host/path, written as it is used"))?;
                let keys = keys.clone().ok_or_else(|| wrong("remote-list needs a list-key, by which it is signed"))?;
                let hosts =
                    hosts.ok_or_else(|| wrong("remote-list needs remote-certificates, by which its host is known"))?;
                Some(RemoteSource { url, keys, hosts })
            }
        };
        Ok(Self { path: Some(path.to_owned()), open: file.server_lists, keys, remote })
    }

    /// The file, when there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Which lists count.
    pub fn open_lists(&self) -> OpenLists {
        self.open
    }

    /// Whether lists of this layer count.
    pub fn opens(&self, layer: Layer) -> bool {
        match layer {
            Layer::System => true,
            Layer::Shipped => self.open != OpenLists::System,
            Layer::User | Layer::Given => self.open == OpenLists::All,
        }
    }

    /// The layers whose lists do not count.
    pub fn closed(&self) -> Vec<Layer> {
        let layers = [Layer::Shipped, Layer::System, Layer::User, Layer::Given];
        layers.into_iter().filter(|layer| !self.opens(*layer)).collect()
    }

    /// Lets lists of this layer be used or changed.
    ///
    /// # Errors
    /// [`ListTrouble::Closed`].
    pub fn check_open(&self, layer: Layer) -> Result<(), ListTrouble> {
        let policy = self.path.clone().unwrap_or_default();
        if self.opens(layer) { Ok(()) } else { Err(ListTrouble::Closed { policy, layer }) }
    }

    /// Whether the system's list must be signed.
    pub fn wants_signature(&self) -> bool {
        self.keys.is_some()
    }

    /// Where a list is fetched from.
    pub fn remote_list(&self) -> Option<&Url> {
        self.remote.as_ref().map(|remote| &remote.url)
    }

    pub(crate) fn keys(&self) -> Option<&ListKeys> {
        self.keys.as_ref()
    }

    pub(crate) fn remote(&self) -> Option<&RemoteSource> {
        self.remote.as_ref()
    }
}

/// Reads the file that a member names, beside the policy when it is no whole path; where the member stands goes with a mistake.
fn named<T>(
    policy: &Path,
    file: Option<&Spanned<PathBuf>>,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, (usize, String)> {
    let Some(file) = file else { return Ok(None) };
    let path = policy.with_file_name("").join(file.get_ref());
    let failed = |why: String| (file.span().start, format!("{}: {why}", path.display()));
    let bytes = match read_bytes(&path) {
        Err(ListTrouble::NotReadable { source, .. }) => return Err(failed(source.to_string())),
        bytes => bytes.map_err(|trouble| failed(trouble.to_string()))?,
    };
    read(&bytes).map(Some).map_err(failed)
}

fn certificates(pem: &[u8]) -> Result<Vec<Pin>, String> {
    let pins = CertificateDer::pem_slice_iter(pem).map(|der| {
        let der = der.map_err(|error| error.to_string())?;
        Pin::from_der(&der).map_err(|error| error.to_string())
    });
    let pins =
        pins.collect::<Result<Vec<_>, String>>().map_err(|error| format!("a certificate cannot be read: {error}"))?;
    if pins.is_empty() { Err("no certificate in PEM was found in it".to_owned()) } else { Ok(pins) }
}

/// `https`, a host, a path to a file, and nothing else.
fn address(text: &str) -> Option<Url> {
    https_url(text).filter(|url| !url.path().ends_with('/'))
}
