//! A spec with everything decided that it left open. Documents and truth are both told from this, so neither
//! is made from the other.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use fastrand::Rng;

use crate::catalogue;
use crate::spec::{ClusterSpec, FailingSpec, Failure, Role, Totals};

/// The first node's address; the others follow.
const FIRST_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 4);

/// A cluster, node by node.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Masters, agents, public agents.
    pub(crate) nodes: Vec<Node>,
    /// The order in which the reachable nodes answered the aggregator.
    pub(crate) answered: Vec<usize>,
    pub(crate) packages: Vec<Package>,
    pub(crate) frameworks: Vec<String>,
    /// The id that Mesos' own ids begin with.
    pub(crate) mesos_id: String,
    pub(crate) totals: Totals,
    pub(crate) used: Totals,
    pub(crate) tasks: u32,
    pub(crate) journal_lines: usize,
    pub(crate) seed: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) leader: bool,
    pub(crate) ip: String,
    pub(crate) host: String,
    pub(crate) mesos_id: String,
    pub(crate) reachable: bool,
    /// By name.
    pub(crate) units: Vec<Unit>,
}

impl Node {
    pub(crate) fn failing(&self) -> bool {
        self.units.iter().any(|unit| unit.failing)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) name: Cow<'static, str>,
    pub(crate) pretty_name: Cow<'static, str>,
    pub(crate) title: &'static str,
    pub(crate) failing: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Cluster {
    pub(crate) fn plan(spec: &ClusterSpec) -> Self {
        let mut rng = Rng::with_seed(spec.seed);
        let mesos_id = uuid(&mut rng);
        let mut nodes = nodes(spec, &mesos_id, &mut rng);
        let mut others: Vec<usize> = (1..nodes.len()).collect();
        rng.shuffle(&mut others);
        for index in others.into_iter().take(spec.unreachable) {
            nodes[index].reachable = false;
        }
        let mut answered: Vec<usize> = (0..nodes.len()).filter(|index| nodes[*index].reachable).collect();
        rng.shuffle(&mut answered);
        match &spec.failing {
            FailingSpec::Share(share) => fail_share(*share, &mut nodes, &mut rng),
            FailingSpec::Exact(failures) => failures.iter().for_each(|failure| fail(failure, &mut nodes)),
        }
        let agents = nodes
            .iter()
            .filter(|node| node.reachable && node.role != Role::Master)
            .count();
        let totals = spec.totals.unwrap_or_else(|| Totals::AGENT.times(count(agents)));
        Self {
            nodes,
            answered,
            packages: spec.packages.iter().map(|name| package(name, &mut rng)).collect(),
            frameworks: spec.frameworks.clone(),
            mesos_id,
            totals,
            used: totals.share(spec.used),
            tasks: spec.tasks,
            journal_lines: spec.journal_lines,
            seed: spec.seed,
        }
    }

    /// Agents of both kinds, and how many of them Mesos is connected to.
    pub(crate) fn agents(&self) -> (usize, usize) {
        let agents = || self.nodes.iter().filter(|node| node.role != Role::Master);
        (agents().count(), agents().filter(|node| node.reachable).count())
    }
}

/// A count as Mesos tells it.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A random id in the shape of a UUID.
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let mut id = format!("{:032x}", rng.u128(..));
    for at in [8, 13, 18, 23] {
        id.insert(at, '-');
    }
    id
}

fn nodes(spec: &ClusterSpec, mesos_id: &str, rng: &mut Rng) -> Vec<Node> {
    let roles = std::iter::repeat_n(Role::Master, spec.masters)
        .chain(std::iter::repeat_n(Role::Agent, spec.agents))
        .chain(std::iter::repeat_n(Role::AgentPublic, spec.public_agents));
    let mut ip = FIRST_IP;
    let mut agent = 0;
    let mut nodes = Vec::with_capacity(spec.nodes());
    for (index, role) in roles.enumerate() {
        let mesos_id = if role == Role::Master {
            uuid(rng)
        } else {
            agent += 1;
            format!("{mesos_id}-S{}", agent - 1)
        };
        let mut host = "ip".to_owned();
        for octet in ip.octets() {
            let _ = write!(host, "-{octet}");
        }
        host.push_str(".us-west-2.compute.internal");
        let units = catalogue::units(spec.release, role).map(|unit| Unit {
            name: unit.name.into(),
            pretty_name: unit.pretty_name.into(),
            title: unit.title,
            failing: false,
        });
        nodes.push(Node {
            role,
            leader: index == 0,
            ip: ip.to_string(),
            host,
            mesos_id,
            reachable: true,
            units: units.collect(),
        });
        ip = Ipv4Addr::from_bits(ip.to_bits().wrapping_add(1));
    }
    nodes
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates; below 0 is 0 nodes"
)]
fn fail_share(share: f64, nodes: &mut [Node], rng: &mut Rng) {
    let failing = (count(nodes.len()) * share).round() as usize;
    let mut reachable: Vec<&mut Node> = nodes.iter_mut().filter(|node| node.reachable).collect();
    rng.shuffle(&mut reachable);
    for node in reachable.into_iter().take(failing) {
        if let Some(unit) = rng.choice(&mut node.units) {
            unit.failing = true;
        }
    }
}

fn fail(failure: &Failure, nodes: &mut [Node]) {
    let Some(node) = nodes.get_mut(failure.node).filter(|node| node.reachable) else {
        return;
    };
    match node
        .units
        .binary_search_by(|unit| unit.name.as_ref().cmp(&failure.unit))
    {
        Ok(known) => node.units[known].failing = true,
        Err(place) => {
            let name = failure.unit.clone();
            // A unit whose description has no name of its own goes by its id.
            let unit = Unit {
                pretty_name: name.clone().into(),
                name: name.into(),
                title: "",
                failing: true,
            };
            node.units.insert(place, unit);
        }
    }
}

fn package(name: &str, rng: &mut Rng) -> Package {
    let folder = if rng.u8(..4) == 0 { "/prod" } else { "" };
    let mut number = |below| rng.u8(..below);
    let version = format!(
        "{}.{}.{}-{}.{}.{}",
        number(20),
        number(20),
        number(20),
        number(20),
        number(20),
        number(20)
    );
    Package {
        app_id: format!("{folder}/{name}"),
        name: name.to_owned(),
        version,
    }
}
