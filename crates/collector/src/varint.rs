//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128); signed ones with the sign in the lowest
//! bit.

/// Bytes that are no number: cut off, or larger than 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number is cut off, or too large")]
pub(crate) struct NoNumber;

/// Appends a number.
pub(crate) fn push(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a signed number.
pub(crate) fn push_signed(number: i64, out: &mut Vec<u8>) {
    push(
        (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned(),
        out,
    );
}

/// Takes a number from the front.
///
/// # Errors
/// When there is none.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> Result<u64, NoNumber> {
    let (first, rest) = bytes.split_first().ok_or(NoNumber)?;
    *bytes = rest;
    if first & 0x80 == 0 {
        return Ok(u64::from(*first));
    }
    let mut number = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(NoNumber)?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return Err(NoNumber);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(NoNumber)
}

/// Takes a signed number from the front.
///
/// # Errors
/// When there is none.
#[inline]
pub(crate) fn take_signed(bytes: &mut &[u8]) -> Result<i64, NoNumber> {
    let number = take(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(unsigned in any::<u64>(), small in 0_u64..300, signed in any::<i64>()) {
            let mut bytes = Vec::new();
            push(unsigned, &mut bytes);
            push(small, &mut bytes);
            push_signed(signed, &mut bytes);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take(&mut rest), Ok(unsigned));
            prop_assert_eq!(take(&mut rest), Ok(small));
            prop_assert_eq!(take_signed(&mut rest), Ok(signed));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn anything_is_a_number_or_none(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let _ = take(&mut bytes.as_slice());
        }
    }

    #[test]
    fn what_is_cut_off_or_too_large_is_no_number() {
        for bytes in [
            &[][..],
            &[0x80],
            &[0xff; 9],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert_eq!(take(&mut &*bytes), Err(NoNumber));
        }
    }
}
