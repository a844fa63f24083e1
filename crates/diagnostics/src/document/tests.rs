//! The documents of one cluster, beside those of the original about it: `fixtures/diagnostics`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::cluster::{Node, NodeDetail, Nodes, Unit, UnitDetail, Units};
use super::node::NodeDocument;
use super::report::{PIECE, Report};
use super::summary;
use crate::cluster::member::{Defaults, Entry};
use crate::cluster::membership::Listed;
use crate::cluster::node::ClusterNode;
use crate::cluster::view::ClusterView;
use crate::consumer::Consumer;
use crate::node::Taken;

const ALLOWANCE: usize = 1 << 20;

/// A file of the fixtures.
fn fixture(path: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/diagnostics");
    json(&std::fs::read_to_string(format!("{folder}/{path}")).unwrap())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// So long after the nodes answered.
fn moment(seconds: i64) -> Taken {
    let at: jiff::Timestamp = "2026-11-22T11:42:29.609402Z".parse().unwrap();
    Taken {
        at: at + Duration::from_secs(seconds.unsigned_abs()),
        uptime: Duration::from_secs(1000 + seconds.unsigned_abs()),
    }
}

/// The cluster: what its nodes answered at first, and then the third did no more.
fn view(nodes: [Value; 3]) -> Arc<ClusterView> {
    let mut known = BTreeMap::new();
    for said in nodes {
        let role = said["node_role"].as_str().unwrap().to_owned();
        let entry: Entry = format!("{role}={}", said["ip"].as_str().unwrap())
            .parse()
            .unwrap();
        let defaults = Defaults {
            master_port: 1050,
            agent_port: 1050,
        };
        let member = defaults.member(entry);
        let address = member.address.clone();
        let document: NodeDocument = serde_json::from_value(said).unwrap();
        let mut node =
            ClusterNode::new(Listed { member, named: true }).answered(document, moment(0), ALLOWANCE);
        if role == "agent_public" {
            node = node.failed("no answer within 3 s".to_owned());
        }
        known.insert(address, Arc::new(node));
    }
    Arc::new(ClusterView::new(&known, None, moment(60)))
}

fn originals() -> [Value; 3] {
    [
        fixture("nodes/10.0.0.11.json"),
        fixture("nodes/10.0.0.12.json"),
        fixture("nodes/10.0.0.13.json"),
    ]
}

fn report(view: &Arc<ClusterView>, journal: bool) -> Value {
    let pieces: Vec<_> = Report::new(Arc::clone(view), Consumer { journal }).collect();
    json(std::str::from_utf8(&pieces.concat()).unwrap())
}

/// All documents: name, the original's, ours, and what ours is expected to be.
fn documents(view: &Arc<ClusterView>, journal: bool) -> Vec<(&'static str, Value, Value, Value)> {
    let value = |document: &dyn erased::Document| document.value();
    let (now, consumer) = (moment(65), Consumer { journal });
    let (bar, foo) = (
        view.unit("dcos-bar.service").unwrap(),
        view.unit("dcos-foo.service").unwrap(),
    );
    let (m1, a1) = (view.node("10.0.0.11").unwrap(), view.node("10.0.0.12").unwrap());
    let failed = m1.node.unit("dcos-bar.service").unwrap();
    let document = |name: &'static str, ours: Value| {
        let of = |folder: &str| fixture(&format!("{folder}/{name}.json"));
        (name, of("original"), ours, of("expected"))
    };
    vec![
        document("report", report(view, journal)),
        document("units", value(&Units::of_cluster(view))),
        document("unit", value(&Unit::across(bar))),
        document("unit-nodes", value(&Nodes::of_unit(foo, now))),
        document("unit-node", value(&NodeDetail::new(m1, failed, &consumer, now))),
        document("nodes", value(&Nodes::of_cluster(view, now))),
        document("node", value(&Node::whole(m1, now))),
        document("node-units", value(&Units::of_node(&a1.node))),
        document(
            "node-unit",
            value(&UnitDetail::new(&m1.node, failed, &consumer, now)),
        ),
    ]
}

/// Documents of several types in one list.
mod erased {
    use super::{Serialize, Value};

    pub(super) trait Document {
        fn value(&self) -> Value;
    }

