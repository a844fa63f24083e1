//! The health report's short form: what is counted of it, and nothing else. Diagnostics answers with it at the report's URL
//! when it is asked for [`CONTENT_TYPE`]; signal makes the same tally of either.
//!
//! ```text
//! { "units": { <unit>: { "total", "unhealthy", "unknown" } },
//!   "nodes": { <role>: { "healthy", "unhealthy", "unknown", "unreachable" } },
//!   "updated", "age_ms" }
//! ```
//!
//! All numbers are of nodes. `total` counts those on which the unit's state is known, `unhealthy` some of them; `unknown` the
//! others that have it. Of a role's nodes `unreachable` counts those among the `unknown` that did not answer.

use std::collections::BTreeMap;
use std::io::Read;

use jiff::Timestamp;
use serde::Serialize;

use crate::issue::Issues;
use crate::json::{self, Kind, Reader};

/// What to ask for, and what the answer says it is.
pub const CONTENT_TYPE: &str = "application/vnd.heliograph.summary+json";

/// Largest summary that is read, in bytes after decompression: some 100,000 units.
pub const MAX_SUMMARY: u64 = 8 << 20;

/// A summary, to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By unit.
    pub units: BTreeMap<String, UnitCounts>,
    /// By role: `master`, `agent`, `agent_public`, or `unknown`.
    pub nodes: BTreeMap<String, NodeCounts>,
    /// When it was put together.
    pub updated: Timestamp,
    /// How old the oldest state is that counts as known, in milliseconds.
    pub age_ms: u64,
}

/// How many nodes a unit is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UnitCounts {
    /// Its state there is known.
    pub total: u64,
    /// Of those: unhealthy.
    pub unhealthy: u64,
    /// Its state there is not known.
    pub unknown: u64,
}

/// How many nodes have a role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NodeCounts {
    /// All is well there.
    pub healthy: u64,
    /// Something is not.
    pub unhealthy: u64,
    /// It is not known how they are.
    pub unknown: u64,
    /// Of those: they did not answer.
    pub unreachable: u64,
}

/// Takes in what a summary says, in the order in which it says it.
pub trait Visitor {
    /// A unit's counts; `unhealthy` is at most `total`.
    fn unit(&mut self, unit: &str, counts: UnitCounts);
    /// A role's counts; `unreachable` is at most `unknown`.
    fn nodes(&mut self, role: &str, counts: NodeCounts);
    /// Where bad values are counted.
    fn issues(&mut self) -> &mut Issues;
}

/// Why a document is no summary.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, cut off, or not to be read.
    #[error("the summary of the health report can't be read")]
    Json(#[from] json::Error),
    /// JSON of another shape.
    #[error("this is no summary of a health report: expected {expected}, found {found}")]
    Shape {
        /// What a summary has there.
        expected: &'static str,
        /// What the document has.
        found: &'static str,
    },
}

/// Reads a summary.
///
/// # Errors
/// The document can't be read to its end, or has no object `units`. What the visitor took in until then is of no use.
pub fn read<R: Read, V: Visitor>(input: R, visitor: &mut V) -> Result<(), Error> {
    let reader = &mut Reader::new(input, MAX_SUMMARY)?;
    let shape = |expected, found: Kind| Error::Shape {
        expected,
        found: found.name(),
    };
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        found => return Err(shape("an object", found)),
    }
    let mut has_units = false;
    while let Some(key) = reader.next_key()? {
        match key.bytes {
            b"units" => match reader.kind()? {
                Kind::Object => {
                    has_units = true;
                    read_counts(reader, visitor, "units", ["total", "unhealthy", "unknown"], unit)?;
                }
                found => return Err(shape("an object `units`", found)),
            },
            b"nodes" => match reader.kind()? {
                Kind::Object => {
                    const NAMES: [&str; 4] = ["healthy", "unhealthy", "unknown", "unreachable"];
                    read_counts(reader, visitor, "nodes", NAMES, nodes)?;
                }
                found => {
                    visitor
                        .issues()
                        .wrong_type(|| "nodes".to_owned(), "an object", found);
                    reader.skip()?;
                }
            },
            _ => reader.skip()?,
        }
    }
    if has_units {
        Ok(())
    } else {
        Err(Error::Shape {
            expected: "an object `units`",
            found: "none",
        })
    }
}

fn unit<V: Visitor>(visitor: &mut V, name: &str, [total, unhealthy, unknown]: [u64; 3]) -> bool {
    let counts = UnitCounts {
        total,
        unhealthy,
        unknown,
    };
    let makes_sense = unhealthy <= total;
    if makes_sense {
        visitor.unit(name, counts);
    }
    makes_sense
}

fn nodes<V: Visitor>(
    visitor: &mut V,
    role: &str,
    [healthy, unhealthy, unknown, unreachable]: [u64; 4],
) -> bool {
    let counts = NodeCounts {
        healthy,
        unhealthy,
        unknown,
        unreachable,
    };
    let makes_sense = unreachable <= unknown;
    if makes_sense {
        visitor.nodes(role, counts);
    }
    makes_sense
}

