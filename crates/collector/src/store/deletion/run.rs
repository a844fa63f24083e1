//! A run: all deletions that were queued, done together, a slice of a few milliseconds at a time between the writer's commits.
//!
//! | step | what |
//! |---|---|
//! | `batches` | every raw batch is read; messages of those who are deleted are cut out, and leave the sums and the time line |
//! | `rows` | what the time line and the sums hold beyond that, of messages whose text was dropped by age; who has spoken; samples |
//! | `names` | names that nothing else uses are removed |
//! | `clear` | the ids of those who were deleted are cleared from the queue, the write-ahead log is emptied, receipts are signed |
//!
//! Where a report that counted is deleted and others stand beside it, the first of these counts from then on; that is done before
//! anything else.
//!
//! Everything that a slice does is one transaction, with the position up to which it is done. After a restart the run goes on
//! from there; what is looked into twice is found only once.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::keys::Keys;
use super::pass::Pass;
use super::rows::{Did, Rows};
use super::trace::{self, Trace};
use super::{ending, raw, settle, whom};
use crate::clock::Stopwatch;
use crate::forget::hunt::{Hunt, Target};
use crate::receipt_key::ReceiptKey;
use crate::store::error::{Doing as _, StoreError};
use crate::store::unused::Search;
use crate::store::{Commit, Store, connection, look_up};

/// Time after which a slice begins nothing new.
const SLICE: Duration = Duration::from_millis(5);
/// Batches after which it is noted how far a run is, where nothing in them was to be done.
const NOTED_AFTER: i64 = 2000;
const DOING: &str = "delete those who are to be forgotten";

/// What there is to do after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slice {
    /// Nothing: no deletion is left that is not done.
    Idle,
    /// More, at once.
    More,
    /// More, when others have ended what they are reading.
    Later,
}

/// How far a slice went.
enum Went {
    /// There is more to do.
    On,
    /// As far as others let it, who read what has to be emptied.
    Waiting,
    /// The run is over.
    ToTheEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Batches,
    Rows,
    Names,
    Clear,
}

/// A run that is under way.
pub(in crate::store) struct Run {
    hunt: Hunt,
    step: Step,
    /// The batch that was looked into last.
    position: i64,
    /// The position that is noted in the database.
    noted: i64,
    pass: Option<Pass>,
    keys: Keys,
    rows: Option<Rows>,
    search: Option<Search>,
    trace: Trace,
}

impl Step {
    const ALL: [Step; 4] = [Step::Batches, Step::Rows, Step::Names, Step::Clear];

    const fn name(self) -> &'static str {
        match self {
            Step::Batches => "batches",
            Step::Rows => "rows",
            Step::Names => "names",
            Step::Clear => "clear",
        }
    }
}

impl Store {
    /// Does some of what is to be deleted. Takes a few milliseconds.
    ///
    /// # Errors
    /// When the database can't be read or written; what was done before stays done.
    pub fn delete_some(&mut self, now: Timestamp, key: &ReceiptKey) -> Result<Slice, StoreError> {
        let mut run = match self.run.take() {
            Some(run) => run,
            None => match Run::take_up(&self.connection)? {
                Some(run) => run,
                None => return Ok(Slice::Idle),
            },
        };
        // A run looks for unused names itself.
        self.sweep = None;
        connection::erase_thoroughly(&self.connection, true)?;
        let result = run.slice(self, now, key);
        connection::erase_thoroughly(&self.connection, false)?;
        match result? {
            Went::On => self.run = Some(run),
            Went::Waiting => {
                self.run = Some(run);
                return Ok(Slice::Later);
            }
            // Others may have been queued meanwhile.
            Went::ToTheEnd => self.forget_names(),
        }
        Ok(Slice::More)
    }
}

