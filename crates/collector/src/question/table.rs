//! Answers as people read them on a terminal: columns of even width, numbers to the right, shares in percent.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

/// Between two columns.
const GAP: &str = "  ";
/// What stands where there is nothing.
const NOTHING: &str = "-";
/// What the description of a field says, or refers to, that is a share.
const SHARES: [&str; 2] = ["from 0 to 1", "`share`"];

/// A field of rows or totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Number,
    Share,
}

/// The fields of a flat structure, in their order.
pub(super) fn fields<T: ToSchema>() -> Vec<Field> {
    let RefOr::T(Schema::Object(object)) = T::schema() else {
        return Vec::new();
    };
    let fields = object.properties.iter().map(|(name, schema)| Field {
        name: name.clone(),
        kind: kind(schema),
    });
    fields.collect()
}

/// The cells of structures, as they stand in CSV.
pub(super) fn cells<T: Serialize>(rows: &[T]) -> Vec<Vec<String>> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in rows {
        // Rows are flat, and go to memory.
        if writer.serialize(row).is_err() {
            break;
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes.as_slice());
    let records = reader.records().filter_map(Result::ok);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

/// A table, with the names of the columns above it.
pub(super) fn table(fields: &[Field], rows: &[Vec<String>]) -> String {
    let shown: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            fields
                .iter()
                .zip(row)
                .map(|(field, cell)| field.shown(cell))
                .collect()
        })
        .collect();
    let heads: Vec<String> = fields.iter().map(|field| field.name.to_uppercase()).collect();
    let widths: Vec<usize> = (0..fields.len())
        .map(|at| {
            let cells = shown.iter().chain([&heads]).filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in [&heads].into_iter().chain(&shown) {
        let mut line = String::new();
        for ((cell, field), width) in row.iter().zip(fields).zip(&widths) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            line.push_str(&match field.kind {
                Kind::Text => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A structure in one line.
pub(super) fn line(fields: &[Field], row: &[String]) -> String {
    let parts: Vec<String> = fields
        .iter()
        .zip(row)
        .map(|(field, cell)| format!("{} {}", field.name, field.shown(cell)))
        .collect();
    parts.join(", ")
}

impl Field {
    /// A cell as a spreadsheet may read it.
    pub(super) fn safe<'c>(&self, cell: &'c str) -> Cow<'c, str> {
        match self.kind {
            Kind::Text if cell.starts_with(FORMULA) => Cow::Owned(format!("'{cell}")),
            _ => Cow::Borrowed(cell),
        }
    }

    fn shown(&self, cell: &str) -> String {
        if cell.is_empty() {
            return NOTHING.to_owned();
        }
        match (self.kind, cell.parse::<f64>()) {
            (Kind::Share, Ok(share)) => percent(share),
            (Kind::Number, Ok(number)) => format!("{number:.2}"),
            _ => visible(cell).into_owned(),
        }
    }
}

/// What spreadsheets take a cell for a formula by.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn kind(schema: &RefOr<Schema>) -> Kind {
    let RefOr::T(Schema::Object(object)) = schema else {
        return Kind::Text;
    };
    let is = |wanted: &Type| match &object.schema_type {
        SchemaType::Type(kind) => kind == wanted,
        SchemaType::Array(kinds) => kinds.contains(wanted),
        SchemaType::AnyValue => false,
    };
    let description = object.description.as_deref().unwrap_or_default();
    if is(&Type::Integer) {
        Kind::Whole
    } else if !is(&Type::Number) {
        Kind::Text
    } else if SHARES.iter().any(|told| description.contains(told)) {
        Kind::Share
    } else {
        Kind::Number
    }
}

/// Two digits behind the point, or as many as there must be for two that are not nought.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let mut digits = 2;
    let mut scale = 0.1;
    while percent != 0.0 && percent.abs() < scale && digits < 8 {
        digits += 1;
        scale /= 10.0;
    }
    format!("{percent:.digits$} %")
}

/// A sender chooses names: what a terminal would obey is shown as it would be written.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            visible.extend(char.escape_default());
        } else {
            visible.push(char);
        }
    }
    Cow::Owned(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        /// A name.
        name: String,
        /// How many.
        node_hours: u64,
        /// Of all, from 0 to 1.
        share: f64,
        /// The same, before.
        before: Option<f64>,
        /// `share` less what it was.
        change: Option<f64>,
    }

    #[test]
    fn numbers_stand_to_the_right_and_shares_are_in_percent() {
        let row = |name: &str, node_hours, share, before| Row {
            name: name.to_owned(),
            node_hours,
            share,
            before,
            change: before.map(|before| share - before),
        };
        let rows = [
            row("dcos-mesos-master", 12, 0.5, Some(0.25)),
            row("é\u{1b}[2J", 4_000_000_000, 0.000_012_34, None),
            row("", 0, 0.0, None),
        ];
        let fields = fields::<Row>();
        let cells = cells(&rows);
        let expected = [
            "NAME                NODEHOURS     SHARE  BEFORE   CHANGE",
            "dcos-mesos-master          12   50.00 %    0.25  25.00 %",
            "é\\u{1b}[2J         4000000000  0.0012 %       -        -",
            "-                           0    0.00 %       -        -",
            "",
        ];
        assert_eq!(table(&fields, &cells), expected.join("\n"));
        let expected = "name dcos-mesos-master, nodeHours 12, share 50.00 %, before 0.25, change 25.00 %";
        assert_eq!(line(&fields, &cells[0]), expected);
        // Numbers are numbers, also below nought.
        for (field, cell, safe) in [
            (0, "=A1", "'=A1"),
            (0, "a=b", "a=b"),
            (0, "@x", "'@x"),
            (4, "-0.25", "-0.25"),
        ] {
            assert_eq!(fields[field].safe(cell), safe);
        }
        assert_eq!(table(&fields, &[]), "NAME  NODEHOURS  SHARE  BEFORE  CHANGE\n");
    }
}
