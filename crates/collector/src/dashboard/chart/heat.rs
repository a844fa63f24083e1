//! A heat map: rows and columns, each cell as dark as it is much. The numbers stand in the cells, so that no colour is needed to read
//! it.

use super::empty::empty;
use super::svg::{Anchor, Svg, fitting, width};
use super::{Room, Unit, float};

const ROW: f64 = 28.0;
/// What a name takes above its cells, where there is no room beside them.
const NAME: f64 = 24.0;
const HEAD: f64 = 28.0;
/// Steps of darkness.
const STEPS: usize = 6;
const NAMES: f64 = 0.38;
/// Widest that a column gets.
const COLUMN: f64 = 104.0;

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// What it is called.
    pub(crate) name: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    /// By column; `None`: not enough is known.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    /// How much.
    pub(crate) value: f64,
    /// What is behind it, in words.
    pub(crate) behind: String,
}

/// Draws it; as high as there are rows.
pub(crate) fn heat(room: Room, label: &str, columns: &[String], rows: &[Row], unit: Unit) -> String {
    let cells = || rows.iter().flat_map(|row| row.cells.iter().flatten());
    if cells().count() == 0 {
        return empty(room, label);
    }
    let high = cells().map(|cell| cell.value).fold(0.0, f64::max);
    let widest = rows.iter().map(|row| width(&row.name)).fold(0.0, f64::max) + 12.0;
    let (names, above) = if room.is_narrow() {
        (0.0, NAME)
    } else {
        (widest.min(room.width * NAMES), 0.0)
    };
    let name_room = if above > 0.0 { room.width } else { names - 12.0 };
    let row_height = ROW + above;
    let each = ((room.width - names) / float(columns.len().max(1))).min(COLUMN);
    let room = Room {
        height: HEAD + float(rows.len()) * row_height + 2.0,
        ..room
    };
    let mut svg = Svg::new(room, label);
    let x = |column: usize| names + each * float(column);
    for (place, column) in columns.iter().enumerate() {
        let name = fitting(column, each - 4.0);
        svg.text(
            "tick",
            (x(place) + each / 2.0, HEAD - 10.0),
            Anchor::Middle,
            &name,
        );
    }
    for (line, row) in rows.iter().enumerate() {
        let begin = HEAD + float(line) * row_height;
        let top = begin + above;
        svg.link(&row.href, |svg| {
            let name = fitting(&row.name, name_room);
            let y = if above > 0.0 {
                begin + 20.0
            } else {
                top + ROW / 2.0 + 4.0
            };
            svg.text("name", (0.0, y), Anchor::Start, &name);
        });
        for (place, cell) in row.cells.iter().enumerate() {
            let at = (x(place) + 1.0, top + 1.0);
            let size = (each - 2.0, ROW - 2.0);
            let middle = (x(place) + each / 2.0, top + ROW / 2.0 + 4.0);
            let column = columns.get(place).map(String::as_str).unwrap_or_default();
            let Some(cell) = cell else {
                let told = format!("{}, {column}: not enough data", row.name);
                svg.rect("nothing", at, size, &told);
                continue;
            };
            let step = darkness(cell.value, high);
            let told = format!(
                "{}, {column}: {}; {}",
                row.name,
                unit.show(cell.value),
                cell.behind
            );
            svg.rect(&format!("q{step}"), at, size, &told);
            let shown = unit.show(cell.value);
            if width(&shown) < size.0 {
                svg.text(&format!("on{step}"), middle, Anchor::Middle, &shown);
            }
        }
    }
    svg.finish()
}

/// By the square root, so that small shares are told apart, too.
fn darkness(value: f64, high: f64) -> usize {
    if high <= 0.0 || value <= 0.0 {
        return 0;
    }
    let part = (value / high).sqrt();
    (1..STEPS)
        .rev()
        .find(|step| part > float(*step - 1) / float(STEPS - 1))
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::checks::is_well_formed;
    use super::*;

    #[test]
    fn more_is_darker_and_what_is_not_known_is_said() {
        let steps: Vec<usize> = [0.0, 0.001, 0.1, 0.5, 1.0]
            .map(|value| darkness(value, 1.0))
            .to_vec();
        assert!(
            steps.is_sorted() && steps[0] == 0 && steps[4] == STEPS - 1,
            "{steps:?}"
        );
        let cell = |value| {
            Some(Cell {
                value,
                behind: "2 & 3".to_owned(),
            })
        };
        let rows = [Row {
            name: "a\"b".to_owned(),
            href: String::new(),
            cells: vec![cell(0.2), None],
        }];
        let columns = ["1.9".to_owned(), "1.10".to_owned()];
        let text = heat(Room::NARROW, "x", &columns, &rows, Unit::Share);
        assert!(is_well_formed(&text), "{text}");
        assert!(
            text.contains("1.10: not enough data") && text.contains("2 &amp; 3"),
            "{text}"
        );
    }
}
