//! The daemon of this machine, asked by a command: it has watched, while a command sees one moment.

use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::cluster::{Failure, MAX_DOCUMENT, converse};
use crate::document::node::{NodeDocument, PATH};
use crate::listen::{Listen, Stream};

/// Where the packaged unit has its socket.
pub const USUAL_SOCKET: &str = "/run/heliograph-diagnostics/socket";

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What it says; the first of these places where one of ours answers. Sockets come first: by them the journal may be read.
pub async fn ask(places: &[Listen]) -> Option<NodeDocument> {
    let usual = [Listen::Unix(USUAL_SOCKET.into())];
    let local = || places.iter().filter(|place| place.is_local());
    let sockets = local()
        .chain(&usual)
        .filter(|place| matches!(place, Listen::Unix(_)));
    let ports = local().filter(|place| matches!(place, Listen::Tcp(_)));
    for place in sockets.chain(ports) {
        match timeout(PATIENCE, ask_at(place)).await {
            Ok(Ok(document)) if document.is_ours() => return Some(document),
            Ok(Ok(_)) => tracing::debug!("another program answers on {place}"),
            Ok(Err(failure)) => tracing::debug!("{place}: {failure}"),
            Err(_) => tracing::debug!("{place}: no answer in time"),
        }
    }
    None
}

async fn ask_at(place: &Listen) -> Result<NodeDocument, Failure> {
    let stream: Box<dyn Stream> = match place {
        Listen::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(Failure::Unreachable)?),
        Listen::Tcp(address) => Box::new(TcpStream::connect(address).await.map_err(Failure::Unreachable)?),
    };
    let (_, body) = converse(stream, "localhost", PATH, None, MAX_DOCUMENT).await?;
    serde_json::from_slice(&body).map_err(|_| Failure::Broken)
}
