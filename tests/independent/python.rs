//! The independent programs of this folder.
#![allow(dead_code, reason = "each of the tests needs a part of it")]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

/// Python with what the programs need; its environment is made under the target folder when it is not there yet.
fn interpreter() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let output = Command::new(folder().join("../vectors/venv")).arg(&environment).output().expect("bash is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    environment.join("bin/python")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent")
}

fn start(arguments: &[&str], input: &Value) -> Child {
    let mut command = Command::new(interpreter());
    // Nothing is left among the sources.
    command.arg("-B").args(arguments).current_dir(folder());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the interpreter starts");
    writeln!(child.stdin.as_mut().expect("a pipe"), "{input}").expect("written");
    child
}

/// What a program makes of `input`.
#[track_caller]
pub fn run(arguments: &[&str], input: &Value) -> Value {
    let mut child = start(arguments, input);
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    pub fn start(arguments: &[&str], input: &Value) -> Self {
        let mut child = start(arguments, input);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("readable");
        Self { child, port: line.trim().parse().expect("a port") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
