//! A fleet with a known truth, looked at every day: what the judge says of it.

use heliograph_collector::verdict::{Arms, Cell, Claim, Judge, Judged, LEVEL, Panel, Track, decide};
use heliograph_fleet::roll_out::{DAYS, Day, HISTORY, NEW, Setting, World};

/// Of these pairs at least an interval is drawn: of fewer the other one says nothing either.
const PAIRS: u32 = 20;
/// The window of the other interval: it is one that nobody chose by what it says.
const WINDOW: u16 = 14;
/// Of the normal distribution, for 95 %.
const NORMAL: f64 = 1.96;

/// What came of one fleet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trial {
    /// Any verdict on a day that is not true.
    pub(crate) wrong: bool,
    /// Days from the release to the first true one.
    pub(crate) found: Option<u16>,
    /// Whether there was most evidence for it on that day.
    pub(crate) first: bool,
    /// Of unit 0: whether its interval holds the truth, and how wide it is, as mean outcome.
    pub(crate) interval: Option<(bool, f64)>,
    /// The same of the usual interval for a single look, mean and deviation of the pairs.
    pub(crate) single: Option<(bool, f64)>,
}

/// Tries a setting once. All days are judged in one go: nothing that is later than a look takes part in it.
pub(crate) fn run(setting: &Setting, seed: u64) -> Trial {
    let world = World::new(setting, seed);
    let tracks = world
        .versions()
        .map(|(order, versions)| Track::new(order, &versions));
    let panel = Panel {
        days: DAYS,
        tracks: tracks.collect(),
    };
    let arms = Arms::of(&panel, NEW);
    let mut judge = Judge::new(&panel, NEW, &arms);
    let mut days = vec![Day::default(); panel.tracks.len() * usize::from(DAYS)];
    let mut cells = Vec::with_capacity(days.len());
    let mut trial = Trial::default();
    let mut judged: Vec<Judged> = Vec::new();
    for unit in 0..setting.units as u64 {
        world.unit(unit, &mut days);
        cells.clear();
        cells.extend(days.iter().map(|day| Cell {
            unhealthy: day.unhealthy,
            observed: day.observed,
            nodes: day.nodes,
        }));
        let one = judge.judge(&cells);
        if unit == 0 {
            trial.intervals(
                &one,
                &judge.pairs(&cells, WINDOW, Claim::Worse).bets,
                setting.factor,
            );
        }
        judged.push(one);
    }
    let chances: Vec<&[f64]> = judged
        .iter()
        .flat_map(|one| one.chances.iter().map(Vec::as_slice))
        .collect();
    let since = decide(&chances, LEVEL);
    let truth = match setting.factor {
        factor if factor > 1.0 => Some(0),
        factor if factor < 1.0 => Some(1),
        _ => None,
    };
    for (place, since) in since.iter().enumerate() {
        let Some(since) = since else { continue };
        if Some(place) == truth {
            trial.found = since.checked_sub(HISTORY);
            let of_day = |chances: &&[f64]| chances[usize::from(*since)];
            trial.first = chances
                .iter()
                .all(|other| of_day(other) >= of_day(&chances[place]));
        } else {
            trial.wrong = true;
        }
    }
    trial
}

impl Trial {
    fn intervals(&mut self, judged: &Judged, bets: &[heliograph_collector::verdict::Bet], factor: f64) {
        let shown = &judged.shown;
        if shown.bets >= PAIRS {
            let (low, high) = shown.ratio.outcome;
            let holds = shown.ratio.low <= factor && factor <= shown.ratio.high;
            self.interval = Some((holds, high - low));
        }
        if bets.len() >= PAIRS as usize {
            let count = bets.len() as f64;
            let mean = bets.iter().map(|bet| bet.outcome).sum::<f64>() / count;
            let variance = bets.iter().map(|bet| (bet.outcome - mean).powi(2)).sum::<f64>() / (count - 1.0);
            let half = NORMAL * (variance / count).sqrt();
            let truth = (factor - 1.0) / (factor + 1.0) / 2.0;
            self.single = Some(((truth - mean).abs() <= half, 2.0 * half));
        }
    }
}
