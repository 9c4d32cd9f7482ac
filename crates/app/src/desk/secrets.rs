//! Secrets that the system's keyring keeps.

use cdoc2::{Header, Zeroizing};

use super::Desk;
use crate::{
    failure::{Failure, Result},
    opening::Key,
    remembered::{self, Remembered, Secret},
    view::{Code, ErrorView, RememberAs, RememberedView},
};

impl Desk {
    /// What is remembered. The keyring is not looked at.
    ///
    /// # Errors
    /// [`Code::SettingsInvalid`] when the list of it cannot be read.
    pub fn remembered(&self) -> Result<Vec<RememberedView>> {
        Ok(views(remembered::labels()?))
    }

    /// Forgets what is kept under a label; what is left.
    ///
    /// # Errors
    /// As [`remembered::forget`].
    pub fn forget_remembered(&self, label: &str) -> Result<Vec<RememberedView>> {
        remembered::forget(label)?;
        self.remembered()
    }
}

/// What is remembered that may open a container; nothing where the list of it cannot be read, of which the settings tell.
pub(super) fn fitting(header: &Header) -> Vec<RememberedView> {
    let fitting =
        remembered::fitting(header).inspect_err(|failure| tracing::warn!(%failure, "nothing remembered is offered"));
    views(fitting.unwrap_or_default())
}

/// The key under a label, which must be one that fits: the page can take no other out of the keyring.
///
/// # Errors
/// [`Code::KeyringUnavailable`], with the label where it is no longer there.
pub(super) fn remembered_key(header: &Header, label: &str) -> Result<Key> {
    let unknown = |failure: Failure| Failure::new(Code::KeyringUnavailable, failure.to_string()).about(label);
    let mut fitting = remembered::fitting(header).map_err(unknown)?;
    fitting.retain(|one| one.label == label);
    let gone = || Failure::new(Code::KeyringUnavailable, "the system's keyring no longer keeps it").about(label);
    remembered::keys(&fitting)?.into_iter().next().ok_or_else(gone)
}

/// How the password of a container would be remembered.
pub(super) fn remember_as(header: &Header) -> Option<RememberAs> {
    let label = remembered::label_for(header)?;
    let labels = remembered::labels().ok()?;
    Some(RememberAs { replaces: labels.iter().any(|one| one.label == label), label })
}

/// Keeps a password that has opened a container. What stands in the way is told, and nothing fails by it.
pub(super) fn remember(label: Option<String>, password: Zeroizing<String>) -> Option<ErrorView> {
    let unnamed = || Failure::new(Code::NameNotAllowed, "the container has no name for its password");
    let kept = label.ok_or_else(unnamed).and_then(|label| remembered::remember(&label, Secret::Password(password)));
    kept.err().map(Failure::into_view)
}

fn views(remembered: Vec<Remembered>) -> Vec<RememberedView> {
    remembered.into_iter().map(RememberedView::from).collect()
}
