//! Whom the person trusts: the own list, changed by certificates that somebody confirmed, and by lists that somebody sent.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::Path,
    time::SystemTime,
};

use capsule_api::{CapsuleType, Edition, Pin, Server, ServerId, ServerList, https_url};
use capsule_client::{Central, Client, Error, Imported, Layer, ListKeys, UserList};
use cdoc2::Cancel;
use url::Url;

use super::{
    SignedBy, list_files,
    signing::{check, list_keys},
};
use crate::{
    failure::{Failure, Result},
    files::read_small,
    places::{central_serial_file, user_server_list},
    view::Code,
};

/// A server to be trusted.
#[derive(Clone, Debug)]
pub struct NewServer {
    /// What stands in containers.
    pub id: String,
    /// For people; by default the identifier.
    pub name: Option<String>,
    /// Who runs it; by default the host.
    pub organisation: Option<String>,
    /// Where senders post, `https://host:port`.
    pub sender_url: String,
    /// Where recipients fetch.
    pub recipient_url: String,
}

/// Looks at a server's certificates, has each confirmed by `confirm`, and puts the server into the person's own list.
///
/// # Errors
/// [`Code::ServerListClosed`] when the administrator locked the person's own list; [`Code::ServerListInvalid`] for an entry that would be a mistake; why the certificate cannot be seen; what `confirm` says.
pub fn trust_new(
    client: &Client,
    new: NewServer,
    cancel: &Cancel,
    confirm: impl Fn(&Url, &Pin) -> Result<()>,
) -> Result<ServerId> {
    check_own_list_open()?;
    let id = identifier(&new)?;
    let (sender_url, recipient_url) = (address(&new.sender_url)?, address(&new.recipient_url)?);
    let shown = look_at(client, &new, cancel)?;
    shown.iter().try_for_each(|(url, pin)| confirm(url, pin))?;
    let pins = shown.into_iter().map(|(_, pin)| pin).collect();
    let host = sender_url.host_str().unwrap_or_default().to_owned();
    let types = [CapsuleType::EcP256, CapsuleType::EcP384, CapsuleType::EcP521, CapsuleType::Rsa];
    put(Server {
        id: id.clone(),
        name: new.name.unwrap_or(new.id),
        organisation: new.organisation.unwrap_or(host),
        capsule_types: BTreeSet::from(types),
        sender_url,
        recipient_url: Some(recipient_url),
        ticket_url: None,
        shares_url: None,
        pins,
        incomplete: None,
        imported_from: None,
        edition: Edition::default(),
    })?;
    Ok(id)
}

/// The certificates that a server shows, each with the address where it was seen first; nothing is sent to it.
///
/// # Errors
/// [`Code::ServerListInvalid`] for an entry that would be a mistake; why the certificate cannot be seen.
pub fn look_at(client: &Client, new: &NewServer, cancel: &Cancel) -> Result<Vec<(Url, Pin)>> {
    let id = identifier(new)?;
    let urls = [address(&new.sender_url)?, address(&new.recipient_url)?];
    // Both addresses usually show one certificate.
    shown_beside(client, &id, urls, cancel, |known, shown| known.public_key() == shown.public_key(), &[])
}

/// The same for a server of a list: the certificates that it shows now and that its entry does not have.
///
/// # Errors
/// [`Code::ServerUnknown`]; why the certificate cannot be seen.
pub fn look_at_listed(client: &Client, id: &str, cancel: &Cancel) -> Result<Vec<(Url, Pin)>> {
    let server = listed(client, id)?;
    let urls = [Some(server.sender_url.clone()), server.recipient_url.clone()].into_iter().flatten();
    shown_beside(client, &server.id, urls, cancel, |known, shown| known == shown, &server.pins)
}

fn shown_beside(
    client: &Client,
    id: &ServerId,
    urls: impl IntoIterator<Item = Url>,
    cancel: &Cancel,
    is_known: impl Fn(&Pin, &Pin) -> bool,
    known: &[Pin],
) -> Result<Vec<(Url, Pin)>> {
    let mut seen: Vec<(Url, Pin)> = Vec::new();
    for url in urls {
        let shown = shown_pin(client, id, &url, cancel)?;
        if !known.iter().chain(seen.iter().map(|(_, pin)| pin)).any(|pin| is_known(pin, &shown)) {
            seen.push((url, shown));
        }
    }
    Ok(seen)
}

/// Confirms the certificates with these SHA-256 fingerprints, in hex, and no other.
pub fn confirmed_by<'a>(server: &'a str, fingerprints: &'a [String]) -> impl Fn(&Url, &Pin) -> Result<()> + 'a {
    let plain = |text: &String| text.replace([':', ' '], "").to_lowercase();
    move |url, shown| {
        if fingerprints.iter().map(plain).any(|expected| expected == shown.fingerprint()) {
            return Ok(());
        }
        let words = format!("{url} shows another certificate, {}; nothing was changed", shown.fingerprint());
        Err(Failure::new(Code::ServerPinMismatch, words).about(server))
    }
}

/// Adds the certificates that a known server shows now, when `confirm` lets each; the entry goes into the person's own list.
///
/// # Errors
/// [`Code::ServerUnknown`]; why the certificate cannot be seen; what `confirm` says.
pub fn add_pin(
    client: &Client,
    id: &str,
    cancel: &Cancel,
    confirm: impl Fn(&Url, &Pin) -> Result<()>,
) -> Result<ServerId> {
    check_own_list_open()?;
    let mut server = listed(client, id)?.clone();
    for (url, shown) in look_at_listed(client, id, cancel)? {
        confirm(&url, &shown)?;
        server.pins.push(shown);
    }
    server.incomplete = None;
    let id = server.id.clone();
    put(server)?;
    Ok(id)
}

