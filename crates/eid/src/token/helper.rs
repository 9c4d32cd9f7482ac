//! The other process: it loads one module, does what it is asked for, and ends with the program.

use std::{
    env,
    io::{self, Read, Write},
    process,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use zeroize::Zeroizing;

use super::{
    Result, TokenError,
    module::Loaded,
    wire::{Request, answer, listing, receive, send},
};
use crate::forbid_core_dumps;

/// By this argument, and no other, a program is the helper.
pub(super) const ARGUMENT: &str = "--serve-pkcs11-module";
/// How long a module may take to end when the program has.
const ENDING: Duration = Duration::from_millis(3500);
/// Most memory of the process, in bytes: a module that asks for more is broken.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 4 << 30;

static CAN_SERVE: AtomicBool = AtomicBool::new(false);

/// Lets this program use PKCS#11 modules. Stands first in `main`: when the program was started as the helper that holds a module, this
/// never returns.
pub fn serve_modules() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == ARGUMENT) && arguments.next().is_none() {
        // Whoever started it sees the pipe end.
        let ended = serve();
        process::exit(i32::from(ended.is_err()));
    }
    CAN_SERVE.store(true, Ordering::Relaxed);
}

/// Whether starting this program once more gives a helper.
pub(super) fn can_serve() -> bool {
    CAN_SERVE.load(Ordering::Relaxed)
}

fn serve() -> io::Result<()> {
    let (input, mut output) = own_pipes()?;
    bound_the_process();
    let (sender, frames) = mpsc::sync_channel(1);
    thread::Builder::new().name("pipe".to_owned()).spawn(move || read_to_the_end(input, sender))?;
    do_what_is_asked(&frames, &mut output)
}

/// Takes the pipes away from standard input and output: modules print, and would read.
#[cfg(unix)]
fn own_pipes() -> io::Result<(Box<dyn Read + Send>, Box<dyn Write>)> {
    use std::fs::File;

    let input = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
    let output = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    Ok((Box::new(File::from(input)), Box::new(File::from(output))))
}

#[cfg(not(unix))]
fn own_pipes() -> io::Result<(Box<dyn Read + Send>, Box<dyn Write>)> {
    Ok((Box::new(io::stdin()), Box::new(io::stdout())))
}

/// No core dump, in which a PIN would be; no endless memory.
fn bound_the_process() {
    forbid_core_dumps();
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};

        // Where the system grants less already, that is as good.
        let _ = setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) });
    }
}

/// Hands on what is asked. When the program is gone, a module that is in the middle of something gets a moment.
fn read_to_the_end(mut input: Box<dyn Read + Send>, frames: SyncSender<Zeroizing<Vec<u8>>>) {
    while let Ok(Some(frame)) = receive(&mut input) {
        if frames.send(frame).is_err() {
            return;
        }
    }
    // Nothing more comes; what waits is still done.
    drop(frames);
    thread::sleep(ENDING);
    end_at_once();
}

/// Without what a module would do at the end.
fn end_at_once() -> ! {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};

        // With what the module has started, unless the group is somebody else's.
        let _ = if getpgrp() == getpid() {
            kill_process_group(getpid(), Signal::KILL)
        } else {
            kill_process(getpid(), Signal::KILL)
        };
    }
    process::abort()
}

fn do_what_is_asked(frames: &Receiver<Zeroizing<Vec<u8>>>, output: &mut dyn Write) -> io::Result<()> {
    let mut loaded: Result<Loaded> = Err(TokenError::Misbehaved("nothing was loaded".to_owned()));
    for frame in frames {
        let mut output = &mut *output;
        let Some(request) = Request::read(&frame) else { break };
        let loaded = match request {
            Request::Load { path } => {
                loaded = Loaded::load(path);
                let done = loaded.as_ref().map(|_| Zeroizing::default()).map_err(Clone::clone);
                send(&mut output, &answer(&done))?;
                continue;
            }
            _ => loaded.as_mut().map_err(|error| error.clone()),
        };
        let said = match (request, loaded) {
            (Request::List { slot }, loaded) => listing(&loaded.and_then(|module| module.list(slot))),
            (_, Err(error)) => answer(&Err(error)),
            (Request::LogIn { slot, pin, risk_last_try }, Ok(module)) => {
                answer(&module.log_in(slot, pin, risk_last_try).map(|()| Zeroizing::default()))
            }
            (Request::Use { slot, key, operation }, Ok(module)) => answer(&module.use_key(slot, key, operation)),
            (Request::Load { .. }, Ok(_)) => unreachable!("answered above"),
        };
        send(&mut output, &said)?;
    }
    if let Ok(loaded) = loaded {
        loaded.end();
    }
    Ok(())
}
