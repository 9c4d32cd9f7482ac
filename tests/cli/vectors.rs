//! Every vector of the independent generator, most of them hostile: through the program, and through the library.

mod support;

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
    sync::Mutex,
    time::Duration,
};

use cdoc2::{
    Capsule, CapsuleFetcher, Container, Control, DecryptionKey, Error, Extraction, FetchError, KeyShare, Keyring,
    Label, Limits, OnConflict, Password, Reading, Record, ServerCapsule, ShareFetcher, SkipReason, SkippedRecord,
    SymmetricKey, Zeroizing,
};
use eid::KeyFile;
use support::{
    Place, digest, for_each,
    measured::{MOST_MEMORY, Measured, measured, measured_into},
    python::Python,
    vector::{ExpectedFile, Opening, Vector},
};

/// Of work, where a vector names no other.
const MOST_TIME: Duration = Duration::from_secs(10);
/// From beginning to end, on a machine that is busy with other things.
const LONGEST: Duration = Duration::from_secs(120);
/// Most file systems take no longer name.
const LONGEST_FILE_NAME: usize = 255;

#[test]
fn every_vector_meets_its_expectation() {
    let place = Place::new();
    let vectors = Python::ready().vectors(&place.path("vectors"));
    let hostile = vectors.iter().filter(|vector| vector.is("hostile")).count();
    assert!(vectors.len() >= 150 && hostile * 5 >= vectors.len() * 4, "{hostile} of {}", vectors.len());
    let problems = Mutex::new(Vec::new());
    for_each(vectors.len(), |_, index| {
        let found = Check::of(&vectors[index]).problems();
        problems.lock().expect("no check panicked").extend(found);
    });
    let problems = problems.into_inner().expect("no check panicked");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// Whoever holds others against expectations must meet them.
#[test]
fn the_independent_implementation_meets_every_expectation_itself() {
    let (place, python) = (Place::new(), Python::ready());
    python.vectors(&place.path("vectors"));
    python.proves_itself(&place.path("vectors"));
}

/// The check of one vector, in a folder of its own.
struct Check<'a> {
    vector: &'a Vector,
    place: Place,
    problems: Vec<String>,
}

const CONTAINER: &str = "c.cdoc2";

impl<'a> Check<'a> {
    fn of(vector: &'a Vector) -> Self {
        let place = Place::quick();
        vector.write_container(&place.path(CONTAINER));
        Self { vector, place, problems: Vec::new() }
    }

    fn problems(mut self) -> Vec<String> {
        let openings = self.vector.openings();
        if openings.is_empty() || self.vector.is("header-only") {
            self.by_info(&openings);
        }
        for opening in &openings {
            match opening {
                Opening::Shares => {}
                _ if self.vector.one("server-capsule").is_some() => self.without_a_server(opening),
                _ => self.by_program(opening),
            }
            self.by_library(opening);
        }
        self.records();
        self.problems
    }

