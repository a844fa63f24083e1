//! Properties of units as they come over the bus, and what they say of an observation.

use std::time::Duration;

use jiff::Timestamp;
use zbus::{DeserializeDict, OwnedObjectPath, Type};

use crate::observation::{Exit, Observation, Service};
use crate::unit::{ActiveState, LoadState, UnitName};

/// Longest text that is kept of a description or an error, in bytes.
const MAX_TEXT: usize = 512;
/// Most units that are kept as started by a unit, or as starting it.
const MAX_RELATED: usize = 16;
/// Longest word that is kept of a state or a result, in bytes.
const MAX_WORD: usize = 64;

/// The properties that are made use of, of all interfaces of a unit: those that a message has.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "PascalCase")]
pub(super) struct Properties {
    // Of every unit.
    /// The unit's own name, where it was asked for by another one.
    pub(super) id: Option<String>,
    load_state: Option<String>,
    active_state: Option<String>,
    sub_state: Option<String>,
    description: Option<String>,
    load_error: Option<(String, String)>,
    job: Option<(u32, OwnedObjectPath)>,
    condition_result: Option<bool>,
    condition_timestamp_monotonic: Option<u64>,
    assert_result: Option<bool>,
    assert_timestamp_monotonic: Option<u64>,
    state_change_timestamp: Option<u64>,
    state_change_timestamp_monotonic: Option<u64>,
    active_enter_timestamp_monotonic: Option<u64>,
    inactive_exit_timestamp_monotonic: Option<u64>,
    triggers: Option<Vec<String>>,
    triggered_by: Option<Vec<String>>,
    wanted_by: Option<Vec<String>>,
    required_by: Option<Vec<String>>,
    upheld_by: Option<Vec<String>>,
    /// Of targets, for choosing.
    pub(super) wants: Option<Vec<String>>,
    pub(super) requires: Option<Vec<String>>,
    // Of several types.
    result: Option<String>,
    // Of services.
    #[zbus(rename = "Type")]
    kind: Option<String>,
    #[zbus(rename = "NRestarts")]
    restarts: Option<u32>,
    exec_main_code: Option<i32>,
    exec_main_status: Option<i32>,
}

impl Properties {
    /// Whether there is such a unit.
    pub(super) fn is_loaded(&self) -> bool {
        self.load_state.as_deref() == Some(LoadState::Loaded.word())
    }

    /// The observation that all properties of a unit make.
    pub(super) fn observation(&self, name: &UnitName) -> Observation {
        let mut unit = Observation::new(LoadState::Stub, ActiveState::Inactive, "");
        if name.suffix() == "service" {
            unit.service = Some(Service::default());
        }
        self.apply(&mut unit);
        unit
    }

    /// Takes over those that are there.
    pub(super) fn apply(&self, unit: &mut Observation) {
        if let Some(word) = &self.load_state {
            unit.state.load = LoadState::of(word);
        }
        if let Some(word) = &self.active_state {
            unit.state.active = ActiveState::of(word);
        }
        if let Some(word) = &self.sub_state {
            unit.state.sub = cut(word, MAX_WORD);
        }
        if let Some(text) = &self.description {
            unit.description = cut(text, MAX_TEXT);
        }
        if let Some((_, text)) = &self.load_error {
            unit.load_error = cut(text, MAX_TEXT);
        }
        if let Some((id, _)) = &self.job {
            unit.job = *id != 0;
        }
        // A result without a moment is what systemd says of a unit that it never tried to start.
        if let Some(moment) = self.condition_timestamp_monotonic {
            unit.condition = self.condition_result.or(unit.condition).filter(|_| moment != 0);
        }
        if let Some(moment) = self.assert_timestamp_monotonic {
            unit.assertion = self.assert_result.or(unit.assertion).filter(|_| moment != 0);
        }
        if let Some(moment) = self.state_change_timestamp {
            unit.since = time_of_day(moment);
        }
        if let Some(moment) = self.state_change_timestamp_monotonic {
            unit.changed = uptime(moment);
        }
        if let Some(moment) = self.active_enter_timestamp_monotonic {
            unit.active_enter = uptime(moment);
        }
        if let Some(moment) = self.inactive_exit_timestamp_monotonic {
            unit.inactive_exit = uptime(moment);
        }
        if let Some(names) = &self.triggers {
            unit.triggers = related(names);
        }
        if let Some(names) = &self.triggered_by {
            unit.triggered_by = related(names);
        }
        let wanting = [&self.wanted_by, &self.required_by, &self.upheld_by];
        if wanting.iter().any(|names| names.is_some()) {
            let names = wanting
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|name| name.parse().ok());
            unit.wanted_by = names.take(MAX_RELATED).collect();
        }
        if let Some(word) = &self.result {
            unit.result = cut(word, MAX_WORD);
        }
        if let Some(service) = &mut unit.service {
            self.apply_to_service(service);
        }
    }

    fn apply_to_service(&self, service: &mut Service) {
        if let Some(kind) = &self.kind {
            service.oneshot = kind == "oneshot";
        }
        if let Some(restarts) = self.restarts {
            service.restarts = restarts;
        }
        // Both are in each message that has one of them.
        if let (Some(code), Some(status)) = (self.exec_main_code, self.exec_main_status) {
            service.exit = Exit::of(code, status);
        }
    }
}

