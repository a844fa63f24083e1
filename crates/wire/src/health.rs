//! The health report: `GET /system/health/v1/report` of DC/OS diagnostics, and of ours.
//!
//! ```text
//! { "Units": { <unit>: { "UnitName", "Health", "Nodes": [ Node… ], "Unknown": [ Node… ] } },
//!   "Nodes": { <ip>:   { "IP", "Role", "Health", "Reached", "Units": [ { "UnitName", "Health" } ] } } }
//! Node = { "IP", "Health", "Output": { <unit>: text }, "Units": [ { "UnitName", "Health" } ] }
//! ```
//!
//! [`read`] walks such a document once, in the order in which it streams by, and tells a [`Visitor`] what the report says of
//! each unit on each node. What that is: the `Health` of a nested unit, where there is one, decides; else an `Output` of that
//! unit that is not blank means unhealthy. `Health` of the unit and of the node summarise several units or nodes, so they are
//! handed on as claims and decide nothing. `Unknown` and `Reached` are Heliograph's additions: nodes of which the unit's state is
//! not known; and that a node whose health is not known did answer. In the original a node's health is unknown only when it did
//! not.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

use crate::issue::Issues;
use crate::json::{self, Kind, Reader};

/// Largest report that is read, in bytes after decompression. 5,000 nodes of DC/OS 1.10 are 230 MB.
pub const MAX_REPORT: u64 = 1 << 30;

/// The state of one unit on one node. As numbers: 0, 1 and 3 (there is no 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// 0
    Healthy,
    /// 1
    Unhealthy,
    /// 3
    Unknown,
}

impl State {
    fn from_number(number: f64) -> Option<State> {
        match number {
            0.0 => Some(State::Healthy),
            1.0 => Some(State::Unhealthy),
            3.0 => Some(State::Unknown),
            _ => None,
        }
    }
}

/// Tells nodes apart without keeping their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeKey(u64);

impl NodeKey {
    fn of(address: &[u8]) -> NodeKey {
        let mut hasher = DefaultHasher::new();
        address.hash(&mut hasher);
        NodeKey(hasher.finish())
    }
}

/// Takes in what a report says, in the order in which it says it.
pub trait Visitor {
    /// What follows is of this unit, until [`Visitor::unit_end`].
    fn unit(&mut self, unit: &str);
    /// The unit's state on one node; the node is `None` where the report does not say which it is.
    fn unit_on_node(&mut self, node: Option<NodeKey>, state: State);
    /// The unit is complete; `claimed` is what `Units[unit].Health` says.
    fn unit_end(&mut self, claimed: Option<State>);
    /// A unit in the node's own list, before the node's [`Visitor::node`].
    fn unit_of_node(&mut self, node: NodeKey, unit: &str, state: State);
    /// A node of the top-level list is complete; `claimed` is its `Health`, and `reached` whether it answered.
    fn node(&mut self, node: NodeKey, claimed: Option<State>, reached: bool);
    /// Where bad values are counted.
    fn issues(&mut self) -> &mut Issues;
}

/// Why a document is no health report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, cut off, or not to be read.
    #[error("the health report can't be read")]
    Json(#[from] json::Error),
    /// JSON of another shape.
    #[error("this is not a health report: expected {expected}, found {found}")]
    Shape {
        /// What a report has there.
        expected: &'static str,
        /// What the document has.
        found: &'static str,
    },
}

/// Reads a report.
///
/// # Errors
/// The document can't be read to its end, or has no object `Units`. What the visitor took in until then is of no use.
pub fn read<R: Read, V: Visitor>(input: R, visitor: &mut V) -> Result<(), Error> {
    let reader = &mut Reader::new(input, MAX_REPORT)?;
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        found => {
            return Err(Error::Shape {
                expected: "an object",
                found: found.name(),
            });
        }
    }
    let mut has_units = false;
    while let Some(key) = reader.next_key()? {
        match key.bytes {
            b"Units" => {
                has_units = true;
                match reader.kind()? {
                    Kind::Object => read_units(reader, visitor)?,
                    Kind::Null => reader.skip()?,
                    found => {
                        return Err(Error::Shape {
                            expected: "an object `Units`",
                            found: found.name(),
                        });
                    }
                }
            }
            b"Nodes" => match reader.kind()? {
                Kind::Object => read_nodes(reader, visitor)?,
                Kind::Null => reader.skip()?,
                found => wrong(reader, visitor, found, "an object", || "Nodes".into())?,
            },
            _ => reader.skip()?,
        }
    }
    if has_units {
        Ok(())
    } else {
        Err(Error::Shape {
            expected: "an object `Units`",
            found: "none",
        })
    }
}

