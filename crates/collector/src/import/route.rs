//! How lines come to the writer: through the server that runs on the data directory, or through one of our own where none does.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::shipment::Shipment;
use super::{Counts, MAX_LINE, PATH, socket};
use crate::budget::Budget;
use crate::config::Config;
use crate::ingest::moment::Trust;
use crate::ingest::planned::Planned;
use crate::ingest::request::{RequestError, Terms};
use crate::lock::{self, LockError};
use crate::lookback::{Lookback, NotSought};
use crate::plan_dir::{self, PlanDirError};
use crate::secret::{SecretError, Secrets};
use crate::server::Sources;
use crate::store::{OpenError, Reader, Store, StoreError};
use crate::window::{self, Window};
use crate::writer::{self, Queue, Setup, Unavailable};

/// How often a server that has too much to do is asked again, and how long after.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);
/// How long a server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The way to the writer.
pub struct Route(Way);

enum Way {
    Server(PathBuf),
    Own(Box<Own>),
}

struct Own {
    queue: Queue,
    writer: JoinHandle<()>,
    lookback: Lookback,
    runtime: Runtime,
    sources: Sources,
    secrets: Secrets,
    plan: Planned<'static>,
    _lock: File,
}

/// Lines that could not be imported. Those before them were; all may be imported again.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The data directory can't be had.
    #[error(transparent)]
    Lock(LockError),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database can't be read.
    #[error("can't load what is needed from the database")]
    Load(#[from] StoreError),
    /// The secrets of the data directory can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The vendor's own events can't be understood.
    #[error(transparent)]
    Plan(#[from] PlanDirError),
    /// No thread can be had.
    #[error("can't start the writer")]
    Thread(#[source] io::Error),
    /// The server can't be spoken to.
    #[error(
        "a server is running on this data directory, but can't be spoken to; stop it, or restart it, and try again"
    )]
    Server(#[source] io::Error),
    /// The server did not take them.
    #[error("the server did not take the messages: {0}")]
    Refused(String),
    /// They can't be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// They can't be checked.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Route {
    /// Finds the way. The database must be there.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(config: &Config, sources: Sources) -> Result<Route, RouteError> {
        let lock = match lock::lock(&config.data) {
            Ok(lock) => lock,
            Err(LockError::Taken) => return Ok(Route(Way::Server(socket(&config.data)))),
            Err(error) => return Err(RouteError::Lock(error)),
        };
        let plan = plan_dir::planned(config)?;
        let mut store = Store::open(&config.data)?;
        let secrets = Secrets::load_or_make(&config.data, &*sources.entropy)?;
        if !store.check_subject_key(&secrets.subjects)? {
            return Err(SecretError::Another.into());
        }
        let size = window::Size {
            reach: config.id_window,
            bytes: config.id_window_memory,
        };
        let window = Window::load(size, &store, sources.clock.now())?;
        let setup = Setup {
            pace: Duration::ZERO,
            queue: 1,
            secrets: secrets.clone(),
            metrics: Arc::default(),
            quotas: Arc::default(),
            retention: config.retention,
        };
        let (queue, writer) =
            writer::start(store, window, setup, sources.clock.clone()).map_err(RouteError::Thread)?;
        let lookback = Lookback::new(Reader::open(&config.data)?, queue.floor(), usize::MAX);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(RouteError::Thread)?;
        Ok(Route(Way::Own(Box::new(Own {
            queue,
            writer,
            lookback,
            runtime,
            sources,
            secrets,
            plan,
            _lock: lock,
        }))))
    }

    /// Returns when the lines are on disk.
    ///
    /// # Errors
    /// When they are not.
    pub fn write(&self, shipment: &Shipment) -> Result<Counts, RouteError> {
        match &self.0 {
            Way::Server(socket) => ask_server(socket, &shipment.encode()),
            Way::Own(own) => own.write(shipment),
        }
    }

    /// To be called at the end: closes the database, where it is ours.
    pub fn close(self) {
        if let Way::Own(own) = self.0 {
            own.queue.close();
            if own.writer.join().is_err() {
                tracing::error!("the writer ended before its time");
            }
        }
    }
}

impl Own {
    fn write(&self, shipment: &Shipment) -> Result<Counts, RouteError> {
        let terms = Terms {
            key: shipment.otherwise,
            now: self.sources.clock.now(),
            trust: Trust::Stated,
            max_message: MAX_LINE,
            entropy: &*self.sources.entropy,
            hashing: &self.secrets.subjects,
            plan: &self.plan,
            subjects: self.queue.suppresses_anybody().then_some(&*self.secrets.subjects),
        };
        let mut delivery = shipment.check(terms)?;
        // Nobody else needs memory.
        let charge = Budget::of(0).charge();
        let done = self.runtime.block_on(async {
            for request in &mut delivery.rest {
                while let Err(error) = self.lookback.seek(request).await {
                    match error {
                        // It is gone on with.
                        NotSought::Busy => {}
                        NotSought::Store(error) => return Err(RouteError::Load(error)),
                    }
                }
            }
            Ok(self.queue.write(delivery, charge).await?)
        })?;
        Ok(Counts::of(&done.tally))
    }
}

fn ask_server(socket: &Path, body: &[u8]) -> Result<Counts, RouteError> {
    let mut said = String::new();
    for _ in 0..TRIES {
        let (status, answer) = post(socket, body).map_err(RouteError::Server)?;
        match status {
            200 => {
                let invalid = |error| RouteError::Server(io::Error::new(io::ErrorKind::InvalidData, error));
                return serde_json::from_slice(&answer).map_err(invalid);
            }
            503 => thread::sleep(PAUSE),
            _ => return Err(RouteError::Refused(String::from_utf8_lossy(&answer).into_owned())),
        }
        said = String::from_utf8_lossy(&answer).into_owned();
    }
    Err(RouteError::Refused(said))
}

/// One request on a connection of its own; returns status and body of the answer.
fn post(socket: &Path, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = memchr::memmem::find(&answer, b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = answer
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, answer.split_off(end + 4)))
}
