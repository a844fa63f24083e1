//! What is drawn by chance.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Sets the generators of neighbouring numbers far apart.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// A waiting time that does not end within any fleet's days.
pub(super) const NEVER: u32 = u32::MAX / 2;

/// A generator of its own for number `number` of a kind of thing.
pub(crate) fn rng(seed: u64, kind: u64, number: u64) -> Rng {
    let of_kind = Rng::with_seed(seed.wrapping_mul(SPREAD) ^ kind).u64(..);
    let mut rng = Rng::with_seed(of_kind ^ number.wrapping_mul(SPREAD));
    rng.fork()
}

/// Whether something of this probability happens.
pub(super) fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

/// A time that has no memory.
pub(crate) fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

/// Of mean 0 and variance 1 (Box and Muller).
pub(super) fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos()
}

/// Gamma of this shape and mean 1 (Marsaglia and Tsang, 2000). An infinite shape has no spread.
pub(crate) fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if !shape.is_finite() {
        return 1.0;
    }
    // Below 1 their method draws for a shape above and corrects.
    let (drawn_for, correction) = if shape < 1.0 {
        (shape + 1.0, (1.0 - rng.f64()).powf(1.0 / shape))
    } else {
        (shape, 1.0)
    };
    let d = drawn_for - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.f64()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v * correction / shape;
        }
    }
}

/// Hours until something happens that happens in an hour with this probability; 1 or more.
pub(super) fn wait(rng: &mut Rng, probability: f64) -> u32 {
    if probability <= 0.0 {
        return NEVER;
    }
    if probability >= 1.0 {
        return 1;
    }
    let hours = ((1.0 - rng.f64()).ln() / (-probability).ln_1p()).floor();
    whole(hours).saturating_add(1).min(NEVER)
}

/// A size with a heavy tail: `least` or more.
pub(crate) fn heavy(rng: &mut Rng, least: f64, tail: f64) -> f64 {
    least * (1.0 - rng.f64()).powf(-1.0 / tail)
}

/// One of them, by weight.
pub(super) fn weighted<'a, T>(rng: &mut Rng, of: &'a [(T, u32)]) -> Option<&'a T> {
    let mut left = rng.u32(..of.iter().map(|(_, weight)| weight).sum::<u32>().max(1));
    of.iter()
        .find_map(|(one, weight)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(one),
        })
}

/// Rounded; what is below 0 is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
pub(super) fn whole(number: f64) -> u32 {
    number.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(count: u32, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let all: Vec<f64> = (0..count).map(|_| draw()).collect();
        let mean = all.iter().sum::<f64>() / f64::from(count);
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(count);
        (mean, variance)
    }

    fn near(one: f64, two: f64) -> bool {
        (one - two).abs() < 0.05 * two
    }

    #[test]
    fn draws_have_the_means_and_variances_that_they_are_named_for() {
        let mut rng = rng(1, 2, 3);
        for shape in [0.3, 1.0, 4.0] {
            let (mean, variance) = mean(200_000, || gamma(&mut rng, shape));
            assert!(
                near(mean, 1.0) && near(variance, 1.0 / shape),
                "{shape}: {mean} {variance}"
            );
        }
        assert!(near(gamma(&mut rng, f64::INFINITY), 1.0));
        let (hours, _) = mean(200_000, || f64::from(wait(&mut rng, 0.1)));
        assert!(near(hours, 10.0), "{hours}");
        assert_eq!((wait(&mut rng, 1.0), wait(&mut rng, 0.0)), (1, NEVER));
        let (time, _) = mean(200_000, || exponential(&mut rng, 3.0));
        assert!(near(time, 3.0), "{time}");
        let (ones, _) = mean(100_000, || {
            f64::from(*weighted(&mut rng, &[(0, 1), (1, 3)]).unwrap())
        });
        assert!(near(ones, 0.75), "{ones}");
    }

    #[test]
    fn generators_are_their_numbers_own() {
        let first = |seed, kind, number| rng(seed, kind, number).u64(..);
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        let all = [
            first(1, 2, 3),
            first(2, 2, 3),
            first(1, 3, 3),
            first(1, 2, 4),
            first(3, 2, 1),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one));
        }
    }
}
