//! Clocks that jump a year, in both directions, under a relay that runs: browsers are answered as before, nothing counts twice, and what
//! waits is judged by its age as signal judges it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use heliograph_relay::config::{Config, Listen};
use heliograph_relay::server::Relay;
use heliograph_signal::clock::Clock;
use heliograph_signal::cycle::Asked;
use heliograph_signal::environment::Environment;
use jiff::Timestamp;
use listenfd::ListenFd;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::host::{Host, as_signal_at, ask, batch, view};

const YEAR: Duration = Duration::from_hours(365 * 24);
/// How long before it is sent a page is viewed.
const EARLIER: Duration = Duration::from_secs(30);

/// A host whose clock is moved by hand, and a relay in this process.
struct Stage {
    host: Host,
    /// When the test began, by a clock that is right. Files are dated by it.
    begun: Timestamp,
    now: Arc<AtomicI64>,
    place: std::net::SocketAddr,
    _relay: Relay,
    _runtime: Runtime,
}

impl Stage {
    fn new(telemetry: &str) -> Stage {
        let host = Host::configured(telemetry, &[]);
        let begun = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let now = Arc::new(AtomicI64::new(begun.as_second()));
        let config = Config {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            signal_config: Some(host.path("signal.toml")),
            client_burst: 1000,
            ..Config::default()
        };
        let told = Arc::clone(&now);
        let dates = Box::new(move || standing(&told));
        let runtime = Runtime::new().unwrap();
        let started = Relay::start(config, Environment::default(), ListenFd::empty(), dates);
        let relay = runtime.block_on(started).unwrap();
        let [Listen::Tcp(place)] = relay.places() else {
            panic!()
        };
        Stage {
            place: *place,
            host,
            begun,
            now,
            _relay: relay,
            _runtime: runtime,
        }
    }

    /// From now on it is that.
    fn set(&self, now: Timestamp) {
        self.now.store(now.as_second(), Ordering::SeqCst);
    }

    /// A browser, whose clock is right, tells of a page that it has just shown. The status that it is answered.
    fn tell(&self, n: usize) -> u16 {
        let mut message = view(n);
        message["timestamp"] = (self.begun - EARLIER).to_string().into();
        let mut body = batch(&[message]);
        body["sentAt"] = self.begun.to_string().into();
        let path = "/telemetry/v1/batch";
        let answer = ask(self.place, "POST", path, &[], body.to_string().as_bytes());
        self.date_files();
        answer.status
    }

    /// Dates what was just kept by the host's clock, as its file system would.
    fn date_files(&self) {
        let now = standing(&self.now).now();
        for path in self.host.files().into_keys() {
            let is_new = |file: &fs::File| {
                let written = file.metadata().unwrap().modified().unwrap();
                SystemTime::from(self.begun) < written && written <= SystemTime::now()
            };
            let file = fs::File::options().write(true).open(&path).unwrap();
            if path.extension().is_some_and(|ending| ending == "ui") && is_new(&file) {
                file.set_modified(now.into()).unwrap();
            }
        }
    }

    /// Signal's report of this moment, which delivers what waits. Returns all that the sink has got.
    fn deliver(&self) -> Vec<Value> {
        let file = self.host.path("signal.toml");
        as_signal_at(standing(&self.now), &file, |signal| {
            signal.report(Asked::ByHand).unwrap()
        });
        self.host.sink.messages()
    }
}

fn standing(now: &AtomicI64) -> Clock {
    Clock::standing(Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap())
}

fn ids(messages: &[Value]) -> BTreeSet<&str> {
    messages
        .iter()
        .map(|message| message["messageId"].as_str().unwrap())
        .collect()
}

#[test]
fn what_browsers_tell_is_taken_and_delivered_once_whatever_the_date() {
    let stage = Stage::new("enabled = true");
    let begun = stage.begun;
    let jumps = [begun, begun + YEAR, begun, begun - YEAR, begun];
    for (n, now) in jumps.into_iter().enumerate() {
        stage.set(now);
        // Also one that comes again, and one of before the jump that does.
        for n in [n, n, n.saturating_sub(1)] {
            assert_eq!(stage.tell(n), 200, "{n} at {now}");
        }
        let arrived = stage.deliver();
        assert_eq!(
            (arrived.len(), ids(&arrived).len()),
            (n + 1, n + 1),
            "at {now}: {arrived:#?}"
        );
        // It is dated by the host's clock, and says by how much the browser's differs: whoever knows better can set it right.
        let message = arrived.last().unwrap();
        let at: Timestamp = message["timestamp"].as_str().unwrap().parse().unwrap();
        assert_eq!(at, now - EARLIER, "{message:#}");
        let drift = message["context"].get("drift").and_then(Value::as_i64);
        let expected = Some(now.as_second() - begun.as_second()).filter(|drift| *drift != 0);
        assert_eq!(drift, expected, "{message:#}");
    }
    assert!(stage.host.status().contains("0 for space, 0 for age"));
}

/// While nothing is delivered: what seems older than `spool_max_age` is dropped, and counted, as signal does it; nothing else is lost.
#[test]
fn what_waits_is_dropped_for_its_age_alone_and_counted() {
    let stage = Stage::new("enabled = true");
    let begun = stage.begun;
    for (n, (now, for_age)) in [
        (begun, 0),
        // What was kept before the jump is a year old.
        (begun + YEAR, 1),
        (begun, 1),
        (begun - YEAR, 1),
        // What was kept while the clock was behind is, now.
        (begun, 2),
    ]
    .into_iter()
    .enumerate()
    {
        stage.set(now);
        assert_eq!(stage.tell(n), 200, "at {now}");
        let status = stage.host.status();
        let dropped = format!("0 for space, {for_age} for age");
        assert!(
            status.contains(&dropped) || for_age == 0,
            "{dropped} at {now}: {status}"
        );
    }
    let arrived = stage.deliver();
    let expected = [1, 2, 4].map(|n| format!("{n:032x}"));
    assert_eq!(ids(&arrived), expected.iter().map(String::as_str).collect());
    assert_eq!(arrived.len(), expected.len(), "each once");
}

/// The notice was shown, and its period runs: a clock that falls behind does not end it, and one that was ahead for a while leaves it as
/// it was.
#[test]
fn a_notice_period_holds_again_when_the_clock_does() {
    let stage = Stage::new("");
    let begun = stage.begun;
    assert_eq!(stage.deliver(), Vec::<Value>::new());
    for (now, status) in [
        (begun, 204),
        (begun - YEAR, 204),
        (begun + YEAR, 200),
        (begun, 204),
    ] {
        stage.set(now);
        // What the gate said a moment ago is believed for that long.
        std::thread::sleep(heliograph_relay::cluster::BELIEVED);
        assert_eq!(stage.tell(1), status, "at {now}");
    }
    assert_eq!(stage.deliver(), Vec::<Value>::new(), "nothing leaves");
}
