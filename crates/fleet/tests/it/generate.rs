//! Whole fleets: their messages and their truth against each other, by a reader that knows nothing of how they were made.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::process::{Command, Output};

use heliograph_fleet::generate::{
    CapacityTruth, Change, ClusterTruth, Fleet, FleetTruth, Kind, Preset, Settings, Span, UnitTruth,
};
use heliograph_wire::id::{ClusterId, Hour, MessageId, ReporterId};
use heliograph_wire::plan::Plan;
use heliograph_wire::segment::MAX_MESSAGE;
use serde_json::Value;

fn run(settings: &Settings) -> (Vec<Vec<u8>>, FleetTruth) {
    let mut lines = Vec::new();
    let truth = Fleet::new(settings).run(|message| -> Result<(), Infallible> {
        lines.push(message.text.to_vec());
        Ok(())
    });
    (lines, truth.unwrap())
}

fn small() -> Settings {
    Preset::Small.settings()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    let (lines, truth) = run(&small());
    assert!((lines.clone(), truth.clone()) == run(&small()));
    let other = run(&Settings { seed: 2, ..small() });
    assert!(lines != other.0 && truth != other.1);
    // One installation more changes nothing for the others.
    let more = run(&Settings {
        installations: 41,
        ..small()
    });
    let others: BTreeSet<_> = more.0.iter().collect();
    let kept = lines.iter().filter(|line| others.contains(line)).count();
    assert_eq!(kept, lines.len());
}

#[test]
fn messages_are_what_signal_sends() {
    let (lines, truth) = run(&Settings {
        installations: 25,
        days: 2,
        unreachable: 0.02,
        ..small()
    });
    assert_eq!(u64::try_from(lines.len()).unwrap(), truth.messages.sent);
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for line in &lines {
        assert!(line.len() < MAX_MESSAGE);
        let message: Value = serde_json::from_slice(line).unwrap();
        let (event, id) = (text(&message, "event"), text(&message, "anonymousId"));
        let keys: Vec<_> = message.as_object().unwrap().keys().cloned().collect();
        let mut expected = vec![
            "anonymousId",
            "context",
            "event",
            "messageId",
            "properties",
            "timestamp",
            "type",
        ];
        let mut properties = message["properties"].as_object().unwrap().clone();
        if properties.contains_key("licenseId") {
            expected.push("userId");
            assert_eq!(message["userId"], properties["customerKey"]);
        }
        assert_eq!(keys, expected);
        // The id is that of cluster, event and hour; the time lies within that hour.
        let cluster: ClusterId = id.parse().unwrap();
        let named: MessageId = text(&message, "messageId").parse().unwrap();
        assert!(named.is_of(&cluster) && named.event() == event && named.part() == 1);
        let hour: Hour = format!("{}Z", &text(&message, "timestamp")[..13])
            .parse()
            .unwrap();
        assert_eq!(named.hour(), hour);
        assert!(
            text(&message["context"], "reporter")
                .parse::<ReporterId>()
                .is_ok()
        );
        assert_eq!(message["context"]["library"]["name"], "heliograph-signal");
        assert_eq!(
            message["timestamp"].as_str().unwrap().len(),
            "2026-11-22T11:52:54.007Z".len()
        );
        // Properties are sorted and compact, all of them planned, as is `provider`.
        let sorted = serde_json::to_string(&properties).unwrap();
        let line = std::str::from_utf8(line).unwrap();
        assert!(
            line.contains(&format!("\"properties\":{sorted},\"context\"")),
            "{line}"
        );
        names.extend(properties.keys().cloned());
        let provider = Plan::built_in().property("health", "provider").unwrap();
        let stated = text(&message["properties"], "provider");
        assert_eq!(provider.canonical(stated).as_deref(), Some(stated));
        assert_eq!(
            Plan::built_in().filter(event, &mut properties),
            Vec::<String>::new()
        );
        *events.entry(event.to_owned()).or_default() += 1;
    }
    assert_eq!(
        events.keys().collect::<Vec<_>>(),
        ["health", "mesos_track", "package_list"]
    );
    for name in [
        "nodes-unreachable",
        "health-unit-dcos-epmd-service-unknown",
        "licenseId",
        "frameworks",
    ] {
        assert!(names.contains(name), "{name}");
    }
    let units = names
        .iter()
        .filter(|name| name.starts_with("health-unit-") && name.ends_with("-total"));
    assert_eq!(units.count(), 52);
}

