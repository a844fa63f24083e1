//! What systemd says of a unit at one moment: the properties that a judgement is made of. Moments are the time since the machine
//! started, by the clock of systemd's `…TimestampMonotonic`.

use std::time::Duration;

use jiff::Timestamp;

use crate::unit::{ActiveState, LoadState, UnitName, UnitState};

/// What systemd calls a result with which all is well.
pub const SUCCESS: &str = "success";

/// A unit, as systemd describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Its states.
    pub state: UnitState,
    /// What its file says it is.
    pub description: String,
    /// Why its file can't be used, where it can't.
    pub load_error: String,
    /// How its last run ended, in systemd's word; [`SUCCESS`] where its type knows no other.
    pub result: String,
    /// Whether systemd has still to do what somebody asked for.
    pub job: bool,
    /// Whether the unit's conditions were met when it was last to be started; `None` before that.
    pub condition: Option<bool>,
    /// The same of its assertions.
    pub assertion: Option<bool>,
    /// When its active state last changed.
    pub changed: Option<Duration>,
    /// The same by the time of day.
    pub since: Option<Timestamp>,
    /// When it last became active.
    pub active_enter: Option<Duration>,
    /// When it last began to start.
    pub inactive_exit: Option<Duration>,
    /// The units that it starts: a timer's or a socket's service.
    pub triggers: Vec<UnitName>,
    /// The units that start it.
    pub triggered_by: Vec<UnitName>,
    /// The units with which it is to be up.
    pub wanted_by: Vec<UnitName>,
    /// What only services have.
    pub service: Option<Service>,
}

/// What only services have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// It does one thing and ends.
    pub oneshot: bool,
    /// How its main process ended; `None` while it runs, and before it ever ran.
    pub exit: Option<Exit>,
    /// How often systemd has restarted it by itself since somebody started it.
    pub restarts: u32,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Of `ExecMainCode` and `ExecMainStatus`: the codes of `waitid`.
    pub fn of(code: i32, status: i32) -> Option<Exit> {
        match code {
            1 => Some(Exit::Status(status)),
            2 | 3 => Some(Exit::Signal(status)),
            _ => None,
        }
    }
}

impl Observation {
    /// A unit of which nothing but this is known.
    pub fn new(load: LoadState, active: ActiveState, sub: &str) -> Observation {
        Observation {
            state: UnitState {
                load,
                active,
                sub: sub.to_owned(),
            },
            description: String::new(),
            load_error: String::new(),
            result: SUCCESS.to_owned(),
            job: false,
            condition: None,
            assertion: None,
            changed: None,
            since: None,
            active_enter: None,
            inactive_exit: None,
            triggers: Vec::new(),
            triggered_by: Vec::new(),
            wanted_by: Vec::new(),
            service: None,
        }
    }

    /// Whether its last run ended as it should.
    pub fn succeeded(&self) -> bool {
        self.result == SUCCESS
    }

    /// Whether it waits for systemd to restart it by itself.
    pub fn waits_for_restart(&self) -> bool {
        self.state.sub.contains("auto-restart")
    }

    /// What the unit is called for people, and what it is: the two parts of a description such as `Net: routes packets`; of
    /// another description the unit's name, and all of it.
    pub fn title<'a>(&'a self, name: &'a UnitName) -> (&'a str, &'a str) {
        match self.description.split_once(": ") {
            Some((title, rest)) if !rest.contains(": ") => (title, rest),
            _ => (name.as_str(), &self.description),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_split_as_in_the_original() {
        let name: UnitName = "a.service".parse().unwrap();
        for (description, title, rest) in [
            ("Net: routes packets", "Net", "routes packets"),
            ("Routes packets", "a.service", "Routes packets"),
            ("A: B: C", "a.service", "A: B: C"),
            ("", "a.service", ""),
        ] {
            let mut unit = Observation::new(LoadState::Loaded, ActiveState::Active, "running");
            unit.description = description.to_owned();
            assert_eq!(unit.title(&name), (title, rest));
        }
    }

    #[test]
    fn exits_are_told_by_their_code() {
        assert_eq!(Exit::of(0, 0), None);
        assert_eq!(Exit::of(1, 3), Some(Exit::Status(3)));
        assert_eq!(
            (Exit::of(2, 9), Exit::of(3, 11)),
            (Some(Exit::Signal(9)), Some(Exit::Signal(11)))
        );
    }
}
