//! What tests of the command line share: running it, keys made on the spot, looking for what is left on disk.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    collections::BTreeSet,
    env, fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P384_SHA384, date_time_ymd};
use sha2::{Digest, Sha256};

pub mod large;
pub mod measured;
pub mod python;
pub mod vector;

/// The program that is tested: this build's, or the one that KAPSEL_PROGRAM names.
pub fn program() -> String {
    env::var("KAPSEL_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_kapsel").to_owned())
}

/// A folder for one test, with a home of its own, removed at the end.
pub struct Place {
    folder: tempfile::TempDir,
    /// What `kapsel` finds in its environment besides.
    pub variables: Vec<(&'static str, PathBuf)>,
}

impl Place {
    pub fn new() -> Self {
        Self::of(tempfile::tempdir().expect("temporary folder"))
    }

    /// For gibibytes: on the disk that the program is built on. Temporary folders may be in memory.
    pub fn large() -> Self {
        let disk = env!("CARGO_TARGET_TMPDIR");
        let free = rustix::fs::statvfs(disk).map_or(u64::MAX, |stat| stat.f_bavail * stat.f_frsize);
        assert!(free > 8 << 30, "this test needs 8 GiB of free space in {disk}");
        Self::of(tempfile::tempdir_in(disk).expect("temporary folder"))
    }

    /// For thousands of runs: where the system has room for files in memory, there, so that none waits for a disk.
    pub fn quick() -> Self {
        let memory = Path::new("/dev/shm");
        let roomy = rustix::fs::statvfs(memory).is_ok_and(|stat| stat.f_bavail * stat.f_frsize > 1 << 30);
        let folder = if roomy { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self::of(folder.expect("temporary folder"))
    }

    fn of(folder: tempfile::TempDir) -> Self {
        let this = Self { folder, variables: Vec::new() };
        fs::create_dir(this.path("home")).expect("home");
        this
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file; gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("folder");
        fs::write(&path, content).expect("written");
        path
    }

    /// A symmetric key file.
    pub fn secret(&self) -> PathBuf {
        self.file("secret.key", [7; 32])
    }

    /// `kapsel` with these arguments, in this folder.
    pub fn kapsel(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        command.env("HOME", self.path("home")).env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        command.env_remove("KAPSEL_SERVER_LIST").envs(self.variables.iter().cloned());
        command
    }

    /// Runs `kapsel` to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome(self.kapsel(arguments).output().expect("kapsel starts"))
    }

    /// Runs `kapsel` with standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut command = self.kapsel(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kapsel starts");
        let mut stdin = child.stdin.take().expect("piped");
        thread::scope(|scope| {
            // It may end before it has read everything.
            scope.spawn(move || drop(stdin.write_all(input)));
            Outcome(child.wait_with_output().expect("kapsel ends"))
        })
    }

    /// Runs `kapsel` on a terminal of its own and types each answer when its question is asked; gives what was shown.
    pub fn on_terminal(&self, arguments: &[&str], answers: &[(&str, impl AsRef<[u8]>)]) -> Outcome {
        self.on_terminal_meanwhile(arguments, answers, || {})
    }

    /// The same; `meanwhile` is done between each question and its answer.
    pub fn on_terminal_meanwhile(
        &self,
        arguments: &[&str],
        answers: &[(&str, impl AsRef<[u8]>)],
        mut meanwhile: impl FnMut(),
    ) -> Outcome {
        let program = [&[&*program()], arguments].concat().join(" ");
        let mut command = Command::new("timeout");
        command.args(["60", "script", "-qec", &program, "/dev/null"]).current_dir(self.root());
        command.env("HOME", self.path("home")).envs(self.variables.iter().cloned());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is installed");
        let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (mut shown, mut seen) = (Vec::new(), 0);
        for (question, answer) in answers {
            while !String::from_utf8_lossy(&shown[seen..]).contains(question) {
                let mut byte = [0];
                assert_eq!(stdout.read(&mut byte).expect("readable"), 1, "{}", String::from_utf8_lossy(&shown));
                shown.extend(byte);
            }
            seen = shown.len();
            // The question comes a moment before the terminal stops to show what is typed; no person is so fast.
            thread::sleep(Duration::from_millis(200));
            meanwhile();
            stdin.write_all(answer.as_ref()).expect("typed");
        }
        stdout.read_to_end(&mut shown).expect("readable");
        let status = child.wait().expect("it ends");
        Outcome(Output { status, stdout: shown, stderr: Vec::new() })
    }

