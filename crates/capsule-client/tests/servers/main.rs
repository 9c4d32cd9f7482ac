//! The client against servers that are hostile, broken, slow or somebody else: real sockets and real TLS on this machine.

mod central;
mod delivering;
mod fetching;
mod independent;
mod lists;
mod policy;
mod proxies;
mod shares;
mod support;
mod tickets;
mod trust;
