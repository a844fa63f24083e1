//! How long a step took, and how long it would have taken on two cores of its own.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// The cores that the bounds on building are for.
const CORES: u32 = 2;

/// The longest that a build from nothing is to take on them: of all that ships, or of all tests.
pub(crate) const MAX_BUILD: Duration = Duration::from_secs(6 * 60);

/// A step that has begun.
pub(crate) struct Stopwatch {
    begun: Instant,
    cpu: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch {
            begun: Instant::now(),
            cpu: cpu_of_children(),
        }
    }

    /// Since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Prints what a step took, beside the most that it is to take on a quiet machine. Others may use this one: the time is told,
    /// and not a reason to fail.
    pub(crate) fn tell(&self, what: &str, most: Duration) {
        println!(
            "{}",
            told(what, self.elapsed(), cpu_of_children() - self.cpu, most)
        );
    }
}

fn told(what: &str, wall: Duration, cpu: Duration, most: Duration) -> String {
    let alone = cpu / CORES;
    let verdict = if alone < most { "below" } else { "NOT below" };
    format!(
        "{what}: {}, with {} of processor time, so {} where {CORES} cores do nothing else ({verdict} {})",
        minutes(wall),
        minutes(cpu),
        minutes(alone),
        minutes(most)
    )
}

/// `3 min 2 s`
pub(crate) fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{} min {} s", seconds / 60, seconds % 60)
}

/// What all children have used that have ended, user and system.
fn cpu_of_children() -> Duration {
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0);
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(Duration::ZERO, |usage| {
        Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_with_what_it_would_take_alone() {
        let seconds = Duration::from_secs;
        let quick = told("building", seconds(400), seconds(610), seconds(360));
        assert_eq!(
            quick,
            "building: 6 min 40 s, with 10 min 10 s of processor time, so 5 min 5 s where 2 cores do nothing else (below 6 min 0 s)"
        );
        let slow = told("building", seconds(400), seconds(720), seconds(360));
        assert!(slow.contains("NOT below"), "{slow}");
    }

    #[test]
    fn what_children_use_is_counted() {
        let before = Stopwatch::start();
        let child = std::process::Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"])
            .status();
        assert!(child.is_ok_and(|status| status.success()));
        assert!(cpu_of_children() > before.cpu);
    }
}
