//! What messages add up to, by cluster and day: in the transaction that keeps them.

use std::collections::BTreeMap;
use std::path::Path;

use heliograph_collector::delta::{Facet, Sums};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::collector::TestCollector;

/// By day, cluster, version, facet and name.
pub(crate) type Days = BTreeMap<(i64, String, String, String), [i64; 3]>;

pub(crate) fn days(data: &Path) -> Days {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let name = |sql: &str, number: i64| -> String {
        connection
            .query_row(sql, [number], |row| row.get(0))
            .unwrap_or_default()
    };
    let rows: Vec<(i64, i64, Vec<u8>)> = connection
        .prepare("SELECT day, cluster, sums FROM cluster_day")
        .unwrap()
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut days = Days::new();
    for (day, cluster, sums) in rows {
        let cluster = name("SELECT name FROM cluster WHERE id = ?", cluster);
        for (coordinate, amounts) in Sums::decode(&sums).unwrap().iter() {
            let number = |number: u64| i64::try_from(number).unwrap();
            let version = name(
                "SELECT version FROM edition WHERE id = ?",
                number(coordinate.edition),
            );
            let key = match coordinate.facet {
                Facet::Hour => coordinate.key.to_string(),
                _ => name("SELECT text FROM term WHERE id = ?", number(coordinate.key)),
            };
            let named = format!("{:?} {key}", coordinate.facet);
            days.insert((day, cluster.clone(), version, named), amounts.0);
        }
    }
    days
}

fn health(cluster: &str, hour: &str, reporter: u32, unhealthy: u32) -> Value {
    json!({
        "type": "track", "event": "health", "anonymousId": cluster,
        "messageId": format!("{cluster}:health:{hour}"),
        "properties": {
            "clusterId": cluster, "environmentVersion": "1.13",
            "health-unit-a-total": 3, "health-unit-a-unhealthy": unhealthy,
        },
        "context": {"reporter": format!("{reporter:032x}")},
        "timestamp": format!("{}:30:00Z", hour.trim_end_matches('Z')),
    })
}

#[test]
fn what_counts_adds_up_once_and_on_its_day() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    let server = collector.key("server");
    let send = |collector: &TestCollector, key: &str, messages: &[Value]| {
        collector.batch(key, &json!({"batch": messages})).counts()
    };
    let first = [
        health("c1", "2026-11-20T11Z", 1, 0),
        health("c1", "2026-11-20T12Z", 1, 2),
        health("c2", "2026-11-20T12Z", 1, 0),
    ];
    assert_eq!(send(&collector, &key, &first), (3, 0, 0));
    // Neither a repeat nor another reporter's report adds anything, nor does a restart.
    assert_eq!(send(&collector, &key, &first[..2]), (0, 2, 0));
    assert_eq!(
        send(&collector, &key, &[health("c1", "2026-11-20T12Z", 2, 3)]),
        (0, 1, 0)
    );
    collector.kill();
    collector.restart();
    // The next day, and late for the day before.
    let later = [
        health("c1", "2026-11-21T00Z", 1, 0),
        health("c1", "2026-11-20T13Z", 1, 1),
    ];
    assert_eq!(send(&collector, &key, &later), (2, 0, 0));
    let page = json!({"type": "page", "name": "/nodes", "userId": "u", "timestamp": "2026-11-20T00:00:00Z"});
    assert_eq!(send(&collector, &server, &[page.clone(), page]), (2, 0, 0));

    let day = |date: &str| {
        let date: jiff::civil::Date = date.parse().unwrap();
        i64::from(date.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days())
    };
    let (friday, saturday) = (day("2026-11-20"), day("2026-11-21"));
    let expected: Days = [
        (friday, "c1", "1.13", "Event health", [3, 0, 0]),
        (friday, "c1", "1.13", "Hour 11", [1, 0, 0]),
        (friday, "c1", "1.13", "Hour 12", [1, 1, 0]),
        (friday, "c1", "1.13", "Hour 13", [1, 1, 0]),
        (friday, "c1", "1.13", "Unit a", [9, 3, 0]),
        (friday, "c2", "1.13", "Event health", [1, 0, 0]),
        (friday, "c2", "1.13", "Hour 12", [1, 0, 0]),
        (friday, "c2", "1.13", "Unit a", [3, 0, 0]),
        (saturday, "c1", "1.13", "Event health", [1, 0, 0]),
        (saturday, "c1", "1.13", "Hour 0", [1, 0, 0]),
        (saturday, "c1", "1.13", "Unit a", [3, 0, 0]),
        (friday, "", "", "Call page", [2, 0, 0]),
        (friday, "", "", "Page /nodes", [2, 0, 0]),
    ]
    .into_iter()
    .map(|(day, cluster, version, named, amounts)| {
        (
            (day, cluster.to_owned(), version.to_owned(), named.to_owned()),
            amounts,
        )
    })
    .collect();
    assert_eq!(days(collector.data()), expected);
}

#[test]
fn a_day_with_too_many_names_takes_no_more() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let report = |part: usize| {
        let packages: Vec<_> = (0..1500)
            .map(|n| json!({"name": format!("{part}-{n}")}))
            .collect();
        json!({
            "type": "track", "event": "package_list", "anonymousId": "c1",
            "messageId": format!("c1:package_list:2026-11-20T11Z:{part}"),
            "properties": {"package_list": packages}, "timestamp": "2026-11-20T11:00:00Z",
        })
    };
    let refused = (1..=20)
        .map(|part| {
            collector
                .batch(&key, &json!({"batch": [report(part)]}))
                .counts()
                .2
        })
        .sum::<u64>();
    assert!((1..20).contains(&refused), "{refused}");
    let kept = collector.messages().len();
    assert_eq!(u64::try_from(kept).unwrap() + refused, 20);
    // Other days, and other clusters, are as empty as before.
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [health("c2", "2026-11-20T12Z", 1, 0)]}))
            .counts(),
        (1, 0, 0)
    );
}
