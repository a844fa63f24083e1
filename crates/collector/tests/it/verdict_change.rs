//! Changed verdicts: each is noticed once, and they are a feed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use heliograph_collector::delta::Day;
use heliograph_collector::store::{Changes, Judgement, Reader, Said, Store};
use heliograph_collector::verdict::REVISION;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, basic};
use crate::collector::{TestCollector, run};

/// Of these nobody forgets the version.
pub(crate) const VERSION: &str = "1.13 <\"beta\">\u{b}";
const DAYS: (Day, Day) = (Day(20_000), Day(20_001));
const VERDICTS: [&str; 4] = ["regressed", "improved", "no evidence", "not enough data"];

/// What is said of units.
fn judgement(data: &Path, said: &[(&str, &str)], revision: i64) -> Judgement {
    let said = said.iter().map(|(unit, verdict)| Said {
        version: VERSION.to_owned(),
        unit: (*unit).to_owned(),
        verdict: (*verdict).to_owned(),
        tells: ["regressed", "improved"].contains(verdict),
        numbers: numbers(unit, verdict).to_string(),
    });
    let reader = Reader::open(data).unwrap();
    Judgement {
        days: DAYS,
        state: reader.snapshot().unwrap().state(DAYS).unwrap(),
        revision,
        installations: 400,
        rows: Vec::new(),
        said: said.collect(),
        deliver: true,
    }
}

fn numbers(unit: &str, verdict: &str) -> Value {
    json!({
        "version": VERSION, "unit": unit, "verdict": verdict, "reason": "", "since": "2024-10-01", "chance": 0.001, "ratio": 4.5,
        "ratioLow": 2.25, "ratioHigh": null, "before": 0.002, "after": 0.01, "controlBefore": 0.002, "controlAfter": 0.002,
        "difference": 0.008, "window": 7, "upgraded": 200, "compared": 120, "controls": 130, "quiet": 3, "silent": 17,
        "pending": 1, "leftOut": 2, "observed": 123456, "predecessors": "1.12",
    })
}

fn write(store: &mut Store, judgement: &Judgement, crash: bool) {
    let mut commit = store.begin().unwrap();
    commit
        .keep_judgement(judgement, Timestamp::from_second(1_800_000_000).unwrap())
        .unwrap();
    if !crash {
        commit.finish().unwrap();
    }
}

/// Keeps a judgement as the server does; the first one only says how things are.
pub(crate) fn judge(data: &Path, said: &[(&str, &str)]) {
    edition(data);
    write(
        &mut Store::open(data).unwrap(),
        &judgement(data, said, REVISION),
        false,
    );
}

fn edition(data: &Path) {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let sql = "INSERT INTO edition (version, provider, variant) SELECT ?1, '', '' WHERE ?1 NOT IN (SELECT version FROM edition)";
    connection.execute(sql, [VERSION]).unwrap();
}

fn changes(data: &Path) -> Changes {
    Reader::open(data).unwrap().verdict_changes(u32::MAX).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is said, judged again, or lost with the process: each change is noticed once, in the order of judgements.
    #[test]
    fn each_change_is_noticed_once(steps in vec((vec(0..5_usize, 3), 1..3_usize, any::<bool>()), 1..10)) {
        let dir = TempDir::new().unwrap();
        let data = dir.path();
        let mut store = Store::open(data).unwrap();
        edition(data);
        let mut model: Option<BTreeMap<&str, &str>> = None;
        let mut expected = Vec::new();
        for (verdicts, times, crash) in steps {
            // One too many stands for a unit of which nothing is known any more.
            let said: Vec<_> = ["a", "b", "c"].into_iter().zip(&verdicts)
                .filter_map(|(unit, verdict)| Some((unit, *VERDICTS.get(*verdict)?)))
                .collect();
            let judgement = judgement(data, &said, REVISION);
            if crash {
                write(&mut store, &judgement, true);
            }
            for _ in 0..times {
                write(&mut store, &judgement, false);
            }
            let now: BTreeMap<_, _> = said.into_iter().collect();
            // Where nothing is said of the version at all, it was not judged.
            let Some(before) = &model else {
                model = Some(now);
                continue;
            };
            if now.is_empty() {
                continue;
            }
            for unit in ["a", "b", "c"] {
                let of = |said: &BTreeMap<&str, &'static str>| said.get(unit).copied().unwrap_or("not enough data");
                let (was, is) = (before.get(unit).copied().unwrap_or("not enough data"), of(&now));
                if was != is && (VERDICTS[..2].contains(&was) || VERDICTS[..2].contains(&is)) {
                    expected.push((unit.to_owned(), was.to_owned(), is.to_owned()));
                }
            }
            model = Some(now);
        }
        let mut noticed: Vec<_> = changes(data).latest.into_iter().map(|change| (change.unit, change.before, change.after)).collect();
        noticed.reverse();
        // Of one judgement, those that vanished come last.
        let (mut noticed_sorted, mut expected_sorted) = (noticed, expected);
        noticed_sorted.sort();
        expected_sorted.sort();
        prop_assert_eq!(noticed_sorted, expected_sorted);
    }
}

