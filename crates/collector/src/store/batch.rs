//! Raw batches: the records of one commit, compressed together.

use std::io::{BufRead as _, BufReader};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::{Doing as _, StoreError};

/// Compression level. Records repeat each other so much that the fastest ones do nearly as well: of reports 1/23 is left, with level
/// 1 1/28, at half the CPU time. Higher ones, and dictionaries, brought nothing worth their cost.
pub(super) const LEVEL: i32 = -1;

/// Compresses records; keeps its working memory between commits.
pub(super) struct Compressor(zstd::bulk::Compressor<'static>);

impl Compressor {
    pub(super) fn new() -> Result<Compressor, StoreError> {
        const DOING: &str = "set up compression";
        let mut compressor =
            zstd::bulk::Compressor::new(LEVEL).map_err(|error| StoreError::zstd(DOING, error))?;
        compressor
            .set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true))
            .map_err(|error| StoreError::zstd(DOING, error))?;
        Ok(Compressor(compressor))
    }

    pub(super) fn compress(&mut self, records: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.0
            .compress(records)
            .map_err(|error| StoreError::zstd("compress messages", error))
    }
}

pub(super) fn insert(
    connection: &Connection,
    received: Timestamp,
    messages: usize,
    size: usize,
    compressed: &[u8],
) -> Result<i64, StoreError> {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    connection
        .prepare_cached("INSERT INTO batch (received, messages, size, records) VALUES (?, ?, ?, ?)")
        .and_then(|mut statement| {
            statement.insert((
                received.as_millisecond(),
                number(messages),
                number(size),
                compressed,
            ))
        })
        .doing("write messages")
}

/// The number of the last batch; 0 where there is none.
pub(super) fn last(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM batch")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .doing("look for the last batch")
}

/// When the last batch was received.
pub(super) fn newest(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let received: Option<i64> = connection
        .prepare_cached("SELECT received FROM batch ORDER BY id DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)).optional())
        .doing("look for the last batch")?;
    Ok(received.and_then(|received| Timestamp::from_millisecond(received).ok()))
}

/// Hands the lines of the next batch behind `after` to `each`, as long as that says to go on; returns the batch's number.
/// One batch is in memory at a time, still compressed, and no snapshot of the database is held longer than for one read.
pub(super) fn next<E: From<StoreError>>(
    connection: &Connection,
    after: i64,
    mut each: impl FnMut(&str) -> Result<(), E>,
) -> Result<Option<i64>, E> {
    const DOING: &str = "read messages";
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT id, records FROM batch WHERE id > ? ORDER BY id LIMIT 1")
        .and_then(|mut statement| {
            statement
                .query_row([after], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing(DOING)?;
    let Some((id, compressed)) = found else {
        return Ok(None);
    };
    let inflated = zstd::stream::read::Decoder::with_buffer(compressed.as_slice());
    let mut records = BufReader::new(inflated.map_err(|error| StoreError::zstd(DOING, error))?);
    let mut line = String::new();
    loop {
        line.clear();
        let length = records
            .read_line(&mut line)
            .map_err(|error| StoreError::zstd(DOING, error))?;
        if length == 0 {
            return Ok(Some(id));
        }
        each(line.trim_end_matches('\n'))?;
    }
}
