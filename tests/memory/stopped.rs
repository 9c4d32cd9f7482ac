//! A program that stops before it is gone, and what stands in its memory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{fs::FileExt, process::ExitStatusExt},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Place, library};

/// What must not be found, by its name.
pub type Secrets = BTreeMap<String, Vec<u8>>;

/// How long the program may take to come to its next stop.
const STOPPED: Duration = Duration::from_secs(60);
/// Memory is read in pieces that overlap by the longest secret.
const PIECE: usize = 1 << 20;
const OVERLAP: usize = 1 << 10;

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
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.0.id())).expect("it is our child");
        let memory = File::open(format!("/proc/{}/mem", self.0.id())).expect("a parent may read it");
        let mut found = Found::new(secrets);
        let mut searched = 0;
        for line in maps.lines() {
            let mut fields = line.split_ascii_whitespace();
            let (range, rights) = (fields.next().expect("a range"), fields.next().expect("rights"));
            // What cannot be written is the program itself, and what it reads from files.
            if !rights.starts_with("rw") {
                continue;
            }
            let (start, end) = range.split_once('-').expect("a range");
            let address = |text| u64::from_str_radix(text, 16).expect("an address");
            searched += found.search(address(start), address(end), |buffer, at| memory.read_at(buffer, at).ok());
        }
        assert!(searched > 1 << 20, "its memory was searched");
        found.names()
    }

    /// Ends it with a dump of its memory, and says which of the secrets stand there; `None` where the system writes dumps elsewhere.
    pub fn dumps(mut self, place: &Place, secrets: &Secrets) -> Option<Vec<String>> {
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").expect("Linux");
        if pattern.starts_with(['|', '/']) {
            return None;
        }
        self.signal(Signal::ABORT);
        self.signal(Signal::CONT);
        let status = self.0.wait().expect("it is our child");
        assert!(status.core_dumped(), "{status}");
        let dump = place.root().read_dir().expect("there").find_map(|entry| {
            let path = entry.expect("readable").path();
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core")).then_some(path)
        });
        let mut dump = File::open(dump.expect("where the pattern says")).expect("readable");
        let length = dump.seek(SeekFrom::End(0)).expect("a file");
        let mut found = Found::new(secrets);
        found.search(0, length, |buffer, at| dump.read_at(buffer, at).ok());
        Some(found.names())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Found<'a> {
    secrets: Vec<(&'a str, &'a [u8], bool)>,
    /// Which of them begin with each byte.
    beginnings: Vec<Vec<usize>>,
}

impl<'a> Found<'a> {
    fn new(secrets: &'a Secrets) -> Self {
        let secrets: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), &**secret, false)).collect();
        let beginning = |byte| (0..secrets.len()).filter(|index| secrets[*index].1.first() == Some(&byte)).collect();
        Self { beginnings: (0..=u8::MAX).map(beginning).collect(), secrets }
    }

    /// Searches from `start` to `end`; gives how much could be read.
    fn search(&mut self, start: u64, end: u64, read: impl Fn(&mut [u8], u64) -> Option<usize>) -> u64 {
        let (mut at, mut buffer, mut total) = (start, vec![0; PIECE], 0);
        while at < end {
            let wanted = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
            let Some(length) = read(&mut buffer[..wanted], at).filter(|length| *length > 0) else { break };
            self.search_piece(&buffer[..length]);
            total += length as u64;
            if at + length as u64 == end {
                break;
            }
            at += (length - OVERLAP.min(length - 1)) as u64;
        }
        total
    }

    fn search_piece(&mut self, piece: &[u8]) {
        for (at, byte) in piece.iter().enumerate() {
            for index in &self.beginnings[usize::from(*byte)] {
                let (_, secret, is_found) = &mut self.secrets[*index];
                *is_found |= piece[at..].starts_with(secret);
            }
        }
    }

    fn names(self) -> Vec<String> {
        self.secrets.into_iter().filter(|(.., is_found)| *is_found).map(|(name, ..)| name.to_owned()).collect()
    }
}
