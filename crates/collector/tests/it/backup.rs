//! Backups are whole, whatever is written meanwhile; a restore counts nothing twice, and brings nobody back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use heliograph_wire::id::ReporterId;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, key, messages, run};
use crate::day::days;
use crate::deletion::{found, settle};
use crate::receipt::public_key;

/// Bytes of text in a message, so that a database is not copied in an instant.
const BULK: usize = 2000;

fn said(output: &Output) -> (bool, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn backup(data: &Path, file: &Path) -> (bool, String) {
    said(&run(data, &["backup", file.to_str().unwrap()]))
}

fn restore(data: &Path, file: &Path, more: &[&str]) -> (bool, String) {
    said(&run(data, &[&["restore", file.to_str().unwrap()], more].concat()))
}

fn track(id: &str, user: &str) -> Value {
    json!({"type": "track", "event": "e", "userId": user, "messageId": id, "properties": {"text": "x".repeat(BULK)}})
}

fn report(cluster: &str, hour: u32) -> Value {
    json!({
        "type": "track", "event": "health", "anonymousId": cluster, "properties": {"clusterId": cluster, "health-unit-a-total": 3},
        "messageId": format!("{cluster}:health:2026-11-20T{hour:02}Z"), "timestamp": format!("2026-11-20T{hour:02}:00:00Z"),
        "context": {"reporter": ReporterId::of_secret(cluster.as_bytes()).as_str()},
    })
}

fn send(collector: &TestCollector, key: &str, batch: &[Value]) -> (u64, u64, u64) {
    collector.batch(key, &json!({"batch": batch})).counts()
}

fn ids(data: &Path) -> BTreeSet<String> {
    let all = messages(data, &[]);
    let ids: BTreeSet<_> = all
        .iter()
        .map(|message| message["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), all.len(), "some are there twice");
    ids
}

#[test]
fn a_backup_is_whole_whatever_is_written_meanwhile() {
    let collector = TestCollector::start();
    let server = collector.key("server");
    let dir = TempDir::new().unwrap();
    let (stop, sent) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (before, size) = thread::scope(|scope| {
        for sender in 0..3 {
            let (stop, sent, collector, server) = (&stop, &sent, &collector, &server);
            scope.spawn(move || {
                let mut client = collector.client();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let names: Vec<_> = (0..10).map(|part| format!("{sender}-{number}-{part}")).collect();
                    let batch: Vec<_> = names.iter().map(|id| track(id, "u")).collect();
                    let answer = client.batch(server, &json!({"batch": batch})).unwrap();
                    assert_eq!(answer.counts(), (10, 0, 0));
                    sent.lock().unwrap().extend(names);
                }
            });
        }
        while sent.lock().unwrap().len() < 500 {
            thread::sleep(Duration::from_millis(10));
        }
        let before = sent.lock().unwrap().clone();
        let made = backup(collector.data(), &dir.path().join("b"));
        stop.store(true, Ordering::Relaxed);
        assert!(made.0, "{made:?}");
        (before, fs::metadata(dir.path().join("b")).unwrap())
    });
    assert_eq!(size.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );

    // What was acknowledged before is in it; of what came meanwhile, whole requests.
    let restored = dir.path().join("data");
    let (done, told) = restore(&restored, &dir.path().join("b"), &[]);
    assert!(
        done && told.contains("order again whom you had forgotten"),
        "{told}"
    );
    let kept = ids(&restored);
    assert!(before.iter().all(|id| kept.contains(id)));
    let sent = sent.into_inner().unwrap();
    assert!(kept.iter().all(|id| sent.contains(id)));
    assert_eq!(kept.len() % 10, 0);
    assert!(run(&restored, &["rebuild", "--check"]).status.success());
    // The same key of receipts, so that senders know it again.
    assert_eq!(public_key(&restored), public_key(collector.data()));
    let restored = TestCollector::in_dir(&restored, &[]);
    let again: Vec<_> = before.iter().take(500).map(|id| track(id, "u")).collect();
    assert_eq!(send(&restored, &server, &again[..250]), (0, 250, 0));
    assert_eq!(send(&restored, &server, &again[250..]), (0, 250, 0));
}

#[test]
fn a_backup_writes_over_nothing_and_leaves_nothing_half() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let (done, told) = backup(&data, &dir.path().join("b"));
    assert!(!done && told.contains("there is no database"), "{told}");
    key(&data, "server");
    fs::write(dir.path().join("b"), "mine").unwrap();
    let (done, told) = backup(&data, &dir.path().join("b"));
    assert!(!done && told.contains("nothing is written over"), "{told}");
    assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"mine");
    let (done, told) = backup(&data, &dir.path().join("none/b"));
    assert!(!done && told.contains("can't write the backup"), "{told}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    // A backup that would hold damage is none.
    let path = data.join("collector.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("INSERT INTO batch (received, messages, size, records) VALUES (0, 1, 1, randomblob(300000)); PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40_000].fill(0xee);
    fs::write(&path, bytes).unwrap();
    let (done, told) = backup(&data, &dir.path().join("c"));
    assert!(
        !done && told.contains("malformed") | told.contains("damaged"),
        "{told}"
    );
    assert!(!dir.path().join("c").exists());
}

#[test]
fn a_restore_counts_nothing_twice_and_keeps_what_was_there() {
    let mut collector = TestCollector::start();
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let old: Vec<_> = (0..5)
        .map(|number| track(&format!("old-{number}"), "u"))
        .collect();
    assert_eq!(send(&collector, &server, &old), (5, 0, 0));
    assert_eq!(send(&collector, &cluster, &[report("c", 1)]), (1, 0, 0));
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("b");
    assert!(backup(collector.data(), &file).0);
    let at_backup = days(collector.data());
    assert_eq!(send(&collector, &server, &[track("new", "u")]), (1, 0, 0));
    let data = collector.data().to_owned();
    let (done, told) = restore(&data, &file, &[]);
    assert!(!done && told.contains("stop it"), "{told}");
    assert!(ids(&data).contains("new"));

    assert!(collector.stop().success());
    let (done, told) = restore(&data, &file, &[]);
    assert!(done && told.contains("0 suppressions and 0 deletions"), "{told}");
    assert_eq!((ids(&data).len(), ids(&data).contains("new")), (6, false));
    assert_eq!(days(&data), at_backup);
    collector.restart();
    // Acknowledged before the backup: a repeat, also after another restart.
    for _ in 0..2 {
        assert_eq!(send(&collector, &server, &old), (0, 5, 0));
        assert_eq!(send(&collector, &cluster, &[report("c", 1)]), (0, 1, 0));
        collector.kill();
        collector.restart();
    }
    assert_eq!(days(&data), at_backup);
    // What came since can be brought back from what was kept aside.
    let aside = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("replaced-"))
        .unwrap();
    let export = dir.path().join("since.ndjson");
    let exported = run(&aside, &["export", "--output", export.to_str().unwrap()]);
    assert!(exported.status.success(), "{exported:?}");
    let imported = run(&data, &["import", export.to_str().unwrap()]);
    assert!(imported.status.success(), "{imported:?}");
    assert_eq!((ids(&data).len(), ids(&data).contains("new")), (7, true));
}

