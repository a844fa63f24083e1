//! Delivery: from the spool to the sink, oldest first, each request recorded in the ledger before it leaves.
//!
//! Parcels travel together within the limits of a batch. What the sink will never take is found by halving: the message at fault
//! is set aside and recorded, the others arrive. What was delivered is removed at once, so a cycle that is cut off has not tried
//! in vain. When to try, and how much, is [`crate::pace`]'s business; whether to, the gate's, which is asked before each request.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use heliograph_wire::parcel::Parcel;
use heliograph_wire::receipt::body_hash;
use heliograph_wire::segment::{self, MAX_BATCH, MAX_BATCH_MESSAGES};
use jiff::Timestamp;
use serde_json::Value;

use crate::cause::chain;
use crate::clock::{Clock, Deadline};
use crate::ledger::record::Entry as Line;
use crate::ledger::{Ledger, LedgerError, verify};
use crate::pace::{Allowed, Change, Pace};
use crate::pin::Pin;
use crate::retry::{Answered, Next, next};
use crate::selection::Selection;
use crate::sink::{Reply, Sink, TRY_TIMEOUT};
use crate::spool::{Entry, Spool, SpoolError};
use crate::state::State;

/// Room that the envelope of a batch takes, in bytes.
const ENVELOPE: usize = 64;
/// What keeps the rest back when the gate closes, or this process is to end.
const NOT_ALLOWED: &str = "telemetry was switched off, or this process is to end";
/// How often a wait looks whether sending is still allowed.
const LOOK: Duration = Duration::from_millis(200);
/// The file that the pace is kept in.
const PACE: &str = "pace.json";

/// Why delivery could not go on: the disk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What leaves can't be recorded, so it must not leave.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The spool can't be read.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// How a delivery ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages that the sink took.
    pub delivered: usize,
    /// Messages that it never will, set aside.
    pub refused: usize,
    /// What kept the rest back.
    pub kept_back: Option<String>,
    /// Loose parcels that were delivered or set aside.
    pub loose_done: usize,
}

/// What delivery works with.
pub struct Delivery<'a> {
    /// The state directory.
    pub state: &'a State,
    /// What is to be sent.
    pub spool: &'a Spool,
    /// What is recorded.
    pub ledger: &'a mut Ledger,
    /// What may leave now.
    pub selection: &'a Selection,
    /// Where it goes.
    pub sink: Sink<'a>,
    /// The collector's pinned key.
    pub pin: Pin,
    /// The clock.
    pub clock: Clock,
    /// How long to try in all.
    pub timeout: Duration,
    /// Whether sending is still allowed; asked before each request.
    pub allowed: &'a dyn Fn() -> bool,
    /// Whether a wait from an earlier cycle still holds; an operator who asks by hand need not wait.
    pub patient: bool,
}

/// A parcel on its way, with its place in the spool if it has one.
struct Item {
    entry: Option<Entry>,
    messages: Vec<String>,
}

/// What became of the tries of a batch.
struct Tried {
    next: Next,
    /// What was wrong.
    what: String,
    /// The number of the last send.
    n: u64,
    /// The wait that the sink asked for.
    asked: Option<Duration>,
}

/// How far a batch got.
enum Progress {
    /// All of it.
    Whole,
    /// This many of its messages; then sending was not allowed any more.
    Closed { done: usize },
    /// This many of its messages; then the sink would not go on.
    Stopped {
        done: usize,
        what: String,
        asked: Option<Duration>,
    },
}

