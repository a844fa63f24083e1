//! One cluster's time line: its versions, the health of its units, its capacity, its packages, and the reports that are missing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::day::Date;
use super::installations;
use super::scope::{AskError, Scope};
use crate::delta::{Day, Facet, Sums, value_parts};
use crate::sheet::Hours;
use crate::store::EditionName;

/// What is told of capacity when it changes.
const MEASURES: [&str; 4] = ["agents_active", "cpu_total", "mem_total", "disk_total"];

/// Something that happened, or went on for a while.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// When it began, in RFC 3339; the day's first hour where only the day is known.
    pub time: String,
    /// When it was over, where it went on for a while: the end of the last hour of it.
    pub until: Option<String>,
    /// `first`, `version`, `provider`, `variant`, `unhealthy`, `missing`, `package`, `framework`, `capacity`, `installation` or `flag`.
    pub kind: &'static str,
    /// The unit, package, framework, measure, property or flag.
    pub name: String,
    /// What was before: empty, where it is new.
    pub before: String,
    /// What is from then on: empty, where it is gone. Of what is unhealthy, on how many nodes at most; of what is missing, how many
    /// reports.
    pub after: String,
}

/// The cluster.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Its id.
    pub cluster: String,
    /// Its tier as of the last day: `new`, `recurring`, `confirmed` or `silent`; empty where it had not reported by then.
    pub tier: &'static str,
    /// Its flags, `ci` and `clone`, separated by a blank.
    pub flags: String,
    /// Days on which it was heard of, of those that are asked about.
    pub days: u64,
    /// Hours of which a health report counts.
    pub reports: u64,
    /// Those in which anything was unhealthy.
    pub unhealthy: u64,
    /// Hours between the first and the last of which no report counts.
    pub missing: u64,
}

/// What a day tells, by name.
#[derive(Debug, Default, PartialEq)]
struct DayTold {
    /// By first hour: what ran from then on.
    editions: BTreeMap<u64, EditionName>,
    observed: Hours,
    unhealthy: Hours,
    /// Nodes on which units were unhealthy, by hour.
    ill: BTreeMap<(String, u64), i64>,
    /// Where they were listed.
    packages: Option<BTreeSet<String>>,
    frameworks: Option<BTreeSet<String>>,
    /// Means.
    measures: BTreeMap<&'static str, f64>,
    /// Values of installation events.
    events: Vec<(String, String)>,
    flags: Vec<String>,
}

/// Asks it of the one cluster that the filter names, or that is found by it.
///
/// # Errors
/// When the filter names none, or several, or the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let (number, cluster) = installations::one(scope)?;
    let mut names = HashMap::new();
    let mut days = Vec::new();
    let days_of = if scope.counts(number) { scope.days() } else { &[] };
    for day in days_of {
        let Some(sums) = scope.snapshot.sums(*day, number)? else {
            continue;
        };
        days.push((*day, told(scope, &sums, &mut names)?));
    }
    for (day, flag) in scope.snapshot.flags(number)? {
        if let Some((_, told)) = days.iter_mut().find(|(known, _)| *known == day) {
            told.flags.push(flag);
        }
    }
    let rows = rows(&days);
    let count =
        |hours: fn(&DayTold) -> Hours| days.iter().map(|(_, told)| u64::from(hours(told).count())).sum();
    let standing = scope.standings()?.of(number);
    let total = Total {
        cluster,
        tier: standing
            .as_ref()
            .map(|standing| standing.tier.name())
            .unwrap_or_default(),
        flags: standing.map(|standing| standing.flags()).unwrap_or_default(),
        days: days.len() as u64,
        reports: count(|told| told.observed),
        unhealthy: count(|told| told.unhealthy),
        missing: rows
            .iter()
            .filter(|row| row.kind == "missing")
            .filter_map(|row| row.after.parse::<u64>().ok())
            .sum(),
    };
    Ok(Answer::new(scope, u64::from(total.days > 0), total, rows))
}

