//! How the network is used: `network.toml`, the machine's and the person's. A proxy's password is never in it: the system's keyring keeps it.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use capsule_client::{Proxy, ProxyCredentials, Settings, Timeouts};
use cdoc2::{Zeroizing, shown_name};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::{
    failure::{Failure, Result},
    files::read_small,
    keyring,
    places::{system_network_file, user_network_file},
    view::Code,
};

/// Seconds that a time-out may be.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=600;
/// Longest name for a proxy, in characters.
const MAX_USER: usize = 200;
/// What is wrong with a name alone.
const NO_PROXY_FOR_USER: &str = "proxy-user needs a proxy as http://proxy.example:3128";
/// Names a file with the proxy's password, where there is no keyring.
pub const PASSWORD_FILE_VARIABLE: &str = "KAPSEL_PROXY_PASSWORD_FILE";

/// The way out of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ProxyChoice {
    /// As the system says.
    System,
    /// Directly.
    None,
    /// Always by this one.
    Given {
        /// `http://host:port`.
        url: String,
    },
}

/// How the network is used, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The proxy in force.
    pub proxy: ProxyChoice,
    /// Whether the person chose it, and not the machine's file or nobody.
    pub own_proxy: bool,
    /// Whether the machine's file has chosen one for those who choose none.
    pub machine_proxy: bool,
    /// The person's name for it; its password is in the system's keyring.
    pub user: Option<String>,
    /// Whether servers must prove by OCSP that their certificates were not revoked.
    pub ocsp_required: bool,
    /// Seconds for a connection.
    pub connect_timeout: u64,
    /// Seconds for a capsule in all.
    pub total_timeout: u64,
}

/// The file, every member of which may be left out. It has no tables.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct NetworkFile {
    /// `system`, `none`, or `http://host:port`.
    proxy: Option<Spanned<String>>,
    /// The person's name for the proxy.
    proxy_user: Option<Spanned<String>>,
    /// What is asked of servers' OCSP answers.
    ocsp: Option<Ocsp>,
    /// Seconds for a connection.
    connect_timeout: Option<Spanned<u64>>,
    /// Seconds for a capsule in all.
    total_timeout: Option<Spanned<u64>>,
    /// The file, and the line of the person's name in it: whether that has a proxy, two files together tell.
    #[serde(skip)]
    named_at: Option<(PathBuf, u64)>,
}

