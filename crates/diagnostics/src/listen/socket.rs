//! A socket that listens, and the streams that it accepts.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::Listen;

/// Owner and group of a socket may use it; nobody else.
const MODE: u32 = 0o660;

/// The bytes of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A socket that listens.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        path: PathBuf,
        /// Removed at the end, when it was made here.
        _file: Option<File>,
    },
}

/// The file of a socket that was made here; it goes with it.
pub(super) struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        // One that stays behind is replaced by the next daemon.
        let _ = fs::remove_file(&self.0);
    }
}

impl Socket {
    /// The sockets that were handed over to this process; their files stay.
    pub(super) fn inherited(mut handed: ListenFd) -> io::Result<Vec<Socket>> {
        let count = handed.len();
        let sockets: io::Result<Vec<Option<Socket>>> =
            (0..count).map(|index| inherit(&mut handed, index)).collect();
        Ok(sockets?.into_iter().flatten().collect())
    }

    pub(super) async fn bind(listen: &Listen) -> io::Result<Socket> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Socket::Tcp),
            Listen::Unix(path) => {
                clear(path).await?;
                let listener = UnixListener::bind(path)?;
                let file = File(path.clone());
                fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
                Ok(Socket::Unix {
                    listener,
                    path: path.clone(),
                    _file: Some(file),
                })
            }
        }
    }

    /// Where it listens, with the port that it got.
    pub(super) fn place(&self) -> io::Result<Listen> {
        match self {
            Socket::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Socket::Unix { path, .. } => Ok(Listen::Unix(path.clone())),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is one small write: waiting for more of it would only cost time.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            Socket::Unix { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

fn inherit(handed: &mut ListenFd, index: usize) -> io::Result<Option<Socket>> {
    if let Ok(socket) = handed.take_tcp_listener(index) {
        let Some(socket) = socket else { return Ok(None) };
        socket.set_nonblocking(true)?;
        return Ok(Some(Socket::Tcp(TcpListener::from_std(socket)?)));
    }
    let Some(socket) = handed.take_unix_listener(index)? else {
        return Ok(None);
    };
    socket.set_nonblocking(true)?;
    let path = socket.local_addr()?.as_pathname().map(Path::to_owned);
    Ok(Some(Socket::Unix {
        listener: UnixListener::from_std(socket)?,
        path: path.unwrap_or_default(),
        _file: None,
    }))
}

/// Removes what a daemon left behind that did not end well; not what another one listens on, and no other file.
async fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(about) if !about.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is another file",
            ));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => fs::remove_file(path),
    }
}
