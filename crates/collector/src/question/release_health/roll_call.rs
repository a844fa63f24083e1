//! Who ran what, and how each unit fared, over the days that verdicts are made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::xxh3_64;

use super::super::clusters::Clusters;
use super::super::filter::Filter;
use super::super::scope::{AskError, Scope};
use super::super::version::Version;
use super::super::view::View;
use crate::delta::{Day, Facet};
use crate::sheet::Wanted;
use crate::verdict::{Cell, NOTHING, Panel, Track};

/// Days that are looked at, up to the last.
pub(super) const BACK: i64 = 120;
/// Lines of all days together, a cluster in an edition each, which are held in memory; of more, the earliest days are left out.
const MOST_LINES: usize = 6_000_000;

/// The fleet, day by day.
pub(super) struct RollCall {
    /// The first day, and the last.
    pub(super) span: (Day, Day),
    /// Who ran what.
    pub(super) panel: Panel,
    /// Clusters by their places in the panel.
    pub(super) clusters: Vec<i64>,
    /// Versions in their order; the panel counts them from 1.
    pub(super) versions: Vec<String>,
    /// Numbers of the units that were seen.
    pub(super) units: Vec<u64>,
    days: Vec<Held>,
}

struct Held {
    day: u16,
    view: View,
    /// Of each line of the view its place in the panel, and hours of which a report counts, from 1.
    places: Vec<Option<(u32, u8)>>,
}

/// The days that verdicts of a filter are made of: those that are over, which a later one shows.
pub(super) fn days(scope: &Scope<'_>) -> Result<Vec<Day>, AskError> {
    let Filter { from, to, .. } = scope.filter;
    let mut days = scope.snapshot.days(Day(i64::MIN), Day(i64::MAX))?;
    days.pop();
    days.retain(|day| *day <= to.0);
    let Some(last) = days.last().copied() else {
        return Ok(days);
    };
    let first = from.0.0.min(last.0 - (BACK - 1));
    days.retain(|day| day.0 >= first);
    Ok(days)
}

impl RollCall {
    /// Of the clusters that a filter leaves on any of the days; all that they ran, whatever versions it names. `units` are those whose
    /// columns are read, all where it is `None`.
    pub(super) fn take(scope: &Scope<'_>, units: Option<Vec<u64>>) -> Result<Option<RollCall>, AskError> {
        let all = days(scope)?;
        let chosen = chosen(scope, &all)?;
        let everybody = Filter {
            from: scope.filter.from,
            to: scope.filter.to,
            ..Filter::default()
        };
        let whole = Scope::new(scope.snapshot, &everybody)?;
        let mut wanted = Wanted::of(&[Facet::Unit]);
        if let Some(units) = units {
            wanted = wanted.named(units);
        }
        let mut views = Vec::new();
        let mut lines = 0;
        for day in all.iter().rev() {
            let view = whole.view(*day, &wanted)?;
            lines += view.lines().count();
            if lines > MOST_LINES && !views.is_empty() {
                break;
            }
            views.push(view);
        }
        views.reverse();
        let (Some(first), Some(last)) = (views.first(), views.last()) else {
            return Ok(None);
        };
        let span = (first.day, last.day);
        let length = u16::try_from(span.1.0 - span.0.0 + 1).unwrap_or(u16::MAX);
        let mut call = RollCall {
            span,
            panel: Panel::default(),
            clusters: Vec::new(),
            versions: Vec::new(),
            units: Vec::new(),
            days: Vec::new(),
        };
        let names: BTreeMap<Version, BTreeSet<u64>> =
            whole
                .editions
                .iter()
                .fold(BTreeMap::new(), |mut names, (number, edition)| {
                    let of_version: &mut BTreeSet<u64> =
                        names.entry(Version(edition.version.clone())).or_default();
                    of_version.insert(*number);
                    names
                });
        let mut ranks: HashMap<u64, u16, RandomState> = HashMap::default();
        for (rank, (version, editions)) in (NOTHING + 1..).zip(names) {
            call.versions.push(version.0);
            ranks.extend(editions.into_iter().map(|edition| (edition, rank)));
        }
        let mut place_of: HashMap<i64, u32, RandomState> = HashMap::default();
        let mut ran: Vec<Vec<(u32, u16)>> = Vec::new();
        let mut units = BTreeSet::new();
        for view in views {
            let day = u16::try_from(view.day.0 - span.0.0).unwrap_or(u16::MAX);
            let mut places = Vec::new();
            for (at, line) in view.lines() {
                places.resize(at, None);
                let counts = line.cluster != 0 && line.reported && scope.counts(line.cluster);
                if !counts
                    || chosen
                        .as_ref()
                        .is_some_and(|chosen| !chosen.contains(line.cluster))
                {
                    continue;
                }
                let place = *place_of.entry(line.cluster).or_insert_with(|| {
                    call.clusters.push(line.cluster);
                    ran.push(vec![(0, NOTHING); length.into()]);
                    u32::try_from(ran.len() - 1).unwrap_or(u32::MAX)
                });
                let hours = u8::try_from(line.observed.count()).unwrap_or(u8::MAX).max(1);
                places.push(Some((place, hours)));
                // Of several versions of a day, the one whose last report is the latest.
                let now = (
                    line.observed.0,
                    ranks.get(&line.edition).copied().unwrap_or(NOTHING),
                );
                if let Some(known) = ran
                    .get_mut(place as usize)
                    .and_then(|ran| ran.get_mut(usize::from(day)))
                    && (known.1 == NOTHING || now > *known)
                {
                    *known = now;
                }
            }
            // Those of the installations that count: how many are judged decides how sure each verdict must be.
            for column in view
                .columns(Facet::Unit)
                .filter(|column| !column.runs(0).is_empty())
            {
                let mut pieces = view.pieces(column, 0);
                if !units.contains(&column.key)
                    && pieces.any(|piece| {
                        places
                            .get(piece.places)
                            .into_iter()
                            .flatten()
                            .any(Option::is_some)
                    })
                {
                    units.insert(column.key);
                }
            }
            call.days.push(Held { day, view, places });
        }
        call.units = units.into_iter().collect();
        call.panel.days = length;
        // By their ids, which stay the same also when the database is made anew.
        let mut ids = vec![xxh3_64(b""); ran.len()];
        scope.snapshot.each_cluster(|cluster, id| {
            let place = place_of
                .get(&cluster)
                .and_then(|place| ids.get_mut(*place as usize));
            if let Some(known) = place {
                *known = xxh3_64(id.as_bytes());
            }
        })?;
        for (id, ran) in ids.into_iter().zip(ran) {
            let versions: Vec<u16> = ran.into_iter().map(|(_, version)| version).collect();
            call.panel.tracks.push(Track::new(id, &versions));
        }
        Ok(Some(call))
    }

