//! Sums of floating-point numbers that do not depend on their order.
//!
//! In which order installations stand depends on who reported first, and rounding on that order. An answer must not: without a
//! cluster that was forgotten it is what it would be had that never reported.

/// Parts of one that are told apart: 2^32.
const PARTS: f64 = 4_294_967_296.0;
/// From here on, 2^53, floating-point numbers have nothing behind the point.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// A sum: the whole numbers of what was added, and the parts behind the point in multiples of 2^-32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExactSum {
    whole: i128,
    parts: i128,
}

impl ExactSum {
    /// Adds a number; what does not fit into 64 bits counts as the largest that does.
    pub(super) fn add(&mut self, number: f64) {
        let (whole, part) = halves(number);
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

/// What stands before the point, and the parts behind it. (`trunc` and `fract` are calls where the processor may be of any kind; there are
/// millions of numbers.)
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what is before the point fits, or is cut off at the largest number; below 2^53 it is exact as floating point"
)]
fn halves(number: f64) -> (i64, i64) {
    let whole = number as i64;
    let behind = if number.abs() < WHOLE {
        number - whole as f64
    } else {
        0.0
    };
    (whole, (behind * PARTS) as i64)
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
    #[expect(clippy::cast_possible_truncation, reason = "as it is there")]
    fn halves_are_what_stands_on_both_sides_of_the_point() {
        let edges = [
            0.0,
            0.5,
            1.0,
            WHOLE - 1.0,
            WHOLE - 0.5,
            WHOLE,
            1e18,
            1e300,
            f64::INFINITY,
            f64::MIN_POSITIVE,
        ];
        let mut random = 1_u64;
        let others = (0..100_000).map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from_bits(random)
        });
        for number in edges
            .into_iter()
            .chain(others)
            .flat_map(|number| [number, -number])
        {
            let expected = (number.trunc() as i64, (number.fract() * PARTS) as i64);
            assert_eq!(halves(number), expected, "{number}");
        }
    }

    #[test]
    fn what_is_no_number_adds_nothing() {
        let sum: ExactSum = [f64::NAN, 0.5, 2.25, f64::INFINITY.fract()].into_iter().collect();
        assert!((sum.value() - 2.75).abs() < 1e-9);
    }
}
