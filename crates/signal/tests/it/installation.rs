//! Installation events: for installers to call, only where somebody said yes, and nothing that is not in the plan.

use serde_json::json;

use crate::cluster::{Cluster, NOW};
use crate::{kept, small};

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

#[test]
fn it_says_what_the_plan_has_and_asks_no_source() {
    let cluster = cluster();
    let words = [
        "event",
        "upgrade",
        "failed",
        "--phase",
        "download",
        "--from",
        "1.9.4",
        "--to",
        "1.10.0-rc1",
        "--now",
        NOW,
    ];
    cluster.run(&words).exits(0).has_no_complaint();
    let messages = cluster.sink.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["event"], "installation");
    let properties = &messages[0]["properties"];
    for (name, value) in [
        ("action", "upgrade"),
        ("outcome", "failed"),
        ("phase", "download"),
        ("from_version", "1.9.4"),
        ("to_version", "1.10.0-rc1"),
        ("clusterId", crate::cluster::CLUSTER_ID),
    ] {
        assert_eq!(properties[name], value, "{name} in {properties}");
    }
    assert!(cluster.sources.requests().is_empty(), "no source is asked");
    let log = cluster.run(&["log"]).exits(0).stdout;
    assert!(log.contains("sent      1 messages"), "it is in the ledger: {log}");
}

#[test]
fn two_of_the_same_are_two() {
    let cluster = cluster();
    for _ in 0..2 {
        cluster
            .run(&["event", "install", "started", "--now", NOW])
            .exits(0);
    }
    let ids: std::collections::BTreeSet<_> = cluster.sink.messages().iter().map(kept::id).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn it_needs_a_yes() {
    let cluster = cluster().unset("enabled").set("notice_period", "0s");
    cluster.run(&["event", "install", "started"]).exits(0);
    // The notice has been shown, so that telemetry is on, but nobody said so.
    cluster
        .run(&["event", "install", "started"])
        .exits(0)
        .logs("installation events need a yes");
    cluster.was_left_alone();
    assert!(kept::parcels(&cluster).is_empty());
    cluster.run(&["opt-in"]).exits(0);
    cluster.run(&["event", "install", "started"]).exits(0);
    assert_eq!(cluster.sink.messages().len(), 1);
}

#[test]
fn what_is_not_in_the_plan_is_refused_with_what_is() {
    let cluster = cluster();
    for (words, allowed) in [
        (
            &["event", "reinstall", "started"][..],
            "install, upgrade, uninstall",
        ),
        (&["event", "install", "exploded"], "started, succeeded, failed"),
        (
            &["event", "install", "failed", "--phase", "our host db7 is down"],
            "preflight, download, configure, bootstrap, start, verify, cleanup",
        ),
        (
            &["event", "upgrade", "started", "--from", "the old one"],
            "a version, such as",
        ),
        (&["event", "upgrade", "started", "--to", ""], "a version, such as"),
    ] {
        let run = cluster.run(words).exits(1).logs(allowed);
        assert_eq!(run.stdout, "", "{words:?}");
    }
    cluster.was_left_alone();
    assert!(kept::parcels(&cluster).is_empty(), "nothing is kept of it");
}

#[test]
fn what_can_t_be_delivered_is_kept_and_follows() {
    let cluster = cluster();
    cluster
        .sink
        .script(vec![heliograph_fleet::sink::Answer::status(401)]);
    cluster.run(&["event", "install", "started"]).exits(0);
    assert_eq!(kept::ids(&cluster).len(), 1);
    let id = kept::ids(&cluster).pop_first().unwrap();
    let cluster = ["diagnostics_urls", "cosmos_urls", "mesos_urls"]
        .into_iter()
        .fold(cluster, |cluster, key| cluster.set(key, json!([])));
    cluster.run(&["report"]).exits(0);
    assert_eq!(
        cluster.sink.messages().iter().map(kept::id).collect::<Vec<_>>(),
        [id]
    );
}

/// An installer that runs as another user, or before there is a key, is not held up.
#[test]
fn without_a_key_it_is_kept() {
    let cluster = cluster().unset("write_key_file");
    cluster.run(&["event", "install", "succeeded"]).exits(0);
    assert_eq!(kept::ids(&cluster).len(), 1);
    assert_eq!(cluster.sink.requests().len(), 0);
}
