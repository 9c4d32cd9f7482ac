//! What the administrator decided about lists, and the list that the policy has fetched.

use capsule_client::{Error, Layer, ListFiles, Policy, Refresh, RemoteList};
use cdoc2::Cancel;
use serde::Serialize;

use crate::{failure::Result, network};

/// What the administrator decided, for whoever shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// The policy's file.
    pub file: String,
    /// Layers whose lists do not count.
    pub closed: Vec<Layer>,
    /// Whether the person's own list is locked: it does not count and cannot be changed.
    pub own_list_locked: bool,
    /// Whether the system's list must be signed.
    pub signed: bool,
    /// Address of the list that is fetched.
    pub remote_list: Option<String>,
}

/// The policy in force; `None` when there is none.
///
/// # Errors
/// [`Code::SettingsInvalid`](crate::view::Code::SettingsInvalid), naming file and line.
pub fn policy() -> Result<Option<PolicyView>> {
    Ok(view(&super::list_files(&[]).policy().map_err(Error::from)?))
}

/// A policy for whoever shows it; `None` when it has no file.
pub fn view(policy: &Policy) -> Option<PolicyView> {
    Some(PolicyView {
        file: policy.path()?.display().to_string(),
        closed: policy.closed(),
        own_list_locked: !policy.opens(Layer::User),
        signed: policy.wants_signature(),
        remote_list: policy.remote_list().map(ToString::to_string),
    })
}

/// Fetches the list that the policy names; `None` when it names none. What is not right leaves the copy that is here in force.
///
/// # Errors
/// Why it was not taken.
pub fn refresh(lists: &ListFiles, cancel: &Cancel) -> Result<Option<RemoteList>> {
    Ok(capsule_client::refresh(lists, &network::settings()?, Refresh::Now, cancel)?)
}
