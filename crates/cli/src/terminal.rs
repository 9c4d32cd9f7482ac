//! Showing results, progress and failures, and ending cleanly on a signal.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use app::{
    Failure, Result,
    meter::Meter,
    servers::{self, Access},
    view::{Code, ProgressStep, ProgressView, ServerProgress, ServerState},
};
use capsule_client::{ListFiles, Watch};
use cdoc2::{Cancel, Control, is_deceptive};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::{
    arguments::{Command, Global},
    words,
};

/// Exit status after a signal, as shells give it for SIGINT.
const INTERRUPTED: u8 = 130;

/// Where results, progress and failures go.
pub(crate) struct Terminal {
    json: bool,
    quiet: bool,
    /// What was said beside the result, which stands in its JSON.
    notes: Mutex<Vec<String>>,
    cancel: Cancel,
    /// Whether a container is encrypted again, where the password of a key file has another option.
    encrypts_again: bool,
    /// Whether the password to open with has letters that systems write in different bytes.
    marks: AtomicBool,
    /// Whether something runs that ends by itself when it is cancelled, or has run: then only its result is to be told, and stands.
    busy: Arc<AtomicBool>,
}

/// Echo is off while a password is typed; a signal then has to turn it on again.
static ECHO_OFF: OnceLock<()> = OnceLock::new();

impl Terminal {
    pub(crate) fn new(global: &Global, command: &Command) -> Self {
        // On standard error, programs find one error as JSON and nothing else.
        if global.verbose || !global.json {
            let level = match (global.verbose, global.quiet) {
                (true, _) => tracing::Level::DEBUG,
                (false, true) => tracing::Level::ERROR,
                (false, false) => tracing::Level::WARN,
            };
            let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level);
            // People read what happened; when, and where in the program, is for those who asked.
            if global.verbose {
                log.with_timer(tracing_subscriber::fmt::time::uptime()).init();
            } else {
                log.without_time().with_target(false).with_level(false).init();
            }
        }
        let (cancel, busy) = (Cancel::default(), Arc::new(AtomicBool::new(false)));
        let (signalled, working) = (cancel.clone(), Arc::clone(&busy));
        let handled = ctrlc::set_handler(move || {
            if !working.load(Ordering::SeqCst) || signalled.is_cancelled() {
                restore_echo();
                std::process::exit(INTERRUPTED.into());
            }
            signalled.cancel();
        });
        if let Err(error) = handled {
            tracing::warn!(%error, "signals will end the program at once");
        }
        Self {
            json: global.json,
            quiet: global.quiet,
            notes: Mutex::default(),
            encrypts_again: matches!(command, Command::ReEncrypt(_)),
            marks: AtomicBool::default(),
            cancel,
            busy,
        }
    }

    /// Runs an operation with a progress bar; a signal cancels it.
    pub(crate) fn watch<T>(&self, operation: impl FnOnce(Control, &Bar) -> T) -> T {
        let bar = self.bar();
        let (meter, shown) = (Meter::default(), bar.clone());
        let control = Control::new(self.cancel.clone(), move |progress| {
            if let Some(view) = meter.observe(progress) {
                shown.show(&view);
            }
        });
        self.busy.store(true, Ordering::SeqCst);
        tracing::debug!("the work begins");
        let result = operation(control, &bar);
        tracing::debug!("the work has ended");
        bar.0.finish_and_clear();
        result
    }

    fn bar(&self) -> Bar {
        if self.quiet || self.json || !io::stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        // Quick operations show nothing.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        // Before the first report there is nothing to say.
        bar.set_style(ProgressStyle::with_template("{msg}").expect("a template"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Bar(bar)
    }

    /// Prints a result: `value` for programs, or what `text` writes for people.
    ///
    /// # Errors
    /// When standard output takes no more, unless its reader went away: that one wants no more.
    pub(crate) fn result(
        &self,
        value: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        if self.json {
            let mut value = serde_json::to_value(value).expect("results are plain values");
            let notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
            if let (Some(members), false) = (value.as_object_mut(), notes.is_empty()) {
                members.insert("notes".to_owned(), notes.into());
            }
            let json = serde_json::to_string_pretty(&value).expect("results are plain values");
            return print(format!("{}\n", escaped(&json)).as_bytes());
        }
        let mut lines = Vec::new();
        if !self.quiet {
            text(&mut lines).expect("memory takes everything");
        }
        print(harmless(&String::from_utf8_lossy(&lines)).as_bytes())
    }

    /// Says something beside the result.
    pub(crate) fn note(&self, text: &str) {
        self.say("note: ", text);
    }

    /// Says what may be wrong with what was asked for.
    pub(crate) fn warn(&self, text: &str) {
        self.say("warning: ", text);
    }

    /// Says what a person is to do now.
    pub(crate) fn request(&self, text: &str) {
        self.say("", text);
    }

    /// Programs find it among the notes, where it needs no word before it.
    fn say(&self, before: &str, text: &str) {
        if self.json {
            self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        } else if !self.quiet {
            let _ = writeln!(io::stderr(), "{before}{}", harmless(text));
        }
    }

    /// Keeps in mind that the password to open with may have been written in other bytes, for when it is wrong.
    pub(crate) fn password_has_marks(&self) {
        self.marks.store(true, Ordering::SeqCst);
    }

    /// What to do next, when something helps.
    fn next_step(&self, failure: &Failure) -> Option<&'static str> {
        if failure.code() == Code::WrongPassword && self.marks.load(Ordering::SeqCst) {
            return Some(words::TWO_WAYS);
        }
        let is_about_key_file = matches!(failure.code(), Code::KeyFilePassword | Code::KeyFilePasswordNeeded);
        if is_about_key_file && self.encrypts_again {
            return Some(words::FROM_PASSWORD);
        }
        words::next_step(failure)
    }

    /// Shows a failure; gives the exit status.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        let mut output = io::stderr().lock();
        let _ = if self.json {
            let json = serde_json::json!({ "error": failure.view(), "next": self.next_step(failure) });
            writeln!(output, "{}", escaped(&json.to_string()))
        } else {
            let cause = harmless(&words::cause(failure.view()));
            match self.next_step(failure) {
                Some(next) => writeln!(output, "kapsel: {cause}\n  {next}"),
                None => writeln!(output, "kapsel: {cause}"),
            }
        };
        if self.cancel.is_cancelled() || failure.code() == Code::Cancelled {
            ExitCode::from(INTERRUPTED)
        } else {
            words::status(failure.code()).into()
        }
    }
}