#[test]
fn who_was_forgotten_or_shut_out_since_the_backup_stays_so() {
    let mut collector = TestCollector::start();
    let (server, cluster, revoked) = (
        collector.key("server"),
        collector.key("cluster"),
        collector.key("server"),
    );
    let data = collector.data().to_owned();
    assert_eq!(
        send(
            &collector,
            &server,
            &[track("1", "lifted"), track("2", "gone-user"), track("3", "kept")]
        ),
        (3, 0, 0)
    );
    assert_eq!(
        send(
            &collector,
            &cluster,
            &[report("gone-cluster", 1), report("kept-cluster", 1)]
        ),
        (2, 0, 0)
    );
    assert!(
        run(&data, &["forget", "--user-id", "lifted", "--suppress-only"])
            .status
            .success()
    );
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("b");
    assert!(backup(&data, &file).0);
    for order in [
        &["forget", "--user-id", "gone-user"][..],
        &["forget", "--cluster-id", "gone-cluster"],
        &["suppressions", "lift", "--user-id", "lifted"],
        &["key", "revoke", &revoked[..8]],
    ] {
        let output = run(&data, order);
        assert!(output.status.success(), "{output:?}");
    }
    let later = collector.key("server");
    settle(&data);
    assert!(collector.stop().success());
    let receipt = run(&data, &["deletions", "--receipt", "1"]).stdout;

    let (done, told) = restore(&data, &file, &[]);
    assert!(
        done && told.contains("2 suppressions and 2 deletions are newer than the backup; 2 are done again"),
        "{told}"
    );
    collector.restart();
    settle(&data);
    assert_eq!(
        ids(&data),
        ["1", "3", "kept-cluster:health:2026-11-20T01Z"]
            .map(str::to_owned)
            .into()
    );
    // Orders stay on record, with their receipts.
    assert_eq!(run(&data, &["deletions", "--receipt", "1"]).stdout, receipt);
    // Answered as ever, and dropped.
    assert_eq!(send(&collector, &server, &[track("4", "gone-user")]), (1, 0, 0));
    assert_eq!(
        send(&collector, &cluster, &[report("gone-cluster", 2)]),
        (1, 0, 0)
    );
    assert_eq!(send(&collector, &later, &[track("5", "lifted")]), (1, 0, 0));
    assert_eq!(
        collector
            .batch(&revoked, &json!({"batch": [track("6", "kept")]}))
            .status,
        401
    );
    let now: Vec<_> = ids(&data).into_iter().collect();
    assert_eq!(now, ["1", "3", "5", "kept-cluster:health:2026-11-20T01Z"]);
    assert!(
        run(&data, &["rebuild", "--check"]).status.code() != Some(0),
        "a server runs"
    );
    assert!(collector.stop().success());
    let check = run(&data, &["rebuild", "--check"]);
    assert!(check.status.success(), "{check:?}");
    // In no byte of what is used; what was replaced is the operator's to remove, as they were told.
    assert_eq!(found(&data, &["gone-cluster"]), Vec::<String>::new());
}

