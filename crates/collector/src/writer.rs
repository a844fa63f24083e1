//! The writer: one thread that turns all waiting requests into one synced transaction, and then answers them.
//!
//! Promise: an answer with a tally means that all of the request is on disk, synced, and counted once. A transaction that fails
//! leaves nothing behind, neither on disk nor in the window of ids, and its requests are told so; the next one is tried as if
//! nothing had happened, so writing goes on when the disk does.
//!
//! Requests wait in a bounded queue; one that finds it full is refused at once. Between commits, and when nothing waits, the
//! writer does chores, a few milliseconds at a time.

mod chores;
mod condition;
mod dedupe;
mod pace;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

use self::chores::Chores;
pub use self::condition::{Condition, chain};
use self::dedupe::Dedupe;
use crate::budget::Charge;
use crate::clock::{Clock, Stopwatch};
use crate::fold::Written;
use crate::ingest::request::Request;
use crate::ingest::tally::Tally;
use crate::store::{Store, StoreError};
use crate::window::Window;

/// Most requests of one commit.
const GROUP_REQUESTS: usize = 1024;
/// Bytes of records after which a commit takes in no further request.
const GROUP_BYTES: usize = 4 << 20;
/// How long the writer waits for a request before it looks for chores.
const IDLE: Duration = Duration::from_millis(500);

/// How the writer works.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Least time between the beginnings of two commits.
    pub pace: Duration,
    /// Most requests that wait.
    pub queue: usize,
}

/// What was done so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Transactions.
    pub commits: AtomicU64,
    /// Requests that were in them.
    pub requests: AtomicU64,
}

/// Why a request was not written. It may be tried again: nothing of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Too many are waiting.
    #[error("too many requests are waiting")]
    Busy,
    /// The store can't be written.
    #[error("the store can't be written")]
    Store,
}

type Answer = oneshot::Sender<Result<Tally, Unavailable>>;

enum Job {
    Write {
        request: Request,
        answer: Answer,
        /// Held until the request is answered, though whoever sent it may be gone before.
        _charge: Charge,
    },
    Probe(Answer),
    Close,
}

/// Hands requests to the writer.
#[derive(Clone)]
pub struct Queue {
    jobs: SyncSender<Job>,
    condition: Arc<Condition>,
    counters: Arc<Counters>,
    floor: watch::Receiver<Timestamp>,
}

impl Queue {
    /// Returns when the request is on disk.
    ///
    /// # Errors
    /// When it is not.
    pub async fn write(&self, request: Request, charge: Charge) -> Result<Tally, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Write {
            request,
            answer,
            _charge: charge,
        };
        self.submit(job, answered).await
    }

    /// Writes next to nothing, to see whether the store can be written.
    ///
    /// # Errors
    /// When it can't.
    pub async fn probe(&self) -> Result<(), Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Probe(answer), answered).await.map(|_| ())
    }

    /// The floor of the window of ids, as of the last commit.
    pub fn floor(&self) -> watch::Receiver<Timestamp> {
        self.floor.clone()
    }

    /// Ends the writer once everything that waits is written. Blocks while the queue is full.
    pub fn close(&self) {
        // A writer that is gone is closed.
        let _ = self.jobs.send(Job::Close);
    }

    /// Whether the store could be written the last time.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What was done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    async fn submit(
        &self,
        job: Job,
        answered: oneshot::Receiver<Result<Tally, Unavailable>>,
    ) -> Result<Tally, Unavailable> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Unavailable::Busy,
            TrySendError::Disconnected(_) => Unavailable::Store,
        })?;
        answered.await.unwrap_or(Err(Unavailable::Store))
    }
}

/// Starts the writer. It ends when its queue is closed, or gone, and everything that waited is written.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    store: Store,
    window: Window,
    setup: Setup,
    clock: Arc<dyn Clock>,
) -> io::Result<(Queue, JoinHandle<()>)> {
    let (jobs, waiting) = sync_channel(setup.queue);
    let (condition, counters) = (Arc::<Condition>::default(), Arc::<Counters>::default());
    let (rising, floor) = watch::channel(window.floor());
    let writer = Writer {
        store,
        window,
        pace: setup.pace,
        clock,
        condition: condition.clone(),
        counters: counters.clone(),
        floor: rising,
    };
    let thread = thread::Builder::new().name("writer".to_owned()).spawn(move || {
        // Everything is on disk by then, in the log if not in the database.
        if let Err(error) = writer.run(&waiting).checkpoint() {
            tracing::warn!("{}", chain(&error));
        }
    })?;
    let queue = Queue {
        jobs,
        condition,
        counters,
        floor,
    };
    Ok((queue, thread))
}

