//! The hour that was tried last, so that a service manager that restarts a failed unit does not poll the cluster again.
//!
//! A collection that was begun and not finished (the process was ended, the power went) is tried once more: what was lost with it
//! would be lost for ever.

use std::fs;

use heliograph_wire::id::Hour;
use serde_json::{Value, json};

use crate::state::State;

const FILE: &str = "attempt.json";
/// Collections of one hour that may be begun.
const MAX_BEGUN: u64 = 2;

/// What was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The hour of the last collection.
    pub hour: Option<Hour>,
    /// How often it was begun.
    begun: u64,
    /// Whether it came to its end, good or bad.
    finished: bool,
}

impl Attempt {
    /// Reads it; what can't be read was not tried.
    pub fn read(state: &State) -> Attempt {
        let text = fs::read(state.path().join(FILE)).unwrap_or_default();
        let attempt: Value = serde_json::from_slice(&text).unwrap_or_default();
        let hour = attempt
            .get("hour")
            .and_then(Value::as_str)
            .and_then(|hour| hour.parse().ok());
        let begun = attempt.get("begun").and_then(Value::as_u64).unwrap_or(0);
        Attempt {
            hour,
            begun,
            finished: attempt.get("finished") == Some(&Value::Bool(true)),
        }
    }

    /// Whether nothing is to be collected in this hour any more.
    pub fn covers(&self, hour: Hour) -> bool {
        self.hour == Some(hour) && (self.finished || self.begun >= MAX_BEGUN)
    }

    /// Notes that a collection of this hour begins; to be finished.
    pub(crate) fn begin(state: &State, hour: Hour) -> Attempt {
        let before = Attempt::read(state);
        let begun = if before.hour == Some(hour) {
            before.begun + 1
        } else {
            1
        };
        let attempt = Attempt {
            hour: Some(hour),
            begun,
            finished: false,
        };
        attempt.write(state);
        attempt
    }

    /// Notes that it came to its end.
    pub(crate) fn finish(self, state: &State) {
        Attempt {
            finished: true,
            ..self
        }
        .write(state);
    }

    /// That it can't be written stops nothing: at worst the cluster is polled once more.
    fn write(self, state: &State) {
        let hour = self.hour.map(|hour| hour.to_string());
        let text = json!({ "hour": hour, "begun": self.begun, "finished": self.finished }).to_string();
        if let Err(error) = state.replace(FILE, text.as_bytes(), 0o640) {
            tracing::debug!("{FILE} can't be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_tried_once_or_twice_if_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().to_owned()).unwrap();
        let hour: Hour = "2026-11-22T11Z".parse().unwrap();
        assert!(!Attempt::read(&state).covers(hour));
        let attempt = Attempt::begin(&state, hour);
        assert!(!Attempt::read(&state).covers(hour), "cut off once");
        attempt.finish(&state);
        assert!(Attempt::read(&state).covers(hour));
        let next: Hour = "2026-11-22T12Z".parse().unwrap();
        assert!(!Attempt::read(&state).covers(next));
        Attempt::begin(&state, next);
        Attempt::begin(&state, next);
        assert!(Attempt::read(&state).covers(next), "cut off twice");
        // A clock that was ahead once holds nothing up.
        assert!(!Attempt::read(&state).covers(hour));
    }
}
