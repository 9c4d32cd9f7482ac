//! Nothing secret is left in the program's memory when it has opened a container, whatever it was opened with: the memory of the running
//! program is searched for secrets that an implementation of another kind computed, and a crash leaves no dump of it.

mod opening;
#[path = "../cli/servers/organisation.rs"]
mod organisation;
mod search;
mod stopped;
#[path = "../cli/support/mod.rs"]
mod support;
