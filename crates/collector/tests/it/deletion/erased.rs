//! What is forgotten can be read in no file any more.

use serde_json::{Value, json};

use super::{command, found, report, settle};
use crate::collector::{TestCollector, run};
use crate::receipt::holds;

#[test]
fn nothing_of_the_forgotten_is_in_any_file() {
    const GONE: [&str; 4] = [
        "5bd1f0d4-gone-cluster",
        "gone-visitor-71c3",
        "gone.user@example.org",
        "gone-customer-9e2b",
    ];
    const NAMES: [&str; 3] = ["gone-event", "gone-page", "9.9-gone"];
    let mut collector = TestCollector::start();
    let (cluster_key, server_key) = (collector.key("cluster"), collector.key("server"));
    let kept_cluster = "70b28f00-kept-cluster";
    let mut clusters: Vec<String> = (0..60)
        .map(|number| format!("{number:04}-filler-cluster"))
        .collect();
    clusters.push(kept_cluster.to_owned());
    clusters.push(GONE[0].to_owned());
    // Batches of one commit each, of the forgotten alone, of others alone, and of both; small ones, and one of many pages.
    for hour in 0..30 {
        let batch: Vec<Value> = clusters
            .iter()
            .map(|cluster| {
                let version = if cluster == GONE[0] { NAMES[2] } else { "1.8" };
                let unit = if cluster == GONE[0] {
                    "health-unit-gone-event-total"
                } else {
                    "health-unit-a-total"
                };
                report(
                    cluster,
                    "s",
                    hour,
                    &json!({"environmentVersion": version, unit: 3}),
                )
            })
            .collect();
        for part in batch.chunks(if hour == 7 { 100 } else { 7 }) {
            collector.batch(&cluster_key, &json!({"batch": part}));
        }
    }
    for number in 0..40 {
        let gone = json!([
            {"type": "track", "event": NAMES[0], "anonymousId": GONE[1], "messageId": format!("a{number}"),
             "properties": {"big": "x".repeat(1000 * (number % 5))}},
            {"type": "page", "name": NAMES[1], "userId": GONE[2], "messageId": format!("b{number}")},
            {"type": "track", "event": "e", "userId": "kept-user", "messageId": format!("c{number}"),
             "properties": {"customerKey": GONE[3]}},
            {"type": "track", "event": "e", "userId": GONE[3], "messageId": format!("d{number}")},
        ]);
        let kept = json!([
            {"type": "track", "event": "e", "userId": "kept-user", "messageId": format!("k{number}")},
            {"type": "page", "name": "p", "anonymousId": "kept-visitor", "messageId": format!("l{number}")},
        ]);
        let both: Vec<Value> = gone
            .as_array()
            .unwrap()
            .iter()
            .chain(kept.as_array().unwrap())
            .cloned()
            .collect();
        match number % 3 {
            0 => drop(collector.batch(&server_key, &json!({"batch": both}))),
            _ => {
                collector.batch(&server_key, &json!({"batch": gone}));
                collector.batch(&server_key, &json!({"batch": kept}));
            }
        }
    }
    let all: Vec<&str> = GONE.into_iter().chain(NAMES).collect();
    assert!(
        found(collector.data(), &all).len() >= all.len(),
        "the test can find them"
    );
    let is_gone = |message: &Value| GONE.iter().any(|gone| message.to_string().contains(gone));
    let expected: Vec<Value> = collector
        .messages()
        .into_iter()
        .filter(|message| !is_gone(message))
        .collect();

    for (option, id) in [
        ("--cluster-id", GONE[0]),
        ("--anonymous-id", GONE[1]),
        ("--user-id", GONE[2]),
        ("--customer-key", GONE[3]),
    ] {
        let said = command(collector.data(), &["forget", option, id]);
        assert!(said.contains("is queued: the running server does it"), "{said}");
    }
    settle(collector.data());
    assert_eq!(collector.messages(), expected);
    assert!(!found(collector.data(), &[kept_cluster, "kept-user"]).is_empty());
    assert!(GONE.iter().all(|gone| !collector.log().contains(gone)));

    // Nor does it come back by what is written afterwards, nor by a restart.
    collector.batch(
        &server_key,
        &json!({"batch": [{"type": "page", "userId": GONE[2]}]}),
    );
    collector.batch(
        &cluster_key,
        &json!({"batch": [report(GONE[0], "s", 40, &json!({}))]}),
    );
    collector.stop();
    assert_eq!(found(collector.data(), &all), Vec::<String>::new());
    collector.restart();
    assert_eq!(collector.messages(), expected);

    let list = command(collector.data(), &["deletions"]);
    assert_eq!(
        list.lines()
            .filter(|line| line.contains(" done ") && line.ends_with(" -"))
            .count(),
        4,
        "{list}"
    );
    for (id, kind, messages, reports) in [
        (1, "cluster", 30, 30),
        (2, "anonymous", 40, 0),
        (3, "user", 40, 0),
        (4, "customer", 80, 0),
    ] {
        let receipt: Value = serde_json::from_str(&command(
            collector.data(),
            &["deletions", "--receipt", &id.to_string()],
        ))
        .unwrap();
        assert_eq!(
            (&receipt["kind"], &receipt["messages"], &receipt["reports"]),
            (&json!(kind), &json!(messages), &json!(reports))
        );
        let signed = format!(
            "heliograph deleted 1\n{id}\n{kind}\n{}\n-\n{}\n{}\n{messages}\n{reports}\n{}\n",
            receipt["subject"].as_str().unwrap(),
            receipt["asked"].as_str().unwrap(),
            receipt["finished"].as_str().unwrap(),
            receipt["batches"]
        );
        let (key, signature) = (
            receipt["publicKey"].as_str().unwrap(),
            receipt["signature"].as_str().unwrap(),
        );
        assert!(holds(key, signed.as_bytes(), signature), "{receipt}");
        assert_eq!(key, command(collector.data(), &["receipt-key"]).trim_end());
    }
    let none = run(collector.data(), &["deletions", "--receipt", "9"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no deletion 9"));
}