#[test]
fn how_things_are_at_first_and_for_another_judge_is_no_change() {
    let dir = TempDir::new().unwrap();
    let data = dir.path();
    let mut store = Store::open(data).unwrap();
    edition(data);
    let mut say =
        |said: &[(&str, &str)], revision| write(&mut store, &judgement(data, said, revision), false);
    say(&[("a", "regressed"), ("b", "no evidence")], 1);
    assert!(changes(data).latest.is_empty());
    say(&[("a", "regressed"), ("b", "improved")], 2);
    assert!(changes(data).latest.is_empty());
    say(&[("a", "regressed"), ("b", "no evidence")], 2);
    let all = changes(data);
    let [change] = all.latest.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(
        (&*change.unit, &*change.before, &*change.after),
        ("b", "improved", "no evidence")
    );
    assert_eq!((change.day, &*change.version), (DAYS.1, VERSION));
    // What it is called stays.
    assert_eq!(changes(data), all);

    // Days that have changed since are not what was judged.
    let stale = Judgement {
        state: 1,
        ..judgement(data, &[("a", "improved")], 2)
    };
    write(&mut store, &stale, false);
    assert_eq!(changes(data), all);
}

fn get(collector: &TestCollector, authorization: &str) -> Answer {
    let headers = [("Authorization", authorization)];
    collector
        .client()
        .send("GET", "/api/v1/release-health/feed", &headers, b"")
        .unwrap()
}

/// The feed, as a parser of XML understands it.
fn parsed(xml: &[u8]) -> Value {
    const SCRIPT: &str = r#"
import json, sys, xml.etree.ElementTree as tree
ATOM = "{http://www.w3.org/2005/Atom}"
def read(element):
    found = {}
    for child in element:
        name = child.tag.removeprefix(ATOM)
        value = read(child) if name in ("entry", "author") else {**child.attrib, "text": child.text}
        found.setdefault(name, []).append(value)
    return found
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == ATOM + "feed", root.tag
json.dump(read(root), sys.stdout)
"#;
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(xml).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(xml));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn changes_are_a_feed() {
    let collector = TestCollector::with(&[("public_url", "https://telemetry.example/x")]);
    let data = collector.data();
    let output = run(data, &["token", "add", "--scope", "read"]);
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let bearer = format!("Bearer {token}");
    let read = || {
        let answer = get(&collector, &bearer);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/atom+xml; charset=utf-8"))
        );
        (parsed(&answer.body), answer)
    };
    let (empty, _) = read();
    let text = |value: &Value| value[0]["text"].as_str().unwrap().to_owned();
    assert!(empty["entry"].is_null() && text(&empty["id"]).starts_with("urn:uuid:"));
    assert!(text(&empty["updated"]).parse::<Timestamp>().is_ok());

    judge(data, &[]);
    judge(data, &[("a&b", "regressed")]);
    judge(data, &[("a&b", "no evidence"), ("c", "improved")]);
    let (feed, answer) = read();
    assert_eq!(feed["id"], empty["id"]);
    assert_eq!(feed["author"][0]["name"][0]["text"], "Heliograph collector");
    let link = &feed["link"][0];
    assert_eq!(
        (&link["rel"], &link["href"]),
        (
            &json!("self"),
            &json!("https://telemetry.example/x/api/v1/release-health/feed")
        )
    );
    let entries = feed["entry"].as_array().unwrap();
    let titles: Vec<_> = entries.iter().map(|entry| text(&entry["title"])).collect();
    let version = VERSION.replace('\u{b}', "\u{fffd}");
    assert_eq!(
        titles,
        [
            format!("c in {version}: improved"),
            format!("a&b in {version}: no evidence"),
            format!("a&b in {version}: regressed")
        ]
    );
    let mut ids: Vec<_> = entries.iter().map(|entry| text(&entry["id"])).collect();
    assert!(ids.iter().all(|id| id.starts_with("urn:uuid:") && id.len() == 45));
    ids.push(text(&feed["id"]));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let last = &entries[2];
    assert_eq!(
        (last["category"][0]["term"].as_str(), text(&last["updated"])),
        (Some("regressed"), "2027-01-15T08:00:00.000Z".to_owned())
    );
    assert_eq!(last["link"][0]["rel"], "alternate");
    let said = text(&last["content"]);
    for part in [
        "before: not enough data",
        "0.200 %",
        "1.000 %",
        "2.25 to any",
        "200 installations upgraded",
        "17 fell silent",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    // It is told where it has not changed, and to nobody else.
    let tag = answer.header("etag").unwrap().to_owned();
    let headers = [("Authorization", &*bearer), ("If-None-Match", &*tag)];
    let again = collector
        .client()
        .send("GET", "/api/v1/release-health/feed", &headers, b"")
        .unwrap();
    assert_eq!(again.status, 304);
    let password = format!("Basic {}", STANDARD.encode(format!("reader:{token}")));
    assert_eq!(get(&collector, &password).status, 200);
    assert_eq!(get(&collector, "Bearer hgt_no").status, 401);
    assert_eq!(get(&collector, &basic(&collector.key("server"))).status, 401);
}
