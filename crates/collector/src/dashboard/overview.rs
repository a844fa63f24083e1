//! The overview: how many installations there are, what they run, what changed, and what is ill.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::changes::{Change, Part, Tone, Weeks, changes};
use super::chart::bars::{Bar, bars};
use super::chart::columns::columns;
use super::chart::line::lines;
use super::chart::{COLOURS, Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::frame::{Frame, Place};
use super::health::{self, Verdicts};
use super::numbers::{self, Asked};
use super::page::{Content, Kind, Visit, show};
use super::support::counted;
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::access::guard::see_other;
use crate::delta::Day;
use crate::http::App;
use crate::question::release_health::{IMPROVED, REGRESSED};
use crate::question::{Answer, Date, Filter, Group, Span, active, popularity, quality, reliability};
use crate::question::{Clusters, Flag, Tier};
use crate::sheet::Wanted;
use crate::token;

/// Worst components that are shown.
const WORST: usize = 8;
const WEEK: i64 = 7;

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    tiles: Vec<Tile>,
    /// What is said of the newest versions: a sentence on all, and one on each component of which something is said.
    health: String,
    verdicts: Vec<Change>,
    /// Where all of it is.
    releases: String,
    changes: Vec<Change>,
    active: Figure,
    versions: Figure,
    worst: Figure,
    ingest: Figure,
}

impl Content for Overview {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.active, &self.versions, &self.worst, &self.ingest]
    }
}

/// Leads to the overview.
pub(crate) async fn home(State(app): State<Arc<App>>) -> Response {
    see_other(&app, Place::Overview.path())
}

/// The overview.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    show(&app, visit, Kind::of(Place::Overview, &[]), |ask, _| {
        Ok(Box::new(overview(ask)?))
    })
    .await
}

fn overview(ask: &Ask<'_>) -> Result<Overview, Failure> {
    let axis = ask.axis();
    let all = ask.of(&ask.filter(axis.span, Group::None), active::ask)?;
    let by_version = ask.of(&ask.filter(axis.span, Group::Version), active::ask)?;
    let units = ask.of(&ask.filter(Span::All, Group::None), reliability::ask)?;
    let taken = ask.of(&ask.filter(axis.span, Group::None), quality::ask)?;
    let standing = standing(ask)?;
    let weeks = weeks(ask, standing.silent)?;
    let health = match health::is_of_all(&ask.query.filter) {
        true => Some(health::verdicts(ask, &ask.query.filter)?),
        false => None,
    };
    Ok(Overview {
        frame: ask.frame("Overview", Place::Overview)?,
        tiles: numbers::tiles(
            ask,
            &axis,
            &Asked {
                all: &all,
                by_version: &by_version,
                units: &units,
                taken: &taken,
                ci: standing.ci,
            },
        )?,
        health: health.as_ref().map_or_else(String::new, health::summary),
        verdicts: health.iter().flat_map(|health| verdicts(ask, health)).collect(),
        releases: ask.query.to(Place::Releases.path()),
        changes: changes(&weeks),
        active: installations(ask, &axis, &all),
        versions: versions(ask, &axis, &by_version),
        worst: worst(ask, &units),
        ingest: ingest(ask, &axis, &taken),
    })
}

pub(super) type Active = Answer<active::Row, active::Total>;
pub(super) type Reliability = Answer<reliability::Row, reliability::Total>;
pub(super) type Quality = Answer<quality::Row, quality::Total>;

/// Installations that reported, as far as their tiers and flags are of interest.
#[derive(Default)]
struct Standing {
    /// That reported in the last week and are silent by now; without those of CI, which always are.
    silent: u64,
    /// That are likely those of CI.
    ci: u64,
}

/// Who fell silent, and who is of CI; of nobody, where the filter says itself which of them count.
fn standing(ask: &Ask<'_>) -> Result<Standing, Failure> {
    let filter = &ask.query.filter;
    if filter.chooses_standings() {
        return Ok(Standing::default());
    }
    let scope = ask.scope(filter)?;
    let standings = scope.standings()?;
    let (mut before, mut of_week) = (Clusters::default(), Clusters::default());
    for day in scope.days() {
        let is_of_week = day.0 > filter.to.0.0 - WEEK;
        let seen = if is_of_week { &mut of_week } else { &mut before };
        let view = scope.view(*day, &Wanted::default())?;
        let reported = view.lines().filter(|(_, line)| line.reported);
        reported.for_each(|(_, line)| seen.insert(line.cluster));
    }
    before.add(&of_week);
    let mut found = Standing::default();
    for cluster in before.iter() {
        let Some(of) = standings.of(cluster) else { continue };
        let is_ci = of.flags.contains(&Flag::Ci);
        found.ci += u64::from(is_ci);
        found.silent += u64::from(!is_ci && of_week.contains(cluster) && of.tier == Tier::Silent);
    }
    Ok(found)
}

