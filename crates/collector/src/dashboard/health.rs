//! Release health on pages: what is said of units in versions, each with what it rests on.
//!
//! Rates of failure are compared by what a version multiplies them by, on an axis of doublings, so that half as often is as far from
//! the line as twice as often. What is not known well enough is said to be so, and drawn nowhere.

use super::ask::Ask;
use super::chart::intervals::{Interval, Mark, intervals};
use super::chart::{Room, Unit, amount};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::overview::{told, unit_href};
use super::table::{Cell, Table};
use crate::question::release_health::{self, IMPROVED, NO_EVIDENCE, NOT_ENOUGH, REGRESSED, Row, Total};
use crate::question::{Answer, Filter};
use crate::token::Scope;

/// Intervals that are drawn.
const ROWS: usize = 14;
/// Doublings, and halvings, behind which an interval is cut off.
const FAR: f64 = 6.0;

/// Verdicts, as the question answers them.
pub(super) type Verdicts = Answer<Row, Total>;

/// Asks for the verdicts of the versions that the filter names, or of the newest.
///
/// # Errors
/// When the database can't be read.
pub(super) fn verdicts(ask: &Ask<'_>, filter: &Filter) -> Result<Verdicts, Failure> {
    Ok(ask.of(filter, release_health::ask)?)
}

/// Whether a filter leaves the whole fleet: what is judged of that is kept. Judging a part of it takes seconds where there are many
/// installations, and is done for those who ask for it.
pub(super) fn is_of_all(filter: &Filter) -> bool {
    !filter.chooses_standings()
        && filter.providers.is_empty()
        && filter.variants.is_empty()
        && filter.packages.is_empty()
}

/// The versions that are judged, in the order of the answer.
pub(super) fn versions(verdicts: &Verdicts) -> Vec<&str> {
    let mut versions: Vec<&str> = Vec::new();
    for row in &verdicts.rows {
        if !versions.contains(&row.version.as_str()) {
            versions.push(&row.version);
        }
    }
    versions
}

/// A sentence on what is known of all of it.
pub(super) fn summary(verdicts: &Verdicts) -> String {
    let versions = versions(verdicts).join(", ");
    let Total {
        regressed,
        improved,
        no_evidence,
        not_enough_data,
        ..
    } = verdicts.total;
    if versions.is_empty() {
        return "No installation was seen to change its version on these days, so there is nothing to compare."
            .to_owned();
    }
    format!(
        "{versions}: {regressed} regressed, {improved} improved, {no_evidence} with no evidence of either, {not_enough_data} with not enough data."
    )
}

/// What is told of one on the overview: a verdict in a sentence.
pub(super) fn sentence(row: &Row) -> String {
    let rates = match (row.before, row.after) {
        (Some(before), Some(after)) => format!(
            "unhealthy {} of the time after the change, {} before",
            Unit::Share.show(after),
            Unit::Share.show(before)
        ),
        _ => "its rate of failure changed".to_owned(),
    };
    let times = match (row.verdict == REGRESSED, row.ratio_high) {
        (true, _) => format!("at least {} as often", Unit::Times.show(row.ratio_low.log2())),
        (false, Some(high)) => format!("at most {} as often", Unit::Times.show(high.log2())),
        (false, None) => String::new(),
    };
    let silent = match row.silent {
        0 => String::new(),
        silent => format!("; {silent} fell silent"),
    };
    let times = if times.is_empty() {
        times
    } else {
        format!(", {times}")
    };
    format!(
        "{} {} in {}: {rates}{times} ({} compared{silent}).",
        row.unit,
        row.verdict,
        told(&row.version),
        installations_of(row.compared.into())
    )
}

/// Where the page of a verdict's unit is.
pub(super) fn href(ask: &Ask<'_>, row: &Row) -> String {
    unit_href(ask, &row.unit)
}

/// Where the installations behind a verdict are, for those who may see them.
fn behind(ask: &Ask<'_>, row: &Row) -> String {
    if !ask.viewer.may(Scope::Support) {
        return String::new();
    }
    let of = [("version", row.version.as_str()), ("unit", row.unit.as_str())];
    ask.query.to_with(super::behind::PATH, &of)
}