/// How far an operation is, on a terminal.
#[derive(Clone)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    const BYTES: &str = "{msg:10} {wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";
    const SERVERS: &str = "{msg} {spinner}";

    /// Servers by `lists`, whose states are shown while capsules are fetched.
    pub(crate) fn access(&self, lists: &ListFiles) -> Access {
        Access { lists: lists.clone(), watch: self.servers(ProgressStep::Fetching), ..Access::default() }
    }

    /// Shows the states of servers in a step.
    pub(crate) fn servers(&self, step: ProgressStep) -> Watch {
        let bar = self.clone();
        servers::watched(step, HashMap::new(), move |view| bar.show(&view))
    }

    fn show(&self, view: &ProgressView) {
        let template = if view.servers.is_empty() { Self::BYTES } else { Self::SERVERS };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("━╸─"));
        }
        let servers: Vec<_> = view.servers.iter().map(server).collect();
        self.0.set_message(harmless(&format!("{} {}", step(view.step), servers.join(", "))).trim_end().to_owned());
        match view.total {
            Some(total) => self.0.set_length(total),
            None => self.0.unset_length(),
        }
        self.0.set_position(view.done);
    }
}

fn server(server: &ServerProgress) -> String {
    let state = match server.state {
        ServerState::Asked => "asked",
        ServerState::Answered => "done",
        ServerState::Failed => "failed",
    };
    format!("{} ({state})", server.name)
}

/// Writes to standard output; a reader that went away is no failure.
///
/// # Errors
/// When it takes no more.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(cdoc2::Error::NotWritable { path: "standard output".into(), source: error }.into())
        }
        _ => Ok(()),
    }
}

/// Text without what a terminal obeys or nobody sees: names of files and servers are foreign.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|character| if is_harmful(character) { '\u{fffd}' } else { character }).collect()
}

/// The same for JSON, which loses nothing by it.
pub(crate) fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmful(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn is_harmful(character: char) -> bool {
    character != '\n' && is_deceptive(character)
}

/// Notes that a password is going to be typed.
pub(crate) fn echo_goes_off() {
    let _ = ECHO_OFF.set(());
}

/// Lets typing be seen again after a prompt was interrupted.
fn restore_echo() {
    #[cfg(unix)]
    if ECHO_OFF.get().is_some() {
        let terminal = std::fs::File::open("/dev/tty").map(std::process::Stdio::from);
        if let Ok(terminal) = terminal {
            let _ = std::process::Command::new("stty").arg("echo").stdin(terminal).status();
        }
        eprintln!();
    }
}

fn step(step: ProgressStep) -> &'static str {
    match step {
        ProgressStep::Unlocking => "Unlocking",
        ProgressStep::Fetching => "Fetching from",
        ProgressStep::Delivering => "Delivering to",
        ProgressStep::Verifying => "Verifying",
        ProgressStep::Unpacking => "Unpacking",
        ProgressStep::Encrypting => "Encrypting",
        ProgressStep::Releasing => "Saving",
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// `1.5 MB`: decimal, as file managers show it.
pub(crate) fn bytes(size: u64) -> String {
    indicatif::DecimalBytes(size).to_string()
}
