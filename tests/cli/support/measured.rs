//! Running `kapsel` and seeing what it costs.

use std::{
    io::Read,
    process::{ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use wait4::Wait4;

use super::Outcome;

/// The most memory that Kapsel needs, whatever the container.
pub const MOST_MEMORY: u64 = 48 << 20;

/// How a run ended and what it cost.
pub struct Measured {
    pub outcome: Outcome,
    /// Bytes of memory at the peak. What the test itself needed at its own peak counts, too: the system measures so.
    pub memory: u64,
    /// From beginning to end.
    pub time: Duration,
    /// What the processors spent on it, which does not depend on what else they do.
    pub work: Duration,
}

/// Runs a command to its end.
pub fn measured(command: &mut Command) -> Measured {
    let (mut measured, stdout) = measured_into(command, |mut stdout| {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).expect("readable");
        bytes
    });
    measured.outcome.0.stdout = stdout;
    measured
}

/// Runs a command to its end; `take` takes what it writes.
pub fn measured_into<T>(command: &mut Command, take: impl FnOnce(ChildStdout) -> T) -> (Measured, T) {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kapsel starts");
    let (stdout, mut errors) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let (taken, stderr) = thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut bytes = Vec::new();
            errors.read_to_end(&mut bytes).map(|_| bytes).expect("readable")
        });
        (take(stdout), reading.join().expect("reading does not panic"))
    });
    let used = child.wait4().expect("it is our child");
    let outcome = Outcome(Output { status: used.status, stdout: Vec::new(), stderr });
    let work = used.rusage.utime + used.rusage.stime;
    (Measured { outcome, memory: used.rusage.maxrss, time: began.elapsed(), work }, taken)
}
