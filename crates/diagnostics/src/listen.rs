//! Where the daemon listens, to whom, and how all of it ends.
//!
//! | module | noun |
//! |---|---|
//! | `socket` | a socket that listens |
//! | [`tls`] | encryption for the network |
//! | `accept` | its connections, from beginning to end |

mod accept;
mod socket;
#[cfg(test)]
mod tests;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, mem};

use axum::Router;
use listenfd::ListenFd;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::accept::{Keys, Service};
use self::socket::Socket;
pub(crate) use self::socket::Stream;
use self::tls::TlsError;
use crate::access::{self, Access, TokenError, Way};

/// A place to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// This is no place to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address with a port, or `unix:` and an absolute path")]
pub struct ListenError;

impl Listen {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Listen::Tcp(address) => address.ip().is_loopback(),
            Listen::Unix(_) => true,
        }
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Listen, ListenError> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Listen::Unix(PathBuf::from(path))),
            Some(_) => Err(ListenError),
            None => text.parse().map(Listen::Tcp).map_err(|_| ListenError),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => address.fmt(f),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Where to listen, and by what those who ask are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Where to listen.
    pub places: Vec<Listen>,
    /// Encryption for the network.
    pub tls: tls::Files,
    /// Tokens of those who come by the network.
    pub tokens: Option<PathBuf>,
    /// The network encrypts by itself.
    pub plaintext: bool,
    /// The names of those who may read the journal.
    pub journal_for: Vec<String>,
}

/// The daemon can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be had.
    #[error("can't listen on {0}")]
    Listen(Listen, #[source] io::Error),
    /// A socket that was handed over can't be used.
    #[error("a socket that was handed over can't be used")]
    Inherited(#[source] io::Error),
    /// Everybody could ask.
    #[error(
        "{0} can be reached from the network: it needs `tls_cert` and `tls_key`, and `tls_ca` or `token_file`"
    )]
    Open(Listen),
    /// Encryption can't be had.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The tokens can't be had.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Setup {
    /// Reads the files.
    fn keys(&self) -> Result<Keys, ServeError> {
        let tokens = match &self.tokens {
            Some(file) => access::tokens(file)?,
            None => Vec::new(),
        };
        Ok(Keys {
            tls: self.tls.acceptor(!tokens.is_empty())?,
            access: Arc::new(Access {
                tokens,
                journal_for: self.journal_for.clone(),
            }),
        })
    }

    /// How requests come in at a place; none at all where everybody could ask.
    fn way(&self, place: &Listen, keys: &Keys) -> Result<Way, ServeError> {
        let knows_who = !keys.access.tokens.is_empty() || (keys.tls.is_some() && self.tls.ca.is_some());
        match place {
            // One without a file has nobody who may not open it.
            Listen::Unix(path) if path.as_os_str().is_empty() => Ok(Way::Loopback),
            Listen::Unix(_) => Ok(Way::Socket),
            Listen::Tcp(_) if place.is_local() => Ok(Way::Loopback),
            Listen::Tcp(_) if keys.tls.is_some() && knows_who => Ok(Way::Encrypted),
            Listen::Tcp(_) if keys.tls.is_none() && self.plaintext && knows_who => Ok(Way::Plain),
            Listen::Tcp(_) => Err(ServeError::Open(place.clone())),
        }
    }
}

/// Sockets that are served.
pub(crate) struct Listening {
    setup: Setup,
    places: Vec<(Listen, Way)>,
    keys: watch::Sender<Keys>,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
}

/// Serves what was handed over, else all places that are configured, on the current runtime.
pub(crate) async fn serve(handed: ListenFd, setup: &Setup, router: &Router) -> Result<Listening, ServeError> {
    let keys = setup.keys()?;
    let mut sockets = Vec::new();
    for socket in Socket::inherited(handed).map_err(ServeError::Inherited)? {
        let way = setup.way(&socket.place().map_err(ServeError::Inherited)?, &keys)?;
        sockets.push((socket, way));
    }
    if sockets.is_empty() {
        for place in &setup.places {
            let way = setup.way(place, &keys)?;
            let cannot_listen = |error| ServeError::Listen(place.clone(), error);
            sockets.push((Socket::bind(place).await.map_err(cannot_listen)?, way));
        }
    } else {
        tracing::info!("listening on sockets that were handed over, not on what is configured");
    }
    let place = |(socket, way): &(Socket, Way)| Ok((socket.place()?, *way));
    let places: io::Result<Vec<_>> = sockets.iter().map(place).collect();
    let places = places.map_err(ServeError::Inherited)?;
    let keys = watch::Sender::new(keys);
    let stop = watch::Sender::new(false);
    let serving = sockets.into_iter().map(|(socket, way)| {
        let service = Service {
            router: router.clone(),
            way,
            keys: keys.subscribe(),
            stopped: stop.subscribe(),
        };
        tokio::spawn(accept::run(socket, service))
    });
    Ok(Listening {
        setup: setup.clone(),
        places,
        serving: serving.collect(),
        keys,
        stop,
    })
}

impl Listening {
    /// Where it listens: URLs, and sockets as `unix:/path`.
    pub(crate) fn places(&self) -> Vec<String> {
        let text = |(place, way): &(Listen, Way)| match (place, way) {
            (Listen::Unix(_), _) => place.to_string(),
            (Listen::Tcp(address), Way::Encrypted) => format!("https://{address}"),
            (Listen::Tcp(address), _) => format!("http://{address}"),
        };
        self.places.iter().map(text).collect()
    }

    /// Reads certificates and tokens again; what can't be used changes nothing.
    pub(crate) fn reload(&self) -> Result<(), ServeError> {
        let keys = self.setup.keys()?;
        for (place, way) in &self.places {
            if self.setup.way(place, &keys)? != *way {
                return Err(ServeError::Open(place.clone()));
            }
        }
        self.keys.send_replace(keys);
        Ok(())
    }

    /// Takes no more connections, and returns when what was begun has ended, or after `grace`: whether it had.
    pub(crate) async fn stop(mut self, grace: Duration) -> bool {
        self.stop.send_replace(true);
        let all_served = async {
            for serving in mem::take(&mut self.serving) {
                // One that panicked serves nothing more, either.
                let _ = serving.await;
            }
        };
        timeout(grace, all_served).await.is_ok()
    }
}
