//! The configuration from outside: DC/OS' JSON with its extra file, TOML, the environment, flags; which wins, and what is said
//! of a file that can't be used. Exit code 1 means that nobody was asked or told anything.

use serde_json::{Value, json};

use crate::cluster::{Cluster, previewed};
use crate::run::Run;
use crate::small;

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

/// Runs a command with this configuration file.
fn with_file(cluster: &Cluster, command: &str, name: &str, text: impl AsRef<[u8]>) -> Run {
    let path = cluster.write(name, text);
    cluster.bare_run(&[command, "--config", path.to_str().unwrap()])
}

/// A cluster's configuration with some keys changed, as JSON.
fn changed(cluster: &Cluster, changes: &Value) -> Value {
    let mut config = cluster.config_json();
    config
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    config
}

/// A property that all events have.
fn common(run: &Run, name: &str) -> Value {
    previewed(&run.json())["health"][name].clone()
}

#[test]
fn dcos_own_file_works_with_our_keys_in_it() {
    let cluster = cluster();
    let config = changed(
        &cluster,
        &json!({"enabled": "true", "customer_key": "", "gen_platform": "aws", "names": "all"}),
    );
    let run = with_file(&cluster, "preview", "dcos-signal-config.json", config.to_string());
    let run = run.exits(0).has_no_complaint();
    assert_eq!(common(&run, "platform"), "aws");
}

#[test]
fn the_file_beside_is_read_over_it() {
    let cluster = cluster();
    cluster.write(
        "dcos-signal-extra.json",
        r#"{"gen_provider": "azure", "cosmos_urls": []}"#,
    );
    let run = with_file(
        &cluster,
        "preview",
        "dcos-signal-config.json",
        cluster.config_json().to_string(),
    );
    let run = run.exits(0);
    assert_eq!(common(&run, "provider"), "azure");
    assert_eq!(run.json()["cosmos"], Value::Null, "lists are replaced");
    assert_ne!(run.json()["mesos"], Value::Null, "other keys are kept");
}

#[test]
fn a_malformed_file_beside_is_an_error() {
    let cluster = cluster();
    cluster.write("dcos-signal-extra.json", "{\n\"gen_provider\": \n}");
    let run = with_file(
        &cluster,
        "report",
        "dcos-signal-config.json",
        cluster.config_json().to_string(),
    );
    run.exits(1).logs("dcos-signal-extra.json:3");
    cluster.was_left_alone();
}

#[test]
fn the_file_beside_belongs_to_json_only() {
    let cluster = cluster();
    cluster.write("dcos-signal-extra.json", "not even JSON");
    cluster.run(&["preview"]).exits(0).has_no_complaint();
}

#[test]
fn flags_beat_variables_and_variables_beat_files() {
    let cluster = cluster()
        .set("variant", "enterprise")
        .set("gen_provider", "azure");
    assert_eq!(
        common(&cluster.run(&["preview"]).exits(0), "variant"),
        "enterprise"
    );
    let cluster = cluster
        .var("HELIOGRAPH_VARIANT", "open")
        .var("HELIOGRAPH_GEN_PROVIDER", "gcp");
    let run = cluster.run(&["preview"]).exits(0);
    assert_eq!(
        (common(&run, "variant"), common(&run, "provider")),
        (json!("open"), json!("gcp"))
    );
    let run = cluster.run(&["preview", "-dcos-variant", "enterprise"]).exits(0);
    assert_eq!(
        (common(&run, "variant"), common(&run, "provider")),
        (json!("enterprise"), json!("gcp"))
    );
}

