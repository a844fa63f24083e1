//! For `cargo xtask bench questions`: prints as JSON how many bytes of a database's file each table takes, and of how many days no
//! sheet is kept yet.
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use heliograph_collector::delta::Day;
use heliograph_collector::store::Reader;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

fn main() -> anyhow::Result<()> {
    let data: PathBuf = std::env::args_os()
        .nth(1)
        .context("name a data directory")?
        .into();
    let stale = Reader::open(&data)?.snapshot()?.stale(Day(i64::MAX))?.len();
    let database = Connection::open_with_flags(data.join("collector.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = database.prepare(
        "SELECT coalesce(tbl_name, dbstat.name), sum(pgsize) FROM dbstat LEFT JOIN sqlite_schema USING (name) GROUP BY 1",
    )?;
    let tables: BTreeMap<String, i64> = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    println!("{}", json!({"stale": stale, "tables": tables}));
    Ok(())
}
