//! A breakdown: what a property of an event says, how often, and on how many installations.
//!
//! For properties that the rules count by value (those of `installation`), and those that the vendor declares so.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::filter::Filter;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use super::view::View;
use crate::delta::{Facet, value_parts};
use crate::sheet::Wanted;

/// A value in a span of days; or a property, where it is not said of which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// The event.
    pub event: String,
    /// The property.
    pub property: String,
    /// What it says; absent where properties are listed.
    pub value: Option<String>,
    /// Messages that say it.
    pub count: u64,
    /// Installations of which any did; what is of no cluster is of none.
    pub installations: u64,
}

/// Of all days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Messages, once for each property.
    pub count: u64,
    /// Properties.
    pub properties: u64,
    /// Values; absent where properties are listed.
    pub values: Option<u64>,
}

/// Event, property, value.
type Key = (String, String, Option<String>);

#[derive(Debug, Default)]
struct Said {
    count: u64,
    clusters: Clusters,
}

/// What is asked about: which numbers stand for what.
struct Names<'a> {
    filter: &'a Filter,
    values: bool,
    /// By number; `None` of what is not asked about.
    known: HashMap<u64, Option<Key>>,
}

/// Asks it; by day where nothing else is said, and over all days where properties are listed. The latest span comes first, in it
/// events and properties by name, and values by how often they are said.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let filter = scope.filter;
    let values = !filter.events.is_empty() && filter.property.is_some();
    let usual = if values { Span::Day } else { Span::All };
    let wanted = Wanted::of(&[Facet::Value]);
    let look = |day| scope.view(day, &wanted);
    let mut names = Names {
        filter,
        values,
        known: HashMap::new(),
    };
    let mut spans: Vec<Vec<Row>> = Vec::new();
    let mut all: BTreeMap<Key, u64> = BTreeMap::new();
    let mut behind = Clusters::default();
    // By number at first: names are looked up once.
    let each = |span: &mut HashMap<u64, Said>, view: &View| {
        for column in view.columns(Facet::Value) {
            for piece in view.pieces(column, 0) {
                let said = span.entry(column.key).or_default();
                said.count += u64::try_from(piece.sum()).unwrap_or_default();
                said.clusters.insert_all(piece.clusters);
            }
        }
    };
    by_span(scope, usual, look, each, |start, numbered| {
        let mut named: BTreeMap<Key, Said> = BTreeMap::new();
        for (number, said) in numbered {
            if let Some(key) = names.key(scope, number)? {
                let sum = named.entry(key).or_default();
                sum.count += said.count;
                sum.clusters.add(&said.clusters);
                behind.add(&said.clusters);
            }
        }
        scope.make_rows(named.len())?;
        let mut of_span = Vec::with_capacity(named.len());
        for (key, said) in named {
            *all.entry(key.clone()).or_default() += said.count;
            let (event, property, value) = key;
            of_span.push(Row {
                start: Date(start),
                event,
                property,
                value,
                count: said.count,
                installations: said.clusters.len(),
            });
        }
        // In the order of names by now, which stays among those that are said as often.
        of_span.sort_by(|a, b| {
            let place = (&a.event, &a.property).cmp(&(&b.event, &b.property));
            place.then(b.count.cmp(&a.count))
        });
        spans.push(of_span);
        Ok(())
    })?;
    let rows = spans.into_iter().rev().flatten().collect();
    let mut properties: Vec<_> = all.keys().map(|(event, property, _)| (event, property)).collect();
    properties.dedup();
    let total = Total {
        count: all.values().sum(),
        properties: properties.len() as u64,
        values: values.then_some(all.len() as u64),
    };
    Ok(Answer::new(scope, behind.len(), total, rows))
}

impl Names<'_> {
    fn key(&mut self, scope: &Scope<'_>, number: u64) -> Result<Option<Key>, AskError> {
        if let Some(known) = self.known.get(&number) {
            return Ok(known.clone());
        }
        let name = scope.snapshot.name(number)?;
        let key = value_parts(&name)
            .filter(|(event, property, _)| self.is_asked(event, property))
            .map(|(event, property, value)| {
                let value = self.values.then(|| value.to_owned());
                (event.to_owned(), property.to_owned(), value)
            });
        self.known.insert(number, key.clone());
        Ok(key)
    }

    fn is_asked(&self, event: &str, property: &str) -> bool {
        let events = &self.filter.events;
        (events.is_empty() || events.contains(event))
            && self
                .filter
                .property
                .as_deref()
                .is_none_or(|asked| asked == property)
    }
}
