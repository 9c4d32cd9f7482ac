//! A list that is fetched from elsewhere. Its signature decides, its serial never goes down, and its copy here serves until it expires.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding};
use capsule_api::{Expiry, MAX_BODY, ServerList};
use cdoc2::Cancel;
use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes, header::HOST};
use tokio::time::timeout;
use url::Url;

use super::{ListFiles, MAX_LIST, Servers, policy::RemoteSource, read_bytes};
use crate::{
    client::Client,
    error::{Cause, ListTrouble, RemoteProblem, Result, Step},
    net::{Connection, Route},
    settings::Settings,
    signature::ListKeys,
    tls,
};

/// How old a copy becomes before another one is looked for.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after a failure nothing is tried, while a copy serves.
const AFTER_FAILURE: Duration = Duration::from_secs(60 * 60);

/// Why a list is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Somebody wants to know now.
    Now,
    /// Something else is being done: only when it is due, and not for long.
    WhenDue,
}

/// The remote list as it stands here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteList {
    /// Where it comes from.
    pub url: Url,
    /// Serial of the copy in force; `None` when there is none.
    pub serial: Option<u64>,
    /// When that copy expires.
    pub expires: Option<Expiry>,
    /// When it was last found to be the newest.
    pub fetched: Option<SystemTime>,
    /// Why there is no copy, or no newer one.
    pub problem: Option<String>,
}

impl RemoteList {
    /// Whether its copy counts at `now`.
    pub fn serves(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| !expires.is_over(now))
    }
}

/// Whether the policy names a list that should be looked at anew.
///
/// # Errors
/// A mistake in the policy.
pub fn is_refresh_due(files: &ListFiles) -> Result<bool, ListTrouble> {
    let policy = files.policy()?;
    Ok(match (policy.remote(), files.remote_place()) {
        (Some(source), Some(place)) => place.is_due(source, SystemTime::now()),
        _ => false,
    })
}

/// Fetches the list that the policy names, and keeps it when it is right. Otherwise the copy that is here stays in force.
///
/// # Errors
/// [`ListTrouble::Remote`] with [`Refresh::Now`] alone: otherwise the reason is kept and told with the servers. A mistake in the policy
/// in any case.
pub fn refresh(files: &ListFiles, settings: &Settings, why: Refresh, cancel: &Cancel) -> Result<Option<RemoteList>> {
    let policy = files.policy()?;
    let (Some(source), Some(place)) = (policy.remote(), files.remote_place()) else { return Ok(None) };
    let state = || Some(place.state(source).0);
    if why == Refresh::WhenDue && !place.is_due(source, SystemTime::now()) {
        return Ok(state());
    }
    let total = match why {
        Refresh::Now => settings.timeouts.total,
        Refresh::WhenDue => settings.timeouts.connect,
    };
    let fetched = match fetch(source, settings, total, cancel)? {
        Ok((list, signature)) => place.keep(source, &list, &signature).map_err(RemoteProblem::Refused),
        Err(cause) => Err(RemoteProblem::Network(Box::new(cause))),
    };
    let Err(problem) = fetched else { return Ok(state()) };
    place.note(&problem.to_string());
    match why {
        Refresh::WhenDue => {
            tracing::warn!("the remote server list {} was not refreshed: {problem}", source.url);
            Ok(state())
        }
        Refresh::Now => {
            let in_force = place.copy(&source.keys).ok().flatten().map(|copy| copy.serial);
            Err(ListTrouble::Remote { url: source.url.to_string(), in_force, problem }.into())
        }
    }
}

/// The list and its signature, of which nothing is believed yet.
fn fetch(
    source: &RemoteSource,
    settings: &Settings,
    total: Duration,
    cancel: &Cancel,
) -> Result<Result<(Bytes, Bytes), Cause>> {
    let client = Client::new(Servers::default(), settings.clone());
    let route = client.route_by(&source.url, tls::config(tls::named_host(&source.hosts), None));
    client.run(cancel, async move {
        let both = async {
            let list = get(&route, route.url.path(), MAX_LIST).await?;
            Ok((list, get(&route, &format!("{}.sig", route.url.path()), MAX_BODY).await?))
        };
        let late = Cause::Timeout { step: Step::Answering, after: total };
        Ok(timeout(total, both).await.unwrap_or(Err(late)))
    })
}

async fn get(route: &Route, path: &str, most: usize) -> Result<Bytes, Cause> {
    let mut connection = Connection::open(route).await?;
    let request = Request::builder().uri(path).header(HOST, connection.authority()).body(Full::new(Bytes::new()));
    let answer = connection.send_bounded(request.expect("host and path are plain text"), most).await?;
    if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(answer.failure()) }
}