/// What a reader makes of the lines.
#[derive(Default)]
struct Recount {
    seen: BTreeSet<String>,
    /// The first reporter of each cluster.
    first: BTreeMap<String, String>,
    again: u64,
    beside: u64,
    /// By start of the day, or nothing for all days: groups and the clusters in them.
    sets: BTreeMap<(String, String, String), BTreeSet<String>>,
    /// The same by unit and version: node-hours.
    hours: BTreeMap<(String, String, String), [u64; 3]>,
    numbers: BTreeMap<(String, String), BTreeMap<String, Vec<f64>>>,
    /// Health reports of a cluster: hour, version, whether anything is unhealthy.
    health: BTreeMap<String, BTreeMap<String, (String, bool)>>,
    /// Hours of a cluster's messages.
    all: BTreeMap<String, Vec<String>>,
}

impl Recount {
    fn of(lines: &[Vec<u8>]) -> Self {
        let mut recount = Self::default();
        for line in lines {
            recount.take(&serde_json::from_slice(line).unwrap());
        }
        recount
    }

    fn take(&mut self, message: &Value) {
        let (id, reporter) = (
            text(message, "anonymousId"),
            text(&message["context"], "reporter"),
        );
        if !self
            .seen
            .insert(format!("{} {reporter}", text(message, "messageId")))
        {
            self.again += 1;
            return;
        }
        if self
            .first
            .entry(id.to_owned())
            .or_insert_with(|| reporter.to_owned())
            != reporter
        {
            self.beside += 1;
            return;
        }
        let properties = message["properties"].as_object().unwrap();
        let hour = format!("{}Z", &text(message, "timestamp")[..13]);
        let (day, version) = (&hour[..10], properties["environmentVersion"].as_str().unwrap());
        self.all.entry(id.to_owned()).or_default().push(hour.clone());
        let mut set = |kind: &str, name: &str| {
            for start in [day, ""] {
                let key = (start.to_owned(), kind.to_owned(), name.to_owned());
                self.sets.entry(key).or_default().insert(id.to_owned());
            }
        };
        set("installations", "");
        set("version", version);
        set("provider", properties["provider"].as_str().unwrap());
        set("variant", properties["variant"].as_str().unwrap());
        let mut unhealthy = false;
        for (name, value) in properties {
            if let Some((unit, amount)) = name
                .strip_prefix("health-unit-")
                .and_then(|rest| rest.rsplit_once('-'))
            {
                let count = value.as_u64().unwrap();
                let at = ["total", "unhealthy", "unknown"]
                    .iter()
                    .position(|known| *known == amount)
                    .unwrap();
                unhealthy |= at == 1 && count > 0;
                for version in [version, ""] {
                    if count > 0 && at < 2 {
                        set(["observed", "affected"][at], &format!("{unit} {version}"));
                    }
                    for start in [day, ""] {
                        let key = (start.to_owned(), unit.to_owned(), version.to_owned());
                        self.hours.entry(key).or_default()[at] += count;
                    }
                }
            } else if let Some(list) = value.as_array() {
                set("told", name);
                list.iter().for_each(|item| set(name, text(item, "name")));
            } else if let Some(number) = value.as_f64() {
                for start in [day, ""] {
                    let told = self.numbers.entry((start.to_owned(), name.clone())).or_default();
                    told.entry(id.to_owned()).or_default().push(number);
                }
            }
        }
        if text(message, "event") == "health" {
            let of_cluster = self.health.entry(id.to_owned()).or_default();
            of_cluster.insert(hour, (version.to_owned(), unhealthy));
        }
    }

    fn sets(&self, start: &str, kind: &str) -> BTreeMap<String, u64> {
        let of = self
            .sets
            .iter()
            .filter(|((day, known, _), _)| day == start && known == kind);
        of.map(|((.., name), clusters)| (name.clone(), u64::try_from(clusters.len()).unwrap()))
            .collect()
    }

