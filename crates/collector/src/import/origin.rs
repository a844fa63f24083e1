//! How an exported message was sent: what stands behind it in its line, so that it counts elsewhere as it does here.
//!
//! `"_heliograph":{"key":{"kind":"ui","name":"…","fingerprint":"…"},"counts":false}`, the last member. A fingerprint tells keys apart
//! and is no key: it is the hash of the hash that the collector keeps. `key` is null of what was imported without one, and `counts`
//! stands only where another report counts in the message's slot. No message that comes over the network can have it: of these only
//! known fields are kept.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::ingest::clean::clean;
use crate::key::{Fingerprint, KeyKind, UnknownKind};

/// The member's name.
pub const MEMBER: &str = "_heliograph";

/// How a message was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// With which key; without one where it was imported so.
    pub key: Option<KeyOrigin>,
    /// Whether it counts, or stands beside another report.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub counts: bool,
}

/// A key of the collector that exports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyOrigin {
    kind: String,
    /// What somebody called it.
    pub name: String,
    /// What it is told by.
    pub fingerprint: Fingerprint,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_heliograph")]
    origin: Option<Origin>,
}

impl KeyOrigin {
    /// A key, by the name of its kind.
    pub fn new(kind: &str, name: &str, fingerprint: Fingerprint) -> KeyOrigin {
        KeyOrigin {
            kind: kind.to_owned(),
            name: name.to_owned(),
            fingerprint,
        }
    }

    /// What may be sent with it.
    ///
    /// # Errors
    /// When a later release made it.
    pub fn kind(&self) -> Result<KeyKind, UnknownKind> {
        self.kind.parse()
    }
}

impl Origin {
    /// What a line says; nothing where it was not exported by a collector.
    pub fn of_line(line: &[u8]) -> Option<Origin> {
        // Most files have it nowhere.
        memmem::find(line, MEMBER.as_bytes())?;
        let line: Line = serde_json::from_str(&clean(line)).ok()?;
        line.origin
    }

    /// A message's text with this behind it.
    pub fn append_to(&self, message: &str) -> String {
        match (message.strip_suffix('}'), serde_json::to_string(self)) {
            (Some(open), Ok(origin)) => format!("{open},\"{MEMBER}\":{origin}}}"),
            _ => message.to_owned(),
        }
    }
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
const fn is_true(is: &bool) -> bool {
    *is
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::key::WriteKey;

    #[test]
    fn a_line_says_how_it_was_sent() {
        let key = WriteKey::generate(&SystemEntropy).unwrap();
        let fingerprint = key.digest().fingerprint();
        for origin in [
            Origin {
                key: Some(KeyOrigin::new("ui", "a \"b\"", fingerprint)),
                counts: true,
            },
            Origin {
                key: None,
                counts: false,
            },
        ] {
            let line = origin.append_to(r#"{"type":"page","userId":"u"}"#);
            assert_eq!(Origin::of_line(line.as_bytes()), Some(origin));
            assert!(
                !line.contains(key.reveal()) && !line.contains(&heliograph_wire::id::hex(&key.digest().0))
            );
            let message: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(message["userId"], "u");
        }
        for other in [
            &br#"{"type":"page"}"#[..],
            br#"{"_heliograph":7}"#,
            b"{\"_heliograph\"",
        ] {
            assert_eq!(Origin::of_line(other), None);
        }
    }
}
