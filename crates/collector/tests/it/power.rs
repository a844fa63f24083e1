//! Power cuts: what was written and not synced is lost, or is there in part, in any order; names that were not synced are gone, or
//! are back. What got a 200 is there once nevertheless. The disk is `tests/shim/disk.c`.

use std::fs;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread;

use crate::chance::{Chance, long};
use crate::collector::{BINARY, TestCollector, key};
use crate::receipt::public_key;
use crate::sender::{Held, Kind, Sender, check};
use crate::shim::{Disk, Shim};

/// Cuts of the short form and the long.
const SHORT: usize = 30;
const LONG: usize = 300;
/// Requests that a sender sends at most before a cut.
const REQUESTS: usize = 400;
/// As many as make a log that is worth to be copied into the database when the process ends.
const FEW_REQUESTS: usize = 12;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By a cut at a step: often it has only just started.
    AtStep(u64),
    /// By a cut at a step of the database's file: while the log is copied into it, as happens at the latest when it is told to stop.
    Copying(u64),
}

impl End {
    fn choose(chance: &Chance) -> End {
        match chance.below(6) {
            0 | 1 => End::Copying(1 + chance.below(80)),
            2 => End::AtStep(1 + chance.below(12)),
            3 => End::AtStep(1 + chance.below(150)),
            4 => End::AtStep(1 + chance.below(600)),
            _ => End::AtStep(1 + chance.below(2500)),
        }
    }

    fn disk(self, seed: u64) -> Disk {
        let (step, file) = match self {
            End::AtStep(step) => (step, None),
            End::Copying(step) => (step, Some("collector.db")),
        };
        Disk {
            cut: Some(step),
            cut_of: file,
            seed,
            ..Disk::default()
        }
    }
}

/// Lets all send until the power is cut, or each has had so many answers.
fn send(senders: &mut [Sender], collector: &TestCollector, requests: usize) {
    let address = collector.address();
    thread::scope(|scope| {
        for sender in senders {
            scope.spawn(|| sender.send(address, |taken| taken == requests));
        }
    });
}

fn senders(collector: &TestCollector) -> Vec<Sender> {
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    [
        Sender::new(0, Kind::Server, &server),
        Sender::new(1, Kind::Server, &server),
        Sender::new(2, Kind::Server, &server),
        Sender::new(3, Kind::Cluster, &cluster),
    ]
    .into()
}

#[test]
fn what_was_acknowledged_survives_power_cuts_and_is_there_once() {
    let Some(shim) = Shim::build() else { return };
    let (form, cuts) = if long() { ("long", LONG) } else { ("short", SHORT) };
    let data = shim.data("all");
    let mut collector = TestCollector::in_dir(&data, &[]);
    let public_key = public_key(&data);
    let mut senders = senders(&collector);
    collector.kill();
    let chance = Chance::of(1);
    let (mut starting, mut uncut, mut lost, mut copying) = (0, 0, 0, 0);
    for seed in 0..u64::try_from(cuts).unwrap() {
        let end = End::choose(&chance);
        if collector.restart_in(&shim.environment(shim.root.path(), end.disk(seed))) {
            if let End::Copying(_) = end {
                send(&mut senders, &collector, FEW_REQUESTS);
                collector.stop();
            } else {
                send(&mut senders, &collector, REQUESTS);
                // It may have had enough before its time.
                collector.kill();
            }
        } else {
            starting += 1;
        }
        let steps = shim.steps();
        assert!(!steps.is_empty(), "{}", collector.log());
        let was_cut = steps.last().is_some_and(|step| step.contains(" cut "));
        copying += usize::from(was_cut && matches!(end, End::Copying(_)));
        uncut += usize::from(!was_cut);
        lost += usize::from(was_cut && !steps.last().is_some_and(|step| step.ends_with("way 1")));
    }
    collector.restart();
    for sender in &mut senders {
        sender.settle(collector.address());
    }
    let Held { messages, receipts } = check(&data, &senders, &public_key).unwrap();
    let sum = |of: fn(&Sender) -> usize| senders.iter().map(of).sum::<usize>();
    let (requests, unanswered) = (sum(Sender::requests), sum(|sender| sender.taken_unanswered));
    let _ = writeln!(
        io::stderr(),
        "power, {form} form: {cuts} lives, {uncut} of them ended otherwise, {lost} lost what was not synced, {starting} ended before \
         it listened and {copying} while the log was copied into the database; {requests} requests got a 200, {messages} messages are \
         stored once each, {receipts} receipts hold; {unanswered} requests were stored and not answered"
    );
    assert!(
        requests > cuts && uncut < cuts / 2 && starting > 0,
        "{requests} {uncut} {starting}"
    );
}

