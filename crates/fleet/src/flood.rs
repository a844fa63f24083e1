//! Documents without an end that a client could wait for, made while they are sent.
//!
//! Each is valid JSON of its source's shape, [`FLOOD_BYTES`] long, sent in chunks without a length ahead.

use std::io::Write as _;

use crate::source::Source;

/// Where a flood stops, in bytes. A client without a bound of its own sees this many.
pub const FLOOD_BYTES: usize = 512 * 1024 * 1024;

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flood {
    /// One enormous string. Diagnostics: the output of one unit; Cosmos, frameworks: the first entry's name;
    /// metrics: a key.
    String,
    /// Entries that all differ. Diagnostics: nodes of one unit; Cosmos: packages; frameworks; metrics: keys.
    Entries,
    /// Diagnostics only: units, each with a name of its own and one node.
    Units,
}

impl Flood {
    /// All floods.
    pub const ALL: [Self; 3] = [Self::String, Self::Entries, Self::Units];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Entries => "entries",
            Self::Units => "units",
        }
    }
}

/// The parts that a flood is made of: a beginning, entry after entry, an end.
#[derive(Clone, Copy, Debug)]
struct Parts {
    prefix: &'static str,
    entry: fn(usize, &mut Vec<u8>),
    separator: &'static str,
    suffix: &'static str,
}

/// A flood that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Pour {
    parts: Parts,
    index: usize,
    poured: usize,
    limit: usize,
    over: bool,
}

impl Pour {
    pub(crate) const fn new(source: Source, flood: Flood, limit: usize) -> Self {
        Self {
            parts: parts(source, flood),
            index: 0,
            poured: 0,
            limit,
            over: false,
        }
    }

    /// Replaces `block` by the next `size` bytes or a little more; false when there are none left.
    pub(crate) fn fill(&mut self, block: &mut Vec<u8>, size: usize) -> bool {
        block.clear();
        if self.over {
            return false;
        }
        if self.index == 0 {
            block.extend_from_slice(self.parts.prefix.as_bytes());
        }
        while block.len() < size && !self.over {
            if self.index > 0 {
                block.extend_from_slice(self.parts.separator.as_bytes());
            }
            (self.parts.entry)(self.index, block);
            self.index += 1;
            if self.poured + block.len() >= self.limit {
                block.extend_from_slice(self.parts.suffix.as_bytes());
                self.over = true;
            }
        }
        self.poured += block.len();
        true
    }
}

const UNIT_END: &str = r#"],"Health":1,"Title":"","Timestamp":"2017-09-05T19:33:20Z","PrettyName":"Flood"}"#;

const fn parts(source: Source, flood: Flood) -> Parts {
    match (source, flood) {
        (Source::Diagnostics, Flood::String) => Parts {
            prefix: r#"{"Units":{"dcos-flood.service":{"UnitName":"dcos-flood.service","Nodes":[{"Leader":false,"Role":"agent","IP":"10.0.0.4","Host":"flood","Health":1,"MesosID":"","Output":{"dcos-flood.service":""#,
            entry: letters,
            separator: "",
            suffix: r#""}}],"Health":1,"Title":"","Timestamp":"2017-09-05T19:33:20Z","PrettyName":"Flood"}},"Nodes":{},"UpdatedTime":"2017-09-05T19:33:20Z"}"#,
        },
        (Source::Diagnostics, Flood::Entries) => Parts {
            prefix: r#"{"Units":{"dcos-flood.service":{"UnitName":"dcos-flood.service","Nodes":["#,
            entry: node,
            separator: ",",
            suffix: r#"],"Health":1,"Title":"","Timestamp":"2017-09-05T19:33:20Z","PrettyName":"Flood"}},"Nodes":{},"UpdatedTime":"2017-09-05T19:33:20Z"}"#,
        },
        (Source::Diagnostics, Flood::Units) => Parts {
            prefix: r#"{"Units":{"#,
            entry: unit,
            separator: ",",
            suffix: r#"},"Nodes":{},"UpdatedTime":"2017-09-05T19:33:20Z"}"#,
        },
        (Source::Cosmos, Flood::String) => Parts {
            prefix: r#"{"packages":[{"appId":"/flood","packageInformation":{"packageDefinition":{"version":"1.0.0","name":""#,
            entry: letters,
            separator: "",
            suffix: r#""}}}]}"#,
        },
        (Source::Cosmos, _) => Parts {
            prefix: r#"{"packages":["#,
            entry: package,
            separator: ",",
            suffix: "]}",
        },
        (Source::Frameworks, Flood::String) => Parts {
            prefix: r#"{"frameworks":[{"id":"flood","name":""#,
            entry: letters,
            separator: "",
            suffix: r#""}],"completed_frameworks":[],"unregistered_frameworks":[]}"#,
        },
        (Source::Frameworks, _) => Parts {
            prefix: r#"{"frameworks":["#,
            entry: framework,
            separator: ",",
            suffix: r#"],"completed_frameworks":[],"unregistered_frameworks":[]}"#,
        },
        (Source::Metrics, Flood::String) => Parts {
            prefix: r#"{"master/"#,
            entry: letters,
            separator: "",
            suffix: r#"":1.0}"#,
        },
        (Source::Metrics, _) => Parts {
            prefix: "{",
            entry: metric,
            separator: ",",
            suffix: "}",
        },
    }
}

fn letters(_: usize, block: &mut Vec<u8>) {
    block.extend_from_slice(&[b'A'; 4096]);
}

// Writing into a `Vec` can't fail.

fn node(index: usize, block: &mut Vec<u8>) {
    let (a, b, c) = (index >> 16 & 255, index >> 8 & 255, index & 255);
    let _ = write!(
        block,
        r#"{{"Leader":false,"Role":"agent","IP":"10.{a}.{b}.{c}","Host":"flood-{index}","Health":1,"Output":{{"dcos-flood.service":"flood"}},"MesosID":"S{index}"}}"#
    );
}

fn unit(index: usize, block: &mut Vec<u8>) {
    let _ = write!(
        block,
        r#""dcos-flood-{index}.service":{{"UnitName":"dcos-flood-{index}.service","Nodes":[{{"Leader":false,"Role":"agent","IP":"10.0.0.4","Host":"flood","Health":1,"Output":{{"dcos-flood-{index}.service":"flood"}},"MesosID":"S0"}}{UNIT_END}"#
    );
}

fn package(index: usize, block: &mut Vec<u8>) {
    let _ = write!(
        block,
        r#"{{"appId":"/flood-{index}","packageInformation":{{"packageDefinition":{{"name":"flood-{index}","version":"1.0.0"}}}}}}"#
    );
}

fn framework(index: usize, block: &mut Vec<u8>) {
    let _ = write!(
        block,
        r#"{{"id":"flood-{index}","name":"flood-{index}","active":true}}"#
    );
}

fn metric(index: usize, block: &mut Vec<u8>) {
    let _ = write!(block, r#""master/flood_{index}":1.0"#);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flood_is_valid_json_of_about_its_limit() {
        for source in Source::ALL {
            for flood in Flood::ALL {
                let mut pour = Pour::new(source, flood, 20_000);
                let (mut all, mut block) = (Vec::new(), Vec::new());
                while pour.fill(&mut block, 1000) {
                    all.extend_from_slice(&block);
                }
                assert!(
                    (20_000..30_000).contains(&all.len()),
                    "{source} {flood:?}: {}",
                    all.len()
                );
                serde_json::from_slice::<serde_json::Value>(&all).unwrap();
            }
        }
    }
}
