//! The program while it is killed, while its disk is full, and while it is attacked: nothing that was acknowledged is lost, and others are
//! answered.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Connection, Kind, Person, body_for, connect_from, eventually, exchange, get, post,
    postgres::Cluster,
    program::{Place, Running},
    try_exchange,
};

/// Others are answered within this time, whatever somebody does.
const PROMPTLY: Duration = Duration::from_secs(1);
/// Most memory that the server may have, in KiB.
const MOST_MEMORY: u64 = 300 << 10;

/// Without rates, which a test would meet as a stranger does.
const NO_RATES: &str = "
[limits]
connections-per-second = 1000000
connections-burst = 1000000
requests-per-second-of-address = 1000000
requests-burst-of-address = 1000000
requests-per-second-of-key = 1000000
requests-burst-of-key = 1000000
";

fn place(mari: &Person, more: &str) -> Place {
    let place = Place::new();
    place.init(&[mari]);
    place.configure(|config| format!("{config}{more}"));
    place
}

fn certificate(place: &Place) -> Vec<u8> {
    place.entry().pins[0].der().to_vec()
}

fn sender(place: &Place) -> SocketAddr {
    Place::address(&place.entry().sender_url)
}

fn recipient(place: &Place) -> SocketAddr {
    Place::address(&place.entry().recipient_url.expect("a URL"))
}

/// Somebody else, from another address, puts a capsule and fetches it; how long that took.
fn by_others(place: &Place, mari: &Person) -> Duration {
    let begun = Instant::now();
    let certificate = certificate(place);
    let open = |to, person| Connection::over(connect_from("127.0.0.77", to).expect("connects"), &certificate, person);
    let taken = exchange(&mut open(sender(place), None).expect("let in"), &post(&body_for(mari)));
    assert_eq!(taken.status, 201);
    let path = taken.header("location").expect("a location");
    assert_eq!(exchange(&mut open(recipient(place), Some(mari)).expect("let in"), &get(path)).status, 200);
    begun.elapsed()
}

fn memory(running: &Running, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("it is told");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn twenty_kills_under_load_lose_nothing_that_was_acknowledged() {
    let mari = Person::new(Kind::P256);
    let place = place(&mari, NO_RATES);
    let (address, certificate) = (sender(&place), certificate(&place));
    let kept = Mutex::new(Vec::new());
    for round in 0..20 {
        let mut running = place.run();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let Ok(mut connection) = Connection::open(address, &certificate, None) else { return };
                    while let Ok(answer) = try_exchange(&mut connection, &post(&body_for(&mari))) {
                        assert_eq!(answer.status, 201);
                        kept.lock().expect("free").push(answer.header("location").expect("a location").to_owned());
                    }
                });
            }
            // Each time at another moment.
            thread::sleep(Duration::from_millis(100 + 23 * round));
            running.child.kill().expect("killed");
            running.child.wait().expect("it ended");
        });
    }
    let kept = kept.into_inner().expect("free");
    assert!(kept.len() > 500, "{}", kept.len());
    let _running = place.run();
    let mut connection = Connection::open(recipient(&place), &certificate, Some(&mari)).expect("connects");
    let lost = kept.iter().filter(|path| exchange(&mut connection, &get(path)).status != 200).count();
    println!("{} capsules acknowledged over 20 kills, {lost} lost", kept.len());
    assert_eq!(lost, 0);
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_is_there() {
    let mari = Person::new(Kind::P256);
    let place = place(&mari, NO_RATES);
    // Files cannot grow beyond 1 MiB: a write fails then, as on a full disk.
    let running = place.run_under(&["sh", "-c", "trap '' XFSZ; ulimit -S -f 2048; exec \"$@\"", "sh"]);
    let certificate = certificate(&place);
    let mut sender = Connection::open(sender(&place), &certificate, None).expect("let in");
    let mut recipient = Connection::open(recipient(&place), &certificate, Some(&mari)).expect("let in");
    let mut kept = Vec::new();
    let full = loop {
        let answer = exchange(&mut sender, &post(&body_for(&mari)));
        if answer.status != 201 {
            break answer;
        }
        kept.push(answer.header("location").expect("a location").to_owned());
        assert!(kept.len() < 100_000, "it is never full");
    };
    assert_eq!((full.status, full.body.len()), (503, 0));
    let ready = || place.curl(&[&format!("http://127.0.0.1:{}/health/ready", place.operations_port())]).0;
    assert_eq!(ready(), "503");
    assert!(kept.len() > 50, "{}", kept.len());
    for path in &kept {
        assert_eq!(exchange(&mut recipient, &get(path)).status, 200);
    }
    let id = running.child.id().to_string();
    let status = std::process::Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
    assert!(status.expect("prlimit is there").success());
    eventually("room", || exchange(&mut sender, &post(&body_for(&mari))).status == 201);
    assert_eq!(ready(), "200");
    println!("{} capsules until the disk was full, all there", kept.len());
}

