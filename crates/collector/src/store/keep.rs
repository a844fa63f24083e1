//! How the sheet of a day is kept: part by part, so that whoever waits for the writer waits for none of them long.
//!
//! A sheet counts as kept when its row is there, with the change of the day that it was made at. That row goes first and comes last:
//! what a question meets in between is no sheet, and it makes its own of the day's rows. When the day changes in between, or the
//! process ends, what was written is cleared by the next one that is kept.

use rusqlite::{Connection, Transaction};

use super::error::{Doing as _, StoreError};
use super::judgement;
use crate::delta::Day;
use crate::sheet::{Column, Sheet, encode_holders, encode_present};

/// Columns of a part, and after how many bytes of them no further one is added: each takes a few milliseconds to write.
const COLUMNS: usize = 64;
const BYTES: usize = 64 << 10;
const DOING: &str = "write the sheet of a day";

/// A sheet that is ready to be kept: as bytes.
#[derive(Debug)]
pub struct Ready {
    day: Day,
    change: i64,
    row: Row,
    columns: Vec<Cells>,
}

/// What is written at once.
#[derive(Debug)]
pub struct Part {
    day: Day,
    change: i64,
    what: What,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is written: the next one may come.
    Yes,
    /// It has to be written once more: there is more to clear.
    Again,
    /// The day has changed, and nothing was written: the others are of no use.
    Changed,
}

#[derive(Debug)]
enum What {
    /// Some of what was kept before goes.
    Clear,
    Columns(Vec<Cells>),
    /// All of it is there.
    Row(Row),
}

#[derive(Debug)]
struct Row {
    lines: Vec<u8>,
    reporting: Vec<u8>,
    holders: Vec<u8>,
}

/// A column: facet, key, what it adds.
#[derive(Debug)]
struct Cells(u8, i64, Vec<u8>);

impl Ready {
    /// A sheet, made when a day had changed so often.
    pub(super) fn of(sheet: &Sheet, change: i64) -> Ready {
        let cells = |column: &Column| Cells(column.facet.number(), column.key.cast_signed(), column.encode());
        Ready {
            day: sheet.day,
            change,
            row: Row {
                lines: sheet.roster.encode(),
                reporting: encode_present(&sheet.roster.reporting()),
                holders: encode_holders(&sheet.holders),
            },
            columns: sheet.columns.iter().map(cells).collect(),
        }
    }

    /// Its parts, in the order in which they are to be written.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let Ready {
            day,
            change,
            row,
            columns,
        } = self;
        let mut groups: Vec<Vec<Cells>> = Vec::new();
        let mut bytes = BYTES;
        for column in columns {
            let full = bytes >= BYTES || groups.last().is_none_or(|group| group.len() >= COLUMNS);
            if full {
                groups.push(Vec::new());
                bytes = 0;
            }
            bytes += column.2.len();
            if let Some(group) = groups.last_mut() {
                group.push(column);
            }
        }
        let columns = groups.into_iter().map(What::Columns);
        let all = [What::Clear].into_iter().chain(columns).chain([What::Row(row)]);
        all.map(move |what| Part { day, change, what })
    }
}

/// Writes a part, unless the rows of the day have changed since the sheet was made.
pub(super) fn keep(transaction: &Transaction<'_>, part: &Part) -> Result<Kept, StoreError> {
    let Part { day, change, what } = part;
    let keep = || -> rusqlite::Result<Kept> {
        let unchanged = transaction
            .prepare_cached("SELECT 1 FROM day_change WHERE day = ? AND change = ?")?
            .exists((day.0, change))?;
        if !unchanged {
            return Ok(Kept::Changed);
        }
        match what {
            What::Clear => {
                transaction
                    .prepare_cached("DELETE FROM sheet WHERE day = ?")?
                    .execute([day.0])?;
                let most = i64::try_from(COLUMNS).unwrap_or(i64::MAX);
                let cleared = transaction
                    .prepare_cached(
                        "DELETE FROM sheet_column WHERE rowid IN (SELECT rowid FROM sheet_column WHERE day = ? LIMIT ?)",
                    )?
                    .execute((day.0, most))?;
                if cleared == COLUMNS {
                    return Ok(Kept::Again);
                }
            }
            What::Columns(columns) => {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO sheet_column (day, facet, key, cells) VALUES (?, ?, ?, ?)",
                )?;
                for Cells(facet, key, cells) in columns {
                    statement.execute((day.0, facet, key, cells))?;
                }
            }
            What::Row(row) => {
                transaction
                    .prepare_cached(
                        "INSERT INTO sheet (day, change, lines, reporting, holders) VALUES (?, ?, ?, ?, ?)",
                    )?
                    .execute((day.0, change, &row.lines, &row.reporting, &row.holders))?;
            }
        }
        Ok(Kept::Yes)
    };
    keep().doing(DOING)
}

/// Notes that the rows of a day have changed. Where something was taken away, what was made of them goes, too.
pub(super) fn changed(connection: &Connection, day: Day, taken_away: bool) -> Result<(), StoreError> {
    let change = || -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO day_change (day, change) VALUES (?, 1) ON CONFLICT DO UPDATE SET change = change + 1",
            )?
            .execute([day.0])?;
        if taken_away {
            for sql in [
                "DELETE FROM sheet WHERE day = ?",
                "DELETE FROM sheet_column WHERE day = ?",
            ] {
                connection.prepare_cached(sql)?.execute([day.0])?;
            }
            judgement::drop_of(connection, day)?;
        }
        Ok(())
    };
    change().doing(DOING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{Amounts, Facet};

    #[test]
    fn parts_are_small_and_all_of_it() {
        let column = |key| {
            let mut column = Column::new(Facet::Unit, key);
            // The one in the middle alone is as large as a part may be.
            for place in 0..if key == 40 { 40_000 } else { 1 } {
                column.push(place * 2, Amounts([1, 0, 0]));
            }
            column
        };
        let sheet = Sheet {
            columns: (0..200).map(column).collect(),
            ..Sheet::default()
        };
        let parts: Vec<_> = Ready::of(&sheet, 1).parts().collect();
        assert!(matches!(parts[0].what, What::Clear));
        assert!(matches!(parts[parts.len() - 1].what, What::Row(_)));
        let mut keys = Vec::new();
        for part in &parts[1..parts.len() - 1] {
            let What::Columns(columns) = &part.what else {
                panic!("{part:?}")
            };
            assert!(!columns.is_empty() && columns.len() <= COLUMNS);
            let before_last: usize = columns.iter().rev().skip(1).map(|column| column.2.len()).sum();
            assert!(before_last < BYTES);
            keys.extend(columns.iter().map(|column| column.1));
        }
        assert_eq!(keys, (0..200).collect::<Vec<_>>());
        // Four by their number; the large one ends the first.
        assert_eq!(parts.len(), 6);
    }
}