    /// The cells of a unit, as the judge takes them.
    pub(super) fn cells(&self, unit: u64, cells: &mut Vec<Cell>) {
        let days = usize::from(self.panel.days);
        cells.clear();
        cells.resize(self.panel.tracks.len() * days, Cell::default());
        for Held { day, view, places } in &self.days {
            for column in view.columns(Facet::Unit).filter(|column| column.key == unit) {
                for piece in view.pieces(column, 0) {
                    let amount = number(piece.amount);
                    for (place, hours) in places.get(piece.places).into_iter().flatten().flatten() {
                        if let Some(cell) = cells.get_mut(*place as usize * days + usize::from(*day)) {
                            cell.observed += amount;
                            // A cluster of two editions on a day has as many nodes as the larger.
                            cell.nodes = cell.nodes.max(amount / f32::from(*hours));
                        }
                    }
                }
                for piece in view.pieces(column, 1) {
                    let amount = number(piece.amount);
                    for (place, _) in places.get(piece.places).into_iter().flatten().flatten() {
                        if let Some(cell) = cells.get_mut(*place as usize * days + usize::from(*day)) {
                            cell.unhealthy += amount;
                        }
                    }
                }
            }
        }
    }

    /// A day of the panel.
    pub(super) fn day(&self, number: u16) -> Day {
        Day(self.span.0.0 + i64::from(number))
    }
}

/// Node-hours of a day: far below what is exact.
#[expect(clippy::cast_possible_truncation, reason = "an approximation is meant")]
fn number(whole: i64) -> f32 {
    whole.max(0) as f64 as f32
}

/// The clusters that a filter leaves on any day; `None` where it leaves all. A cluster that is left on some days only has not
/// fallen silent on the others.
fn chosen(scope: &Scope<'_>, days: &[Day]) -> Result<Option<Clusters>, AskError> {
    let filter = Filter {
        versions: BTreeSet::new(),
        units: BTreeSet::new(),
        ..scope.filter.clone()
    };
    if filter.providers.is_empty()
        && filter.variants.is_empty()
        && filter.packages.is_empty()
        && filter.clusters.is_empty()
    {
        return Ok(None);
    }
    let scope = scope.with(&filter)?;
    let mut clusters = Clusters::default();
    for day in days {
        for (_, line) in scope.view(*day, &Wanted::default())?.lines() {
            clusters.insert(line.cluster);
        }
    }
    Ok(Some(clusters))
}
