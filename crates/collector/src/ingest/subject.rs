//! Whom a message is about, as keyed hashes: what the suppression of those who asked to be forgotten is looked up by. Whoever has
//! the database alone can't tell from them which ids were forgotten, nor try ids out.
//!
//! A hash is the first 120 bits of the HMAC-SHA-256 of the id, and a byte for its kind: an id is hashed once, whatever kinds it
//! may be of.

use std::path::Path;

use heliograph_wire::id::ReporterId;
use ring::{digest, hmac};

use crate::entropy::Entropy;
use crate::ingest::mention::{Kind, Mentions};
use crate::key::KeyId;
use crate::secret::{self, SecretError};

/// Name of the key's file in the data directory.
pub(crate) const FILE: &str = "suppression-key";

/// The key of the hashes.
#[derive(Debug, Clone)]
pub struct SubjectKey {
    key: hmac::Key,
    digest: [u8; 32],
}

/// Somebody who can be forgotten, by keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(pub [u8; 16]);

/// Where in a subject its kind stands.
const KIND: usize = 15;
/// The bit of it that says that messages of one key are meant.
const WITHIN: u8 = 0x80;
/// The bit of it that says that messages are meant that speak for clusters.
const SPOKEN: u8 = 0x40;

impl Subject {
    /// What it is; `None` where a later release wrote it.
    pub fn kind(&self) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| code(*kind) == self.0[KIND] & !(WITHIN | SPOKEN))
    }

    /// The same as far as messages that came with one key are about it.
    #[must_use]
    pub fn within(mut self, key: KeyId) -> Subject {
        for (byte, number) in self.0.iter_mut().zip(key.0.to_be_bytes()) {
            *byte ^= number;
        }
        self.0[KIND] |= WITHIN;
        self
    }

    /// The same as far as messages that speak for clusters are about it.
    #[must_use]
    pub fn spoken(mut self) -> Subject {
        self.0[KIND] |= SPOKEN;
        self
    }

    /// Whether messages of one key are meant, of whichever.
    pub fn is_within_one(&self) -> bool {
        self.0[KIND] & WITHIN != 0
    }
}

/// A kind's byte. Never changed nor given to another kind.
const fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Cluster => 1,
        Kind::Reporter => 2,
        Kind::Anonymous => 3,
        Kind::User => 4,
        Kind::Customer => 5,
    }
}

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
        let text = [b"heliograph suppression key 2\n", secret].concat();
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

    /// Somebody of a kind, other than a reporter, by id.
    pub fn subject(&self, kind: Kind, id: &str) -> Subject {
        self.hash(id).of(kind)
    }

    /// A reporter of a cluster.
    pub fn reporter(&self, cluster: &str, reporter: &ReporterId) -> Subject {
        self.hash(&format!("{reporter}\n{}", cluster.trim()))
            .of(Kind::Reporter)
    }

    /// All whom a message is about.
    pub fn of_message(&self, mentions: &Mentions<'_>) -> Box<[Subject]> {
        let mut subjects = Vec::new();
        let mut hashed: Vec<(&str, Hash)> = Vec::new();
        mentions.each(|kind, id| {
            let known = hashed
                .iter()
                .find(|(known, _)| *known == id)
                .map(|(_, hash)| *hash);
            let hash = known.unwrap_or_else(|| {
                let hash = self.hash(id);
                hashed.push((id, hash));
                hash
            });
            subjects.push(hash.of(kind));
        });
        let reporters = mentions.reporters();
        subjects.extend(reporters.map(|(cluster, reporter)| self.reporter(cluster, reporter)));
        subjects.into()
    }

    fn hash(&self, id: &str) -> Hash {
        let mut first = [0; 16];
        first.copy_from_slice(&hmac::sign(&self.key, id.trim().as_bytes()).as_ref()[..16]);
        Hash(first)
    }
}

#[derive(Clone, Copy)]
struct Hash([u8; 16]);

impl Hash {
    fn of(mut self, kind: Kind) -> Subject {
        self.0[KIND] = code(kind);
        Subject(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_subjects_that_it_names() {
        let key = SubjectKey::of(b"k");
        let reporter = ReporterId::of_secret(b"s");
        let message = format!(
            r#"{{"anonymousId":"c","userId":"u","properties":{{"clusterId":"c"}},"context":{{"reporter":"{reporter}"}}}}"#
        );
        let mut subjects = key.of_message(&Mentions::of(&message).unwrap()).to_vec();
        let mut expected = vec![
            key.subject(Kind::Cluster, " c "),
            key.subject(Kind::Anonymous, "c"),
            key.subject(Kind::User, "u"),
            key.subject(Kind::Customer, "u"),
            key.reporter("c", &reporter),
        ];
        subjects.sort();
        subjects.dedup();
        expected.sort();
        assert_eq!(subjects, expected);
    }

    #[test]
    fn hashes_are_of_the_key_and_of_the_kind() {
        let reporter = ReporterId::of_secret(b"s");
        let (one, other) = (SubjectKey::of(b"1"), SubjectKey::of(b"2"));
        assert_ne!(one.subject(Kind::User, "c"), other.subject(Kind::User, "c"));
        assert_ne!(one.digest(), other.digest());
        assert_ne!(one.subject(Kind::User, "c"), one.subject(Kind::Customer, "c"));
        assert_ne!(one.reporter("c", &reporter), one.reporter("d", &reporter));
        for kind in Kind::ALL {
            assert_eq!(one.subject(kind, "c").kind(), Some(kind));
            assert_eq!(Kind::of(kind.name()), Some(kind));
        }
        assert_eq!(Subject([0; 16]).kind(), None);
        let all = one.subject(Kind::User, "c");
        let (a, b) = (all.within(KeyId(1)), all.within(KeyId(2)));
        assert!(a != all && a != b && a.kind() == all.kind() && a.is_within_one() && !all.is_within_one());
        let spoken = all.spoken();
        assert!(spoken != all && spoken != a && spoken.kind() == all.kind() && !spoken.is_within_one());
    }
}