impl Run {
    /// The run that is under way, or one of all deletions that are queued, if there are any.
    fn take_up(connection: &Connection) -> Result<Option<Run>, StoreError> {
        let read = || -> rusqlite::Result<Option<(Step, i64, Vec<Target>)>> {
            let any = connection
                .prepare_cached("SELECT 1 FROM deletion WHERE state <> 'done' LIMIT 1")?
                .exists(())?;
            if !any {
                return Ok(None);
            }
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let under_way: Option<(String, i64)> = transaction
                .query_row("SELECT step, position FROM deletion_run", (), |row| {
                    row.try_into()
                })
                .optional()?;
            let (step, position) = match under_way {
                Some((step, position)) => {
                    let step = Step::ALL.into_iter().find(|known| known.name() == step);
                    (step.unwrap_or(Step::Batches), position)
                }
                None => {
                    transaction
                        .execute("UPDATE deletion SET state = 'running' WHERE state = 'queued'", ())?;
                    transaction.execute(
                        "INSERT INTO deletion_run (id, step, position) VALUES (1, ?, 0)",
                        [Step::Batches.name()],
                    )?;
                    (Step::Batches, 0)
                }
            };
            let targets = whom::targets(&transaction)?;
            transaction.commit()?;
            Ok(Some((step, position, targets)))
        };
        Ok(read().doing(DOING)?.map(|(step, position, targets)| Run {
            hunt: Hunt::of(targets),
            step,
            position,
            noted: position,
            pass: None,
            keys: Keys::default(),
            rows: None,
            search: None,
            trace: Trace::default(),
        }))
    }

    fn slice(&mut self, store: &mut Store, now: Timestamp, key: &ReceiptKey) -> Result<Went, StoreError> {
        if self.step == Step::Clear {
            let ended = ending::end(store, now, key)?;
            return Ok(if ended { Went::ToTheEnd } else { Went::Waiting });
        }
        if self.step == Step::Names && self.search.is_none() {
            let noted = trace::noted(&store.connection)?;
            self.search = Some(Search::begin(noted, &mut store.names, &mut store.terms));
        }
        let time = Stopwatch::start();
        let mut commit = store.begin()?;
        let mut changed = false;
        while time.elapsed() < SLICE && !self.is_between() {
            changed |= self.step(&mut commit)?;
        }
        if changed || self.position - self.noted >= NOTED_AFTER {
            self.note(&commit.transaction)?;
            commit.finish()?;
        }
        Ok(Went::On)
    }

    /// Whether what comes next is not done within a transaction.
    fn is_between(&self) -> bool {
        self.step == Step::Clear || (self.step == Step::Names && self.search.is_none())
    }

    /// The smallest piece of work; says whether anything was changed.
    fn step(&mut self, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        if let Some(pass) = self.pass.take() {
            return self.go_on_with(pass, commit);
        }
        if let Some(batch) = settle::next_to_count(&commit.transaction)? {
            self.pass = Pass::begin(commit, batch, false)?;
            return Ok(self.pass.is_none());
        }
        match self.step {
            Step::Batches => match raw::next(&commit.transaction, self.position, self.hunt.through())? {
                Some(batch) => {
                    self.pass = Pass::begin(commit, batch, true)?;
                    Ok(self.pass.is_none())
                }
                None => {
                    self.step = Step::Rows;
                    Ok(true)
                }
            },
            Step::Rows => {
                let rows = match &mut self.rows {
                    Some(rows) => rows,
                    none => none.insert(Rows::begin(&commit.transaction, &self.hunt)?),
                };
                let did = rows.step(commit, &self.hunt, &mut self.keys, &mut self.trace)?;
                if did == Did::End {
                    self.rows = None;
                    self.step = Step::Names;
                }
                Ok(did != Did::Nothing)
            }
            Step::Names => {
                let Some(mut search) = self.search.take() else {
                    return Ok(false);
                };
                if !search.step(&commit.transaction)? {
                    self.search = Some(search);
                    return Ok(false);
                }
                search.end(commit)?;
                trace::clear(&commit.transaction)?;
                look_up::forget(&commit.transaction).doing(DOING)?;
                whom::forget(&commit.transaction)?;
                self.step = Step::Clear;
                Ok(true)
            }
            Step::Clear => Ok(false),
        }
    }

    fn go_on_with(&mut self, mut pass: Pass, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        if !pass.step(commit, &self.hunt, &mut self.keys)? {
            self.pass = Some(pass);
            return Ok(false);
        }
        let settled = pass.settle(commit, &self.hunt, &mut self.keys, &mut self.trace)?;
        self.position = settled.position.unwrap_or(self.position);
        Ok(settled.changed)
    }

    fn note(&mut self, connection: &Connection) -> Result<(), StoreError> {
        connection
            .prepare_cached("UPDATE deletion_run SET step = ?, position = ?")
            .and_then(|mut statement| statement.execute((self.step.name(), self.position)))
            .doing(DOING)?;
        self.noted = self.position;
        Ok(())
    }
}