/// Puts names to what a day adds up to.
fn told(scope: &Scope<'_>, sums: &Sums, names: &mut HashMap<u64, String>) -> Result<DayTold, AskError> {
    let mut told = DayTold::default();
    let mut first_hours: BTreeMap<u64, u64> = BTreeMap::new();
    let mut means: BTreeMap<&'static str, (i64, i64)> = BTreeMap::new();
    for (at, amounts) in sums.iter() {
        let [first, second, _] = amounts.0;
        let name = match at.name() {
            Some(number) => {
                let name = match names.entry(number) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(scope.snapshot.name(number)?),
                };
                name.clone()
            }
            None => String::new(),
        };
        let hour = at.hour().unwrap_or_default();
        first_hours.entry(at.edition).or_insert(u64::MAX);
        match at.facet {
            Facet::Hour => {
                if first > 0 {
                    told.observed.insert(hour);
                    let earliest = first_hours.entry(at.edition).or_insert(hour);
                    *earliest = hour.min(*earliest);
                }
                if second > 0 {
                    told.unhealthy.insert(hour);
                }
            }
            Facet::UnhealthyHour => *told.ill.entry((name, hour)).or_default() += first,
            Facet::Package => drop(told.packages.get_or_insert_default().insert(name)),
            Facet::Framework => drop(told.frameworks.get_or_insert_default().insert(name)),
            Facet::Event if name == "package_list" => drop(told.packages.get_or_insert_default()),
            Facet::Event if name == "mesos_track" => drop(told.frameworks.get_or_insert_default()),
            Facet::Number => {
                if let Some(measure) = MEASURES.into_iter().find(|measure| *measure == name) {
                    let sum = means.entry(measure).or_default();
                    *sum = (sum.0 + first, sum.1.wrapping_add(second));
                }
            }
            Facet::Value => {
                if let Some(("installation", property, value)) = value_parts(&name) {
                    told.events.push((property.to_owned(), value.to_owned()));
                }
            }
            _ => {}
        }
    }
    for (edition, hour) in first_hours {
        // One of which no health report counts stands at the day's beginning, unless another does.
        let hour = if hour == u64::MAX { 0 } else { hour };
        let name = scope.editions.get(&edition).cloned().unwrap_or_default();
        told.editions.entry(hour).or_insert(name);
    }
    for (measure, (reports, sum)) in means {
        if reports > 0 {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a mean of what was told as floating point"
            )]
            told.measures
                .insert(measure, sum as f64 / reports as f64 / 1000.0);
        }
    }
    Ok(told)
}

/// What happened, in the order of time.
fn rows(days: &[(Day, DayTold)]) -> Vec<Row> {
    let mut rows = Vec::new();
    editions(days, &mut rows);
    hours(days, &mut rows);
    listed(days, "package", |told| told.packages.as_ref(), &mut rows);
    listed(days, "framework", |told| told.frameworks.as_ref(), &mut rows);
    capacity(days, &mut rows);
    for (day, told) in days {
        let events = told
            .events
            .iter()
            .map(|(property, value)| ("installation", property, value.clone()));
        let flags = told.flags.iter().map(|flag| ("flag", flag, String::new()));
        rows.extend(events.chain(flags).map(|(kind, name, after)| Row {
            name: name.clone(),
            after,
            ..happened(*day, 0, kind)
        }));
    }
    rows.sort_by(|a, b| (&a.time, a.kind, &a.name).cmp(&(&b.time, b.kind, &b.name)));
    rows
}

fn happened(day: Day, hour: u64, kind: &'static str) -> Row {
    Row {
        time: Date(day).hour(hour.cast_signed()),
        until: None,
        kind,
        name: String::new(),
        before: String::new(),
        after: String::new(),
    }
}

fn editions(days: &[(Day, DayTold)], rows: &mut Vec<Row>) {
    let mut last: Option<&EditionName> = None;
    for (day, told) in days {
        for (hour, edition) in &told.editions {
            let Some(before) = last.replace(edition) else {
                rows.push(Row {
                    after: edition.version.clone(),
                    ..happened(*day, *hour, "first")
                });
                continue;
            };
            for (kind, before, after) in [
                ("version", &before.version, &edition.version),
                ("provider", &before.provider, &edition.provider),
                ("variant", &before.variant, &edition.variant),
            ] {
                if before != after {
                    rows.push(Row {
                        before: before.clone(),
                        after: after.clone(),
                        ..happened(*day, *hour, kind)
                    });
                }
            }
        }
    }
}

/// What was unhealthy for hours on end, and where hours are missing.
fn hours(days: &[(Day, DayTold)], rows: &mut Vec<Row>) {
    /// A unit that is unhealthy: since when, until which hour, and on how many nodes at most.
    struct Ill {
        since: (Day, u64),
        until: (Day, u64),
        nodes: i64,
    }
    let mut ill: BTreeMap<&str, Ill> = BTreeMap::new();
    let mut last: Option<(Day, u64)> = None;
    let end = |(day, hour): (Day, u64)| match hour {
        23 => Date(Day(day.0 + 1)).hour(0),
        _ => Date(day).hour(hour.cast_signed() + 1),
    };
    let was_ill = |unit: &str, ill: &Ill| Row {
        until: Some(end(ill.until)),
        name: unit.to_owned(),
        after: ill.nodes.to_string(),
        ..happened(ill.since.0, ill.since.1, "unhealthy")
    };
    for (day, told) in days {
        for hour in told.observed.iter().map(i64::cast_unsigned) {
            let now = (*day, hour);
            if let Some(before) = last.replace(now) {
                let passed = (day.0 - before.0.0) * 24 + hour.cast_signed() - before.1.cast_signed() - 1;
                if passed > 0 {
                    let (day, hour) = if before.1 == 23 {
                        (Day(before.0.0 + 1), 0)
                    } else {
                        (before.0, before.1 + 1)
                    };
                    rows.push(Row {
                        until: Some(Date(now.0).hour(now.1.cast_signed())),
                        name: "health".to_owned(),
                        after: passed.to_string(),
                        ..happened(day, hour, "missing")
                    });
                }
            }
            // What is not ill in an hour that was observed is well again.
            let well: Vec<&str> = ill
                .keys()
                .filter(|unit| !told.ill.contains_key(&((**unit).to_owned(), hour)))
                .copied()
                .collect();
            for unit in well {
                rows.extend(ill.remove(unit).map(|was| was_ill(unit, &was)));
            }
            for ((unit, _), nodes) in told.ill.iter().filter(|((_, at), _)| *at == hour) {
                let known = ill.entry(unit).or_insert(Ill {
                    since: now,
                    until: now,
                    nodes: 0,
                });
                known.until = now;
                known.nodes = known.nodes.max(*nodes);
            }
        }
    }
    rows.extend(ill.iter().map(|(unit, is)| was_ill(unit, is)));
}

