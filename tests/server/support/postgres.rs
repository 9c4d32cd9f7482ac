//! A PostgreSQL of the test's own: Debian's, in a folder and on a port of its own, ended with the test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use capsule_server::Postgres;

use super::free_port;

/// A running PostgreSQL.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    _root: Option<tempfile::TempDir>,
}

impl Cluster {
    /// A new one with an empty database, which takes writes.
    pub fn start() -> Self {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = root.path().join("primary");
        make_folder(&folder);
        run(&program("initdb"), &["-D", text(&folder), "-U", "kapsel", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let cluster = Self { folder, port: free_port(), _root: Some(root) };
        cluster.configure("wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\n");
        cluster.up();
        cluster
    }

    /// One that follows this one, and without which this one acknowledges nothing.
    pub fn synchronous_standby(&self) -> Self {
        let folder = self.folder.with_file_name("standby");
        make_folder(&folder);
        let port = self.port.to_string();
        let arguments =
            ["-D", text(&folder), "-h", "127.0.0.1", "-p", &port, "-U", "kapsel", "-X", "stream", "-R", "-c", "fast"];
        run(&program("pg_basebackup"), &arguments);
        let standby = Self { folder, port: free_port(), _root: None };
        standby.configure("");
        standby.up();
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("SELECT pg_reload_conf()");
        super::eventually("synchronous replication", || {
            self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
        });
        standby
    }

    fn configure(&self, more: &str) {
        let folder = text(&self.folder);
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{folder}'\nmax_connections = 50\n{more}",
            self.port
        );
        let path = self.folder.join("postgresql.auto.conf");
        let before = fs::read_to_string(&path).unwrap_or_default();
        // What a base backup wrote there (whom to follow) stays; the last line about a setting counts.
        fs::write(&path, format!("{before}\n{settings}")).expect("written");
    }

    pub fn up(&self) {
        let log = self.folder.join("log");
        run(&program("pg_ctl"), &["-D", text(&self.folder), "-l", text(&log), "-w", "-t", "60", "start"]);
    }

    /// As when the machine goes: nothing is finished.
    pub fn crash(&self) {
        run(&program("pg_ctl"), &["-D", text(&self.folder), "-w", "-m", "immediate", "stop"]);
    }

    pub fn promote(&self) {
        run(&program("pg_ctl"), &["-D", text(&self.folder), "-w", "promote"]);
    }

    /// Sends all its processes a signal: STOP, and CONT.
    pub fn signal(&self, name: &str) {
        let pid = fs::read_to_string(self.folder.join("postmaster.pid")).expect("it runs");
        let main = pid.lines().next().expect("a number").to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &main]).output().expect("ps is there");
        let children = String::from_utf8(children.stdout).expect("numbers");
        let all = std::iter::once(&main[..]).chain(children.split_whitespace());
        for process in all {
            // One of the children may have ended meanwhile.
            let _ = Command::new("kill").args([&format!("-{name}"), process]).stderr(Stdio::null()).status();
        }
    }

    /// What a statement gives, as text.
    pub fn sql(&self, statement: &str) -> String {
        self.sql_in("postgres", statement)
    }

    /// The same in another database.
    pub fn sql_in(&self, database: &str, statement: &str) -> String {
        let port = self.port.to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "kapsel", "-d", database, "-At", "-c", statement];
        let output = Command::new(program("psql")).args(arguments).output().expect("psql is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// A database of its own in this cluster.
    pub fn database(&self, name: &str) -> Postgres {
        self.sql(&format!("CREATE DATABASE {name}"));
        connection(&[self], name)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// How a server reaches a database on these.
pub fn connection(clusters: &[&Cluster], database: &str) -> Postgres {
    let hosts = vec!["127.0.0.1"; clusters.len()].join(",");
    let ports: Vec<_> = clusters.iter().map(|cluster| cluster.port.to_string()).collect();
    let connection = format!("host={hosts} port={} user=kapsel dbname={database}", ports.join(","));
    Postgres { connection, password: None, authorities: None, without_tls: false }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.join("postmaster.pid").exists() {
            self.signal("CONT");
            let mut command = as_owner(&program("pg_ctl"));
            command.args(["-D", text(&self.folder), "-w", "-m", "immediate", "stop"]);
            let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

/// Debian keeps the programs of each version beside each other, and not in the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("postgresql is installed (scripts/install test)");
    let mut found: Vec<_> = versions.flatten().map(|entry| entry.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().expect("postgresql is installed (scripts/install test)")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// PostgreSQL refuses to run as root.
fn as_owner(program: &Path) -> Command {
    let mut command = if is_root() { Command::new("runuser") } else { Command::new(program) };
    if is_root() {
        command.args(["-u", "postgres", "--", text(program)]);
    }
    command.current_dir("/");
    command
}

fn run(program: &Path, arguments: &[&str]) {
    // The database inherits what a pipe would wait for.
    let log = tempfile::NamedTempFile::new().expect("temporary file");
    let output = log.reopen().expect("a file");
    let mut command = as_owner(program);
    command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone().expect("a file")).stderr(output);
    let status = command.status().expect("it starts");
    assert!(status.success(), "{arguments:?}: {}", fs::read_to_string(log.path()).unwrap_or_default());
}

fn make_folder(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let above = folder.parent().expect("in a folder");
    fs::set_permissions(above, fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::create_dir(folder).expect("a folder");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("permissions");
    if is_root() {
        let status = Command::new("chown").arg("postgres:postgres").arg(folder).status();
        assert!(status.is_ok_and(|status| status.success()), "the user postgres comes with the package");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