    fn problem(&mut self, way: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("{} {way}: expected {:?}: {what}", self.vector.name(), self.vector.one("expect")));
    }

    fn expect(&mut self, way: &str, result: &str, detail: impl std::fmt::Display) {
        if !self.vector.expects(result) {
            self.problem(way, format_args!("{result} ({detail})"));
        }
    }

    /// `kapsel info`, for what only servers could open. Where there is a key, what is expected is about opening.
    fn by_info(&mut self, openings: &[Opening]) {
        let run = measured(&mut self.place.kapsel(&["--json", "info", CONTAINER]));
        self.costs("info", &run);
        let outcome = run.outcome;
        match outcome.status() {
            0 if self.vector.expects("success") || !openings.is_empty() => {}
            0 => self.problem("info", outcome.stdout()),
            _ => self.fails_as_expected("info", &outcome),
        }
    }

    /// A key whose capsule is on a server opens nothing without that server.
    fn without_a_server(&mut self, opening: &Opening) {
        let arguments = [&["--json", "decrypt", CONTAINER, "-o", "out"], &*self.key_arguments(opening)].concat();
        let outcome = self.place.run(&arguments);
        // The list that ships has the server of some vectors, but not its certificate.
        let told = ["server_unknown", "server_unusable"].contains(&outcome.code().as_str());
        if outcome.status() != 5 || !told {
            self.problem("decrypt", format_args!("{} {}", outcome.status(), outcome.stderr()));
        }
        self.nothing_left("decrypt");
    }

    /// `kapsel decrypt`, from a file and from a pipe.
    fn by_program(&mut self, opening: &Opening) {
        let limit = self.vector.one("limit-total-size").map_or(vec![], |limit| vec!["--max-size", limit]);
        let key = [&*self.key_arguments(opening), &limit].concat();
        let files = self.vector.files();
        if files.iter().any(|file| file.name.len() > LONGEST_FILE_NAME) {
            self.by_standard_output(&key, &files);
            return;
        }
        self.by_folder("decrypt", CONTAINER, Stdio::null(), &key, &files);
        if self.vector.expects("unsafe_content") {
            self.keeps_the_promise_of_safe_names(&key);
        }
        if !self.vector.is("slow") {
            let pipe = File::open(self.place.path(CONTAINER)).expect("there");
            self.by_folder("decrypt -", "-", pipe.into(), &key, &files);
            self.by_encrypting_again(&key, &files);
        }
    }

    /// `kapsel re-encrypt`, for a key of our own.
    fn by_encrypting_again(&mut self, key: &[&str], files: &[ExpectedFile]) {
        let way = "re-encrypt";
        self.place.file("own.key", [1; 32]);
        let from = key.iter().map(|argument| match *argument {
            "--secret-file" => "--from-secret-file",
            "--password-file" => "--from-password-file",
            other => other,
        });
        let arguments = ["--json", "re-encrypt", CONTAINER, "-o", "again.cdoc2", "--secret-file", "own.key"];
        let arguments: Vec<&str> = arguments.into_iter().chain(from).collect();
        let run = measured(&mut self.place.kapsel(&arguments));
        self.costs(way, &run);
        let (succeeds, refuses) = (run.outcome.status() == 0, run.outcome.code() == "no_files");
        match files {
            // What nobody may write is not written because somebody else did.
            [] if self.vector.expects("success") && refuses => {}
            _ if succeeds && !files.is_empty() => {
                let own = self.place.path("own.cdoc2");
                fs::rename(self.place.path("again.cdoc2"), &own).expect("it was written");
                self.by_folder(way, "own.cdoc2", Stdio::null(), &["--secret-file", "own.key"], files);
                fs::remove_file(own).expect("it is there");
            }
            _ => self.fails_as_expected(way, &run.outcome),
        }
        self.nothing_left(way);
    }

    fn key_arguments(&self, opening: &Opening) -> Vec<&'static str> {
        match opening {
            Opening::Key(path) => {
                fs::copy(path, self.place.path("key.pem")).expect("copied");
                vec!["--key", "key.pem"]
            }
            Opening::Secret(secret) => {
                self.place.file("secret.key", secret);
                vec!["--secret-file", "secret.key"]
            }
            Opening::Password(password) => {
                self.place.file("password", password);
                vec!["--password-file", "password"]
            }
            Opening::Shares => unreachable!("shares need servers"),
        }
    }

    fn by_folder(&mut self, way: &str, input: &str, stdin: Stdio, key: &[&str], files: &[ExpectedFile]) {
        let arguments = [&["--json", "decrypt", input, "-o", "out"], key].concat();
        let run = measured(self.place.kapsel(&arguments).stdin(stdin));
        self.costs(way, &run);
        let outcome = run.outcome;
        if outcome.status() != 0 {
            self.fails_as_expected(way, &outcome);
            self.nothing_left(way);
            return;
        }
        self.expect(way, "success", "it opened");
        let told: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
        let saved = saved_files(&self.place.path("out"), &told);
        if saved != files {
            self.problem(way, format_args!("saved {saved:?}"));
        }
        fs::remove_dir_all(self.place.path("out")).expect("it was saved");
        self.nothing_left(way);
    }

    /// Safe names are proposed where they help, and only there.
    fn keeps_the_promise_of_safe_names(&mut self, key: &[&str]) {
        let way = "list --safe-names";
        let told = |outcome: &support::Outcome| -> serde_json::Value {
            serde_json::from_slice(&outcome.0.stderr).unwrap_or_default()
        };
        let arguments = [&["--json", "list", CONTAINER], key].concat();
        let refused = told(&self.place.run(&arguments));
        let with_safe_names = self.place.run(&[&arguments[..], &["--safe-names"]].concat());
        let proposed = refused["next"].as_str().is_some_and(|next| next.contains("--safe-names"));
        let helps = told(&with_safe_names)["error"] != refused["error"];
        if refused["error"]["code"] == "unsafe_content" && proposed != helps {
            self.problem(way, format_args!("proposed: {proposed}, helps: {helps}"));
        }
    }

    /// A name that the file system does not take: the content goes to standard output, and a folder stays as it was.
    fn by_standard_output(&mut self, key: &[&str], files: &[ExpectedFile]) {
        let way = "decrypt -o -";
        let arguments = [&["decrypt", CONTAINER, "-o", "-"], key].concat();
        let (run, (sha256, size)) = measured_into(&mut self.place.kapsel(&arguments), digest);
        self.costs(way, &run);
        let same = files.len() == 1 && (&files[0].sha256, files[0].size) == (&sha256, size);
        if run.outcome.status() != 0 || !same {
            self.problem(way, format_args!("{sha256} {size} {}", run.outcome.stderr()));
        }
        let arguments = [&["--json", "decrypt", CONTAINER, "-o", "out"], key].concat();
        if self.place.run(&arguments).status() == 0 {
            self.problem(way, "a file of that name was saved");
        }
        self.nothing_left(way);
    }

    fn fails_as_expected(&mut self, way: &str, outcome: &support::Outcome) {
        let (status, code) = (outcome.status(), outcome.code());
        let results: &[&str] = match (status, code.as_str()) {
            (4, "damaged") => &["malformed", "truncated", "tampered"],
            (4, "not_a_container") => &["not_cdoc2"],
            // A container whose records are all of newer kinds has no key here, whatever it is.
            (4, "unsupported_format") => &["unsupported_version", "no_key"],
            (4, "old_format") => &["old_format"],
            (3, "not_a_recipient") => &["no_key"],
            (3, "wrong_password" | "wrong_key") => &["wrong_key"],
            (7, "unsafe_content") => &["unsafe_content"],
            (7, "limits_exceeded") => &["limit_exceeded"],
            _ => &[],
        };
        if !results.iter().any(|result| self.vector.expects(result)) {
            self.problem(way, format_args!("status {status}, {}{}", outcome.stdout(), outcome.stderr()));
        }
    }

    fn costs(&mut self, way: &str, run: &Measured) {
        let most_memory =
            self.vector.number("memory").map_or(MOST_MEMORY, |mebibytes| MOST_MEMORY.min(mebibytes << 20));
        let most_time = self.vector.number("time").map_or(MOST_TIME, Duration::from_secs);
        if run.memory > most_memory || run.work > most_time || run.time > LONGEST {
            let memory = run.memory >> 10;
            self.problem(way, format_args!("it took {memory} KiB, {:?} of work, {:?} in all", run.work, run.time));
        }
    }

    /// Nothing stands on disk but what the test put there.
    fn nothing_left(&mut self, way: &str) {
        let mut left = self.place.everything();
        let ours = [CONTAINER, "key.pem", "secret.key", "password", "own.key", "own.cdoc2"];
        left.retain(|name| !ours.contains(&name.as_str()));
        left.extend(self.place.files_at_home());
        if !left.is_empty() {
            self.problem(way, format_args!("left {left:?}"));
        }
    }

    /// The library tells more exactly why, and opens what servers hold the keys of.
    fn by_library(&mut self, opening: &Opening) {
        let way = "library";
        match self.opened(opening) {
            Err(error) => match result_of(&error) {
                Some(result) => self.expect(way, result, error),
                None => self.problem(way, error),
            },
            Ok(files) => {
                self.expect(way, "success", "it opened");
                if files != self.vector.files() {
                    self.problem(way, format_args!("opened {files:?}"));
                }
            }
        }
        self.nothing_left(way);
    }

    fn opened(&self, opening: &Opening) -> Result<Vec<ExpectedFile>, Error> {
        let servers = Servers::of(self.vector);
        let container = Container::open(self.place.path(CONTAINER))?;
        let key = with_key(opening, |key| {
            let keyring = Keyring::new(key).with_capsules(&servers);
            let shares = matches!(opening, Opening::Shares);
            let keyring = if shares { keyring.with_shares(&servers) } else { keyring };
            container.unlock(&keyring, &Control::default())
        })?;
        let limits = Limits { total_size: self.vector.number("limit-total-size"), ..Limits::default() };
        let reading = Reading { limits, ..Reading::default() };
        if self.vector.files().iter().any(|file| file.name.len() > LONGEST_FILE_NAME) {
            let mut content = Vec::new();
            let entry = container.write_only_file(&key, &reading, &mut content)?;
            let (sha256, size) = digest(&content[..]);
            return Ok(vec![ExpectedFile { name: entry.name, size, sha256 }]);
        }
        let destination = self.place.path("opened");
        let (on_conflict, inputs, private_place) = (OnConflict::Refuse, Vec::new(), None);
        let extraction = Extraction { destination: destination.clone(), on_conflict, inputs, private_place };
        let extracted = container.extract(&key, &reading, &extraction)?;
        let files = extracted.into_iter().map(|file| saved_file(&destination, file.entry.name)).collect();
        fs::remove_dir_all(destination).expect("it was saved");
        Ok(files)
    }

    /// What the head says of records, where it says something.
    fn records(&mut self) {
        let told: Vec<serde_json::Value> =
            self.vector.all("record").map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let (unknown, unusable) = (self.vector.number("skipped-records"), self.vector.number("unusable-records"));
        if told.is_empty() && unknown.is_none() && unusable.is_none() {
            return;
        }
        let container = match Container::open(self.place.path(CONTAINER)) {
            Ok(container) => container,
            Err(error) => return self.problem("records", error),
        };
        let header = container.header();
        let is_unknown = |skipped: &&SkippedRecord| {
            use SkipReason::*;
            matches!(skipped.reason, UnknownCapsule(_) | UnknownCurve | UnknownKeyDetails(_))
        };
        let count = header.skipped().iter().filter(is_unknown).count() as u64;
        if unknown.is_some_and(|unknown| unknown != count) {
            self.problem("records", format_args!("{count} unknown: {:?}", header.skipped()));
        }
        let count = header.skipped().len() as u64 - count;
        if unusable.is_some_and(|unusable| unusable != count) {
            self.problem("records", format_args!("{count} unusable: {:?}", header.skipped()));
        }
        for (index, told) in told.iter().enumerate() {
            match header.records().iter().find(|record| record.index == index) {
                Some(record) if describes(told, record) => {}
                record if self.vector.is("hostile") && record.is_none() => {}
                record => self.problem("records", format_args!("{record:?} is not {told}")),
            }
        }
    }
}

