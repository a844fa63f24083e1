//! Whether what files declare can be meant, one by one and together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use heliograph_wire::plan::{self, Kind, Level, Plan, Presence, Sensitivity};
use toml::Spanned;

use super::PlanDirError;
use super::file::{Declaration, Event, Property};
use crate::ingest::planned::Declared;
use crate::key::KeyKind;

/// Longest name of an event or a property, in bytes.
const MAX_NAME: usize = 60;
/// Most events.
const MAX_EVENTS: usize = 500;
/// Most properties of an event.
const MAX_PROPERTIES: usize = 200;
/// Most properties of an event of which it is counted what they say: each adds to what a message costs.
const MAX_BREAKDOWNS: usize = 16;
/// Most values of a closed set, and the longest.
const MAX_VALUES: usize = 500;
const MAX_VALUE: usize = crate::delta::NAME_BYTES;
/// The kinds of keys that events are sent with. What a peer passes on was sent with one of them.
const KEYS: [KeyKind; 3] = [KeyKind::Cluster, KeyKind::Server, KeyKind::Ui];

/// What was declared so far.
pub(super) struct Check<'p> {
    plan: &'p Plan,
    events: Vec<Declared>,
    /// Where each event stands: file and line.
    places: HashMap<String, (PathBuf, usize)>,
}

/// A file that is looked at.
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn line<T>(&self, at: &Spanned<T>) -> usize {
        let before = self.text.as_bytes().get(..at.span().start).unwrap_or_default();
        1 + memchr::memchr_iter(b'\n', before).count()
    }

    fn fault<T>(&self, at: &Spanned<T>, fault: String) -> PlanDirError {
        PlanDirError::Fault {
            file: self.file.to_owned(),
            line: self.line(at),
            fault,
        }
    }
}

