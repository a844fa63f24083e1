//! The hour that was tried last, so that a service manager that restarts a failed unit does not poll the cluster again.

use std::fs;

use heliograph_wire::id::Hour;
use serde_json::json;

use crate::state::State;

const FILE: &str = "attempt.json";

/// What was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The hour of the last collection.
    pub hour: Option<Hour>,
}

impl Attempt {
    /// Reads it; what can't be read was not tried.
    pub fn read(state: &State) -> Attempt {
        let text = fs::read(state.path().join(FILE)).unwrap_or_default();
        let hour = serde_json::from_slice::<serde_json::Value>(&text).ok();
        Attempt {
            hour: hour.and_then(|attempt| attempt.get("hour")?.as_str()?.parse().ok()),
        }
    }

    /// Writes it. That it can't be written stops nothing: at worst the cluster is polled once more.
    pub(crate) fn write(self, state: &State) {
        let text = json!({ "hour": self.hour.map(|hour| hour.to_string()) }).to_string();
        if let Err(error) = state.replace(FILE, text.as_bytes(), 0o640) {
            tracing::debug!("{FILE} can't be written: {error}");
        }
    }
}
