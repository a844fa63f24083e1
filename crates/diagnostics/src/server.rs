//! A running daemon.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::consumer::Consumer;
use crate::http::{self, App};
use crate::listen::Listen;
use crate::node::{Facts, Snapshot};

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
        let (_, node) = watch::channel(Arc::new(Snapshot::nothing("systemd was not asked yet")));
        let app = Arc::new(App {
            clock: sources.clock,
            facts: facts(config),
            node,
        });
        let (stop, stopped) = watch::channel(false);
        let mut started = Diagnostics {
            addresses: Vec::new(),
            grace: config.grace,
            stop,
            serving: Vec::new(),
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

fn facts(config: &Config) -> Facts {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Facts {
        hostname: hostname.trim_end().to_owned(),
        ip: None,
        role: config.role,
        mesos_id: String::new(),
        dcos_version: String::new(),
    }
}
