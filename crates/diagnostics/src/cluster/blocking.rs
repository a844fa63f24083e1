//! Work that can't be interrupted: looking up names, reading files that may lie on another machine. It goes to threads beside the
//! runtime, of which there are few: what hangs there for long must not take more and more of them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// A number of threads. Who waits for one may stop waiting; work that has begun goes on to its end.
#[derive(Debug, Clone)]
pub(crate) struct Blocking(Arc<Semaphore>);

impl Blocking {
    /// At most so many threads.
    pub(crate) fn new(threads: usize) -> Blocking {
        Blocking(Arc::new(Semaphore::new(threads)))
    }

    /// Does the work once there is a thread for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let place = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let work = move || {
            let _place = place;
            work()
        };
        spawn_blocking(work).await.map_err(io::Error::other)?
    }

    /// The addresses of a host, as this machine looks them up.
    pub(crate) async fn look_up(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let name = name.to_owned();
        self.run(move || Ok((name.as_str(), port).to_socket_addrs()?.collect()))
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_hangs_keeps_its_thread_and_no_more() {
        let blocking = Blocking::new(1);
        let (release, hangs) = mpsc::channel::<()>();
        let stuck = blocking.run(move || Ok(hangs.recv().is_ok()));
        assert!(timeout(Duration::from_millis(50), stuck).await.is_err());
        assert!(
            timeout(Duration::from_millis(50), blocking.run(|| Ok(())))
                .await
                .is_err()
        );
        release.send(()).unwrap();
        assert!(blocking.run(|| Ok(true)).await.unwrap());
    }
}
