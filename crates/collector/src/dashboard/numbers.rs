//! The numbers of the overview that are seen first: each with how it went, and how it differs from before.

use std::collections::BTreeMap;

use super::ask::{Ask, Axis};
use super::chart::{Unit, amount, float};
use super::failure::Failure;
use super::overview::{Active, Quality, Reliability, told};
use super::tile::{Change, Tile};
use crate::question::{Date, Group, Span, active, reliability};

/// Least part of the days before of which something must be known, for a comparison to be fair.
const COVERED: f64 = 0.9;

/// What the page has asked.
pub(super) struct Asked<'a> {
    pub(super) all: &'a Active,
    pub(super) by_version: &'a Active,
    pub(super) units: &'a Reliability,
    pub(super) taken: &'a Quality,
    /// Installations that are likely those of CI.
    pub(super) ci: u64,
}

/// What was in as many days before; noughts where that is not known.
#[derive(Default)]
struct Before {
    installations: u64,
    unhealthy: f64,
}

/// The tiles.
///
/// # Errors
/// As the questions.
pub(super) fn tiles(ask: &Ask<'_>, axis: &Axis, asked: &Asked<'_>) -> Result<Vec<Tile>, Failure> {
    let before = before(ask, axis)?;
    let by_day = ask.of(&ask.filter(axis.span, Group::None), reliability::ask)?;
    let than = format!("against the {} days before", ask.query.filter.days());
    Ok(vec![
        installations(ask, axis, asked, &before, &than),
        version(ask, axis, asked.by_version),
        components(ask, axis, asked.units, &by_day, &before, &than),
        messages(ask, axis, asked.taken),
    ])
}

/// As many days before; nothing where too few of them are known.
fn before(ask: &Ask<'_>, axis: &Axis) -> Result<Before, Failure> {
    let of = |span| ask.filter(span, Group::None).before();
    let reported = ask.of(&of(axis.span), active::ask)?;
    if float(reported.rows.len()) < COVERED * float(axis.days.len()) {
        return Ok(Before::default());
    }
    Ok(Before {
        installations: reported.installations,
        unhealthy: ask.of(&of(Span::All), reliability::ask)?.total.share,
    })
}

fn installations(ask: &Ask<'_>, axis: &Axis, asked: &Asked<'_>, before: &Before, than: &str) -> Tile {
    let (all, ci) = (asked.all, asked.ci);
    let reported = all.rows.iter().map(|row| (row.start, amount(row.installations)));
    Tile {
        what: "Active installations",
        much: Unit::Count.show(amount(all.installations)),
        href: match ci {
            0 => "#active".to_owned(),
            _ => ask.query.to_with("/overview", &[("without", "ci")]),
        },
        change: Change::of(
            amount(all.installations),
            amount(before.installations),
            true,
            than,
        ),
        note: match ci {
            0 => "reported in these days".to_owned(),
            ci => format!(
                "reported in these days; {} of them are likely CI, and can be left out",
                Unit::Count.show(amount(ci))
            ),
        },
        ..Tile::default()
    }
    .went(&axis.values(reported))
}

fn version(ask: &Ask<'_>, axis: &Axis, by_version: &Active) -> Tile {
    let last = by_version.rows.iter().map(|row| row.start).max();
    let running = by_version.rows.iter().filter(|row| Some(row.start) == last);
    let main = running.clone().max_by_key(|row| row.installations);
    let count = running.count();
    let of_main = by_version
        .rows
        .iter()
        .filter(|row| main.is_some_and(|main| main.group == row.group));
    Tile {
        what: "Most used version",
        much: main.map_or_else(|| "–".to_owned(), |row| told(&row.group)),
        href: ask.query.to("/releases"),
        note: main.map_or_else(String::new, |row| {
            format!(
                "on {} of installations; {count} in use",
                Unit::Share.show(row.share)
            )
        }),
        ..Tile::default()
    }
    .went(&axis.values(of_main.map(|row| (row.start, row.share))))
}

fn components(
    ask: &Ask<'_>,
    axis: &Axis,
    units: &Reliability,
    by_day: &Reliability,
    before: &Before,
    than: &str,
) -> Tile {
    let mut sums: BTreeMap<Date, (u64, u64)> = BTreeMap::new();
    for row in &by_day.rows {
        let sum = sums.entry(row.start).or_default();
        *sum = (sum.0 + row.unhealthy, sum.1 + row.observed);
    }
    let known = sums.into_iter().filter(|(_, (_, observed))| *observed > 0);
    let shares = known.map(|(start, (unhealthy, observed))| (start, amount(unhealthy) / amount(observed)));
    Tile {
        what: "Components unhealthy",
        much: match units.total.observed {
            0 => "–".to_owned(),
            _ => Unit::Share.show(units.total.share),
        },
        href: ask.query.to("/components"),
        change: Change::of(units.total.share, before.unhealthy, false, than),
        note: format!(
            "of the time, over {} components",
            Unit::Count.show(amount(units.total.units))
        ),
        ..Tile::default()
    }
    .went(&axis.values(shares))
}

fn messages(ask: &Ask<'_>, axis: &Axis, taken: &Quality) -> Tile {
    let mut rejected: BTreeMap<Date, f64> = BTreeMap::new();
    for row in taken.rows.iter().filter(|row| row.kind == "outcome") {
        let is_rejected = row.name.starts_with("rejected");
        *rejected.entry(row.start).or_default() += if is_rejected { amount(row.count) } else { 0.0 };
    }
    let total = &taken.total;
    let received = total.accepted + total.duplicate + total.suppressed + total.rejected;
    Tile {
        what: "Messages rejected",
        much: Unit::Count.show(amount(total.rejected)),
        href: ask.query.to("/data"),
        note: format!("of {} received", Unit::Count.show(amount(received))),
        ..Tile::default()
    }
    .went(&axis.values(rejected))
}
