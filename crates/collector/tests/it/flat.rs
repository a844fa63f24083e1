//! Messages as flat rows: what other tools sum up of them is what was sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::{Asked, reports};
use crate::collector::run;
use crate::sdk::installed::{installed, source};

/// Clusters, and hours of each, as [`reports`] has them.
const REPORTS: u64 = 7 * 9;

fn export(asked: &Asked, arguments: &[&str]) -> String {
    let output = run(asked.collector.data(), &[&["export"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(ndjson: &str) -> Vec<Value> {
    ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A fleet that also sends other messages.
fn fleet() -> Asked {
    let asked = Asked::start();
    let key = asked.collector.key("ui");
    let page = |day: u32| {
        json!({"type": "page", "name": "/nodes", "anonymousId": "a", "messageId": format!("p{day}"),
            "timestamp": format!("2025-03-{day:02}T10:00:00Z")})
    };
    let batch = json!({"batch": [page(1), page(2), {"type": "identify", "userId": "u", "timestamp": "2025-03-03T10:00:00Z"}],
        "sentAt": null});
    assert_eq!(asked.collector.batch(&key, &batch).counts().0, 3);
    asked
}

#[test]
fn rows_are_what_was_sent() {
    let asked = fleet();
    let units = lines(&export(&asked, &["units", "--format", "ndjson"]));
    let mut sums: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for row in &units {
        let sum = sums.entry(row["unit"].as_str().unwrap().to_owned()).or_default();
        sum[0] += 1;
        for (at, name) in ["total", "unhealthy", "unknown"].iter().enumerate() {
            sum[at + 1] += row[*name].as_u64().unwrap();
        }
    }
    assert_eq!(sums["a,b"], [REPORTS, 4 * REPORTS, 9, 0]);
    assert_eq!(sums["c"], [REPORTS, 2 * REPORTS, 0, REPORTS]);

    let csv = export(&asked, &["reports", "--from", "2025-03-02", "--to", "2025-03-02"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let at = |name: &str| names.iter().position(|known| known == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let sent = reports()
        .iter()
        .filter(|report| report["timestamp"].as_str().unwrap().starts_with("2025-03-02"))
        .count();
    assert_eq!(rows.len(), sent);
    let of_mesos: Vec<_> = rows
        .iter()
        .filter(|row| &row[at("event")] == "mesos_track")
        .collect();
    assert!(
        of_mesos
            .iter()
            .all(|row| &row[at("cpu_total")] == "8.5" && &row[at("task_count")] == "3")
    );
    assert!(
        rows.iter()
            .all(|row| row[at("hour")].starts_with("2025-03-02T") && &row[at("provider")] == "aws")
    );

    let names = export(&asked, &["packages"]);
    assert_eq!(
        names.lines().next(),
        Some("hour,clusterId,environmentVersion,provider,variant,kind,name")
    );
    assert!(names.contains(r#",framework,"say ""hi""""#) && names.contains(",package,kafka"));
    let events = lines(&export(&asked, &["events", "--format=ndjson"]));
    let told: Vec<_> = events
        .iter()
        .map(|row| (row["type"].as_str().unwrap(), row["keyKind"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("page", "ui"), ("page", "ui"), ("identify", "ui")]);
}

#[test]
fn a_file_is_there_when_all_of_it_is() {
    let asked = Asked::start();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("units.csv");
    let path = file.to_str().unwrap();
    assert_eq!(
        export(&asked, &["units", "--out", path]),
        format!("{path}: {} rows\n", 2 * REPORTS)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), export(&asked, &["units"]));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    for (arguments, expected) in [
        (&["units", "--out", "/nowhere/x"][..], "/nowhere/x"),
        (&["units", "--format", "xml"], "one of csv, ndjson"),
        (
            &["units", "--from", "2025-03-02", "--to", "2025-03-01"],
            "is after",
        ),
        (&["unit"], "units"),
    ] {
        let output = run(asked.collector.data(), &[&["export"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    // Messages as they are, as before.
    assert_eq!(export(&asked, &[]).lines().count(), reports().len());
}

#[test]
fn duckdb_reads_it() {
    let Some(folder) = installed("duckdb", "requirements.txt") else {
        return;
    };
    let asked = fleet();
    let dir = TempDir::new().unwrap();
    let query = |file: &Path, query: &str| -> Value {
        let output = Command::new("python3")
            .arg(source("duckdb").join("query.py"))
            .args([file.as_os_str(), query.as_ref()])
            .env("PYTHONPATH", &folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for (form, end) in [("csv", "csv"), ("ndjson", "ndjson")] {
        let table = |name: &str| {
            let file = dir.path().join(format!("{name}.{end}"));
            export(
                &asked,
                &[name, "--format", form, "--output", file.to_str().unwrap()],
            );
            file
        };
        let units = query(
            &table("units"),
            "SELECT unit, count(*)::INT, sum(total)::INT, sum(unhealthy)::INT, sum(\"unknown\")::INT, count(DISTINCT \"clusterId\")
             FROM flat GROUP BY unit ORDER BY unit",
        );
        let expected = json!([
            ["a,b", REPORTS, 4 * REPORTS, 9, 0, 7],
            ["c", REPORTS, 2 * REPORTS, 0, REPORTS, 7]
        ]);
        assert_eq!(units, expected, "{form}");
        let reports = query(
            &table("reports"),
            "SELECT event, count(*)::INT, sum(cpu_total)::DOUBLE, sum(task_count)::INT, count(DISTINCT date_trunc('day', hour))
             FROM flat GROUP BY event ORDER BY event",
        );
        let expected = json!([
            ["health", REPORTS, null, null, 3],
            ["mesos_track", REPORTS, 535.5, 3 * REPORTS, 3],
            ["package_list", REPORTS, null, null, 3],
        ]);
        assert_eq!(reports, expected, "{form}");
        let packages = query(
            &table("packages"),
            "SELECT kind, name, count(*)::INT FROM flat GROUP BY ALL ORDER BY ALL",
        );
        let expected = json!([
            ["framework", "marathon", REPORTS],
            ["framework", "say \"hi\"", REPORTS],
            ["package", "kafka", REPORTS]
        ]);
        assert_eq!(packages, expected, "{form}");
        let events = query(
            &table("events"),
            "SELECT type, count(*)::INT, min(hour(time))::INT FROM flat GROUP BY type ORDER BY type",
        );
        assert_eq!(events[1][1], 2, "{form}");
    }
}