    fn units(&self, start: &str) -> BTreeMap<(String, String), UnitTruth> {
        let (observed, affected) = (self.sets(start, "observed"), self.sets(start, "affected"));
        let of = self.hours.iter().filter(|((day, ..), _)| day == start);
        of.map(|((_, unit, version), hours)| {
            let clusters = |sets: &BTreeMap<String, u64>| {
                sets.get(&format!("{unit} {version}"))
                    .copied()
                    .unwrap_or_default()
            };
            let truth = UnitTruth {
                unit: unit.clone(),
                version: version.clone(),
                observed: hours[0],
                unhealthy: hours[1],
                unknown: hours[2],
                installations: clusters(&observed),
                affected: clusters(&affected),
            };
            ((unit.clone(), version.clone()), truth)
        })
        .collect()
    }

    fn check(&self, span: &Span, start: &str) {
        assert_eq!(span.installations, self.sets(start, "installations")[""]);
        assert_eq!(span.versions, self.sets(start, "version"));
        assert_eq!(span.providers, self.sets(start, "provider"));
        assert_eq!(span.variants, self.sets(start, "variant"));
        assert_eq!(span.packages, self.sets(start, "package_list"));
        assert_eq!(span.frameworks, self.sets(start, "frameworks"));
        let told = self.sets(start, "told");
        assert_eq!(span.told_packages, told["package_list"]);
        assert_eq!(span.told_frameworks, told["frameworks"]);
        let units = span.units.iter().cloned();
        let units: BTreeMap<_, _> = units
            .map(|unit| ((unit.unit.clone(), unit.version.clone()), unit))
            .collect();
        assert_eq!(units, self.units(start));
    }

    fn check_capacity(&self, span: &Span, start: &str) {
        let of_day = self.numbers.iter().filter(|((day, _), _)| day == start);
        let mut names = 0;
        for ((_, name), clusters) in of_day {
            let CapacityTruth { installations, sum } = span.capacity[name];
            assert_eq!(usize::try_from(installations).unwrap(), clusters.len());
            let mean =
                |told: &Vec<f64>| told.iter().sum::<f64>() / f64::from(u32::try_from(told.len()).unwrap());
            let means: f64 = clusters.values().map(mean).sum();
            assert!((means - sum).abs() <= 1e-9 * sum.abs(), "{name}: {means} {sum}");
            names += 1;
        }
        assert_eq!(names, span.capacity.len());
    }

    fn check_cluster(&self, truth: &ClusterTruth, last: &str) {
        let number = |hour: &str| hour.parse::<Hour>().unwrap().number();
        let mut hours = self.all[&truth.id].clone();
        assert_eq!(usize::try_from(truth.messages).unwrap(), hours.len());
        hours.sort();
        assert_eq!(
            (Some(&truth.first), Some(&truth.last)),
            (hours.first(), hours.last())
        );
        assert_eq!(truth.silent, number(last) - number(&truth.last) >= 3);
        let health = &self.health[&truth.id];
        assert_eq!(usize::try_from(truth.hours).unwrap(), health.len());
        let span = number(&truth.last) - number(&truth.first) + 1;
        assert_eq!(i64::from(truth.missing), span - i64::from(truth.hours));
        let unhealthy = health.values().filter(|(_, unhealthy)| *unhealthy).count();
        assert_eq!(usize::try_from(truth.unhealthy_hours).unwrap(), unhealthy);
        let mut versions: Vec<(String, String, u32)> = Vec::new();
        let mut days: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        for (hour, (version, _)) in health {
            match versions.last_mut().filter(|(last, ..)| last == version) {
                Some((.., hours)) => *hours += 1,
                None => versions.push((version.clone(), hour.clone(), 1)),
            }
            let of_day = days.entry(hour[..10].to_owned()).or_default();
            *of_day.entry(version.clone()).or_default() += 1;
        }
        assert_eq!(truth.days, days);
        let told = truth
            .versions
            .iter()
            .map(|one| (one.version.clone(), one.since.clone(), one.hours));
        assert_eq!(told.collect::<Vec<_>>(), versions);
        for (start, (version, since, _)) in truth.starts.iter().zip(&versions) {
            let healthy = health
                .range(since.clone()..)
                .find(|(_, (_, unhealthy))| !unhealthy);
            let after = healthy.map(|(hour, _)| u32::try_from(number(hour) - number(since)).unwrap());
            assert_eq!(
                (&start.version, &start.hour, start.healthy_after),
                (version, since, after)
            );
        }
        assert_eq!(truth.starts.len(), versions.len());
        let order = [
            "1.8.9",
            "1.9.4",
            "1.10.0",
            "1.10.1",
            "1.10.2",
            "1.11.0-beta.1",
            "1.11.0",
            "1.11.1",
        ];
        let order = versions
            .iter()
            .map(|(version, ..)| order.iter().position(|known| known == version).unwrap());
        assert_eq!(truth.rolled_back, !order.is_sorted());
    }
}

