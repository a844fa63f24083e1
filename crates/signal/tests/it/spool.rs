//! The spool from outside: processes that are killed, disks that fail, files that are not what they should be, and many at once.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{Cluster, REFUSED};
use crate::disk::SmallDisk;
use crate::{kept, small};

/// How many are killed.
const KILLS: usize = 500;

fn cluster() -> Cluster {
    Cluster::of(small::short_documents()).set("delivery_timeout", "300ms")
}

/// The cluster without sources: a report only delivers what waits.
fn without_sources(cluster: Cluster) -> Cluster {
    ["diagnostics_urls", "cosmos_urls", "mesos_urls"]
        .into_iter()
        .fold(cluster, |cluster, key| cluster.set(key, json!([])))
}

fn at(hour: usize) -> String {
    format!("2026-11-22T{hour:02}:00:00Z")
}

/// Fails unless each message arrived once; returns their ids.
#[track_caller]
fn arrived_once(cluster: &Cluster) -> BTreeSet<String> {
    let messages = cluster.sink.messages();
    let ids: BTreeSet<_> = messages.iter().map(kept::id).collect();
    assert_eq!(ids.len(), messages.len(), "some arrived twice");
    ids
}

/// Each invocation has a version of its own, by which its event is recognised.
fn version_in(message: &Value) -> usize {
    let version = message["properties"]["to_version"].as_str().unwrap();
    version.strip_prefix("1.0.").unwrap().parse().unwrap()
}

