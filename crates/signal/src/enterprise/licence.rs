//! The licence's id, as the licensing service tells it on its Unix socket. Of several licences that which ends last counts: it is
//! probably the one that holds. The answer carries keys as well; nothing of it but the id is kept or shown.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Place;
use crate::config::Secret;
use crate::http::{Failure, Limits, socket};

/// How long the service may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Most that is read of its answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;
/// Longest id that is taken, in bytes.
const MAX_ID: usize = 256;
const PATH: &str = "/licenses";

/// The service told no id.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No answer.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Another status than 200.
    #[error("answered {0}, not 200")]
    Status(u16),
    /// The answer is not a list of licences.
    #[error("its answer is not the list of licences that is expected")]
    Document,
}

/// The id of the licence. That there is none is nothing to speak of; that the service can't be asked is logged, where it is
/// expected to be there.
pub fn find(place: &Place) -> Option<Secret> {
    let found = ask(&place.path);
    let socket = place.path.display();
    match &found {
        Ok(None) => tracing::debug!("the licensing service at {socket} knows no licence"),
        Ok(Some(_)) => {}
        Err(problem) if place.expected => {
            tracing::warn!("no licence id from the licensing service at {socket}: {problem}");
        }
        Err(problem) => tracing::debug!("no licence id from {socket}: {problem}"),
    }
    found.ok().flatten()
}

/// Asks the service.
///
/// # Errors
/// It did not answer with a list of licences.
pub fn ask(socket: &Path) -> Result<Option<Secret>, Problem> {
    let limits = Limits {
        connect: TIMEOUT,
        head: TIMEOUT,
        total: TIMEOUT,
    };
    let answer = socket::get(socket, PATH, limits)?;
    if answer.status != 200 {
        return Err(Problem::Status(answer.status));
    }
    let mut text = Vec::new();
    let read = answer.into_body().take(MAX_ANSWER).read_to_end(&mut text);
    read.map_err(|_| Problem::Document)?;
    let document: Value = serde_json::from_slice(&text).map_err(|_| Problem::Document)?;
    match &document {
        Value::Array(licences) => Ok(latest(licences)),
        // How Go writes an empty list.
        Value::Null => Ok(None),
        _ => Err(Problem::Document),
    }
}

/// The id that ends last; of equal ends the first, and what has no end that can be read comes last of all.
fn latest(licences: &[Value]) -> Option<Secret> {
    let mut latest: Option<(Option<Timestamp>, &str)> = None;
    for licence in licences {
        let id = licence.get("id").and_then(Value::as_str).map(str::trim);
        let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= MAX_ID) else {
            continue;
        };
        let ends = licence.pointer("/license_terms/end_timestamp");
        let ends = ends.and_then(Value::as_str).and_then(|text| text.parse().ok());
        if latest.is_none_or(|(before, _)| ends > before) {
            latest = Some((ends, id));
        }
    }
    latest.map(|(_, id)| id.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_licence_that_ends_last_counts() {
        let licence = |id: &str, ends: &str| json!({"id": id, "license_terms": {"end_timestamp": ends}});
        let found = |licences: &[Value]| latest(licences).map(|id| id.expose().to_owned());
        let old = licence("old", "2025-01-02T15:04:05Z");
        // An hour later than it looks.
        let new = licence("new", "2026-01-02T14:34:05-01:00");
        let other = licence("other", "2026-01-02T15:04:05Z");
        assert_eq!(found(&[old.clone(), new.clone(), other]).unwrap(), "new");
        let odd = [
            json!(7),
            json!({"id": 7}),
            json!({"id": " "}),
            licence("odd", "soon"),
        ];
        assert_eq!(found(&odd).unwrap(), "odd");
        assert_eq!(found(&[&odd[..], &[old, new]].concat()).unwrap(), "new");
        assert_eq!(found(&[]), None);
    }
}
