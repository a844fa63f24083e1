//! What of the plan an operator lets out: the level, and the list `omit`.

use heliograph_wire::plan::{Level, Plan, Property};
use heliograph_wire::segment::Properties;

/// Properties that no setting removes: without them a message is nobody's.
pub const ALWAYS: [&str; 4] = ["clusterId", "anonymousId", "source", "environmentVersion"];

/// The operator's selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// How much is sent.
    pub level: Level,
    /// Names of properties that are left out: as in the plan, or with `*` for any text.
    pub omit: Vec<String>,
}

impl Selection {
    /// Whether a property may leave, by its own name and the plan's line for it.
    pub fn admits(&self, name: &str, planned: &Property) -> bool {
        if ALWAYS.contains(&name) {
            return true;
        }
        let omitted = self
            .omit
            .iter()
            .any(|pattern| matches(pattern, name) || *pattern == planned.name);
        planned.level <= self.level && !omitted
    }

    /// Whether any property of an event's own may leave; if not, its source need not be asked.
    pub fn admits_event(&self, event: &str) -> bool {
        Plan::built_in().event(event).is_some_and(|event| {
            event
                .properties
                .iter()
                .any(|property| self.admits(&property.name, property))
        })
    }

    /// Whether the customer key may leave as `userId`.
    pub fn admits_user(&self) -> bool {
        let planned = Plan::built_in()
            .envelope
            .iter()
            .find(|property| property.name == "userId");
        planned.is_some_and(|planned| self.admits("userId", planned))
    }

    /// Takes out of an event's properties what may not leave.
    pub fn filter(&self, event: &str, properties: &mut Properties) {
        let plan = Plan::built_in();
        properties.retain(|name, _| {
            plan.property(event, name)
                .is_some_and(|planned| self.admits(name, planned))
        });
    }

    /// Names in `omit` that match nothing in the plan.
    pub fn unknown(&self) -> Vec<&str> {
        let plan = Plan::built_in();
        let own = plan.events.iter().flat_map(|event| &event.properties);
        let known: Vec<_> = plan.envelope.iter().chain(&plan.common).chain(own).collect();
        let names = self.omit.iter().map(String::as_str);
        names
            .filter(|name| {
                !known.iter().any(|property| {
                    property.name == **name || property.matches(name) || matches(name, &property.name)
                })
            })
            .collect()
    }
}

/// Whether a name matches a pattern in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else {
        return false;
    };
    let Some(tail) = pattern.contains('*').then(|| parts.next_back()).flatten() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(selection: &Selection, event: &str, names: &[&str]) -> Vec<String> {
        let mut properties: Properties = names.iter().map(|name| ((*name).to_owned(), 1.into())).collect();
        selection.filter(event, &mut properties);
        properties.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("cpu_total", "cpu_total", true),
            ("cpu_*", "cpu_used", true),
            ("*_total", "cpu_total", true),
            ("health-unit-*-total", "health-unit-a-service-total", true),
            ("health-unit-*-total", "health-unit-a-service-unhealthy", false),
            ("*", "x", true),
            ("a*b*c", "a-b-b-c", true),
            ("ab*ba", "aba", false),
            ("cpu", "cpu_total", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn health_leaves_out_who_and_what() {
        let selection = Selection {
            level: Level::Health,
            omit: vec![],
        };
        let common = [
            "clusterId",
            "customerKey",
            "environmentVersion",
            "licenseId",
            "platform",
            "provider",
            "source",
            "variant",
        ];
        assert_eq!(
            left(&selection, "health", &common),
            ["clusterId", "environmentVersion", "provider", "source", "variant"]
        );
        assert_eq!(
            left(
                &selection,
                "health",
                &["health-unit-a-total", "nodes-unreachable"]
            ),
            ["health-unit-a-total", "nodes-unreachable"]
        );
        assert!(
            selection.admits_event("health")
                && !selection.admits_event("mesos_track")
                && !selection.admits_event("package_list")
        );
        assert!(!selection.admits_user() && Selection::default().admits_user());
    }

    #[test]
    fn what_is_omitted_stays_and_what_must_go_goes() {
        let omit = [
            "cpu_*",
            "clusterId",
            "source",
            "provider",
            "health-unit-<unit>-unhealthy",
            "nonsense",
        ]
        .map(str::to_owned)
        .to_vec();
        let selection = Selection {
            level: Level::Standard,
            omit,
        };
        assert_eq!(
            left(
                &selection,
                "mesos_track",
                &[
                    "cpu_total",
                    "cpu_used",
                    "mem_used",
                    "clusterId",
                    "source",
                    "provider"
                ]
            ),
            ["clusterId", "mem_used", "source"]
        );
        assert_eq!(
            left(
                &selection,
                "health",
                &["health-unit-a-total", "health-unit-a-unhealthy"]
            ),
            ["health-unit-a-total"]
        );
        assert_eq!(selection.unknown(), ["nonsense"]);
    }
}
