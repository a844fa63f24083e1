//! The health report, in the shape that dcos-diagnostics gives it (Go's encoder: map keys sorted, one line).
//!
//! Each node is written 2U+1 times for its U units: in each unit, at the top, and in each unit within that. So a
//! node's text is made once and copied.

use std::collections::BTreeMap;
use std::io::Write as _;

use fastrand::Rng;

use crate::cluster::{Cluster, Node, Unit};
use crate::journal;

/// Sets the random choices of the text apart from those of the plan.
const SALT: u64 = 0x6865_616c_7468;

/// Renders the report.
pub(crate) fn render(cluster: &Cluster) -> Vec<u8> {
    let mut rng = Rng::with_seed(cluster.seed ^ SALT);
    let copies: Vec<Rendered> = cluster
        .nodes
        .iter()
        .map(|node| Rendered::new(node, cluster.journal_lines, &mut rng))
        .collect();
    let size: usize = cluster
        .nodes
        .iter()
        .zip(&copies)
        .map(|(node, copy)| copy.room(node))
        .sum();
    let mut out = Vec::with_capacity(size + 64 * 1024);
    out.extend_from_slice(br#"{"Units":"#);
    units(cluster, &copies, &mut rng, &mut out);
    out.extend_from_slice(br#","Nodes":"#);
    nodes(cluster, &copies, &mut rng, &mut out);
    out.extend_from_slice(br#","UpdatedTime":"#);
    time(&mut rng, &mut out);
    out.extend_from_slice(b"}\n");
    out
}

/// A node's text, in two parts: what stands before `Units` and what stands after.
struct Rendered {
    open: Vec<u8>,
    close: Vec<u8>,
}

impl Rendered {
    fn new(node: &Node, lines: usize, rng: &mut Rng) -> Self {
        let (host, mesos_id, health) = match (node.reachable, node.failing()) {
            (false, _) => ("", "", 3),
            (true, failing) => (node.host.as_str(), node.mesos_id.as_str(), u8::from(failing)),
        };
        let mut open = Vec::new();
        let _ = write!(
            open,
            r#"{{"Leader":{},"Role":"{}","IP":"{}","Host":"#,
            node.leader,
            node.role.name(),
            node.ip
        );
        quote(host, &mut open);
        let _ = write!(open, r#","Health":{health},"Output":"#);
        if node.reachable {
            for (index, unit) in node.units.iter().enumerate() {
                open.push(if index == 0 { b'{' } else { b',' });
                quote(&unit.name, &mut open);
                open.push(b':');
                let text = if unit.failing {
                    journal::output(&unit.name, lines, rng)
                } else {
                    String::new()
                };
                quote(&text, &mut open);
            }
            open.push(b'}');
        } else {
            open.extend_from_slice(b"null");
        }
        let mut close = br#","MesosID":"#.to_vec();
        quote(mesos_id, &mut close);
        close.push(b'}');
        Self { open, close }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open);
        out.extend_from_slice(&self.close);
    }

    /// About how many bytes the node takes in all.
    fn room(&self, node: &Node) -> usize {
        (2 * node.units.len() + 1) * (self.open.len() + self.close.len() + 1) + node.units.len() * 256
    }
}

/// The map of units: each with its nodes, in the order in which they answered.
fn units(cluster: &Cluster, copies: &[Rendered], rng: &mut Rng, out: &mut Vec<u8>) {
    let mut units: BTreeMap<&str, (&Unit, bool, Vec<usize>)> = BTreeMap::new();
    for &index in &cluster.answered {
        for unit in &cluster.nodes[index].units {
            let (_, failing, nodes) = units
                .entry(&unit.name)
                .or_insert_with(|| (unit, false, Vec::new()));
            *failing |= unit.failing;
            nodes.push(index);
        }
    }
    out.push(b'{');
    for (place, (name, (unit, failing, nodes))) in units.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quote(name, out);
        out.push(b':');
        self::unit(
            unit,
            failing,
            nodes.into_iter().map(|index| &copies[index]),
            rng,
            out,
        );
    }
    out.push(b'}');
}

/// The map of nodes, each with its units, each with that node alone.
fn nodes(cluster: &Cluster, copies: &[Rendered], rng: &mut Rng, out: &mut Vec<u8>) {
    let mut sorted: Vec<(&Node, &Rendered)> = cluster.nodes.iter().zip(copies).collect();
    sorted.sort_by_key(|(node, _)| &node.ip);
    out.push(b'{');
    for (place, (node, copy)) in sorted.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quote(&node.ip, out);
        out.push(b':');
        out.extend_from_slice(&copy.open);
        if node.reachable && !node.units.is_empty() {
            out.extend_from_slice(br#","Units":["#);
            for (place, unit) in node.units.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                self::unit(unit, unit.failing, std::iter::once(copy), rng, out);
            }
            out.push(b']');
        }
        out.extend_from_slice(&copy.close);
    }
    out.push(b'}');
}

fn unit<'a>(
    unit: &Unit,
    failing: bool,
    nodes: impl Iterator<Item = &'a Rendered>,
    rng: &mut Rng,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(br#"{"UnitName":"#);
    quote(&unit.name, out);
    out.extend_from_slice(br#","Nodes":["#);
    for (place, copy) in nodes.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        copy.write(out);
    }
    let _ = write!(out, r#"],"Health":{},"Title":"#, u8::from(failing));
    quote(unit.title, out);
    out.extend_from_slice(br#","Timestamp":"#);
    time(rng, out);
    out.extend_from_slice(br#","PrettyName":"#);
    quote(&unit.pretty_name, out);
    out.push(b'}');
}

/// A moment of the second in which the report was made, with its nanoseconds' trailing zeros dropped, as Go does.
fn time(rng: &mut Rng, out: &mut Vec<u8>) {
    let nanoseconds = format!("{:09}", rng.u32(..1_000_000_000));
    let digits = nanoseconds.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    let _ = write!(out, r#""2017-09-05T19:33:20{point}{digits}Z""#);
}

/// A JSON string as Go's encoder writes it.
fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(br#"\""#),
            '\\' => out.extend_from_slice(br"\\"),
            '\n' => out.extend_from_slice(br"\n"),
            '\r' => out.extend_from_slice(br"\r"),
            '\t' => out.extend_from_slice(br"\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        let mut out = Vec::new();
        quote("a\"b\\c\n\t<&>\u{1}\u{2028}é", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, r#""a\"b\\c\n\t\u003c\u0026\u003e\u0001\u2028é""#);
        assert_eq!(
            serde_json::from_str::<String>(&text).unwrap(),
            "a\"b\\c\n\t<&>\u{1}\u{2028}é"
        );
    }
}
