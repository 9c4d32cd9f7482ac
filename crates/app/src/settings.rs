//! What the person chose, and the containers used last. Nothing secret, and nothing that a policy decides.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::view::{Appearance, Language};

/// How many containers are remembered.
const RECENT: usize = 5;

/// The settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Absent: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Light, dark or as the system.
    pub appearance: Appearance,
    /// Identifiers of servers that new capsules go to; absent: the person has not chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<String>>,
    /// The PKCS#11 module that is asked beside those that are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<PathBuf>,
    /// Newest first.
    pub recent: Vec<Recent>,
}

/// A container used before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recent {
    /// Where it is.
    pub path: PathBuf,
    /// Encrypted here, or opened.
    pub encrypted: bool,
    /// For whom, in short.
    pub recipients: Vec<String>,
    /// Unix seconds.
    pub at: i64,
    /// Until when somebody can open it, in unix seconds; absent: always, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl Settings {
    /// Reads the file. One that is missing, broken or of a newer version gives the defaults; it is replaced at the next change.
    pub fn read(path: &Path) -> Self {
        let Ok(text) = fs::read_to_string(path) else { return Self::default() };
        toml::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the settings cannot be read; using the defaults");
            Self::default()
        })
    }

    /// Replaces the file as a whole.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        replace(path, toml::to_string(self).map_err(std::io::Error::other)?.as_bytes())
    }

    /// Puts a container first among those used last.
    pub fn remember(&mut self, recent: Recent) {
        self.recent.retain(|other| other.path != recent.path);
        self.recent.insert(0, recent);
        self.recent.truncate(RECENT);
    }
}

/// Writes a file as a whole, or leaves it as it was.
pub(crate) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// The system's language, by the usual variables; English when it is none of ours.
pub fn system_language() -> Language {
    let locale = sys_locale::get_locale().unwrap_or_default().to_lowercase();
    match locale.get(..2) {
        Some("et") => Language::Et,
        Some("ru") => Language::Ru,
        _ => Language::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_round_trip_and_damage() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("deep/settings.toml");
        let mut settings = Settings { language: Some(Language::Et), ..Settings::default() };
        for number in 0..9 {
            let path = PathBuf::from(format!("/containers/{}.cdoc2", number % 7));
            settings.remember(Recent {
                path,
                encrypted: true,
                recipients: vec!["Mari".into()],
                at: number,
                until: (number % 2 == 0).then_some(7),
            });
        }
        assert_eq!(settings.recent.len(), RECENT);
        settings.write(&path).expect("written");
        assert_eq!(Settings::read(&path), settings);
        fs::write(&path, "recent = 7").expect("written");
        assert_eq!(Settings::read(&path), Settings::default());
    }
}