/// The files that `kapsel decrypt` told of, and any others in the folder.
fn saved_files(folder: &Path, told: &serde_json::Value) -> Vec<ExpectedFile> {
    let names = told["files"].as_array().expect("a list").iter();
    let mut names: Vec<String> = names.map(|file| file["savedAs"].as_str().expect("a name").to_owned()).collect();
    let there = folder.read_dir().expect("a folder").map(|entry| entry.expect("readable").file_name());
    let there = there.map(|name| name.into_string().expect("UTF-8"));
    let more: Vec<_> = there.filter(|name| !names.contains(name)).collect();
    names.extend(more);
    names.into_iter().map(|name| saved_file(folder, name)).collect()
}

fn saved_file(folder: &Path, name: String) -> ExpectedFile {
    let (sha256, size) = digest(File::open(folder.join(&name)).expect("saved"));
    ExpectedFile { name, size, sha256 }
}

fn with_key<T>(
    opening: &Opening,
    then: impl FnOnce(Option<DecryptionKey<'_>>) -> Result<T, Error>,
) -> Result<T, Error> {
    match opening {
        Opening::Key(path) => {
            let keys = KeyFile::read(&fs::read(path).expect("there"), None).expect("a key");
            then(Some(keys[0].decryption_key()))
        }
        Opening::Secret(secret) => {
            let key = SymmetricKey::new(Zeroizing::new(secret.clone()))?;
            then(Some(DecryptionKey::Symmetric(&key)))
        }
        Opening::Password(password) => {
            let password = Password::new(Zeroizing::new(password.clone()))?;
            then(Some(DecryptionKey::Password(&password)))
        }
        Opening::Shares => then(None),
    }
}

/// The result in the words of the vectors.
fn result_of(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NotCdoc2 => "not_cdoc2",
        Error::OldFormat => "old_format",
        Error::UnsupportedVersion(_) => "unsupported_version",
        Error::Truncated => "truncated",
        Error::Malformed(_) => "malformed",
        Error::NoKeyFits => "no_key",
        Error::WrongKey(_) => "wrong_key",
        Error::Untried { cause, .. } => return result_of(cause),
        // To who reads the file alone, the two are one.
        Error::Tampered | Error::WrongCapsule(_) | Error::WrongShares(_) => "tampered",
        Error::UnsafeNames(_) | Error::NotARegularFile(_) => "unsafe_content",
        Error::LimitExceeded { .. } => "limit_exceeded",
        _ => return None,
    })
}

