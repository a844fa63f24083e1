//! The writer: one thread that turns all waiting requests into one synced transaction, and then answers them.
//!
//! Promise: an answer with a tally means that all of the request is on disk, synced, and counted once. A transaction that fails
//! leaves nothing behind, neither on disk nor in the window of ids, and its requests are told so; the next one is tried as if
//! nothing had happened, so writing goes on when the disk does.
//!
//! Requests wait in a bounded queue; one that finds it full is refused at once. Between commits, and when nothing waits, the
//! writer does chores, a few milliseconds at a time.

mod beat;
mod chores;
mod condition;
mod dedupe;
mod job;
mod pace;
mod queue;
mod sampler;
mod suppressed;
mod told;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use tokio::sync::watch;

pub use self::beat::Beat;
use self::chores::{Chore, Chores, Left};
pub use self::condition::{Condition, chain};
use self::dedupe::Dedupe;
use self::job::{Became, Job, gather};
pub use self::job::{Bundle, Delivery, Done};
pub use self::queue::{Queue, Unavailable};
use self::sampler::Sampler;
use self::suppressed::Suppressed;
use self::told::Told;
use crate::clock::{Clock, Stopwatch};
use crate::delta::{Day, Manner, Share};
use crate::fold::{Fate, Written};
use crate::ingest::subject::SubjectKey;
use crate::ingest::tally::Tally;
use crate::metrics::Metrics;
use crate::quota::Quotas;
use crate::retention::{Cutoffs, Look, Retention, Steadiness};
use crate::secret::Secrets;
use crate::store::{Commit, Fault, Kept, Slice, Store, StoreError};
use crate::window::{Floor, Window};

/// How long the writer waits for a request before it looks for chores.
const IDLE: Duration = Duration::from_millis(500);

/// How the writer works.
#[derive(Clone)]
pub struct Setup {
    /// Least time between the beginnings of two commits.
    pub pace: Duration,
    /// Most requests that wait.
    pub queue: usize,
    /// What receipts are signed with, and those who are forgotten are hashed with.
    pub secrets: Secrets,
    /// Where it is counted what is done.
    pub metrics: Arc<Metrics>,
    /// What was kept of each key today.
    pub quotas: Arc<Quotas>,
    /// How long what is kept.
    pub retention: Retention,
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
    // Whoever can't read it is told so by the first commit.
    let newest = store.newest().unwrap_or_default();
    let (jobs, waiting) = sync_channel(setup.queue);
    let (condition, beat) = (Arc::<Condition>::default(), Beat::default());
    let (metrics, quotas) = (setup.metrics.clone(), setup.quotas.clone());
    let (rising, floor) = watch::channel(window.floor());
    let suppressed = Suppressed::default();
    let suppresses = suppressed.anybody();
    let writer = Writer {
        store,
        window,
        setup,
        clock,
        condition: condition.clone(),
        beat: beat.clone(),
        floor: rising,
        suppressed,
        sampler: Sampler::default(),
        told: Told::default(),
        steadiness: Steadiness::begin(newest),
        up: Stopwatch::start(),
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
        metrics,
        quotas,
        floor,
        suppresses,
        beat,
    };
    Ok((queue, thread))
}

struct Writer {
    store: Store,
    window: Window,
    setup: Setup,
    clock: Arc<dyn Clock>,
    condition: Arc<Condition>,
    beat: Beat,
    floor: watch::Sender<Floor>,
    suppressed: Suppressed,
    sampler: Sampler,
    told: Told,
    /// Of the clock.
    steadiness: Steadiness,
    /// Since the start.
    up: Stopwatch,
}

