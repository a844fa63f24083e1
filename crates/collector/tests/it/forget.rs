//! Being forgotten: by whom, of what, and that nothing brings it back.

mod back;
mod reach;
mod refused;

use std::path::Path;

use heliograph_wire::id::ReporterId;
use serde_json::{Value, json};

use crate::client::{Answer, basic};
use crate::collector::{TestCollector, run};
use crate::receipt::holds;

/// A report's message.
fn report(cluster: &str, secret: &str, hour: u32) -> Value {
    json!({
        "type": "track", "event": "health", "anonymousId": cluster, "properties": {"clusterId": cluster},
        "messageId": format!("{cluster}:health:2026-11-22T{hour:02}Z"),
        "context": {"reporter": ReporterId::of_secret(secret.as_bytes()).as_str()},
    })
}

fn send(collector: &TestCollector, key: &str, message: &Value) -> (u64, u64, u64) {
    collector.batch(key, &json!({"batch": [message]})).counts()
}

fn ask(collector: &TestCollector, key: &str, body: &str) -> Answer {
    let headers = [("Authorization", basic(key))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    collector
        .client()
        .send("POST", "/v1/forget", &headers, body.as_bytes())
        .unwrap()
}

fn forget(collector: &TestCollector, key: &str, cluster: &str, secret: &str) -> Answer {
    ask(
        collector,
        key,
        &json!({"clusterId": cluster, "reporterSecret": secret}).to_string(),
    )
}

/// Scope and time of an answer whose signature holds.
fn forgotten(answer: &Answer) -> (String, String) {
    let json = answer.json();
    assert_eq!(
        (answer.status, &json["success"]),
        (200, &Value::Bool(true)),
        "{json}"
    );
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (scope, at) = (text(&json["forgotten"]["scope"]), text(&json["forgotten"]["at"]));
    let cluster = text(&json["forgotten"]["clusterId"]);
    let signed = format!("heliograph forgotten 1\n{cluster}\n{scope}\n{at}\n");
    let (key, signature) = (text(&json["publicKey"]), text(&json["signature"]));
    assert!(holds(&key, signed.as_bytes(), &signature));
    assert!(!holds(
        &key,
        signed.replace(&scope, "nothing at all").as_bytes(),
        &signature
    ));
    (scope, at)
}

fn command(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