/// Whether what the head tells of a record is so.
fn describes(told: &serde_json::Value, record: &Record) -> bool {
    let (kind, more) = match &record.capsule {
        Capsule::Ec { .. } => ("ec", vec![]),
        Capsule::Rsa { .. } => ("rsa", vec![]),
        Capsule::Symmetric { .. } => ("symmetric", vec![]),
        Capsule::Password { .. } => ("password", vec![]),
        Capsule::Server(capsule) => {
            ("server", vec![("server_id", &capsule.server_id), ("transaction_id", &capsule.transaction_id)])
        }
        Capsule::Shares(shares) => ("shares", vec![("recipient_id", &shares.recipient_id)]),
    };
    let mut found = vec![("type", kind), ("label", record.label.as_str())];
    found.extend(more.into_iter().map(|(key, value)| (key, value.as_str())));
    let told = told.as_object().expect("an object");
    told.iter().all(|(key, value)| match key.as_str() {
        "label_fields" => Label::parse(&record.label) == label_of(value, &record.label),
        key => found.iter().any(|(own, found)| *own == key && value == found),
    })
}

/// A label of these fields, written with every escape there may be; free text when there are none.
fn label_of(fields: &serde_json::Value, raw: &str) -> Label {
    let Some(fields) = fields.as_object() else { return Label::parse(raw) };
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let field = |(key, value): (&String, &serde_json::Value)| {
        format!("{}={}", escaped(key), escaped(value.as_str().expect("a string")))
    };
    Label::parse(&format!("data:,{}", fields.iter().map(field).collect::<Vec<_>>().join("&")))
}

