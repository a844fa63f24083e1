//! Charts: pure functions from data to the text of an SVG element.
//!
//! Colours are classes of the style sheet, nothing is styled in place, so that a chart stands under a policy that forbids that and
//! follows light and dark. [`standalone`] makes a file of one, with colours of its own. Where there is nothing to draw, a chart says
//! so. Coordinates are pixels of a drawing that is scaled to the room it gets.

mod axis;
pub(crate) mod bars;
pub(crate) mod columns;
mod empty;
pub(crate) mod heat;
pub(crate) mod intervals;
mod legend;
pub(crate) mod line;
pub(crate) mod scale;
pub(crate) mod small;
pub(crate) mod spark;
mod svg;
pub(crate) mod unit;

pub(crate) use self::svg::standalone;
pub(crate) use self::unit::Unit;

/// Series that have a colour of their own; what comes behind shares the last.
pub(crate) const COLOURS: usize = 7;

/// Room for a drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Room {
    /// Width.
    pub(crate) width: f64,
    /// Height, where it is not the data that decides.
    pub(crate) height: f64,
}

impl Room {
    /// The whole width of a page.
    pub(crate) const WIDE: Room = Room {
        width: 1040.0,
        height: 300.0,
    };
    /// Half of that.
    pub(crate) const HALF: Room = Room {
        width: 500.0,
        height: 250.0,
    };
    /// A phone.
    pub(crate) const NARROW: Room = Room {
        width: 320.0,
        height: 230.0,
    };

    /// Whether names stand above what they are of, since there is no room beside it.
    fn is_narrow(self) -> bool {
        self.width < Room::HALF.width
    }
}

/// A name with a value for each place of an axis; `None` where nothing is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: String,
    /// By place.
    pub(crate) values: Vec<Option<f64>>,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>, values: Vec<Option<f64>>) -> Series {
        Series {
            name: name.into(),
            values,
        }
    }
}

/// The class of a series' colour.
fn colour(kind: char, place: usize) -> String {
    format!("{kind}{}", place.min(COLOURS - 1))
}

/// Lengths as floating point; what is drawn is far smaller than what that holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts of what is drawn")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// Counts as floating point.
#[expect(
    clippy::cast_precision_loss,
    reason = "a drawing has less precision than that"
)]
pub(crate) fn amount(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
pub(crate) mod checks {
    //! What is true of every drawing.

    /// Whether a text is an XML element whose parts are closed in order and whose texts are escaped.
    pub(crate) fn is_well_formed(text: &str) -> bool {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (before, tag) = rest.split_at(at);
            if before.contains('>') || open.is_empty() && !before.trim().is_empty() || !entities(before) {
                return false;
            }
            let Some(end) = tag.find('>') else { return false };
            let inner = &tag[1..end];
            rest = &tag[end + 1..];
            if let Some(name) = inner.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return false;
                }
                continue;
            }
            let (inner, closed) = match inner.strip_suffix('/') {
                Some(inner) => (inner, true),
                None => (inner, false),
            };
            let name = inner.split_whitespace().next().unwrap_or_default();
            if name.is_empty() || !attributes(&inner[name.len()..]) {
                return false;
            }
            if !closed {
                open.push(name);
            }
        }
        open.is_empty() && rest.trim().is_empty()
    }

    fn attributes(mut rest: &str) -> bool {
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return true;
            }
            let Some((name, value)) = rest.split_once("=\"") else {
                return false;
            };
            let Some((value, behind)) = value.split_once('"') else {
                return false;
            };
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-:".contains(&byte));
            if name.is_empty() || !plain || value.contains("NaN") || value.contains("inf") || !entities(value)
            {
                return false;
            }
            rest = behind;
        }
    }

    fn entities(text: &str) -> bool {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        text.split('&')
            .skip(1)
            .all(|behind| known.iter().any(|entity| behind.starts_with(entity)))
    }

    #[test]
    fn what_is_not_well_formed_is_found() {
        assert!(is_well_formed(r#"<a b="c"><d/><e>f &amp; g</e></a>"#));
        for text in [
            "<a>",
            "<a></b>",
            r#"<a b="1 < 2">"#,
            "<a>&</a>",
            r#"<a b="NaN"/>"#,
            "<a/>b",
            "<a b=c/>",
            "<a><b></a></b>",
        ] {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
