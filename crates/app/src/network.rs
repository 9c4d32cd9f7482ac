//! How the network is used: `network.toml`, the machine's and the person's.

use std::{fs, io, path::Path, time::Duration};

use capsule_client::{Proxy, Settings, Timeouts};
use serde::Deserialize;

use crate::{
    failure::{Failure, Result},
    places::{system_network_file, user_network_file},
    view::Code,
};

/// Seconds that a time-out may be.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=600;

/// The file, every member of which may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct NetworkFile {
    /// `system`, `none`, or `http://host:port`.
    proxy: Option<String>,
    /// What is asked of servers' OCSP answers.
    ocsp: Option<Ocsp>,
    /// Seconds for a connection.
    connect_timeout: Option<u64>,
    /// Seconds for a capsule in all.
    total_timeout: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ocsp {
    WhenPresent,
    Required,
}

/// The settings in force: the person's before the machine's. What the machine requires of OCSP, nobody relaxes.
///
/// # Errors
/// [`Code::SettingsInvalid`], naming the file: nothing is sent on a guess.
pub fn settings() -> Result<Settings> {
    let read = |path: Option<std::path::PathBuf>| path.as_deref().map_or_else(|| Ok(NetworkFile::default()), read);
    in_force(read(system_network_file())?, read(user_network_file())?)
}

fn read(path: &Path) -> Result<NetworkFile> {
    let failed = |words: String| {
        Failure::new(Code::SettingsInvalid, format!("{}: {words}", path.display())).about(path.display().to_string())
    };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(NetworkFile::default()),
        text => text.map_err(|error| failed(error.to_string()))?,
    };
    let file: NetworkFile = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
    file.proxy().map_err(failed)?;
    let timeouts = [("connect-timeout", file.connect_timeout), ("total-timeout", file.total_timeout)];
    match timeouts.into_iter().find(|(_, time)| time.is_some_and(|time| !SECONDS.contains(&time))) {
        Some((name, _)) => Err(failed(format!("{name} must be 1 to 600 seconds"))),
        None => Ok(file),
    }
}

impl NetworkFile {
    fn proxy(&self) -> Result<Option<Proxy>, String> {
        match self.proxy.as_deref() {
            None => Ok(None),
            Some("system") => Ok(Some(Proxy::System)),
            Some("none") => Ok(Some(Proxy::None)),
            Some(url) => match Proxy::given(url) {
                Some(proxy) => Ok(Some(proxy)),
                None => {
                    Err("proxy must be \"system\", \"none\", or an address as http://proxy.example:3128".to_owned())
                }
            },
        }
    }
}

fn in_force(system: NetworkFile, user: NetworkFile) -> Result<Settings> {
    let default = Timeouts::default();
    let seconds = |own: Option<u64>, others: Option<u64>, default| own.or(others).map_or(default, Duration::from_secs);
    let proxy = |file: &NetworkFile| file.proxy().map_err(|words| Failure::new(Code::SettingsInvalid, words));
    Ok(Settings {
        proxy: proxy(&user)?.or(proxy(&system)?).unwrap_or_default(),
        timeouts: Timeouts {
            connect: seconds(user.connect_timeout, system.connect_timeout, default.connect),
            total: seconds(user.total_timeout, system.total_timeout, default.total),
        },
        ocsp_required: [system.ocsp, user.ocsp].contains(&Some(Ocsp::Required)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<NetworkFile> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("network.toml");
        fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn the_person_decides_but_for_what_the_machine_requires() {
        let both = |system, user| in_force(of(system).expect("right"), of(user).expect("right")).expect("right");
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
    fn a_mistake_is_never_taken_for_the_default() {
        for text in [
            "proxy = 1",
            "proxy = \"https://a.example:1\"",
            "proxy = \"http://user:word@a.example\"",
            "proxy = \"a.example\"",
            "ocsp = \"on\"",
            "connect-timeout = 0",
            "total-timeout = 6000",
            "socks = true",
            "proxy",
        ] {
            let failure = of(text).expect_err(text);
            assert_eq!(failure.code(), Code::SettingsInvalid);
            assert!(failure.to_string().contains("network.toml"), "{failure}");
        }
    }
}
