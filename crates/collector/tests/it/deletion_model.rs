//! After somebody is deleted the store is one that never got their messages: compared over random stores and subsets.

use std::collections::BTreeSet;
use std::path::Path;

use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::forget::order::{Action, Order};
use heliograph_collector::ingest::mention::Kind;
use heliograph_collector::secret::Secrets;
use heliograph_collector::store::{Reported, Slice, Store};
use heliograph_wire::id::ReporterId;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::messages;
use crate::deletion::sums;
use crate::suppression::{Writer, now};
use crate::time_line::{Line, time_line};

/// Whoever may be deleted. No id is of two kinds.
pub(crate) const SUBJECTS: [(Kind, &str); 9] = [
    (Kind::Cluster, "c1"),
    (Kind::Cluster, "c2"),
    (Kind::Anonymous, "a1"),
    (Kind::Anonymous, "c3"),
    (Kind::User, "u1"),
    (Kind::User, "77"),
    (Kind::Customer, "k1"),
    (Kind::Customer, "k/2"),
    (Kind::Customer, "nobody"),
];

/// What a message is made of: what it is, and of which of a few it speaks.
pub(crate) type Seed = (u8, usize, usize, usize, u8);

/// A message; `number` makes its id, and the hour of a report.
pub(crate) fn message((what, who, customer, version, more): Seed, number: usize) -> Value {
    let customer = ["", "k1", "k/2", "k3"][customer % 4];
    let version = ["1.8", "1.9", "9.9-own"][version % 3];
    let properties = |cluster: &str| {
        let mut properties = json!({"environmentVersion": version, "note": "u1 c1 a1 k1", "cpu_total": more});
        if !customer.is_empty() {
            properties["customerKey"] = json!(customer);
        }
        if !cluster.is_empty() {
            properties["clusterId"] = json!(cluster);
        }
        properties
    };
    let (cluster, user) = (["c1", "c2", "c3", "c4"][who % 4], ["u1", "u2", "77"][who % 3]);
    let context = json!({"reporter": ReporterId::of_secret(cluster.as_bytes()).as_str()});
    let hour = format!(
        "2026-{:02}-{:02}T{:02}",
        1 + number / 600,
        1 + number / 24 % 25,
        number % 24
    );
    let report = |event: &str| {
        json!({
            "type": "track", "event": event, "anonymousId": cluster, "properties": properties(cluster), "context": context,
            "messageId": format!("{cluster}:{event}:{hour}Z"), "timestamp": format!("{hour}:00:00Z"),
        })
    };
    match what % 8 {
        0 | 1 => report("health"),
        2 => report(["mesos_track", "rare_event"][usize::from(more % 2)]),
        // An event of a cluster that is no report.
        3 => {
            let mut event = report("mesos_track");
            event["messageId"] = json!(format!("m{number}"));
            event
        }
        4 => {
            json!({"type": "track", "event": format!("e{}", more % 5), "userId": user, "messageId": format!("m{number}"),
                    "properties": properties("")})
        }
        5 => json!({"type": "page", "name": format!("p{}", more % 5), "anonymousId": (["a1", "a2"][who % 2]),
                    "messageId": format!("m{number}"), "properties": properties(["", "c1", "c4"][who % 3])}),
        6 => {
            json!({"type": "identify", "userId": user, "anonymousId": "a2", "messageId": format!("m{number}"),
                    "traits": {"clusterId": cluster, "note": "u1"}})
        }
        _ => {
            json!({"type": "alias", "userId": "u2", "previousId": (["u1", "a1", "x"][who % 3]), "messageId": format!("m{number}")})
        }
    }
}

/// Whether it is about somebody: says so by itself, without the collector's eyes.
pub(crate) fn is_about(message: &Value, (kind, id): (Kind, &str)) -> bool {
    let is = |value: &Value| value.as_str() == Some(id);
    let (properties, traits) = (&message["properties"], &message["traits"]);
    match kind {
        Kind::Cluster => {
            is(&message["anonymousId"]) || is(&properties["clusterId"]) || is(&traits["clusterId"])
        }
        Kind::Anonymous => is(&message["anonymousId"]) || is(&message["previousId"]),
        Kind::User => is(&message["userId"]) || is(&message["previousId"]),
        Kind::Customer => is(&message["userId"]) || is(&properties["customerKey"]),
        Kind::Reporter => false,
    }
}

pub(crate) fn write(dir: TempDir, batches: &[Vec<Value>]) -> TempDir {
    let writer = Writer::on(dir);
    for batch in batches.iter().filter(|batch| !batch.is_empty()) {
        let summary = writer.write(Writer::check(batch, None));
        assert_eq!(summary.accepted, u64::try_from(batch.len()).unwrap());
    }
    writer.close()
}

