//! What happened to a unit of late: the moments of its starts and restarts, which its states at one moment do not tell.

use std::collections::VecDeque;
use std::time::Duration;

use crate::observation::Observation;

/// Most moments of a kind that are kept of a unit; beyond it the oldest goes. More only make a number larger.
const MAX_MOMENTS: usize = 64;

/// What happened to a unit, as far back as it was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    restarts: Moments,
    starts: Moments,
    counted: Option<u32>,
    started: Option<Duration>,
    job_since: Option<Duration>,
}

/// Moments, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Moments(VecDeque<Duration>);

impl History {
    /// Takes in what systemd says at `now`. What happened before the first time is not known, but for the last start.
    pub fn observe(&mut self, unit: &Observation, now: Duration) {
        if let Some(service) = &unit.service {
            let new = match self.counted {
                None => 0,
                // The count begins anew when somebody starts the unit.
                Some(counted) if service.restarts < counted => service.restarts,
                Some(counted) => service.restarts - counted,
            };
            for _ in (0..new).take(MAX_MOMENTS) {
                self.restarts.add(now);
            }
            self.counted = Some(service.restarts);
        }
        if let Some(start) = unit.inactive_exit
            && self.started != Some(start)
        {
            self.starts.add(start);
            self.started = Some(start);
        }
        self.job_since = match unit.job {
            true => self.job_since.or(Some(now)),
            false => None,
        };
    }

    /// How often systemd restarted it by itself within the window before `now`; at most 64.
    pub fn restarts(&self, window: Duration, now: Duration) -> usize {
        self.restarts.within(window, now)
    }

    /// How often it was started, by whomever, within the window before `now`; at most 64.
    pub fn starts(&self, window: Duration, now: Duration) -> usize {
        self.starts.within(window, now)
    }

    /// Since when systemd has something to do with it.
    pub fn job_since(&self) -> Option<Duration> {
        self.job_since
    }
}

impl Moments {
    fn add(&mut self, moment: Duration) {
        if self.0.len() == MAX_MOMENTS {
            self.0.pop_front();
        }
        self.0.push_back(moment);
    }

    fn within(&self, window: Duration, now: Duration) -> usize {
        let from = now.saturating_sub(window);
        self.0.iter().rev().take_while(|moment| **moment >= from).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Service;
    use crate::unit::{ActiveState, LoadState};

    const WINDOW: Duration = Duration::from_secs(600);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn restarted(restarts: u32) -> Observation {
        Observation {
            service: Some(Service {
                restarts,
                ..Service::default()
            }),
            ..Observation::new(LoadState::Loaded, ActiveState::Active, "running")
        }
    }

    #[test]
    fn restarts_count_from_the_first_look_on_and_leave_with_the_window() {
        let mut history = History::default();
        history.observe(&restarted(262), seconds(1000));
        assert_eq!(history.restarts(WINDOW, seconds(1000)), 0);
        history.observe(&restarted(263), seconds(1010));
        history.observe(&restarted(265), seconds(1020));
        assert_eq!(history.restarts(WINDOW, seconds(1020)), 3);
        assert_eq!(history.restarts(WINDOW, seconds(1615)), 2);
        assert_eq!(history.restarts(WINDOW, seconds(1621)), 0);
    }

    #[test]
    fn a_count_that_begins_anew_is_not_many_restarts() {
        let mut history = History::default();
        history.observe(&restarted(5), seconds(1));
        history.observe(&restarted(0), seconds(2));
        assert_eq!(history.restarts(WINDOW, seconds(3)), 0);
        history.observe(&restarted(1), seconds(3));
        assert_eq!(history.restarts(WINDOW, seconds(3)), 1);
        history.observe(&restarted(u32::MAX), seconds(4));
        assert_eq!(history.restarts(WINDOW, seconds(4)), MAX_MOMENTS);
    }

    #[test]
    fn a_start_counts_once_however_often_it_is_seen() {
        let mut history = History::default();
        let mut unit = restarted(0);
        for start in [5, 9] {
            unit.inactive_exit = Some(seconds(start));
            for now in [10, 11, 12] {
                history.observe(&unit, seconds(now));
            }
        }
        assert_eq!(history.starts(WINDOW, seconds(12)), 2);
    }

    #[test]
    fn a_job_is_as_old_as_its_first_sight() {
        let mut history = History::default();
        let mut unit = restarted(0);
        unit.job = true;
        history.observe(&unit, seconds(1));
        history.observe(&unit, seconds(5));
        assert_eq!(history.job_since(), Some(seconds(1)));
        unit.job = false;
        history.observe(&unit, seconds(6));
        assert_eq!(history.job_since(), None);
    }
}