    impl<T: Serialize> Document for T {
        fn value(&self) -> Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[test]
fn documents_are_as_expected() {
    let view = view(originals());
    for (name, _, ours, expected) in documents(&view, true) {
        assert_eq!(ours, expected, "{name}: {ours:#}");
    }
}

/// Where ours differs from the original's on purpose.
const DIFFERENT: [&str; 8] = [
    // What is said in other words.
    "help",
    "Output",
    "UpdatedTime",
    "Timestamp",
    // The unit's there, not the whole node's.
    "unit-nodes health",
    // What was known of a node that does not answer is kept.
    "Host",
    "MesosID",
    // The nodes of a node's own units are left out.
    "Nodes[].Units[].Nodes",
];

/// Compares what the original has: ours must have it under the same name with the same type, and the same value where that is
/// not different on purpose.
fn compare(place: &str, original: &Value, ours: &Value) {
    let key = place.rsplit('.').next().unwrap_or_default();
    let on_purpose = DIFFERENT.contains(&key) || DIFFERENT.iter().any(|different| place.ends_with(different));
    match (original, ours) {
        (Value::Object(original), Value::Object(ours)) => {
            for (name, value) in original {
                let named = match place {
                    // Maps by name of a unit or address of a node.
                    "report.Units" | "report.Nodes" => format!("{place}[]"),
                    _ => format!("{place}.{name}"),
                };
                if DIFFERENT
                    .iter()
                    .any(|different| named.ends_with(different) && different.contains("[]"))
                {
                    assert!(!ours.contains_key(name), "{named}");
                    continue;
                }
                if key == "Output" {
                    let said = value.as_str().unwrap();
                    // Only that unit's, or all of the node's own; never empty ones.
                    let shown = ours.get(name).and_then(Value::as_str);
                    assert!(
                        shown.is_none_or(|shown| shown == said && !said.is_empty()),
                        "{named}"
                    );
                    continue;
                }
                let found = ours.get(name).unwrap_or_else(|| panic!("{named} is missing"));
                compare(&named, value, found);
            }
        }
        (Value::Array(original), Value::Array(ours)) => {
            assert_eq!(original.len(), ours.len(), "{place}");
            for (original, ours) in original.iter().zip(ours) {
                compare(&format!("{place}[]"), original, ours);
            }
        }
        (Value::Null, Value::Object(ours)) => assert!(ours.is_empty(), "{place}"),
        (Value::Null, Value::Array(ours)) => assert!(ours.is_empty(), "{place}"),
        (original, ours) => {
            let same_type = std::mem::discriminant(original) == std::mem::discriminant(ours);
            assert!(same_type, "{place}: {original} became {ours}");
            assert!(
                on_purpose || original == ours,
                "{place}: {original} became {ours}"
            );
        }
    }
}

#[test]
fn documents_have_the_originals_names_cases_and_types() {
    let view = view(originals());
    for (name, original, mut ours, _) in documents(&view, true) {
        if name == "unit-nodes" {
            // The node that does not answer is there too; the original leaves it out.
            assert_eq!(ours["nodes"][2]["host_ip"], "10.0.0.13");
            ours["nodes"].as_array_mut().unwrap().pop();
            // The unit is well on all nodes, of which one is not.
            assert_eq!(
                (&ours["nodes"][0]["health"], &original["nodes"][0]["health"]),
                (&json!(0), &json!(1))
            );
            ours["nodes"][0]["health"] = json!(1);
        }
        compare(name, &original, &ours);
    }
}

#[test]
fn what_our_nodes_say_makes_the_same_documents() {
    let [_, a1, p1] = originals();
    let ours = view([fixture("nodes/ours-10.0.0.11.json"), a1, p1]);
    for (name, _, document, mut expected) in documents(&ours, true) {
        let mut document = document;
        // It said how old its state was.
        for value in [&mut document, &mut expected] {
            strip(value, &["seen", "age_ms", "Timestamp"]);
        }
        assert_eq!(document, expected, "{name}");
    }
}

fn strip(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !keys.contains(&key.as_str()));
            map.values_mut().for_each(|value| strip(value, keys));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| strip(value, keys)),
        _ => {}
    }
}

