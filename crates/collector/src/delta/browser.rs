//! What is counted of browsers, beside calls and events as such: of which cluster's UI a message is, and where it fails.
//!
//! A message that comes through a cluster's relay names the cluster among its properties, and the relay's reporter in its context. Only
//! what speaks for clusters is believed about that: see [`crate::key::KeyKind::speaks_for_clusters`].

use heliograph_wire::id::ClusterId;

use crate::ingest::members::Members;
use crate::ingest::{mention, text};

/// The first rules that know of it, see [`super::RULES`].
const SINCE: u8 = 2;
/// The calls of a UI.
const CALLS: [&str; 3] = ["identify", "page", "screen"];
/// Its events, and the properties of which it is counted what they say. Never changed but with new rules.
const EVENTS: [&str; 2] = ["ui_error", "ui_load_failed"];
const PROPERTIES: [&str; 2] = ["kind", "route"];

const CLUSTER_ID: &str = "clusterId";

/// What stands for the properties of a message: a log-in has traits.
pub fn stated<'m, 'a>(
    kind: &str,
    rules: u8,
    properties: &'m Members<'a>,
    traits: &'m Members<'a>,
) -> &'m Members<'a> {
    if kind == "identify" && rules >= SINCE && properties.is_empty() {
        traits
    } else {
        properties
    }
}

/// The cluster of whose UI a message is, if it says so; `stated` is what [`stated`] has found.
pub fn cluster(
    kind: &str,
    event: Option<&str>,
    rules: u8,
    stated: &Members<'_>,
    context: &Members<'_>,
) -> Option<ClusterId> {
    let is_known = rules >= SINCE && event.map_or_else(|| CALLS.contains(&kind), is_event);
    // Who does not say who it is can't be told from others that know the cluster's id.
    mention::reporter(context).filter(|_| is_known)?;
    stated.get(CLUSTER_ID).and_then(text::id)?.parse().ok()
}

/// The properties of an event of which it is counted what they say.
pub(super) fn values(event: &str, rules: u8) -> &'static [&'static str] {
    if rules >= SINCE && is_event(event) {
        &PROPERTIES
    } else {
        &[]
    }
}

fn is_event(event: &str) -> bool {
    EVENTS.contains(&event)
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;
    use heliograph_wire::id::ReporterId;
    use heliograph_wire::plan::Plan;
    use serde_json::value::RawValue;

    #[test]
    fn the_events_are_those_of_the_plan() {
        for event in &Plan::built_in().ui.events {
            let names: Vec<_> = event.properties.iter().map(|property| &*property.name).collect();
            let mut counted = values(&event.name, RULES).to_vec();
            counted.reverse();
            assert_eq!(counted, names, "{}", event.name);
        }
        assert!(values("ui_error", SINCE - 1).is_empty() && values("health", RULES).is_empty());
        for call in &Plan::built_in().ui.calls {
            assert!(CALLS.contains(&&*call.name));
        }
    }

    #[test]
    fn whoever_names_cluster_and_reporter_is_of_that_cluster() {
        let reporter = ReporterId::of_secret(b"s");
        let of = |text: &str| -> Box<RawValue> { serde_json::from_str(text).unwrap() };
        let (named, unnamed) = (of(r#"{"clusterId":"c"}"#), of("{}"));
        let context = of(&format!(r#"{{"reporter":"{reporter}"}}"#));
        let [named, unnamed, context] = [&named, &unnamed, &context].map(|raw| Members::of(raw).unwrap());
        for (kind, event, rules, stated, context, expected) in [
            ("page", None, RULES, &named, &context, true),
            ("identify", None, RULES, &named, &context, true),
            ("track", Some("ui_error"), RULES, &named, &context, true),
            ("track", Some("health"), RULES, &named, &context, false),
            ("group", None, RULES, &named, &context, false),
            ("page", None, SINCE - 1, &named, &context, false),
            ("page", None, RULES, &unnamed, &context, false),
            ("page", None, RULES, &named, &unnamed, false),
        ] {
            let found = cluster(kind, event, rules, stated, context);
            assert_eq!(found.is_some(), expected, "{kind} {event:?} {rules}");
        }
        assert!(std::ptr::eq(
            stated("identify", RULES, &unnamed, &named),
            &raw const named
        ));
        assert!(std::ptr::eq(
            stated("identify", SINCE - 1, &unnamed, &named),
            &raw const unnamed
        ));
        assert!(std::ptr::eq(
            stated("page", RULES, &unnamed, &named),
            &raw const unnamed
        ));
        assert!(std::ptr::eq(
            stated("identify", RULES, &context, &named),
            &raw const context
        ));
    }
}
