//! Telemetry that is off: nobody is asked or told anything, whatever else is wrong, and the exit code is 0.

use std::fs;
use std::os::unix::net::UnixListener;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::run::Run;
use crate::small;

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

/// Runs report, preview and -test, and checks that all keep still and say why.
#[track_caller]
fn is_off(cluster: &Cluster, reason: &str) {
    for command in ["report", "preview", "-test"] {
        let run = cluster
            .run(&[command])
            .exits(0)
            .logs("telemetry is off")
            .logs(reason);
        assert_eq!(run.stdout, "", "{command} prints nothing");
    }
    cluster.was_left_alone();
}

#[test]
fn the_usual_words_switch_it_off() {
    for word in [
        json!(false),
        json!("false"),
        json!("False"),
        json!("FALSE"),
        json!(" no "),
        json!("off"),
        json!("0"),
        json!(0),
        json!("disabled"),
        json!("never"),
    ] {
        is_off(&cluster().set("enabled", word.clone()), "enabled is");
    }
}

#[test]
fn the_usual_words_switch_it_on() {
    for word in [
        json!(true),
        json!("true"),
        json!("True"),
        json!("yes"),
        json!("ON"),
        json!("1"),
        json!(1),
        json!("enabled"),
    ] {
        let cluster = cluster().set("enabled", word.clone());
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(cluster.sink.messages().len(), 3, "{word}");
    }
}

#[test]
fn what_is_not_understood_is_off_and_said() {
    for word in [
        json!(""),
        json!(" "),
        json!("maybe"),
        json!("tru"),
        json!(2),
        json!([]),
        json!(["true"]),
        json!("flase"),
    ] {
        is_off(
            &cluster().set("enabled", word.clone()),
            "neither on nor off and so counts as off",
        );
    }
}

/// What can't stand in TOML.
#[test]
fn null_and_objects_in_json_are_off() {
    let cluster = cluster();
    for word in [Value::Null, json!({}), json!({"enabled": true})] {
        let mut config = cluster.config_json();
        config["enabled"] = word;
        let path = cluster.write("a.json", config.to_string());
        for command in ["report", "preview"] {
            let run = cluster.bare_run(&[command, "--config", path.to_str().unwrap()]);
            let run = run.exits(0).logs("neither on nor off and so counts as off");
            assert_eq!(run.stdout, "");
        }
    }
    cluster.was_left_alone();
}

#[test]
fn one_off_among_the_files_wins() {
    for (file, extra) in [("true", "false"), ("false", "true"), ("no", "1")] {
        let cluster = cluster();
        let mut config = cluster.config_json();
        config["enabled"] = json!(file);
        let path = cluster.write("config.json", config.to_string());
        cluster.write("dcos-signal-extra.json", json!({"enabled": extra}).to_string());
        let run = cluster.bare_run(&["report", "--config", path.to_str().unwrap()]);
        run.exits(0).logs("telemetry is off");
        cluster.was_left_alone();
    }
}

#[test]
fn a_variable_switches_it_off_but_not_against_a_file_on() {
    is_off(
        &cluster().var("HELIOGRAPH_ENABLED", "false"),
        "$HELIOGRAPH_ENABLED",
    );
    is_off(
        &cluster().set("enabled", false).var("HELIOGRAPH_ENABLED", "true"),
        "enabled is false",
    );
}

#[test]
fn do_not_track_beats_all() {
    for value in ["1", "true", "yes"] {
        is_off(&cluster().var("DO_NOT_TRACK", value), "DO_NOT_TRACK");
    }
    for value in ["", "0", "false"] {
        let cluster = cluster().var("DO_NOT_TRACK", value);
        cluster.run(&["report"]).exits(0);
        assert_eq!(cluster.sink.messages().len(), 3, "{value:?}");
    }
}

/// Off is decided before anything is looked at: no id is made, no key is read, no socket opened, no state kept.
#[test]
fn off_needs_nothing_and_leaves_nothing() {
    let cluster = cluster();
    let socket = cluster.path("licensing.sock");
    let licensing = UnixListener::bind(&socket).unwrap();
    licensing.set_nonblocking(true).unwrap();
    let missing = |name: &str| cluster.path(name).to_str().unwrap().to_owned();
    let (id, key, ca) = (missing("no-id"), missing("no-key"), missing("no-ca"));
    let cluster = cluster
        .set("enabled", false)
        .set("create_cluster_id", true)
        .set("cluster_id_path", id)
        .set("write_key_file", key)
        .set("ca_cert_path", ca)
        .set("variant", "enterprise")
        .set("licensing_socket", socket.to_str().unwrap());
    is_off(&cluster, "enabled is false");
    assert_eq!(
        licensing.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "the licensing service was asked"
    );
    let names = fs::read_dir(cluster.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = names
        .filter(|name| !name.starts_with("signal-"))
        .filter(|name| !["cluster-id", "write-key", "licensing.sock"].contains(&name.as_str()))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "was left behind");
}

#[test]
fn a_source_without_urls_is_off_and_null() {
    let off = |key| {
        let cluster = cluster().set(key, json!([]));
        let run = cluster.run(&["preview"]).exits(0).has_no_complaint();
        let asked: Vec<_> = cluster
            .sources
            .requests()
            .into_iter()
            .map(|seen| seen.source.name())
            .collect();
        (run.json(), asked)
    };
    for (key, event, sources) in [
        ("diagnostics_urls", "diagnostics", &["diagnostics"][..]),
        ("cosmos_urls", "cosmos", &["cosmos"]),
        ("mesos_urls", "mesos", &["frameworks", "metrics"]),
    ] {
        let (preview, asked) = off(key);
        assert_eq!(preview[event], Value::Null);
        assert!(
            asked.iter().all(|source| !sources.contains(source)),
            "{key}: asked {asked:?}"
        );
        let others = preview.as_object().unwrap().values();
        assert_eq!(
            others.filter(|track| !track.is_null()).count(),
            2,
            "{key}: the others are told"
        );
    }
}

#[test]
fn no_source_at_all_is_said() {
    let none: fn(Cluster) -> Cluster = |cluster| {
        ["diagnostics_urls", "cosmos_urls", "mesos_urls"]
            .into_iter()
            .fold(cluster, |cluster, key| cluster.set(key, json!([])))
    };
    let cluster = none(cluster());
    let report: Run = cluster.run(&["report"]);
    report.exits(0).logs("no source is switched on");
    let preview = cluster.run(&["preview"]).exits(0);
    assert_eq!(
        preview.json(),
        json!({"cosmos": null, "diagnostics": null, "mesos": null})
    );
    cluster.was_left_alone();
}
