//! Who has looked at whom: what tells of single clusters is shown to nobody before that is noted.
//!
//! Of the same look-ups of one hour, the last and their number are kept. Somebody who is forgotten is named in none any more; that somebody
//! was looked up stays. What was searched for may be the id of a licence, by which nobody can be forgotten: only a keyed hash of it is
//! kept.

use jiff::Timestamp;

use crate::ingest::mention::Kind;
use crate::ingest::subject::{Subject, SubjectKey};

/// Longest id that is kept, in bytes.
const MAX: usize = 200;

/// Who looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A user, by name.
    User(String),
    /// Whoever holds a token, by the token's prefix.
    Token(String),
}

/// Whom somebody looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// No one in particular: a list of clusters.
    Many,
    /// A cluster, by id.
    Cluster(String),
    /// Whoever has an id: a cluster, a customer or a licence.
    Searched(String),
}

/// A look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// Who.
    pub who: Who,
    /// By which question, or on which page.
    pub what: String,
    /// At whom.
    pub whom: Whom,
}

/// A look-up as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedLookUp {
    /// `user` or `token`
    pub by: String,
    /// Name of the user, or prefix of the token.
    pub who: String,
    /// By which question, or on which page.
    pub what: String,
    /// [`Whom::kind`]
    pub kind: String,
    /// Whose id; `None` where there is none, or it is not kept, or not any more.
    pub subject: Option<String>,
    /// Whether somebody was looked up who was forgotten since.
    pub forgotten: bool,
    /// How often in that hour.
    pub count: u64,
    /// When for the last time.
    pub last: Timestamp,
}

impl Who {
    /// Its kind and its name.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Who::User(name) => ("user", name),
            Who::Token(prefix) => ("token", prefix),
        }
    }
}

impl Whom {
    /// What it is, in lists and in the database.
    pub const fn kind(&self) -> &'static str {
        match self {
            Whom::Many => "clusters",
            Whom::Cluster(_) => "cluster",
            Whom::Searched(_) => "search",
        }
    }

    /// The id that is kept, cut off where it is too long to be one.
    pub fn kept(&self) -> Option<&str> {
        match self {
            Whom::Cluster(id) => id.get(..id.floor_char_boundary(MAX)),
            Whom::Many | Whom::Searched(_) => None,
        }
    }

    /// What it is found by when somebody is forgotten. What the kind of an id is does not matter then.
    pub fn hash(&self, key: &SubjectKey) -> Option<Subject> {
        match self {
            Whom::Many => None,
            Whom::Cluster(id) | Whom::Searched(id) => Some(key.subject(Kind::Cluster, id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_cluster_is_kept_as_text() {
        let long = Whom::Cluster("é".repeat(200));
        assert_eq!(long.kept().map(str::len), Some(200));
        assert_eq!(Whom::Cluster("c".to_owned()).kept(), Some("c"));
        assert_eq!(Whom::Searched("lic".to_owned()).kept(), None);
        assert_eq!(Whom::Many.kept(), None);
    }
}
