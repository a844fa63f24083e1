//! Whole fleets, where one of their clusters is forgotten, or only some count: every answer is that of a collector that never heard of
//! the others. And where each installation stands, against what is true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use heliograph_collector::delta::Day;
use heliograph_collector::question::{
    self, Filter, Flag, Format, Page, Scope, Shape, Tier, installations, time_line,
};
use heliograph_collector::store::{Reader, Store};
use heliograph_fleet::generate::{ClusterTruth, Fleet, FleetTruth, Kind, Preset, Settings};
use heliograph_wire::id::Hour;
use serde_json::Value;
use tempfile::TempDir;

use crate::collector::{TestCollector, run};
use crate::deletion::settle;
use crate::question::keep;

/// A fleet of all kinds of installations, long enough for some to be confirmed.
fn settings() -> Settings {
    Settings {
        seed: 11,
        installations: 16,
        days: 9,
        newcomers: 0.5,
        silent: 0.25,
        clones: 0.25,
        ci: 1.5,
        enterprise: 0.5,
        unreachable: 0.01,
        ..Preset::Small.settings()
    }
}

/// What it sends, a message a line, and what is true.
fn fleet() -> (Vec<String>, FleetTruth) {
    let mut lines = Vec::new();
    let sent = Fleet::new(&settings()).run(|message| -> std::io::Result<()> {
        lines.push(String::from_utf8(message.text.to_vec()).unwrap());
        Ok(())
    });
    let truth = sent.unwrap();
    (lines, truth)
}

/// Takes in the lines that are chosen.
fn import(lines: &[String], chosen: impl Fn(&str) -> bool) -> TestCollector {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fleet.ndjson");
    let lines: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| chosen(line))
        .collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let mut collector = TestCollector::start();
    collector.stop();
    let output = run(collector.data(), &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    collector
}

/// Whether a message is of one of these clusters.
fn is_of<'a>(clusters: &'a BTreeSet<String>) -> impl Fn(&str) -> bool + 'a {
    |line| {
        let (_, id) = line.split_once("\"anonymousId\":\"").unwrap();
        clusters.contains(id.split_once('"').unwrap().0)
    }
}

/// The answer to a question, as JSON without what tells of the filter; or why there is none.
fn answer(data: &Path, name: &str, pairs: &[(&str, &str)]) -> Result<Value, String> {
    let asked = question::find(name).unwrap();
    let takes = |name: &str| asked.parameters().any(|known| known.name == name);
    let pairs = pairs.iter().copied().filter(|(name, _)| takes(name));
    // Long after.
    let filter = asked.filter(pairs, "2030-01-01T00Z".parse().unwrap()).unwrap();
    let reader = Reader::open(data).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let scope = Scope::new(&snapshot, &filter).unwrap();
    let shape = Shape {
        format: Format::Json,
        page: Page::default(),
    };
    let rendered = (asked.ask)(&scope, &shape).map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_str(&rendered.text).unwrap();
    let told = answer.as_object_mut().unwrap();
    told.remove("counted");
    told.remove("leftOut");
    Ok(answer)
}

/// Every question in every way, but of what became of messages: that is counted when they come.
fn answers(data: &Path, truth: &FleetTruth, more: &[(&str, &str)]) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    for asked in question::ALL
        .iter()
        // Verdicts are of days that are over, which messages of others show, too.
        .filter(|asked| asked.name != "ingest-quality" && !asked.name.starts_with("release-health"))
    {
        for (span, group) in [("all", "none"), ("day", "version"), ("week", "provider")] {
            let days = [("from", truth.from.as_str()), ("to", &truth.to)];
            let ways = [("per", span), ("by", group)];
            let pairs = [&days[..], &ways[..], more].concat();
            match answer(data, asked.name, &pairs) {
                Ok(answer) => drop(answers.insert(format!("{} {span} {group}", asked.name), answer)),
                Err(error) => assert!(error.contains("say which "), "{}: {error}", asked.name),
            }
        }
    }
    answers
}

fn all(truth: &FleetTruth, chosen: impl Fn(&ClusterTruth) -> bool) -> BTreeSet<String> {
    let clusters = truth.clusters.iter().filter(|cluster| chosen(cluster));
    clusters.map(|cluster| cluster.id.clone()).collect()
}

