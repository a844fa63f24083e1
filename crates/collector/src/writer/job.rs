//! What waits for the writer, and how it is answered.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use super::Unavailable;
use crate::access::act::{Act, Acted};
use crate::budget::Charge;
use crate::forget::order::{Order, Placed, Withdrawn};
use crate::forget::{Petition, Verdict};
use crate::forward::Mark;
use crate::ingest::message::Checked;
use crate::ingest::request::Request;
use crate::ingest::tally::Tally;
use crate::receipt_key::Proof;
use crate::store::{Judgement, Kept, Part, Posted};

/// Most requests of one commit.
const GROUP_REQUESTS: usize = 1024;
/// Bytes of records after which a commit takes in no further request.
const GROUP_BYTES: usize = 4 << 20;

/// What is to be written.
#[derive(Debug)]
pub struct Delivery {
    /// The messages.
    pub request: Request,
    /// Others, behind them: what is imported may have been sent with several keys.
    pub rest: Vec<Request>,
    /// SHA-256 of the body that they came in, in hexadecimal, where a receipt is asked for.
    pub receipt_of: Option<String>,
    /// The bundle that ends with them.
    pub bundle: Option<Bundle>,
}

impl Delivery {
    /// All of it, in order.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        std::iter::once(&self.request).chain(&self.rest)
    }
}

/// A bundle that is imported whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What it is recognised by.
    pub sha256: String,
    /// Its messages.
    pub messages: u64,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What became of the messages.
    pub tally: Tally,
    /// Shows that all of them were taken, where that was asked for and is so: each is on disk, or is not to be kept since it is about
    /// somebody who asked for that. Not where any was refused.
    pub proof: Option<Proof>,
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, Unavailable>>;

/// What waits for the writer.
#[expect(clippy::large_enum_variant, reason = "nearly all jobs are of the largest")]
pub(super) enum Job {
    Write {
        delivery: Delivery,
        answer: Answer<Done>,
        /// Held until the request is answered, though whoever sent it may be gone before.
        _charge: Charge,
    },
    Forget {
        petition: Petition,
        answer: Answer<Verdict>,
    },
    Regulate {
        order: Order,
        answer: Answer<Placed>,
    },
    Withdraw {
        regulation: i64,
        answer: Answer<Withdrawn>,
    },
    Keep {
        part: Arc<Part>,
        answer: Answer<Kept>,
    },
    Judge {
        judgement: Arc<Judgement>,
        answer: Answer<Kept>,
    },
    Posted {
        posted: Posted,
        answer: Answer<()>,
    },
    Act {
        act: Box<Act>,
        answer: Answer<Acted>,
    },
    Mark {
        mark: Box<Mark>,
        answer: Answer<()>,
    },
    Probe(Answer<()>),
    Close,
}

/// What became of a job.
pub(super) enum Became {
    Written(Tally),
    Ruled(Verdict),
    Placed(Placed),
    Withdrawn(Withdrawn),
    Kept(Kept),
    Acted(Acted),
    /// It is written, and there is nothing to tell of it.
    Done,
}

/// The bodies of which receipts are given, in their order.
pub(super) fn bodies(group: &[Job], results: &[Became]) -> Vec<String> {
    let bodies = group.iter().zip(results).filter_map(|(job, result)| {
        let body = job.receipt_of(result)?;
        Some(body.clone())
    });
    bodies.collect()
}

/// All that waits, as far as it fits into one commit; who is to be forgotten is the last of it, so that what comes behind is
/// suppressed. And whether the queue was closed behind it.
pub(super) fn gather(first: Job, waiting: &Receiver<Job>) -> (Vec<Job>, bool) {
    let mut bytes = first.bytes();
    let mut group = vec![first];
    while group.len() < GROUP_REQUESTS && bytes < GROUP_BYTES && !group.last().is_some_and(Job::is_forget) {
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

/// Answers all of a group.
pub(super) fn answer(group: Vec<Job>, results: Vec<Became>, proofs: Vec<Proof>) {
    let mut proofs = proofs.into_iter();
    for (job, result) in group.into_iter().zip(results) {
        job.answer(result, &mut proofs);
    }
}

impl Job {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Job::Write { delivery, .. } => delivery.requests().map(|request| request.records.len()).sum(),
            Job::Forget { .. }
            | Job::Regulate { .. }
            | Job::Withdraw { .. }
            | Job::Keep { .. }
            | Job::Judge { .. }
            | Job::Posted { .. }
            | Job::Act { .. }
            | Job::Mark { .. }
            | Job::Probe(_)
            | Job::Close => 0,
        }
    }

    /// The messages that it brings.
    pub(super) fn messages(&self) -> &[Checked] {
        match self {
            Job::Write { delivery, .. } => &delivery.request.messages,
            _ => &[],
        }
    }

    pub(super) fn is_forget(&self) -> bool {
        matches!(
            self,
            Job::Forget { .. } | Job::Regulate { .. } | Job::Withdraw { .. }
        )
    }

    /// The body that a receipt is given of.
    fn receipt_of(&self, result: &Became) -> Option<&String> {
        match (self, result) {
            (Job::Write { delivery, .. }, Became::Written(tally)) => {
                delivery.receipt_of.as_ref().filter(|_| tally.is_all_taken())
            }
            _ => None,
        }
    }

    /// Answers; takes the next of the proofs where one was made for it.
    fn answer(self, result: Became, proofs: &mut impl Iterator<Item = Proof>) {
        let proof = self
            .receipt_of(&result)
            .is_some()
            .then(|| proofs.next())
            .flatten();
        // Who asked may be gone; what was written stays written, and its repeat will be a duplicate.
        match (self, result) {
            (Job::Write { answer, .. }, Became::Written(tally)) => {
                drop(answer.send(Ok(Done { tally, proof })));
            }
            (Job::Forget { answer, .. }, Became::Ruled(verdict)) => drop(answer.send(Ok(verdict))),
            (Job::Regulate { answer, .. }, Became::Placed(placed)) => drop(answer.send(Ok(placed))),
            (Job::Withdraw { answer, .. }, Became::Withdrawn(withdrawn)) => drop(answer.send(Ok(withdrawn))),
            (Job::Keep { answer, .. } | Job::Judge { answer, .. }, Became::Kept(kept)) => {
                let _ = answer.send(Ok(kept));
            }
            (Job::Act { answer, .. }, Became::Acted(acted)) => drop(answer.send(Ok(acted))),
            (Job::Posted { answer, .. } | Job::Mark { answer, .. } | Job::Probe(answer), Became::Done) => {
                let _ = answer.send(Ok(()));
            }
            (job, _) => job.refuse(Unavailable::Store),
        }
    }

    pub(super) fn refuse(self, why: Unavailable) {
        match self {
            Job::Write { answer, .. } => drop(answer.send(Err(why))),
            Job::Forget { answer, .. } => drop(answer.send(Err(why))),
            Job::Regulate { answer, .. } => drop(answer.send(Err(why))),
            Job::Withdraw { answer, .. } => drop(answer.send(Err(why))),
            Job::Keep { answer, .. } | Job::Judge { answer, .. } => drop(answer.send(Err(why))),
            Job::Act { answer, .. } => drop(answer.send(Err(why))),
            Job::Posted { answer, .. } | Job::Mark { answer, .. } | Job::Probe(answer) => {
                let _ = answer.send(Err(why));
            }
            Job::Close => {}
        }
    }
}
