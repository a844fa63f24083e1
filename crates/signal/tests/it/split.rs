//! Reports that are larger than a message may be: they are split, nothing is lost, nothing arrives twice, and neither a message
//! nor a request is larger than Segment takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use heliograph_fleet::Documents;
use serde_json::{Map, Value, json};

use crate::cluster::{CLUSTER_ID, Cluster, NOW, previewed};
use crate::small;
use crate::value::assert_equal;

/// Segment's limits, in bytes and messages.
const MAX_MESSAGE: usize = 32 * 1024;
const MAX_REQUEST: usize = 500 * 1024;
const MAX_MESSAGES: usize = 2500;

/// Nodes of the large cluster, and units that differ.
const NODES: usize = 5000;
const UNITS: usize = 3000;

/// A health report of 5,000 nodes; each unit runs on three of them, on every fifth the first is unhealthy and on every seventh
/// the last is unknown.
fn many_units() -> Documents {
    let ip = |node: usize| format!("10.66.{}.{}", node / 250, node % 250);
    let name = |unit: usize| format!("team-{unit}-what-it-does-in-a-few-words.service");
    let unit = |unit: usize| {
        let node = |place: usize| {
            let text = if place == 0 && unit.is_multiple_of(5) {
                "down"
            } else {
                ""
            };
            json!({"IP": ip((unit * 3 + place) % NODES), "Output": {name(unit): text}})
        };
        let lost = if unit.is_multiple_of(7) {
            json!([ip((unit * 3 + 3) % NODES)])
        } else {
            json!([])
        };
        (
            name(unit),
            json!({"UnitName": name(unit), "Nodes": [node(0), node(1), node(2)], "Unknown": lost}),
        )
    };
    let node = |node: usize| (ip(node), json!({"IP": ip(node), "Role": "agent", "Health": 0}));
    let report = json!({
        "Units": (0..UNITS).map(unit).collect::<Map<_, _>>(),
        "Nodes": (0..NODES).map(node).collect::<Map<_, _>>(),
    });
    Documents {
        health: bytes(&report),
        ..small::documents()
    }
}

fn bytes(document: &Value) -> Arc<[u8]> {
    serde_json::to_vec(document).unwrap().into()
}

/// Runs a report, checks all limits, and returns the messages of each event, in the order of their ordinals.
#[track_caller]
fn reported(cluster: &Cluster) -> BTreeMap<String, Vec<Value>> {
    cluster.run(&["report", "--now", NOW]).exits(0).has_no_complaint();
    let mut events: BTreeMap<String, Vec<(usize, Value)>> = BTreeMap::new();
    for request in cluster.sink.requests() {
        assert!(
            request.body.len() <= MAX_REQUEST,
            "a request of {} bytes",
            request.body.len()
        );
        assert!(
            request.messages().len() <= MAX_MESSAGES,
            "{} messages in a request",
            request.messages().len()
        );
        for message in request.messages() {
            let size = message.to_string().len();
            assert!(size <= MAX_MESSAGE, "a message of {size} bytes");
            let event = message["event"].as_str().unwrap().to_owned();
            let id = message["messageId"].as_str().unwrap();
            let first = format!("{CLUSTER_ID}:{event}:2026-11-22T11Z");
            let ordinal = match id.strip_prefix(&first).unwrap().strip_prefix(':') {
                None => 1,
                Some(ordinal) => ordinal.parse().unwrap(),
            };
            events.entry(event).or_default().push((ordinal, message));
        }
    }
    let ordered = |mut messages: Vec<(usize, Value)>| {
        messages.sort_by_key(|(ordinal, _)| *ordinal);
        let ordinals = messages.iter().map(|(ordinal, _)| *ordinal);
        assert!(
            ordinals.eq(1..=messages.len()),
            "ordinals count from 1 without a gap"
        );
        messages.into_iter().map(|(_, message)| message).collect()
    };
    events
        .into_iter()
        .map(|(event, messages)| (event, ordered(messages)))
        .collect()
}