/// The figure: `name` says what a row is called.
pub(super) fn figure(
    ask: &Ask<'_>,
    verdicts: &Verdicts,
    id: &'static str,
    title: &'static str,
    name: impl Fn(&Row) -> String,
) -> Figure {
    let known = verdicts.rows.iter().filter(|row| row.verdict != NOT_ENOUGH);
    let all: Vec<Interval> = known
        .take(ROWS)
        .map(|row| interval(ask, row, name(row)))
        .collect();
    let rows = verdicts.rows.iter().map(|row| cells(ask, row));
    let names = [
        "Component",
        "Version",
        "Verdict",
        "Since",
        "#Times as often",
        "#Least",
        "#Most",
        "#Before",
        "#After",
        "#Others before",
        "#Others after",
        "#Difference",
        "#Upgraded",
        "#Compared",
        "#With others",
        "#Fell silent",
        "#Node-hours",
    ];
    let table = Table::new(title, &names, rows).or("No installation was seen to change its version.");
    let more: &[(&str, &str)] = &[];
    Figure::new(ask, id, title, Room::WIDE, table, |room, label| {
        intervals(room, label, &all, Unit::Times)
    })
    .about(format!(
        "How many times as often a component was unhealthy after installations changed to the version, beside others that did not over the same days; the interval holds the true number 19 times of 20, also for who looks every day. {}",
        summary(verdicts)
    ))
    .behind(verdicts.installations)
    .csv(ask, "release-health", &ask.query.filter, more)
}

fn interval(ask: &Ask<'_>, row: &Row, name: String) -> Interval {
    let doublings = |ratio: f64| ratio.log2().clamp(-FAR, FAR);
    let range = row.ratio.map(|ratio| {
        let high = row.ratio_high.map_or(FAR, doublings);
        (doublings(row.ratio_low), doublings(ratio), high)
    });
    Interval {
        name,
        href: href(ask, row),
        range,
        mark: match row.verdict.as_str() {
            REGRESSED => Mark::Worse,
            IMPROVED => Mark::Better,
            _ => Mark::Open,
        },
        behind: format!(
            "{}; {} that upgraded, beside {}; {} fell silent",
            row.verdict, row.compared, row.controls, row.silent
        ),
    }
}

fn cells(ask: &Ask<'_>, row: &Row) -> Vec<Cell> {
    let count = |count: u64| Unit::Count.show(amount(count));
    let share = |share: Option<f64>| Cell::new(share.map_or_else(dash, |share| Unit::Share.show(share)));
    let times =
        |ratio: Option<f64>| Cell::new(ratio.map_or_else(dash, |ratio| Unit::Times.show(ratio.log2())));
    let is_open = row.verdict == NOT_ENOUGH || row.verdict == NO_EVIDENCE;
    let verdict = match row.reason.as_str() {
        "" => row.verdict.clone(),
        reason => format!("{}: {reason}", row.verdict),
    };
    vec![
        Cell::to(row.unit.clone(), href(ask, row)),
        Cell::to(
            told(&row.version),
            ask.query.to_with("/releases", &[("version", &row.version)]),
        ),
        Cell::new(verdict),
        Cell::new(
            row.since
                .filter(|_| !is_open)
                .map_or_else(dash, |day| day.to_string()),
        ),
        times(row.ratio),
        times((row.compared > 0).then_some(row.ratio_low)),
        times(row.ratio_high),
        share(row.before),
        share(row.after),
        share(row.control_before),
        share(row.control_after),
        Cell::new(row.difference.map_or_else(dash, points)),
        Cell::new(count(row.upgraded.into())),
        Cell::to(count(row.compared.into()), behind(ask, row)),
        Cell::new(count(row.controls.into())),
        Cell::new(count(row.silent.into())),
        Cell::new(count(row.observed)),
    ]
}

fn dash() -> String {
    "–".to_owned()
}

/// A difference of shares, in percentage points.
fn points(difference: f64) -> String {
    let shown = Unit::Number.show(difference * 100.0);
    if difference > 0.0 {
        format!("+{shown}")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: &str, ratio: (f64, Option<f64>)) -> Row {
        Row {
            version: "1.11.0".to_owned(),
            unit: "dcos-mesos-dns-service".to_owned(),
            verdict: verdict.to_owned(),
            reason: String::new(),
            since: None,
            chance: 0.001,
            ratio: Some(6.0),
            ratio_low: ratio.0,
            ratio_high: ratio.1,
            before: Some(0.002),
            after: Some(0.012),
            control_before: None,
            control_after: None,
            difference: Some(0.01),
            window: 14,
            upgraded: 130,
            compared: 120,
            controls: 300,
            quiet: 0,
            silent: 2,
            pending: 0,
            left_out: 0,
            observed: 1,
            predecessors: "1.10.1".to_owned(),
        }
    }

    #[test]
    fn a_verdict_is_a_sentence() {
        assert_eq!(
            sentence(&row(REGRESSED, (4.0, None))),
            "dcos-mesos-dns-service regressed in 1.11.0: unhealthy 1.20% of the time after the change, 0.20% before, at least ×4 as often (120 installations compared; 2 fell silent)."
        );
        assert!(sentence(&row(IMPROVED, (0.1, Some(0.5)))).contains("at most ×0.5 as often"));
        assert_eq!(
            (points(0.01), points(-0.01)),
            ("+1.00".to_owned(), "−1.00".to_owned())
        );
    }
}
