//! What a unit did, day by day.

use fastrand::Rng;

use super::{DAYS, Day};
use crate::generate::draw::exponential;

const HOURS: u64 = 24;
/// Days that are drawn before the first, so that it begins like any other.
const BURN: u16 = 3;
/// No unit is bad more often than this.
const WORST: f64 = 0.5;
/// Below it, a rate is none.
const NEVER: f64 = 1e-12;

/// Draws the bad hours of an installation's unit; `rate` is that of a day. Adds them to its days.
pub(super) fn draw(rng: &mut Rng, nodes: u32, correlation: f64, rate: impl Fn(u16) -> f64, days: &mut [Day]) {
    let rates: Vec<f64> = (0..DAYS).map(|day| rate(day).min(WORST)).collect();
    // A good hour is followed by a bad one, and a bad by a good one, so often that both rate and correlation are as they are to be.
    let change = 1.0 - correlation;
    let most = change * rates.iter().copied().fold(0.0, f64::max);
    if most < NEVER {
        return;
    }
    let of_node = u64::from(DAYS + BURN) * HOURS;
    let end = u64::from(nodes) * of_node;
    // The hours of all nodes in a row.
    let mut at = wait(rng, most);
    while at < end {
        let (node, hour) = (at / of_node, at % of_node);
        let day = usize::try_from(hour / HOURS).unwrap_or_default();
        let rate = rates
            .get(day.saturating_sub(BURN.into()))
            .copied()
            .unwrap_or_default();
        if rng.f64() * most >= change * rate {
            at += 1 + wait(rng, most);
            continue;
        }
        let until = (hour + 1 + wait(rng, change * (1.0 - rate))).min(of_node);
        let mut from = hour;
        while from < until {
            let next = until.min((from / HOURS + 1) * HOURS);
            let day = usize::try_from(from / HOURS).unwrap_or_default();
            if let Some(day) = day.checked_sub(BURN.into()).and_then(|day| days.get_mut(day)) {
                day.unhealthy += hours(next - from);
            }
            from = next;
        }
        at = node * of_node + (until + 1).min(of_node) + wait(rng, most);
    }
}

/// Hours until something happens that happens in an hour with this chance; 0 or more.
fn wait(rng: &mut Rng, chance: f64) -> u64 {
    if chance >= 1.0 {
        0
    } else {
        whole(exponential(rng, -1.0 / (-chance).ln_1p()))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
fn whole(number: f64) -> u64 {
    number.floor() as u64
}

fn hours(count: u64) -> f32 {
    // Of a day.
    f32::from(u16::try_from(count).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_correlations_are_what_was_asked_for() {
        let mut rng = Rng::with_seed(7);
        for correlation in [0.0, 0.5, 0.9] {
            let mut days = vec![Day::default(); DAYS.into()];
            let nodes = 20_000;
            draw(
                &mut rng,
                nodes,
                correlation,
                |day| if day < 50 { 0.02 } else { 0.05 },
                &mut days,
            );
            let share = |of: &[Day]| {
                let bad: f64 = of.iter().map(|day| f64::from(day.unhealthy)).sum();
                bad / (of.len() as f64 * 24.0 * f64::from(nodes))
            };
            let (before, after) = (share(&days[..50]), share(&days[52..]));
            assert!((before - 0.02).abs() < 0.0006, "{correlation}: {before}");
            assert!((after - 0.05).abs() < 0.0012, "{correlation}: {after}");
        }
        // What follows a bad hour is bad so often.
        let mut run = vec![Day::default(); DAYS.into()];
        let (mut hours, mut days_hit) = (0.0, 0);
        for _ in 0..2000 {
            run.fill(Day::default());
            draw(&mut rng, 1, 0.9, |_| 0.001, &mut run);
            hours += run.iter().map(|day| f64::from(day.unhealthy)).sum::<f64>();
            days_hit += run.iter().filter(|day| day.unhealthy > 0.0).count();
        }
        let of_day = hours / days_hit as f64;
        // Ten hours in a row, which lie on 1.4 days.
        assert!((6.0..8.0).contains(&of_day), "{of_day}");
    }
}
