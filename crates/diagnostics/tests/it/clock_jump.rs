//! Clocks that jump a year, in both directions: what is believed, and for how long, goes by the clock that never jumps. The time of day
//! only dates documents.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use heliograph_diagnostics::clock::{Clock, SystemClock};
use heliograph_diagnostics::config::Config;
use heliograph_diagnostics::server::{Diagnostics, Sources};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::daemon::{Answer, ask, wait};
use crate::sandbox::{PATIENCE, Sandbox, Setup};
use crate::scripted::{Says, Scripted, document, unit};

const NOW: &str = "2026-11-22T12:00:00Z";
const NEXT_YEAR: &str = "2027-11-22T12:00:00Z";
const LAST_YEAR: &str = "2025-11-22T12:00:00Z";
/// Older than this nothing is that was seen a moment ago, however busy the machine.
const MOMENT_MS: u64 = 60_000;

/// A time of day that is moved by hand; the other clock is the machine's.
struct HandClock(AtomicI64);

impl HandClock {
    fn set(&self, now: &str) {
        let now: Timestamp = now.parse().unwrap();
        self.0.store(now.as_second(), Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}

/// A daemon in this process, which looks at a real systemd and at one more node.
struct Watch {
    clock: Arc<HandClock>,
    place: String,
    _daemon: Diagnostics,
    _runtime: Runtime,
}

impl Watch {
    fn of(sandbox: &Sandbox, other: &Scripted) -> Watch {
        let clock = Arc::new(HandClock(AtomicI64::new(0)));
        clock.set(NOW);
        let settings = [
            ("listen", "127.0.0.1:0".to_owned()),
            ("bus", sandbox.bus()),
            (
                "unit_path",
                sandbox.root().join("etc/systemd/system").display().to_string(),
            ),
            ("systemd_timeout", "2s".to_owned()),
            ("probe_interval", "200ms".to_owned()),
            ("ip", "10.1.2.3".to_owned()),
            ("members", format!("self,{}", other.address)),
            ("pull_interval", "200ms".to_owned()),
            ("pull_timeout", "2s".to_owned()),
        ];
        let config = Config::read(None, &settings.map(|(key, value)| (key.to_owned(), value))).unwrap();
        let runtime = Runtime::new().unwrap();
        let sources = Sources {
            clock: clock.clone(),
            ..Sources::default()
        };
        let daemon = runtime.block_on(Diagnostics::start(&config, sources)).unwrap();
        Watch {
            clock,
            place: daemon.places()[0].strip_prefix("http://").unwrap().to_owned(),
            _daemon: daemon,
            _runtime: runtime,
        }
    }

    fn get(&self, path: &str) -> Answer {
        let stream = TcpStream::connect(&self.place).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        ask(stream, path)
    }

    /// This machine's document.
    fn own(&self) -> Value {
        serde_json::from_str(&self.get("/system/health/v1").body).unwrap()
    }

    /// The other node, as the cluster's master shows it.
    fn other(&self) -> Value {
        // Before it was asked first, there is no such node.
        let answer = self.get("/system/health/v1/nodes/127.0.0.1");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Waits until both are so, and dated by this year.
    #[track_caller]
    fn are(&self, own: u8, other: u8, year: &str) {
        let dated = |node: &Value, field: &str| node[field].as_str().is_some_and(|at| at.starts_with(year));
        let what = format!("{own} and {other} in {year}");
        wait(&what, || {
            let (here, there) = (self.own(), self.other());
            let so = here["health"] == json!(own) && there["health"] == json!(other);
            (so && dated(&here, "updated") && dated(&there, "seen")).then_some(())
        });
    }

    /// Fails where what was seen a moment ago is not believed any more, or is not from a moment ago.
    #[track_caller]
    fn are_believed(&self, own: u8, other: u8) {
        for (node, health) in [(self.own(), own), (self.other(), other)] {
            assert_eq!(node["health"], json!(health), "{node:#}");
            assert!(node["age_ms"].as_u64().unwrap() < MOMENT_MS, "{node:#}");
        }
        let metrics = self.get("/metrics").body;
        for name in ["systemd_age_seconds", "cluster_age_seconds"] {
            let name = format!("heliograph_diagnostics_{name} ");
            let age = metrics.lines().find_map(|line| line.strip_prefix(&name));
            let age: f64 = age.unwrap_or_else(|| panic!("{name}{metrics}")).parse().unwrap();
            assert!((0.0..60.0).contains(&age), "{name}{age}");
        }
    }
}

#[test]
fn what_is_known_stays_known_and_what_falls_silent_is_unknown() {
    let Some(setup) = Setup::new() else { return };
    let sandbox = setup
        .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
        .wanted_by("sandbox.target", "dcos.target")
        .unit("dcos-a.service", "[Service]\nExecStart=/bin/sleep infinity\n")
        .wanted_by("dcos.target", "dcos-a.service")
        .start();
    let healthy = document("a1", "agent", &[unit("a", 0)]);
    let other = Scripted::node(&healthy);
    let watch = Watch::of(&sandbox, &other);
    watch.are(0, 0, "2026");
    for (now, year) in [
        (NEXT_YEAR, "2027"),
        (NOW, "2026"),
        (LAST_YEAR, "2025"),
        (NOW, "2026"),
    ] {
        watch.clock.set(now);
        // Nothing has got older by it, nor younger, and all are looked at as before.
        watch.are_believed(0, 0);
        watch.are(0, 0, year);

        // What happens is seen.
        sandbox.systemctl(&["stop", "dcos-a.service"]);
        other.answer(&document("a1", "agent", &[unit("a", 1)]));
        watch.are(1, 1, year);
        sandbox.systemctl(&["start", "dcos-a.service"]);
        other.answer(&healthy);
        watch.are(0, 0, year);
    }

    // What falls silent is not held for known until a clock that was ahead has caught up.
    watch.clock.set(NEXT_YEAR);
    watch.are(0, 0, "2027");
    other.say(Says::Nothing);
    watch.clock.set(NOW);
    wait("a node that is silent", || {
        (watch.other()["health"] == json!(3)).then_some(())
    });
    other.answer(&healthy);
    watch.are(0, 0, "2026");
}
