//! A raw batch, read through and packed again without what is cut out of it. Pure; done a step at a time, so that a large batch
//! keeps nobody waiting.
//!
//! What is left is padded to the length that it had (with a frame that every reader of zstd skips), unless it is longer, which
//! happens where hardly anything is cut: so the database writes it over what was there, and moves nothing around for it.

use std::io::{BufReader, Cursor, Read as _, Write as _};
use std::ops::Range;

use zstd::stream::{read, write};

use crate::ingest::record;
use crate::store::batch;
use crate::store::error::StoreError;

/// Bytes of a step: a millisecond or so.
const STEP: usize = 256 * 1024;
/// Bytes that are packed at once, as a commit does, with a result that is seldom longer than what it had; more are packed step
/// by step.
const AT_ONCE: usize = 2 << 20;
const DOING: &str = "rewrite messages";
/// What a frame begins with that is skipped.
const SKIPPED: [u8; 4] = 0x184D_2A50_u32.to_le_bytes();
/// Bytes of that and of its length.
const SKIPPED_HEAD: usize = 8;

/// A batch under work.
pub(super) struct Rewrite {
    pub(super) row: Row,
    stage: Stage,
    text: Vec<u8>,
    edits: Vec<Edit>,
}

/// A batch's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) messages: i64,
    pub(super) size: i64,
    /// Bytes of the compressed records.
    pub(super) packed: usize,
}

/// A line that does not stay as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// Where it lies, its end included.
    line: Range<usize>,
    /// What is left out of it.
    cut: Range<usize>,
    pub(super) change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// It goes, for these deletions.
    Cut(Vec<i64>),
    /// It counts from now on, in whole or folded: its remark goes that it does not.
    Count { folded: bool },
}

