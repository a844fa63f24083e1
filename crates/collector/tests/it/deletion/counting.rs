//! What counts when something beside it is deleted.

use heliograph_wire::id::ReporterId;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{query, report, settle, sums};
use crate::collector::{TestCollector, messages, run};
use crate::time_line::time_line;

/// Where the counting report of a slot is deleted and what comes later is kept, the first that stays counts: not none, since the one
/// that would be next is deleted, too.
#[test]
fn a_report_that_stays_counts_where_those_before_it_are_deleted() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    let send = |collector: &TestCollector, secret: &str, units: u32| {
        let properties = json!({"environmentVersion": "1", "health-unit-a-total": units});
        let batch = json!({"batch": [report("c", secret, 3, &properties)]});
        assert_eq!(collector.batch(&key, &batch).status, 200);
    };
    send(&collector, "first", 1);
    send(&collector, "second", 2);
    collector.stop();
    let data = collector.data().to_owned();
    // Asked for, and not begun when the third one comes.
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let hold = "CREATE TRIGGER hold BEFORE INSERT ON deletion_run BEGIN SELECT raise(ABORT, 'held'); END";
    connection.execute_batch(hold).unwrap();
    let output = run(&data, &["forget", "--cluster-id", "c", "--delete-only"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("held"),
        "{output:?}"
    );
    collector.restart();
    send(&collector, "third", 4);
    connection.execute_batch("DROP TRIGGER hold").unwrap();
    settle(&data);
    let shown = messages(&data, &[]);
    let reporter = ReporterId::of_secret(b"third");
    assert!(
        shown.len() == 1 && shown[0]["context"]["reporter"] == reporter.as_str(),
        "{shown:?}"
    );
    let counts: Vec<bool> = time_line(&data).iter().map(|line| line.report.counts).collect();
    assert_eq!(counts, [true]);
    assert!(
        sums(&data).iter().any(|sum| sum.contains(" c ")),
        "{:?}",
        sums(&data)
    );
}

/// A cluster that was flagged since two told of it is one again when one of the two is forgotten, and nothing of what that one said is
/// left.
#[test]
fn a_flag_goes_with_what_told_it() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let send = |secret: &str, hour: u32, nodes: u32| {
        let batch = json!({"batch": [report("c", secret, hour, &json!({"health-unit-a-total": nodes}))]});
        assert_eq!(collector.batch(&key, &batch).status, 200);
    };
    for hour in 0..4 {
        send("first", hour, 3);
        send("second", hour, 5);
        // It says something else the second time.
        send("second", hour, 6);
    }
    let count = |table: &str| query::<i64>(collector.data(), &format!("SELECT count(*) FROM {table}"))[0];
    assert_eq!((count("cluster_flag"), count("report_repeat")), (1, 4));
    let ask = |secret: &str| {
        let body = json!({"clusterId": "c", "reporterSecret": secret}).to_string();
        let headers = [("Authorization", crate::client::basic(&key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = collector
            .client()
            .send("POST", "/v1/forget", &headers, body.as_bytes());
        assert_eq!(answer.unwrap().status, 200);
        settle(collector.data());
    };
    ask("second");
    assert_eq!(
        (
            count("cluster_flag"),
            count("report_repeat"),
            time_line(collector.data()).len()
        ),
        (0, 0, 4)
    );
}

/// Who stood beside a reporter that is deleted counts in its place: in the time line, in the records and in the sums.
#[test]
fn another_reporter_counts_where_the_one_that_counted_is_deleted() {
    const UNITS: [(&str, u32); 4] = [("first", 1), ("second", 2), ("third", 4), ("fourth", 8)];
    let one = |secret: &str, hour: u32| {
        let units = UNITS.into_iter().find(|(name, _)| *name == secret).unwrap().1;
        let properties = json!({"environmentVersion": "1", "health-unit-a-total": units});
        report("c", secret, hour, &properties)
    };
    // The cluster is bound to the first, which is silent for a day. Then the second counts, until the first is back.
    let batches: [&[(&str, u32)]; 8] = [
        &[("first", 0)],
        &[("second", 30)],
        &[("third", 30)],
        &[("second", 31), ("third", 31), ("fourth", 31)],
        &[("second", 32)],
        &[("fourth", 32), ("third", 32)],
        &[("first", 33), ("second", 33)],
        // In this one none counts, and so none is to.
        &[("second", 34), ("third", 34)],
    ];
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    for batch in batches {
        let batch: Vec<_> = batch.iter().map(|(secret, hour)| one(secret, *hour)).collect();
        assert_eq!(collector.batch(&key, &json!({"batch": batch})).status, 200);
    }
    let who = |message: &Value| {
        let reporter = message["context"]["reporter"].as_str().unwrap();
        let name = UNITS
            .into_iter()
            .find(|(secret, _)| ReporterId::of_secret(secret.as_bytes()).as_str() == reporter);
        format!(
            "{} {}",
            &message["messageId"].as_str().unwrap()[17..],
            name.unwrap().0
        )
    };
    let shown = |arguments: &[&str]| -> Vec<String> {
        messages(collector.data(), arguments).iter().map(who).collect()
    };
    assert_eq!(
        shown(&[]),
        [
            "01T00Z first",
            "02T06Z second",
            "02T07Z second",
            "02T08Z second",
            "02T09Z first"
        ]
    );
    let body = json!({"clusterId": "c", "reporterSecret": "second"}).to_string();
    let headers = [("Authorization", crate::client::basic(&key))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = collector
        .client()
        .send("POST", "/v1/forget", &headers, body.as_bytes())
        .unwrap();
    assert_eq!(
        (answer.status, &answer.json()["forgotten"]["scope"]),
        (200, &json!("reporter"))
    );
    settle(collector.data());

    assert_eq!(
        shown(&[]),
        [
            "01T00Z first",
            "02T06Z third",
            "02T07Z third",
            "02T08Z fourth",
            "02T09Z first"
        ]
    );
    assert_eq!(shown(&["--all"]).len(), 8);
    let line = time_line(collector.data());
    assert_eq!(line.iter().filter(|line| line.report.counts).count(), 5);
    let speakers: Vec<i64> = query(collector.data(), "SELECT count(*) FROM cluster_reporter");
    assert_eq!(speakers, [3]);

    // The sums are those of what is shown.
    let other = TestCollector::start();
    let other_key = other.key("cluster");
    for (number, message) in collector.messages().iter_mut().enumerate() {
        // From one reporter, so that all count.
        message["context"]["reporter"] = json!(ReporterId::of_secret(b"first").as_str());
        assert_eq!(
            other.batch(&other_key, &json!({"batch": [message]})).counts(),
            (1, 0, 0),
            "{number}"
        );
    }
    assert_eq!(sums(collector.data()), sums(other.data()));
}
