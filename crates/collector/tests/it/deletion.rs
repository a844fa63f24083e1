//! Deleting for good: what is gone is gone from every byte of every file, all else is as it was, and no kill -9 changes that.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use heliograph_wire::id::ReporterId;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::collector::{TestCollector, messages, run};
use crate::receipt::holds;
use crate::time_line::time_line;

/// A cluster's report.
fn report(cluster: &str, secret: &str, hour: u32, properties: &Value) -> Value {
    let mut properties = properties.clone();
    properties["clusterId"] = json!(cluster);
    json!({
        "type": "track", "event": "health", "anonymousId": cluster, "properties": properties,
        "messageId": format!("{cluster}:health:2026-11-{:02}T{:02}Z", 1 + hour / 24, hour % 24),
        "context": {"reporter": ReporterId::of_secret(secret.as_bytes()).as_str()},
        "timestamp": format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24),
    })
}

fn command(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn query<T: rusqlite::types::FromSql>(data: &Path, sql: &str) -> Vec<T> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Returns when nothing is left to be deleted.
pub(crate) fn settle(data: &Path) {
    for _ in 0..1200 {
        let left: Vec<i64> = query(data, "SELECT count(*) FROM deletion WHERE state <> 'done'");
        if left == [0] {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("still deleting: {}", command(data, &["deletions"]));
}

/// The files of a data directory, by name.
fn files(data: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(data).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// All that can be read in a file: its bytes, and whatever begins like compressed records in them, however little of it is left.
fn readable(bytes: &[u8]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    for start in memchr::memmem::find_iter(bytes, &[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::new(&bytes[start..]).unwrap();
        // Ends in an error where the rest lies elsewhere; what was read by then counts.
        let _ = std::io::copy(&mut decoder, &mut all);
    }
    all
}

/// The files in which one of these texts can be read.
pub(crate) fn found(data: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in files(data) {
        let all = readable(&bytes);
        for text in texts {
            if memchr::memmem::find(&all, text.as_bytes()).is_some() {
                found.push(format!("{text} in {name}"));
            }
        }
    }
    found
}

#[test]
fn nothing_of_the_forgotten_is_in_any_file() {
    const GONE: [&str; 4] = [
        "5bd1f0d4-gone-cluster",
        "gone-visitor-71c3",
        "gone.user@example.org",
        "gone-customer-9e2b",
    ];
    const NAMES: [&str; 3] = ["gone-event", "gone-page", "9.9-gone"];
    let mut collector = TestCollector::start();
    let (cluster_key, server_key) = (collector.key("cluster"), collector.key("server"));
    let kept_cluster = "70b28f00-kept-cluster";
    let mut clusters: Vec<String> = (0..60)
        .map(|number| format!("{number:04}-filler-cluster"))
        .collect();
    clusters.push(kept_cluster.to_owned());
    clusters.push(GONE[0].to_owned());
    // Batches of one commit each, of the forgotten alone, of others alone, and of both; small ones, and one of many pages.
    for hour in 0..30 {
        let batch: Vec<Value> = clusters
            .iter()
            .map(|cluster| {
                let version = if cluster == GONE[0] { NAMES[2] } else { "1.8" };
                let unit = if cluster == GONE[0] {
                    "health-unit-gone-event-total"
                } else {
                    "health-unit-a-total"
                };
                report(
                    cluster,
                    "s",
                    hour,
                    &json!({"environmentVersion": version, unit: 3}),
                )
            })
            .collect();
        for part in batch.chunks(if hour == 7 { 100 } else { 7 }) {
            collector.batch(&cluster_key, &json!({"batch": part}));
        }
    }
    for number in 0..40 {
        let gone = json!([
            {"type": "track", "event": NAMES[0], "anonymousId": GONE[1], "messageId": format!("a{number}"),
             "properties": {"big": "x".repeat(1000 * (number % 5))}},
            {"type": "page", "name": NAMES[1], "userId": GONE[2], "messageId": format!("b{number}")},
            {"type": "track", "event": "e", "userId": "kept-user", "messageId": format!("c{number}"),
             "properties": {"customerKey": GONE[3]}},
            {"type": "track", "event": "e", "userId": GONE[3], "messageId": format!("d{number}")},
        ]);
        let kept = json!([
            {"type": "track", "event": "e", "userId": "kept-user", "messageId": format!("k{number}")},
            {"type": "page", "name": "p", "anonymousId": "kept-visitor", "messageId": format!("l{number}")},
        ]);
        let both: Vec<Value> = gone
            .as_array()
            .unwrap()
            .iter()
            .chain(kept.as_array().unwrap())
            .cloned()
            .collect();
        match number % 3 {
            0 => drop(collector.batch(&server_key, &json!({"batch": both}))),
            _ => {
                collector.batch(&server_key, &json!({"batch": gone}));
                collector.batch(&server_key, &json!({"batch": kept}));
            }
        }
    }
    let all: Vec<&str> = GONE.into_iter().chain(NAMES).collect();
    assert!(
        found(collector.data(), &all).len() >= all.len(),
        "the test can find them"
    );
    let is_gone = |message: &Value| GONE.iter().any(|gone| message.to_string().contains(gone));
    let expected: Vec<Value> = collector
        .messages()
        .into_iter()
        .filter(|message| !is_gone(message))
        .collect();

    for (option, id) in [
        ("--cluster-id", GONE[0]),
        ("--anonymous-id", GONE[1]),
        ("--user-id", GONE[2]),
        ("--customer-key", GONE[3]),
    ] {
        let said = command(collector.data(), &["forget", option, id]);
        assert!(said.contains("is queued: the running server does it"), "{said}");
    }
    settle(collector.data());
    assert_eq!(collector.messages(), expected);
    assert!(!found(collector.data(), &[kept_cluster, "kept-user"]).is_empty());
    assert!(GONE.iter().all(|gone| !collector.log().contains(gone)));

    // Nor does it come back by what is written afterwards, nor by a restart.
    collector.batch(
        &server_key,
        &json!({"batch": [{"type": "page", "userId": GONE[2]}]}),
    );
    collector.batch(
        &cluster_key,
        &json!({"batch": [report(GONE[0], "s", 40, &json!({}))]}),
    );
    collector.stop();
    assert_eq!(found(collector.data(), &all), Vec::<String>::new());
    collector.restart();
    assert_eq!(collector.messages(), expected);

    let list = command(collector.data(), &["deletions"]);
    assert_eq!(
        list.lines()
            .filter(|line| line.contains(" done ") && line.ends_with(" -"))
            .count(),
        4,
        "{list}"
    );
    for (id, kind, messages, reports) in [
        (1, "cluster", 30, 30),
        (2, "anonymous", 40, 0),
        (3, "user", 40, 0),
        (4, "customer", 80, 0),
    ] {
        let receipt: Value = serde_json::from_str(&command(
            collector.data(),
            &["deletions", "--receipt", &id.to_string()],
        ))
        .unwrap();
        assert_eq!(
            (&receipt["kind"], &receipt["messages"], &receipt["reports"]),
            (&json!(kind), &json!(messages), &json!(reports))
        );
        let signed = format!(
            "heliograph deleted 1\n{id}\n{kind}\n{}\n-\n{}\n{}\n{messages}\n{reports}\n{}\n",
            receipt["subject"].as_str().unwrap(),
            receipt["asked"].as_str().unwrap(),
            receipt["finished"].as_str().unwrap(),
            receipt["batches"]
        );
        let (key, signature) = (
            receipt["publicKey"].as_str().unwrap(),
            receipt["signature"].as_str().unwrap(),
        );
        assert!(holds(key, signed.as_bytes(), signature), "{receipt}");
        assert_eq!(key, command(collector.data(), &["receipt-key"]).trim_end());
    }
    let none = run(collector.data(), &["deletions", "--receipt", "9"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no deletion 9"));
}

#[test]
fn without_a_server_the_command_deletes() {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    let page = |user: &str, id: &str| json!({"type": "page", "userId": user, "messageId": id});
    collector.batch(
        &key,
        &json!({"batch": [page("gone-user", "1"), page("other", "2")]}),
    );
    collector.batch(&key, &json!({"batch": [page("gone-user", "3")]}));
    collector.stop();
    let data = collector.data().to_owned();
    let said = command(&data, &["forget", "--user-id", " gone-user ", "--delete-only"]);
    assert!(
        said.contains("deletion 1 is done") && !said.contains("suppressed"),
        "{said}"
    );
    assert_eq!(found(&data, &["gone-user"]), Vec::<String>::new());
    let said = command(&data, &["forget", "--user-id", "other", "--suppress-only"]);
    assert!(
        said.contains("suppressed") && !said.contains("deletion"),
        "{said}"
    );
    assert_eq!(messages(&data, &[]).len(), 1);

    collector.restart();
    // Deleted, but not suppressed; a repeat is known by its id still. The last batch is empty, and its number is not used again.
    let batch = json!({"batch": [page("gone-user", "3"), page("gone-user", "4"), page("other", "5")]});
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 1, 0));
    let ids: Vec<Value> = collector
        .messages()
        .iter()
        .map(|message| message["messageId"].clone())
        .collect();
    assert_eq!(ids, [json!("2"), json!("4")]);
    command(&data, &["suppressions", "lift", "--user-id", "other"]);
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [page("other", "5")]}))
            .counts(),
        (1, 0, 0)
    );

    for arguments in [
        &["forget"][..],
        &["forget", "--user-id", " "],
        &["forget", "--user-id", "a", "--cluster-id", "b"],
    ] {
        assert!(!run(&data, arguments).status.success());
    }
    let none = data.join("none");
    assert!(!run(&none, &["forget", "--user-id", "a"]).status.success() && !none.exists());
}

/// What an earlier run left undone is done first, and is not taken for what is asked for.
#[test]
fn the_command_does_not_end_with_what_another_run_left() {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    let page = |user: &str| json!({"type": "page", "userId": user, "messageId": user});
    collector.batch(
        &key,
        &json!({"batch": [page("first-user"), page("gone-user"), page("kept")]}),
    );
    collector.stop();
    let data = collector.data().to_owned();
    // A run that was begun, and ended by a kill.
    let connection = Connection::open(data.join("collector.db")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO deletion (kind, subject, hash, through, asked, state) VALUES ('user', 'first-user', x'', 1, 0, 'running');
             INSERT INTO deletion_run (id, step, position) VALUES (1, 'batches', 0);",
        )
        .unwrap();
    drop(connection);
    let said = command(&data, &["forget", "--user-id", "gone-user"]);
    assert!(said.contains("deletion 2 is done"), "{said}");
    assert_eq!(found(&data, &["gone-user", "first-user"]), Vec::<String>::new());
    let receipt = command(&data, &["deletions", "--receipt", "2"]);
    assert_eq!(serde_json::from_str::<Value>(&receipt).unwrap()["messages"], 1);
    assert_eq!(messages(&data, &[]).len(), 1);
}

/// Where the counting report of a slot is deleted and what comes later is kept, the first that stays counts: not none, since the one
/// that would be next is deleted, too.
#[test]
fn a_report_that_stays_counts_where_those_before_it_are_deleted() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    let send = |collector: &TestCollector, secret: &str, units: u32| {
        let properties = json!({"environmentVersion": "1", "health-unit-a-total": units});
        let batch = json!({"batch": [report("c", secret, 3, &properties)]});
        assert_eq!(collector.batch(&key, &batch).status, 200);
    };
    send(&collector, "first", 1);
    send(&collector, "second", 2);
    collector.stop();
    let data = collector.data().to_owned();
    // Asked for, and not begun when the third one comes.
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let hold = "CREATE TRIGGER hold BEFORE INSERT ON deletion_run BEGIN SELECT raise(ABORT, 'held'); END";
    connection.execute_batch(hold).unwrap();
    let output = run(&data, &["forget", "--cluster-id", "c", "--delete-only"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("held"),
        "{output:?}"
    );
    collector.restart();
    send(&collector, "third", 4);
    connection.execute_batch("DROP TRIGGER hold").unwrap();
    settle(&data);
    let shown = messages(&data, &[]);
    let reporter = ReporterId::of_secret(b"third");
    assert!(
        shown.len() == 1 && shown[0]["context"]["reporter"] == reporter.as_str(),
        "{shown:?}"
    );
    let counts: Vec<bool> = time_line(&data).iter().map(|line| line.report.counts).collect();
    assert_eq!(counts, [true]);
    assert!(
        sums(&data).iter().any(|sum| sum.contains(" c ")),
        "{:?}",
        sums(&data)
    );
}

/// A cluster that was flagged since two told of it is one again when one of the two is forgotten, and nothing of what that one said is
/// left.
#[test]
fn a_flag_goes_with_what_told_it() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let send = |secret: &str, hour: u32, nodes: u32| {
        let batch = json!({"batch": [report("c", secret, hour, &json!({"health-unit-a-total": nodes}))]});
        assert_eq!(collector.batch(&key, &batch).status, 200);
    };
    for hour in 0..4 {
        send("first", hour, 3);
        send("second", hour, 5);
        // It says something else the second time.
        send("second", hour, 6);
    }
    let count = |table: &str| query::<i64>(collector.data(), &format!("SELECT count(*) FROM {table}"))[0];
    assert_eq!((count("cluster_flag"), count("report_repeat")), (1, 4));
    let ask = |secret: &str| {
        let body = json!({"clusterId": "c", "reporterSecret": secret}).to_string();
        let headers = [("Authorization", crate::client::basic(&key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = collector
            .client()
            .send("POST", "/v1/forget", &headers, body.as_bytes());
        assert_eq!(answer.unwrap().status, 200);
        settle(collector.data());
    };
    ask("second");
    assert_eq!(
        (
            count("cluster_flag"),
            count("report_repeat"),
            time_line(collector.data()).len()
        ),
        (0, 0, 4)
    );
}

#[test]
fn it_goes_on_after_kill_9_and_touches_nobody_else() {
    const BATCHES: u32 = 600;
    let mut collector = TestCollector::start();
    let (cluster_key, server_key) = (collector.key("cluster"), collector.key("server"));
    let (mut clusters, mut server) = (collector.client(), collector.client());
    let filler = "lorem ipsum ".repeat(40);
    for number in 0..BATCHES {
        let reports: Vec<_> = ["gone", "kept", "other"]
            .iter()
            .map(|cluster| {
                report(
                    cluster,
                    cluster,
                    number,
                    &json!({"environmentVersion": "1", "health-unit-a-total": number}),
                )
            })
            .collect();
        assert_eq!(
            clusters
                .batch(&cluster_key, &json!({"batch": reports}))
                .unwrap()
                .status,
            200
        );
        let pages: Vec<_> = (0..6)
            .map(|page| {
                let user = if page % 2 == 0 { "gone-user".to_owned() } else { format!("user{page}") };
                json!({"type": "page", "name": format!("p{page}"), "userId": user, "messageId": format!("{number}-{page}"),
                       "properties": {"filler": &filler[..usize::try_from(number).unwrap() % filler.len()]}})
            })
            .collect();
        assert_eq!(
            server
                .batch(&server_key, &json!({"batch": pages}))
                .unwrap()
                .status,
            200
        );
    }
    let is_gone = |message: &Value| message["userId"] == "gone-user" || message["anonymousId"] == "gone";
    let (gone, expected): (Vec<Value>, Vec<Value>) = collector.messages().into_iter().partition(is_gone);
    assert_eq!(
        (gone.len(), expected.len()),
        (4 * BATCHES as usize, 5 * BATCHES as usize)
    );
    let days = |data: &Path| -> BTreeSet<String> {
        sums(data)
            .into_iter()
            .filter(|line| line.contains(" kept "))
            .collect()
    };
    let sums_before = days(collector.data());

    command(collector.data(), &["forget", "--user-id", "gone-user"]);
    command(collector.data(), &["forget", "--cluster-id", "gone"]);
    let left = |data: &Path| query::<i64>(data, "SELECT count(*) FROM deletion WHERE state <> 'done'")[0];
    let mut kills = 0_u32;
    while left(collector.data()) > 0 {
        collector.kill();
        kills += 1;
        assert!(kills < 400, "{}", command(collector.data(), &["deletions"]));
        collector.restart();
        // Another moment of the work each time.
        thread::sleep(Duration::from_millis(u64::from(kills * 7 % 40)));
        if kills.is_multiple_of(8) {
            // What comes meanwhile is taken as ever.
            let page = json!({"type": "page", "userId": "kept-user", "messageId": format!("k{kills}")});
            collector.batch(
                &server_key,
                &json!({"batch": [page, {"type": "page", "userId": "gone-user"}]}),
            );
        }
    }
    assert!(kills > 10, "{kills}");
    let (new, rest): (Vec<Value>, Vec<Value>) = collector
        .messages()
        .into_iter()
        .partition(|message| message["userId"] == "kept-user");
    assert_eq!(new.len(), kills as usize / 8);
    assert!(rest == expected, "{} of {}", rest.len(), expected.len());
    assert_eq!(days(collector.data()), sums_before);
    assert_eq!(found(collector.data(), &["gone-user"]), Vec::<String>::new());
    let counted: Vec<i64> = query(collector.data(), "SELECT messages FROM deletion ORDER BY id");
    assert_eq!(counted, [i64::from(3 * BATCHES), i64::from(BATCHES)]);
    let whole: Vec<String> = query(
        collector.data(),
        "SELECT integrity_check FROM pragma_integrity_check",
    );
    assert_eq!(whole, ["ok"]);
    // Every repeat is known still.
    let again = collector.batch(
        &server_key,
        &json!({"batch": [{"type": "page", "userId": "user1", "messageId": "5-1"}]}),
    );
    assert_eq!(again.counts(), (0, 1, 0));
}

/// Who stood beside a reporter that is deleted counts in its place: in the time line, in the records and in the sums.
#[test]
fn another_reporter_counts_where_the_one_that_counted_is_deleted() {
    const UNITS: [(&str, u32); 4] = [("first", 1), ("second", 2), ("third", 4), ("fourth", 8)];
    let one = |secret: &str, hour: u32| {
        let units = UNITS.into_iter().find(|(name, _)| *name == secret).unwrap().1;
        let properties = json!({"environmentVersion": "1", "health-unit-a-total": units});
        report("c", secret, hour, &properties)
    };
    // The cluster is bound to the first, which is silent for a day. Then the second counts, until the first is back.
    let batches: [&[(&str, u32)]; 8] = [
        &[("first", 0)],
        &[("second", 30)],
        &[("third", 30)],
        &[("second", 31), ("third", 31), ("fourth", 31)],
        &[("second", 32)],
        &[("fourth", 32), ("third", 32)],
        &[("first", 33), ("second", 33)],
        // In this one none counts, and so none is to.
        &[("second", 34), ("third", 34)],
    ];
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    for batch in batches {
        let batch: Vec<_> = batch.iter().map(|(secret, hour)| one(secret, *hour)).collect();
        assert_eq!(collector.batch(&key, &json!({"batch": batch})).status, 200);
    }
    let who = |message: &Value| {
        let reporter = message["context"]["reporter"].as_str().unwrap();
        let name = UNITS
            .into_iter()
            .find(|(secret, _)| ReporterId::of_secret(secret.as_bytes()).as_str() == reporter);
        format!(
            "{} {}",
            &message["messageId"].as_str().unwrap()[17..],
            name.unwrap().0
        )
    };
    let shown = |arguments: &[&str]| -> Vec<String> {
        messages(collector.data(), arguments).iter().map(who).collect()
    };
    assert_eq!(
        shown(&[]),
        [
            "01T00Z first",
            "02T06Z second",
            "02T07Z second",
            "02T08Z second",
            "02T09Z first"
        ]
    );
    let body = json!({"clusterId": "c", "reporterSecret": "second"}).to_string();
    let headers = [("Authorization", crate::client::basic(&key))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = collector
        .client()
        .send("POST", "/v1/forget", &headers, body.as_bytes())
        .unwrap();
    assert_eq!(
        (answer.status, &answer.json()["forgotten"]["scope"]),
        (200, &json!("reporter"))
    );
    settle(collector.data());

    assert_eq!(
        shown(&[]),
        [
            "01T00Z first",
            "02T06Z third",
            "02T07Z third",
            "02T08Z fourth",
            "02T09Z first"
        ]
    );
    assert_eq!(shown(&["--all"]).len(), 8);
    let line = time_line(collector.data());
    assert_eq!(line.iter().filter(|line| line.report.counts).count(), 5);
    let speakers: Vec<i64> = query(collector.data(), "SELECT count(*) FROM cluster_reporter");
    assert_eq!(speakers, [3]);

    // The sums are those of what is shown.
    let other = TestCollector::start();
    let other_key = other.key("cluster");
    for (number, message) in collector.messages().iter_mut().enumerate() {
        // From one reporter, so that all count.
        message["context"]["reporter"] = json!(ReporterId::of_secret(b"first").as_str());
        assert_eq!(
            other.batch(&other_key, &json!({"batch": [message]})).counts(),
            (1, 0, 0),
            "{number}"
        );
    }
    assert_eq!(sums(collector.data()), sums(other.data()));
}

/// The sums of all days, by name.
pub(crate) fn sums(data: &Path) -> BTreeSet<String> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let name = |table: &str, column: &str, id: i64| -> String {
        let sql = format!("SELECT {column} FROM {table} WHERE id = ?");
        connection
            .query_row(&sql, [id], |row| row.get(0))
            .unwrap_or_default()
    };
    let mut days = connection
        .prepare("SELECT day, cluster, sums FROM cluster_day")
        .unwrap();
    let rows: Vec<(i64, i64, Vec<u8>)> = days
        .query_map((), |row| row.try_into())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut all = BTreeSet::new();
    for (day, cluster, bytes) in rows {
        let cluster = name("cluster", "name", cluster);
        for (at, amounts) in heliograph_collector::delta::Sums::decode(&bytes).unwrap().iter() {
            let edition = name(
                "edition",
                "version || '/' || provider || '/' || variant",
                at.edition.cast_signed(),
            );
            let key = match at.name() {
                Some(term) => name("term", "text", term.cast_signed()),
                None => at.key.to_string(),
            };
            let key = format!("{key} {:?}", at.hour());
            all.insert(format!(
                "{day} {cluster} {edition} {:?} {key} {:?}",
                at.facet, amounts.0
            ));
        }
    }
    all
}
