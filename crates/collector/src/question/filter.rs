//! What a question is restricted to.

use std::collections::BTreeSet;

use heliograph_wire::id::Hour;
use strsim::jaro;

use super::day::{Date, Span};
use super::group::Group;
use super::tier::{Flag, HOURS, Tier};
use crate::access::look_up::Whom;
use crate::delta::Day;

/// Days that a question is about where it is not said: as many, up to today.
const DAYS: i64 = 30;
/// Most days that a question can be about.
const MOST_DAYS: i64 = 4000;

/// What a question is restricted to. An empty set restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// Versions (`environmentVersion`).
    pub versions: BTreeSet<String>,
    /// Providers.
    pub providers: BTreeSet<String>,
    /// Variants.
    pub variants: BTreeSet<String>,
    /// Clusters that had any of these packages on the day.
    pub packages: BTreeSet<String>,
    /// Clusters, by id.
    pub clusters: BTreeSet<String>,
    /// Installations of these tiers, as of the last day.
    pub tiers: BTreeSet<Tier>,
    /// Installations with any of these flags.
    pub flags: BTreeSet<Flag>,
    /// Installations with none of these flags.
    pub without: BTreeSet<Flag>,
    /// The hour in which it is asked, where that may be before the end of the last day: what is to come is not missing.
    pub now: Option<Hour>,
    /// Units, as in the properties: `dcos-mesos-master-service`.
    pub units: BTreeSet<String>,
    /// Events.
    pub events: BTreeSet<String>,
    /// The property of an event that is asked about.
    pub property: Option<String>,
    /// Name of what is asked about, other than by the above: a route, a customer key, a licence.
    pub search: Option<String>,
    /// What days are taken together as.
    pub span: Option<Span>,
    /// What rows are kept apart by.
    pub group: Option<Group>,
}

/// A parameter of questions: its name, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in URLs; with `--` before it on the command line.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Whether it may be given more than once.
    pub many: bool,
}

/// Why a filter can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No such parameter.
    #[error("there is no filter `{0}`{1}; there are {2}")]
    Unknown(String, String, String),
    /// It can't be that.
    #[error("`{name}` can't be `{value}`: {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// What it was given.
        value: String,
        /// What it can be.
        expected: String,
    },
    /// Given twice.
    #[error("`{0}` is given more than once; it takes one value")]
    Twice(String),
    /// The last day is before the first.
    #[error("`from` ({0}) is after `to` ({1})")]
    Backwards(Date, Date),
    /// More days than can be asked about at once.
    #[error("{0} days are more than the {MOST_DAYS} that can be asked about at once")]
    TooLong(i64),
}

impl FilterError {
    /// The parameter that is at fault.
    pub fn parameter(&self) -> &str {
        match self {
            FilterError::Unknown(name, ..) | FilterError::Value { name, .. } | FilterError::Twice(name) => {
                name
            }
            FilterError::Backwards(..) | FilterError::TooLong(_) => "from",
        }
    }
}

/// The parameters that questions take, but those of which messages or days are all.
pub const COMMON: &[Parameter] = &[
    FROM,
    TO,
    many("version", "Version of the environment."),
    many("provider", "Provider, such as `aws` or `on-prem`."),
    many("variant", "`open` or `enterprise`."),
    many(
        "package",
        "Installations that have a package, on the days on which they have it.",
    ),
    CLUSTER,
    TIER,
    FLAG,
    WITHOUT,
];
/// Parameters of questions that are about days alone.
pub const DAYS_ALONE: &[Parameter] = &[FROM, TO];
/// Parameters of questions about one installation.
pub const OF_ONE: &[Parameter] = &[FROM, TO, CLUSTER, TIER, FLAG, WITHOUT];
const FROM: Parameter = one(
    "from",
    "First day, as 2026-11-22; 29 days before `to` where it is not given.",
);
const TO: Parameter = one("to", "Last day, included; today where it is not given.");
const CLUSTER: Parameter = many("cluster", "Installation, by cluster id.");
const TIER: Parameter = many(
    "tier",
    "Installations of a tier as of the last day: `new` (reports on one day), `recurring`, `confirmed` (on seven or more) or `silent` (the last three reports are missing).",
);
const FLAG: Parameter = many(
    "flag",
    "Installations with a flag: `ci` (likely CI or a demonstration: one node, reports on two days at most) or `clone` (more than one reports under its id).",
);
const WITHOUT: Parameter = many("without", "Installations without a flag: `ci` or `clone`.");
/// Units.
pub const UNIT: Parameter = many("unit", "Unit, as in `dcos-mesos-master-service`.");
/// Events.
pub const EVENT: Parameter = many("event", "Event.");
/// A property.
pub const PROPERTY: Parameter = one("property", "Property of the event.");
/// A search.
pub const SEARCH: Parameter = one("search", "Cluster id, customer key or licence id.");
/// Spans of days.
pub const SPAN: Parameter = one("per", "`day`, `week` (from Monday), `month` or `all`.");
/// Groups.
pub const GROUP: Parameter = one("by", "`version`, `provider`, `variant` or `none`.");

