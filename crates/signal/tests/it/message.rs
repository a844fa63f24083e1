//! What arrives at the sink: the request, the envelope, and the messages with their ids and times.

use heliograph_fleet::sink::{Answer, SinkRequest};
use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::{CLUSTER_ID, Cluster, NOW, WRITE_KEY};
use crate::small;

fn cluster() -> Cluster {
    Cluster::of(small::documents())
}

/// The one request that a report makes when all is well.
#[track_caller]
fn reported(cluster: &Cluster, arguments: &[&str]) -> SinkRequest {
    let before = cluster.sink.requests().len();
    cluster.run(&[&["report"], arguments].concat()).exits(0);
    let requests = cluster.sink.requests();
    assert_eq!(requests.len(), before + 1, "requests for one report");
    requests[before].clone()
}

fn texts<'a>(messages: &'a [Value], key: &str) -> Vec<&'a str> {
    messages
        .iter()
        .map(|message| message[key].as_str().unwrap())
        .collect()
}

/// Three digits of milliseconds and a Z.
#[track_caller]
fn instant(text: &str) -> Timestamp {
    let at: Timestamp = text.parse().unwrap();
    assert_eq!(
        text,
        format!("{at:.3}"),
        "an instant has milliseconds and is in UTC"
    );
    at
}

#[test]
fn a_report_is_one_request_to_the_batch_endpoint() {
    let cluster = cluster();
    let request = reported(&cluster, &[]);
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/batch")
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("heliograph-signal/"), "{agent}");
    let expected = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{WRITE_KEY}:"),
    );
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Basic {expected}"))
    );
    assert!(
        !String::from_utf8_lossy(&request.body).contains(WRITE_KEY),
        "the key is not in the body too"
    );
}

#[test]
fn three_events_in_segments_shape() {
    let request = reported(&cluster(), &[]);
    let envelope: Value = serde_json::from_slice(&request.body).unwrap();
    let keys: Vec<_> = envelope.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["batch", "sentAt"]);
    let messages = request.messages();
    let mut events = texts(&messages, "event");
    events.sort_unstable();
    assert_eq!(events, ["health", "mesos_track", "package_list"]);
    for message in &messages {
        let keys: Vec<_> = message.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "anonymousId",
                "context",
                "event",
                "messageId",
                "properties",
                "timestamp",
                "type"
            ]
        );
        assert_eq!(message["type"], "track");
        assert_eq!(message["anonymousId"], CLUSTER_ID);
        assert_eq!(message["properties"]["clusterId"], CLUSTER_ID);
        assert_eq!(message["context"]["library"]["name"], "heliograph-signal");
        assert_eq!(
            message["context"]["library"]["version"],
            env!("CARGO_PKG_VERSION")
        );
    }
}

#[test]
fn a_user_is_named_by_the_customer_key_only() {
    let cluster = cluster().set("customer_key", small::CUSTOMER_KEY);
    for message in reported(&cluster, &[]).messages() {
        assert_eq!(message["userId"], small::CUSTOMER_KEY);
        assert_eq!(message["properties"]["customerKey"], small::CUSTOMER_KEY);
    }
    let cluster = cluster.set("customer_key", "");
    for message in reported(&cluster, &["--now", NOW]).messages() {
        assert_eq!(message.get("userId"), None);
        assert_eq!(message["properties"]["customerKey"], "");
    }
}

#[test]
fn licence_and_platform_are_told_only_when_they_are_set() {
    let cluster = cluster();
    for message in reported(&cluster, &[]).messages() {
        assert_eq!(message["properties"].get("licenseId"), None);
        assert_eq!(message["properties"].get("platform"), None);
    }
    let cluster = cluster
        .set("license_id", "licence-7")
        .set("gen_platform", "aws-cloud");
    for message in reported(&cluster, &["--now", NOW]).messages() {
        assert_eq!(message["properties"]["licenseId"], "licence-7");
        assert_eq!(message["properties"]["platform"], "aws-cloud");
    }
}

