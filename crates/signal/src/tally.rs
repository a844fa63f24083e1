//! What signal makes of a health report while it streams by: how many nodes each unit is known on, unhealthy on, unknown on.
//!
//! A node counts once per unit, however often it is listed. Units that are told by one name (they differ in `.` and `-` only,
//! are instances of one template, or are not in the catalogue) are summed over unit-node pairs. So `unhealthy` never exceeds
//! `total`. Where the nodes' own lists (`Nodes[ip].Units`) cover the same pairs, the health they state decides.
//!
//! Memory is bounded: [`MAX_UNITS`] names, [`MAX_NODES`] nodes told apart.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use heliograph_wire::catalogue::{Catalogue, MAX_UNIT_NAME, OTHER};
use heliograph_wire::health::{self, NodeKey, State, Visitor};
use heliograph_wire::issue::Issues;

/// Most names that are counted apart; further ones count as `other`.
pub const MAX_UNITS: usize = 4096;
/// Most nodes that are told apart; of further ones a repeat is not noticed.
pub const MAX_NODES: usize = 1 << 16;

/// Counts of one unit, in nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Its state is known.
    pub total: u64,
    /// Of those: unhealthy.
    pub unhealthy: u64,
    /// Its state is not known.
    pub unknown: u64,
}

impl Counts {
    fn add(&mut self, state: State) {
        match state {
            State::Healthy => self.total += 1,
            State::Unhealthy => {
                self.total += 1;
                self.unhealthy += 1;
            }
            State::Unknown => self.unknown += 1,
        }
    }

    fn pairs(&self) -> u64 {
        self.total + self.unknown
    }
}

/// The finished tally.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Counts by the name that is told, with `-` for `.`.
    pub units: BTreeMap<String, Counts>,
    /// Nodes that diagnostics could not reach.
    pub nodes_unreachable: u64,
    /// Values that could not be used.
    pub issues: Issues,
    /// Places where the report contradicts itself.
    pub contradictions: Issues,
}

/// Reads a health report into a tally.
///
/// # Errors
/// The document can't be read to its end, or is no health report.
pub fn read(input: impl Read, catalogue: &Catalogue) -> Result<Tally, health::Error> {
    let mut tallying = Tallying::new(catalogue);
    health::read(input, &mut tallying)?;
    Ok(tallying.finish())
}

struct Tallying<'a> {
    catalogue: &'a Catalogue,
    tally: Tally,
    /// What the nodes' own lists say, by the same names.
    by_nodes: BTreeMap<String, Counts>,
    units_seen: HashSet<String>,
    unit: CurrentUnit,
    nodes_seen: HashSet<NodeKey>,
    /// Of the node that is being read: whether it lists units, and whether one is unhealthy.
    node_lists: Option<bool>,
}

#[derive(Default)]
struct CurrentUnit {
    name: String,
    repeated: bool,
    counts: Counts,
    nodes: HashSet<NodeKey>,
}

impl<'a> Tallying<'a> {
    fn new(catalogue: &'a Catalogue) -> Tallying<'a> {
        Tallying {
            catalogue,
            tally: Tally::default(),
            by_nodes: BTreeMap::new(),
            units_seen: HashSet::new(),
            unit: CurrentUnit::default(),
            nodes_seen: HashSet::new(),
            node_lists: None,
        }
    }

    /// The counts of the name under which a unit is told.
    fn counts_of<'c>(
        counts: &'c mut BTreeMap<String, Counts>,
        catalogue: &Catalogue,
        unit: &str,
    ) -> &'c mut Counts {
        let told = catalogue.unit(unit);
        let told = if told.len() > MAX_UNIT_NAME {
            OTHER.to_owned()
        } else {
            told.replace('.', "-")
        };
        let told = if counts.len() >= MAX_UNITS && !counts.contains_key(&told) {
            OTHER.to_owned()
        } else {
            told
        };
        counts.entry(told).or_default()
    }

    fn finish(mut self) -> Tally {
        for (name, stated) in self.by_nodes {
            let Some(counts) = self.tally.units.get_mut(&name) else {
                continue;
            };
            if *counts == stated {
                continue;
            }
            if counts.pairs() == stated.pairs() {
                self.tally.contradictions.add(|| {
                    format!(
                        "{name}: outputs make {} of {} nodes unhealthy, the nodes' own lists {}",
                        counts.unhealthy, counts.total, stated.unhealthy
                    )
                });
                *counts = stated;
            } else {
                self.tally.contradictions.add(|| {
                    format!(
                        "{name}: is listed on {} nodes, but {} nodes list it",
                        counts.pairs(),
                        stated.pairs()
                    )
                });
            }
        }
        self.tally
    }
}

