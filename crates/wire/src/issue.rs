//! The values that a document got wrong. One bad value costs that value, not the document: it is counted, and the first few
//! are named in the log.

use crate::json::Kind;

/// How many are described; the rest is only counted.
pub const MAX_DESCRIBED: usize = 5;

/// A count of bad values with a description of the first [`MAX_DESCRIBED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issues {
    count: u64,
    described: Vec<String>,
}

impl Issues {
    /// Adds one; `describe` is asked only while there is room for its answer. Descriptions name places, never values.
    pub fn add(&mut self, describe: impl FnOnce() -> String) {
        self.count += 1;
        if self.described.len() < MAX_DESCRIBED {
            self.described.push(describe());
        }
    }

    /// Adds a value of the wrong type.
    pub fn wrong_type(&mut self, place: impl FnOnce() -> String, expected: &str, found: Kind) {
        self.add(|| format!("{}: expected {expected}, found {}", place(), found.name()));
    }

    /// Adds those of another document.
    pub fn append(&mut self, other: Issues) {
        self.count += other.count;
        let room = MAX_DESCRIBED - self.described.len();
        self.described.extend(other.described.into_iter().take(room));
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first [`MAX_DESCRIBED`], in document order.
    pub fn described(&self) -> &[String] {
        &self.described
    }
}

impl std::fmt::Display for Issues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.described.join("; "))?;
        match self.count - self.described.len() as u64 {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
