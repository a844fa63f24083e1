//! The daemon as it is started, on a port of its own, and a client for it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use heliograph_diagnostics::document::node::{NodeDocument, PATH};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::net::Net;
use crate::sandbox::{PATIENCE, Sandbox};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_heliograph-diagnostics");

/// A running daemon; it ends with this.
pub(crate) struct Daemon {
    child: Child,
    address: String,
    /// Where it said that it listens.
    places: String,
    directory: TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Daemon {
    /// Starts one that looks at a sandbox, with these further variables.
    pub(crate) fn of(sandbox: &Sandbox, variables: &[(&str, &str)]) -> Daemon {
        let journal = sandbox.journal().display().to_string();
        let units = sandbox.root().join("etc/systemd/system").display().to_string();
        let own = [
            ("BUS", sandbox.bus()),
            ("JOURNAL_DIRECTORY", journal),
            ("UNIT_PATH", units),
        ];
        let own = own.iter().map(|(key, value)| (*key, value.as_str()));
        Daemon::start(&own.chain(variables.iter().copied()).collect::<Vec<_>>())
    }

    /// Starts one on a host of a network that looks at the host's systemd, and listens there, too.
    pub(crate) fn on(
        net: &Net,
        host: &str,
        sandbox: &Sandbox,
        places: &[&str],
        variables: &[(&str, &str)],
    ) -> Daemon {
        let journal = sandbox.journal().display().to_string();
        let (bus, units) = (sandbox.bus(), units_of(sandbox).display().to_string());
        let own = [
            ("BUS", bus.as_str()),
            ("JOURNAL_DIRECTORY", &journal),
            ("UNIT_PATH", &units),
        ];
        let variables: Vec<_> = own.into_iter().chain(variables.iter().copied()).collect();
        Daemon::run(net.command(host, Path::new(PROGRAM)), places, &variables)
    }

    /// Starts one with these variables.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Daemon {
        Daemon::run(Command::new(PROGRAM), &[], variables)
    }

    fn run(mut command: Command, places: &[&str], variables: &[(&str, &str)]) -> Daemon {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        command
            // Not that of this machine.
            .args(["--config", "/dev/null"])
            .args(["serve", "--listen", "127.0.0.1:0", "--listen"])
            .arg(format!("unix:{}", socket.display()));
        for place in places {
            command.args(["--listen", place]);
        }
        for (key, value) in variables {
            command.env(format!("HELIOGRAPH_DIAGNOSTICS_{key}"), value);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .strip_prefix("listening on http://")
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned();
        Daemon {
            child,
            address,
            places: line,
            directory,
        }
    }

    /// Starts one that listens at these places, too.
    pub(crate) fn listening(places: &[&str], variables: &[(&str, &str)]) -> Daemon {
        Daemon::run(Command::new(PROGRAM), places, variables)
    }

    /// The port at which it speaks TLS.
    pub(crate) fn encrypted_port(&self) -> u16 {
        let place = self
            .places
            .split_whitespace()
            .find(|place| place.starts_with("https://"));
        let port = place.and_then(|place| place.rsplit(':').next());
        port.unwrap_or_else(|| panic!("{}", self.places)).parse().unwrap()
    }

    /// The most memory that it ever had, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its port, on the host where it runs.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks on a socket that may be gone.
    pub(crate) fn try_get(socket: &Path, path: &str) -> Option<Answer> {
        let stream = std::os::unix::net::UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Some(ask(stream, path))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Asks on the port.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        ask(stream, path)
    }

    /// Asks on the socket.
    pub(crate) fn get_locally(&self, path: &str) -> Answer {
        self.ask_locally("GET", path, &[])
    }

    /// Asks on the socket, with these headers.
    pub(crate) fn ask_locally(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let stream = std::os::unix::net::UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        ask_with(stream, method, path, headers)
    }

    /// This node's document.
    pub(crate) fn node(&self) -> NodeDocument {
        serde_json::from_str(&self.get(PATH).body).unwrap()
    }

    /// Asks until what is wanted is there.
    pub(crate) fn wait_for<T>(&self, what: &str, look: impl Fn(&NodeDocument) -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            let node = self.node();
            if let Some(found) = look(&node) {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "{what} did not come: {node:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until what is wanted is there.
pub(crate) fn wait<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks for a path.
pub(crate) fn ask(stream: impl std::io::Read + std::io::Write, path: &str) -> Answer {
    ask_with(stream, "GET", path, &[])
}

fn ask_with(
    mut stream: impl std::io::Read + std::io::Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers: String = headers.collect();
    // HTTP/1.0: the answer is not chunked.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: x\r\n{headers}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: format!("{}\r\n", head.to_ascii_lowercase()),
        body: body.to_owned(),
    }
}

/// Runs the program to its end; the daemon is expected at this place.
pub(crate) fn run(words: &[&str], listen: &str, sandbox: &Sandbox) -> (i32, String, String) {
    let output = Command::new(PROGRAM)
        .args(["--config", "/dev/null"])
        .args(words)
        .env("HELIOGRAPH_DIAGNOSTICS_LISTEN", listen)
        .env("HELIOGRAPH_DIAGNOSTICS_BUS", sandbox.bus())
        .env("HELIOGRAPH_DIAGNOSTICS_JOURNAL_DIRECTORY", sandbox.journal())
        .env("HELIOGRAPH_DIAGNOSTICS_UNIT_PATH", units_of(sandbox))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn units_of(sandbox: &Sandbox) -> PathBuf {
    Path::new(&sandbox.root()).join("etc/systemd/system")
}
