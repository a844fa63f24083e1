//! Signal, in this process, reports an emulated cluster to the real collector.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use heliograph_fleet::{Documents, Emulation};
use heliograph_signal::clock::Clock;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use heliograph_wire::id::Hour;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::TestCollector;

const CLUSTER: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";
const HOURS: i64 = 200;

/// The seed's cluster and a reporter of it.
struct Reporter {
    _cluster: Emulation,
    _state: TempDir,
    config: Config,
}

impl Reporter {
    fn new(sink: &str, key: &str) -> Reporter {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dcos-1.8");
        let cluster = Emulation::builder(Documents::from_dir(fixtures).unwrap())
            .start()
            .unwrap();
        let state = TempDir::new().unwrap();
        let text = json!({
            "enabled": true, "sink": sink, "write_key": key, "state_dir": state.path(), "cluster_id": CLUSTER,
            "gen_provider": "aws", "environment_version": "1.8",
            "diagnostics_urls": [cluster.diagnostics_url()], "cosmos_urls": [cluster.cosmos_url()],
            "mesos_urls": [cluster.metrics_url(), cluster.frameworks_url()],
        });
        let texts = [("signal.json".into(), text.to_string())];
        let (config, _) = config::from_texts(&texts, &Environment::default(), vec![]).unwrap();
        Reporter {
            _cluster: cluster,
            _state: state,
            config,
        }
    }

    fn report(&self, now: Timestamp) -> Exit {
        let environment = Environment::default();
        let stop = AtomicBool::new(false);
        let cycle = Cycle {
            config: &self.config,
            environment: &environment,
            clock: Clock::new(Some(now)),
            stop: &stop,
        };
        cycle.report(Asked::ByHand).unwrap()
    }
}

fn hour(number: i64) -> Timestamp {
    Hour::of("2026-11-01T00:30:00Z".parse().unwrap()).start()
        + std::time::Duration::from_secs(3600 * u64::try_from(number).unwrap())
}

fn ids(messages: &[Value]) -> BTreeSet<String> {
    messages
        .iter()
        .map(|message| message["messageId"].as_str().unwrap().to_owned())
        .collect()
}

/// The original lost half of what it sent.
#[test]
fn two_hundred_hours_are_six_hundred_messages_and_again_no_more() {
    let collector = TestCollector::start();
    let reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    for number in 0..HOURS {
        assert_eq!(reporter.report(hour(number)), Exit::Done);
    }
    let messages = collector.messages();
    assert_eq!(messages.len(), 600);
    let expected: BTreeSet<_> = (0..HOURS)
        .flat_map(|number| {
            ["health", "mesos_track", "package_list"]
                .map(|event| format!("{CLUSTER}:{event}:{}", Hour::of(hour(number))))
        })
        .collect();
    assert_eq!(ids(&messages), expected);

    for number in 0..HOURS {
        assert_eq!(reporter.report(hour(number)), Exit::Done);
    }
    assert_eq!(collector.messages(), messages);
}

/// What arrives is what the seed's page shows.
#[test]
fn the_seeds_example_arrives() {
    let collector = TestCollector::start();
    let reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    reporter.report(hour(7));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dcos-1.8/preview.json");
    let seed: Value = serde_json::from_str(&std::fs::read_to_string(fixture).unwrap()).unwrap();
    let messages = collector.messages();
    assert_eq!(messages.len(), 3);
    for message in messages {
        let expected = seed
            .as_object()
            .unwrap()
            .values()
            .find(|track| track["event"] == message["event"])
            .unwrap();
        assert_eq!(message["properties"], expected["properties"]);
        assert_eq!(message["anonymousId"], expected["anonymousId"]);
        assert_eq!(message["originalTimestamp"], "2026-11-01T07:00:00.000Z");
    }
}

/// Down for a while: nothing is lost, and nothing arrives twice.
#[test]
fn what_could_not_be_delivered_arrives_when_the_collector_is_back() {
    let mut collector = TestCollector::start();
    let reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    reporter.report(hour(0));
    collector.stop();
    let mut down = Reporter {
        config: Config {
            delivery_timeout: std::time::Duration::from_millis(20),
            ..reporter.config.clone()
        },
        ..reporter
    };
    for number in 1..30 {
        assert_eq!(down.report(hour(number)), Exit::Done);
    }
    collector.restart();
    down.config.sink = collector.url().parse().unwrap();
    down.config.delivery_timeout = std::time::Duration::from_secs(60);
    assert_eq!(down.report(hour(30)), Exit::Done);
    let messages = collector.messages();
    assert_eq!((messages.len(), ids(&messages).len()), (93, 93));
}
