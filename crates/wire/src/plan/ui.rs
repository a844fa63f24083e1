//! What the user interface may send: the part of the plan that the relay and the collector hold browsers to.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Event, Property};

/// What browsers may send.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ui {
    /// What a message carries beside its properties. Of the context, members that are not named here are dropped.
    pub envelope: Vec<Property>,
    /// What the relay adds to a message, beside what all messages of the cluster carry. Of browsers it is not taken.
    pub relay: Vec<Property>,
    /// Properties of every call and event; of `identify` they stand among the traits.
    pub common: Vec<Property>,
    /// The calls that are no events, by `type`.
    #[serde(rename = "call")]
    pub calls: Vec<Event>,
    /// The events of `track`.
    #[serde(rename = "event")]
    pub events: Vec<Event>,
}

impl Ui {
    /// What a message of this `type` may carry, `event` being that of a `track`; `None` where browsers may not send it.
    pub fn message(&self, call: &str, event: Option<&str>) -> Option<&Event> {
        match (call, event) {
            ("track", Some(event)) => self.event(event),
            ("track", None) => None,
            (call, _) => self.calls.iter().find(|known| known.name == call),
        }
    }

    /// The event of this name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The property of this name that a message may carry.
    pub fn property<'p>(&'p self, message: &'p Event, name: &str) -> Option<&'p Property> {
        let mut all = message.properties.iter().chain(&self.common);
        all.find(|property| property.matches(name))
    }

    /// The members that a message's context may have.
    pub fn context(&self) -> impl Iterator<Item = &str> {
        let names = self.envelope.iter().map(|property| property.name.as_str());
        names.filter_map(|name| name.strip_prefix("context."))
    }

    /// Takes out of a message's properties all that is not listed, or has another type, and puts the values of closed sets in the
    /// plan's own spelling; returns the names of what is gone.
    pub fn filter(&self, message: &Event, properties: &mut Map<String, Value>) -> Vec<String> {
        let mut dropped = Vec::new();
        properties.retain(|name, value| {
            let kept = self
                .property(message, name)
                .filter(|property| property.admits(value))
                .and_then(|property| spell(property, value));
            if kept.is_none() {
                dropped.push(name.clone());
            }
            kept.is_some()
        });
        dropped
    }
}

/// `None` where a text is of no value of a closed set.
fn spell(property: &Property, value: &mut Value) -> Option<()> {
    let Value::String(text) = value else {
        return Some(());
    };
    if !property.values.contains(text) {
        *text = property.canonical(text)?.into_owned();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use serde_json::json;

    #[test]
    fn a_browser_may_send_what_is_listed_for_it() {
        let ui = &Plan::built_in().ui;
        for (call, event, listed) in [
            ("page", None, true),
            ("identify", None, true),
            ("track", Some("ui_error"), true),
            ("track", Some("ui_load_failed"), true),
            ("track", Some("page"), false),
            ("track", Some("health"), false),
            ("track", None, false),
            ("group", None, false),
            ("ui_error", None, false),
        ] {
            assert_eq!(ui.message(call, event).is_some(), listed, "{call} {event:?}");
        }
        assert_eq!(ui.context().collect::<Vec<_>>(), ["library"]);
        assert!(ui.events.iter().all(|event| event.opt_in));
        // A cluster may not say what browsers do, nor the other way round.
        assert!(
            ui.events
                .iter()
                .all(|event| Plan::built_in().event(&event.name).is_none())
        );
    }

    #[test]
    fn only_what_is_listed_passes() {
        let ui = &Plan::built_in().ui;
        let error = ui.event("ui_error").unwrap();
        let mut properties = json!({
            "route": "/nodes/:id", "kind": "MyError", "message": "at /secret", "environmentVersion": "1.10", "clusterId": "c",
        });
        let dropped = ui.filter(error, properties.as_object_mut().unwrap());
        assert_eq!(dropped, ["clusterId", "message"]);
        assert_eq!(
            properties,
            json!({"route": "/nodes/:id", "kind": "other", "environmentVersion": "1.10"})
        );
        let mut wrong = json!({"route": 7, "kind": ["x"]});
        assert_eq!(
            ui.filter(error, wrong.as_object_mut().unwrap()),
            ["kind", "route"]
        );
    }
}
