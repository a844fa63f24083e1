//! What signal makes of a health report while it streams by: how many nodes each unit is known on, unhealthy on, unknown on.
//!
//! A node counts once per unit, however often it is listed. Units that are told by one name (they differ in `.` and `-` only,
//! are instances of one template, or are not in the catalogue) are summed over unit-node pairs. So `unhealthy` never exceeds
//! `total`. The nodes' own lists (`Nodes[ip].Units`) state the health of single units, so where they do, they decide.
//!
//! Of a summary, which our diagnostics gives to who asks for it, the same tally is made: it holds the counts already.
//!
//! Memory is bounded: [`MAX_UNITS`] names, [`MAX_NODES`] nodes told apart.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read;

use heliograph_wire::catalogue::{Catalogue, MAX_UNIT_NAME, OTHER};
use heliograph_wire::health::{self, NodeKey, State, Visitor};
use heliograph_wire::issue::Issues;
use heliograph_wire::summary::{self, NodeCounts, UnitCounts};

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

    /// With these changes of total, unhealthy and unknown; `None` where they make no sense.
    fn changed(&self, change: [i64; 3]) -> Option<Counts> {
        let [total, unhealthy, unknown] = change;
        let changed = Counts {
            total: self.total.checked_add_signed(total)?,
            unhealthy: self.unhealthy.checked_add_signed(unhealthy)?,
            unknown: self.unknown.checked_add_signed(unknown)?,
        };
        (changed.unhealthy <= changed.total).then_some(changed)
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

/// Reads the summary of a health report into a tally.
///
/// # Errors
/// The document can't be read to its end, or is no summary.
pub fn read_summary(input: impl Read, catalogue: &Catalogue) -> Result<Tally, summary::Error> {
    let mut adding = Adding {
        catalogue,
        tally: Tally::default(),
        units_seen: HashSet::new(),
    };
    summary::read(input, &mut adding)?;
    Ok(adding.tally)
}

/// Adds up a summary.
struct Adding<'a> {
    catalogue: &'a Catalogue,
    tally: Tally,
    units_seen: HashSet<String>,
}

impl summary::Visitor for Adding<'_> {
    fn unit(&mut self, unit: &str, counts: UnitCounts) {
        if self.units_seen.contains(unit) {
            self.tally
                .issues
                .add(|| format!("units[{unit:?}]: listed twice, only the first counts"));
            return;
        }
        if self.units_seen.len() < MAX_UNITS {
            self.units_seen.insert(unit.to_owned());
        }
        if counts == UnitCounts::default() {
            return;
        }
        let told = told(self.catalogue, &self.tally.units, unit);
        let sum = self.tally.units.entry(told).or_default();
        sum.total = sum.total.saturating_add(counts.total);
        sum.unhealthy = sum.unhealthy.saturating_add(counts.unhealthy);
        sum.unknown = sum.unknown.saturating_add(counts.unknown);
    }

    fn nodes(&mut self, _role: &str, counts: NodeCounts) {
        let unreachable = &mut self.tally.nodes_unreachable;
        *unreachable = unreachable.saturating_add(counts.unreachable);
    }

    fn issues(&mut self) -> &mut Issues {
        &mut self.tally.issues
    }
}

struct Tallying<'a> {
    catalogue: &'a Catalogue,
    tally: Tally,
    /// Which pairs the units list, by the names of the tally.
    pairs: BTreeMap<String, u64>,
    /// What the nodes' own lists say, by the same names.
    by_nodes: BTreeMap<String, Listed>,
    /// Pairs whose state by the units is not healthy: few, so that the nodes' lists can be laid over the rest.
    not_healthy: HashMap<u64, State>,
    /// Whether the nodes' lists can be laid over the units': the units came first, and the pairs above found room.
    comparable: bool,
    units_seen: HashSet<String>,
    unit: CurrentUnit,
    nodes_seen: HashSet<NodeKey>,
    node: CurrentNode,
}

/// What the nodes' own lists say of the units that are told by one name.
#[derive(Default)]
struct Listed {
    stated: Counts,
    /// The pairs, in a sum that does not depend on their order.
    pairs: u64,
    /// What they change in the unit's total, unhealthy and unknown counts.
    change: [i64; 3],
}

#[derive(Default)]
struct CurrentUnit {
    name: String,
    repeated: bool,
    counts: Counts,
    pairs: u64,
    nodes: HashSet<NodeKey>,
}

/// The node whose own list is being read.
#[derive(Default)]
struct CurrentNode {
    units: HashSet<u64>,
    any_unhealthy: bool,
}

