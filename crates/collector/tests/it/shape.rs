//! What `messages` prints.

use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::collector::{BINARY, TestCollector, messages, run};
use crate::in_process::InProcess;

#[test]
fn messages_have_segment_s_shape_and_nothing_else() {
    let collector = InProcess::start("2026-11-22T12:00:00.250Z", |_| {});
    let key = collector.key("cluster");
    let batch = json!({
        "batch": [
            {
                "type": "track", "messageId": "c:health:2026-11-22T11Z", "userId": "ck", "anonymousId": "c", "event": "health",
                "name": "n", "properties": {"b": 1.50, "a": [{"x": null}]}, "traits": {"t": true}, "timestamp": "2026-11-22T11:58:00Z",
                "context": {"reporter": "00000000000000000000000000000001", "library": {"name": "l", "version": "1"}, "ip": "192.0.2.1"},
                "integrations": {"All": true}, "writeKey": "secret", "receivedAt": "2020-01-01T00:00:00Z", "channel": "x", "_metadata": {},
            },
            {"type": "alias", "userId": "u", "previousId": "p"},
            {"type": "group", "userId": "u", "groupId": "g", "messageId": 5},
        ],
        "sentAt": "2026-11-22T11:59:00Z", "writeKey": "secret", "messageId": "envelope",
    });
    assert_eq!(collector.batch(&key, &batch).counts(), (3, 0, 0));
    let text = String::from_utf8(run(&collector.data, &["messages"]).stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            concat!(
                r#"{"type":"track","messageId":"c:health:2026-11-22T11Z","userId":"ck","anonymousId":"c","event":"health","name":"n","#,
                r#""properties":{"a":[{"x":null}],"b":1.5},"traits":{"t":true},"#,
                r#""context":{"library":{"name":"l","version":"1"},"reporter":"00000000000000000000000000000001"},"#,
                r#""originalTimestamp":"2026-11-22T11:58:00.000Z","sentAt":"2026-11-22T11:59:00.000Z","#,
                r#""timestamp":"2026-11-22T11:59:00.250Z","receivedAt":"2026-11-22T12:00:00.250Z"}"#
            ),
            concat!(
                r#"{"type":"alias","messageId":"04040404-0404-4404-8404-040404040404","userId":"u","previousId":"p","#,
                r#""sentAt":"2026-11-22T11:59:00.000Z","timestamp":"2026-11-22T12:00:00.250Z","receivedAt":"2026-11-22T12:00:00.250Z"}"#
            ),
            concat!(
                r#"{"type":"group","messageId":"5","userId":"u","groupId":"g","#,
                r#""sentAt":"2026-11-22T11:59:00.000Z","timestamp":"2026-11-22T12:00:00.250Z","receivedAt":"2026-11-22T12:00:00.250Z"}"#
            ),
        ]
    );
}

#[test]
fn a_peer_s_times_are_believed() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |_| {});
    let key = collector.key("peer");
    let batch = json!({"batch": [{
        "type": "track", "event": "e", "anonymousId": "a", "originalTimestamp": "2026-11-22T10:00:00Z",
        "timestamp": "2026-11-22T10:30:00Z", "sentAt": "2026-11-22T10:00:01Z", "receivedAt": "2026-11-22T10:30:01Z",
    }], "sentAt": "2026-11-22T11:59:59Z"});
    assert_eq!(collector.batch(&key, &batch).counts(), (1, 0, 0));
    let message = &messages(&collector.data, &[])[0];
    assert_eq!(message["timestamp"], "2026-11-22T10:30:00.000Z");
    assert_eq!(message["receivedAt"], "2026-11-22T10:30:01.000Z");
    assert_eq!(message["originalTimestamp"], "2026-11-22T10:00:00.000Z");
}

#[test]
fn oldest_first_limited_and_filtered_beside_a_running_server() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    for number in 0..30 {
        let event = if number % 3 == 0 { "third" } else { "other" };
        let batch =
            json!({"batch": [{"type": "track", "event": event, "anonymousId": "a", "messageId": number}]});
        assert_eq!(collector.batch(&key, &batch).counts(), (1, 0, 0));
    }
    let ids = |arguments: &[&str]| -> Vec<String> {
        messages(collector.data(), arguments)
            .iter()
            .map(|message| message["messageId"].as_str().unwrap().to_owned())
            .collect()
    };
    let all: Vec<_> = (0..30).map(|number| number.to_string()).collect();
    assert_eq!(ids(&[]), all);
    assert_eq!(ids(&["--limit", "4"]), all[..4]);
    assert_eq!(ids(&["--event", "third", "--limit", "3"]), ["0", "3", "6"]);
    assert!(ids(&["--limit", "0"]).is_empty());
    assert!(ids(&["--event", "none"]).is_empty());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let message =
        json!({"type": "track", "event": "e", "anonymousId": "a", "properties": {"x": "y".repeat(1000)}});
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": vec![message; 400]}))
            .counts(),
        (400, 0, 0)
    );
    let mut child = Command::new(BINARY)
        .args(["messages", "--data"])
        .arg(collector.data())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut some).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
