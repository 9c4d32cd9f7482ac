//! Parts that fuzz targets reach directly: through a handshake or a host each run costs a thousand times as much.
//! Only there with the feature `fuzzing`, and no part of the interface.

use std::time::SystemTime;

use capsule_api::ServerList;

use crate::{ListKeys, OcspProblem, servers, tls};

/// What an OCSP answer says about the certificate `shown`, whose authority may be among `others`: whether it was revoked, and whether
/// that was proved.
///
/// # Errors
/// Why the answer counts for nothing.
pub fn stapled_answer(
    answer: &[u8],
    shown: &[u8],
    others: Vec<&[u8]>,
    now: SystemTime,
) -> Result<(bool, bool), OcspProblem> {
    tls::stapled_answer(answer, shown, others, now)
}

/// A list as it is fetched.
///
/// # Errors
/// In words.
pub fn remote_list(list: &[u8], signature: &[u8], keys: &ListKeys) -> Result<ServerList, String> {
    servers::fetched_list(list, signature, keys)
}
