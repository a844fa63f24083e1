//! The cluster at one moment: its nodes, and its units across them. Cheap to make and to share; what it holds never changes.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::member::{Address, Entry, Host};
use super::node::{ClusterNode, ClusterUnit};
use crate::document::node::NodeDocument;
use crate::node::Taken;
use crate::unit::{Health, UnitName};

/// The cluster at one moment.
#[derive(Debug)]
pub struct ClusterView {
    nodes: Vec<Named>,
    /// When it was put together.
    pub taken: Taken,
    /// By name; made when first asked for.
    units: OnceLock<Vec<Across>>,
}

/// A node and its name in documents.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its address or name, with the port where another member has the same.
    pub id: String,
    /// The node.
    pub node: Arc<ClusterNode>,
}

#[derive(Debug)]
struct Across {
    name: UnitName,
    /// Positions of the nodes that have it, and of the unit among theirs.
    places: Vec<(usize, usize)>,
}

/// A unit across the cluster.
#[derive(Debug, Clone, Copy)]
pub struct UnitView<'a> {
    view: &'a ClusterView,
    across: &'a Across,
}

/// How many nodes a unit is on, by how it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How it is there is known.
    pub total: u64,
    /// Of those: unhealthy.
    pub unhealthy: u64,
    /// How it is there is not known.
    pub unknown: u64,
}

/// Bytes of output that are kept of this machine's units, where it is shown as it is now.
const HERE: usize = 64 << 10;

impl Named {
    fn is_here(&self) -> bool {
        self.node.listed.member.address.host == Host::Here
    }
}

impl ClusterView {
    /// Of these nodes. `own` is this machine's address.
    pub fn new<'a>(
        nodes: impl IntoIterator<Item = (&'a Address, &'a Arc<ClusterNode>)>,
        own: Option<IpAddr>,
        taken: Taken,
    ) -> ClusterView {
        let nodes: Vec<_> = nodes.into_iter().collect();
        let short = |address: &Address| match (&address.host, own) {
            (Host::Here, Some(own)) => own.to_string(),
            (Host::Here, None) => IpAddr::from([127, 0, 0, 1]).to_string(),
            (host, _) => host.to_string(),
        };
        let mut uses: HashMap<String, usize> = HashMap::new();
        for (address, _) in &nodes {
            *uses.entry(short(address)).or_default() += 1;
        }
        let named = |(address, node): (&Address, &Arc<ClusterNode>)| {
            let short = short(address);
            let alone = uses.get(&short) == Some(&1) || address.host == Host::Here;
            Named {
                id: if alone { short } else { address.to_string() },
                node: Arc::clone(node),
            }
        };
        ClusterView {
            nodes: nodes.into_iter().map(named).collect(),
            taken,
            units: OnceLock::new(),
        }
    }

    /// Whether this machine is among the nodes.
    pub fn has_here(&self) -> bool {
        self.nodes.iter().any(Named::is_here)
    }

    /// The same, with this machine as it is now: it needs not be waited for, as the others are.
    pub fn with_here(&self, said: NodeDocument, now: Taken) -> ClusterView {
        let mut nodes = self.nodes.clone();
        if let Some(here) = nodes.iter_mut().find(|named| named.is_here()) {
            here.node = Arc::new(here.node.answered(said, now, HERE));
        }
        ClusterView {
            nodes,
            taken: self.taken,
            units: OnceLock::new(),
        }
    }

    /// All nodes, by address.
    pub fn nodes(&self) -> &[Named] {
        &self.nodes
    }

    /// The node of that name, in whichever of its forms.
    pub fn node(&self, id: &str) -> Option<&Named> {
        let by_id = |id: &str| self.nodes.iter().find(|named| named.id == id);
        by_id(id).or_else(|| by_id(&id.parse::<Entry>().ok()?.to_string()))
    }

    /// All units, by name.
    pub fn units(&self) -> impl ExactSizeIterator<Item = UnitView<'_>> {
        self.across().iter().map(|across| UnitView { view: self, across })
    }

    /// The unit of that name.
    pub fn unit(&self, name: &str) -> Option<UnitView<'_>> {
        let across = self.across();
        let found = across.binary_search_by(|other| other.name.as_str().cmp(name));
        let across = across.get(found.ok()?)?;
        Some(UnitView { view: self, across })
    }

    /// The unit at that position among [`ClusterView::units`].
    pub fn unit_at(&self, position: usize) -> Option<UnitView<'_>> {
        let across = self.across().get(position)?;
        Some(UnitView { view: self, across })
    }

    /// How old the oldest state is that is held for known, at that moment.
    pub fn age(&self, now: Duration) -> Duration {
        let known = self.nodes.iter().filter(|named| named.node.doubt.is_none());
        let seen = known
            .filter_map(|named| named.node.seen)
            .map(|seen| seen.uptime)
            .min();
        now.saturating_sub(seen.unwrap_or(self.taken.uptime))
    }

    fn across(&self) -> &[Across] {
        self.units.get_or_init(|| {
            let mut units: BTreeMap<&UnitName, Vec<(usize, usize)>> = BTreeMap::new();
            for (at, named) in self.nodes.iter().enumerate() {
                for (place, unit) in named.node.units.iter().enumerate() {
                    units.entry(&unit.name).or_default().push((at, place));
                }
            }
            let across = units.into_iter().map(|(name, places)| Across {
                name: name.clone(),
                places,
            });
            across.collect()
        })
    }
}