enum Stage {
    Inflate(read::Decoder<'static, BufReader<Cursor<Vec<u8>>>>),
    Look(usize),
    Pack(write::Encoder<'static, Vec<u8>>, usize),
    Done(Option<Vec<u8>>),
}

impl Rewrite {
    /// Begins with the compressed records of a batch.
    pub(super) fn begin(row: Row, records: Vec<u8>) -> Result<Rewrite, StoreError> {
        let decoder = read::Decoder::new(Cursor::new(records)).map_err(failed)?;
        Ok(Rewrite {
            row,
            stage: Stage::Inflate(decoder),
            text: Vec::new(),
            edits: Vec::new(),
        })
    }

    /// Goes a step on; says whether it is done. `look` says of each line without its end what is to become of it.
    pub(super) fn step(&mut self, mut look: impl FnMut(&str) -> Option<Change>) -> Result<bool, StoreError> {
        match &mut self.stage {
            Stage::Inflate(decoder) => {
                let before = self.text.len();
                let step = u64::try_from(STEP).unwrap_or(u64::MAX);
                decoder.take(step).read_to_end(&mut self.text).map_err(failed)?;
                if self.text.len() == before {
                    self.stage = Stage::Look(0);
                }
            }
            Stage::Look(at) => {
                let end = at.saturating_add(STEP);
                while *at < end && *at < self.text.len() {
                    let rest = self.text.get(*at..).unwrap_or_default();
                    let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                    let line = rest.get(..length).unwrap_or_default();
                    let text = std::str::from_utf8(line.trim_ascii_end()).unwrap_or_default();
                    if let Some(change) = look(text) {
                        let cut = match change {
                            Change::Cut(_) => *at..*at + length,
                            Change::Count { folded } => {
                                *at + 1..*at + 1 + record::remarks_to_cut(line, folded)
                            }
                        };
                        let line = *at..*at + length;
                        self.edits.push(Edit { line, cut, change });
                    }
                    *at += length;
                }
                if *at >= self.text.len() {
                    self.stage = self.pack()?;
                }
            }
            Stage::Pack(encoder, at) => {
                let end = at.saturating_add(STEP).min(self.text.len());
                let mut from = *at;
                for cut in self.edits.iter().map(|edit| &edit.cut) {
                    if cut.end > from && cut.start < end {
                        let kept = self.text.get(from..cut.start.max(from)).unwrap_or_default();
                        encoder.write_all(kept).map_err(failed)?;
                        from = cut.end;
                    }
                }
                let kept = self.text.get(from..end).unwrap_or_default();
                encoder.write_all(kept).map_err(failed)?;
                *at = from.max(end);
                if *at >= self.text.len() {
                    let done = Stage::Done(None);
                    if let Stage::Pack(encoder, _) = std::mem::replace(&mut self.stage, done) {
                        self.stage = Stage::Done(Some(encoder.finish().map_err(failed)?));
                    }
                }
            }
            Stage::Done(_) => {}
        }
        Ok(matches!(self.stage, Stage::Done(_)))
    }

    /// What does not stay as it was, as text without the line's end.
    pub(super) fn edits(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.edits.iter().map(|edit| {
            let line = self.text.get(edit.line.clone()).unwrap_or_default();
            let line = std::str::from_utf8(line.trim_ascii_end()).unwrap_or_default();
            (line, &edit.change)
        })
    }

    /// The row as it is to be, and its records; `None` where all is as it was.
    pub(super) fn into_row(self) -> Option<(Row, Vec<u8>)> {
        let Stage::Done(Some(mut packed)) = self.stage else {
            return None;
        };
        let gone = self
            .edits
            .iter()
            .filter(|edit| matches!(edit.change, Change::Cut(_)))
            .count();
        let cut: usize = self.edits.iter().map(|edit| edit.cut.len()).sum();
        let minus = |from: i64, less: usize| {
            from.saturating_sub(i64::try_from(less).unwrap_or(i64::MAX))
                .max(0)
        };
        let row = Row {
            id: self.row.id,
            messages: minus(self.row.messages, gone),
            size: minus(self.row.size, cut),
            packed: 0,
        };
        if let Some(length) = same_length(&self.row, &row) {
            pad(&mut packed, length);
        }
        let packed_length = packed.len();
        let row = Row {
            packed: packed_length,
            ..row
        };
        Some((row, packed))
    }

    fn pack(&self) -> Result<Stage, StoreError> {
        if self.edits.is_empty() {
            return Ok(Stage::Done(None));
        }
        let cut: usize = self.edits.iter().map(|edit| edit.cut.len()).sum();
        let left = self.text.len().saturating_sub(cut);
        if left <= AT_ONCE {
            let mut text = Vec::with_capacity(left);
            let mut from = 0;
            for cut in self.edits.iter().map(|edit| &edit.cut) {
                text.extend_from_slice(self.text.get(from..cut.start).unwrap_or_default());
                from = cut.end;
            }
            text.extend_from_slice(self.text.get(from..).unwrap_or_default());
            let packed = batch::Compressor::new()?.compress(&text)?;
            return Ok(Stage::Done(Some(packed)));
        }
        let left = u64::try_from(left).ok();
        let mut encoder = write::Encoder::new(Vec::new(), batch::LEVEL).map_err(failed)?;
        encoder
            .include_checksum(true)
            .and_then(|()| encoder.set_pledged_src_size(left))
            .map_err(failed)?;
        Ok(Stage::Pack(encoder, 0))
    }
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::zstd(DOING, error)
}

/// Makes it so long, where that can be.
fn pad(packed: &mut Vec<u8>, length: usize) {
    let filling = length
        .checked_sub(packed.len())
        .and_then(|missing| missing.checked_sub(SKIPPED_HEAD));
    if let Some(filling) = filling
        && let Ok(stated) = u32::try_from(filling)
    {
        packed.extend_from_slice(&SKIPPED);
        packed.extend_from_slice(&stated.to_le_bytes());
        packed.resize(length, 0);
    }
}

/// The length of the records with which the row takes as many bytes as before: numbers take as many as they need.
fn same_length(before: &Row, after: &Row) -> Option<usize> {
    let numbers = |row: &Row| integer_bytes(row.messages) + integer_bytes(row.size);
    let total = |numbers: usize, packed: usize| numbers + header_bytes(packed) + packed;
    let wanted = total(numbers(before), before.packed);
    // Two numbers of at most eight bytes may become none.
    let lengths = before.packed.saturating_sub(4)..=before.packed + 20;
    lengths
        .into_iter()
        .find(|length| total(numbers(after), *length) == wanted)
}

/// Bytes that SQLite stores an integer in.
fn integer_bytes(number: i64) -> usize {
    match number {
        0 | 1 => 0,
        -0x80..0x80 => 1,
        -0x8000..0x8000 => 2,
        -0x80_0000..0x80_0000 => 3,
        -0x8000_0000..0x8000_0000 => 4,
        -0x8000_0000_0000..0x8000_0000_0000 => 6,
        _ => 8,
    }
}

/// Bytes in which SQLite states the type and length of a blob.
fn header_bytes(length: usize) -> usize {
    let kind = 2 * length + 12;
    (1..9).find(|bytes| kind >> (7 * bytes) == 0).unwrap_or(9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(text: &str) -> Vec<u8> {
        zstd::bulk::compress(text.as_bytes(), 1).unwrap()
    }

    fn inflated(packed: &[u8]) -> String {
        String::from_utf8(zstd::stream::decode_all(packed).unwrap()).unwrap()
    }

    fn rewrite(text: &str, look: impl Fn(&str) -> Option<Change>) -> Option<(Row, Vec<u8>, usize)> {
        let records = packed(text);
        let before = records.len();
        let row = Row {
            id: 1,
            messages: i64::try_from(text.lines().count()).unwrap(),
            size: i64::try_from(text.len()).unwrap(),
            packed: records.len(),
        };
        let mut work = Rewrite::begin(row, records).unwrap();
        while !work.step(&look).unwrap() {}
        let (row, records) = work.into_row()?;
        Some((row, records, before))
    }

    #[test]
    fn what_stays_is_written_over_what_was() {
        let line = |number: usize| format!("{{\"key\":1}}\t{{\"n\":{number},\"x\":\"{}\"}}\n", number * 7919);
        let text: String = (0..200).map(line).collect();
        // Of 200 messages 100 are left, of which the number takes one byte.
        let (row, records, before) = rewrite(&text, |line| {
            let number: usize = line.split("\"n\":").nth(1)?.split(',').next()?.parse().ok()?;
            number.is_multiple_of(2).then(|| Change::Cut(vec![1]))
        })
        .unwrap();
        let expected: String = (0..100).map(|number| line(2 * number + 1)).collect();
        assert_eq!(inflated(&records), expected);
        assert_eq!(records.len(), before + 1, "all together it takes as many bytes");
        assert_eq!(
            (row.messages, row.size),
            (100, i64::try_from(expected.len()).unwrap())
        );
        assert!(rewrite(&text, |_| None).is_none());
    }

    #[test]
    fn a_large_batch_is_packed_step_by_step() {
        let line = |number: usize| format!("{{\"key\":1}}\t{{\"n\":{number},\"x\":\"{}\"}}\n", number * 7919);
        let text: String = (0..100_000).map(line).collect();
        assert!(text.len() > AT_ONCE);
        let gone = |number: usize| number.is_multiple_of(3) || (50_000..90_000).contains(&number);
        let (row, records, _) = rewrite(&text, |line| {
            let number = line.split("\"n\":").nth(1)?.split(',').next()?.parse().ok()?;
            gone(number).then(|| Change::Cut(vec![1]))
        })
        .unwrap();
        let expected: String = (0..100_000).filter(|number| !gone(*number)).map(line).collect();
        assert!(inflated(&records) == expected);
        assert_eq!(row.size, i64::try_from(expected.len()).unwrap());
    }

    proptest! {
        #[test]
        fn what_is_cut_is_gone_and_all_else_is_there(lines in prop::collection::vec((0_u8..5, "[a-z\"\\\\é]{0,40}"), 1..60)) {
            let text: String = lines.iter().map(|(what, rest)| match what {
                0 => format!("{{\"key\":1}}\tkeep{rest}\n"),
                1 => format!("{{\"key\":1}}\tcut{rest}\n"),
                2 => format!("{{\"counts\":false,\"key\":1}}\t{rest}\n"),
                3 => format!("{{\"counts\":false,\"folded\":true,\"key\":1}}\t{rest}\n"),
                _ => format!("{{\"counts\":false,\"folded\":true,\"key\":2}}\t{rest}\n"),
            }).collect();
            let expected: String = lines.iter().filter(|(what, _)| *what != 1).map(|(what, rest)| match what {
                0 => format!("{{\"key\":1}}\tkeep{rest}\n"),
                2 | 3 => format!("{{\"key\":1}}\t{rest}\n"),
                _ => format!("{{\"folded\":true,\"key\":2}}\t{rest}\n"),
            }).collect();
            let done = rewrite(&text, |line| {
                if line.starts_with("{\"key\":1}\tcut") {
                    Some(Change::Cut(vec![1, 2]))
                } else {
                    let folded = line.contains("\"key\":2}");
                    line.starts_with("{\"counts\":false").then_some(Change::Count { folded })
                }
            });
            match done {
                Some((row, records, _)) => {
                    prop_assert_eq!(&inflated(&records), &expected);
                    prop_assert_eq!(usize::try_from(row.size).unwrap(), expected.len());
                    prop_assert_eq!(usize::try_from(row.messages).unwrap(), expected.lines().count());
                }
                None => prop_assert_eq!(text, expected),
            }
        }

        #[test]
        fn padding_is_read_over(text in ".{0,200}", more in 0_usize..300) {
            let mut padded = packed(&text);
            let length = padded.len() + more;
            pad(&mut padded, length);
            prop_assert!(padded.len() == length || more < SKIPPED_HEAD);
            prop_assert_eq!(inflated(&padded), text);
        }
    }
}
