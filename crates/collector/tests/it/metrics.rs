//! `/metrics`: the text is what OpenMetrics 1.0 allows, and the numbers are those of what happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::client::Client;
use crate::collector::TestCollector;
use crate::exposition::{Exposition, Kind};
use crate::in_process::InProcess;

pub(crate) fn scrape(client: &mut Client, headers: &[(&str, &str)]) -> Exposition {
    let answer = client.send("GET", "/metrics", headers, b"").unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    Exposition::parse(std::str::from_utf8(&answer.body).unwrap())
}

#[test]
fn what_happened_is_counted() {
    let collector = TestCollector::start();
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let before = scrape(&mut collector.client(), &[]);
    // Counters are there before they rise.
    let refused = &[("outcome", "rejected.no_event"), ("key", "ui")];
    assert_eq!(
        before.value("heliograph_collector_messages_total", refused),
        Some(0.0)
    );

    let track = |id: &str| json!({"type": "track", "event": "e", "userId": "u", "messageId": id});
    let batch = json!({"batch": [track("1"), track("1"), {"type": "track", "userId": "u"}], "sentAt": "2020-01-01T00:00:00Z"});
    let length = batch.to_string().len();
    assert_eq!(collector.batch(&server, &batch).counts(), (1, 1, 1));
    assert_eq!(
        collector
            .batch(&cluster, &json!({"batch": [track("1")]}))
            .counts(),
        (1, 0, 0)
    );
    assert_eq!(collector.batch("nobody", &json!({"batch": []})).status, 401);
    assert_eq!(
        collector.client().send("GET", "/x/y?z", &[], b"").unwrap().status,
        404
    );

    let after = scrape(&mut collector.client(), &[]);
    let value =
        |name: &str, labels: &[(&str, &str)]| after.value(&format!("heliograph_collector_{name}"), labels);
    let messages = |key, outcome| value("messages_total", &[("outcome", outcome), ("key", key)]);
    assert_eq!(messages("server", "accepted"), Some(1.0));
    assert_eq!(messages("server", "duplicate"), Some(1.0));
    assert_eq!(messages("server", "rejected.no_event"), Some(1.0));
    assert_eq!(messages("cluster", "accepted"), Some(1.0));
    let requests = |path, status| value("requests_total", &[("path", path), ("status", status)]);
    assert_eq!(requests("/v1/batch", "2xx"), Some(2.0));
    assert_eq!(requests("/v1/batch", "4xx"), Some(1.0));
    assert_eq!(requests("other", "4xx"), Some(1.0));
    assert_eq!(requests("/metrics", "2xx"), Some(1.0));
    assert!(value("body_bytes_total", &[]) >= Some(f64::from(u32::try_from(length).unwrap())));
    assert_eq!(value("commits_total", &[]), Some(2.0));
    assert_eq!(value("commit_requests_count", &[]), Some(2.0));
    assert_eq!(value("commit_seconds_count", &[]), Some(2.0));
    assert_eq!(value("queue_length", &[]), Some(0.0));
    // This one, at least; others may not have been noticed to have ended.
    let (open, accepted) = (
        value("connections", &[]),
        value("connections_accepted_total", &[]),
    );
    assert!(open >= Some(1.0) && open <= accepted, "{open:?} {accepted:?}");
    assert_eq!(accepted, Some(6.0));
    assert_eq!(value("window_ids", &[]), Some(2.0));
    assert_eq!(value("lookbacks_total", &[("outcome", "done")]), Some(0.0));
    // Nothing has left the window: it has no age.
    assert_eq!(value("window_floor_age_seconds", &[]), None);
    assert_eq!(value("store_condition", &[("condition", "well")]), Some(1.0));
    assert_eq!(value("store_condition", &[("condition", "full")]), Some(0.0));
    assert!(value("database_bytes", &[("file", "database")]) > Some(0.0));
    // The last request gives back what it held just behind its answer.
    let held = || {
        let now = scrape(&mut collector.client(), &[]);
        now.value("heliograph_collector_request_memory_bytes", &[])
    };
    let given_back = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        held() == Some(0.0)
    });
    assert!(given_back, "{:?}", held());
    assert_eq!(
        value("sender_clock_drift_seconds_count", &[("sender", "behind")]),
        Some(1.0)
    );
    assert_eq!(
        value("sender_clock_drift_seconds_count", &[("sender", "ahead")]),
        Some(0.0)
    );
    let years = &[("sender", "behind"), ("le", "+Inf")];
    assert_eq!(value("sender_clock_drift_seconds_bucket", years), Some(1.0));
    let year = &[("sender", "behind"), ("le", "31536000.0")];
    assert_eq!(value("sender_clock_drift_seconds_bucket", year), Some(0.0));
    assert_eq!(
        after.kind("heliograph_collector_commit_seconds"),
        Some(Kind::Histogram)
    );
}

#[test]
fn labels_name_no_installation() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    for number in 0..50 {
        let report = json!({
            "type": "track", "event": "health", "anonymousId": format!("cluster-{number}"), "properties": {},
            "messageId": format!("cluster-{number}:health:2026-11-22T11Z"),
        });
        assert_eq!(
            collector.batch(&key, &json!({"batch": [report]})).counts(),
            (1, 0, 0)
        );
    }
    let exposition = scrape(&mut collector.client(), &[]);
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in exposition.labels() {
        assert!(
            !value.contains("cluster-") && !value.contains(&key[..8]),
            "{name}={value}"
        );
        names.entry(name).or_default().insert(value);
    }
    let known = [
        "by",
        "condition",
        "file",
        "key",
        "le",
        "outcome",
        "path",
        "quota",
        "sender",
        "status",
        "version",
        "violation",
    ];
    assert_eq!(names.keys().copied().collect::<Vec<_>>(), known);
    assert_eq!(names["key"].len(), 4);
}

#[test]
fn they_are_shown_to_this_machine_alone() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
        let answer = client
            .send("GET", "/metrics", &[(header, "192.0.2.1")], b"")
            .unwrap();
        assert_eq!(answer.status, 403, "{header}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    scrape(&mut client, &[]);
}

#[test]
fn or_on_an_address_of_their_own_and_nowhere_else() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |config| {
        config.metrics_listen = Some("127.0.0.1:0".to_owned());
    });
    let main = Client::to(collector.address())
        .unwrap()
        .send("GET", "/metrics", &[], b"");
    assert_eq!(main.unwrap().status, 404);
    let mut client = Client::to(collector.metrics_address()).unwrap();
    let exposition = scrape(&mut client, &[("X-Forwarded-For", "192.0.2.1")]);
    assert_eq!(
        exposition.kind("heliograph_collector_messages"),
        Some(Kind::Counter)
    );
    assert_eq!(client.send("POST", "/v1/batch", &[], b"{}").unwrap().status, 404);
}

#[test]
fn all_of_them_are_described() {
    let collector = TestCollector::start();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
    let page = std::fs::read_to_string(page).unwrap();
    for family in scrape(&mut collector.client(), &[]).families() {
        let name = family.strip_prefix("heliograph_collector_").unwrap();
        let spellings = [
            format!("`{name}`"),
            format!("`{name}_total`"),
            format!("`{name}_info`"),
        ];
        assert!(
            spellings.iter().any(|spelling| page.contains(spelling)),
            "{family}"
        );
    }
}
