//! `bundle write`: what waits leaves in a file that people can read.

use std::fs;

use heliograph_wire::sealed;

use crate::cluster::Cluster;
use crate::{kept, small};

/// A cluster without a way out, with two hours' reports.
fn cluster() -> Cluster {
    let cluster = Cluster::of(small::short_documents()).set("delivery_timeout", "1ms");
    cluster.sink.refuse(true).unwrap();
    for hour in ["10", "11"] {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour}:00:00Z")])
            .exits(0);
    }
    assert_eq!(kept::parcels(&cluster).len(), 2);
    cluster
}

#[test]
fn it_moves_what_waits_into_a_readable_file() {
    let cluster = cluster();
    let ids = kept::ids(&cluster);
    let file = cluster.path("a.bundle");
    let said = cluster
        .run(&["bundle", "write", file.to_str().unwrap()])
        .exits(0)
        .stdout;
    assert!(said.contains("6 messages of 2 parcels"), "{said}");
    assert!(kept::parcels(&cluster).is_empty(), "nothing waits any more");

    let text = fs::read(&file).unwrap();
    let bundle = sealed::open("bundle", &text).unwrap();
    assert_eq!(bundle.head["cluster"], crate::cluster::CLUSTER_ID);
    let messages: Vec<serde_json::Value> = bundle
        .lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        messages
            .iter()
            .map(kept::id)
            .collect::<std::collections::BTreeSet<_>>(),
        ids
    );
    assert_eq!(messages.len(), ids.len());
    let log = cluster.run(&["log"]).exits(0).stdout;
    assert!(
        log.contains("bundled   6 messages"),
        "that it left is recorded: {log}"
    );
    cluster.run(&["log", "verify"]).exits(0);

    let again = cluster.path("b.bundle");
    let said = cluster
        .run(&["bundle", "write", again.to_str().unwrap()])
        .exits(0)
        .stdout;
    assert!(said.contains("Nothing waits") && !again.exists(), "{said}");
}

#[test]
fn a_file_that_is_there_stays_as_it_is() {
    let cluster = cluster();
    let file = cluster.write("a.bundle", "somebody's");
    cluster
        .run(&["bundle", "write", file.to_str().unwrap()])
        .exits(1)
        .logs("exists already");
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody's");
    assert_eq!(kept::parcels(&cluster).len(), 2, "it still waits");
    let nowhere = cluster.path("no/such/folder/a.bundle");
    cluster
        .run(&["bundle", "write", nowhere.to_str().unwrap()])
        .exits(1)
        .logs("no/such/folder");
    assert_eq!(kept::parcels(&cluster).len(), 2, "it still waits");
}

#[test]
fn while_it_is_off_nothing_leaves_in_a_file() {
    let cluster = cluster().set("enabled", false);
    let file = cluster.path("a.bundle");
    let run = cluster
        .run(&["bundle", "write", file.to_str().unwrap()])
        .exits(0)
        .logs("telemetry is off");
    assert_eq!(run.stdout, "");
    assert!(!file.exists());
    assert!(kept::parcels(&cluster).is_empty(), "what was kept is deleted");
}
