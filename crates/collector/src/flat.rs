//! Messages as flat rows, for tools that know tables: one table each for reports, units, packages and events.
//!
//! A row tells of one message that counts, or of one unit or name in it, with the names of columns and properties from the plan. What is
//! summed up over the rows is what questions are answered with: names and numbers are those that were counted.

mod row;
mod write;

use std::sync::LazyLock;

use heliograph_wire::plan::{Kind, Plan, Property};

pub use self::row::{Cell, Keys, rows};
pub use self::write::{Form, UnknownForm, Writer};

/// What rows tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Reports of clusters, with their numbers.
    Reports,
    /// Units on the nodes of a cluster, of health reports.
    Units,
    /// Packages and frameworks that a report names.
    Packages,
    /// All other messages.
    Events,
}

impl Table {
    /// The names of its columns, in their order.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Table::Reports => {
                let own = ["hour", "event", CLUSTER].into_iter();
                let texts = TEXTS.iter().copied();
                own.chain(texts).chain(NUMBERS.iter().copied()).collect()
            }
            Table::Units => [&OF_HOUR[..], &["unit", "total", "unhealthy", "unknown"]].concat(),
            Table::Packages => [&OF_HOUR[..], &["kind", "name"]].concat(),
            Table::Events => vec!["time", "type", "event", "name", "keyKind", CLUSTER],
        }
    }
}

/// The plan's name for a cluster's id.
const CLUSTER: &str = "clusterId";
/// What an hour of a cluster is told by.
const OF_HOUR: [&str; 5] = ["hour", CLUSTER, "environmentVersion", "provider", "variant"];

/// The properties of all reports that are texts, but for the cluster's id.
static TEXTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let common = Plan::built_in().common.iter();
    let texts = common.filter(|property| property.kind == Kind::String && property.name != CLUSTER);
    texts.map(|property| property.name.as_str()).collect()
});

/// The properties of reports that are numbers, in the order of the plan, each once.
static NUMBERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let is_number = |property: &&Property| {
        matches!(property.kind, Kind::Integer | Kind::Number) && !property.name.contains('<')
    };
    let mut numbers = Vec::new();
    for event in Plan::built_in()
        .events
        .iter()
        .filter(|event| event.preview.is_some())
    {
        for property in event.properties.iter().filter(is_number) {
            if !numbers.contains(&property.name.as_str()) {
                numbers.push(property.name.as_str());
            }
        }
    }
    numbers
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_the_plan() {
        let columns = Table::Reports.columns();
        assert_eq!(columns[..4], ["hour", "event", "clusterId", "customerKey"]);
        for name in [
            "environmentVersion",
            "nodes-unreachable",
            "cpu_total",
            "task_count",
        ] {
            assert!(columns.contains(&name), "{name}");
        }
        for table in [Table::Reports, Table::Units, Table::Packages, Table::Events] {
            let mut columns = table.columns();
            let count = columns.len();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), count, "{table:?}");
        }
    }
}
