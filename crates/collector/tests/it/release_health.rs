//! Verdicts through the real store: a generated fleet with a unit that a version makes worse.

use std::fs;
use std::path::Path;
use std::process::Output;

use heliograph_fleet::generate::{Change, Fleet, Settings};
use serde_json::{Value, from_slice};
use tempfile::TempDir;

use crate::collector::{TestCollector, run};

const VERSION: &str = "1.11.0";
const GUILTY: &str = "dcos-mesos-dns-service";
const DAYS: u32 = 40;
/// Reports of every so many hours are enough to see how units fare, and are fewer.
const EVERY: u32 = 6;

/// Installations that report smoothly, many of which upgrade to a version in which one unit fails more often.
fn settings() -> Settings {
    Settings {
        installations: 220,
        days: DAYS,
        newcomers: 0.0,
        clones: 0.0,
        ci: 0.0,
        silent: 0.02,
        spread: 1.0,
        failures: 4.0,
        rollbacks: 0.0,
        changes: vec![Change {
            unit: GUILTY.to_owned(),
            version: VERSION.to_owned(),
            factor: 8.0,
        }],
        ..Settings::default().smooth()
    }
}

/// A data directory in which a fleet has reported, and its last day.
fn reported() -> (TestCollector, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fleet.ndjson");
    let mut lines = Vec::new();
    let truth = Fleet::new(&settings()).run(|message| -> std::io::Result<()> {
        let health = message
            .text
            .windows(16)
            .any(|text| text == br#""event":"health""#);
        if health && message.hour % EVERY == 0 {
            lines.extend_from_slice(message.text);
            lines.push(b'\n');
        }
        Ok(())
    });
    fs::write(&file, lines).unwrap();
    let mut collector = TestCollector::start();
    collector.stop();
    let output = run(collector.data(), &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    (collector, truth.unwrap().to)
}

fn ask(data: &Path, question: &str, more: &[&str]) -> Output {
    run(data, &[&["ask", question, "--format", "json"], more].concat())
}

fn rows(output: &Output) -> Vec<Value> {
    let answer: Value = from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    answer["rows"].as_array().unwrap().clone()
}

#[test]
fn what_a_version_made_worse_regressed_and_nothing_else() {
    let (collector, last) = reported();
    let data = collector.data();
    let of = ["--to", &last, "--version", VERSION];
    // For pipelines, it ends with 1.
    let output = ask(
        data,
        "release-health",
        &[&of[..], &["--fail-on", "regressed"]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), said.trim()),
        (
            Some(1),
            format!("error: {GUILTY} in {VERSION}: regressed").as_str()
        )
    );
    let all = rows(&output);
    assert!(all.len() > 20, "{all:?}");
    let said: Vec<_> = all.iter().filter(|row| row["since"].is_string()).collect();
    let [guilty] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(
        (
            guilty["unit"].as_str(),
            guilty["verdict"].as_str(),
            all[0]["unit"].as_str()
        ),
        (Some(GUILTY), Some("regressed"), Some(GUILTY))
    );
    let number = |name: &str| {
        guilty[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}: {guilty}"))
    };
    assert!(number("ratioLow") > 1.0 && number("ratioLow") <= 8.0, "{guilty}");
    assert!(number("after") > 2.0 * number("before"), "{guilty}");
    assert!(number("controlAfter") < 2.0 * number("controlBefore"), "{guilty}");
    assert!(number("compared") >= 20.0 && number("controls") >= 20.0 && number("observed") > 1000.0);
    assert!(guilty["predecessors"].as_str().unwrap().contains("1.10.1"));

    // Who is behind it.
    let output = ask(
        data,
        "release-health-installations",
        &[&of[..], &["--unit", GUILTY]].concat(),
    );
    let behind = rows(&output);
    let count = |role: &str| behind.iter().filter(|row| row["role"] == role).count() as f64;
    assert_eq!(
        (count("upgraded"), count("control")),
        (number("compared"), number("controls"))
    );
    let left = behind.iter().filter(|row| row["role"] == "left out");
    assert!(left.clone().count() > 0 && left.clone().all(|row| row["reason"] != ""));
    let output = ask(data, "release-health-installations", &of);
    assert!(String::from_utf8_lossy(&output.stderr).contains("say which `version` and which `unit`"));

    // A verdict does not depend on which units are asked about, and another one is no failure.
    let more = ["--unit", GUILTY, "--fail-on", "improved"];
    let output = ask(data, "release-health", &[&of[..], &more].concat());
    assert_eq!(
        (output.status.code(), rows(&output)),
        (Some(0), vec![(*guilty).clone()])
    );
    // There is none of this version while nobody runs it.
    let early = rows(&ask(
        data,
        "release-health",
        &["--to", "2000-01-01", "--version", VERSION],
    ));
    assert!(early.is_empty());
    let output = ask(data, "popularity", &["--fail-on", "regressed"]);
    assert_eq!(output.status.code(), Some(1));
}
