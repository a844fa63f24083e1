//! A running daemon.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::consumer::Consumer;
use crate::http::{self, App};
use crate::journal::Journal;
use crate::listen::Listen;
use crate::model::Model;
use crate::this_node::ThisNode;
use crate::{facts, systemd};

/// Where time comes from.
#[derive(Clone)]
pub struct Sources {
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources {
            clock: Arc::new(SystemClock),
        }
    }
}

/// A running daemon. Dropped without a stop it ends with its runtime.
pub struct Diagnostics {
    addresses: Vec<Listen>,
    grace: Duration,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<io::Result<()>>>,
    /// What runs beside it, and ends with it.
    _background: JoinSet<()>,
}

/// The daemon can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be had.
    #[error("can't listen on {0}")]
    Listen(Listen, #[source] io::Error),
}

impl Diagnostics {
    /// Starts the daemon on the current runtime.
    ///
    /// # Errors
    /// When it can't listen.
    pub async fn start(config: &Config, sources: Sources) -> Result<Diagnostics, StartError> {
        let mut background = JoinSet::new();
        let app = Arc::new(App {
            node: this_node(config, &sources, &mut background),
        });
        let (stop, stopped) = watch::channel(false);
        let mut started = Diagnostics {
            addresses: Vec::new(),
            grace: config.grace,
            stop,
            serving: Vec::new(),
            _background: background,
        };
        for listen in &config.listen {
            let (address, serving) = serve(listen, Arc::clone(&app), stopped.clone())
                .await
                .map_err(|error| StartError::Listen(listen.clone(), error))?;
            started.addresses.push(address);
            started.serving.push(serving);
        }
        Ok(started)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[Listen] {
        &self.addresses
    }

    /// Stops it; requests under way may end.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let all_served = async {
            for serving in self.serving {
                // It ends with an error where its socket broke: that is an end, too.
                let _ = serving.await;
            }
        };
        if timeout(self.grace, all_served).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }
}

/// Serves at one place. Journal text is for the socket alone: whoever may open it was given that right; a port of this machine is
/// open to all its users.
async fn serve(
    listen: &Listen,
    app: Arc<App>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<(Listen, JoinHandle<io::Result<()>>)> {
    let stopping = async move {
        // An error means that the daemon is gone: all the more is it time to stop.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let journal = matches!(listen, Listen::Unix(_));
    let router = http::router(app).layer(Extension(Consumer { journal }));
    match listen {
        Listen::Tcp(_) if !listen.is_local() => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the network could read it without a key",
        )),
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            let serving = axum::serve(listener, router).with_graceful_shutdown(stopping);
            Ok((Listen::Tcp(address), tokio::spawn(serving.into_future())))
        }
        Listen::Unix(path) => {
            let listener = UnixListener::bind(path)?;
            let serving = axum::serve(listener, router).with_graceful_shutdown(stopping);
            Ok((listen.clone(), tokio::spawn(serving.into_future())))
        }
    }
}

/// This node, and the tasks that keep what is known of it.
fn this_node(config: &Config, sources: &Sources, background: &mut JoinSet<()>) -> ThisNode {
    let clock = &sources.clock;
    let (model, model_seen) = watch::channel(Model::default());
    let (facts, facts_seen) = watch::channel(facts::begin(&config.node));
    background.spawn(systemd::watch(config.systemd.clone(), model, Arc::clone(clock)));
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
