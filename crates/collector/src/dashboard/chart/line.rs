//! Lines over days. A day of which nothing is known is a gap.

use super::axis::Plot;
use super::empty::empty;
use super::legend::Legend;
use super::scale::long;
use super::svg::Svg;
use super::{Room, Series, Unit, colour};
use crate::delta::Day;

/// Most days of which each has a point that says what it is.
const POINTS: usize = 120;

/// Draws them; the axis begins at nought.
pub(crate) fn lines(room: Room, label: &str, days: &[Day], series: &[Series], unit: Unit) -> String {
    let known = || series.iter().flat_map(|series| series.values.iter().flatten());
    if known().count() == 0 {
        return empty(room, label);
    }
    let low = known().copied().fold(0.0, f64::min);
    let high = known().copied().fold(0.0, f64::max);
    let legend = Legend::of(series.iter().map(|series| series.name.as_str()), room.width);
    let plot = Plot::new(room, legend.height, (low, high), unit);
    let mut svg = Svg::new(room, label);
    legend.draw(&mut svg);
    plot.draw(&mut svg, days);
    let single = series.len() == 1;
    for (number, series) in series.iter().enumerate() {
        let points: Vec<Option<(f64, f64)>> = series
            .values
            .iter()
            .enumerate()
            .map(|(place, value)| value.map(|value| (plot.day(place, days.len()), plot.values.place(value))))
            .collect();
        for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
            let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            if let ([first, ..], [.., last], true) = (&run[..], &run[..], single) {
                let nought = plot.values.place(0.0);
                let mut area = run.clone();
                area.extend([(last.0, nought), (first.0, nought)]);
                svg.path(&colour('a', number), &area, true);
            }
            if run.len() > 1 {
                svg.path(&colour('s', number), &run, false);
            }
        }
        let told = series.values.iter().zip(days).zip(&points);
        let alone = |place: usize| {
            let none = |place: Option<usize>| place.and_then(|place| points.get(place)?.as_ref()).is_none();
            none(place.checked_sub(1)) && none(place.checked_add(1))
        };
        for (place, ((value, day), point)) in told.enumerate() {
            let (Some(value), Some(point)) = (value, point) else {
                continue;
            };
            let radius = if alone(place) { 3.0 } else { 2.0 };
            if days.len() <= POINTS || alone(place) {
                let text = format!("{}: {} {}", long(*day), series.name, unit.show(*value));
                svg.circle(&colour('p', number), *point, radius, &text);
            }
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn a_day_of_which_nothing_is_known_is_a_gap() {
        let days: Vec<Day> = (0..6).map(Day).collect();
        let values = vec![Some(1.0), Some(2.0), None, Some(4.0), Some(3.0), None];
        let series = [Series::new("<a>", values.clone()), Series::new("b", values)];
        for room in [Room::WIDE, Room::HALF, Room::NARROW] {
            let text = lines(room, "both", &days, &series, Unit::Count);
            assert!(is_well_formed(&text), "{text}");
            assert_eq!(text.matches("<path class=\"s0\"").count(), 2, "{text}");
            assert!(text.contains("Thu 1 Jan 1970: &lt;a&gt; 1"), "{text}");
        }
        let nothing = [Series::new("a", vec![None; 6])];
        assert!(lines(Room::HALF, "x", &days, &nothing, Unit::Count).contains("Not enough data"));
        let one = [Series::new("a", vec![None, Some(0.0), None, None, None, None])];
        let text = lines(Room::HALF, "x", &days, &one, Unit::Share);
        assert!(text.contains("<circle") && is_well_formed(&text), "{text}");
    }
}
