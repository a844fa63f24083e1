//! As a service manager (systemd) starts it: what it tells, the watchdog, sockets that are handed over.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::collector::{BINARY, HAND_OVER, TestCollector};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// The service manager's end.
struct Manager {
    socket: UnixDatagram,
    dir: TempDir,
}

impl Manager {
    fn new() -> Manager {
        let dir = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Manager { socket, dir }
    }

    fn path(&self) -> String {
        self.dir.path().join("notify").to_str().unwrap().to_owned()
    }

    fn hear(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// The next that is told beside the watchdog's food.
    fn news(&self) -> String {
        loop {
            let told = self.hear();
            if told != "WATCHDOG=1\n" {
                return told;
            }
        }
    }

    /// What has been told already, and is forgotten with this.
    fn heard(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        self.socket.set_nonblocking(false).unwrap();
        heard
    }
}

#[test]
fn the_service_manager_is_told() {
    let manager = Manager::new();
    let mut collector = TestCollector::told(&[("NOTIFY_SOCKET", &manager.path())]);
    assert_eq!(manager.hear(), "READY=1\n");
    // It is ready when it says so.
    assert_eq!(
        collector
            .client()
            .send("GET", "/readyz", &[], b"")
            .unwrap()
            .status,
        200
    );
    for _ in 0..2 {
        collector.signal("HUP");
        let reloading = manager.hear();
        let (state, since) = reloading.split_once('\n').unwrap();
        assert_eq!(state, "RELOADING=1");
        let since = since.trim_end().strip_prefix("MONOTONIC_USEC=").unwrap();
        assert!(since.parse::<u64>().unwrap() > 0);
        assert_eq!(manager.hear(), "READY=1\n");
    }
    assert!(collector.stop().success());
    assert_eq!(manager.heard(), ["STOPPING=1\n"]);
}

#[test]
fn the_watchdog_is_fed_while_the_writer_gets_on() {
    let manager = Manager::new();
    let mut collector =
        TestCollector::told(&[("NOTIFY_SOCKET", &manager.path()), ("WATCHDOG_USEC", "2000000")]);
    assert_eq!(manager.news(), "READY=1\n");
    for _ in 0..3 {
        assert_eq!(manager.hear(), "WATCHDOG=1\n");
    }
    // Another process keeps the database, for less than the writer waits for it: it can't go on meanwhile.
    let key = collector.key("server");
    let database = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut client = collector.client();
    let sending = thread::spawn(move || {
        let body = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a"}]});
        client.batch(&key, &body).unwrap().status
    });
    thread::sleep(Duration::from_millis(1200));
    manager.heard();
    thread::sleep(Duration::from_millis(2000));
    assert_eq!(manager.heard(), [""; 0]);
    database.execute_batch("COMMIT").unwrap();
    assert_eq!(manager.hear(), "WATCHDOG=1\n");
    assert_eq!(sending.join().unwrap(), 200);
    assert!(collector.log().contains("the writer makes no progress"));
    assert!(collector.stop().success());
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let manager = Manager::new();
    let mut collector = TestCollector::told(&[
        ("NOTIFY_SOCKET", &manager.path()),
        ("WATCHDOG_USEC", "100000"),
        ("WATCHDOG_PID", "1"),
    ]);
    assert_eq!(manager.hear(), "READY=1\n");
    thread::sleep(Duration::from_millis(300));
    assert!(collector.stop().success());
    assert_eq!(manager.heard(), ["STOPPING=1\n"]);
}

fn ask(mut stream: impl std::io::Read + std::io::Write) {
    stream.write_all(HEALTH).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_socket_that_is_handed_over_outlives_the_process() {
    let data = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hand_over = || OwnedFd::from(listener.try_clone().unwrap());
    for _ in 0..2 {
        // It comes before there is anybody to take it.
        let mut early = TcpStream::connect(address).unwrap();
        early.write_all(HEALTH).unwrap();
        let mut collector = TestCollector::handed(hand_over(), data.path());
        assert_eq!(collector.url(), format!("http://{address}"));
        let mut answer = String::new();
        early.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        ask(TcpStream::connect(address).unwrap());
        assert!(collector.stop().success());
        assert!(collector.log().contains("handed over"));
    }
}

#[test]
fn a_socket_file_can_be_handed_over() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("collector.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut collector = TestCollector::handed(listener.into(), dir.path());
    assert_eq!(collector.url(), format!("unix:{}", path.display()));
    ask(UnixStream::connect(&path).unwrap());
    assert!(collector.stop().success());
    assert!(path.exists(), "it is somebody else's");
}

fn handed(script: &str, file: impl Into<Stdio>) -> Output {
    let data = TempDir::new().unwrap();
    Command::new("sh")
        .args([
            "-c",
            script,
            BINARY,
            "serve",
            "--listen",
            "unix:/proc/none",
            "--data",
        ])
        .arg(data.path())
        .stdin(file)
        .output()
        .unwrap()
}

#[test]
fn what_is_handed_over_is_looked_at() {
    let silent = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    let datagrams = UnixDatagram::unbound().unwrap();
    let things: [OwnedFd; 3] = [
        File::open("/dev/null").unwrap().into(),
        silent.unwrap(),
        datagrams.into(),
    ];
    for thing in things {
        let output = handed(HAND_OVER, thing);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(
            said.contains("the socket 0 of those that were handed over"),
            "{said}"
        );
    }
    // What is meant for another process is not taken; what is no number is told.
    let listener = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    for (variables, expected) in [
        ("LISTEN_PID=1 LISTEN_FDS=1", "can't listen on unix:/proc/none"),
        ("LISTEN_FDS=1", "can't listen on unix:/proc/none"),
        (
            "LISTEN_PID=$$ LISTEN_FDS=4000000000",
            "LISTEN_FDS is for this process",
        ),
        ("LISTEN_PID=$$ LISTEN_FDS=x", "LISTEN_FDS is for this process"),
        ("LISTEN_PID=$$", "LISTEN_FDS is for this process"),
    ] {
        let script = format!(r#"{variables} exec "$0" "$@" 3<&0 </dev/null"#);
        let said = String::from_utf8(handed(&script, listener()).stderr).unwrap();
        assert!(said.contains(expected), "{variables}: {said}");
    }
}
