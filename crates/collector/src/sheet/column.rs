//! What the lines of a roster add at one coordinate.

use crate::delta::{Amounts, Damaged, Facet};
use crate::varint::{push, push_signed, take, take_signed};

/// Lines one behind the other that add the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Place of the first.
    pub start: u32,
    /// How many.
    pub length: u32,
    /// What each of them adds.
    pub amount: i64,
}

/// A column: by amount, the lines at which it is not nought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What is summed.
    pub facet: Facet,
    /// Number of the name.
    pub key: u64,
    runs: [Vec<Run>; 3],
}

impl Run {
    /// Its places.
    pub fn places(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

impl Column {
    /// An empty one.
    pub fn new(facet: Facet, key: u64) -> Column {
        Column {
            facet,
            key,
            runs: Default::default(),
        }
    }

    /// Adds what the line at a place adds; places come in ascending order, each once.
    pub fn push(&mut self, place: u32, amounts: Amounts) {
        for (runs, amount) in self.runs.iter_mut().zip(amounts.0) {
            if amount == 0 {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.amount == amount && run.start + run.length == place => run.length += 1,
                _ => runs.push(Run {
                    start: place,
                    length: 1,
                    amount,
                }),
            }
        }
    }

    /// The lines at which an amount is not nought: 0, 1 or 2; what it is, the facet says.
    pub fn runs(&self, amount: usize) -> &[Run] {
        self.runs.get(amount).map_or(&[], Vec::as_slice)
    }

    /// The sum of an amount over all lines.
    pub fn total(&self, amount: usize) -> i128 {
        let runs = self.runs(amount).iter();
        runs.map(|run| i128::from(run.amount) * i128::from(run.length))
            .sum()
    }

    /// As bytes, without facet and key.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 4 * self.runs.iter().map(Vec::len).sum::<usize>());
        for runs in &self.runs {
            push(runs.len() as u64, &mut out);
            let (mut end, mut last) = (0, 0_i64);
            for run in runs {
                push(u64::from(run.start - end), &mut out);
                push(u64::from(run.length - 1), &mut out);
                push_signed(run.amount.wrapping_sub(last), &mut out);
                (end, last) = (run.start + run.length, run.amount);
            }
        }
        out
    }

    /// Reads it back; `lines` is how many the roster has.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn decode(facet: Facet, key: u64, lines: usize, mut bytes: &[u8]) -> Result<Column, Damaged> {
        let bytes = &mut bytes;
        let mut column = Column::new(facet, key);
        for runs in &mut column.runs {
            let count = usize::try_from(take(bytes)?).map_err(|_| Damaged)?;
            // A run takes three bytes or more.
            if count > bytes.len() / 3 {
                return Err(Damaged);
            }
            runs.reserve_exact(count);
            let (mut end, mut last) = (0_u32, 0_i64);
            for _ in 0..count {
                let gap = u32::try_from(take(bytes)?).map_err(|_| Damaged)?;
                let more = u32::try_from(take(bytes)?).map_err(|_| Damaged)?;
                let start = end.checked_add(gap).ok_or(Damaged)?;
                let length = more.checked_add(1).ok_or(Damaged)?;
                end = start.checked_add(length).ok_or(Damaged)?;
                last = last.wrapping_add(take_signed(bytes)?);
                runs.push(Run {
                    start,
                    length,
                    amount: last,
                });
            }
            if end as usize > lines {
                return Err(Damaged);
            }
        }
        if bytes.is_empty() {
            Ok(column)
        } else {
            Err(Damaged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cells in prop::collection::vec(prop::array::uniform3(-3..4_i64), 0..40)) {
            let mut column = Column::new(Facet::Unit, 7);
            for (place, cell) in (0..).zip(&cells) {
                column.push(place, Amounts(*cell));
            }
            let read = Column::decode(Facet::Unit, 7, cells.len(), &column.encode());
            prop_assert_eq!(read.as_ref(), Ok(&column));
            for amount in 0..3 {
                let mut told = vec![0; cells.len()];
                for run in column.runs(amount) {
                    told[run.places()].fill(run.amount);
                }
                let cells: Vec<i64> = cells.iter().map(|cell| cell[amount]).collect();
                prop_assert_eq!(column.total(amount), cells.iter().map(|cell| i128::from(*cell)).sum::<i128>());
                prop_assert_eq!(told, cells);
            }
        }

        #[test]
        fn damage_is_an_error_or_another_column(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(column) = Column::decode(Facet::Unit, 7, 100, &bytes) {
                prop_assert!((0..3).flat_map(|amount| column.runs(amount)).all(|run| run.places().end <= 100));
            }
        }
    }
}
