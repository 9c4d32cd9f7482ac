//! `run`: the server in the foreground, as a service manager wants it.

use std::{path::Path, sync::Arc};

use capsule_server::{Clock, Config, OcspMode, Server, SystemClock, doubts, store};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use super::{Failure, manager, sound};

pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = sound(path)?;
    log(&config);
    allow_many_connections();
    runtime()?.block_on(serve(&config))
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    match config.ocsp.mode {
        OcspMode::Required => {}
        OcspMode::Soft => {
            tracing::warn!("client certificates are let through when nobody says whether they are revoked")
        }
        OcspMode::Off => tracing::warn!("nobody is asked whether client certificates are revoked"),
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for doubt in doubts(config, &clock) {
        tracing::warn!("{}", doubt.message);
    }
    let store = store::open_for_server(config).await?;
    let server = Server::start(config, store, clock).await?;
    tracing::info!(target: "audit", server = %config.id, version = env!("CARGO_PKG_VERSION"), "started");
    manager::tell("READY=1");
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = int.recv() => break,
            _ = hangup.recv() => server.reload(),
        }
    }
    tracing::info!(target: "audit", "stopping");
    manager::tell("STOPPING=1");
    server.stop().await;
    tracing::info!(target: "audit", "stopped");
    Ok(())
}

pub(super) fn log(config: &Config) {
    let builder = tracing_subscriber::fmt().with_max_level(config.log.level).with_writer(std::io::stderr);
    if config.log.json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(false).init();
    }
}

/// A connection is a descriptor, and the usual soft limit is 1024.
fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files stays low");
    }
}
