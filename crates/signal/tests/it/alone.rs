//! Diagnostics alone: plain Linux machines have no Mesos and no Cosmos. And the summary, which our diagnostics gives instead of
//! the report.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use heliograph_wire::summary::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::cluster::{Cluster, previewed, recorded};
use crate::small;

/// Without any source but this one.
fn alone(cluster: Cluster, url: &str) -> Cluster {
    cluster
        .set("diagnostics_urls", json!([url]))
        .set("cosmos_urls", json!([]))
        .set("mesos_urls", json!([]))
}

/// Answers every request with this document under that type. It goes with the test's process.
fn server(kind: &'static str, document: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/system/health/v1/report",
        listener.local_addr().unwrap()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map(Result::unwrap);
            let head: Vec<_> = head.take_while(|line| !line.is_empty()).collect();
            assert!(
                head.iter()
                    .any(|line| line.to_lowercase().starts_with("accept: ") && line.contains(CONTENT_TYPE)),
                "{head:?}"
            );
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{document}",
                document.len()
            )
            .unwrap();
        }
    });
    url
}

/// What a preview tells of the units.
fn health(cluster: &Cluster) -> Value {
    let shown = cluster.run(&["preview"]).exits(0).has_no_complaint().json();
    let mut previewed = previewed(&shown);
    assert_eq!(previewed.len(), 1, "{shown}");
    previewed.remove("health").unwrap()
}

#[test]
fn diagnostics_alone_are_enough() {
    let cluster = Cluster::of(small::documents());
    let url = cluster.sources.diagnostics_url();
    let cluster = alone(cluster, &url);
    cluster.run(&["report"]).exits(0).logs("delivered");
    let delivered = cluster.delivered();
    assert_eq!(delivered.keys().collect::<Vec<_>>(), ["health"]);
    assert_eq!(delivered["health"]["health-unit-dcos-a-service-total"], 2);
    assert!(
        cluster
            .sources
            .requests()
            .iter()
            .all(|seen| seen.path == "/system/health/v1/report")
    );
}

#[test]
fn a_summary_tells_the_same_as_the_report() {
    let report = r#"{
        "Units": {
            "dcos-a.service": {"UnitName": "dcos-a.service", "Health": 1, "Nodes": [
                {"IP": "1", "Health": 1, "Output": {"dcos-a.service": "it failed"}}, {"IP": "2", "Health": 0, "Output": {}}], "Unknown": []},
            "dcos-b.service": {"UnitName": "dcos-b.service", "Health": 0, "Nodes": [{"IP": "2", "Health": 0, "Output": {}}],
                "Unknown": [{"IP": "3", "Health": 3, "Output": {}, "Reached": false}]}
        },
        "Nodes": {
            "1": {"Health": 1, "Units": [{"UnitName": "dcos-a.service", "Health": 1}]},
            "2": {"Health": 0, "Units": [{"UnitName": "dcos-a.service", "Health": 0}, {"UnitName": "dcos-b.service", "Health": 0}]},
            "3": {"Health": 3, "Reached": false, "Units": [{"UnitName": "dcos-b.service", "Health": 3}]}
        }
    }"#;
    let summary = json!({
        "units": {
            "dcos-a.service": {"total": 2, "unhealthy": 1, "unknown": 0},
            "dcos-b.service": {"total": 1, "unhealthy": 0, "unknown": 1},
        },
        "nodes": {"agent": {"healthy": 1, "unhealthy": 1, "unknown": 1, "unreachable": 1}},
        "updated": "2026-11-22T11:42:21Z",
        "age_ms": 10,
    });
    let told = |kind, document| health(&alone(Cluster::of(recorded("dcos-1.8")), &server(kind, document)));
    let by_report = told("application/json", report.to_owned());
    assert_eq!(by_report["health-unit-dcos-b-service-unknown"], 1);
    assert_eq!(by_report["nodes-unreachable"], 1);
    assert_eq!(told(CONTENT_TYPE, summary.to_string()), by_report);
    let with_parameter = "application/vnd.heliograph.summary+json; charset=utf-8";
    assert_eq!(told(with_parameter, summary.to_string()), by_report);
}

#[test]
fn what_is_no_summary_is_not_told() {
    for document in ["{}", "{\"units\": null}", "[]", "{\"units\": {"] {
        let url = server(CONTENT_TYPE, document.to_owned());
        alone(Cluster::of(small::documents()), &url)
            .run(&["report"])
            .exits(2)
            .logs("nothing collected: ");
    }
}
