//! Being forgotten: who may ask for what, and what is answered. Pure.
//!
//! Who asks shows the secret that its reporter id is made of. The reporter that was first seen for a cluster may have all of it
//! forgotten, another one what it sent itself. Nobody else may change anything: knowing a write key and a cluster's id is not enough.
//!
//! | asked by | of a cluster that | is answered |
//! |---|---|---|
//! | the first reporter | is held | `cluster`: suppressed, and its deletion queued |
//! | another known reporter | is held | `reporter`: what it sends is suppressed, the deletion of what it sent queued |
//! | who asked before | was forgotten | the same as then |
//! | anybody else | is held | refused: 403 |
//! | anybody else | is not held | `nothing`: and nothing is changed |
//!
//! Either reaches messages that speak for clusters, and no others that name the same id: see [`reach`].
//!
//! The answer carries a signature by the receipt key over these lines, each with a line feed behind it:
//! `heliograph forgotten 1`, the cluster's id, the scope, the time as it stands in the answer.

pub mod hunt;
pub mod order;
pub mod reach;
pub mod receipt;
pub mod suppressions;

use std::fmt;

use heliograph_wire::id::{ClusterId, ReporterId};
use heliograph_wire::time::rfc3339;
use jiff::Timestamp;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Petition {
    /// Of which cluster.
    pub cluster: ClusterId,
    /// By whom.
    pub reporter: ReporterId,
}

/// What is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of the cluster.
    Cluster,
    /// What the one reporter sent.
    Reporter,
    /// Nothing was there.
    Nothing,
}

/// What is known of the cluster and of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// What the same reporter had forgotten before, and when.
    pub before: Option<(Scope, Timestamp)>,
    /// What it is to the cluster.
    pub standing: Standing,
}

/// What a reporter is to a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The one that was first seen.
    First,
    /// Another one that has spoken for it.
    Other,
    /// Not known to have spoken for it.
    Stranger,
    /// There is no such cluster.
    NoCluster,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// This is forgotten from now on.
    Forget(Scope),
    /// Nothing is changed; this is answered.
    Stands(Scope, Timestamp),
    /// The secret is not that of a reporter of this cluster.
    Refuse,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This is forgotten, as of then.
    Forgotten(Scope, Timestamp),
    /// The secret is not that of a reporter of this cluster.
    Refused,
}

/// Decides; `now` is when it is asked.
pub fn rule(known: Known, now: Timestamp) -> Ruling {
    match (known.before, known.standing) {
        (Some((Scope::Cluster, at)), _) => Ruling::Stands(Scope::Cluster, at),
        // Of a cluster that is deleted and comes back, another reporter may be the first.
        (_, Standing::First) => Ruling::Forget(Scope::Cluster),
        (Some((scope, at)), _) => Ruling::Stands(scope, at),
        (None, Standing::Other) => Ruling::Forget(Scope::Reporter),
        (None, Standing::Stranger) => Ruling::Refuse,
        (None, Standing::NoCluster) => Ruling::Stands(Scope::Nothing, now),
    }
}

/// What is signed.
pub fn signed(cluster: &ClusterId, scope: Scope, at: Timestamp) -> Vec<u8> {
    heliograph_wire::receipt::forgotten(cluster.as_str(), scope.name(), &rfc3339(at))
}

impl Scope {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Cluster => "cluster",
            Scope::Reporter => "reporter",
            Scope::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reporters_change_anything() {
        let (then, now) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let rule = |before, standing| rule(Known { before, standing }, now);
        let before = |scope| Some((scope, then));
        for (standing, expected) in [
            (Standing::First, Ruling::Forget(Scope::Cluster)),
            (Standing::Other, Ruling::Forget(Scope::Reporter)),
            (Standing::Stranger, Ruling::Refuse),
            (Standing::NoCluster, Ruling::Stands(Scope::Nothing, now)),
        ] {
            assert_eq!(rule(None, standing), expected, "{standing:?}");
            let again = rule(before(Scope::Cluster), standing);
            assert_eq!(again, Ruling::Stands(Scope::Cluster, then));
            if standing != Standing::First {
                let again = rule(before(Scope::Reporter), standing);
                assert_eq!(again, Ruling::Stands(Scope::Reporter, then));
            }
        }
    }
}
