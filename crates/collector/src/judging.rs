//! Keeps what is judged of versions, beside the writer, so that whoever looks need not wait while it is judged, and changes are noticed.
//!
//! A question that meets days which have changed since is judged for whoever asks, so nothing is ever behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::clock::{Clock, Stopwatch};
use crate::delta::Day;
use crate::question::Patience;
use crate::question::release_health::{self, Pending};
use crate::store::{Judgement, Reader};
use crate::writer::{Queue, chain};

/// Between two looks whether anything has changed. What has not changed from one to the next has come to rest.
const LOOK: Duration = Duration::from_secs(5);
/// After so many looks it is judged as it is, though it goes on changing.
const PATIENCE: u32 = 120;
/// How far the judge gives way to other threads, by the kernel's measure.
const NICE: i32 = 10;

/// Gives up when it is dropped: the collector is stopping.
struct Stopping(Patience);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// What it takes.
pub(crate) struct Setup {
    pub(crate) data: PathBuf,
    pub(crate) queue: Queue,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether there is a webhook to be told of changes.
    pub(crate) deliver: bool,
    /// It rests for so many times as long as judging took.
    pub(crate) rest: u32,
}

/// Judges until it is dropped.
pub(crate) async fn keep(setup: Setup) {
    let Setup {
        data,
        queue,
        clock,
        deliver,
        rest,
    } = setup;
    let mut pace = Pace::default();
    let mut known: Option<Pending> = None;
    loop {
        sleep(LOOK).await;
        let (place, today) = (data.clone(), Day::of(clock.now()));
        let now = match spawn_blocking(move || pending(&place, today)).await {
            Ok(Ok(now)) => now,
            // Questions that meet the same trouble say so.
            Ok(Err(error)) => {
                tracing::debug!("{error}");
                continue;
            }
            Err(_) => return,
        };
        let before = std::mem::replace(&mut known, now);
        if !pace.is_due(before, now) {
            continue;
        }
        let watch = Stopwatch::start();
        let made = make(data.clone(), today).await;
        pace.rest(watch, watch.elapsed(), rest);
        match made {
            Ok(Some(judgement)) => {
                let judgement = Judgement { deliver, ..judgement };
                // Where it has changed meanwhile, or the queue or the disk is full, there is another look.
                let _ = queue.judged(Arc::new(judgement)).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!("{error}"),
        }
    }
}

/// When it is judged.
#[derive(Default)]
struct Pace {
    /// Looks that found something changing.
    looks: u32,
    /// Since when it rests, and how long.
    rests: Option<(Stopwatch, Duration)>,
}

impl Pace {
    fn is_due(&mut self, before: Option<Pending>, now: Option<Pending>) -> bool {
        if now.is_none() {
            self.looks = 0;
            return false;
        }
        self.looks = self.looks.saturating_add(1);
        let rested = self.rests.is_none_or(|(since, rest)| since.elapsed() >= rest);
        let due = rested && (before == now || self.looks >= PATIENCE);
        if due {
            self.looks = 0;
        }
        due
    }

    fn rest(&mut self, since: Stopwatch, took: Duration, times: u32) {
        self.rests = Some((since, took.saturating_mul(times.saturating_add(1))));
    }
}

fn pending(data: &Path, today: Day) -> Result<Option<Pending>, String> {
    let reader = Reader::open(data).map_err(|error| chain(&error))?;
    let snapshot = reader.snapshot().map_err(|error| chain(&error))?;
    release_health::pending(&snapshot, today).map_err(|error| chain(&error))
}

/// Judges on a thread of its own, that gives way to others.
async fn make(data: PathBuf, today: Day) -> Result<Option<Judgement>, String> {
    let (done, judged) = oneshot::channel();
    let stopping = Stopping(Patience::default());
    let patience = stopping.0.clone();
    let thread = thread::Builder::new().name("judge".to_owned()).spawn(move || {
        // Where it may not be, it is as important as others.
        let _ = rustix::process::nice(NICE);
        // Nobody waits where the collector is stopping.
        let _ = done.send(judge(&data, today, patience));
    });
    thread.map_err(|error| format!("can't start a thread to judge versions: {error}"))?;
    judged.await.unwrap_or(Ok(None))
}

fn judge(data: &Path, today: Day, patience: Patience) -> Result<Option<Judgement>, String> {
    let reader = Reader::open(data).map_err(|error| chain(&error))?;
    let snapshot = reader.snapshot().map_err(|error| chain(&error))?.within(patience);
    release_health::make(&snapshot, today).map_err(|error| chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_changing_is_judged_now_and_then() {
        let of = |state| Some(((Day(1), Day(2)), state));
        let mut pace = Pace::default();
        assert!(!pace.is_due(None, of(1)) && pace.is_due(of(1), of(1)));
        assert!(!pace.is_due(of(1), None));
        let due = (0..i64::from(PATIENCE)).filter(|look| pace.is_due(of(*look), of(look + 1)));
        assert_eq!(due.collect::<Vec<_>>(), [i64::from(PATIENCE) - 1]);
        // After long work it rests for long.
        pace.rest(Stopwatch::start(), Duration::from_hours(1), 10);
        assert!(!pace.is_due(of(1), of(1)));
        pace.rest(Stopwatch::start(), Duration::ZERO, 10);
        assert!(pace.is_due(of(1), of(1)));
    }
}