/// All properties of an event's messages, lists put together again. Fails when another one comes twice, or when a common one is
/// missing anywhere.
#[track_caller]
fn united(messages: &[Value]) -> Value {
    let common = [
        "clusterId",
        "customerKey",
        "environmentVersion",
        "provider",
        "source",
        "variant",
    ];
    let mut all = Map::new();
    for message in messages {
        let properties = message["properties"].as_object().unwrap();
        for name in common {
            assert!(
                properties.contains_key(name),
                "{name} is missing in {}",
                message["messageId"]
            );
        }
        assert!(
            properties.len() > common.len(),
            "{} tells nothing",
            message["messageId"]
        );
        for (name, value) in properties {
            match (all.get_mut(name), value) {
                (Some(Value::Array(list)), Value::Array(more)) => list.extend(more.iter().cloned()),
                (Some(before), value) => {
                    assert!(common.contains(&name.as_str()), "{name} arrives twice");
                    assert_eq!(before, value);
                }
                (None, value) => {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(all)
}

#[test]
fn thousands_of_units_arrive_exactly_once() {
    let cluster = Cluster::of(many_units()).set("names", "all");
    let shown = previewed(&cluster.run(&["preview"]).exits(0).json());
    let counts = shown["health"].as_object().unwrap();
    let unknown = (0..UNITS).filter(|unit| unit.is_multiple_of(7)).count();
    let expected = 2 * UNITS + unknown + 6;
    assert_eq!(counts.len(), expected, "the preview shows all in one");

    let sent = reported(&cluster);
    assert!(sent["health"].len() > 5, "{} messages", sent["health"].len());
    assert_equal(&united(&sent["health"]), &shown["health"]);
    assert_eq!(
        sent["package_list"].len(),
        1,
        "what fits into a message is one message"
    );
}

#[test]
fn under_the_catalogue_the_same_report_is_one_message() {
    let sent = reported(&Cluster::of(many_units()));
    assert_eq!(sent["health"].len(), 1);
    let properties = &sent["health"][0]["properties"];
    assert_eq!(properties["health-unit-other-total"], 3 * UNITS);
    assert_eq!(properties["health-unit-other-unhealthy"], UNITS.div_ceil(5));
    assert_eq!(properties["health-unit-other-unknown"], UNITS.div_ceil(7));
}

#[test]
fn long_lists_of_packages_and_frameworks_arrive_whole_and_in_order() {
    let package = |n: usize| json!({"packageInformation": {"packageDefinition": {"name": format!("package-{n}-{}", "ä".repeat(n % 40))}}});
    let framework = |n: usize| json!({"name": format!("framework \"{n}\"")});
    let cluster = Cluster::of(Documents {
        cosmos: bytes(&json!({"packages": (0..9000).map(package).collect::<Value>()})),
        frameworks: bytes(&json!({"frameworks": (0..4000).map(framework).collect::<Value>()})),
        ..small::documents()
    })
    .set("names", "all");
    let shown = previewed(&cluster.run(&["preview"]).exits(0).json());
    let sent = reported(&cluster);
    for event in ["package_list", "mesos_track"] {
        assert!(sent[event].len() > 2, "{event}: {} messages", sent[event].len());
        assert_equal(&united(&sent[event]), &shown[event]);
    }
    assert_eq!(
        shown["package_list"]["package_list"].as_array().unwrap().len(),
        9000
    );
}

#[test]
fn one_enormous_name_costs_its_rest() {
    let name = "n".repeat(100_000);
    let cluster = Cluster::of(Documents {
        cosmos: bytes(&json!({"packages": [{"packageInformation": {"packageDefinition": {"name": name}}}]})),
        ..small::documents()
    })
    .set("names", "all");
    let sent = reported(&cluster);
    let told = sent["package_list"][0]["properties"]["package_list"][0]["name"]
        .as_str()
        .unwrap();
    assert!(
        (100..MAX_MESSAGE).contains(&told.len()),
        "{} bytes of the name",
        told.len()
    );
}
