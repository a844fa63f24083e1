//! An upgrade under load: senders keep sending while the old release stops, and the new one brings the database up to date and starts.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::collector::TestCollector;
use crate::migration::{APPLICATION, migrations, strings};
use crate::sender::{Kind, Sender, check};

const UPGRADES: usize = 3;
/// How long each release is under load.
const UNDER_LOAD: Duration = Duration::from_millis(700);
/// How soon whoever finds nobody tries again.
const AGAIN: Duration = Duration::from_millis(10);

fn schema(data: &Path) -> i64 {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// Makes of a database one of the release before, with all that it had room for.
fn take_back(data: &Path) {
    let (path, newer) = (data.join("collector.db"), data.join("newer.db"));
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")
        .unwrap();
    drop(connection);
    fs::rename(&path, &newer).unwrap();
    let all = migrations();
    let before = all.len() - 1;
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    for migration in &all[..before] {
        connection.execute_batch(migration).unwrap();
    }
    connection
        .execute("ATTACH ? AS newer", [newer.to_str().unwrap()])
        .unwrap();
    let tables = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                  AND name IN (SELECT name FROM newer.sqlite_schema)";
    for table in strings(&connection, tables) {
        let columns = format!(
            "SELECT name FROM pragma_table_info('{table}', 'main') INTERSECT SELECT name FROM pragma_table_info('{table}', 'newer')"
        );
        let columns = strings(&connection, &columns)
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(", ");
        connection
            .execute_batch(&format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
            ))
            .unwrap();
    }
    connection
        .pragma_update(None, "application_id", APPLICATION)
        .unwrap();
    connection
        .pragma_update(None, "user_version", i64::try_from(before).unwrap())
        .unwrap();
    drop(connection);
    fs::remove_file(newer).unwrap();
}

#[test]
fn nothing_that_got_a_200_is_lost_or_doubled() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let mut collector = TestCollector::listening_on(&listen);
    let (data, address) = (collector.data().to_owned(), collector.address());
    let public_key = crate::receipt::public_key(&data);
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let mut senders: Vec<_> = (0..3)
        .map(|number| Sender::new(number, Kind::Server, &server))
        .chain((3..5).map(|number| Sender::new(number, Kind::Cluster, &cluster)))
        .collect();
    let present = schema(&data);
    let stop = AtomicBool::new(false);
    let over = || stop.load(Ordering::Relaxed);
    thread::scope(|scope| {
        for sender in &mut senders {
            scope.spawn(|| {
                while !over() {
                    sender.send(address, |_| over());
                    thread::sleep(AGAIN);
                }
            });
        }
        for _ in 0..UPGRADES {
            thread::sleep(UNDER_LOAD);
            assert!(collector.stop().success());
            take_back(&data);
            assert_eq!(schema(&data), present - 1);
            collector.restart();
            assert_eq!(schema(&data), present);
        }
        thread::sleep(UNDER_LOAD);
        stop.store(true, Ordering::Relaxed);
    });
    for sender in &mut senders {
        sender.settle(address);
        assert!(sender.requests() > UPGRADES);
    }
    let held = check(&data, &senders, &public_key).unwrap();
    assert!(held.messages > 0 && held.receipts > 0);
}
