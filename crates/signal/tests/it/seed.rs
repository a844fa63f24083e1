//! The recorded clusters, served over HTTP: what `preview` and the original's `-test` print for them, however the documents
//! travel, and that what is sent is what is shown.

use heliograph_fleet::Emulation;
use serde_json::{Map, Value, json};

use crate::cluster::{Cluster, previewed, recorded};
use crate::value::assert_equal;

/// The seed's example.
fn example() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/dcos-1.8/preview.json")).unwrap()
}

#[test]
fn preview_and_test_print_the_seeds_example() {
    let cluster = Cluster::of(recorded("dcos-1.8"));
    let preview = cluster.run(&["preview"]).exits(0).has_no_complaint();
    assert_equal(&preview.json(), &example());
    let test = cluster.run(&["-test"]).exits(0);
    assert_eq!(test.stdout, preview.stdout);
    assert_eq!(cluster.sink.requests().len(), 0, "a preview sends nothing");
}

#[test]
fn the_preview_is_indented_by_four_spaces() {
    let text = Cluster::of(recorded("dcos-1.8"))
        .run(&["preview"])
        .exits(0)
        .stdout;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("{"));
    assert_eq!(lines.next(), Some("    \"cosmos\": {"));
    assert_eq!(lines.next(), Some("        \"properties\": {"));
    assert_eq!(lines.next_back(), Some("}"));
    let indents = text.lines().map(|line| line.len() - line.trim_start().len());
    assert_eq!(indents.filter(|indent| indent % 4 != 0).count(), 0);
    assert!(!text.contains('\t'));
}

#[test]
fn the_order_of_mesos_urls_does_not_matter() {
    let cluster = Cluster::of(recorded("dcos-1.8"));
    let turned = [cluster.sources.metrics_url(), cluster.sources.frameworks_url()];
    let run = cluster.set("mesos_urls", json!(turned)).run(&["preview"]);
    assert_equal(&run.exits(0).json(), &example());
}

#[test]
fn compression_and_chunks_change_nothing() {
    for (gzip, chunked) in [(true, false), (false, true), (true, true)] {
        let cluster = Cluster::served(
            Emulation::builder(recorded("dcos-1.8"))
                .gzip(gzip)
                .chunked(chunked),
        );
        let run = cluster.run(&["preview"]).exits(0).has_no_complaint();
        assert_equal(&run.json(), &example());
        let asked = cluster.sources.requests();
        let accept = |accept: Option<&str>| accept.is_some_and(|codings| codings.contains("gzip"));
        assert!(
            asked.iter().all(|seen| accept(seen.header("accept-encoding"))),
            "all ask for gzip"
        );
    }
}

#[test]
fn each_source_is_asked_as_the_original_asks() {
    let cluster = Cluster::of(recorded("dcos-1.8"));
    cluster.run(&["preview"]).exits(0);
    let mut asked = cluster.sources.requests();
    asked.sort_by_key(|seen| seen.source);
    let lines: Vec<_> = asked
        .iter()
        .map(|seen| {
            let query = seen.query.as_deref();
            (
                seen.method.as_str(),
                seen.path.as_str(),
                query,
                seen.header("content-type").unwrap(),
            )
        })
        .collect();
    let package = "application/vnd.dcos.package.list-request+json;charset=utf-8;version=v1";
    assert_eq!(
        lines,
        [
            (
                "GET",
                "/system/health/v1/report",
                Some("cache=0"),
                "application/json"
            ),
            ("POST", "/package/list", None, package),
            ("GET", "/frameworks", None, "application/json"),
            ("GET", "/metrics/snapshot", None, "application/json"),
        ]
    );
    assert_eq!(asked[1].body, b"{}");
    assert_eq!(
        asked[1].header("accept"),
        Some("application/vnd.dcos.package.list-response+json;charset=utf-8;version=v1")
    );
}

#[test]
fn what_is_sent_is_what_is_shown() {
    for name in ["dcos-1.8", "dcos-1.10"] {
        let cluster = Cluster::of(recorded(name));
        let shown = cluster.run(&["preview"]).exits(0).json();
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(cluster.delivered(), previewed(&shown), "{name}");
    }
}

/// The recorded cluster of ten nodes, against a count by other means: whole documents as trees, no streaming, no rules but the
/// one that decides on real reports (a text in `Output` means unhealthy).
#[test]
fn the_larger_cluster_is_counted_right() {
    let documents = recorded("dcos-1.10");
    let tree = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let shown = Cluster::of(documents.clone())
        .set("environment_version", "1.10")
        .set("names", "all")
        .run(&["preview"])
        .exits(0)
        .has_no_complaint()
        .json();

    let health = tree(&documents.health);
    let mut counted = Map::new();
    for unit in health["Units"].as_object().unwrap().values() {
        let name = unit["UnitName"].as_str().unwrap();
        let nodes = unit["Nodes"].as_array().unwrap();
        let fails = |node: &&Value| !node["Output"][name].as_str().unwrap().is_empty();
        let told = name.replace('.', "-");
        counted.insert(format!("health-unit-{told}-total"), nodes.len().into());
        counted.insert(
            format!("health-unit-{told}-unhealthy"),
            nodes.iter().filter(fails).count().into(),
        );
    }
    let unreachable = health["Nodes"]
        .as_object()
        .unwrap()
        .values()
        .filter(|node| node["Health"] == 3)
        .count();
    counted.insert("nodes-unreachable".to_owned(), unreachable.into());
    assert_equal(&own(&shown["diagnostics"]), &Value::Object(counted));

    let package =
        |package: &Value| json!({"name": package["packageInformation"]["packageDefinition"]["name"]});
    let packages: Value = tree(&documents.cosmos)["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect();
    assert_equal(&own(&shown["cosmos"]), &json!({"package_list": packages}));

    let metrics = tree(&documents.metrics);
    let framework = |framework: &Value| json!({"name": framework["name"]});
    let frameworks: Value = tree(&documents.frameworks)["frameworks"]
        .as_array()
        .unwrap()
        .iter()
        .map(framework)
        .collect();
    let mesos = json!({
        "agents_active": metrics["master/slaves_active"], "agents_connected": metrics["master/slaves_connected"],
        "cpu_total": metrics["master/cpus_total"], "cpu_used": metrics["master/cpus_used"],
        "disk_total": metrics["master/disk_total"], "disk_used": metrics["master/disk_used"],
        "framework_count": metrics["master/frameworks_active"], "task_count": metrics["master/tasks_running"],
        "mem_total": metrics["master/mem_total"], "mem_used": metrics["master/mem_used"], "frameworks": frameworks,
    });
    assert_equal(&own(&shown["mesos"]), &mesos);

    assert_eq!(unreachable, 1, "the fixture has an unreachable node");
    let unhealthy: u64 = own(&shown["diagnostics"])
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("-unhealthy"))
        .map(|(_, count)| count.as_u64().unwrap())
        .sum();
    assert_eq!(unhealthy, 3, "the fixture has three failing units");
}

/// An event's properties without those that all events have.
fn own(track: &Value) -> Value {
    let common = [
        "clusterId",
        "customerKey",
        "environmentVersion",
        "provider",
        "source",
        "variant",
    ];
    let properties = track["properties"].as_object().unwrap();
    for name in common {
        assert!(properties.contains_key(name), "{name} is missing");
    }
    properties
        .clone()
        .into_iter()
        .filter(|(name, _)| !common.contains(&name.as_str()))
        .collect()
}
