//! Which colour is which.

use super::svg::{Anchor, Svg, fitting, width};
use super::{colour, float};

/// Height of one of its lines.
const LINE: f64 = 20.0;
const SWATCH: f64 = 10.0;
const GAP: f64 = 18.0;

/// Names in lines, by place.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<(f64, f64, String)>,
    /// How high it is.
    pub(super) height: f64,
}

impl Legend {
    /// Of these names; one alone needs none, the heading says it.
    pub(super) fn of<'a>(names: impl ExactSizeIterator<Item = &'a str>, room: f64) -> Legend {
        if names.len() < 2 {
            return Legend {
                entries: Vec::new(),
                height: 0.0,
            };
        }
        let mut entries = Vec::new();
        let (mut x, mut lines) = (0.0, 0_usize);
        for name in names {
            let name = fitting(name, room - SWATCH - 6.0);
            let wide = SWATCH + 6.0 + width(&name);
            if x > 0.0 && x + wide > room {
                (x, lines) = (0.0, lines + 1);
            }
            entries.push((x, float(lines) * LINE, name));
            x += wide + GAP;
        }
        Legend {
            entries,
            height: float(lines + 1) * LINE + 6.0,
        }
    }

    pub(super) fn draw(&self, svg: &mut Svg) {
        for (place, (x, y, name)) in self.entries.iter().enumerate() {
            svg.rect(&colour('f', place), (*x, y + 4.0), (SWATCH, SWATCH), "");
            svg.text("label", (x + SWATCH + 6.0, y + 13.0), Anchor::Start, name);
        }
    }
}
