//! Which claims hold, of all units at once.

/// The share of verdicts that may be wrong, at most, in the mean over fleets.
pub const LEVEL: f64 = 0.05;

/// The first day on which each claim holds, where it does: Benjamini and Hochberg's procedure on each day over all claims. Chances never
/// rise from day to day, so what holds once goes on to hold, and looking every day costs nothing more.
pub fn decide(chances: &[&[f64]], level: f64) -> Vec<Option<u16>> {
    let mut since = vec![None; chances.len()];
    let days = chances.iter().map(|of| of.len()).min().unwrap_or_default();
    let mut of_day: Vec<f64> = Vec::with_capacity(chances.len());
    for (number, day) in (0_u16..).zip(0..days) {
        of_day.clear();
        of_day.extend(chances.iter().map(|of| of[day]));
        of_day.sort_unstable_by(f64::total_cmp);
        let all = of_day.len() as f64;
        let bound = |rank: usize| level * rank as f64 / all;
        let last = of_day
            .iter()
            .enumerate()
            .rev()
            .find(|(at, chance)| **chance <= bound(at + 1));
        if let Some((at, _)) = last {
            for (since, of) in since.iter_mut().zip(chances) {
                if since.is_none() && of[day] <= bound(at + 1) {
                    *since = Some(number);
                }
            }
        }
    }
    since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_evidence_elsewhere_lets_less_be_enough() {
        let sure = [1.0, 0.001, 0.001];
        let less = [1.0, 0.03, 0.02];
        let none = [1.0, 1.0, 0.9];
        assert_eq!(decide(&[&sure, &less, &none], 0.05), [Some(1), Some(1), None]);
        assert_eq!(decide(&[&less, &none, &none], 0.05), [None; 3]);
        assert_eq!(decide(&[], 0.05), []);
    }
}
