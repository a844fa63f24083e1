//! The delta of one message, by name.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::browser;
use super::hash::{USER, hash};
use super::manner::OTHER;
use super::roles::{self, Role};
use super::{Amounts, Coordinate, Facet, Sums};
use crate::ingest::members::Members;
use crate::ingest::{names, text};

/// Longest name that is summed by, in bytes; longer ones are cut. A sender chooses names.
pub const NAME_BYTES: usize = 120;
/// Longest name that a value is counted under: event, property and value may each be as long, with a separator between them.
pub const VALUE_NAME_BYTES: usize = 3 * NAME_BYTES + 2;
const VALUE_SEPARATOR: char = '\u{1f}';
/// What the names of a unit's properties begin with; `…-total`, `…-unhealthy` and `…-unknown` are theirs.
const UNIT: &str = "health-unit-";
/// Event of the reports of which the hours are kept.
const HEALTH: &str = "health";
/// Bytes of the names of a message that mostly suffice, and more of them for each property.
const NAMES_ROOM: usize = 64;
const NAME_ROOM: usize = 12;
/// Parts of a message that mostly suffice, and more of them for every other property.
const PARTS_ROOM: usize = 2;
/// Most nodes that a unit is believed to be on.
const MOST_NODES: i64 = 10_000_000;
/// Largest number that is summed, either way: more can't be told in thousandths.
const LARGEST: f64 = 9e15;

/// What a delta is made of.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// `type`
    pub kind: &'a str,
    /// `event`, of a `track`.
    pub event: Option<&'a str>,
    /// `name`, of a `page` or `screen`.
    pub name: Option<&'a str>,
    /// `userId`, or else `anonymousId`.
    pub user: Option<&'a str>,
    /// `properties`, or what stands for them: see [`super::stated`].
    pub properties: &'a Members<'a>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Which part of a report it is, from 1.
    pub part: u32,
    /// Whether it may speak for a cluster. What others say of units and packages is not summed.
    pub of_cluster: bool,
    /// The rules by which it is counted, see [`super::RULES`].
    pub rules: u8,
    /// The properties of which it is counted what they say, beside those that the rules know.
    pub breakdown: &'a [&'a str],
}

/// What one message adds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// All names, one behind the other.
    text: String,
    edition: [Range<usize>; 3],
    parts: Vec<(Facet, Key, Amounts)>,
    rules: u8,
}

/// What a delta names: deltas with the same wording have the same names in the same places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    text: String,
    edition: [Range<usize>; 3],
    /// Where names stand in the text, in the order of what is counted under them.
    names: Vec<Range<usize>>,
}

/// What the sums of a day are kept apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edition<'a> {
    /// `environmentVersion`
    pub version: &'a str,
    /// `provider`
    pub provider: &'a str,
    /// `variant`
    pub variant: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Name(Range<usize>),
    NameAndHour(Range<usize>, u64),
    Number(u64),
}

impl Key {
    /// Where its name stands, if it has one.
    fn range(&self) -> Option<&Range<usize>> {
        match self {
            Key::Name(range) | Key::NameAndHour(range, _) => Some(range),
            Key::Number(_) => None,
        }
    }
}

impl Delta {
    /// The delta of a message.
    pub fn of(message: &Message<'_>) -> Delta {
        let room = if message.of_cluster {
            message.properties.len()
        } else {
            0
        };
        let mut delta = Delta {
            rules: message.rules,
            text: String::with_capacity(NAMES_ROOM + NAME_ROOM * room),
            parts: Vec::with_capacity(PARTS_ROOM + room / 2),
            ..Delta::default()
        };
        delta.edition = ["environmentVersion", "provider", "variant"].map(|property| {
            let stated = message.properties.get(property).and_then(text::string);
            delta.push_text(stated.as_deref().unwrap_or_default())
        });
        match (message.event, message.kind) {
            (Some(event), _) => {
                delta.push(Facet::Event, event, [1, 0, 0]);
                if message.of_cluster {
                    delta.push_report(event, message);
                }
                for property in browser::values(event, message.rules) {
                    delta.push_value(event, property, message);
                }
                for property in message.breakdown {
                    delta.push_value(event, property, message);
                }
            }
            (None, kind @ ("page" | "screen")) => {
                delta.push(Facet::Call, kind, [1, 0, 0]);
                delta.push(Facet::Page, message.name.unwrap_or_default(), [1, 0, 0]);
                delta.push_hash(Facet::User, USER, message.user);
            }
            (None, kind) => {
                delta.push(Facet::Call, kind, [1, 0, 0]);
                if kind == "identify" {
                    delta.push_hash(Facet::User, USER, message.user);
                }
            }
        }
        delta
    }

