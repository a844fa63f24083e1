//! The notice: on a fresh installation nothing is collected or leaves until it has stood for its period; and the order in which
//! what was said counts. Which words are understood is in [`crate::consent`].

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::{kept, small};

fn fresh() -> Cluster {
    Cluster::of(small::short_documents()).unset("enabled")
}

/// The consent file.
fn consent(cluster: &Cluster) -> Value {
    serde_json::from_slice(&fs::read(cluster.path("state/consent")).unwrap()).unwrap()
}

/// The notice was shown this long ago.
fn shown(cluster: &Cluster, hours: u64) {
    let at = jiff::Timestamp::now() - Duration::from_secs(hours * 3600);
    cluster.write("state/consent", json!({"noticed": at}).to_string());
}

#[test]
fn the_first_report_shows_it_and_does_nothing() {
    let cluster = fresh();
    for _ in 0..2 {
        cluster
            .run(&["report"])
            .exits(0)
            .logs("this host is about to report")
            .logs("log-ins and page views of its web UI")
            .logs("Nothing has been collected yet")
            .logs(&cluster.sink.url());
    }
    cluster.was_left_alone();
    assert!(kept::parcels(&cluster).is_empty());
    let explain = cluster.run(&["explain"]).exits(0).stdout;
    assert!(explain.starts_with("Telemetry WILL BE ON from "), "{explain}");
    let status = cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("not yet: the notice period runs"), "{status}");
}

#[test]
fn explain_tells_of_it_before_it_was_shown() {
    let cluster = fresh();
    let explain = cluster.run(&["explain"]).exits(0).stdout;
    assert!(explain.starts_with("Telemetry is NOT ON YET"), "{explain}");
    assert!(explain.contains("86400 s later"), "{explain}");
    assert!(!cluster.path("state").exists(), "to look is not to be shown it");
}

#[test]
fn meanwhile_a_preview_collects_for_the_screen() {
    let cluster = fresh();
    cluster.run(&["report"]).exits(0);
    let preview = cluster.run(&["preview"]).exits(0).json();
    assert_eq!(preview["diagnostics"]["event"], "health");
    assert_eq!(cluster.sink.requests().len(), 0);
    assert!(kept::parcels(&cluster).is_empty());
}

#[test]
fn when_it_has_stood_for_a_day_reports_begin() {
    let cluster = fresh();
    shown(&cluster, 23);
    cluster
        .run(&["report"])
        .exits(0)
        .logs("this host is about to report");
    cluster.was_left_alone();
    shown(&cluster, 25);
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!(cluster.sink.messages().len(), 3);
}

#[test]
fn without_a_period_it_is_shown_all_the_same() {
    let cluster = fresh().set("notice_period", "0s");
    cluster
        .run(&["report"])
        .exits(0)
        .logs("this host is about to report");
    cluster.was_left_alone();
    cluster
        .run(&["report"])
        .exits(0)
        .keeps_quiet_about("about to report");
    assert_eq!(cluster.sink.messages().len(), 3);
}

#[test]
fn a_notice_that_can_t_be_remembered_lets_nothing_be_collected() {
    let cluster = fresh();
    cluster.write("state", "not a directory");
    cluster.run(&["report"]).exits(1);
    cluster.was_left_alone();
}

#[test]
fn opt_in_skips_it() {
    let cluster = fresh();
    let said = cluster.run(&["opt-in"]).exits(0).stdout;
    assert!(said.contains("Telemetry of this host is on"), "{said}");
    cluster
        .run(&["report"])
        .exits(0)
        .keeps_quiet_about("about to report");
    assert_eq!(cluster.sink.messages().len(), 3);
}

