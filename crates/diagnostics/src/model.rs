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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Service;
    use crate::unit::Health;

    const STALE: Duration = Duration::from_secs(60);

    fn taken(seconds: u64) -> Taken {
        Taken {
            at: jiff::Timestamp::UNIX_EPOCH,
            uptime: Duration::from_secs(seconds),
        }
    }

    fn name(name: &str) -> UnitName {
        name.parse().unwrap()
    }

    fn running(restarts: u32) -> Observation {
        Observation {
            inactive_exit: Some(Duration::from_secs(1)),
            service: Some(Service {
                restarts,
                ..Service::default()
            }),
            ..Observation::new(LoadState::Loaded, ActiveState::Active, "running")
        }
    }

    fn chosen(names: &[&str]) -> BTreeMap<UnitName, Why> {
        names.iter().map(|text| (name(text), Why::Asked)).collect()
    }

    fn snapshot(model: &Model, seconds: u64) -> Snapshot {
        model.snapshot(&Rules::default(), STALE, Duration::from_secs(seconds))
    }

    fn model() -> Model {
        let mut model = Model::default();
        let seen = ["a.service", "b.service", "c.service"].map(|text| (name(text), Ok(running(0))));
        model.replace(seen, &chosen(&["a.service", "b.service"]), taken(100));
        model
    }

    #[test]
    fn nothing_is_known_before_systemd_has_answered() {
        let snapshot = snapshot(&Model::default(), 5);
        assert_eq!((snapshot.health(), snapshot.taken), (Health::Unknown, None));
        assert_eq!(snapshot.problem.as_deref(), Some("systemd has not answered yet"));
    }

    #[test]
    fn units_that_only_belong_to_others_are_not_told() {
        let snapshot = snapshot(&model(), 100);
        let names: Vec<_> = snapshot.units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["a.service", "b.service"]);
        assert_eq!((snapshot.health(), snapshot.problem), (Health::Healthy, None));
    }

    #[test]
    fn a_unit_that_systemd_does_not_describe_is_unknown_alone() {
        let mut model = model();
        let seen = [
            (name("a.service"), Ok(running(0))),
            (name("b.service"), Err("systemd does not describe it".to_owned())),
        ];
        model.replace(seen, &chosen(&["a.service", "b.service"]), taken(101));
        let units = snapshot(&model, 101).units;
        assert_eq!(units[0].verdict, Verdict::healthy());
        assert_eq!(units[1].verdict, Verdict::unknown("systemd does not describe it"));
    }

    #[test]
    fn what_is_lost_is_unknown_with_its_last_state_until_it_is_confirmed() {
        let mut model = model();
        model.lose("systemd left the system bus".to_owned());
        let lost = snapshot(&model, 110);
        assert_eq!(
            (lost.health(), lost.taken.unwrap().uptime),
            (Health::Unknown, Duration::from_secs(100))
        );
        for unit in &lost.units {
            assert_eq!(unit.verdict, Verdict::unknown("systemd left the system bus"));
            assert_eq!(unit.state.active, ActiveState::Active);
        }
        model.confirm(taken(120));
        assert_eq!(snapshot(&model, 120).health(), Health::Healthy);
    }

    #[test]
    fn what_nobody_renews_is_not_believed() {
        let model = model();
        assert_eq!(snapshot(&model, 160).health(), Health::Healthy);
        let old = snapshot(&model, 161);
        assert_eq!(old.health(), Health::Unknown);
        assert_eq!(
            old.problem.as_deref(),
            Some("nothing was heard of systemd for 61 s")
        );
    }

    #[test]
    fn what_happened_outlives_a_new_read_and_goes_with_its_unit() {
        let mut model = model();
        for restarts in 1..=3 {
            let now = Duration::from_secs(100 + u64::from(restarts));
            model.change(&name("a.service"), |unit| *unit = running(restarts), now);
        }
        let health = |model: &Model| snapshot(model, 110).units[0].verdict.health;
        assert_eq!(health(&model), Health::Unhealthy);
        let again = || [(name("a.service"), Ok(running(3)))];
        model.replace(again(), &chosen(&["a.service"]), taken(109));
        assert_eq!(health(&model), Health::Unhealthy);
        model.replace([], &chosen(&[]), taken(109));
        model.replace(again(), &chosen(&["a.service"]), taken(110));
        assert_eq!(health(&model), Health::Healthy);
    }
}
