//! What is exported can be imported elsewhere, and is the same there.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::collector::{TestCollector, key, messages, run};

fn track(id: &str, day: u32) -> serde_json::Value {
    json!({"type": "track", "event": format!("e{day}"), "userId": "u", "messageId": id,
        "timestamp": format!("2026-11-{day:02}T10:00:00Z"), "properties": {"n": 12_345_678_901_234_567_890_u64}})
}

#[test]
fn an_export_is_an_import() {
    let collector = TestCollector::start();
    let server = collector.key("server");
    for day in 1..=5 {
        let batch = json!({"batch": [track(&format!("a{day}"), day), track(&format!("b{day}"), day)]});
        assert_eq!(collector.batch(&server, &batch).counts(), (2, 0, 0));
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("all.ndjson");
    let path = file.to_str().unwrap();
    let output = run(collector.data(), &["export", "--output", path]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{path}: 10 messages\n")
    );
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    let text = fs::read_to_string(&file).unwrap();
    let on_standard_output = run(collector.data(), &["export"]).stdout;
    assert_eq!(String::from_utf8(on_standard_output).unwrap(), text);

    let other = dir.path().join("other");
    key(&other, "server");
    for expected in ["10 accepted, 0 duplicate", "0 accepted, 10 duplicate"] {
        let output = run(&other, &["import", "--key", "1", path]);
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(expected), "{told}");
    }
    let without_receipt = |data: &std::path::Path| {
        let mut messages = messages(data, &[]);
        for message in &mut messages {
            message.as_object_mut().unwrap().remove("receivedAt");
        }
        messages
    };
    assert_eq!(without_receipt(&other), without_receipt(collector.data()));
}

