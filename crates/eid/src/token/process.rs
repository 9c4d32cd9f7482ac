//! The program's end of the pipes: starting the helper, asking it, waiting only so long, ending it.

use std::{
    io,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{
    Result, TokenError,
    helper::{ARGUMENT, can_serve},
    wire::{Request, receive, send},
};
use crate::card::reset_card;

/// How long the helper is waited for when it is to end by itself.
const ENDING: Duration = Duration::from_secs(4);

/// Variables that no module is shown.
static WITHHELD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps a variable of the environment from modules that are loaded from now on: one in which the person has put a password. They get all
/// others, for each has its own.
pub fn withhold_from_modules(variable: &str) {
    WITHHELD.lock().unwrap_or_else(PoisonError::into_inner).push(variable.to_owned());
}

type Frame = Zeroizing<Vec<u8>>;

/// A process that holds a module.
pub(super) struct Helper(Mutex<State>);

struct State {
    child: Child,
    /// Taken to let it end.
    requests: Option<ChildStdin>,
    answers: Receiver<io::Result<Option<Frame>>>,
    /// Why nothing more is asked.
    over: Option<TokenError>,
    /// Readers whose cards may know that a PIN was right. The helper resets them, unless it is ended first.
    open: Vec<String>,
}

impl Helper {
    /// Starts it.
    pub(super) fn start() -> Result<Self> {
        let not_started = |error: io::Error| TokenError::NoHelper(error.to_string());
        if !can_serve() {
            return Err(TokenError::NoHelper("this program is not made for it".to_owned()));
        }
        let mut command = Command::new(this_program().map_err(not_started)?);
        // What modules write on standard error may be anything, a PIN too.
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        for variable in &*WITHHELD.lock().unwrap_or_else(PoisonError::into_inner) {
            command.env_remove(variable);
        }
        apart(&mut command);
        let mut child = command.spawn().map_err(not_started)?;
        let (requests, mut output) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let (sender, answers) = mpsc::sync_channel(1);
        let reading = move || {
            loop {
                let frame = receive(&mut output);
                let is_last = !matches!(frame, Ok(Some(_)));
                if sender.send(frame).is_err() || is_last {
                    return;
                }
            }
        };
        let state = State { child, requests, answers, over: None, open: Vec::new() };
        thread::Builder::new().name("module".to_owned()).spawn(reading).map_err(not_started)?;
        Ok(Self(Mutex::new(state)))
    }

    /// Asks, and waits so long at most. After a crash or in vain, nothing is asked any more: the answer stays the same.
    pub(super) fn ask(&self, request: &Request<'_>, limit: Duration) -> Result<Frame> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &state.over {
            return Err(error.clone());
        }
        tracing::debug!(request = request.name(), "token");
        state.ask(request, limit).inspect_err(|error| {
            tracing::debug!(%error, "token");
            state.end_at_once();
            state.over = Some(error.clone());
        })
    }
}

impl Helper {
    /// From now on the token in this reader may be open.
    pub(super) fn opens(&self, place: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.open.iter().any(|open| open == place) {
            state.open.push(place.to_owned());
        }
    }
}

impl State {
    fn ask(&mut self, request: &Request<'_>, limit: Duration) -> Result<Frame> {
        if let Ok(Ok(Some(_))) = self.answers.try_recv() {
            return Err(TokenError::Misbehaved("its process says what nobody asked for".to_owned()));
        }
        let requests = self.requests.as_mut().expect("taken at the end only");
        if send(requests, &request.frame()).is_err() {
            return Err(self.crashed());
        }
        match self.answers.recv_timeout(limit) {
            Ok(Ok(Some(frame))) => Ok(frame),
            Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => Err(self.crashed()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.crashed()),
            Ok(Err(error)) => Err(TokenError::Misbehaved(error.to_string())),
            Err(RecvTimeoutError::Timeout) => Err(TokenError::TimedOut(limit.as_secs())),
        }
    }

    /// Its pipe has ended; how has the process?
    fn crashed(&mut self) -> TokenError {
        let status = self.ended_within(ENDING);
        TokenError::Crashed(status.map_or_else(|| "it closed its pipe".to_owned(), in_words))
    }

    fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                _ => return None,
            }
        }
    }

    /// Without what it would do at the end: what of that can be done from here is done here.
    fn end_at_once(&mut self) {
        kill_group(&mut self.child);
        let _ = self.child.wait();
        self.open.drain(..).for_each(|place| reset_card(&place, false));
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // The end of its pipe lets it log out and end by itself.
        self.requests = None;
        if self.over.is_none() && !self.ended_within(ENDING).is_some_and(|status| status.success()) {
            self.end_at_once();
        }
    }
}

/// The program that runs, also when its file was replaced by a newer one.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// Without a window of its own.
#[cfg(windows)]
fn apart(command: &mut Command) {
    use std::os::windows::process::CommandExt;

    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

/// In a group of its own, which what the module starts is in, too. A signal from the terminal reaches the program alone, which ends the helper.
#[cfg(unix)]
fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Ends a helper that is still there, and its group.
#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    // Once it was waited for, its number may be another's.
    if let (Ok(None), Some(pid)) = (child.try_wait(), Pid::from_raw(child.id().cast_signed())) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(windows)]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
}

fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| "without a status".to_owned(), |code| format!("exit status {code}"))
}
