//! Importing what came by hand: bundles and lines, beside a server and without one, once and again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, messages, run};
use crate::reporter::{Reporter, hour};

/// A bundle of three reports that were never delivered.
fn bundle(folder: &TempDir, key: &str) -> PathBuf {
    let file = folder.path().join("bundle");
    let mut reporter = Reporter::new("http://127.0.0.1:1", key);
    for number in 0..3 {
        reporter.report_in_vain(hour(number));
    }
    reporter.bundle(&file);
    file
}

fn import(data: &Path, files: &[&Path]) -> Output {
    let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    run(data, &[&["import"], names.as_slice()].concat())
}

/// What is said of an import that went well.
fn imported(data: &Path, file: &Path) -> String {
    let output = import(data, &[file]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "no terminal, no progress: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_bundle_is_imported_once_beside_a_server_and_without_one() {
    let folder = TempDir::new().unwrap();
    let file = bundle(&folder, "k");
    for running in [true, false] {
        let mut collector = TestCollector::start();
        let key = collector.key("cluster");
        if !running {
            collector.stop();
        }
        let said = imported(collector.data(), &file);
        assert!(
            said.contains("9 accepted, 0 duplicate, 0 suppressed, 0 rejected"),
            "{said}"
        );
        let said = imported(collector.data(), &file);
        assert!(said.contains("was imported before"), "{said}");
        let kept = collector.messages();
        assert_eq!(kept.len(), 9);
        let expected: Value = "2026-11-01T00:00:00.000Z".into();
        assert_eq!(
            (&kept[0]["timestamp"], &kept[0]["originalTimestamp"]),
            (&expected, &expected)
        );
        assert!(kept[0]["receivedAt"].as_str().unwrap() > kept[0]["timestamp"].as_str().unwrap());
        if running {
            // The running server knows what came by hand.
            let again = json!({"batch": kept});
            assert_eq!(collector.batch(&key, &again).counts(), (0, 9, 0));
        }
        if running {
            collector.stop();
        }
        collector.restart();
        assert!(imported(collector.data(), &file).contains("was imported before"));
        assert_eq!(collector.messages(), kept);
    }
}

/// The same messages in another file: each is recognised by itself.
#[test]
fn what_came_over_the_network_is_not_counted_again() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let reporter = Reporter::new(collector.url(), &key);
    reporter.report(hour(0));
    let event = json!({"type": "track", "event": "e", "anonymousId": "a", "messageId": "1", "timestamp": "2026-10-01T00:00:00Z"});
    collector.batch(&key, &json!({"batch": [event]}));
    let lines: String = collector
        .messages()
        .iter()
        .map(|message| format!("{message}\n"))
        .collect();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("lines");
    fs::write(&file, lines).unwrap();
    let said = imported(collector.data(), &file);
    assert!(said.contains("0 accepted, 4 duplicate"), "{said}");
}

#[test]
fn lines_keep_their_own_times_and_each_has_an_outcome() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("lines.ndjson");
    let good = |number: u32| {
        json!({
            "type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{number}"),
            "timestamp": "2026-03-01T10:00:00Z", "sentAt": "2026-03-05T10:00:00Z", "context": {"ip": "10.0.0.1"},
        })
    };
    let mut lines: Vec<String> = (0..6000).map(|number| good(number).to_string()).collect();
    lines.push(String::new());
    lines.push(good(0).to_string());
    lines.push("{broken".to_owned());
    lines.push(json!({"type": "track", "event": "e"}).to_string());
    lines.push("x".repeat(1 << 20));
    fs::write(&file, lines.join("\r\n")).unwrap();
    for running in [true, false] {
        let mut collector = TestCollector::start();
        if !running {
            collector.stop();
        }
        let said = imported(collector.data(), &file);
        assert!(
            said.contains("6000 accepted, 1 duplicate, 0 suppressed, 3 rejected"),
            "{said}"
        );
        assert!(
            imported(collector.data(), &file)
                .contains("0 accepted, 6001 duplicate, 0 suppressed, 3 rejected")
        );
        let kept = messages(collector.data(), &["--limit", "1"]);
        assert_eq!(kept[0]["timestamp"], "2026-03-01T10:00:00.000Z");
        assert_eq!(kept[0]["sentAt"], "2026-03-05T10:00:00.000Z");
        assert!(!kept[0].to_string().contains("10.0.0.1"));
    }
}

#[test]
fn of_a_damaged_bundle_nothing_is_imported() {
    let folder = TempDir::new().unwrap();
    let file = bundle(&folder, "k");
    let whole = fs::read_to_string(&file).unwrap();
    let collector = TestCollector::start();
    let lines = folder.path().join("lines");
    fs::write(
        &lines,
        json!({"type": "track", "event": "e", "anonymousId": "a"}).to_string(),
    )
    .unwrap();
    let damaged = folder.path().join("damaged");
    for (text, said) in [
        (
            whole.replacen("\"health\"", "\"wealth\"", 1),
            "do not match their checksum",
        ),
        (whole[..whole.len() - 1].to_owned(), "lines where 9 were written"),
        (
            whole.replacen("\"version\":1", "\"version\":2", 1),
            "of version 2",
        ),
        (
            whole.replacen("\"bundle\"", "\"parcel\"", 1),
            "does not begin with",
        ),
        (
            whole.replacen("sealed", "sealer", 1),
            "neither a bundle nor messages",
        ),
    ] {
        fs::write(&damaged, text).unwrap();
        // All files are looked at before any is taken.
        let output = import(collector.data(), &[&lines, &damaged]);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains(said) && error.contains("nothing was imported") && error.contains("damaged"),
            "{error}"
        );
    }
    assert!(collector.messages().is_empty());
    assert!(import(collector.data(), &[&lines, &file]).status.success());
    assert_eq!(collector.messages().len(), 10);
}

#[test]
fn it_needs_a_database_and_a_server_that_answers() {
    let folder = TempDir::new().unwrap();
    let file = bundle(&folder, "k");
    let none = folder.path().join("none");
    let output = import(&none, &[&file]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no database in"));
    assert!(!none.exists());

    let collector = TestCollector::start();
    fs::remove_file(collector.data().join("local/import.sock")).unwrap();
    let output = import(collector.data(), &[&file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && said.contains("stop it, or restart it"),
        "{said}"
    );
}

#[test]
fn a_server_that_was_killed_leaves_no_socket_in_the_way() {
    let folder = TempDir::new().unwrap();
    let file = bundle(&folder, "k");
    let mut collector = TestCollector::start();
    collector.kill();
    collector.restart();
    assert!(imported(collector.data(), &file).contains("9 accepted"));
    collector.kill();
    assert!(imported(collector.data(), &file).contains("was imported before"));
}
