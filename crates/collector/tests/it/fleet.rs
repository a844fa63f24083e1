//! Answers about a generated fleet against what is true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use heliograph_collector::question::{Filter, Group, Scope, Span, active, reliability};
use heliograph_collector::store::Reader;
use heliograph_fleet::generate::post::Post;
use heliograph_fleet::generate::{Fleet, FleetTruth, Preset, Settings, UnitTruth};
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

/// Checks each count of two questions on a data directory.
fn check(data: &Path, truth: &FleetTruth) {
    let reader = Reader::open(data).unwrap();
    let snapshot = reader.snapshot().unwrap();
    let filter = |group: Group, span: Span| Filter {
        from: truth.from.parse().unwrap(),
        to: truth.to.parse().unwrap(),
        group: Some(group),
        span: Some(span),
        ..Filter::default()
    };
    let spans = || {
        let days = truth.days.iter().map(|day| (Span::Day, day));
        days.chain([(Span::All, &truth.window)])
    };
    for span in [Span::Day, Span::All] {
        for group in [Group::None, Group::Version, Group::Provider, Group::Variant] {
            let filter = filter(group, span);
            let scope = Scope::new(&snapshot, &filter).unwrap();
            let answer = active::ask(&scope).unwrap();
            let told: BTreeMap<_, _> = answer
                .rows
                .iter()
                .map(|row| ((row.start.to_string(), row.group.clone()), row.installations))
                .collect();
            let mut expected = BTreeMap::new();
            for (_, of_span) in spans().filter(|(kind, _)| *kind == span) {
                let groups = match group {
                    Group::None => &BTreeMap::from([(String::new(), of_span.installations)]),
                    Group::Version => &of_span.versions,
                    Group::Provider => &of_span.providers,
                    Group::Variant => &of_span.variants,
                };
                for (name, installations) in groups {
                    expected.insert((of_span.start.clone(), name.clone()), *installations);
                }
            }
            assert_eq!(told, expected, "{span:?} {group:?}");
            assert_eq!(answer.installations, truth.window.installations);
        }
        for group in [Group::None, Group::Version] {
            let filter = filter(group, span);
            let scope = Scope::new(&snapshot, &filter).unwrap();
            let answer = reliability::ask(&scope).unwrap();
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
                    (
                        (row.start.to_string(), unit.unit.clone(), unit.version.clone()),
                        unit,
                    )
                })
                .collect();
            let mut expected = BTreeMap::new();
            for (_, of_span) in spans().filter(|(kind, _)| *kind == span) {
                let of_group = |unit: &&UnitTruth| unit.version.is_empty() == (group == Group::None);
                for unit in of_span.units.iter().filter(of_group) {
                    let key = (of_span.start.clone(), unit.unit.clone(), unit.version.clone());
                    expected.insert(key, unit.clone());
                }
            }
            assert_eq!(told, expected, "{span:?} {group:?}");
            let all = truth.window.units.iter().filter(|unit| unit.version.is_empty());
            assert_eq!(
                answer.total.unhealthy,
                all.clone().map(|unit| unit.unhealthy).sum::<u64>()
            );
            assert_eq!(answer.total.units, u64::try_from(all.count()).unwrap());
            // The worst first.
            let mut units = BTreeSet::new();
            let ranked: Vec<_> = answer.rows.iter().filter(|row| units.insert(&row.unit)).collect();
            if span == Span::All && group == Group::None {
                assert!(ranked.is_sorted_by(|a, b| a.share >= b.share));
            }
        }
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