/// One unit on one node.
fn pair(unit: &str, node: NodeKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    (unit, node).hash(&mut hasher);
    hasher.finish()
}

/// The name under which a unit is told, of at most [`MAX_UNITS`] in a map.
fn told<T>(catalogue: &Catalogue, map: &BTreeMap<String, T>, unit: &str) -> String {
    let told = catalogue.unit(unit);
    let told = if told.len() > MAX_UNIT_NAME {
        OTHER.to_owned()
    } else {
        told.replace('.', "-")
    };
    if map.len() >= MAX_UNITS && !map.contains_key(&told) {
        OTHER.to_owned()
    } else {
        told
    }
}

impl<'a> Tallying<'a> {
    fn new(catalogue: &'a Catalogue) -> Tallying<'a> {
        Tallying {
            catalogue,
            tally: Tally::default(),
            pairs: BTreeMap::new(),
            by_nodes: BTreeMap::new(),
            not_healthy: HashMap::new(),
            comparable: true,
            units_seen: HashSet::new(),
            unit: CurrentUnit::default(),
            nodes_seen: HashSet::new(),
            node: CurrentNode::default(),
        }
    }

    fn finish(mut self) -> Tally {
        for (name, listed) in &self.by_nodes {
            let Some(counts) = self.tally.units.get_mut(name) else {
                continue;
            };
            let stated = listed.stated;
            let same_pairs = self.pairs.get(name) == Some(&listed.pairs) && counts.pairs() == stated.pairs();
            let decided = if same_pairs {
                Some(stated)
            } else if self.comparable && stated.pairs() < counts.pairs() {
                counts.changed(listed.change)
            } else {
                None
            };
            let contradictions = &mut self.tally.contradictions;
            match decided {
                Some(decided) if decided == *counts => {}
                Some(decided) => {
                    contradictions.add(|| {
                        format!(
                            "{name}: by its outputs it is unhealthy on {} of {} nodes, by the nodes' own lists on {}",
                            counts.unhealthy, counts.total, decided.unhealthy
                        )
                    });
                    *counts = decided;
                }
                None => contradictions.add(|| {
                    format!(
                        "{name}: is listed on {} nodes, but {} other nodes list it",
                        counts.pairs(),
                        stated.pairs()
                    )
                }),
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
        self.unit.pairs = 0;
        self.comparable &= self.nodes_seen.is_empty();
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
        let Some(node) = node else { return };
        let pair = pair(&self.unit.name, node);
        self.unit.pairs = self.unit.pairs.wrapping_add(pair);
        if state != State::Healthy {
            self.comparable &= self.not_healthy.len() < MAX_NODES;
            if self.comparable {
                self.not_healthy.insert(pair, state);
            }
        }
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
        let told = told(self.catalogue, &self.tally.units, name);
        let pairs = self.pairs.entry(told.clone()).or_default();
        *pairs = pairs.wrapping_add(self.unit.pairs);
        let sum = self.tally.units.entry(told).or_default();
        sum.total += counts.total;
        sum.unhealthy += counts.unhealthy;
        sum.unknown += counts.unknown;
    }

    fn unit_of_node(&mut self, node: NodeKey, unit: &str, state: State) {
        let pair = pair(unit, node);
        if self.nodes_seen.contains(&node)
            || self.node.units.len() >= MAX_UNITS
            || !self.node.units.insert(pair)
        {
            return;
        }
        self.node.any_unhealthy |= state == State::Unhealthy;
        let told = told(self.catalogue, &self.by_nodes, unit);
        let listed = self.by_nodes.entry(told).or_default();
        listed.stated.add(state);
        listed.pairs = listed.pairs.wrapping_add(pair);
        let by_units = self.not_healthy.get(&pair).copied().unwrap_or(State::Healthy);
        for (state, sign) in [(by_units, -1), (state, 1)] {
            match state {
                State::Healthy => listed.change[0] += sign,
                State::Unhealthy => {
                    listed.change[0] += sign;
                    listed.change[1] += sign;
                }
                State::Unknown => listed.change[2] += sign,
            }
        }
    }

    fn node(&mut self, node: NodeKey, claimed: Option<State>, reached: bool) {
        let CurrentNode { units, any_unhealthy } = &mut self.node;
        let lists = (!units.is_empty()).then_some(std::mem::take(any_unhealthy));
        units.clear();
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
            (Some(State::Unknown), _) => self.tally.nodes_unreachable += u64::from(!reached),
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