#[test]
fn without_a_cluster_that_is_forgotten_answers_are_as_if_it_had_never_reported() {
    let (lines, truth) = fleet();
    // One of the largest stories: it reported from the first day on, was upgraded, and has a copy beside it.
    let gone = truth
        .clusters
        .iter()
        .filter(|cluster| cluster.kind == Kind::Clone && cluster.starts.len() > 1)
        .max_by_key(|cluster| cluster.messages)
        .unwrap();
    let forgotten = BTreeSet::from([gone.id.clone()]);
    let mut collector = import(&lines, |_| true);
    keep_sheets(collector.data());
    let before = answers(collector.data(), &truth, &[]);
    collector.restart();
    let output = run(collector.data(), &["forget", "--cluster-id", &gone.id]);
    assert!(output.status.success(), "{output:?}");
    settle(collector.data());
    collector.stop();

    let never = import(&lines, |line| !is_of(&forgotten)(line));
    let after = answers(collector.data(), &truth, &[]);
    assert_ne!(before, after);
    assert_eq!(after, answers(never.data(), &truth, &[]));
    keep_sheets(collector.data());
    assert_eq!(after, answers(collector.data(), &truth, &[]));
    for search in [&gone.id, &gone.customer_key, &gone.license_id] {
        let pairs = [("from", &*truth.from), ("to", &*truth.to), ("search", search)];
        let found = answer(collector.data(), "time-line", &pairs);
        assert!(search.is_empty() || found.unwrap_err().contains("no cluster"));
    }
}

/// As a server does that has come to rest.
fn keep_sheets(data: &Path) {
    let stale = Reader::open(data)
        .unwrap()
        .snapshot()
        .unwrap()
        .stale(Day(i64::MAX))
        .unwrap();
    let mut store = Store::open(data).unwrap();
    for (day, change) in stale {
        let reader = Reader::open(data).unwrap();
        let ready = reader.snapshot().unwrap().make(day, change).unwrap();
        assert!(keep(&mut store, ready));
    }
}

/// The tier that is true of a cluster as of the last day.
fn tier(cluster: &ClusterTruth) -> Tier {
    match cluster.reporting_days {
        _ if cluster.silent => Tier::Silent,
        1 => Tier::New,
        2..7 => Tier::Recurring,
        _ => Tier::Confirmed,
    }
}

#[test]
fn tiers_and_flags_are_true_and_answers_can_be_restricted_to_them() {
    let (lines, truth) = fleet();
    let collector = import(&lines, |_| true);
    let data = collector.data();
    let reader = Reader::open(data).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let filter = Filter {
        from: truth.from.parse().unwrap(),
        to: truth.to.parse().unwrap(),
        ..Filter::default()
    };
    let listed = installations::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
    assert_eq!((listed.left_out, listed.rows.len()), (0, truth.clusters.len()));
    let told: BTreeMap<_, _> = listed.rows.iter().map(|row| (row.cluster.clone(), row)).collect();
    let mut tiers: BTreeMap<Tier, u64> = BTreeMap::new();
    for cluster in &truth.clusters {
        let row = told[&cluster.id];
        *tiers.entry(tier(cluster)).or_default() += 1;
        assert_eq!(row.tier, tier(cluster).name(), "{cluster:?}");
        let flagged = |flag: Flag| row.flags.split(' ').any(|name| name == flag.name());
        assert_eq!(flagged(Flag::Ci), cluster.kind == Kind::Ci, "{cluster:?} {row:?}");
        assert_eq!(
            flagged(Flag::Clone),
            cluster.kind == Kind::Clone,
            "{cluster:?} {row:?}"
        );
        let last = cluster.versions.last().unwrap();
        assert_eq!(
            (&row.version, &row.provider, &row.variant),
            (&last.version, &cluster.provider, &cluster.variant)
        );
        assert_eq!(
            (row.days, row.reports, row.unhealthy),
            (
                cluster.reporting_days.into(),
                cluster.hours.into(),
                cluster.unhealthy_hours.into()
            )
        );
        let day = |hour: &str| hour[..10].to_owned();
        assert_eq!(
            (row.first.to_string(), row.last.to_string()),
            (day(&cluster.first), day(&cluster.last))
        );
    }
    assert_eq!(tiers.len(), Tier::ALL.len(), "some of each: {tiers:?}");

    // Restricted, answers are those of a collector that knows no others.
    for (pairs, chosen) in [
        (
            &[("tier", "confirmed")][..],
            (|cluster| tier(cluster) == Tier::Confirmed) as fn(&ClusterTruth) -> bool,
        ),
        (
            &[("tier", "new"), ("tier", "silent"), ("without", "ci")],
            |cluster| [Tier::New, Tier::Silent].contains(&tier(cluster)) && cluster.kind != Kind::Ci,
        ),
        (&[("flag", "clone")], |cluster| cluster.kind == Kind::Clone),
    ] {
        let counted = all(&truth, chosen);
        let others = truth.clusters.len() - counted.len();
        assert!(!counted.is_empty() && others > 0, "{pairs:?}");
        let alone = import(&lines, is_of(&counted));
        let expected = answers(alone.data(), &truth, &[]);
        let restricted = answers(data, &truth, pairs);
        for (way, answer) in &expected {
            // What was before these days is nothing here.
            assert_eq!(&restricted[way], answer, "{way} {pairs:?}");
        }
        let asked = question::find("active-installations").unwrap();
        let days = [("from", &*truth.from), ("to", &*truth.to)];
        let filter = asked
            .filter(days.iter().chain(pairs).copied(), Hour::from_number(0).unwrap())
            .unwrap();
        let filter = Filter { now: None, ..filter };
        let answer = question::active::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
        assert_eq!(
            (answer.installations, answer.left_out),
            (counted.len() as u64, others as u64),
            "{pairs:?}"
        );
    }
}

