//! The telemetry plan, made ready to check messages quickly: an event's properties by name, its families of names by how they
//! begin and end.
//!
//! Whose events are checked: those that the plan lists, and with a key of the kind `cluster` those too that it does not list, since
//! the plan lists what clusters send. An event of a server or of a browser is the vendor's own business, unless the plan lists it.

use std::collections::HashMap;

use heliograph_wire::plan::{Event, Kind, Plan, Presence, Property};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::members::Members;
use super::text;
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
    events: HashMap<&'p str, Listed<'p>>,
    /// What becomes of what it does not list.
    pub unplanned: Unplanned,
}

/// An event that the plan lists.
#[derive(Debug)]
pub struct Listed<'p> {
    /// Sorted by name.
    names: Vec<&'p Property>,
    families: Vec<Family<'p>>,
    required: Vec<&'p str>,
}

/// Properties whose names begin and end alike.
#[derive(Debug)]
struct Family<'p> {
    head: &'p str,
    tail: &'p str,
    property: &'p Property,
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
        let listed = |event: &'p Event| (event.name.as_str(), Listed::of(event, &plan.common));
        Planned {
            events: plan.events.iter().map(listed).collect(),
            unplanned,
        }
    }

    /// An event that the plan lists.
    pub fn event(&self, name: &str) -> Option<&Listed<'p>> {
        self.events.get(name)
    }

    /// How a message differs from the plan.
    pub fn check(&self, key: KeyKind, event: &str, properties: &Members<'_>) -> Violations {
        let mut violations = Violations::default();
        match self.event(event) {
            Some(listed) => listed.check(properties, &mut violations),
            None if key == KeyKind::Cluster => violations.add(Violation::UnplannedEvent, event),
            None => {}
        }
        violations
    }
}

impl<'p> Listed<'p> {
    fn of(event: &'p Event, common: &'p [Property]) -> Listed<'p> {
        let all = || event.properties.iter().chain(common);
        let mut names: Vec<_> = all().filter(|property| !property.name.contains('<')).collect();
        names.sort_by_key(|property| property.name.as_str());
        let families = all().filter_map(|property| {
            let (head, rest) = property.name.split_once('<')?;
            let tail = rest.split_once('>').map_or("", |(_, tail)| tail);
            Some(Family { head, tail, property })
        });
        let required = names
            .iter()
            .filter(|property| property.presence == Presence::Always);
        Listed {
            required: required.map(|property| property.name.as_str()).collect(),
            families: families.collect(),
            names,
        }
    }

    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&'p Property> {
        let family = self.families.iter().find(|family| family.holds(name));
        family.map(|family| family.property).or_else(|| {
            let found = self
                .names
                .binary_search_by(|property| property.name.as_str().cmp(name));
            found.ok().and_then(|at| self.names.get(at)).copied()
        })
    }

    fn check(&self, properties: &Members<'_>, violations: &mut Violations) {
        for name in &self.required {
            if properties.get(name).is_none() {
                violations.add(Violation::RequiredMissing, name);
            }
        }
        for (name, raw) in properties.iter() {
            match self.property(name) {
                None => violations.add(Violation::AdditionalProperties, name),
                Some(property) if !admits(property, raw) => {
                    violations.add(Violation::DatatypeMismatch, name);
                }
                Some(_) => {}
            }
        }
    }
}

impl Family<'_> {
    fn holds(&self, name: &str) -> bool {
        // A report has many names: most are told apart by their last letter.
        let last = |text: &str| text.as_bytes().last().copied();
        (last(name) == last(self.tail) || self.tail.is_empty())
            && name.len() > self.head.len() + self.tail.len()
            && name.ends_with(self.tail)
            && name.starts_with(self.head)
    }
}

/// Whether the value has the property's type and is of its closed set, in any spelling.
fn admits(property: &Property, raw: &RawValue) -> bool {
    let json = raw.get();
    let first = json.bytes().next().unwrap_or_default();
    let is_number = || first == b'-' || first.is_ascii_digit();
    match property.kind {
        Kind::String => first == b'"' && (property.values.is_empty() || is_listed(property, raw)),
        Kind::Integer => is_number() && is_whole(json),
        Kind::Number => is_number(),
        Kind::Boolean => matches!(first, b't' | b'f'),
        Kind::Names => first == b'[' && is_names(json),
    }
}

fn is_listed(property: &Property, raw: &RawValue) -> bool {
    text::string(raw).is_some_and(|text| {
        let text = text.as_ref();
        property.values.iter().any(|value| value == text) || property.aliases.contains_key(text)
    })
}

fn is_whole(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        || json
            .parse()
            .is_ok_and(|number: f64| number.is_finite() && number.fract() == 0.0)
}

fn is_names(json: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named<'a> {
        #[serde(borrow, rename = "name")]
        _name: &'a RawValue,
    }
    let items: Result<Vec<&RawValue>, _> = serde_json::from_str(json);
    items.is_ok_and(|items| {
        items.iter().all(|item| {
            let named: Result<Named<'_>, _> = serde_json::from_str(item.get());
            item.get().starts_with('{') && named.is_ok_and(|named| named._name.get().starts_with('"'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let listed = planned.event(&event.name).unwrap();
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