/// Servers that answer what the vector says.
struct Servers {
    capsules: Vec<(String, Vec<u8>)>,
    shares: Vec<(String, Vec<u8>)>,
    recipient_id: String,
}

impl Servers {
    fn of(vector: &Vector) -> Self {
        let record = vector.one("record").and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let recipient_id = record.and_then(|record| record["recipient_id"].as_str().map(str::to_owned));
        Self {
            capsules: vector.answers("server-capsule"),
            shares: vector.answers("share"),
            recipient_id: recipient_id.unwrap_or_default(),
        }
    }
}

fn answer(answers: &[(String, Vec<u8>)], id: &str) -> Result<Vec<u8>, FetchError> {
    let found = answers.iter().find(|(own, _)| own == id);
    found.map(|(_, answer)| answer.clone()).ok_or_else(|| format!("nothing is known of {id}").into())
}

impl CapsuleFetcher for Servers {
    fn fetch(&self, capsule: &ServerCapsule) -> Result<Vec<u8>, FetchError> {
        answer(&self.capsules, &capsule.transaction_id)
    }
}

impl ShareFetcher for Servers {
    fn recipient_id(&self) -> &str {
        &self.recipient_id
    }

    fn fetch(&self, shares: &[KeyShare]) -> Result<Vec<Zeroizing<Vec<u8>>>, FetchError> {
        shares.iter().map(|share| answer(&self.shares, &share.share_id).map(Zeroizing::new)).collect()
    }
}
