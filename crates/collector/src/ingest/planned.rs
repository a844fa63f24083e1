//! The telemetry plan, made ready to check messages quickly: an event's properties by name, its families of names by how they
//! begin and end.
//!
//! Whose events are checked: those that the plan lists, and with a key of the kind `cluster` those too that it does not list, since
//! the plan lists what clusters send; what it lists of their UIs comes with any key. An event of a server or of a browser is the vendor's own business, unless the plan lists it, or
//! the vendor declares it (see [`crate::plan_dir`]).

mod listed;

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::quality::RandomState;
use heliograph_wire::plan::{Event, Plan, Property, Ui};

pub use self::listed::Listed;
use super::members::Members;
use super::violation::{Violation, Violations};
use crate::key::KeyKind;

/// What becomes of what the plan does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unplanned {
    /// It is kept, and counted as a violation.
    #[default]
    Keep,
    /// Properties are taken out, events are rejected.
    Strip,
    /// The message is rejected.
    Reject,
}

/// A plan, and what becomes of what it does not list.
#[derive(Debug)]
pub struct Planned<'p> {
    // Looked up for each message; the library's own hash costs more.
    events: HashMap<Cow<'p, str>, Listed<'p>, RandomState>,
    /// What browsers may send.
    pub ui: &'p Ui,
    /// What becomes of what it does not list.
    pub unplanned: Unplanned,
    /// What the vendor declares beside it.
    pub declared: Vec<Declared>,
}

/// An event that the vendor declares.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// The kinds of keys that it comes with. Another collector may pass it on in any case.
    pub keys: Vec<KeyKind>,
    /// Its properties, beside the common ones.
    pub properties: Vec<Property>,
    /// Those of them of which it is counted what they say, by name.
    pub breakdown: Vec<String>,
}

impl Unplanned {
    /// All of them.
    pub const ALL: [Unplanned; 3] = [Unplanned::Keep, Unplanned::Strip, Unplanned::Reject];

    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Unplanned::Keep => "keep",
            Unplanned::Strip => "strip",
            Unplanned::Reject => "reject",
        }
    }
}

