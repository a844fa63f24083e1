//! Which units are looked at, on a real systemd.

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
        ("", "", &["many@one.service", "on.service"][..]),
        ("", "many*", &["on.service"]),
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
