//! The telemetry plan: every event and property that may be collected (Segment calls it a tracking plan).
//!
//! It is written in `plan/telemetry-plan.toml`, compiled in, and the only allow-list: signal drops what it does not list, the
//! collector checks what arrives against it, `docs/data-dictionary.md` is generated from it.

mod ui;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::ui::Ui;

/// The plan's text as compiled in.
pub const TEXT: &str = include_str!("../../../plan/telemetry-plan.toml");

/// A plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The release that it belongs to.
    pub version: String,
    /// What a message carries beside its properties.
    pub envelope: Vec<Property>,
    /// Properties of every event of a cluster.
    pub common: Vec<Property>,
    /// The events with properties of their own.
    #[serde(rename = "event")]
    pub events: Vec<Event>,
    /// What the user interface may send.
    #[serde(default)]
    pub ui: Ui,
}

/// An event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its name on the wire.
    pub name: String,
    /// Its name for readers.
    pub title: String,
    /// The key of its track in the preview, where it is part of a report.
    pub preview: Option<String>,
    /// What it tells.
    pub description: String,
    /// Whether it is sent only where somebody switched it on.
    #[serde(default, rename = "opt-in")]
    pub opt_in: bool,
    /// Its properties beside the common ones.
    #[serde(rename = "property")]
    pub properties: Vec<Property>,
}

/// A property, or a family of them whose name is a pattern with one `<…>` in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Name or pattern.
    pub name: String,
    /// Type of its value.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What a number counts or measures.
    pub unit: Option<String>,
    /// What it tells.
    pub description: String,
    /// Who knows it.
    pub source: String,
    /// When it is there.
    pub presence: Presence,
    /// How much it tells of whom.
    pub sensitivity: Sensitivity,
    /// From which level on it is sent.
    #[serde(default = "standard")]
    pub level: Level,
    /// The release that first sent it.
    pub since: String,
    /// An example of its value.
    pub example: Option<String>,
    /// The closed set its values are taken from; empty when it is open.
    #[serde(default)]
    pub values: Vec<String>,
    /// Other spellings of values.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The value that stands for all others.
    pub otherwise: Option<String>,
}

/// Type of a property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A text.
    String,
    /// A number without a fraction.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list of `{"name": text}`.
    Names,
}

/// When a property is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// In every message.
    Always,
    /// Where it is configured.
    WhenSet,
    /// When the source told it.
    WhenKnown,
    /// When there is something to count.
    WhenAny,
}

/// How much a property tells of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// How the cluster fares, of nobody in particular.
    Operational,
    /// Singles out one installation, without saying whose.
    Pseudonymous,
    /// Tells the vendor whose installation it is.
    Identifying,
}

/// How much an operator lets out; each level holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// How units and nodes fare, with version, provider and variant.
    Health,
    /// All of the plan.
    #[default]
    Standard,
}

fn standard() -> Level {
    Level::Standard
}

impl Plan {
    /// The plan that this program was built with.
    pub fn built_in() -> &'static Plan {
        #[expect(clippy::expect_used, reason = "the text is a constant and a test parses it")]
        static PLAN: LazyLock<Plan> = LazyLock::new(|| TEXT.parse().expect("the built-in plan parses"));
        &PLAN
    }

    /// The event of this name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The property of this name that the event may carry.
    pub fn property(&self, event: &str, name: &str) -> Option<&Property> {
        let own = &self.event(event)?.properties;
        own.iter()
            .chain(&self.common)
            .find(|property| property.matches(name))
    }

    /// Takes out of an event's properties all that the plan does not list, or lists with another type; returns their names.
    pub fn filter(&self, event: &str, properties: &mut Map<String, Value>) -> Vec<String> {
        let mut dropped = Vec::new();
        properties.retain(|name, value| {
            let listed = self
                .property(event, name)
                .is_some_and(|property| property.admits(value));
            if !listed {
                dropped.push(name.clone());
            }
            listed
        });
        dropped
    }
}

impl std::str::FromStr for Plan {
    type Err = toml::de::Error;

    fn from_str(text: &str) -> Result<Plan, toml::de::Error> {
        toml::from_str(text)
    }
}

