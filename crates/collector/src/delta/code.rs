//! Sums as bytes, few of them: a day of a cluster with 70 units takes some 200.
//!
//! The first byte is the form's number. Then, for each edition and facet: the edition's distance from the one before, the facet, and
//! how many coordinates follow. A coordinate is its key's distance from the one before, with three bits that say which amounts
//! follow: the first as its difference from the one before (a unit is mostly seen as often as the one before it), the others where
//! they are not nought. Numbers are written seven bits a byte, the lowest first; amounts with their sign in the lowest bit.

use super::{Amounts, Coordinate, Facet, Sums};

/// Number of the form.
const FORM: u8 = 1;
/// Bits of the marks that stand below a key's distance.
const MARKS: u32 = 3;

/// Bytes that are no sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sums of a day are damaged")]
pub struct Damaged;

impl Sums {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let parts = self.as_slice();
        let mut out = Vec::with_capacity(16 + 4 * parts.len());
        out.push(FORM);
        let mut edition = 0;
        for run in parts.chunk_by(|(a, _), (b, _)| (a.edition, a.facet) == (b.edition, b.facet)) {
            let Some((first, _)) = run.first() else { continue };
            push(u128::from(first.edition - edition), &mut out);
            edition = first.edition;
            out.push(first.facet.number());
            push(run.len() as u128, &mut out);
            let (mut key, mut last) = (0, 0_i64);
            for (coordinate, Amounts([a, b, c])) in run {
                let amounts = [a.wrapping_sub(last), *b, *c];
                let marks = (0..)
                    .zip(amounts)
                    .map(|(bit, amount)| u128::from(amount != 0) << bit);
                push(
                    u128::from(coordinate.key - key) << MARKS | marks.sum::<u128>(),
                    &mut out,
                );
                (key, last) = (coordinate.key, *a);
                for amount in amounts.into_iter().filter(|amount| *amount != 0) {
                    push(zigzag(amount), &mut out);
                }
            }
        }
        out
    }

    /// Reads them back.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Sums, Damaged> {
        let (form, mut rest) = bytes.split_first().ok_or(Damaged)?;
        if *form != FORM {
            return Err(Damaged);
        }
        let mut parts = Vec::with_capacity(rest.len() / 2);
        let mut edition = 0_u64;
        while !rest.is_empty() {
            edition = edition.checked_add(number(&mut rest)?).ok_or(Damaged)?;
            let (facet, behind) = rest.split_first().ok_or(Damaged)?;
            rest = behind;
            let facet = Facet::of_number(*facet).ok_or(Damaged)?;
            let (mut key, mut last) = (0_u64, 0_i64);
            for _ in 0..number(&mut rest)? {
                let head = take(&mut rest)?;
                let distance = u64::try_from(head >> MARKS).map_err(|_| Damaged)?;
                key = key.checked_add(distance).ok_or(Damaged)?;
                let mut marked = |bit: u32| match head >> bit & 1 {
                    0 => Ok(0),
                    _ => amount(&mut rest),
                };
                last = last.wrapping_add(marked(0)?);
                let amounts = Amounts([last, marked(1)?, marked(2)?]);
                let coordinate = Coordinate { edition, facet, key };
                parts.push((coordinate, amounts));
            }
        }
        Sums::of_sorted(parts).ok_or(Damaged)
    }
}

fn push(number: u128, out: &mut Vec<u8>) {
    match u8::try_from(number) {
        // Most.
        Ok(low @ ..0x80) => out.push(low),
        _ => push_long(number, out),
    }
}

fn push_long(mut number: u128, out: &mut Vec<u8>) {
    while let [low, ..] = number.to_le_bytes()
        && number > 0x7f
    {
        out.push(low | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn take(bytes: &mut &[u8]) -> Result<u128, Damaged> {
    match bytes {
        // Most.
        [low @ ..0x80, rest @ ..] => {
            *bytes = rest;
            Ok(u128::from(*low))
        }
        _ => take_long(bytes),
    }
}

fn take_long(bytes: &mut &[u8]) -> Result<u128, Damaged> {
    let mut number = 0_u128;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        // A key and its marks take at most 67 bits.
        if shift > 63 {
            return Err(Damaged);
        }
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(number)
}

fn number(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    u64::try_from(take(bytes)?).map_err(|_| Damaged)
}

fn zigzag(amount: i64) -> u128 {
    u128::from((amount.cast_unsigned() << 1) ^ (amount >> 63).cast_unsigned())
}

fn amount(bytes: &mut &[u8]) -> Result<i64, Damaged> {
    let number = number(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::sums::tests::sums;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(sums in sums()) {
            prop_assert_eq!(Sums::decode(&sums.encode()), Ok(sums));
        }

        #[test]
        fn damage_is_an_error_or_other_sums(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let bytes = [&[FORM][..], &bytes].concat();
            if let Ok(sums) = Sums::decode(&bytes) {
                prop_assert_eq!(Sums::decode(&sums.encode()), Ok(sums));
            }
        }
    }

    #[test]
    fn a_usual_day_takes_some_200_bytes() {
        let at = |facet, key| Coordinate {
            edition: 3,
            facet,
            key,
        };
        let hours = (0..24).map(|hour| (at(Facet::Hour, hour), Amounts([1, 0, 0])));
        let units = (1..71).map(|unit| {
            (
                at(Facet::Unit, 2 * unit),
                Amounts([24 * 5, i64::from(unit == 7), 0]),
            )
        });
        let numbers = (300..309).map(|number| (at(Facet::Number, number), Amounts([24, 12_345_678, 0])));
        let packages = (400..412).map(|package| (at(Facet::Package, 3 * package), Amounts([24, 0, 0])));
        let events = (150..153).map(|event| (at(Facet::Event, event), Amounts([24, 0, 0])));
        let day = Sums::of(
            hours
                .chain(units)
                .chain(numbers)
                .chain(packages)
                .chain(events)
                .collect(),
        );
        let length = day.encode().len();
        assert!((150..250).contains(&length), "{length}");
    }
}
