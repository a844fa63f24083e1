//! A damaged database: told at the start, in words that help, and met while running: never written to any further.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::collector::{BINARY, TestCollector};

const PAGE: usize = 4096;

fn batch(number: usize) -> Value {
    json!({"batch": [{
        "type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{number}"), "properties": {"x": "y".repeat(500)},
    }]})
}

/// Writes over all pages but the first ones.
fn damage(data: &Path, first: usize) {
    let path = data.join("collector.db");
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 10 * PAGE);
    bytes[first * PAGE..].fill(0xaa);
    fs::write(path, bytes).unwrap();
}

/// A collector with a few messages, whose log is in its database.
fn filled() -> (TestCollector, String) {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    for number in 0..20 {
        assert_eq!(collector.batch(&key, &batch(number)).status, 200);
    }
    assert!(collector.stop().success());
    (collector, key)
}

#[test]
fn it_is_told_at_the_start_and_nothing_is_changed() {
    let (collector, _) = filled();
    damage(collector.data(), 5);
    let before = fs::read(collector.data().join("collector.db")).unwrap();
    for _ in 0..3 {
        let output = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(collector.data())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        // What a service manager is told not to start again.
        assert_eq!(output.status.code(), Some(65), "{said}");
        for words in [
            "THE DATABASE IS DAMAGED",
            "collector.db",
            "Nothing was changed",
            "heliograph-collector restore",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(fs::read(collector.data().join("collector.db")).unwrap(), before);
    }
}

#[test]
fn what_is_no_database_is_told_too() {
    let (collector, _) = filled();
    fs::write(collector.data().join("collector.db"), "x".repeat(9 * PAGE)).unwrap();
    let output = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(collector.data())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(65), "{output:?}");
}

#[test]
fn what_is_met_while_running_is_a_503_and_nothing_more_is_written() {
    let (mut collector, key) = filled();
    collector.restart();
    damage(collector.data(), 1);
    assert_eq!(
        collector.batch(&key, &batch(100)).error(),
        (503, "unavailable".to_owned())
    );
    let after = fs::read(collector.data().join("collector.db")).unwrap();
    for number in 101..105 {
        assert_eq!(collector.batch(&key, &batch(number)).status, 503);
    }
    let ready = collector.client().send("GET", "/readyz", &[], b"").unwrap();
    assert_eq!(ready.status, 503);
    assert!(
        ready.json()["detail"].to_string().contains("damaged"),
        "{ready:?}"
    );
    let metrics = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("store_condition{condition=\"damaged\"} 1"),
        "{metrics}"
    );
    let log = collector.log();
    assert_eq!(log.matches("THE DATABASE IS DAMAGED").count(), 1, "{log}");
    assert_eq!(fs::read(collector.data().join("collector.db")).unwrap(), after);
    // The process lives on: what it says is of more use than a restart.
    let alive = collector.client().send("GET", "/healthz", &[], b"").unwrap();
    assert_eq!(alive.status, 200);
    assert!(collector.stop().success());
}
