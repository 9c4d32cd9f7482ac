//! Full disks, signals, and files that change: nothing is lost, and nothing half done is left.

mod support;

use std::{
    fs,
    io::Write,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use support::{Outcome, Place};

/// Looks like text, so that it compresses, and is found again.
const NEEDLE: &[u8] = b"readable plaintext line of the test";

fn large_file(place: &Place, name: &str, mebibytes: usize) {
    let mut file = fs::File::create(place.path(name)).expect("created");
    let line = [NEEDLE, b" 0123456789\n"].concat();
    let block: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
    for _ in 0..mebibytes {
        file.write_all(&block).expect("written");
    }
}

/// Random bytes do not compress: encrypting and decrypting them takes as long as it can.
fn random_file(place: &Place, name: &str, mebibytes: usize) {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut file = fs::File::create(place.path(name)).expect("created");
    for _ in 0..mebibytes {
        let block: Vec<u8> = (0..1 << 17)
            .flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect();
        file.write_all(&block).expect("written");
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A small file system of its own, when the system lets us mount one.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir(path).expect("mount point");
        let options = format!("size={size}");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path).status();
        status.is_ok_and(|status| status.success()).then_some(Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let place = Place::new();
    place.secret();
    random_file(&place, "a.bin", 12);
    place.run(&["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "a.bin"]).expect(0);
    let disk = place.path("disk");
    let Some(_mounted) = SmallDisk::mount(&disk, "8m") else {
        eprintln!("not checked: a small file system cannot be mounted here");
        return;
    };
    let cases: [&[&str]; 3] = [
        &["encrypt", "-o", "disk/a.cdoc2", "--secret-file", "secret.key", "a.bin"],
        &["decrypt", "a.cdoc2", "-o", "disk/out", "--secret-file", "secret.key"],
        &[
            "re-encrypt",
            "a.cdoc2",
            "-o",
            "disk/b.cdoc2",
            "--from-secret-file",
            "secret.key",
            "--secret-file",
            "secret.key",
        ],
    ];
    for arguments in cases {
        let outcome = place.run(&[&["--json"], arguments].concat()).expect(1);
        assert_eq!(outcome.code(), "disk_full", "{arguments:?}");
        assert_eq!(fs::read_dir(&disk).expect("there").count(), 0, "{arguments:?}");
    }
    // What waits between two pipes waits in the system's temporary folder.
    let spooled = ["--json", "encrypt", "-o", "b.cdoc2", "--secret-file", "secret.key", "-"];
    let mut command = place.kapsel(&spooled);
    command.env("TMPDIR", &disk).stdin(fs::File::open(place.path("a.bin")).expect("there"));
    let outcome = Outcome(command.output().expect("kapsel starts")).expect(1);
    assert_eq!(outcome.code(), "disk_full");
    assert!(!place.path("b.cdoc2").exists());
    let mut command = place.kapsel(&["--json", "decrypt", "-", "-o", "-", "--secret-file", "secret.key"]);
    command.env("TMPDIR", &disk).stdin(fs::File::open(place.path("a.cdoc2")).expect("there"));
    let outcome = Outcome(command.output().expect("kapsel starts")).expect(1);
    assert_eq!(outcome.code(), "disk_full");
    assert!(outcome.0.stdout.is_empty());
    // The size an archive announces is believed only as far as there is room; what comes out of a pipe, too.
    let container = fs::read(place.path("a.cdoc2")).expect("there");
    let piped = ["--json", "decrypt", "-", "-o", "disk/out", "--secret-file", "secret.key"];
    assert_eq!(place.run_with_input(&piped, &container).expect(1).code(), "disk_full");
    assert_eq!(fs::read_dir(&disk).expect("there").count(), 0);
}

#[test]
fn an_unwritable_folder_is_named() {
    if is_root() {
        eprintln!("as root, every folder is writable: a read-only mount stands in for one");
    }
    let place = Place::new();
    place.secret();
    place.file("a.txt", "content");
    place.run(&["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "a.txt"]).expect(0);
    let disk = place.path("disk");
    let mounted =
        if is_root() { SmallDisk::mount(&disk, "1m") } else { fs::create_dir(&disk).ok().map(|()| SmallDisk(&disk)) };
    if is_root() {
        let Some(_) = &mounted else {
            eprintln!("not checked: a small file system cannot be mounted here");
            return;
        };
        assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status().expect("mount").success());
    } else {
        fs::set_permissions(&disk, fs::Permissions::from_mode(0o500)).expect("read-only");
    }
    let encrypt = ["--json", "encrypt", "-o", "disk/x.cdoc2", "--secret-file", "secret.key", "a.txt"];
    assert_eq!(place.run(&encrypt).expect(1).code(), "not_writable");
    let decrypt = ["--json", "decrypt", "a.cdoc2", "-o", "disk/out", "--secret-file", "secret.key"];
    assert_eq!(place.run(&decrypt).expect(1).code(), "not_writable");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let place = Place::new();
    place.secret();
    random_file(&place, "a.bin", 200);
    let mut child = place
        .kapsel(&["--json", "encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "a.bin"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    // Changes go on until it ends: whenever it looks, the file is another.
    let path = place.path("a.bin");
    while child.try_wait().expect("waited").is_none() {
        fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(b"x")).expect("appended");
        thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("input_changed"));
    assert!(!place.path("a.cdoc2").exists());
}

#[test]
fn a_container_that_changes_after_it_was_verified_gives_nothing() {
    let place = Place::new();
    place.secret();
    random_file(&place, "a.bin", 300);
    place.run(&["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "a.bin"]).expect(0);
    fs::remove_file(place.path("a.bin")).expect("removed");
    let path = place.path("a.cdoc2");
    let middle = fs::metadata(&path).expect("there").len() - 1_000_000;
    let mut child =
        place.kapsel(&["decrypt", "a.cdoc2", "-o", "out", "--secret-file", "secret.key"]).spawn().expect("started");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("opened");
    let mut value = 0u8;
    while child.try_wait().expect("waited").is_none() {
        value = value.wrapping_add(1);
        std::os::unix::fs::FileExt::write_at(&file, &[value], middle).expect("written");
    }
    // Either the first reading saw a change, or the second did.
    assert!(matches!(child.wait().expect("ended").code(), Some(1 | 4)));
    assert!(!place.path("out").exists());
}

/// Ends a process after a while that is another each time.
fn end_after(mut child: Child, delay: Duration, signal: rustix::process::Signal) -> std::process::ExitStatus {
    thread::sleep(delay);
    let pid = rustix::process::Pid::from_child(&child);
    let _ = rustix::process::kill_process(pid, signal);
    child.wait().expect("ended")
}

/// Interrupts `arguments` `times` times, at moments spread over its whole duration, and checks after each.
fn killed(place: &Place, arguments: &[&str], times: u32, signal: rustix::process::Signal, check: impl Fn(bool)) {
    let begun = Instant::now();
    place.run(arguments).expect(0);
    let mut duration = begun.elapsed();
    let (mut interrupted, mut attempts) = (0, 0);
    while interrupted < times {
        attempts += 1;
        assert!(attempts < 4 * times, "only {interrupted} of {attempts} were interrupted");
        for made in ["a.cdoc2.new", "out"] {
            let _ = fs::remove_file(place.path(made));
            let _ = fs::remove_dir_all(place.path(made));
        }
        let mut command = place.kapsel(arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        let status = end_after(child, duration * interrupted / times, signal);
        if status.success() {
            // The machine has become faster than when it was measured.
            duration = duration * 9 / 10;
        } else {
            interrupted += 1;
        }
        check(status.success());
        if signal == rustix::process::Signal::KILL {
            assert!(status.success() || status.signal() == Some(9));
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_readable_and_nothing_partial_is_left() {
    use rustix::process::Signal;
    let place = Place::new();
    place.secret();
    large_file(&place, "a.txt", 40);
    random_file(&place, "b.bin", 40);
    place.run(&["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "a.txt", "b.bin"]).expect(0);
    place.file("folder/keep", "");

    let encrypt = ["encrypt", "-o", "a.cdoc2.new", "--secret-file", "secret.key", "a.txt", "b.bin"];
    let decrypt = ["decrypt", "a.cdoc2", "-o", "out", "--secret-file", "secret.key"];
    for (signal, times) in [(Signal::KILL, 50), (Signal::TERM, 10)] {
        killed(&place, &encrypt, times, signal, |complete| {
            let left: Vec<_> = place.everything().into_iter().filter(|name| name.contains("kapsel")).collect();
            assert!(left.is_empty(), "{left:?}");
            if place.path("a.cdoc2.new").exists() {
                let listed = place.run(&["list", "a.cdoc2.new", "--secret-file", "secret.key"]);
                assert_eq!(listed.status(), 0, "a partial container (complete: {complete})");
            }
        });
        killed(&place, &decrypt, times, signal, |_| {
            if place.path("out").exists() {
                let size = |name: &str| fs::metadata(place.path(name)).map_or(0, |metadata| metadata.len());
                assert_eq!((size("out/a.txt"), size("out/b.bin")), (40 << 20, 40 << 20), "released in part");
            }
            // Beside the destination there is nothing; only the private place may hold something.
            let left: Vec<_> = place.everything().into_iter().filter(|name| name.contains("kapsel")).collect();
            assert!(left.is_empty(), "{left:?}");
        });
    }
    // A later run cleans up the private place.
    place.run(&["info", "a.cdoc2"]).expect(0);
    let _ = fs::remove_file(place.path("a.txt"));
    let _ = fs::remove_dir_all(place.path("out"));
    assert!(place.holds(NEEDLE).is_empty(), "{:?}", place.holds(NEEDLE));
}

#[test]
fn a_folder_on_another_volume_is_cleaned_up_by_the_next_run() {
    let place = Place::new();
    place.secret();
    random_file(&place, "b.bin", 60);
    place.run(&["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "b.bin"]).expect(0);
    let disk = place.path("disk");
    let Some(_mounted) = SmallDisk::mount(&disk, "200m") else {
        eprintln!("not checked: a second file system cannot be mounted here");
        return;
    };
    let decrypt = ["decrypt", "a.cdoc2", "-o", "disk/out", "--secret-file", "secret.key"];
    let mut left = 0;
    for number in 0..20 {
        let child = place.kapsel(&decrypt).stdout(Stdio::null()).spawn().expect("started");
        end_after(child, Duration::from_millis(20 + 15 * number), rustix::process::Signal::KILL);
        left += fs::read_dir(&disk).expect("there").flatten().filter(|e| e.file_name() != "out").count();
        for entry in fs::read_dir(&disk).expect("there").flatten() {
            // Whoever finds it cannot look into it.
            let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
            assert!(entry.file_name() == "out" || mode == 0o700, "{mode:o}");
        }
        let _ = fs::remove_dir_all(disk.join("out"));
    }
    place.run(&["info", "a.cdoc2"]).expect(0);
    assert_eq!(fs::read_dir(&disk).expect("there").count(), 0, "left before: {left}");
    assert_eq!(place.files_at_home(), [""; 0], "nor a link to it");
    place.run(&decrypt).expect(0);
    let names: Vec<_> = fs::read_dir(&disk).expect("there").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["out"]);
    assert_eq!(place.files_at_home(), [""; 0]);
}

#[test]
fn a_signal_ends_the_wait_for_a_pipe_at_once_and_leaves_nothing() {
    let place = Place::new();
    place.secret();
    large_file(&place, "a.txt", 20);
    let encrypt = ["encrypt", "-o", "a.cdoc2", "--secret-file", "secret.key", "--compression", "none", "a.txt"];
    place.run(&encrypt).expect(0);
    fs::remove_file(place.path("a.txt")).expect("removed");
    let container = fs::read(place.path("a.cdoc2")).expect("there");
    let mut command = place.kapsel(&["decrypt", "-", "-o", "out", "--secret-file", "secret.key"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut pipe = child.stdin.take().expect("piped");
    // Most of it comes, and then nothing more.
    pipe.write_all(&container[..container.len() - 100]).expect("taken");
    let begun = Instant::now();
    while place.holds(NEEDLE).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "plaintext is waiting for the rest");
        thread::sleep(Duration::from_millis(20));
    }
    let begun = Instant::now();
    let status = end_after(child, Duration::ZERO, rustix::process::Signal::TERM);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(130));
    assert!(place.holds(NEEDLE).is_empty(), "{:?}", place.holds(NEEDLE));
    drop(pipe);
}

#[test]
fn a_signal_after_everything_is_saved_does_not_call_it_cancelled() {
    let place = Place::new();
    place.secret();
    // More lines than a pipe holds: the program waits with its result.
    (0..1000).for_each(|number| drop(place.file(&format!("in/{number}{}", "x".repeat(100)), "content")));
    place.run(&["encrypt", "-o", "c.cdoc2", "--secret-file", "secret.key", "in"]).expect(0);
    let mut command = place.kapsel(&["decrypt", "c.cdoc2", "-o", "out", "--secret-file", "secret.key", "--json"]);
    let child = command.stdout(Stdio::piped()).spawn().expect("started");
    let begun = Instant::now();
    while !place.path("out").exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is saved");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(500));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .expect("it waits");
    thread::sleep(Duration::from_millis(200));
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")["files"][999]["size"], 7);
}
