//! A host of a cluster: signal's configuration and state, a sink, and a relay that runs.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{fs, thread};

use heliograph_fleet::Sink;
use heliograph_fleet::unprivileged::Unprivileged;
use heliograph_signal::clock::Clock;
use heliograph_signal::command::{self, status, waiting};
use heliograph_signal::config;
use heliograph_signal::cycle::{Asked, Cycle};
use heliograph_signal::environment::Environment;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const CLUSTER_ID: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";
/// The program.
pub(crate) const RELAY: &str = env!("CARGO_BIN_EXE_heliograph-relay");
/// A browser's random id.
pub(crate) const BROWSER: &str = "0123456789abcdef0123456789abcdef";
/// Longest that a test waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A host.
pub(crate) struct Host {
    pub(crate) folder: TempDir,
    pub(crate) sink: Sink,
    variables: BTreeMap<String, String>,
    /// Who the relay runs as, where that is not who runs the test.
    account: Option<Unprivileged>,
    relay: Option<(Child, Option<SocketAddr>)>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Host {
    /// With telemetry as these lines of signal's configuration have it, and a relay with these variables.
    pub(crate) fn new(telemetry: &str, variables: &[(&str, &str)]) -> Host {
        let mut host = Host::configured(telemetry, variables);
        host.start();
        host
    }

    /// The same with a relay that runs without rights: what is in its folder belongs to its account.
    pub(crate) fn unprivileged(telemetry: &str) -> Host {
        let mut host = Host::configured(telemetry, &[("CLIENT_BURST", "1000")]);
        let account = Unprivileged::of(Path::new(RELAY));
        account.give(host.folder.path());
        account.give(&host.path("signal.toml"));
        host.account = Some(account);
        host.start();
        host
    }

    /// The same without a relay.
    pub(crate) fn configured(telemetry: &str, variables: &[(&str, &str)]) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::start().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let text = format!(
            "{telemetry}\ncluster_id = {CLUSTER_ID:?}\nstate_dir = {:?}\nsink = {:?}\nwrite_key = \"the-clusters-key\"\n\
             gen_provider = \"aws\"\nenvironment_version = \"1.10\"\ncustomer_key = \"the-customer\"\n",
            path("state"),
            sink.url()
        );
        fs::write(folder.path().join("signal.toml"), text).unwrap();
        let all = |(name, value): &(&str, &str)| (format!("HELIOGRAPH_RELAY_{name}"), (*value).to_owned());
        Host {
            folder,
            sink,
            variables: variables.iter().map(all).collect(),
            account: None,
            relay: None,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, listen: &str) -> Command {
        let account = self.account.as_ref();
        let mut command = account.map_or_else(|| Command::new(RELAY), Unprivileged::command);
        command
            .env_clear()
            .envs(&self.variables)
            .args(["--listen", listen, "--signal-config"])
            .arg(self.path("signal.toml"));
        command
    }

    pub(crate) fn start(&mut self) {
        self.start_on("127.0.0.1:0");
    }

    pub(crate) fn start_on(&mut self, listen: &str) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut child = self
            .command(listen)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let place = line.trim().strip_prefix("listening on ");
        let place = place.unwrap_or_else(|| panic!("{line}: {}", self.log()));
        let address = place
            .strip_prefix("http://")
            .map(|address| address.parse().unwrap());
        self.relay = Some((child, address));
    }

    /// Ends the relay as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some((mut child, _)) = self.relay.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.relay.as_ref().unwrap().1.unwrap()
    }

    /// The relay's process.
    pub(crate) fn process(&self) -> u32 {
        self.relay.as_ref().unwrap().0.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        ask(self.address(), method, path, headers, body)
    }

    pub(crate) fn post(&self, body: &Value) -> Answer {
        self.ask(
            "POST",
            "/telemetry/v1/batch",
            &["content-type: text/plain"],
            body.to_string().as_bytes(),
        )
    }

    /// Signal's own report of this moment, which delivers what waits. Returns all that the sink has got.
    pub(crate) fn deliver(&self) -> Vec<Value> {
        deliver(&self.path("signal.toml"));
        self.sink.messages()
    }

    /// Changes signal's configuration.
    pub(crate) fn reconfigure(&self, line: &str) {
        let file = self.path("signal.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{line}\n{text}")).unwrap();
    }

    /// What `heliograph-signal status` says.
    pub(crate) fn status(&self) -> String {
        self.said(|signal, out| status::status(signal, out))
    }

    /// What `heliograph-signal preview --ui` shows.
    pub(crate) fn preview(&self) -> String {
        self.said(|signal, out| waiting::of_ui(signal, out))
    }

    fn said(&self, command: impl FnOnce(&Cycle<'_>, &mut dyn Write) -> Result<(), command::Error>) -> String {
        as_signal(&self.path("signal.toml"), |signal| {
            let mut out = Vec::new();
            command(signal, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        })
    }

    /// All files of the state directory, with what is in them.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.path("state")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    open.push(entry.path());
                } else {
                    files.insert(entry.path(), fs::read(entry.path()).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn deliver(file: &Path) {
    as_signal(file, |signal| signal.report(Asked::ByHand).unwrap());
}

/// What signal does with this configuration.
pub(crate) fn as_signal<T>(file: &Path, act: impl FnOnce(&Cycle<'_>) -> T) -> T {
    as_signal_at(Clock::new(None), file, act)
}

/// The same by this clock.
pub(crate) fn as_signal_at<T>(clock: Clock, file: &Path, act: impl FnOnce(&Cycle<'_>) -> T) -> T {
    let environment = Environment::default();
    let config = config::load(Some(file), &environment, vec![]).unwrap().config;
    act(&Cycle {
        config: &config,
        environment: &environment,
        clock,
        stop: &AtomicBool::new(false),
    })
}

/// A page view, with all that must not leave.
pub(crate) fn view(n: usize) -> Value {
    json!({
        "type": "page", "messageId": format!("mi8x0k2p-{n:032x}"), "anonymousId": BROWSER, "userId": "jane@example.com",
        "name": "/nodes/:id", "properties": {"title": "Secret title", "url": "https://cluster/nodes?token=secret-query"},
        "context": {"ip": "192.0.2.77", "userAgent": "SecretBrowser/1", "page": {"referrer": "https://secret-referrer/"}},
    })
}

pub(crate) fn batch(messages: &[Value]) -> Value {
    json!({"batch": messages, "writeKey": "a-key-of-the-browser"})
}

pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|header| header.starts_with("host:")) {
        request.push_str("host: cluster.example\r\n");
    }
    for header in headers {
        request.push_str(&format!("{header}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    // Who refuses a body need not read all of it.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_else(|| panic!("{answer:?}"));
    Answer {
        status: status.parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("it was never so: {what}");
}
