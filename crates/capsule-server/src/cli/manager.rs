//! What a service manager is told, over the socket that it names (sd_notify).

use std::{env, ffi::OsStr, io, os::unix::net::UnixDatagram};

/// Says it, when somebody listens. Whoever started the server can live without the answer, and so can the server.
pub(super) fn tell(state: &str) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, state, "the service manager could not be told");
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let from = UnixDatagram::unbound()?;
    match socket.as_encoded_bytes().strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
            from.send_to_addr(state.as_bytes(), &SocketAddr::from_abstract_name(name)?)?;
        }
        _ => {
            from.send_to(state.as_bytes(), socket)?;
        }
    }
    Ok(())
}
