//! A report: what one cycle tells of its cluster, as the properties of up to three events, and as the messages that carry them.

use heliograph_wire::catalogue::Catalogue;
use heliograph_wire::id::{ClusterId, Hour, MessageId};
use heliograph_wire::plan::Plan;
use heliograph_wire::segment::{MAX_MESSAGE, Properties, Sender, Track};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::collect::{Collection, Mesos};
use crate::config::{Config, Secret};
use crate::tally::Tally;

/// One event of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event's name.
    pub name: &'static str,
    /// The properties that all events of a cluster have.
    pub common: Properties,
    /// Its own.
    pub own: Properties,
}

/// What a cycle tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `package_list`, if Cosmos said something.
    pub cosmos: Option<Event>,
    /// `health`, if diagnostics said something.
    pub diagnostics: Option<Event>,
    /// `mesos_track`, if Mesos said something.
    pub mesos: Option<Event>,
}

impl Report {
    /// Makes the report of a collection. What the plan does not list is left out here, whatever made it, and so is what the
    /// operator's selection holds back; an event that has nothing of its own to say is not made.
    pub fn new(
        collection: &Collection,
        config: &Config,
        cluster: &ClusterId,
        catalogue: &Catalogue,
    ) -> Report {
        let common = common(config, cluster);
        let event = |name, own: Properties| {
            let had_something = !own.is_empty();
            let (mut common, mut own) = (planned(name, common.clone()), planned(name, own));
            config.selection.filter(name, &mut common);
            config.selection.filter(name, &mut own);
            (!own.is_empty() || !had_something).then_some(Event { name, common, own })
        };
        let Collection {
            packages: cosmos,
            health: diagnostics,
            mesos: master,
            tried: _,
        } = collection;
        Report {
            cosmos: cosmos
                .said()
                .and_then(|answer| event("package_list", packages(&answer.packages, catalogue))),
            diagnostics: diagnostics
                .said()
                .and_then(|tally| event("health", health(tally))),
            mesos: master
                .said()
                .and_then(|told| event("mesos_track", mesos(told, catalogue))),
        }
    }

    /// The messages that carry it: one an event, more where one would be larger than [`MAX_MESSAGE`].
    pub fn messages(&self, sender: &Sender, at: Timestamp) -> Vec<Track> {
        let hour = Hour::of(at);
        let mut messages = Vec::new();
        for event in [&self.diagnostics, &self.cosmos, &self.mesos]
            .into_iter()
            .flatten()
        {
            for (part, properties) in (1..).zip(event.parts(sender, at)) {
                let id = MessageId::of_report(&sender.cluster, event.name, hour, part);
                messages.push(Track::new(sender, event.name, &id, properties, at));
            }
        }
        messages
    }
}

impl Event {
    /// All properties, common and own.
    pub fn properties(&self) -> Properties {
        self.common.clone().into_iter().chain(self.own.clone()).collect()
    }

    /// The properties in portions that each fit into a message with the common ones.
    fn parts(&self, sender: &Sender, at: Timestamp) -> Vec<Properties> {
        let id = MessageId::of_report(&sender.cluster, self.name, Hour::of(at), u32::MAX);
        let empty = Track::new(sender, self.name, &id, self.common.clone(), at);
        let room = MAX_MESSAGE.saturating_sub(size(&json!(empty)));
        let mut parts = vec![self.common.clone()];
        let mut left = room;
        for (name, value) in &self.own {
            for value in pieces(value, room.saturating_sub(name.len() + 8)) {
                // Quotes, colon and comma beside name and value.
                let needs = size(&json!(name)) + size(&value) + 2;
                let full = |part: &Properties| {
                    part.contains_key(name) || (needs > left && part.len() > self.common.len())
                };
                if parts.last().is_some_and(full) {
                    parts.push(self.common.clone());
                    left = room;
                }
                if let Some(part) = parts.last_mut() {
                    part.insert(name.clone(), value);
                    left = left.saturating_sub(needs);
                }
            }
        }
        parts
    }
}

/// A long list in pieces of at most `room` bytes; anything else as it is.
fn pieces(value: &Value, room: usize) -> Vec<Value> {
    let Some(list) = value.as_array().filter(|_| size(value) > room) else {
        return vec![value.clone()];
    };
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut used = 2;
    for item in list {
        let needs = size(item) + 1;
        if used + needs > room && !piece.is_empty() {
            pieces.push(Value::Array(std::mem::take(&mut piece)));
            used = 2;
        }
        piece.push(item.clone());
        used += needs;
    }
    pieces.push(Value::Array(piece));
    pieces
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

/// Leaves out what the plan does not list. That is a defect of ours, so it is said aloud.
fn planned(event: &str, mut properties: Properties) -> Properties {
    let dropped = Plan::built_in().filter(event, &mut properties);
    if !dropped.is_empty() {
        tracing::error!(event, "not in the plan, so not sent: {}", dropped.join(", "));
    }
    properties
}

/// The properties that every event of a cluster has, before the operator's selection.
pub fn common(config: &Config, cluster: &ClusterId) -> Properties {
    let exposed =
        |secret: &Option<Secret>| secret.as_ref().map(Secret::expose).unwrap_or_default().to_owned();
    let provider = Plan::built_in()
        .property("health", "provider")
        .filter(|_| !config.provider.is_empty());
    let provider = provider
        .and_then(|property| property.canonical(&config.provider))
        .unwrap_or_default();
    let mut properties = Properties::new();
    properties.insert("clusterId".to_owned(), cluster.as_str().into());
    properties.insert("customerKey".to_owned(), exposed(&config.customer_key).into());
    properties.insert(
        "environmentVersion".to_owned(),
        config.environment_version.as_str().into(),
    );
    properties.insert("provider".to_owned(), provider.into());
    properties.insert("source".to_owned(), "cluster".into());
    properties.insert("variant".to_owned(), config.variant.as_str().into());
    for (name, value) in [
        ("licenseId", exposed(&config.license_id)),
        ("platform", config.platform.clone()),
    ] {
        if !value.is_empty() {
            properties.insert(name.to_owned(), value.into());
        }
    }
    properties
}

fn health(tally: &Tally) -> Properties {
    let mut properties = Properties::new();
    for (unit, counts) in &tally.units {
        if counts.total > 0 {
            properties.insert(format!("health-unit-{unit}-total"), counts.total.into());
            properties.insert(format!("health-unit-{unit}-unhealthy"), counts.unhealthy.into());
        }
        if counts.unknown > 0 {
            properties.insert(format!("health-unit-{unit}-unknown"), counts.unknown.into());
        }
    }
    if tally.nodes_unreachable > 0 {
        properties.insert("nodes-unreachable".to_owned(), tally.nodes_unreachable.into());
    }
    properties
}

fn packages(names: &[String], catalogue: &Catalogue) -> Properties {
    let list = named(names.iter().map(|name| catalogue.package(name)));
    Properties::from_iter([("package_list".to_owned(), list)])
}

fn mesos(told: &Mesos, catalogue: &Catalogue) -> Properties {
    let mut properties: Properties = told
        .metrics
        .iter()
        .map(|(name, value)| ((*name).to_owned(), number(*value)))
        .collect();
    if let Some(names) = &told.frameworks {
        properties.insert(
            "frameworks".to_owned(),
            named(names.iter().map(|name| catalogue.framework(name))),
        );
    }
    properties
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    names.map(|name| json!({ "name": name })).collect()
}

/// A whole number is written without a fraction, as in the seed.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and within the range in which f64 is exact"
    )]
    if value.fract() == 0.0 && value.abs() < EXACT {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
