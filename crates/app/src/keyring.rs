//! The system's keyring: the Secret Service (GNOME Keyring, KWallet), the Keychain, the Credential Manager.

use std::sync::Arc;

use cdoc2::Zeroizing;
use keyring_core::{CredentialStore, Entry, Error};

/// Under which name people find entries.
const SERVICE: &str = "Kapsel";

/// The password of an account; `None` when there is none.
///
/// # Errors
/// In words: no keyring, or one that stays locked.
pub(crate) fn password(account: &str) -> Result<Option<Zeroizing<String>>, String> {
    match entry(account).and_then(|entry| entry.get_password()) {
        Ok(password) => Ok(Some(Zeroizing::new(password))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(in_words(&error)),
    }
}

/// Keeps the password of an account, in place of the one before.
///
/// # Errors
/// As [`password`].
pub(crate) fn keep(account: &str, password: &str) -> Result<(), String> {
    entry(account).and_then(|entry| entry.set_password(password)).map_err(|error| in_words(&error))
}

/// Removes the password of an account; none is as good.
///
/// # Errors
/// As [`password`].
pub(crate) fn forget(account: &str) -> Result<(), String> {
    match entry(account).and_then(|entry| entry.delete_credential()) {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(in_words(&error)),
    }
}

fn entry(account: &str) -> Result<Entry, Error> {
    let store: Arc<CredentialStore> = store()?;
    store.build(SERVICE, account, None)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// An error may carry what was read: only its kind is told, and what the system said.
fn in_words(error: &Error) -> String {
    match error {
        Error::NoStorageAccess(source) => format!("the system's keyring is locked ({source})"),
        Error::PlatformFailure(source) => format!("the system's keyring cannot be used ({source})"),
        Error::Ambiguous(_) => "the system's keyring has several entries for it".to_owned(),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what the system's keyring holds is no password".to_owned(),
        Error::TooLong(..) => "the system's keyring does not take a password or name so long".to_owned(),
        _ => "the system's keyring does not work as it should".to_owned(),
    }
}