    /// Every file and folder below, but the home; sorted, relative.
    pub fn everything(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.root(), self.root(), &mut found);
        found.retain(|name| name != "home" && !name.starts_with("home/"));
        found.sort();
        found
    }

    /// Every file, not folder, below the home.
    pub fn files_at_home(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.root(), &self.path("home"), &mut found);
        found.retain(|name| !self.path(name).is_dir());
        found
    }

    /// Whether any file below, the home too, holds `needle`.
    pub fn holds(&self, needle: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.root(), self.root(), &mut found);
        found.retain(|name| {
            fs::read(self.path(name)).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
        });
        found
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        found.push(path.strip_prefix(root).expect("below").to_string_lossy().into_owned());
        if path.is_dir() && !path.is_symlink() {
            collect(root, &path, found);
        }
    }
}

/// How `kapsel` ended.
#[derive(Debug)]
pub struct Outcome(pub Output);

impl Outcome {
    pub fn status(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status(), status, "{}{}", self.stdout(), self.stderr());
        self
    }

    /// The code of a failure printed as JSON.
    pub fn code(&self) -> String {
        let value: serde_json::Value = serde_json::from_slice(&self.0.stderr).unwrap_or_default();
        value["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A library of C below `tests`, compiled on the spot, to be preloaded into a program.
pub fn library(source: &str, flags: &[&str]) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(source);
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.replace('/', "-")).with_extension("so");
    static COMPILED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if compiled.insert(library.clone()) {
        // Others may use theirs while it is made anew.
        let new = library.with_extension(std::process::id().to_string());
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Werror", "-shared", "-fPIC"]).args(flags).arg(path).arg("-o").arg(&new);
        assert!(compiler.status().expect("a C compiler is installed").success());
        fs::rename(new, &library).expect("same folder");
    }
    library
}

/// Runs `check` for every number below `count`, on as many threads as there are cores; the first argument tells which.
pub fn for_each(count: usize, check: impl Fn(usize, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, Into::into);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (next, check) = (&next, &check);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    check(worker, number);
                }
            });
        }
    });
}

/// SHA-256 in hex, and the number of bytes.
pub fn digest(mut content: impl Read) -> (String, u64) {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 256 << 10]);
    loop {
        let length = content.read(&mut buffer).expect("readable");
        if length == 0 {
            return (hex::encode(hash.finalize()), size);
        }
        hash.update(&buffer[..length]);
        size += length as u64;
    }
}

/// Runs openssl, which makes keys and certificates for tests.
pub fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is installed");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A private key `NAME.pem` and its certificate `NAME.crt`; `algorithm` as `ec:secp384r1` or `rsa:2048`.
pub fn key_pair(place: &Place, name: &str, algorithm: &str) -> (String, String) {
    let (key, certificate) = (format!("{name}.pem"), format!("{name}.crt"));
    let (kind, detail) = algorithm.split_once(':').expect("kind:detail");
    let option = if kind == "ec" { format!("ec_paramgen_curve:{detail}") } else { format!("rsa_keygen_bits:{detail}") };
    let kind = if kind == "ec" { "EC" } else { "RSA" };
    openssl(place.root(), &["genpkey", "-algorithm", kind, "-pkeyopt", &option, "-out", &key]);
    let subject = format!("/CN={name}");
    openssl(
        place.root(),
        &["req", "-x509", "-new", "-key", &key, "-subj", &subject, "-days", "30", "-out", &certificate],
    );
    (key, certificate)
}

/// A certificate `NAME.crt` for a new key, which is valid from the beginning of one year to that of another.
pub fn dated_certificate(place: &Place, name: &str, [from, until]: [i32; 2]) -> String {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    let file = format!("{name}.crt");
    place.file(&file, params.self_signed(&key).expect("a certificate").pem());
    file
}