#[test]
fn without_the_right_to_it_nobody_gets_journal_text() {
    let [_, a1, p1] = originals();
    for m1 in [
        fixture("nodes/10.0.0.11.json"),
        fixture("nodes/ours-10.0.0.11.json"),
    ] {
        let view = view([m1, a1.clone(), p1.clone()]);
        for (name, _, document, _) in documents(&view, false) {
            let text = document.to_string();
            assert!(!text.contains("bar line 1"), "{name}");
            if ["report", "unit-node", "node-unit"].contains(&name) {
                assert!(text.contains("Unit dcos-bar.service is failed"), "{name}");
            }
        }
    }
}

#[test]
fn the_summary_counts_what_the_report_says() {
    let view = view(originals());
    let summary = serde_json::to_value(summary::of(&view, moment(65).uptime)).unwrap();
    let unit = |total: u64, unhealthy: u64, unknown: u64| json!({"total": total, "unhealthy": unhealthy, "unknown": unknown});
    let nodes = |counts: [u64; 4]| json!({"healthy": counts[0], "unhealthy": counts[1], "unknown": counts[2], "unreachable": counts[3]});
    assert_eq!(
        summary,
        json!({
            "units": {"dcos-bar.service": unit(2, 1, 0), "dcos-baz.timer": unit(1, 0, 1), "dcos-foo.service": unit(2, 0, 1)},
            "nodes": {"master": nodes([0, 1, 0, 0]), "agent": nodes([1, 0, 0, 0]), "agent_public": nodes([0, 0, 1, 1])},
            "updated": "2026-11-22T11:43:29.609402Z",
            "age_ms": 65_000,
        })
    );
}

#[test]
fn empty_lists_are_lists() {
    let view = Arc::new(ClusterView::new([], None, moment(0)));
    assert_eq!(
        serde_json::to_value(Units::of_cluster(&view)).unwrap(),
        json!({"units": []})
    );
    assert_eq!(
        serde_json::to_value(Nodes::of_cluster(&view, moment(0))).unwrap(),
        json!({"nodes": []})
    );
    let expected = json!({"Units": {}, "Nodes": {}, "UpdatedTime": "2026-11-22T11:42:29.609402Z"});
    assert_eq!(report(&view, true), expected);
}

#[test]
fn a_report_comes_in_pieces_and_grows_with_nodes_and_units_alone() {
    let cluster = |nodes: u32, lines: usize| {
        let mut known = BTreeMap::new();
        for number in 0..nodes {
            let ip = std::net::Ipv4Addr::from_bits(0x0a00_0000 + number);
            let unit = |unit: u32| {
                let bad = unit == number % 30;
                let output = if bad {
                    format!("it failed\n{}", "line of the journal\n".repeat(lines))
                } else {
                    String::new()
                };
                json!({"id": format!("dcos-unit-{unit:02}.service"), "health": u8::from(bad), "output": output, "name": "A unit",
                    "description": "does something"})
            };
            let said = json!({"units": (0..30).map(unit).collect::<Vec<_>>(), "ip": ip, "node_role": "agent", "hostname": "host",
                "mesos_id": "S1"});
            let entry: Entry = ip.to_string().parse().unwrap();
            let member = Defaults {
                master_port: 1,
                agent_port: 1,
            }
            .member(entry);
            let address = member.address.clone();
            let node = ClusterNode::new(Listed { member, named: true });
            let document: NodeDocument = serde_json::from_value(said).unwrap();
            known.insert(address, Arc::new(node.answered(document, moment(0), ALLOWANCE)));
        }
        let view = Arc::new(ClusterView::new(&known, None, moment(0)));
        let pieces: Vec<_> = Report::new(view, Consumer { journal: true }).collect();
        assert!(pieces.iter().all(|piece| piece.len() < PIECE + 32 * 1024));
        json(std::str::from_utf8(&pieces.concat()).unwrap());
        pieces.iter().map(Vec::len).sum::<usize>()
    };
    let (small, large) = (cluster(20, 10), cluster(80, 10));
    assert!(large < small * 4 + small / 10, "{small} and {large} bytes");
    // Each output stands there twice: under its unit, and under its node.
    let more = cluster(20, 20) - small;
    assert_eq!(more, 2 * 20 * 10 * "line of the journal\\n".len());
}
