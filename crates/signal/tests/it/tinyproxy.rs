//! A real proxy, tinyproxy, on a free port of 127.0.0.1.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use tempfile::TempDir;

use crate::required::required;

/// How often a port is tried that somebody else may have taken in between.
const TRIES: usize = 5;
/// The line after which it takes connections.
const READY: &str = "Accepting connections";

/// A running proxy. Dropped, it ends.
pub(crate) struct Tinyproxy {
    child: Child,
    port: u16,
    log: Option<JoinHandle<String>>,
    _folder: TempDir,
}

impl Tinyproxy {
    /// Starts one; `None`, said loudly, where there is none and none can be installed.
    pub(crate) fn start() -> Option<Tinyproxy> {
        Tinyproxy::start_with("", Command::new("tinyproxy"))
    }

    /// Starts one for this user with this password.
    pub(crate) fn for_user(user: &str, password: &str) -> Option<Tinyproxy> {
        Tinyproxy::start_with(
            &format!("BasicAuth {user} {password}\n"),
            Command::new("tinyproxy"),
        )
    }

    /// Starts one by a command that runs it elsewhere.
    pub(crate) fn by(command: Command) -> Option<Tinyproxy> {
        Tinyproxy::start_with("", command)
    }

    fn start_with(more: &str, mut command: Command) -> Option<Tinyproxy> {
        if !required("tinyproxy", "tinyproxy-bin") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tinyproxy.conf");
        command
            .args(["-d", "-c"])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for _ in 0..TRIES {
            let port = free_port();
            let mut text =
                format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Info\nMaxClients 100\n");
            let _ = write!(text, "Allow 127.0.0.1\nViaProxyName \"tinyproxy\"\n{more}");
            std::fs::write(&path, text).unwrap();
            let mut child = command.spawn().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            while output.read_line(&mut line).unwrap() > 0 && !line.contains(READY) {
                line.clear();
            }
            if line.is_empty() {
                let _ = child.wait();
                continue;
            }
            let log = std::thread::spawn(move || {
                let mut log = Vec::new();
                let _ = output.read_to_end(&mut log);
                String::from_utf8_lossy(&log).into_owned()
            });
            return Some(Tinyproxy {
                child,
                port,
                log: Some(log),
                _folder: folder,
            });
        }
        panic!("tinyproxy does not start");
    }

    /// Where it listens, as `host:port`.
    pub(crate) fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Ends it; the request lines it took.
    pub(crate) fn requests(mut self) -> Vec<String> {
        let _ = self.child.kill();
        let log = self.log.take().unwrap().join().unwrap();
        let request = |line: &str| {
            Some(
                line.split_once("Request (file descriptor ")?
                    .1
                    .split_once(": ")?
                    .1
                    .to_owned(),
            )
        };
        log.lines().filter_map(request).collect()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
