//! What is read of a unit that comes and goes, and of one that its administrator restarts: the measure of the judgement, on a real
//! systemd.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use heliograph_diagnostics::unit::Health;

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, Setup};

/// How long is read.
const LENGTH: Duration = Duration::from_secs(40);
/// How often.
const PACE: Duration = Duration::from_millis(97);

fn sandbox() -> Option<Sandbox> {
    let flapping = |program: &str| {
        format!(
            "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart={program}\nRestart=always\nRestartSec=2200ms\n"
        )
    };
    let mut setup = Setup::new()?
        .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
        .wanted_by("sandbox.target", "dcos.target")
        .unit("dcos-flap.service", &flapping("/bin/sh -c 'sleep 0.5; exit 1'"))
        .unit("dcos-flapwell.service", &flapping("/bin/sleep 0.5"))
        .unit(
            "dcos-restarted.service",
            "[Service]\nExecStart=/bin/sh -c 'trap \"sleep 2; exit\" TERM; sleep infinity & wait'\n",
        )
        .unit(
            "dcos-reloaded.service",
            "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/sleep 2\n",
        );
    for name in ["flap", "flapwell", "restarted", "reloaded"] {
        setup = setup.wanted_by("dcos.target", &format!("dcos-{name}.service"));
    }
    Some(setup.start())
}

#[test]
fn flapping_is_seen_and_a_restart_is_none() {
    let Some(sandbox) = sandbox() else { return };
    let daemon = Daemon::of(&sandbox, &[]);
    // Three restarts are what it takes.
    daemon.wait_for("the third restart", |node| {
        let flapping = |unit: &&_| -> bool { starts_with_flapping(unit) };
        (node.units.iter().filter(flapping).count() == 2).then_some(())
    });
    let mut readings: BTreeMap<String, Vec<(Health, String)>> = BTreeMap::new();
    let begin = Instant::now();
    let mut restarted = false;
    std::thread::scope(|scope| {
        while begin.elapsed() < LENGTH {
            if !restarted && begin.elapsed() > LENGTH / 4 {
                restarted = true;
                scope.spawn(|| {
                    sandbox.systemctl(&["restart", "dcos-restarted.service"]);
                    sandbox.systemctl(&["reload", "dcos-reloaded.service"]);
                });
            }
            for unit in daemon.node().units {
                let readings = readings.entry(unit.id).or_default();
                readings.push((unit.health, format!("{} {}", unit.active_state, unit.reason)));
            }
            sleep(PACE);
        }
    });
    for name in ["dcos-flap.service", "dcos-flapwell.service"] {
        let readings = &readings[name];
        let unhealthy = readings
            .iter()
            .filter(|(health, _)| *health == Health::Unhealthy)
            .count();
        assert!(
            unhealthy * 100 >= readings.len() * 95,
            "{name}: {unhealthy} of {}",
            readings.len()
        );
        // Not because it was never up.
        assert!(readings.iter().any(|(_, text)| text.starts_with("active ")));
    }
    for (name, state) in [
        ("dcos-restarted.service", "deactivating "),
        ("dcos-reloaded.service", "reloading "),
    ] {
        let readings = &readings[name];
        let wrong: Vec<_> = readings
            .iter()
            .filter(|(health, _)| *health != Health::Healthy)
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        assert!(
            readings.iter().any(|(_, text)| text.starts_with(state)),
            "{name} was never seen {state}"
        );
    }
}

fn starts_with_flapping(unit: &heliograph_diagnostics::document::node::UnitDocument) -> bool {
    unit.reason.starts_with("flapping")
}
