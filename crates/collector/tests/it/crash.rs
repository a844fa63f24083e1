//! A 200 is said only for what is on disk: kill -9 under load, again and again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::json;

use crate::client::Client;
use crate::collector::TestCollector;

const ROUNDS: usize = 20;
const CLIENTS: usize = 6;
/// Answers after which the first round ends.
const ANSWERS: usize = 30;

/// Sends batches of three until the collector is gone, and says so for each that got a 200; returns the ids of these, and the
/// batch that got no answer.
fn load(
    address: SocketAddr,
    key: &str,
    name: &str,
    unanswered: Option<Vec<String>>,
    answered: &Sender<()>,
) -> (Vec<String>, Option<Vec<String>>) {
    let mut acknowledged = Vec::new();
    let Ok(mut client) = Client::to(address) else {
        return (acknowledged, unanswered);
    };
    let fresh =
        |number: usize| -> Vec<String> { (0..3).map(|part| format!("{name}-{number}-{part}")).collect() };
    let mut next = unanswered;
    for number in 0.. {
        let ids = next.take().unwrap_or_else(|| fresh(number));
        let batch: Vec<_> = ids
            .iter()
            .map(|id| json!({"type": "track", "event": "e", "anonymousId": "a", "messageId": id}))
            .collect();
        match client.batch(key, &json!({"batch": batch})) {
            Ok(answer) => {
                let (accepted, duplicate, rejected) = answer.counts();
                assert_eq!((accepted + duplicate, rejected), (3, 0));
                acknowledged.extend(ids);
                // The round may be over already.
                let _ = answered.send(());
            }
            Err(_) => return (acknowledged, Some(ids)),
        }
    }
    unreachable!()
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_is_there_once() {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    let acknowledged = Mutex::new(Vec::new());
    let mut unanswered: Vec<Option<Vec<String>>> = vec![None; CLIENTS];
    for round in 0..ROUNDS {
        let address = collector.address();
        let (answered, answers) = channel();
        thread::scope(|scope| {
            for (number, unanswered) in unanswered.iter_mut().enumerate() {
                let (key, acknowledged, answered) = (&key, &acknowledged, answered.clone());
                scope.spawn(move || {
                    let name = format!("{round}-{number}");
                    let (got, left) = load(address, key, &name, unanswered.take(), &answered);
                    acknowledged.lock().unwrap().extend(got);
                    *unanswered = left;
                });
            }
            drop(answered);
            // Right after an answer, another one in every round.
            assert_eq!(
                answers.iter().take(ANSWERS + 7 * round).count(),
                ANSWERS + 7 * round
            );
            collector.kill();
        });
        collector.restart();
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let mut stored: HashMap<String, usize> = HashMap::new();
    for message in collector.messages() {
        *stored
            .entry(message["messageId"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let missing = acknowledged.iter().filter(|id| !stored.contains_key(*id)).count();
    let doubled = stored.values().filter(|count| **count > 1).count();
    assert_eq!((missing, doubled), (0, 0), "of {}", acknowledged.len());
    assert!(
        acknowledged.len() > 3 * ANSWERS * ROUNDS,
        "{}",
        acknowledged.len()
    );
}
