//! Whether it lives, whether it is ready, how it stops.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::client::{Client, basic};
use crate::collector::{BINARY, TestCollector};
use crate::in_process::InProcess;

#[test]
fn it_is_ready_when_the_store_can_be_written() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for path in ["/healthz", "/readyz", "/readyz"] {
        assert_eq!(client.send("GET", path, &[], b"").unwrap().status, 200);
    }
}

#[test]
fn who_asks_whether_it_is_ready_makes_it_write_once() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |config| {
        // A commit waits for so long after another one.
        config.commit_pace = Duration::from_millis(400);
    });
    let key = collector.key("server");
    let track = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a"}]});
    assert_eq!(collector.batch(&key, &track).counts(), (1, 0, 0));
    let (_, before) = collector.counters();
    let ask = || {
        let mut client = Client::to(collector.address()).unwrap();
        client.raw(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client
    };
    // Some hang up at once, the others wait.
    for _ in 0..8 {
        drop(ask());
        thread::sleep(Duration::from_millis(5));
    }
    let waiting: Vec<_> = (0..8).map(|_| ask()).collect();
    for mut client in waiting {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    let (_, after) = collector.counters();
    assert_eq!(after - before, 1, "probes");
}

#[test]
fn a_stop_finishes_what_was_accepted() {
    for signal in ["TERM", "INT"] {
        let mut collector = TestCollector::start();
        let key = collector.key("server");
        // Half of a request is under way when the signal comes.
        let body = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a"}]}).to_string();
        let (first, second) = body.split_at(20);
        let mut client = collector.client();
        let head = format!(
            "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n{first}",
            basic(&key),
            body.len()
        );
        client.raw(head.as_bytes()).unwrap();
        // An idle connection does not hold it up.
        let idle = collector.client();
        thread::sleep(Duration::from_millis(100));
        collector.signal(signal);
        thread::sleep(Duration::from_millis(100));
        client.raw(second.as_bytes()).unwrap();
        assert_eq!(client.answer().unwrap().counts(), (1, 0, 0));
        assert!(collector.stop().success());
        drop(idle);
        let log = std::fs::metadata(collector.data().join("collector.db-wal"));
        assert_eq!(log.map_or(0, |log| log.len()), 0, "the database stands alone");
        assert_eq!(collector.messages().len(), 1);
    }
}

#[test]
fn two_servers_on_one_directory_are_one_too_many() {
    let collector = TestCollector::start();
    let output = std::process::Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(collector.data())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another server is running"), "{said}");
}
