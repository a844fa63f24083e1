//! The filters, as a form that puts them into the URL.

use std::collections::BTreeSet;

use askama::Template;

use super::query::Query;
use crate::delta::Day;
use crate::question::{Date, Flag, Group, Tier};
use crate::store::EditionName;

/// Spans of days that are one click away.
const RANGES: [i64; 3] = [7, 30, 90];

/// The form.
#[derive(Debug, Template)]
#[template(path = "filters.html")]
pub(crate) struct Form {
    action: String,
    ranges: Vec<Range>,
    from: String,
    to: String,
    choices: Vec<Choice>,
    kept: Vec<(String, String)>,
    reset: Option<String>,
}

#[derive(Debug)]
struct Range {
    label: String,
    href: String,
    current: bool,
}

#[derive(Debug)]
struct Choice {
    name: &'static str,
    label: &'static str,
    summary: String,
    options: Vec<Choosable>,
}

#[derive(Debug)]
struct Choosable {
    value: String,
    checked: bool,
}

impl Form {
    /// For a page, of what there is to choose from.
    pub(crate) fn new(path: &str, query: &Query, editions: &[EditionName]) -> Form {
        let filter = &query.filter;
        let choice = |name, label, all: &str, group: Group, chosen: &BTreeSet<String>| {
            let known = editions.iter().map(|edition| group.name(edition).to_owned());
            // What is filtered by is there, even where nothing of it is known.
            let values: BTreeSet<_> = known.chain(chosen.iter().cloned()).collect();
            let mut values: Vec<String> = values.into_iter().collect();
            if group == Group::Version {
                values.sort_by(|a, b| {
                    let version = |text: &String| crate::question::Version(text.clone());
                    version(b).cmp(&version(a))
                });
            }
            let summary = match chosen.len() {
                0 => all.to_owned(),
                1..=2 => Vec::from_iter(chosen.iter().map(String::as_str)).join(", "),
                more => format!("{label}: {more} chosen"),
            };
            Choice {
                name,
                label,
                summary,
                options: values
                    .into_iter()
                    .map(|value| Choosable {
                        checked: chosen.contains(&value),
                        value,
                    })
                    .collect(),
            }
        };
        let tiers = filter.tiers.iter().map(|tier| tier.name());
        let without = filter.without.iter().map(|flag| flag.name());
        let choices = vec![
            choice(
                "version",
                "Version",
                "All versions",
                Group::Version,
                &filter.versions,
            ),
            choice(
                "provider",
                "Provider",
                "All providers",
                Group::Provider,
                &filter.providers,
            ),
            choice(
                "variant",
                "Variant",
                "All variants",
                Group::Variant,
                &filter.variants,
            ),
            named(
                "tier",
                "Tier",
                "All tiers",
                Tier::ALL.map(|(_, name)| name),
                &tiers.collect(),
            ),
            named(
                "without",
                "Leave out",
                "Nothing left out",
                Flag::ALL.map(|(_, name)| name),
                &without.collect(),
            ),
        ];
        let own: Vec<&str> = ["from", "to"]
            .into_iter()
            .chain(choices.iter().map(|choice| choice.name))
            .collect();
        let kept = query.pairs().filter(|(name, _)| !own.contains(name));
        Form {
            action: query.at(path),
            ranges: RANGES.iter().map(|days| range(*days, path, query)).collect(),
            from: filter.from.to_string(),
            to: filter.to.to_string(),
            kept: kept
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            choices,
            reset: query.cleared(path),
        }
    }
}

fn named<const N: usize>(
    name: &'static str,
    label: &'static str,
    all: &str,
    values: [&'static str; N],
    chosen: &BTreeSet<&'static str>,
) -> Choice {
    let listed: Vec<&str> = chosen.iter().copied().collect();
    Choice {
        name,
        label,
        summary: match &listed[..] {
            [] => all.to_owned(),
            some => format!("{label}: {}", some.join(", ")),
        },
        options: values
            .into_iter()
            .map(|value| Choosable {
                checked: chosen.contains(value),
                value: value.to_owned(),
            })
            .collect(),
    }
}

fn range(days: i64, path: &str, query: &Query) -> Range {
    let filter = &query.filter;
    let from = Date(Day(query.today.0 - (days - 1))).to_string();
    let to = Date(query.today).to_string();
    Range {
        label: format!("{days} days"),
        current: filter.to.0 == query.today && filter.days() == days,
        href: query.here_with(path, &[("from", &from), ("to", &to)]),
    }
}
