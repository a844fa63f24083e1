//! Two hundred hours: every one of its messages arrives, each under an id of its own, and hours that are repeated add none.
//! (The original lost half of them.)

use std::collections::BTreeMap;

use crate::cluster::{CLUSTER_ID, Cluster};
use crate::small;

const HOURS: i64 = 200;

#[test]
fn two_hundred_hours_arrive_once_each() {
    let cluster = Cluster::of(small::short_documents());
    report_all(&cluster);
    let arrived = arrivals(&cluster);
    assert_eq!(arrived.len(), 600, "distinct message ids");
    let repeated: Vec<_> = arrived.iter().filter(|(_, times)| **times != 1).collect();
    assert!(repeated.is_empty(), "arrived more than once: {repeated:?}");
    for event in ["health", "mesos_track", "package_list"] {
        let id = format!("{CLUSTER_ID}:{event}:");
        assert_eq!(
            arrived.keys().filter(|known| known.starts_with(&id)).count(),
            200,
            "{event}"
        );
    }

    report_all(&cluster);
    assert!(
        arrivals(&cluster).keys().eq(arrived.keys()),
        "hours that are repeated have the ids they had"
    );
}

fn report_all(cluster: &Cluster) {
    let first: jiff::Timestamp = "2026-11-22T11:52:54.007Z".parse().unwrap();
    for hour in 0..HOURS {
        let now = first + jiff::SignedDuration::from_hours(hour);
        cluster
            .run(&["report", "--now", &now.to_string()])
            .exits(0)
            .has_no_complaint();
    }
}

/// How often each message id was delivered.
fn arrivals(cluster: &Cluster) -> BTreeMap<String, usize> {
    let mut arrivals = BTreeMap::new();
    for message in cluster.sink.messages() {
        *arrivals
            .entry(message["messageId"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    arrivals
}
