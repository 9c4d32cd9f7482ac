//! Tokens by real PKCS#11 modules (SoftHSM, NSS), modules with every fault, and secrets that a real keyring remembers.

mod faults;
mod keyring;
mod opening;
#[path = "../cli/servers/organisation.rs"]
mod organisation;
#[path = "../cli/support/session.rs"]
mod session;
mod stage;
#[path = "../cli/support/mod.rs"]
mod support;
