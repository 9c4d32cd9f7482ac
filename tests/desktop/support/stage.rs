use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Lines},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU16, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use super::Window;
use crate::organisation::{Organisation, list};

fn shared() -> Company {
    Company::Shared(QUIET.read().unwrap_or_else(PoisonError::into_inner))
}

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20));
    }
}

/// A process that ends with the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        Self(command.spawn().unwrap_or_else(|error| panic!("{name:?} (scripts/install test): {error}")))
    }

    /// The first line that it prints.
    fn first_line(&mut self) -> String {
        let output = self.0.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("it prints a line");
        assert!(!line.is_empty(), "{:?} ends without a word", self.0);
        line.trim().to_owned()
    }
}

/// A program that prints what it sees, a line each.
pub(crate) struct Watcher {
    _running: Running,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    /// Starts it, and waits until it watches: its first line.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut running = Running::start(command.stdout(Stdio::piped()));
        let output = running.0.stdout.take().expect("its output is piped");
        let mut watcher = Self { _running: running, lines: BufReader::new(output).lines() };
        watcher.wait();
        watcher
    }

    /// Waits for its next line.
    pub(crate) fn wait(&mut self) -> String {
        self.lines.next().expect("it goes on").expect("it prints text")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Politely first: the driver closes its window, the bus ends what it started.
        let id = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        if self.0.try_wait().ok().flatten().is_none() {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        for _ in 0..100 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Held for reading by every desktop, for writing by one that measures time.
static QUIET: RwLock<()> = RwLock::new(());

enum Company {
    Shared(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
    Alone(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
}

enum Readers {
    None,
    Machine,
    Service(PathBuf),
}

/// A display with a window manager, a session bus, and the home of a person who starts Kapsel for the first time.
pub(crate) struct Stage {
    display: String,
    bus: String,
    /// Pixels of the screen to one of the window.
    scale: u32,
    /// Whose readers the window sees.
    readers: Readers,
    /// More of what programs find in their surroundings.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
    // In this order they end.
    _processes: Vec<Running>,
    place: tempfile::TempDir,
    _company: Company,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::on("1280x800x24", 1, shared())
    }

    /// While no other desktop is there.
    pub(crate) fn alone() -> Self {
        Self::on("1280x800x24", 1, Company::Alone(QUIET.write().unwrap_or_else(PoisonError::into_inner)))
    }

    /// With the readers of the smart-card service at this socket; without one, of this machine's.
    pub(crate) fn with_readers(socket: Option<PathBuf>) -> Self {
        Self { readers: socket.map_or(Readers::Machine, Readers::Service), ..Self::new() }
    }

    /// With twice the pixels, for pictures.
    pub(crate) fn sharp() -> Self {
        Self::on("2560x1600x24", 2, shared())
    }

    fn on(screen: &str, scale: u32, company: Company) -> Self {
        let place = tempfile::tempdir().expect("temporary folder");
        for folder in ["home/Documents", "home/.config", "home/.cache", "home/.local/share", "run", "bin"] {
            fs::create_dir_all(place.path().join(folder)).expect("folder");
        }
        rustix::fs::chmod(place.path().join("run"), rustix::fs::Mode::RWXU).expect("private folder");

        let mut xvfb = Command::new("/usr/bin/Xvfb");
        xvfb.args(["-displayfd", "1", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]);
        let mut xvfb = Running::start(xvfb.stdout(Stdio::piped()).stderr(Stdio::null()));
        let display = format!(":{}", xvfb.first_line());

        let mut stage = Self {
            display,
            bus: String::new(),
            scale,
            readers: Readers::None,
            variables: Vec::new(),
            _processes: Vec::new(),
            place,
            _company: company,
        };
        let mut bus = stage.command("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut bus = Running::start(&mut bus);
        stage.bus = bus.first_line();

        let manager = Running::start(stage.command("openbox").stdout(Stdio::null()).stderr(Stdio::null()));
        stage._processes = vec![manager, bus, xvfb];
        wait_for("the window manager", || {
            let root = stage.command("xprop").args(["-root", "_NET_SUPPORTING_WM_CHECK"]).output().ok()?;
            String::from_utf8_lossy(&root.stdout).contains("window id").then_some(())
        });
        stage
    }

    /// A program on this desktop, with nothing of the caller's surroundings.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).current_dir(self.home());
        let home = self.home();
        command
            .env("PATH", format!("{}:/usr/bin:/bin", self.place.path().join("bin").display()))
            .env("LANG", "C.UTF-8")
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_RUNTIME_DIR", self.place.path().join("run"))
            .env("GSETTINGS_BACKEND", "memory")
            .env("GDK_SCALE", self.scale.to_string())
            .env("DISPLAY", &self.display);
        match &self.readers {
            Readers::None => command.env("PCSCLITE_CSOCK_NAME", self.place.path().join("no-service")),
            Readers::Service(socket) => command.env("PCSCLITE_CSOCK_NAME", socket),
            Readers::Machine => &mut command,
        };
        if !self.bus.is_empty() {
            command.env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        }
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Puts a program of the test's own in front of the system's.
    pub(crate) fn pretend(&self, program: &str, script: &str) {
        let path = self.place.path().join("bin").join(program);
        fs::write(&path, script).expect("written");
        rustix::fs::chmod(&path, rustix::fs::Mode::RWXU).expect("executable");
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Where the person's files are.
    pub(crate) fn documents(&self) -> PathBuf {
        self.home().join("Documents")
    }

    /// Writes a file among the documents.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.documents().join(name);
        fs::create_dir_all(path.parent().expect("it is below the documents")).expect("folder");
        fs::write(&path, content).expect("written");
        path
    }

    /// Makes these servers the person's own list.
    pub(crate) fn trust<'a>(&self, servers: impl IntoIterator<Item = &'a Organisation>) {
        let own = self.home().join(".config/kapsel");
        fs::create_dir_all(&own).expect("folder");
        let entries: Vec<_> = servers.into_iter().map(Organisation::entry).collect();
        fs::write(own.join("servers.json"), list(&entries)).expect("written");
    }

    /// Makes this PKCS#11 module the one that the person has chosen.
    pub(crate) fn choose_module(&self, module: &Path) {
        let own = self.home().join(".config/kapsel");
        fs::create_dir_all(&own).expect("folder");
        let module = module.display();
        let settings = format!("appearance = \"light\"\nlanguage = \"en\"\nmodule = \"{module}\"\nrecent = []\n");
        fs::write(own.join("settings.toml"), settings).expect("written");
    }

    /// Every file and folder among the documents, and what unfinished work was left.
    pub(crate) fn left_on_disk(&self) -> Vec<String> {
        let mut found = Vec::new();
        files_in(&self.documents(), "", &mut found);
        files_in(&self.home().join(".cache/kapsel/unfinished"), "unfinished/", &mut found);
        found.sort();
        found
    }

    /// Kapsel, without a driver.
    pub(crate) fn kapsel(&self, arguments: &[&Path]) -> Command {
        let mut command = self.command(APPLICATION);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Kapsel's window, as a double-click on these files shows it.
    pub(crate) fn window(&self, arguments: &[&Path]) -> Window<'_> {
        let port = free_port();
        let mut driver = self.command("WebKitWebDriver");
        driver.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        driver.env("TAURI_AUTOMATION", "true").env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = Running::start(&mut driver);
        wait_for("the driver", || TcpStream::connect(("127.0.0.1", port)).ok());
        Window::open(self, driver, port, arguments)
    }

    /// Whether a Kapsel runs that a second launch would find.
    pub(crate) fn is_running(&self) -> bool {
        let mut question = self.command("dbus-send");
        question.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]);
        question.args(["org.freedesktop.DBus.NameHasOwner", "string:ee.kapsel.desktop.SingleInstance"]);
        String::from_utf8_lossy(&question.output().expect("dbus-send runs").stdout).contains("boolean true")
    }

    /// Mouse and keyboard.
    pub(crate) fn xdotool(&self, arguments: &[&str]) {
        let output = self.command("xdotool").args(arguments).output().expect("xdotool runs");
        assert!(output.status.success(), "xdotool {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A visible window of this title, when there is one.
    pub(crate) fn find_window(&self, title: &str) -> Option<String> {
        let arguments = ["search", "--onlyvisible", "--name", &format!("^{title}$")];
        let output = self.command("xdotool").args(arguments).output().ok()?;
        String::from_utf8_lossy(&output.stdout).lines().next_back().map(str::to_owned)
    }

    /// Answers a native file dialog with a path, as one types it.
    pub(crate) fn answer_dialog(&self, title: &str, path: &Path) {
        let window = wait_for(title, || self.find_window(title));
        self.xdotool(&["windowfocus", "--sync", &window]);
        // A slash opens the field for a path, and letters that come too soon are lost.
        self.xdotool(&["key", "slash"]);
        wait_for("the dialog's end", || {
            sleep(Duration::from_millis(400));
            self.xdotool(&["key", "ctrl+a"]);
            self.xdotool(&["type", "--delay", "15", &path.to_string_lossy()]);
            sleep(Duration::from_millis(400));
            self.xdotool(&["key", "Return"]);
            // It may take a moment to go, and what is typed then would reach the window behind it.
            (0..20).find_map(|_| {
                sleep(Duration::from_millis(100));
                self.find_window(title).is_none().then_some(())
            })
        });
    }
}

pub(crate) const APPLICATION: &str = env!("CARGO_BIN_EXE_kapsel-desktop");

/// A port that no other test is given, below those that the system hands out for connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1000).expect("below a thousand") * 10;
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("there are enough of them")
}

fn files_in(folder: &Path, before: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("entry");
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("type").is_dir() {
            files_in(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}
