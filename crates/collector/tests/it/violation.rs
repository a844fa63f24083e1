//! The telemetry plan: what it does not list is counted, taken out or refused, as configured.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::collector::TestCollector;
use crate::exposition::Exposition;
use crate::reporter::{Reporter, hour};

fn report(event: &str, hour: &str, properties: &Value) -> Value {
    json!({
        "type": "track", "event": event, "anonymousId": "c1", "messageId": format!("c1:{event}:2026-11-22T{hour}Z"),
        "properties": properties,
    })
}

fn planned() -> Value {
    json!({
        "clusterId": "c1", "customerKey": "", "environmentVersion": "1.10", "provider": "aws", "source": "cluster",
        "variant": "open", "health-unit-dcos-x-service-total": 3,
    })
}

fn with(name: &str, value: &Value) -> Value {
    let mut properties = planned();
    properties[name] = value.clone();
    properties
}

/// What is counted in the database, and what the metrics say of the same.
fn violations(collector: &TestCollector) -> BTreeMap<String, i64> {
    let connection = Connection::open(collector.data().join("collector.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT name, sum(count) FROM violation GROUP BY name")
        .unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
    let stored: BTreeMap<String, i64> = rows.unwrap().map(Result::unwrap).collect();

    let answer = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let shown = Exposition::parse(std::str::from_utf8(&answer.body).unwrap());
    for name in [
        "Unplanned-Event",
        "Required-Missing",
        "Datatype-Mismatch",
        "Additional-Properties",
    ] {
        let labels = [("violation", name), ("key", "cluster")];
        let count = shown
            .value("heliograph_collector_violations_total", &labels)
            .unwrap();
        let expected = f64::from(i32::try_from(stored.get(name).copied().unwrap_or_default()).unwrap());
        assert!((count - expected).abs() < 0.5, "{name}: {count}");
    }
    stored
}

#[test]
fn what_signal_sends_is_planned() {
    let collector = TestCollector::start();
    let reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    reporter.report(hour(0));
    assert_eq!(collector.messages().len(), 3);
    assert_eq!(violations(&collector), BTreeMap::new());
}

#[test]
fn what_is_not_planned_is_kept_and_counted_once() {
    let collector = TestCollector::start();
    let (cluster, server) = (collector.key("cluster"), collector.key("server"));
    let batch = json!({"batch": [
        report("health", "00", &planned()),
        report("health", "01", &with("hostname", &json!("h"))),
        report("health", "02", &with("provider", &json!("cellar"))),
        report("health", "03", &with("health-unit-a-total", &json!("3"))),
        report("health", "04", &json!({})),
        report("kernel", "05", &json!({})),
        {"type": "track", "event": "Order Completed", "userId": "u"},
        {"type": "identify", "userId": "u", "traits": {"x": 1}},
    ]});
    assert_eq!(collector.batch(&cluster, &batch).counts(), (8, 0, 0));
    // A product's own events are nobody's business.
    let own = json!({"batch": [{"type": "track", "event": "Order Completed", "userId": "u", "properties": {"x": 1}}]});
    assert_eq!(collector.batch(&server, &own).counts(), (1, 0, 0));
    let expected: BTreeMap<_, _> = [
        ("Additional-Properties", 1),
        ("Datatype-Mismatch", 2),
        ("Required-Missing", 1),
        ("Unplanned-Event", 2),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into();
    assert_eq!(violations(&collector), expected);
    let repeated = json!({"batch": [report("health", "01", &with("hostname", &json!("h")))]});
    assert_eq!(collector.batch(&cluster, &repeated).counts(), (0, 1, 0));
    assert_eq!(violations(&collector), expected);
    assert_eq!(collector.messages()[1]["properties"]["hostname"], "h");
}

#[test]
fn it_can_be_taken_out() {
    let collector = TestCollector::with(&[("unplanned", "strip")]);
    let (cluster, server) = (collector.key("cluster"), collector.key("server"));
    let mut properties = with("hostname", &json!({"deep": ["secret"]}));
    properties["provider"] = json!(7);
    let batch = json!({"batch": [
        report("health", "01", &properties),
        report("kernel", "02", &json!({})),
        {"type": "track", "event": "Order Completed", "userId": "u"},
        {"type": "page", "name": "/x", "userId": "u"},
    ]});
    assert_eq!(collector.batch(&cluster, &batch).counts(), (2, 0, 2));
    let own = json!({"batch": [{"type": "track", "event": "e", "userId": "u", "properties": {"x": 1}}]});
    assert_eq!(collector.batch(&server, &own).counts(), (1, 0, 0));
    let stored = collector.messages();
    // Of another type is not unplanned.
    assert_eq!(stored[0]["properties"], with("provider", &json!(7)));
    assert_eq!(stored[1]["type"], "page");
    assert_eq!(stored[2]["properties"], json!({"x": 1}));
    let counted = violations(&collector);
    assert_eq!(
        counted.keys().collect::<Vec<_>>(),
        ["Additional-Properties", "Datatype-Mismatch"]
    );
}

#[test]
fn it_can_be_refused() {
    let collector = TestCollector::with(&[("unplanned", "reject")]);
    let key = collector.key("cluster");
    let batch = json!({"batch": [
        report("health", "01", &with("hostname", &json!("h"))),
        report("health", "02", &with("provider", &json!(7))),
        report("kernel", "03", &json!({})),
    ]});
    assert_eq!(collector.batch(&key, &batch).counts(), (1, 0, 2));
    let mut single = report("kernel", "04", &json!({}));
    single["writeKey"] = json!(key);
    let answer = collector
        .client()
        .send("POST", "/v1/track", &[], single.to_string().as_bytes());
    assert_eq!(answer.unwrap().error(), (400, "unplanned_event".to_owned()));
    let answer = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let shown = Exposition::parse(std::str::from_utf8(&answer.body).unwrap());
    for (outcome, count) in [
        ("rejected.unplanned_event", 2.0),
        ("rejected.unplanned_property", 1.0),
    ] {
        let labels = [("outcome", outcome), ("key", "cluster")];
        assert_eq!(
            shown.value("heliograph_collector_messages_total", &labels),
            Some(count),
            "{outcome}"
        );
    }
    assert_eq!(
        violations(&collector).keys().collect::<Vec<_>>(),
        ["Datatype-Mismatch"]
    );
}
