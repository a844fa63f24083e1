//! A running collector: the listening socket, the writer, and how they start and stop.
//!
//! It listens only when everything is loaded. A stop takes no new requests, lets those under way end within a bound of time,
//! writes everything that was accepted, and closes the database.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use listenfd::ListenFd;
use tokio::join;
use tokio::task::{JoinHandle as Task, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use crate::access::act::{Act, Acted};
use crate::access::invitation::Invitation;
use crate::access::page;
use crate::access::session::Secret;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::delta::Day;
use crate::entropy::{Entropy, NoEntropy, SystemEntropy};
use crate::forward::{self, Courier, ForwardError, passes_orders};
use crate::http::{self, App, Door};
use crate::judging;
use crate::keys::{self, Keys};
pub use crate::listen::socket::BadSocket;
use crate::listen::socket::Socket;
pub use crate::listen::tls::TlsError;
use crate::listen::tls::{Files, Tls};
use crate::listen::{self, Listening, Terms};
use crate::local;
use crate::lock::{self, LockError};
use crate::lookback::{self, Lookback};
use crate::metrics::{Connections, Metrics};
use crate::plan_dir::{self, PlanDirError};
use crate::quota::Quotas;
use crate::restore;
use crate::secret::{SecretError, Secrets};
use crate::sheets;
use crate::store::{self, OpenError, Reader, Store, StoreError};
use crate::webhook::{self, Telling, Webhook, WebhookError};
use crate::window::{self, Window};
use crate::writer::{self, Beat, Queue};

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
    urls: Vec<String>,
    invitation: Option<String>,
    address: Option<SocketAddr>,
    grace: Duration,
    queue: Queue,
    writer: JoinHandle<()>,
    app: Arc<App>,
    serving: Listening,
    polling: Task<()>,
    sheets: Task<()>,
    judging: Task<()>,
    telling: Option<Telling>,
    importing: Option<Listening>,
    metrics: Option<(Listening, Option<SocketAddr>)>,
    tls: Option<Arc<Tls>>,
    courier: Option<Courier>,
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
    /// A restore that was cut off can't be ended.
    #[error("a restore was cut off and can't be ended; run `restore` again")]
    Restore(#[source] io::Error),
    /// The database can't be read.
    #[error("can't load what is needed from the database")]
    Load(#[from] StoreError),
    /// There is nothing to make a link for the first user of.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// It is not an address.
    #[error("{0} is neither an address with a port nor unix: and the path of a file")]
    Address(String),
    /// The address can't be had.
    #[error("can't listen on {0}")]
    Listen(String, #[source] io::Error),
    /// A socket that was handed over can't be used.
    #[error(transparent)]
    Inherited(#[from] BadSocket),
    /// One of the two is configured, the other is not.
    #[error("tls_cert and tls_key belong together: set both, or neither")]
    HalfTls,
    /// The vendor's own events can't be understood.
    #[error(transparent)]
    Plan(#[from] PlanDirError),
    /// The webhook can't be used as it is configured.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The certificate or its key is of no use.
    #[error("can't speak TLS")]
    Tls(#[source] TlsError),
    /// What is configured of forwarding can't be used.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// No thread can be had.
    #[error("can't start a thread")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Whether the database is damaged: to start again does not help, and may make it worse.
    pub fn is_damage(&self) -> bool {
        matches!(self, StartError::Open(OpenError::Damaged { .. }))
    }
}

impl Collector {
    /// Starts a collector on the current runtime; it listens where that is configured.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn start(config: &Config, sources: Sources) -> Result<Collector, StartError> {
        Collector::start_on(ListenFd::empty(), config, sources).await
    }

    /// Starts a collector on the current runtime; it listens on these sockets, if there are any, else where that is configured.
    ///
    /// # Errors
    /// When it can't start.
    pub async fn start_on(
        sockets: ListenFd,
        config: &Config,
        sources: Sources,
    ) -> Result<Collector, StartError> {
        let clock = Arc::clone(&sources.clock);
        let reading = Arc::clone(&sources.clock);
        let plan = plan_dir::planned(config)?;
        let locked = end_restore(&config.data)?;
        store::look_for_damage(&config.data)?;
        let mut store = Store::open(&config.data)?;
        let lock = match locked {
            Some(lock) => lock,
            None => lock::lock(&config.data)?,
        };
        let secrets = Secrets::load_or_make(&config.data, &*sources.entropy)?;
        if !store.check_subject_key(&secrets.subjects)? {
            return Err(SecretError::Another.into());
        }
        let invited = invite(&mut store, &sources)?;
        let size = window::Size {
            reach: config.id_window,
            bytes: config.id_window_memory,
        };
        let forwarding = &config.forwarding;
        let taken = store.forward_to(
            forwarding.url.as_deref(),
            forwarding.since,
            passes_orders(forwarding),
        )?;
        let window = Window::load(size, &store, clock.now())?;
        let today = Day::of(clock.now());
        let used = Reader::open(&config.data)?.usage(today)?;
        let keys = Arc::new(Keys::load(Reader::open(&config.data)?)?);
        let (tls, webhook) = (tls(config)?, Webhook::of(config)?);
        let mut sockets = Socket::inherited(sockets)?;
        if sockets.is_empty() {
            sockets.push(bind(&config.listen).await?);
        } else {
            tracing::info!("listening on sockets that were handed over, not on what is configured");
        }
        let for_metrics = match &config.metrics_listen {
            Some(listen) => Some(bind(listen).await?),
            None => None,
        };

        let setup = writer::Setup {
            pace: config.commit_pace,
            queue: config.queue,
            secrets: secrets.clone(),
            metrics: Arc::default(),
            quotas: Arc::new(Quotas::new(config.quota, today, used)),
            retention: config.retention,
        };
        let (queue, writer) = writer::start(store, window, setup, clock).map_err(StartError::Thread)?;
        let courier = Courier::start(
            forwarding,
            forward::Setup {
                data: config.data.clone(),
                queue: queue.clone(),
                secrets: secrets.clone(),
                clock: Arc::clone(&sources.clock),
                entropy: Arc::clone(&sources.entropy),
                taken,
            },
        )?;
        let (for_sheets, for_judging) = (queue.clone(), queue.clone());
        let telling = match webhook {
            Some(webhook) => Some(
                webhook::tell(
                    webhook,
                    webhook::Setup {
                        data: config.data.clone(),
                        queue: queue.clone(),
                        clock: Arc::clone(&reading),
                        entropy: Arc::clone(&sources.entropy),
                    },
                )
                .map_err(StartError::Thread)?,
            ),
            None => None,
        };
        let judge = judging::Setup {
            data: config.data.clone(),
            queue: for_judging,
            clock: Arc::clone(&reading),
            deliver: telling.is_some(),
            rest: config.judging_rest,
        };
        let app = Arc::new(
            App::new(
                sources,
                Arc::clone(&keys),
                secrets,
                Lookback::new(
                    Reader::open(&config.data)?,
                    queue.floor(),
                    config.request_memory / lookback::SHARE,
                ),
                queue.clone(),
                plan,
                config,
            )
            .map_err(StartError::Thread)?,
        );
        let plain = terms(config);
        let terms = Terms {
            tls: tls.clone(),
            counted: queue.metrics().connections.clone(),
            ..plain.clone()
        };
        let urls: Vec<_> = sockets.iter().map(|socket| socket.shown(tls.is_some())).collect();
        let invitation = invited.map(|secret| link(config, &urls, &secret));
        let address = sockets.iter().find_map(Socket::address);
        let metrics = for_metrics.map(|socket| {
            tracing::info!("metrics are on {}/metrics", socket.shown(false));
            let address = socket.address();
            let door = Door::to(http::metrics_router(Arc::clone(&app)));
            (listen::serve(vec![socket], door, &plain), address)
        });
        Ok(Collector {
            urls,
            invitation,
            address,
            grace: config.grace,
            queue,
            writer,
            serving: listen::serve(sockets, http::door(&app, config), &terms),
            importing: local::listen(
                &config.data,
                Door::to(http::local_router(Arc::clone(&app))),
                &plain,
            ),
            app,
            polling: tokio::spawn(poll(keys)),
            judging: tokio::spawn(judging::keep(judge)),
            telling,
            sheets: tokio::spawn(sheets::keep(config.data.clone(), for_sheets, reading)),
            metrics,
            tls,
            courier,
            _lock: lock,
        })
    }

    /// Where it can be reached, for people.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The link by which the first user is made, where there is none: for the one time that it is shown.
    pub fn invitation(&self) -> Option<&str> {
        self.invitation.as_deref()
    }

    /// The address that it listens on; `None` when it listens on no address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where it shows metrics, if that is a place of its own.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|(_, address)| *address)
    }

    /// The rounds of its writer.
    pub fn beat(&self) -> Beat {
        self.queue.beat().clone()
    }

    /// What it has counted so far.
    pub fn metrics(&self) -> &Metrics {
        self.queue.metrics()
    }

    /// Reads the certificate and its key again, for the connections to come. Whether there is one.
    ///
    /// # Errors
    /// When they are of no use; then those that were read before are used.
    pub fn reload(&self) -> Result<bool, TlsError> {
        match &self.tls {
            Some(tls) => tls.reload().map(|()| true),
            None => Ok(false),
        }
    }

    /// Stops it; returns when everything that was accepted is on disk and the database is closed.
    pub async fn stop(self) {
        let Collector {
            grace,
            queue,
            writer,
            app,
            serving,
            polling,
            sheets,
            judging,
            telling,
            importing,
            metrics,
            courier,
            ..
        } = self;
        app.stop();
        // What it is sending is sent again by the next one.
        drop(courier);
        let metrics = metrics.map(|(listening, _)| listening);
        let stopped = join!(serving.stop(grace), stop(importing, grace), stop(metrics, grace));
        if stopped != (true, true, true) {
            tracing::warn!("some requests did not end in time");
        }
        polling.abort();
        sheets.abort();
        judging.abort();
        drop(telling);
        let closed = spawn_blocking(move || {
            queue.close();
            writer.join()
        });
        if !matches!(closed.await, Ok(Ok(()))) {
            tracing::error!("the writer ended before its time");
        }
    }
}

/// Ends a restore that was cut off, before anybody opens the database.
fn end_restore(data: &Path) -> Result<Option<File>, StartError> {
    if !restore::was_cut_off(data) {
        return Ok(None);
    }
    let lock = lock::lock(data)?;
    if restore::was_cut_off(data) {
        tracing::warn!("a restore was cut off before its end: ending it");
        restore::end(data).map_err(StartError::Restore)?;
    }
    Ok(Some(lock))
}

/// Makes a link for the first user, if there is none yet.
fn invite(store: &mut Store, sources: &Sources) -> Result<Option<Secret>, StartError> {
    let (secret, now) = (Secret::generate(&*sources.entropy)?, sources.clock.now());
    let acted = store.act(&Act::Invite(Invitation::new(secret.digest(), now)), now)?;
    Ok((acted == Acted::Done).then_some(secret))
}

fn link(config: &Config, urls: &[String], secret: &Secret) -> String {
    let public = config.public_url.as_ref().map(ToString::to_string);
    let url = public.or_else(|| urls.iter().find(|url| url.starts_with("http")).cloned());
    format!(
        "{}{}?token={}",
        url.unwrap_or_default(),
        page::FIRST,
        secret.reveal()
    )
}

/// Listens on what is configured.
async fn bind(listen: &str) -> Result<Socket, StartError> {
    let address = listen
        .parse()
        .map_err(|_| StartError::Address(listen.to_owned()))?;
    Socket::bind(&address)
        .await
        .map_err(|error| StartError::Listen(listen.to_owned(), error))
}

async fn stop(listening: Option<Listening>, grace: Duration) -> bool {
    match listening {
        Some(listening) => listening.stop(grace).await,
        None => true,
    }
}

fn tls(config: &Config) -> Result<Option<Arc<Tls>>, StartError> {
    let files = match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Files {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        (None, None) => return Ok(None),
        _ => return Err(StartError::HalfTls),
    };
    let tls = Tls::load(files).map_err(StartError::Tls)?;
    Ok(Some(Arc::new(tls)))
}

fn terms(config: &Config) -> Terms {
    Terms {
        header_timeout: config.header_timeout,
        idle_timeout: config.idle_timeout,
        header_size: config.header_size,
        header_count: config.header_count,
        connections: config.connections,
        client_connections: config.client_connections,
        counted: Connections::default(),
        proxies: config.trusted_proxies.clone(),
        tls: None,
    }
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
