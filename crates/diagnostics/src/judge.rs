//! The judgement: is a unit well, and why not? A pure function of what systemd says of it, of what happened to it of late, and of
//! the time.
//!
//! | systemd says | verdict |
//! |---|---|
//! | not found, masked, its file is bad | unhealthy, each with its own reason |
//! | down, and asked to start | on its way: healthy until it takes too long |
//! | failed | unhealthy, with how it ended |
//! | restarted by itself, or started, too often within the window | unhealthy: flapping, in whatever state it is now |
//! | restarted by itself, and never yet active | unhealthy |
//! | waits to be restarted | unhealthy when it failed |
//! | activating, reloading, deactivating, … | on its way: healthy until it takes too long |
//! | inactive: a oneshot that ended well | healthy |
//! | inactive: its timer, socket or path is there to start it | healthy |
//! | inactive: a condition of it is not met | healthy |
//! | inactive: never started, found on the machine, and all that wants it is down, too | healthy |
//! | inactive otherwise | unhealthy |
//! | active: a timer, socket or path | as the unit that it starts |
//! | active | healthy |
//! | a word that is not known here | unknown |

#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use crate::history::History;
use crate::observation::Observation;
use crate::unit::{ActiveState, Health, LoadState, UnitName, Verdict};

/// The bounds of a judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How far back restarts and starts count.
    pub window: Duration,
    /// As many restarts by systemd itself within the window are too many.
    pub restarts: usize,
    /// As many starts, by whomever, within the window are too many.
    pub starts: usize,
    /// How long a unit may be on its way to another state.
    pub transition: Duration,
    /// How long a oneshot may take: it is on its way for as long as it works.
    pub oneshot: Duration,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            window: Duration::from_mins(10),
            restarts: 3,
            starts: 6,
            transition: Duration::from_mins(5),
            oneshot: Duration::from_hours(24),
        }
    }
}

/// A unit that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What systemd says of it.
    pub now: &'a Observation,
    /// What happened to it.
    pub history: &'a History,
    /// Whether it is there to be up, whatever wants it.
    pub asked: bool,
}

/// Judges a unit at a moment. `other` finds the units that it starts and those that start it.
pub fn judge<'a>(
    unit: Subject<'a>,
    other: impl Fn(&str) -> Option<Subject<'a>>,
    rules: &Rules,
    now: Duration,
) -> Verdict {
    let verdict = judge_alone(unit, &other, rules, now);
    if verdict.health != Health::Healthy || unit.now.state.active != ActiveState::Active {
        return verdict;
    }
    // What stands at the ready is of no use when the unit that it starts is not well.
    for name in &unit.now.triggers {
        let Some(started) = other(name.as_str()) else {
            continue;
        };
        let of_started = judge_alone(started, &other, rules, now);
        if of_started.health == Health::Unhealthy {
            return Verdict::unhealthy(format!("the {name} that it starts: {}", of_started.reason));
        }
    }
    verdict
}

fn judge_alone<'a>(
    unit: Subject<'a>,
    other: &impl Fn(&str) -> Option<Subject<'a>>,
    rules: &Rules,
    now: Duration,
) -> Verdict {
    if let Some(verdict) = judge_load(unit.now) {
        return verdict;
    }
    let stays = !unit.now.waits_for_restart() && !unit.now.job;
    if unit.now.state.active == ActiveState::Failed && stays {
        return judge_failed(unit.now);
    }
    if let Some(reason) = never_active(unit.now).or_else(|| flapping(unit, rules, now)) {
        return Verdict::unhealthy(reason);
    }
    if unit.now.waits_for_restart() {
        return judge_waiting(unit.now);
    }
    match unit.now.state.active {
        ActiveState::Active => judge_active(unit.now),
        ActiveState::Inactive => judge_inactive(unit, other, rules, now),
        // Somebody restarts it: many a program ends with a bad status when it is told to.
        ActiveState::Failed => judge_job(unit.history, rules, now),
        ActiveState::Activating
        | ActiveState::Deactivating
        | ActiveState::Reloading
        | ActiveState::Refreshing
        | ActiveState::Maintenance => judge_transition(unit.now, rules, now),
        ActiveState::Other => Verdict::unknown("systemd names a state that is not known here"),
    }
}

/// A unit whose file is not as it should be.
fn judge_load(unit: &Observation) -> Option<Verdict> {
    let with_error = |text: &str| match unit.load_error.as_str() {
        "" => text.to_owned(),
        error => format!("{text}: {error}"),
    };
    match unit.state.load {
        LoadState::Loaded | LoadState::Merged => None,
        LoadState::NotFound => Some(Verdict::unhealthy("not found: there is no such unit")),
        LoadState::Masked => Some(Verdict::unhealthy("masked: it may not be started")),
        LoadState::BadSetting => Some(Verdict::unhealthy(with_error("its file is not understood"))),
        LoadState::Error => Some(Verdict::unhealthy(with_error("its file can't be read"))),
        LoadState::Stub => Some(Verdict::unknown("systemd has not loaded it yet")),
        LoadState::Other => Some(Verdict::unknown(
            "systemd names a load state that is not known here",
        )),
    }
}

/// That a service is started again and again and has never been up, when that is so. A oneshot is not there to be up.
fn never_active(unit: &Observation) -> Option<String> {
    let service = unit.service.as_ref().filter(|service| !service.oneshot)?;
    let waits = unit.waits_for_restart();
    let starts_again = unit.state.active == ActiveState::Activating && service.restarts > 0;
    if unit.active_enter.is_some() || !(waits || starts_again) {
        return None;
    }
    let mut reason = "has never been active".to_owned();
    match service.restarts {
        0 => {}
        1 => reason.push_str(", restarted once"),
        restarts => reason.push_str(&format!(", restarted {restarts} times")),
    }
    if waits {
        reason.push_str(": ");
        reason.push_str(&words::ending(unit));
    }
    Some(reason)
}

