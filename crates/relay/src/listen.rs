//! Where the relay listens, and connections from beginning to end: at most so many, and none that takes part in no progress stays.

use std::convert::Infallible;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use listenfd::ListenFd;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use crate::config::Listen;

/// Most bytes of a request's head.
const HEAD_SIZE: usize = 16 << 10;
/// How long a connection may last.
const LIFE: Duration = Duration::from_secs(300);
/// How long nothing is accepted after the kernel could give us no connection.
const PAUSE: Duration = Duration::from_millis(100);
/// Owner and group of a socket's file may use it.
const MODE: u32 = 0o660;

/// Who is at the other end; nobody knows of a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A socket that listens.
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Removed at the end, where it was made here.
        _file: Option<File>,
    },
}

/// The file of a socket that was made here; it goes with it.
pub(crate) struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        // One that stays behind is replaced by the next.
        let _ = fs::remove_file(&self.0);
    }
}

impl Socket {
    /// Those that were handed over.
    pub(crate) fn inherited(mut handed: ListenFd) -> io::Result<Vec<Socket>> {
        let mut sockets = Vec::new();
        for index in 0..handed.len() {
            match handed.take_tcp_listener(index) {
                Ok(Some(socket)) => {
                    socket.set_nonblocking(true)?;
                    sockets.push(Socket::Tcp(TcpListener::from_std(socket)?));
                }
                Ok(None) => {}
                Err(_) => {
                    if let Some(socket) = handed.take_unix_listener(index)? {
                        socket.set_nonblocking(true)?;
                        sockets.push(Socket::Unix {
                            listener: UnixListener::from_std(socket)?,
                            _file: None,
                        });
                    }
                }
            }
        }
        Ok(sockets)
    }

    pub(crate) async fn bind(place: &Listen) -> io::Result<Socket> {
        match place {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Socket::Tcp),
            Listen::Unix(path) => {
                clear(path).await?;
                let listener = UnixListener::bind(path)?;
                let file = File(path.clone());
                fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
                Ok(Socket::Unix {
                    listener,
                    _file: Some(file),
                })
            }
        }
    }

    /// Where it listens, with the port that it got.
    pub(crate) fn place(&self) -> io::Result<Listen> {
        match self {
            Socket::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Socket::Unix { listener, .. } => {
                let address = listener.local_addr()?;
                Ok(Listen::Unix(
                    address.as_pathname().unwrap_or(Path::new("")).to_owned(),
                ))
            }
        }
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_local(&self) -> io::Result<bool> {
        Ok(match self.place()? {
            Listen::Tcp(address) => address.ip().is_loopback(),
            Listen::Unix(_) => true,
        })
    }

    async fn accept(&self) -> io::Result<(Box<dyn Stream>, Peer)> {
        match self {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), Peer(Some(peer.ip()))))
            }
            Socket::Unix { listener, .. } => Ok((Box::new(listener.accept().await?.0), Peer(None))),
        }
    }
}

/// Removes the socket that a relay left behind that did not end well; not what another listens on, and no other file.
async fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(about) if !about.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => fs::remove_file(path),
    }
}

/// Serves a socket until it is time to stop, and then ends what was begun.
pub(crate) async fn run(
    socket: Socket,
    router: Router,
    room: Arc<Semaphore>,
    head: Duration,
    stopped: watch::Receiver<bool>,
) {
    let mut ours = stopped.clone();
    let mut stopping = pin!(ours.wait_for(|stopped| *stopped));
    loop {
        let accepted = select! {
            _ = &mut stopping => break,
            accepted = accept(&socket, &room) => accepted,
        };
        match accepted {
            Ok((stream, peer, seat)) => {
                tokio::spawn(connection(
                    stream,
                    peer,
                    router.clone(),
                    seat,
                    head,
                    stopped.clone(),
                ));
            }
            Err(error) => {
                tracing::debug!("a connection can't be accepted: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn accept(
    socket: &Socket,
    room: &Arc<Semaphore>,
) -> io::Result<(Box<dyn Stream>, Peer, OwnedSemaphorePermit)> {
    let seat = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    Ok((stream, peer, seat))
}

async fn connection(
    stream: Box<dyn Stream>,
    peer: Peer,
    router: Router,
    _seat: OwnedSemaphorePermit,
    head: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let answering = service_fn(|request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        let mut request: Request<Incoming> = request;
        request.extensions_mut().insert(peer);
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_SIZE)
        .half_close(true);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), answering));
    select! {
        _ = &mut serving => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = sleep(LIFE) => {}
    }
    serving.as_mut().graceful_shutdown();
    // What is under way has as long as all its parts together may take.
    let _ = timeout(head * 4, serving).await;
}
