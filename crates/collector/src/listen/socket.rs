//! A socket that listens: bound by ourselves, or handed over by whoever started us.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net as std_unix;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::{TcpListener, UnixListener};

use super::address::Address;
use super::stream::Stream;
use crate::client::Peer;

/// Who may connect to a socket file that we make: its owner and group. The directory says who gets that far.
const MODE: u32 = 0o660;
/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// A socket that listens.
pub(crate) struct Socket {
    kind: Kind,
    /// Somebody else listens on it, too, and takes those who wait when we don't.
    handed_over: bool,
    /// The file to be removed at the end.
    _file: Option<SocketFile>,
}

enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener),
}

struct SocketFile(PathBuf);

/// A socket that was handed over is of no use.
#[derive(Debug, thiserror::Error)]
#[error("the socket {index} of those that were handed over is not a listening TCP or Unix stream socket")]
pub struct BadSocket {
    /// Its place among them, from 0.
    index: usize,
    /// Why.
    #[source]
    error: io::Error,
}

impl Socket {
    /// The sockets that were handed over to this process.
    pub(crate) fn inherited(mut handed: ListenFd) -> Result<Vec<Socket>, BadSocket> {
        let count = handed.len();
        let take = |index| inherit(&mut handed, index).map_err(|error| BadSocket { index, error });
        let sockets: Result<Vec<Option<Kind>>, BadSocket> = (0..count).map(take).collect();
        let sockets = sockets?.into_iter().flatten();
        let socket = |kind| Socket {
            kind,
            handed_over: true,
            _file: None,
        };
        Ok(sockets.map(socket).collect())
    }

    /// Listens on an address.
    pub(crate) async fn bind(address: &Address) -> io::Result<Socket> {
        match address {
            Address::Tcp(address) => Ok(Socket {
                kind: Kind::Tcp(TcpListener::bind(address).await?),
                handed_over: false,
                _file: None,
            }),
            Address::Unix(path) => Socket::bind_file(path, MODE),
        }
    }

    /// Listens on a socket file with these permissions. One that was left behind is replaced.
    pub(crate) fn bind_file(path: &Path, mode: u32) -> io::Result<Socket> {
        remove_stale(path)?;
        let socket = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
        let file = SocketFile(path.to_owned());
        // Nobody can connect before it listens.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        rustix::net::listen(&socket, BACKLOG)?;
        Ok(Socket {
            kind: Kind::Unix(UnixListener::from_std(socket.into())?),
            handed_over: false,
            _file: Some(file),
        })
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // An answer is one small write: waiting for more of it would only cost time. Where it can't be set, it takes it.
                let _ = stream.set_nodelay(true);
                Ok((Stream::Tcp(stream), Peer::Ip(peer.ip())))
            }
            Kind::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), Peer::Unix))
            }
        }
    }

    /// Whether those who wait for it are lost when we end.
    pub(super) fn is_ours_alone(&self) -> bool {
        !self.handed_over
    }

    /// Its address, unless it is a file.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().ok(),
            Kind::Unix(_) => None,
        }
    }

    /// Where it can be reached, for people.
    pub(crate) fn shown(&self, with_tls: bool) -> String {
        let scheme = if with_tls { "https" } else { "http" };
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().map_or_else(
                |error| error.to_string(),
                |address| format!("{scheme}://{address}"),
            ),
            Kind::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                format!("unix:{}", path.unwrap_or(Path::new("")).display())
            }
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // One that stays behind is replaced by the next server.
        let _ = fs::remove_file(&self.0);
    }
}

/// A socket of either kind; its file is that of whoever made it.
fn inherit(handed: &mut ListenFd, index: usize) -> io::Result<Option<Kind>> {
    if let Ok(socket) = handed.take_tcp_listener(index) {
        let Some(socket) = socket else { return Ok(None) };
        check_listens(&socket)?;
        socket.set_nonblocking(true)?;
        return Ok(Some(Kind::Tcp(TcpListener::from_std(socket)?)));
    }
    let Some(socket) = handed.take_unix_listener(index)? else {
        return Ok(None);
    };
    check_listens(&socket)?;
    socket.set_nonblocking(true)?;
    Ok(Some(Kind::Unix(UnixListener::from_std(socket)?)))
}

fn check_listens(socket: impl AsFd) -> io::Result<()> {
    match rustix::net::sockopt::socket_acceptconn(socket)? {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not listen")),
    }
}

/// Removes a socket file that nobody listens on any more; leaves everything else alone.
fn remove_stale(path: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?.file_type(),
    };
    if !kind.is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is not a socket",
        ));
    }
    match std_unix::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another process listens on it",
        )),
    }
}
