//! Which of the messages that name somebody a deletion or a suppression reaches. Pure.
//!
//! Who asks for itself shows a reporter's secret, which proves that it speaks for a cluster, and nothing about anybody else: so it
//! reaches what speaks for clusters. An id that is known by chance, such as a visitor's `anonymousId`, can be made that of a
//! "cluster" by anybody with a cluster's key; what browsers and servers sent about the same id is none of that one's business. An
//! administrator may mean all messages, or those of one write key.

use heliograph_wire::id::ClusterId;

use crate::delta::Share;
use crate::ingest::record::Kept;
use crate::key::{KeyId, KeyKind};

/// Which messages are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// Those that came with this key.
    Key(KeyId),
    /// Those that speak for clusters.
    Clusters,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The key that it came with; `None` where that can't be told.
    pub key: Option<KeyId>,
    /// Whether it speaks for a cluster.
    pub speaks: bool,
}

/// Whether a message that came with a key of a kind speaks for a cluster; `cluster` is the one whose report or event it is. All
/// that comes with a cluster's key does, its browsers' too, which its relay vouches for; of what another collector passes on, which
/// may be anybody's, the reports and events of clusters do.
pub fn speaks(kind: KeyKind, cluster: Option<&ClusterId>) -> bool {
    match kind {
        KeyKind::Cluster => true,
        KeyKind::Peer => cluster.is_some(),
        KeyKind::Ui | KeyKind::Server => false,
    }
}

impl Sender {
    /// Who sent a message that is kept; with a key of which kind is `None` where that can't be told.
    pub fn of_kept(kept: &Kept<'_>, kind: Option<KeyKind>) -> Sender {
        // Of what speaks either way nothing need be read.
        let share = match kind {
            Some(KeyKind::Peer) => Share::of_kept(kept.message, true, &kept.basis()),
            Some(KeyKind::Cluster | KeyKind::Ui | KeyKind::Server) | None => None,
        };
        let cluster = share.and_then(|share| share.to.cluster);
        Sender {
            key: kept.key(),
            speaks: kind.is_some_and(|kind| speaks(kind, cluster.as_ref())),
        }
    }
}

impl Reach {
    /// That of an order: of one key, where it names one.
    pub fn of_order(source: Option<KeyId>) -> Reach {
        source.map_or(Reach::All, Reach::Key)
    }

    /// Whether what a sender sent is meant.
    pub fn covers(self, sender: Sender) -> bool {
        match self {
            Reach::All => true,
            Reach::Key(key) => sender.key == Some(key),
            Reach::Clusters => sender.speaks,
        }
    }

    /// Whether all reports of clusters are meant, whoever sent them.
    pub fn covers_all_reports(self) -> bool {
        matches!(self, Reach::All | Reach::Clusters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_itself_reaches_what_speaks_for_clusters() {
        let cluster: ClusterId = "c".parse().unwrap();
        for (kind, of_cluster, expected) in [
            (KeyKind::Cluster, true, true),
            (KeyKind::Cluster, false, true),
            (KeyKind::Peer, true, true),
            (KeyKind::Peer, false, false),
            (KeyKind::Ui, true, false),
            (KeyKind::Server, true, false),
        ] {
            let sender = Sender {
                key: Some(KeyId(1)),
                speaks: speaks(kind, of_cluster.then_some(&cluster)),
            };
            assert_eq!(Reach::Clusters.covers(sender), expected, "{kind}");
            assert!(Reach::All.covers(sender) && Reach::Key(KeyId(1)).covers(sender));
            assert!(!Reach::Key(KeyId(2)).covers(sender));
        }
    }
}
