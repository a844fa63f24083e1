//! `run`: the loop for containers. A cycle each hour at the cluster's offset, and kept parcels as soon as the pace allows.
//!
//! The work is done on a thread of its own, so that the loop can always notice that telemetry was switched off, that the watchdog
//! wants to hear something, and that it is to end: then it begins nothing more, waits for what runs for [`PATIENCE`], and ends.
//! Whatever was cut off is in the spool, or is begun again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use heliograph_wire::id::Hour;
use sd_notify::NotifyState;

use super::Error;
use crate::attempt::Attempt;
use crate::clock::{Clock, Deadline};
use crate::cluster_id;
use crate::config::Config;
use crate::cycle::{Asked, Cycle};
use crate::deliver;
use crate::environment::Environment;
use crate::gate::Decision;
use crate::spool::Spool;
use crate::spread;

/// How long it waits for a cycle that runs when it is to end.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// How often it looks around.
const TICK: Duration = Duration::from_millis(500);
/// How often the configuration is read anew: a word in it counts without a restart.
const RELOAD: Duration = Duration::from_secs(2);
/// How long it rests after a cycle that failed.
const REST: Duration = Duration::from_secs(60);

/// Runs until `stop` is set.
///
/// # Errors
/// It could not begin.
pub fn run(
    config: Config,
    reload: &dyn Fn() -> Result<Config, String>,
    environment: Environment,
    clock: Clock,
    stop: &Arc<AtomicBool>,
) -> Result<(), Error> {
    let (mut config, environment) = (Arc::new(config), Arc::new(environment));
    let mut reload_at = Deadline::after(RELOAD);
    let mut readable = true;
    notify(&[NotifyState::Ready]);
    tracing::info!("running; a report each hour");
    let mut work: Option<Receiver<Option<String>>> = None;
    let mut last_problem: Option<String> = None;
    let mut was_on = true;
    let mut unreadable = false;
    let mut rest: Option<Deadline> = None;
    while !stop.load(Ordering::Relaxed) {
        notify(&[NotifyState::Watchdog]);
        match work.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => {}
            Some(ended) => {
                let problem = ended.unwrap_or_else(|_| {
                    Some("a cycle ended in a way that it must not; please report this".to_owned())
                });
                // Once for each change, not once for each try.
                if problem.is_some() && problem != last_problem {
                    tracing::error!("{}", problem.as_deref().unwrap_or_default());
                }
                last_problem = problem;
                work = None;
                rest = Some(Deadline::after(REST));
            }
        }
        if reload_at.left().is_zero() {
            reload_at = Deadline::after(RELOAD);
            match reload() {
                Ok(fresh) => {
                    config = Arc::new(fresh);
                    readable = true;
                }
                // What can't be read may say "off".
                Err(problem) => {
                    if readable {
                        tracing::error!("nothing is collected or sent until this is mended: {problem}");
                    }
                    readable = false;
                }
            }
        }
        let cycle = Cycle {
            config: &config,
            environment: &environment,
            clock,
            stop,
        };
        let on = readable && look_at_gate(&cycle, &mut was_on, &mut unreadable);
        if on && work.is_none() && rest.is_none_or(|rest| rest.left().is_zero()) && is_due(&cycle) {
            work = Some(begin(&config, &environment, clock, stop));
        }
        thread::sleep(TICK);
    }
    notify(&[NotifyState::Stopping]);
    let deadline = Deadline::after(PATIENCE);
    if let Some(running) = work {
        // What does not end in time is abandoned: what was kept is kept, and a collection that was cut off is begun again.
        let _ = running.recv_timeout(deadline.left());
    }
    tracing::info!("ended");
    Ok(())
}

/// Whether telemetry is on. What was kept is deleted as soon as it is switched off, whoever did so.
fn look_at_gate(cycle: &Cycle<'_>, was_on: &mut bool, unreadable: &mut bool) -> bool {
    let decision = cycle.decide();
    if let Err(error) = &decision
        && !*unreadable
    {
        tracing::error!("{error}");
    }
    *unreadable = decision.is_err();
    let on = match decision {
        Ok(Decision::On(_)) => true,
        // The notice must be shown, and its period must pass: that is a cycle's business.
        Ok(Decision::Notice { until: None }) => cycle.pass_gate().is_err(),
        Ok(Decision::Notice { until: Some(_) }) | Err(_) => false,
        Ok(Decision::Off(_) | Decision::NotUnderstood(_)) => {
            if *was_on && let Err(error) = cycle.pass_gate() {
                tracing::error!("{}", crate::cause::chain(&error));
            }
            false
        }
    };
    if on && !*was_on {
        tracing::info!("telemetry is on");
    }
    *was_on = on;
    on
}

/// Whether there is something to do now: this hour's report, or what is kept and may be tried.
fn is_due(cycle: &Cycle<'_>) -> bool {
    let Ok(state) = cycle.state() else { return true };
    let now = cycle.clock.now();
    if !Attempt::read(&state).covers(Hour::of(now)) {
        // An id that is not there yet is the cycle's business: it says so.
        return cluster_id::find(cycle.config).map_or(true, |cluster| spread::wait(&cluster, now).is_zero());
    }
    let waits = Spool::open(&state, cycle.config.spool)
        .and_then(|spool| spool.list())
        .is_ok_and(|entries| !entries.is_empty());
    waits && deliver::held_until(state.path(), cycle.clock.wall()).is_none()
}

/// Begins a cycle on a thread; the channel tells how it ended.
fn begin(
    config: &Arc<Config>,
    environment: &Arc<Environment>,
    clock: Clock,
    stop: &Arc<AtomicBool>,
) -> Receiver<Option<String>> {
    let (config, environment, stop) = (Arc::clone(config), Arc::clone(environment), Arc::clone(stop));
    let (ended, running) = mpsc::channel();
    thread::spawn(move || {
        let cycle = Cycle {
            config: &config,
            environment: &environment,
            clock,
            stop: &stop,
        };
        let problem = cycle
            .report(Asked::ByTimer)
            .err()
            .map(|error| crate::cause::chain(&error));
        // The loop may have ended meanwhile.
        let _ = ended.send(problem);
    });
    running
}

/// Tells the service manager, if there is one.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}