#[test]
fn what_is_no_backup_replaces_nothing() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    key(&data, "server");
    let file = dir.path().join("b");
    assert!(backup(&data, &file).0);
    let before = fs::read(data.join("collector.db")).unwrap();
    let bad = dir.path().join("bad");
    let change = |sql: &str| {
        fs::copy(&file, &bad).unwrap();
        Connection::open(&bad).unwrap().execute_batch(sql).unwrap();
    };
    let refused = |why: &str| {
        let (done, told) = restore(&data, &bad, &[]);
        assert!(!done && told.contains(why), "{why}: {told}");
        assert_eq!(fs::read(data.join("collector.db")).unwrap(), before);
        assert!(!data.join("restoring").exists() && !data.join("restored").exists());
    };
    refused("can't read the backup");
    change("PRAGMA user_version = 9999");
    refused("use a newer release");
    change("DROP TABLE backup");
    refused("was not made by `heliograph-collector backup`");
    change("PRAGMA application_id = 1");
    refused("not the collector's");
    fs::write(&bad, "no database at all, but long enough to be looked at as one by whoever reads a header of a hundred bytes").unwrap();
    refused("nothing was replaced");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes.truncate(half);
    fs::write(&bad, bytes).unwrap();
    refused("nothing was replaced");
    // One that is there and can't be read: what was ordered since would be lost without a word.
    fs::write(data.join("collector.db"), "damaged".repeat(1000)).unwrap();
    let (done, told) = restore(&data, &file, &[]);
    assert!(!done && told.contains("--without-later-orders"), "{told}");
    let (done, told) = restore(&data, &file, &["--without-later-orders"]);
    assert!(
        done && told.contains("order again whom you had forgotten"),
        "{told}"
    );
    assert!(run(&data, &["key", "list"]).status.success());
}

#[test]
fn a_restore_that_was_cut_off_is_ended_by_the_next_start() {
    let mut collector = TestCollector::start();
    let server = collector.key("server");
    assert_eq!(send(&collector, &server, &[track("1", "u")]), (1, 0, 0));
    let data = collector.data().to_owned();
    assert!(collector.stop().success());
    // As a kill leaves it when all is prepared and nothing is moved.
    let ready = data.join("restored");
    fs::create_dir(&ready).unwrap();
    fs::copy(data.join("collector.db"), ready.join("collector.db")).unwrap();
    fs::create_dir(data.join("replaced-x")).unwrap();
    fs::write(ready.join("aside"), "replaced-x").unwrap();
    fs::write(data.join("collector.db"), "damaged".repeat(1000)).unwrap();
    collector.restart();
    assert!(
        collector.log().contains("a restore was cut off"),
        "{}",
        collector.log()
    );
    assert_eq!(
        send(&collector, &server, &[track("1", "u"), track("2", "u")]),
        (1, 1, 0)
    );
    assert!(data.join("replaced-x/collector.db").exists() && !ready.exists());
}