fn read_units<R: Read, V: Visitor>(reader: &mut Reader<R>, visitor: &mut V) -> Result<(), json::Error> {
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let mut name = key.to_str().into_owned();
        match reader.kind()? {
            Kind::Object => reader.enter_object()?,
            found => {
                wrong(reader, visitor, found, "an object", || format!("Units[{name:?}]"))?;
                continue;
            }
        }
        let mut begun = false;
        let mut claimed = None;
        while let Some(key) = reader.next_key()? {
            match key.bytes {
                // The unit is known by its name, not by the key it stands under, as in the original.
                b"UnitName" => match reader.kind()? {
                    Kind::String => {
                        let said = reader.string()?.to_str().into_owned();
                        if said != name && begun {
                            visitor.issues().add(|| format!("Units[{name:?}].UnitName: comes after Nodes and differs from the key, which was used"));
                        } else {
                            name = said;
                        }
                    }
                    found => wrong(reader, visitor, found, "a string", || {
                        format!("Units[{name:?}].UnitName")
                    })?,
                },
                b"Health" => claimed = read_state(reader, visitor, || format!("Units[{name:?}].Health"))?,
                b"Nodes" | b"Unknown" => {
                    let known = key.bytes == b"Nodes";
                    if !begun {
                        visitor.unit(&name);
                        begun = true;
                    }
                    read_unit_nodes(reader, visitor, &name, known)?;
                }
                _ => reader.skip()?,
            }
        }
        if begun {
            visitor.unit_end(claimed);
        }
    }
    Ok(())
}

fn read_unit_nodes<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    unit: &str,
    known: bool,
) -> Result<(), json::Error> {
    let list = if known { "Nodes" } else { "Unknown" };
    match reader.kind()? {
        Kind::Array => reader.enter_array()?,
        Kind::Null => return reader.skip(),
        found => {
            return wrong(reader, visitor, found, "a list", || {
                format!("Units[{unit:?}].{list}")
            });
        }
    }
    let mut index = 0_u64;
    while reader.next_item()? {
        let place = || format!("Units[{unit:?}].{list}[{index}]");
        match reader.kind()? {
            Kind::Object => {
                let (node, state) = read_unit_node(reader, visitor, unit, &place)?;
                visitor.unit_on_node(node, if known { state } else { State::Unknown });
            }
            Kind::String if !known => {
                let node = NodeKey::of(reader.string()?.bytes);
                visitor.unit_on_node(Some(node), State::Unknown);
            }
            found => wrong(reader, visitor, found, "an object", place)?,
        }
        index += 1;
    }
    Ok(())
}

/// One node's entry under a unit: which node it is, and the unit's state there.
fn read_unit_node<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    unit: &str,
    place: &impl Fn() -> String,
) -> Result<(Option<NodeKey>, State), json::Error> {
    let mut node = None;
    let mut by_output = State::Healthy;
    let mut nested = None;
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        match key.bytes {
            b"IP" => match reader.kind()? {
                Kind::String => node = Some(NodeKey::of(reader.string()?.bytes)),
                found => wrong(reader, visitor, found, "a string", || format!("{}.IP", place()))?,
            },
            b"Output" => by_output = read_output(reader, visitor, unit, place)?,
            b"Units" => read_nested(reader, visitor, place, |_, name, state| {
                if name == unit {
                    nested = Some(state);
                }
            })?,
            _ => reader.skip()?,
        }
    }
    Ok((node, nested.unwrap_or(by_output)))
}