const fn one(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        many: false,
    }
}

const fn many(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        many: true,
        ..one(name, about)
    }
}

impl Filter {
    /// The last 30 days.
    pub fn up_to(today: Day) -> Filter {
        Filter {
            from: Date(Day(today.0 - (DAYS - 1))),
            to: Date(today),
            ..Filter::default()
        }
    }

    /// Reads names and values, as they stand in a URL, of a question that takes some parameters beside the common ones.
    ///
    /// # Errors
    /// When there is no such parameter, or it can't be that.
    pub fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        takes: &[Parameter],
        today: Day,
    ) -> Result<Filter, FilterError> {
        Filter::of(pairs, COMMON.iter().chain(takes), today)
    }

    /// Reads names and values, as they stand in a URL, of a question that takes these parameters and no others.
    ///
    /// # Errors
    /// When there is no such parameter, or it can't be that.
    pub fn of<'a, 'p>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        parameters: impl Iterator<Item = &'p Parameter> + Clone,
        today: Day,
    ) -> Result<Filter, FilterError> {
        let mut filter = Filter::default();
        let (mut from, mut to) = (None, None);
        let mut given = BTreeSet::new();
        for (name, value) in pairs {
            let known = parameters.clone().find(|parameter| parameter.name == name);
            let Some(parameter) = known else {
                return Err(unknown(name, parameters));
            };
            if !given.insert(parameter.name) && !parameter.many {
                return Err(FilterError::Twice(name.to_owned()));
            }
            let wrong = |expected: &str| FilterError::Value {
                name: name.to_owned(),
                value: value.to_owned(),
                expected: expected.to_owned(),
            };
            let set = match parameter.name {
                "from" | "to" => {
                    let date: Date = value.parse().map_err(|_| wrong("a day, as 2026-11-22"))?;
                    *(if name == "from" { &mut from } else { &mut to }) = Some(date);
                    continue;
                }
                "per" => {
                    filter.span = Some(choose(&Span::ALL, value).map_err(|expected| wrong(&expected))?);
                    continue;
                }
                "by" => {
                    filter.group = Some(choose(&Group::ALL, value).map_err(|expected| wrong(&expected))?);
                    continue;
                }
                "property" => {
                    filter.property = Some(value.to_owned());
                    continue;
                }
                "search" => {
                    filter.search = Some(value.trim().to_owned());
                    continue;
                }
                "tier" => {
                    let tier = choose(&Tier::ALL, value).map_err(|expected| wrong(&expected))?;
                    filter.tiers.insert(tier);
                    continue;
                }
                "flag" | "without" => {
                    let flag = choose(&Flag::ALL, value).map_err(|expected| wrong(&expected))?;
                    let set = if name == "flag" {
                        &mut filter.flags
                    } else {
                        &mut filter.without
                    };
                    set.insert(flag);
                    continue;
                }
                "version" => &mut filter.versions,
                "provider" => &mut filter.providers,
                "variant" => &mut filter.variants,
                "package" => &mut filter.packages,
                "cluster" => &mut filter.clusters,
                "unit" => &mut filter.units,
                _ => &mut filter.events,
            };
            set.insert(value.to_owned());
        }
        filter.to = to.unwrap_or(Date(today));
        filter.from = from.unwrap_or(Date(Day(filter.to.0.0 - (DAYS - 1))));
        if filter.from > filter.to {
            return Err(FilterError::Backwards(filter.from, filter.to));
        }
        match filter.days() {
            days if days > MOST_DAYS => Err(FilterError::TooLong(days)),
            _ => Ok(filter),
        }
    }

    /// Whether it names single clusters, so that the answer tells of them.
    pub fn names_clusters(&self) -> bool {
        !self.clusters.is_empty() || self.search.is_some()
    }

    /// The same, asked in an hour.
    #[must_use]
    pub fn at(self, now: Hour) -> Filter {
        Filter {
            now: Some(now),
            ..self
        }
    }

    /// The hour, counted from 1970, before which all hourly reports are to be there: that behind the last day, or the one in which
    /// it is asked.
    pub fn end(&self) -> i64 {
        let end = (self.to.0.0 + 1) * HOURS;
        self.now.map_or(end, |now| end.min(now.number()))
    }

    /// Whether it restricts to tiers or flags.
    pub fn chooses_standings(&self) -> bool {
        !(self.tiers.is_empty() && self.flags.is_empty() && self.without.is_empty())
    }

    /// As far as it chooses lines of a day, and units: the same of all filters that choose the same, whatever days they are about.
    pub(super) fn of_lines(&self) -> Filter {
        let (from, to, now) = match self.chooses_standings() {
            true => (self.from, self.to, self.now),
            false => Default::default(),
        };
        Filter {
            from,
            to,
            now,
            versions: self.versions.clone(),
            providers: self.providers.clone(),
            variants: self.variants.clone(),
            packages: self.packages.clone(),
            clusters: self.clusters.clone(),
            tiers: self.tiers.clone(),
            flags: self.flags.clone(),
            without: self.without.clone(),
            units: self.units.clone(),
            ..Filter::default()
        }
    }

    /// Whom an answer tells of, as far as the filter says: many, where it names nobody.
    pub fn whom(&self) -> Vec<Whom> {
        let named = self.clusters.iter().cloned().map(Whom::Cluster);
        let named: Vec<_> = named.chain(self.search.clone().map(Whom::Searched)).collect();
        if named.is_empty() { vec![Whom::Many] } else { named }
    }

    /// How many days it is about.
    pub fn days(&self) -> i64 {
        self.to.0.0 - self.from.0.0 + 1
    }

    /// The same for as many days before.
    #[must_use]
    pub fn before(&self) -> Filter {
        let days = self.days();
        let back = |date: Date| Date(Day(date.0.0 - days));
        Filter {
            from: back(self.from),
            to: back(self.to),
            ..self.clone()
        }
    }
}

