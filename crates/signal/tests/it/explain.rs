//! `explain`, `status` and `doctor`: what they tell an operator.

use std::fs;

use heliograph_fleet::sink::Answer;
use heliograph_fleet::{Fault, Source};
use serde_json::json;

use crate::cluster::Cluster;
use crate::{kept, small};

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

/// Fails unless a text holds all of these, in this order.
#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part:?} is missing, or not in its place, in:\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn it_names_the_line_that_decided_and_what_all_others_said() {
    let cluster = cluster().unset("enabled").var("HELIOGRAPH_ENABLED", "yes");
    let mut config = cluster.config_json();
    config["enabled"] = json!("true");
    let text = serde_json::to_string_pretty(&config).unwrap();
    let path = cluster.write("dcos/config.json", &text);
    let extra = cluster.write(
        "dcos/dcos-signal-extra.json",
        "{\n\n  \"enabled\": \"false\"\n}\n",
    );
    cluster.run(&["opt-in"]).exits(0);
    let line = text
        .lines()
        .position(|line| line.contains("\"enabled\""))
        .unwrap()
        + 1;
    let run = cluster
        .bare_run(&["explain", "--config", path.to_str().unwrap()])
        .exits(0);
    let state = cluster.path("state");
    holds(
        &run.stdout,
        &[
            &format!("Telemetry is OFF: {}:3: enabled is \"false\".", extra.display()),
            "DO_NOT_TRACK in the environment",
            "not set",
            &format!("opt-out ({}/consent)", state.display()),
            "not said",
            &format!("{}:{line} = \"true\"", path.display()),
            " on",
            &format!("{}:3 = \"false\"", extra.display()),
            " off",
            "$HELIOGRAPH_ENABLED = \"yes\"",
            " on",
            "opt-in",
            "on",
            "notice",
            "not shown yet",
            "other masters",
            "/state/consent",
            "/state/ui-key",
        ],
    );
    cluster.was_left_alone();
}

#[test]
fn it_tells_what_is_sent_where_to_and_what_is_held_back() {
    let cluster = cluster()
        .set("omit", json!(["task_count"]))
        .set("cosmos_urls", json!([]))
        .set("cluster_id", "cluster-of-the-tests");
    let explain = cluster
        .run(&["explain", "--now", "2026-11-22T11:00:00Z"])
        .exits(0)
        .stdout;
    holds(
        &explain,
        &[
            "Telemetry is ON: ",
            ".toml:",
            "enabled is true.",
            &format!("Where it goes:  {}", cluster.sink.url()),
            "Where it waits: ",
            "/state/spool",
            "What is sent (plan ",
            "anonymousId",
            "every event",
            "clusterId",
            "\n health",
            "health-unit-<unit>-total",
            "\n mesos_track",
            "cpu_total",
            " of the web UI, where heliograph-relay runs",
            "anonymousId",
            "userId",
            "context.drift",
            "\n identify",
            "\n page",
            "\n ui_error (only with errors = true in the relay)",
            "kind",
            "What is held back:",
            "package_list",
            "its source is off",
            "task_count",
            "by omit",
            "everything else",
            "always: it is not in the plan",
            "Next report: 2026-11-22T11:",
        ],
    );
    let (reports, of_the_ui) = explain.split_once(" of the web UI").unwrap();
    assert!(
        !reports.contains("userId"),
        "there is no customer key, so no userId is sent: {explain}"
    );
    assert_eq!(of_the_ui.matches("  userId").count(), 1, "{explain}");
    cluster.run(&["report", "--now", "2026-11-22T11:00:00Z"]).exits(0);
    let explain = cluster
        .run(&["explain", "--now", "2026-11-22T11:00:00Z"])
        .exits(0)
        .stdout;
    holds(&explain, &["Next report: 2026-11-22T12:"]);

    let cluster = cluster
        .set("level", "health")
        .set("customer_key", small::CUSTOMER_KEY);
    let explain = cluster.run(&["explain"]).exits(0).stdout;
    holds(
        &explain,
        &[
            "What is held back:",
            "messages of the web UI",
            "by level or omit",
            "mesos_track",
            "by level or omit",
            "customerKey",
            "by level",
        ],
    );
    assert!(!explain.contains(small::CUSTOMER_KEY), "{explain}");
    assert!(!explain.contains("  userId"), "{explain}");
    assert!(!explain.contains("heliograph-relay"), "{explain}");

    let omit = json!(["userId", "page", "context.drift", "mesos_track"]);
    let cluster = cluster.set("level", "standard").set("omit", omit);
    let explain = cluster.run(&["explain"]).exits(0).has_no_complaint().stdout;
    let (told, held_back) = explain.split_once("What is held back:").unwrap();
    holds(told, &["heliograph-relay", "\n identify"]);
    for name in ["  userId", "\n page", "context.drift", "\n mesos_track"] {
        assert!(!told.contains(name), "{explain}");
    }
    holds(
        held_back,
        &[
            "  mesos_track",
            "by level or omit",
            "  context.drift",
            "by omit, of the web UI",
            "  page ",
            "by omit, of the web UI",
            "  userId",
            "by omit, of the web UI",
        ],
    );
}

