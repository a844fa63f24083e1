//! Write keys: who may append what. A key is a secret of its holder; the collector keeps only its hash and a short prefix.
//!
//! Keys are never administrative rights: a `ui` key is public in browsers, and all that it allows is to append browser messages.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use heliograph_wire::id::{hex, unhex};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::entropy::{self, Entropy, NoEntropy};

/// Characters of a key.
pub const LENGTH: usize = 32;
/// Characters of a key that are kept for listing: enough to tell keys apart, few enough to leave 143 unknown bits.
pub const PREFIX: usize = 8;

/// A write key's text.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteKey(String);

/// What the collector keeps of a key: its SHA-256. Looking keys up by it tells nothing of them by its timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub [u8; 32]);

/// What a key is told by outside: a hash of what the collector keeps of it. In lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// A key's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub i64);

/// What may be sent with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// A cluster: reports, and what its relay passes on.
    Cluster,
    /// Browsers: anything but the events of clusters.
    Ui,
    /// Servers: any Segment call but the events of clusters.
    Server,
    /// Another collector: everything, and its `receivedAt` is believed.
    Peer,
}

/// A key that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its number.
    pub id: KeyId,
    /// What may be sent with it.
    pub kind: KeyKind,
}

impl WriteKey {
    /// A key as a request states it; `None` when there is none.
    pub fn stated(text: &str) -> Option<WriteKey> {
        let text = text.trim();
        (!text.is_empty()).then(|| WriteKey(text.to_owned()))
    }

    /// A new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<WriteKey, NoEntropy> {
        entropy::letters(entropy, LENGTH).map(WriteKey)
    }

    /// The key itself: for the one time that it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(&self.0).into())
    }

    /// What is shown of it.
    pub fn prefix(&self) -> String {
        self.0.chars().take(PREFIX).collect()
    }
}

impl KeyDigest {
    /// What the key is told by outside.
    pub fn fingerprint(self) -> Fingerprint {
        let hash = Sha256::new()
            .chain_update("heliograph key\n")
            .chain_update(self.0);
        Fingerprint(hash.finalize().into())
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        let bytes = unhex(&*text).and_then(|bytes| bytes.try_into().ok());
        let wrong = || D::Error::custom("a fingerprint has 64 hexadecimal digits");
        bytes.map(Fingerprint).ok_or_else(wrong)
    }
}

impl fmt::Debug for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteKey(…)")
    }
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [KeyKind; 4] = [KeyKind::Cluster, KeyKind::Ui, KeyKind::Server, KeyKind::Peer];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            KeyKind::Cluster => "cluster",
            KeyKind::Ui => "ui",
            KeyKind::Server => "server",
            KeyKind::Peer => "peer",
        }
    }

    /// Whether the events of clusters may be sent with it.
    pub const fn speaks_for_clusters(self) -> bool {
        matches!(self, KeyKind::Cluster | KeyKind::Peer)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not a kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's kind is one of cluster, ui, server, peer")]
pub struct UnknownKind;

impl FromStr for KeyKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<KeyKind, UnknownKind> {
        let found = KeyKind::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn keys_are_long_and_never_shown_by_accident() {
        let key = WriteKey::generate(&SystemEntropy).unwrap();
        assert_eq!(key.reveal().len(), LENGTH);
        assert!(key.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(format!("{key:?}"), "WriteKey(…)");
        assert_ne!(key.digest(), WriteKey::generate(&SystemEntropy).unwrap().digest());
        assert_eq!(WriteKey::stated(&format!(" {} ", key.reveal())), Some(key));
        assert_eq!(WriteKey::stated(" "), None);
    }

    #[test]
    fn kinds_have_names() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("Cluster".parse::<KeyKind>(), Err(UnknownKind));
    }
}
