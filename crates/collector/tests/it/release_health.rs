//! Verdicts through the real store: a generated fleet with a unit that a version makes worse.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use heliograph_collector::store::Reader;
use heliograph_fleet::generate::{Change, Fleet, Settings};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, from_slice, from_str, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, run};
use crate::deletion::settle;

pub(crate) const VERSION: &str = "1.11.0";
pub(crate) const GUILTY: &str = "dcos-mesos-dns-service";
const DAYS: u32 = 40;
/// Reports of every so many hours are enough to see how units fare, and are fewer.
const EVERY: u32 = 6;

/// Installations that report smoothly, many of which upgrade to a version in which one unit fails more often.
pub(crate) fn settings() -> Settings {
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
pub(crate) fn reported(settings: &Settings) -> (TestCollector, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fleet.ndjson");
    let mut lines = Vec::new();
    let truth = Fleet::new(settings).run(|message| -> std::io::Result<()> {
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
    // A judge that rests would be waited for.
    let mut collector = TestCollector::with(&[("judging_rest", "0")]);
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
    let (collector, last) = reported(&settings());
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

/// Waits until the server has kept what it judged, as things are now; returns the first day that it is about and the state.
fn kept(data: &Path) -> (i64, i64) {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    for _ in 0..1200 {
        let found = connection
            .query_row(
                "SELECT first, state FROM judgement ORDER BY last DESC",
                (),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional();
        if let Some(found) = found.unwrap() {
            return found;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing is kept");
}

#[test]
fn what_was_judged_is_kept_as_long_as_it_is_so() {
    // Fewer than tell anything are enough to see whether it is the same.
    let few = Settings {
        installations: 40,
        ..settings()
    };
    let (mut collector, last) = reported(&few);
    let data = collector.data().to_owned();
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let text = |more: &[&str]| {
        let output = ask(&data, "release-health", &[&["--to", &last], more].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (all, of_version) = (text(&[]), text(&["--version", VERSION]));
    collector.restart();
    kept(&data);

    // It is what was answered, to the last digit, also of one version.
    assert_eq!(
        (text(&[]), text(&["--version", VERSION])),
        (all.clone(), of_version)
    );
    // And it is used: what is written there instead is told, but not to who asks for something else.
    let mark = || {
        let changed = connection.execute(
            "UPDATE judgement SET rows = CAST(replace(CAST(rows AS TEXT), ?, 'marked-unit') AS BLOB)",
            [GUILTY],
        );
        assert_eq!(changed.unwrap(), 1);
        assert!(text(&[]).contains("marked-unit"));
    };
    mark();
    assert!(text(&["--unit", "marked-unit", "--version", VERSION]).contains("marked-unit"));
    for other in [
        ["--without", "clone"],
        ["--variant", "open"],
        ["--from", "2020-01-01"],
        ["--version", "1.9.0"],
    ] {
        assert!(!text(&other).contains("marked-unit"), "{other:?}");
    }

    // Had another thing been said of a unit, that would be a change, noticed when it is judged again; how things are at first is none.
    let sql = "INSERT OR REPLACE INTO verdict (version, unit, verdict) VALUES (?, ?, 'regressed')";
    assert_eq!(connection.execute(sql, [VERSION, GUILTY]).unwrap(), 1);
    let changes = || Reader::open(&data).unwrap().verdict_changes(9).unwrap().latest;
    assert!(changes().is_empty());

    // What comes late for any of its days is in the next answer, whether that is kept again or not.
    let (first, state) = kept(&data);
    let late = report("late", first + 1);
    fs::write(data.join("late.ndjson"), late.to_string()).unwrap();
    let output = run(&data, &["import", data.join("late.ndjson").to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let with_it = text(&[]);
    assert!(!with_it.contains("marked-unit") && with_it != all, "{with_it}");
    while kept(&data).1 == state {
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(text(&[]), with_it);
    let noticed = changes();
    let [change] = noticed.as_slice() else {
        panic!("{noticed:?}")
    };
    assert_eq!(
        (&*change.version, &*change.unit, &*change.before),
        (VERSION, GUILTY, "regressed")
    );
    let numbers: Value = from_str(&change.numbers).unwrap();
    assert_eq!(
        (&numbers["unit"], &numbers["verdict"]),
        (&json!(GUILTY), &json!(change.after))
    );

    // With whoever is forgotten goes what was made of them.
    mark();
    let output = run(&data, &["forget", "--delete-only", "--cluster-id", "late"]);
    assert!(output.status.success(), "{output:?}");
    settle(&data);
    assert_eq!(text(&[]), all);
    collector.stop();
    for file in fs::read_dir(&data).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap_or_default();
        assert!(memchr::memmem::find(&bytes, b"marked-unit").is_none(), "{file:?}");
    }
}

/// A report of a day, in which the unit is healthy.
fn report(cluster: &str, day: i64) -> Value {
    let at = Timestamp::from_second(day * 86400 + 3600).unwrap();
    let hour = at.strftime("%Y-%m-%dT%HZ");
    json!({
        "type": "track", "event": "health", "anonymousId": cluster,
        "messageId": format!("{cluster}:health:{hour}"), "timestamp": at.to_string(), "receivedAt": at.to_string(),
        "properties": {
            "clusterId": cluster, "environmentVersion": VERSION, "provider": "aws", "variant": "open",
            format!("health-unit-{GUILTY}-total"): 3, format!("health-unit-{GUILTY}-unhealthy"): 0,
        },
    })
}