impl<'p> Planned<'p> {
    /// A plan, made ready.
    pub fn of(plan: &'p Plan, unplanned: Unplanned) -> Planned<'p> {
        let listed = |event: &'p Event| (event.name.as_str().into(), Listed::of(event, &plan.common));
        let of_ui = |event: &'p Event| (event.name.as_str().into(), Listed::of_ui(event, &plan.common));
        let events = plan.events.iter().map(listed);
        Planned {
            events: events.chain(plan.ui.events.iter().map(of_ui)).collect(),
            ui: &plan.ui,
            unplanned,
            declared: Vec::new(),
        }
    }

    /// The same with events that the vendor declares. They may carry the common properties of `plan`, and need not.
    #[must_use]
    pub fn with(mut self, plan: &'p Plan, declared: Vec<Declared>) -> Planned<'p> {
        self.declared.clone_from(&declared);
        for event in declared {
            let (name, listed) = Listed::of_vendor(event, &plan.common);
            self.events.entry(name.into()).or_insert(listed);
        }
        self
    }

    /// An event that the plan lists for this kind of key.
    pub fn event(&self, key: KeyKind, name: &str) -> Option<&Listed<'p>> {
        self.events.get(name).filter(|listed| listed.may_come_with(key))
    }

    /// How a message differs from the plan.
    pub fn check(&self, key: KeyKind, event: &str, properties: &Members<'_>) -> Violations {
        self.check_listed(self.event(key, event), key, event, properties)
    }

    /// The same where the event was looked up.
    pub fn check_listed(
        &self,
        listed: Option<&Listed<'_>>,
        key: KeyKind,
        event: &str,
        properties: &Members<'_>,
    ) -> Violations {
        let mut violations = Violations::default();
        match listed {
            Some(listed) => listed.check(properties, &mut violations),
            None if key == KeyKind::Cluster => violations.add(Violation::UnplannedEvent, event),
            None => {}
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    const PLAN: &str = r#"
        version = "1"
        envelope = []
        [[common]]
        name = "id"
        type = "string"
        description = "."
        source = "x"
        presence = "always"
        sensitivity = "operational"
        since = "1"
        [[event]]
        name = "e"
        title = "E"
        description = "."
        property = [
            { name = "n-<x>-total", type = "integer", description = ".", source = "x", presence = "when-any", sensitivity = "operational", since = "1" },
            { name = "f", type = "number", description = ".", source = "x", presence = "when-known", sensitivity = "operational", since = "1" },
            { name = "b", type = "boolean", description = ".", source = "x", presence = "when-known", sensitivity = "operational", since = "1" },
            { name = "l", type = "names", description = ".", source = "x", presence = "when-known", sensitivity = "operational", since = "1" },
            { name = "s", type = "string", description = ".", source = "x", presence = "when-known", sensitivity = "operational", since = "1", values = ["one", "two"], aliases = { 1 = "one" } },
        ]
    "#;

    fn check(key: KeyKind, event: &str, json: &str) -> Vec<String> {
        let plan: Plan = PLAN.parse().unwrap();
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let planned = Planned::of(&plan, Unplanned::Keep);
        let found = planned.check(key, event, &Members::of(&raw).unwrap());
        let found = found
            .named()
            .map(|(violation, name)| format!("{} {name}", violation.name()));
        found.collect()
    }

    #[test]
    fn every_kind_of_violation_is_found() {
        for (json, expected) in [
            (
                r#"{"id":"","n-a-total":3,"f":1.5,"b":true,"l":[{"name":"k"}],"s":"two"}"#,
                &[][..],
            ),
            (
                r#"{"id":"x","n-a-b-total":3.0,"f":-1e9,"b":false,"l":[],"s":"1"}"#,
                &[],
            ),
            ("{}", &["Required-Missing id"]),
            (r#"{"id":null}"#, &["Datatype-Mismatch id"]),
            (r#"{"id":7}"#, &["Datatype-Mismatch id"]),
            (r#"{"id":"","n-a-total":1.5}"#, &["Datatype-Mismatch n-a-total"]),
            (r#"{"id":"","n-a-total":"3"}"#, &["Datatype-Mismatch n-a-total"]),
            (r#"{"id":"","n-a-total":1e999}"#, &["Datatype-Mismatch n-a-total"]),
            (r#"{"id":"","f":"1"}"#, &["Datatype-Mismatch f"]),
            (r#"{"id":"","b":1}"#, &["Datatype-Mismatch b"]),
            (r#"{"id":"","s":"three"}"#, &["Datatype-Mismatch s"]),
            (r#"{"id":"","l":{"name":"k"}}"#, &["Datatype-Mismatch l"]),
            (r#"{"id":"","l":["k"]}"#, &["Datatype-Mismatch l"]),
            (r#"{"id":"","l":[["k"]]}"#, &["Datatype-Mismatch l"]),
            (r#"{"id":"","l":[{"name":"k","v":1}]}"#, &["Datatype-Mismatch l"]),
            (r#"{"id":"","l":[{"name":1}]}"#, &["Datatype-Mismatch l"]),
            (r#"{"id":"","n--total":1}"#, &["Additional-Properties n--total"]),
            (r#"{"id":"","hostname":"h"}"#, &["Additional-Properties hostname"]),
            (
                r#"{"x":1,"f":[]}"#,
                &[
                    "Required-Missing id",
                    "Datatype-Mismatch f",
                    "Additional-Properties x",
                ],
            ),
        ] {
            assert_eq!(check(KeyKind::Cluster, "e", json), expected, "{json}");
        }
    }

    #[test]
    fn the_events_of_others_are_their_own_business() {
        for (key, expected) in [
            (KeyKind::Cluster, &["Unplanned-Event other"][..]),
            (KeyKind::Peer, &[]),
            (KeyKind::Server, &[]),
            (KeyKind::Ui, &[]),
        ] {
            assert_eq!(check(key, "other", r#"{"x":1}"#), expected, "{key}");
        }
    }

    #[test]
    fn few_are_named_and_all_kinds_are_counted() {
        let many: String = (0..50).map(|number| format!(r#""x{number:02}":1,"#)).collect();
        let raw: Box<RawValue> = serde_json::from_str(&format!(r#"{{{many}"y":1}}"#)).unwrap();
        let plan: Plan = PLAN.parse().unwrap();
        let planned = Planned::of(&plan, Unplanned::Keep);
        let found = planned.check(KeyKind::Cluster, "e", &Members::of(&raw).unwrap());
        assert_eq!(found.named().count(), super::super::violation::MAX_NAMED);
        let kinds: Vec<_> = found.kinds().collect();
        let expected = [
            (Violation::RequiredMissing, Some("id")),
            (Violation::AdditionalProperties, Some("x00")),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(found.additional(), Some("x00"));
    }

    #[test]
    fn the_built_in_plan_is_looked_up_as_the_plan_itself_does() {
        let plan = Plan::built_in();
        let planned = Planned::of(plan, Unplanned::Keep);
        for event in &plan.events {
            let listed = planned.event(KeyKind::Cluster, &event.name).unwrap();
            for name in [
                "health-unit-a-total",
                "health-unit-total-total",
                "health-unit--total",
                "health-unit-a-unknown",
                "cpu_total",
                "clusterId",
                "package_list",
                "action",
                "x",
                "",
            ] {
                let expected = plan.property(&event.name, name).map(|property| &property.name);
                assert_eq!(
                    listed.property(name).map(|property| &property.name),
                    expected,
                    "{} {name}",
                    event.name
                );
            }
        }
    }
}