#[test]
fn ten_thousand_idle_connections_leave_room_and_memory() {
    let mari = Person::new(Kind::P256);
    let place = place(&mari, "");
    let running = place.run();
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: Some(20_000), maximum: Some(20_000) },
    );
    // Of a hundred addresses, half to each port.
    let mut held = Vec::new();
    for number in 0..10_000 {
        let from = format!("127.0.2.{}", number % 100 + 1);
        let to = if number % 2 == 0 { sender(&place) } else { recipient(&place) };
        held.extend(connect_from(&from, to));
        if number % 2000 == 1999 {
            assert!(by_others(&place, &mari) < PROMPTLY);
        }
    }
    assert!(held.len() > 9_000, "{}", held.len());
    let took = by_others(&place, &mari);
    let memory = memory(&running, "VmHWM:");
    println!("10000 idle connections: others answered in {took:?}, {memory} KiB");
    assert!(took < PROMPTLY && memory < MOST_MEMORY);
}

#[test]
fn all_attacks_at_once_leave_others_answered_and_memory_bounded() {
    let mari = Person::new(Kind::P256);
    let place = place(&mari, "");
    let running = place.run();
    let stop = Arc::new(AtomicBool::new(false));
    let certificate = certificate(&place);
    let addresses = [sender(&place), recipient(&place)];
    let attacks: [(&str, Attack); 6] = [
        ("127.0.3.1", garbage),
        ("127.0.3.2", slow_loris),
        ("127.0.3.3", slow_heads),
        ("127.0.3.4", header_floods),
        ("127.0.3.5", large_bodies),
        ("127.0.3.6", handshakes),
    ];
    thread::scope(|scope| {
        for (from, attack) in attacks {
            let (stop, certificate) = (&stop, &certificate);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for to in addresses {
                        if let Ok(socket) = connect_from(from, to) {
                            attack(socket, certificate);
                        }
                    }
                }
            });
        }
        let mut slowest = Duration::ZERO;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(8) {
            slowest = slowest.max(by_others(&place, &mari));
            thread::sleep(Duration::from_millis(50));
        }
        stop.store(true, Ordering::Relaxed);
        let memory = memory(&running, "VmHWM:");
        println!("6 attacks at once: others answered in {slowest:?} at most, {memory} KiB");
        assert!(slowest < PROMPTLY && memory < MOST_MEMORY, "{slowest:?}, {memory} KiB");
    });
}

#[test]
fn two_servers_over_one_database_are_one_and_go_on_without_each_other() {
    let mari = Person::new(Kind::P384);
    let cluster = Cluster::start();
    let database = cluster.database("shared").connection;
    let places = [(); 2].map(|()| {
        let place = place(&mari, NO_RATES);
        let store = format!("postgresql = \"{database}\"");
        place.configure(|config| config.replace("sqlite = \"capsules.sqlite\"", &store));
        place
    });
    let mut running = places.each_ref().map(|place| Some(place.run()));
    let bodies = [(); 2].map(|()| body_for(&mari));
    let paths = [places[0].post(&bodies[0]), places[1].post(&bodies[1])];
    for (place, other) in [(&places[0], 1), (&places[1], 0)] {
        let (status, text) = place.get(&paths[other], &mari);
        assert!(status == "200" && text.ends_with(&bodies[other]), "{text}");
    }
    running[0] = None;
    let (status, text) = places[1].get(&paths[0], &mari);
    assert!(status == "200" && text.ends_with(&bodies[0]), "{text}");
    // The database goes, and comes again.
    cluster.crash();
    let ready = || places[1].curl(&[&format!("http://127.0.0.1:{}/health/ready", places[1].operations_port())]).0;
    eventually("trouble", || ready() == "503");
    assert_eq!(places[1].get(&paths[0], &mari).0, "503");
    cluster.up();
    eventually("the database", || ready() == "200");
    assert_eq!(places[1].get(&paths[0], &mari).0, "200");
}

/// What somebody does with a connection.
type Attack = fn(TcpStream, &[u8]);

fn garbage(mut socket: TcpStream, _: &[u8]) {
    let _ = socket.write_all(&[0x16; 4096]);
    let _ = socket.read(&mut [0; 64]);
}

fn slow_loris(mut socket: TcpStream, _: &[u8]) {
    for byte in [0x16, 3, 1] {
        let _ = socket.write_all(&[byte]);
        thread::sleep(Duration::from_millis(5));
    }
}

fn slow_heads(socket: TcpStream, certificate: &[u8]) {
    let Ok(mut connection) = Connection::over(socket, certificate, None) else { return };
    for byte in b"POST /key" {
        let _ = connection.write_all(&[*byte]);
        thread::sleep(Duration::from_millis(5));
    }
}

fn header_floods(socket: TcpStream, certificate: &[u8]) {
    let Ok(mut connection) = Connection::over(socket, certificate, None) else { return };
    let _ = connection.write_all(b"GET / HTTP/1.1\r\n");
    let line = format!("x-a: {}\r\n", "a".repeat(8000));
    while connection.write_all(line.as_bytes()).is_ok() {}
}

fn large_bodies(socket: TcpStream, certificate: &[u8]) {
    let Ok(mut connection) = Connection::over(socket, certificate, None) else { return };
    let head = "POST /key-capsules HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let _ = connection.write_all(head.as_bytes());
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let _ = (0..6400).take_while(|_| connection.write_all(chunk.as_bytes()).is_ok()).count();
}

fn handshakes(socket: TcpStream, certificate: &[u8]) {
    let _ = Connection::over(socket, certificate, None);
}
