//! Bets against "no difference", and what they make of a stake of 1.

/// Parts of what one has that are put on a bet, side by side, each with an equal share of the first stake: small differences are found
/// by small parts, large ones by large parts.
const STAKES: [f64; 7] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85];
/// More than is ever needed, and far from overflow.
const MOST: f64 = 1e280;
/// Halvings of an interval until its end is known to about a millionth.
const HALVINGS: usize = 22;

/// The wealth of one who bets that outcomes from -1 to 1 lie above a mean. Where they do not, it is a test supermartingale: the chance
/// that it ever comes to `1/chance` is at most `chance` (Ville), however often one looks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wealth {
    mean: f64,
    by_stake: [f64; STAKES.len()],
    best: f64,
}

impl Wealth {
    /// Before the first bet; `mean` is above -1.
    pub(super) fn new(mean: f64) -> Wealth {
        Wealth {
            mean,
            by_stake: [1.0; STAKES.len()],
            best: 1.0,
        }
    }

    /// Takes in an outcome.
    pub(super) fn bet(&mut self, outcome: f64) {
        // Of outcomes as amounts from 0 to 2, as a multiple of their mean: no more than the part that was put on it can be lost.
        let above = (1.0 + outcome) / (1.0 + self.mean) - 1.0;
        let mut sum = 0.0;
        for (wealth, stake) in self.by_stake.iter_mut().zip(STAKES) {
            *wealth = (*wealth * (1.0 + stake * above)).min(MOST);
            sum += *wealth;
        }
        self.best = self.best.max(sum / STAKES.len() as f64);
    }

    /// The most that it ever was.
    pub(super) fn best(&self) -> f64 {
        self.best
    }
}

/// The least mean that the outcomes do not speak against: with a chance of at most `chance` it is ever above the true one.
pub(super) fn least_mean(outcomes: &(impl Iterator<Item = f64> + Clone), chance: f64) -> f64 {
    let refuted = |mean: f64| {
        let mut wealth = Wealth::new(mean);
        outcomes.clone().any(|outcome| {
            wealth.bet(outcome);
            wealth.best() >= 1.0 / chance
        })
    };
    // What is refuted is refuted for every mean below it.
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if refuted(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(outcomes: &[f64], mean: f64) -> f64 {
        let mut wealth = Wealth::new(mean);
        outcomes.iter().for_each(|outcome| wealth.bet(*outcome));
        wealth.best()
    }

    #[test]
    fn a_fair_bet_gains_nothing_and_loses_no_more_than_was_put_on_it() {
        // All that two coins can do: in the mean one has what one began with, for every mean that is true.
        for mean in [-0.5, 0.0, 0.5] {
            let up = (1.0 + mean) / 2.0;
            let mut expected = 0.0;
            for (first, chance) in [(1.0, up), (-1.0, 1.0 - up)] {
                let mut wealth = Wealth::new(mean);
                wealth.bet(first);
                expected += chance * wealth.by_stake.iter().sum::<f64>() / STAKES.len() as f64;
            }
            assert!((expected - 1.0).abs() < 1e-12, "{mean}: {expected}");
        }
        let mut wealth = Wealth::new(0.0);
        (0..10_000).for_each(|_| wealth.bet(-1.0));
        assert!(wealth.best() == 1.0 && wealth.by_stake.iter().all(|left| *left >= 0.0));
        (0..10_000).for_each(|_| wealth.bet(1.0));
        assert!(wealth.best().is_finite());
    }

    #[test]
    fn what_is_above_the_mean_is_noticed() {
        assert!(all(&[1.0; 12], 0.0) > 100.0);
        assert!(all(&[0.3; 60], 0.0) > 1000.0);
        assert_eq!(all(&[0.3; 60], 0.3), 1.0);
        assert_eq!(all(&[0.0; 60], 0.0), 1.0);
    }

    #[test]
    fn the_least_mean_comes_close_from_below() {
        let mut before = -1.0;
        for count in [10, 100, 1000] {
            let least = least_mean(&std::iter::repeat_n(0.4, count), 0.025);
            assert!(before < least && least < 0.4, "{count}: {least}");
            before = least;
        }
        assert!(before > 0.3);
        assert_eq!(least_mean(&std::iter::empty(), 0.025), -1.0);
    }
}
