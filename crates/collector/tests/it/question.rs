//! Questions are answered as a plain count of what was sent would, whether the sheets of the days are kept or made; and what is
//! forgotten is in no answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::Duration;

use heliograph_collector::delta::Day;
use heliograph_collector::question::{Filter, Scope, active, reliability};
use heliograph_collector::store::{Kept, Reader, Ready, Store};
use serde_json::{Value, json};

use crate::collector::{TestCollector, run};
use crate::deletion::settle;

/// One report of a cluster on one unit.
#[derive(Debug, Clone, Copy)]
struct Sent {
    cluster: u32,
    day: u32,
    hour: u32,
    version: &'static str,
    provider: &'static str,
    nodes: u32,
    unhealthy: u32,
}

/// Clusters of some sizes, some of which are upgraded on the second day, and report now and then.
fn fleet() -> Vec<Sent> {
    let mut sent = Vec::new();
    for cluster in 0..9_u32 {
        for day in 1..=3 {
            for hour in (cluster % 3..24).step_by(5) {
                let upgraded = cluster % 2 == 0 && (day, hour) >= (2, 12);
                sent.push(Sent {
                    cluster,
                    day,
                    hour,
                    version: if upgraded { "1.10" } else { "1.9" },
                    provider: if cluster < 4 { "aws" } else { "gcp" },
                    nodes: 3 + cluster % 4,
                    unhealthy: u32::from((cluster + day * hour).is_multiple_of(7)),
                });
            }
        }
    }
    // Reports on one day only.
    sent.retain(|sent| sent.cluster != 8 || sent.day == 2);
    sent
}

impl Sent {
    fn message(&self) -> Value {
        let Sent {
            cluster, day, hour, ..
        } = self;
        json!({
            "type": "track", "event": "health", "anonymousId": format!("c{cluster}"),
            "messageId": format!("c{cluster}:health:2026-11-{day:02}T{hour:02}Z"),
            "timestamp": format!("2026-11-{day:02}T{hour:02}:10:00Z"),
            "properties": {
                "clusterId": format!("c{cluster}"), "environmentVersion": self.version, "provider": self.provider,
                "health-unit-a-total": self.nodes, "health-unit-a-unhealthy": self.unhealthy,
                "health-unit-b-total": 1, "health-unit-b-unhealthy": 0,
            },
        })
    }
}

/// Keeps a sheet as a running server does; says whether the day was still as it was.
pub(crate) fn keep(store: &mut Store, ready: Ready) -> bool {
    for part in ready.parts() {
        loop {
            match store.keep_part(&part).unwrap() {
                Kept::Yes => break,
                Kept::Again => {}
                Kept::Changed => return false,
            }
        }
    }
    true
}

fn filter(pairs: &[(&str, &str)]) -> Filter {
    use heliograph_collector::question::filter::{GROUP, SPAN, UNIT};

    let days = [("from", "2026-11-01"), ("to", "2026-11-30")];
    Filter::read(
        days.iter().chain(pairs).copied(),
        &[GROUP, SPAN, UNIT],
        Day(20_780),
    )
    .unwrap()
}