pub(crate) fn delete(data: &Path, subjects: &[(Kind, &str)], together: bool) {
    let mut store = Store::open(data).unwrap();
    let secrets = Secrets::load_or_make(data, &SystemEntropy).unwrap();
    for (kind, id) in subjects {
        let order = Order {
            action: Action::Delete,
            kind: *kind,
            ids: vec![(*id).to_owned()],
            source: None,
        };
        store.obey(&secrets.subjects, &order, now()).unwrap();
        if !together {
            while store.delete_some(now(), &secrets.receipt_key).unwrap() != Slice::Idle {}
        }
    }
    while store.delete_some(now(), &secrets.receipt_key).unwrap() != Slice::Idle {}
}

/// Everything that a store says, a line each, but numbers and the ids that repeats are known by.
fn content(data: &Path) -> Vec<String> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let rows = |sql: &str| -> BTreeSet<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let tables = [
        "SELECT concat_ws(' ', 'cluster', name, hex(reporter)) FROM cluster",
        "SELECT concat_ws(' ', 'speaker', name, hex(cluster_reporter.reporter))
         FROM cluster_reporter LEFT JOIN cluster ON cluster.id = cluster",
        "SELECT concat_ws(' ', 'event', name) FROM event",
        "SELECT concat_ws(' ', 'term', text) FROM term",
        "SELECT concat_ws(' ', 'edition', version, provider, variant) FROM edition",
        "SELECT concat_ws(' ', 'flag', cluster, day, flag) FROM cluster_flag",
        "SELECT concat_ws(' ', 'trace', name, number) FROM deletion_trace",
        "SELECT concat_ws(' ', 'recount', batch, hour) FROM deletion_recount",
        "SELECT concat_ws(' ', 'empty', messages, size) FROM batch WHERE (messages = 0) <> (size = 0)",
        "SELECT concat_ws(' ', 'integrity', integrity_check) FROM pragma_integrity_check",
    ];
    let mut reports: Vec<String> = time_line(data).iter().map(of_line).collect();
    reports.sort();
    let said = tables.into_iter().flat_map(rows).chain(sums(data)).chain(reports);
    let messages = messages(data, &["--all"]);
    messages.iter().map(Value::to_string).chain(said).collect()
}

/// A report without numbers that repeats are given.
fn of_line(line: &Line) -> String {
    let (report, part) = (&line.report, line.report.place.part);
    let (cluster, event) = (line.cluster.as_ref().unwrap(), line.event.as_ref().unwrap());
    let Reported {
        reporter,
        counts,
        digest,
        nodes,
        ..
    } = report;
    format!(
        "report {} {cluster} {event} {part} {reporter:?} {counts} {digest} {nodes:?}",
        line.hour
    )
}

/// The lines that only one of two has.
fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let only = |sign: char, a: &[String], b: &[String]| -> Vec<String> {
        let only = a.iter().filter(|line| !b.contains(line));
        only.map(|line| format!("{sign} {line}")).collect()
    };
    let mut differences = only('+', one, other);
    differences.extend(only('-', other, one));
    if differences.is_empty() && one != other {
        differences.push("another order".to_owned());
    }
    differences
}

pub(crate) fn seeds() -> impl Strategy<Value = Vec<Vec<Seed>>> {
    let seed = (0_u8..8, 0_usize..12, 0_usize..4, 0_usize..3, 0_u8..10);
    prop::collection::vec(prop::collection::vec(seed, 1..12), 1..12)
}

/// The messages that seeds stand for, each of its own id.
pub(crate) fn batches(seeds: &[Vec<Seed>]) -> Vec<Vec<Value>> {
    let mut number = 0;
    let mut next = |seed: &Seed| {
        number += 1;
        message(*seed, number)
    };
    seeds
        .iter()
        .map(|batch| batch.iter().map(&mut next).collect())
        .collect()
}

/// What is left of batches without these subjects.
pub(crate) fn without(batches: &[Vec<Value>], subjects: &[(Kind, &str)]) -> Vec<Vec<Value>> {
    let stays = |message: &&Value| !subjects.iter().any(|subject| is_about(message, *subject));
    let left = |batch: &Vec<Value>| batch.iter().filter(stays).cloned().collect();
    batches.iter().map(left).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn the_deleted_have_never_been(
        seeds in seeds(),
        chosen in prop::sample::subsequence(SUBJECTS.to_vec(), 1..=4),
        later in 0_usize..4,
        together in any::<bool>(),
    ) {
        let batches = batches(&seeds);
        // Some batches come after the deletion, and stay.
        let (before, after) = batches.split_at(batches.len().saturating_sub(later));
        let kept = without(before, &chosen);

        let deleted = write(TempDir::new().unwrap(), before);
        delete(deleted.path(), &chosen, together);
        let never = write(TempDir::new().unwrap(), &kept);
        prop_assert_eq!(differences(&content(deleted.path()), &content(never.path())), Vec::<String>::new());
        let (deleted, never) = (write(deleted, after), write(never, after));
        prop_assert_eq!(differences(&content(deleted.path()), &content(never.path())), Vec::<String>::new());
    }
}
