//! The program in a folder of its own, and curl beside it.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use capsule_api::{Server, ServerList};

use super::{Person, eventually, free_port};

pub struct Place {
    folder: tempfile::TempDir,
}

/// A server that runs, and ends with the test.
pub struct Running {
    pub child: Child,
    log: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(status.expect("kill is there").success());
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }
}

pub fn kapsel_server(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kapsel-server")).args(arguments).output().expect("it starts")
}

pub fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("temporary folder") }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Prepares a server for these people.
    pub fn init(&self, people: &[&Person]) {
        self.init_with(people, &[]);
    }

    /// The same with more arguments.
    pub fn init_with(&self, people: &[&Person], more: &[&str]) {
        let ports = [free_port(), free_port(), free_port()].map(|port| port.to_string());
        let dir = self.path("server");
        let mut arguments =
            vec!["init", &dir, "--id", "css-a", "--organisation", "ee.a", "--name", "Capsules of \"A\""];
        for (name, port) in ["--sender-port", "--recipient-port", "--operations-port"].iter().zip(&ports) {
            arguments.extend([*name, port]);
        }
        let files: Vec<_> = people.iter().map(|person| self.write_person(person)).collect();
        for file in &files {
            arguments.extend(["--trust-client", file]);
        }
        arguments.extend(more);
        let output = kapsel_server(&arguments);
        assert!(output.status.success(), "{}", words(&output));
    }

    /// Certificate and key in a file each; gives the certificate's.
    pub fn write_person(&self, person: &Person) -> String {
        let path = self.path(&format!("{}.pem", person.kind.capsule_type()));
        fs::write(&path, &person.certificate_pem).expect("written");
        fs::write(format!("{path}.key"), person.key.serialize_pem()).expect("written");
        path
    }

    pub fn config(&self) -> String {
        self.path("server/kapsel-server.toml")
    }

    pub fn operations_port(&self) -> String {
        let config = fs::read_to_string(self.config()).expect("readable");
        let line = config.lines().skip_while(|line| *line != "[operations]").find(|line| line.starts_with("listen"));
        let port = line.and_then(|line| line.trim_end_matches('"').rsplit(':').next());
        port.expect("a port").to_owned()
    }

    /// Changes the configuration.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let config = fs::read_to_string(self.config()).expect("readable");
        fs::write(self.config(), change(config)).expect("written");
    }

    /// Address of an interface.
    pub fn address(url: &url::Url) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], url.port().expect("a port")))
    }

    pub fn entry(&self) -> Server {
        let list = fs::read(self.path("server/server-list.json")).expect("a list");
        ServerList::parse(&list, "server-list.json").expect("no mistake").servers.remove(0)
    }

    pub fn run(&self) -> Running {
        self.run_under(&[])
    }

    /// Runs it by another program, which becomes it.
    pub fn run_under(&self, wrapper: &[&str]) -> Running {
        let log = PathBuf::from(self.path("log"));
        let line = [wrapper, &[env!("CARGO_BIN_EXE_kapsel-server")]].concat();
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).args(["run", "--config", &self.config()]).stdin(Stdio::null());
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut running = Running { child: command.stderr(file).spawn().expect("it starts"), log };
        let url = self.entry().sender_url;
        let address = (url.host_str().expect("a host").to_owned(), url.port().expect("a port"));
        eventually("the server", || {
            assert!(running.child.try_wait().expect("a child").is_none(), "{}", running.log());
            TcpStream::connect((&address.0[..], address.1)).is_ok()
        });
        running
    }

    /// curl against the server's certificate; status, then what it printed.
    pub fn curl(&self, arguments: &[&str]) -> (String, String) {
        let certificate = self.path("server/server.pem");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--cacert", &certificate, "--include"]);
        let output = command.args(arguments).output().expect("curl is installed");
        let text = words(&output);
        let status = text.split(' ').nth(1).unwrap_or_default().to_owned();
        (status, text)
    }

    pub fn post(&self, body: &str) -> String {
        let url = format!("{}key-capsules", self.entry().sender_url);
        let (status, text) = self.curl(&["--json", body, &url]);
        assert_eq!(status, "201", "{text}");
        let location = text.lines().find_map(|line| line.strip_prefix("location: "));
        location.expect("a location").trim().to_owned()
    }

    pub fn get(&self, path: &str, person: &Person) -> (String, String) {
        let url = format!("{}{}", self.entry().recipient_url.expect("a URL"), &path[1..]);
        let certificate = self.write_person(person);
        self.curl(&["--cert", &certificate, "--key", &format!("{certificate}.key"), &url])
    }
}
