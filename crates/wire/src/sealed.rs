//! A readable file that shows when it was damaged: JSON lines, the first of which holds the number of the lines that follow and
//! their SHA-256.
//!
//! ```text
//! {"sealed":"parcel","version":1,"lines":2,"sha256":"…", …what the kind of file adds…}
//! {"type":"track", …}
//! {"type":"track", …}
//! ```
//!
//! Parcels in the spool and bundles for air-gapped clusters are such files.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::id::hex;

/// The version of the form.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    sealed: String,
    version: u32,
    lines: usize,
    sha256: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// An opened file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// What the kind of file adds to the first line.
    pub head: Map<String, Value>,
    /// The lines, as they stand in the file.
    pub lines: Vec<String>,
    /// SHA-256 of the lines in hexadecimal: the file's own name, so to speak.
    pub sha256: String,
}

/// Why a file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// The first line is not that of such a file.
    #[error("it does not begin with the line that every {0} begins with")]
    Foreign(String),
    /// A later version wrote it.
    #[error("it is of version {0}, this program knows {VERSION}")]
    Version(u32),
    /// Lines are missing, or there are too many.
    #[error("it has {found} lines where {expected} were written")]
    Lines {
        /// How many were written.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Something was changed.
    #[error("its lines do not match their checksum")]
    Checksum,
}

/// The text of a file of this kind.
pub fn seal(kind: &str, head: Map<String, Value>, lines: &[String]) -> String {
    let body: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let head = Head {
        sealed: kind.to_owned(),
        version: VERSION,
        lines: lines.len(),
        sha256: hex(&Sha256::digest(&body)),
        more: head,
    };
    let head = serde_json::to_string(&head).unwrap_or_default();
    format!("{head}\n{body}")
}

/// Opens a file of this kind.
///
/// # Errors
/// It is of another kind, or damaged.
pub fn open(kind: &str, bytes: &[u8]) -> Result<Sealed, Damage> {
    if bytes.is_empty() {
        return Err(Damage::Empty);
    }
    let foreign = || Damage::Foreign(kind.to_owned());
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(foreign)?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| foreign())?;
    if head.sealed != kind {
        return Err(foreign());
    }
    if head.version != VERSION {
        return Err(Damage::Version(head.version));
    }
    let body = &bytes[end + 1..];
    if hex(&Sha256::digest(body)) != head.sha256 {
        let found = body.iter().filter(|byte| **byte == b'\n').count();
        return Err(if found == head.lines {
            Damage::Checksum
        } else {
            Damage::Lines {
                expected: head.lines,
                found,
            }
        });
    }
    let text = std::str::from_utf8(body).map_err(|_| Damage::Checksum)?;
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    if lines.len() != head.lines {
        return Err(Damage::Lines {
            expected: head.lines,
            found: lines.len(),
        });
    }
    Ok(Sealed {
        head: head.more,
        lines,
        sha256: head.sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[^\n\r]{0,60}", 0..6)
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(lines in lines()) {
            let head = Map::from_iter([("cluster".to_owned(), Value::from("c"))]);
            let opened = open("parcel", seal("parcel", head.clone(), &lines).as_bytes()).unwrap();
            prop_assert_eq!((opened.head, opened.lines), (head, lines));
        }

        #[test]
        fn any_change_to_the_lines_shows(lines in prop::collection::vec("[a-z]{1,20}", 1..5), at: prop::sample::Index, to: u8) {
            let mut bytes = seal("parcel", Map::new(), &lines).into_bytes();
            let head = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let at = head + at.index(bytes.len() - head);
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(open("parcel", &bytes).is_err());
        }

        #[test]
        fn a_cut_shows(lines in prop::collection::vec("[a-z]{1,20}", 1..5), at: prop::sample::Index) {
            let bytes = seal("parcel", Map::new(), &lines).into_bytes();
            prop_assert!(open("parcel", &bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = open("parcel", &bytes);
        }
    }

    #[test]
    fn damage_is_told() {
        let text = seal("parcel", Map::new(), &["a".to_owned(), "b".to_owned()]);
        let said = |text: &str| open("parcel", text.as_bytes()).unwrap_err().to_string();
        assert_eq!(said(""), "it is empty");
        assert_eq!(
            said("hello\n"),
            "it does not begin with the line that every parcel begins with"
        );
        assert_eq!(
            said(&text.replace("\"version\":1", "\"version\":9")),
            "it is of version 9, this program knows 1"
        );
        assert_eq!(
            said(&text.replace("b\n", "")),
            "it has 1 lines where 2 were written"
        );
        assert_eq!(
            said(&text.replace("b\n", "c\n")),
            "its lines do not match their checksum"
        );
        assert!(open("bundle", text.as_bytes()).is_err());
    }
}
