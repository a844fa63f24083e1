//! What is known of this node's units: what systemd last said of each, what happened to it, and whether systemd can be asked at
//! all. Its judgement at a moment is a [`Snapshot`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::history::History;
use crate::judge::{Rules, Subject, judge};
use crate::node::{Snapshot, Taken, UnitHealth};
use crate::observation::Observation;
use crate::selection::Why;
use crate::unit::{ActiveState, LoadState, UnitName, Verdict};

/// What is known of this node's units.
#[derive(Debug, Clone, Default)]
pub struct Model {
    units: BTreeMap<UnitName, Watched>,
    taken: Option<Taken>,
    problem: Option<String>,
}

/// A unit that is watched.
#[derive(Debug, Clone)]
struct Watched {
    /// What systemd last said of it, or why it says nothing.
    seen: Result<Observation, String>,
    history: History,
    /// Why it is looked at; `None` when only because of another one, which starts it or is started by it.
    why: Option<Why>,
}

impl Model {
    /// When systemd last gave a sign of life.
    pub fn taken(&self) -> Option<Taken> {
        self.taken
    }

    /// Why systemd can't be asked.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Takes over what was read of all units. What happened to them stays known.
    pub fn replace(
        &mut self,
        seen: impl IntoIterator<Item = (UnitName, Result<Observation, String>)>,
        chosen: &BTreeMap<UnitName, Why>,
        taken: Taken,
    ) {
        let mut old = std::mem::take(&mut self.units);
        for (name, seen) in seen {
            let mut history = old.remove(&name).map(|unit| unit.history).unwrap_or_default();
            if let Ok(seen) = &seen {
                history.observe(seen, taken.uptime);
            }
            let why = chosen.get(&name).copied();
            self.units.insert(name, Watched { seen, history, why });
        }
        self.confirm(taken);
    }

    /// Takes over a change of one unit.
    pub fn change(&mut self, name: &UnitName, change: impl FnOnce(&mut Observation), now: Duration) {
        if let Some(unit) = self.units.get_mut(name)
            && let Ok(seen) = &mut unit.seen
        {
            change(seen);
            unit.history.observe(seen, now);
        }
    }

    /// systemd gave a sign of life: what is known is so.
    pub fn confirm(&mut self, taken: Taken) {
        self.taken = Some(taken);
        if self.problem.take().is_some() {
            tracing::info!("systemd answers again");
        }
    }

    /// systemd can't be asked.
    pub fn lose(&mut self, problem: String) {
        // One line for each change of state, not for each try.
        if self.problem.is_none() {
            tracing::warn!("systemd can't be asked: {problem}");
        }
        self.problem = Some(problem);
    }

    /// How everything is at a moment. What is older than `stale` is not believed, whatever keeps the model from being renewed.
    pub fn snapshot(&self, rules: &Rules, stale: Duration, now: Duration) -> Snapshot {
        let problem = self.problem.clone().or_else(|| match self.taken {
            None => Some("systemd has not answered yet".to_owned()),
            Some(taken) => {
                let age = now.saturating_sub(taken.uptime);
                (age > stale).then(|| format!("nothing was heard of systemd for {} s", age.as_secs()))
            }
        });
        let chosen = self.units.iter().filter(|(_, unit)| unit.why.is_some());
        let units = chosen.map(|(name, unit)| {
            let verdict = match &problem {
                Some(problem) => Verdict::unknown(problem.as_str()),
                None => self.judge(unit, rules, now),
            };
            unit.health(name, verdict)
        });
        Snapshot {
            units: units.collect(),
            taken: self.taken,
            problem,
        }
    }

    fn judge(&self, unit: &Watched, rules: &Rules, now: Duration) -> Verdict {
        match unit.subject() {
            Ok(subject) => {
                let other = |name: &str| self.units.get(name)?.subject().ok();
                judge(subject, other, rules, now)
            }
            Err(reason) => Verdict::unknown(reason),
        }
    }
}

impl Watched {
    fn subject(&self) -> Result<Subject<'_>, &str> {
        self.seen
            .as_ref()
            .map(|now| Subject {
                now,
                history: &self.history,
                asked: self.why == Some(Why::Asked),
            })
            .map_err(String::as_str)
    }

    fn health(&self, name: &UnitName, verdict: Verdict) -> UnitHealth {
        let unseen = Observation::new(LoadState::Other, ActiveState::Other, "");
        let seen = self.seen.as_ref().unwrap_or(&unseen);
        let (title, description) = seen.title(name);
        UnitHealth {
            name: name.clone(),
            title: title.to_owned(),
            description: description.to_owned(),
            verdict,
            state: seen.state.clone(),
            since: seen.since,
            restarts: seen.service.as_ref().map(|service| service.restarts),
            journal_of: [name].into_iter().chain(&seen.triggers).cloned().collect(),
            journal: Arc::default(),
        }
    }
}
