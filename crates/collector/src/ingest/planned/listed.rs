//! An event that the plan lists: what a message of it may carry.

use std::borrow::Cow;

use heliograph_wire::plan::{Event, Kind, Presence, Property};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::members::Members;
use super::super::names;
use super::super::text;
use super::super::violation::{Violation, Violations};
use super::Declared;
use crate::delta;
use crate::key::KeyKind;

/// An event that the plan lists.
#[derive(Debug)]
pub struct Listed<'p> {
    /// Sorted by name, with its first byte: most are told apart by that, without a look at the name.
    names: Vec<(Option<u8>, Cow<'p, Property>)>,
    families: Vec<Family<'p>>,
    required: Vec<String>,
    whose: Whose,
}

/// Whose event it is.
#[derive(Debug)]
enum Whose {
    /// The clusters'.
    Clusters,
    /// That of their UIs.
    Uis,
    /// The vendor's, who declares it.
    Vendors(Vendor),
}

#[derive(Debug)]
struct Vendor {
    keys: Vec<KeyKind>,
    breakdown: Vec<String>,
}

/// Properties whose names begin and end alike.
#[derive(Debug)]
struct Family<'p> {
    head: &'p str,
    tail: &'p str,
    /// The last byte of its tail. A report has many names: most are told apart by that.
    last: Option<u8>,
    property: &'p Property,
}

impl<'p> Listed<'p> {
    pub(super) fn of(event: &'p Event, common: &'p [Property]) -> Listed<'p> {
        let all = || event.properties.iter().chain(common);
        let names = all().filter(|property| !property.name.contains('<'));
        let families = all().filter_map(|property| {
            let (head, rest) = property.name.split_once('<')?;
            let tail = rest.split_once('>').map_or("", |(_, tail)| tail);
            let last = tail.bytes().last();
            Some(Family {
                head,
                tail,
                last,
                property,
            })
        });
        let mut listed = Listed {
            names: names
                .clone()
                .map(|property| by_first(Cow::Borrowed(property)))
                .collect(),
            families: families.collect(),
            required: names.filter_map(required).collect(),
            whose: Whose::Clusters,
        };
        listed.sort();
        listed
    }

    /// One of the UI. The relay adds the common properties, nobody else has to.
    pub(super) fn of_ui(event: &'p Event, common: &'p [Property]) -> Listed<'p> {
        Listed {
            required: event.properties.iter().filter_map(required).collect(),
            whose: Whose::Uis,
            ..Listed::of(event, common)
        }
    }

    /// One that the vendor declares, with its name. Its names are no patterns.
    pub(super) fn of_vendor(event: Declared, common: &'p [Property]) -> (String, Listed<'p>) {
        let Declared {
            name,
            keys,
            properties,
            breakdown,
        } = event;
        let mut listed = Listed {
            required: properties.iter().filter_map(required).collect(),
            names: properties
                .into_iter()
                .map(Cow::Owned)
                .chain(common.iter().map(Cow::Borrowed))
                .map(by_first)
                .collect(),
            families: Vec::new(),
            whose: Whose::Vendors(Vendor { keys, breakdown }),
        };
        listed.sort();
        (name, listed)
    }

    fn sort(&mut self) {
        self.names.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        self.required.sort_unstable();
    }

    /// Whether the vendor declares it; else it is an event of clusters.
    pub fn is_vendors(&self) -> bool {
        self.vendor().is_some()
    }

    /// Whether only clusters may send it.
    pub fn is_of_clusters(&self) -> bool {
        matches!(self.whose, Whose::Clusters)
    }

    fn vendor(&self) -> Option<&Vendor> {
        match &self.whose {
            Whose::Vendors(vendor) => Some(vendor),
            Whose::Clusters | Whose::Uis => None,
        }
    }

    /// Whether it is this event where it comes with such a key. With any other key an event of the vendor's is one that the plan does
    /// not list; one of clusters is, and is refused.
    pub(super) fn may_come_with(&self, key: KeyKind) -> bool {
        let vendor = self.vendor();
        key == KeyKind::Peer || vendor.is_none_or(|vendor| vendor.keys.contains(&key))
    }

    /// The properties of a message of which it is counted what they say: those that are to be, and say what they may.
    pub fn broken_down<'a>(&'a self, properties: &Members<'_>) -> Vec<&'a str> {
        let names = self.vendor().into_iter().flat_map(|vendor| &vendor.breakdown);
        let says = |name: &&str| {
            let value = properties.get(name);
            value.is_some_and(|raw| {
                self.property(name).is_some_and(|property| admits(property, raw))
                    && delta::said(raw).is_some()
            })
        };
        names.map(String::as_str).filter(says).collect()
    }

    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        let last = name.bytes().last();
        let mut families = self.families.iter();
        if let Some(family) = families.find(|family| family.holds(name, last)) {
            return Some(family.property);
        }
        let first = name.bytes().next();
        let at = self.names.binary_search_by(|(begins, property)| {
            let other = begins.cmp(&first);
            other.then_with(|| property.name.as_str().cmp(name))
        });
        at.ok()
            .and_then(|at| self.names.get(at))
            .map(|(_, found)| &**found)
    }

    pub(super) fn check(&self, properties: &Members<'_>, violations: &mut Violations) {
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

/// Its name, where every message has it.
fn required(property: &Property) -> Option<String> {
    (property.presence == Presence::Always).then(|| property.name.clone())
}

fn by_first(property: Cow<'_, Property>) -> (Option<u8>, Cow<'_, Property>) {
    (property.name.bytes().next(), property)
}

impl Family<'_> {
    /// Whether it holds a name, which ends with that byte.
    fn holds(&self, name: &str, last: Option<u8>) -> bool {
        (last == self.last || self.tail.is_empty())
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
    if names::plainly(json).is_some() {
        return true;
    }
    let items: Result<Vec<&RawValue>, _> = serde_json::from_str(json);
    items.is_ok_and(|items| {
        items.iter().all(|item| {
            let named: Result<Named<'_>, _> = serde_json::from_str(item.get());
            item.get().starts_with('{') && named.is_ok_and(|named| named._name.get().starts_with('"'))
        })
    })
}
