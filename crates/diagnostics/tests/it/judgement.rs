//! Units of all kinds on a real systemd, each judged as the table in `judge.rs` says.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use heliograph_diagnostics::document::node::{NodeDocument, PATH};
use heliograph_diagnostics::unit::Health;

use crate::daemon::{Answer, Daemon, run};
use crate::sandbox::{PATIENCE, Sandbox, Setup};

/// Name, what stands below its description, how it is, and how its reason begins.
const UNITS: &[(&str, &str, Health, &str)] = &[
    (
        "dcos-well.service",
        "[Service]\nExecStart=/bin/sleep infinity",
        Health::Healthy,
        "",
    ),
    (
        "dcos-two.dots.service",
        "[Service]\nExecStart=/bin/sleep infinity",
        Health::Healthy,
        "",
    ),
    (
        "dcos-failed.service",
        "[Service]\nExecStart=/bin/sh -c 'echo my last words; exit 3'",
        Health::Unhealthy,
        "failed: ended with status 3",
    ),
    (
        "dcos-noprogram.service",
        "[Service]\nExecStart=/nowhere/program",
        Health::Unhealthy,
        "failed: ended with status 203 (EXEC)",
    ),
    (
        "dcos-killed.service",
        "[Service]\nExecStart=/bin/sh -c 'kill -KILL $$$$'",
        Health::Unhealthy,
        "failed: killed by SIGKILL",
    ),
    (
        "dcos-gaveup.service",
        "StartLimitIntervalSec=1h\nStartLimitBurst=2\n\
         [Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=100ms",
        Health::Unhealthy,
        "failed: ended with status 1, after 2 restarts",
    ),
    (
        "dcos-gaveupwell.service",
        "StartLimitIntervalSec=1h\nStartLimitBurst=2\n\
         [Service]\nExecStart=/bin/true\nRestart=always\nRestartSec=100ms",
        Health::Unhealthy,
        "failed: restarted too often, systemd gave up, after 2 restarts",
    ),
    (
        "dcos-timedout.service",
        "[Service]\nType=notify\nTimeoutStartSec=1s\nExecStart=/bin/sleep infinity",
        Health::Unhealthy,
        "failed: it took longer than its file allows",
    ),
    (
        "dcos-watchdog.service",
        "[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=1s\n\
         ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep infinity'",
        Health::Unhealthy,
        "failed: it gave its watchdog no sign of life",
    ),
    (
        "dcos-flapping.service",
        "StartLimitIntervalSec=0\n\
         [Service]\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\nRestart=always\nRestartSec=700ms",
        Health::Unhealthy,
        "flapping: systemd restarted it",
    ),
    (
        "dcos-flappingwell.service",
        "StartLimitIntervalSec=0\n\
         [Service]\nExecStart=/bin/sleep 0.3\nRestart=always\nRestartSec=700ms",
        Health::Unhealthy,
        "flapping: systemd restarted it",
    ),
    (
        "dcos-never.service",
        "StartLimitIntervalSec=0\n\
         [Service]\nExecStartPre=/bin/sh -c 'exit 7'\nExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=500ms",
        Health::Unhealthy,
        "has never been active",
    ),
    (
        "dcos-stuck.service",
        "[Service]\nType=notify\nTimeoutStartSec=1h\nExecStart=/bin/sleep infinity",
        Health::Unhealthy,
        "activating for",
    ),
    (
        "dcos-once.service",
        "[Service]\nType=oneshot\nExecStart=/bin/true",
        Health::Healthy,
        "",
    ),
    (
        "dcos-oncekept.service",
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
        Health::Healthy,
        "",
    ),
    (
        "dcos-oncebad.service",
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 4'",
        Health::Unhealthy,
        "failed: ended with status 4",
    ),
    (
        "dcos-onceslow.service",
        "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity",
        Health::Healthy,
        "",
    ),
    (
        "dcos-ended.service",
        "[Service]\nExecStart=/bin/true",
        Health::Unhealthy,
        "inactive: ended with status 0",
    ),
    (
        "dcos-skipped.service",
        "ConditionPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep infinity",
        Health::Healthy,
        "",
    ),
    (
        "dcos-asserted.service",
        "AssertPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep infinity",
        Health::Unhealthy,
        "not started: an assertion of it is not met",
    ),
    (
        "dcos-tick.timer",
        "[Timer]\nOnActiveSec=1\nAccuracySec=10ms",
        Health::Healthy,
        "",
    ),
    (
        "dcos-tickbad.timer",
        "[Timer]\nOnActiveSec=1\nAccuracySec=10ms",
        Health::Unhealthy,
        "the dcos-tickbad.service that it starts: failed: ended with status 5",
    ),
    (
        "dcos-call.socket",
        "[Socket]\nListenStream=/run/call",
        Health::Healthy,
        "",
    ),
    (
        "dcos-callbad.socket",
        "[Socket]\nListenStream=/run/callbad",
        Health::Unhealthy,
        "failed: its service was started too often, systemd gave up",
    ),
    (
        "dcos-badfile.service",
        "[Service]\nType=simple",
        Health::Unhealthy,
        "its file is not understood",
    ),
];

