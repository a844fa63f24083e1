//! A message counts once: within a batch, over batches, over restarts, and when it comes again after days.

use serde_json::{Value, json};

use crate::client::Client;
use crate::collector::{TestCollector, messages};
use crate::in_process::InProcess;
use crate::metrics::scrape;

fn track(id: &str) -> Value {
    json!({"type": "track", "event": "e", "anonymousId": "a", "messageId": id})
}

#[test]
fn repeats_are_counted_and_not_kept() {
    let mut collector = TestCollector::start();
    let (key, other) = (collector.key("server"), collector.key("server"));
    let batch = json!({"batch": [track("1"), track("2"), track("1"), track(" 2 ")]});
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 2, 0));
    assert_eq!(collector.batch(&key, &batch).counts(), (0, 4, 0));
    // Some of a batch are new.
    let batch = json!({"batch": [track("2"), track("3"), {"type": 0}, track("4")]});
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 1, 1));
    // Ids are a key's own.
    assert_eq!(
        collector.batch(&other, &json!({"batch": [track("1")]})).counts(),
        (1, 0, 0)
    );
    // Without an id every message is another one.
    let nameless = json!({"type": "track", "event": "e", "anonymousId": "a"});
    let batch = json!({"batch": [nameless, nameless, {"type": "track", "event": "e", "anonymousId": "a", "messageId": ""}]});
    assert_eq!(collector.batch(&key, &batch).counts(), (3, 0, 0));

    for end in ["stop", "kill"] {
        match end {
            "stop" => assert!(collector.stop().success()),
            _ => collector.kill(),
        }
        collector.restart();
        let batch = json!({"batch": [track("1"), track("4")]});
        assert_eq!(collector.batch(&key, &batch).counts(), (0, 2, 0), "{end}");
    }
    let ids: Vec<_> = collector
        .messages()
        .iter()
        .map(|message| message["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids[..5], ["1", "2", "3", "4", "1"]);
    assert_eq!(ids.len(), 8);
}

#[test]
fn an_id_that_is_too_long_is_hashed() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let (long, longer) = ("é".repeat(100), "é".repeat(101));
    let batch = json!({"batch": [track(&long), track(&longer), track(&longer)]});
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 1, 0));
    let stored = collector.messages();
    assert_eq!(stored[0]["messageId"], long.as_str());
    assert_eq!(stored[1]["messageId"].as_str().unwrap().len(), 64);
}

#[test]
fn repeats_are_recognised_after_days_too() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |_| {});
    let key = collector.key("server");
    let at = |id: &str, time: &str| {
        let mut message = track(id);
        message["timestamp"] = json!(time);
        json!({"batch": [message]})
    };
    let first = at("first", "2026-11-22T10:59:59Z");
    assert_eq!(collector.batch(&key, &first).counts(), (1, 0, 0));
    // Enough of others to fill both generations of a small window many times, over five days.
    for day in 23..28 {
        collector.clock.set(&format!("2026-11-{day}T11:00:00Z"));
        for part in 0..4 {
            let flood: Vec<_> = (0..1000)
                .map(|number| track(&format!("{day}-{part}-{number}")))
                .collect();
            assert_eq!(
                collector.batch(&key, &json!({"batch": flood})).counts(),
                (1000, 0, 0)
            );
        }
    }
    for restarted in [false, true] {
        if restarted {
            collector.restart();
        }
        let looked_back = |outcome| {
            let shown = scrape(&mut Client::to(collector.address()).unwrap(), &[]);
            shown.value("heliograph_collector_lookbacks_total", &[("outcome", outcome)])
        };
        let before = looked_back("done").unwrap();
        assert_eq!(
            collector.batch(&key, &first).counts(),
            (0, 1, 0),
            "restarted: {restarted}"
        );
        assert_eq!(looked_back("done"), Some(before + 1.0));
        assert_eq!(
            (looked_back("busy"), looked_back("failed")),
            (Some(0.0), Some(0.0))
        );
        let early = at("23-0-0", "2026-11-23T11:00:00Z");
        assert_eq!(collector.batch(&key, &early).counts(), (0, 1, 0));
        // Also where it does not say when it happened, or not credibly, or says that it left just when it did the first time.
        let timeless = json!({"batch": [track("24-1-7"), track("23-3-999")]});
        assert_eq!(collector.batch(&key, &timeless).counts(), (0, 2, 0));
        assert_eq!(
            collector
                .batch(&key, &at("24-2-0", "2031-01-01T00:00:00Z"))
                .counts(),
            (0, 1, 0)
        );
        let mut stale = at("25-0-0", "2026-11-25T10:59:58Z");
        stale["sentAt"] = json!("2026-11-25T10:59:59Z");
        assert_eq!(collector.batch(&key, &stale).counts(), (0, 1, 0));
        let late = json!({"batch": [track("27-3-999")]});
        assert_eq!(collector.batch(&key, &late).counts(), (0, 1, 0));
        let fresh = at(&format!("late and new {restarted}"), "2026-11-22T10:59:59Z");
        assert_eq!(collector.batch(&key, &fresh).counts(), (1, 0, 0));
    }
    assert_eq!(messages(&collector.data, &[]).len(), 1 + 5 * 4000 + 2);
}