fn related(names: &[String]) -> Vec<UnitName> {
    let names = names.iter().filter_map(|name| name.parse().ok());
    names.take(MAX_RELATED).collect()
}

/// A moment of systemd, in microseconds; 0 is never.
fn uptime(moment: u64) -> Option<Duration> {
    (moment != 0).then(|| Duration::from_micros(moment))
}

fn time_of_day(moment: u64) -> Option<Timestamp> {
    let moment = i64::try_from(moment).ok().filter(|moment| *moment != 0)?;
    Timestamp::from_microsecond(moment).ok()
}

fn cut(text: &str, length: usize) -> String {
    text[..text.floor_char_boundary(length)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> UnitName {
        "a.service".parse().unwrap()
    }

    #[test]
    fn what_a_message_does_not_have_stays_as_it_was() {
        let all = Properties {
            load_state: Some("loaded".to_owned()),
            active_state: Some("active".to_owned()),
            sub_state: Some("running".to_owned()),
            result: Some("success".to_owned()),
            kind: Some("oneshot".to_owned()),
            restarts: Some(2),
            exec_main_code: Some(0),
            exec_main_status: Some(0),
            state_change_timestamp: Some(1_700_000_000_000_000),
            state_change_timestamp_monotonic: Some(5_000_000),
            triggered_by: Some(vec!["a.timer".to_owned(), "not a unit".to_owned()]),
            ..Properties::default()
        };
        let mut unit = all.observation(&name());
        assert_eq!(unit.changed, Some(Duration::from_secs(5)));
        assert_eq!(unit.since, Some(Timestamp::from_second(1_700_000_000).unwrap()));
        assert_eq!(unit.triggered_by, ["a.timer".parse().unwrap()]);
        let service = Properties {
            result: Some("exit-code".to_owned()),
            exec_main_code: Some(1),
            exec_main_status: Some(3),
            ..Properties::default()
        };
        service.apply(&mut unit);
        assert_eq!(unit.result, "exit-code");
        assert_eq!(
            unit.service,
            Some(Service {
                oneshot: true,
                exit: Some(Exit::Status(3)),
                restarts: 2
            })
        );
        assert_eq!(unit.state.sub, "running");
    }

    #[test]
    fn conditions_that_were_never_looked_at_are_not_known() {
        for (moment, met, condition) in [(0, false, None), (7, false, Some(false)), (7, true, Some(true))] {
            let properties = Properties {
                condition_result: Some(met),
                condition_timestamp_monotonic: Some(moment),
                assert_result: Some(met),
                assert_timestamp_monotonic: Some(moment),
                ..Properties::default()
            };
            let unit = properties.observation(&name());
            assert_eq!((unit.condition, unit.assertion), (condition, condition));
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let properties = Properties {
            description: Some("ä".repeat(MAX_TEXT)),
            ..Properties::default()
        };
        assert_eq!(
            properties.observation(&name()).description,
            "ä".repeat(MAX_TEXT / 2)
        );
    }
}
