//! Release health: did a unit get less reliable in a version than it was in those before it, or more? See [`crate::verdict`].
//!
//! Days are looked back upon from the last one up to `to` that is over, [`BACK`](roll_call) of them or from `from`, whichever is more: the last day takes
//! no part before another one has begun. All units are judged at once, also where only some are asked about, so that a verdict does not depend on who asks.

mod installations;
mod kept;
mod roll_call;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Answer;
use super::day::Date;
use super::scope::{AskError, Scope};
use crate::verdict::{Arms, Claim, Judge, Judged, LEVEL, Left, decide};

pub use self::installations::{Row as InstallationRow, Total as InstallationTotal, ask as ask_installations};
pub use self::kept::{Pending, make, pending};
use self::roll_call::RollCall;

/// What is said of a unit that got less reliable.
pub const REGRESSED: &str = "regressed";
/// Of one that got more reliable.
pub const IMPROVED: &str = "improved";
/// Of one of which neither can be said, though there is enough to say it of a gross difference.
pub const NO_EVIDENCE: &str = "no evidence";
/// Of one of which too little is known.
pub const NOT_ENOUGH: &str = "not enough data";

/// Fewer pairs show nothing, however large the difference is.
const FEW: u32 = 20;
/// Versions that are judged where none is named: the newest that installations changed to.
const VERSIONS: usize = 3;

/// A unit in a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The version.
    pub version: String,
    /// The unit, as in the properties: `dcos-mesos-master-service`.
    pub unit: String,
    /// `regressed`, `improved`, `no evidence` or `not enough data`.
    pub verdict: String,
    /// Why there is not enough data; empty otherwise.
    pub reason: String,
    /// The first day on which the verdict held, of one that says something.
    pub since: Option<Date>,
    /// How likely somebody who looks every day would see as much at most, were there no difference.
    pub chance: f64,
    /// By what the version multiplies the rate of failure.
    pub ratio: Option<f64>,
    /// The least that is likely: `ratioLow` to `ratioHigh` holds the true one for 95 in 100 units, also when looked at every day.
    pub ratio_low: f64,
    /// The most; absent where there is no bound.
    pub ratio_high: Option<f64>,
    /// Unhealthy node-hours of observed ones before the change, from 0 to 1: of those that upgraded, each counting the same.
    pub before: Option<f64>,
    /// The same after the change, from 0 to 1.
    pub after: Option<f64>,
    /// Of those that ran something else over the same days, from 0 to 1: before.
    pub control_before: Option<f64>,
    /// After, from 0 to 1.
    pub control_after: Option<f64>,
    /// How much more the rate of those that upgraded rose than that of the others.
    pub difference: Option<f64>,
    /// Days before and after a change that are compared: of 3, 7, 14 and 28 those that say most.
    pub window: u16,
    /// Installations that were seen to change to the version.
    pub upgraded: u32,
    /// Those of them that are part of a pair.
    pub compared: u32,
    /// Installations that they are paired with.
    pub controls: u32,
    /// Of `upgraded`, those on which it failed neither before nor after.
    pub quiet: u32,
    /// Those that fell silent after the change.
    pub silent: u32,
    /// Those whose days before or after are not enough, or not over yet.
    pub pending: u32,
    /// Those that are left out for any other reason: nobody to compare with, another size, another version, a control itself.
    pub left_out: u32,
    /// Nodes times hours that the pairs are made of.
    pub observed: u64,
    /// Versions that were changed from.
    pub predecessors: String,
}

/// Of all units and versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// The first day that was looked at.
    pub first: Option<Date>,
    /// The last, which is over.
    pub last: Option<Date>,
    /// Units that regressed, version by version.
    pub regressed: u64,
    /// That improved.
    pub improved: u64,
    /// Of which neither can be said.
    pub no_evidence: u64,
    /// Of which too little is known.
    pub not_enough_data: u64,
}

