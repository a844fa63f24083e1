//! What messages add up to, by cluster and day: in the transaction that keeps them.

use std::collections::BTreeMap;
use std::path::Path;

use heliograph_collector::delta::{Sums, hash};
use heliograph_wire::id::ReporterId;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::collector::{TestCollector, run};
use crate::deletion::settle;

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
            let key = match (coordinate.name(), coordinate.hour()) {
                (Some(term), hour) => {
                    let name = name("SELECT text FROM term WHERE id = ?", number(term));
                    hour.map_or_else(|| name.clone(), |hour| format!("{name} {hour}"))
                }
                (None, _) => coordinate.key.to_string(),
            };
            let named = format!("{:?} {key}", coordinate.facet);
            days.insert((day, cluster.clone(), version, named), amounts.0);
        }
    }
    days
}

/// Somebody who uses the UI.
fn user(id: &str) -> String {
    format!("User {}", hash("user", id))
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
        (friday, "c1", "1.13", "UnhealthyHour a 12", [2, 0, 0]),
        (friday, "c1", "1.13", "UnhealthyHour a 13", [1, 0, 0]),
        (friday, "c2", "1.13", "Event health", [1, 0, 0]),
        (friday, "c2", "1.13", "Hour 12", [1, 0, 0]),
        (friday, "c2", "1.13", "Unit a", [3, 0, 0]),
        (saturday, "c1", "1.13", "Event health", [1, 0, 0]),
        (saturday, "c1", "1.13", "Hour 0", [1, 0, 0]),
        (saturday, "c1", "1.13", "Unit a", [3, 0, 0]),
        (friday, "", "", "Call page", [2, 0, 0]),
        (friday, "", "", "Page /nodes", [2, 0, 0]),
        (friday, "", "", &user("u"), [2, 0, 0]),
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

/// The sums of one cluster's days, or of messages of none, by name; of all editions.
fn of_cluster(data: &Path, cluster: &str) -> BTreeMap<String, [i64; 3]> {
    let mut sums = BTreeMap::<String, [i64; 3]>::new();
    for ((_, _, _, named), amounts) in days(data).into_iter().filter(|((_, of, _, _), _)| of == cluster) {
        let sum = sums.entry(named).or_default();
        *sum = std::array::from_fn(|at| sum[at] + amounts[at]);
    }
    sums
}

fn counted(collector: &TestCollector, outcome: &str) -> i64 {
    let connection = Connection::open(collector.data().join("collector.db")).unwrap();
    let sql = "SELECT coalesce(sum(count), 0) FROM outcome WHERE name = ?";
    connection.query_row(sql, [outcome], |row| row.get(0)).unwrap()
}

fn forget(collector: &TestCollector, whom: &[&str]) {
    let output = run(collector.data(), &[&["forget"], whom].concat());
    assert!(output.status.success(), "{output:?}");
    settle(collector.data());
}

#[test]
fn a_day_with_too_many_names_counts_on_without_telling_them_apart() {
    let collector = TestCollector::start();
    let (ui, server) = (collector.key("ui"), collector.key("server"));
    let page = |user: &str, name: &str, id: &str| json!({"type": "page", "name": name, "anonymousId": user, "messageId": id, "timestamp": "2026-11-20T11:00:00Z"});
    let send = |key: &str, messages: &[Value]| collector.batch(key, &json!({"batch": messages})).counts();
    assert_eq!(send(&server, &[page("a", "/nodes", "1")]), (1, 0, 0));
    let floods: Vec<Vec<Value>> = (0..9)
        .map(|part| {
            let name = |number| format!("{part}-{number}");
            (0..2500)
                .map(|number| page("flood", &name(number), &name(number)))
                .collect()
        })
        .collect();
    for flood in &floods {
        assert_eq!(send(&ui, flood), (2500, 0, 0), "nothing is refused");
    }
    let folded = counted(&collector, "accepted.folded");
    assert!((2500..5000).contains(&folded), "{folded}");
    // Repeats are repeats; a name that the day knows is told apart, another one is not.
    assert_eq!(send(&ui, &floods[8]), (0, 2500, 0));
    let late = [
        page("a", "/nodes", "2"),
        page("a", "/late", "3"),
        page("b", "/later", "4"),
    ];
    assert_eq!(send(&server, &late), (3, 0, 0));
    assert_eq!(counted(&collector, "accepted.folded"), folded + 2);
    let sums = of_cluster(collector.data(), "");
    assert!(sums.len() < 26_000, "{}", sums.len());
    assert_eq!(sums["Page /nodes"], [2, 0, 0]);
    assert_eq!(sums["Page (other)"], [folded + 2, 0, 0]);
    assert!(!sums.contains_key("Page /late"));
    let metrics = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    let line = format!("messages_total{{outcome=\"accepted.folded\",key=\"ui\"}} {folded}\n");
    assert!(metrics.contains(&line), "{metrics}");
    // Other days, and clusters, are as empty as before.
    let key = collector.key("cluster");
    assert_eq!(send(&key, &[health("c2", "2026-11-20T12Z", 1, 0)]), (1, 0, 0));
    assert!(of_cluster(collector.data(), "c2").contains_key("Unit a"));

    // What was folded is taken away again as such.
    forget(&collector, &["--anonymous-id", "b"]);
    assert_eq!(
        of_cluster(collector.data(), "")["Page (other)"],
        [folded + 1, 0, 0]
    );
    forget(&collector, &["--anonymous-id", "flood"]);
    let left = [
        ("Call page", [3, 0, 0]),
        ("Page /nodes", [2, 0, 0]),
        ("Page (other)", [1, 0, 0]),
    ];
    let mut left = BTreeMap::from(left.map(|(name, amounts)| (name.to_owned(), amounts)));
    left.insert(user("a"), [2, 0, 0]);
    assert_eq!(of_cluster(collector.data(), ""), left);
    forget(&collector, &["--anonymous-id", "a"]);
    assert_eq!(of_cluster(collector.data(), ""), BTreeMap::new());
}

#[test]
fn what_begins_to_count_on_a_full_day_is_folded_too() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let packages = |secret: &str, id: &str, names: &str, count: usize| {
        let named: Vec<_> = (0..count)
            .map(|n| json!({"name": format!("{names}{n}")}))
            .collect();
        let reporter = ReporterId::of_secret(secret.as_bytes());
        json!({
            "type": "track", "event": "package_list", "anonymousId": "c", "messageId": id,
            "properties": {"package_list": named}, "context": {"reporter": reporter.as_str()},
            "timestamp": "2026-11-20T11:00:00Z",
        })
    };
    let send = |message: Value| collector.batch(&key, &json!({"batch": [message]})).counts();
    // Whom the cluster is bound to could have all of it deleted; that one only installs.
    let mut installed = packages("bound", "i", "", 0);
    installed["event"] = json!("installation");
    assert_eq!(send(installed), (1, 0, 0));
    let slot = "c:package_list:2026-11-20T11Z";
    assert_eq!(send(packages("first", slot, "a", 1)), (1, 0, 0));
    assert_eq!(send(packages("second", slot, "b", 3)), (0, 1, 0));
    for part in 2..17 {
        let (id, names) = (format!("{slot}:{part}"), format!("{part}-"));
        assert_eq!(send(packages("first", &id, &names, 1500)), (1, 0, 0));
    }
    let sums = of_cluster(collector.data(), "c");
    assert!(sums.len() > 20_000 && !sums.contains_key("Package b0"));

    // The first is deleted: the second counts in its place before the rest of the first is looked into.
    let forget_reporter = |secret: &str| {
        let body = json!({"clusterId": "c", "reporterSecret": secret}).to_string();
        let headers = [("Authorization", &*crate::client::basic(&key))];
        let answer = collector
            .client()
            .send("POST", "/v1/forget", &headers, body.as_bytes());
        assert_eq!(answer.unwrap().status, 200);
        settle(collector.data());
    };
    forget_reporter("first");
    let left = [
        ("Event installation", [1, 0, 0]),
        ("Event package_list", [1, 0, 0]),
        ("Package (other)", [3, 0, 0]),
    ];
    let left = left.map(|(name, amounts)| (name.to_owned(), amounts));
    assert_eq!(of_cluster(collector.data(), "c"), BTreeMap::from(left));
    assert_eq!(collector.messages().len(), 2);
    forget_reporter("second");
    let left = BTreeMap::from([("Event installation".to_owned(), [1, 0, 0])]);
    assert_eq!(of_cluster(collector.data(), "c"), left);
}

