//! The keeper: a thread that puts the messages of all waiting requests into signal's spool, in as few parcels as they fit, and says
//! so when they are on disk. It asks the gate itself, before it writes and after.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use heliograph_signal::cause;
use heliograph_signal::cluster_id;
use heliograph_signal::cycle;
use heliograph_signal::report;
use heliograph_signal::spool::{Spool, SpoolError, gather};
use heliograph_signal::state::StateError;
use heliograph_wire::parcel::{Kind, Parcel};
use heliograph_wire::segment::{Library, Sender};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::cluster::Cluster;
use crate::config::Config;
use crate::envelope::Envelope;
use crate::message::{Arrival, Message, Terms, made};
use crate::pseudonym::Pseudonyms;

/// Requests that wait.
const QUEUE: usize = 256;
/// Requests that are kept together.
const TOGETHER: usize = 64;
/// Bytes of messages in a parcel.
const PARCEL: usize = 64 << 10;
/// Ids of messages that are remembered: a browser that got no answer tries again at once.
const REMEMBERED: usize = 16 << 10;

/// The program that messages say they come from, where the browser does not say.
const LIBRARY: Library = Library {
    name: "heliograph-relay",
    version: env!("CARGO_PKG_VERSION"),
};

/// What became of a request's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// They are on disk, as far as they may leave.
    OnDisk,
    /// Telemetry is off.
    Off,
    /// They can't be kept now.
    Failed,
}

struct Job {
    envelope: Envelope,
    received: Timestamp,
    done: oneshot::Sender<Kept>,
}

/// The way to the keeper.
#[derive(Clone)]
pub(crate) struct Keeper {
    cluster: Arc<Cluster>,
    jobs: SyncSender<Job>,
}

/// Why messages can't be kept.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Config(#[from] heliograph_signal::config::Error),
    #[error(transparent)]
    ClusterId(#[from] cluster_id::Error),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Cycle(#[from] cycle::Error),
}

impl Keeper {
    /// Starts it; it ends when nobody can reach it any more and all is kept.
    pub(crate) fn start(cluster: Arc<Cluster>, config: &Config) -> (Keeper, thread::JoinHandle<()>) {
        let (jobs, waiting) = sync_channel(QUEUE);
        let mut work = Work {
            cluster: Arc::clone(&cluster),
            routes: config.routes.clone(),
            errors: config.errors,
            known: HashSet::new(),
            order: VecDeque::new(),
            parcels: 0,
            problem: None,
        };
        let thread = thread::spawn(move || work.run(&waiting));
        (Keeper { cluster, jobs }, thread)
    }

    /// Keeps messages.
    pub(crate) async fn keep(&self, envelope: Envelope) -> Kept {
        let (done, kept) = oneshot::channel();
        let job = Job {
            envelope,
            received: self.cluster.now(),
            done,
        };
        match self.jobs.try_send(job) {
            Ok(()) => kept.await.unwrap_or(Kept::Failed),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Kept::Failed,
        }
    }
}

struct Work {
    cluster: Arc<Cluster>,
    routes: Vec<String>,
    errors: bool,
    known: HashSet<String>,
    order: VecDeque<String>,
    parcels: usize,
    /// What was said, and not taken back yet.
    problem: Option<(String, Option<io::ErrorKind>)>,
}

impl Work {
    fn run(&mut self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            jobs.extend(waiting.try_iter().take(TOGETHER - 1));
            let kept = self.keep_or_say(&jobs);
            for job in jobs {
                // Whoever asked may be gone.
                let _ = job.done.send(kept);
            }
        }
    }

    fn keep_or_say(&mut self, jobs: &[Job]) -> Kept {
        if !self.cluster.is_on_now() {
            return Kept::Off;
        }
        match self.keep(jobs) {
            Ok(()) => {
                if self.problem.take().is_some() {
                    tracing::info!("messages can be kept again");
                }
                if self.cluster.is_on_now() {
                    return Kept::OnDisk;
                }
                // Whoever switched it off meanwhile had cleared the spool already.
                self.cluster.forsake();
                Kept::Off
            }
            Err(error) => {
                // Without the names of files, which differ each time: browsers must not fill the log.
                let problem = (error.to_string(), kind(&error));
                if self.problem.as_ref() != Some(&problem) {
                    tracing::error!("messages can't be kept: {}", cause::chain(&error));
                    self.problem = Some(problem);
                }
                Kept::Failed
            }
        }
    }

    fn keep(&mut self, jobs: &[Job]) -> Result<(), Error> {
        let around = Arc::clone(&self.cluster);
        let config = around.config()?;
        let signal = around.signal(&config);
        let cluster = cluster_id::find(&config)?;
        let state = signal.state()?;
        let sender = Sender {
            library: LIBRARY,
            ..signal.sender(cluster, &state)?
        };
        let pseudonyms = Pseudonyms::of_secret(state.ui_key()?.as_bytes());
        let terms = Terms {
            sender: &sender,
            common: &report::common(&config, &sender.cluster),
            selection: &config.selection,
            pseudonyms: &pseudonyms,
            routes: &self.routes,
            errors: self.errors,
        };
        let mut fresh: Vec<Message> = Vec::new();
        let mut ids = HashSet::new();
        for job in jobs {
            let arrival = Arrival {
                kind: job.envelope.kind,
                sent: job.envelope.sent,
                received: job.received,
            };
            let made = job
                .envelope
                .messages()
                .filter_map(|said| made(&said, arrival, &terms));
            for message in made {
                if !self.known.contains(&message.id) && ids.insert(message.id.clone()) {
                    fresh.push(message);
                }
            }
        }
        let spool = Spool::open(&state, config.spool)?;
        let collected = signal.clock.wall();
        for parcel in parcels(&fresh, collected) {
            spool.put(&parcel, collected)?;
            self.parcels += 1;
        }
        for message in fresh {
            self.remember(message.id);
        }
        if self.parcels > gather::MANY {
            // Whoever delivers now takes them away.
            if let Some(_lock) = signal.try_lock(&state)? {
                spool.gather_ui()?;
            }
            self.parcels = 0;
        }
        Ok(())
    }

    fn remember(&mut self, id: String) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id.clone());
        self.known.insert(id);
    }
}

/// What the system had against it.
fn kind(error: &Error) -> Option<io::ErrorKind> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

/// Messages in parcels that are neither large nor many.
fn parcels(messages: &[Message], collected: Timestamp) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    for message in messages {
        match parcels.last_mut() {
            Some(parcel) if parcel.size() + message.text.len() < PARCEL => {
                parcel.messages.push(message.text.clone());
            }
            _ => parcels.push(Parcel {
                kind: Kind::Ui,
                collected,
                messages: vec![message.text.clone()],
            }),
        }
    }
    parcels
}
