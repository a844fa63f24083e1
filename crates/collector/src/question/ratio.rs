//! Shares.

/// One of another; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(super) fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
