//! `export reports|units|packages|events`: messages as flat rows, for other tools; to standard output, or to a file that is there when
//! all of it is. One batch is in memory at a time.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use heliograph_collector::delta::Day;
use heliograph_collector::flat::{Form, Keys, Table, Writer, rows};
use heliograph_collector::question::Date;
use heliograph_collector::store::{Reader, StoreError};

use super::export::{each_kept, put};

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct Flat {
    /// The first day, as 2026-11-22
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// The last day, included
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
    /// csv, or ndjson: one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Form,
    /// File to write; it is there when all is written [default: standard output]
    #[arg(long, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports a table.
pub(crate) fn run(data: &Path, table: Table, asked: &Flat, out: &mut impl Write) -> anyhow::Result<()> {
    let reader = Reader::open(data)?;
    let (from, to) = (
        asked.from.unwrap_or(Date(Day(i64::MIN))),
        asked.to.unwrap_or(Date(Day(i64::MAX))),
    );
    if from > to {
        bail!("--from ({from}) is after --to ({to})");
    }
    let keys = keys(&reader)?;
    put(asked.output.as_deref(), "rows", out, |out, progress| {
        let mut writer = Writer::begin(out, table.columns(), asked.format)?;
        let mut count = 0;
        each_kept(&reader, progress, |kept| {
            for row in rows(table, kept, &keys, from, to) {
                writer.write(&row)?;
                count += 1;
            }
            Ok(())
        })?;
        writer.finish()?;
        Ok(count)
    })
}

/// The kinds of the keys; those of a kind that this release does not know are left out.
fn keys(reader: &Reader) -> Result<Keys, StoreError> {
    let keys = reader.keys()?.into_iter();
    Ok(keys
        .filter_map(|key| Some((key.id, key.kind.parse().ok()?)))
        .collect())
}
