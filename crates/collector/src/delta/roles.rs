//! What is summed of the events of clusters, beside units. What is of their UIs stands in [`super::browser`].
//!
//! The telemetry plan says what may be collected, and changes with releases. What a message has added must be found again for as
//! long as it is kept, whatever the plan says by then. So the roles stand here, under numbered *rules*: a record says by which ones
//! its message was counted. A row is never changed nor removed, since nobody sends what the plan drops; a new one gets the next
//! number. A test compares what holds now with the plan.

use super::{CUSTOMER, Facet};

/// The rules by which messages are counted now.
pub const RULES: u8 = 2;

/// What becomes of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is summed.
    Number,
    /// Each name in it is counted.
    List(Facet),
    /// It is counted what it says.
    Value,
    /// It is counted who it names, as a hash.
    Hash(Facet),
}

/// An event of clusters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    name: &'static str,
    /// The first rules that know it.
    since: u8,
    /// Whether it is a report: made every hour, by each of a cluster's reporters.
    pub(super) is_report: bool,
    properties: &'static [Property],
}

#[derive(Debug, PartialEq, Eq)]
struct Property {
    name: &'static str,
    since: u8,
    role: Role,
}

const EVENTS: [Event; 4] = [
    Event {
        name: "health",
        since: 1,
        is_report: true,
        properties: &[number("nodes-unreachable")],
    },
    Event {
        name: "mesos_track",
        since: 1,
        is_report: true,
        properties: &[
            number("agents_active"),
            number("agents_connected"),
            number("cpu_total"),
            number("cpu_used"),
            number("disk_total"),
            number("disk_used"),
            number("framework_count"),
            list("frameworks", Facet::Framework),
            number("mem_total"),
            number("mem_used"),
            number("task_count"),
        ],
    },
    Event {
        name: "package_list",
        since: 1,
        is_report: true,
        properties: &[list("package_list", Facet::Package)],
    },
    Event {
        name: "installation",
        since: 1,
        is_report: false,
        properties: &[value("action"), value("outcome"), value("phase")],
    },
];

const fn number(name: &'static str) -> Property {
    let (since, role) = (1, Role::Number);
    Property { name, since, role }
}

const fn value(name: &'static str) -> Property {
    let (since, role) = (1, Role::Value);
    Property { name, since, role }
}

/// Properties of every event of clusters. Of a licence or a customer there is one, whichever event names it.
const COMMON: [Property; 2] = [
    Property {
        name: CUSTOMER,
        since: 1,
        role: Role::Hash(Facet::Customer),
    },
    Property {
        name: "licenseId",
        since: 1,
        role: Role::Hash(Facet::License),
    },
];

const fn list(name: &'static str, facet: Facet) -> Property {
    let (since, role) = (1, Role::List(facet));
    Property { name, since, role }
}

impl Event {
    /// The event of this name, if some rules know it.
    pub(super) fn of(name: &str, rules: u8) -> Option<&'static Event> {
        let known = |event: &&Event| event.name == name && event.since <= rules;
        EVENTS.iter().find(known)
    }

    /// What becomes of a property by some rules, if anything does.
    pub(super) fn role(&self, property: &str, rules: u8) -> Option<Role> {
        let known = |known: &&Property| known.name == property && known.since <= rules;
        let mut properties = self.properties.iter().chain(&COMMON);
        properties.find(known).map(|property| property.role)
    }
}

/// The events that are reports of clusters.
pub fn reports() -> impl Iterator<Item = &'static str> {
    EVENTS
        .iter()
        .filter(|event| event.is_report)
        .map(|event| event.name)
}

/// Whether an event is a report of clusters, in whatever message it comes.
pub fn is_report(event: &str) -> bool {
    Event::of(event, RULES).is_some_and(|event| event.is_report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heliograph_wire::plan::{self, Kind, Plan};

    #[test]
    fn the_rules_of_now_are_those_of_the_plan() {
        let role = |property: &plan::Property| match (property.kind, property.name.as_str()) {
            (Kind::Integer | Kind::Number, name) if !name.contains('<') => Some(Role::Number),
            (Kind::Names, "frameworks") => Some(Role::List(Facet::Framework)),
            (Kind::Names, "package_list") => Some(Role::List(Facet::Package)),
            (Kind::String, "action" | "outcome" | "phase") => Some(Role::Value),
            (Kind::Names, name) => panic!("{name} needs a facet"),
            _ => None,
        };
        for event in &Plan::built_in().events {
            let found = Event::of(&event.name, RULES);
            let found =
                found.unwrap_or_else(|| panic!("{} is to be added here, with the next rules", event.name));
            assert_eq!(found.is_report, event.preview.is_some(), "{}", event.name);
            let planned = event.properties.iter();
            let planned = planned.filter_map(|property| Some((property.name.as_str(), role(property)?)));
            for (property, role) in planned {
                let here = found.role(property, RULES);
                assert_eq!(
                    here,
                    Some(role),
                    "{}, {property}: a new row gets the next rules",
                    event.name
                );
            }
        }
    }

    #[test]
    fn earlier_rules_know_nothing_of_what_came_later() {
        assert!(Event::of("health", 0).is_none());
        let health = Event::of("health", RULES).unwrap();
        assert_eq!(health.role("nodes-unreachable", RULES), Some(Role::Number));
        assert_eq!(health.role("nodes-unreachable", 0), None);
        assert!(is_report("package_list") && !is_report("installation") && !is_report("page"));
    }
}
