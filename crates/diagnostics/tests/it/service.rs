//! The packaged unit on a real systemd: an account without rights, everything locked down, and it does its work.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use heliograph_diagnostics::document::node::{NodeDocument, PATH};
use heliograph_diagnostics::unit::Health;

use crate::daemon::{PROGRAM, ask, wait};
use crate::sandbox::{Sandbox, Setup};

/// Where the unit expects the program.
const INSTALLED: &str = "/usr/bin/heliograph-diagnostics";
/// Where the sandbox has it: its `/usr` is this machine's.
const SHOWN: &str = "/opt/heliograph-diagnostics";

fn packaged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd/heliograph-diagnostics.service")
}

fn sandbox() -> Option<Sandbox> {
    let unit = fs::read_to_string(packaged()).unwrap();
    assert!(unit.contains(INSTALLED));
    let setup = Setup::new()?
        .unit("heliograph-diagnostics.service", &unit.replace(INSTALLED, SHOWN))
        .shown(Path::new(PROGRAM), SHOWN)
        .wanted_by("sandbox.target", "heliograph-diagnostics.service")
        .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
        .wanted_by("sandbox.target", "dcos.target")
        .unit(
            "dcos-bad.service",
            "[Service]\nExecStart=/bin/sh -c 'echo my last words; exit 3'\n",
        )
        .wanted_by("dcos.target", "dcos-bad.service");
    Some(setup.start())
}

fn main_process(sandbox: &Sandbox) -> String {
    let shown = sandbox.run(&["systemctl", "show", "-PMainPID", "heliograph-diagnostics.service"]);
    String::from_utf8(shown.stdout).unwrap().trim().to_owned()
}

#[test]
fn it_works_without_any_rights() {
    let Some(sandbox) = sandbox() else { return };
    let socket = sandbox.root().join("run/heliograph-diagnostics/socket");
    let node = || -> Option<NodeDocument> {
        let stream = UnixStream::connect(&socket).ok()?;
        serde_json::from_str(&ask(stream, PATH).body).ok()
    };
    let output = wait("the failed unit and its journal", || {
        let node = node()?;
        let unit = node.units.iter().find(|unit| unit.id == "dcos-bad.service")?;
        (unit.health == Health::Unhealthy && unit.output.contains("Failed with result"))
            .then(|| unit.output.clone())
    });
    assert!(output.contains("my last words"), "{output}");

    let process = main_process(&sandbox);
    let status = sandbox.run(&["cat", &format!("/proc/{process}/status")]);
    let status = String::from_utf8(status.stdout).unwrap();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>()
    };
    assert_eq!(line("Uid:"), ["900"; 4]);
    assert_eq!(line("CapBnd:"), ["0000000000000000"]);
    assert_eq!((line("NoNewPrivs:"), line("Seccomp:")), (vec!["1"], vec!["2"]));

    // Certificates and tokens are read again by the same process.
    sandbox.systemctl(&["reload", "heliograph-diagnostics.service"]);
    assert_eq!(main_process(&sandbox), process);
    assert!(node().is_some());
    sandbox.systemctl(&["stop", "heliograph-diagnostics.service"]);
    let result = sandbox.run(&["systemctl", "show", "-PResult", "heliograph-diagnostics.service"]);
    assert_eq!(result.stdout, b"success\n");
    assert!(!socket.exists());
}

#[test]
fn sockets_of_the_manager_are_taken_over() {
    let Some(setup) = Setup::new() else { return };
    let unit = fs::read_to_string(packaged()).unwrap();
    let sandbox = setup
        .unit("heliograph-diagnostics.service", &unit.replace(INSTALLED, SHOWN))
        .unit(
            "heliograph-diagnostics.socket",
            "[Socket]\nListenStream=/run/dcos-diagnostics.sock\nSocketMode=0660\n",
        )
        .wanted_by("sandbox.target", "heliograph-diagnostics.socket")
        .shown(Path::new(PROGRAM), SHOWN)
        .start();
    let socket = sandbox.root().join("run/dcos-diagnostics.sock");
    let node = wait("an answer by the socket", || {
        let stream = UnixStream::connect(&socket).ok()?;
        let node: NodeDocument = serde_json::from_str(&ask(stream, PATH).body).ok()?;
        node.problem.is_none().then_some(node)
    });
    // There is no dcos.target: all enabled services are looked at, and nothing is enabled here.
    assert_eq!((node.units.len(), node.health()), (0, Health::Unknown));
    assert!(!sandbox.root().join("run/heliograph-diagnostics/socket").exists());
    sandbox.systemctl(&["stop", "heliograph-diagnostics.service"]);
    assert!(socket.exists(), "it is not the daemon's to remove");
}

#[test]
fn the_watchdog_is_fed() {
    let Some(setup) = Setup::new() else { return };
    let unit = fs::read_to_string(packaged()).unwrap();
    assert!(unit.contains("\nWatchdogSec=3min\n"));
    let patience = Duration::from_secs(5);
    let unit = unit.replace(INSTALLED, SHOWN).replace(
        "WatchdogSec=3min",
        "WatchdogSec=5s\nEnvironment=HELIOGRAPH_DIAGNOSTICS_PROBE_INTERVAL=500ms",
    );
    let sandbox = setup
        .unit("heliograph-diagnostics.service", &unit)
        .wanted_by("sandbox.target", "heliograph-diagnostics.service")
        .shown(Path::new(PROGRAM), SHOWN)
        .start();
    let process = wait("the daemon", || {
        let shown = sandbox.run(&["systemctl", "is-active", "heliograph-diagnostics.service"]);
        shown.status.success().then(|| main_process(&sandbox))
    });
    // Twice as long as systemd waits before it ends a silent one.
    std::thread::sleep(patience * 2);
    assert_eq!(main_process(&sandbox), process);
}
