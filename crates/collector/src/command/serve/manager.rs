//! The service manager (systemd): what it is told, and the watchdog that it may have set.
//!
//! The watchdog is fed only while the writer makes rounds: a process that takes requests and can't write any more is to be
//! started again.

use std::time::Duration;

use heliograph_collector::environment;
use heliograph_collector::writer::Beat;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// Times that the watchdog is fed within the time that it waits.
const FEEDINGS: u32 = 4;

/// Requests are taken.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// What was configured is read again; [`ready`] says when that is done.
pub(super) fn reloading() {
    // Where the clock can't be read, a manager that wants to know is told less, and goes on.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// No more requests are taken.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog, if there is one, for as long as the writer lives.
pub(super) async fn feed(beat: Beat) {
    let Some(patience) = environment::watchdog() else {
        return;
    };
    // A timer can't tick without time between.
    let mut ticks = interval((patience / FEEDINGS).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut writer = Watched::default();
    loop {
        ticks.tick().await;
        match writer.look(beat.rounds()) {
            Look::Alive => tell(&[NotifyState::Watchdog]),
            Look::Still => {}
            Look::StillAgain => {
                tracing::error!("the writer makes no progress; the watchdog is left hungry");
            }
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = environment::notify(states) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}

/// A writer that is looked at now and then.
#[derive(Debug, Default)]
struct Watched {
    /// Rounds at the last look.
    rounds: Option<u64>,
    /// Looks since the last round.
    still: u32,
}

/// What was seen.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// It has made rounds since.
    Alive,
    /// It has not.
    Still,
    /// For so long that it is told, once.
    StillAgain,
}

impl Watched {
    fn look(&mut self, rounds: u64) -> Look {
        if self.rounds.replace(rounds) != Some(rounds) {
            self.still = 0;
            return Look::Alive;
        }
        self.still = self.still.saturating_add(1);
        if self.still == FEEDINGS - 1 {
            Look::StillAgain
        } else {
            Look::Still
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_without_rounds_is_not_alive() {
        let mut writer = Watched::default();
        let looks = [0, 1, 5, 5, 5, 5, 5, 6, 6].map(|rounds| writer.look(rounds));
        use Look::{Alive, Still, StillAgain};
        assert_eq!(
            looks,
            [Alive, Alive, Alive, Still, Still, StillAgain, Still, Alive, Still]
        );
    }
}