/// All that is judged, whatever of it is asked about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bulletin {
    /// The first day that was looked at, and the last.
    pub days: Option<(Date, Date)>,
    /// Installations that were seen on these days.
    pub installations: u64,
    /// The units of each version, the newest first; regressed ones first.
    pub rows: Vec<Row>,
}

/// Asks it.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let bulletin = judge(scope)?;
    let units = &scope.filter.units;
    let rows = bulletin.rows.into_iter();
    let rows: Vec<Row> = rows
        .filter(|row| units.is_empty() || units.contains(&row.unit))
        .collect();
    let count = |verdict: &str| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    let total = Total {
        first: bulletin.days.map(|(first, _)| first),
        last: bulletin.days.map(|(_, last)| last),
        regressed: count(REGRESSED),
        improved: count(IMPROVED),
        no_evidence: count(NO_EVIDENCE),
        not_enough_data: count(NOT_ENOUGH),
    };
    Ok(Answer::new(scope, bulletin.installations, total, rows))
}

/// Judges all units of the versions that are asked about, or the newest; or tells what was judged, where that is still so.
///
/// # Errors
/// When the database can't be read.
pub fn judge(scope: &Scope<'_>) -> Result<Bulletin, AskError> {
    match kept::find(scope)? {
        Some(bulletin) => Ok(bulletin),
        None => anew(scope),
    }
}

/// Judges them, whatever was judged before.
fn anew(scope: &Scope<'_>) -> Result<Bulletin, AskError> {
    let Some(call) = RollCall::take(scope, None)? else {
        return Ok(Bulletin::default());
    };
    let versions = versions(&call, &scope.filter.versions);
    let mut judges: Vec<Judge<'_>> = versions
        .iter()
        .map(|(version, arms)| Judge::new(&call.panel, *version, arms))
        .collect();
    let mut judged: Vec<Vec<Judged>> = vec![Vec::new(); versions.len()];
    let mut cells = Vec::new();
    for unit in &call.units {
        scope.snapshot.wait_on()?;
        call.cells(*unit, &mut cells);
        for (judge, judged) in judges.iter_mut().zip(&mut judged) {
            judged.push(judge.judge(&cells));
        }
    }
    let mut names = Vec::with_capacity(call.units.len());
    for unit in &call.units {
        names.push(scope.snapshot.name(*unit)?);
    }
    let mut rows = Vec::new();
    for ((version, arms), judged) in versions.iter().zip(&judged) {
        let chances: Vec<&[f64]> = judged
            .iter()
            .flat_map(|one| one.chances.iter().map(Vec::as_slice))
            .collect();
        let since = decide(&chances, LEVEL);
        let mut of_version: Vec<Row> = judged
            .iter()
            .zip(since.chunks_exact(2))
            .zip(&names)
            .map(|((judged, since), unit)| row(&call, (*version, arms), judged, since, unit))
            .collect();
        let rank = |row: &Row| {
            [REGRESSED, IMPROVED, NO_EVIDENCE]
                .iter()
                .position(|known| *known == row.verdict)
                .unwrap_or(3)
        };
        of_version.sort_by(|a, b| {
            let by_chance = a.chance.total_cmp(&b.chance);
            rank(a)
                .cmp(&rank(b))
                .then(by_chance)
                .then_with(|| a.unit.cmp(&b.unit))
        });
        rows.extend(of_version);
    }
    Ok(Bulletin {
        days: Some((Date(call.span.0), Date(call.span.1))),
        installations: call.clusters.len() as u64,
        rows,
    })
}

/// The versions that are judged, the newest first, with who changed to them.
fn versions(call: &RollCall, named: &BTreeSet<String>) -> Vec<(u16, Arms)> {
    let all = (1_u16..=u16::MAX)
        .zip(&call.versions)
        .collect::<Vec<_>>()
        .into_iter()
        .rev();
    let arms = all.map(|(number, version)| (number, version, Arms::of(&call.panel, number)));
    if !named.is_empty() {
        let named = arms.filter(|(_, version, _)| named.contains(*version));
        return named.map(|(number, _, arms)| (number, arms)).collect();
    }
    let changed_to = arms.filter(|(.., arms)| !arms.upgraded.is_empty());
    changed_to
        .map(|(number, _, arms)| (number, arms))
        .take(VERSIONS)
        .collect()
}