/// Those that the timers and sockets start: nothing wants them, and they are not reported.
const STARTED: &[(&str, &str)] = &[
    (
        "dcos-tick.service",
        "[Service]\nType=oneshot\nExecStart=/bin/true",
    ),
    (
        "dcos-tickbad.service",
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 5'",
    ),
    ("dcos-call.service", "[Service]\nExecStart=/bin/sleep infinity"),
    ("dcos-callbad.service", "[Service]\nExecStart=/bin/false"),
];

/// Units that are wanted and can't be there.
const ABSENT: &[(&str, Health, &str)] = &[
    (
        "dcos-masked.service",
        Health::Unhealthy,
        "masked: it may not be started",
    ),
    (
        "dcos-gone.service",
        Health::Unhealthy,
        "not found: there is no such unit",
    ),
];

/// A systemd with all of these.
fn sandbox() -> Option<Sandbox> {
    let mut setup = Setup::new()?
        .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
        .wanted_by("sandbox.target", "dcos.target")
        .masked("dcos-masked.service")
        // On the original's list of what to leave out.
        .unit("dcos-setup.service", "[Service]\nExecStart=/bin/false\n")
        .wanted_by("dcos.target", "dcos-setup.service");
    let written = UNITS.iter().map(|(name, text, ..)| (name, text));
    for (name, text) in written.chain(STARTED.iter().map(|(name, text)| (name, text))) {
        setup = setup.unit(name, &format!("[Unit]\nDescription=Test: {name}\n{text}\n"));
    }
    for name in expected().keys() {
        setup = setup.wanted_by("dcos.target", name);
    }
    Some(setup.start())
}

/// How each unit is, and how its reason begins.
fn expected() -> BTreeMap<&'static str, (Health, &'static str)> {
    let there = UNITS
        .iter()
        .map(|(name, _, health, reason)| (*name, (*health, *reason)));
    let absent = ABSENT
        .iter()
        .map(|(name, health, reason)| (*name, (*health, *reason)));
    there.chain(absent).collect()
}

/// What differs from what is expected.
fn differences(node: &NodeDocument) -> Vec<String> {
    let expected = expected();
    let mut differences = Vec::new();
    for unit in &node.units {
        let as_expected = expected.get(unit.id.as_str()).is_some_and(|(health, reason)| {
            *health == unit.health
                && unit.reason.starts_with(reason)
                && unit.reason.is_empty() == reason.is_empty()
        });
        if !as_expected {
            differences.push(format!("{}: {:?} {}", unit.id, unit.health, unit.reason));
        }
    }
    let missing = expected
        .keys()
        .filter(|name| !node.units.iter().any(|unit| unit.id == **name));
    differences.extend(missing.map(|name| format!("{name}: not there")));
    differences
}

#[test]
fn each_unit_is_judged_as_the_table_says() {
    let Some(sandbox) = sandbox() else { return };
    let daemon = Daemon::of(&sandbox, &[("TRANSITION_LIMIT", "4s")]);
    // Someone calls the socket whose service fails.
    let _call = UnixStream::connect(sandbox.root().join("run/callbad")).unwrap();
    let begin = Instant::now();
    loop {
        let differences = differences(&daemon.node());
        if differences.is_empty() {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{differences:#?}");
        sleep(Duration::from_millis(100));
    }
    names_and_numbers_are_the_originals(&daemon);
    the_journal_tells_of_the_unit_and_what_systemd_says_of_it(&daemon);
    metrics_count_the_same(&daemon);
    check_prints_the_same(&daemon, &sandbox);
}

#[test]
fn out_of_memory_has_its_own_reason() {
    let Some(setup) = Setup::new() else { return };
    let sandbox = setup
        .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
        .wanted_by("sandbox.target", "dcos.target")
        .unit(
            "dcos-hungry.service",
            "[Service]\nExecStart=/bin/sleep infinity\n",
        )
        .wanted_by("dcos.target", "dcos-hungry.service")
        .start();
    let daemon = Daemon::of(&sandbox, &[]);
    if !sandbox.run_out_of_memory("dcos-hungry.service") {
        return;
    }
    daemon.wait_for("the reason", |node| {
        (node.units.first()?.reason == "failed: out of memory").then_some(())
    });
}

fn names_and_numbers_are_the_originals(daemon: &Daemon) {
    let answer = daemon.get(PATH);
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: application/json"),
        "{}",
        answer.head
    );
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (&body["node_role"], &body["mesos_id"]),
        (&"agent".into(), &"".into())
    );
    let units = body["units"].as_array().unwrap();
    let failed = units
        .iter()
        .find(|unit| unit["id"] == "dcos-failed.service")
        .unwrap();
    assert_eq!((&failed["health"], &failed["help"]), (&1.into(), &"".into()));
    assert_eq!(
        (&failed["name"], &failed["description"]),
        (&"Test".into(), &"dcos-failed.service".into())
    );
    assert!(units.iter().map(|unit| unit["id"].as_str()).is_sorted());
}

