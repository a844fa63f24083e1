//! Answers about a generated fleet against what is true of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use heliograph_collector::question::{
    Filter, Group, Scope, Span, Version, active, capacity, installation, popularity, reliability,
};
use heliograph_collector::store::{Reader, Snapshot};
use heliograph_fleet::generate::post::Post;
use heliograph_fleet::generate::{Fleet, FleetTruth, Preset, Settings, Span as FleetSpan, UnitTruth};
use heliograph_wire::id::Hour;
use tempfile::TempDir;

use crate::collector::{TestCollector, run};

/// A fleet with copies, late reports and repeats.
fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        installations: 20,
        days: 4,
        clones: 0.3,
        unreachable: 0.01,
        ..Preset::Small.settings()
    }
}

/// A data directory's answers, and what is true.
struct Check<'a> {
    snapshot: Snapshot<'a>,
    truth: &'a FleetTruth,
    span: Span,
    group: Group,
}

/// Checks the questions on a data directory.
fn check(data: &Path, truth: &FleetTruth) {
    let reader = Reader::open(data).unwrap();
    for span in [Span::Day, Span::All] {
        let with = |group| Check {
            snapshot: reader.snapshot().unwrap(),
            truth,
            span,
            group,
        };
        for group in [Group::None, Group::Version, Group::Provider, Group::Variant] {
            with(group).active();
        }
        with(Group::None).reliability();
        with(Group::Version).reliability();
        with(Group::None).popularity();
        with(Group::None).capacity();
        with(Group::None).installation_reliability();
    }
}

