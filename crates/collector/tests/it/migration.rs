//! A database of any earlier release is brought up to date with all that is in it, and goes on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use heliograph_collector::delta::{Amounts, Coordinate, Facet, Sums, hash};
use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::key::WriteKey;
use heliograph_collector::secret::Secrets;
use heliograph_collector::store::{Place, Reported, Store};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, messages, run};
use crate::day::{Days, days};
use crate::deletion::settle;
use crate::time_line::time_line;

/// The key that all of it was sent with.
const KEY: &str = "0123456789abcdefghijklmnopqrstuv";
pub(crate) const APPLICATION: i64 = 0x4867_436f;
/// A reporter.
const WHO: &str = "x'02000000000000000000000000000000'";
/// From 1 to 40.
const NUMBERS: &str =
    "numbers (value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM numbers WHERE value < 40)";
/// Filled for moments only, within a deletion.
const PASSING: &str = "deletion_recount";

/// What a release wrote, from one schema to another.
struct Rows {
    since: usize,
    until: usize,
    sql: String,
}

pub(crate) fn migrations() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migration");
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

fn report(cluster: &str, hour: u32) -> Value {
    json!({
        "type": "track", "event": "health", "anonymousId": cluster,
        "messageId": format!("{cluster}:health:2025-03-01T{hour:02}Z"),
        "properties": {"environmentVersion": "1.13", "health-unit-a-total": 3},
        "timestamp": format!("2025-03-01T{hour:02}:30:00Z"),
    })
}

/// A batch: two reports, one of somebody who is to be forgotten, and a page.
fn records() -> Vec<u8> {
    let page = json!({"type": "page", "messageId": "p", "name": "/nodes", "userId": "u1", "timestamp": "2025-03-01T05:40:00Z"});
    let lines =
        [report("c1", 5), report("gone", 5), page].map(|message| format!("{{\"key\":1}}\t{message}\n"));
    zstd::bulk::compress(lines.concat().as_bytes(), 1).unwrap()
}

fn literal(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{hex}'")
}

fn sums(edition: u64, parts: &[(Facet, u64, i64)]) -> String {
    let part = |(facet, key, amount): &(Facet, u64, i64)| {
        let (facet, key) = (*facet, *key);
        (Coordinate { edition, facet, key }, Amounts([*amount, 0, 0]))
    };
    literal(&Sums::of(parts.iter().map(part).collect()).encode())
}

