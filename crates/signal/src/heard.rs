//! What was last heard of each source, kept in `sources.json` for `status`: when it was asked, whether it told something, why not, and
//! when it last did.

use std::fs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collect::Tried;
use crate::state::State;

const FILE: &str = "sources.json";

/// What was heard in the last collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// When the sources were asked; `None` when they never were.
    pub asked: Option<Timestamp>,
    /// The URLs that were asked, in the order of the configuration.
    pub of: Vec<HeardOf>,
}

/// What was heard of one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardOf {
    /// The source's name.
    pub source: String,
    /// The URL, without credentials and query.
    pub url: String,
    /// Why it told nothing; `None` where it told something.
    pub problem: Option<String>,
    /// When it last told something.
    pub told: Option<Timestamp>,
}

impl Heard {
    /// Reads it; what can't be read was not heard.
    pub fn read(state: &State) -> Heard {
        let text = fs::read(state.path().join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// What is known after another collection. Of a URL that was not asked nothing is.
    #[must_use]
    pub fn then(&self, now: Timestamp, tried: &[Tried]) -> Heard {
        let of = tried.iter().map(|tried| {
            let (source, url) = (tried.source.to_string(), tried.url.to_string());
            let before = self.of.iter().find(|of| (&of.source, &of.url) == (&source, &url));
            let told = match tried.problem {
                None => Some(now),
                Some(_) => before.and_then(|before| before.told),
            };
            HeardOf {
                source,
                url,
                problem: tried.problem.clone(),
                told,
            }
        });
        Heard {
            asked: Some(now),
            of: of.collect(),
        }
    }

    /// That it can't be written stops nothing: `status` knows less.
    pub(crate) fn write(&self, state: &State) {
        let text = serde_json::to_string(self).unwrap_or_default();
        if let Err(error) = state.replace(FILE, text.as_bytes(), 0o640) {
            tracing::debug!("{FILE} can't be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn tried(source: Source, url: &str, problem: Option<&str>) -> Tried {
        Tried {
            source,
            url: url.parse().unwrap(),
            problem: problem.map(str::to_owned),
        }
    }

    #[test]
    fn when_a_source_last_told_something_outlives_its_failures() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().to_owned()).unwrap();
        assert_eq!(Heard::read(&state), Heard::default());
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let (one, two) = ("http://one.example/x?cache=0", "http://user:secret@two.example/");
        let all_well = [
            tried(Source::Cosmos, one, None),
            tried(Source::Mesos, two, Some("refused")),
        ];
        Heard::default().then(at(1), &all_well).write(&state);
        let fails = [
            tried(Source::Cosmos, one, Some("timed out")),
            tried(Source::Mesos, two, Some("refused")),
        ];
        let heard = Heard::read(&state).then(at(2), &fails).then(at(3), &fails);
        assert_eq!(heard.asked, Some(at(3)));
        assert_eq!(
            (heard.of[0].problem.as_deref(), heard.of[0].told),
            (Some("timed out"), Some(at(1)))
        );
        assert_eq!(heard.of[1].told, None);
        let text = serde_json::to_string(&heard).unwrap();
        assert!(!text.contains("secret"), "{text}");
        // What is not asked any more is not told of.
        assert!(heard.then(at(4), &[]).of.is_empty());
    }
}
