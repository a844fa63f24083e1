//! What is too old is dropped, and nothing else.

use std::time::Duration;

use heliograph_collector::delta::hash;
use heliograph_collector::retention::Retention;
use rusqlite::Connection;
use serde_json::{Value, json};

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
        (count(&collector, "batch"), count(&collector, "time_line")),
        (12, 12)
    );
    assert!(count(&collector, "outcome_sample") > 0);

    // A day later there are no messages, but for those of the last commit.
    collector.clock.set("2026-11-21T12:31:00Z");
    until(|| count(&collector, "batch") == 1 && count(&collector, "outcome_sample") == 0);
    assert_eq!(
        (count(&collector, "cluster_day"), count(&collector, "time_line")),
        (2, 12)
    );
    // What was counted is not counted again, though the messages are gone.
    let again = json!({"batch": [health(3), {"type": "page", "userId": "u", "messageId": "3", "timestamp": "2026-11-20T12:30:00Z"}]});
    assert_eq!(collector.batch(&key, &again).counts(), (0, 2, 0));

    // Of a day of which a part is young enough, everything is kept.
    collector.clock.set("2026-11-30T23:00:00Z");
    until(|| count(&collector, "time_line") == 0);
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
        (count(&collector, "time_line"), count(&collector, "cluster_day")),
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
        (count(&collector, "time_line"), count(&collector, "cluster")),
        (24, 1)
    );
    assert_eq!(count(&collector, "sheet"), 0);
    // The pages that a user opened can't be told from others' any more; they name nobody.
    let sums = sums(&collector.data);
    assert!(
        sums.iter().any(|sum| sum.contains("kept-cluster")) && !sums.iter().any(|sum| sum.contains("gone"))
    );
}

/// What days count by a hash of an id goes with whose id it is, though what was dropped by age can't be subtracted; what is counted of
/// others stays, and what is counted of messages that are kept.
#[test]
fn no_hash_outlives_who_is_forgotten() {
    let collector = InProcess::start("2026-11-20T12:30:00Z", |config| {
        config.retention = Retention {
            raw: Some(Duration::from_hours(24)),
            rollups: None,
        };
    });
    let (clusters, pages) = (collector.key("cluster"), collector.key("ui"));
    let report = |cluster: &str, customer: &str| {
        let mut report = health(3);
        report["anonymousId"] = json!(cluster);
        report["messageId"] = json!(format!("{cluster}:health:2026-11-20T03Z"));
        report["properties"]["customerKey"] = json!(customer);
        report
    };
    let page = |id: &str| json!({"type": "page", "name": "p", "userId": id});
    let visit = |id: &str| json!({"type": "page", "name": "p", "anonymousId": id});
    let send = |key: &str, batch: Value| {
        let count = u64::try_from(batch.as_array().unwrap().len()).unwrap();
        let counts = collector.batch(key, &json!({"batch": batch})).counts();
        assert_eq!(counts, (count, 0, 0));
    };
    send(
        &clusters,
        json!([report("c1", "gone-customer"), report("c2", "kept-customer")]),
    );
    send(
        &pages,
        json!([
            page("gone-user"),
            page("gone-user"),
            page("kept-user"),
            visit("gone-visitor")
        ]),
    );
    collector.clock.set("2026-11-21T12:31:00Z");
    // The messages of a visitor who has the id of a user are not the user's.
    send(
        &pages,
        json!([page("gone-user"), visit("gone-user"), page("kept-user")]),
    );
    until(|| count(&collector, "batch") == 1);

    // How often a day counts an id.
    let counted = |kind: &str, id: &str| -> Vec<String> {
        let key = format!(" {} None ", hash(kind, id));
        let sums = sums(&collector.data).into_iter().filter(|sum| sum.contains(&key));
        sums.map(|sum| sum.split_once(&key).unwrap().1.to_owned())
            .collect()
    };
    let (once, twice) = ("[1, 0, 0]", "[2, 0, 0]");
    assert_eq!(counted("user", "gone-user"), [twice, twice]);
    assert_eq!(counted("user", "gone-visitor"), [once]);
    assert_eq!(counted("customerKey", "gone-customer"), [once]);
    let total = || {
        let sums = sums(&collector.data).into_iter();
        sums.filter(|sum| sum.contains("Page p") || sum.contains("Unit a"))
            .collect::<Vec<_>>()
    };
    assert_eq!(total().len(), 4, "{:?}", total());
    let before = total();
    let connection = Connection::open(collector.data.join("collector.db")).unwrap();
    let sheets = "INSERT INTO sheet SELECT DISTINCT day, 1, x'', x'', x'' FROM cluster_day";
    let columns = "INSERT INTO sheet_column SELECT DISTINCT day, 12, 1, x'' FROM cluster_day";
    assert_eq!(connection.execute(sheets, ()).unwrap(), 2);
    assert_eq!(connection.execute(columns, ()).unwrap(), 2);
    drop(connection);

    let forget = |arguments: &[&str]| {
        let output = run(
            &collector.data,
            &[&["forget", "--delete-only"], arguments].concat(),
        );
        assert!(output.status.success(), "{output:?}");
        settle(&collector.data);
    };
    forget(&["--user-id", "gone-user"]);
    assert_eq!(counted("user", "gone-user"), [once], "of the visitor, today");
    assert_eq!(
        (count(&collector, "sheet"), count(&collector, "sheet_column")),
        (0, 0)
    );
    forget(&["--anonymous-id", "gone-visitor"]);
    forget(&["--customer-key", "gone-customer"]);
    assert!(counted("user", "gone-visitor").is_empty() && counted("customerKey", "gone-customer").is_empty());
    assert_eq!(counted("user", "kept-user"), [once, once]);
    assert_eq!(counted("customerKey", "kept-customer"), [once]);
    // Nothing else of the days of which messages were dropped; of today, the one page that was there.
    let after = total();
    assert_eq!(after.len(), 4);
    let others: Vec<_> = before.iter().filter(|sum| !after.contains(sum)).collect();
    assert!(
        others.len() == 1 && others[0].ends_with("Page p None [3, 0, 0]"),
        "{others:?}"
    );

    // What was left is taken away once, and who comes back is counted.
    forget(&["--anonymous-id", "gone-user"]);
    assert!(counted("user", "gone-user").is_empty());
    send(&pages, json!([page("gone-user")]));
    assert_eq!(counted("user", "gone-user"), [once]);
}
