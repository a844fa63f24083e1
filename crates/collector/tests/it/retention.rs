//! What is too old is dropped, and nothing else.

use std::time::Duration;

use heliograph_collector::retention::Retention;
use rusqlite::Connection;
use serde_json::json;

use crate::collector::run;
use crate::deletion::{found, settle, sums};
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
    // Names that nothing uses go, too, but for who has spoken for a cluster of which the last batch may hold something.
    until(|| {
        ["term", "edition", "event"]
            .into_iter()
            .all(|table| count(&collector, table) == 0)
    });
    assert_eq!((count(&collector, "cluster"), count(&collector, "batch")), (1, 1));
    let page = json!({"type": "page", "name": "still there", "userId": "u"});
    assert_eq!(
        collector.batch(&key, &json!({"batch": [page]})).counts(),
        (1, 0, 0)
    );
    collector.clock.set("2026-12-09T12:00:00Z");
    let later = json!({"type": "page", "name": "later", "userId": "u"});
    assert_eq!(
        collector.batch(&key, &json!({"batch": [later]})).counts(),
        (1, 0, 0)
    );
    collector.clock.set("2026-12-14T00:00:00Z");
    until(|| count(&collector, "cluster") == 0);
    assert_eq!(count(&collector, "cluster_reporter"), 0);
    // What is used stays.
    let terms = || -> Vec<String> {
        let connection = Connection::open(collector.data.join("collector.db")).unwrap();
        let mut statement = connection.prepare("SELECT text FROM term").unwrap();
        statement
            .query_map((), |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert!(
        terms().contains(&"later".to_owned()) && !terms().contains(&"still there".to_owned()),
        "{:?}",
        terms()
    );
    assert!(sums(&collector.data).iter().any(|sum| sum.contains(" later ")));
    // Who comes back is known again.
    assert_eq!(
        collector.batch(&key, &json!({"batch": [health(4)]})).counts(),
        (1, 0, 0)
    );
    assert_eq!(
        (
            count(&collector, "cluster"),
            count(&collector, "cluster_reporter")
        ),
        (1, 1)
    );
}

/// Whoever is forgotten after messages were dropped by age is forgotten with what these added up to, and not a byte of them is left.
#[test]
fn what_was_dropped_by_age_can_be_forgotten() {
    let collector = InProcess::start("2026-11-20T12:30:00Z", |config| {
        config.retention = Retention {
            raw: Some(Duration::from_hours(24)),
            rollups: None,
        };
    });
    let key = collector.key("cluster");
    let of = |cluster: &str, hour: u32| {
        let mut report = health(hour);
        report["anonymousId"] = json!(cluster);
        report["messageId"] = json!(format!("{cluster}:health:2026-11-20T{hour:02}Z"));
        report
    };
    for hour in 0..40 {
        let user = json!({"type": "page", "name": "p", "userId": "gone-user", "messageId": format!("u{hour}"),
                          "properties": {"text": "x".repeat(usize::try_from(hour).unwrap() * 300)}});
        let batch = json!({"batch": [of("gone-cluster", hour % 24), of("kept-cluster", hour % 24), user]});
        assert_eq!(collector.batch(&key, &batch).status, 200);
    }
    collector.clock.set("2026-11-21T12:31:00Z");
    collector.batch(&key, &json!({"batch": [{"type": "page", "userId": "other"}]}));
    until(|| count(&collector, "batch") == 1);
    assert_eq!(
        (count(&collector, "report"), count(&collector, "cluster_day")),
        (48, 4)
    );
    assert!(!found(&collector.data, &["gone-cluster"]).is_empty());
    // What was made of the sums of a day goes when some of them do.
    let connection = Connection::open(collector.data.join("collector.db")).unwrap();
    let sheets = "INSERT INTO sheet SELECT DISTINCT day, 1, x'', x'', x'' FROM cluster_day WHERE cluster > 0";
    assert_eq!(connection.execute(sheets, ()).unwrap(), 1);
    drop(connection);

    for arguments in [["--user-id", "gone-user"], ["--cluster-id", "gone-cluster"]] {
        let output = run(&collector.data, &[&["forget"], &arguments[..]].concat());
        assert!(output.status.success(), "{output:?}");
    }
    settle(&collector.data);
    assert_eq!(
        found(&collector.data, &["gone-cluster", "gone-user"]),
        Vec::<String>::new()
    );
    assert!(!found(&collector.data, &["kept-cluster"]).is_empty());
    assert_eq!(
        (count(&collector, "report"), count(&collector, "cluster")),
        (24, 1)
    );
    assert_eq!(count(&collector, "sheet"), 0);
    // The pages that a user opened can't be told from others' any more; they name nobody.
    let sums = sums(&collector.data);
    assert!(
        sums.iter().any(|sum| sum.contains("kept-cluster")) && !sums.iter().any(|sum| sum.contains("gone"))
    );
}