struct Writer {
    store: Store,
    window: Window,
    pace: Duration,
    clock: Arc<dyn Clock>,
    condition: Arc<Condition>,
    counters: Arc<Counters>,
    floor: watch::Sender<Timestamp>,
}

impl Writer {
    /// Works until the queue is closed; returns the store.
    fn run(mut self, waiting: &Receiver<Job>) -> Store {
        let mut last: Option<Stopwatch> = None;
        let mut chores = Chores::default();
        loop {
            match waiting.recv_timeout(IDLE) {
                Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => return self.store,
                Ok(first) => {
                    thread::sleep(pace::wait(self.pace, last.map(Stopwatch::elapsed)));
                    last = Some(Stopwatch::start());
                    let (group, closed) = gather(first, waiting);
                    self.commit(group);
                    if closed {
                        return self.store;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if chores.due() {
                self.chore(&mut chores);
            }
        }
    }

    fn commit(&mut self, group: Vec<Job>) {
        match self.write(&group) {
            Ok((tallies, committed)) => {
                if committed {
                    self.condition.well();
                    self.counters.commits.fetch_add(1, Ordering::Relaxed);
                }
                let requests = u64::try_from(group.len()).unwrap_or(u64::MAX);
                self.counters.requests.fetch_add(requests, Ordering::Relaxed);
                for (job, tally) in group.into_iter().zip(tallies) {
                    job.answer(Ok(tally));
                }
            }
            Err(error) => {
                self.condition.ill(&error);
                self.store.forget_names();
                for job in group {
                    job.answer(Err(Unavailable::Store));
                }
            }
        }
    }

    /// One transaction of a whole group.
    fn write(&mut self, group: &[Job]) -> Result<(Vec<Tally>, bool), StoreError> {
        let now = self.clock.now();
        let mut dedupe = Dedupe::new(&mut self.window, now);
        let result = write(&mut self.store, &mut dedupe, group, now);
        if result.is_err() {
            dedupe.take_back();
        }
        let floor = self.window.floor();
        self.floor
            .send_if_modified(|known| std::mem::replace(known, floor) != floor);
        result
    }

    fn chore(&mut self, chores: &mut Chores) {
        let hour = Hour::of(self.clock.now());
        match self.store.merge_ids(hour) {
            Ok(more) => chores.done(more),
            // The next request meets the same trouble, and says so.
            Err(_) => chores.done(false),
        }
    }
}

/// Returns what each request is told, and whether there was anything to commit.
fn write(
    store: &mut Store,
    dedupe: &mut Dedupe<'_>,
    group: &[Job],
    now: Timestamp,
) -> Result<(Vec<Tally>, bool), StoreError> {
    let mut commit = store.begin()?;
    let mut written = Written::default();
    let mut tallies = Vec::with_capacity(group.len());
    let mut probed = false;
    for job in group {
        let Job::Write { request, .. } = job else {
            probed = true;
            tallies.push(Tally::default());
            continue;
        };
        let mut fates = Vec::with_capacity(request.messages.len());
        for message in &request.messages {
            fates.push(dedupe.decide(message, &mut commit)?);
        }
        tallies.push(written.add(request, &fates));
    }
    let written = written.sorted();
    if probed {
        commit.probe()?;
    }
    let anything = probed || !written.is_empty();
    if anything {
        commit.write(&written, now)?;
        commit.finish()?;
    }
    Ok((tallies, anything))
}

/// All that waits, as far as it fits into one commit.
/// And whether the queue was closed behind it.
fn gather(first: Job, waiting: &Receiver<Job>) -> (Vec<Job>, bool) {
    let mut bytes = first.bytes();
    let mut group = vec![first];
    while group.len() < GROUP_REQUESTS && bytes < GROUP_BYTES {
        match waiting.try_recv() {
            Ok(Job::Close) => return (group, true),
            Ok(job) => {
                bytes += job.bytes();
                group.push(job);
            }
            Err(_) => break,
        }
    }
    (group, false)
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Job::Write { request, .. } => request.records.len(),
            Job::Probe(_) | Job::Close => 0,
        }
    }

    fn answer(self, answer: Result<Tally, Unavailable>) {
        match self {
            // Who asked may be gone; what was written stays written, and its repeat will be a duplicate.
            Job::Write { answer: sender, .. } | Job::Probe(sender) => drop(sender.send(answer)),
            Job::Close => {}
        }
    }
}
