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
