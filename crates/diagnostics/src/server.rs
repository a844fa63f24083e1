//! A running daemon.

use std::sync::Arc;
use std::time::Duration;

use listenfd::ListenFd;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::{Clock, SystemClock};
use crate::cluster::{self, Cluster, KeyFiles};
use crate::config::Config;
use crate::http::{self, App};
use crate::journal::Journal;
use crate::listen::{self, Listening, ServeError, tls};
use crate::metrics::Metrics;
use crate::model::Model;
use crate::this_node::ThisNode;
use crate::{facts, systemd};

/// Where time and chance come from.
#[derive(Clone)]
pub struct Sources {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance: it decides when exactly nodes are asked, and nothing else.
    pub rng: fastrand::Rng,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources {
            clock: Arc::new(SystemClock),
            rng: fastrand::Rng::new(),
        }
    }
}

/// A running daemon. Dropped without a stop it ends with its runtime.
pub struct Diagnostics {
    listening: Listening,
    grace: Duration,
    rounds: Counter,
    asking: Option<Asking>,
    /// What runs beside it, and ends with it.
    _background: JoinSet<()>,
}

impl Diagnostics {
    /// Starts the daemon on the current runtime; it listens where that is configured.
    ///
    /// # Errors
    /// When it can't listen.
    pub async fn start(config: &Config, sources: Sources) -> Result<Diagnostics, ServeError> {
        Diagnostics::start_on(ListenFd::empty(), config, sources).await
    }

    /// Starts it on sockets that were handed over, if any were.
    ///
    /// # Errors
    /// When it can't listen.
    pub async fn start_on(
        handed: ListenFd,
        config: &Config,
        sources: Sources,
    ) -> Result<Diagnostics, ServeError> {
        let mut background = JoinSet::new();
        let metrics = Metrics::default();
        let node = this_node(config, &sources, &metrics, &mut background);
        let asking = Asking::start(config, &node, &sources, &mut background)?;
        let app = Arc::new(App {
            node,
            cluster: asking.as_ref().map(|asking| asking.cluster.clone()),
            metrics: metrics.clone(),
        });
        Ok(Diagnostics {
            listening: listen::serve(handed, &config.listen, &http::router(app)).await?,
            grace: config.grace,
            rounds: metrics.systemd.rounds,
            asking,
            _background: background,
        })
    }

    /// Where it listens: URLs, and sockets as `unix:/path`.
    pub fn places(&self) -> Vec<String> {
        self.listening.places()
    }

    /// Counts the signs of life of the task that asks systemd.
    pub fn rounds(&self) -> Counter {
        self.rounds.clone()
    }

    /// Reads certificates and tokens again.
    ///
    /// # Errors
    /// When they can't be used: then nothing has changed.
    pub fn reload(&self) -> Result<(), ServeError> {
        let keys = match &self.asking {
            Some(asking) => Some((&asking.cluster, asking.keys.read(&asking.own)?)),
            None => None,
        };
        self.listening.reload()?;
        if let Some((cluster, keys)) = keys {
            cluster.take_keys(keys);
        }
        Ok(())
    }

    /// Stops it; requests under way may end.
    pub async fn stop(self) {
        if !self.listening.stop(self.grace).await {
            tracing::warn!("some requests did not end in time");
        }
    }
}

/// The members of the cluster being asked, and the files of what is shown to them.
struct Asking {
    cluster: Cluster,
    keys: KeyFiles,
    own: tls::Files,
}

impl Asking {
    /// Begins, on a node that looks at its cluster.
    fn start(
        config: &Config,
        node: &ThisNode,
        sources: &Sources,
        background: &mut JoinSet<()>,
    ) -> Result<Option<Asking>, ServeError> {
        if config.cluster.members.is_empty() {
            return Ok(None);
        }
        let (keys, own) = (config.cluster.keys.clone(), config.listen.tls.clone());
        let shown = keys.read(&own)?;
        let (clock, rng) = (Arc::clone(&sources.clock), sources.rng.clone());
        let cluster = cluster::start(&config.cluster, shown, node.clone(), clock, rng, background);
        Ok(Some(Asking { cluster, keys, own }))
    }
}

/// This node, and the tasks that keep what is known of it.
fn this_node(
    config: &Config,
    sources: &Sources,
    metrics: &Metrics,
    background: &mut JoinSet<()>,
) -> ThisNode {
    let clock = &sources.clock;
    let (model, model_seen) = watch::channel(Model::default());
    let (facts, facts_seen) = watch::channel(facts::begin(&config.node));
    let counts = metrics.systemd.clone();
    background.spawn(systemd::watch(
        config.systemd.clone(),
        model,
        counts,
        Arc::clone(clock),
    ));
    background.spawn(facts::complete(config.node.clone(), facts));
    ThisNode::new(
        facts_seen,
        model_seen,
        Journal::new(config.journal.clone()),
        config.rules.clone(),
        config.systemd.stale(),
        Arc::clone(clock),
    )
}