#[test]
fn the_truth_is_what_a_reader_counts() {
    for seed in [1, 2] {
        let (lines, truth) = run(&Settings {
            seed,
            installations: 14,
            days: 4,
            clones: 0.3,
            unreachable: 0.005,
            ..small()
        });
        let recount = Recount::of(&lines);
        let messages = truth.messages;
        assert_eq!((messages.again, messages.beside), (recount.again, recount.beside));
        assert_eq!(messages.sent, messages.counted + messages.again + messages.beside);
        assert!(messages.again > 0 && messages.beside > 0 && messages.late > 0);
        recount.check(&truth.window, "");
        recount.check_capacity(&truth.window, "");
        assert!(truth.window.capacity.contains_key("nodes-unreachable"));
        for day in &truth.days {
            recount.check(day, &day.start);
            recount.check_capacity(day, &day.start);
        }
        assert_eq!(truth.days.len(), 4);
        let last = format!("{}T23Z", truth.to);
        assert_eq!(truth.clusters.len(), recount.all.len());
        truth
            .clusters
            .iter()
            .for_each(|cluster| recount.check_cluster(cluster, &last));

        let count =
            |of: fn(&&ClusterTruth) -> bool| u64::try_from(truth.clusters.iter().filter(of).count()).unwrap();
        assert_eq!(truth.silent, count(|cluster| cluster.silent));
        assert_eq!(truth.rolled_back, count(|cluster| cluster.rolled_back));
        assert_eq!(truth.kinds[&Kind::Ci], count(|cluster| cluster.kind == Kind::Ci));
        for settling in &truth.settling {
            let starts = truth
                .clusters
                .iter()
                .flat_map(|cluster| cluster.starts.iter().enumerate());
            let starts: Vec<_> = starts
                .filter(|(place, start)| start.version == settling.version && (*place == 0) == settling.first)
                .map(|(_, start)| start.healthy_after)
                .collect();
            let soon = starts.iter().flatten().filter(|hours| **hours < 24).count();
            let never = starts.iter().filter(|hours| hours.is_none()).count();
            let told = [
                settling.starts,
                settling.healthy_within_a_day,
                settling.never_healthy,
            ];
            assert_eq!(
                told,
                [starts.len(), soon, never].map(|count| u64::try_from(count).unwrap())
            );
        }
    }
}

/// A fleet in which a unit fails often enough to be counted.
fn failing(changes: &str, correlation: f64) -> (Vec<Vec<u8>>, FleetTruth) {
    let changes = ["dcos-epmd-service@1.8.9=100", changes].join(" ");
    let settings = Settings {
        installations: 80,
        days: 8,
        newcomers: 0.0,
        silent: 0.0,
        clones: 0.0,
        ci: 0.0,
        spread: f64::INFINITY,
        correlation,
        changes: changes
            .split_whitespace()
            .map(|change| change.parse::<Change>().unwrap())
            .collect(),
        ..Settings::default()
    };
    run(&settings.smooth())
}

#[test]
fn a_release_makes_of_a_unit_what_was_asked_for() {
    let rate = |truth: &FleetTruth| {
        let unit = |one: &&UnitTruth| one.unit == "dcos-epmd-service" && one.version == "1.10.1";
        let unit = truth.window.units.iter().find(unit).unwrap();
        let [unhealthy, observed] =
            [unit.unhealthy, unit.observed].map(|count| u32::try_from(count).unwrap());
        f64::from(unhealthy) / f64::from(observed)
    };
    let usual = rate(&failing("", 0.0).1);
    let worse = rate(&failing("dcos-epmd-service@1.10.1=5", 0.0).1);
    let well = rate(&failing("dcos-epmd-service@1.10.1=0", 0.0).1);
    assert!(worse > 3.5 * usual && worse < 6.5 * usual, "{usual} {worse}");
    assert!(usual > 0.0 && well < 0.1 * usual, "{usual} {well}");
}