impl<'a> UnitView<'a> {
    /// Its name.
    pub fn name(&self) -> &'a UnitName {
        &self.across.name
    }

    /// The nodes that have it, with the unit as it is there.
    pub fn nodes(self) -> impl Iterator<Item = (&'a Named, &'a ClusterUnit)> {
        (0..self.across.places.len()).map_while(move |position| self.node_at(position))
    }

    /// The nth of [`UnitView::nodes`].
    pub fn node_at(self, position: usize) -> Option<(&'a Named, &'a ClusterUnit)> {
        let (node, unit) = *self.across.places.get(position)?;
        let named = self.view.nodes.get(node)?;
        Some((named, named.node.units.get(unit)?))
    }

    /// How it is on how many nodes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (named, unit) in self.nodes() {
            match named.node.health_of(unit) {
                Health::Healthy => counts.total += 1,
                Health::Unhealthy => {
                    counts.total += 1;
                    counts.unhealthy += 1;
                }
                Health::Unknown => counts.unknown += 1,
            }
        }
        counts
    }

    /// How it is, as far as that is known: a node that can't be asked does not hide how it is on all others.
    pub fn health(&self) -> Health {
        match self.counts() {
            Counts { total: 0, .. } => Health::Unknown,
            Counts { unhealthy: 0, .. } => Health::Healthy,
            Counts { .. } => Health::Unhealthy,
        }
    }

    /// What it is called for people.
    pub fn title(&self) -> &'a str {
        self.any().map_or("", |unit| unit.title.as_str())
    }

    /// What it is.
    pub fn description(&self) -> &'a str {
        self.any().map_or("", |unit| unit.description.as_str())
    }

    fn any(&self) -> Option<&'a ClusterUnit> {
        self.nodes().next().map(|(_, unit)| unit)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cluster::member::Defaults;
    use crate::cluster::membership::Listed;
    use Health::{Healthy, Unhealthy, Unknown};

    pub(crate) fn moment(seconds: i64) -> Taken {
        Taken {
            at: jiff::Timestamp::from_second(1_800_000_000 + seconds).unwrap(),
            uptime: Duration::from_secs(seconds.unsigned_abs()),
        }
    }

    /// A cluster, a line a node: its address, then its units with their health, then, if it can't be asked now, a `!` and why.
    pub(crate) fn view(lines: &str) -> ClusterView {
        let mut nodes = BTreeMap::new();
        for (line, seconds) in lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .zip(1..)
        {
            let (line, reason) = line
                .split_once('!')
                .map_or((line, None), |(line, reason)| (line, Some(reason)));
            let mut words = line.split_whitespace();
            let entry: Entry = words.next().unwrap().parse().unwrap();
            let defaults = Defaults {
                master_port: 1050,
                agent_port: 1050,
            };
            let member = defaults.member(entry);
            let units: Vec<_> = words
                .map(|word| {
                    let (name, health) = word.split_once('=').unwrap();
                    let health: u8 = health.parse().unwrap();
                    let output = if health == 1 {
                        format!("{name} failed\njournal of {name}\n")
                    } else {
                        String::new()
                    };
                    serde_json::json!({"id": format!("{name}.service"), "health": health, "output": output,
                        "name": name, "description": format!("the unit {name}")})
                })
                .collect();
            let said: NodeDocument =
                serde_json::from_value(serde_json::json!({"units": units, "node_role": "agent",
                "hostname": format!("host-{seconds}"), "mesos_id": format!("S{seconds}")}))
                .unwrap();
            let address = member.address.clone();
            let mut node = ClusterNode::new(Listed { member, named: true });
            if !said.units.is_empty() {
                node = node.answered(said, moment(seconds), 1 << 20);
            }
            if let Some(reason) = reason {
                node = node.failed(reason.trim().to_owned());
            }
            nodes.insert(address, Arc::new(node));
        }
        ClusterView::new(&nodes, None, moment(60))
    }

    #[test]
    fn units_are_counted_across_nodes_and_unknown_where_the_node_is() {
        let view = view(
            "10.0.0.1 a=0 b=0
             10.0.0.2 a=1 b=0 c=3
             10.0.0.3 a=1 b=1 d=0 ! refused
             10.0.0.4 ! no answer within 3 s",
        );
        let shown: Vec<_> = view
            .units()
            .map(|unit| {
                let Counts {
                    total,
                    unhealthy,
                    unknown,
                } = unit.counts();
                (unit.name().as_str(), [total, unhealthy, unknown], unit.health())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("a.service", [2, 1, 1], Unhealthy),
                ("b.service", [2, 0, 1], Healthy),
                ("c.service", [0, 0, 1], Unknown),
                ("d.service", [0, 0, 1], Unknown),
            ]
        );
        assert_eq!(view.nodes().len(), 4);
        assert_eq!(view.unit("b.service").unwrap().nodes().count(), 3);
        assert!(view.unit("e.service").is_none());
    }

    #[test]
    fn nodes_are_found_by_any_form_of_their_address() {
        let view = view(
            "10.0.0.1:1050 a=0
             10.0.0.1:1051 a=0
             10.0.0.2:7 a=0
             [fd00::1] a=0
             Node.Example a=0
             self a=0",
        );
        let ids: Vec<_> = view.nodes().iter().map(|named| named.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "127.0.0.1",
                "10.0.0.1:1050",
                "10.0.0.1:1051",
                "10.0.0.2",
                "fd00::1",
                "node.example"
            ]
        );
        for (text, id) in [
            ("10.0.0.1:1051", Some("10.0.0.1:1051")),
            ("10.0.0.1", None),
            ("FD00:0::1", Some("fd00::1")),
            ("[fd00::1]", Some("fd00::1")),
            ("::ffff:10.0.0.2", Some("10.0.0.2")),
            ("NODE.example.", Some("node.example")),
            ("10.0.0.9", None),
            ("%", None),
        ] {
            assert_eq!(view.node(text).map(|named| named.id.as_str()), id, "{text}");
        }
    }

    #[test]
    fn this_machine_is_shown_as_it_is_now() {
        let view = view("self a=1 b=0 gone=0\n10.0.0.1 a=1");
        let said: NodeDocument =
            serde_json::from_value(serde_json::json!({"health": 1, "age_ms": 500, "units": [
                {"id": "a.service", "health": 0},
                {"id": "b.service", "health": 1, "output": "b has failed since\nall lines"},
            ]}))
            .unwrap();
        assert!(view.has_here());
        let shown = view.with_here(said, moment(100));
        let counts = |name: &str| {
            let unit = shown.unit(name)?;
            let Counts {
                total,
                unhealthy,
                unknown,
            } = unit.counts();
            Some([total, unhealthy, unknown])
        };
        assert_eq!(counts("a.service"), Some([2, 1, 0]));
        assert_eq!(counts("b.service"), Some([1, 1, 0]));
        assert_eq!(counts("gone.service"), None);
        let node = |view: &ClusterView, at: usize| Arc::clone(&view.nodes()[at].node);
        assert_eq!(
            node(&shown, 0).unit("b.service").unwrap().output,
            "b has failed since\nall lines"
        );
        assert_eq!(node(&shown, 0).hostname, "host-1");
        assert_eq!(
            node(&shown, 0).seen.unwrap().uptime,
            Duration::from_millis(99_500)
        );
        assert!(Arc::ptr_eq(&node(&shown, 1), &node(&view, 1)));
        assert_eq!(shown.taken, view.taken);

        // It can't ask its systemd any more: what the view knew of it stays, as what it was.
        let stuck = serde_json::json!({"health": 3, "problem": "systemd does not answer", "units": []});
        let stuck = view.with_here(serde_json::from_value(stuck).unwrap(), moment(100));
        assert_eq!(stuck.unit("a.service").unwrap().counts().unknown, 1);
        assert_eq!(node(&stuck, 0).units, node(&view, 0).units);
        assert!(!tests::view("10.0.0.1 a=1").has_here());
    }

    #[test]
    fn the_age_is_that_of_the_oldest_state_held_for_known() {
        let view = view("10.0.0.1 a=0 ! refused\n10.0.0.2 a=0\n10.0.0.3 a=0");
        assert_eq!(view.age(Duration::from_secs(70)), Duration::from_secs(68));
    }
}
