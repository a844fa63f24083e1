//! Releases: how versions spread, and how installing them went.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::intervals::{Interval, Mark, intervals};
use super::chart::line::lines;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::Figure;
use super::frame::{Frame, Place};
use super::health::{self, Verdicts};
use super::overview::{by_group, told};
use super::page::{Content, Kind, Visit, show};
use super::support::counted;
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::http::App;
use crate::question::{Answer, Group, active, installation};
use crate::token::Scope;

/// Rows of intervals.
const ROWS: usize = 16;
/// The quantile of the normal distribution for an interval that holds 19 times of 20.
const Z: f64 = 1.959_964;
/// Fewest beginnings of which a share is shown.
const FEWEST: u64 = 5;

/// The page.
#[derive(Template)]
#[template(path = "releases.html")]
struct Releases {
    frame: Frame,
    tiles: Vec<Tile>,
    adoption: Figure,
    health: Figure,
    installing: Figure,
}

impl Content for Releases {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.adoption, &self.health, &self.installing]
    }
}

/// The releases.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Releases, &[]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(releases(ask)?))).await
}

fn releases(ask: &Ask<'_>) -> Result<Releases, Failure> {
    let axis = ask.axis();
    let versions = ask.of(&ask.filter(axis.span, Group::Version), active::ask)?;
    let installed = ask.of(&ask.query.filter, installation::ask)?;
    let verdicts = health::verdicts(ask, &ask.query.filter)?;
    Ok(Releases {
        frame: ask
            .frame("Releases", Place::Releases)?
            .lead("How versions spread, what they did to components, and how installing them went."),
        tiles: tiles(ask, &installed, &verdicts),
        adoption: adoption(ask, &axis, &versions),
        health: health::figure(ask, &verdicts, "health", "Release health", |row| {
            format!("{} in {}", row.unit, told(&row.version))
        }),
        installing: installing(ask, &installed),
    })
}

type Installed = Answer<installation::Row, installation::Total>;

fn tiles(ask: &Ask<'_>, installed: &Installed, verdicts: &Verdicts) -> Vec<Tile> {
    let total = &installed.total;
    let sum = |of: fn(&installation::Row) -> u64| amount(installed.rows.iter().map(of).sum());
    let judged = verdicts.total.regressed
        + verdicts.total.improved
        + verdicts.total.no_evidence
        + verdicts.total.not_enough_data;
    // Who is silent, those may look up who may see single clusters.
    let silent = match ask.viewer.may(Scope::Support) {
        true => ask.query.to_with("/support", &[("tier", "silent")]),
        false => String::new(),
    };
    vec![
        Tile {
            what: "Components regressed",
            much: match judged {
                0 => "–".to_owned(),
                _ => Unit::Count.show(amount(verdicts.total.regressed)),
            },
            href: "#health".to_owned(),
            note: match judged {
                0 => "nobody was seen to change a version".to_owned(),
                _ => format!("of {judged} that were judged, version by version"),
            },
            ..Tile::default()
        },
        Tile {
            what: "Healthy within a day",
            much: match total.judged {
                0 => "–".to_owned(),
                _ => Unit::Share.show(total.share),
            },
            note: format!(
                "{} of {} beginnings that were seen long enough",
                Unit::Count.show(amount(total.healthy)),
                Unit::Count.show(amount(total.judged))
            ),
            ..Tile::default()
        },
        Tile {
            what: "Never healthy",
            much: Unit::Count.show(sum(|row| row.never_healthy)),
            note: "until the end, or the next change".to_owned(),
            ..Tile::default()
        },
        Tile {
            what: "Taken back",
            much: Unit::Count.show(sum(|row| row.rolled_back)),
            note: "to the version before".to_owned(),
            ..Tile::default()
        },
        Tile {
            what: "Silent since",
            much: Unit::Count.show(sum(|row| row.silent)),
            href: silent,
            note: "three reports or more are missing".to_owned(),
            ..Tile::default()
        },
    ]
}