#[test]
fn a_running_server_keeps_the_sheets_of_days_that_rest() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let messages: Vec<Value> = fleet().iter().map(Sent::message).collect();
    assert_eq!(
        collector.batch(&key, &json!({ "batch": messages[..40] })).status,
        200
    );
    let stale = || {
        let reader = Reader::open(collector.data()).unwrap();
        reader.snapshot().unwrap().stale(Day(20_780)).unwrap().len()
    };
    assert!(stale() > 0);
    let mut left = 600;
    while stale() > 0 {
        left -= 1;
        assert!(left > 0, "no sheet is kept within a minute");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Day or nothing, group, installations.
type Active = BTreeSet<(String, String, u64)>;

fn check(data: &Path, sent: &[Sent]) {
    let reader = Reader::open(data).unwrap();
    let snapshot = reader.snapshot().unwrap();
    for (pairs, chosen) in [
        (&[][..], (|_| true) as fn(&Sent) -> bool),
        (&[("version", "1.10")], |sent| sent.version == "1.10"),
        (&[("provider", "aws"), ("provider", "azure")], |sent| {
            sent.provider == "aws"
        }),
        (&[("cluster", "c3"), ("cluster", "nobody")], |sent| {
            sent.cluster == 3
        }),
        (&[("cluster", "nobody")], |_| false),
        (&[("from", "2026-11-02")], |sent| sent.day >= 2),
    ] {
        let pairs = pairs.to_vec();
        let from_given = pairs.iter().any(|(name, _)| *name == "from");
        let filter = if from_given {
            Filter {
                from: "2026-11-02".parse().unwrap(),
                ..filter(&[])
            }
        } else {
            filter(&pairs)
        };
        let chosen: Vec<Sent> = sent.iter().copied().filter(chosen).collect();
        let clusters: BTreeSet<u32> = chosen.iter().map(|sent| sent.cluster).collect();

        let answer = active::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
        let mut expected: BTreeMap<(String, String), BTreeSet<u32>> = BTreeMap::new();
        for sent in &chosen {
            let at = (format!("2026-11-{:02}", sent.day), sent.version.to_owned());
            expected.entry(at).or_default().insert(sent.cluster);
        }
        let expected: Active = expected
            .into_iter()
            .map(|((day, group), set)| (day, group, set.len() as u64))
            .collect();
        let told: Active = answer
            .rows
            .iter()
            .map(|row| (row.start.to_string(), row.group.clone(), row.installations))
            .collect();
        assert_eq!(told, expected, "{pairs:?}");
        assert_eq!(answer.installations, clusters.len() as u64, "{pairs:?}");

        let answer = reliability::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
        if chosen.is_empty() {
            assert!(answer.rows.is_empty());
            continue;
        }
        let [a, b] = &answer.rows[..] else {
            panic!("{answer:?}")
        };
        let sum = |amount: fn(&Sent) -> u32| chosen.iter().map(|sent| u64::from(amount(sent))).sum::<u64>();
        assert_eq!(
            (a.observed, a.unhealthy),
            (sum(|sent| sent.nodes), sum(|sent| sent.unhealthy)),
            "{pairs:?}"
        );
        assert_eq!((b.observed, b.unhealthy), (chosen.len() as u64, 0));
        let ill: BTreeSet<u32> = chosen
            .iter()
            .filter(|sent| sent.unhealthy > 0)
            .map(|sent| sent.cluster)
            .collect();
        // The worst first; where none is, by name.
        assert_eq!((a.unit.as_str(), b.unit.as_str()), ("a", "b"));
        assert_eq!(
            (a.installations, a.affected),
            (clusters.len() as u64, ill.len() as u64)
        );
        assert_eq!(
            (answer.total.units, answer.total.observed),
            (2, a.observed + b.observed)
        );
    }
    // By week and version: one is in both where it was upgraded.
    let weekly = filter(&[("per", "week"), ("by", "version")]);
    let answer = active::ask(&Scope::new(&snapshot, &weekly).unwrap()).unwrap();
    let versions: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.start.to_string(), row.group.as_str()))
        .collect();
    // The first of November was a Sunday: of the week before, only it is asked about.
    let expected = [
        ("2026-11-01", "1.9"),
        ("2026-11-02", "1.9"),
        ("2026-11-02", "1.10"),
    ];
    assert_eq!(versions, expected.map(|(day, version)| (day.to_owned(), version)));
    let by_day = filter(&[
        ("per", "day"),
        ("by", "provider"),
        ("unit", "b"),
        ("unit", "none"),
    ]);
    let answer = reliability::ask(&Scope::new(&snapshot, &by_day).unwrap()).unwrap();
    assert_eq!(answer.rows.len(), 6);
    assert!(answer.rows.iter().all(|row| row.unit == "b"));
}

#[test]
fn answers_are_a_plain_count_of_what_was_sent() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    let mut sent = fleet();
    for part in sent.chunks(50) {
        let messages: Vec<Value> = part.iter().map(Sent::message).collect();
        assert_eq!(
            collector.batch(&key, &json!({"batch": messages})).counts(),
            (part.len() as u64, 0, 0)
        );
    }
    // Of no cluster.
    let page = json!({"type": "page", "name": "/", "userId": "u", "timestamp": "2026-11-02T00:00:00Z"});
    assert_eq!(
        collector.batch(&key, &json!({"batch": [page]})).counts(),
        (1, 0, 0)
    );
    check(collector.data(), &sent);

    collector.kill();
    let stale = |data: &Path| {
        let reader = Reader::open(data).unwrap();
        reader.snapshot().unwrap().stale(Day(i64::MAX)).unwrap()
    };
    let days = stale(collector.data());
    assert_eq!(days.len(), 3);
    let mut store = Store::open(collector.data()).unwrap();
    let reader = Reader::open(collector.data()).unwrap();
    for (day, change) in days {
        let ready = reader.snapshot().unwrap().make(day, change).unwrap();
        // What an earlier one wrote that came to no end is no sheet, and is cleared.
        for part in reader
            .snapshot()
            .unwrap()
            .make(day, change)
            .unwrap()
            .parts()
            .take(2)
        {
            assert_eq!(store.keep_part(&part).unwrap(), Kept::Yes);
        }
        check(collector.data(), &sent);
        assert!(stale(collector.data()).contains(&(day, change)));
        assert!(keep(&mut store, ready));
        let old = reader.snapshot().unwrap().make(day, change - 1).unwrap();
        assert!(!keep(&mut store, old));
    }
    drop((store, reader));
    assert!(stale(collector.data()).is_empty());
    check(collector.data(), &sent);

    // What is kept is of use no more once something comes late, or goes.
    collector.restart();
    let late = Sent { hour: 23, ..sent[0] };
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [late.message()]}))
            .counts(),
        (1, 0, 0)
    );
    sent.push(late);
    assert_eq!(stale(collector.data()).len(), 1);
    check(collector.data(), &sent);
    let forgotten = run(collector.data(), &["forget", "--cluster-id", "c2"]);
    assert!(forgotten.status.success(), "{forgotten:?}");
    settle(collector.data());
    sent.retain(|sent| sent.cluster != 2);
    check(collector.data(), &sent);
}

