//! Group commit: requests that wait together are synced together. And what happens when too many wait.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use heliograph_collector::store::Store;
use serde_json::json;

use crate::client::Client;
use crate::in_process::InProcess;

fn one(id: &str) -> serde_json::Value {
    json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "messageId": id}]})
}

#[test]
fn one_commit_serves_many_requests() {
    let collector = InProcess::start("2026-11-22T11:00:00Z", |config| {
        config.commit_pace = Duration::from_millis(5);
    });
    let key = collector.key("server");
    let address = collector.address();
    thread::scope(|scope| {
        for client in 0..16 {
            let key = &key;
            scope.spawn(move || {
                let mut connection = Client::to(address).unwrap();
                for number in 0..25 {
                    let answer = connection.batch(key, &one(&format!("{client}-{number}")));
                    assert_eq!(answer.unwrap().counts(), (1, 0, 0));
                }
            });
        }
    });
    let (commits, requests) = collector.counters();
    assert_eq!(requests, 400);
    assert!(
        commits * 3 < requests,
        "{commits} commits for {requests} requests"
    );
}

#[test]
fn a_full_queue_is_a_503_at_once() {
    // Where one comes before the writer has taken the first, it is taken with it; two wait. On a busy machine others come late.
    const FEWEST: usize = 3;
    let collector = InProcess::start("2026-11-22T11:00:00Z", |config| config.queue = 2);
    let key = collector.key("server");
    // While another process writes, the writer waits, and the queue fills.
    let mut other = Store::open(&collector.data).unwrap();
    let holding = other.begin().unwrap();
    let address = collector.address();
    let (refuse, refused) = channel();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let (key, refuse) = (&key, refuse.clone());
                scope.spawn(move || {
                    // One after the other, so that the writer has taken the first when the others come.
                    thread::sleep(Duration::from_millis(30 * client));
                    let mut connection = Client::to(address).unwrap();
                    let answer = connection.batch(key, &one(&format!("{client}"))).unwrap();
                    if answer.status == 503 {
                        assert_eq!(answer.error().1, "busy");
                        assert_eq!(answer.header("retry-after"), Some("1"));
                        refuse.send(()).unwrap();
                    }
                    answer.status
                })
            })
            .collect();
        for _ in 0..FEWEST {
            refused.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        drop(holding);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!((FEWEST..=5).contains(&refused), "{statuses:?}");
}
