//! A spark: how a number went, without axes, beside the number itself. It is stretched to the room it gets.

use super::scale::Linear;
use super::svg::Svg;
use super::{Room, float};

const ROOM: Room = Room {
    width: 200.0,
    height: 40.0,
};

/// Draws it from nought up; nothing where fewer than two places are known. What it shows is told by the number and by figures, so
/// that it is hidden from who can't see it.
pub(crate) fn spark(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied();
    if known().count() < 2 {
        return String::new();
    }
    let high = known().fold(0.0, f64::max);
    let scale = Linear {
        values: (0.0, if high > 0.0 { high } else { 1.0 }),
        places: (ROOM.height - 1.0, 2.0),
    };
    let step = ROOM.width / float(values.len().saturating_sub(1).max(1));
    let points: Vec<Option<(f64, f64)>> = values
        .iter()
        .enumerate()
        .map(|(place, value)| value.map(|value| (float(place) * step, scale.place(value))))
        .collect();
    let mut svg = Svg::hidden(ROOM);
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        if let [first, .., last] = &run[..] {
            let mut area = run.clone();
            area.extend([(last.0, ROOM.height), (first.0, ROOM.height)]);
            svg.path("a0", &area, true);
            svg.path("s0", &run, false);
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn a_spark_has_gaps_and_is_nothing_without_data() {
        let text = spark(&[Some(1.0), Some(2.0), None, Some(0.0), Some(3.0)]);
        assert!(is_well_formed(&text) && text.contains("aria-hidden"), "{text}");
        assert_eq!(text.matches("class=\"s0\"").count(), 2, "{text}");
        assert_eq!(spark(&[Some(1.0), None]), "");
        assert!(is_well_formed(&spark(&[Some(0.0), Some(0.0)])));
    }
}
