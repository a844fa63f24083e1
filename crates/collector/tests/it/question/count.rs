//! Answers about health are a plain count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use heliograph_collector::delta::Day;
use heliograph_collector::question::{Filter, Scope, active, reliability};
use heliograph_collector::store::{Kept, Reader, Store};
use serde_json::{Value, json};

use super::{Sent, filter, fleet, keep};
use crate::collector::{TestCollector, run};
use crate::deletion::settle;

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