#[test]
fn a_time_line_is_the_cluster_s_true_story() {
    let (lines, truth) = fleet();
    let collector = import(&lines, |_| true);
    let reader = Reader::open(collector.data()).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for cluster in &truth.clusters {
        let filter = Filter {
            from: truth.from.parse().unwrap(),
            to: truth.to.parse().unwrap(),
            clusters: BTreeSet::from([cluster.id.clone()]),
            ..Filter::default()
        };
        let answer = time_line::ask(&Scope::new(&snapshot, &filter).unwrap()).unwrap();
        for row in &answer.rows {
            *kinds.entry(row.kind).or_default() += 1;
        }
        assert_eq!(
            (answer.total.reports, answer.total.unhealthy, answer.total.tier),
            (
                cluster.hours.into(),
                cluster.unhealthy_hours.into(),
                tier(cluster).name()
            ),
            "{cluster:?}"
        );
        // As the hour of `versions` and `starts` is written.
        let hour = |time: &str| format!("{}Z", &time[..13]);
        let came: Vec<_> = answer
            .rows
            .iter()
            .filter(|row| ["first", "version"].contains(&row.kind))
            .map(|row| (row.after.clone(), hour(&row.time)))
            .collect();
        let expected: Vec<_> = cluster
            .versions
            .iter()
            .map(|version| (version.version.clone(), version.since.clone()))
            .collect();
        assert_eq!(came, expected, "{cluster:?}");
        let ill: BTreeSet<_> = answer
            .rows
            .iter()
            .filter(|row| row.kind == "unhealthy")
            .collect_hours();
        // An hour that is missing between two in which it was ill ends nothing.
        let missing = answer
            .rows
            .iter()
            .filter(|row| row.kind == "missing")
            .collect_hours();
        let told = ill.difference(&missing).count();
        assert_eq!(told, cluster.unhealthy_hours as usize, "{cluster:?}");
        assert_eq!(missing.len(), cluster.missing as usize, "{cluster:?}");
        let flagged = answer
            .rows
            .iter()
            .any(|row| row.kind == "flag" && row.name == "clone");
        assert_eq!(flagged, cluster.kind == Kind::Clone);
    }
    for kind in [
        "first",
        "version",
        "unhealthy",
        "missing",
        "package",
        "capacity",
        "flag",
    ] {
        assert!(kinds.contains_key(kind), "{kinds:?}");
    }
}

/// The hours that rows are about.
trait Hours {
    fn collect_hours(self) -> BTreeSet<i64>;
}

impl<'r, I: Iterator<Item = &'r time_line::Row>> Hours for I {
    fn collect_hours(self) -> BTreeSet<i64> {
        let number = |time: &str| format!("{}Z", &time[..13]).parse::<Hour>().unwrap().number();
        self.flat_map(|row| number(&row.time)..number(row.until.as_deref().unwrap()))
            .collect()
    }
}
