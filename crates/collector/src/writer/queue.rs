//! The queue: how requests come to the writer, and what others may ask of it meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use tokio::sync::{oneshot, watch};

use super::beat::Beat;
use super::condition::Condition;
use super::job::{Delivery, Done, Job};
use crate::access::act::{Act, Acted};
use crate::budget::Charge;
use crate::forget::order::{Order, Placed, Withdrawn};
use crate::forget::{Petition, Verdict};
use crate::forward::Mark;
use crate::metrics::Metrics;
use crate::quota::Quotas;
use crate::store::{Judgement, Kept, Part, Posted};
use crate::window::Floor;

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

/// Hands requests to the writer.
#[derive(Clone)]
pub struct Queue {
    pub(super) jobs: SyncSender<Job>,
    pub(super) condition: Arc<Condition>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) quotas: Arc<Quotas>,
    pub(super) floor: watch::Receiver<Floor>,
    pub(super) suppresses: Arc<AtomicBool>,
    pub(super) beat: Beat,
}

impl Queue {
    /// Returns when the messages are on disk.
    ///
    /// # Errors
    /// When they are not.
    pub async fn write(&self, delivery: Delivery, charge: Charge) -> Result<Done, Unavailable> {
        if let Some(drift) = delivery.request.drift {
            self.metrics.drift(drift);
        }
        let (answer, answered) = oneshot::channel();
        let job = Job::Write {
            delivery,
            answer,
            _charge: charge,
        };
        self.submit(job, answered).await
    }

    /// Returns when it is on disk who is to be forgotten.
    ///
    /// # Errors
    /// When it is not.
    pub async fn forget(&self, petition: Petition) -> Result<Verdict, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Forget { petition, answer }, answered).await
    }

    /// Returns when it is on disk what an administrator orders.
    ///
    /// # Errors
    /// When it is not.
    pub async fn regulate(&self, order: Order) -> Result<Placed, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Regulate { order, answer }, answered).await
    }

    /// Takes back what an administrator ordered, where nothing has been deleted for it yet.
    ///
    /// # Errors
    /// When that can't be written.
    pub async fn withdraw(&self, regulation: i64) -> Result<Withdrawn, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Withdraw { regulation, answer }, answered).await
    }

    /// Keeps a part of the sheet of a day, unless the day has changed since it was made.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn keep(&self, part: Arc<Part>) -> Result<Kept, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Keep { part, answer }, answered).await
    }

    /// Keeps what was judged, unless any of its days has changed since.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn judged(&self, judgement: Arc<Judgement>) -> Result<Kept, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Judge { judgement, answer }, answered).await
    }

    /// Waits until it is on disk what became of an attempt to tell the webhook. Blocks.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn posted(&self, posted: Posted) -> Result<(), Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.push(Job::Posted { posted, answer })?;
        answered.blocking_recv().unwrap_or(Err(Unavailable::Store))
    }

    /// Returns when it is on disk what is done about users, sessions, look-ups, keys or tokens.
    ///
    /// # Errors
    /// When it is not.
    pub async fn act(&self, act: Act) -> Result<Acted, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let act = Box::new(act);
        self.submit(Job::Act { act, answer }, answered).await
    }

    /// Returns when it is on disk how far forwarding is. Blocks the thread.
    ///
    /// # Errors
    /// When it is not.
    pub fn mark(&self, mark: Mark) -> Result<(), Unavailable> {
        let (answer, answered) = oneshot::channel();
        let mark = Box::new(mark);
        self.push(Job::Mark { mark, answer })?;
        answered.blocking_recv().unwrap_or(Err(Unavailable::Store))
    }

    /// Writes next to nothing, to see whether the store can be written.
    ///
    /// # Errors
    /// When it can't.
    pub async fn probe(&self) -> Result<(), Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.submit(Job::Probe(answer), answered).await
    }

    /// The floor of the window of ids, as of the last commit.
    pub fn floor(&self) -> watch::Receiver<Floor> {
        self.floor.clone()
    }

    /// Whether anybody is suppressed, as of the last commit. A request that comes before the next one may be told the old answer:
    /// the writer makes sure of it.
    pub fn suppresses_anybody(&self) -> bool {
        self.suppresses.load(Ordering::Relaxed)
    }

    /// Ends the writer once everything that waits is written. Blocks while the queue is full.
    pub fn close(&self) {
        // A writer that is gone is closed.
        let _ = self.jobs.send(Job::Close);
    }

    /// The writer's rounds.
    pub fn beat(&self) -> &Beat {
        &self.beat
    }

    /// Whether the store could be written the last time.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What was kept of each key today.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    async fn submit<T>(
        &self,
        job: Job,
        answered: oneshot::Receiver<Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        self.push(job)?;
        answered.await.unwrap_or(Err(Unavailable::Store))
    }

    fn push(&self, job: Job) -> Result<(), Unavailable> {
        self.metrics.queue_length.inc();
        self.jobs.try_send(job).map_err(|error| {
            self.metrics.queue_length.dec();
            match error {
                TrySendError::Full(_) => Unavailable::Busy,
                TrySendError::Disconnected(_) => Unavailable::Store,
            }
        })
    }
}
