//! Bars side by side, the longest first: a name, a bar from nought, a number.

use super::empty::empty;
use super::scale::Linear;
use super::svg::{Anchor, Svg, fitting, width};
use super::{Room, Unit, float};

const ROW: f64 = 26.0;
const BAR: f64 = 12.0;
/// Where there is little room, names stand above their bars.
const TALL_ROW: f64 = 38.0;
/// Most of the room that names take.
const NAMES: f64 = 0.45;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    /// What it is called.
    pub(crate) name: String,
    /// How long it is; `None` where that is not known.
    pub(crate) value: Option<f64>,
    /// What is behind it, in words.
    pub(crate) behind: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
}

/// Draws them; as high as there are many.
pub(crate) fn bars(room: Room, label: &str, bars: &[Bar], unit: Unit) -> String {
    let known = || bars.iter().filter_map(|bar| bar.value);
    if known().count() == 0 {
        return empty(room, label);
    }
    let shown = |bar: &Bar| {
        bar.value
            .map_or_else(|| "not enough data".to_owned(), |value| unit.show(value))
    };
    let is_narrow = room.is_narrow();
    let row = if is_narrow { TALL_ROW } else { ROW };
    let widest = |text: &dyn Fn(&Bar) -> f64| bars.iter().map(text).fold(0.0, f64::max);
    let numbers = widest(&|bar| width(&shown(bar))) + 10.0;
    let (names, name_room) = if is_narrow {
        (0.0, room.width - numbers)
    } else {
        let names = (widest(&|bar| width(&bar.name)) + 12.0).min(room.width * NAMES);
        (names, names - 12.0)
    };
    let high = known().fold(0.0, f64::max);
    let scale = Linear {
        values: (0.0, if high > 0.0 { high } else { 1.0 }),
        places: (
            0.0,
            if is_narrow {
                room.width
            } else {
                (room.width - names - numbers).max(20.0)
            },
        ),
    };
    let room = Room {
        height: float(bars.len()) * row + 4.0,
        ..room
    };
    let mut svg = Svg::new(room, label);
    for (place, bar) in bars.iter().enumerate() {
        let top = float(place) * row + 2.0;
        let (middle, text) = if is_narrow {
            (top + row - BAR, top + 14.0)
        } else {
            (top + row / 2.0, top + row / 2.0 + 4.0)
        };
        svg.link(&bar.href, |svg| {
            let name = fitting(&bar.name, name_room);
            svg.text("name", (0.0, text), Anchor::Start, &name);
        });
        let long = scale.place(bar.value.unwrap_or_default());
        let told = format!("{}: {}; {}", bar.name, shown(bar), bar.behind);
        svg.rect("track", (names, middle - BAR / 2.0), (scale.places.1, BAR), "");
        svg.rect("f0", (names, middle - BAR / 2.0), (long, BAR), &told);
        svg.text("value", (room.width, text), Anchor::End, &shown(bar));
    }
    if !is_narrow {
        svg.line("zero", (names, 0.0), (names, room.height));
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn bars_begin_at_nought_and_say_what_they_are() {
        let bar = |name: &str, value| Bar {
            name: name.to_owned(),
            value,
            behind: "3 installations".to_owned(),
            href: "/x?a=1&b=2".to_owned(),
        };
        let all = [bar("a <b>", Some(0.5)), bar("c", Some(0.25)), bar("d", None)];
        let text = bars(Room::NARROW, "x", &all, Unit::Share);
        assert!(is_well_formed(&text), "{text}");
        assert!(text.contains("a &lt;b&gt;: 50.0%; 3 installations"), "{text}");
        assert!(
            text.contains("not enough data") && text.contains("/x?a=1&amp;b=2"),
            "{text}"
        );
        assert!(bars(Room::NARROW, "x", &[], Unit::Share).contains("Not enough data"));
    }
}
