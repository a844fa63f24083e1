//! The truth is what somebody else counts in the same lines.

use std::collections::{BTreeMap, BTreeSet};

use heliograph_fleet::generate::{CapacityTruth, ClusterTruth, Kind, Settings, Span, UnitTruth};
use heliograph_wire::id::Hour;
use serde_json::Value;

use super::{run, small, text};

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
