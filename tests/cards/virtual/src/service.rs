//! The smart-card service with virtual readers: the system's, one a machine, or one of a test's own.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::{Inserted, Slot, VirtualCard, slot::Place, watch};

const PROGRAM: &str = "/usr/sbin/pcscd";
/// Whoever holds this file's lock has the readers of the system's service; those of others have a number at the end.
const LOCK: &str = "/tmp/kapsel-virtual-readers.lock";
/// How long the service may take to start.
const STARTED: Duration = Duration::from_secs(20);
/// How long one that runs may take to show its readers.
const SEEN: Duration = Duration::from_secs(5);
/// Where the readers of the system's service listen.
const SYSTEM_PORT: u16 = 35963;
/// Where those of other services do: two each.
const OWN_PORTS: u16 = 36100;
const MOST_SERVICES: u16 = 64;
/// Puts the folder in the place of the service's, which only this process and what it starts sees.
const ELSEWHERE: &str = r#"mkdir -p /run/pcscd && mount --bind "$1" /run/pcscd && shift && exec "$@""#;

/// The service with its virtual readers, for one test.
pub struct Service {
    /// The service, when this started it.
    running: Option<Child>,
    /// Its folder with its configuration, when it is not the system's.
    folder: Option<TempDir>,
    port: u16,
    _lock: File,
}

impl Service {
    /// The system's: waits for other tests, and starts the service where none runs.
    pub fn start() -> Self {
        let lock = lock_file(LOCK);
        lock.lock().expect("the lock");
        Self::started(None, SYSTEM_PORT, lock)
    }

    /// One beside any other, for those who are told its [`Service::socket`]; the system's, where a mount cannot be kept from others.
    pub fn private() -> Self {
        let until = Instant::now() + STARTED;
        loop {
            for number in 0..MOST_SERVICES {
                let lock = lock_file(&format!("{LOCK}.{number}"));
                if lock.try_lock().is_err() {
                    continue;
                }
                let port = OWN_PORTS + 2 * number;
                let folder = folder(port);
                let can = in_folder(folder.path(), &["true"]).stderr(Stdio::null()).status();
                if !can.is_ok_and(|status| status.success()) {
                    return Self::start();
                }
                return Self::started(Some(folder), port, lock);
            }
            assert!(Instant::now() < until, "other tests have all {MOST_SERVICES} services");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn started(folder: Option<TempDir>, port: u16, lock: File) -> Self {
        Self::ready(folder, port, lock).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// The system's where it is not known whether that can be: with words that say why not.
    ///
    /// # Errors
    /// When somebody else has the readers, or there are none.
    pub fn try_start() -> Result<Self, String> {
        let lock = lock_file(LOCK);
        let until = Instant::now() + Duration::from_secs(3);
        while lock.try_lock().is_err() {
            if Instant::now() > until {
                return Err("another program has the virtual readers".to_owned());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Self::ready(None, SYSTEM_PORT, lock)
    }

    fn ready(folder: Option<TempDir>, port: u16, lock: File) -> Result<Self, String> {
        let mut service = Self { running: None, folder, port, _lock: lock };
        service.run()?;
        Ok(service)
    }

    /// Whether this started the service, so that it can stop it.
    pub fn is_own(&self) -> bool {
        self.running.is_some()
    }

    /// The value of `PCSCLITE_CSOCK_NAME` for its programs, when it is not the system's.
    pub fn socket(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.path().join("run/pcscd.comm"))
    }

    /// Starts the service again after [`Service::stop`] or [`Service::kill`].
    pub fn resume(&mut self) {
        self.run().unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// Starts the service where none runs, and waits for its readers.
    fn run(&mut self) -> Result<(), String> {
        if watch::readers(self.socket().as_deref()).is_none() {
            let running = self.command().spawn();
            self.running = Some(running.map_err(|error| format!("pcscd (the package pcscd) does not start: {error}"))?);
        }
        let until = Instant::now() + if self.running.is_some() { STARTED } else { SEEN };
        while !self.has_readers() {
            if self.running.as_mut().is_some_and(|running| running.try_wait().ok().flatten().is_some()) {
                return Err("pcscd does not start; only root can start it here".to_owned());
            }
            if Instant::now() > until {
                return Err("pcscd has no virtual readers: install vsmartcard-vpcd, and restart pcscd".to_owned());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = match &self.folder {
            Some(folder) => {
                let mut command = in_folder(folder.path(), &[PROGRAM, "--config"]);
                command.arg(folder.path().join("readers"));
                command
            }
            None => Command::new(PROGRAM),
        };
        command.args(["--foreground", "--critical"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn has_readers(&self) -> bool {
        let readers = watch::readers(self.socket().as_deref()).unwrap_or_default();
        [Slot::First, Slot::Second].iter().all(|slot| readers.iter().any(|(name, _)| name == slot.reader()))
    }

    /// Stops the service, when it was started here.
    pub fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        if let Some(pid) = i32::try_from(running.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(1);
        while running.try_wait().ok().flatten().is_none() {
            if Instant::now() > until {
                // A reader that waits for a silent card holds it up.
                let _ = running.kill();
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the service in the middle of whatever it does, when it was started here.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }

    /// Puts a card into a reader, and waits until it is seen there.
    pub fn insert(&self, card: &VirtualCard, slot: Slot) -> Inserted {
        Inserted::new(card, Place { slot, port: self.port, socket: self.socket() })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock_file(path: &str) -> File {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o666).open(path);
    lock.expect("a file for the lock")
}

/// A service's folder, with readers at `port`.
fn folder(port: u16) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // As the service's own: any program may come to its socket.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::create_dir(folder.path().join("run")).expect("a folder");
    fs::create_dir(folder.path().join("readers")).expect("a folder");
    let reader = format!(
        "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{port:#06X}\nLIBPATH {DRIVER}\nCHANNELID {port:#06X}\n",
        DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    );
    fs::write(folder.path().join("readers/vpcd"), reader).expect("written");
    folder
}

/// A command that sees the folder in the place of the system's service.
fn in_folder(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    // Who is not root becomes it there, for the mount.
    command.args(if geteuid().is_root() { &["--mount"][..] } else { &["--map-root-user", "--mount"] });
    command.args(["sh", "-c", ELSEWHERE, "sh"]).arg(folder.join("run")).args(arguments);
    command
}