/// Where in the file a mistake is, in bytes, and what it is.
type Mistake = (usize, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ocsp {
    WhenPresent,
    Required,
}

/// The settings in force: the person's before the machine's. What the machine requires of OCSP, nobody relaxes. The password of a proxy
/// that has a name is read with them.
///
/// # Errors
/// [`Code::SettingsInvalid`], naming the file: nothing is sent on a guess. [`Code::ProxyRequired`] when the proxy's password cannot be had.
pub fn settings() -> Result<Settings> {
    let InForce { mut settings, user } = files_in_force()?;
    if let (Proxy::Given { url, credentials }, Some(user)) = (&mut settings.proxy, user) {
        let password = password(&account(&user, url))?;
        *credentials = Some(ProxyCredentials { user, password });
    }
    Ok(settings)
}

/// How the network is used. Nothing secret is looked at.
///
/// # Errors
/// [`Code::SettingsInvalid`], naming the file.
pub fn view() -> Result<Network> {
    let InForce { settings, user } = files_in_force()?;
    let proxy = match settings.proxy {
        Proxy::System => ProxyChoice::System,
        Proxy::None => ProxyChoice::None,
        Proxy::Given { url, .. } => ProxyChoice::Given { url: plain(url.as_str()).to_owned() },
    };
    Ok(Network {
        proxy,
        own_proxy: read_if_any(user_network_file())?.proxy.is_some(),
        machine_proxy: read_if_any(system_network_file())?.proxy.is_some(),
        user,
        ocsp_required: settings.ocsp_required,
        connect_timeout: settings.timeouts.connect.as_secs(),
        total_timeout: settings.timeouts.total.as_secs(),
    })
}

/// Chooses the person's proxy, and who the person is for it. A password goes into the system's keyring, before anything else changes; without
/// one, the one that is there stays. The rest of `network.toml` stays as it is, with its comments.
///
/// # Errors
/// [`Code::SettingsInvalid`] for what is no address or name, or a file with a mistake; [`Code::ProxyRequired`] when the keyring cannot be
/// used, [`Code::NotWritable`] for the file.
pub fn set_proxy(choice: &ProxyChoice, user: Option<&str>, password: Option<Zeroizing<String>>) -> Result<()> {
    let own = own_file()?;
    let (text, file) = read(&own)?;
    let before = file.account();
    let proxy = match choice {
        ProxyChoice::System => "system",
        ProxyChoice::None => "none",
        ProxyChoice::Given { url } => plain(url),
    };
    let members = [("proxy", file.proxy, Some(proxy)), ("proxy-user", file.proxy_user, user)];
    let text = with_members(text, members);
    let file = NetworkFile::parse(&text).map_err(|(_, words)| Failure::new(Code::SettingsInvalid, words))?;
    let account = file.account();
    if let (Some(account), Some(password)) = (&account, password) {
        keyring::keep(account, &password).map_err(not_kept)?;
    }
    write(&own, &text)?;
    match before.filter(|before| account.as_ref() != Some(before)) {
        // What nobody uses any more is not left behind; that nobody uses it is in force already.
        Some(unused) => keyring::forget(&unused).or_else(|words| {
            tracing::warn!(%words, "the password for the proxy before stays in the keyring");
            Ok(())
        }),
        None => Ok(()),
    }
}

/// Forgets who the person is for the proxy, and the password in the system's keyring.
///
/// # Errors
/// [`Code::SettingsInvalid`], [`Code::ProxyRequired`] for the keyring, [`Code::NotWritable`] for the file.
pub fn forget_credentials() -> Result<()> {
    let InForce { settings, user } = files_in_force()?;
    if let (Proxy::Given { url, .. }, Some(user)) = (settings.proxy, user) {
        keyring::forget(&account(&user, &url)).map_err(not_kept)?;
    }
    let own = own_file()?;
    let (text, file) = read(&own)?;
    if file.proxy_user.is_none() {
        return Ok(());
    }
    write(&own, &with_members(text, [("proxy-user", file.proxy_user, None)]))
}

fn not_kept(words: String) -> Failure {
    Failure::new(Code::ProxyRequired, format!("the proxy's password cannot be kept or removed: {words}"))
}

/// Without the slash that nobody writes.
fn plain(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// Under which name the keyring keeps the password.
fn account(user: &str, url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{user}@{host}:{}", url.port_or_known_default().unwrap_or(80))
}

/// The password of an account: from the file that the environment names, or else from the keyring.
fn password(account: &str) -> Result<Zeroizing<String>> {
    let failed =
        |words: String| Failure::new(Code::ProxyRequired, format!("the password for the proxy ({account}): {words}"));
    if let Some(file) = env::var_os(PASSWORD_FILE_VARIABLE) {
        let bytes = read_small(Path::new(&file), Code::ProxyRequired).map_err(|failure| failed(failure.to_string()))?;
        let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let text = std::str::from_utf8(line).map_err(|_| failed("it is not UTF-8".to_owned()))?;
        return Ok(Zeroizing::new(text.to_owned()));
    }
    match keyring::password(account) {
        Ok(Some(password)) => Ok(password),
        Ok(None) => Err(failed("the system's keyring has none".to_owned())),
        Err(words) => Err(failed(words)),
    }
}

fn own_file() -> Result<PathBuf> {
    let none = || Failure::new(Code::NotWritable, "this system has no place for the person's settings");
    user_network_file().ok_or_else(none)
}

fn read_if_any(path: Option<PathBuf>) -> Result<NetworkFile> {
    Ok(path.as_deref().map(read).transpose()?.unwrap_or_default().1)
}

/// The file as it stands, and what it says; one that is not there says nothing.
fn read(path: &Path) -> Result<(String, NetworkFile)> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        text => text.map_err(|error| failed(path, format!(": {error}")))?,
    };
    let line = |at| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64;
    let mut file = NetworkFile::parse(&text).map_err(|(at, words)| mistaken(path, line(at), &words))?;
    file.named_at = file.proxy_user.as_ref().map(|user| (path.to_owned(), line(user.span().start)));
    Ok((text, file))
}

fn failed(path: &Path, words: String) -> Failure {
    Failure::new(Code::SettingsInvalid, format!("{}{words}", path.display()))
        .about(shown_name(&path.display().to_string()))
}

fn mistaken(path: &Path, line: u64, words: &str) -> Failure {
    failed(path, format!(", line {line}: {words}")).with_number(line)
}

