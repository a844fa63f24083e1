//! How often a unit failed, beside a verdict.

use super::arms::Arms;
use super::exposure::Exposure;
use super::pairing::{SLACK, grew};
use super::panel::{Panel, Upgrade};

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
    // In windows within these days, the first of which ends on a day at the latest and the second begins behind the change.
    let around = |place, change: u16, (first, until): (u16, u16), last: u16| {
        let first = first.max(change.saturating_sub(length + SLACK));
        let last = last.min(change + length + SLACK);
        let before = exposure.before(place, first, until, length)?;
        let after = exposure.after(place, change + 1, last, length)?;
        (!grew(&before, &after)).then(|| (before.rate(), after.rate()))
    };
    let mut changes: Vec<u16> = Vec::new();
    for one in &arms.upgraded {
        let Upgrade { day, before, after } = one.upgrade;
        if let Some((before, after)) = around(one.place, day, (before.first, before.last), after.last) {
            rates.upgraded += 1;
            upgraded.add(before, after, 1.0);
            changes.push(day);
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
            let until = (spell.first, change.saturating_sub(1));
            if let Some((before, after)) = around(*place, change, until, spell.last) {
                of_day.add(before, after, 1.0);
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
