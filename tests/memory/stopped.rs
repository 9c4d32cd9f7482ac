//! A program that stops before it is gone, and what stands in its memory.

use std::{
    fs,
    io::{self, Read},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    search::{self, Secrets},
    support::{Place, library},
};

/// How long the program may take to come to its next stop.
const STOPPED: Duration = Duration::from_secs(60);

/// A run of `kapsel` that stops when it has ended everything and its memory is still there.
pub struct Run(Child);

impl Run {
    /// When it goes on after its end, it leaves `left`, a file, in its memory.
    pub fn start(place: &Place, arguments: &[&str], left: &str) -> Self {
        let kapsel = place.kapsel(arguments);
        // Where a dump of its memory may be written.
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -c unlimited; export LD_PRELOAD="$1"; shift; exec "$@""#, "sh"]);
        command
            .arg(library("memory/stop.c", &[]))
            .arg(kapsel.get_program())
            .args(kapsel.get_args())
            .current_dir(place.root());
        for (name, value) in kapsel.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("LEAVES_AT_END", place.path(left)).stdin(Stdio::null()).stdout(Stdio::piped());
        Self(command.spawn().expect("sh is there"))
    }

    /// Waits until it has begun to print, so that it waits in the middle of the content for somebody to take more.
    pub fn is_printing(&mut self) {
        let output = self.0.stdout.as_mut().expect("piped");
        output.read_exact(&mut [0]).expect("it prints");
        thread::sleep(Duration::from_millis(200));
    }

    /// Takes all it prints, until it has stopped at its end.
    pub fn ends(&mut self) {
        let mut output = self.0.stdout.take().expect("piped");
        // Its output stays open while it is stopped: this ends when it is gone.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        self.is_stopped();
    }

    /// Waits until it has stopped.
    pub fn is_stopped(&self) {
        let until = Instant::now() + STOPPED;
        let state = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("it is our child");
            stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).expect("a state")
        };
        while state() != 'T' {
            assert!(state() != 'Z' && Instant::now() < until, "it did not stop at its end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("it is our child");
    }

    /// Lets it go on from its end: it leaves the secrets and stops again.
    pub fn leaves_secrets(&self) {
        self.signal(Signal::CONT);
        thread::sleep(Duration::from_millis(50));
        self.is_stopped();
    }

    /// Which of the secrets stand in its memory.
    pub fn holds(&self, secrets: &Secrets) -> Vec<String> {
        search::holds(self.0.id(), secrets)
    }

    /// Ends it as a crash would; says whether the system wrote a dump of its memory.
    pub fn leaves_a_dump(mut self) -> bool {
        self.signal(Signal::ABORT);
        self.signal(Signal::CONT);
        self.0.wait().expect("it is our child").core_dumped()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
