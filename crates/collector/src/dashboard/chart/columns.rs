//! A column for each day, its parts upon one another. A day of which nothing is known has none.

use super::axis::Plot;
use super::empty::empty;
use super::legend::Legend;
use super::scale::long;
use super::svg::Svg;
use super::{Room, Series, Unit, colour, float};
use crate::delta::Day;

/// Room between columns, as part of a day's.
const GAP: f64 = 0.2;

/// Draws them.
pub(crate) fn columns(room: Room, label: &str, days: &[Day], series: &[Series], unit: Unit) -> String {
    let sum = |place: usize| -> Option<f64> {
        let parts = series.iter().filter_map(|series| *series.values.get(place)?);
        parts.fold(None, |sum, part| Some(sum.unwrap_or(0.0) + part.max(0.0)))
    };
    let high = (0..days.len())
        .filter_map(sum)
        .fold(None, |high: Option<f64>, sum| {
            Some(high.map_or(sum, |high| high.max(sum)))
        });
    let Some(high) = high else {
        return empty(room, label);
    };
    let legend = Legend::of(series.iter().map(|series| series.name.as_str()), room.width);
    let plot = Plot::new(room, legend.height, (0.0, high), unit);
    let mut svg = Svg::new(room, label);
    legend.draw(&mut svg);
    plot.draw(&mut svg, days);
    let width = (plot.right - plot.left) / float(days.len().max(1)) * (1.0 - GAP);
    for (place, day) in days.iter().enumerate() {
        let mut below = 0.0;
        let left = plot.day(place, days.len()) - width / 2.0;
        for (number, series) in series.iter().enumerate() {
            let Some(value) = series
                .values
                .get(place)
                .copied()
                .flatten()
                .filter(|value| *value > 0.0)
            else {
                continue;
            };
            let (bottom, top) = (plot.values.place(below), plot.values.place(below + value));
            let text = format!("{}: {} {}", long(*day), series.name, unit.show(value));
            let class = format!("part {}", colour('f', number));
            svg.rect(&class, (left, top), (width, bottom - top), &text);
            below += value;
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn parts_stand_upon_one_another() {
        let days: Vec<Day> = (0..3).map(Day).collect();
        let series = [
            Series::new("a", vec![Some(30.0), None, Some(0.0)]),
            Series::new("b", vec![Some(70.0), None, Some(5.0)]),
        ];
        let text = columns(Room::HALF, "x", &days, &series, Unit::Count);
        assert!(is_well_formed(&text), "{text}");
        // Two of the legend, two of the first day, one of the last.
        assert_eq!(text.matches("<rect").count(), 5, "{text}");
        assert!(columns(Room::HALF, "x", &days, &[], Unit::Count).contains("Not enough data"));
    }
}
