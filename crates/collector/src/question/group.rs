//! What rows are kept apart by.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::version::Version;
use crate::store::EditionName;

/// What rows are kept apart by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Group {
    /// Nothing.
    #[default]
    None,
    /// Version.
    Version,
    /// Provider.
    Provider,
    /// Variant.
    Variant,
}

/// The groups of all editions, numbered from 0 in their order.
#[derive(Debug, Default)]
pub struct Groups {
    /// The name of each; empty where messages state none, and where nothing is kept apart.
    pub names: Vec<String>,
    of: HashMap<u64, usize, RandomState>,
}

impl Group {
    /// All of them, with their names.
    pub const ALL: [(Group, &'static str); 4] = [
        (Group::None, "none"),
        (Group::Version, "version"),
        (Group::Provider, "provider"),
        (Group::Variant, "variant"),
    ];

    /// What an edition's group is called.
    pub fn name(self, edition: &EditionName) -> &str {
        match self {
            Group::None => "",
            Group::Version => &edition.version,
            Group::Provider => &edition.provider,
            Group::Variant => &edition.variant,
        }
    }

    /// The groups of editions.
    pub fn of(self, editions: &HashMap<u64, EditionName>) -> Groups {
        let mut names: Vec<Version> = editions
            .values()
            .map(|edition| Version(self.name(edition).to_owned()))
            .collect();
        match self {
            Group::Version => names.sort(),
            _ => names.sort_by(|a, b| a.0.cmp(&b.0)),
        }
        names.dedup();
        let places: HashMap<&str, usize> = (0..)
            .zip(&names)
            .map(|(place, name)| (name.0.as_str(), place))
            .collect();
        let of = editions
            .iter()
            .filter_map(|(number, edition)| Some((*number, *places.get(self.name(edition))?)))
            .collect();
        Groups {
            of,
            names: names.into_iter().map(|name| name.0).collect(),
        }
    }
}

impl Groups {
    /// The group of an edition.
    pub fn of(&self, edition: u64) -> Option<usize> {
        self.of.get(&edition).copied()
    }

    /// The same for editions that are asked about one after the other, where most are the one before.
    pub fn in_order(&self) -> impl FnMut(u64) -> Option<usize> {
        let mut last = None;
        move |edition| match last {
            Some((known, group)) if known == edition => group,
            _ => {
                let group = self.of(edition);
                last = Some((edition, group));
                group
            }
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