/// What every release has written, as long as it did so.
fn rows(suppression_key: &[u8]) -> Vec<Rows> {
    let always = |since: usize, sql: &str| Rows {
        since,
        until: usize::MAX,
        sql: sql.to_owned(),
    };
    let key = WriteKey::stated(KEY).unwrap();
    let (digest, records) = (literal(&key.digest().0), records());
    let (size, records) = (records.len(), literal(&records));
    let of_cluster = sums(
        1,
        &[(Facet::Hour, 5, 1), (Facet::Unit, 1, 3), (Facet::Event, 2, 1)],
    );
    let of_none = sums(
        2,
        &[
            (Facet::Page, 3, 1),
            (Facet::Call, 4, 1),
            (Facet::User, hash("user", "u1"), 1),
        ],
    );
    let (hour, day) = (
        "unixepoch('2025-03-01T05:00:00Z') / 3600",
        "unixepoch('2025-03-01') / 86400",
    );
    let first = format!(
        "INSERT INTO key (id, kind, name, prefix, digest, created) VALUES (1, 'cluster', 'old', '{}', {digest}, 5);
         INSERT INTO batch (id, received, messages, size, records)
             VALUES (1, unixepoch('2025-03-01T06:00:00Z') * 1000, 3, {size}, {records});
         INSERT INTO fresh_ids (batch, hour, ids) VALUES (1, {hour} + 1, zeroblob(16));
         INSERT INTO id_block (hour, run, first, ids) VALUES ({hour} - 1, 1, zeroblob(16), zeroblob(16));
         INSERT INTO cluster (id, name, reporter, created) VALUES (1, 'c1', x'', 5), (2, 'gone', x'', 6);
         INSERT INTO event (id, name) VALUES (1, 'health');
         INSERT INTO outcome (day, key, name, count) VALUES ({day}, 1, 'accepted', 3);",
        key.prefix()
    );
    let second = format!(
        "INSERT INTO cluster_reporter (cluster, reporter, created) VALUES (1, x'', 5), (2, x'', 6) ON CONFLICT DO NOTHING;
         INSERT INTO suppression (subject, cluster, asker, asked) VALUES (zeroblob(16), zeroblob(16), x'', 8);
         INSERT INTO suppression_key (id, digest) VALUES (1, {});
         INSERT INTO bundle (sha256, imported, messages) VALUES ('b5', 5, 1);",
        literal(suppression_key)
    );
    let third = format!(
        "INSERT INTO term (id, text) VALUES (1, 'a'), (2, 'health'), (3, '/nodes'), (4, 'page');
         INSERT INTO edition (id, version, provider, variant) VALUES (1, '1.13', '', ''), (2, '', '', '');
         INSERT INTO cluster_day (day, cluster, sums)
             VALUES ({day}, 0, {of_none}), ({day}, 1, {of_cluster}), ({day}, 2, {of_cluster});"
    );
    let deletions = |state: &str| {
        format!(
            "INSERT INTO deletion (id, kind, subject, hash, through, asked, state)
                 VALUES (1, 'cluster', 'gone', x'00', 1, 9, '{state}');
             INSERT INTO deletion (id, kind, hash, through, asked, state, finished, receipt)
                 VALUES (2, 'user', zeroblob(16), 1, 9, 'done', 9, '{{}}');"
        )
    };
    let within = |since, until, sql: String| Rows { since, until, sql };
    // Of one that says who it is, too: many events, and parts, of which one is from another batch, and one counts.
    let reports = |more: &str, values: &str| {
        format!(
            "INSERT INTO event (id, name) WITH RECURSIVE {NUMBERS} SELECT value, 'e' || value FROM numbers WHERE value > 1;
             INSERT INTO report (hour, cluster, event, part, reporter, counts, digest, received, batch{more})
             WITH RECURSIVE {NUMBERS} SELECT {hour}, cluster, event, part, reporter, counts, digest, 5, batch{values} FROM (
                 SELECT 1 AS cluster, 1 AS event, 1 AS part, x'' AS reporter, 1 AS counts, 7 AS digest, 1 AS batch
                 UNION ALL VALUES (2, 1, 1, x'', 1, 7, 1)
                 UNION ALL SELECT 1, value, 1, {WHO}, 0, -value, 300 FROM numbers
                 UNION ALL VALUES (1, 3, 4294967295, {WHO}, 1, 9223372036854775807, 17179869184)
                 UNION ALL VALUES (1, 4, 1, x'01000000000000000000000000000000', 0, 4, 70000))"
        )
    };
    let nodes = ", CASE WHEN part > 1 THEN 9223372036854775807 WHEN event % 2 = 1 THEN event * 1000 WHEN event % 4 = 0 THEN event END";
    vec![
        always(1, &first),
        within(1, 7, reports("", "")),
        within(8, 15, reports(", nodes", nodes)),
        always(
            16,
            &format!(
                "INSERT INTO time_line (hour, cluster, shelf, reports)
                     VALUES ({hour}, 1, 0, x'0201110000000000000007'), ({hour}, 2, 0, x'0201110000000000000007')"
            ),
        ),
        always(2, &second),
        within(
            2,
            4,
            "INSERT INTO deletion (cluster, through, asked, state) VALUES (2, 1, 9, 'queued')".to_owned(),
        ),
        always(3, &third),
        always(
            4,
            &format!("INSERT INTO violation (day, key, name, count) VALUES ({day}, 1, 'unknown_event', 2)"),
        ),
        within(5, 8, deletions("queued")),
        always(
            6,
            "INSERT INTO outcome_sample (reason, place, number, received, key, event, message_id, hint, subjects)
             VALUES ('rejected.no_event', 0, 1, 5, 1, 'e', 'm', '', x'')",
        ),
        always(
            7,
            &format!("INSERT INTO key_usage (day, key, bytes, messages) VALUES ({day}, 1, 10, 3)"),
        ),
        always(
            8,
            &format!(
                "INSERT INTO report_repeat (hour, cluster, reporter, nodes) VALUES ({hour}, 1, x'', 3);
                 INSERT INTO cluster_flag (day, cluster, flag) VALUES ({day}, 1, 'clone');"
            ),
        ),
        // One that was under way.
        within(9, usize::MAX, deletions("running")),
        always(
            9,
            "INSERT INTO deletion_run (id, step, position) VALUES (1, 'batches', 0);
             INSERT INTO deletion_trace (name, number) VALUES ('event', 1);",
        ),
        always(
            10,
            "INSERT INTO token (scope, name, prefix, digest, created) VALUES ('read', 'old token', 'abcdef', zeroblob(32), 5);
             INSERT INTO regulation (action, kind, subjects, asked) VALUES ('delete', 'user', 1, 9);",
        ),
        always(
            11,
            &format!(
                "INSERT INTO day_change (day, change) VALUES ({day}, 2);
                 INSERT INTO sheet (day, change, lines, reporting, holders) VALUES ({day}, 1, x'', x'', x'');
                 INSERT INTO sheet_column (day, facet, key, cells) VALUES ({day}, 2, 1, x'');"
            ),
        ),
        always(
            15,
            &format!("INSERT INTO drift (day, seconds, requests) VALUES ({day}, -3, 4)"),
        ),
        always(
            19,
            &format!(
                "INSERT INTO judgement (last, first, state, revision, installations, rows) VALUES ({day}, {day}, 1, 1, 1, x'')"
            ),
        ),
        always(
            20,
            "INSERT INTO verdict (version, unit, verdict) VALUES ('1.13', 'a', 'regressed');
             INSERT INTO verdict_change (id, uuid, noticed, day, version, unit, before, after, numbers)
                 VALUES (1, zeroblob(16), 5, 6, '1.13', 'a', 'no evidence', 'regressed', 'null');
             INSERT INTO webhook_outbox (change, tries, due) VALUES (1, 2, 3);
             INSERT INTO webhook_gone (id, url) VALUES (1, zeroblob(32));",
        ),
        always(
            18,
            "INSERT INTO user (id, name, role, password, created, changed) VALUES (1, 'ada', 'admin', '$argon2id$', 5, 6);
             INSERT INTO session (digest, user, began, used) VALUES (zeroblob(32), 1, 5, 6);
             INSERT INTO invitation (id, digest, until) VALUES (1, zeroblob(32), 5);
             INSERT INTO look_up (hour, by, who, what, kind, subject, hash, count, last)
                 VALUES (1, 'user', 'ada', 'time-line', 'cluster', 'c1', zeroblob(16), 2, 3600000);",
        ),
        always(
            21,
            "INSERT INTO forward (target, batch, active, orders) VALUES ('https://a.example', 1, 1, 1);
             INSERT INTO forward_order (target, action, kind, subject, limited)
                 VALUES ('https://a.example', 'DELETE_ONLY', 'user', 'u', 0);
             INSERT INTO forward_refused (target, batch, message_id, what, at) VALUES ('https://a.example', 1, 'm', '400', 5);",
        ),
    ]
}

