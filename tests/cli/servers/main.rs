//! Letters over real capsule servers: of two organisations, with a store each, on ports of their own.

mod administered;
mod desk;
mod exchange;
mod independent;
mod lists;
mod network;
mod organisation;
mod persons;
#[path = "../support/session.rs"]
mod session;
mod shares;
#[path = "../support/mod.rs"]
mod support;
mod tickets;
