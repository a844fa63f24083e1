//! A running collector: the listening socket, the writer, and how they start and stop.
//!
//! It listens only when everything is loaded. A stop takes no new requests, lets those under way end within a bound of time,
//! writes everything that was accepted, and closes the database.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle as Task, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::budget::Budget;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::entropy::{Entropy, SystemEntropy};
use crate::http::{self, App};
use crate::keys::{self, Keys};
use crate::local;
use crate::lock::{self, LockError};
use crate::lookback::Lookback;
use crate::metrics::Metrics;
use crate::secret::{SecretError, Secrets};
use crate::store::{OpenError, Reader, Store, StoreError};
use crate::window::{self, Window};
use crate::writer::{self, Queue};

/// Where time and randomness come from.
#[derive(Clone)]
pub struct Sources {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Sources {
    fn default() -> Sources {
        Sources {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

/// A running collector. Dropped without a stop it ends with its runtime; nothing that was acknowledged is lost by that.
pub struct Collector {
    address: SocketAddr,
    grace: Duration,
    queue: Queue,
    writer: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    serving: Task<io::Result<()>>,
    polling: Task<()>,
    importing: local::Listening,
    metrics: Option<(Task<io::Result<()>>, SocketAddr)>,
    _lock: File,
}

/// The collector can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The secrets in it can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database can't be read.
    #[error("can't load what is needed from the database")]
    Load(#[from] StoreError),
    /// The address can't be had.
    #[error("can't listen on {0}")]
    Listen(String, #[source] io::Error),
    /// No thread can be had.
    #[error("can't start the writer")]
    Thread(#[source] io::Error),
}

impl Collector {
    /// Starts a collector on the current runtime.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn start(config: &Config, sources: Sources) -> Result<Collector, StartError> {
        let clock = Arc::clone(&sources.clock);
        let mut store = Store::open(&config.data)?;
        let lock = lock::lock(&config.data)?;
        let secrets = Secrets::load_or_make(&config.data, &*sources.entropy)?;
        if !store.check_subject_key(&secrets.subjects)? {
            return Err(SecretError::Another.into());
        }
        let size = window::Size {
            reach: config.id_window,
            bytes: config.id_window_memory,
        };
        let window = Window::load(size, &store, clock.now())?;
        let keys = Arc::new(Keys::load(Reader::open(&config.data)?)?);
        let (listener, address) = bind(&config.listen).await?;
        let for_metrics = match &config.metrics_listen {
            Some(listen) => Some(bind(listen).await?),
            None => None,
        };

        let setup = writer::Setup {
            pace: config.commit_pace,
            queue: config.queue,
            secrets: secrets.clone(),
            metrics: Arc::default(),
        };
        let (queue, writer) = writer::start(store, window, setup, clock).map_err(StartError::Thread)?;
        let app = Arc::new(App::new(
            sources,
            Arc::clone(&keys),
            secrets,
            Lookback::new(Reader::open(&config.data)?, queue.floor()),
            queue.clone(),
            Budget::of(config.request_memory),
            config,
        ));
        let (stop, stopped) = oneshot::channel();
        // An answer is one small write: waiting for more of it would only cost time.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let importing = local::listen(&config.data, http::local_router(Arc::clone(&app)));
        let metrics = for_metrics.map(|(listener, address)| {
            tracing::info!("metrics are on http://{address}/metrics");
            let router = http::metrics_router(Arc::clone(&app));
            (tokio::spawn(axum::serve(listener, router).into_future()), address)
        });
        let service = http::router(app).into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async {
            // Either way it is time to stop.
            let _ = stopped.await;
        });
        Ok(Collector {
            address,
            grace: config.grace,
            queue,
            writer,
            stop,
            serving: tokio::spawn(serving.into_future()),
            polling: tokio::spawn(poll(keys)),
            importing,
            metrics,
            _lock: lock,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it shows metrics, if that is a place of its own.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// What it has counted so far.
    pub fn metrics(&self) -> &Metrics {
        self.queue.metrics()
    }

    /// Stops it; returns when everything that was accepted is on disk and the database is closed.
    pub async fn stop(self) {
        let Collector {
            grace,
            queue,
            writer,
            stop,
            serving,
            polling,
            importing,
            metrics,
            ..
        } = self;
        importing.stop();
        // It is there as long as the server is.
        let _ = stop.send(());
        if timeout(grace, serving).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        polling.abort();
        if let Some((serving, _)) = metrics {
            serving.abort();
        }
        let closed = spawn_blocking(move || {
            queue.close();
            writer.join()
        });
        if !matches!(closed.await, Ok(Ok(()))) {
            tracing::error!("the writer ended before its time");
        }
    }
}

async fn bind(listen: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(listen.to_owned(), error);
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Notices keys that were added or revoked.
async fn poll(keys: Arc<Keys>) {
    let mut ticks = interval(keys::POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = keys.refresh() {
            tracing::debug!("{}", writer::chain(&error));
        }
    }
}
