//! By what a version multiplies the rate of failure.
//!
//! Where a version multiplies the rate of a unit by `r`, and everybody's rate is multiplied by `s` at the same time, the contrasts of
//! those that upgraded have the mean `(rs - 1)/(rs + 1)`, and those of controls `(s - 1)/(s + 1)`, whatever the rates are.

use super::pairing::Bet;
use super::wealth::least_mean;

/// Controls that there are in mind before there are any, with no shock: few controls tell little of one.
const IN_MIND: f64 = 4.0;

/// A ratio of rates, with the interval that holds at whatever day one looks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ratio {
    /// As the bets say it; absent where there are none. Infinite where nothing failed before.
    pub estimate: Option<f64>,
    /// The least that they do not speak against.
    pub low: f64,
    /// The most; infinite where there is no bound.
    pub high: f64,
    /// The same as the mean outcome, from -1 to 1.
    pub outcome: (f64, f64),
}

/// The ratio of bets on "worse" and on "better"; they are the same but for who fell silent. It misses with a chance of at most
/// `misses`.
pub(super) fn ratio(worse: &[Bet], better: &[Bet], misses: f64) -> Ratio {
    let low = least_mean(&worse.iter().map(|bet| bet.outcome), misses / 2.0);
    let high = -least_mean(&better.iter().map(|bet| -bet.outcome), misses / 2.0);
    let mut sum = (0.0, IN_MIND);
    for one in worse.iter().flat_map(|bet| &bet.controls) {
        sum = (sum.0 + one.contrast, sum.1 + 1.0);
    }
    let shock = sum.0 / sum.1;
    let outcomes: f64 = worse.iter().map(|bet| bet.outcome).sum();
    let of = |outcome: f64| odds(shock + 2.0 * outcome) / odds(shock);
    Ratio {
        estimate: (!worse.is_empty()).then(|| of(outcomes / worse.len() as f64)),
        low: of(low),
        high: of(high),
        outcome: (low, high),
    }
}

fn odds(contrast: f64) -> f64 {
    if contrast >= 1.0 {
        f64::INFINITY
    } else {
        (1.0 + contrast.max(-1.0)) / (1.0 - contrast)
    }
}
