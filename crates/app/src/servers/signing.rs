//! Lists from an administrator's side: checking them, and signing them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use capsule_api::ServerList;
use capsule_client::{Error, ListKeys, ListTrouble, sign_list, signature_beside};

use super::trust::{check_expiry, invalid};
use crate::{
    failure::{Failure, Result},
    files::read_small,
    opening::Key,
    view::Code,
};

/// By what a list is signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedBy<'a> {
    /// File of the public keys, any of which may have signed.
    pub keys: &'a Path,
    /// File of the signature; by default beside the list, with the ending `.sig`.
    pub signature: Option<&'a Path>,
}

/// Reads a list that is without a mistake, not expired, and signed where that is asked for.
///
/// # Errors
/// [`Code::ServerListInvalid`], naming file and entry; [`Code::NotReadable`] for the keys.
pub fn check(list: &Path, signed: Option<SignedBy<'_>>) -> Result<ServerList> {
    let read = match signed {
        None => capsule_client::read(list),
        Some(SignedBy { keys, signature }) => capsule_client::read_signed(list, signature, &list_keys(keys)?),
    };
    let read = read.map_err(Error::from)?;
    check_expiry(list, &read)?;
    Ok(read)
}

pub(super) fn list_keys(path: &Path) -> Result<ListKeys> {
    let keys = ListKeys::read(&read_small(path, Code::ServerListInvalid)?);
    keys.map_err(|problem| invalid(format!("{}: {problem}", path.display())))
}

/// Signs a list with the first key of a file; gives the path of the signature, which stands beside the list.
///
/// # Errors
/// [`Code::ServerListInvalid`]: a list with a mistake is not signed; [`Code::KeyFileUnusable`] for a key that is no EC key;
/// [`Code::NotWritable`].
pub fn sign(list: &Path, key: &Key) -> Result<PathBuf> {
    let bytes = fs::read(list).map_err(|source| cdoc2::Error::NotReadable { path: list.to_owned(), source })?;
    let read = ServerList::parse(&bytes, &list.display().to_string());
    check_expiry(list, &read.map_err(|mistake| Error::from(ListTrouble::from(mistake)))?)?;
    let unusable = |problem: String| Failure::new(Code::KeyFileUnusable, problem);
    let file = match key {
        Key::File(files) => files.first(),
        Key::Secret(_) | Key::Password(_) | Key::Card(_) | Key::Token(_) => None,
    };
    let file = file.ok_or_else(|| unusable("a private key is needed".to_owned()))?;
    let signature = sign_list(&file.key, &bytes).map_err(unusable)?;
    let path = signature_beside(list);
    fs::write(&path, signature).map_err(|source| cdoc2::Error::writing(&path, source))?;
    Ok(path)
}
