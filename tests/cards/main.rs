//! ID-cards made of software, in the real smart-card service, used by the command line and by OpenSC.

mod faults;
mod hotplug;
mod opening;
#[path = "../cli/servers/organisation.rs"]
mod organisation;
mod readers;
mod several;
mod stage;
#[path = "../cli/support/mod.rs"]
mod support;
mod timing;
mod token;
