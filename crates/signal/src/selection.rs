//! What of the plan an operator lets out: the level, and the list `omit`.

use heliograph_wire::plan::{Event, Level, Plan, Property};
use heliograph_wire::segment::Properties;
use serde_json::{Map, Value};

/// Properties that no setting removes: without them a message is nobody's.
pub const ALWAYS: [&str; 4] = ["clusterId", "anonymousId", "source", "environmentVersion"];

/// What people call the call `identify`.
const LOG_IN: &str = "login";

/// The operator's selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// How much is sent.
    pub level: Level,
    /// What is left out: properties by their names in the plan, or with `*` for any text; whole events and calls of the web UI by
    /// their names alone, so that nobody who means some properties loses an event.
    pub omit: Vec<String>,
}

impl Selection {
    /// Whether a property may leave, by its own name and the plan's line for it.
    pub fn admits(&self, name: &str, planned: &Property) -> bool {
        if ALWAYS.contains(&name) {
            return true;
        }
        // The customer key leaves under two names; who leaves out the one means the other, too.
        let alias = if name == "userId" { "customerKey" } else { name };
        let omitted = self.omit.iter().any(|pattern| {
            let pattern = dashed(pattern);
            matches(&pattern, name) || matches(&pattern, alias) || *pattern == planned.name
        });
        planned.level <= self.level && !omitted
    }

    /// Whether an event, and any property of its own, may leave; if not, its source need not be asked.
    pub fn admits_event(&self, event: &str) -> bool {
        let planned = Plan::built_in().event(event);
        let own = planned.iter().flat_map(|event| &event.properties);
        !self.omits(event)
            && own
                .into_iter()
                .any(|property| self.admits(&property.name, property))
    }

    /// Whether a call or an event of the web UI may leave.
    pub fn admits_message(&self, planned: &Event) -> bool {
        let own = &planned.properties;
        let says_something =
            own.is_empty() || own.iter().any(|property| self.admits(&property.name, property));
        !self.omits(&planned.name) && says_something
    }

    /// Whether an event or a call is left out as a whole.
    fn omits(&self, event: &str) -> bool {
        self.omit
            .iter()
            .any(|name| name == event || (name == LOG_IN && event == "identify"))
    }

    /// Whether the customer key may leave as `userId`.
    pub fn admits_user(&self) -> bool {
        let planned = Plan::built_in()
            .envelope
            .iter()
            .find(|property| property.name == "userId");
        planned.is_some_and(|planned| self.admits("userId", planned))
    }

    /// Whether the licence's id may leave with any event; if not, nobody need be asked for it.
    pub fn admits_licence(&self) -> bool {
        let planned = Plan::built_in().property("health", "licenseId");
        planned.is_some_and(|planned| self.admits("licenseId", planned))
    }

    /// Takes out of an event's properties what may not leave.
    pub fn filter(&self, event: &str, properties: &mut Properties) {
        let plan = Plan::built_in();
        properties.retain(|name, _| {
            plan.property(event, name)
                .is_some_and(|planned| self.admits(name, planned))
        });
    }

    /// Whether messages of the web UI may leave at all: not under `level = "health"`, nor where each of them is left out.
    pub fn admits_ui(&self) -> bool {
        let ui = &Plan::built_in().ui;
        let mut all = ui.calls.iter().chain(&ui.events);
        ui.envelope.iter().all(|planned| planned.level <= self.level)
            && all.any(|planned| self.admits_message(planned))
    }