/// Takes a server out of the person's own list.
///
/// # Errors
/// [`Code::ServerUnknown`] when it is not there; [`Code::ServerListInvalid`].
pub fn forget(id: &str) -> Result<()> {
    let mut list = own_list()?;
    if !list.remove(id) {
        let words = format!("your own list has no server {id}; other lists are changed by whoever keeps them");
        return Err(Failure::new(Code::ServerUnknown, words).about(id));
    }
    Ok(list.save().map_err(Error::from)?)
}

/// Puts the servers of a list, which must be signed where that is asked for, into the person's own, in place of those with the same identifiers.
///
/// # Errors
/// [`Code::ServerListInvalid`], also for a list that has expired or is not signed so; [`Code::ServerListSuperseded`] for one that is older
/// than what is there, or not signed as that was. Nothing is changed then.
pub fn import(path: &Path, signed: Option<SignedBy<'_>>) -> Result<Imported> {
    let keys = signed.map(|signed| list_keys(signed.keys)).transpose()?;
    take(check(path, signed)?, keys.as_ref(), path)
}

/// The same with a central configuration, which must be signed by `key` and not older than the one that was imported last.
///
/// # Errors
/// As [`import`]; [`Code::NotReadable`].
pub fn import_central(config: &Path, signature: &Path, key: &Path) -> Result<Imported> {
    let central = read_central(config, signature, key)?;
    let imported = take(central.list, Some(&list_keys(key)?), config)?;
    keep_central_serial(central.serial)?;
    Ok(imported)
}

pub(super) fn check_expiry(path: &Path, list: &ServerList) -> Result<()> {
    match list.expires.filter(|expires| expires.is_over(SystemTime::now())) {
        Some(expires) => Err(invalid(format!("{}: the list has expired on {expires}", path.display()))),
        None => Ok(()),
    }
}

pub(super) fn invalid(words: String) -> Failure {
    Failure::new(Code::ServerListInvalid, words)
}

fn identifier(new: &NewServer) -> Result<ServerId> {
    ServerId::parse(&new.id).map_err(|error| invalid(format!("{:?}: {error}", new.id)))
}

fn listed<'a>(client: &'a Client, id: &str) -> Result<&'a Server> {
    let listed = client.servers().get(id).ok_or_else(|| Error::UnknownServer(id.to_owned()))?;
    Ok(&listed.server)
}

fn address(text: &str) -> Result<Url> {
    let url = https_url(text).filter(|url| url.path() == "/");
    url.ok_or_else(|| invalid(format!("{text:?}: write the address as https://host:port")))
}

/// The certificate that a server shows; nothing is sent to it.
fn shown_pin(client: &Client, id: &ServerId, url: &Url, cancel: &Cancel) -> Result<Pin> {
    let shown = client.shown_certificates(url, cancel)?;
    let shown = shown.map_err(|cause| Error::Server { server: id.clone(), cause })?;
    Ok(shown.into_iter().next().expect("at least the server's own"))
}

/// Asked before anything else: a person who compared a fingerprint should not have done so for nothing.
fn check_own_list_open() -> Result<()> {
    let policy = list_files(&[]).policy().map_err(Error::from)?;
    Ok(policy.check_open(Layer::User).map_err(Error::from)?)
}

fn own_list() -> Result<UserList> {
    check_own_list_open()?;
    let none = || Failure::new(Code::NotWritable, "this system has no place for the person's own list");
    Ok(UserList::open(&user_server_list().ok_or_else(none)?).map_err(Error::from)?)
}

/// Writes an entry into the person's own list, as the first.
fn put(server: Server) -> Result<()> {
    let mut list = own_list()?;
    list.put(server);
    Ok(list.save().map_err(Error::from)?)
}

/// Writes a list into the person's own, its servers first.
fn take(list: ServerList, keys: Option<&ListKeys>, origin: &Path) -> Result<Imported> {
    let mut own = own_list()?;
    let imported = own.import(list, keys, &origin.display().to_string()).map_err(Error::from)?;
    own.save().map_err(Error::from)?;
    Ok(imported)
}

fn read_central(config: &Path, signature: &Path, key: &Path) -> Result<Central> {
    let read = |path: &Path| read_small(path, Code::ServerListInvalid);
    let known = match central_serial_file().map(fs::read_to_string) {
        None => None,
        Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => None,
        // What cannot be read is not taken for nothing: an old configuration would pass.
        Some(text) => {
            let serial = text.ok().and_then(|text| text.trim().parse().ok());
            let words = "the serial of the configuration before cannot be read";
            Some(serial.ok_or_else(|| Failure::new(Code::ServerListInvalid, words))?)
        }
    };
    let (bytes, signature, key) = (read(config)?, read(signature)?, read(key)?);
    let origin = config.display().to_string();
    Ok(Central::read(&bytes, &signature, &key, known, SystemTime::now(), &origin).map_err(Error::from)?)
}

fn keep_central_serial(serial: u64) -> Result<()> {
    let Some(path) = central_serial_file() else { return Ok(()) };
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{serial}")?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(|source: io::Error| cdoc2::Error::writing(&path, source).into())
}
