//! Nothing secret is left in the program's memory when it has opened a container, whatever it was opened with: the memory of the running
//! program, and a core dump of it, are searched for secrets that an implementation of another kind computed.

mod opening;
#[path = "../cli/servers/organisation.rs"]
mod organisation;
mod stopped;
#[path = "../cli/support/mod.rs"]
mod support;
