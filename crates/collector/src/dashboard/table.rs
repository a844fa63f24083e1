//! A table of numbers, each of which may lead to what is behind it.

use askama::Template;

/// Most rows that a page shows of one.
const MOST: usize = 400;
/// Longest text that stays on one line, in bytes.
const LONG: usize = 40;

/// The table.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "table.html")]
pub(crate) struct Table {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    more: usize,
    empty: &'static str,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// What it is called.
    pub(crate) name: String,
    /// Whether it is of numbers.
    pub(crate) number: bool,
}

/// What stands in a row and column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As text.
    pub(crate) text: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            href: String::new(),
        }
    }

    /// That leads somewhere.
    pub(crate) fn to(text: impl Into<String>, href: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            href: href.into(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::new(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::new(text)
    }
}

impl Table {
    /// With columns: those of numbers begin with `#`, which is not shown.
    pub(crate) fn new(title: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        let columns = columns.iter().map(|name| match name.strip_prefix('#') {
            Some(name) => Column {
                name: name.to_owned(),
                number: true,
            },
            None => Column {
                name: (*name).to_owned(),
                number: false,
            },
        });
        let mut rows: Vec<_> = rows.into_iter().collect();
        let more = rows.len().saturating_sub(MOST);
        rows.truncate(MOST);
        Table {
            title: title.to_owned(),
            columns: columns.collect(),
            rows,
            more,
            empty: "Nothing of this is known for these days.",
        }
    }

    /// What is said where it has no rows.
    #[must_use]
    pub(crate) fn or(mut self, empty: &'static str) -> Table {
        self.empty = empty;
        self
    }

    /// The class of a cell: numbers stand to the right, sentences may be broken into lines.
    fn class(&self, column: &usize, cell: &Cell) -> &'static str {
        if self.is_number(column) {
            " class=\"n\""
        } else if cell.text.len() > LONG && cell.text.contains(' ') {
            " class=\"long\""
        } else {
            ""
        }
    }

    fn is_number(&self, column: &usize) -> bool {
        self.columns.get(*column).is_some_and(|column| column.number)
    }
}