/// Each way of saying it beats all that stand before it here.
#[test]
fn what_was_said_counts_in_its_order() {
    let cluster = fresh();
    let report = |cluster: &Cluster, hour: u8| {
        let before = cluster.sink.messages().len();
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour:02}:00:00Z")])
            .exits(0);
        cluster.sink.messages().len() > before
    };
    assert!(!report(&cluster, 1), "the notice");
    cluster.run(&["opt-in"]).exits(0);
    assert!(report(&cluster, 2), "opt-in skips the notice");
    let cluster = cluster.set("enabled", false);
    assert!(!report(&cluster, 3), "the configuration's off beats opt-in");
    let said = cluster.run(&["opt-in"]).exits(0).stdout;
    assert!(
        said.contains("stays off: ") && said.contains("enabled is false"),
        "{said}"
    );
    let cluster = cluster.set("enabled", true);
    assert!(report(&cluster, 4));
    let said = cluster.run(&["opt-out"]).exits(0).stdout;
    assert!(
        said.contains("nobody was told") && said.contains("This holds for this host only"),
        "{said}"
    );
    assert!(!report(&cluster, 5), "opt-out beats the configuration's on");
    cluster.run(&["opt-in"]).exits(0);
    assert!(report(&cluster, 6), "opt-in undoes opt-out");
    let cluster = cluster.var("DO_NOT_TRACK", "1");
    assert!(!report(&cluster, 7), "DO_NOT_TRACK beats all");
    assert_eq!(consent(&cluster)["said"], "opt-in", "and changes nothing");
}

#[test]
fn opting_out_deletes_what_was_kept_and_what_was_while_off_is_never_sent() {
    let cluster = fresh().set("delivery_timeout", "300ms");
    cluster.run(&["opt-in"]).exits(0);
    cluster.sink.refuse(true).unwrap();
    cluster.run(&["report", "--now", "2026-11-22T01:00:00Z"]).exits(0);
    assert_eq!(kept::parcels(&cluster).len(), 1);
    cluster.run(&["opt-out"]).exits(0);
    assert!(kept::parcels(&cluster).is_empty());
    for hour in 2..5 {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour:02}:00:00Z")])
            .exits(0);
    }
    cluster.sink.refuse(false).unwrap();
    cluster.run(&["opt-in"]).exits(0);
    cluster.run(&["report", "--now", "2026-11-22T06:00:00Z"]).exits(0);
    let hours: Vec<_> = cluster
        .sink
        .messages()
        .iter()
        .map(|message| message["timestamp"].as_str().unwrap()[11..13].to_owned())
        .collect();
    assert_eq!(hours, ["06"; 3]);
}

/// While sources answer somebody may say off: then what they told is forgotten.
#[test]
fn opting_out_while_sources_answer_keeps_nothing_of_it() {
    let cluster = fresh();
    cluster.run(&["opt-in"]).exits(0);
    let slow = heliograph_fleet::Fault::Hang;
    let cluster = cluster.set("source_timeout", "2s");
    cluster
        .sources
        .set_fault(heliograph_fleet::Source::Diagnostics, slow)
        .unwrap();
    std::thread::scope(|scope| {
        let report = scope.spawn(|| cluster.run(&["report"]));
        while cluster.sources.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        cluster.run(&["opt-out"]).exits(0);
        report.join().unwrap().exits(0);
    });
    assert_eq!(cluster.sink.requests().len(), 0);
    assert!(kept::parcels(&cluster).is_empty());
}

#[test]
fn a_consent_file_that_can_t_be_read_is_off_until_somebody_says_it_anew() {
    let cluster = fresh().set("enabled", true);
    for text in ["", "opt-in", "{\"said\":\"opt-maybe\"}"] {
        cluster.write("state/consent", text);
        kept::put(&cluster, "2026-11-22T01");
        for words in [
            &["report"][..],
            &["preview"],
            &["explain"],
            &["status"],
            &["doctor"],
        ] {
            let run = cluster.run(words).exits(1).logs("consent can't be read from");
            assert!(run.log.contains("mend the file, or remove it"), "{}", run.log);
        }
        assert_eq!(kept::parcels(&cluster).len(), 1, "it deletes nothing");
    }
    cluster.was_left_alone();
    cluster.run(&["opt-in"]).exits(0);
    cluster.run(&["report"]).exits(0);
    assert_eq!(cluster.sink.messages().len(), 4);
}
