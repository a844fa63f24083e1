//! What is remembered of messages that were not simply taken, and how it is shown.

use serde_json::{Value, json};

use crate::collector::{TestCollector, run};
use crate::in_process::InProcess;

fn outcomes(collector: &TestCollector, arguments: &[&str]) -> Value {
    let output = run(collector.data(), &[&["outcomes", "--json"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn last(shown: &Value) -> Vec<[String; 4]> {
    let last = shown["last"].as_array().unwrap();
    last.iter()
        .map(|one| {
            ["outcome", "event", "field", "messageId"].map(|name| one[name].as_str().unwrap().to_owned())
        })
        .collect()
}

fn of(parts: [&str; 4]) -> [String; 4] {
    parts.map(str::to_owned)
}

/// The bytes of the database as it is now, but for the messages that were taken.
fn without_messages(collector: &TestCollector) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let database = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
    database
        .execute("VACUUM INTO ?", [copy.to_str().unwrap()])
        .unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    assert_ne!(database.execute("DELETE FROM batch", ()).unwrap(), 0);
    database.execute_batch("VACUUM").unwrap();
    drop(database);
    std::fs::read(copy).unwrap()
}

#[test]
fn each_message_at_fault_is_told_by_name_beside_a_running_server_and_after_it() {
    let mut collector = TestCollector::start();
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let message = json!({"type": "track", "event": "Paid", "userId": "u", "messageId": "m1", "properties": {"card": "4111"}});
    let mut refused = message.clone();
    refused["messageId"] = json!("m2");
    refused["traits"] = json!("secret");
    let batch = json!({"batch": [message, message, refused, 7]});
    assert_eq!(collector.batch(&server, &batch).counts(), (1, 1, 2));
    let report = json!({
        "type": "track", "event": "health", "anonymousId": "c1", "messageId": "c1:health:2026-11-22T11Z",
        "properties": {"clusterId": "c1", "hostname": "secret"},
    });
    assert_eq!(
        collector.batch(&cluster, &json!({"batch": [report]})).counts(),
        (1, 0, 0)
    );

    for stopped in [false, true] {
        if stopped {
            assert!(collector.stop().success());
        }
        let shown = outcomes(&collector, &[]);
        let mut found = last(&shown);
        found.sort();
        let slot = "c1:health:2026-11-22T11Z";
        let expected = [
            ["Additional-Properties", "health", "hostname", slot],
            ["Required-Missing", "health", "customerKey", slot],
            ["duplicate", "Paid", "", "m1"],
            ["rejected.field_not_object", "Paid", "traits", "m2"],
            ["rejected.not_an_object", "", "", ""],
        ];
        assert_eq!(found, expected.map(of));
        // Of the content nothing but names.
        assert!(memchr::memmem::find(&without_messages(&collector), b"secret").is_none());
        assert!(!shown.to_string().contains("secret") && !shown.to_string().contains("4111"));
        let counted = |outcome: &str| {
            let days = shown["days"].as_array().unwrap();
            let of = days.iter().filter(|day| day["outcome"] == outcome);
            of.map(|day| day["messages"].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!(
            (
                counted("accepted"),
                counted("duplicate"),
                counted("Required-Missing")
            ),
            (2, 1, 1)
        );

        let of_reason = |reason: &str| last(&outcomes(&collector, &["--reason", reason])).len();
        assert_eq!(
            (
                of_reason("rejected"),
                of_reason("duplicate"),
                of_reason("required-missing")
            ),
            (2, 1, 1)
        );
        assert_eq!(last(&outcomes(&collector, &["--limit", "3"])).len(), 3);
    }
    let output = run(collector.data(), &["outcomes", "--reason", "nonsense"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("there is no outcome `nonsense`") && said.contains("rejected.no_event"),
        "{said}"
    );
}

#[test]
fn what_a_terminal_would_obey_is_not_printed() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let batch = json!({"batch": [{"type": "track", "event": "\u{1b}[2J\u{9b}x", "messageId": "a\nb"}]});
    assert_eq!(collector.batch(&key, &batch).counts(), (0, 0, 1));
    let output = run(collector.data(), &["outcomes"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(r"\u{1b}[2J\u{9b}x") && text.contains(r"a\nb"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'));
}

#[test]
fn a_sender_that_makes_nothing_but_mistakes_costs_little() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |_| {});
    let key = collector.key("ui");
    let mistakes: Vec<_> = (0..2000)
        .map(|number| json!({"type": "track", "userId": "u", "messageId": number}))
        .collect();
    for _ in 0..20 {
        assert_eq!(
            collector.batch(&key, &json!({"batch": mistakes})).counts(),
            (0, 0, 2000)
        );
    }
    let output = run(
        &collector.data,
        &["outcomes", "--json", "--limit", "1000", "--days", "100000"],
    );
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    // The clock stands still: no more than at once.
    assert_eq!(last(&shown).len(), 20);
    assert_eq!(shown["days"][0]["messages"], 40_000);
    collector.clock.set("2026-11-22T12:00:00Z");
    assert_eq!(
        collector.batch(&key, &json!({"batch": mistakes})).counts(),
        (0, 0, 2000)
    );
    let output = run(&collector.data, &["outcomes", "--json", "--limit", "1000"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Few of a request are looked into.
    assert_eq!(last(&shown).len(), 24);
}

#[test]
fn of_who_is_suppressed_nothing_is_remembered() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |_| {});
    let key = collector.key("cluster");
    let reporter = heliograph_wire::id::ReporterId::of_secret(b"s");
    let report = json!({
        "type": "track", "event": "health", "anonymousId": "c1", "messageId": "c1:health:2026-11-22T11Z",
        "context": {"reporter": reporter.as_str()},
    });
    let batch = json!({"batch": [report]});
    assert_eq!(collector.batch(&key, &batch).status, 200);
    let petition = json!({"clusterId": "c1", "reporterSecret": "s"}).to_string();
    let authorization = crate::client::basic(&key);
    let mut client = crate::client::Client::to(collector.address()).unwrap();
    let headers = [("Authorization", authorization.as_str())];
    let answer = client.send("POST", "/v1/forget", &headers, petition.as_bytes());
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(collector.batch(&key, &batch).status, 200);
    let known = |data| -> Vec<[String; 4]> {
        let output = run(data, &["outcomes", "--json", "--reason", "rejected"]);
        last(&serde_json::from_slice(&output.stdout).unwrap())
    };
    let mistake = json!({"batch": [
        {"type": "track", "anonymousId": "c1", "messageId": "m1"},
        {"type": "track", "anonymousId": "c2", "messageId": "m2"},
    ]});
    assert_eq!(collector.batch(&key, &mistake).counts(), (0, 0, 2));
    assert_eq!(
        known(&collector.data),
        [of(["rejected.no_event", "", "event", "m2"])]
    );
    let output = run(&collector.data, &["outcomes", "--json", "--reason", "suppressed"]);
    assert!(last(&serde_json::from_slice(&output.stdout).unwrap()).is_empty());
}