impl Delivery<'_> {
    /// Delivers what is in the spool, and then `loose`, parcels that could not be kept there.
    ///
    /// # Errors
    /// The disk does not let it go on.
    pub fn run(&mut self, loose: Vec<Parcel>) -> Result<Outcome, Error> {
        let deadline = Deadline::after(self.timeout);
        let mut pace = read_pace(self.state.path());
        let mut outcome = Outcome::default();
        let mut queue: VecDeque<Entry> = self.spool.list()?.into();
        let mut loose: VecDeque<Item> = loose
            .into_iter()
            .map(|parcel| Item {
                entry: None,
                messages: parcel.messages,
            })
            .collect();
        while !queue.is_empty() || !loose.is_empty() {
            if !(self.allowed)() {
                outcome.kept_back = Some(NOT_ALLOWED.to_owned());
                break;
            }
            // That there is more than one cycle can deliver is no failure of the sink.
            if outcome.delivered > 0 && deadline.left().is_zero() {
                outcome.kept_back = Some("the cycle's time is up".to_owned());
                break;
            }
            let probe = match pace.allowed(self.clock.wall()) {
                Allowed::NotBefore(until) if self.patient => {
                    outcome.kept_back = Some(format!("not tried before {until}"));
                    break;
                }
                Allowed::All => false,
                Allowed::Probe | Allowed::NotBefore(_) => true,
            };
            let batch = self.batch(&mut queue, &mut loose, probe)?;
            if batch.is_empty() {
                continue;
            }
            let messages: Vec<&str> = batch
                .iter()
                .flat_map(|item| item.messages.iter().map(String::as_str))
                .collect();
            let progress = self.send(&messages, deadline, probe, &mut outcome)?;
            let done = match &progress {
                Progress::Whole => messages.len(),
                Progress::Stopped { done, .. } | Progress::Closed { done } => *done,
            };
            self.remove_done(&batch, done, &mut outcome);
            match progress {
                Progress::Whole => {
                    let change = pace.succeeded();
                    self.keep_pace(&pace, change);
                }
                // Says nothing about the sink.
                Progress::Closed { .. } => {
                    outcome.kept_back = Some(NOT_ALLOWED.to_owned());
                    break;
                }
                Progress::Stopped { what, asked, .. } => {
                    let change = pace.failed(self.clock.wall(), random(), asked, &what);
                    self.keep_pace(&pace, change);
                    outcome.kept_back = Some(what);
                    break;
                }
            }
        }
        Ok(outcome)
    }

    /// The next parcels that fit into one batch; one only for a probe.
    fn batch(
        &self,
        queue: &mut VecDeque<Entry>,
        loose: &mut VecDeque<Item>,
        probe: bool,
    ) -> Result<Vec<Item>, Error> {
        let mut batch: Vec<Item> = Vec::new();
        let (mut bytes, mut messages) = (ENVELOPE, 0);
        while let Some(entry) = queue.front() {
            // The loose parcels are the newest, and go last.
            let Some(parcel) = self.spool.read(entry)? else {
                queue.pop_front();
                continue;
            };
            // What was allowed when it was kept may not be any more.
            let allowed: Vec<_> = parcel
                .messages
                .iter()
                .filter_map(|message| self.selection.narrow(message))
                .collect();
            if allowed.is_empty() {
                self.remove(entry);
                queue.pop_front();
                continue;
            }
            bytes += allowed.iter().map(|message| message.len() + 1).sum::<usize>();
            messages += allowed.len();
            let fits = bytes <= MAX_BATCH && messages <= MAX_BATCH_MESSAGES && !(probe && batch.len() == 1);
            if !fits && !batch.is_empty() {
                return Ok(batch);
            }
            batch.push(Item {
                entry: queue.pop_front(),
                messages: allowed,
            });
        }
        if batch.is_empty() {
            batch.extend(loose.pop_front());
        }
        Ok(batch)
    }

    /// Sends messages; halves them when they are refused.
    fn send(
        &mut self,
        messages: &[&str],
        deadline: Deadline,
        probe: bool,
        outcome: &mut Outcome,
    ) -> Result<Progress, Error> {
        let mut open: Vec<(usize, usize)> = vec![(0, messages.len())];
        let mut refused: Vec<(usize, u64, String)> = Vec::new();
        while let Some((from, to)) = open.pop() {
            let part = &messages[from..to];
            let Some(tried) = self.try_until(part, deadline, probe)? else {
                self.refuse(messages, &refused, outcome)?;
                return Ok(Progress::Closed { done: from });
            };
            match tried.next {
                Next::Done => outcome.delivered += part.len(),
                Next::Refused => {
                    if part.len() == 1 {
                        refused.push((from, tried.n, tried.what));
                    } else {
                        let half = from + part.len() / 2;
                        open.extend([(half, to), (from, half)]);
                    }
                }
                Next::Keep | Next::Wait(_) => {
                    self.refuse(messages, &refused, outcome)?;
                    return Ok(Progress::Stopped {
                        done: from,
                        what: tried.what,
                        asked: tried.asked,
                    });
                }
            }
        }
        // A sink that takes nothing at all has another fault than our messages: nothing is set aside for it.
        if refused.len() == messages.len() && messages.len() > 1 && outcome.delivered == 0 {
            let what = refused.pop().map(|(.., what)| what).unwrap_or_default();
            return Ok(Progress::Stopped {
                done: 0,
                what: format!("it refuses every message: {what}"),
                asked: None,
            });
        }
        self.refuse(messages, &refused, outcome)?;
        Ok(Progress::Whole)
    }

    /// Tries a batch until it is decided, within the cycle; once only for a probe. `None` when sending is not allowed, which is
    /// asked each time: during a wait telemetry may be switched off.
    fn try_until(
        &mut self,
        messages: &[&str],
        deadline: Deadline,
        probe: bool,
    ) -> Result<Option<Tried>, Error> {
        let mut tries = 0;
        while (self.allowed)() {
            tries += 1;
            let (reply, n) = self.try_once(messages, deadline)?;
            let asked = match reply.answered {
                Answered::Status(_, asked) => asked,
                _ => None,
            };
            match next(reply.answered, tries, deadline.left(), random()) {
                Next::Wait(wait) if !probe => {
                    tracing::debug!(tries, "not delivered: {}", reply.what);
                    self.rest(wait);
                }
                next => {
                    return Ok(Some(Tried {
                        next,
                        what: reply.what,
                        n,
                        asked,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Waits, but not for the end of a wait when sending is not allowed any more.
    fn rest(&self, wait: Duration) {
        let wait = Deadline::after(wait);
        while !wait.left().is_zero() && (self.allowed)() {
            thread::sleep(wait.left().min(LOOK));
        }
    }

    /// Sends a batch once, with a line in the ledger before and after.
    fn try_once(&mut self, messages: &[&str], deadline: Deadline) -> Result<(Reply, u64), Error> {
        let body = segment::batch(messages.iter().copied(), self.clock.now());
        let target = self.sink.target();
        let n = self.ledger.sending(&target, &body, messages, self.clock.wall())?;
        let reply = self.sink.send(
            &body,
            deadline.left().clamp(Duration::from_millis(1), TRY_TIMEOUT),
        );
        if let Some(receipt) = &reply.receipt {
            match verify::check(receipt, &body_hash(&body), self.pin.key()) {
                Ok(()) => self.pin.pin(self.state, receipt),
                Err(problem) => tracing::warn!(n, "the sink's receipt {problem}"),
            }
        }
        let line = match reply.answered {
            Answered::Nothing => Line::Unanswered {
                of: n,
                problem: reply.what.clone(),
            },
            Answered::Taken => Line::Answered {
                of: n,
                status: 200,
                taken: true,
                receipt: reply.receipt.clone(),
            },
            Answered::NotSegment => Line::Answered {
                of: n,
                status: 200,
                taken: false,
                receipt: None,
            },
            Answered::Status(status, _) => Line::Answered {
                of: n,
                status,
                taken: false,
                receipt: None,
            },
        };
        self.ledger.append(line, self.clock.wall())?;
        Ok((reply, n))
    }

    /// Sets messages aside that were refused one by one: the position, the send, and what the sink said of each.
    fn refuse(
        &mut self,
        messages: &[&str],
        refused: &[(usize, u64, String)],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for (position, n, what) in refused {
            let message = messages[*position];
            let id = serde_json::from_str::<Value>(message)
                .ok()
                .and_then(|message| Some(message.get("messageId")?.as_str()?.to_owned()))
                .unwrap_or_default();
            tracing::error!(message = id, "refused for good and set aside: {what}");
            self.ledger
                .append(Line::Refused { of: *n, message: id }, self.clock.wall())?;
            self.spool.keep_refused(message)?;
            outcome.refused += 1;
        }
        Ok(())
    }

    /// Removes the parcels whose messages are all among the first `done`.
    fn remove_done(&self, batch: &[Item], done: usize, outcome: &mut Outcome) {
        let mut end = 0;
        for item in batch {
            end += item.messages.len();
            if end > done {
                break;
            }
            match &item.entry {
                Some(entry) => self.remove(entry),
                None => outcome.loose_done += 1,
            }
        }
    }

    /// Where that fails, it must not hold up what is behind it: the worst is that it is sent again, and known by its ids.
    fn remove(&self, entry: &Entry) {
        if let Err(error) = self.spool.remove(entry) {
            tracing::error!(
                "what need not be sent any more stays, and is sent again: {}",
                chain(&error)
            );
        }
    }

    fn keep_pace(&self, pace: &Pace, change: Change) {
        let target = self.sink.url;
        match change {
            Change::None => {}
            Change::Failing => {
                tracing::warn!(sink = %target, "not delivered, kept: {}", pace.problem.as_deref().unwrap_or_default())
            }
            Change::Opened => {
                tracing::warn!(sink = %target, "still not delivered; from now on one parcel is tried at a time, until it arrives")
            }
            Change::Recovered => tracing::info!(sink = %target, "delivered again; what was kept follows"),
        }
        let text = serde_json::to_string(pace).unwrap_or_default();
        if let Err(error) = self.state.replace(PACE, text.as_bytes(), 0o640) {
            tracing::debug!("{PACE} can't be written: {error}");
        }
    }
}

/// The pace that was kept. One that can't be read is no reason to hold anything back.
pub fn read_pace(state_dir: &std::path::Path) -> Pace {
    std::fs::read(state_dir.join(PACE))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// When the pace allows the next try; `None` when that is now.
pub fn held_until(state_dir: &std::path::Path, now: Timestamp) -> Option<Timestamp> {
    match read_pace(state_dir).allowed(now) {
        Allowed::NotBefore(until) => Some(until),
        Allowed::All | Allowed::Probe => None,
    }
}

/// A random number from 0 to 1. Without random numbers all wait the longest time.
fn random() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