#[test]
fn lists_in_variables_are_separated_by_commas() {
    let cluster = cluster().set("mesos_urls", json!([]));
    let urls = format!(
        "{}, {}",
        cluster.sources.metrics_url(),
        cluster.sources.frameworks_url()
    );
    let run = cluster
        .var("HELIOGRAPH_MESOS_URLS", urls)
        .run(&["preview"])
        .exits(0);
    assert_eq!(run.json()["mesos"]["properties"]["cpu_total"], 8);
    assert_eq!(
        run.json()["mesos"]["properties"]["frameworks"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn the_version_comes_from_dcos_where_nothing_else_is_said() {
    let cluster = cluster()
        .unset("environment_version")
        .var("DCOS_VERSION", "1.10-dev");
    assert_eq!(
        common(&cluster.run(&["preview"]).exits(0), "environmentVersion"),
        "1.10-dev"
    );
    let cluster = cluster.set("environment_version", "1.11");
    assert_eq!(
        common(&cluster.run(&["preview"]).exits(0), "environmentVersion"),
        "1.11"
    );
}

#[test]
fn providers_are_told_from_a_closed_set() {
    for (given, told) in [
        ("onprem", "on-prem"),
        ("AWS", "aws"),
        ("my cellar", "other"),
        ("", ""),
    ] {
        let run = cluster().set("gen_provider", given).run(&["preview"]).exits(0);
        assert_eq!(common(&run, "provider"), told, "{given:?}");
    }
}

#[test]
fn keys_are_read_in_any_case_and_null_leaves_the_default() {
    let cluster = cluster();
    let mut config = changed(&cluster, &json!({"GEN_Provider": "azure", "variant": null}));
    config.as_object_mut().unwrap().remove("gen_provider");
    let run = with_file(&cluster, "preview", "a.json", config.to_string()).exits(0);
    assert_eq!(
        (common(&run, "provider"), common(&run, "variant")),
        (json!("azure"), json!("open"))
    );
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let cluster = cluster();
    let text = format!("\u{FEFF}{}", cluster.config_json());
    with_file(&cluster, "preview", "a.json", text).exits(0);
    let text = format!("\u{FEFF}{}", cluster.config_toml());
    with_file(&cluster, "preview", "a.toml", text).exits(0);
}

#[test]
fn an_unknown_key_is_a_warning_that_names_the_nearest() {
    let cluster = cluster();
    let text = format!(
        "{}\ndiagnostic_urls = []\nFlagTest = true\n",
        cluster.config_toml()
    );
    let run = with_file(&cluster, "preview", "a.toml", text).exits(0);
    let lines = cluster.config_toml().lines().count();
    let run = run.logs(&format!(
        "a.toml:{}: unknown key \"diagnostic_urls\" is ignored; did you mean diagnostics_urls?",
        lines + 2
    ));
    run.logs(&format!(
        "a.toml:{}: unknown key \"FlagTest\" is ignored",
        lines + 3
    ));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let cluster = cluster();
    for name in ["missing.json", "missing.toml"] {
        let path = cluster.path(name);
        let run = cluster.bare_run(&["report", "--config", path.to_str().unwrap()]);
        run.exits(1).logs(&format!("{}: no such file", path.display()));
    }
    let folder = cluster.folder.path().to_str().unwrap().to_owned();
    cluster
        .bare_run(&["report", "--config", &folder])
        .exits(1)
        .logs(&folder);
    cluster.was_left_alone();
}

#[test]
fn a_malformed_file_is_named_with_its_line() {
    let cluster = cluster();
    for (name, text, message) in [
        (
            "a.json",
            "{\n\"enabled\": }",
            "a.json:2: not the JSON object that is expected",
        ),
        ("a.json", "[]", "a.json:1: not the JSON object that is expected"),
        ("a.json", "{} x", "a.json:1: not the JSON object that is expected"),
        ("a.json", "", "a.json:1: not the JSON object that is expected"),
        (
            "a.toml",
            "enabled = true\nsink = \n",
            "a.toml:2: not the TOML that is expected",
        ),
        (
            "a.toml",
            "enabled = true\nenabled = true\n",
            "a.toml:2: not the TOML that is expected",
        ),
    ] {
        with_file(&cluster, "report", name, text).exits(1).logs(message);
    }
    with_file(&cluster, "report", "a.json", b"{\"enabled\": \"\xff\"}")
        .exits(1)
        .logs("is not UTF-8");
    with_file(&cluster, "report", "a.json", vec![b' '; 2 << 20])
        .exits(1)
        .logs("is longer than 1048576 bytes");
    cluster.was_left_alone();
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    let cluster = cluster();
    for (key, value, message) in [
        (
            "diagnostics_urls",
            json!("http://x/"),
            "diagnostics_urls: expected a list of http:// or https:// URLs, found a text",
        ),
        (
            "mesos_urls",
            json!(["leader.mesos:5050"]),
            "mesos_urls: expected a list of http:// or https:// URLs, found another text in it",
        ),
        (
            "cosmos_urls",
            json!([7]),
            "cosmos_urls: expected a list of http:// or https:// URLs, found the number 7",
        ),
        (
            "source_timeout",
            json!("soon"),
            "source_timeout: expected a span of time such as \"15s\", found \"soon\"",
        ),
        ("source_timeout", json!(0), "source_timeout: expected a span"),
        ("source_timeout", json!(-1), "source_timeout: expected a span"),
        ("source_timeout", json!(1e19), "source_timeout: expected a span"),
        (
            "delivery_timeout",
            json!("1e19"),
            "delivery_timeout: expected a span",
        ),
        (
            "sink",
            json!("ftp://x/"),
            "sink: expected an http:// or https:// URL, found another text",
        ),
        (
            "names",
            json!("some"),
            "names: expected one of catalogue, all, found \"some\"",
        ),
        (
            "variant",
            json!("closed"),
            "variant: expected one of open, enterprise, found \"closed\"",
        ),
        (
            "cluster_id",
            json!("a b"),
            "cluster_id: expected the id of a cluster",
        ),
        (
            "create_cluster_id",
            json!("perhaps"),
            "create_cluster_id: expected true or false",
        ),
        (
            "units",
            json!({"a": 1}),
            "units: expected a list of texts, found an object",
        ),
        (
            "gen_provider",
            json!(1.5),
            "gen_provider: expected a text, found the number 1.5",
        ),
    ] {
        let text = serde_json::to_string_pretty(&changed(&cluster, &json!({key: value}))).unwrap();
        let line = text
            .lines()
            .position(|line| line.trim_start().starts_with(&format!("\"{key}\"")))
            .unwrap()
            + 1;
        with_file(&cluster, "report", "a.json", text)
            .exits(1)
            .logs(&format!("a.json:{line}: {message}"));
    }
    cluster.was_left_alone();
}

#[test]
fn a_wrong_type_in_a_variable_names_the_variable() {
    let cluster = cluster().var("HELIOGRAPH_SOURCE_TIMEOUT", "soon");
    cluster
        .run(&["report"])
        .exits(1)
        .logs("$HELIOGRAPH_SOURCE_TIMEOUT: source_timeout: expected");
    cluster.was_left_alone();
}

/// Neither a wrong type nor a syntax error shows what stands in the file where that may be a secret.
#[test]
fn mistakes_do_not_show_secrets() {
    let cluster = cluster();
    for (key, value) in [
        ("write_key", json!(["s3cret"])),
        ("customer_key", json!({"s3cret": 1})),
        ("license_id", json!(7_700_115_533_008_u64)),
        ("sink", json!("http//user:s3cret@host/")),
        ("mesos_urls", json!(["http//user:s3cret@host/"])),
    ] {
        let text = changed(&cluster, &json!({key: value})).to_string();
        with_file(&cluster, "report", "a.json", text)
            .exits(1)
            .keeps_quiet_about("s3cret")
            .keeps_quiet_about("7700115533008");
    }
    for (name, text) in [
        ("a.toml", "write_key = \"s3cret\nenabled = true\n"),
        ("a.toml", "write_key = s3cret\n"),
        ("a.toml", "write_key = 's3cret' s3cret\n"),
        ("a.json", "{\"write_key\": \"s3cret\", \"write_key\": s3cret}"),
        ("a.json", "{\"write_key\": \"s3cret"),
        ("a.json", "\"s3cret\""),
    ] {
        with_file(&cluster, "report", name, text)
            .exits(1)
            .keeps_quiet_about("s3cret");
    }
}