fn the_journal_tells_of_the_unit_and_what_systemd_says_of_it(daemon: &Daemon) {
    let find = |answer: Answer| {
        let node: NodeDocument = serde_json::from_str(&answer.body).unwrap();
        let output = |name: &str| {
            let unit = node.units.iter().find(|unit| unit.id == name).unwrap();
            unit.output.clone()
        };
        (
            output("dcos-failed.service"),
            output("dcos-tickbad.timer"),
            output("dcos-well.service"),
        )
    };
    let (failed, timer, well) = find(daemon.get_locally(PATH));
    assert!(failed.starts_with("failed: ended with status 3\n"), "{failed}");
    assert!(failed.contains(" +0000 UTC my last words\n"), "{failed}");
    assert!(failed.contains("Failed with result 'exit-code'"), "{failed}");
    assert!(
        timer.contains("dcos-tickbad.service: Failed with result"),
        "{timer}"
    );
    assert_eq!(well, "");
    // Whoever may open a port of this machine is not thereby one who may read its journal.
    let (failed, ..) = find(daemon.get(PATH));
    assert_eq!(failed, "failed: ended with status 3");
}

fn check_prints_the_same(daemon: &Daemon, sandbox: &Sandbox) {
    let listen = format!("unix:{}", daemon.socket().display());
    let units = expected().len();
    let (code, table, said) = run(&["check"], &listen, sandbox);
    assert_eq!((code, said.as_str()), (1, ""), "{table}");
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("dcos-failed.service").contains("  unhealthy  failed (failed)"));
    assert!(row("dcos-failed.service").ends_with("  failed: ended with status 3"));
    assert!(row("dcos-well.service").contains("  healthy    active (running)"));
    assert!(row("dcos-flapping.service").contains("flapping: systemd restarted it"));
    assert!(
        table.contains(&format!("{units} units: ")) && !table.contains("No daemon"),
        "{table}"
    );
    assert!(!table.contains("my last words"));
    let (_, table, _) = run(&["check", "--journal"], &listen, sandbox);
    assert!(
        table.contains("    20") && table.contains("my last words"),
        "{table}"
    );
    let (code, json, _) = run(&["check", "--json"], &listen, sandbox);
    let node: NodeDocument = serde_json::from_str(&json).unwrap();
    assert_eq!((code, node.units.len()), (1, units));
    // Without the daemon.
    let (code, table, _) = run(&["check", "--direct", "--journal"], &listen, sandbox);
    assert_eq!(code, 1);
    assert!(
        table.contains(&format!("{units} units: ")) && table.contains("my last words"),
        "{table}"
    );
    assert!(table.contains("No daemon answered"), "{table}");
}

fn metrics_count_the_same(daemon: &Daemon) {
    let page = daemon.get("/metrics").body;
    for line in [
        "heliograph_diagnostics_unit_health{unit=\"dcos-failed.service\"} 1",
        "heliograph_diagnostics_unit_health{unit=\"dcos-well.service\"} 0",
        "heliograph_diagnostics_units{health=\"unknown\"} 0",
        "heliograph_diagnostics_node_health 1",
        "heliograph_diagnostics_systemd_answers 1",
        "heliograph_diagnostics_systemd_sessions_total 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(
        page.contains("heliograph_diagnostics_systemd_age_seconds "),
        "{page}"
    );
    // What is made up outside makes no series.
    for path in ["/x", "/system/health/v1/made/up", "/metrics/x"] {
        assert_eq!(daemon.get(path).status, 404);
    }
    let page = daemon.get("/metrics").body;
    assert!(!page.contains("made") && !page.contains("/x\""), "{page}");
    assert!(page.ends_with("# EOF\n"));
}
