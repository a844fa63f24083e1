//! What messages add up to is made again from them as it was, byte for byte, whatever has happened to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use heliograph_collector::delta::Day;
use heliograph_collector::question;
use heliograph_collector::retention::Cutoffs;
use heliograph_collector::store::{Rebuilt, Store};
use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::{Chance, long};
use crate::collector::{BINARY, TestCollector, run};
use crate::deletion::settle;
use crate::deletion_model::{SUBJECTS, delete, message, seeds};
use crate::suppression::Writer;

/// What is stored of days, by day and cluster.
type Rows = BTreeMap<(i64, i64), Vec<u8>>;

fn open(data: &Path) -> Connection {
    Connection::open(data.join("collector.db")).unwrap()
}

fn rows(data: &Path) -> Rows {
    let connection = open(data);
    let mut statement = connection
        .prepare("SELECT day, cluster, sums FROM cluster_day")
        .unwrap();
    let rows = statement.query_map((), |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn count(data: &Path, sql: &str) -> i64 {
    open(data).query_row(sql, (), |row| row.get(0)).unwrap()
}

fn change(data: &Path, sql: &str) {
    let connection = open(data);
    // Damage keeps to no rule.
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(connection.execute(sql, ()).unwrap() > 0, "{sql}");
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

/// What a rebuild says that is to succeed.
fn rebuild(data: &Path) -> String {
    let output = run(data, &["rebuild"]);
    assert!(output.status.success(), "{output:?}");
    said(&output)
}

fn check(data: &Path) -> Rebuilt {
    Store::open(data).unwrap().rebuild(None, true, |_, _| {}).unwrap()
}

/// The answers to all questions.
fn answers(data: &Path) -> Vec<(&'static str, String)> {
    let each = question::ALL.iter().map(|known| {
        let days = ["--from=2025-11-01", "--to=2025-11-30"];
        let output = run(data, &[&["ask", known.name, "--format=json"], &days[..]].concat());
        (known.name, said(&output))
    });
    each.collect()
}

/// The report of a master of a cluster.
fn report(cluster: &str, secret: &str, hour: u32, unhealthy: u32) -> Value {
    let reporter = ReporterId::of_secret(secret.as_bytes());
    json!({
        "type": "track", "event": "health", "anonymousId": cluster,
        "messageId": format!("{cluster}:health:2025-11-{:02}T{:02}Z", 1 + hour / 24, hour % 24),
        "properties": {
            "clusterId": cluster, "environmentVersion": "1.13", "customerKey": "k1",
            "health-unit-a-total": 3, "health-unit-a-unhealthy": unhealthy,
        },
        "context": {"reporter": reporter.as_str()},
        "timestamp": format!("2025-11-{:02}T{:02}:30:00Z", 1 + hour / 24, hour % 24),
    })
}

/// A collector that has stopped, after all that may happen to messages has happened.
fn eventful() -> TestCollector {
    let mut collector = TestCollector::start();
    let (cluster, ui) = (collector.key("cluster"), collector.key("ui"));
    let send = |key: &str, messages: &[Value]| {
        let answer = collector.batch(key, &json!({"batch": messages}));
        assert_eq!(answer.status, 200);
    };
    // Two masters, the second of which comes first now and then; repeats; some come late; one cluster is to be deleted.
    for hour in (0..60).rev() {
        for name in ["c1", "c2", "gone"] {
            let (first, second) = (report(name, "a", hour, 0), report(name, "b", hour, 1));
            let batch = if hour % 7 == 0 {
                [second, first]
            } else {
                [first, second]
            };
            send(&cluster, &batch);
        }
    }
    send(
        &cluster,
        &[
            report("c1", "a", 3, 0),
            report("c2", "a", 5, 0),
            report("c1", "a", 70, 2),
        ],
    );
    // Of somebody who does not speak for the cluster: counted apart.
    let mut stranger = report("c1", "stranger", 4, 3);
    stranger["messageId"] = json!("no slot");
    send(&cluster, &[stranger]);
    // Pages; more names than a day tells apart.
    let page = |user: &str, name: &str| json!({"type": "page", "name": name, "anonymousId": user, "messageId": name, "timestamp": "2025-11-02T11:00:00Z"});
    for part in 0..9 {
        let pages: Vec<Value> = (0..2500)
            .map(|number| page(["u1", "gone"][number % 2], &format!("{part}-{number}")))
            .collect();
        send(&ui, &pages);
    }
    // One that comes by hand, with an outcome of an installation.
    let other = TestCollector::start();
    let installed = json!({"type": "track", "event": "installation", "anonymousId": "c9", "messageId": "i",
        "properties": {"clusterId": "c9", "action": "upgrade", "outcome": "success"}, "timestamp": "2025-11-03T11:00:00Z"});
    let batch = json!({"batch": [report("c9", "a", 20, 1), report("c9", "b", 20, 2), installed]});
    assert_eq!(other.batch(&other.key("cluster"), &batch).status, 200);
    let file = TempDir::new().unwrap();
    let path = file.path().join("all.ndjson");
    let path = path.to_str().unwrap();
    assert!(
        run(other.data(), &["export", "--all", "--output", path])
            .status
            .success()
    );
    assert!(run(collector.data(), &["import", path]).status.success());
    // Deletions: of a cluster, of a visitor, and of the reporter that counted, so that the other one does.
    for whom in [["--cluster-id", "gone"], ["--anonymous-id", "gone"]] {
        assert!(
            run(collector.data(), &[&["forget"], &whom[..]].concat())
                .status
                .success()
        );
    }
    let body = json!({"clusterId": "c2", "reporterSecret": "b"}).to_string();
    let headers = [("Authorization", &*crate::client::basic(&cluster))];
    let answer = collector
        .client()
        .send("POST", "/v1/forget", &headers, body.as_bytes());
    assert_eq!(answer.unwrap().status, 200);
    settle(collector.data());
    assert!(
        count(
            collector.data(),
            "SELECT count(*) FROM outcome WHERE name = 'accepted.folded'"
        ) > 0
    );
    assert!(
        count(
            collector.data(),
            "SELECT count(*) FROM outcome WHERE name = 'accepted.apart'"
        ) > 0
    );
    collector.kill();
    collector
}

#[test]
fn what_is_damaged_is_mended_and_what_is_sound_stays() {
    let collector = eventful();
    let data = collector.data();
    let (before, asked) = (rows(data), answers(data));
    assert!(before.len() > 8 && asked.iter().any(|(_, answer)| answer.contains("1.13")));
    assert!(rebuild(data).ends_with("all is as it was stored\n"));
    assert!(rows(data) == before);
    assert_eq!(answers(data), asked);

    for sql in [
        "UPDATE cluster_day SET sums = (SELECT sums FROM cluster_day WHERE cluster = 0 LIMIT 1)
         WHERE (day, cluster) = (SELECT day, cluster FROM cluster_day WHERE cluster > 0 LIMIT 1)",
        "UPDATE cluster_day SET sums = x'ff00ff'
         WHERE (day, cluster) = (SELECT day, cluster FROM cluster_day WHERE cluster > 0 ORDER BY day DESC LIMIT 1)",
        "DELETE FROM cluster_day WHERE cluster = 0",
        "INSERT INTO cluster_day SELECT day + 100, cluster, sums FROM cluster_day LIMIT 1",
        "DELETE FROM day_change WHERE day IN (SELECT max(day) FROM cluster_day WHERE cluster > 0 AND day < 20450)",
        "INSERT INTO sheet SELECT day, change, x'00', x'', x'' FROM day_change LIMIT 1",
    ] {
        change(data, sql);
    }
    let damaged = rows(data);
    let output = run(data, &["rebuild", "--check"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = said(&output);
    assert!(told.contains("2 differ, "), "{told}");
    assert!(told.contains(" 1 are of no message; "), "{told}");
    assert!(told.contains("rebuild without --check mends it"), "{told}");
    assert!(rows(data) == damaged, "to check changes nothing");
    assert_eq!(count(data, "SELECT count(*) FROM sheet"), 1);

    assert!(rebuild(data).ends_with("what is stored was mended\n"));
    assert!(rows(data) == before);
    assert_eq!(answers(data), asked);
    assert_eq!(run(data, &["rebuild", "--check"]).status.code(), Some(0));
    assert_eq!(
        count(
            data,
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"
        ),
        0
    );

    // A name that was lost gets another number, which nothing but its sums had.
    change(data, "DELETE FROM term WHERE text = 'a'");
    rebuild(data);
    assert_eq!(answers(data), asked);
    assert!(!check(data).differs());
}

#[test]
fn a_kill_leaves_what_was_or_what_is_to_be() {
    let collector = eventful();
    let data = collector.data();
    let sound = rows(data);
    let files = || {
        let names = data.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| !name.to_string_lossy().starts_with("collector.db"))
            .count()
    };
    let (others, chance) = (files(), Chance::of(6));
    let (mut kills, mut ended) = (0, 0);
    while kills < if long() { 100 } else { 8 } {
        change(data, "UPDATE cluster_day SET sums = x'ff00ff'");
        let damaged = rows(data);
        let mut child = Command::new(BINARY)
            .args(["rebuild", "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        if kills > 0 {
            thread::sleep(chance.millis(1, 600));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let now = rows(data);
        ended += usize::from(now == sound);
        assert!(now == sound || now == damaged);
        assert_eq!(files(), others);
    }
    assert!(ended < kills, "none was early enough");
    rebuild(data);
    assert!(rows(data) == sound);
}

#[test]
fn nothing_is_made_beside_a_server_or_of_nothing() {
    let mut collector = TestCollector::start();
    for arguments in [&["rebuild"][..], &["rebuild", "--check"]] {
        let output = run(collector.data(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said(&output).contains("is at work on this data directory: stop it"),
            "{output:?}"
        );
    }
    collector.kill();
    assert!(rebuild(collector.data()).starts_with("0 messages add up to 0 rows of 0 days\n"));
    let none = TempDir::new().unwrap();
    let output = run(none.path(), &["rebuild"]);
    assert!(said(&output).contains("there is no database in"), "{output:?}");
    assert_eq!(none.path().read_dir().unwrap().count(), 0);
}

/// A store of three days, whose messages arrived when they happened.
fn three_days() -> TempDir {
    let mut dir = TempDir::new().unwrap();
    for day in 0..3 {
        let writer = Writer::on(dir);
        writer.write(Writer::check(
            &[
                report("c1", "a", 24 * day + 5, 1),
                report("c2", "a", 24 * day + 6, 0),
            ],
            None,
        ));
        dir = writer.close();
    }
    let sql = "UPDATE batch SET received = unixepoch(format('2025-11-%02dT12:00:00Z', id)) * 1000";
    change(dir.path(), sql);
    dir
}

#[test]
fn a_day_that_has_lost_messages_stays() {
    let dir = three_days();
    let data = dir.path();
    let mut store = Store::open(data).unwrap();
    let before: Timestamp = "2025-11-01T13:00:00Z".parse().unwrap();
    let cutoffs = Cutoffs {
        raw: Some(before),
        ..Cutoffs::default()
    };
    while store.drop_old(cutoffs).unwrap() {}
    assert_eq!(count(data, "SELECT count(*) FROM batch"), 2);
    let sound = rows(data);
    assert_eq!(sound.len(), 6);
    // Of the first day messages were dropped; of the next one they may have been, as far as can be told.
    change(
        data,
        "DELETE FROM cluster_day WHERE day = (SELECT max(day) FROM cluster_day)",
    );
    let rebuilt = store.rebuild(None, false, |_, _| {}).unwrap();
    assert_eq!(
        (rebuilt.stay, rebuilt.days, rebuilt.messages, rebuilt.missing),
        (2, 1, 2, 2)
    );
    assert!(rows(data) == sound);
    drop(store);
    assert!(rebuild(data).contains("2 days stay as they are"));
}

#[test]
fn a_day_that_is_too_old_is_not_made_again() {
    let dir = three_days();
    let data = dir.path();
    let mut store = Store::open(data).unwrap();
    let day = Day::of("2025-11-03T00:00:00Z".parse().unwrap());
    let cutoffs = Cutoffs {
        day: Some(day),
        ..Cutoffs::default()
    };
    while store.drop_old(cutoffs).unwrap() {}
    let left = rows(data);
    assert_eq!(left.len(), 2);
    let rebuilt = store.rebuild(Some(day), false, |_, _| {}).unwrap();
    assert!(!rebuilt.differs() && rows(data) == left);
    // Where all is to be kept, it is there again.
    let rebuilt = store.rebuild(None, false, |_, _| {}).unwrap();
    assert_eq!((rebuilt.missing, rows(data).len()), (4, 6));
    // The store goes on with the rows themselves.
    drop(store);
    let writer = Writer::on(dir);
    writer.write(Writer::check(&[report("c1", "a", 7, 1)], None));
    let dir = writer.close();
    assert!(!check(dir.path()).differs());
    assert_eq!(check(dir.path()).messages, 7);
}

#[test]
fn what_can_t_be_read_changes_nothing() {
    for (sql, expected) in [
        (
            "UPDATE batch SET records = substr(records, 1, length(records) - 9) WHERE id = 2",
            "the first batch of messages behind number 1 can't be read",
        ),
        (
            "DELETE FROM cluster WHERE name = 'c2'",
            "the first batch behind number 0 has messages of a cluster that the database does not know",
        ),
    ] {
        let dir = three_days();
        change(dir.path(), sql);
        change(
            dir.path(),
            "DELETE FROM cluster_day WHERE day = (SELECT min(day) FROM cluster_day)",
        );
        let before = rows(dir.path());
        let output = run(dir.path(), &["rebuild"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(expected), "{output:?}");
        assert!(rows(dir.path()) == before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn what_is_stored_is_what_messages_add_up_to(
        seeds in seeds(),
        chosen in prop::sample::subsequence(SUBJECTS.to_vec(), 0..=3),
        masters in 1_usize..4,
        damage in 0_i64..50,
    ) {
        let mut dir = TempDir::new().unwrap();
        let mut number = 0;
        let secrets = ["c1", "x", "y"];
        for round in 0..masters {
            // The masters of a cluster speak for the same hours.
            number = if round == 0 { number } else { 0 };
            let writer = Writer::on(dir);
            for batch in &seeds {
                let messages: Vec<Value> = batch.iter().map(|seed| {
                    number += 1;
                    let mut message = message(*seed, number);
                    if round > 0 && message["context"].is_object() {
                        let reporter = ReporterId::of_secret(secrets[round % 3].as_bytes());
                        message["context"] = json!({"reporter": reporter.as_str()});
                    }
                    message
                }).collect();
                writer.write(Writer::check(&messages, None));
            }
            dir = writer.close();
        }
        let data = dir.path();
        delete(data, &chosen, true);
        let sound = rows(data);
        prop_assert!(!check(data).differs(), "{:?}", check(data));
        let sql = "UPDATE cluster_day SET sums = x'' WHERE (day * 7 + cluster) % 50 = ?";
        open(data).execute(sql, [damage]).unwrap();
        Store::open(data).unwrap().rebuild(None, false, |_, _| {}).unwrap();
        prop_assert!(rows(data) == sound);
    }
}
