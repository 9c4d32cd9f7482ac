//! `health`: whether the server of a configuration is ready, asked where a container has no other program to ask with.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use capsule_server::Config;

use super::{Failure, print};

/// For a connection, and for the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// More of an answer than says whether it is ready.
const ENOUGH: u64 = 1024;

pub(super) fn health(path: &Path) -> Result<(), Failure> {
    let address = here(Config::read(path)?.operations);
    let answer = ask(address).map_err(|error| format!("{address}: {error}"))?;
    match answer.lines().next().and_then(|line| line.split(' ').nth(1)) {
        Some("200") => print("ready\n"),
        Some(status) => Err(format!("{address}: not ready ({status})").into()),
        None => Err(format!("{address}: no answer").into()),
    }
}

/// What listens on all addresses is asked on this machine's own.
fn here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream
        .write_all(format!("GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ENOUGH).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