#[test]
fn only_who_speaks_for_a_cluster_adds_to_its_reports() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    // A health report with an id of no report's form.
    let said = |cluster: &str, id: &str, reporter: Option<u32>| {
        let mut message = health(cluster, "2026-11-20T11Z", reporter.unwrap_or_default(), 3);
        message["messageId"] = json!(id);
        if reporter.is_none() {
            message["context"] = json!({});
        }
        message
    };
    let send = |collector: &TestCollector, messages: &[Value]| {
        collector.batch(&key, &json!({"batch": messages})).counts()
    };
    let report = health("c1", "2026-11-20T11Z", 1, 0);
    // Bound by the first message of the group, whatever it is.
    assert_eq!(send(&collector, &[report, said("c1", "1", None)]), (2, 0, 0));
    let expected = of_cluster(collector.data(), "c1");
    assert_eq!(expected["Unit a"], [3, 0, 0]);
    collector.kill();
    collector.restart();
    let strangers = [said("c1", "2", Some(2)), said("c1", "3", None)];
    assert_eq!(send(&collector, &strangers), (2, 0, 0), "they are kept");
    assert_eq!(send(&collector, &strangers), (0, 2, 0));
    assert_eq!(
        of_cluster(collector.data(), "c1"),
        expected,
        "and add nothing to it"
    );
    let apart = BTreeMap::from([("Event health".to_owned(), [3, 0, 0])]);
    assert_eq!(of_cluster(collector.data(), ""), apart);
    assert_eq!(counted(&collector, "accepted.apart"), 3);
    assert_eq!(collector.messages().len(), 4);
    // The one that speaks for it may, and what happens once is told by any master.
    let mut installed = said("c1", "4", Some(2));
    installed["event"] = json!("installation");
    assert_eq!(
        send(&collector, &[said("c1", "5", Some(1)), installed]),
        (2, 0, 0)
    );
    let sums = of_cluster(collector.data(), "c1");
    assert_eq!(
        (sums["Unit a"], sums["Event installation"]),
        ([6, 3, 0], [1, 0, 0])
    );

    // The original says neither who it is nor which hour it speaks of.
    let original = [said("c2", "6", None), said("c2", "7", None)];
    assert_eq!(send(&collector, &original), (2, 0, 0));
    assert_eq!(
        send(&collector, &[said("c2", "8", None), said("c2", "9", Some(1))]),
        (2, 0, 0)
    );
    assert_eq!(of_cluster(collector.data(), "c2")["Event health"], [4, 0, 0]);
    // Nothing of theirs is left behind.
    forget(&collector, &["--cluster-id", "c1"]);
    assert_eq!(of_cluster(collector.data(), ""), BTreeMap::new());
    forget(&collector, &["--cluster-id", "c2"]);
    assert_eq!(days(collector.data()), Days::new());
}
