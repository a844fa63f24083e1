//! The text of an SVG element, escaped where it is written.

use std::fmt::{Display, Write as _};

use super::Room;

/// Colours of a file of its own, which no page's style sheet reaches: those of the style sheet for light.
const STYLE: &str = include_str!("../../../assets/chart.css");
/// Widest that a character of the drawing's type is, in the mean, as part of its size.
const CHARACTER: f64 = 0.56;
/// Size of the drawing's type.
pub(super) const TYPE: f64 = 12.0;

/// Which side of a text is at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing under way.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
}

impl Svg {
    /// Begins one; `label` says to who can't see it what it shows.
    pub(super) fn new(room: Room, label: &str) -> Svg {
        let mut svg = Svg { text: String::new() };
        svg.write(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"group\" aria-label=\"{}\" viewBox=\"0 0 {} {}\">",
            Escaped(label),
            Length(room.width),
            Length(room.height)
        ));
        svg
    }

    /// Begins one that says nothing that is not said beside it, stretched to the room it gets.
    pub(super) fn hidden(room: Room) -> Svg {
        let mut svg = Svg { text: String::new() };
        svg.write(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" aria-hidden=\"true\" preserveAspectRatio=\"none\" viewBox=\"0 0 {} {}\">",
            Length(room.width),
            Length(room.height)
        ));
        svg
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.text.write_fmt(text);
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.write(format_args!(
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            Length(from.0),
            Length(from.1),
            Length(to.0),
            Length(to.1)
        ));
    }

    /// A box by its upper left corner; `told` is shown to who points at it.
    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), told: &str) {
        self.write(format_args!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            Length(at.0),
            Length(at.1),
            Length(size.0.max(0.0)),
            Length(size.1.max(0.0))
        ));
        self.told("rect", told);
    }

    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64, told: &str) {
        self.write(format_args!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"",
            Length(at.0),
            Length(at.1),
            Length(radius)
        ));
        self.told("circle", told);
    }

    fn told(&mut self, element: &str, told: &str) {
        match told {
            "" => self.text.push_str("/>"),
            told => self.write(format_args!("><title>{}</title></{element}>", Escaped(told))),
        }
    }

    /// A line through points.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        self.write(format_args!("<path class=\"{class}\" d=\""));
        for (place, (x, y)) in points.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            self.write(format_args!("{command}{} {}", Length(*x), Length(*y)));
        }
        self.text.push_str(if closed { "Z\"/>" } else { "\"/>" });
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.write(format_args!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            Length(at.0),
            Length(at.1),
            Escaped(text)
        ));
    }

    /// What is drawn within leads somewhere; nowhere, where that is empty.
    pub(super) fn link(&mut self, href: &str, draw: impl FnOnce(&mut Svg)) {
        if !href.is_empty() {
            self.write(format_args!("<a href=\"{}\">", Escaped(href)));
        }
        draw(self);
        if !href.is_empty() {
            self.text.push_str("</a>");
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

/// How wide a text is drawn, about.
pub(super) fn width(text: &str) -> f64 {
    super::float(text.chars().count()) * TYPE * CHARACTER
}

/// A text cut to a width, with a mark where something is missing.
pub(super) fn fitting(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if width(&short) + 2.0 * TYPE * CHARACTER > room {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// The drawing as a file.
pub(crate) fn standalone(drawing: &str) -> String {
    match drawing.split_once('>') {
        Some((opening, rest)) => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{opening}><style>{STYLE}</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/>{rest}\n"
        ),
        None => String::new(),
    }
}

/// A length with one digit behind the point, where there is any.
struct Length(f64);

impl Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round();
        match tenths % 10.0 == 0.0 {
            true => write!(f, "{:.0}", tenths / 10.0),
            false => write!(f, "{:.1}", tenths / 10.0),
        }
    }
}

/// A text without anything that is markup.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // XML has none of them.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    f.write_char('\u{fffd}')?;
                }
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn whatever_it_says_it_stays_an_element() {
        let evil = "\"><script>alert('1 & 2')</script>\u{1}";
        let mut svg = Svg::new(Room::HALF, evil);
        svg.text("label", (1.0, 2.25), Anchor::End, evil);
        svg.link(evil, |svg| svg.rect("f0", (0.0, 0.0), (-1.0, 5.0), evil));
        svg.circle("f0", (0.0, 0.0), 2.0, "");
        svg.path("s0", &[(0.0, 0.0), (1.0, 1.0)], false);
        svg.line("grid", (0.0, 0.0), (1.0, 1.0));
        let text = svg.finish();
        assert!(is_well_formed(&text), "{text}");
        assert!(!text.contains("<script") && !text.contains('\u{1}'), "{text}");
        assert!(
            text.contains("y=\"2.3\"") && text.contains("width=\"0\""),
            "{text}"
        );
        let file = standalone(&text);
        let (_, element) = file.split_once("?>").unwrap();
        assert!(
            is_well_formed(element.trim()) && element.contains(".f0"),
            "{file}"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fitting("abc", 100.0), "abc");
        let short = fitting("a-rather-long-name-of-a-unit", 60.0);
        assert!(short.ends_with('…') && width(&short) <= 60.0, "{short}");
    }
}
