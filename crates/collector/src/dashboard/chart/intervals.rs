//! Intervals: where a number lies likely, beside a line at which nothing changes.

use super::axis::step;
use super::empty::empty;
use super::scale::Linear;
use super::svg::{Anchor, Svg, fitting, width};
use super::{Room, Unit, float};

const ROW: f64 = 34.0;
const BELOW: f64 = 26.0;
const NAMES: f64 = 0.42;
/// What a name takes above its interval, where there is no room beside it.
const NAME: f64 = 14.0;

/// How an interval is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Something got worse.
    Worse,
    /// Something got better.
    Better,
    /// Neither can be said.
    Open,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval {
    /// What it is of.
    pub(crate) name: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    /// Low end, what is most likely, high end; `None`: not enough is known.
    pub(crate) range: Option<(f64, f64, f64)>,
    /// What is said of it.
    pub(crate) mark: Mark,
    /// What is behind it, in words.
    pub(crate) behind: String,
}

/// Draws them one below the other on one axis, with a line at nought.
pub(crate) fn intervals(room: Room, label: &str, all: &[Interval], unit: Unit) -> String {
    let ranges = || all.iter().filter_map(|interval| interval.range);
    if ranges().count() == 0 {
        return empty(room, label);
    }
    let low = ranges().map(|(low, ..)| low).fold(-unit.reach(), f64::min);
    let high = ranges().map(|(_, _, high)| high).fold(unit.reach(), f64::max);
    let about = if room.width > 600.0 { 6.0 } else { 3.0 };
    let ticks = unit.ticks(low, high, about);
    let step = step(&ticks);
    let widest = all
        .iter()
        .map(|interval| width(&interval.name))
        .fold(0.0, f64::max)
        + 16.0;
    let (names, above) = if room.is_narrow() {
        (0.0, NAME)
    } else {
        (widest.min(room.width * NAMES), 0.0)
    };
    let name_room = if above > 0.0 { room.width } else { names - 12.0 };
    let row = ROW + above;
    let scale = Linear {
        values: (
            ticks.first().copied().unwrap_or_default(),
            ticks.last().copied().unwrap_or(1.0),
        ),
        places: (names + 22.0, room.width - 26.0),
    };
    let room = Room {
        height: float(all.len()) * row + BELOW,
        ..room
    };
    let bottom = room.height - BELOW;
    let mut svg = Svg::new(room, label);
    for tick in &ticks {
        let x = scale.place(*tick);
        let class = if tick.abs() < f64::EPSILON { "zero" } else { "grid" };
        svg.line(class, (x, 0.0), (x, bottom));
        svg.text(
            "tick",
            (x, bottom + 18.0),
            Anchor::Middle,
            &unit.tick(*tick, step),
        );
    }
    for (place, interval) in all.iter().enumerate() {
        let y = float(place) * row + ROW / 2.0 + above;
        svg.link(&interval.href, |svg| {
            let name = fitting(&interval.name, name_room);
            let y = if above > 0.0 { y - 12.0 } else { y + 4.0 };
            svg.text("name", (0.0, y), Anchor::Start, &name);
        });
        let Some((from, likely, to)) = interval.range else {
            svg.text(
                "label",
                (scale.places.0 + 8.0, y + 4.0),
                Anchor::Start,
                "not enough data",
            );
            continue;
        };
        let class = match interval.mark {
            Mark::Worse => "worse",
            Mark::Better => "better",
            Mark::Open => "open",
        };
        let told = format!(
            "{}: {} ({} to {}); {}",
            interval.name,
            unit.show(likely),
            unit.show(from),
            unit.show(to),
            interval.behind
        );
        let (left, right) = (scale.place(from), scale.place(to));
        svg.line(&format!("range {class}"), (left, y), (right, y));
        svg.line(&format!("range {class}"), (left, y - 5.0), (left, y + 5.0));
        svg.line(&format!("range {class}"), (right, y - 5.0), (right, y + 5.0));
        svg.circle(&format!("point {class}"), (scale.place(likely), y), 4.5, &told);
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn they_stand_beside_a_line_at_nought() {
        let interval = |name: &str, range, mark| Interval {
            name: name.to_owned(),
            href: "/x".to_owned(),
            range,
            mark,
            behind: "40 installations".to_owned(),
        };
        let all = [
            interval("a", Some((0.01, 0.02, 0.04)), Mark::Worse),
            interval("b", Some((-0.01, 0.0, 0.01)), Mark::Open),
            interval("c", None, Mark::Open),
        ];
        for room in [Room::WIDE, Room::NARROW] {
            let text = intervals(room, "x", &all, Unit::Share);
            assert!(is_well_formed(&text), "{text}");
            assert_eq!(text.matches("class=\"zero\"").count(), 1, "{text}");
            assert!(
                text.contains("range worse") && text.contains("not enough data"),
                "{text}"
            );
        }
    }
}
