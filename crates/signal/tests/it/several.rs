//! Several URLs of one source: masters that stand in for each other. Of health reports and package lists the first that answers
//! counts, of what Mesos' documents say together the first value.

use heliograph_fleet::{Documents, Emulation, Fault, Source};
use serde_json::json;

use crate::cluster::{Cluster, previewed, recorded};
use crate::small;

/// A second cluster's sources, which tell something else.
fn others() -> Emulation {
    Emulation::builder(recorded("dcos-1.8")).start().unwrap()
}

/// The small cluster, asked first, and another.
fn cluster(others: &Emulation) -> Cluster {
    let cluster = Cluster::of(small::short_documents());
    let sources = &cluster.sources;
    let diagnostics = [sources.diagnostics_url(), others.diagnostics_url()];
    let cosmos = [sources.cosmos_url(), others.cosmos_url()];
    let mesos = [
        sources.metrics_url(),
        others.metrics_url(),
        sources.frameworks_url(),
        others.frameworks_url(),
    ];
    cluster
        .set("diagnostics_urls", json!(diagnostics))
        .set("cosmos_urls", json!(cosmos))
        .set("mesos_urls", json!(mesos))
}

/// Properties by which the two differ.
fn told(cluster: &Cluster) -> [serde_json::Value; 4] {
    let shown = previewed(&cluster.run(&["preview"]).exits(0).json());
    [
        shown["health"]["health-unit-dcos-a-service-total"].clone(),
        json!(shown["package_list"]["package_list"].as_array().unwrap().len()),
        shown["mesos_track"]["cpu_used"].clone(),
        json!(shown["mesos_track"]["frameworks"].as_array().unwrap().len()),
    ]
}

#[test]
fn the_first_that_answers_counts() {
    let others = others();
    let cluster = cluster(&others);
    assert_eq!(told(&cluster), [json!(2), json!(3), json!(1.5), json!(2)]);
    cluster.run(&["preview"]).has_no_complaint();
}

#[test]
fn another_stands_in_for_one_that_fails() {
    for fault in [Fault::Refused, Fault::Status(503), Fault::Html, Fault::Truncated] {
        let others = others();
        let cluster = cluster(&others);
        for source in Source::ALL {
            cluster.sources.set_fault(source, fault).unwrap();
        }
        assert_eq!(
            told(&cluster),
            [json!(null), json!(2), json!(0), json!(2)],
            "{fault}"
        );
        let run = cluster.run(&["preview"]);
        assert_eq!(run.complaints().len(), 4, "each is named once:\n{}", run.log);
    }
}

#[test]
fn a_slow_first_one_still_counts() {
    let others = others();
    let cluster = cluster(&others);
    for source in Source::ALL {
        let slow = Fault::Slow(std::time::Duration::from_millis(300));
        cluster.sources.set_fault(source, slow).unwrap();
    }
    assert_eq!(told(&cluster), [json!(2), json!(3), json!(1.5), json!(2)]);
}

#[test]
fn of_two_halves_each_tells_what_it_has() {
    let metrics = |text: &str| Documents {
        metrics: text.as_bytes().into(),
        ..small::short_documents()
    };
    let one = Cluster::of(metrics(r#"{"master/cpus_total": 1.0, "master/cpus_used": null}"#));
    let other = Cluster::of(metrics(r#"{"master/cpus_total": 2.0, "master/cpus_used": 3.0}"#));
    let urls = [one.sources.metrics_url(), other.sources.metrics_url()];
    let run = one.set("mesos_urls", json!(urls)).run(&["preview"]).exits(0);
    let shown = &previewed(&run.json())["mesos_track"];
    assert_eq!((&shown["cpu_total"], &shown["cpu_used"]), (&json!(1), &json!(3)));
    run.logs("master/cpus_used");
}
