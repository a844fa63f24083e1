//! What messages are, counted by their names in the plan: `health`, `page`, `ui_error`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use heliograph_wire::plan::Plan;
use serde::{Deserialize, Serialize};

/// Messages that the plan does not name; also the name of all that can't be read.
const OTHER: &str = "other";

/// Messages by name. There are no more names than the plan has, and one for all others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Contents(BTreeMap<String, u64>);

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    call: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
}

impl Contents {
    /// Of messages as they are kept and sent.
    pub fn of<'m>(messages: impl IntoIterator<Item = &'m str>) -> Contents {
        let mut contents = Contents::default();
        for message in messages {
            *contents.0.entry(name(message)).or_default() += 1;
        }
        contents
    }

    /// With those of others.
    pub fn add(&mut self, more: &Contents) {
        for (name, count) in &more.0 {
            let sum = self.0.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of the web UI.
    pub fn of_ui(&self) -> Contents {
        let ui = &Plan::built_in().ui;
        let is_ui = |name: &str| ui.event(name).is_some() || ui.calls.iter().any(|call| call.name == name);
        let own = self.0.iter().filter(|(name, _)| is_ui(name));
        Contents(own.map(|(name, count)| (name.clone(), *count)).collect())
    }
}

/// `2 health, 3 page`
impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, (name, count)) in self.0.iter().enumerate() {
            write!(f, "{}{count} {name}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

fn name(message: &str) -> String {
    let plan = Plan::built_in();
    let head: Option<Head<'_>> = serde_json::from_str(message).ok();
    let planned = head.as_ref().and_then(|head| {
        let (call, event) = (head.call.as_deref()?, head.event.as_deref());
        let of_cluster = || event.and_then(|event| plan.event(event));
        plan.ui.message(call, event).or_else(of_cluster)
    });
    planned.map_or(OTHER, |event| event.name.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_the_plans_names() {
        let contents = Contents::of([
            r#"{"type":"track","event":"health","properties":{"event":"x"}}"#,
            r#"{"type":"page","name":"/"}"#,
            r#"{"type":"page","name":"/\u006eodes"}"#,
            r#"{"type":"track","event":"ui_error"}"#,
            r#"{"type":"track","event":"anything"}"#,
            "no JSON",
        ]);
        assert_eq!(contents.to_string(), "1 health, 2 other, 2 page, 1 ui_error");
        assert_eq!(contents.total(), 6);
        assert_eq!(contents.of_ui().to_string(), "2 page, 1 ui_error");
        let mut twice = contents.of_ui();
        twice.add(&contents);
        assert_eq!(twice.total(), 9);
        assert_eq!(Contents::default().to_string(), "none");
    }
}
