//! Answers, and how they are shown.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::day::Date;
use super::filter::Filter;
use super::scope::Scope;
use super::table::{cells, fields, line, table};
use super::tier::Flag;

/// What a question is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer<R, T> {
    /// The first day it is about.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// How many installations are behind it.
    pub installations: u64,
    /// Which installations it counts, by tier and flags.
    pub counted: Counted,
    /// How many installations it leaves out, that reported on these days and are of other tiers or flags.
    pub left_out: u64,
    /// All of it.
    pub total: T,
    /// Part by part.
    pub rows: Vec<R>,
}

/// Which installations count. Where nothing is said, all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// Those of these tiers, as of the last day.
    pub tiers: Vec<&'static str>,
    /// Those with any of these flags.
    pub flags: Vec<&'static str>,
    /// Those with none of these flags.
    pub without: Vec<&'static str>,
}

impl Counted {
    fn of(filter: &Filter) -> Counted {
        let flags = |flags: &BTreeSet<Flag>| flags.iter().map(|flag| flag.name()).collect();
        Counted {
            tiers: filter.tiers.iter().map(|tier| tier.name()).collect(),
            flags: flags(&filter.flags),
            without: flags(&filter.without),
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("tier ", &self.tiers, " or "),
            ("flag ", &self.flags, " or "),
            ("without ", &self.without, " and "),
        ];
        let parts = parts.iter().filter(|(_, names, _)| !names.is_empty());
        let parts: Vec<_> = parts
            .map(|(what, names, between)| format!("{what}{}", names.join(between)))
            .collect();
        f.write_str(&parts.join(", "))
    }
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// All of the answer.
    #[default]
    Json,
    /// Its rows.
    Csv,
    /// For people: its rows, and the rest in lines below them.
    Table,
}

impl Format {
    /// All of them, with their names.
    pub const ALL: [(Format, &'static str); 3] = [
        (Format::Json, "json"),
        (Format::Csv, "csv"),
        (Format::Table, "table"),
    ];
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        let found = Format::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(format, _)| *format).ok_or(UnknownFormat)
    }
}

/// Not a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a format is one of json, csv, table")]
pub struct UnknownFormat;

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many are left out before.
    pub offset: usize,
    /// How many are shown at most.
    pub limit: usize,
}

/// How, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How.
    pub format: Format,
    /// Which.
    pub page: Page,
}

/// An answer, shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// How many rows there are in all.
    pub rows: usize,
    /// How many installations are behind it.
    pub installations: u64,
    /// Which installations it counts; empty where it counts all.
    pub counted: String,
    /// How many it leaves out for that.
    pub left_out: u64,
}

/// What an answer is made of.
#[derive(Clone)]
pub struct Schemas {
    /// A row.
    pub row: RefOr<Schema>,
    /// The total.
    pub total: RefOr<Schema>,
    /// What these two refer to, by name.
    pub parts: Vec<(String, RefOr<Schema>)>,
}

impl Schemas {
    /// Of an answer with such rows and such a total.
    pub fn of<R: ToSchema, T: ToSchema>() -> Schemas {
        let mut parts = Vec::new();
        R::schemas(&mut parts);
        T::schemas(&mut parts);
        Schemas {
            row: R::schema(),
            total: T::schema(),
            parts,
        }
    }
}

impl Default for Page {
    fn default() -> Page {
        Page {
            offset: 0,
            limit: usize::MAX,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paged<'a, R, T> {
    from: Date,
    to: Date,
    installations: u64,
    counted: &'a Counted,
    left_out: u64,
    total: &'a T,
    /// Rows in all.
    count: usize,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    rows: &'a [R],
}

impl<R: Serialize + ToSchema, T: Serialize + ToSchema> Answer<R, T> {
    /// An answer to what was asked.
    pub fn new(scope: &Scope<'_>, installations: u64, total: T, rows: Vec<R>) -> Answer<R, T> {
        let filter = scope.filter;
        Answer {
            from: filter.from,
            to: filter.to,
            installations,
            counted: Counted::of(filter),
            left_out: scope.left_out(),
            total,
            rows,
        }
    }

    /// Shows it. CSV (RFC 4180) has a line of names first, JSON has them in every row. Of texts that a spreadsheet would take for a
    /// formula, CSV has an apostrophe before them: senders choose names.
    pub fn render(&self, shape: &Shape) -> Rendered {
        let Page { offset, limit } = shape.page;
        let start = offset.min(self.rows.len());
        let end = start.saturating_add(limit).min(self.rows.len());
        let rows = self.rows.get(start..end).unwrap_or_default();
        let text = match shape.format {
            Format::Json => {
                let paged = Paged {
                    from: self.from,
                    to: self.to,
                    installations: self.installations,
                    counted: &self.counted,
                    left_out: self.left_out,
                    total: &self.total,
                    count: self.rows.len(),
                    next: (end < self.rows.len()).then_some(end),
                    rows,
                };
                serde_json::to_string(&paged).unwrap_or_default()
            }
            Format::Csv => csv(rows),
            Format::Table => self.table(rows),
        };
        Rendered {
            text,
            rows: self.rows.len(),
            installations: self.installations,
            counted: self.counted.to_string(),
            left_out: self.left_out,
        }
    }

    fn table(&self, rows: &[R]) -> String {
        let mut text = table(&fields::<R>(), &cells(rows));
        if rows.len() < self.rows.len() {
            text.push_str(&format!("({} of {} rows)\n", rows.len(), self.rows.len()));
        }
        let days = self.to.0.0 - self.from.0.0 + 1;
        text.push_str(&format!(
            "\n{days} days, {} to {}; {} installations",
            self.from, self.to, self.installations
        ));
        if self.counted != Counted::default() {
            text.push_str(&format!(" ({}), {} left out", self.counted, self.left_out));
        }
        text.push('\n');
        // Some totals say no more than that.
        if let [total] = cells(std::slice::from_ref(&self.total)).as_slice() {
            text.push_str(&format!("total: {}\n", line(&fields::<T>(), total)));
        }
        text
    }
}

fn csv<R: Serialize + ToSchema>(rows: &[R]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    // Where there are no rows, too.
    let fields = fields::<R>();
    if writer
        .write_record(fields.iter().map(|field| &field.name))
        .is_err()
    {
        return String::new();
    }
    for row in cells(rows) {
        let shown = fields.iter().zip(&row).map(|(field, cell)| field.safe(cell));
        // It goes to memory.
        if writer.write_record(shown.map(|cell| cell.into_owned())).is_err() {
            break;
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
