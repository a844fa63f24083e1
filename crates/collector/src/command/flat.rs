//! `export reports|units|packages|events`: messages as flat rows, for other tools; to standard output, or to a file that is there when
//! all of it is. One batch is in memory at a time.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use heliograph_collector::delta::Day;
use heliograph_collector::flat::{Form, Keys, Table, Writer, rows};
use heliograph_collector::ingest::record::Kept;
use heliograph_collector::question::Date;
use heliograph_collector::store::{Reader, StoreError};

use super::file;
use crate::progress::Progress;

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

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("can't write")]
    Write(#[from] io::Error),
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
    let each = |kept: &Kept<'_>| rows(table, kept, &keys, from, to);
    let Some(path) = &asked.output else {
        let begun = Writer::begin(out, table.columns(), asked.format).map_err(End::Write);
        return match begun.and_then(|writer| write(&reader, writer, each, None)) {
            // Whoever reads has seen enough.
            Err(End::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            ended => Ok(ended.map(|_| ())?),
        };
    };
    let mut progress = Progress::new("batches");
    let exported = file::whole(path, |file| {
        let writer = Writer::begin(BufWriter::new(file), table.columns(), asked.format)?;
        write(&reader, writer, each, Some(&mut progress))
    });
    progress.clear();
    let count = exported.with_context(|| format!("can't export to {}", path.display()))?;
    Ok(writeln!(out, "{}: {count} rows", path.display())?)
}

fn write<W: Write>(
    reader: &Reader,
    mut writer: Writer<W>,
    each: impl Fn(&Kept<'_>) -> Vec<Vec<heliograph_collector::flat::Cell>>,
    mut progress: Option<&mut Progress>,
) -> Result<u64, End> {
    let all = reader.last_batch()?;
    let (mut batch, mut count) = (0, 0);
    // What comes meanwhile is for the next export.
    while batch < all {
        let next = reader.next_batch(batch, |line| {
            for row in Kept::of(line).iter().flat_map(&each) {
                writer.write(&row)?;
                count += 1;
            }
            Ok::<_, End>(())
        })?;
        match next {
            Some(id) => batch = id,
            None => break,
        }
        if let Some(progress) = &mut progress {
            progress.show(batch.unsigned_abs(), Some(all.unsigned_abs()));
        }
    }
    writer.finish()?;
    Ok(count)
}

/// The kinds of the keys; those of a kind that this release does not know are left out.
fn keys(reader: &Reader) -> Result<Keys, StoreError> {
    let keys = reader.keys()?.into_iter();
    Ok(keys
        .filter_map(|key| Some((key.id, key.kind.parse().ok()?)))
        .collect())
}
