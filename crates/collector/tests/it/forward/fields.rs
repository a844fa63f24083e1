//! What is the sender's of a message arrives as it came.

use std::collections::BTreeMap;

use heliograph_fleet::sink::Sink;
use heliograph_wire::segment::{MAX_BATCH, MAX_BATCH_MESSAGES};
use serde_json::{Value, json};

use super::{Files, ids, metric, until};
use crate::collector::TestCollector;

/// What is the sender's of a message, by Segment's spec.
fn of_sender(message: &Value) -> BTreeMap<String, Value> {
    let fields = [
        "type",
        "messageId",
        "event",
        "name",
        "userId",
        "anonymousId",
        "groupId",
        "previousId",
        "properties",
        "traits",
        "context",
        "integrations",
    ];
    fields
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), message.get(name)?.clone())))
        .collect()
}

fn time(message: &Value, name: &str) -> Option<jiff::Timestamp> {
    message.get(name)?.as_str()?.parse().ok()
}

/// 10,000 messages of all types, with fields of all kinds.
#[test]
fn the_fields_that_are_the_sender_s_do_not_differ() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    let collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "their-key\n")),
    ]);
    let key = collector.key("server");
    let types = ["track", "identify", "page", "screen", "group", "alias"];
    let mut sent = Vec::new();
    let mut client = collector.client();
    for request in 0..100 {
        let batch: Vec<Value> = (0..100)
            .map(|part| {
                let number = request * 100 + part;
                let kind = types[number % types.len()];
                let mut message = json!({
                    "type": kind, "messageId": format!("m{number}"), "anonymousId": format!("a{}", number % 97),
                    "context": {"library": {"name": "x", "version": "1"}, "page": {"url": "https://a.example/ü?b=%20"}, "n": [1, null, {"d": 0.5}]},
                    "integrations": {"All": number % 2 == 0, "Mixpanel": {"x": "\u{1F600}"}},
                    "timestamp": format!("2026-11-22T10:{:02}:{:02}.{:03}Z", request % 60, part % 60, number % 1000),
                });
                if number % 3 == 0 { message["userId"] = json!(format!("u\"{number}\\")); }
                match kind {
                    "track" => { message["event"] = json!("Signed Up"); message["properties"] = json!({"n": number, "text": "line\nbreak", "none": null, "big": 1e300}); }
                    "identify" => message["traits"] = json!({"plan": "x", "list": [[], {}]}),
                    "page" | "screen" => { message["name"] = json!("/nodes"); message["properties"] = json!({"path": "/"}); }
                    "group" => { message["groupId"] = json!("g"); message["traits"] = json!({"size": 3}); }
                    _ => { message["userId"] = json!("new"); message["previousId"] = json!("old"); }
                }
                message
            })
            .collect();
        // Each of a clock of its own.
        let body = json!({"batch": batch, "sentAt": format!("2026-11-22T{:02}:59:00Z", 10 + request % 13)});
        assert_eq!(client.batch(&key, &body).unwrap().counts(), (100, 0, 0));
        sent.extend(batch);
    }
    until("all are forwarded", || sink.messages().len() >= sent.len());
    let arrived = sink.messages();
    assert_eq!(
        ids(&arrived),
        ids(&sent),
        "each once, in the order in which they came"
    );
    let kept = collector.messages();
    let received = sink.requests();
    for (index, (sent, arrived)) in sent.iter().zip(&arrived).enumerate() {
        assert_eq!(of_sender(arrived), of_sender(sent));
        assert_eq!(
            time(arrived, "timestamp"),
            time(sent, "timestamp"),
            "as the sender's clock had it"
        );
        assert!(arrived.get("receivedAt").is_none());
        // By Segment's rule the target finds the same time as we did; between the two is how long the request travelled.
        let waited = time(arrived, "sentAt")
            .unwrap()
            .duration_since(time(arrived, "timestamp").unwrap());
        let ours = &kept[index];
        let received = time(ours, "receivedAt").unwrap();
        let corrected = time(ours, "timestamp").unwrap();
        let lay = waited - received.duration_since(corrected);
        assert!(lay.as_secs() < 60 && lay.as_millis() >= -2, "{lay}");
    }
    for request in received {
        assert!(request.body.len() <= MAX_BATCH && request.messages().len() <= MAX_BATCH_MESSAGES);
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        assert_eq!(
            request.header("authorization"),
            Some(crate::client::basic("their-key").as_str())
        );
    }
    until("the lag is shown", || {
        metric(&collector, "forward_pending_batches", &[]) == 0.0
    });
    assert_eq!(
        metric(&collector, "forward_messages_total", &[("outcome", "taken")]),
        10_000.0
    );
    assert_eq!(metric(&collector, "forward_lag_seconds", &[]), 0.0);
}
