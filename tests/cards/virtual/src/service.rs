//! The system's smart-card service: one a machine, so one test at a time.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pcsc::{Context, Scope};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Inserted, Slot, VirtualCard};

/// Whoever holds this file's lock has the readers.
const LOCK: &str = "/tmp/kapsel-virtual-readers.lock";
/// How long the service may take to start.
const STARTED: Duration = Duration::from_secs(20);

/// The service with its virtual readers, for one test at a time.
pub struct Service {
    /// The service, when it was not running before.
    own: Option<Child>,
    _lock: File,
}

impl Service {
    /// Waits for other tests, and starts the service where none runs.
    pub fn start() -> Self {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o666).open(LOCK);
        let lock = lock.expect("a file for the lock");
        lock.lock().expect("the lock");
        let mut service = Self { own: None, _lock: lock };
        service.resume();
        service
    }

    /// The same where it is not known whether that can be: with words that say why not.
    ///
    /// # Errors
    /// When somebody else has the readers, or there are none.
    pub fn try_start() -> Result<Self, String> {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o666).open(LOCK);
        let lock = lock.map_err(|error| format!("{LOCK}: {error}"))?;
        let until = Instant::now() + Duration::from_secs(3);
        while lock.try_lock().is_err() {
            if Instant::now() > until {
                return Err("another program has the virtual readers".to_owned());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let mut service = Self { own: None, _lock: lock };
        if !is_running() {
            let mut command = Command::new("/usr/sbin/pcscd");
            command.args(["--foreground", "--critical"]).stdin(Stdio::null()).stdout(Stdio::null());
            let own = command.stderr(Stdio::null()).spawn();
            service.own = Some(own.map_err(|error| format!("pcscd (the package pcscd) does not start: {error}"))?);
        }
        let until = Instant::now() + Duration::from_secs(5);
        while !has_readers() {
            if service.own.as_mut().is_some_and(|own| own.try_wait().ok().flatten().is_some()) {
                return Err("pcscd does not start; only root can start it here".to_owned());
            }
            if Instant::now() > until {
                return Err("pcscd has no virtual readers: install vsmartcard-vpcd, and restart pcscd".to_owned());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(service)
    }

    /// Whether this started the service, so that it can stop it.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Starts the service again after [`Service::stop`].
    pub fn resume(&mut self) {
        if !is_running() {
            let mut command = Command::new("/usr/sbin/pcscd");
            command.args(["--foreground", "--critical"]).stdin(Stdio::null()).stdout(Stdio::null());
            self.own = Some(command.stderr(Stdio::null()).spawn().expect("pcscd is installed"));
        }
        let until = Instant::now() + STARTED;
        while !has_readers() {
            assert!(Instant::now() < until, "pcscd has no virtual readers: are pcscd and vsmartcard-vpcd installed?");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the service, when it was started here.
    pub fn stop(&mut self) {
        let Some(mut own) = self.own.take() else { return };
        if let Some(pid) = i32::try_from(own.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(3);
        while own.try_wait().ok().flatten().is_none() {
            if Instant::now() > until {
                // A reader that waits for a silent card holds it up.
                let _ = own.kill();
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Puts a card into a reader, and waits until it is seen there.
    pub fn insert(&self, card: &VirtualCard, slot: Slot) -> Inserted {
        Inserted::new(card, slot)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_running() -> bool {
    Context::establish(Scope::User).is_ok()
}

fn has_readers() -> bool {
    let readers = Context::establish(Scope::User).and_then(|context| context.list_readers_owned());
    readers.is_ok_and(|readers| {
        [Slot::First, Slot::Second]
            .iter()
            .all(|slot| readers.iter().any(|name| name.to_bytes() == slot.reader().as_bytes()))
    })
}
