//! Which units are looked at, on a real systemd.

use heliograph_diagnostics::document::node::NodeDocument;
use heliograph_diagnostics::unit::Health;

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, Setup};

const RUNS: &str = "[Service]\nExecStart=/bin/sleep infinity\n";
const INSTALLED: &str = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=sandbox.target\n";

fn sandbox() -> Option<Sandbox> {
    let setup = Setup::new()?
        .unit("on.service", INSTALLED)
        .wanted_by("sandbox.target", "on.service")
        .unit("off.service", INSTALLED)
        // Started by somebody, for now.
        .unit("now.service", RUNS)
        .unit("many@.service", INSTALLED)
        // Enabled, for a time that has not come.
        .unit(
            "later.service",
            &INSTALLED.replace("sandbox.target", "later.target"),
        )
        .file("etc/systemd/system/later.target", "[Unit]\n")
        .wanted_by("later.target", "later.service")
        .file(
            "etc/systemd/system/some.target",
            "[Unit]\nWants=now.service\nRequires=on.service\n",
        )
        .wanted_by("some.target", "gone.service");
    let sandbox = setup.start();
    sandbox.systemctl(&["enable", "--now", "many@one.service"]);
    sandbox.systemctl(&["start", "now.service"]);
    Some(sandbox)
}

#[test]
fn targets_patterns_names_and_what_is_enabled() {
    let Some(sandbox) = sandbox() else { return };
    for (units, except, expected) in [
        // A machine without dcos.target: what is enabled.
        ("", "", &["later.service", "many@one.service", "on.service"][..]),
        ("", "many*", &["later.service", "on.service"]),
        ("some.target", "", &["gone.service", "now.service", "on.service"]),
        // Loaded or enabled; not what is merely there, or merely wanted.
        (
            "*n*.service",
            "",
            &[
                "many@one.service",
                "now.service",
                "on.service",
                "systemd-journald.service",
            ],
        ),
        ("o*", "", &["on.service"]),
        (
            "off.service,nowhere.service",
            "",
            &["nowhere.service", "off.service"],
        ),
        (
            "off.service,o*.service,some.target",
            "gone.*",
            &["now.service", "off.service", "on.service"],
        ),
        ("nowhere.target", "", &[]),
    ] {
        let daemon = Daemon::of(&sandbox, &[("UNITS", units), ("EXCEPT", except)]);
        let found = daemon.wait_for("a first answer", |node| {
            let names = node.units.iter().map(|unit| unit.id.clone());
            node.updated.map(|_| names.collect::<Vec<_>>())
        });
        let found: Vec<_> = found
            .iter()
            .filter(|name| *name != "dbus.service" || units.starts_with('*'))
            .collect();
        assert_eq!(found, expected, "{units:?} {except:?}");
    }
}

#[test]
fn what_is_enabled_for_later_and_what_goes_by_two_names() {
    let Some(sandbox) = sandbox() else { return };
    std::os::unix::fs::symlink(
        "on.service",
        sandbox.root().join("etc/systemd/system/alias.service"),
    )
    .unwrap();
    sandbox.systemctl(&["daemon-reload"]);
    let later = |units: &str| {
        let daemon = Daemon::of(&sandbox, &[("UNITS", units)]);
        daemon.wait_for("the unit for later", |node| {
            let unit = node.units.iter().find(|unit| unit.id == "later.service")?;
            Some((unit.health, unit.reason.clone()))
        })
    };
    assert_eq!(later(""), (Health::Healthy, String::new()));
    let never = (Health::Unhealthy, "inactive: it was never started".to_owned());
    assert_eq!(later("later.service"), never);
    assert_eq!(later("later.target"), never);

    // An alias is the unit itself, and its changes are seen.
    let daemon = Daemon::of(&sandbox, &[("UNITS", "alias.service")]);
    let state = |node: &NodeDocument, state: &str| {
        let unit = node.units.first()?;
        (unit.id == "on.service" && unit.active_state == state && node.units.len() == 1).then_some(())
    };
    daemon.wait_for("the unit", |node| state(node, "active"));
    sandbox.systemctl(&["stop", "alias.service"]);
    daemon.wait_for("its stop", |node| state(node, "inactive"));
}
