//! What a service sees in its readers, asked over its socket: the system's library knows one service a process, and tests have several.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

/// Asks for the state of every reader.
const ALL_STATES: u32 = 0x12;
/// Readers that the service has room for, and what it says of each.
const ROOM: usize = 16;
const STATE: usize = 184;
const NAME: usize = 128;
const ABSENT: u32 = 2;
const PRESENT: u32 = 4;
const SWALLOWED: u32 = 8;
const POWERED: u32 = 0x10;
/// Where the system's own service listens.
const SYSTEM: &str = "/run/pcscd/pcscd.comm";

/// A reader's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Empty,
    /// A card that answered to power.
    Card,
    /// A card that did not.
    Mute,
    Otherwise,
}

/// The readers of the service at `socket`, or of the system's; `None` when it does not run.
pub(crate) fn readers(socket: Option<&Path>) -> Option<Vec<(String, Seen)>> {
    let mut stream = UnixStream::connect(socket.unwrap_or(Path::new(SYSTEM))).ok()?;
    stream.write_all(&[0_u32.to_ne_bytes(), ALL_STATES.to_ne_bytes()].concat()).ok()?;
    let mut states = vec![0; ROOM * STATE];
    stream.read_exact(&mut states).ok()?;
    let readers = states.chunks_exact(STATE).filter_map(|state| {
        let (name, rest) = state.split_at(NAME);
        let name = name.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())?;
        // After the name: a counter of events, and the state.
        let state = u32::from_ne_bytes(*rest[4..].first_chunk()?);
        let seen = match state {
            _ if state & ABSENT != 0 => Seen::Empty,
            _ if state & PRESENT != 0 && state & POWERED != 0 => Seen::Card,
            _ if state & SWALLOWED != 0 => Seen::Mute,
            _ => Seen::Otherwise,
        };
        Some((String::from_utf8_lossy(name).into_owned(), seen))
    });
    Some(readers.collect())
}