impl<'p> Check<'p> {
    pub(super) fn new(plan: &'p Plan) -> Check<'p> {
        Check {
            plan,
            events: Vec::new(),
            places: HashMap::new(),
        }
    }

    pub(super) fn done(self) -> Vec<Declared> {
        self.events
    }

    pub(super) fn take(
        &mut self,
        file: &Path,
        text: &str,
        declaration: Declaration,
    ) -> Result<(), PlanDirError> {
        let source = Source { file, text };
        for event in declaration.events {
            self.event(&source, event)?;
        }
        Ok(())
    }

    fn event(&mut self, source: &Source<'_>, event: Event) -> Result<(), PlanDirError> {
        let fault = |what: String| Err(source.fault(&event.name, what));
        let name = event.name.get_ref();
        if let Some(wrong) = wrong_name(name) {
            return fault(format!("an event can't be called {name:?}: {wrong}"));
        }
        if self
            .plan
            .event(name)
            .or_else(|| self.plan.ui.event(name))
            .is_some()
        {
            return fault(format!(
                "the event {name:?} is the telemetry plan's: give yours another name"
            ));
        }
        if let Some((file, line)) = self.places.get(name) {
            return fault(format!(
                "the event {name:?} is declared in {}, line {line}, too: remove one of the two",
                file.display()
            ));
        }
        if self.events.len() == MAX_EVENTS {
            return fault(format!(
                "{name:?} is one more than {MAX_EVENTS} events: remove what is not sent any more"
            ));
        }
        if event.description.trim().is_empty() {
            return fault(format!(
                "the event {name:?} has an empty description: say what it tells"
            ));
        }
        if event.properties.len() > MAX_PROPERTIES {
            return fault(format!(
                "the event {name:?} has {} properties, of {MAX_PROPERTIES} at most: remove some",
                event.properties.len()
            ));
        }
        let breakdown: Vec<String> = event
            .properties
            .iter()
            .filter(|property| property.breakdown)
            .map(|property| property.name.get_ref().clone())
            .collect();
        if breakdown.len() > MAX_BREAKDOWNS {
            return fault(format!(
                "{} properties of the event {name:?} have `breakdown = true`, of {MAX_BREAKDOWNS} at most: take it from some",
                breakdown.len()
            ));
        }
        let keys = keys(source, &event)?;
        let mut properties: Vec<plan::Property> = Vec::with_capacity(event.properties.len());
        for property in &event.properties {
            self.property(source, name, property)?;
            if properties
                .iter()
                .any(|other| other.name == *property.name.get_ref())
            {
                return Err(source.fault(
                    &property.name,
                    format!(
                        "the event {name:?} has two properties {:?}: remove one of the two",
                        property.name.get_ref()
                    ),
                ));
            }
            properties.push(planned(property));
        }
        let place = (source.file.to_owned(), source.line(&event.name));
        self.places.insert(name.clone(), place);
        self.events.push(Declared {
            name: event.name.into_inner(),
            keys,
            properties,
            breakdown,
        });
        Ok(())
    }

    fn property(&self, source: &Source<'_>, event: &str, property: &Property) -> Result<(), PlanDirError> {
        let name = property.name.get_ref();
        let fault = |what: String| Err(source.fault(&property.name, what));
        if let Some(wrong) = wrong_name(name) {
            return fault(format!(
                "a property of {event:?} can't be called {name:?}: {wrong}"
            ));
        }
        if self.plan.common.iter().any(|common| common.name == *name) {
            return fault(format!(
                "the property {name:?} is the telemetry plan's, and any event may carry it: remove it from {event:?}"
            ));
        }
        if property.description.trim().is_empty() {
            return fault(format!(
                "the property {name:?} has an empty description: say what it tells"
            ));
        }
        if property.kind != Kind::String && !property.values.is_empty() {
            return fault(format!(
                "the property {name:?} has `values`, which only a string can have: remove them, or make it `type = \"string\"`"
            ));
        }
        if property.values.len() > MAX_VALUES {
            return fault(format!(
                "the property {name:?} has {} values, of {MAX_VALUES} at most: leave them out",
                property.values.len()
            ));
        }
        if let Some(long) = property
            .values
            .iter()
            .find(|value| value.len() > MAX_VALUE || value.trim().is_empty() || value.trim() != *value)
        {
            return fault(format!(
                "the property {name:?} can't have the value {long:?}: a value has 1 to {MAX_VALUE} bytes, and no space around it"
            ));
        }
        if property.breakdown && matches!(property.kind, Kind::Number | Kind::Names) {
            return fault(format!(
                "the property {name:?} can't have `breakdown`: its type is to be string, integer or boolean"
            ));
        }
        Ok(())
    }
}

fn keys(source: &Source<'_>, event: &Event) -> Result<Vec<KeyKind>, PlanDirError> {
    let Some(stated) = &event.keys else {
        return Ok(KEYS.to_vec());
    };
    if stated.is_empty() {
        return Err(source.fault(
            &event.name,
            format!(
                "the event {:?} may come with no key: say `keys = [\"server\"]`, or leave `keys` out for any",
                event.name.get_ref()
            ),
        ));
    }
    let key = |stated: &Spanned<String>| {
        let known = KEYS.into_iter().find(|kind| kind.name() == stated.get_ref());
        known.ok_or_else(|| {
            let names = KEYS.map(KeyKind::name).join(", ");
            let stated_name = stated.get_ref();
            source.fault(
                stated,
                format!("there is no kind of key {stated_name:?} here: use {names}"),
            )
        })
    };
    stated.iter().map(key).collect()
}

/// What is wrong with a name, if anything is.
fn wrong_name(name: &str) -> Option<String> {
    if name.is_empty() || name.trim() != name {
        return Some("a name has no space around it, and is not empty".to_owned());
    }
    if name.len() > MAX_NAME {
        return Some(format!("a name has {MAX_NAME} bytes at most"));
    }
    let bad = name
        .chars()
        .find(|letter| letter.is_control() || matches!(letter, '<' | '>'));
    bad.map(|bad| format!("a name has no {bad:?} in it"))
}

fn planned(property: &Property) -> plan::Property {
    plan::Property {
        name: property.name.get_ref().clone(),
        kind: property.kind,
        unit: property.unit.clone(),
        description: property.description.clone(),
        source: "vendor".to_owned(),
        presence: if property.required {
            Presence::Always
        } else {
            Presence::WhenSet
        },
        sensitivity: Sensitivity::Operational,
        level: Level::Standard,
        since: String::new(),
        example: None,
        values: property.values.clone(),
        aliases: std::collections::BTreeMap::new(),
        otherwise: None,
    }
}

#[cfg(test)]
mod tests;
