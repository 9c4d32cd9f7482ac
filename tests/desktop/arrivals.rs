//! Files reach the one window however they come: by a double-click, by a second launch, while something else is going on.

use std::time::Instant;

use crate::support::{PASSWORD, Stage, Watcher, container, encrypting};

#[test]
fn a_double_clicked_container_is_there_at_the_start() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.wait_for("letter.cdoc2");
    assert_eq!(window.focused(), "Password");
}

#[test]
fn several_files_at_the_start_are_taken_to_be_encrypted() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let folder = stage.file("album/1.jpg", "jpg").parent().expect("folder").to_owned();
    let window = stage.window(&[&letter, &folder]);
    window.wait_for("Encrypt 2 files");
    window.wait_for("1.jpg");
}

#[test]
fn a_second_launch_arrives_in_the_running_window() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let window = stage.window(&[]);
    window.wait_for("Drop files here");
    let began = Instant::now();
    let mut second = stage.kapsel(&[std::path::Path::new("Documents/letter.cdoc2")]);
    assert!(second.status().expect("it starts").success());
    window.wait_for("Opens with a password");
    println!("a second launch took {:?}", began.elapsed());
    assert!(sealed.exists());
    let windows = stage
        .command("xdotool")
        .args(["search", "--onlyvisible", "--name", "^Kapsel$"])
        .output()
        .expect("xdotool runs");
    assert_eq!(String::from_utf8_lossy(&windows.stdout).lines().count(), 1);
}

#[test]
fn what_arrives_during_work_waits() {
    let stage = Stage::new();
    let letter = stage.file("letter.txt", "hello");
    let window = encrypting(&stage);
    assert!(stage.kapsel(&[&letter]).status().expect("it starts").success());
    window.wait_for("1 file arrived and waits until this is done.");
    window.press("Cancel");
    window.wait_for("Cancelled. Nothing was saved.");
    window.wait_for("Meanwhile “letter.txt” arrived.");
    window.press("Continue with it");
    // What was being prepared is not lost: the file joins it.
    window.wait_for("Encrypt 2 files");
    window.wait_for("pilt.cdoc2");
    assert_eq!(stage.left_on_disk(), ["letter.txt", "pilt.img"]);
}

#[test]
fn what_is_no_container_is_called_so_however_it_comes_and_can_still_be_encrypted() {
    let stage = Stage::new();
    let empty = stage.file("empty.cdoc2", "");
    let foreign = stage.file("photo.cdoc2", "GIF89a");
    let window = stage.window(&[&empty]);
    window.wait_for("The file is empty");
    assert!(stage.kapsel(&[&foreign]).status().expect("it starts").success());
    window.wait_for("This is not an encrypted container");
    window.wait_for("photo.cdoc2");
    assert!(stage.kapsel(&[&stage.documents().join("missing.cdoc2")]).status().expect("it starts").success());
    window.wait_for("Reading failed: “missing.cdoc2”.");
    stage.file("missing.cdoc2", "GIF89a");
    window.press("Try again");
    window.wait_for("This is not an encrypted container");
    window.press("Encrypt it all the same");
    window.wait_for("Encrypt 1 file");
    window.wait_for("missing.cdoc2");
}

#[test]
fn a_name_that_deceives_is_shown_for_what_it_is() {
    let stage = Stage::new();
    let letter = stage.file("arve\u{202e}fdp\n.exe", "x");
    let window = stage.window(&[&letter]);
    window.wait_for("arve\u{fffd}fdp\u{fffd}.exe");
    assert!(!window.shows("\u{202e}"));
    window.picture("deceiving-name");
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let renamed = stage.documents().join("leping\u{202e}fdp.cdoc2");
    std::fs::rename(sealed, &renamed).expect("renamed");
    assert!(stage.kapsel(&[&renamed]).status().expect("it starts").success());
    window.wait_for("Meanwhile “leping\u{fffd}fdp.cdoc2” arrived.");
    window.press("Continue with it");
    window.wait_for("Opens with a password");
    assert!(!window.shows("\u{202e}"));
}

#[test]
fn a_path_that_is_no_unicode_arrives_in_the_running_window() {
    use std::os::unix::ffi::OsStrExt;
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    let folder = stage.documents().join(std::ffi::OsStr::from_bytes(b"vana\xe4"));
    std::fs::create_dir(&folder).expect("folder");
    let odd = folder.join(std::ffi::OsStr::from_bytes(b"kiri\xf5.cdoc2"));
    std::fs::rename(sealed, &odd).expect("renamed");
    let window = stage.window(&[]);
    window.wait_for("Drop files here");
    assert!(stage.kapsel(&[&odd]).status().expect("it starts").success());
    window.wait_for("Opens with a password");
    window.wait_for("kiri\u{fffd}.cdoc2");
    // A relative name in a folder of the kind, and one that only looks as if it had been escaped.
    window.press("Back");
    window.wait_for("Drop files here");
    let mut second = stage.kapsel(&[std::path::Path::new(std::ffi::OsStr::from_bytes(b"kiri\xf5.cdoc2"))]);
    assert!(second.current_dir(&folder).status().expect("it starts").success());
    window.wait_for("Opens with a password");
    let percent = stage.file("100%25 kindel.txt", "x");
    assert!(stage.kapsel(&[&percent]).status().expect("it starts").success());
    window.wait_for("100%25 kindel.txt");
}

#[test]
fn a_launch_while_the_first_window_is_closing_shows_a_window_of_its_own() {
    let stage = Stage::new();
    let sealed = container(&[&stage.file("letter.txt", "hello")]);
    // Holds the name of the running program and goes away instead of answering.
    let script = "from gi.repository import Gio, GLib\nloop = GLib.MainLoop()\n\
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)\n\
        bus.add_filter(lambda *a: (a[1].get_member() == 'ExecuteCallback' and loop.quit(), a[1])[1])\n\
        Gio.bus_own_name_on_connection(bus, 'ee.kapsel.desktop.SingleInstance', 0, \
        lambda *a: print('owned', flush=True), None)\nloop.run()\n";
    let mut closing = stage.command("python3");
    let _closing = Watcher::start(closing.args(["-c", script]));
    let window = stage.window(&[&sealed]);
    window.wait_for("Opens with a password");
    window.fill("Password", PASSWORD);
    window.press("Open with password");
    window.wait_for("letter.txt is saved");
}
