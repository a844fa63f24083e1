//! Deleting for good: what is gone is gone from every byte of every file, all else is as it was, and no kill -9 changes that.

mod counting;
mod erased;
mod killed;
mod offline;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use heliograph_wire::id::ReporterId;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::collector::run;

/// A cluster's report.
fn report(cluster: &str, secret: &str, hour: u32, properties: &Value) -> Value {
    let mut properties = properties.clone();
    properties["clusterId"] = json!(cluster);
    json!({
        "type": "track", "event": "health", "anonymousId": cluster, "properties": properties,
        "messageId": format!("{cluster}:health:2026-11-{:02}T{:02}Z", 1 + hour / 24, hour % 24),
        "context": {"reporter": ReporterId::of_secret(secret.as_bytes()).as_str()},
        "timestamp": format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24),
    })
}

fn command(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn query<T: rusqlite::types::FromSql>(data: &Path, sql: &str) -> Vec<T> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Returns when nothing is left to be deleted.
pub(crate) fn settle(data: &Path) {
    for _ in 0..1200 {
        let left: Vec<i64> = query(data, "SELECT count(*) FROM deletion WHERE state <> 'done'");
        if left == [0] {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("still deleting: {}", command(data, &["deletions"]));
}

/// The files of a data directory, by name.
fn files(data: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(data).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// All that can be read in a file: its bytes, and whatever begins like compressed records in them, however little of it is left.
fn readable(bytes: &[u8]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    for start in memchr::memmem::find_iter(bytes, &[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::new(&bytes[start..]).unwrap();
        // Ends in an error where the rest lies elsewhere; what was read by then counts.
        let _ = std::io::copy(&mut decoder, &mut all);
    }
    all
}

/// The files in which one of these texts can be read.
pub(crate) fn found(data: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in files(data) {
        let all = readable(&bytes);
        for text in texts {
            if memchr::memmem::find(&all, text.as_bytes()).is_some() {
                found.push(format!("{text} in {name}"));
            }
        }
    }
    found
}

/// The sums of all days, by name.
pub(crate) fn sums(data: &Path) -> BTreeSet<String> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let name = |table: &str, column: &str, id: i64| -> String {
        let sql = format!("SELECT {column} FROM {table} WHERE id = ?");
        connection
            .query_row(&sql, [id], |row| row.get(0))
            .unwrap_or_default()
    };
    let mut days = connection
        .prepare("SELECT day, cluster, sums FROM cluster_day")
        .unwrap();
    let rows: Vec<(i64, i64, Vec<u8>)> = days
        .query_map((), |row| row.try_into())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut all = BTreeSet::new();
    for (day, cluster, bytes) in rows {
        let cluster = name("cluster", "name", cluster);
        for (at, amounts) in heliograph_collector::delta::Sums::decode(&bytes).unwrap().iter() {
            let edition = name(
                "edition",
                "version || '/' || provider || '/' || variant",
                at.edition.cast_signed(),
            );
            let key = match at.name() {
                Some(term) => name("term", "text", term.cast_signed()),
                None => at.key.to_string(),
            };
            let key = format!("{key} {:?}", at.hour());
            all.insert(format!(
                "{day} {cluster} {edition} {:?} {key} {:?}",
                at.facet, amounts.0
            ));
        }
    }
    all
}
