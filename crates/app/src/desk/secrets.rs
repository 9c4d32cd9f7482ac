//! Secrets that the system's keyring keeps.

use super::Desk;
use crate::{
    failure::Result,
    remembered::{self, Remembered},
    view::RememberedView,
};

impl Desk {
    /// What is remembered. The keyring is not looked at.
    ///
    /// # Errors
    /// [`Code::SettingsInvalid`](crate::view::Code::SettingsInvalid) when the list of it cannot be read.
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

fn views(remembered: Vec<Remembered>) -> Vec<RememberedView> {
    remembered.into_iter().map(RememberedView::from).collect()
}
