//! Randomness of tests, and how long they run.

use std::sync::Mutex;
use std::time::Duration;

/// Numbers at random, always the same ones.
pub(crate) struct Chance(Mutex<u64>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Chance {
        Chance(Mutex::new(seed.wrapping_mul(2).wrapping_add(1)))
    }

    pub(crate) fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % end
    }

    pub(crate) fn millis(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }

    /// Whether it is one of so many cases.
    pub(crate) fn one_in(&self, cases: u64) -> bool {
        self.below(cases) == 0
    }
}

/// Whether the long forms of tests are asked for, which are not for every day.
#[expect(clippy::disallowed_methods, reason = "whoever runs tests asks for their form")]
pub(crate) fn long() -> bool {
    std::env::var_os("HELIOGRAPH_LONG").is_some_and(|value| value == "1")
}
