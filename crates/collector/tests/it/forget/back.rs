//! Nothing brings back who is forgotten.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{command, forget, forgotten, report, send};
use crate::client::basic;
use crate::collector::{TestCollector, messages, run};
use crate::deletion::settle;
use crate::in_process::InProcess;
use crate::reporter::{CLUSTER, Reporter, hour};

#[test]
fn the_ids_of_the_forgotten_are_hashed_with_a_key_that_is_not_in_the_database() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    send(&collector, &key, &report("c", "first", 1));
    forgotten(&forget(&collector, &key, "c", "first"));
    collector.stop();
    let path = collector.data().join("suppression-key");
    let secret = fs::read_to_string(&path).unwrap();
    let database = fs::read(collector.data().join("collector.db")).unwrap();
    assert!(memchr::memmem::find(&database, secret.trim().as_bytes()).is_none());
    // Without the key nobody would be recognised: that is said, and nothing is started.
    fs::remove_file(&path).unwrap();
    let output = run(collector.data(), &["serve", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && said.contains("suppression-key"),
        "{said}"
    );
    fs::write(&path, secret).unwrap();
    collector.restart();
}

/// Signal's `forget`, and everything that could bring a cluster back.
#[test]
fn signal_forgets_and_neither_spool_nor_bundle_brings_it_back() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let first = Reporter::new(collector.url(), &key);
    let mut second = Reporter::new(collector.url(), &key);
    let mut third = Reporter::new(collector.url(), &key);
    first.report(hour(0));
    second.report(hour(0));
    // A spool and a bundle from before.
    for number in 1..4 {
        second.report_in_vain(hour(number));
        third.report_in_vain(hour(number));
    }
    let folder = TempDir::new().unwrap();
    let bundle = folder.path().join("bundle");
    third.bundle(&bundle);

    let said = first.forget().unwrap();
    settle(collector.data());
    let kept = collector.messages();
    assert!(kept.is_empty());
    assert!(
        said.contains("\"scope\": \"cluster\"") && said.contains(CLUSTER),
        "{said}"
    );
    assert!(first.verify().0);
    assert_eq!(first.forget().unwrap().matches("\"at\"").count(), 1);

    second.report(hour(4));
    assert_eq!(collector.messages(), kept);
    let import = ["import", bundle.to_str().unwrap()];
    let said = command(collector.data(), &import);
    assert!(
        said.contains("0 accepted, 0 duplicate, 9 suppressed, 0 rejected"),
        "{said}"
    );
    assert_eq!(collector.messages(), kept);

    command(
        collector.data(),
        &["suppressions", "lift", "--cluster-id", CLUSTER],
    );
    let before = messages(collector.data(), &["--all"]).len();
    second.report(hour(5));
    assert_eq!(messages(collector.data(), &["--all"]).len(), before + 3);
}

#[test]
fn who_asks_in_the_same_breath_is_forgotten_with_what_came_before() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |config| {
        config.commit_pace = std::time::Duration::from_millis(200);
    });
    let key = collector.key("cluster");
    let body = json!({"clusterId": "c", "reporterSecret": "first"}).to_string();
    collector.batch(&key, &json!({"batch": [report("c", "first", 1)]}));
    // The writer waits for the pace: both are of one group.
    let (later, forgets) = std::thread::scope(|scope| {
        let later = scope.spawn(|| collector.batch(&key, &json!({"batch": [report("c", "first", 2)]})));
        std::thread::sleep(std::time::Duration::from_millis(50));
        let forgets = scope.spawn(|| {
            let mut client = crate::client::Client::to(collector.address()).unwrap();
            client
                .send(
                    "POST",
                    "/v1/forget",
                    &[("Authorization", &basic(&key))],
                    body.as_bytes(),
                )
                .unwrap()
        });
        (later.join().unwrap(), forgets.join().unwrap())
    });
    assert_eq!(later.counts(), (1, 0, 0));
    assert_eq!(
        forgotten(&forgets),
        ("cluster".to_owned(), "2026-11-22T11:00:00.000Z".to_owned())
    );
    collector.batch(&key, &json!({"batch": [report("c", "first", 3)]}));
    settle(&collector.data);
    assert!(crate::collector::messages(&collector.data, &[]).is_empty());
}