impl Visitor for Tallying<'_> {
    fn unit(&mut self, unit: &str) {
        let fresh = !self.units_seen.contains(unit);
        self.unit.repeated = !fresh;
        self.unit.name.clear();
        self.unit.name.push_str(unit);
        self.unit.counts = Counts::default();
        self.unit.nodes.clear();
        if !fresh {
            self.tally
                .issues
                .add(|| format!("Units[{unit:?}]: listed twice, only the first counts"));
        } else if self.units_seen.len() < MAX_UNITS {
            self.units_seen.insert(unit.to_owned());
        }
    }

    fn unit_on_node(&mut self, node: Option<NodeKey>, state: State) {
        if self.unit.repeated {
            return;
        }
        if let Some(node) = node
            && (self.unit.nodes.contains(&node)
                || (self.unit.nodes.len() < MAX_NODES && !self.unit.nodes.insert(node)))
        {
            let name = &self.unit.name;
            self.tally
                .issues
                .add(|| format!("Units[{name:?}]: a node is listed twice, only the first counts"));
            return;
        }
        self.unit.counts.add(state);
    }

    fn unit_end(&mut self, claimed: Option<State>) {
        let CurrentUnit {
            name,
            counts,
            repeated,
            ..
        } = &self.unit;
        if *repeated || counts.pairs() == 0 {
            return;
        }
        let summary = if counts.unhealthy > 0 {
            State::Unhealthy
        } else {
            State::Healthy
        };
        if matches!(claimed, Some(State::Healthy | State::Unhealthy)) && claimed != Some(summary) {
            self.tally.contradictions.add(|| {
                format!(
                    "{name}: Health does not agree with {} unhealthy nodes",
                    counts.unhealthy
                )
            });
        }
        let sum = Self::counts_of(&mut self.tally.units, self.catalogue, name);
        sum.total += counts.total;
        sum.unhealthy += counts.unhealthy;
        sum.unknown += counts.unknown;
    }

    fn unit_of_node(&mut self, node: NodeKey, unit: &str, state: State) {
        if self.nodes_seen.contains(&node) {
            return;
        }
        self.node_lists = Some(self.node_lists.unwrap_or(false) || state == State::Unhealthy);
        Self::counts_of(&mut self.by_nodes, self.catalogue, unit).add(state);
    }

    fn node(&mut self, node: NodeKey, claimed: Option<State>) {
        let lists = self.node_lists.take();
        let repeated = self.nodes_seen.contains(&node);
        if repeated {
            self.tally
                .issues
                .add(|| "Nodes: a node is listed twice, only the first counts".to_owned());
            return;
        }
        if self.nodes_seen.len() < MAX_NODES {
            self.nodes_seen.insert(node);
        }
        match (claimed, lists) {
            (Some(State::Unknown), _) => self.tally.nodes_unreachable += 1,
            (Some(claimed), Some(any_unhealthy)) if (claimed == State::Unhealthy) != any_unhealthy => {
                self.tally
                    .contradictions
                    .add(|| "a node's Health does not agree with its units'".to_owned());
            }
            _ => {}
        }
    }

    fn issues(&mut self) -> &mut Issues {
        &mut self.tally.issues
    }
}

#[cfg(test)]
mod tests;