fn read_output<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    unit: &str,
    place: &impl Fn() -> String,
) -> Result<State, json::Error> {
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        Kind::Null => {
            reader.skip()?;
            return Ok(State::Healthy);
        }
        found => {
            wrong(reader, visitor, found, "an object", || {
                format!("{}.Output", place())
            })?;
            return Ok(State::Unknown);
        }
    }
    let mut state = State::Healthy;
    while let Some(key) = reader.next_key()? {
        if key.bytes != unit.as_bytes() {
            reader.skip()?;
            continue;
        }
        state = match reader.kind()? {
            Kind::String if reader.string()?.is_blank() => State::Healthy,
            Kind::String => State::Unhealthy,
            Kind::Null => {
                reader.skip()?;
                State::Healthy
            }
            found => {
                wrong(reader, visitor, found, "a string", || {
                    format!("{}.Output[{unit:?}]", place())
                })?;
                State::Unknown
            }
        };
    }
    Ok(state)
}

/// A list of `{UnitName, Health}`; entries without a usable pair of them say nothing.
fn read_nested<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    place: &impl Fn() -> String,
    mut each: impl FnMut(&mut V, &str, State),
) -> Result<(), json::Error> {
    match reader.kind()? {
        Kind::Array => reader.enter_array()?,
        Kind::Null => return reader.skip(),
        found => return wrong(reader, visitor, found, "a list", || format!("{}.Units", place())),
    }
    let mut index = 0_u64;
    while reader.next_item()? {
        let position = index;
        let here = || format!("{}.Units[{position}]", place());
        index += 1;
        match reader.kind()? {
            Kind::Object => reader.enter_object()?,
            found => {
                wrong(reader, visitor, found, "an object", here)?;
                continue;
            }
        }
        let mut name = None;
        let mut state = None;
        while let Some(key) = reader.next_key()? {
            match key.bytes {
                b"UnitName" => match reader.kind()? {
                    Kind::String => name = Some(reader.string()?.to_str().into_owned()),
                    found => wrong(reader, visitor, found, "a string", || {
                        format!("{}.UnitName", here())
                    })?,
                },
                b"Health" => state = read_state(reader, visitor, || format!("{}.Health", here()))?,
                _ => reader.skip()?,
            }
        }
        if let (Some(name), Some(state)) = (name, state) {
            each(visitor, &name, state);
        }
    }
    Ok(())
}

fn read_nodes<R: Read, V: Visitor>(reader: &mut Reader<R>, visitor: &mut V) -> Result<(), json::Error> {
    reader.enter_object()?;
    let mut index = 0_u64;
    while let Some(key) = reader.next_key()? {
        let node = NodeKey::of(key.bytes);
        // The place says which node by its position: addresses don't go into logs.
        let position = index;
        let place = || format!("Nodes[{position}]");
        index += 1;
        match reader.kind()? {
            Kind::Object => reader.enter_object()?,
            found => {
                wrong(reader, visitor, found, "an object", place)?;
                continue;
            }
        }
        let mut claimed = None;
        let mut reached = None;
        while let Some(key) = reader.next_key()? {
            match key.bytes {
                b"Health" => claimed = read_state(reader, visitor, || format!("{}.Health", place()))?,
                b"Reached" => match reader.kind()? {
                    Kind::Bool => reached = Some(reader.bool()?),
                    found => wrong(reader, visitor, found, "a boolean", || {
                        format!("{}.Reached", place())
                    })?,
                },
                b"Units" => read_nested(reader, visitor, &place, |visitor, name, state| {
                    visitor.unit_of_node(node, name, state);
                })?,
                _ => reader.skip()?,
            }
        }
        visitor.node(node, claimed, reached.unwrap_or(claimed != Some(State::Unknown)));
    }
    Ok(())
}

fn read_state<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    place: impl Fn() -> String,
) -> Result<Option<State>, json::Error> {
    match reader.kind()? {
        Kind::Number => {
            let state = State::from_number(reader.number()?);
            if state.is_none() {
                visitor
                    .issues()
                    .add(|| format!("{}: expected 0, 1 or 3, found another number", place()));
            }
            Ok(state)
        }
        found => {
            wrong(reader, visitor, found, "a number", place)?;
            Ok(None)
        }
    }
}

/// Drops a value of the wrong type and counts it.
fn wrong<R: Read, V: Visitor>(
    reader: &mut Reader<R>,
    visitor: &mut V,
    found: Kind,
    expected: &str,
    place: impl Fn() -> String,
) -> Result<(), json::Error> {
    visitor.issues().wrong_type(place, expected, found);
    reader.skip()
}