/// The text of a file with these members, each with where its value stands now and what it is to be; `None` takes it out. Everything else stays
/// as somebody wrote it.
fn with_members<'a>(
    mut text: String,
    members: impl IntoIterator<Item = (&'a str, Option<Spanned<String>>, Option<&'a str>)>,
) -> String {
    let mut members: Vec<_> = members.into_iter().collect();
    // From the end to the beginning, so that each still stands where it stood; new ones come last.
    members.sort_by_key(|(_, known, _)| std::cmp::Reverse(known.as_ref().map(|value| value.span().start)));
    for (name, known, value) in members {
        let quoted = value.map(|value| toml::Value::from(value).to_string());
        match (known.map(|value| value.span()), quoted) {
            (Some(span), Some(quoted)) => text.replace_range(span, &quoted),
            (Some(span), None) => {
                let start = text[..span.start].rfind('\n').map_or(0, |before| before + 1);
                let end = text[span.end..].find('\n').map_or(text.len(), |length| span.end + length + 1);
                text.replace_range(start..end, "");
            }
            (None, Some(quoted)) => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&format!("{name} = {quoted}\n"));
            }
            (None, None) => {}
        }
    }
    text
}

/// Replaces the file as a whole.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source: io::Error| cdoc2::Error::writing(path, source).into())
}

