//! The implementation of the format in Python that is independent of ours (`tests/vectors`).

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{Place, vector::Vector};

/// Python with what the independent implementation needs.
pub struct Python {
    interpreter: PathBuf,
    folder: PathBuf,
}

impl Python {
    /// Makes its environment under the target folder when it is not there yet.
    pub fn ready() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        let output = Command::new(folder.join("venv")).arg(&environment).output().expect("bash is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { interpreter: environment.join("bin/python"), folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.interpreter);
        // Nothing is left among the sources.
        command.args(["-B"]).args(arguments).env("PYTHONPATH", &self.folder);
        command.output().expect("the interpreter starts")
    }

    /// Generates all vectors, and their keys in `keys`.
    pub fn vectors(&self, into: &Path) -> Vec<Vector> {
        let generator = self.folder.join("generate.py").display().to_string();
        let output = self.run(&[&generator, &into.display().to_string()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut paths: Vec<_> = into.read_dir().expect("made").map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.is_file());
        paths.sort();
        paths.iter().map(|path| Vector::read(path)).collect()
    }

    /// Holds the independent implementation against known answers, and its reader against the vectors.
    pub fn proves_itself(&self, vectors: &Path) {
        for arguments in [vec!["selftest"], vec!["check", &vectors.display().to_string()]] {
            let output = self.run(&[&["-m", "cdoc2py"], &arguments[..]].concat());
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// What a script of another folder prints, which uses the independent implementation.
    pub fn script(&self, script: &Path, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(&[&[&*script.display().to_string()], arguments].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).expect("JSON")
    }

    /// Reads a container strictly, as writers must make it; gives what it found. `key` has the reader's options, each
    /// followed by a file in the place.
    #[track_caller]
    pub fn reads(&self, place: &Place, container: &str, key: &[&str], more: &[&str]) -> serde_json::Value {
        self.succeeds("read", place, container, key, &[more, &["--json"]].concat())
    }

    /// Asks whether the limits of the Java reader let a container through.
    #[track_caller]
    pub fn java_reads(&self, place: &Place, container: &str, key: &[&str]) -> serde_json::Value {
        self.succeeds("java-limits", place, container, key, &[])
    }

    #[track_caller]
    fn succeeds(
        &self,
        command: &str,
        place: &Place,
        container: &str,
        key: &[&str],
        more: &[&str],
    ) -> serde_json::Value {
        let container = place.path(container).display().to_string();
        // Options, and files in the place.
        let key = key.iter().map(|argument| match argument.strip_prefix("--") {
            Some(_) => (*argument).to_owned(),
            None => place.path(argument).display().to_string(),
        });
        let key: Vec<String> = key.collect();
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let output = self.run(&[&["-m", "cdoc2py", command, &container], &key[..], more].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{container}: {text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).expect("JSON")
    }
}
