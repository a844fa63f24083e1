//! Keeps the sheets of days that have come to rest, beside the writer: making one takes tens of milliseconds, writing it a few.
//!
//! A question that meets a day whose sheet is not kept makes it for itself, so nothing waits for this.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::delta::Day;
use crate::store::{Kept, Reader, Ready};
use crate::writer::{Queue, chain};

/// Between two looks for days that have changed. One that has not changed from one to the next has come to rest.
const LOOK: Duration = Duration::from_secs(5);
/// After so many looks a day is kept as it is, though it goes on changing.
const PATIENCE: u32 = 120;

/// Keeps sheets until it is dropped.
pub(crate) async fn keep(data: PathBuf, queue: Queue, clock: Arc<dyn Clock>) {
    let mut known = BTreeMap::new();
    let mut looks = 0_u32;
    loop {
        sleep(LOOK).await;
        looks = looks.wrapping_add(1);
        let (place, today) = (data.clone(), Day::of(clock.now()));
        let before = std::mem::take(&mut known);
        let patient = !looks.is_multiple_of(PATIENCE);
        let work =
            spawn_blocking(move || stale(&place, today).map(|now| (at_rest(&before, &now, patient), now)));
        let days = match work.await {
            Ok(Ok((days, now))) => {
                known = now;
                days
            }
            // Questions that meet the same trouble say so.
            Ok(Err(error)) => {
                tracing::debug!("{error}");
                continue;
            }
            Err(_) => return,
        };
        for (day, change) in days {
            let place = data.clone();
            match spawn_blocking(move || make(&place, day, change)).await {
                Ok(Ok(ready)) => write(&queue, ready).await,
                Ok(Err(error)) => tracing::warn!("{error}"),
                Err(_) => return,
            }
        }
    }
}

/// Has a sheet written part by part.
async fn write(queue: &Queue, ready: Ready) {
    for part in ready.parts().map(Arc::new) {
        loop {
            match queue.keep(Arc::clone(&part)).await {
                Ok(Kept::Yes) => break,
                Ok(Kept::Again) => {}
                // It has changed; or a full queue, or a full disk: there is another look.
                Ok(Kept::Changed) | Err(_) => return,
            }
        }
    }
}

/// The days whose sheets are to be made: those that have not changed since the look before, or all of them.
fn at_rest(before: &BTreeMap<Day, i64>, now: &BTreeMap<Day, i64>, patient: bool) -> Vec<(Day, i64)> {
    let rests = |(day, change): &(&Day, &i64)| !patient || before.get(day) == Some(change);
    let days = now.iter().filter(rests);
    days.map(|(day, change)| (*day, *change)).collect()
}

fn stale(data: &Path, today: Day) -> Result<BTreeMap<Day, i64>, String> {
    let reader = Reader::open(data).map_err(|error| chain(&error))?;
    let stale = reader.snapshot().and_then(|snapshot| snapshot.stale(today));
    Ok(stale.map_err(|error| chain(&error))?.into_iter().collect())
}

fn make(data: &Path, day: Day, change: i64) -> Result<Ready, String> {
    let reader = Reader::open(data).map_err(|error| chain(&error))?;
    let ready = reader.snapshot().and_then(|snapshot| snapshot.make(day, change));
    ready.map_err(|error| chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_changing_is_left_for_a_while() {
        let of = |days: &[(i64, i64)]| days.iter().map(|(day, change)| (Day(*day), *change)).collect();
        let (before, now) = (of(&[(1, 5), (2, 7)]), of(&[(1, 5), (2, 8), (3, 1)]));
        assert_eq!(at_rest(&before, &now, true), [(Day(1), 5)]);
        assert_eq!(at_rest(&before, &now, false).len(), 3);
    }
}