/// Reads a list that must be signed, with a serial and an expiry. Nothing of it is looked at before its signature is right.
///
/// # Errors
/// In words.
pub(super) fn signed_list(list: &[u8], signature: &[u8], keys: &ListKeys) -> Result<(ServerList, u64, Expiry), String> {
    let signed_by = keys.check(list, signature)?;
    let list = ServerList::parse(list, "the list").map_err(|error| error.to_string())?;
    let list = ServerList { signed_by: Some(signed_by), ..list };
    let serial = list.serial.ok_or("it has no serial")?;
    let expires = list.expires.ok_or("it has no expiry")?;
    Ok((list, serial, expires))
}

/// A list that was right when it was fetched.
pub(super) struct Copy {
    pub(super) list: ServerList,
    serial: u64,
    expires: Expiry,
    bytes: Vec<u8>,
    fetched: SystemTime,
}

/// Where the copy is: one file with the signature in its first line, so that the two never come apart.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.join("remote-list"))
    }

    fn problem_file(&self) -> PathBuf {
        self.0.with_extension("problem")
    }

    /// The copy, verified again; `None` when there is none.
    fn copy(&self, keys: &ListKeys) -> Result<Option<Copy>, String> {
        let Ok(fetched) = fs::metadata(&self.0).and_then(|data| data.modified()) else { return Ok(None) };
        let file = read_bytes(&self.0).map_err(|trouble| trouble.to_string())?;
        let (signature, bytes) =
            file.iter().position(|byte| *byte == b'\n').map(|end| file.split_at(end + 1)).unwrap_or_default();
        let (list, serial, expires) = signed_list(bytes, signature, keys)
            .map_err(|why| format!("the copy {} is not used: {why}", self.0.display()))?;
        Ok(Some(Copy { list, serial, expires, bytes: bytes.to_vec(), fetched }))
    }

    /// What is known of the list, and its copy when there is one.
    pub(super) fn state(&self, source: &RemoteSource) -> (RemoteList, Option<Copy>) {
        let noted = fs::read_to_string(self.problem_file()).ok();
        let (copy, broken) = match self.copy(&source.keys) {
            Ok(copy) => (copy, None),
            Err(why) => (None, Some(why)),
        };
        let none = copy.is_none().then(|| "it was not fetched yet".to_owned());
        let state = RemoteList {
            url: source.url.clone(),
            serial: copy.as_ref().map(|copy| copy.serial),
            expires: copy.as_ref().map(|copy| copy.expires),
            fetched: copy.as_ref().map(|copy| copy.fetched),
            problem: noted.or(broken).or(none),
        };
        (state, copy)
    }

    fn is_due(&self, source: &RemoteSource, now: SystemTime) -> bool {
        let Ok(Some(copy)) = self.copy(&source.keys) else { return true };
        // A clock that went back is no reason to wait.
        let older = |time: SystemTime, than| now.duration_since(time).map_or(true, |age| age >= than);
        let failed = fs::metadata(self.problem_file()).and_then(|data| data.modified()).ok();
        older(copy.fetched, FRESH) && failed.is_none_or(|time| older(time, AFTER_FAILURE))
    }

    /// Takes a fetched list in place of the copy.
    fn keep(&self, source: &RemoteSource, list: &[u8], signature: &[u8]) -> Result<(), String> {
        let (_, serial, expires) = signed_list(list, signature, &source.keys)?;
        if expires.is_over(SystemTime::now()) {
            return Err(format!("it has expired on {expires}"));
        }
        let failed = |error: std::io::Error| format!("its copy {} cannot be written: {error}", self.0.display());
        let folder = self.0.parent().expect("a file in the folder for caches");
        fs::create_dir_all(folder).map_err(failed)?;
        // Two at once: the older list must not come last.
        let lock = File::create(self.0.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        // A copy that is not right is no measure: whoever could change it could take it away, too.
        if let Ok(Some(copy)) = self.copy(&source.keys) {
            if serial < copy.serial {
                return Err(format!("its serial {serial} is lower than {}, which was taken before", copy.serial));
            }
            if serial == copy.serial && list != copy.bytes {
                return Err(format!("it has the serial {serial} as the list before, and another content"));
            }
        }
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(one_line(signature).as_bytes())?;
            file.write_all(list)?;
            file.as_file().sync_all()?;
            file.persist(&self.0)?;
            Ok(())
        };
        write().map_err(failed)?;
        let _ = fs::remove_file(self.problem_file());
        Ok(())
    }

    /// Keeps the reason of a failure, for whoever looks at the servers.
    fn note(&self, problem: &str) {
        let folder = self.0.parent().expect("a file in the folder for caches");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(self.problem_file(), problem));
        if let Err(error) = written {
            tracing::debug!(%error, "why the remote list was not refreshed is not kept");
        }
    }
}

/// The signature in base64, with a line break at its end and nowhere else.
fn one_line(signature: &[u8]) -> String {
    let text = match signature.first() {
        Some(0x30) => Base64::encode_string(signature),
        _ => String::from_utf8_lossy(signature).split_whitespace().collect(),
    };
    text + "\n"
}
