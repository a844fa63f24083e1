//! `level` and `omit`: they change what they name and nothing else, and what may not leave is not even asked for.

use std::collections::BTreeSet;

use heliograph_fleet::Source;
use serde_json::{Value, json};

use crate::cluster::{CLUSTER_ID, Cluster, NOW};
use crate::small;

/// Properties and more that no setting removes.
const ALWAYS: [&str; 3] = ["clusterId", "environmentVersion", "source"];

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
        .set("customer_key", small::CUSTOMER_KEY)
        .set("license_id", "licence-of-the-tests")
        .set("gen_platform", "aws")
}

/// The messages of one report.
#[track_caller]
fn messages(cluster: &Cluster) -> Vec<Value> {
    cluster.run(&["report", "--now", NOW]).exits(0);
    cluster.sink.messages()
}

fn of<'a>(messages: &'a [Value], event: &str) -> &'a Value {
    messages.iter().find(|message| message["event"] == event).unwrap()
}

/// What all messages have to say, as `event property`.
fn names(messages: &[Value]) -> BTreeSet<String> {
    let names = |message: &Value| -> Vec<String> {
        let properties = message["properties"].as_object().unwrap().keys();
        properties
            .map(|name| format!("{} {name}", message["event"].as_str().unwrap()))
            .collect()
    };
    messages.iter().flat_map(names).collect()
}

#[test]
fn health_asks_neither_mesos_nor_cosmos_and_names_no_customer() {
    let cluster = cluster().set("level", "health");
    let messages = messages(&cluster);
    let asked: BTreeSet<_> = cluster
        .sources
        .requests()
        .into_iter()
        .map(|seen| seen.source.name())
        .collect();
    assert_eq!(
        asked,
        [Source::Diagnostics.name()].into(),
        "no other is asked at all"
    );
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["event"], "health");
    let names: BTreeSet<_> = messages[0]["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let (units, others): (BTreeSet<_>, BTreeSet<_>) = names
        .into_iter()
        .partition(|name| name.starts_with("health-unit-"));
    assert_eq!(units.len(), 6);
    let expected = [
        "clusterId",
        "environmentVersion",
        "nodes-unreachable",
        "provider",
        "source",
        "variant",
    ];
    assert_eq!(others, expected.map(str::to_owned).into());
    let body = String::from_utf8(cluster.sink.requests()[0].body.clone()).unwrap();
    for hidden in [small::CUSTOMER_KEY, "userId", "licence-of-the-tests"] {
        assert!(!body.contains(hidden), "{hidden} in {body}");
    }
    assert_eq!(messages[0]["anonymousId"], CLUSTER_ID);

    // Nor does the preview show more than would be sent.
    let preview = cluster.run(&["preview", "--now", NOW]).exits(0).json();
    assert_eq!(
        (&preview["mesos"], &preview["cosmos"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!preview.to_string().contains(small::CUSTOMER_KEY));
}

#[test]
fn omit_takes_away_what_it_names_and_nothing_else() {
    let all = names(&messages(&cluster()));
    for (omit, gone) in [
        (json!(["cpu_total"]), &["mesos_track cpu_total"][..]),
        (
            json!(["cpu_*"]),
            &["mesos_track cpu_total", "mesos_track cpu_used"],
        ),
        (
            json!(["health-unit-dcos-a-service-*"]),
            &[
                "health health-unit-dcos-a-service-total",
                "health health-unit-dcos-a-service-unhealthy",
            ],
        ),
        (
            json!(["platform"]),
            &["health platform", "mesos_track platform", "package_list platform"],
        ),
        (
            json!(["task_count", "nodes-unreachable"]),
            &["mesos_track task_count", "health nodes-unreachable"],
        ),
    ] {
        let cluster = cluster().set("omit", omit.clone());
        let left = names(&messages(&cluster));
        let missing: BTreeSet<_> = all.difference(&left).cloned().collect();
        let expected: BTreeSet<_> = gone.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(missing, expected, "{omit}");
        assert!(left.is_subset(&all), "{omit} adds nothing");
    }
}

#[test]
fn what_makes_a_message_somebodys_can_t_be_omitted() {
    let cluster = cluster().set("omit", json!(["*", "anonymousId", "clusterId"]));
    let messages = messages(&cluster);
    for message in &messages {
        assert_eq!(message["anonymousId"], CLUSTER_ID);
        let names: Vec<_> = message["properties"].as_object().unwrap().keys().collect();
        assert!(
            names.iter().all(|name| ALWAYS.contains(&name.as_str())),
            "{names:?}"
        );
    }
    assert!(
        cluster.sources.requests().is_empty(),
        "nobody is asked for what may not leave"
    );
}

#[test]
fn the_customer_can_be_omitted() {
    let told = messages(&cluster());
    assert_eq!(of(&told, "health")["userId"], small::CUSTOMER_KEY);
    let omitting = cluster().set("omit", json!(["userId", "customerKey"]));
    messages(&omitting);
    let body = String::from_utf8(omitting.sink.requests()[0].body.clone()).unwrap();
    assert!(!body.contains(small::CUSTOMER_KEY), "{body}");
}

#[test]
fn a_name_that_the_plan_does_not_have_is_a_warning() {
    let cluster = cluster().set("omit", json!(["cpu_totl", "mem_*"]));
    let run = cluster
        .run(&["report"])
        .exits(0)
        .logs("\"cpu_totl\" is no property and no event of the plan");
    assert_eq!(run.complaints().len(), 1, "{}", run.log);
    assert_eq!(cluster.sink.messages().len(), 3, "and stops nothing");
}

#[test]
fn a_level_that_is_none_is_an_error() {
    let cluster = cluster().set("level", "everything");
    cluster.run(&["report"]).exits(1).logs("one of health, standard");
    cluster.was_left_alone();
}
