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

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::rewrite::{Change, Rewrite, Row};
use super::settle::{self, Numbers};
use super::trace::{Name, Search, Trace};
use crate::clock::Stopwatch;
use crate::forget::hunt::{Hunt, Target};
use crate::ingest::mention::{Kind, Mentions};
use crate::ingest::record::Kept;
use crate::ingest::slot;
use crate::ingest::subject::Subject;
use crate::key::KeyId;
use crate::receipt_key::ReceiptKey;
use crate::store::error::{Doing as _, StoreError};
use crate::store::report::{bytes_of, reporter_of};
use crate::store::{Commit, Store, connection, flag, outcome};

/// Time after which a slice begins nothing new.
const SLICE: Duration = Duration::from_millis(5);
/// Batches after which it is noted how far a run is, where nothing in them was to be done.
const NOTED_AFTER: i64 = 2000;
/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Of so many the samples are looked through in one step.
const SAMPLES: usize = 16;
const DOING: &str = "delete those who are to be forgotten";

/// What there is to do after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slice {
    /// Nothing.
    Idle,
    /// More, at once.
    More,
    /// More, when others have ended what they are reading.
    Later,
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
    work: Option<Rewrite>,
    /// Whether that is on the way through all batches, and not only to let something in it count.
    in_turn: bool,
    /// What is to count in it.
    to_count: HashSet<Numbers>,
    rows: Option<Rows>,
    search: Option<Search>,
    trace: Trace,
}

