//! A systemd that does not answer, is not there, or comes back: an honest answer at once, and the daemon recovers by itself.

use heliograph_diagnostics::document::node::PATH;
use heliograph_diagnostics::unit::Health;
use rustix::process::Signal;

use crate::daemon::Daemon;
use crate::sandbox::Setup;

/// Soon enough for a test.
const QUICK: &[(&str, &str)] = &[("SYSTEMD_TIMEOUT", "2s"), ("PROBE_INTERVAL", "500ms")];

fn setup() -> Option<Setup> {
    Some(
        Setup::new()?
            .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
            .wanted_by("sandbox.target", "dcos.target")
            .unit("dcos-a.service", "[Service]\nExecStart=/bin/sleep infinity\n")
            .wanted_by("dcos.target", "dcos-a.service"),
    )
}

/// Waits until all units together are so.
fn wait_until(daemon: &Daemon, health: Health, units: usize) {
    daemon.wait_for(&format!("{units} units, {health:?}"), |node| {
        (node.health() == health && node.units.len() == units).then_some(())
    });
}

#[test]
fn a_systemd_that_hangs_makes_its_units_unknown_until_it_answers() {
    let Some(setup) = setup() else { return };
    let sandbox = setup.start();
    let daemon = Daemon::of(&sandbox, QUICK);
    wait_until(&daemon, Health::Healthy, 1);

    sandbox.signal(Signal::STOP);
    let node = daemon.wait_for("a word that it does not answer", |node| {
        (node.health() == Health::Unknown).then(|| node.clone())
    });
    let problem = node.problem.unwrap();
    assert!(problem.contains("systemd has not answered"), "{problem}");
    let unit = &node.units[0];
    assert_eq!((unit.health, &unit.reason), (Health::Unknown, &problem));
    assert_eq!(unit.active_state, "active", "as it was last seen");
    assert!(node.age_ms.unwrap() >= 2000);

    sandbox.signal(Signal::CONT);
    wait_until(&daemon, Health::Healthy, 1);
    // And what happens from then on is seen.
    sandbox.systemctl(&["kill", "--signal=KILL", "dcos-a.service"]);
    wait_until(&daemon, Health::Unhealthy, 1);
}

#[test]
fn a_systemd_that_is_not_there_yet_is_waited_for() {
    let Some(setup) = setup() else { return };
    let bus = setup.bus();
    let daemon = Daemon::start(&[&[("BUS", bus.as_str())], QUICK].concat());
    let answer = daemon.get(PATH);
    assert_eq!(answer.status, 503);
    let node = daemon.wait_for("the reason", |node| {
        let problem = node.problem.as_deref()?;
        problem.contains("can't be reached").then(|| node.clone())
    });
    assert_eq!((node.health(), node.units.len()), (Health::Unknown, 0));
    let sandbox = setup.start();
    wait_until(&daemon, Health::Healthy, 1);
    assert_eq!(daemon.get(PATH).status, 200);
    // It goes away for good.
    drop(sandbox);
    wait_until(&daemon, Health::Unknown, 1);
}

#[test]
fn a_bus_or_a_systemd_that_begins_anew_is_found_again() {
    let Some(setup) = setup() else { return };
    let sandbox = setup.start();
    let daemon = Daemon::of(&sandbox, QUICK);
    wait_until(&daemon, Health::Healthy, 1);

    sandbox.systemctl(&["daemon-reexec"]);
    sandbox.systemctl(&["stop", "dcos-a.service"]);
    wait_until(&daemon, Health::Unhealthy, 1);

    // It hangs: what is asked is not even passed on.
    sandbox.systemctl(&["kill", "--signal=STOP", "dbus.service"]);
    let problem = daemon.wait_for("a word that nothing answers", |node| node.problem.clone());
    assert!(problem.contains("has not answered"), "{problem}");
    sandbox.systemctl(&["kill", "--signal=CONT", "dbus.service"]);
    wait_until(&daemon, Health::Unhealthy, 1);

    // Nobody restarts a bus on a machine that is to stay up, but it can die.
    sandbox.systemctl(&["kill", "--signal=KILL", "dbus.service"]);
    daemon.wait_for("the loss of the bus", |node| node.problem.clone());
    sandbox.systemctl(&["start", "dbus.service"]);
    wait_until(&daemon, Health::Unhealthy, 1);
    sandbox.systemctl(&["start", "dcos-a.service"]);
    wait_until(&daemon, Health::Healthy, 1);
}

#[test]
fn many_units_are_looked_at_within_bounds() {
    let Some(setup) = setup() else { return };
    let many: String = (0..1100)
        .map(|number| format!("Wants=dcos-many-{number:04}.service\n"))
        .collect();
    let sandbox = setup
        .unit(
            "dcos.target",
            &format!("[Unit]\nDescription=All units of the test\n{many}"),
        )
        .start();
    let daemon = Daemon::of(&sandbox, QUICK);
    let first = |active: &str| {
        daemon.wait_for(&format!("the first of 1024 units, {active}"), |node| {
            let first = node.units.first()?;
            let as_wanted = first.id == "dcos-a.service" && first.active_state == active;
            (as_wanted && node.units.len() == 1024).then_some(())
        });
    };
    first("active");
    // There are too many to be subscribed to one by one.
    sandbox.systemctl(&["stop", "dcos-a.service"]);
    first("inactive");
}

#[test]
fn units_that_come_and_go_are_followed() {
    let Some(setup) = setup() else { return };
    let sandbox = setup.start();
    let daemon = Daemon::of(&sandbox, QUICK);
    wait_until(&daemon, Health::Healthy, 1);

    sandbox.unit("dcos-b.service", "[Service]\nExecStart=/bin/false\n");
    sandbox.want("dcos.target", "dcos-b.service");
    sandbox.systemctl(&["daemon-reload"]);
    let reason = daemon.wait_for("the new unit", |node| {
        node.units.get(1).map(|unit| unit.reason.clone())
    });
    assert_eq!(reason, "inactive: it was never started");
    sandbox.run(&["systemctl", "start", "dcos-b.service"]);
    daemon.wait_for("its failure", |node| {
        let unit = node.units.get(1)?;
        (unit.reason == "failed: ended with status 1").then_some(())
    });
    // The cluster of one shows it, too, though it is not yet its turn again to be asked.
    let across = daemon.get("/system/health/v1/units/dcos-b.service").body;
    assert!(across.contains(r#""health":1"#), "{across}");
    std::fs::remove_file(
        sandbox
            .root()
            .join("etc/systemd/system/dcos.target.wants/dcos-b.service"),
    )
    .unwrap();
    sandbox.systemctl(&["daemon-reload"]);
    wait_until(&daemon, Health::Healthy, 1);
}
