//! Whole fleets: their messages and their truth against each other, by a reader that knows nothing of how they were made.

mod command;
mod recount;
mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use heliograph_fleet::generate::{Fleet, FleetTruth, Preset, Settings};
use heliograph_wire::id::{ClusterId, Hour, MessageId, ReporterId};
use heliograph_wire::plan::Plan;
use heliograph_wire::segment::MAX_MESSAGE;
use serde_json::Value;

fn run(settings: &Settings) -> (Vec<Vec<u8>>, FleetTruth) {
    let mut lines = Vec::new();
    let truth = Fleet::new(settings).run(|message| -> Result<(), Infallible> {
        lines.push(message.text.to_vec());
        Ok(())
    });
    (lines, truth.unwrap())
}

fn small() -> Settings {
    Preset::Small.settings()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    let (lines, truth) = run(&small());
    assert!((lines.clone(), truth.clone()) == run(&small()));
    let other = run(&Settings { seed: 2, ..small() });
    assert!(lines != other.0 && truth != other.1);
    // One installation more changes nothing for the others.
    let more = run(&Settings {
        installations: 41,
        ..small()
    });
    let others: BTreeSet<_> = more.0.iter().collect();
    let kept = lines.iter().filter(|line| others.contains(line)).count();
    assert_eq!(kept, lines.len());
}

#[test]
fn messages_are_what_signal_sends() {
    let (lines, truth) = run(&Settings {
        installations: 25,
        days: 2,
        unreachable: 0.02,
        ..small()
    });
    assert_eq!(u64::try_from(lines.len()).unwrap(), truth.messages.sent);
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for line in &lines {
        assert!(line.len() < MAX_MESSAGE);
        let message: Value = serde_json::from_slice(line).unwrap();
        let (event, id) = (text(&message, "event"), text(&message, "anonymousId"));
        let keys: Vec<_> = message.as_object().unwrap().keys().cloned().collect();
        let mut expected = vec![
            "anonymousId",
            "context",
            "event",
            "messageId",
            "properties",
            "timestamp",
            "type",
        ];
        let mut properties = message["properties"].as_object().unwrap().clone();
        if properties.contains_key("licenseId") {
            expected.push("userId");
            assert_eq!(message["userId"], properties["customerKey"]);
        }
        assert_eq!(keys, expected);
        // The id is that of cluster, event and hour; the time lies within that hour.
        let cluster: ClusterId = id.parse().unwrap();
        let named: MessageId = text(&message, "messageId").parse().unwrap();
        assert!(named.is_of(&cluster) && named.event() == event && named.part() == 1);
        let hour: Hour = format!("{}Z", &text(&message, "timestamp")[..13])
            .parse()
            .unwrap();
        assert_eq!(named.hour(), hour);
        assert!(
            text(&message["context"], "reporter")
                .parse::<ReporterId>()
                .is_ok()
        );
        assert_eq!(message["context"]["library"]["name"], "heliograph-signal");
        assert_eq!(
            message["timestamp"].as_str().unwrap().len(),
            "2026-11-22T11:52:54.007Z".len()
        );
        // Properties are sorted and compact, all of them planned, as is `provider`.
        let sorted = serde_json::to_string(&properties).unwrap();
        let line = std::str::from_utf8(line).unwrap();
        assert!(
            line.contains(&format!("\"properties\":{sorted},\"context\"")),
            "{line}"
        );
        names.extend(properties.keys().cloned());
        let provider = Plan::built_in().property("health", "provider").unwrap();
        let stated = text(&message["properties"], "provider");
        assert_eq!(provider.canonical(stated).as_deref(), Some(stated));
        assert_eq!(
            Plan::built_in().filter(event, &mut properties),
            Vec::<String>::new()
        );
        *events.entry(event.to_owned()).or_default() += 1;
    }
    assert_eq!(
        events.keys().collect::<Vec<_>>(),
        ["health", "mesos_track", "package_list"]
    );
    for name in [
        "nodes-unreachable",
        "health-unit-dcos-epmd-service-unknown",
        "licenseId",
        "frameworks",
    ] {
        assert!(names.contains(name), "{name}");
    }
    let units = names
        .iter()
        .filter(|name| name.starts_with("health-unit-") && name.ends_with("-total"));
    assert_eq!(units.count(), 52);
}