fn row(
    call: &RollCall,
    (version, arms): (u16, &Arms),
    judged: &Judged,
    since: &[Option<u16>],
    unit: &str,
) -> Row {
    let shown = &judged.shown;
    let name = |version: u16| {
        call.versions
            .get(usize::from(version) - 1)
            .cloned()
            .unwrap_or_default()
    };
    let of_claim = usize::from(shown.claim == Claim::Better);
    // The claim that is shown is the one that there is more evidence for.
    let since = since.get(of_claim).copied().flatten();
    let left = |reasons: &[Left]| -> u32 { reasons.iter().filter_map(|why| shown.left.get(why)).sum() };
    let verdict = match (since, shown.claim) {
        (Some(_), Claim::Worse) => REGRESSED,
        (Some(_), Claim::Better) => IMPROVED,
        (None, _) if shown.bets >= FEW => NO_EVIDENCE,
        (None, _) => NOT_ENOUGH,
    };
    let chance = judged.chances.get(of_claim).and_then(|of| of.last()).copied();
    let finite = |number: f64| Some(number).filter(|number| number.is_finite());
    let rates = &shown.rates;
    let mut from: Vec<u16> = arms
        .upgraded
        .iter()
        .map(|one| one.upgrade.before.version)
        .collect();
    from.sort_unstable();
    from.dedup();
    let predecessors: Vec<String> = from.into_iter().map(name).collect();
    let known = [Left::Quiet, Left::Silent, Left::Before, Left::After, Left::Gaps];
    Row {
        version: name(version),
        unit: unit.to_owned(),
        verdict: verdict.to_owned(),
        reason: if verdict == NOT_ENOUGH {
            reason(arms, judged).to_owned()
        } else {
            String::new()
        },
        since: since.map(|day| Date(call.day(day))),
        chance: chance.unwrap_or(1.0),
        ratio: shown.ratio.estimate.and_then(finite),
        ratio_low: shown.ratio.low,
        ratio_high: finite(shown.ratio.high),
        before: rates.of_upgraded.map(|(before, _)| before),
        after: rates.of_upgraded.map(|(_, after)| after),
        control_before: rates.of_controls.map(|(before, _)| before),
        control_after: rates.of_controls.map(|(_, after)| after),
        difference: rates.difference(),
        window: shown.length,
        upgraded: u32::try_from(arms.upgraded.len()).unwrap_or(u32::MAX),
        compared: shown.upgraded,
        controls: shown.controls,
        quiet: left(&[Left::Quiet]),
        silent: arms.silent(),
        pending: left(&[Left::Before, Left::After, Left::Gaps]),
        left_out: shown
            .left
            .iter()
            .filter(|(why, _)| !known.contains(why))
            .map(|(_, count)| count)
            .sum(),
        observed: whole(shown.observed),
        predecessors: predecessors.join(" "),
    }
}

/// What most of those that upgraded lack.
fn reason(arms: &Arms, judged: &Judged) -> &'static str {
    if arms.upgraded.is_empty() {
        return "nobody was seen to change to it";
    }
    let most = judged.shown.left.iter().max_by_key(|(_, count)| **count);
    match most.map(|(why, _)| why) {
        _ if judged.shown.bets > 0 => "too few pairs",
        Some(Left::Quiet) => "it hardly ever failed",
        Some(Left::After) => "the days after are not over",
        Some(Left::Before) => "too few days before",
        Some(Left::Gaps) => "too few days after",
        Some(Left::Alone) => "nobody to compare with",
        Some(Left::Silent) => "fell silent",
        Some(Left::Moved) => "moved on too soon",
        Some(Left::Grew) => "changed in size",
        Some(Left::Served) => "are controls themselves",
        None => "too few pairs",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
