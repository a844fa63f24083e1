//! A request's body as JSON bytes: inflated where it is gzip, whatever its label says, and never beyond a bound.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

/// How a gzip stream begins; JSON can't.
const GZIP: &[u8] = &[0x1f, 0x8b];

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
        let mut inflated = Vec::with_capacity(body.len().saturating_mul(4).min(limit));
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        MultiGzDecoder::new(body)
            .take(bound)
            .read_to_end(&mut inflated)
            .map_err(InflateError::Broken)?;
        Cow::Owned(inflated)
    } else {
        Cow::Borrowed(body)
    };
    if bytes.len() > limit {
        return Err(InflateError::TooLarge(limit));
    }
    Ok(bytes)
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
