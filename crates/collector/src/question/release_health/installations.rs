//! The installations behind a verdict: of a version and a unit, who upgraded, who they are compared with, and who is left out.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::answer::Answer;
use super::super::day::Date;
use super::super::scope::{AskError, Scope};
use super::roll_call::RollCall;
use crate::verdict::{Arms, Bet, Contrast, Judge, Left, Unseen};

/// An installation behind a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its cluster id.
    pub cluster: String,
    /// `upgraded`, `control` or `left out`.
    pub role: String,
    /// Why it is left out; empty otherwise.
    pub reason: String,
    /// Number of the pair that it is part of, from 1.
    pub pair: Option<u64>,
    /// The day of the change that days are compared before and after.
    pub changed: Option<Date>,
    /// Unhealthy node-hours of observed ones before the change, from 0 to 1.
    pub before: Option<f64>,
    /// After it, from 0 to 1; absent of one that fell silent or went back, which counts as the worst.
    pub after: Option<f64>,
    /// How much more of both is after, from -1 to 1.
    pub contrast: Option<f64>,
    /// Nodes times hours observed.
    pub observed: Option<u64>,
}

/// Of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Days before and after a change that are compared.
    pub window: u16,
    /// Pairs.
    pub pairs: u64,
}

/// Asks it: of one version and one unit. The pairs come in the order in which they were complete, those on which it got worse most
/// first where they are of a day.
///
/// # Errors
/// When it is not said which version and unit, or the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let filter = scope.filter;
    let mut named = filter.versions.iter().zip(&filter.units);
    let (Some((version, _)), true) = (
        named.next(),
        filter.versions.len() == 1 && filter.units.len() == 1,
    ) else {
        return Err(AskError::Missing(
            "say which `version` and which `unit`: one each",
        ));
    };
    let empty = |window| Answer::new(scope, 0, Total { window, pairs: 0 }, Vec::new());
    let units = scope.units()?.unwrap_or_default();
    let Some(unit) = units.first().copied() else {
        return Ok(empty(0));
    };
    let Some(call) = RollCall::take(scope, Some(vec![unit]))? else {
        return Ok(empty(0));
    };
    let Some((number, _)) = (1_u16..).zip(&call.versions).find(|(_, known)| *known == version) else {
        return Ok(empty(0));
    };
    let arms = Arms::of(&call.panel, number);
    let mut judge = Judge::new(&call.panel, number, &arms);
    let mut cells = Vec::new();
    call.cells(unit, &mut cells);
    let shown = judge.judge(&cells).shown;
    let pairing = judge.pairs(&cells, shown.length, shown.claim);
    let mut rows = Vec::new();
    for (pair, bet) in (1..).zip(&pairing.bets) {
        for (of, role) in [(&bet.upgraded, "upgraded"), (&bet.controls, "control")] {
            for one in of {
                rows.push(in_pair(scope, &call, (pair, bet), one, role)?);
            }
        }
    }
    for (place, why) in &pairing.left {
        rows.push(left_out(scope, &call, *place, reason(*why))?);
    }
    for (place, why) in &arms.unseen {
        let why = match why {
            Unseen::Fresh => "began with it",
            Unseen::Away => "was silent when it changed",
            Unseen::Downgrade => "came back from a later version",
        };
        rows.push(left_out(scope, &call, *place, why)?);
    }
    // Whoever is forgotten meanwhile has no name.
    rows.retain(|row| !row.cluster.is_empty());
    let total = Total {
        window: shown.length,
        pairs: pairing.bets.len() as u64,
    };
    Ok(Answer::new(scope, call.clusters.len() as u64, total, rows))
}

fn in_pair(
    scope: &Scope<'_>,
    call: &RollCall,
    (pair, bet): (u64, &Bet),
    of: &Contrast,
    role: &str,
) -> Result<Row, AskError> {
    Ok(Row {
        cluster: name(scope, call, of.place)?,
        role: role.to_owned(),
        reason: String::new(),
        pair: Some(pair),
        changed: Some(Date(call.day(bet.change))),
        before: Some(of.before),
        after: of.after,
        contrast: Some(of.contrast),
        observed: Some(super::whole(of.observed)),
    })
}

fn left_out(scope: &Scope<'_>, call: &RollCall, place: usize, why: &str) -> Result<Row, AskError> {
    Ok(Row {
        cluster: name(scope, call, place)?,
        role: "left out".to_owned(),
        reason: why.to_owned(),
        pair: None,
        changed: None,
        before: None,
        after: None,
        contrast: None,
        observed: None,
    })
}

fn name(scope: &Scope<'_>, call: &RollCall, place: usize) -> Result<String, AskError> {
    let cluster = call.clusters.get(place).copied().unwrap_or_default();
    Ok(scope.snapshot.cluster_name(cluster)?.unwrap_or_default())
}

fn reason(why: Left) -> &'static str {
    match why {
        Left::Quiet => "it failed neither before nor after",
        Left::Before => "too few days before",
        Left::After => "the days after are not over",
        Left::Gaps => "too few days after",
        Left::Moved => "moved on too soon",
        Left::Silent => "fell silent",
        Left::Grew => "changed in size",
        Left::Served => "is a control itself",
        Left::Alone => "nobody to compare with",
    }
}