impl Check<'_> {
    fn filter(&self) -> Filter {
        Filter {
            from: self.truth.from.parse().unwrap(),
            to: self.truth.to.parse().unwrap(),
            group: Some(self.group),
            span: Some(self.span),
            ..Filter::default()
        }
    }

    fn spans(&self) -> &[FleetSpan] {
        match self.span {
            Span::Day => &self.truth.days,
            _ => std::slice::from_ref(&self.truth.window),
        }
    }

    fn active(&self) {
        let filter = self.filter();
        let answer = active::ask(&Scope::new(&self.snapshot, &filter).unwrap()).unwrap();
        let told: BTreeMap<_, _> = answer
            .rows
            .iter()
            .map(|row| ((row.start.to_string(), row.group.clone()), row.installations))
            .collect();
        let mut expected = BTreeMap::new();
        for span in self.spans() {
            let groups = match self.group {
                Group::None => &BTreeMap::from([(String::new(), span.installations)]),
                Group::Version => &span.versions,
                Group::Provider => &span.providers,
                Group::Variant => &span.variants,
            };
            for (name, installations) in groups {
                expected.insert((span.start.clone(), name.clone()), *installations);
            }
        }
        assert_eq!(told, expected, "{:?} {:?}", self.span, self.group);
        assert_eq!(answer.installations, self.truth.window.installations);
    }

    fn reliability(&self) {
        let filter = self.filter();
        let answer = reliability::ask(&Scope::new(&self.snapshot, &filter).unwrap()).unwrap();
        let told: BTreeMap<_, _> = answer
            .rows
            .iter()
            .map(|row| {
                let unit = UnitTruth {
                    unit: row.unit.clone(),
                    version: row.group.clone(),
                    observed: row.observed,
                    unhealthy: row.unhealthy,
                    unknown: row.unknown,
                    installations: row.installations,
                    affected: row.affected,
                };
                ((row.start.to_string(), row.unit.clone(), row.group.clone()), unit)
            })
            .collect();
        let mut expected = BTreeMap::new();
        for span in self.spans() {
            let of_group = |unit: &&UnitTruth| unit.version.is_empty() == (self.group == Group::None);
            for unit in span.units.iter().filter(of_group) {
                let key = (span.start.clone(), unit.unit.clone(), unit.version.clone());
                expected.insert(key, unit.clone());
            }
        }
        assert_eq!(told, expected, "{:?} {:?}", self.span, self.group);
        let window = &self.truth.window.units;
        let all: Vec<_> = window.iter().filter(|unit| unit.version.is_empty()).collect();
        assert_eq!(answer.total.units, u64::try_from(all.len()).unwrap());
        assert_eq!(
            answer.total.unhealthy,
            all.iter().map(|unit| unit.unhealthy).sum::<u64>()
        );
        if self.span == Span::All && self.group == Group::None {
            assert!(
                answer.rows.is_sorted_by(|a, b| a.share >= b.share),
                "the worst first"
            );
        }
    }

    fn popularity(&self) {
        let filter = self.filter();
        let answer = popularity::ask(&Scope::new(&self.snapshot, &filter).unwrap()).unwrap();
        let told: BTreeMap<_, _> = answer
            .rows
            .iter()
            .map(|row| {
                let key = (row.start.to_string(), row.kind, row.name.clone());
                (key, (row.installations, row.share.to_string()))
            })
            .collect();
        let mut expected = BTreeMap::new();
        for span in self.spans() {
            let kinds = [
                ("package", &span.packages, span.told_packages),
                ("framework", &span.frameworks, span.told_frameworks),
            ];
            for (kind, names, of) in kinds {
                for (name, count) in names {
                    let [part, of] = [*count, of].map(|count| f64::from(u32::try_from(count).unwrap()));
                    let key = (span.start.clone(), kind, name.clone());
                    expected.insert(key, (*count, (part / of).to_string()));
                }
            }
        }
        assert_eq!(told, expected, "{:?}", self.span);
        let window = &self.truth.window;
        assert_eq!(
            (answer.total.told_packages, answer.total.told_frameworks),
            (window.told_packages, window.told_frameworks)
        );
    }

    fn capacity(&self) {
        let filter = self.filter();
        let answer = capacity::ask(&Scope::new(&self.snapshot, &filter).unwrap()).unwrap();
        let told: BTreeMap<_, _> = answer
            .rows
            .iter()
            .map(|row| {
                (
                    (row.start.to_string(), row.measure.clone()),
                    (row.installations, row.sum),
                )
            })
            .collect();
        let mut count = 0;
        for span in self.spans() {
            for (name, expected) in &span.capacity {
                let (installations, sum) = told[&(span.start.clone(), name.clone())];
                assert_eq!(installations, expected.installations, "{name}");
                // Sums of means, in whatever order.
                assert!(
                    (sum - expected.sum).abs() <= 1e-9 * expected.sum,
                    "{name}: {sum} {expected:?}"
                );
                count += 1;
            }
        }
        assert_eq!(count, told.len());
    }

    /// Begun, judged, healthy within a day, never, taken back, silent since: from each cluster's own story.
    fn installation_reliability(&self) {
        let filter = self.filter();
        let answer = installation::ask(&Scope::new(&self.snapshot, &filter).unwrap()).unwrap();
        let told: BTreeMap<_, _> = answer
            .rows
            .iter()
            .map(|row| {
                let counts = [
                    row.begun,
                    row.judged,
                    row.healthy,
                    row.never_healthy,
                    row.rolled_back,
                    row.silent,
                ];
                ((row.version.clone(), row.beginning), counts)
            })
            .collect();
        let hour = |text: &str| text.parse::<Hour>().unwrap().number();
        let end = hour(&format!("{}T00Z", self.truth.to)) + 24;
        let order = |version: &str| Version(version.to_owned());
        let mut expected: BTreeMap<(String, &str), [u64; 6]> = BTreeMap::new();
        for cluster in &self.truth.clusters {
            for (place, start) in cluster.starts.iter().enumerate() {
                let before = place.checked_sub(1).and_then(|place| cluster.starts.get(place));
                let next = cluster.starts.get(place + 1);
                let beginning = match before.map(|before| order(&before.version) < order(&start.version)) {
                    None => "first",
                    Some(true) => "upgrade",
                    Some(false) => "downgrade",
                };
                let healthy = start.healthy_after.is_some_and(|hours| {
                    let at = hour(&start.hour) + i64::from(hours);
                    hours < 24 && next.is_none_or(|next| at < hour(&next.hour))
                });
                let ever = start.healthy_after.is_some_and(|hours| {
                    next.is_none_or(|next| hour(&start.hour) + i64::from(hours) < hour(&next.hour))
                });
                let judged = healthy || next.is_some() || hour(&start.hour) + 24 <= end;
                let back = next
                    .zip(before)
                    .is_some_and(|(next, before)| next.version == before.version);
                let silent = next.is_none() && cluster.silent;
                let counts = expected.entry((start.version.clone(), beginning)).or_default();
                let all = [true, judged, healthy, judged && !ever, back, silent];
                for (count, one) in counts.iter_mut().zip(all) {
                    *count += u64::from(one);
                }
            }
        }
        assert_eq!(told, expected);
    }
}

#[test]
fn of_an_imported_fleet_answers_are_exact() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fleet.ndjson");
    let mut lines = Vec::new();
    let sent = Fleet::new(&settings(3)).run(|message| -> std::io::Result<()> {
        lines.extend_from_slice(message.text);
        lines.push(b'\n');
        Ok(())
    });
    let truth = sent.unwrap();
    fs::write(&file, lines).unwrap();
    let mut collector = TestCollector::start();
    collector.stop();
    let output = run(collector.data(), &["import", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    let messages = truth.messages;
    let some = messages.again > 0 && messages.beside > 0 && messages.late > 0;
    assert!(some, "{messages:?}");
    let expected = format!(
        "{} accepted, {} duplicate, 0 suppressed, 0 rejected",
        messages.counted,
        messages.again + messages.beside
    );
    assert!(said.contains(&expected), "{said} {messages:?}");
    check(collector.data(), &truth);
}

#[test]
fn of_a_fleet_that_reported_answers_are_exact() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let mut post = Post::to(collector.url(), &key, 2);
    let truth = Fleet::new(&settings(4))
        .run(|message| post.send(message))
        .unwrap();
    let taken = post.finish().unwrap();
    let messages = truth.messages;
    assert_eq!(
        (taken.accepted, taken.duplicate, taken.rejected),
        (messages.counted, messages.again + messages.beside, 0)
    );
    check(collector.data(), &truth);
}
