//! Ingest quality: what became of messages, how they differ from the plan, and how far senders' clocks are off.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::day::{Date, Span};
use super::scope::{AskError, Scope};
use crate::ingest::outcome::Outcome;
use crate::ingest::violation::Violation;

/// An outcome, a violation of the plan or a drift of clocks in a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// `outcome`, `violation` or `drift`.
    pub kind: &'static str,
    /// Which: `accepted`, `duplicate`, …; of a drift, by how much the sender's clock is off at most.
    pub name: String,
    /// How many messages; of a drift, how many requests.
    pub count: u64,
}

/// Of all days of receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Messages that were taken.
    pub accepted: u64,
    /// Messages that had come before.
    pub duplicate: u64,
    /// Messages of those who are not kept.
    pub suppressed: u64,
    /// Messages that were refused.
    pub rejected: u64,
    /// Ways in which messages that are kept differ from the plan.
    pub violations: u64,
}

/// Asks it; over all days where nothing else is said. The filters by edition, package and cluster mean nothing here: what was refused
/// is of nobody.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let filter = scope.filter;
    let span = filter.span.unwrap_or(Span::All);
    let mut counts: BTreeMap<(Date, &'static str, String), u64> = BTreeMap::new();
    let start = |day| Date(span.start(day, filter.from.0).max(filter.from.0));
    for counted in scope.snapshot.outcomes(filter.from.0, filter.to.0)? {
        let kind = match kind(&counted.reason) {
            Some(kind) => kind,
            None => continue,
        };
        *counts
            .entry((start(counted.day), kind, counted.reason))
            .or_default() += counted.messages;
    }
    for (day, drift, requests) in scope.snapshot.drifts(filter.from.0, filter.to.0)? {
        *counts.entry((start(day), "drift", drift.name())).or_default() += requests;
    }
    let sum = |group: &str| {
        let of_group = |name: &str| name.split('.').next() == Some(group);
        let counts = counts
            .iter()
            .filter(|((_, kind, name), _)| *kind == "outcome" && of_group(name));
        counts.map(|(_, count)| count).sum()
    };
    let violations = counts.iter().filter(|((_, kind, _), _)| *kind == "violation");
    let total = Total {
        accepted: sum("accepted"),
        duplicate: sum("duplicate"),
        suppressed: sum("suppressed"),
        rejected: sum("rejected"),
        violations: violations.map(|(_, count)| count).sum(),
    };
    let rows = counts.into_iter().map(|((start, kind, name), count)| Row {
        start,
        kind,
        name,
        count,
    });
    Ok(Answer::new(scope, 0, total, rows.collect()))
}

fn kind(reason: &str) -> Option<&'static str> {
    let is_outcome = Outcome::ALL.iter().any(|outcome| outcome.name() == reason);
    let is_violation = || Violation::ALL.iter().any(|violation| violation.name() == reason);
    match is_outcome {
        true => Some("outcome"),
        false => is_violation().then_some("violation"),
    }
}
