//! How often a unit failed, beside a verdict.

use super::arms::Arms;
use super::exposure::Exposure;
use super::pairing::{SLACK, grew};
use super::panel::Panel;

/// Shares of unhealthy node-hours of a day, in the mean over installations: each counts the same, also those on which nothing ever
/// failed. Absent where there is nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Installations that upgraded and whose days are over.
    pub upgraded: u32,
    /// Theirs, before and after.
    pub of_upgraded: Option<(f64, f64)>,
    /// Installations that ran something else over the same days.
    pub controls: u32,
    /// Theirs.
    pub of_controls: Option<(f64, f64)>,
}

#[derive(Default)]
struct Mean {
    count: f64,
    before: f64,
    after: f64,
}

impl Rates {
    /// How much more the rate of those that upgraded rose than that of the others.
    pub fn difference(&self) -> Option<f64> {
        let ((before, after), (control_before, control_after)) = (self.of_upgraded?, self.of_controls?);
        Some((after - before) - (control_after - control_before))
    }
}

impl Mean {
    fn add(&mut self, before: f64, after: f64, weight: f64) {
        self.count += weight;
        self.before += weight * before;
        self.after += weight * after;
    }

    fn get(&self) -> Option<(f64, f64)> {
        (self.count > 0.0).then(|| (self.before / self.count, self.after / self.count))
    }
}

/// The rates with windows of `length` good days.
pub(super) fn rates(panel: &Panel, exposure: &Exposure, arms: &Arms, length: u16) -> Rates {
    let mut rates = Rates::default();
    let (mut upgraded, mut controls) = (Mean::default(), Mean::default());
    let mut changes: Vec<u16> = Vec::new();
    for one in &arms.upgraded {
        let change = one.upgrade.day;
        let first = one
            .upgrade
            .before
            .first
            .max(change.saturating_sub(length + SLACK));
        let last = one.upgrade.after.last.min(change + length + SLACK);
        let before = exposure.before(one.place, first, one.upgrade.before.last, length);
        let after = exposure.after(one.place, change + 1, last, length);
        if let (Some(before), Some(after)) = (before, after)
            && !grew(&before, &after)
        {
            rates.upgraded += 1;
            upgraded.add(before.rate(), after.rate(), 1.0);
            changes.push(change);
        }
    }
    changes.sort_unstable();
    let mut seen = vec![false; panel.tracks.len()];
    for same in changes.chunk_by(|a, b| a == b) {
        let Some(change) = same.first().copied() else {
            continue;
        };
        let mut of_day = Mean::default();
        for place in &arms.controls {
            let Some(spell) = panel.tracks[*place].around(change) else {
                continue;
            };
            let first = spell.first.max(change.saturating_sub(length + SLACK));
            let last = spell.last.min(change + length + SLACK);
            let before = exposure.before(*place, first, change.saturating_sub(1), length);
            let after = exposure.after(*place, change + 1, last, length);
            if let (Some(before), Some(after)) = (before, after)
                && !grew(&before, &after)
            {
                of_day.add(before.rate(), after.rate(), 1.0);
                rates.controls += u32::from(!std::mem::replace(&mut seen[*place], true));
            }
        }
        // A day on which more upgraded weighs more.
        if let Some((before, after)) = of_day.get() {
            controls.add(before, after, same.len() as f64);
        }
    }
    rates.of_upgraded = upgraded.get();
    rates.of_controls = controls.get();
    rates
}