    /// The edition that it is of.
    pub fn edition(&self) -> Edition<'_> {
        let [version, provider, variant] = self.edition.clone().map(|range| self.name(&range));
        Edition {
            version,
            provider,
            variant,
        }
    }

    /// All that it names, one after the other.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it names.
    pub fn wording(&self) -> Wording {
        Wording {
            text: self.text.clone(),
            edition: self.edition.clone(),
            names: self.ranges().cloned().collect(),
        }
    }

    /// Whether it names just that, in this order.
    pub fn is_worded(&self, wording: &Wording) -> bool {
        self.text == wording.text && self.edition == wording.edition && self.ranges().eq(&wording.names)
    }

    /// Where its names stand, each once: which units of a cluster are unhealthy makes no other wording.
    fn ranges(&self) -> impl Iterator<Item = &Range<usize>> {
        let mut last = None;
        self.parts
            .iter()
            .filter_map(|(_, key, _)| key.range())
            .filter(move |range| last.replace(*range) != Some(*range))
    }

    /// With numbers in place of the names: that of the edition, and what `number` says of each name. Parts that stand beside each
    /// other and have one name ask once.
    ///
    /// # Errors
    /// As `number` says.
    pub fn numbered<E>(
        &self,
        edition: u64,
        mut number: impl FnMut(&str) -> Result<u64, E>,
    ) -> Result<Vec<(Coordinate, Amounts)>, E> {
        let mut numbered = Vec::with_capacity(self.parts.len());
        let mut last = None;
        let mut name = |range| match last {
            Some((known, number)) if known == range => Ok(number),
            _ => {
                let number = number(self.name(range))?;
                last = Some((range, number));
                Ok(number)
            }
        };
        for (facet, key, amounts) in &self.parts {
            let key = match key {
                Key::Number(number) => *number,
                Key::Name(range) => name(range)?,
                Key::NameAndHour(range, hour) => Coordinate::at_hour(name(range)?, *hour),
            };
            let coordinate = Coordinate {
                edition,
                facet: *facet,
                key,
            };
            numbered.push((coordinate, *amounts));
        }
        Ok(numbered)
    }

    /// The same as [`Sums`].
    ///
    /// # Errors
    /// As `number` says.
    pub fn sums<E>(&self, edition: u64, number: impl FnMut(&str) -> Result<u64, E>) -> Result<Sums, E> {
        self.numbered(edition, number).map(Sums::of)
    }

    /// Its event alone, or its call and page.
    #[must_use]
    pub fn apart(&self) -> Delta {
        let alone = |(facet, _, _): &&_| matches!(facet, Facet::Event | Facet::Call | Facet::Page);
        Delta {
            parts: self.parts.iter().filter(alone).cloned().collect(),
            ..self.clone()
        }
    }

    /// With [`OTHER`] in place of its names, so that it takes few coordinates, always the same. Names from closed sets stay: types
    /// of calls, and events that the rules know. What different properties sum up to is left out: together they say nothing.
    #[must_use]
    pub fn folded(&self) -> Delta {
        let mut folded = Delta {
            rules: self.rules,
            ..Delta::default()
        };
        folded.edition = [(); 3].map(|()| folded.push_text(OTHER));
        for (facet, key, amounts) in &self.parts {
            let name = match key {
                Key::Number(_) | Key::NameAndHour(..) if *facet != Facet::Hour => continue,
                Key::Number(_) | Key::NameAndHour(..) => {
                    folded.parts.push((*facet, key.clone(), *amounts));
                    continue;
                }
                Key::Name(range) => self.name(range),
            };
            match facet {
                Facet::Number | Facet::Value => {}
                Facet::Call => folded.push(*facet, name, amounts.0),
                Facet::Event if roles::Event::of(name, self.rules).is_some() => {
                    folded.push(*facet, name, amounts.0);
                }
                _ => folded.push(*facet, OTHER, amounts.0),
            }
        }
        folded
    }

    /// At most so many coordinates does it take.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether it adds nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The memory that it takes beside itself, in bytes.
    pub fn size(&self) -> usize {
        self.text.capacity() + self.parts.capacity() * size_of::<(Facet, Key, Amounts)>()
    }

    fn push_report(&mut self, event: &str, message: &Message<'_>) {
        let Some(roles) = roles::Event::of(event, message.rules) else {
            return;
        };
        let zoned = message.timestamp.to_zoned(TimeZone::UTC);
        let hour = u64::try_from(zoned.hour()).unwrap_or_default();
        let mut anything_unhealthy = false;
        // Properties are sorted, so those of a unit stand together: total, unhealthy, unknown.
        let mut unit: Option<(&str, Amounts)> = None;
        for (name, value) in message.properties.iter() {
            if event == HEALTH
                && let Some((named, at)) = name.strip_prefix(UNIT).and_then(of_unit)
            {
                let count = whole(value).unwrap_or_default();
                if unit.is_none_or(|(last, _)| last != named) {
                    self.push_unit(unit.replace((named, Amounts::default())), hour);
                }
                if let Some((_, amounts)) = &mut unit {
                    amounts.0[at] = count;
                }
                anything_unhealthy |= at == UNHEALTHY && count > 0;
                continue;
            }
            match roles.role(name, message.rules) {
                Some(Role::Number) => {
                    if let Some(thousandths) = thousandths(value) {
                        self.push(Facet::Number, name, [1, thousandths, 0]);
                    }
                }
                Some(Role::List(facet)) => self.push_list(facet, value),
                Some(Role::Value) => {
                    if let Some(value) = text::string(value) {
                        self.push(Facet::Value, &value_name(event, name, &value), [1, 0, 0]);
                    }
                }
                Some(Role::Hash(facet)) => {
                    self.push_hash(facet, name, text::id(value).as_deref());
                }
                None => {}
            }
        }
        self.push_unit(unit, hour);
        if event == HEALTH {
            let amounts = Amounts([i64::from(message.part <= 1), i64::from(anything_unhealthy), 0]);
            if !amounts.is_zero() {
                self.parts.push((Facet::Hour, Key::Number(hour), amounts));
            }
        }
    }

    /// What a property says, whoever sends it.
    fn push_value(&mut self, event: &str, property: &str, message: &Message<'_>) {
        if let Some(value) = message.properties.get(property).and_then(said) {
            let [event, property, value] = [event, property, &*value].map(cut);
            let start = self.text.len();
            self.text.push_str(&value_name(event, property, value));
            let key = Key::Name(start..self.text.len());
            self.parts.push((Facet::Value, key, Amounts([1, 0, 0])));
        }
    }

    fn push_unit(&mut self, unit: Option<(&str, Amounts)>, hour: u64) {
        if let Some((unit, Amounts(amounts))) = unit
            && amounts != [0; 3]
        {
            let range = self.push_text(unit);
            if amounts[UNHEALTHY] != 0 {
                let key = Key::NameAndHour(range.clone(), hour);
                let nodes = Amounts([amounts[UNHEALTHY], 0, 0]);
                self.parts.push((Facet::UnhealthyHour, key, nodes));
            }
            self.parts.push((Facet::Unit, Key::Name(range), Amounts(amounts)));
        }
    }

    /// Counts by who it is, where that is told.
    fn push_hash(&mut self, facet: Facet, kind: &str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !id.trim().is_empty()) {
            self.parts
                .push((facet, Key::Number(hash(kind, id)), Amounts([1, 0, 0])));
        }
    }

    /// Each name of a list once, however often it stands there.
    fn push_list(&mut self, facet: Facet, value: &RawValue) {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            name: Option<&'a RawValue>,
        }
        if let Some(names) = names::plainly(value.get()) {
            return self.push_names(facet, names.collect());
        }
        let Ok(named) = serde_json::from_str::<Vec<Named<'_>>>(value.get()) else {
            return;
        };
        let names = named.iter().filter_map(|named| text::string(named.name?));
        self.push_names(facet, names.collect());
    }

    fn push_names<T: AsRef<str> + Ord>(&mut self, facet: Facet, mut names: Vec<T>) {
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.push(facet, name.as_ref(), [1, 0, 0]);
        }
    }

    fn push(&mut self, facet: Facet, name: &str, amounts: [i64; 3]) {
        let range = self.push_text(name);
        self.parts.push((facet, Key::Name(range), Amounts(amounts)));
    }

    fn push_text(&mut self, name: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(cut(name));
        start..self.text.len()
    }

    fn name(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

const UNHEALTHY: usize = 1;

/// The name that values are counted under: event, property and value, with a unit separator (U+001F) between them.
pub fn value_name(event: &str, property: &str, value: &str) -> String {
    format!("{event}{VALUE_SEPARATOR}{property}{VALUE_SEPARATOR}{value}")
}

/// The parts of a name that [`value_name`] has made.
pub fn value_parts(name: &str) -> Option<(&str, &str, &str)> {
    let mut parts = name.splitn(3, VALUE_SEPARATOR);
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// What a property says, as it is counted: a text without the space around it, a number's decimal text, `true` or `false`; `None` where
/// it says nothing, or has parts. What was counted is taken away by it: it says the same for ever.
pub fn said(raw: &RawValue) -> Option<Cow<'_, str>> {
    match raw.get() {
        truth @ ("true" | "false") => Some(Cow::Borrowed(truth)),
        _ => text::id(raw),
    }
}

fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}

/// Unit, and which of its amounts a property is.
fn of_unit(rest: &str) -> Option<(&str, usize)> {
    let of = |amount, at| rest.strip_suffix(amount).map(|unit| (unit, at));
    of("-total", 0)
        .or_else(|| of("-unhealthy", UNHEALTHY))
        .or_else(|| of("-unknown", 2))
}

/// A count of nodes, which sources write as `8` or `8.0`. What nobody can have counted is none: one report could outweigh all others.
fn whole(raw: &RawValue) -> Option<i64> {
    let number = raw.get();
    let count = number.parse().ok().or_else(|| {
        let number: f64 = number.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded")]
        (number.abs() < LARGEST).then_some(number as i64)
    });
    count.filter(|count| (0..=MOST_NODES).contains(count))
}

fn thousandths(raw: &RawValue) -> Option<i64> {
    let number: f64 = raw.get().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded")]
    (number.abs() < LARGEST / 1000.0).then_some((number * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests;