fn choose<T: Copy>(all: &[(T, &'static str)], value: &str) -> Result<T, String> {
    let found = all.iter().find(|(_, name)| *name == value);
    found.map(|(choice, _)| *choice).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(_, name)| format!("`{name}`")).collect();
        format!("one of {}", names.join(", "))
    })
}

fn unknown<'a>(name: &str, parameters: impl Iterator<Item = &'a Parameter>) -> FilterError {
    let names: Vec<&str> = parameters.map(|parameter| parameter.name).collect();
    let close = names
        .iter()
        .map(|known| (jaro(name, known), *known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let hint = close.map_or_else(String::new, |(_, known)| format!(" (did you mean `{known}`?)"));
    FilterError::Unknown(name.to_owned(), hint, names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day(20_779);

    fn read(pairs: &[(&str, &str)]) -> Result<Filter, String> {
        Filter::read(pairs.iter().copied(), &[UNIT, SPAN, GROUP], TODAY).map_err(|error| error.to_string())
    }

    #[test]
    fn filters_are_read() {
        let filter = read(&[]).unwrap();
        assert_eq!(
            (filter.from.to_string(), filter.to.to_string()),
            ("2026-10-24".into(), "2026-11-22".into())
        );
        assert_eq!((filter.days(), filter.clone()), (30, Filter::up_to(TODAY)));
        assert_eq!(filter.before().to.to_string(), "2026-10-23");

        let filter = read(&[
            ("to", "2026-11-02"),
            ("version", "1.13"),
            ("version", "1.12"),
            ("unit", "a-service"),
            ("per", "week"),
            ("by", "provider"),
        ])
        .unwrap();
        assert_eq!(filter.from.to_string(), "2026-10-04");
        assert_eq!(Vec::from_iter(&filter.versions), ["1.12", "1.13"]);
        assert_eq!(
            (filter.span, filter.group),
            (Some(Span::Week), Some(Group::Provider))
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (pairs, expected) in [
            (
                &[("verson", "1")][..],
                "there is no filter `verson` (did you mean `version`?); there are from, to, version",
            ),
            (&[("event", "x")], "there is no filter `event`"),
            (
                &[("from", "soon")],
                "`from` can't be `soon`: a day, as 2026-11-22",
            ),
            (
                &[("per", "hour")],
                "`per` can't be `hour`: one of `day`, `week`, `month`, `all`",
            ),
            (
                &[("to", "2026-11-02"), ("to", "2026-11-02")],
                "`to` is given more than once",
            ),
            (
                &[("from", "2026-11-03"), ("to", "2026-11-02")],
                "`from` (2026-11-03) is after `to` (2026-11-02)",
            ),
            (&[("from", "1970-01-01")], "20780 days are more than the 4000"),
        ] {
            let error = read(pairs).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
