//! Files of any size: the same bytes come back, in the same little memory.

mod support;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use support::{
    Place, digest,
    large::{noise, same, sparse, text},
    measured::{MOST_MEMORY, measured_into},
    python::Python,
};

/// A place with a key.
fn large_place() -> Place {
    let place = Place::large();
    place.secret();
    place
}

/// `kapsel` with the key; what it puts aside from pipes stays on this disk, too.
fn kapsel(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.kapsel(&[arguments, &["--quiet", "--secret-file", "secret.key"]].concat());
    command.env("TMPDIR", place.root());
    command
}

/// It succeeds in little memory, and writes to standard output what `expected` holds.
#[track_caller]
fn succeeds(command: &mut Command, expected: impl io::Read) {
    let (run, same) = measured_into(command, |output| same(expected, output));
    run.outcome.expect(0);
    assert!(same, "{command:?} gives other bytes");
    assert!(run.memory <= MOST_MEMORY, "{command:?} needs {} KiB", run.memory >> 10);
    println!("{:>6} KiB {:>6.2} s  {:?}", run.memory >> 10, run.time.as_secs_f64(), command.get_args());
}

fn opened(path: impl AsRef<Path>) -> File {
    File::open(path).expect("there")
}

/// There and back, by files and by pipes.
fn goes_both_ways(place: &Place, content: &Path) {
    let name = content.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    succeeds(&mut kapsel(place, &["encrypt", "-o", "c.cdoc2", name]), io::empty());
    succeeds(&mut kapsel(place, &["decrypt", "c.cdoc2", "-o", "out"]), io::empty());
    assert!(same(opened(content), opened(place.path("out").join(name))));
    fs::remove_dir_all(place.path("out")).expect("saved");
    succeeds(&mut kapsel(place, &["decrypt", "c.cdoc2", "-o", "-"]), opened(content));
    let mut from_pipe = kapsel(place, &["decrypt", "-", "-o", "-"]);
    succeeds(from_pipe.stdin(Stdio::from(opened(place.path("c.cdoc2")))), opened(content));
    let again = ["re-encrypt", "c.cdoc2", "-o", "again.cdoc2", "--from-secret-file", "secret.key"];
    succeeds(&mut kapsel(place, &again), io::empty());
    succeeds(&mut kapsel(place, &["decrypt", "again.cdoc2", "-o", "-"]), opened(content));
    fs::remove_file(place.path("again.cdoc2")).expect("written");
    let mut from_pipe = kapsel(place, &["encrypt", "-", "-o", "piped.cdoc2"]);
    succeeds(from_pipe.stdin(Stdio::from(opened(content))), io::empty());
    fs::remove_file(place.path("piped.cdoc2")).expect("written");
}

/// A file of `content` in a place with a key.
fn written(name: &str, mut content: impl io::Read) -> (Place, PathBuf) {
    let place = large_place();
    let path = place.path(name);
    io::copy(&mut content, &mut File::create(&path).expect("created")).expect("written");
    (place, path)
}

#[test]
fn a_kilobyte_needs_little_memory() {
    let (place, content) = written("kilobyte", noise(1000));
    goes_both_ways(&place, &content);
}

#[test]
fn a_gibibyte_of_noise_needs_no_more() {
    let (place, content) = written("noise", noise(1 << 30));
    goes_both_ways(&place, &content);
}

#[test]
fn a_gibibyte_of_text_needs_no_more() {
    let (place, content) = written("text", text(1 << 30));
    goes_both_ways(&place, &content);
    let best = ["encrypt", "-o", "best.cdoc2", "--compression", "best", "text"];
    succeeds(&mut kapsel(&place, &best), io::empty());
}

#[test]
fn nine_gibibytes_are_read_by_the_independent_implementation_too() {
    let (place, python, size) = (large_place(), Python::ready(), 9 << 30);
    let content = sparse(&place, "large.img", size);
    succeeds(&mut kapsel(&place, &["encrypt", "-o", "c.cdoc2", "large.img"]), io::empty());
    thread::scope(|scope| {
        let expected = scope.spawn(|| digest(opened(&content)));
        let key = ["--secret-file", "secret.key"];
        let read = python.reads(&place, "c.cdoc2", &key, &["--max-size", &size.to_string()]);
        let found = &read["files"][0];
        let (sha256, _) = expected.join().expect("readable");
        assert_eq!((found["name"].as_str(), found["size"].as_u64()), (Some("large.img"), Some(size)));
        assert_eq!(found["sha256"].as_str(), Some(sha256.as_str()));
    });
    succeeds(&mut kapsel(&place, &["decrypt", "c.cdoc2", "-o", "-"]), opened(&content));
}

#[test]
fn ten_gibibytes_need_no_more_memory() {
    let place = large_place();
    let content = sparse(&place, "large.img", 10 << 30);
    succeeds(&mut kapsel(&place, &["encrypt", "-o", "c.cdoc2", "large.img"]), io::empty());
    succeeds(&mut kapsel(&place, &["decrypt", "c.cdoc2", "-o", "-"]), opened(&content));
}
