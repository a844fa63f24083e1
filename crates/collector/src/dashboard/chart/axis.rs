//! Axes: values to the left with lines across, days below.

use super::scale::{Linear, day_ticks};
use super::svg::{Anchor, Svg, width};
use super::{Room, Unit, float};
use crate::delta::Day;

/// Room below for the labels of days, and above for half a label.
const BELOW: f64 = 24.0;
const ABOVE: f64 = 10.0;
/// Least room from label to label.
const LABEL: f64 = 72.0;
/// Room from line to line, about, and most steps between them.
const TICK: f64 = 44.0;
const STEPS: f64 = 5.0;

/// Where what is drawn lies, and on which scale.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) values: Linear,
    ticks: Vec<f64>,
    unit: Unit,
}

impl Plot {
    /// For values up to `high` and down to `low`, nought included.
    pub(super) fn new(room: Room, top: f64, (low, high): (f64, f64), unit: Unit) -> Plot {
        let (top, bottom) = (top + ABOVE, room.height - BELOW);
        let about = ((bottom - top) / TICK).floor().clamp(2.0, STEPS);
        let ticks = unit.ticks(low, high, about);
        let step = step(&ticks);
        let widest = ticks
            .iter()
            .map(|tick| width(&unit.tick(*tick, step)))
            .fold(0.0, f64::max);
        let ends = (
            ticks.first().copied().unwrap_or_default(),
            ticks.last().copied().unwrap_or(1.0),
        );
        Plot {
            left: widest + 10.0,
            right: room.width - 8.0,
            values: Linear {
                values: ends,
                places: (bottom, top),
            },
            ticks,
            unit,
        }
    }

    /// The middle of the place of a day, of so many.
    pub(super) fn day(&self, place: usize, of: usize) -> f64 {
        let width = (self.right - self.left) / float(of.max(1));
        self.left + width * (float(place) + 0.5)
    }

    /// Lines across, with what they stand for, and the days below.
    pub(super) fn draw(&self, svg: &mut Svg, days: &[Day]) {
        let step = step(&self.ticks);
        for tick in &self.ticks {
            let y = self.values.place(*tick);
            let class = if tick.abs() < f64::EPSILON { "zero" } else { "grid" };
            svg.line(class, (self.left, y), (self.right, y));
            let label = self.unit.tick(*tick, step);
            svg.text("tick", (self.left - 8.0, y + 4.0), Anchor::End, &label);
        }
        let (bottom, _) = self.values.places;
        let most = ((self.right - self.left) / LABEL).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few labels"
        )]
        for tick in day_ticks(days, most as usize) {
            let x = self.day(tick.place, days.len());
            let half = width(&tick.label) / 2.0;
            // Not beyond the drawing's edge.
            let x_text = x.clamp(self.left + half - 8.0, (self.right - half).max(self.left + half));
            svg.line("grid", (x, bottom), (x, bottom + 4.0));
            svg.text("tick", (x_text, bottom + 18.0), Anchor::Middle, &tick.label);
        }
    }
}

/// How far ticks are apart.
pub(super) fn step(ticks: &[f64]) -> f64 {
    match ticks {
        [first, second, ..] => second - first,
        _ => 1.0,
    }
}
