//! The socket in the data directory by which commands reach a running server: for the directory's owner alone, since it asks for
//! no key.

use std::io;
use std::path::Path;

use crate::files;
use crate::http::Door;
use crate::import::socket;
use crate::listen::socket::Socket;
use crate::listen::{self, Listening, Terms};

/// Only its owner can connect, whoever can enter the directory.
const MODE: u32 = 0o600;

/// Serves the socket. Where that can't be, the server does without.
pub(crate) fn listen(directory: &Path, door: Door, terms: &Terms) -> Option<Listening> {
    let path = socket(directory);
    match bind(&path) {
        Ok(socket) => Some(listen::serve(vec![socket], door, terms)),
        Err(error) => {
            tracing::warn!(
                "nothing can be imported while this server runs: {}: {error}",
                path.display()
            );
            None
        }
    }
}

fn bind(path: &Path) -> io::Result<Socket> {
    if let Some(directory) = path.parent() {
        files::make_private(directory)?;
    }
    Socket::bind_file(path, MODE)
}
