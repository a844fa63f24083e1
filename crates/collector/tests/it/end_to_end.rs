//! Signal, in this process, reports an emulated cluster to the real collector.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use heliograph_wire::id::Hour;
use serde_json::Value;

use crate::collector::TestCollector;
use crate::reporter::{CLUSTER, Reporter, hour};

const HOURS: u64 = 200;

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
        reporter.report(hour(number));
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
        reporter.report(hour(number));
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
    let mut reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    reporter.report(hour(0));
    collector.stop();
    reporter.config.delivery_timeout = Duration::from_millis(20);
    for number in 1..30 {
        reporter.report(hour(number));
    }
    collector.restart();
    reporter.config.sink = collector.url().parse().unwrap();
    reporter.config.delivery_timeout = Duration::from_secs(60);
    reporter.report(hour(30));
    let messages = collector.messages();
    assert_eq!((messages.len(), ids(&messages).len()), (93, 93));
}
