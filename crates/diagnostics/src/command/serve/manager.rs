//! The service manager, which is systemd again: what it is told, and the watchdog that it may have set.

use std::time::Duration;

use heliograph_diagnostics::environment;
use prometheus_client::metrics::counter::Counter;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// Times that the watchdog is fed within the time that it waits.
const FEEDINGS: u32 = 4;

/// Requests are taken.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Files are read again; [`ready`] says when that is done.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// No more requests are taken.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog, if there is one, while the task that asks systemd goes on: a daemon that answers and can't ask any more
/// is to be started again. (A systemd that does not answer is not its fault.)
pub(super) async fn feed(rounds: Counter) {
    let Some(patience) = environment::watchdog() else {
        return;
    };
    // A timer can't tick without time between.
    let mut ticks = interval((patience / FEEDINGS).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        ticks.tick().await;
        let now = rounds.get();
        if last.replace(now) != Some(now) {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = environment::notify(states) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}
