//! Quotas: what comes with one key is held back when its day is full, and nothing else is.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::collector::run;
use crate::exposition::Exposition;
use crate::in_process::InProcess;

fn batch(ids: std::ops::Range<usize>) -> Value {
    let messages: Vec<_> = ids
        .map(|id| json!({"type": "track", "event": "e", "userId": "u", "messageId": id.to_string()}))
        .collect();
    json!({"batch": messages})
}

fn refused(answer: &Answer) -> Option<&str> {
    if answer.status == 200 {
        return None;
    }
    assert_eq!(answer.error(), (429, "quota_exceeded".to_owned()));
    Some(answer.header("retry-after").unwrap())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A key, and its number.
fn key(collector: &InProcess, arguments: &[&str]) -> (String, String) {
    let added = run(
        &collector.data,
        &[&["key", "add", "--kind", "server"], arguments].concat(),
    );
    assert!(added.status.success(), "{added:?}");
    let list = text(&run(&collector.data, &["key", "list"]).stdout);
    let number = list.lines().last().unwrap().split_whitespace().next().unwrap();
    (text(&added.stdout).trim_end().to_owned(), number.to_owned())
}

#[test]
fn a_full_day_holds_back_one_key_until_midnight() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |config| config.quota.messages = Some(5));
    let (first, _) = key(&collector, &[]);
    let (second, _) = key(&collector, &["--messages-per-day", "none"]);
    assert_eq!(collector.batch(&first, &batch(0..4)).counts(), (4, 0, 0));
    // Repeats and what is refused don't count; what is under way is still taken.
    assert_eq!(collector.batch(&first, &batch(0..4)).counts(), (0, 4, 0));
    assert_eq!(
        collector.batch(&first, &json!({"batch": [1, 2]})).counts(),
        (0, 0, 2)
    );
    assert_eq!(collector.batch(&first, &batch(4..10)).counts(), (6, 0, 0));
    assert_eq!(refused(&collector.batch(&first, &batch(10..11))), Some("300"));
    // With the key in the body, too.
    let mut body = batch(10..11);
    body["writeKey"] = json!(first);
    let mut client = Client::to(collector.address()).unwrap();
    let answer = client
        .send("POST", "/v1/batch", &[], body.to_string().as_bytes())
        .unwrap();
    assert_eq!(refused(&answer), Some("300"));
    assert_eq!(refused(&collector.batch(&second, &batch(0..20))), None);

    collector.restart();
    assert_eq!(refused(&collector.batch(&first, &batch(10..11))), Some("300"));
    collector.clock.set("2026-11-22T23:59:18Z");
    assert_eq!(refused(&collector.batch(&first, &batch(10..11))), Some("42"));
    let answer = Client::to(collector.address())
        .unwrap()
        .send("GET", "/metrics", &[], b"");
    let shown = Exposition::parse(std::str::from_utf8(&answer.unwrap().body).unwrap());
    let over = |quota| {
        shown.value(
            "heliograph_collector_over_quota_total",
            &[("key", "server"), ("quota", quota)],
        )
    };
    assert_eq!((over("messages"), over("bytes")), (Some(2.0), Some(0.0)));
    collector.clock.set("2026-11-23T00:00:00Z");
    assert_eq!(collector.batch(&first, &batch(10..11)).counts(), (1, 0, 0));
}

#[test]
fn limits_are_set_beside_a_running_server() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |_| {});
    let (first, number) = key(&collector, &["--bytes-per-day", "1 KiB"]);
    assert_eq!(refused(&collector.batch(&first, &batch(0..20))), None);
    assert_eq!(refused(&collector.batch(&first, &batch(20..21))), Some("300"));
    let used: i64 = Connection::open(collector.data.join("collector.db"))
        .unwrap()
        .query_row("SELECT bytes FROM key_usage", (), |row| row.get(0))
        .unwrap();
    assert!((20 * 100..20 * 400).contains(&used), "{used}");

    for (limits, is_held_back) in [
        (
            &["--bytes-per-day", "1 GiB", "--messages-per-day", "20"][..],
            true,
        ),
        (&["--messages-per-day", "default"], false),
        (&["--bytes-per-day", "0"], true),
        (&["--bytes-per-day", "none"], false),
    ] {
        let set = run(&collector.data, &[&["key", "limit", &number], limits].concat());
        assert!(set.status.success(), "{set:?}");
        // Noticed within a poll.
        let mut tries = 100;
        while refused(&collector.batch(&first, &batch(0..1))).is_some() != is_held_back {
            tries -= 1;
            assert!(tries > 0, "{limits:?} was not noticed");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let list = text(&run(&collector.data, &["key", "list"]).stdout);
    assert!(
        list.contains("of 100000000") && !list.contains(&format!("{used} of")),
        "{list}"
    );
    for (arguments, said) in [
        (&["key", "limit", &number][..], "say --bytes-per-day"),
        (&["key", "limit", "77", "--bytes-per-day", "1"], "there is no key"),
        (
            &["key", "limit", &number, "--bytes-per-day", "much"],
            "expected a size",
        ),
        (
            &["key", "limit", &number, "--messages-per-day", "few"],
            "expected a number",
        ),
    ] {
        let output = run(&collector.data, arguments);
        assert!(
            !output.status.success() && text(&output.stderr).contains(said),
            "{output:?}"
        );
    }
}

#[test]
fn what_is_imported_by_hand_counts_towards_no_quota() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |config| config.quota.messages = Some(1));
    let (first, number) = key(&collector, &[]);
    let file = collector.data.join("lines");
    let lines: String = (0..50)
        .map(|id| {
            format!(
                "{}\n",
                json!({"type": "track", "event": "e", "userId": "u", "messageId": id})
            )
        })
        .collect();
    std::fs::write(&file, lines).unwrap();
    let imported = run(
        &collector.data,
        &["import", file.to_str().unwrap(), "--key", &number],
    );
    assert!(text(&imported.stdout).contains("50 accepted"), "{imported:?}");
    assert_eq!(refused(&collector.batch(&first, &batch(100..101))), None);
    assert_eq!(refused(&collector.batch(&first, &batch(101..102))), Some("300"));
}