fn adoption(ask: &Ask<'_>, axis: &Axis, answer: &Answer<active::Row, active::Total>) -> Figure {
    let mut all: BTreeMap<usize, f64> = BTreeMap::new();
    let mut series = by_group(axis, answer);
    for (place, value) in series.iter().flat_map(|series| series.values.iter().enumerate()) {
        *all.entry(place).or_default() += value.unwrap_or_default();
    }
    for series in &mut series {
        for (place, value) in series.values.iter_mut().enumerate() {
            // Where others report and it does not, it is on none of them.
            let of_all = all.get(&place).copied().filter(|sum| *sum > 0.0);
            *value = of_all.map(|sum| value.unwrap_or_default() / sum);
        }
    }
    let rows = answer.rows.iter().rev().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::to(
                told(&row.group),
                ask.query.to_with("/components", &[("version", &row.group)]),
            ),
            Cell::new(Unit::Share.show(row.share)),
            counted(ask, row.installations, &[("version", &row.group)]),
        ]
    });
    let names = [axis.name(), "Version", "#Share", "#Installations"];
    let table = Table::new("Adoption", &names, rows);
    Figure::new(ask, "adoption", "Adoption", Room::WIDE, table, |room, label| {
        let series: Vec<Series> = series.clone();
        lines(room, label, &axis.days, &series, Unit::Share)
    })
    .about(format!(
        "Part of the reporting installations on each version, {}.",
        axis.per()
    ))
    .behind(answer.installations)
    .csv(
        ask,
        "active-installations",
        &ask.query.filter,
        &[("per", axis.name()), ("by", "version")],
    )
}

fn installing(ask: &Ask<'_>, answer: &Installed) -> Figure {
    let name = |row: &installation::Row| {
        let how = match row.beginning {
            "first" => "first installation",
            other => other,
        };
        format!("{}, {how}", told(&row.version))
    };
    let all: Vec<Interval> = answer
        .rows
        .iter()
        .take(ROWS)
        .map(|row| {
            let range = (row.judged >= FEWEST).then(|| wilson(amount(row.healthy), amount(row.judged)));
            Interval {
                name: name(row),
                href: ask.query.to_with("/components", &[("version", &row.version)]),
                range,
                mark: range.map_or(Mark::Open, |range| mark(range, answer.total.share)),
                behind: format!("{} of {}", row.healthy, row.judged),
            }
        })
        .collect();
    let rows = answer.rows.iter().map(|row| {
        let count = |count| Cell::new(Unit::Count.show(amount(count)));
        vec![
            Cell::to(
                told(&row.version),
                ask.query.to_with("/components", &[("version", &row.version)]),
            ),
            Cell::new(row.beginning),
            count(row.begun),
            count(row.judged),
            count(row.healthy),
            Cell::new(match row.judged {
                0 => "–".to_owned(),
                _ => Unit::Share.show(row.share),
            }),
            count(row.never_healthy),
            count(row.rolled_back),
            count(row.silent),
        ]
    });
    let names = [
        "Version",
        "Beginning",
        "#Begun",
        "#Judged",
        "#Healthy",
        "#Share",
        "#Never healthy",
        "#Taken back",
        "#Silent",
    ];
    let table = Table::new("Healthy within a day", &names, rows);
    Figure::new(
        ask,
        "installing",
        "Healthy within a day",
        Room::WIDE,
        table,
        |room, label| intervals(room, label, &all, Unit::Share),
    )
    .about(format!(
        "Part of the beginnings after which all components were healthy within 24 hours, with the interval that holds 19 times of 20: orange where it lies below {}, the share of all, the accent colour where it lies above. Fewer than {FEWEST} say nothing.",
        Unit::Share.show(answer.total.share)
    ))
    .behind(answer.installations)
    .csv(ask, "installation-reliability", &ask.query.filter, &[])
}

/// Whether all of an interval is on one side of the share of all.
fn mark((low, _, high): (f64, f64, f64), of_all: f64) -> Mark {
    if high < of_all {
        Mark::Worse
    } else if low > of_all {
        Mark::Better
    } else {
        Mark::Open
    }
}

/// Wilson's interval of a share: low end, the share, high end.
fn wilson(healthy: f64, judged: f64) -> (f64, f64, f64) {
    let share = healthy / judged;
    let middle = (share + Z * Z / (2.0 * judged)) / (1.0 + Z * Z / judged);
    let half = Z / (1.0 + Z * Z / judged)
        * (share * (1.0 - share) / judged + Z * Z / (4.0 * judged * judged)).sqrt();
    ((middle - half).max(0.0), share, (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_wide_where_little_is_known() {
        // Worked by hand from Wilson's formula.
        let (low, share, high) = wilson(8.0, 10.0);
        assert!(
            (low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4,
            "{low} {high}"
        );
        assert!((share - 0.8).abs() < 1e-9);
        let (low, _, high) = wilson(10.0, 10.0);
        assert!(low < 0.73 && high > 0.999);
        assert_eq!(mark((0.1, 0.2, 0.3), 0.5), Mark::Worse);
        assert_eq!(mark((0.6, 0.7, 0.8), 0.5), Mark::Better);
        assert_eq!(mark((0.4, 0.5, 0.8), 0.5), Mark::Open);
    }
}
