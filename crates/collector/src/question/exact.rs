//! Sums of floating-point numbers that do not depend on their order.
//!
//! In which order installations stand depends on who reported first, and rounding on that order. An answer must not: without a
//! cluster that was forgotten it is what it would be had that never reported.

/// Parts of one that are told apart: 2^32.
const PARTS: f64 = 4_294_967_296.0;

/// A sum: the whole numbers of what was added, and the parts behind the point in multiples of 2^-32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExactSum {
    whole: i128,
    parts: i128,
}

impl ExactSum {
    /// Adds a number; what does not fit into 64 bits counts as the largest that does.
    pub(super) fn add(&mut self, number: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the whole part fits, or is cut off at the largest number"
        )]
        let (whole, part) = (number.trunc() as i64, (number.fract() * PARTS) as i64);
        self.whole += i128::from(whole);
        self.parts += i128::from(part);
    }

    /// The sum.
    #[expect(clippy::cast_precision_loss, reason = "the answer is a floating-point number")]
    pub(super) fn value(self) -> f64 {
        self.whole as f64 + self.parts as f64 / PARTS
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> ExactSum {
        let mut sum = ExactSum::default();
        for number in numbers {
            sum.add(number);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_does_not_matter(mut numbers in prop::collection::vec(-1e12..1e12_f64, 0..50)) {
            let sum: ExactSum = numbers.iter().copied().collect();
            let plain: f64 = numbers.iter().sum();
            prop_assert!((sum.value() - plain).abs() < 1e-2, "{} {plain}", sum.value());
            numbers.sort_by(f64::total_cmp);
            prop_assert_eq!(sum, numbers.iter().copied().collect());
        }
    }

    #[test]
    fn what_is_no_number_adds_nothing() {
        let sum: ExactSum = [f64::NAN, 0.5, 2.25, f64::INFINITY.fract()].into_iter().collect();
        assert!((sum.value() - 2.75).abs() < 1e-9);
    }
}
