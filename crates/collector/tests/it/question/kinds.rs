//! Answers about all else.

use heliograph_collector::question::{Filter, Scope};
use heliograph_collector::store::Reader;
use serde_json::{Value, json};

use super::filter;
use crate::collector::TestCollector;

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
