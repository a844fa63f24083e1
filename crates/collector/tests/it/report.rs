//! Reports of clusters: one counts in a slot, whoever sends how many.

use serde_json::{Value, json};

use crate::collector::{TestCollector, messages};

const FIRST: &str = "00000000000000000000000000000001";
const SECOND: &str = "00000000000000000000000000000002";

fn report(event: &str, hour: &str, reporter: &str, properties: &Value) -> Value {
    json!({
        "type": "track", "event": event, "anonymousId": "c1", "messageId": format!("c1:{event}:{hour}"),
        "properties": properties, "context": {"reporter": reporter}, "timestamp": "2026-11-22T11:00:00Z",
    })
}

fn batch(reports: &[Value]) -> Value {
    json!({"batch": reports, "sentAt": "2026-11-22T11:00:00Z"})
}

#[test]
fn one_report_counts_in_a_slot() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    let hour = "2026-11-22T11Z";
    let three = |reporter| {
        batch(&[
            report("health", hour, reporter, &json!({"a": 8, "b": 1})),
            report("mesos_track", hour, reporter, &json!({"cpu_total": 8.0})),
            report("package_list", hour, reporter, &json!({})),
        ])
    };
    assert_eq!(collector.batch(&key, &three(FIRST)).counts(), (3, 0, 0));
    assert_eq!(collector.batch(&key, &three(FIRST)).counts(), (0, 3, 0));
    // Another key of the cluster does not make it another report, nor does a restart.
    let other = collector.key("cluster");
    assert_eq!(collector.batch(&other, &three(FIRST)).counts(), (0, 3, 0));
    collector.kill();
    collector.restart();
    assert_eq!(collector.batch(&key, &three(FIRST)).counts(), (0, 3, 0));
    // Other hours and parts are other slots.
    let more = batch(&[
        report("health", "2026-11-22T12Z", FIRST, &json!({})),
        report("health", "2026-11-22T12Z:2", FIRST, &json!({})),
    ]);
    assert_eq!(collector.batch(&key, &more).counts(), (2, 0, 0));
    assert_eq!(collector.messages().len(), 5);
}

#[test]
fn another_reporter_is_kept_beside_and_told_apart() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let hour = "2026-11-22T11Z";
    let count = |name: &str| -> i64 {
        let connection = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
        connection
            .query_row(
                "SELECT coalesce(sum(count), 0) FROM outcome WHERE name = ?",
                [name],
                |row| row.get(0),
            )
            .unwrap()
    };
    let send = |reporter: &str, properties: Value| {
        let one = batch(&[report("health", hour, reporter, &properties)]);
        collector.batch(&key, &one).counts()
    };
    assert_eq!(send(FIRST, json!({"a": 8, "b": 1})), (1, 0, 0));
    // The same content, spelt otherwise.
    assert_eq!(send(SECOND, json!({"b": 1.0, "a": 8})), (0, 1, 0));
    assert_eq!(count("duplicate.conflict"), 0);
    // A third one, who does not say who it is, says something else; its repeat is only a repeat.
    assert_eq!(send("", json!({"a": 9})), (0, 1, 0));
    assert_eq!(send("", json!({"a": 9})), (0, 1, 0));
    assert_eq!((count("duplicate.conflict"), count("duplicate")), (1, 2));

    let shown = collector.messages();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["context"]["reporter"], FIRST);
    let all = messages(collector.data(), &["--all"]);
    let reporters: Vec<_> = all
        .iter()
        .map(|message| message["context"]["reporter"].as_str().unwrap())
        .collect();
    assert_eq!(reporters, [FIRST, SECOND, ""]);
}

#[test]
fn both_reporters_in_one_batch() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let hour = "2026-11-22T11Z";
    let both = batch(&[
        report("health", hour, FIRST, &json!({"a": 1})),
        report("health", hour, SECOND, &json!({"a": 2})),
        report("health", hour, FIRST, &json!({"a": 3})),
    ]);
    assert_eq!(collector.batch(&key, &both).counts(), (1, 2, 0));
    assert_eq!(collector.messages().len(), 1);
    assert_eq!(messages(collector.data(), &["--all"]).len(), 2);
}

#[test]
fn an_id_in_the_form_of_a_report_s_is_not_enough_to_be_one() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let mut foreign = report("health", "2026-11-22T11Z", FIRST, &json!({}));
    foreign["anonymousId"] = json!("c2");
    let mut page = report("health", "2026-11-22T11Z", FIRST, &json!({}));
    page["type"] = json!("page");
    let own = report("health", "2026-11-22T11Z", FIRST, &json!({}));
    // The first two share a message id; the report is known by its slot, which they don't take.
    let counts = collector.batch(&key, &batch(&[foreign, page, own])).counts();
    assert_eq!(counts, (2, 1, 0));
}
