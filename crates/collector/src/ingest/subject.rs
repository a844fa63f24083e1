//! Whom a message is about, as keyed hashes: what the suppression of those who asked to be forgotten is looked up by. Whoever has
//! the database alone can't tell from them which ids were forgotten, nor try ids out.

use std::path::Path;

use heliograph_wire::id::ReporterId;
use ring::{digest, hmac};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entropy::Entropy;
use crate::ingest::text;
use crate::secret::{self, SecretError};

/// Name of the key's file in the data directory.
const FILE: &str = "suppression-key";
/// The property that names a cluster, in messages whose `anonymousId` is somebody else.
const PROPERTY: &str = "clusterId";

/// The key of the hashes.
#[derive(Debug, Clone)]
pub struct SubjectKey {
    key: hmac::Key,
    digest: [u8; 32],
}

/// A cluster, or a reporter of a cluster: the first 128 bits of its keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject(pub [u8; 16]);

/// All whom a message is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Subjects(pub [Option<Subject>; 3]);

impl SubjectKey {
    /// The key of a data directory; made where there is none.
    ///
    /// # Errors
    /// When its file can't be read, or made.
    pub fn load_or_make(directory: &Path, entropy: &dyn Entropy) -> Result<SubjectKey, SecretError> {
        secret::load_or_make(directory, FILE, entropy).map(|secret| SubjectKey::of(&secret))
    }

    /// The key that is made of a secret.
    pub fn of(secret: &[u8]) -> SubjectKey {
        let mut digest = [0; 32];
        let text = [b"heliograph suppression key\n", secret].concat();
        digest.copy_from_slice(digest::digest(&digest::SHA256, &text).as_ref());
        SubjectKey {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            digest,
        }
    }

    /// What the key is recognised by.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// A cluster.
    pub fn cluster(&self, id: &str) -> Subject {
        self.hash(&[b"cluster\n", id.trim().as_bytes()])
    }

    /// A reporter of a cluster.
    pub fn reporter(&self, cluster: &str, reporter: &ReporterId) -> Subject {
        let parts = [reporter.as_str().as_bytes(), b"\n", cluster.trim().as_bytes()];
        self.hash(&[b"reporter\n", &parts.concat()])
    }

    /// All whom a message is about.
    pub fn of_message(
        &self,
        anonymous_id: Option<&str>,
        reporter: Option<&ReporterId>,
        properties: Option<&RawValue>,
    ) -> Subjects {
        let named = properties.and_then(cluster_property);
        let named = named.filter(|named| Some(named.as_str()) != anonymous_id);
        Subjects([
            anonymous_id.map(|id| self.cluster(id)),
            named.as_ref().map(|id| self.cluster(id)),
            reporter.and_then(|reporter| Some(self.reporter(anonymous_id.or(named.as_deref())?, reporter))),
        ])
    }

    fn hash(&self, parts: &[&[u8]]) -> Subject {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&context.sign().as_ref()[..16]);
        Subject(first)
    }
}

/// The cluster that the properties name.
fn cluster_property(properties: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(rename = "clusterId", borrow)]
        cluster: Option<&'a RawValue>,
    }
    let json = properties.get();
    // A name may be spelt with escapes, though nobody does.
    let may = |name: &str| memchr::memmem::find(json.as_bytes(), name.as_bytes()).is_some();
    if !may(PROPERTY) && !may("\\u") {
        return None;
    }
    let named: Named<'_> = serde_json::from_str(json).ok()?;
    named.cluster.and_then(text::id).map(|id| id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(anonymous_id: Option<&str>, properties: &str) -> Subjects {
        let properties: Box<RawValue> = serde_json::from_str(properties).unwrap();
        let reporter = ReporterId::of_secret(b"s");
        SubjectKey::of(b"k").of_message(anonymous_id, Some(&reporter), Some(&properties))
    }

    #[test]
    fn a_message_is_about_whom_it_names() {
        let key = SubjectKey::of(b"k");
        let (c, d) = (Some(key.cluster("c")), Some(key.cluster("d")));
        let reporter = ReporterId::of_secret(b"s");
        let of_c = Some(key.reporter("c", &reporter));
        assert_eq!(subjects(Some("c"), "{}"), Subjects([c, None, of_c]));
        assert_eq!(
            subjects(Some("c"), r#"{"clusterId":"c"}"#),
            Subjects([c, None, of_c])
        );
        assert_eq!(
            subjects(Some("c"), r#"{"clusterId":" d "}"#),
            Subjects([c, d, of_c])
        );
        assert_eq!(
            subjects(Some("c"), r#"{"cluster\u0049d":"d"}"#),
            Subjects([c, d, of_c])
        );
        assert_eq!(subjects(None, r#"{"clusterId":"c"}"#), Subjects([None, c, of_c]));
        assert_eq!(
            subjects(None, r#"{"a":{"clusterId":"c"},"clusterId":{}}"#),
            Subjects::default()
        );
    }

    #[test]
    fn hashes_are_of_the_key_and_of_the_kind() {
        let reporter = ReporterId::of_secret(b"s");
        let (one, other) = (SubjectKey::of(b"1"), SubjectKey::of(b"2"));
        assert_ne!(one.cluster("c"), other.cluster("c"));
        assert_ne!(one.digest(), other.digest());
        assert_ne!(one.cluster("c"), one.reporter("c", &reporter));
        assert_ne!(one.reporter("c", &reporter), one.reporter("d", &reporter));
    }
}