#[test]
fn what_is_asked_of_packages_pages_and_one_cluster_is_what_was_sent() {
    use heliograph_collector::question::{
        AskError, capacity, installation, installations, pages, popularity, quality, time_line, ui,
    };

    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let report = |cluster: &str, event: &str, hour: &str, version: &str, properties: &Value| {
        let mut properties = properties.clone();
        properties["clusterId"] = json!(cluster);
        properties["environmentVersion"] = json!(version);
        properties["customerKey"] = json!(format!("key-of-{}", &cluster[..1]));
        json!({
            "type": "track", "event": event, "anonymousId": cluster, "properties": properties,
            "messageId": format!("{cluster}:{event}:{hour}Z"), "timestamp": format!("{hour}:10:00Z"),
        })
    };
    let well = json!({"health-unit-u-total": 3, "health-unit-u-unhealthy": 0});
    let ill = json!({"health-unit-u-total": 3, "health-unit-u-unhealthy": 2});
    let messages = [
        report("a1", "health", "2026-11-02T10", "1.9", &ill),
        report("a1", "health", "2026-11-02T11", "1.9", &well),
        report("a1", "health", "2026-11-02T14", "1.10", &well),
        report(
            "a1",
            "package_list",
            "2026-11-02T10",
            "1.9",
            &json!({"package_list": [{"name": "kafka"}, {"name": "spark"}]}),
        ),
        report(
            "a1",
            "package_list",
            "2026-11-03T10",
            "1.10",
            &json!({"package_list": [{"name": "kafka"}]}),
        ),
        report(
            "a1",
            "mesos_track",
            "2026-11-02T10",
            "1.9",
            &json!({"cpu_total": 8.0, "cpu_used": 2.0, "frameworks": [{"name": "marathon"}]}),
        ),
        report(
            "a1",
            "mesos_track",
            "2026-11-02T11",
            "1.9",
            &json!({"cpu_total": 16.0, "cpu_used": 4.0}),
        ),
        report(
            "a2",
            "package_list",
            "2026-11-02T10",
            "1.9",
            &json!({"package_list": []}),
        ),
        report(
            "b1",
            "mesos_track",
            "2026-11-02T10",
            "1.9",
            &json!({"cpu_total": 4.0}),
        ),
        json!({"type": "page", "name": "/nodes", "userId": "x", "timestamp": "2026-11-02T10:00:00Z"}),
        json!({"type": "page", "name": "/nodes", "userId": "x", "timestamp": "2026-11-03T10:00:00Z"}),
        json!({"type": "page", "name": "/", "userId": "y", "timestamp": "2026-11-03T10:00:00Z"}),
        json!({"type": "identify", "userId": "y", "timestamp": "2026-11-03T10:00:00Z"}),
    ];
    assert_eq!(
        collector.batch(&key, &json!({"batch": messages})).counts(),
        (13, 0, 0)
    );
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [{"type": "page"}]}))
            .status,
        200
    );

    let reader = Reader::open(collector.data()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let all = filter(&[]);
    let scope = Scope::new(&snapshot, &all).unwrap();

    let answer = popularity::ask(&scope).unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.kind, row.name.as_str(), row.installations, row.share))
        .collect();
    assert_eq!(
        rows,
        [
            ("package", "kafka", 1, 0.5),
            ("package", "spark", 1, 0.5),
            ("framework", "marathon", 1, 0.5)
        ]
    );
    assert_eq!(
        (
            answer.total.told_packages,
            answer.total.told_frameworks,
            answer.installations
        ),
        (2, 2, 3)
    );

    let answer = capacity::ask(&scope).unwrap();
    assert_eq!(
        (answer.total.cpus, answer.total.cpu_use, answer.installations),
        (Some(16.0), Some(0.25), 2)
    );

    let answer = ui::ask(&scope).unwrap();
    let days: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.log_ins, row.page_views, row.user_days))
        .collect();
    assert_eq!(days, [(0, 1, 1), (1, 2, 2)]);
    assert_eq!((answer.total.most_users, answer.installations), (2, 0));
    let answer = pages::ask(&scope, pages::Order::Viewed).unwrap();
    let routes: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.route.as_str(), row.page_views))
        .collect();
    assert_eq!(routes, [("/nodes", 2), ("/", 1)]);

    let today = filter(&[]);
    let today = Filter {
        to: "2100-01-01".parse().unwrap(),
        ..today
    };
    let answer = quality::ask(&Scope::new(&snapshot, &today).unwrap()).unwrap();
    assert_eq!((answer.total.accepted, answer.total.rejected), (13, 1));

    let answer = installation::ask(&scope).unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.version.as_str(), row.beginning, row.begun, row.healthy))
        .collect();
    assert_eq!(rows, [("1.10", "upgrade", 1, 1), ("1.9", "first", 1, 1)]);

    let of = |search: &str| filter_searching(search);
    let found = |search: &str| -> Vec<String> {
        let filter = of(search);
        let answer = installations::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
        answer
            .rows
            .into_iter()
            .map(|row| format!("{} {} {}", row.cluster, row.version, row.reports))
            .collect()
    };
    assert_eq!(found("a1"), ["a1 1.10 3"]);
    assert_eq!(found("key-of-a"), ["a1 1.10 3", "a2 1.9 0"]);
    assert!(found("key-of-c").is_empty());

    let line = |search: &str| {
        let filter = of(search);
        time_line::ask(&Scope::new(&snapshot, &filter).unwrap())
    };
    let answer = line("a1").unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (&row.time[8..13], row.kind, row.name.as_str(), row.after.as_str()))
        .collect();
    let expected = [
        ("02T10", "first", "", "1.9"),
        ("02T10", "unhealthy", "u", "2"),
        ("02T12", "missing", "health", "2"),
        ("02T14", "version", "", "1.10"),
        ("03T00", "package", "spark", ""),
    ];
    assert_eq!(rows, expected);
    assert_eq!(
        (answer.total.reports, answer.total.unhealthy, answer.total.missing),
        (3, 1, 2)
    );
    assert!(matches!(line("key-of-a"), Err(AskError::Several(2, names)) if names == "a1, a2"));
    assert!(matches!(line("nobody"), Err(AskError::Nobody)));
    assert_eq!(line("key-of-b").unwrap().total.cluster, "b1");
}

