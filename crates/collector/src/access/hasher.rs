//! A few passwords at a time: each takes tens of milliseconds of a processor and 19 MiB, so that anybody could keep the collector busy with them.
//! They are hashed on threads of their own, not on those that take messages.

use std::sync::Arc;

use tokio::sync::{Semaphore, TryAcquireError};
use tokio::task::spawn_blocking;

/// Passwords that are hashed at a time.
const AT_ONCE: usize = 2;
/// Those, and the ones that wait.
const IN_ALL: usize = 16;

/// Hashes passwords.
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// Too many wait, or the collector is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher {
            places: Arc::new(Semaphore::new(IN_ALL)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hasher {
    /// Does something with a password when it is its turn.
    ///
    /// # Errors
    /// When it would have to wait for too many others.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_: TryAcquireError| Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Busy)?;
        // Both are held until it is done, though whoever asked may be gone before.
        let held = move || {
            let done = work();
            drop((turn, place));
            done
        };
        spawn_blocking(held).await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn two_run_some_wait_and_more_are_refused() {
        let hasher = Arc::new(Hasher::default());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut go_on = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..IN_ALL {
            let (go, wait) = mpsc::channel::<()>();
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            tasks.push(tokio::spawn(async move {
                hasher
                    .run(move || {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        let _ = wait.recv();
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
            }));
            go_on.push(go);
        }
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.run(|| ()).await, Err(Busy));
        drop(go_on);
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE);
        assert_eq!(hasher.run(|| 7).await, Ok(7));
    }
}
