//! A request's body as JSON bytes: inflated where it is gzip, whatever its label says, and never beyond a bound.
//!
//! Nearly every body is one gzip stream whose last bytes say how long it is inflated. It is inflated at once, into a buffer of
//! that length, which takes half the time of the reader that goes from block to block. That one decides about all others:
//! several streams in a row, streams that are broken or tell no truth about their length.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use libdeflater::Decompressor;

/// How a gzip stream begins; JSON can't.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How it goes on: the method, of which there is one.
const DEFLATE: u8 = 8;
/// The most that deflate makes of a byte. A body that claims more is not believed.
const MOST_RATIO: usize = 1032;

/// A body that can't be inflated.
#[derive(Debug, thiserror::Error)]
pub enum InflateError {
    /// More than the bound, in bytes.
    #[error("the body is larger than {0} bytes when inflated")]
    TooLarge(usize),
    /// Damaged or cut off.
    #[error("the body's gzip stream is broken")]
    Broken(#[source] std::io::Error),
}

/// Inflates a body to at most `limit` bytes; the memory used is bounded by the limit, not by what the stream claims.
///
/// # Errors
/// When it is larger, or broken.
pub fn inflate(body: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, InflateError> {
    let bytes = if body.starts_with(GZIP) {
        let whole = at_once(body, limit);
        Cow::Owned(whole.map_or_else(|| by_and_by(body, limit), Ok)?)
    } else {
        Cow::Borrowed(body)
    };
    if bytes.len() > limit {
        return Err(InflateError::TooLarge(limit));
    }
    Ok(bytes)
}

/// Inflates what is one stream of the length that it says at its end; `None` where it is not, or is too long.
fn at_once(body: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (_, length) = body.split_last_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > limit || length > body.len().saturating_mul(MOST_RATIO) || has_another(body) {
        return None;
    }
    let mut inflated = vec![0; length];
    let written = Decompressor::new().gzip_decompress(body, &mut inflated).ok()?;
    (written == length).then_some(inflated)
}

/// Whether another stream may begin within a body.
fn has_another(body: &[u8]) -> bool {
    let behind = body.get(1..).unwrap_or_default();
    let start = [GZIP[0], GZIP[1], DEFLATE];
    memchr::memmem::find(behind, &start).is_some()
}

fn by_and_by(body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut inflated = Vec::with_capacity(body.len().saturating_mul(4).min(limit));
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(body)
        .take(bound)
        .read_to_end(&mut inflated)
        .map_err(InflateError::Broken)?;
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn inflates_up_to_the_bound_and_no_further() {
        let zeros = gzip(&vec![b' '; 10_000_000]);
        assert!(matches!(inflate(&zeros, 1000), Err(InflateError::TooLarge(1000))));
        assert_eq!(inflate(&gzip(&[b' '; 1000]), 1000).unwrap().len(), 1000);
        assert_eq!(&*inflate(b"{}", 2).unwrap(), b"{}");
        assert!(matches!(inflate(b"{ }", 2), Err(InflateError::TooLarge(2))));
    }

    #[test]
    fn several_members_are_one_body() {
        let two = [gzip(b"{\"a\""), gzip(b":1}")].concat();
        assert_eq!(&*inflate(&two, 100).unwrap(), b"{\"a\":1}");
        // Each as long as the other.
        let two = [gzip(b"{}"), gzip(b"{}")].concat();
        assert_eq!(at_once(&two, 100), None);
        assert_eq!(&*inflate(&two, 100).unwrap(), b"{}{}");
        assert!(matches!(inflate(&two, 3), Err(InflateError::TooLarge(3))));
    }

    #[test]
    fn what_is_said_of_the_length_is_not_believed() {
        let whole = gzip(b"some text that is long enough");
        let lies = |length: u32| [&whole[..whole.len() - 4], &length.to_le_bytes()].concat();
        for length in [0, 1, 28, 30, 1_000_000, u32::MAX] {
            let lying = lies(length);
            assert_eq!(at_once(&lying, 10_000_000), None, "{length}");
            assert!(matches!(
                inflate(&lying, 10_000_000),
                Err(InflateError::Broken(_))
            ));
        }
    }

    #[test]
    fn both_ways_come_to_the_same() {
        let mut random = 1_u32;
        for length in [0, 1, 100, 5000, 200_000] {
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"{}[]:,\"abcdefghijklmnopqrstuvwxyz0123456789"[(random >> 27) as usize]
                })
                .collect();
            let zipped = gzip(&text);
            assert_eq!(at_once(&zipped, text.len()).as_ref(), Some(&text));
            assert_eq!(by_and_by(&zipped, text.len()).unwrap(), text);
            for cut in [0, 1, 9, zipped.len() / 2, zipped.len() - 1] {
                assert_eq!(at_once(&zipped[..cut], text.len()), None);
            }
        }
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let whole = gzip(b"some text that is long enough");
        assert!(matches!(
            inflate(&whole[..whole.len() - 5], 100),
            Err(InflateError::Broken(_))
        ));
    }
}
