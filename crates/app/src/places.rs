//! Where Kapsel keeps what is its own on this machine.

use std::path::PathBuf;

/// Unfinished work, readable by its owner only: emptied when an operation ends, and by the next one when it was killed.
pub fn private_place() -> Option<PathBuf> {
    Some(cache_folder()?.join("unfinished"))
}

/// Settings and the list of recent containers.
pub fn settings_file() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("kapsel").join("settings.toml"))
}

/// Where an administrator decides for the whole machine.
fn system_folder() -> Option<PathBuf> {
    Some(if cfg!(windows) {
        PathBuf::from(std::env::var_os("ProgramData")?).join("Kapsel")
    } else if cfg!(target_os = "macos") {
        PathBuf::from("/Library/Application Support/Kapsel")
    } else {
        PathBuf::from("/etc/kapsel")
    })
}

/// The administrator's policy.
pub fn system_policy_file() -> Option<PathBuf> {
    Some(system_folder()?.join("policy.toml"))
}

/// The administrator's list of servers, for the whole machine.
pub fn system_server_list() -> Option<PathBuf> {
    Some(system_folder()?.join("servers.json"))
}

/// What was fetched, and can be fetched again.
pub fn cache_folder() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("kapsel"))
}

/// The person's own list of servers.
pub fn user_server_list() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("kapsel").join("servers.json"))
}

/// How the network is used, for the whole machine.
pub fn system_network_file() -> Option<PathBuf> {
    Some(system_folder()?.join("network.toml"))
}

/// How the person uses the network.
pub fn user_network_file() -> Option<PathBuf> {
    Some(user_server_list()?.with_file_name("network.toml"))
}

/// The serial of the central configuration that was imported last.
pub fn central_serial_file() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("kapsel").join("central-configuration.serial"))
}

/// `~/Documents` instead of the whole path, for people; safe to show.
pub fn shortened(path: &std::path::Path) -> String {
    let home = dirs::home_dir().filter(|home| home.parent().is_some());
    let short = match home.as_deref().and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => PathBuf::from("~").join(rest).display().to_string(),
        None => path.display().to_string(),
    };
    cdoc2::shown_name(&short)
}

/// Removes what a killed run left in the private place.
pub fn clean_up() {
    if let Some(place) = private_place() {
        cdoc2::remove_abandoned(&place);
    }
}