/// A group as it is shown: those of which messages tell nothing have a name, too.
pub(crate) fn told(group: &str) -> String {
    match group {
        "" => "(not told)".to_owned(),
        group => group.to_owned(),
    }
}

fn installations(ask: &Ask<'_>, axis: &Axis, all: &Active) -> Figure {
    let known = all.rows.iter().map(|row| (row.start, amount(row.installations)));
    let series = [Series::new("installations", axis.values(known))];
    let rows = all.rows.iter().rev().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let table = Table::new("Active installations", &[axis.name(), "#Installations"], rows);
    Figure::new(
        ask,
        "active",
        "Active installations",
        Room::HALF,
        table,
        |room, label| lines(room, label, &axis.days, &series, Unit::Count),
    )
    .about(format!("Installations of which a report counts, {}.", axis.per()))
    .behind(all.installations)
    .csv(
        ask,
        "active-installations",
        &ask.query.filter,
        &[("per", axis.name()), ("by", "none")],
    )
}

/// Installations by group over time: the largest groups have colours of their own.
pub(crate) fn by_group(axis: &Axis, answer: &Active) -> Vec<Series> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &answer.rows {
        *sums.entry(&row.group).or_default() += row.installations;
    }
    let mut ranked: Vec<(&str, u64)> = sums.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let shown = if ranked.len() > COLOURS {
        COLOURS - 1
    } else {
        ranked.len()
    };
    let (own, others) = ranked.split_at(shown);
    let of = |is: &dyn Fn(&str) -> bool| {
        let mut by_day: BTreeMap<Date, f64> = BTreeMap::new();
        for row in answer.rows.iter().filter(|row| is(&row.group)) {
            *by_day.entry(row.start).or_default() += amount(row.installations);
        }
        axis.values(by_day)
    };
    let mut series: Vec<Series> = own
        .iter()
        .map(|(name, _)| Series::new(told(name), of(&|group| group == *name)))
        .collect();
    if !others.is_empty() {
        let is_other = |group: &str| others.iter().any(|(name, _)| *name == group);
        series.push(Series::new(format!("{} others", others.len()), of(&is_other)));
    }
    series
}

fn versions(ask: &Ask<'_>, axis: &Axis, answer: &Active) -> Figure {
    let series = by_group(axis, answer);
    let rows = answer.rows.iter().rev().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::to(
                told(&row.group),
                ask.query.to_with("/releases", &[("version", &row.group)]),
            ),
            counted(ask, row.installations, &[("version", &row.group)]),
            Cell::new(Unit::Share.show(row.share)),
        ]
    });
    let columns_of = [axis.name(), "Version", "#Installations", "#Share"];
    let table = Table::new("Versions", &columns_of, rows);
    Figure::new(ask, "versions", "Versions", Room::HALF, table, |room, label| {
        columns(room, label, &axis.days, &series, Unit::Count)
    })
    .about(format!("Installations by version, {}.", axis.per()))
    .behind(answer.installations)
    .csv(
        ask,
        "active-installations",
        &ask.query.filter,
        &[("per", axis.name()), ("by", "version")],
    )
}

/// A unit's own page.
pub(crate) fn unit_href(ask: &Ask<'_>, unit: &str) -> String {
    ask.query.to_with("/components/unit", &[("unit", unit)])
}

