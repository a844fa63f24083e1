//! The rows of one message.

use std::collections::HashMap;
use std::convert::Infallible;

use heliograph_wire::time::rfc3339;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Number;
use serde_json::value::RawValue;

use super::{NUMBERS, TEXTS, Table};
use crate::delta::{Amounts, Facet, Share, is_report};
use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::record::Kept;
use crate::ingest::text;
use crate::key::{KeyId, KeyKind};
use crate::question::Date;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing: it is not known.
    Nothing,
    /// A text.
    Text(String),
    /// A number, as JSON writes it.
    Number(String),
}

/// The kinds of the write keys.
pub type Keys = HashMap<KeyId, KeyKind>;

/// A message, taken apart.
struct Told<'a> {
    at: Timestamp,
    share: Share,
    kind: KeyKind,
    fields: Fields<'a>,
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Cell {
        text.map_or(Cell::Nothing, Cell::Text)
    }
}

/// The rows of a message of some days, both included; none of one that does not count.
pub fn rows(table: Table, kept: &Kept<'_>, keys: &Keys, from: Date, to: Date) -> Vec<Vec<Cell>> {
    if !kept.counts() {
        return Vec::new();
    }
    let Some(told) = Told::of(kept, keys) else {
        return Vec::new();
    };
    let day = Date(told.share.to.day);
    if day < from || day > to {
        return Vec::new();
    }
    match (table, told.is_report()) {
        (Table::Reports, true) => vec![told.report()],
        (Table::Units, true) => told.units(),
        (Table::Packages, true) => told.packages(),
        (Table::Events, false) => vec![told.event()],
        _ => Vec::new(),
    }
}

impl<'a> Told<'a> {
    fn of(kept: &Kept<'a>, keys: &Keys) -> Option<Told<'a>> {
        let kind = *keys.get(&kept.key()?)?;
        let share = Share::of_kept(kept.message, kind.speaks_for_clusters(), &kept.basis())?;
        let raw: &RawValue = serde_json::from_str(kept.message).ok()?;
        Some(Told {
            at: kept.timestamp()?,
            share: share.in_manner(kept.manner()).into_owned(),
            kind,
            fields: Fields::of(raw)?,
        })
    }

    /// Whether it is a report that speaks for its cluster.
    fn is_report(&self) -> bool {
        self.share.to.cluster.is_some()
            && self
                .text(self.fields.event)
                .is_some_and(|event| is_report(&event))
    }

    fn report(&self) -> Vec<Cell> {
        let nothing = Members::default();
        let properties = self.fields.properties.members().unwrap_or(&nothing);
        let texts = TEXTS
            .iter()
            .map(|name| Cell::from(self.text(properties.get(name))));
        let numbers = NUMBERS.iter().map(|name| match properties.get(name) {
            Some(raw) if is_number(raw) => Cell::Number(raw.get().to_owned()),
            _ => Cell::Nothing,
        });
        let own = [
            self.hour(),
            Cell::from(self.text(self.fields.event)),
            self.cluster(),
        ];
        own.into_iter().chain(texts).chain(numbers).collect()
    }

    fn units(&self) -> Vec<Vec<Cell>> {
        let units = self
            .parts()
            .into_iter()
            .filter(|(facet, ..)| *facet == Facet::Unit);
        units
            .map(|(_, unit, Amounts(amounts))| {
                let amounts = amounts.map(|amount| Cell::Number(amount.to_string()));
                let own = [Cell::Text(unit)].into_iter().chain(amounts);
                self.of_hour().into_iter().chain(own).collect()
            })
            .collect()
    }

    fn packages(&self) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        for (facet, name, _) in self.parts() {
            let kind = match facet {
                Facet::Package => "package",
                Facet::Framework => "framework",
                _ => continue,
            };
            let own = [Cell::Text(kind.to_owned()), Cell::Text(name)];
            rows.push(self.of_hour().into_iter().chain(own).collect());
        }
        rows
    }

    fn event(&self) -> Vec<Cell> {
        vec![
            Cell::Text(rfc3339(self.at)),
            Cell::from(self.text(self.fields.kind)),
            Cell::from(self.text(self.fields.event)),
            Cell::from(self.text(self.fields.name)),
            Cell::Text(self.kind.name().to_owned()),
            self.cluster(),
        ]
    }

    /// What it adds, by name.
    fn parts(&self) -> Vec<(Facet, String, Amounts)> {
        let mut names = Vec::new();
        let numbered = self.share.delta.numbered(0, |name| {
            names.push(name.to_owned());
            Ok::<_, Infallible>(names.len() as u64 - 1)
        });
        let Ok(numbered) = numbered;
        let named = numbered.into_iter().filter_map(|(at, amounts)| {
            let name = names.get(usize::try_from(at.name()?).ok()?)?;
            Some((at.facet, name.clone(), amounts))
        });
        named.collect()
    }