#[test]
fn the_reporter_is_the_same_in_all_messages_and_runs() {
    let cluster = cluster();
    let mut messages = reported(&cluster, &["--now", "2026-11-22T11:00:00Z"]).messages();
    messages.extend(reported(&cluster, &["--now", "2026-11-22T12:00:00Z"]).messages());
    let reporter = messages[0]["context"]["reporter"].as_str().unwrap().to_owned();
    assert_eq!(reporter.len(), 32);
    assert!(
        messages
            .iter()
            .all(|message| message["context"]["reporter"] == *reporter)
    );

    let other = cluster.path("other-state");
    let cluster = cluster.set("state_dir", other.to_str().unwrap());
    let messages = reported(&cluster, &["--now", "2026-11-22T13:00:00Z"]).messages();
    assert_ne!(
        messages[0]["context"]["reporter"], *reporter,
        "another state directory is another reporter"
    );
}

#[test]
fn ids_tell_cluster_event_and_hour() {
    let request = reported(&cluster(), &["--now", NOW]);
    let messages = request.messages();
    let mut ids = texts(&messages, "messageId");
    ids.sort_unstable();
    let id = |event: &str| format!("{CLUSTER_ID}:{event}:2026-11-22T11Z");
    assert_eq!(ids, [id("health"), id("mesos_track"), id("package_list")]);
}

#[test]
fn now_sets_the_timestamps() {
    let request = reported(&cluster(), &["--now", NOW]);
    assert_eq!(
        texts(&request.messages(), "timestamp"),
        ["2026-11-22T11:52:54.007Z"; 3]
    );
    let elsewhere = reported(&cluster(), &["--now", "2026-11-22T12:52:54.0079+01:00"]);
    assert_eq!(
        texts(&elsewhere.messages(), "timestamp"),
        ["2026-11-22T11:52:54.007Z"; 3]
    );
}

#[test]
fn times_are_the_clocks_without_now() {
    let before = Timestamp::now();
    let request = reported(&cluster(), &[]);
    let envelope: Value = serde_json::from_slice(&request.body).unwrap();
    let sent = instant(envelope["sentAt"].as_str().unwrap());
    let messages = request.messages();
    let collected = instant(messages[0]["timestamp"].as_str().unwrap());
    assert!(
        messages
            .iter()
            .all(|message| message["timestamp"] == messages[0]["timestamp"])
    );
    // What is written has no part of a millisecond.
    let before: Timestamp = format!("{before:.3}").parse().unwrap();
    assert!(
        before <= collected && collected <= sent && sent <= Timestamp::now(),
        "{before} {collected} {sent}"
    );
}

/// Three masters report one cluster, and any of them may try again: whatever comes of one hour is one report.
#[test]
fn an_hour_of_a_cluster_has_one_set_of_ids() {
    let cluster = cluster();
    let first = reported(&cluster, &["--now", "2026-11-22T11:00:00Z"]).messages();
    let other = cluster.path("another-masters-state");
    let cluster = cluster.set("state_dir", other.to_str().unwrap());
    let last = reported(&cluster, &["--now", "2026-11-22T11:59:59.999Z"]).messages();
    let next = reported(&cluster, &["--now", "2026-11-22T12:00:00Z"]).messages();
    assert_eq!(texts(&first, "messageId"), texts(&last, "messageId"));
    let old = texts(&last, "messageId");
    assert!(
        texts(&next, "messageId").iter().all(|id| !old.contains(id)),
        "the next hour has others"
    );
}

#[test]
fn a_repeat_carries_the_time_of_its_own_leaving() {
    let cluster = cluster();
    cluster.sink.script(vec![Answer::status(503)]);
    cluster.run(&["report"]).exits(0);
    let requests = cluster.sink.requests();
    let sent = |request: &SinkRequest| {
        let envelope: Value = serde_json::from_slice(&request.body).unwrap();
        instant(envelope["sentAt"].as_str().unwrap())
    };
    assert!(sent(&requests[0]) <= sent(&requests[1]));
    assert_eq!(
        requests[0].messages(),
        requests[1].messages(),
        "the messages are the same to the byte"
    );
}
