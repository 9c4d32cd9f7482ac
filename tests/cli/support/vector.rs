//! Vector files: a text head, an empty line, a container (`tests/vectors/README.md`).

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// A vector; its container stays on disk.
pub struct Vector {
    path: PathBuf,
    head: Vec<(String, String)>,
}

/// A way to open a container.
#[derive(Debug)]
pub enum Opening {
    Key(PathBuf),
    Secret(Vec<u8>),
    Password(String),
    Shares,
}

/// A file that must come out of a container.
#[derive(Debug, PartialEq, Eq)]
pub struct ExpectedFile {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

impl Vector {
    pub fn read(path: &Path) -> Self {
        let lines = BufReader::new(File::open(path).expect("there")).lines();
        let lines = lines.map(|line| line.expect("the head is UTF-8")).take_while(|line| !line.is_empty());
        let head = lines.map(|line| {
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
            (key.to_owned(), value.to_owned())
        });
        Self { path: path.to_owned(), head: head.collect() }
    }

    /// Values of a key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.iter().filter(move |(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    pub fn one<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.one(key).map(|value| value.parse().expect("a number"))
    }

    pub fn is(&self, key: &str) -> bool {
        self.one(key) == Some("yes")
    }

    pub fn name(&self) -> &str {
        self.one("name").expect("every vector has a name")
    }

    /// Whether this is one of the results that may come of it.
    pub fn expects(&self, result: &str) -> bool {
        self.one("expect").expect("every vector says it").split('|').any(|expected| expected == result)
    }

    pub fn openings(&self) -> Vec<Opening> {
        let folder = self.path.parent().expect("in a folder");
        let opening = |line: &str| match line.split_once(' ').unwrap_or((line, "")) {
            ("key", path) => Opening::Key(folder.join(path)),
            ("secret-hex", secret) => Opening::Secret(hex::decode(secret).expect("hex")),
            ("password", password) => Opening::Password(password.to_owned()),
            ("shares", _) => Opening::Shares,
            _ => panic!("open-with: {line}"),
        };
        self.all("open-with").map(opening).collect()
    }

    pub fn files(&self) -> Vec<ExpectedFile> {
        let file = |line: &str| {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().expect("three parts");
            ExpectedFile {
                sha256: part().to_owned(),
                size: part().parse().expect("a number"),
                name: serde_json::from_str(part()).expect("a JSON string"),
            }
        };
        self.all("file").map(file).collect()
    }

    /// Pairs of an identifier and what a server has under it.
    pub fn answers(&self, key: &str) -> Vec<(String, Vec<u8>)> {
        let answer = |line: &str| {
            let (id, material) = line.rsplit_once(' ').expect("an identifier and hex");
            (id.to_owned(), hex::decode(material).expect("hex"))
        };
        self.all(key).map(answer).collect()
    }

    /// Writes the container alone.
    pub fn write_container(&self, to: &Path) {
        let mut file = BufReader::new(File::open(&self.path).expect("there"));
        let mut line = Vec::new();
        while line != b"\n" {
            line.clear();
            assert_ne!(file.read_until(b'\n', &mut line).expect("readable"), 0, "an empty line ends the head");
        }
        std::io::copy(&mut file, &mut File::create(to).expect("created")).expect("copied");
    }
}
