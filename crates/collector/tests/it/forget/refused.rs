//! Orders that are refused, and what is remembered of refusals.

use serde_json::json;

use super::{command, forget, forgotten, report};
use crate::client::basic;
use crate::collector::TestCollector;
use crate::deletion::settle;
use crate::in_process::InProcess;

#[test]
fn a_key_asks_no_faster_than_it_may_send() {
    let collector = TestCollector::with(&[("key_requests", "1/s burst 2")]);
    let key = collector.key("cluster");
    let mut answers = (0..200).map(|_| forget(&collector, &key, "nonesuch", "s"));
    assert_eq!(forgotten(&answers.next().unwrap()).0, "nothing");
    let answer = answers.find(|answer| answer.status != 200).unwrap();
    assert_eq!(answer.error(), (429, "rate_limited".to_owned()));
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn who_is_refused_costs_no_write() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |_| {});
    let key = collector.key("cluster");
    collector.batch(&key, &json!({"batch": [report("c", "first", 1)]}));
    let asks = |secret: &str| {
        let body = json!({"clusterId": "c", "reporterSecret": secret}).to_string();
        let headers = [("Authorization", basic(&key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut client = crate::client::Client::to(collector.address()).unwrap();
        client
            .send("POST", "/v1/forget", &headers, body.as_bytes())
            .unwrap()
            .status
    };
    let before = collector.counters().0;
    assert_eq!(asks("forged"), 403);
    assert_eq!(collector.counters().0, before);
    assert_eq!(asks("first"), 200);
    assert_eq!(collector.counters().0, before + 1);
    // What was asked before stands.
    assert_eq!(asks("first"), 200);
    assert_eq!(collector.counters().0, before + 1);
}

/// A batch may say once for all its messages whom they are about.
#[test]
fn who_is_named_by_the_batch_alone_is_forgotten_in_what_is_remembered_of_refusals() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let refused = |id: &str| {
        let context = json!({"traits": {"customerKey": "gone"}, "groupId": "other"});
        let batch = json!({"context": context, "batch": [{"type": "track", "userId": "u", "messageId": id}]});
        assert_eq!(collector.batch(&key, &batch).counts(), (0, 0, 1));
    };
    let remembered = || command(collector.data(), &["outcomes", "--json"]);
    refused("before");
    assert!(remembered().contains("before"));
    command(collector.data(), &["forget", "--customer-key", "gone"]);
    settle(collector.data());
    refused("after");
    assert!(!remembered().contains("before") && !remembered().contains("after"));
}
