//! What is too old is dropped, and nothing else.

use std::time::Duration;

use heliograph_collector::retention::Retention;
use rusqlite::Connection;
use serde_json::json;

use crate::in_process::InProcess;

fn health(hour: u32) -> serde_json::Value {
    json!({
        "type": "track", "event": "health", "anonymousId": "c", "messageId": format!("c:health:2026-11-20T{hour:02}Z"),
        "timestamp": format!("2026-11-20T{hour:02}:30:00Z"), "properties": {"health-unit-a-total": 1},
    })
}

fn count(collector: &InProcess, table: &str) -> i64 {
    let connection = Connection::open(collector.data.join("collector.db")).unwrap();
    connection
        .query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))
        .unwrap()
}

fn until(what: impl Fn() -> bool) {
    assert!((0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        what()
    }));
}

#[test]
fn each_age_is_kept_to() {
    let hours = |hours| Some(Duration::from_hours(hours));
    let collector = InProcess::start("2026-11-20T12:30:00Z", |config| {
        config.retention = Retention {
            raw: hours(24),
            rollups: hours(10 * 24),
        };
    });
    let key = collector.key("cluster");
    for hour in 0..12 {
        let page = json!({"type": "page", "userId": "u", "messageId": hour.to_string()});
        let batch = json!({"batch": [health(hour), page, {"type": "page"}]});
        assert_eq!(collector.batch(&key, &batch).counts(), (2, 0, 1));
    }
    assert_eq!(
        (count(&collector, "batch"), count(&collector, "report")),
        (12, 12)
    );
    assert!(count(&collector, "outcome_sample") > 0);

    // A day later there are no messages, but for those of the last commit.
    collector.clock.set("2026-11-21T12:31:00Z");
    until(|| count(&collector, "batch") == 1 && count(&collector, "outcome_sample") == 0);
    assert_eq!(
        (count(&collector, "cluster_day"), count(&collector, "report")),
        (2, 12)
    );
    // What was counted is not counted again, though the messages are gone.
    let again = json!({"batch": [health(3), {"type": "page", "userId": "u", "messageId": "3", "timestamp": "2026-11-20T12:30:00Z"}]});
    assert_eq!(collector.batch(&key, &again).counts(), (0, 2, 0));

    // Of a day of which a part is young enough, everything is kept.
    collector.clock.set("2026-11-30T23:00:00Z");
    until(|| count(&collector, "report") == 0);
    assert!(count(&collector, "cluster_day") > 0);
    collector.clock.set("2026-12-02T00:00:00Z");
    until(|| {
        ["cluster_day", "outcome", "key_usage", "fresh_ids", "id_block"]
            .into_iter()
            .all(|table| count(&collector, table) == 0)
    });
    assert_eq!(count(&collector, "cluster"), 1);
}