impl Writer {
    /// Works until the queue is closed; returns the store.
    fn run(mut self, waiting: &Receiver<Job>) -> Store {
        let mut last: Option<Stopwatch> = None;
        let mut chores = Chores::default();
        loop {
            self.beat.round();
            let patience = if chores.more() && !self.condition.is_damaged() {
                chores::BETWEEN
            } else {
                IDLE
            };
            match waiting.recv_timeout(patience) {
                Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => return self.store,
                Ok(first) => {
                    self.wait(last);
                    last = Some(Stopwatch::start());
                    let (group, closed) = gather(first, waiting);
                    let taken = i64::try_from(group.len()).unwrap_or(i64::MAX);
                    self.setup.metrics.queue_length.dec_by(taken);
                    let forgets = group.last().is_some_and(Job::is_forget);
                    self.commit(group);
                    if forgets {
                        chores.look();
                    }
                    if closed {
                        return self.store;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if chores.due() && !self.condition.is_damaged() {
                self.chore(&mut chores);
            }
        }
    }

    /// Returns when the next commit begins.
    fn wait(&self, last: Option<Stopwatch>) {
        let mut before = 0;
        loop {
            let waiting = self.setup.metrics.queue_length.get();
            let since = last.map(Stopwatch::elapsed);
            let Some(time) = pace::wait(self.setup.pace, since, waiting, before) else {
                return;
            };
            before = waiting;
            thread::sleep(time);
        }
    }

    fn commit(&mut self, group: Vec<Job>) {
        if self.condition.is_damaged() {
            for job in group {
                job.refuse(Unavailable::Store);
            }
            return;
        }
        let began = Stopwatch::start();
        match self.write(&group) {
            Ok(Settled {
                results,
                written,
                wrote,
                day,
                batch: _,
            }) => {
                let metrics = &self.setup.metrics;
                if wrote {
                    self.condition.well();
                    metrics.committed(group.len(), began.elapsed());
                }
                for ((key, outcome), count) in written.outcomes {
                    metrics.messages(key.kind, outcome, count);
                }
                if !written.usage.is_empty() {
                    self.setup.quotas.add(day, written.usage);
                }
                for ((key, violation), count) in written.violations {
                    metrics.violations(key.kind, violation, count);
                }
                // What is signed is on disk by now.
                let bodies = job::bodies(&group, &results);
                let proofs = self.setup.secrets.receipt_key.prove(&bodies);
                self.told.tell(move || job::answer(group, results, proofs));
            }
            Err(error) => {
                self.condition.ill(&error);
                self.setup.metrics.commit_failed();
                self.store.forget_names();
                self.suppressed.forget();
                for job in group {
                    job.refuse(Unavailable::Store);
                }
            }
        }
    }

    /// One transaction of a whole group.
    fn write(&mut self, group: &[Job]) -> Result<Settled, StoreError> {
        let now = self.clock.now();
        let mut dedupe = Dedupe::new(&mut self.window, now);
        let subjects = &self.setup.secrets.subjects;
        let (suppressed, sampler) = (&mut self.suppressed, &mut self.sampler);
        let store = &mut self.store;
        let result = write(store, &mut dedupe, suppressed, sampler, subjects, group, now);
        match &result {
            Ok(Settled {
                batch: Some(batch), ..
            }) => self.window.written(*batch),
            Ok(_) => {}
            Err(_) => dedupe.take_back(),
        }
        let ids = i64::try_from(self.window.len()).unwrap_or(i64::MAX);
        self.setup.metrics.window_ids.set(ids);
        let floor = self.window.floor();
        self.floor
            .send_if_modified(|known| std::mem::replace(known, floor) != floor);
        result
    }

    /// One slice of each chore in turn, as long as that takes no time.
    fn chore(&mut self, chores: &mut Chores) {
        let time = Stopwatch::start();
        for chore in chores.in_turn() {
            let left = self.slice(chore).unwrap_or_else(|error| {
                if error.fault == Fault::Damaged {
                    self.condition.ill(&error);
                }
                // It is tried again; requests that meet the same trouble say so more loudly.
                tracing::warn!("{}", chain(&error));
                Left::Nothing
            });
            chores.done(chore, left);
            if time.elapsed() >= chores::ENOUGH {
                break;
            }
        }
    }

    fn slice(&mut self, chore: Chore) -> Result<Left, StoreError> {
        let now = self.clock.now();
        let more = |more| if more { Left::More } else { Left::Nothing };
        match chore {
            Chore::Merge => self.store.merge_ids(Hour::of(now)).map(more),
            Chore::Drop => {
                let cutoffs = match self.steadiness.look(now, self.up.elapsed()) {
                    Look::Steady => self.setup.retention.cutoffs(now),
                    Look::Jumped => {
                        tracing::error!(
                            "THE CLOCK HAS JUMPED, to {now}: nothing is dropped for its age for a day; is the date right?"
                        );
                        Cutoffs::default()
                    }
                    Look::Held => Cutoffs::default(),
                };
                let store = &mut self.store;
                let any = store.drop_old(cutoffs)? || store.judge_some()? || store.sweep_names(now)?;
                Ok(more(any))
            }
            Chore::Delete => {
                let slice = self.store.delete_some(now, &self.setup.secrets.receipt_key)?;
                Ok(match slice {
                    Slice::Idle => Left::Nothing,
                    Slice::More => Left::More,
                    Slice::Later => Left::Later,
                })
            }
        }
    }
}

/// A group that is on disk.
struct Settled {
    /// What each request is told.
    results: Vec<Became>,
    written: Written,
    /// Whether there was anything to commit.
    wrote: bool,
    /// What its messages were written as.
    batch: Option<i64>,
    /// The day of receipt.
    day: Day,
}

fn write(
    store: &mut Store,
    dedupe: &mut Dedupe<'_>,
    suppressed: &mut Suppressed,
    sampler: &mut Sampler,
    subjects: &SubjectKey,
    group: &[Job],
    now: Timestamp,
) -> Result<Settled, StoreError> {
    let mut commit = store.begin()?;
    suppressed.refresh(&commit)?;
    let mut written = Written::default();
    let mut results = Vec::with_capacity(group.len());
    let (mut wrote, mut bundles, mut last) = (false, Vec::new(), None);
    dedupe.expect(group.iter().flat_map(Job::messages));
    // Growing would copy them.
    written.records.reserve(group.iter().map(Job::bytes).sum());
    for job in group {
        match job {
            Job::Write { delivery, .. } => {
                let mut tally = Tally::default();
                for request in delivery.requests() {
                    let mut fates = Vec::with_capacity(request.messages.len());
                    for message in &request.messages {
                        let fate = if suppressed.covers(subjects, request, message) {
                            Fate::Forgotten
                        } else {
                            dedupe.decide(message, &mut commit)?
                        };
                        fates.push(match fate {
                            Fate::Counts(manner) => Fate::Counts(count(&mut commit, &message.share, manner)?),
                            fate => fate,
                        });
                    }
                    tally.add(&written.add(request, &fates));
                    sampler.take(request, &fates, subjects, now, &mut written.samples);
                }
                results.push(Became::Written(tally));
                bundles.extend(&delivery.bundle);
            }
            // The last of its group.
            Job::Forget { .. } | Job::Regulate { .. } | Job::Withdraw { .. } => last = Some(job),
            Job::Keep { part, .. } => {
                let kept = commit.keep_part(part)?;
                wrote |= kept != Kept::Changed;
                results.push(Became::Kept(kept));
            }
            Job::Judge { judgement, .. } => {
                let kept = commit.keep_judgement(judgement, now)?;
                wrote |= kept != Kept::Changed;
                results.push(Became::Kept(kept));
            }
            Job::Posted { posted, .. } => {
                commit.note_posted(posted)?;
                wrote = true;
                results.push(Became::Done);
            }
            Job::Act { act, .. } => {
                results.push(Became::Acted(commit.act(subjects, act, now)?));
                wrote = true;
            }
            Job::Mark { mark, .. } => {
                commit.mark(mark)?;
                wrote = true;
                results.push(Became::Done);
            }
            Job::Probe(_) => {
                commit.probe()?;
                wrote = true;
                results.push(Became::Done);
            }
            Job::Close => {}
        }
    }
    written.samples.retain(|(key, sample)| {
        !suppressed.covers_any(&sample.subjects, key.id, key.kind.speaks_for_clusters())
    });
    (written.repeats, written.doubts) = dedupe.take_doubts();
    let written = written.sorted();
    let batch = commit.write(&written, now)?;
    for bundle in &bundles {
        commit.note_bundle(&bundle.sha256, bundle.messages, now)?;
    }
    wrote |= !written.is_empty() || !bundles.is_empty();
    let became = match last {
        Some(Job::Forget { petition, .. }) => {
            let (verdict, changed) = commit.forget(subjects, petition, now)?;
            wrote |= changed;
            Some(Became::Ruled(verdict))
        }
        Some(Job::Regulate { order, .. }) => Some(Became::Placed(commit.regulate(subjects, order, now)?)),
        Some(Job::Withdraw { regulation, .. }) => Some(Became::Withdrawn(commit.withdraw(*regulation)?)),
        _ => None,
    };
    wrote |= matches!(became, Some(Became::Placed(_) | Became::Withdrawn(_)));
    results.extend(became);
    if wrote {
        commit.finish()?;
    }
    Ok(Settled {
        results,
        written,
        wrote,
        batch,
        day: Day::of(now),
    })
}

/// Adds a share to its day in a manner; returns the one in which that could be done.
fn count(commit: &mut Commit<'_>, share: &Share, manner: Manner) -> Result<Manner, StoreError> {
    let folded = !commit.day_takes(&share.in_manner(manner), 0)?;
    let manner = Manner { folded, ..manner };
    commit.add_to_day(&share.in_manner(manner))?;
    Ok(manner)
}