fn worst(ask: &Ask<'_>, units: &Reliability) -> Figure {
    let worst: Vec<Bar> = units
        .rows
        .iter()
        .filter(|row| row.unhealthy > 0)
        .take(WORST)
        .map(|row| Bar {
            name: row.unit.clone(),
            value: Some(row.share),
            behind: format!(
                "{}, unhealthy on {}",
                installations_of(row.installations),
                Unit::Count.show(amount(row.affected))
            ),
            href: unit_href(ask, &row.unit),
        })
        .collect();
    let rows = units.rows.iter().take(WORST).map(|row| {
        vec![
            Cell::to(row.unit.clone(), unit_href(ask, &row.unit)),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(Unit::Count.show(amount(row.unhealthy))),
            Cell::new(Unit::Count.show(amount(row.observed))),
            Cell::new(Unit::Count.show(amount(row.affected))),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let columns = [
        "Component",
        "#Unhealthy",
        "#Node-hours unhealthy",
        "#Node-hours",
        "#Affected",
        "#Installations",
    ];
    let table = Table::new("Worst components", &columns, rows);
    Figure::new(
        ask,
        "worst",
        "Worst components",
        Room::HALF,
        table,
        |room, label| bars(room, label, &worst, Unit::Share),
    )
    .about("Time on nodes that they were unhealthy, of the time in which their state was known.")
    .behind(units.installations)
    .csv(ask, "component-reliability", &ask.query.filter, &[("per", "all")])
}

fn ingest(ask: &Ask<'_>, axis: &Axis, answer: &Quality) -> Figure {
    let groups = ["accepted", "duplicate", "suppressed", "rejected"];
    let outcomes = || answer.rows.iter().filter(|row| row.kind == "outcome");
    let series: Vec<Series> = groups
        .iter()
        .map(|group| {
            let mut by_day: BTreeMap<Date, f64> = BTreeMap::new();
            for row in outcomes().filter(|row| row.name.split('.').next() == Some(group)) {
                *by_day.entry(row.start).or_default() += amount(row.count);
            }
            Series::new(*group, axis.values(by_day))
        })
        .collect();
    let rows = outcomes().collect::<Vec<_>>().into_iter().rev().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::to(row.name.clone(), ask.query.to("/data")),
            Cell::new(Unit::Count.show(amount(row.count))),
        ]
    });
    let table = Table::new("Messages received", &[axis.name(), "Outcome", "#Messages"], rows);
    Figure::new(
        ask,
        "ingest",
        "Messages received",
        Room::HALF,
        table,
        |room, label| columns(room, label, &axis.days, &series, Unit::Count),
    )
    .about(format!("What became of messages, {} of receipt.", axis.name()))
    .csv(ask, "ingest-quality", &ask.query.filter, &[("per", axis.name())])
}

/// What is said of components in the newest versions: regressions first.
fn verdicts(ask: &Ask<'_>, health: &Verdicts) -> Vec<Change> {
    let said = health.rows.iter().filter_map(|row| {
        let tone = match row.verdict.as_str() {
            REGRESSED => Tone::Bad,
            IMPROVED => Tone::Good,
            _ => return None,
        };
        Some(Change::new(tone, health::sentence(row), health::href(ask, row)))
    });
    let mut said: Vec<Change> = said.collect();
    said.sort_by_key(|change| change.tone != Tone::Bad);
    said.truncate(WORST);
    said
}

/// The last week that is asked about, and the one before.
fn weeks(ask: &Ask<'_>, silent: u64) -> Result<Weeks, Failure> {
    let to = ask.query.filter.to;
    let now = Filter {
        from: Date(Day(to.0.0 - (WEEK - 1))),
        span: Some(Span::All),
        ..ask.query.filter.clone()
    };
    let before = now.before();
    let by = |filter: &Filter, group| Filter {
        group: Some(group),
        ..filter.clone()
    };
    let active_now = ask.of(&by(&now, Group::Version), active::ask)?;
    let active_before = ask.of(&by(&before, Group::Version), active::ask)?;
    let units_now = ask.of(&by(&now, Group::None), reliability::ask)?;
    let units_before = ask.of(&by(&before, Group::None), reliability::ask)?;
    let packages = ask.of(&by(&now, Group::None), popularity::ask)?;
    let shares: BTreeMap<&str, f64> = active_before
        .rows
        .iter()
        .map(|row| (row.group.as_str(), row.share))
        .collect();
    let units: BTreeMap<&str, f64> = units_before
        .rows
        .iter()
        .map(|row| (row.unit.as_str(), row.share))
        .collect();
    Ok(Weeks {
        installations: (active_now.installations, active_before.installations),
        href: "#active".to_owned(),
        silent,
        silent_href: match ask.viewer.may(token::Scope::Support) {
            true => ask
                .query
                .to_with("/support", &[("tier", "silent"), ("without", "ci")]),
            false => ask
                .query
                .to_with("/overview", &[("tier", "silent"), ("without", "ci")]),
        },
        versions: active_now
            .rows
            .iter()
            .map(|row| Part {
                name: told(&row.group),
                href: ask.query.to_with("/releases", &[("version", &row.group)]),
                now: row.share,
                before: shares.get(row.group.as_str()).copied().unwrap_or_default(),
                installations: row.installations,
            })
            .collect(),
        units: units_now
            .rows
            .iter()
            .filter_map(|row| {
                Some(Part {
                    name: row.unit.clone(),
                    href: unit_href(ask, &row.unit),
                    now: row.share,
                    // One that was not there before has not changed.
                    before: *units.get(row.unit.as_str())?,
                    installations: row.installations,
                })
            })
            .collect(),
        packages: packages
            .rows
            .iter()
            .filter(|row| row.kind == "package")
            .filter_map(|row| {
                Some(Part {
                    name: row.name.clone(),
                    href: ask.query.to("/packages"),
                    now: row.share,
                    before: row.before?,
                    installations: row.installations,
                })
            })
            .collect(),
    })
}
