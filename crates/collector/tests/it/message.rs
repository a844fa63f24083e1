//! Single messages: what is refused and why, what is mended, how time is corrected.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::basic;
use crate::collector::TestCollector;

/// All outcomes that the collector has counted, by name.
fn outcomes(collector: &TestCollector) -> Vec<(String, i64)> {
    let connection = Connection::open(collector.data().join("collector.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT name, count FROM outcome ORDER BY name")
        .unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_reason_to_refuse_a_message_has_its_counter_and_costs_only_that_message() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let deep = (0..64).fold(json!(1), |inner, _| json!([inner]));
    let with = |extra: Value| {
        let mut message = json!({"type": "track", "event": "e", "anonymousId": "a"});
        for (name, value) in extra.as_object().unwrap() {
            message[name] = value.clone();
        }
        message
    };
    for (message, reason) in [
        (json!("track"), "not_an_object"),
        (json!(null), "not_an_object"),
        (json!([]), "not_an_object"),
        (
            with(json!({"properties": {"x": "y".repeat(33_000)}})),
            "payload_too_large",
        ),
        (with(json!({"properties": {"x": deep}})), "too_deep"),
        (with(json!({"context": {"x": deep}})), "too_deep"),
        (with(json!({"type": null})), "no_type"),
        (with(json!({"type": ""})), "no_type"),
        (with(json!({"type": "Track"})), "unknown_type"),
        (with(json!({"type": "delete"})), "unknown_type"),
        (with(json!({"event": null})), "no_event"),
        (with(json!({"event": " "})), "no_event"),
        (with(json!({"event": 7})), "no_event"),
        (with(json!({"anonymousId": null})), "no_user_anon_id"),
        (with(json!({"anonymousId": "", "userId": {}})), "no_user_anon_id"),
        (with(json!({"type": "group"})), "no_group_id"),
        (
            with(json!({"type": "alias", "previousId": "p"})),
            "no_user_anon_id",
        ),
        (with(json!({"type": "alias", "userId": "u"})), "no_previous_id"),
        (with(json!({"properties": []})), "field_not_object"),
        (with(json!({"traits": "x"})), "field_not_object"),
        (with(json!({"context": 1})), "field_not_object"),
        (with(json!({"integrations": true})), "field_not_object"),
        (with(json!({"event": "health"})), "cluster_event"),
    ] {
        let count = |name: &str| {
            let all = outcomes(&collector);
            let found = all.iter().find(|(known, _)| known == name);
            found.map_or(0, |(_, count)| *count)
        };
        let name = format!("rejected.{reason}");
        let before = count(&name);
        let batch = json!({"batch": [with(json!({})), message, with(json!({}))]});
        assert_eq!(collector.batch(&key, &batch).counts(), (2, 0, 1), "{reason}");
        assert_eq!(count(&name), before + 1, "{reason}");
    }
    assert_eq!(collector.messages().len(), 2 * 23);
}

#[test]
fn all_six_types_are_taken() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let batch = json!({"batch": [
        {"type": "track", "event": "e", "userId": "u"},
        {"type": "identify", "userId": 12, "traits": {"a": 1}},
        {"type": "page", "anonymousId": "a", "name": "/nodes", "properties": null},
        {"type": "screen", "anonymousId": "a"},
        {"type": "group", "userId": "u", "groupId": 3.0},
        {"type": "alias", "userId": "u", "previousId": -4},
    ]});
    assert_eq!(collector.batch(&key, &batch).counts(), (6, 0, 0));
    let stored = collector.messages();
    let types: Vec<_> = stored
        .iter()
        .map(|message| message["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["track", "identify", "page", "screen", "group", "alias"]);
    assert_eq!(stored[1]["userId"], "12");
    assert_eq!(stored[2]["name"], "/nodes");
    assert_eq!(stored[2].get("properties"), None);
    assert_eq!(stored[4]["groupId"], "3");
    assert_eq!(stored[5]["previousId"], "-4");
}

#[test]
fn what_no_database_likes_is_mended() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let bodies: [&[u8]; 3] = [
        br#"{"batch":[{"type":"track","event":"a\u0000b","userId":"\ud800","properties":{"k\udc00":"\ud83d\ude00\u0000"}}]}"#,
        b"{\"batch\":[{\"type\":\"track\",\"event\":\"caf\xe9\",\"userId\":\"u\"}]}",
        b"{\"batch\":[{\"type\":\"track\",\"event\":\"n\0l\",\"userId\":\"u\"}]}",
    ];
    for body in bodies {
        let answer = collector
            .client()
            .send("POST", "/v1/batch", &[("Authorization", &basic(&key))], body);
        assert_eq!(answer.unwrap().counts(), (1, 0, 0));
    }
    let stored = collector.messages();
    assert_eq!(stored[0]["event"], "ab");
    assert_eq!(stored[0]["userId"], "\u{fffd}");
    assert_eq!(stored[0]["properties"], json!({"k\u{fffd}": "\u{1f600}"}));
    assert_eq!(stored[1]["event"], "caf\u{fffd}");
    assert_eq!(stored[2]["event"], "nl");
}

#[test]
fn the_batch_s_context_lies_under_the_messages_own_and_no_address_is_kept() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let batch = json!({
        "batch": [
            {"type": "track", "event": "e", "userId": "u", "context": {"ip": "192.0.2.77", "os": {"name": "own"}}},
            {"type": "track", "event": "e", "userId": "u"},
        ],
        "context": {"ip": "192.0.2.77", "os": {"name": "batch"}, "locale": "zh"},
        "integrations": {"All": false},
    });
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 0, 0));
    let stored = collector.messages();
    assert_eq!(
        stored[0]["context"],
        json!({"os": {"name": "own"}, "locale": "zh"})
    );
    assert_eq!(
        stored[1]["context"],
        json!({"os": {"name": "batch"}, "locale": "zh"})
    );
}

#[test]
fn the_sender_s_clock_is_corrected() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let time = |text: &Value| -> Timestamp { text.as_str().unwrap().parse().unwrap() };
    let batch = json!({
        "batch": [
            // Waited ten seconds, by a clock that is years off; as go writes it, and as the crate does.
            {"type": "track", "event": "e", "userId": "u", "timestamp": "2020-01-01T00:00:00+0000"},
            {"type": "track", "event": "e", "userId": "u", "originalTimestamp": "2020-01-01T00:00:05.000000001Z"},
            // A sentAt of its own.
            {"type": "track", "event": "e", "userId": "u", "timestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:01Z"},
            {"type": "track", "event": "e", "userId": "u", "timestamp": "soon", "sentAt": 7, "receivedAt": "2020-01-01T00:00:00Z"},
            {"type": "track", "event": "e", "userId": "u", "timestamp": "2021-01-01T00:00:00Z"},
        ],
        "sentAt": "2020-01-01T00:00:10.000Z",
    });
    assert_eq!(collector.batch(&key, &batch).counts(), (5, 0, 0));
    let stored = collector.messages();
    let age = |message: &Value| {
        time(&message["receivedAt"])
            .duration_since(time(&message["timestamp"]))
            .as_millis()
    };
    let ages: Vec<_> = stored.iter().map(age).collect();
    assert_eq!(ages, [10_000, 5_000, 1_000, 0, -300_000]);
    assert_eq!(stored[0]["originalTimestamp"], "2020-01-01T00:00:00.000Z");
    assert_eq!(stored[0]["sentAt"], "2020-01-01T00:00:10.000Z");
    assert_eq!(stored[3].get("originalTimestamp"), None);
}