/// A database as the release with a schema left it.
fn write(data: &Path, version: usize, suppression_key: &[u8]) {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    for migration in &migrations()[..version] {
        connection.execute_batch(migration).unwrap();
    }
    for rows in rows(suppression_key) {
        if (rows.since..=rows.until).contains(&version) {
            connection.execute_batch(&rows.sql).unwrap();
        }
    }
    connection
        .pragma_update(None, "application_id", APPLICATION)
        .unwrap();
    connection
        .pragma_update(None, "user_version", i64::try_from(version).unwrap())
        .unwrap();
    let tables: Vec<String> = strings(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    for table in tables.iter().filter(|table| *table != PASSING) {
        let any = strings(&connection, &format!("SELECT 'any' FROM {table} LIMIT 1"));
        assert_eq!(any, ["any"], "write something into {table} of schema {version}");
    }
}

pub(crate) fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn succeed(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The secrets of a data directory, and what the database recognises them by.
fn secrets() -> (TempDir, Vec<u8>) {
    let dir = TempDir::new().unwrap();
    let secrets = Secrets::load_or_make(dir.path(), &SystemEntropy).unwrap();
    let elsewhere = TempDir::new().unwrap();
    let mut store = Store::open(elsewhere.path()).unwrap();
    assert!(store.check_subject_key(&secrets.subjects).unwrap());
    let connection = Connection::open(elsewhere.path().join("collector.db")).unwrap();
    let sql = "SELECT digest FROM suppression_key";
    let digest = connection.query_row(sql, (), |row| row.get(0)).unwrap();
    (dir, digest)
}

/// What was there and is to be there still, as far as a schema had room for it.
fn check_what_was(data: &Path, version: usize) {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    for (since, sql, expected) in [
        (1, "SELECT name FROM key", "old"),
        (
            1,
            "SELECT hex(ids) FROM id_block WHERE hour < unixepoch('2025-03-01T05:00:00Z') / 3600",
            &*"00".repeat(16),
        ),
        (
            1,
            "SELECT group_concat(cluster.name || reporter.created) FROM cluster_reporter AS reporter JOIN cluster ON id = cluster
             WHERE cluster.name <> 'c2' AND reporter.reporter = x''",
            "c15",
        ),
        (
            1,
            "SELECT name || count FROM outcome WHERE day = unixepoch('2025-03-01') / 86400",
            "accepted3",
        ),
        (1, "SELECT integrity_check FROM pragma_integrity_check", "ok"),
        (
            2,
            "SELECT hex(subject) || asked FROM suppression WHERE asked = 8",
            &*format!("{}8", "00".repeat(16)),
        ),
        (2, "SELECT sha256 FROM bundle", "b5"),
        (4, "SELECT name || count FROM violation WHERE day = unixepoch('2025-03-01') / 86400", "unknown_event2"),
        (5, "SELECT kind || receipt FROM deletion WHERE id = 2", "user{}"),
        (6, "SELECT reason FROM outcome_sample WHERE message_id = 'm'", "rejected.no_event"),
        (
            7,
            "SELECT bytes || ' ' || messages FROM key_usage WHERE day = unixepoch('2025-03-01') / 86400",
            "10 3",
        ),
        (8, "SELECT flag FROM cluster_flag", "clone"),
        (8, "SELECT format('%d', nodes) FROM report_repeat", "3"),
        (10, "SELECT name FROM token", "old token"),
        (18, "SELECT name || role || password FROM user", "adaadmin$argon2id$"),
        (18, "SELECT user || ' ' || used FROM session", "1 6"),
        (20, "SELECT unit || before || after FROM verdict_change", "ano evidenceregressed"),
        (10, "SELECT action FROM regulation", "delete"),
        (15, "SELECT concat_ws(' ', seconds, requests) FROM drift WHERE day = unixepoch('2025-03-01') / 86400", "-3 4"),
    ] {
        if version >= since {
            assert_eq!(strings(&connection, sql), [expected], "{sql} of schema {version}");
        }
    }
}

/// The reports of the hour that was there are what they were.
fn check_reports(data: &Path, sized: bool) {
    let mut line = time_line(data);
    let hour = line[0].hour;
    line.retain(|line| line.hour == hour && line.cluster.as_deref() == Some("c1"));
    let report = |event, part, reporter: u8, counts, digest, batch| Reported {
        reporter: (reporter > 0).then(|| std::array::from_fn(|at| if at == 0 { reporter } else { 0 })),
        batch,
        place: Place { event, part },
        counts,
        digest,
        nodes: match () {
            () if !sized => None,
            () if part > 1 => Some(i64::MAX),
            () if event % 2 == 1 => Some(event * 1000),
            () => (event % 4 == 0).then_some(event),
        },
    };
    let mut expected: Vec<_> = (1..=40)
        .map(|event| report(event, 1, 2, false, -event, 300))
        .collect();
    expected.push(report(1, 1, 0, true, 7, 1));
    expected.push(report(3, 4_294_967_295, 2, true, i64::MAX, 1 << 34));
    expected.push(report(4, 1, 1, false, 4, 70_000));
    expected.sort();
    let mut reports: Vec<_> = line.into_iter().map(|line| line.report).collect();
    reports.sort();
    assert_eq!(reports, expected);
}

#[test]
fn every_schema_is_brought_up_to_date() {
    let (secrets, suppression_key) = secrets();
    let (mut ends, mut answers) = (BTreeSet::<Vec<String>>::new(), BTreeSet::new());
    // The present one, too, so that whoever adds a table fills it here.
    for version in 1..=migrations().len() {
        let dir = TempDir::new().unwrap();
        let data = dir.path();
        for file in fs::read_dir(secrets.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), data.join(file.file_name())).unwrap();
        }
        write(data, version, &suppression_key);
        if version < 3 {
            // There were no sums.
            let output = run(data, &["rebuild", "--check"]);
            assert!(
                String::from_utf8(output.stderr)
                    .unwrap()
                    .contains("start `serve` once")
            );
            assert!(succeed(data, &["rebuild"]).ends_with("mended\n"));
        }
        let mut collector = TestCollector::in_dir(data, &[("retention_raw", "forever")]);
        if version < 2 {
            // There was no way yet.
            succeed(data, &["forget", "--delete-only", "--cluster-id", "gone"]);
        }
        settle(data);
        // What was there is known, and there is more to come.
        let batch = json!({"batch": [report("c1", 5), report("c1", 6), report("c2", 6)]});
        assert_eq!(
            collector.batch(KEY, &batch).counts(),
            (2, 1, 0),
            "of schema {version}"
        );
        let stored = messages(data, &[]);
        assert_eq!(stored.len(), 4);
        assert!(!stored.iter().any(|message| message["anonymousId"] == "gone"));
        check_what_was(data, version);
        if version < 16 {
            check_reports(data, version >= 8);
        }
        assert!(
            !succeed(
                data,
                &[
                    "ask",
                    "active-installations",
                    "--from=2025-03-01",
                    "--to=2025-03-01"
                ]
            )
            .is_empty()
        );
        collector.kill();

        let said = succeed(data, &["rebuild"]);
        assert!(
            said.ends_with("all is as it was stored\n"),
            "of schema {version}: {said}"
        );
        let days: Days = days(data);
        ends.insert(days.iter().map(|day| format!("{day:?}")).collect());
        answers.insert(succeed(
            data,
            &[
                "ask",
                "active-installations",
                "--format=csv",
                "--from=2025-03-01",
                "--to=2025-03-01",
            ],
        ));
    }
    let ends: Vec<_> = ends.into_iter().collect();
    let [end] = &ends[..] else { panic!("{ends:#?}") };
    assert!(
        end.iter()
            .any(|sum| sum.contains("\"c1\", \"1.13\", \"Unit a\"), [6, 0, 0]")),
        "{end:#?}"
    );
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(
        answers.iter().all(|answer| answer.contains("1.13")),
        "{answers:?}"
    );
}