#[test]
fn bad_hours_come_in_runs() {
    let runs = |(lines, truth): (Vec<Vec<u8>>, FleetTruth)| {
        let mut last: BTreeMap<String, bool> = BTreeMap::new();
        let mut runs = 0_u32;
        let mut hours = 0_u32;
        for line in &lines {
            // Of a line of three that is so long, a few bytes matter.
            let line = std::str::from_utf8(line).unwrap();
            if let Some((_, rest)) = line.split_once("epmd-service-unhealthy\":") {
                let fails = !rest.starts_with('0');
                let cluster = &line["{'type':'track','messageId':'".len()..][..36];
                let before = last.insert(cluster.to_owned(), fails);
                runs += u32::from(fails && before != Some(true));
                hours += u32::from(fails);
            }
        }
        assert_eq!(truth.messages.sent, truth.messages.counted);
        f64::from(hours) / f64::from(runs)
    };
    let (short, long) = (runs(failing("", 0.0)), runs(failing("", 0.9)));
    // Of independent hours in a row, and ten times as many.
    assert!(short < 2.0 && long > 5.0 && long < 20.0, "{short} {long}");
}

fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_heliograph-fleet"))
        .arg("generate")
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn the_command_writes_what_the_library_makes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, truth) = (
        folder.path().join("fleet.ndjson"),
        folder.path().join("truth.json"),
    );
    let (file_name, truth_name) = (file.to_str().unwrap(), truth.to_str().unwrap());
    let few = "--preset small --installations 5 --days 2 --until 2026-03-01 --seed 9";
    let few: Vec<&str> = few.split_whitespace().collect();
    let output = command(&[&few[..], &["--out", file_name, "--truth", truth_name]].concat());
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let (lines, expected) = run(&Settings {
        installations: 5,
        days: 2,
        until: "2026-03-01".parse().unwrap(),
        seed: 9,
        ..small()
    });
    let written = std::fs::read(&file).unwrap();
    assert!(written == [lines.join(&b'\n'), vec![b'\n']].concat());
    let told = std::fs::read(&truth).unwrap();
    assert!(told == serde_json::to_vec(&expected).unwrap());
    let told: FleetTruth = serde_json::from_slice(&told).unwrap();
    assert_eq!(
        (told.from.as_str(), told.to.as_str()),
        ("2026-02-28", "2026-03-01")
    );
    // What is read of a fraction may be its neighbour.
    assert_eq!(
        (told.messages, told.window.units),
        (expected.messages, expected.window.units)
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("{} messages of ", expected.messages.sent)),
        "{said}"
    );
    let piped = command(&[&few[..], &["--out", "-"]].concat());
    assert!(piped.stdout == written);
}

#[test]
fn mistakes_are_told() {
    for (args, told) in [
        (&[][..], "--out"),
        (&["--to", "http://127.0.0.1:1"], "--key"),
        (&["--out", "-", "--preset", "large"], "use small, bench or demo"),
        (&["--out", "-", "--until", "today"], "a day such as 2026-11-22"),
        (&["--out", "-", "--silent", "2"], "from 0 to 1"),
        (&["--out", "-", "--change", "x=2"], "UNIT@VERSION=FACTOR"),
        (
            &["--out", "-", "--change", "dcos-epmd-service@9=2"],
            "there is no release 9",
        ),
        (
            &["--out", "-", "--change", "epmd@1.11.0=2"],
            "there is no unit epmd",
        ),
        (
            &["--out", "/no/such/file"],
            "can't write the messages to /no/such/file",
        ),
        (
            &["--preset", "small", "--to", "http://127.0.0.1:1", "--key", "k"],
            "the collector does not answer",
        ),
    ] {
        let output = command(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && text.contains(told),
            "{args:?} told: {text}"
        );
    }
}