#[test]
fn nothing_is_damaged_or_lost_by_five_hundred_kills() {
    let cluster = cluster();
    // Delivery is held back, so that each invocation does all it can up to the first request, and no more.
    let later = jiff::Timestamp::now() + Duration::from_secs(3600);
    cluster.write(
        "state/pace.json",
        json!({"failures": 9, "not_before": later}).to_string(),
    );
    let spawn = |number: usize| {
        let version = format!("1.0.{number}");
        let mut command = cluster.command(&["event", "install", "started", "--to", &version]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut ended: BTreeSet<_> = (0..7).collect();
    let mut spans: Vec<_> = ended
        .iter()
        .map(|number| {
            let begun = Instant::now();
            assert!(spawn(*number).wait().unwrap().success());
            begun.elapsed()
        })
        .collect();
    spans.sort();
    // Some are killed as soon as they are there, and some end well before it is their turn.
    let longest = spans[3].min(Duration::from_millis(40)).mul_f64(1.1);
    let mut seed: u64 = 0x5eed_ca57;
    let (mut killed, mut number) = (0, ended.len());
    while killed < KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let part = f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(u32::MAX >> 1);
        let mut child = spawn(number);
        thread::sleep(longest.mul_f64(part));
        let _ = child.kill();
        if child.wait().unwrap().success() {
            ended.insert(number);
        } else {
            killed += 1;
        }
        number += 1;
        assert!(number < 10 * KILLS, "only {killed} of {number} were hit");
    }

    assert_eq!(
        kept::aside(&cluster),
        Vec::<String>::new(),
        "nothing is set aside"
    );
    let parcels = kept::read(&cluster);
    let there: BTreeSet<_> = parcels
        .iter()
        .flat_map(|parcel| &parcel.messages)
        .map(|message| version_in(&serde_json::from_str(message).unwrap()))
        .collect();
    assert_eq!(there.len(), parcels.len(), "one event a parcel");
    let lost: Vec<_> = ended.difference(&there).collect();
    assert!(lost.is_empty(), "ended well and lost their event: {lost:?}");
    let kept = there.len();
    eprintln!("{killed} killed, {} ended well, {kept} events kept", ended.len());

    fs::remove_file(cluster.path("state/pace.json")).unwrap();
    let cluster = without_sources(cluster.set("delivery_timeout", "30s"));
    cluster.run(&["report"]).exits(0).keeps_quiet_about("set aside");
    arrived_once(&cluster);
    let told: BTreeSet<_> = cluster.sink.messages().iter().map(version_in).collect();
    assert_eq!(told, there);

    // What the killed ones left half-written goes, too.
    cluster.run(&["opt-out"]).exits(0);
    let left = kept::names_in(&kept::spool(&cluster));
    assert!(
        left.iter().all(|name| name == "lock" || name == "counts.json"),
        "{left:?}"
    );
}

#[test]
fn a_full_disk_is_said_and_delivery_goes_on_when_there_is_room() {
    let cluster = cluster();
    let Some(disk) = SmallDisk::at(&cluster.path("state"), 256) else {
        return;
    };
    cluster.sink.refuse(true).unwrap();
    cluster.run(&["report", "--now", &at(1)]).exits(0).logs("kept");
    disk.fill();
    for _ in 0..3 {
        cluster
            .run(&["report", "--now", &at(2)])
            .exits(REFUSED)
            .logs("can't be kept")
            .logs("neither kept nor delivered");
    }
    // Nothing leaves that is not recorded first, and nothing can be.
    cluster.sink.refuse(false).unwrap();
    cluster
        .run(&["report", "--now", &at(3)])
        .exits(REFUSED)
        .logs("ledger");
    assert_eq!(cluster.sink.requests().len(), 0, "left without a record");

    let cluster = cluster.set("delivery_timeout", "30s");
    disk.make_room();
    cluster
        .run(&["report", "--now", &at(4)])
        .exits(0)
        .logs("delivered");
    let hours: BTreeSet<_> = cluster
        .sink
        .messages()
        .iter()
        .map(|message| message["timestamp"].as_str().unwrap()[11..13].to_owned())
        .collect();
    assert_eq!(
        hours,
        ["01", "04"].map(str::to_owned).into(),
        "what was kept, and what is new"
    );
    assert_eq!(arrived_once(&cluster).len(), 6);
    cluster.run(&["log", "verify"]).exits(0);
}

/// The report is kept, so nothing is lost: it is sent once what leaves can be recorded.
#[test]
fn a_full_ledger_is_no_failure_of_what_is_kept() {
    let cluster = cluster();
    let Some(disk) = SmallDisk::at(&cluster.path("state/ledger"), 256) else {
        return;
    };
    disk.fill();
    for hour in 1..4 {
        cluster
            .run(&["report", "--now", &at(hour)])
            .exits(0)
            .logs("nothing is sent, and what is kept stays: ledger")
            .logs("No space left")
            .logs("make room there");
    }
    assert_eq!(cluster.sink.requests().len(), 0, "left without a record");
    let doctor = cluster.run(&["doctor"]).exits(1).stdout;
    assert!(
        doctor.contains("BAD   state directory") && doctor.contains("ledger"),
        "{doctor}"
    );
    disk.make_room();
    cluster.run(&["report", "--now", &at(4)]).exits(0);
    assert_eq!(arrived_once(&cluster).len(), 4 * 3);
    cluster.run(&["log", "verify"]).exits(0);
}

#[test]
fn what_can_t_be_kept_is_delivered_at_once() {
    let cluster = cluster();
    let Some(disk) = SmallDisk::at(&cluster.path("state/spool"), 64) else {
        return;
    };
    cluster.run(&["report", "--now", &at(1)]).exits(0);
    disk.fill();
    cluster
        .run(&["report", "--now", &at(2)])
        .exits(0)
        .logs("can't be kept, so it must be delivered now");
    cluster
        .run(&["event", "install", "started"])
        .exits(0)
        .logs("can't be kept");
    assert_eq!(arrived_once(&cluster).len(), 7);
    cluster.sink.refuse(true).unwrap();
    cluster
        .run(&["report", "--now", &at(3)])
        .exits(REFUSED)
        .logs("no connection: refused");
    cluster.run(&["event", "install", "started"]).exits(REFUSED);
}

#[test]
fn a_read_only_state_directory_lets_nothing_leave() {
    let cluster = cluster();
    let Some(disk) = SmallDisk::at(&cluster.path("state"), 256) else {
        return;
    };
    cluster.sink.refuse(true).unwrap();
    cluster.run(&["report", "--now", &at(1)]).exits(0);
    cluster.sink.refuse(false).unwrap();
    disk.remount("ro");
    cluster
        .run(&["report", "--now", &at(2)])
        .exits(REFUSED)
        .logs("Read-only");
    assert_eq!(cluster.sink.requests().len(), 0, "left without a record");
    for looks in [&["explain"][..], &["status"]] {
        cluster.run(looks).exits(0);
    }
    disk.remount("rw");
    cluster.run(&["report", "--now", &at(3)]).exits(0);
    assert_eq!(arrived_once(&cluster).len(), 6);
}

#[test]
fn what_is_damaged_or_foreign_is_set_aside_and_stops_nothing() {
    let cluster = without_sources(cluster());
    let good: BTreeSet<_> = ["2026-11-22T01", "2026-11-22T05", "2026-11-22T09"]
        .map(|hour| kept::put(&cluster, hour))
        .into();
    kept::put(&cluster, "2026-11-22T02");
    let path = kept::spool(&cluster).join("2026-11-22T02Z.report");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    kept::put(&cluster, "2026-11-22T03");
    let path = kept::spool(&cluster).join("2026-11-22T03Z.report");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    cluster.write("state/spool/2026-11-22T04Z.report", "");
    cluster.write("state/spool/notes.txt", "milk, eggs");
    cluster.write("state/spool/a-directory/file", "");
    let odd = [
        "2026-11-22T02Z.report",
        "2026-11-22T03Z.report",
        "2026-11-22T04Z.report",
        "notes.txt",
    ];

    let run = cluster.run(&["report"]).exits(0).logs("delivered");
    for name in odd {
        assert!(run.log.contains(name), "{name} is not named:\n{}", run.log);
    }
    assert_eq!(kept::aside(&cluster), odd);
    assert_eq!(arrived_once(&cluster), good);
    let status = cluster.run(&["status"]).exits(0).stdout;
    assert!(
        status.contains("set aside      4 files, 0 refused messages"),
        "{status}"
    );
    cluster.run(&["report"]).exits(0).keeps_quiet_about("set aside");
}

#[test]
fn many_at_once_deliver_each_message_once() {
    let cluster = cluster().set("delivery_timeout", "30s");
    thread::scope(|scope| {
        for hour in 1..9 {
            let cluster = &cluster;
            scope.spawn(move || {
                cluster
                    .run(&["report", "--now", &at(hour)])
                    .exits(0)
                    .has_no_complaint();
            });
        }
    });
    let cluster = without_sources(cluster);
    cluster.run(&["report"]).exits(0);
    let ids = arrived_once(&cluster);
    assert_eq!(ids.len(), 8 * 3, "{ids:?}");
    assert_eq!(kept::parcels(&cluster), Vec::<String>::new());
    cluster.run(&["log", "verify"]).exits(0);
}

/// A report of an hour has the same ids, whoever makes it: what arrives twice is recognised.
#[test]
fn many_at_once_in_an_hour_are_one_report() {
    let cluster = cluster().set("delivery_timeout", "30s");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                cluster
                    .run(&["report", "--now", &at(7)])
                    .exits(0)
                    .has_no_complaint()
            });
        }
    });
    let ids: BTreeSet<_> = cluster.sink.messages().iter().map(kept::id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert_eq!(kept::aside(&cluster), Vec::<String>::new());
}
