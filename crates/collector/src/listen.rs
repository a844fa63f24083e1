//! Connections: who may have one, how long it may do nothing, and how all of them end.
//!
//! Promise: whatever clients do, there are at most so many connections, each with buffers of at most [`READ_BUFFER`], and none
//! that takes part in no progress stays: what has to be sent (a head, a body, the reading of an answer) has a time of its own. A
//! request that has arrived is answered, however the connection ends. Client addresses stay in memory, and in here.
//!
//! | module | noun |
//! |---|---|
//! | [`address`] | what can be listened on, as it is configured |
//! | [`socket`] | a socket that listens |
//! | [`accept`] | the loop that takes connections from it |
//! | [`room`] | how many connections there may be |
//! | [`stream`] | the bytes of a connection |
//! | [`pulse`] | what a connection is doing, and how long it may; pure |
//! | [`connection`] | a connection from beginning to end |
//! | [`tls`] | certificates |
//! | [`stage`] | running, stopping, ended |

mod accept;
pub(crate) mod address;
mod connection;
mod pulse;
mod room;
pub(crate) mod socket;
mod stage;
mod stream;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::pulse::Times;
use self::room::Room;
use self::socket::Socket;
use self::stage::{Stage, Stages};
use self::tls::Tls;
use crate::client::proxies::Proxies;
use crate::clock::Stopwatch;
use crate::http::Door;
use crate::metrics::Connections;

/// Most bytes that one connection has read and not yet used.
pub(crate) const READ_BUFFER: usize = 64 << 10;
/// As many header fields fit on the stack; for another number, each request takes them from the heap.
pub(crate) const HEADERS_ON_STACK: usize = 100;

/// What connections may do.
#[derive(Clone)]
pub(crate) struct Terms {
    /// Time for a request's head, from its first byte or from the connection's beginning; and for a TLS handshake.
    pub(crate) header_timeout: Duration,
    /// Time between an answer and the next request, and for the client to read an answer.
    pub(crate) idle_timeout: Duration,
    /// Bytes of a request's head.
    pub(crate) header_size: usize,
    /// Fields of a request's head.
    pub(crate) header_count: usize,
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections of one client.
    pub(crate) client_connections: usize,
    /// Where they are counted.
    pub(crate) counted: Connections,
    /// Whose connections are those of many clients.
    pub(crate) proxies: Proxies,
    /// What is spoken over TCP; over socket files, TLS is not.
    pub(crate) tls: Option<Arc<Tls>>,
}

/// What all connections share.
struct House {
    http: http1::Builder,
    door: Door,
    times: Times,
    room: Arc<Room>,
    proxies: Proxies,
    tls: Option<Arc<Tls>>,
    stages: Stages,
    clock: Stopwatch,
}

/// Sockets that are served.
pub(crate) struct Listening {
    house: Arc<House>,
    accepting: Vec<JoinHandle<()>>,
}

/// Serves sockets on the current runtime.
pub(crate) fn serve(sockets: Vec<Socket>, door: Door, terms: &Terms) -> Listening {
    let mut http = http1::Builder::new();
    // The times are kept in `pulse`.
    http.header_read_timeout(None);
    // A client may end its side when it has sent its request: it is answered all the same.
    http.half_close(true);
    // Head and body of an answer are small: copied together they are written at once.
    http.writev(false);
    http.max_buf_size(READ_BUFFER.max(terms.header_size));
    http.max_header_size(terms.header_size);
    if terms.header_count != HEADERS_ON_STACK {
        http.max_headers(terms.header_count);
    }
    let house = Arc::new(House {
        http,
        door,
        times: Times {
            head: terms.header_timeout,
            idle: terms.idle_timeout,
        },
        room: Arc::new(Room::new(
            terms.connections,
            terms.client_connections,
            terms.counted.clone(),
        )),
        proxies: terms.proxies.clone(),
        tls: terms.tls.clone(),
        stages: Stages::new(),
        clock: Stopwatch::start(),
    });
    let accepting = sockets
        .into_iter()
        .map(|socket| tokio::spawn(accept::run(socket, Arc::clone(&house))));
    Listening {
        accepting: accepting.collect(),
        house,
    }
}

impl Listening {
    /// Takes no more connections, closes those that are idle, and returns when the others have answered what they began; after
    /// `grace` without that. Whether they all had.
    pub(crate) async fn stop(self, grace: Duration) -> bool {
        let Listening { house, accepting } = self;
        house.stages.reach(Stage::Stopping);
        let all_left = async {
            for task in accepting {
                // One that panicked accepts nothing more either.
                let _ = task.await;
            }
            house.room.empty().await;
        };
        let in_time = timeout(grace, all_left).await.is_ok();
        house.stages.reach(Stage::Ended);
        in_time
    }
}
