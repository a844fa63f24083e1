//! The loop that takes connections from a socket.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::time::{sleep, timeout};

use super::House;
use super::connection;
use super::room::Place;
use super::socket::Socket;
use super::stage::Stage;
use super::stream::Stream;
use crate::client::Peer;

/// How long nothing is accepted after the kernel could give us no connection: it will not have more files a moment later.
const PAUSE: Duration = Duration::from_millis(100);

/// How long that is not said again.
const QUIET: Duration = Duration::from_secs(60);

/// Takes connections until it is time to stop; then those that wait already, since for their clients they are accepted.
pub(super) async fn run(socket: Socket, house: Arc<House>) {
    let mut stopping = std::pin::pin!(house.stages.reached(Stage::Stopping));
    // When it was last said that there is trouble, and whether there is.
    let (mut said, mut troubled) = (None, false);
    loop {
        let place = select! {
            () = &mut stopping => break,
            place = house.room.place() => place,
        };
        let accepted = select! {
            () = &mut stopping => break,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if troubled {
                    house.room.set_full(false);
                    troubled = false;
                }
                begin(&house, place, stream, peer);
            }
            // The client was gone before it was accepted.
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                let now = house.clock.elapsed();
                if said.is_none_or(|said| now.saturating_sub(said) >= QUIET) {
                    tracing::warn!("can't accept connections at the moment: {error}");
                    said = Some(now);
                }
                // Who is idle makes room for files, too.
                house.room.set_full(true);
                troubled = true;
                select! {
                    () = &mut stopping => break,
                    () = sleep(PAUSE) => {}
                }
            }
        }
    }
    while socket.is_ours_alone()
        && let Some(place) = house.room.place_now()
        && let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, socket.accept()).await
    {
        begin(&house, place, stream, peer);
    }
}

fn begin(house: &Arc<House>, place: Place, stream: Stream, peer: Peer) {
    match house.room.seat(place, house.proxies.holder(peer)) {
        Some(seat) => {
            tokio::spawn(connection::run(stream, peer, seat, Arc::clone(house)));
        }
        None => connection::refuse(&stream, house),
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}
