//! Generated documents against the recorded ones.

use std::collections::{BTreeMap, BTreeSet};

use heliograph_fleet::spec::Release;
use heliograph_fleet::{ClusterSpec, Documents, Source};
use serde_json::Value;

use crate::emulation::recorded;
use crate::truth::{parsed, sick, text};

#[test]
fn a_seed_is_a_cluster() {
    let spec = sick(Release::V1_10, 5);
    let documents = Documents::generate(&spec);
    assert!(documents == Documents::generate(&spec));
    let other = Documents::generate(&ClusterSpec { seed: 6, ..spec });
    for source in Source::ALL {
        assert!(documents.of(source) != other.of(source), "{source}");
    }
}

#[test]
fn nodes_of_a_unit_come_in_no_order() {
    let documents = Documents::generate(&ClusterSpec::sized(60));
    let report = parsed(&documents.health);
    let nodes = report["Units"]["dcos-epmd.service"]["Nodes"].as_array().unwrap();
    let ips: Vec<_> = nodes.iter().map(|node| text(&node["IP"])).collect();
    let mut sorted = ips.clone();
    sorted.sort();
    assert_ne!(ips, sorted);
    let keys: Vec<_> = report["Nodes"].as_object().unwrap().keys().cloned().collect();
    assert!(keys.is_sorted());
}

/// The sizes of 1.10's reports: measured on the original with 2 % of the nodes having a failing unit.
#[test]
fn reports_are_as_large_as_real_ones() {
    for (nodes, real) in [(3, 0.148), (100, 4.72), (1000, 46.0)] {
        let documents = Documents::generate(&ClusterSpec::sized(nodes));
        #[allow(clippy::cast_precision_loss, reason = "a size to be compared with megabytes")]
        let size = documents.health.len() as f64 / 1e6;
        assert!(
            (size / real - 1.0).abs() < 0.05,
            "{nodes} nodes: {size} MB, not {real}"
        );
    }
}

/// The sets of keys of the objects at each place of a document, names of units and nodes written as `*`.
fn shape(value: &Value, place: &str, shapes: &mut BTreeMap<String, BTreeSet<Vec<String>>>) {
    match value {
        Value::Object(members) => {
            let maps = ["/Units", "/Nodes", "/Output"]
                .iter()
                .any(|name| place.ends_with(name));
            if !maps {
                shapes
                    .entry(place.to_owned())
                    .or_default()
                    .insert(members.keys().cloned().collect());
            }
            for (key, member) in members {
                shape(
                    member,
                    &format!("{place}/{}", if maps { "*" } else { key }),
                    shapes,
                );
            }
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| shape(element, &format!("{place}/[]"), shapes)),
        Value::Null => drop(shapes.entry(format!("{place} null")).or_default()),
        Value::Bool(_) => drop(shapes.entry(format!("{place} bool")).or_default()),
        Value::Number(number) => drop(
            shapes
                .entry(format!(
                    "{place} {}",
                    if number.is_f64() { "float" } else { "int" }
                ))
                .or_default(),
        ),
        Value::String(_) => drop(shapes.entry(format!("{place} string")).or_default()),
    }
}

#[test]
fn shapes_are_those_of_the_recorded_clusters() {
    let healthy = ClusterSpec {
        release: Release::V1_8,
        ..ClusterSpec::default()
    };
    for (recording, spec) in [("dcos-1.8", healthy), ("dcos-1.10", sick(Release::V1_10, 7))] {
        let (recorded, made) = (recorded(recording), Documents::generate(&spec));
        for source in Source::ALL {
            let shape = |documents: &Documents| {
                let mut shapes = BTreeMap::new();
                shape(&parsed(documents.of(source)), "", &mut shapes);
                shapes
            };
            assert_eq!(shape(&made), shape(&recorded), "{recording} {source}");
        }
        let head = |documents: &Documents| documents.health[..250].to_vec();
        let order = |documents: &Documents| {
            String::from_utf8(head(documents))
                .unwrap()
                .split('"')
                .filter(|word| word.starts_with(char::is_uppercase))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(order(&made), order(&recorded), "keys stand in the same order");
        assert_eq!(made.health.last(), recorded.health.last());
    }
}

#[test]
fn units_are_those_of_the_recorded_clusters() {
    let three = |release| ClusterSpec {
        release,
        ..ClusterSpec::default()
    };
    for (recording, spec) in [
        ("dcos-1.8", three(Release::V1_8)),
        ("dcos-1.10", three(Release::V1_10)),
    ] {
        let by_role = |documents: &Documents| {
            let mut units = BTreeSet::new();
            for (name, unit) in parsed(&documents.health)["Units"].as_object().unwrap() {
                for node in unit["Nodes"].as_array().unwrap() {
                    units.insert((
                        text(&node["Role"]),
                        name.clone(),
                        text(&unit["PrettyName"]),
                        text(&unit["Title"]),
                    ));
                }
            }
            units
        };
        assert_eq!(
            by_role(&Documents::generate(&spec)),
            by_role(&recorded(recording))
        );
    }
}
