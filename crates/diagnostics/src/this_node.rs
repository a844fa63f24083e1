//! This node, for all who ask: what is known of it now, and the journal of what is not well.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::consumer::Consumer;
use crate::document::node::NodeDocument;
use crate::journal::Journal;
use crate::judge::Rules;
use crate::model::Model;
use crate::node::{Facts, Snapshot};

/// This node. Cheap to clone.
#[derive(Clone)]
pub struct ThisNode {
    facts: watch::Receiver<Facts>,
    model: watch::Receiver<Model>,
    journal: Arc<Journal>,
    rules: Arc<Rules>,
    stale: Duration,
    clock: Arc<dyn Clock>,
}

impl ThisNode {
    /// The node of these parts. What systemd said longer ago than `stale` is not believed.
    pub fn new(
        facts: watch::Receiver<Facts>,
        model: watch::Receiver<Model>,
        journal: Journal,
        rules: Rules,
        stale: Duration,
        clock: Arc<dyn Clock>,
    ) -> ThisNode {
        ThisNode {
            facts,
            model,
            journal: Arc::new(journal),
            rules: Arc::new(rules),
            stale,
            clock,
        }
    }

    /// What this node is.
    pub fn facts(&self) -> Facts {
        self.facts.borrow().clone()
    }

    /// How everything is now; without the journal.
    pub fn snapshot(&self) -> Snapshot {
        let now = self.clock.uptime();
        self.model.borrow().snapshot(&self.rules, self.stale, now)
    }

    /// The same, and how long ago systemd gave its last sign of life.
    pub fn snapshot_and_age(&self) -> (Snapshot, Option<Duration>) {
        let snapshot = self.snapshot();
        let now = self.clock.uptime();
        let age = snapshot.taken.map(|taken| now.saturating_sub(taken.uptime));
        (snapshot, age)
    }

    /// What is told to that consumer, and whether anything was ever known.
    pub async fn document(&self, consumer: &Consumer) -> (NodeDocument, bool) {
        let mut snapshot = self.snapshot();
        if consumer.journal {
            self.journal.add_to(&mut snapshot, self.clock.uptime()).await;
        }
        let facts = self.facts.borrow().clone();
        let document = NodeDocument::new(&facts, &snapshot, consumer, self.clock.uptime());
        (document, snapshot.taken.is_some())
    }
}
