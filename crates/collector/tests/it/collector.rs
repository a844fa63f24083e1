//! The real collector in a directory of its own, on a port of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Client};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_heliograph-collector");

/// Runs what follows with standard input as the socket that was handed over to it.
pub(crate) const HAND_OVER: &str = r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&0 </dev/null"#;

/// A running collector; killed when it is dropped.
pub(crate) struct TestCollector {
    child: Child,
    listen: String,
    url: String,
    data: PathBuf,
    settings: Vec<(String, String)>,
    /// Holds what is logged, and the data too, unless they lie elsewhere.
    dir: TempDir,
}

impl TestCollector {
    /// Starts one.
    pub(crate) fn start() -> TestCollector {
        TestCollector::with(&[])
    }

    /// Starts one with these keys of the configuration set.
    pub(crate) fn with(settings: &[(&str, &str)]) -> TestCollector {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        TestCollector::new(dir, &data, settings)
    }

    /// Starts one on a data directory.
    pub(crate) fn in_dir(data: &Path, settings: &[(&str, &str)]) -> TestCollector {
        TestCollector::new(TempDir::new().unwrap(), data, settings)
    }

    /// Starts one on a data directory, in an environment; whether it listens. If not, it has ended.
    pub(crate) fn in_environment(
        data: &Path,
        settings: &[(&str, &str)],
        environment: &[(&str, String)],
    ) -> (TestCollector, bool) {
        let dir = TempDir::new().unwrap();
        let settings = owned(settings);
        let listen = "127.0.0.1:0".to_owned();
        let mut collector = TestCollector {
            child: serve(
                in_environment(environment),
                &listen,
                data,
                &log_path(&dir),
                &settings,
            ),
            listen,
            url: String::new(),
            data: data.to_owned(),
            settings,
            dir,
        };
        let listens = collector.listens();
        (collector, listens)
    }