    /// Takes out of a message of the web UI what may not leave; whether something is left of it.
    pub fn filter_ui(&self, message: &mut Map<String, Value>) -> bool {
        let plan = Plan::built_in();
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        let Some(listed) = text("type").and_then(|call| plan.ui.message(call, text("event"))) else {
            return false;
        };
        if !self.admits_ui() || !self.admits_message(listed) {
            return false;
        }
        for name in ["properties", "traits"] {
            let Some(properties) = message.get_mut(name).and_then(Value::as_object_mut) else {
                continue;
            };
            properties.retain(|name, _| {
                let common = || plan.common.iter().find(|planned| planned.matches(name));
                let planned = plan.ui.property(listed, name).or_else(common);
                planned.is_some_and(|planned| self.admits(name, planned))
            });
        }
        let user = plan.ui.envelope.iter().find(|planned| planned.name == "userId");
        if !user.is_some_and(|planned| self.admits("userId", planned)) {
            message.remove("userId");
        }
        if let Some(context) = message.get_mut("context").and_then(Value::as_object_mut) {
            for planned in plan.ui.envelope.iter().chain(&plan.ui.relay) {
                if let Some(member) = planned.name.strip_prefix("context.")
                    && !self.admits(&planned.name, planned)
                {
                    context.remove(member);
                }
            }
        }
        true
    }

    /// A kept message as it may leave now: what the operator holds back meanwhile is taken out, and a message with nothing of its
    /// own left is none.
    pub fn narrow(&self, message: &str) -> Option<String> {
        if *self == Selection::default() {
            return Some(message.to_owned());
        }
        let mut message: Value = serde_json::from_str(message).ok()?;
        let event = message
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if Plan::built_in().event(&event).is_none() {
            let of_ui = message.as_object_mut()?;
            return self.filter_ui(of_ui).then(|| message.to_string());
        }
        if !self.admits_event(&event) {
            return None;
        }
        self.filter(&event, message.get_mut("properties")?.as_object_mut()?);
        if !self.admits_user() {
            message.as_object_mut()?.remove("userId");
        }
        Some(message.to_string())
    }

    /// Names in `omit` that match nothing in the plan.
    pub fn unknown(&self) -> Vec<&str> {
        let plan = Plan::built_in();
        let events = plan.events.iter().chain(&plan.ui.calls).chain(&plan.ui.events);
        let of_events: Vec<_> = events.clone().map(|event| event.name.as_str()).collect();
        let own = events.flat_map(|event| &event.properties);
        let of_all = plan.envelope.iter().chain(&plan.common);
        let of_ui = plan
            .ui
            .envelope
            .iter()
            .chain(&plan.ui.common)
            .chain(&plan.ui.relay);
        let known: Vec<_> = of_all.chain(of_ui).chain(own).collect();
        let names = self.omit.iter().map(String::as_str);
        names
            .filter(|name| !of_events.contains(name) && *name != LOG_IN)
            .filter(|name| !known.iter().any(|property| meet(&dashed(name), &property.name)))
            .collect()
    }
}

/// Units are told with `-` for `.`; whoever writes the unit's own name means the same.
fn dashed(pattern: &str) -> String {
    if pattern.starts_with("health-unit-") {
        pattern.replace('.', "-")
    } else {
        pattern.to_owned()
    }
}