/// How far the rows of clusters and the samples are looked through.
#[derive(Debug, Default)]
struct Rows {
    targets: Vec<Target>,
    hour: Option<i64>,
    samples: Vec<(Subject, Option<KeyId>)>,
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
        connection::erase_thoroughly(&self.connection, true)?;
        let result = run.slice(self, now, key);
        connection::erase_thoroughly(&self.connection, false)?;
        match &result {
            Ok(Slice::Idle) => self.forget_names(),
            Ok(_) => self.run = Some(run),
            // It is taken up again from what the database says.
            Err(_) => self.forget_names(),
        }
        result
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
            let targets = targets(&transaction)?;
            transaction.commit()?;
            Ok(Some((step, position, targets)))
        };
        Ok(read().doing(DOING)?.map(|(step, position, targets)| Run {
            hunt: Hunt::of(targets),
            step,
            position,
            noted: position,
            work: None,
            in_turn: false,
            to_count: HashSet::new(),
            rows: None,
            search: None,
            trace: Trace::default(),
        }))
    }

    fn slice(&mut self, store: &mut Store, now: Timestamp, key: &ReceiptKey) -> Result<Slice, StoreError> {
        if self.step == Step::Clear {
            return clear(store, now, key);
        }
        if self.step == Step::Names && self.search.is_none() {
            let search = Search::begin(&store.connection, &mut store.names, &mut store.terms)?;
            self.search = Some(search);
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
        Ok(Slice::More)
    }

    /// Whether what comes next is not done within a transaction.
    fn is_between(&self) -> bool {
        self.step == Step::Clear || (self.step == Step::Names && self.search.is_none())
    }

    /// The smallest piece of work; says whether anything was changed.
    fn step(&mut self, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        if self.work.is_some() {
            return self.work_on(commit);
        }
        if let Some(batch) = settle::next_to_count(&commit.transaction)? {
            return self.begin_batch(commit, batch, false);
        }
        match self.step {
            Step::Batches => match next_batch(&commit.transaction, self.position, self.hunt.through())? {
                Some(batch) => self.begin_batch(commit, batch, true),
                None => {
                    self.step = Step::Rows;
                    Ok(true)
                }
            },
            Step::Rows => self.look_through_rows(commit),
            Step::Names => {
                let Some(mut search) = self.search.take() else {
                    return Ok(false);
                };
                if !search.step(&commit.transaction)? {
                    self.search = Some(search);
                    return Ok(false);
                }
                search.end(commit)?;
                forget_whom(&commit.transaction)?;
                self.step = Step::Clear;
                Ok(true)
            }
            Step::Clear => Ok(false),
        }
    }

    fn begin_batch(&mut self, commit: &Commit<'_>, batch: i64, in_turn: bool) -> Result<bool, StoreError> {
        self.in_turn = in_turn;
        self.to_count = settle::to_count(&commit.transaction, batch)?;
        match read_batch(&commit.transaction, batch)? {
            Some((row, records)) => {
                self.work = Some(Rewrite::begin(row, records)?);
                Ok(false)
            }
            None => {
                settle::begin_count(&commit.transaction, batch)?;
                settle::end_count(&commit.transaction, batch, std::mem::take(&mut self.to_count))?;
                Ok(true)
            }
        }
    }

    fn work_on(&mut self, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        let Some(mut work) = self.work.take() else {
            return Ok(false);
        };
        let batch = work.row.id;
        let (hunt, to_count) = (&self.hunt, &mut self.to_count);
        let mut failed = None;
        let done = work.step(|line| {
            if to_count.is_empty() && !hunt.may_be_about(line.as_bytes()) {
                return None;
            }
            let kept = Kept::of(line)?;
            let deletions = hunt.deletions_of(&Mentions::of(kept.message)?, kept.key(), batch);
            if !deletions.is_empty() {
                return Some(Change::Cut(deletions));
            }
            if to_count.is_empty() || kept.counts() {
                return None;
            }
            let (slot, _) = slot::of_kept(kept.message)?;
            let numbers = settle::numbers(commit, &slot)
                .map_err(|error| failed = Some(error))
                .ok()??;
            to_count.remove(&numbers).then_some(Change::Count)
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if !done {
            self.work = Some(work);
            return Ok(false);
        }
        self.settle(commit, work)
    }

    /// Does to the other tables and to the batch what was found to be done.
    fn settle(&mut self, commit: &mut Commit<'_>, work: Rewrite) -> Result<bool, StoreError> {
        let batch = work.row.id;
        let waited = settle::to_count(&commit.transaction, batch)?;
        if !waited.is_empty() {
            settle::begin_count(&commit.transaction, batch)?;
        }
        let mut tolls = BTreeMap::<i64, (i64, i64)>::new();
        for (line, change) in work.edits() {
            let Some(kept) = Kept::of(line) else { continue };
            match change {
                Change::Count => settle::let_count(commit, &kept)?,
                Change::Cut(deletions) => {
                    let report = settle::take_out(commit, &kept, &self.hunt, &mut self.trace)?;
                    for deletion in deletions {
                        let (messages, reports) = tolls.entry(*deletion).or_default();
                        *messages += 1;
                        *reports += i64::from(report);
                    }
                }
            }
        }
        for (deletion, (messages, reports)) in tolls {
            commit
                .transaction
                .prepare_cached(
                    "UPDATE deletion SET messages = messages + ?, reports = reports + ?, batches = batches + 1
                     WHERE id = ?",
                )
                .and_then(|mut statement| statement.execute((messages, reports, deletion)))
                .doing(DOING)?;
        }
        let rewritten = work.into_row();
        let changed = rewritten.is_some() || !waited.is_empty();
        settle::end_count(&commit.transaction, batch, waited)?;
        if let Some((row, records)) = rewritten {
            write_batch(&commit.transaction, &row, &records)?;
        }
        if self.in_turn {
            self.position = batch;
        }
        Ok(changed)
    }

    /// Removes what the time line and the sums hold of clusters and reporters beyond the batches.
    fn look_through_rows(&mut self, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        let connection = &commit.transaction;
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert(Rows {
                targets: self
                    .hunt
                    .targets()
                    .filter(|target| of_cluster(target))
                    .cloned()
                    .collect(),
                hour: None,
                samples: hashes(connection).doing(DOING)?,
            }),
        };
        let Some(target) = rows.targets.last().cloned() else {
            let rest = rows.samples.len().saturating_sub(SAMPLES);
            let some = rows.samples.split_off(rest);
            if some.is_empty() {
                self.rows = None;
                self.step = Step::Names;
                return Ok(true);
            }
            return Ok(outcome::forget(connection, &some)? > 0);
        };
        let cluster: Option<i64> = connection
            .prepare_cached("SELECT id FROM cluster WHERE name = ?")
            .and_then(|mut statement| statement.query_row([&target.id], |row| row.get(0)).optional())
            .doing(DOING)?;
        let Some(cluster) = cluster else {
            rows.targets.pop();
            return Ok(false);
        };
        let after = rows.hour.unwrap_or(i64::MIN);
        let hour: Option<i64> = connection
            .prepare_cached("SELECT min(hour) FROM report WHERE hour > ?")
            .and_then(|mut statement| statement.query_row([after], |row| row.get(0)))
            .doing(DOING)?;
        if let Some(hour) = hour {
            rows.hour = Some(hour);
            return remove_reports(connection, &self.hunt, &mut self.trace, &target, (hour, cluster));
        }
        rows.targets.pop();
        rows.hour = None;
        self.trace.add(connection, Name::Cluster, cluster)?;
        match &target.reporter {
            Some(reporter) => forget_speaker(connection, cluster, reporter)?,
            None => {
                forget_aged_days(connection, cluster)?;
                flag::forget(connection, cluster)?;
            }
        }
        Ok(true)
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

fn targets(connection: &Connection) -> rusqlite::Result<Vec<Target>> {
    let mut statement = connection.prepare(
        "SELECT id, kind, subject, reporter, through, source FROM deletion WHERE state = 'running' AND subject IS NOT NULL",
    )?;
    let mut rows = statement.query(())?;
    let mut targets = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, reporter): (String, Option<String>) = (row.get(1)?, row.get(3)?);
        if let Some(kind) = Kind::of(&kind) {
            targets.push(Target {
                deletion: row.get(0)?,
                kind,
                id: row.get(2)?,
                reporter: reporter.and_then(|reporter| reporter.parse().ok()),
                through: row.get(4)?,
                source: row.get::<_, Option<i64>>(5)?.map(KeyId),
            });
        }
    }
    Ok(targets)
}

/// Whom the run is about, as hashes.
fn hashes(connection: &Connection) -> rusqlite::Result<Vec<(Subject, Option<KeyId>)>> {
    connection
        .prepare_cached("SELECT hash, source FROM deletion WHERE state = 'running' AND length(hash) = 16")?
        .query_map((), |row| {
            Ok((Subject(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(KeyId)))
        })?
        .collect()
}

/// Whether it has rows of its own, since it is a cluster, may be one, or speaks for one.
fn of_cluster(target: &Target) -> bool {
    let may_be = matches!(target.kind, Kind::Cluster | Kind::Anonymous | Kind::Reporter);
    may_be && target.source.is_none()
}

fn next_batch(connection: &Connection, after: i64, through: i64) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT min(id) FROM batch WHERE id > ? AND id <= ?")
        .and_then(|mut statement| statement.query_row((after, through), |row| row.get(0)))
        .doing(DOING)
}

fn read_batch(connection: &Connection, id: i64) -> Result<Option<(Row, Vec<u8>)>, StoreError> {
    connection
        .prepare_cached("SELECT messages, size, records FROM batch WHERE id = ?")
        .and_then(|mut statement| {
            statement
                .query_row([id], |row| {
                    let records: Vec<u8> = row.get(2)?;
                    let row = Row {
                        id,
                        messages: row.get(0)?,
                        size: row.get(1)?,
                        packed: records.len(),
                    };
                    Ok((row, records))
                })
                .optional()
        })
        .doing(DOING)
}

/// Writes what is left of a batch. One of which nothing is left goes; not the last one, whose number would be given out again.
fn write_batch(connection: &Connection, row: &Row, records: &[u8]) -> Result<(), StoreError> {
    let write = || -> rusqlite::Result<usize> {
        if row.messages == 0 {
            let gone = connection
                .prepare_cached("DELETE FROM batch WHERE id = ?1 AND id < (SELECT max(id) FROM batch)")?
                .execute([row.id])?;
            if gone > 0 {
                return Ok(gone);
            }
        }
        connection
            .prepare_cached("UPDATE batch SET messages = ?, size = ?, records = ? WHERE id = ?")?
            .execute((row.messages, row.size, records, row.id))
    };
    write().doing(DOING).map(|_| ())
}

/// Removes the rows of a cluster in an hour; says whether there were any.
fn remove_reports(
    connection: &Connection,
    hunt: &Hunt,
    trace: &mut Trace,
    target: &Target,
    (hour, cluster): (i64, i64),
) -> Result<bool, StoreError> {
    let read = || -> rusqlite::Result<Vec<(i64, i64, Vec<u8>)>> {
        connection
            .prepare_cached(
                "SELECT event, part, reporter FROM report WHERE hour = ? AND cluster = ? AND batch <= ?",
            )?
            .query_map((hour, cluster, target.through), |row| row.try_into())?
            .collect()
    };
    let wanted = |reporter: &[u8]| target.reporter.is_none() || reporter_of(reporter) == target.reporter;
    let mut changed = false;
    for (event, part, reporter) in read().doing(DOING)? {
        if !wanted(&reporter) {
            continue;
        }
        let slot = (hour, cluster, event, part);
        let counted = settle::remove(connection, slot, &reporter)?;
        changed |= counted.is_some();
        trace.add(connection, Name::Event, event)?;
        if counted == Some(true) {
            settle::succeed(connection, slot, |batch| !hunt.takes_all_of(&target.id, batch))?;
        }
    }
    Ok(changed)
}

/// A reporter that is deleted has not spoken; the cluster is bound to the first of the others.
fn forget_speaker(connection: &Connection, cluster: i64, reporter: &ReporterId) -> Result<(), StoreError> {
    let bytes = bytes_of(Some(reporter));
    let forget = || -> rusqlite::Result<()> {
        connection
            .prepare_cached("DELETE FROM cluster_reporter WHERE cluster = ? AND reporter = ?")?
            .execute((cluster, &bytes))?;
        connection
            .prepare_cached("DELETE FROM report_repeat WHERE cluster = ? AND reporter = ?")?
            .execute((cluster, &bytes))?;
        connection
            .prepare_cached(
                "UPDATE cluster SET reporter = (SELECT reporter FROM cluster_reporter WHERE cluster = ?1 ORDER BY created LIMIT 1)
                 WHERE id = ?1 AND reporter = ?2 AND EXISTS (SELECT 1 FROM cluster_reporter WHERE cluster = ?1)",
            )?
            .execute((cluster, &bytes))?;
        Ok(())
    };
    forget().doing(DOING)
}

/// Removes the sums of a cluster's days of which messages were dropped by age: what these added can't be told any more.
fn forget_aged_days(connection: &Connection, cluster: i64) -> Result<(), StoreError> {
    let forget = || -> rusqlite::Result<()> {
        let dropped: i64 = connection
            .prepare_cached("SELECT value FROM gauge WHERE name = 'dropped'")?
            .query_row((), |row| row.get(0))?;
        if dropped == 0 {
            return Ok(());
        }
        // A message counts at most some minutes after its arrival.
        let last = dropped.div_euclid(DAY) + 1;
        let mut before = last + 1;
        while let Some(day) = connection
            .prepare_cached("SELECT max(day) FROM cluster_day WHERE day < ?")?
            .query_row([before], |row| row.get::<_, Option<i64>>(0))?
        {
            connection
                .prepare_cached("DELETE FROM cluster_day WHERE day = ? AND cluster = ?")?
                .execute((day, cluster))?;
            before = day;
        }
        Ok(())
    };
    forget().doing(DOING)
}

/// Clears whom the run was about; from here on there is nothing more to find.
fn forget_whom(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE deletion SET subject = NULL, reporter = NULL WHERE state = 'running'",
            (),
        )
        .doing(DOING)
        .map(|_| ())
}

/// Empties the write-ahead log, and ends the run.
fn clear(store: &mut Store, now: Timestamp, key: &ReceiptKey) -> Result<Slice, StoreError> {
    if !connection::empty_log(&store.connection)? {
        return Ok(Slice::Later);
    }
    let transaction = store.connection.transaction().doing(DOING)?;
    super::finish(&transaction, now, key)?;
    transaction
        .execute("DELETE FROM deletion_run", ())
        .and_then(|_| transaction.commit())
        .doing(DOING)?;
    Ok(Slice::Idle)
}
