//! The truth against a plain count of the documents.

use heliograph_fleet::spec::{FailingSpec, Failure, Release, Totals};
use heliograph_fleet::truth::{MesosTruth, PackageTruth, UnitTruth};
use heliograph_fleet::{ClusterSpec, Documents, Source, Truth};
use serde_json::Value;

pub(crate) fn sick(release: Release, seed: u64) -> ClusterSpec {
    ClusterSpec {
        seed,
        release,
        masters: 3,
        agents: 20,
        public_agents: 4,
        failing: FailingSpec::Share(0.3),
        unreachable: 3,
        packages: ClusterSpec::package_names(23),
        frameworks: ClusterSpec::framework_names(5),
        used: 0.4,
        tasks: 17,
        ..ClusterSpec::default()
    }
}

pub(crate) fn parsed(document: &[u8]) -> Value {
    serde_json::from_slice(document).unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What one sees who reads the documents without knowing the spec.
fn counted(documents: &Documents) -> Truth {
    let [health, cosmos, frameworks, metrics] = Source::ALL.map(|source| parsed(documents.of(source)));
    let nodes = health["Nodes"].as_object().unwrap();
    let with = |key: &str, value: Value| nodes.values().filter(|node| node[key] == value).count();
    let unit = |(name, unit): (&String, &Value)| {
        let nodes = unit["Nodes"].as_array().unwrap();
        let unhealthy = nodes.iter().filter(|node| node["Output"][name] != "").count();
        (
            name.clone(),
            UnitTruth {
                total: nodes.len(),
                unhealthy,
            },
        )
    };
    let number = |key: &str| metrics[key].as_f64().unwrap();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "they are whole and small"
    )]
    let whole = |key: &str| number(key) as u32;
    Truth {
        nodes: nodes.len(),
        masters: with("Role", "master".into()),
        agents: with("Role", "agent".into()),
        public_agents: with("Role", "agent_public".into()),
        nodes_unreachable: with("Health", 3.into()),
        nodes_unhealthy: with("Health", 1.into()),
        units: health["Units"].as_object().unwrap().iter().map(unit).collect(),
        packages: cosmos["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| {
                let definition = &package["packageInformation"]["packageDefinition"];
                PackageTruth {
                    app_id: text(&package["appId"]),
                    name: text(&definition["name"]),
                    version: text(&definition["version"]),
                }
            })
            .collect(),
        frameworks: frameworks["frameworks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| text(&one["name"]))
            .collect(),
        mesos: MesosTruth {
            cpu_total: number("master/cpus_total"),
            cpu_used: number("master/cpus_used"),
            mem_total: number("master/mem_total"),
            mem_used: number("master/mem_used"),
            disk_total: number("master/disk_total"),
            disk_used: number("master/disk_used"),
            task_count: whole("master/tasks_running"),
            framework_count: whole("master/frameworks_active") as usize,
            agents_connected: whole("master/slaves_connected") as usize,
            agents_active: whole("master/slaves_active") as usize,
        },
    }
}

#[test]
fn truth_is_what_the_documents_say() {
    let small = ClusterSpec {
        agents: 0,
        public_agents: 0,
        packages: Vec::new(),
        frameworks: Vec::new(),
        ..ClusterSpec::default()
    };
    let given = ClusterSpec {
        totals: Some(Totals {
            cpus: 0.1,
            mem: 1e9,
            disk: 0.0,
        }),
        used: 1.0 / 3.0,
        ..ClusterSpec::default()
    };
    let none = ClusterSpec {
        masters: 0,
        ..small.clone()
    };
    for spec in [
        ClusterSpec::default(),
        sick(Release::V1_8, 1),
        sick(Release::V1_10, 2),
        ClusterSpec::sized(60),
        small,
        given,
        none,
    ] {
        let documents = Documents::generate(&spec);
        assert_eq!(Truth::of(&spec), counted(&documents), "{spec:?}");
    }
}

#[test]
fn the_numbers_are_those_asked_for() {
    let truth = Truth::of(&sick(Release::V1_10, 9));
    assert_eq!(
        (truth.nodes, truth.masters, truth.agents, truth.public_agents),
        (27, 3, 20, 4)
    );
    assert_eq!(
        (truth.nodes_unreachable, truth.nodes_unhealthy),
        (3, 8),
        "30 % of 27 nodes"
    );
    assert_eq!(
        truth.units.values().map(|unit| unit.unhealthy).sum::<usize>(),
        8,
        "one unit each"
    );
    assert_eq!(
        truth.units["dcos-epmd.service"].total, 24,
        "it runs on all nodes that can be reached"
    );
    assert_eq!(
        (
            truth.packages.len(),
            truth.frameworks.len(),
            truth.mesos.task_count
        ),
        (23, 5, 17)
    );
}

#[test]
fn every_place_of_the_report_agrees_on_health() {
    let report = parsed(&Documents::generate(&sick(Release::V1_10, 3)).health);
    for (name, unit) in report["Units"].as_object().unwrap() {
        let mut worst = 0;
        for node in unit["Nodes"].as_array().unwrap() {
            let whole = &report["Nodes"][node["IP"].as_str().unwrap()];
            let nested = whole["Units"]
                .as_array()
                .unwrap()
                .iter()
                .find(|unit| unit["UnitName"] == **name)
                .unwrap();
            let health = u64::from(node["Output"][name] != "");
            worst = worst.max(health);
            assert_eq!(nested["Health"], health);
            assert_eq!(nested["Nodes"], Value::Array(vec![node.clone()]));
            assert_eq!(node["Output"], whole["Output"]);
            let sick = node["Output"]
                .as_object()
                .unwrap()
                .values()
                .any(|text| text != "");
            assert_eq!(node["Health"], u64::from(sick));
        }
        assert_eq!(unit["Health"], worst, "{name}");
        assert_eq!(unit["UnitName"], **name);
    }
    for node in report["Nodes"]
        .as_object()
        .unwrap()
        .values()
        .filter(|node| node["Health"] == 3)
    {
        assert_eq!((&node["Host"], &node["MesosID"]), (&"".into(), &"".into()));
        assert_eq!(
            (&node["Output"], node.get("Units"), &node["Leader"]),
            (&Value::Null, None, &false.into())
        );
    }
}

#[test]
fn failures_can_be_listed() {
    let failure = |node: usize, unit: &str| Failure {
        node,
        unit: unit.to_owned(),
    };
    let spec = ClusterSpec {
        failing: FailingSpec::Exact(vec![
            failure(0, "dcos-cosmos.service"),
            failure(0, "dcos-signal.service"),
            failure(2, "my <own>.service"),
            failure(3, "dcos-epmd.service"),
        ]),
        ..ClusterSpec::default()
    };
    let truth = Truth::of(&spec);
    assert_eq!(truth, counted(&Documents::generate(&spec)));
    let failing: Vec<_> = truth
        .units
        .iter()
        .filter(|(_, unit)| unit.unhealthy > 0)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        failing,
        ["dcos-cosmos.service", "dcos-signal.service", "my <own>.service"]
    );
    assert_eq!(truth.nodes_unhealthy, 2);
}

#[test]
fn truth_travels_as_json() {
    let truth = Truth::of(&sick(Release::V1_8, 4));
    let json = serde_json::to_string(&truth).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&json).unwrap(), truth);
}