    fn of_hour(&self) -> [Cell; 5] {
        let edition = self.share.delta.edition();
        let stated = |text: &str| Cell::from(Some(text.to_owned()).filter(|text| !text.is_empty()));
        [
            self.hour(),
            self.cluster(),
            stated(edition.version),
            stated(edition.provider),
            stated(edition.variant),
        ]
    }

    fn hour(&self) -> Cell {
        let hour = self.at.to_zoned(TimeZone::UTC).hour();
        Cell::Text(Date(self.share.to.day).hour(i64::from(hour)))
    }

    fn cluster(&self) -> Cell {
        let cluster = self.share.to.cluster.as_ref();
        Cell::from(cluster.map(|cluster| cluster.as_str().to_owned()))
    }

    fn text(&self, raw: Option<&RawValue>) -> Option<String> {
        raw.and_then(text::string).map(std::borrow::Cow::into_owned)
    }
}

fn is_number(raw: &RawValue) -> bool {
    serde_json::from_str::<Number>(raw.get()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        [(KeyId(1), KeyKind::Cluster), (KeyId(2), KeyKind::Ui)].into()
    }

    fn of(table: Table, remarks: &str, message: &str) -> Vec<Vec<String>> {
        let line = format!("{remarks}\t{message}");
        let all = |text: &str| text.parse::<Date>().unwrap();
        let rows = rows(
            table,
            &Kept::of(&line).unwrap(),
            &keys(),
            all("2025-03-01"),
            all("2025-03-31"),
        );
        let text = |cell| match cell {
            Cell::Nothing => "-".to_owned(),
            Cell::Text(text) => text,
            Cell::Number(number) => format!("#{number}"),
        };
        rows.into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect()
    }

    const REPORT: &str = r#"{"type":"track","messageId":"c1:health:2025-03-02T09Z","anonymousId":"c1","event":"health","properties":{
        "customerKey":"k","environmentVersion":"1.9","health-unit-a-total":4.0,"health-unit-a-unhealthy":1,"health-unit-b-unknown":2,
        "nodes-unreachable":3,"provider":"aws"},"timestamp":"2025-03-02T09:59:59.999Z"}"#;

    #[test]
    fn a_report_is_a_row_and_each_of_its_units_is_one() {
        let reports = of(Table::Reports, r#"{"key":1}"#, REPORT);
        let [report] = &reports[..] else {
            panic!("{reports:?}")
        };
        let columns = Table::Reports.columns();
        let cell = |name: &str| report[columns.iter().position(|column| *column == name).unwrap()].as_str();
        assert_eq!(report.len(), columns.len());
        assert_eq!(
            (cell("hour"), cell("event"), cell("clusterId")),
            ("2025-03-02T09:00:00Z", "health", "c1")
        );
        assert_eq!(
            (cell("nodes-unreachable"), cell("cpu_total"), cell("variant")),
            ("#3", "-", "-")
        );
        let units = of(Table::Units, r#"{"key":1}"#, REPORT);
        assert_eq!(
            units[0],
            [
                "2025-03-02T09:00:00Z",
                "c1",
                "1.9",
                "aws",
                "-",
                "a",
                "#4",
                "#1",
                "#0"
            ]
        );
        assert_eq!(units[1][5..], ["b", "#0", "#0", "#2"]);
        assert!(of(Table::Events, r#"{"key":1}"#, REPORT).is_empty());
    }

    #[test]
    fn what_does_not_count_is_in_no_row() {
        assert!(of(Table::Reports, r#"{"counts":false,"key":1}"#, REPORT).is_empty());
        assert!(
            of(
                Table::Reports,
                r#"{"key":1}"#,
                &REPORT.replace("2025-03-02T09:59", "2025-04-01T09:59")
            )
            .is_empty()
        );
        // Of a key that there is not.
        assert!(of(Table::Reports, r#"{"key":7}"#, REPORT).is_empty());
    }

    #[test]
    fn names_are_rows_and_so_is_any_other_message() {
        let mesos = r#"{"type":"track","messageId":"m","anonymousId":"c1","event":"mesos_track","properties":{
            "cpu_total":8.5,"frameworks":[{"name":"b"},{"name":"a"},{"name":"b"}]},"timestamp":"2025-03-02T09:00:00Z"}"#;
        let names: Vec<_> = of(Table::Packages, r#"{"key":1}"#, mesos)
            .into_iter()
            .map(|row| row[5..].join(" "))
            .collect();
        assert_eq!(names, ["framework a", "framework b"]);
        let page = r#"{"type":"page","messageId":"m","anonymousId":"a","name":"/nodes","timestamp":"2025-03-02T09:00:00.5Z"}"#;
        let expected = ["2025-03-02T09:00:00.500Z", "page", "-", "/nodes", "ui", "-"];
        assert_eq!(of(Table::Events, r#"{"key":2}"#, page), [expected]);
        assert!(of(Table::Reports, r#"{"key":2}"#, page).is_empty());
    }
}
