//! A running relay.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use heliograph_signal::environment::Environment;
use listenfd::ListenFd;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::Dates;
use crate::cluster::Cluster;
use crate::config::{Config, Listen};
use crate::http::{self, App};
use crate::keeper::Keeper;
use crate::listen::{self, Socket};

/// How long requests under way may take to end at a stop.
const GRACE: Duration = Duration::from_secs(5);

/// The relay can't run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A place can't be had.
    #[error("can't listen on {0}")]
    Listen(Listen, #[source] io::Error),
    /// A socket that was handed over can't be used.
    #[error("a socket that was handed over can't be used")]
    Inherited(#[source] io::Error),
    /// The network could reach it.
    #[error(
        "{0} can be reached from the network: browsers come through the cluster's proxy; if it must be, set public = true"
    )]
    Public(Listen),
}

/// A running relay.
pub struct Relay {
    places: Vec<Listen>,
    stop: watch::Sender<bool>,
    room: Arc<Semaphore>,
    connections: u32,
    serving: Vec<JoinHandle<()>>,
    keeper: thread::JoinHandle<()>,
}

impl Relay {
    /// Serves what was handed over, else the configured places, on the current runtime. `dates` tells the time of day.
    ///
    /// # Errors
    /// It can't listen.
    pub async fn start(
        config: Config,
        environment: Environment,
        handed: ListenFd,
        dates: Dates,
    ) -> Result<Relay, ServeError> {
        let mut sockets = Socket::inherited(handed).map_err(ServeError::Inherited)?;
        if sockets.is_empty() {
            for place in &config.listen {
                let socket = Socket::bind(place).await;
                sockets.push(socket.map_err(|error| ServeError::Listen(place.clone(), error))?);
            }
        }
        let mut places = Vec::new();
        for socket in &sockets {
            let place = socket.place().map_err(ServeError::Inherited)?;
            if !config.public && !socket.is_local().map_err(ServeError::Inherited)? {
                return Err(ServeError::Public(place));
            }
            places.push(place);
        }
        let cluster = Arc::new(Cluster::new(config.signal_config.clone(), environment, dates));
        // Says in the log how it stands.
        cluster.is_on_now();
        let (keeper, thread) = Keeper::start(Arc::clone(&cluster), &config);
        let connections = config.connections;
        let room = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(1)));
        let head = Duration::from_secs(config.timeout.into());
        let router = http::router(Arc::new(App::new(config, cluster, keeper)));
        let stop = watch::Sender::new(false);
        let serving = sockets.into_iter().map(|socket| {
            let served = listen::run(socket, router.clone(), Arc::clone(&room), head, stop.subscribe());
            tokio::spawn(served)
        });
        Ok(Relay {
            places,
            serving: serving.collect(),
            stop,
            room,
            connections,
            keeper: thread,
        })
    }

    /// Where it listens.
    pub fn places(&self) -> &[Listen] {
        &self.places
    }

    /// Takes no more connections, and returns when what was begun has ended, or after a while.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let all_ended = async {
            for serving in self.serving {
                // One that panicked serves nothing more, either.
                let _ = serving.await;
            }
            let _ = self.room.acquire_many(self.connections).await;
        };
        if timeout(GRACE, all_ended).await.is_ok() {
            // Nobody can reach it any more, so it ends.
            let _ = self.keeper.join();
        }
    }
}
