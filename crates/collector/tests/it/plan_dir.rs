//! The vendor's own events: declared in files, checked, counted by what they say, and taken away just so when the files have changed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, run};
use crate::deletion::{found, settle};

const DAYS: [&str; 4] = ["--from", "2025-03-01", "--to", "2025-03-03"];

/// The file that the documentation shows.
pub(crate) fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("### Your own events").unwrap();
    let (_, block) = section.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// A data directory in which these files declare events.
pub(crate) fn declared(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    fs::create_dir_all(data.join("plan.d")).unwrap();
    for (name, text) in files {
        fs::write(data.join("plan.d").join(name), text).unwrap();
    }
    (dir, data)
}

fn track(id: &str, event: &str, day: u32, properties: &Value) -> Value {
    json!({
        "type": "track", "event": event, "anonymousId": id, "properties": properties,
        "messageId": format!("{id}-{event}-{day}-{properties}"), "timestamp": format!("2025-03-{day:02}T10:00:00Z"),
    })
}

/// A cluster's, which says of which one it is.
fn backup(cluster: &str, day: u32, succeeded: &Value) -> Value {
    let properties = json!({"clusterId": cluster, "succeeded": succeeded, "volumes": 3});
    track(cluster, "backup_finished", day, &properties)
}

fn ask(data: &Path, arguments: &[&str]) -> Value {
    let arguments = [&["ask", "breakdown", "--format", "json"], &DAYS[..], arguments].concat();
    let output = run(data, &arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Start, value, messages, installations.
fn values(answer: &Value) -> Vec<(String, String, u64, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let count = |name: &str| row[name].as_u64().unwrap();
        (
            text(&row["start"]),
            text(&row["value"]),
            count("count"),
            count("installations"),
        )
    })
    .collect()
}

fn row(start: &str, value: &str, count: u64, installations: u64) -> (String, String, u64, u64) {
    (start.to_owned(), value.to_owned(), count, installations)
}

const SUCCEEDED: [&str; 4] = ["--event", "backup_finished", "--property", "succeeded"];
const RATING: [&str; 4] = ["--event", "feedback_given", "--property", "rating"];

/// Sends events of clusters `a`, `b` and `c`, of visitors `v…`, and of servers.
fn send(collector: &TestCollector) {
    let [cluster, server, ui] = ["cluster", "server", "ui"].map(|kind| collector.key(kind));
    let good = json!({"rating": "good"});
    let accepted = |key: &str, batch: &[Value]| {
        let sent = batch.len() as u64;
        assert_eq!(
            collector.batch(key, &json!({"batch": batch})).counts(),
            (sent, 0, 0)
        );
    };
    let installation = json!({"clusterId": "a", "action": "install", "outcome": "failed"});
    accepted(
        &cluster,
        &[
            backup("a", 1, &json!(true)),
            backup("b", 1, &json!(true)),
            backup("b", 2, &json!(false)),
            backup("c", 2, &json!("yes")),
            // As a relay passes it on.
            track("v1", "backup_finished", 2, &json!({"succeeded": false})),
            track("a", "installation", 1, &installation),
        ],
    );
    accepted(
        &server,
        &[
            track("s1", "feedback_given", 1, &good),
            track("s2", "feedback_given", 1, &good),
        ],
    );
    accepted(
        &ui,
        &[
            track("v2", "feedback_given", 1, &json!({"rating": "bad"})),
            track("v2", "feedback_given", 1, &json!({"rating": "so-so"})),
            // Not theirs.
            track("v2", "backup_finished", 1, &json!({"succeeded": true})),
        ],
    );
}

#[test]
fn what_is_declared_is_counted_by_value() {
    let (_dir, data) = declared(&[("example.toml", &example())]);
    let collector = TestCollector::in_dir(&data, &[]);
    send(&collector);

    let succeeded = ask(&data, &SUCCEEDED);
    let expected = [row("2025-03-02", "false", 2, 1), row("2025-03-01", "true", 2, 2)];
    assert_eq!(values(&succeeded), expected);
    assert_eq!(
        (&succeeded["installations"], &succeeded["total"]),
        (&json!(2), &json!({"count": 4, "properties": 1, "values": 2}))
    );
    let rating = ask(&data, &RATING);
    let expected = [row("2025-03-01", "good", 2, 0), row("2025-03-01", "bad", 1, 0)];
    assert_eq!(values(&rating), expected);
    assert_eq!(rating["installations"], 0);
    let of_a = ask(
        &data,
        &[&SUCCEEDED[..], &["--cluster", "a", "--per", "all"]].concat(),
    );
    assert_eq!(values(&of_a), [row("2025-03-01", "true", 1, 1)]);

    // What can be asked, over HTTP.
    let output = run(&data, &["token", "add", "--scope", "read"]);
    let bearer = format!("Bearer {}", String::from_utf8(output.stdout).unwrap().trim_end());
    let path = "/api/v1/breakdown?from=2025-03-01&to=2025-03-03";
    let headers = [("Authorization", bearer.as_str())];
    let answer = collector.client().send("GET", path, &headers, b"").unwrap();
    let listed: Vec<(Value, Value, Value, Value)> = answer.json()["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["value"], Value::Null);
            let of = |name: &str| row[name].clone();
            (of("event"), of("property"), of("count"), of("installations"))
        })
        .collect();
    let pair = |event: &str, property: &str, count: u64, installations: u64| {
        (json!(event), json!(property), json!(count), json!(installations))
    };
    let expected = [
        pair("backup_finished", "succeeded", 4, 2),
        pair("feedback_given", "rating", 3, 0),
        pair("installation", "action", 1, 1),
        pair("installation", "outcome", 1, 1),
    ];
    assert_eq!(listed, expected);

    // Their types are checked, and none is unplanned.
    let mut violations: Vec<String> = Vec::new();
    let exported = run(&data, &["outcomes", "--json", "--days", "100000"]);
    let shown = String::from_utf8(exported.stdout).unwrap();
    for name in [
        "Unplanned-Event",
        "Datatype-Mismatch",
        "Required-Missing",
        "Additional-Properties",
    ] {
        if shown.contains(name) {
            violations.push(name.to_owned());
        }
    }
    // `installation` lacks what every event of a cluster has.
    assert_eq!(violations, ["Datatype-Mismatch", "Required-Missing"], "{shown}");
}