impl NetworkFile {
    fn parse(text: &str) -> Result<Self, Mistake> {
        let file: Self = toml::from_str(text)
            .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<(), Mistake> {
        let at = |value: Option<std::ops::Range<usize>>| value.map_or(0, |span| span.start);
        let proxy = self.proxy().map_err(|words| (at(self.proxy.as_ref().map(Spanned::span)), words))?;
        if let Some(user) = &self.proxy_user {
            let wrong = |words: &str| Err((user.span().start, words.to_owned()));
            // A colon ends the name where a proxy reads it (RFC 7617).
            let fits = (1..=MAX_USER).contains(&user.get_ref().chars().count());
            if !fits || user.get_ref().contains(|character: char| character == ':' || character.is_control()) {
                return wrong("proxy-user must be 1 to 200 characters without a colon");
            }
            if proxy.is_some_and(|proxy| !matches!(proxy, Proxy::Given { .. })) {
                return wrong(NO_PROXY_FOR_USER);
            }
        }
        for (name, time) in [("connect-timeout", &self.connect_timeout), ("total-timeout", &self.total_timeout)] {
            if let Some(time) = time.as_ref().filter(|time| !SECONDS.contains(time.get_ref())) {
                return Err((time.span().start, format!("{name} must be 1 to 600 seconds")));
            }
        }
        Ok(())
    }

    fn proxy(&self) -> Result<Option<Proxy>, String> {
        match self.proxy.as_ref().map(|proxy| proxy.get_ref().as_str()) {
            None => Ok(None),
            Some("system") => Ok(Some(Proxy::System)),
            Some("none") => Ok(Some(Proxy::None)),
            Some(url) => match Proxy::given(url) {
                Some(proxy) => Ok(Some(proxy)),
                None if url.contains('@') => {
                    Err("the proxy's address holds no user name or password: the name stands in \
                    proxy-user (kapsel network set-proxy --user), the password in the system's keyring"
                        .to_owned())
                }
                None => {
                    Err("proxy must be \"system\", \"none\", or an address as http://proxy.example:3128".to_owned())
                }
            },
        }
    }

    /// Under which name the keyring keeps the password of this file's proxy.
    fn account(&self) -> Option<String> {
        match self.proxy() {
            Ok(Some(Proxy::Given { url, .. })) => Some(account(self.proxy_user.as_ref()?.get_ref(), &url)),
            _ => None,
        }
    }
}

/// What the files come to, without the password.
struct InForce {
    settings: Settings,
    /// Who the person is for the proxy.
    user: Option<String>,
}

fn files_in_force() -> Result<InForce> {
    in_force(read_if_any(system_network_file())?, read_if_any(user_network_file())?)
}

fn in_force(system: NetworkFile, user: NetworkFile) -> Result<InForce> {
    let default = Timeouts::default();
    let seconds = |own: Option<Spanned<u64>>, others: Option<Spanned<u64>>, default| {
        own.or(others).map_or(default, |seconds| Duration::from_secs(seconds.into_inner()))
    };
    let invalid = |words: String| Failure::new(Code::SettingsInvalid, words);
    let (own, others) = (user.proxy().map_err(invalid)?, system.proxy().map_err(invalid)?);
    // Who somebody is for one proxy is no business of another.
    let named_at = user.named_at.or(system.named_at);
    let name = user.proxy_user.or(system.proxy_user.filter(|_| own.is_none())).map(Spanned::into_inner);
    let proxy = own.or(others).unwrap_or_default();
    if name.is_some() && !matches!(proxy, Proxy::Given { .. }) {
        return Err(match named_at {
            Some((path, line)) => mistaken(&path, line, NO_PROXY_FOR_USER),
            None => invalid(NO_PROXY_FOR_USER.to_owned()),
        });
    }
    let settings = Settings {
        proxy,
        timeouts: Timeouts {
            connect: seconds(user.connect_timeout, system.connect_timeout, default.connect),
            total: seconds(user.total_timeout, system.total_timeout, default.total),
            ..default
        },
        ocsp_required: [system.ocsp, user.ocsp].contains(&Some(Ocsp::Required)),
    };
    Ok(InForce { settings, user: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<NetworkFile> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("network.toml");
        fs::write(&path, text).expect("written");
        Ok(read(&path)?.1)
    }

    #[test]
    fn what_somebody_wrote_beside_the_proxy_stays() {
        let set = |text: &str, proxy: &str, user: Option<&str>| {
            let file = NetworkFile::parse(text).expect("right");
            with_members(text.to_owned(), [("proxy", file.proxy, Some(proxy)), ("proxy-user", file.proxy_user, user)])
        };
        let text = "# Ours, see the wiki.\nproxy = \"none\" # since May\n\nocsp = \"required\"  # a must";
        let named = set(text, "http://a.example:1", Some("mari \"m\""));
        let expected =
            "# Ours, see the wiki.\nproxy = \"http://a.example:1\" # since May\n\nocsp = \"required\"  # a must\n";
        assert_eq!(named, format!("{expected}proxy-user = 'mari \"m\"'\n"));
        assert_eq!(set(&named, "http://a.example:1", None), expected);
        // Whatever stands first.
        let text = "proxy-user = \"mari\"\n# between\nproxy = \"http://a.example:1\"\n";
        assert_eq!(set(text, "none", None), "# between\nproxy = \"none\"\n");
        assert_eq!(set("", "system", None), "proxy = \"system\"\n");
    }

    #[test]
    fn the_person_decides_but_for_what_the_machine_requires() {
        let both = |system, user| {
            let InForce { settings, .. } =
                in_force(of(system).expect("right"), of(user).expect("right")).expect("right");
            settings
        };
        let settings =
            both("proxy = \"http://a.example:1\"\nocsp = \"required\"\nconnect-timeout = 3", "ocsp = \"when-present\"");
        assert!(settings.ocsp_required && matches!(settings.proxy, Proxy::Given { .. }));
        assert_eq!(settings.timeouts, Timeouts { connect: Duration::from_secs(3), ..Timeouts::default() });
        let settings = both("proxy = \"http://a.example:1\"", "proxy = \"none\"\ntotal-timeout = 9");
        assert!(!settings.ocsp_required && matches!(settings.proxy, Proxy::None));
        assert_eq!(settings.timeouts.total, Duration::from_secs(9));
        assert!(matches!(both("", "").proxy, Proxy::System));
    }

    #[test]
    fn a_name_belongs_to_the_proxy_that_it_was_given_for() {
        let both = |system, user| in_force(of(system).expect("right"), of(user).expect("right"));
        let user = |system, user| both(system, user).expect("right").user;
        let (one, other) = ("proxy = \"http://a.example:1\"", "proxy = \"http://b.example:1\"");
        let named = format!("{one}\nproxy-user = \"machine\"");
        assert_eq!(user(&named, "").as_deref(), Some("machine"));
        assert_eq!(user(&named, other), None);
        assert_eq!(user(&named, "proxy = \"none\""), None);
        assert_eq!(user(one, "proxy-user = \"mari\"").as_deref(), Some("mari"));
        assert_eq!(user(&named, "proxy-user = \"mari\"").as_deref(), Some("mari"));
        let failure = both("", "proxy-user = \"mari\"").map(|_| ()).expect_err("for no proxy");
        assert_eq!(failure.code(), Code::SettingsInvalid);
        assert!(failure.to_string().contains("network.toml, line 1: proxy-user needs a proxy"), "{failure}");
        assert_eq!(failure.view().number, Some(1));
        let url = Proxy::given("http://a.example").expect("a proxy");
        let Proxy::Given { url, .. } = url else { panic!("{url:?}") };
        assert_eq!(account("mari", &url), "mari@a.example:80");
    }

    #[test]
    fn a_mistake_is_never_taken_for_the_default() {
        for text in [
            "proxy = 1",
            "proxy = \"https://a.example:1\"",
            "proxy = \"http://user:word@a.example\"",
            "proxy = \"a.example\"",
            "proxy = \"none\"\nproxy-user = \"mari\"",
            "proxy-user = \"mari:maasikas\"",
            "proxy-user = \"\"",
            "proxy-password = \"word\"",
            "ocsp = \"on\"",
            "connect-timeout = 0",
            "total-timeout = 6000",
            "socks = true",
            "proxy",
        ] {
            let failure = of(text).expect_err(text);
            assert_eq!(failure.code(), Code::SettingsInvalid);
            let words = failure.to_string();
            let line = text.lines().count();
            assert!(words.contains(&format!("network.toml, line {line}: ")) && words.lines().count() == 1, "{words}");
        }
    }
}