    /// Starts one that may have so many files open.
    pub(crate) fn limited_to_files(files: usize, settings: &[(&str, &str)]) -> TestCollector {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let mut command = quiet("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""))
            .arg(BINARY);
        TestCollector::by(command, "127.0.0.1:0", dir, &data, settings)
    }

    /// Starts one that listens there.
    pub(crate) fn listening_on(listen: &str) -> TestCollector {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        TestCollector::by(quiet(BINARY), listen, dir, &data, &[])
    }

    /// Starts one that is told this in its environment.
    pub(crate) fn told(variables: &[(&str, &str)]) -> TestCollector {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let mut command = quiet(BINARY);
        command.envs(variables.iter().copied());
        TestCollector::by(command, "127.0.0.1:0", dir, &data, &[])
    }

    /// Starts one on a data directory that a service manager hands a socket to.
    pub(crate) fn handed(socket: OwnedFd, data: &Path) -> TestCollector {
        let mut command = Command::new("sh");
        command.args(["-c", HAND_OVER, BINARY]).stdin(Stdio::from(socket));
        TestCollector::by(command, "127.0.0.1:0", TempDir::new().unwrap(), data, &[])
    }

    /// What one says that can't listen there.
    pub(crate) fn refused_to_listen_on(listen: &str) -> String {
        let dir = TempDir::new().unwrap();
        let output = run(dir.path(), &["serve", "--listen", listen]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn new(dir: TempDir, data: &Path, settings: &[(&str, &str)]) -> TestCollector {
        TestCollector::by(quiet(BINARY), "127.0.0.1:0", dir, data, settings)
    }

    fn by(
        command: Command,
        listen: &str,
        dir: TempDir,
        data: &Path,
        settings: &[(&str, &str)],
    ) -> TestCollector {
        let settings = owned(settings);
        let (child, url) = spawn(command, listen, data, &log_path(&dir), &settings);
        TestCollector {
            child,
            listen: listen.to_owned(),
            url,
            data: data.to_owned(),
            settings,
            dir,
        }
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let (_, address) = self.url().split_once("://").unwrap();
        address.parse().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address()).unwrap()
    }

    /// Adds a key of a kind.
    pub(crate) fn key(&self, kind: &str) -> String {
        key(&self.data, kind)
    }

    /// Posts one batch on a connection of its own.
    pub(crate) fn batch(&self, key: &str, body: &Value) -> Answer {
        self.client().batch(key, body).unwrap()
    }

    /// What is stored.
    pub(crate) fn messages(&self) -> Vec<Value> {
        messages(&self.data, &[])
    }

    /// What was logged since the first start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(log_path(&self.dir)).unwrap()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Files that it has open, sockets included.
    pub(crate) fn open_files(&self) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        files.unwrap().count()
    }

    /// Hundredths of a second of processor time that it has used.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // utime and stime, as in proc(5).
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Starts it again after it ended, and kills it before long, whether it listens by then or not.
    pub(crate) fn restart_and_kill(&mut self, after: Duration) {
        let (data, log) = (&self.data, log_path(&self.dir));
        self.child = serve(Command::new(BINARY), &self.listen, data, &log, &self.settings);
        thread::sleep(after);
        self.kill();
    }

    /// Starts it again after it ended, in another environment; whether it listens. If not, it has ended.
    pub(crate) fn restart_in(&mut self, environment: &[(&str, String)]) -> bool {
        let (data, log) = (&self.data, log_path(&self.dir));
        let command = in_environment(environment);
        self.child = serve(command, &self.listen, data, &log, &self.settings);
        self.listens()
    }

    /// Whether it gets as far as to listen; if not, waits until it has ended.
    fn listens(&mut self) -> bool {
        match listening(&mut self.child) {
            Some(url) => {
                self.url = url;
                true
            }
            None => {
                self.wait();
                false
            }
        }
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Starts it again after it ended.
    pub(crate) fn restart(&mut self) {
        let (data, log) = (&self.data, log_path(&self.dir));
        let (child, url) = spawn(quiet(BINARY), &self.listen, data, &log, &self.settings);
        self.child = child;
        self.url = url;
    }
}

impl Drop for TestCollector {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary to its end.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// Runs a command of the binary to its end, in an environment.
pub(crate) fn run_in(data: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .envs(environment.iter().copied())
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// Runs a command of the binary to its end; this is typed to it.
pub(crate) fn run_with_input(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(BINARY)
        .args(["--data".as_ref(), data.as_os_str()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Adds a key to a data directory.
pub(crate) fn key(data: &Path, kind: &str) -> String {
    let output = run(data, &["key", "add", "--kind", kind]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What is stored in a data directory.
pub(crate) fn messages(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(data, &[&["messages"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn log_path(dir: &TempDir) -> PathBuf {
    dir.path().join("log")
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = settings.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn in_environment(environment: &[(&str, String)]) -> Command {
    let mut command = Command::new(BINARY);
    command.envs(environment.iter().map(|(name, value)| (*name, value)));
    command
}

fn serve(
    mut command: Command,
    listen: &str,
    data: &Path,
    log_path: &Path,
    settings: &[(String, String)],
) -> Child {
    let log = File::options().create(true).append(true).open(log_path).unwrap();
    // Less than by default, so that a start takes no time.
    command.env("HELIOGRAPH_COLLECTOR_ID_WINDOW_MEMORY", "1 MiB");
    for (key, value) in settings {
        command.env(
            format!("HELIOGRAPH_COLLECTOR_{}", key.to_ascii_uppercase()),
            value,
        );
    }
    command
        .args(["serve", "--listen", listen, "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A program that nothing is typed to.
fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

fn spawn(
    command: Command,
    listen: &str,
    data: &Path,
    log_path: &Path,
    settings: &[(String, String)],
) -> (Child, String) {
    let mut child = serve(command, listen, data, log_path, settings);
    let url = listening(&mut child);
    let url = url.unwrap_or_else(|| {
        let log = fs::read_to_string(log_path).unwrap();
        panic!("it did not start: {log}")
    });
    (child, url)
}

/// Where it listens; `None` when it ends before it does.
fn listening(child: &mut Child) -> Option<String> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    line.trim_end().strip_prefix("listening on ").map(str::to_owned)
}