#[test]
fn deletion_takes_away_what_was_counted_though_the_files_have_changed() {
    let (_dir, data) = declared(&[("example.toml", &example())]);
    let mut collector = TestCollector::in_dir(&data, &[]);
    send(&collector);
    let other = example()
        .replace("name = \"succeeded\"", "name = \"complete\"")
        .replace("feedback_given", "feedback_taken");
    for (text, gone, left) in [
        (Some(other.as_str()), &["--cluster-id", "b"][..], 1),
        (None, &["--cluster-id", "a"], 0),
    ] {
        collector.stop();
        match text {
            Some(text) => fs::write(data.join("plan.d/example.toml"), text).unwrap(),
            None => fs::remove_dir_all(data.join("plan.d")).unwrap(),
        }
        // Nor does it matter to what is counted again.
        let before = [&SUCCEEDED, &RATING].map(|asked| ask(&data, asked));
        let output = run(&data, &["rebuild"]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!([&SUCCEEDED, &RATING].map(|asked| ask(&data, asked)), before);
        collector.restart();
        let output = run(&data, &[&["forget"], gone].concat());
        assert!(output.status.success(), "{output:?}");
        settle(&data);
        let rows = values(&ask(&data, &SUCCEEDED));
        let sum: u64 = rows.iter().map(|(_, _, count, _)| count).sum();
        let installations: u64 = rows.iter().map(|(.., installations)| installations).sum();
        // The visitor's stays, and is of no installation.
        assert_eq!((sum, installations), (1 + left, left), "{rows:?}");
    }
    assert_eq!(ask(&data, &RATING)["total"]["count"], 3);
    for id in ["c", "v1", "s1", "s2", "v2"] {
        let option = if id == "c" {
            "--cluster-id"
        } else {
            "--anonymous-id"
        };
        let output = run(&data, &["forget", option, id]);
        assert!(output.status.success(), "{output:?}");
    }
    settle(&data);
    collector.stop();
    let connection = rusqlite::Connection::open(data.join("collector.db")).unwrap();
    let rows = |sql: &str| -> i64 { connection.query_row(sql, (), |row| row.get(0)).unwrap() };
    assert_eq!(rows("SELECT count(*) FROM cluster_day"), 0);
    assert_eq!(rows("SELECT count(*) FROM term WHERE text <> ''"), 0);
    drop(connection);
    let none: [String; 0] = [];
    assert_eq!(found(&data, &["feedback_given", "succeeded", "so-so"]), none);
}

#[test]
fn errors_of_the_ui_are_told_by_route_and_need_not_be_declared() {
    let collector = TestCollector::start();
    let data = collector.data().to_owned();
    // Longer than a name is kept.
    let long = format!("/{}", "é".repeat(100));
    let page = |id: u32| {
        json!({
            "type": "page", "anonymousId": "v", "messageId": id.to_string(), "name": long, "timestamp": "2025-03-01T10:00:00Z",
        })
    };
    let at = json!({"route": long, "kind": "other"});
    let batch = [
        page(1),
        page(2),
        track("v", "ui_error", 1, &at),
        track("v", "ui_load_failed", 1, &at),
    ];
    let key = collector.key("server");
    assert_eq!(
        collector.batch(&key, &json!({"batch": batch})).counts(),
        (4, 0, 0)
    );
    let output = run(
        &data,
        &[&["ask", "ui-reliability", "--format", "json"], &DAYS[..]].concat(),
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [row] = &answer["rows"].as_array().unwrap()[..] else {
        panic!("{answer}")
    };
    let told = ["pageViews", "errors", "failedLoads"].map(|name| row[name].as_u64().unwrap());
    assert_eq!(told, [2, 1, 1]);
}

#[test]
fn a_file_of_no_use_is_an_error_at_the_start() {
    let redefined = "[[event]]\nname = \"health\"\ndescription = \"Mine.\"\n";
    let (_dir, data) = declared(&[("own.toml", redefined)]);
    let (collector, listens) = TestCollector::in_environment(&data, &[], &[]);
    assert!(!listens);
    let log = collector.log();
    let expected =
        "plan.d/own.toml, line 2: the event \"health\" is the telemetry plan's: give yours another name";
    assert!(log.contains(expected), "{log}");
    // Nothing was made by then.
    assert!(!data.join("collector.db").exists());

    let elsewhere = data.join("none");
    let (collector, listens) =
        TestCollector::in_environment(&data, &[("plan_dir", elsewhere.to_str().unwrap())], &[]);
    assert!(
        !listens && collector.log().contains("can't read"),
        "{}",
        collector.log()
    );
    // Another place is looked at instead of the one in the data directory.
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("example.toml"), example()).unwrap();
    let collector = TestCollector::in_dir(&data, &[("plan_dir", elsewhere.to_str().unwrap())]);
    send(&collector);
    assert_eq!(values(&ask(&data, &RATING)).len(), 2);
}
