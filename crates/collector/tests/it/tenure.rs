//! Several reporters of one cluster: the one that it is bound to counts, and two clusters under one id are found out.

use serde_json::{Value, json};

use crate::client::{Client, basic};
use crate::collector::{messages, run};
use crate::in_process::InProcess;

const FIRST: u32 = 1;
const SECOND: u32 = 2;
const THIRD: u32 = 3;

/// A report of a cluster that has so many nodes.
fn report(hour: &str, reporter: u32, nodes: i64) -> Value {
    json!({
        "type": "track", "event": "health", "anonymousId": "c", "messageId": format!("c:health:{hour}Z"),
        "properties": {"clusterId": "c", "health-unit-a-total": nodes},
        "context": {"reporter": format!("{reporter:032x}")},
    })
}

struct Cluster {
    collector: InProcess,
    key: String,
}

impl Cluster {
    fn new() -> Cluster {
        let collector = InProcess::start("2026-11-22T00:30:00Z", |_| {});
        let key = collector.key("cluster");
        Cluster { collector, key }
    }

    /// Reports for the hour that it is, or another; says whether the report counts.
    fn reports(&self, now: &str, hour: &str, reporter: u32, nodes: i64) -> bool {
        self.collector.clock.set(&format!("{now}:30:00Z"));
        let batch = json!({"batch": [report(hour, reporter, nodes)]});
        self.collector.batch(&self.key, &batch).counts() == (1, 0, 0)
    }

    fn counts(&self, hour: &str, reporter: u32) -> bool {
        self.reports(hour, hour, reporter, 3)
    }

    /// Hour and reporter of those that count.
    fn counted(&self) -> Vec<(String, u32)> {
        let messages = messages(&self.collector.data, &[]);
        let of = |message: &Value| {
            let (id, reporter) = (&message["messageId"], &message["context"]["reporter"]);
            let reporter = u32::from_str_radix(reporter.as_str().unwrap(), 16).unwrap();
            (id.as_str().unwrap()["c:health:".len()..].to_owned(), reporter)
        };
        messages.iter().map(of).collect()
    }