#[test]
fn status_tells_what_waits_and_what_is_wrong() {
    let cluster = cluster().set("delivery_timeout", "200ms");
    let status = cluster.run(&["status"]).exits(0).stdout;
    holds(&status, &["telemetry      on (", "nothing was tried yet"]);
    assert!(!cluster.path("state").exists(), "to look makes nothing");
    cluster.run(&["report", "--now", "2026-11-22T11:00:00Z"]).exits(0);
    let status = cluster.run(&["status"]).exits(0).stdout;
    holds(
        &status,
        &[
            "last tried     2026-11-22T11",
            "sources        asked at 2",
            "diagnostics http://127.0.0.1:",
            "/report?…: answered",
            &format!("cosmos {}: answered", cluster.sources.cosmos_url()),
            "waiting        0 parcels",
            "nothing is wrong",
        ],
    );
    cluster.sink.refuse(true).unwrap();
    for hour in ["12", "13"] {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour}:00:00Z")])
            .exits(0);
    }
    let status = cluster.run(&["status"]).exits(0).stdout;
    holds(
        &status,
        &[
            "last tried     2026-11-22T13",
            "waiting        2 parcels, ",
            "from 2026-11-22T12Z.report to 2026-11-22T13Z.report",
            "dropped        0 for space, 0 for age",
            "set aside      0 files, 0 refused messages",
            "delivery       fails since ",
            "refused",
        ],
    );
}

#[test]
fn status_tells_what_became_of_each_source() {
    let cluster = cluster();
    let status = cluster.run(&["status"]).exits(0).stdout;
    holds(&status, &["nothing was tried yet"]);
    cluster.run(&["report"]).exits(0);
    let (cosmos, mesos) = (cluster.sources.cosmos_url(), cluster.sources.metrics_url());
    cluster
        .sources
        .set_fault(Source::Cosmos, Fault::Status(503))
        .unwrap();
    let cluster = cluster
        .set("diagnostics_urls", json!([]))
        .set("mesos_urls", json!([mesos, "http://127.0.0.1:1/frameworks"]));
    cluster.run(&["report"]).exits(0);
    let status = cluster.run(&["status"]).exits(0).stdout;
    holds(
        &status,
        &[
            &format!("cosmos {cosmos}: nothing since 2"),
            "answered 503, not 200",
            &format!("mesos {mesos}: answered\n"),
            "mesos http://127.0.0.1:1/frameworks: nothing, so far: no connection: refused",
            "diagnostics: off",
        ],
    );
}

#[test]
fn doctor_tries_everything_and_sends_nothing() {
    let cluster = cluster();
    let said = cluster.run(&["doctor"]).exits(0).stdout;
    holds(
        &said,
        &[
            "ok    telemetry is on",
            "ok    cluster id ",
            "ok    state directory ",
            ": 3 units",
            ": 3 packages",
            ": 2 frameworks",
            " numbers",
            "takes the write key",
        ],
    );
    assert_eq!(cluster.sink.messages().len(), 0, "no data");
    assert!(kept::parcels(&cluster).is_empty());
    assert!(!said.contains("BAD"), "{said}");
}

#[test]
fn doctor_names_what_is_wrong() {
    let cluster = cluster();
    cluster.sources.set_fault(Source::Cosmos, Fault::Refused).unwrap();
    cluster.sink.script(vec![Answer::status(401)]);
    let said = cluster.run(&["doctor"]).exits(1).stdout;
    holds(
        &said,
        &[
            ": 3 units",
            "BAD   ",
            "refused",
            "BAD   ",
            "answered 401: it does not know the write key",
        ],
    );
    fs::remove_file(cluster.path("write-key")).unwrap();
    fs::remove_file(cluster.path("cluster-id")).unwrap();
    let said = cluster.run(&["doctor"]).exits(1).stdout;
    holds(&said, &["BAD   ", "cluster id", "BAD   ", "write_key_file"]);
}
