//! Small multiples: the same little line chart again and again, all on one scale, so that they can be compared.

use super::empty::empty;
use super::scale::{Linear, short};
use super::svg::{Anchor, Svg, fitting};
use super::{Room, Series, Unit, float};
use crate::delta::Day;

const HEIGHT: f64 = 84.0;
const GAP: f64 = 24.0;
const HEAD: f64 = 22.0;
const FOOT: f64 = 18.0;
/// Least width of one.
const LEAST: f64 = 180.0;
/// Room from row to row.
const BETWEEN: f64 = 22.0;

/// Draws them in rows.
pub(crate) fn multiples(room: Room, label: &str, days: &[Day], series: &[Series], unit: Unit) -> String {
    let known = || series.iter().flat_map(|series| series.values.iter().flatten());
    if known().count() == 0 {
        return empty(room, label);
    }
    let high = known().copied().fold(0.0, f64::max);
    let ends = unit.ticks(0.0, high, 3.0);
    let high = ends.last().copied().unwrap_or(1.0);
    let per_row = [4_usize, 3, 2, 1]
        .into_iter()
        .find(|count| (room.width + GAP) / float(*count) - GAP >= LEAST)
        .unwrap_or(1);
    let width = (room.width + GAP) / float(per_row) - GAP;
    let rows = series.len().div_ceil(per_row);
    let each = HEAD + HEIGHT + FOOT;
    let room = Room {
        height: float(rows) * (each + BETWEEN) - BETWEEN,
        ..room
    };
    let mut svg = Svg::new(room, label);
    for (number, series) in series.iter().enumerate() {
        let left = float(number % per_row) * (width + GAP);
        let top = float(number / per_row) * (each + BETWEEN);
        let scale = Linear {
            values: (0.0, high),
            places: (top + HEAD + HEIGHT, top + HEAD),
        };
        let x = |place: usize| left + width * (float(place) + 0.5) / float(days.len().max(1));
        svg.text(
            "name",
            (left, top + 13.0),
            Anchor::Start,
            &fitting(&series.name, width - 64.0),
        );
        let last = series.values.iter().rev().flatten().next();
        let shown = last.map_or_else(|| "not enough data".to_owned(), |last| unit.show(*last));
        svg.text("value", (left + width, top + 13.0), Anchor::End, &shown);
        svg.line("zero", (left, scale.place(0.0)), (left + width, scale.place(0.0)));
        svg.line(
            "grid",
            (left, scale.place(high)),
            (left + width, scale.place(high)),
        );
        let top_of_all = unit.tick(high, high);
        svg.text(
            "tick",
            (left, scale.place(high) + 13.0),
            Anchor::Start,
            &top_of_all,
        );
        let points: Vec<Option<(f64, f64)>> = series
            .values
            .iter()
            .enumerate()
            .map(|(place, value)| value.map(|value| (x(place), scale.place(value))))
            .collect();
        for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
            let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            match &run[..] {
                [point] => svg.circle("p0", *point, 2.0, ""),
                [first, .., last] => {
                    let mut area = run.clone();
                    area.extend([(last.0, scale.place(0.0)), (first.0, scale.place(0.0))]);
                    svg.path("a0", &area, true);
                    svg.path("s0", &run, false);
                }
                [] => {}
            }
        }
        if let (Some(first), Some(last)) = (days.first(), days.last()) {
            let y = top + HEAD + HEIGHT + 14.0;
            svg.text("tick", (left, y), Anchor::Start, &short(*first));
            svg.text("tick", (left + width, y), Anchor::End, &short(*last));
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn all_are_on_one_scale() {
        let days: Vec<Day> = (0..3).map(Day).collect();
        let series = [
            Series::new("a", vec![Some(10.0), Some(10.0), Some(10.0)]),
            Series::new("b", vec![Some(5.0), None, Some(5.0)]),
            Series::new("c", vec![None; 3]),
        ];
        for room in [Room::WIDE, Room::NARROW] {
            let text = multiples(room, "x", &days, &series, Unit::Count);
            assert!(is_well_formed(&text), "{text}");
            assert_eq!(text.matches("<circle").count(), 2, "{text}");
            assert!(text.contains("not enough data"), "{text}");
        }
    }
}