    fn flags(&self) -> Vec<Value> {
        let output = run(&self.collector.data, &["outcomes", "--json", "--days", "100000"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["flags"].as_array().unwrap().clone()
    }

    fn outcome(&self, name: &str) -> u64 {
        let output = run(&self.collector.data, &["outcomes", "--json", "--days", "100000"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        let days = shown["days"].as_array().unwrap().clone();
        let of = days.iter().filter(|day| day["outcome"] == name);
        of.map(|day| day["messages"].as_u64().unwrap()).sum()
    }
}

#[test]
fn the_first_reporter_counts_whoever_comes_first() {
    let cluster = Cluster::new();
    assert!(cluster.counts("2026-11-22T00", FIRST));
    assert!(!cluster.counts("2026-11-22T00", SECOND));
    for hour in ["2026-11-22T01", "2026-11-22T02"] {
        assert!(!cluster.counts(hour, SECOND), "{hour}");
        assert!(!cluster.counts(hour, THIRD), "{hour}");
        assert!(cluster.counts(hour, FIRST), "{hour}");
        cluster.collector.restart();
    }
    // In one commit, too.
    let both = json!({"batch": [report("2026-11-22T03", SECOND, 3), report("2026-11-22T03", FIRST, 3)]});
    assert_eq!(cluster.collector.batch(&cluster.key, &both).counts(), (1, 1, 0));
    let counted = cluster.counted();
    assert_eq!(counted.len(), 4);
    assert!(counted.iter().all(|(_, reporter)| *reporter == FIRST));
    assert_eq!(messages(&cluster.collector.data, &["--all"]).len(), 4 + 6);
    assert_eq!(cluster.flags(), Vec::<Value>::new());
}

#[test]
fn of_a_new_cluster_the_first_of_a_commit_is_the_first() {
    let cluster = Cluster::new();
    let both = json!({"batch": [
        report("2026-11-22T00", SECOND, 3), report("2026-11-22T00", FIRST, 3), report("2026-11-21T23", FIRST, 3),
    ]});
    assert_eq!(cluster.collector.batch(&cluster.key, &both).counts(), (1, 2, 0));
    assert!(cluster.counts("2026-11-22T01", SECOND));
}

#[test]
fn when_it_is_silent_for_a_day_the_next_takes_its_place() {
    let cluster = Cluster::new();
    assert!(cluster.counts("2026-11-22T00", FIRST));
    assert!(!cluster.counts("2026-11-22T23", SECOND));
    assert!(cluster.counts("2026-11-23T00", SECOND));
    assert!(!cluster.counts("2026-11-23T01", THIRD));
    assert!(cluster.counts("2026-11-23T01", SECOND));
    // The first one is back.
    assert!(cluster.counts("2026-11-23T02", FIRST));
    assert!(!cluster.counts("2026-11-23T03", SECOND));
}

#[test]
fn to_know_key_and_id_is_not_enough_to_speak_for_a_cluster() {
    let cluster = Cluster::new();
    assert!(cluster.counts("2026-11-22T00", FIRST));
    let now = "2026-11-22T00";
    for hour in [
        "2026-11-22T02",
        "2026-11-24T00",
        "2027-11-22T00",
        "2026-11-21T23",
        "2026-10-01T00",
        "1999-01-01T00",
    ] {
        assert!(!cluster.reports(now, hour, SECOND, 9), "{hour}");
    }
    // What the first one brings later still finds its place.
    for hour in ["2026-11-21T23", "2026-10-01T00"] {
        assert!(cluster.reports(now, hour, FIRST, 3), "{hour}");
    }
    assert!(cluster.counts("2026-11-24T00", FIRST));
    // However many there are, few are kept.
    let crowd: Vec<_> = (100..200)
        .map(|reporter| report("2026-11-24T01", reporter, 9))
        .collect();
    let before = messages(&cluster.collector.data, &["--all"]).len();
    assert_eq!(
        cluster
            .collector
            .batch(&cluster.key, &json!({"batch": crowd}))
            .counts(),
        (0, 100, 0)
    );
    assert_eq!(messages(&cluster.collector.data, &["--all"]).len(), before + 16);
    assert!(cluster.counts("2026-11-24T01", FIRST));
}

#[test]
fn two_clusters_under_one_id_are_flagged_and_a_scale_up_is_not() {
    let cluster = Cluster::new();
    // Grows while two masters report, one of them always later.
    for (hour, (first, second)) in (0..).zip([(3, 4), (4, 5), (5, 6), (6, 7), (7, 7)]) {
        let hour = format!("2026-11-22T{hour:02}");
        cluster.reports(&hour, &hour, FIRST, first);
        cluster.reports(&hour, &hour, SECOND, second);
    }
    assert_eq!(cluster.flags(), Vec::<Value>::new());
    for hour in 0..3 {
        assert_eq!(cluster.flags(), Vec::<Value>::new(), "{hour}");
        let hour = format!("2026-11-23T{hour:02}");
        cluster.reports(&hour, &hour, SECOND, 9);
        cluster.reports(&hour, &hour, FIRST, 7);
    }
    assert_eq!(
        cluster.flags(),
        [json!({"day": "2026-11-23", "cluster": "c", "flag": "clone"})]
    );
    let output = run(&cluster.collector.data, &["outcomes", "--days", "100000"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("2026-11-23  clone     c\n"), "{text}");
}

#[test]
fn a_copied_state_directory_is_told_by_what_is_said_twice() {
    let cluster = Cluster::new();
    for hour in 0..3 {
        assert_eq!(cluster.flags(), Vec::<Value>::new(), "{hour}");
        let time = format!("2026-11-22T{hour:02}");
        let (one, other) = if hour % 2 == 0 { (3, 9) } else { (9, 3) };
        assert!(cluster.reports(&time, &time, FIRST, one));
        assert!(!cluster.reports(&time, &time, FIRST, other));
        // Its repeat is only a repeat.
        assert!(!cluster.reports(&time, &time, FIRST, one));
    }
    assert_eq!(cluster.flags().len(), 1);
    assert_eq!(
        (
            cluster.outcome("duplicate.conflict"),
            cluster.outcome("duplicate")
        ),
        (3, 3)
    );
}

#[test]
fn of_what_is_not_kept_there_is_no_receipt() {
    let cluster = Cluster::new();
    let authorization = basic(&cluster.key);
    let mut client = Client::to(cluster.collector.address()).unwrap();
    let mut send = |nodes| {
        let body = json!({"batch": [report("2026-11-22T00", FIRST, nodes)]}).to_string();
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Heliograph-Receipt", "1"),
        ];
        let answer = client
            .send("POST", "/v1/batch", &headers, body.as_bytes())
            .unwrap();
        (answer.counts(), answer.json()["receipt"].is_object())
    };
    assert_eq!(send(3), ((1, 0, 0), true));
    assert_eq!(send(3), ((0, 1, 0), true));
    assert_eq!(send(4), ((0, 1, 0), false));
}