#[test]
fn what_is_asked_for_is_exported() {
    let collector = TestCollector::start();
    let server = collector.key("server");
    let days: Vec<_> = (1..=5).map(|day| track(&day.to_string(), day)).collect();
    assert_eq!(
        collector.batch(&server, &json!({"batch": days})).counts(),
        (5, 0, 0)
    );
    let ids = |arguments: &[&str]| -> Vec<String> {
        let output = run(collector.data(), &[&["export"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let id = |line| {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            message["messageId"].as_str().unwrap().to_owned()
        };
        text.lines().map(id).collect()
    };
    assert_eq!(ids(&["--from", "2026-11-04T10:00:00Z"]), ["4", "5"]);
    assert_eq!(ids(&["--to", "2026-11-02T10:00:00Z"]), ["1"]);
    assert_eq!(
        ids(&[
            "--from",
            "2026-11-02T00:00:00+02:00",
            "--to",
            "2026-11-04T00:00:00Z"
        ]),
        ["2", "3"]
    );
    assert_eq!(ids(&["--event", "e3"]), ["3"]);

    let refused = run(collector.data(), &["export", "--output", "/nowhere/x"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("/nowhere/x"), "{told}");
    assert!(
        !run(collector.data(), &["export", "--from", "yesterday"])
            .status
            .success()
    );
}

#[test]
fn an_export_of_nothing_is_an_import() {
    let collector = TestCollector::start();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("none.ndjson");
    let path = path.to_str().unwrap();
    for command in ["export", "import"] {
        let output = if command == "export" {
            run(collector.data(), &["export", "--output", path])
        } else {
            run(collector.data(), &["import", path])
        };
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && told.contains(": 0 messages"), "{told}");
    }
}

#[test]
fn batches_of_sdks_are_imported_with_what_they_share() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    key(&data, "server");
    let file = dir.path().join("batch.json");
    let batch = json!({"batch": [track("1", 1), track("2", 2)], "context": {"library": {"name": "x"}}, "sentAt": "2026-11-20T00:00:00Z"});
    fs::write(&file, serde_json::to_string_pretty(&batch).unwrap()).unwrap();
    let output = run(&data, &["import", "--key", "1", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let messages = messages(&data, &[]);
    assert_eq!(messages.len(), 2);
    for (message, day) in messages.iter().zip(1..) {
        assert_eq!(message["context"]["library"]["name"], "x");
        assert_eq!(message["timestamp"], format!("2026-11-{day:02}T10:00:00.000Z"));
        assert_eq!(message["properties"]["n"], 12_345_678_901_234_567_890_u64);
    }
}

/// What is exported counts elsewhere as it does here, whatever it was sent with; and nowhere twice.
#[test]
fn an_export_counts_as_it_did() {
    let mut collector = TestCollector::start();
    let keys = ["cluster", "cluster", "ui", "server", "server"].map(|kind| collector.key(kind));
    let [cluster, later, ui, server, other_server] = &keys;
    let send = |key: &str, batch: serde_json::Value| {
        let answer = collector.batch(key, &batch);
        assert_eq!((answer.status, answer.counts().2), (200, 0));
    };
    let report = |secret: &str, hour: u32, units: u32| {
        let reporter = heliograph_wire::id::ReporterId::of_secret(secret.as_bytes());
        json!({"type": "track", "event": "health", "anonymousId": "c", "messageId": format!("c:health:2026-11-{:02}T{:02}Z", 1 + hour / 24, hour % 24),
               "context": {"reporter": reporter.as_str()}, "timestamp": format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24),
               "properties": {"clusterId": "c", "environmentVersion": "1", "health-unit-a-total": units}})
    };
    for hour in 0..40 {
        // The first is silent for longer than a day, so that the second counts in its place.
        if !(3..=36).contains(&hour) {
            send(cluster, json!({"batch": [report("first", hour, 1)]}));
        }
        send(
            if hour < 20 { cluster } else { later },
            json!({"batch": [report("second", hour, 2)]}),
        );
        // Ids are those of a key.
        let of = |event: &str| {
            json!({"type": "track", "event": event, "anonymousId": "v", "messageId": hour.to_string(),
                   "timestamp": "2026-11-20T10:00:00Z", "properties": {"environmentVersion": "1"}})
        };
        send(
            ui,
            json!({"batch": [of("seen"), {"type": "page", "anonymousId": "v", "name": "p", "messageId": format!("p{hour}")}]}),
        );
        send(server, json!({"batch": [of("sold")]}));
        send(other_server, json!({"batch": [of("sold")]}));
    }
    // As large as a message can be that is taken: its batch's context is laid under it.
    send(
        server,
        json!({"batch": [track("large", 1)], "context": {"text": "x".repeat(450_000)}}),
    );

    let dir = TempDir::new().unwrap();
    let export = |data: &std::path::Path, name: &str, all: bool| {
        let path = dir.path().join(name);
        let all = if all { &["--all"][..] } else { &[] };
        let output = run(
            data,
            &[&["export", "--output", path.to_str().unwrap()], all].concat(),
        );
        assert!(output.status.success(), "{output:?}");
        path
    };
    let import = |data: &std::path::Path, file: &std::path::Path| {
        let output = run(data, &["import", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let content = |data: &std::path::Path| {
        let ids = |arguments: &[&str]| -> Vec<String> {
            let messages = messages(data, arguments);
            messages
                .iter()
                .map(|message| format!("{} {}", message["messageId"], message["context"]["reporter"]))
                .collect()
        };
        (crate::deletion::sums(data), ids(&[]), ids(&["--all"]))
    };
    let whole = export(collector.data(), "whole", true);
    let text = fs::read_to_string(&whole).unwrap();
    assert!(
        keys.iter()
            .all(|key| !text.contains(key.as_str()) && !text.contains(&key[..8]))
    );

    // Beside a server, and without one.
    let beside = TestCollector::start();
    let mut without = TestCollector::start();
    without.stop();
    let expected = content(collector.data());
    assert_eq!(expected.2.len(), expected.1.len() + 29);
    for target in [beside.data(), without.data()] {
        let told = import(target, &whole);
        assert!(
            told.contains(" 178 accepted, 29 duplicate, 0 suppressed, 0 rejected"),
            "{told}"
        );
        assert!(content(target) == expected, "{target:?}");
        // Once more, and as what this one exports, it is nothing new; not for whom it came from, either.
        let back = export(target, "back", true);
        for file in [&whole, &back] {
            for data in [target, collector.data()] {
                let told = import(data, file);
                assert!(told.contains(" 0 accepted, 207 duplicate"), "{told}");
            }
        }
        assert!(content(target) == expected && content(collector.data()) == expected);
    }
    // What counts alone adds up to the same.
    let counting = export(collector.data(), "counting", false);
    let third = dir.path().join("third");
    let third_key = key(&third, "cluster");
    assert!(import(&third, &counting).contains(" 178 accepted, 0 duplicate"));
    assert_eq!(content(&third).0, expected.0);

    // The only key of a cluster's is meant still where a file says nothing: those that stand for others are none.
    let event = json!({"type": "track", "event": "e", "anonymousId": "c", "messageId": "by hand and not"});
    let own = TestCollector::in_dir(&third, &[]);
    assert_eq!(
        own.batch(&third_key, &json!({"batch": [event]})).counts(),
        (1, 0, 0)
    );
    let file = dir.path().join("said-nothing");
    fs::write(&file, format!("{event}\n")).unwrap();
    assert!(import(&third, &file).contains(" 0 accepted, 1 duplicate"));

    // Nothing can be sent with keys that stand for another collector's.
    let list = String::from_utf8(run(&third, &["key", "list"]).stdout).unwrap();
    assert_eq!(list.matches("(imported)").count(), 5, "{list}");
    collector.stop();
}
