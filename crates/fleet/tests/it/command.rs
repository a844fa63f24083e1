//! The command, as scripts use it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use heliograph_fleet::spec::FailingSpec;
use heliograph_fleet::{ClusterSpec, Documents, Source, Truth};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::client::{End, ask};
use crate::emulation::recorded;

fn command(args: &[&str]) -> Command {
    // What a shell runs in the background ignores SIGINT, and so would what that starts.
    let mut command = Command::new("env");
    command
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_heliograph-fleet")])
        .arg("cluster")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A command that said it is ready; killed when the test is over.
struct Running {
    child: Child,
    urls: Value,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = command(args).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            urls: serde_json::from_str(&line).unwrap(),
        }
    }

    fn addr(&self, source: Source) -> SocketAddr {
        let url = self.urls[source.name()].as_str().unwrap();
        url.strip_prefix("http://")
            .unwrap()
            .strip_suffix(source.path())
            .unwrap()
            .parse()
            .unwrap()
    }

    fn body(&self, source: Source) -> Vec<u8> {
        ask(self.addr(source), source.method(), source.path(), &[], b"")
            .body()
            .to_vec()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn refused(args: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command(args).output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty());
    String::from_utf8(stderr).unwrap()
}

#[test]
fn serves_the_cluster_that_was_asked_for_until_input_ends() {
    let folder = tempfile::tempdir().unwrap();
    let truth = folder.path().join("truth.json");
    let args = "--release 1.10 --masters 3 --agents 5 --public-agents 2 --failing-share 0.2 --unreachable 1 \
                --packages kafka,own --frameworks marathon --seed 7 --fault metrics=status:503 --fault cosmos=bom --truth";
    let mut args: Vec<&str> = args.split_whitespace().collect();
    args.push(truth.to_str().unwrap());
    let mut running = Running::start(&args);

    let spec = ClusterSpec {
        seed: 7,
        masters: 3,
        agents: 5,
        public_agents: 2,
        failing: FailingSpec::Share(0.2),
        unreachable: 1,
        packages: vec!["kafka".to_owned(), "own".to_owned()],
        frameworks: vec!["marathon".to_owned()],
        used: 0.5,
        tasks: 12,
        ..ClusterSpec::default()
    };
    let documents = Documents::generate(&spec);
    assert!(running.body(Source::Diagnostics) == *documents.health);
    assert!(running.body(Source::Frameworks) == *documents.frameworks);
    assert!(running.body(Source::Cosmos) == [b"\xef\xbb\xbf", &*documents.cosmos].concat());
    assert_eq!(
        ask(
            running.addr(Source::Metrics),
            "GET",
            "/metrics/snapshot",
            &[],
            b""
        )
        .status(),
        Some(503)
    );
    assert_eq!(
        serde_json::from_slice::<Truth>(&std::fs::read(&truth).unwrap()).unwrap(),
        Truth::of(&spec)
    );

    drop(running.child.stdin.take());
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn serves_recorded_documents() {
    let fixtures: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dcos-1.8");
    let running = Running::start(&[
        "--documents",
        fixtures.to_str().unwrap(),
        "--fault",
        "cosmos=refused",
    ]);
    let documents = recorded("dcos-1.8");
    assert!(running.body(Source::Diagnostics) == *documents.health);
    assert_eq!(
        ask(running.addr(Source::Cosmos), "POST", "/package/list", &[], b"").end,
        End::Refused
    );
}

#[test]
fn signals_end_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut running = Running::start(&[]);
        kill_process(Pid::from_child(&running.child), signal).unwrap();
        assert!(!running.child.wait().unwrap().success());
    }
}

#[test]
fn ports_can_be_chosen() {
    let first = Running::start(&[]);
    let base = first.addr(Source::Diagnostics).port();
    let told = refused(&["--port-base", &base.to_string()]);
    assert!(
        told.contains(&format!(
            "from {base}: choose others with --port-base, or 0 for any: "
        )),
        "{told}"
    );
    assert!(refused(&["--port-base", "65534"]).contains("above 65535"));
}

#[test]
fn mistakes_are_told() {
    for (args, told) in [
        (
            &["--documents", "/no/such"][..],
            "correct --documents: can't read /no/such/health.json: ",
        ),
        (&["--documents", "/tmp", "--seed", "1"], "--seed"),
        (&["--fault", "cosmos"], "write it as SOURCE=FAULT"),
        (
            &["--fault", "mesos=hang"],
            "use diagnostics, cosmos, frameworks or metrics",
        ),
        (&["--fault", "cosmos=hanging"], "use one of none, status:CODE"),
        (
            &["--fault", "cosmos=wrong-types:unit-null"],
            "cosmos can't have the fault wrong-types:unit-null",
        ),
        (&["--failing-share", "2"], "a share is a number from 0 to 1"),
        (&["--masters", "0"], "at least one master"),
        (&["--unreachable", "3"], "of 3 nodes all but the leading master"),
        (
            &["--truth", "/no/such/truth"],
            "can't write the truth to /no/such/truth: name a file",
        ),
        (&["--release", "2.0"], "use 1.8 or 1.10"),
    ] {
        let text = refused(args);
        assert!(text.contains(told), "{args:?} told: {text}");
    }
}