fn filter_searching(search: &str) -> Filter {
    Filter {
        search: Some(search.to_owned()),
        ..filter(&[])
    }
}

#[test]
fn installation_events_are_those_of_the_versions_that_are_asked_about() {
    use heliograph_collector::question::installation;

    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let event = |number: u32, version: &str, outcome: &str| {
        json!({
            "type": "track", "event": "installation", "anonymousId": "c1", "messageId": format!("e{number}"),
            "timestamp": "2026-11-02T10:00:00Z",
            "properties": {
                "clusterId": "c1", "environmentVersion": version, "action": "install", "phase": "genconf", "outcome": outcome,
            },
        })
    };
    let messages = [
        event(1, "1.9", "started"),
        event(2, "1.9", "failed"),
        event(3, "1.10", "started"),
        event(4, "1.10", "started"),
        event(5, "1.10", "succeeded"),
    ];
    assert_eq!(
        collector.batch(&key, &json!({"batch": messages})).counts(),
        (5, 0, 0)
    );
    let reader = Reader::open(collector.data()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    for (pairs, expected) in [
        (&[][..], [3, 1, 1]),
        (&[("version", "1.10")], [2, 1, 0]),
        (&[("version", "1.9")], [1, 0, 1]),
        (&[("version", "2")], [0, 0, 0]),
    ] {
        let filter = filter(pairs);
        let total = installation::ask(&Scope::new(&snapshot, &filter).unwrap())
            .unwrap()
            .total;
        let told = [total.events_started, total.events_succeeded, total.events_failed];
        assert_eq!(told, expected, "{pairs:?}");
    }
}
