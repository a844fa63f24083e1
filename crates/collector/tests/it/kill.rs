//! A 200 is said only for what is on disk: the collector is killed at random under load, again and again, also while it starts.

use std::io::{self, Write as _};
use std::thread;

use crate::chance::{Chance, long};
use crate::collector::TestCollector;
use crate::receipt::public_key;
use crate::sender::{Held, Kind, Sender, check};

/// Kills of the short form and the long.
const SHORT: usize = 20;
const LONG: usize = 200;
const SERVERS: u64 = 4;
const CLUSTERS: u64 = 2;

#[test]
fn what_was_acknowledged_survives_kill_9_and_is_there_once() {
    let (form, rounds) = if long() { ("long", LONG) } else { ("short", SHORT) };
    let mut collector = TestCollector::start();
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let public_key = public_key(collector.data());
    let mut senders: Vec<_> = (0..SERVERS)
        .map(|number| Sender::new(number, Kind::Server, &server))
        .chain((0..CLUSTERS).map(|number| Sender::new(SERVERS + number, Kind::Cluster, &cluster)))
        .collect();
    let chance = Chance::of(1);
    let (mut kills, mut starting) = (0, 0);
    while kills < rounds {
        let address = collector.address();
        thread::scope(|scope| {
            for sender in &mut senders {
                scope.spawn(|| sender.send(address, |_| false));
            }
            thread::sleep(chance.millis(1, 300));
            collector.kill();
            kills += 1;
        });
        if kills < rounds && chance.one_in(4) {
            collector.restart_and_kill(chance.millis(1, 150));
            kills += 1;
            starting += 1;
        }
        collector.restart();
    }
    for sender in &mut senders {
        sender.settle(collector.address());
    }
    let Held { messages, receipts } = check(collector.data(), &senders, &public_key).unwrap();
    let sum = |of: fn(&Sender) -> usize| senders.iter().map(of).sum::<usize>();
    let (requests, unanswered) = (sum(Sender::requests), sum(|sender| sender.taken_unanswered));
    // Not by `eprintln!`, which is shown for failing tests only.
    let _ = writeln!(
        io::stderr(),
        "kill, {form} form: {kills} kills, {starting} of them before it listened; {requests} requests got a 200, {messages} messages \
         are stored once each, {receipts} receipts hold; {unanswered} requests were stored and not answered"
    );
    assert_eq!(sum(|sender| sender.refused), 0);
    assert!(requests > rounds, "{requests}");
}