/// What is new, and made while the power is cut.
#[derive(Debug, Clone, Copy)]
enum Made {
    /// The directory, the database and a key, by `key add`; cut at a step, or, without one, when it has ended.
    Key(Option<u64>),
    /// The directory, the database and the secrets, by `serve`.
    Everything(u64),
    /// The secrets, by `serve`; and messages.
    Secrets(u64),
}

/// The first life of a data directory, and the second: in that all is well, and all that was said in the first one holds.
fn live_twice(shim: &Shim, made: Made, seed: u64) {
    let root = shim.root.path().join(format!("{made:?}-{seed}"));
    let data = root.join("above").join("data");
    fs::create_dir(&root).unwrap();
    let disk = |cut: Option<u64>| Disk {
        cut,
        cut_at_end: cut.is_none(),
        seed,
        ..Disk::default()
    };
    let mut senders = Vec::new();
    let serve = |step, senders: &mut [Sender]| {
        let environment = shim.environment(&root, disk(Some(step)));
        let (mut collector, listens) = TestCollector::in_environment(&data, &[], &environment);
        if listens {
            send(senders, &collector, REQUESTS);
            collector.kill();
        }
    };
    match made {
        Made::Key(step) => {
            let mut add = Command::new(BINARY);
            add.args(["key", "add", "--kind", "server", "--data"])
                .arg(&data)
                .envs(shim.environment(&root, disk(step)));
            let added = add.output().unwrap();
            assert!(
                added.status.success() || step.is_some(),
                "{made:?} {seed} {added:?}"
            );
            if added.status.success() {
                let key = String::from_utf8(added.stdout).unwrap();
                senders.push(Sender::new(seed, Kind::Server, key.trim_end()));
            }
        }
        Made::Everything(step) => serve(step, &mut []),
        Made::Secrets(step) => {
            senders.push(Sender::new(seed, Kind::Server, &key(&data, "server")));
            serve(step, &mut senders);
        }
    }
    let (collector, listens) = TestCollector::in_environment(&data, &[], &[]);
    assert!(listens, "{made:?} {seed}: {}", collector.log());
    if senders.is_empty() {
        senders.push(Sender::new(seed, Kind::Server, &collector.key("server")));
    }
    senders[0].send(collector.address(), |taken| taken == 2);
    if let Err(error) = check(&data, &senders, &public_key(&data)) {
        panic!("{made:?} {seed}: {error}");
    }
}

#[test]
fn a_first_life_may_be_cut_at_any_step() {
    let Some(shim) = Shim::build() else { return };
    let (every, seeds) = if long() { (3, 24) } else { (20, 8) };
    for seed in 0..seeds {
        live_twice(&shim, Made::Key(None), seed);
    }
    // Making a database takes about 160 steps, a start with one about 20.
    for step in (1..200).step_by(every) {
        live_twice(&shim, Made::Key(Some(step)), step);
        live_twice(&shim, Made::Everything(step + 7), step);
        live_twice(&shim, Made::Secrets(1 + step / 2), step);
    }
}

/// These tests can fail: a drive that lies about syncs loses messages.
#[test]
fn a_disk_that_ignores_syncs_is_noticed() {
    let Some(shim) = Shim::build() else { return };
    let noticed = (0..10).any(|seed| {
        let data = shim.data(&format!("deaf-{seed}"));
        let mut collector = TestCollector::in_dir(&data, &[]);
        let public_key = public_key(&data);
        let mut senders = senders(&collector);
        collector.kill();
        let disk = Disk {
            cut: Some(400),
            seed,
            deaf: true,
            ..Disk::default()
        };
        if collector.restart_in(&shim.environment(shim.root.path(), disk)) {
            send(&mut senders, &collector, REQUESTS);
            collector.kill();
        }
        if !collector.restart_in(&[]) {
            return true;
        }
        // Whatever differs is noticed: the write key may be lost, too.
        let settled = catch_unwind(AssertUnwindSafe(|| {
            for sender in &mut senders {
                sender.settle(collector.address());
            }
        }));
        settled.is_err() || check(&data, &senders, &public_key).is_err()
    });
    assert!(noticed);
}
