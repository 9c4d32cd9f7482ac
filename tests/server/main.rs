//! The capsule server, met over real sockets: real TLS, real stores, the program itself. Loopback only.
//!
//! Clients are written here, byte by byte, so that they can misbehave; curl and openssl are clients of another kind.

mod bounds;
mod certificates;
mod exchange;
mod faults;
mod import;
mod independent;
mod messages;
mod openapi;
mod operations;
mod program;
mod revocation;
mod rotation;
mod shares;
mod sound;
mod stores;
mod support;
mod tickets;
mod timing;