impl Property {
    /// Whether the name is the property's, or one of its family.
    pub fn matches(&self, name: &str) -> bool {
        let Some((head, rest)) = self.name.split_once('<') else {
            return self.name == name;
        };
        let tail = rest.split_once('>').map_or("", |(_, tail)| tail);
        name.len() > head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
    }

    /// Whether the value has the property's type.
    pub fn admits(&self, value: &Value) -> bool {
        match self.kind {
            Kind::String => value.is_string(),
            Kind::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Kind::Number => value.is_number(),
            Kind::Boolean => value.is_boolean(),
            Kind::Names => value.as_array().is_some_and(|list| list.iter().all(is_named)),
        }
    }

    /// The value of the closed set that a text stands for, by any of its spellings; `None` when it stands for none.
    pub fn canonical<'a>(&'a self, text: &'a str) -> Option<Cow<'a, str>> {
        if self.values.is_empty() {
            return Some(Cow::Borrowed(text));
        }
        let text = text.trim().to_lowercase();
        let known = self.values.iter().find(|value| **value == text);
        known
            .or_else(|| self.aliases.get(&text))
            .or(self.otherwise.as_ref())
            .map(|value| Cow::Borrowed(value.as_str()))
    }
}

fn is_named(item: &Value) -> bool {
    item.as_object()
        .is_some_and(|item| item.len() == 1 && item.get("name").is_some_and(Value::is_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_built_in_plan_is_sound() {
        let plan = Plan::built_in();
        for property in plan
            .common
            .iter()
            .chain(plan.events.iter().flat_map(|event| &event.properties))
        {
            let name = &property.name;
            let counts = matches!(property.kind, Kind::Integer | Kind::Number);
            assert_eq!(
                counts,
                property.unit.is_some(),
                "{name}: numbers, and only they, have a unit"
            );
            assert!(
                property.description.ends_with('.'),
                "{name}: a description is a sentence"
            );
            for value in property.aliases.values().chain(&property.otherwise) {
                assert!(
                    property.values.contains(value),
                    "{name}: {value} is not in its set"
                );
            }
        }
        for property in plan
            .ui
            .calls
            .iter()
            .chain(&plan.ui.events)
            .flat_map(|event| &event.properties)
        {
            assert!(property.description.ends_with('.'), "{}", property.name);
        }
        for event in &plan.events {
            for property in &event.properties {
                let found = plan.property(&event.name, &property.name).unwrap();
                assert_eq!(found.name, property.name, "another pattern takes this name first");
            }
        }
    }

    #[test]
    fn only_what_is_listed_passes() {
        let mut properties = json!({
            "health-unit-dcos-x-service-total": 3, "health-unit--total": 1, "health-unit-a-total": "3", "nodes-unreachable": 1.5,
            "clusterId": "c", "hostname": "h", "cpu_total": 8,
        });
        let properties = properties.as_object_mut().unwrap();
        let dropped = Plan::built_in().filter("health", properties);
        assert_eq!(
            dropped,
            [
                "cpu_total",
                "health-unit--total",
                "health-unit-a-total",
                "hostname",
                "nodes-unreachable"
            ]
        );
        assert_eq!(
            properties.keys().collect::<Vec<_>>(),
            ["clusterId", "health-unit-dcos-x-service-total"]
        );

        let mut lists = json!({"package_list": [{"name": "kafka", "version": "1"}]});
        assert_eq!(
            Plan::built_in().filter("package_list", lists.as_object_mut().unwrap()),
            ["package_list"]
        );
    }

    #[test]
    fn spellings_are_mapped_to_the_closed_set() {
        let plan = Plan::built_in();
        let provider = plan.property("health", "provider").unwrap();
        for (text, value) in [
            ("aws", "aws"),
            (" AWS", "aws"),
            ("onprem", "on-prem"),
            ("On-Premises", "on-prem"),
            ("my cellar", "other"),
        ] {
            assert_eq!(provider.canonical(text).unwrap(), value);
        }
        assert_eq!(
            plan.property("health", "variant").unwrap().canonical("closed"),
            None
        );
    }
}