/// An object of objects that hold these numbers. An entry of which one is missing, is no count or makes no sense beside the
/// others is left out.
fn read_counts<R: Read, V: Visitor, const N: usize>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    list: &str,
    names: [&str; N],
    each: impl Fn(&mut V, &str, [u64; N]) -> bool,
) -> Result<(), json::Error> {
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let name = key.to_str().into_owned();
        match reader.kind()? {
            Kind::Object => reader.enter_object()?,
            found => {
                visitor
                    .issues()
                    .wrong_type(|| format!("{list}[{name:?}]"), "an object", found);
                reader.skip()?;
                continue;
            }
        }
        let mut numbers = [None; N];
        while let Some(key) = reader.next_key()? {
            let place = names.iter().position(|name| name.as_bytes() == key.bytes);
            match (place, reader.kind()?) {
                (Some(place), Kind::Number) => numbers[place] = count(reader.number()?),
                _ => reader.skip()?,
            }
        }
        let mut counts = [0; N];
        let mut complete = true;
        for (count, number) in counts.iter_mut().zip(numbers) {
            complete &= number.is_some();
            *count = number.unwrap_or_default();
        }
        if !(complete && each(visitor, &name, counts)) {
            visitor
                .issues()
                .add(|| format!("{list}[{name:?}]: expected the counts {}", names.join(", ")));
        }
    }
    Ok(())
}

fn count(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the range in which f64 is exact"
    )]
    (number.fract() == 0.0 && (0.0..EXACT).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Default)]
    struct Seen {
        units: Vec<(String, UnitCounts)>,
        nodes: Vec<(String, NodeCounts)>,
        issues: Issues,
    }

    impl Visitor for Seen {
        fn unit(&mut self, unit: &str, counts: UnitCounts) {
            self.units.push((unit.to_owned(), counts));
        }

        fn nodes(&mut self, role: &str, counts: NodeCounts) {
            self.nodes.push((role.to_owned(), counts));
        }

        fn issues(&mut self) -> &mut Issues {
            &mut self.issues
        }
    }

    fn seen(summary: &Value) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        read(summary.to_string().as_bytes(), &mut seen).map(|()| seen)
    }

    #[test]
    fn what_is_written_is_read() {
        let counts = UnitCounts {
            total: 498,
            unhealthy: 1,
            unknown: 2,
        };
        let nodes = NodeCounts {
            healthy: 3,
            unhealthy: 1,
            unknown: 2,
            unreachable: 1,
        };
        let summary = Summary {
            units: [("dcos-net.service".to_owned(), counts)].into(),
            nodes: [("master".to_owned(), nodes)].into(),
            updated: "2026-11-22T11:42:21Z".parse().unwrap(),
            age_ms: 1234,
        };
        let written = json!(summary);
        assert_eq!(
            written,
            json!({
                "units": {"dcos-net.service": {"total": 498, "unhealthy": 1, "unknown": 2}},
                "nodes": {"master": {"healthy": 3, "unhealthy": 1, "unknown": 2, "unreachable": 1}},
                "updated": "2026-11-22T11:42:21Z",
                "age_ms": 1234,
            })
        );
        let seen = seen(&written).unwrap();
        assert_eq!(seen.units, Vec::from_iter(summary.units));
        assert_eq!(seen.nodes, Vec::from_iter(summary.nodes));
        assert!(seen.issues.is_empty());
    }

    #[test]
    fn one_bad_value_costs_its_entry() {
        let good = json!({"total": 2, "unhealthy": 1.0, "unknown": 0, "more": []});
        let with = |name: &str, value: Value| {
            let mut entry = good.clone();
            entry[name] = value;
            entry
        };
        let seen = seen(&json!({
            "nodes": [],
            "units": {"a": good, "b": null, "c": with("unhealthy", json!(3)), "d": with("total", json!("2")), "e": {},
                "f": with("unknown", json!(-1)), "g": with("unknown", json!(0.5)), "h": with("unknown", json!(1e300)), "i": good},
        }))
        .unwrap();
        let names: Vec<_> = seen.units.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "i"]);
        assert_eq!(seen.issues.count(), 8);
        assert!(
            seen.issues.to_string().contains("units[\"b\"]: expected an object, found null; units[\"c\"]: expected the counts total, unhealthy, unknown"),
            "{}",
            seen.issues
        );
    }

    #[test]
    fn what_is_no_summary_is_refused() {
        for (document, message) in [
            (
                json!([]),
                "this is no summary of a health report: expected an object, found a list",
            ),
            (
                json!({"Units": {}}),
                "this is no summary of a health report: expected an object `units`, found none",
            ),
            (
                json!({"units": null}),
                "this is no summary of a health report: expected an object `units`, found null",
            ),
        ] {
            assert_eq!(seen(&document).err().unwrap().to_string(), message);
        }
        assert!(read(&b"{\"units\":{"[..], &mut Seen::default()).is_err());
        assert!(seen(&json!({"units": {}})).unwrap().units.is_empty());
    }
}
