//! Whose a cluster is: hashes of customer keys and licence ids, with the clusters that named them.

use crate::delta::Damaged;
use crate::varint::{push, push_signed, take, take_signed};

/// Sorted pairs as bytes.
pub(crate) fn encode_holders(holders: &[(u64, i64)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(11 * holders.len());
    let mut last = 0;
    for (hash, cluster) in holders {
        push(hash.wrapping_sub(last), &mut out);
        push_signed(*cluster, &mut out);
        last = *hash;
    }
    out
}

/// Reads them back.
///
/// # Errors
/// When they are damaged.
pub(crate) fn decode_holders(mut bytes: &[u8]) -> Result<Vec<(u64, i64)>, Damaged> {
    let bytes = &mut bytes;
    let mut holders = Vec::with_capacity(bytes.len() / 8);
    let mut last = 0_u64;
    while !bytes.is_empty() {
        last = last.wrapping_add(take(bytes)?);
        holders.push((last, take_signed(bytes)?));
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(mut holders in prop::collection::vec(any::<(u64, i64)>(), 0..20)) {
            holders.sort_unstable();
            prop_assert_eq!(decode_holders(&encode_holders(&holders)), Ok(holders));
        }

        #[test]
        fn damage_is_an_error_or_others(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode_holders(&bytes);
        }
    }
}
