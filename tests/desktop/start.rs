//! The window is there, and soon.

use std::{
    io::Write,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::support::{APPLICATION, Running, Stage, Watcher};

/// How soon it can be used: its main button is painted on the screen.
const SOON: Duration = Duration::from_secs(1);

/// The main button, see `ui/src/lib/styles/tokens.css`.
const BUTTON: &str = "1f5fbf";

fn watcher(stage: &Stage) -> Watcher {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/desktop/support/wait_for_colour.py");
    Watcher::start(stage.command("python3").arg(script).arg(BUTTON))
}

fn time_to_usable(stage: &Stage) -> Duration {
    let mut screen = watcher(stage);
    let began = Instant::now();
    let _window = Running::start(&mut stage.kapsel(&[]));
    screen.wait();
    began.elapsed()
}

#[test]
fn it_can_be_used_within_a_second() {
    let stage = Stage::alone();
    // The machine has other work: the best of a few is what the program needs.
    let mut times: Vec<_> = (0..5).map(|_| time_to_usable(&stage)).collect();
    times.sort();
    println!("start to usable: {times:?}");
    assert!(times[0] < SOON, "{times:?}");
}

#[test]
fn the_command_line_is_short_and_honest() {
    let stage = Stage::new();
    let run = |argument: &str| stage.command(APPLICATION).arg(argument).output().expect("it runs");
    assert!(String::from_utf8_lossy(&run("--help").stdout).contains("kapsel-desktop [FILE]..."));
    assert!(String::from_utf8_lossy(&run("--version").stdout).starts_with("kapsel-desktop "));
    assert_eq!(run("--nonsense").status.code(), Some(2));
}

#[test]
fn it_holds_pkcs11_modules_in_a_process_of_its_own() {
    let stage = Stage::new();
    let mut command = stage.command(APPLICATION);
    command.arg("--serve-pkcs11-module").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut helper = command.spawn().expect("it runs");
    // Without a module, it can list no tokens: an answer of a failure, and no window.
    helper.stdin.take().expect("piped").write_all(&[0, 0, 0, 2, 2, 0]).expect("written");
    let output = helper.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(output.stdout.get(4), Some(&1), "{:?}", output.stdout);
}