/// Why a unit comes and goes too often, when it does.
fn flapping(unit: Subject<'_>, rules: &Rules, now: Duration) -> Option<String> {
    let service = unit.now.service.as_ref()?;
    let window = words::span(rules.window);
    let restarts = unit.history.restarts(rules.window, now);
    if restarts >= rules.restarts {
        return Some(format!(
            "flapping: systemd restarted it {restarts} times in the last {window}"
        ));
    }
    // Oneshots and what is started on demand come and go by design.
    let on_demand = service.oneshot || !unit.now.triggered_by.is_empty();
    let starts = unit.history.starts(rules.window, now);
    (!on_demand && starts >= rules.starts)
        .then(|| format!("flapping: it was started {starts} times in the last {window}"))
}

fn judge_failed(unit: &Observation) -> Verdict {
    let ending = words::ending(unit);
    Verdict::unhealthy(
        match unit.service.as_ref().map_or(0, |service| service.restarts) {
            0 => format!("failed: {ending}"),
            1 => format!("failed: {ending}, after one restart"),
            restarts => format!("failed: {ending}, after {restarts} restarts"),
        },
    )
}

/// A service between a run and the next, which systemd will start by itself.
fn judge_waiting(unit: &Observation) -> Verdict {
    if unit.succeeded() {
        Verdict::healthy()
    } else {
        Verdict::unhealthy(format!("waits for its restart: {}", words::ending(unit)))
    }
}

fn judge_active(unit: &Observation) -> Verdict {
    if unit.succeeded() {
        Verdict::healthy()
    } else {
        Verdict::unhealthy(format!("active, but {}", words::ending(unit)))
    }
}

/// A unit on its way from one state to another.
fn judge_transition(unit: &Observation, rules: &Rules, now: Duration) -> Verdict {
    let word = unit.state.active.word();
    let service = unit.service.as_ref();
    if unit.state.active == ActiveState::Deactivating && !unit.succeeded() && !unit.job {
        return Verdict::unhealthy(format!("{word}: {}", words::ending(unit)));
    }
    let works =
        unit.state.active == ActiveState::Activating && service.is_some_and(|service| service.oneshot);
    let bound = if works { rules.oneshot } else { rules.transition };
    // Of a unit that was never seen to change, the time since the machine started is an upper bound at least.
    let taken = now.saturating_sub(unit.changed.unwrap_or_default());
    if taken > bound {
        return Verdict::unhealthy(format!(
            "{word} for {}, longer than {}",
            words::span(taken),
            words::span(bound)
        ));
    }
    Verdict::healthy()
}

fn judge_inactive<'a>(
    unit: Subject<'a>,
    other: &impl Fn(&str) -> Option<Subject<'a>>,
    rules: &Rules,
    now: Duration,
) -> Verdict {
    let Subject {
        now: unit,
        history,
        asked,
    } = unit;
    if unit.assertion == Some(false) {
        return Verdict::unhealthy("not started: an assertion of it is not met");
    }
    if unit.condition == Some(false) || unit.result == words::SKIPPED {
        return Verdict::healthy();
    }
    if unit.job {
        return judge_job(history, rules, now);
    }
    if !unit.succeeded() {
        return Verdict::unhealthy(format!("inactive: {}", words::ending(unit)));
    }
    let has_run = unit.inactive_exit.is_some();
    if has_run && unit.service.as_ref().is_some_and(|service| service.oneshot) {
        return Verdict::healthy();
    }
    if !unit.triggered_by.is_empty() {
        return judge_on_demand(unit, other);
    }
    match &unit.service {
        _ if !has_run && !asked && nothing_wants(unit, other) => Verdict::healthy(),
        _ if !has_run => Verdict::unhealthy("inactive: it was never started"),
        Some(_) => Verdict::unhealthy(format!("inactive: {}", words::ending(unit))),
        None => Verdict::unhealthy("inactive"),
    }
}

/// Whether all that wants it is down itself: what is there for a shutdown or for sleep is not up.
fn nothing_wants<'a>(unit: &Observation, other: &impl Fn(&str) -> Option<Subject<'a>>) -> bool {
    let is_down = |name: &UnitName| {
        other(name.as_str()).is_some_and(|wanting| wanting.now.state.active == ActiveState::Inactive)
    };
    unit.wanted_by.iter().all(is_down)
}

/// A unit that is down, and systemd has been asked to start it: it is being restarted, or waits for others.
fn judge_job(history: &History, rules: &Rules, now: Duration) -> Verdict {
    let waited = now.saturating_sub(history.job_since().unwrap_or(now));
    if waited > rules.transition {
        Verdict::unhealthy(format!("waits to be started for {}", words::span(waited)))
    } else {
        Verdict::healthy()
    }
}

/// An inactive unit that another one starts when it is needed.
fn judge_on_demand<'a>(unit: &Observation, other: &impl Fn(&str) -> Option<Subject<'a>>) -> Verdict {
    let mut down = Vec::new();
    for name in &unit.triggered_by {
        match other(name.as_str()) {
            Some(starter) if starter.now.state.active == ActiveState::Active => return Verdict::healthy(),
            Some(_) => down.push(name.as_str()),
            None => return Verdict::unknown(format!("it is not known how {name} is, which starts it")),
        }
    }
    Verdict::unhealthy(format!(
        "inactive, and so is {}, which starts it",
        down.join(", ")
    ))
}