fn listed(
    days: &[(Day, DayTold)],
    kind: &'static str,
    list: fn(&DayTold) -> Option<&BTreeSet<String>>,
    rows: &mut Vec<Row>,
) {
    let mut last: Option<&BTreeSet<String>> = None;
    for (day, told) in days {
        // Of a day on which nobody said which there are, nothing is known.
        let Some(now) = list(told) else { continue };
        if let Some(before) = last.replace(now) {
            let there = "installed".to_owned();
            rows.extend(now.difference(before).map(|name| Row {
                name: name.clone(),
                after: there.clone(),
                ..happened(*day, 0, kind)
            }));
            rows.extend(before.difference(now).map(|name| Row {
                name: name.clone(),
                before: there.clone(),
                ..happened(*day, 0, kind)
            }));
        }
    }
}

fn capacity(days: &[(Day, DayTold)], rows: &mut Vec<Row>) {
    let mut last: BTreeMap<&str, String> = BTreeMap::new();
    for (day, told) in days {
        for (measure, mean) in &told.measures {
            let after = format!("{}", (mean * 10.0).round() / 10.0);
            let before = last.insert(measure, after.clone());
            if let Some(before) = before.filter(|before| *before != after) {
                rows.push(Row {
                    name: (*measure).to_owned(),
                    before,
                    after,
                    ..happened(*day, 0, "capacity")
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(version: &str) -> EditionName {
        EditionName {
            version: version.to_owned(),
            ..EditionName::default()
        }
    }

    fn hours_of(range: std::ops::Range<u64>) -> Hours {
        let mut hours = Hours::default();
        range.for_each(|hour| hours.insert(hour));
        hours
    }

    fn set(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn what_happened_is_told_in_its_order() {
        let ill = |hours: std::ops::Range<u64>| {
            hours.map(|hour| (("a".to_owned(), hour), i64::from(hour == 23) + 1))
        };
        let days = [
            (
                Day(0),
                DayTold {
                    editions: [(4, edition("1.9"))].into(),
                    observed: hours_of(4..24),
                    ill: ill(22..24).collect(),
                    packages: set(&["kafka", "spark"]),
                    measures: [("cpu_total", 8.04)].into(),
                    ..DayTold::default()
                },
            ),
            (
                Day(1),
                DayTold {
                    editions: [(0, edition("1.9")), (6, edition("1.10"))].into(),
                    observed: Hours(hours_of(0..2).0 | hours_of(6..24).0),
                    ill: ill(0..1).collect(),
                    measures: [("cpu_total", 8.0)].into(),
                    ..DayTold::default()
                },
            ),
            (
                Day(3),
                DayTold {
                    observed: hours_of(2..3),
                    packages: set(&["kafka", "jenkins"]),
                    measures: [("cpu_total", 16.0)].into(),
                    events: vec![("outcome".to_owned(), "failed".to_owned())],
                    flags: vec!["clone".to_owned()],
                    ..DayTold::default()
                },
            ),
        ];
        let rows: Vec<String> = rows(&days)
            .into_iter()
            .map(|row| {
                let until = row
                    .until
                    .map_or_else(String::new, |until| format!("–{}", &until[5..13]));
                format!(
                    "{}{until} {} {} {}→{}",
                    &row.time[5..13],
                    row.kind,
                    row.name,
                    row.before,
                    row.after
                )
            })
            .collect();
        let expected = [
            "01-01T04 first  →1.9",
            "01-01T22–01-02T01 unhealthy a →2",
            "01-02T02–01-02T06 missing health →4",
            "01-02T06 version  1.9→1.10",
            "01-03T00–01-04T02 missing health →26",
            "01-04T00 capacity cpu_total 8→16",
            "01-04T00 flag clone →",
            "01-04T00 installation outcome →failed",
            "01-04T00 package jenkins →installed",
            "01-04T00 package spark installed→",
        ];
        assert_eq!(rows, expected);
    }
}