/// Whether a pattern with `*` and a name of the plan, perhaps with `<…>`, have a beginning in common: then some property may
/// match both.
fn meet(pattern: &str, planned: &str) -> bool {
    if pattern == planned {
        return true;
    }
    let (head, open) = pattern
        .split_once('*')
        .map_or((pattern, false), |(head, _)| (head, true));
    let (fixed, family) = planned
        .split_once('<')
        .map_or((planned, false), |(fixed, _)| (fixed, true));
    match (open, family) {
        (false, false) => head == fixed,
        (true, false) => matches(pattern, planned),
        (false, true) => head.starts_with(fixed) && head.len() > fixed.len(),
        (true, true) => head.starts_with(fixed) || fixed.starts_with(head),
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

    #[test]
    fn patterns_of_units_are_known_and_the_customer_key_has_two_names() {
        let omit = [
            "health-unit-dcos-*",
            "health-unit-dcos-net.service-total",
            "customerKey",
        ]
        .map(str::to_owned)
        .to_vec();
        let selection = Selection {
            level: Level::Standard,
            omit,
        };
        assert_eq!(selection.unknown(), Vec::<&str>::new());
        assert!(!selection.admits_user());
        assert_eq!(
            left(
                &selection,
                "health",
                &[
                    "health-unit-dcos-net-service-total",
                    "health-unit-ssh-service-total"
                ]
            ),
            ["health-unit-ssh-service-total"]
        );
    }

    #[test]
    fn what_was_kept_leaves_as_is_allowed_now() {
        let message = r#"{"event":"mesos_track","properties":{"clusterId":"c","cpu_total":8,"customerKey":"k"},"userId":"k"}"#;
        assert_eq!(Selection::default().narrow(message).as_deref(), Some(message));
        let omitting = Selection {
            level: Level::Standard,
            omit: vec!["customerKey".to_owned()],
        };
        assert_eq!(
            omitting.narrow(message).unwrap(),
            r#"{"event":"mesos_track","properties":{"clusterId":"c","cpu_total":8}}"#
        );
        assert_eq!(
            Selection {
                level: Level::Health,
                omit: vec![]
            }
            .narrow(message),
            None
        );
    }

    #[test]
    fn whole_events_are_left_out_by_their_names() {
        let omitting = |omit: &[&str]| Selection {
            level: Level::Standard,
            omit: omit.iter().map(|name| (*name).to_owned()).collect(),
        };
        let selection = omitting(&["mesos_track", "page", "context.drift", "login", "logout"]);
        assert_eq!(selection.unknown(), ["logout"]);
        assert!(!selection.admits_event("mesos_track") && selection.admits_event("health"));
        assert!(selection.admits_ui());
        assert!(!omitting(&["page", "login", "ui_error", "ui_load_failed"]).admits_ui());
    }

    #[test]
    fn messages_of_the_ui_leave_as_far_as_they_may() {
        let page = r#"{"type":"page","anonymousId":"b","userId":"u","name":"/","properties":{"clusterId":"c","environmentVersion":"1","provider":"aws","customerKey":"k"}}"#;
        let narrow = |level, omit: &[&str], message: &str| {
            let selection = Selection {
                level,
                omit: omit.iter().map(|name| (*name).to_owned()).collect(),
            };
            let left = selection.narrow(message)?;
            Some(serde_json::from_str::<Value>(&left).unwrap())
        };
        assert_eq!(narrow(Level::Health, &[], page), None);
        let left = narrow(Level::Standard, &["prov*", "clusterId"], page).unwrap();
        assert_eq!(
            left["properties"],
            serde_json::json!({"clusterId": "c", "environmentVersion": "1", "customerKey": "k"})
        );
        assert_eq!(left["userId"], "u");
        let left = narrow(Level::Standard, &["userId"], page).unwrap();
        assert_eq!((left.get("userId"), &left["name"]), (None, &"/".into()));
        let error = r#"{"type":"track","event":"ui_error","properties":{"route":"/","kind":"Error","x":1}}"#;
        let left = narrow(Level::Standard, &["kind"], error).unwrap();
        assert_eq!(left["properties"], serde_json::json!({"route": "/"}));
        assert_eq!(narrow(Level::Standard, &["kind", "route"], error), None);
        assert_eq!(narrow(Level::Standard, &["ui_error"], error), None);
        assert_eq!(narrow(Level::Standard, &["page"], page), None);
        assert!(narrow(Level::Standard, &["pa*", "login"], page).is_some());
        for name in ["login", "identify"] {
            assert_eq!(
                narrow(Level::Standard, &[name], r#"{"type":"identify","traits":{}}"#),
                None
            );
        }
        let drifting =
            r#"{"type":"page","context":{"drift":3,"reporter":"r","library":{"name":"l"}},"properties":{}}"#;
        let left = narrow(Level::Standard, &["context.drift"], drifting).unwrap();
        assert_eq!(
            left["context"],
            serde_json::json!({"reporter": "r", "library": {"name": "l"}})
        );
        assert_eq!(
            narrow(
                Level::Standard,
                &["x"],
                r#"{"type":"track","event":"own","properties":{}}"#
            ),
            None
        );
    }
}
