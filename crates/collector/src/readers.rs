//! Threads that read the database for whoever asks, apart from those that take messages: a question reads whole days, and computes.
//!
//! There are few of them and they give way to everything else, a bounded number of jobs waits for them, and a job that takes too
//! long, or that nobody waits for any more, ends at its next step. So whatever is asked, messages are taken as before.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::question::Patience;
use crate::store::Reader;
use crate::writer::chain;

/// Threads, however many processors there are.
const FEWEST: usize = 2;
const MOST: usize = 4;
/// Jobs that wait for one of them.
const WAITING: usize = 32;
/// How long a job may wait and take.
const TIME: Duration = Duration::from_secs(10);
/// How far they give way to other threads, by the kernel's measure: these get a tenth of what the others do.
const NICE: i32 = 10;

/// The threads; they end when this is dropped.
pub(crate) struct Readers {
    jobs: SyncSender<Job>,
}

type Job = Box<dyn FnOnce(&Reader) + Send>;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// Too many wait.
    Busy,
    /// The database can't be opened, or the collector is stopping.
    Away,
}

/// Gives up when it is dropped: whoever asked has gone.
struct Waiting(Patience);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

impl Readers {
    /// Starts them, for the database of a data directory.
    ///
    /// # Errors
    /// When there are no threads to be had.
    pub(crate) fn start(data: &Path) -> io::Result<Readers> {
        let (jobs, waiting) = sync_channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let processors = thread::available_parallelism().map_or(FEWEST, usize::from);
        for number in 0..processors.clamp(FEWEST, MOST) {
            let (data, waiting) = (data.to_owned(), Arc::clone(&waiting));
            thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || work(&data, &waiting))?;
        }
        Ok(Readers { jobs })
    }

    /// Reads.
    ///
    /// # Errors
    /// When that is not to be had.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader, Patience) -> T + Send + 'static,
    ) -> Result<T, NotRead> {
        let (done, result) = oneshot::channel();
        let waiting = Waiting(Patience::of(TIME));
        let patience = waiting.0.clone();
        let job = move |reader: &Reader| {
            // Whoever has gone needs no answer.
            let _ = done.send(read(reader, patience));
        };
        self.jobs.try_send(Box::new(job)).map_err(|_| NotRead::Busy)?;
        result.await.map_err(|_| NotRead::Away)
    }
}

fn work(data: &Path, waiting: &Mutex<Receiver<Job>>) {
    // Linux counts it by thread. Where it may not be, they are as important as others.
    let _ = rustix::process::nice(NICE);
    let mut opened = None;
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let reader = match &opened {
            Some(reader) => reader,
            None => match Reader::open(data) {
                Ok(reader) => opened.insert(reader),
                Err(error) => {
                    tracing::warn!("{}", chain(&error));
                    continue;
                }
            },
        };
        job(reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn so_many_wait_and_no_more_and_who_goes_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let readers = Arc::new(Readers::start(dir.path()).unwrap());
        assert_eq!(
            readers.read(|reader, _| reader.last_batch().unwrap()).await,
            Ok(0)
        );

        // Each runs until whoever asked has gone.
        let block = |readers: Arc<Readers>| async move {
            readers
                .read(|_, patience| {
                    while !patience.is_lost() {
                        thread::yield_now();
                    }
                })
                .await
        };
        let blocked: Vec<_> = (0..MOST + WAITING)
            .map(|_| tokio::spawn(block(Arc::clone(&readers))))
            .collect();
        let mut refused = false;
        for _ in 0..1000 {
            tokio::task::yield_now().await;
            let (done, _) = oneshot::channel::<()>();
            // Neither here: what is not waited for only takes a place.
            refused = readers.jobs.try_send(Box::new(move |_| drop(done))).is_err();
            if refused {
                break;
            }
        }
        assert!(refused);
        assert_eq!(readers.read(|_, _| ()).await, Err(NotRead::Busy));
        for task in blocked {
            task.abort();
        }
        let mut answered = readers.read(|_, _| ()).await;
        while answered == Err(NotRead::Busy) {
            tokio::task::yield_now().await;
            answered = readers.read(|_, _| ()).await;
        }
        assert_eq!(answered, Ok(()));
    }

    #[tokio::test]
    async fn without_a_database_nothing_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let readers = Readers::start(&dir.path().join("none")).unwrap();
        assert_eq!(readers.read(|_, _| ()).await, Err(NotRead::Away));
    }
}
