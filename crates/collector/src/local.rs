//! The socket in the data directory by which commands reach a running server: for the directory's owner alone, since it asks for
//! no key.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use axum::Router;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::files;
use crate::import::socket;

/// A socket that is served; removed when it is stopped.
pub(crate) struct Listening {
    path: PathBuf,
    serving: Option<JoinHandle<io::Result<()>>>,
}

/// Serves the socket. Where that can't be, the server does without.
pub(crate) fn listen(directory: &Path, router: Router) -> Listening {
    let path = socket(directory);
    let serving = match bind(&path) {
        Ok(listener) => Some(tokio::spawn(axum::serve(listener, router).into_future())),
        Err(error) => {
            tracing::warn!(
                "nothing can be imported while this server runs: {}: {error}",
                path.display()
            );
            None
        }
    };
    Listening { path, serving }
}

impl Listening {
    /// Takes no more.
    pub(crate) fn stop(self) {
        if let Some(serving) = self.serving {
            serving.abort();
            // One that stays behind is replaced by the next server.
            let _ = fs::remove_file(self.path);
        }
    }
}

/// Whoever locked the data directory may replace what another server left behind.
fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        files::make_private(directory)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}
